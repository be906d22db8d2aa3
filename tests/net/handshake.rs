//! Handshakes that go right in unusual ways, and those that fail: what is said.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use ehlo::net::ca::Ca;
use ehlo::net::tls::{ClientAuth, ServerTls, TlsFault, TlsOptions, TlsPlan, TlsVersion, legacy};
use ehlo::net::{Conn, Peer, Turn, pair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::lab;

const HOST: &str = "localhost";

fn practice(ask_client: bool) -> (ServerTls, TlsOptions) {
    let server = ServerTls::new(Arc::new(Ca::new()), ask_client);
    let options = TlsOptions {
        roots: Some((&**server.ca()).into()),
        ..TlsOptions::default()
    };
    (server, options)
}

/// Both ends of a handshake in memory.
async fn shake(plan: &TlsPlan, server: &ServerTls) -> (Conn, Conn) {
    let (mut near, mut far) = pair(64 * 1024);
    let (here, there) = tokio::join!(near.start_tls(plan), far.accept_tls(server));
    here.unwrap();
    there.unwrap();
    (near, far)
}

async fn read(conn: &mut Conn) -> Vec<u8> {
    let mut buf = [0; 256];
    loop {
        match conn.turn(&mut buf).await.unwrap() {
            Turn::Read(n) => return buf[..n].to_vec(),
            Turn::Wrote => {}
            Turn::Eof => return Vec::new(),
        }
    }
}

#[tokio::test]
async fn both_sides_agree_on_the_binding() {
    let (server, options) = practice(false);
    for max in [TlsVersion::V13, TlsVersion::V12] {
        let plan = TlsPlan::new(
            Some(HOST),
            &TlsOptions {
                max: Some(max),
                ..options.clone()
            },
        )
        .unwrap();
        let (near, far) = shake(&plan, &server).await;
        assert!(near.is_tls() && far.is_tls());
        let binding = near.binding().unwrap();
        assert_eq!(binding, far.binding().unwrap());
        assert_eq!(binding.exporter.is_some(), max == TlsVersion::V13);
        assert_eq!(binding.server_end_point.as_ref().map(Vec::len), Some(32));
        assert!(near.report().unwrap().is_trusted());
        for host in ["ehlo.test", "127.0.0.1", "::1"] {
            let plan = TlsPlan::new(Some(host), &options).unwrap();
            shake(&plan, &server).await;
        }
    }
}

#[tokio::test]
async fn octets_flow_and_a_proper_end_is_no_truncation() {
    let (server, options) = practice(false);
    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    let (mut near, mut far) = shake(&plan, &server).await;
    near.queue(b"NOOP\r\n");
    assert_eq!(near.turn(&mut [0; 9]).await.unwrap(), Turn::Wrote);
    assert_eq!(read(&mut far).await, b"NOOP\r\n");
    far.queue(b"221 bye\r\n");
    far.shutdown().await.unwrap();
    assert_eq!(read(&mut near).await, b"221 bye\r\n");
    assert_eq!(near.turn(&mut [0; 9]).await.unwrap(), Turn::Eof);
    assert!(!near.truncated());
}

#[tokio::test]
async fn an_end_without_close_notify_is_truncation() {
    let (server, options) = practice(false);
    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    let (mut near, mut far) = shake(&plan, &server).await;
    far.queue(b"250-cut");
    assert_eq!(far.turn(&mut [0; 9]).await.unwrap(), Turn::Wrote);
    drop(far);
    assert_eq!(read(&mut near).await, b"250-cut");
    assert_eq!(near.turn(&mut [0; 9]).await.unwrap(), Turn::Eof);
    assert!(near.truncated());
}

/// The end of the connection after each single octet of the server's side of a handshake: always a
/// fault in words, never a hang or a panic.
#[tokio::test]
async fn an_end_in_every_phase_of_the_handshake() {
    let (server, options) = practice(false);
    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    // What a server says, recorded once; replayed to other clients it ends wherever it is cut, and
    // would fail at its first key use else.
    let (near, mut far) = tokio::io::duplex(64 * 1024);
    let (outer, mut tap) = tokio::io::duplex(64 * 1024);
    let mut client = Conn::new(Box::new(near), Peer::Memory);
    let mut host = Conn::new(Box::new(outer), Peer::Memory);
    let mut recorded = Vec::new();
    {
        let client = client.start_tls(&plan);
        let host = host.accept_tls(&server);
        let relay = async {
            let (mut up, mut down) = ([0; 4096], [0; 4096]);
            loop {
                tokio::select! {
                    n = far.read(&mut up) => match n.unwrap() { 0 => break, n => tap.write_all(&up[..n]).await.unwrap() },
                    n = tap.read(&mut down) => match n.unwrap() {
                        0 => break,
                        n => { recorded.extend_from_slice(&down[..n]); far.write_all(&down[..n]).await.unwrap(); }
                    },
                }
            }
        };
        tokio::select! {
            (here, there) = async { tokio::join!(client, host) } => { here.unwrap(); there.unwrap(); }
            () = relay => panic!("the relay ended first"),
        }
    }
    assert!(recorded.len() > 500);
    for cut in (0..10).chain((10..recorded.len()).step_by(7)) {
        let (near, mut far) = tokio::io::duplex(64 * 1024);
        far.write_all(&recorded[..cut]).await.unwrap();
        far.shutdown().await.unwrap();
        let mut conn = Conn::new(Box::new(near), Peer::Memory);
        let fault = conn.start_tls(&plan).await.unwrap_err();
        assert!(
            matches!(fault, TlsFault::Closed | TlsFault::Io(_)),
            "{cut}: {fault:?}"
        );
        assert_eq!(fault.to_error().kind.code(), 4);
    }
}

#[tokio::test]
async fn plaintext_is_recognised_and_named() {
    let (_, options) = practice(false);
    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    let table = [
        (
            &b"220 mail.example.org ESMTP Postfix\r\n"[..],
            "this is SMTP in the clear (\"220 mail.example.org ESMTP Postfix\")",
        ),
        (b"+OK ready\r\n", "this is POP3 in the clear"),
        (
            b"* OK [CAPABILITY IMAP4rev1] hi\r\n",
            "this is IMAP in the clear",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "this is SSH in the clear"),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "this is HTTP in the clear",
        ),
        (
            b"\x1b[2Jwhat\r\n",
            "plaintext where TLS was expected (\"␛[2Jwhat\")",
        ),
    ];
    for (said, want) in table {
        let (near, mut far) = tokio::io::duplex(4096);
        far.write_all(said).await.unwrap();
        let mut conn = Conn::new(Box::new(near), Peer::Memory);
        let fault = conn.start_tls(&plan).await.unwrap_err();
        assert!(fault.to_string().contains(want), "{fault}");
        assert!(!fault.may_be_old());
    }
}

/// Octets that an attacker slips in behind the go-ahead, too late to be seen before the handshake.
#[tokio::test]
async fn octets_injected_in_a_later_segment_end_the_handshake() {
    let (server, options) = practice(false);
    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    let (near, far) = tokio::io::duplex(64 * 1024);
    let mut conn = Conn::new(Box::new(near), Peer::Memory);
    let (mut tap, outer) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let mut host = Conn::new(Box::new(outer), Peer::Memory);
        let _ = host.accept_tls(&server).await;
    });
    tokio::spawn(async move {
        let mut far = far;
        far.write_all(b"250 AUTH PLAIN\r\n").await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut far, &mut tap).await;
    });
    let fault = conn.start_tls(&plan).await.unwrap_err();
    assert!(
        matches!(&fault, TlsFault::Plaintext { said, .. } if said == "250 AUTH PLAIN"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_session_is_resumed_only_where_it_was_asked_for() {
    let (server, options) = practice(false);
    for (resume, max) in [
        (false, TlsVersion::V13),
        (true, TlsVersion::V13),
        (true, TlsVersion::V12),
    ] {
        let options = TlsOptions {
            resume,
            max: Some(max),
            ..options.clone()
        };
        let plan = TlsPlan::new(Some(HOST), &options).unwrap();
        for round in 0..2 {
            let (mut near, mut far) = shake(&plan, &server).await;
            assert_eq!(
                near.report().unwrap().resumed,
                resume && round == 1,
                "{max:?} {resume}"
            );
            assert!(near.report().unwrap().is_trusted());
            assert!(!near.report().unwrap().chain.is_empty());
            // TLS 1.3 tickets come behind the handshake.
            far.queue(b"x");
            far.shutdown().await.unwrap();
            assert_eq!(read(&mut near).await, b"x");
        }
    }
}

#[tokio::test]
async fn a_client_certificate_is_used_where_it_is_asked_for_and_trusted() {
    let (server, options) = practice(true);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("alice.pem");
    let host = server.ca().client("alice");
    std::fs::write(
        &file,
        [
            pem("CERTIFICATE", &host.cert),
            pem("PRIVATE KEY", host.key.expose()),
        ]
        .concat(),
    )
    .unwrap();

    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    let (near, _far) = shake(&plan, &server).await;
    assert_eq!(near.report().unwrap().client_auth, ClientAuth::AskedInVain);

    let with_cert = TlsOptions {
        cert: Some(file.clone()),
        ..options.clone()
    };
    let plan = TlsPlan::new(Some(HOST), &with_cert).unwrap();
    let (near, far) = shake(&plan, &server).await;
    assert_eq!(near.report().unwrap().client_auth, ClientAuth::Sent);
    assert_eq!(far.report().unwrap().leaf().unwrap().subject, "CN=alice");

    // A server that is not trusted never sees the certificate: the handshake ends in the verifier.
    let (other, _) = practice(true);
    let (mut near, mut far) = pair(64 * 1024);
    let (here, there) = tokio::join!(near.start_tls(&plan), far.accept_tls(&other));
    let Err(TlsFault::Untrusted(report)) = here else {
        panic!("{here:?}")
    };
    assert!(!report.faults().is_empty() && !report.chain.is_empty());
    assert!(there.is_err() && !near.is_held() && !near.go_on_untrusted());
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = ehlo::wire::b64::encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

#[tokio::test]
async fn the_key_log_is_for_the_owner_only() {
    let (server, options) = practice(false);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys");
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let plan = TlsPlan::new(
        Some(HOST),
        &TlsOptions {
            keylog: Some(file.clone()),
            ..options.clone()
        },
    )
    .unwrap();
    shake(&plan, &server).await;
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("CLIENT_HANDSHAKE_TRAFFIC_SECRET ")
    );
}

fn openssl_dir() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    lab::openssl(
        dir.path(),
        &[
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=old", "-days", "30",
            "-keyout", "key.pem", "-out", "cert.pem",
        ],
    );
    dir
}

/// Servers that rustls cannot speak with are recognised and named (threats: old servers).
#[tokio::test]
async fn old_servers_are_named() {
    let dir = openssl_dir();
    let (_, options) = practice(false);
    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    let table: &[(&[&str], &str)] = &[
        (
            &["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
            "TLS 1.0 with ECDHE-RSA with AES-256-CBC",
        ),
        (
            &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
            "TLS 1.1 with ECDHE-RSA with AES-256-CBC",
        ),
        (
            &["-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"],
            "TLS 1.2 with DHE-RSA with AES-256-GCM",
        ),
        (
            &["-tls1_2", "-cipher", "AES128-SHA"],
            "TLS 1.2 with static RSA with AES-128-CBC",
        ),
        (
            &["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384"],
            "TLS 1.2 with ECDHE-RSA with AES-256-CBC",
        ),
    ];
    for (args, want) in table {
        let server = lab::SServer::start(dir.path(), args);
        let fault = server.connect().await.start_tls(&plan).await.unwrap_err();
        assert!(fault.may_be_old(), "{args:?}: {fault:?}");
        let peer = server.connect().await.remote();
        let fault = legacy::explain(fault, peer, Some("mail.example.org")).await;
        assert!(
            matches!(&fault, TlsFault::Old(found) if found.to_string() == *want),
            "{args:?}: {fault}"
        );
        assert!(fault.to_error().to_string().contains("openssl s_client"));
    }
}

#[tokio::test]
async fn one_alpn_id_is_offered_and_a_stranger_is_refused() {
    let dir = openssl_dir();
    let (_, options) = practice(false);
    let server = lab::SServer::start(dir.path(), &["-alpn", "imap"]);
    let with = |id: &str| TlsOptions {
        alpn: Some(id.into()),
        insecure: true,
        ..options.clone()
    };
    let plan = TlsPlan::new(Some(HOST), &with("imap")).unwrap();
    let report = server.connect().await.start_tls(&plan).await.unwrap();
    assert_eq!(report.alpn.as_deref(), Some("imap"));
    let plan = TlsPlan::new(Some(HOST), &with("smtp")).unwrap();
    let fault = server.connect().await.start_tls(&plan).await.unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("alert 120, no_application_protocol"),
        "{fault}"
    );
    assert_eq!(fault.to_error().hints[0].0, "try");
}

/// TLS 1.3: the handshake succeeds and the alert comes with the first read.
#[tokio::test]
async fn a_missing_client_certificate_is_said() {
    let dir = openssl_dir();
    let (_, options) = practice(false);
    let options = TlsOptions {
        insecure: true,
        ..options
    };
    for (version, max) in [("-tls1_3", TlsVersion::V13), ("-tls1_2", TlsVersion::V12)] {
        let server = lab::SServer::start(dir.path(), &["-Verify", "1", version]);
        let plan = TlsPlan::new(
            Some(HOST),
            &TlsOptions {
                max: Some(max),
                ..options.clone()
            },
        )
        .unwrap();
        let mut conn = server.connect().await;
        let fault = match conn.start_tls(&plan).await {
            Err(fault) => fault,
            Ok(report) => {
                assert_eq!(report.client_auth, ClientAuth::AskedInVain);
                let error = conn.turn(&mut [0; 64]).await.unwrap_err();
                error
                    .get_ref()
                    .unwrap()
                    .downcast_ref::<TlsFault>()
                    .unwrap()
                    .clone()
            }
        };
        let text = fault.to_string();
        let known = match max {
            TlsVersion::V13 => "the server requires a client certificate",
            TlsVersion::V12 => "alert 40, handshake_failure",
        };
        assert!(text.contains(known), "{version}: {text}");
    }
}
