//! The program and a server's certificate: every fault with its message and exit code, in batch as
//! people meet it, and what must not be sent; sessions that are resumed.

use std::path::Path;
use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

use crate::common::{Ran, run};
use crate::lab::{self, Authority, SServer, Served};

const HOST: &str = "mail.example.org";

/// A POP3 server with this certificate on a port of its own: greets, and agrees to everything.
async fn pop3s(served: Served) -> u16 {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(served.chain, served.key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut tls) = acceptor.accept(stream).await else {
                    return;
                };
                let mut heard = [0; 512];
                let _ = tls.write_all(b"+OK hi\r\n").await;
                while let Ok(1..) = tls.read(&mut heard).await {
                    let _ = tls.write_all(b"+OK\r\n").await;
                }
            });
        }
    });
    port
}

/// What the program says to `typed` there; `host` is led to this machine.
async fn ehlo(port: u16, host: &str, ca: &Path, more: &[&str], typed: &'static str) -> Ran {
    let url = format!("pop3s://{host}:{port}");
    let resolve = format!("{host}:{port}:127.0.0.1");
    let mut args: Vec<String> = vec!["--ca-file".into(), ca.display().to_string()];
    if host.parse::<std::net::IpAddr>().is_err() {
        args.extend(["--resolve".into(), resolve]);
    }
    args.extend(more.iter().map(|arg| (*arg).to_owned()));
    args.push(url);
    tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        run(&args, typed)
    })
    .await
    .unwrap()
}

/// The root's certificate in a file.
fn ca_file(dir: &Path, authority: &Authority) -> std::path::PathBuf {
    let path = dir.join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap();
    path
}

/// The text of a run with its line breaks and indents taken out, so that wrapping does not matter.
fn flat(ran: &Ran) -> String {
    let words: Vec<&str> = ran.out.split_whitespace().collect();
    words.join(" ")
}

/// Nothing is sent, the lines that wait are not even tried, and each fault has its words and exit 4.
#[track_caller]
fn refuses(ran: Ran, fault: &str) {
    let ran = ran
        .code(4)
        .says("is not trusted\n")
        .says("to go on")
        .never_says("wonderland")
        .never_says("not connected")
        .never_says("~>");
    assert!(flat(&ran).contains(fault), "no {fault:?} in\n{}", ran.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_certificate_has_its_words_and_exit_4() {
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let stranger = lab::root("Example Test CA");
    let between = lab::intermediate("Lab Between", &root);
    let ca = ca_file(dir.path(), &root);
    let leaf = || lab::params("Lab Leaf", &[HOST]);
    let named = |names: &[&str]| lab::issue(&lab::params("Lab Leaf", names), &root, &[]);
    let aged = |from, to| {
        let mut params = leaf();
        lab::life(&mut params, from, to);
        lab::issue(&params, &root, &[])
    };
    let clients_only = || {
        let mut params = leaf();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        lab::issue(&params, &root, &[])
    };
    let constrained = || {
        let mut narrow = lab::params("Narrow", &[]);
        narrow.extended_key_usages.clear();
        narrow.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        narrow.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("inside.example".into())],
            excluded_subtrees: vec![],
        });
        let key = rcgen::KeyPair::generate().unwrap();
        let narrow = rcgen::CertifiedIssuer::signed_by(narrow, key, &root).unwrap();
        lab::issue(&leaf(), &narrow, &[&narrow])
    };
    let table: Vec<(&str, Served, &str)> = vec![
        (HOST, aged(-100, -12), "it expired 12 days ago (20"),
        (HOST, aged(3, 90), "it is not valid before 20"),
        (
            HOST,
            named(&["other.example"]),
            "it is not for mail.example.org but for other.example",
        ),
        (
            HOST,
            lab::self_signed(&leaf()),
            "it is signed by itself and not among",
        ),
        (
            HOST,
            lab::issue(&leaf(), &stranger, &[&stranger]),
            "its issuer \"Example Test CA\" is not among",
        ),
        (
            HOST,
            lab::issue(&leaf(), &between, &[]),
            "one in between may be missing",
        ),
        (
            HOST,
            lab::issue(&lab::params(HOST, &[]), &root, &[]),
            "the name stands in the subject only, which does not count",
        ),
        (
            "127.0.0.1",
            named(&["localhost"]),
            "it is not for 127.0.0.1 but for localhost",
        ),
        (
            "a.b.wild.example",
            named(&["*.wild.example"]),
            "it is not for a.b.wild.example but for *.wild.example",
        ),
        (
            "wild.example",
            named(&["*.wild.example"]),
            "it is not for wild.example but for *.wild.example",
        ),
        (
            HOST,
            clients_only(),
            "it is not meant for servers but for clients",
        ),
        (
            HOST,
            constrained(),
            "its issuer may not issue for this name (name constraints)",
        ),
    ];
    for (host, served, fault) in table {
        let port = pop3s(served).await;
        let typed = "USER alice\nPASS wonderland\nSTAT\n";
        refuses(ehlo(port, host, &ca, &[], typed).await, fault);
        // A program that reads JSON is told why, too.
        let ran = ehlo(port, host, &ca, &["--json"], typed).await.code(4);
        let why = format!("the certificate of {host} is not trusted: ");
        assert!(
            ran.out.contains("\"kind\":\"failed\"") && ran.out.contains(&why),
            "{}",
            ran.out
        );
        assert!(ran.out.contains(&fault.replace('"', "\\\"")), "{}", ran.out);
        // Who looks without trust is told the same, and goes on.
        let ran = ehlo(port, host, &ca, &["--insecure"], "STAT\n")
            .await
            .code(0);
        let words = flat(&ran);
        assert!(words.contains("NOT trusted"), "{words}");
        assert!(words.contains(fault), "no {fault:?} in {words}");
        assert!(words.contains("~> STAT"), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_pins_that_fit_are_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let ca = ca_file(dir.path(), &root);
    for (host, names, more) in [
        (HOST, vec![HOST], vec![]),
        ("a.wild.example", vec!["*.wild.example"], vec![]),
        ("127.0.0.1", vec!["127.0.0.1"], vec![]),
        ("127.0.0.1", vec![HOST], vec!["--expect-name", HOST]),
        ("MAIL.Example.org.", vec![HOST], vec![]),
    ] {
        let served = lab::issue(&lab::params("Lab Leaf", &names), &root, &[]);
        let port = pop3s(served).await;
        let ran = ehlo(port, host, &ca, &more, "STAT\n").await;
        ran.code(0).says("==  trusted: ").says("~>  STAT");
    }
    // A key that was changed, or a certificate withdrawn by its pin: refused, whoever issued it.
    let served = lab::issue(&lab::params("Lab Leaf", &[HOST]), &root, &[]);
    let pin = ehlo::net::x509::CertInfo::read(&served.chain[0]).pin_text();
    let port = pop3s(served).await;
    let ran = ehlo(port, HOST, &ca, &["--pin", &pin], "STAT\n").await;
    ran.code(0).says("~>  STAT");
    let other = format!("sha256:{}", "0".repeat(64));
    let ran = ehlo(port, HOST, &ca, &["--pin", &other], "STAT\n").await;
    let words = flat(&ran);
    refuses(ran, &format!("no --pin fits its key, which is {pin}"));
    // The ways on are those that lead on, and no others.
    assert!(
        words.contains(&format!("--pin {pin} if its key was to change")),
        "{words}"
    );
    assert!(!words.contains("--ca-file"), "{words}");
    let ran = ehlo(port, "other.example", &ca, &[], "STAT\n").await;
    let words = flat(&ran);
    assert!(
        words.contains(&format!("--expect-name {HOST} if that is whom you mean")),
        "{words}"
    );
    assert!(!words.contains("--ca-file"), "{words}");
}

/// RSA 1024, SHA-1 and X.509 version 1, which only openssl still makes and serves.
/// With `--json` the session and the chain as PEM are answers in JSON.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_told_in_json() {
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let ca = ca_file(dir.path(), &root);
    let port = pop3s(lab::issue(&lab::params("Lab Leaf", &[HOST]), &root, &[])).await;
    let ran = ehlo(port, HOST, &ca, &["--json"], ":tls\n:tls pem\n").await;
    let ran = ran.code(0);
    let values: Vec<serde_json::Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    let told: Vec<_> = values.iter().filter(|v| v["command"] == ":tls").collect();
    assert_eq!(told.len(), 2, "{}", ran.out);
    assert!(told[0]["text"].as_str().unwrap().contains("TLS 1.3"));
    let pem = told[1]["text"].as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"), "{pem}");
    assert!(pem.ends_with("-----END CERTIFICATE-----"), "{pem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_openssl_made_long_ago_is_refused_with_exit_4() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ca = ca_file(dir, &lab::root("Lab Root"));
    let san = &format!("subjectAltName=DNS:{HOST}");
    let new = |more: &[&str]| {
        let args = [
            "req",
            "-x509",
            "-nodes",
            "-subj",
            "/CN=old",
            "-days",
            "30",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-addext",
            "basicConstraints=CA:FALSE",
            "-addext",
            san,
        ];
        lab::openssl(dir, &[&args, more].concat());
    };
    let version_1 = || {
        new(&["-newkey", "rsa:2048"]);
        lab::openssl(
            dir,
            &[
                "req", "-new", "-key", "key.pem", "-subj", "/CN=old", "-out", "req.pem",
            ],
        );
        lab::openssl(
            dir,
            &[
                "x509", "-req", "-in", "req.pem", "-key", "key.pem", "-days", "30", "-out",
                "cert.pem",
            ],
        );
    };
    let table: [(&dyn Fn(), &str); 3] = [
        (
            &|| new(&["-newkey", "rsa:2048", "-sha1"]),
            "it is signed with RSA with SHA-1, which is broken",
        ),
        (
            &|| new(&["-newkey", "rsa:1024"]),
            "its RSA key of 1024 bits is too short (2048 at least)",
        ),
        (
            &version_1,
            "it is an X.509 version 1 certificate (3 is in use)",
        ),
    ];
    for (make, fault) in table {
        make();
        let server = SServer::start(dir, &["-cipher", "DEFAULT:@SECLEVEL=0"]);
        let ran = ehlo(server.port, HOST, &ca, &[], "USER alice\nPASS wonderland\n").await;
        refuses(ran, fault);
    }
}

/// A server of long ago: what it would choose is said, and what to use instead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_tls_is_named_with_exit_4() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let ca = ca_file(dir, &lab::root("Lab Root"));
    lab::openssl(
        dir,
        &[
            "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=old", "-days", "30",
            "-keyout", "key.pem", "-out", "cert.pem",
        ],
    );
    let weak = "ALL:@SECLEVEL=0";
    for (args, words) in [
        (vec!["-tls1_1", "-cipher", weak], "TLS 1.1"),
        (vec!["-tls1", "-cipher", weak], "TLS 1.0"),
        (
            vec!["-tls1_2", "-cipher", "AES256-SHA:@SECLEVEL=0"],
            "static RSA with AES-256-CBC",
        ),
        (
            vec![
                "-tls1_2",
                "-cipher",
                "DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0",
            ],
            "it would choose TLS 1.2 with DHE",
        ),
    ] {
        let server = SServer::start(dir, &args);
        let ran = ehlo(server.port, HOST, &ca, &[], "STAT\n").await.code(4);
        let all = format!("{}{}", flat(&ran), ran.err);
        assert!(all.contains(words), "no {words:?} in {all}");
        assert!(all.contains("openssl s_client"), "{all}");
        ran.never_says("STAT");
    }
}

/// `:reconnect` offers the session it had, in both versions of TLS, and the line says whether the
/// server took it; the certificate is judged again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_resumed_on_reconnect() {
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let ca = ca_file(dir.path(), &root);
    let served = lab::issue(&lab::params("Lab Leaf", &[HOST]), &root, &[]);
    let port = pop3s(served).await;
    for version in ["1.2", "1.3"] {
        let limits = ["--tls-min", version, "--tls-max", version];
        let ran = ehlo(port, HOST, &ca, &limits, ":reconnect\n:tls\n")
            .await
            .code(0);
        let lines: Vec<&str> = ran
            .out
            .lines()
            .filter(|line| line.starts_with("==  TLS 1."))
            .collect();
        // The first, the second, and the second again from :tls.
        let resumed: Vec<bool> = lines.iter().map(|l| l.ends_with(", resumed")).collect();
        assert_eq!(resumed, [false, true, true], "{version}: {}", ran.out);
        assert_eq!(ran.out.matches("==  trusted: mail.example.org").count(), 3);
        ran.says("session   resumed, without a new proof of the server's key");
    }
}

/// A name beyond ASCII is matched as it stands in certificates, and both forms are shown; an address
/// is looked for as an address and never sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_beyond_ascii_and_addresses() {
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let ca = ca_file(dir.path(), &root);
    let port = pop3s(lab::issue(
        &lab::params("Lab Leaf", &["xn--bcher-kva.example", "127.0.0.1"]),
        &root,
        &[],
    ))
    .await;
    let resolve = format!("xn--bcher-kva.example:{port}:127.0.0.1");
    let url = "bücher.example";
    let ran = ehlo(port, url, &ca, &["--resolve", &resolve], ":tls\n")
        .await
        .code(0);
    ran.says("xn--bcher-kva.example (bücher.example)")
        .says("name sent xn--bcher-kva.example");
    let ran = ehlo(port, "127.0.0.1", &ca, &[], ":tls\n").await.code(0);
    ran.says("trusted: 127.0.0.1").says("name sent none (SNI)");
}

/// The variable alone does nothing; the option makes a file for the owner, and says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn session_keys_are_written_only_when_asked_for() {
    use std::os::unix::fs::MetadataExt as _;
    let dir = tempfile::tempdir().unwrap();
    let root = lab::root("Lab Root");
    let ca = ca_file(dir.path(), &root).display().to_string();
    let port = pop3s(lab::issue(&lab::params("Lab Leaf", &[HOST]), &root, &[])).await;
    let keys = dir.path().join("keys");
    for (option, written) in [(None, false), (Some("--keylog"), true)] {
        let (url, resolve) = (
            format!("pop3s://{HOST}:{port}"),
            format!("{HOST}:{port}:127.0.0.1"),
        );
        let (home, keys_file, ca) = (dir.path().to_owned(), keys.clone(), ca.clone());
        let ran = tokio::task::spawn_blocking(move || {
            let mut args = vec!["--ca-file", &ca, "--resolve", &resolve, &url];
            // Behind the target: what follows it would be taken for its file.
            args.extend(option);
            let mut shell = std::process::Command::new("sh");
            shell
                .args([
                    "-c",
                    "umask 000; exec \"$0\" \"$@\"",
                    env!("CARGO_BIN_EXE_ehlo"),
                ])
                .env("HOME", home)
                .env("LANG", "C.UTF-8")
                .env("SSLKEYLOGFILE", keys_file);
            crate::common::run_with(&mut shell, &args, "STAT\n")
        })
        .await
        .unwrap()
        .code(0);
        assert_eq!(keys.exists(), written);
        if written {
            assert_eq!(std::fs::metadata(&keys).unwrap().mode() & 0o777, 0o600);
            ran.says("session keys");
        } else {
            ran.never_says("session keys");
        }
    }
}
