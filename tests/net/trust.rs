//! Certificates: each fault by itself, in words (threats: names and certificates).

use ehlo::net::Turn;
use ehlo::net::tls::{
    CertFault, Name, Pin, Roots, TlsFault, TlsOptions, TlsPlan, TlsReport, Verdict,
};
use ehlo::net::x509::CertInfo;
use rcgen::{ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints};

use crate::lab::{self, Served};

const HOST: &str = "mail.example.org";

/// Shakes hands with a server that has this certificate; the verdict in words, one line a fault.
async fn verdict(served: Served, host: &str, options: &TlsOptions) -> String {
    told(&report(served, host, options).await)
}

async fn report(served: Served, host: &str, options: &TlsOptions) -> TlsReport {
    let plan = TlsPlan::new(Some(host), options).unwrap();
    let mut conn = lab::serve(served);
    match conn.start_tls(&plan).await {
        Ok(report) => (*report).clone(),
        Err(TlsFault::Untrusted(report)) => {
            // Not an octet moves before somebody says so.
            conn.queue(b"AUTH PLAIN secret\r\n");
            assert!(conn.turn(&mut [0; 64]).await.is_err());
            assert!(!conn.is_held() || conn.queued() > 0);
            *report
        }
        Err(other) => panic!("{other}"),
    }
}

fn told(report: &TlsReport) -> String {
    match &report.verdict {
        Verdict::Trusted { store } => format!("trusted by {store}"),
        Verdict::Pinned => "pinned".into(),
        Verdict::NotChecked => "not checked".into(),
        Verdict::Untrusted(faults) => faults
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[tokio::test]
async fn a_good_certificate_is_trusted_and_described() {
    let root = lab::root("Lab Root");
    let between = lab::intermediate("Lab Between", &root);
    let served = lab::issue(
        &lab::params("x", &[HOST, "*.wild.example"]),
        &between,
        &[&between],
    );
    let report = report(served, "Mail.Example.org.", &lab::options(&root)).await;
    assert_eq!(told(&report), "trusted by the lab's root");
    assert_eq!(report.version, "TLS 1.3");
    assert_eq!(report.suite, "TLS_AES_256_GCM_SHA384");
    assert_eq!(report.group.as_deref(), Some("X25519MLKEM768"));
    assert!(report.is_post_quantum() && !report.resumed);
    assert_eq!(report.sni.as_deref(), Some(HOST));
    let leaf = report.leaf().unwrap();
    assert_eq!(leaf.names, [HOST, "*.wild.example"]);
    assert_eq!(
        (leaf.issuer_name.as_str(), leaf.key.as_str()),
        ("Lab Between", "ECDSA P-256")
    );
    assert_eq!(leaf.days_left(report.at), 90);
    assert_eq!(report.chain.len(), 2);
    assert_eq!(report.pem().matches("BEGIN CERTIFICATE").count(), 2);
}

#[tokio::test]
async fn names() {
    let root = lab::root("Lab Root");
    let options = lab::options(&root);
    let table: &[(&str, &[&str], Option<&str>)] = &[
        ("a.wild.example", &["*.wild.example"], None),
        (
            "a.b.wild.example",
            &["*.wild.example"],
            Some("it is not for a.b.wild.example but for *.wild.example"),
        ),
        (
            "wild.example",
            &["*.wild.example"],
            Some("it is not for wild.example but for *.wild.example"),
        ),
        ("127.0.0.1", &["127.0.0.1"], None),
        ("::1", &["::1"], None),
        ("[::1]", &["::1"], None),
        (
            "127.0.0.1",
            &["localhost"],
            Some("it is not for 127.0.0.1 but for localhost"),
        ),
        (
            HOST,
            &["other.example"],
            Some("it is not for mail.example.org but for other.example"),
        ),
        ("xn--bcher-kva.example", &["xn--bcher-kva.example"], None),
    ];
    for (host, names, fault) in table {
        let served = lab::issue(&lab::params("Lab Leaf", names), &root, &[]);
        let want = fault.unwrap_or("trusted by the lab's root");
        assert_eq!(verdict(served, host, &options).await, want, "{host}");
    }
    // The subject's name does not count (RFC 9525 2), and it is said that it is there.
    let served = lab::issue(&lab::params(HOST, &[]), &root, &[]);
    assert_eq!(
        verdict(served, HOST, &options).await,
        "it is not for mail.example.org but for no name at all (the name stands in the subject only, which does not count)"
    );
}

#[tokio::test]
async fn the_name_to_check_and_the_name_to_send_can_be_told() {
    let root = lab::root("Lab Root");
    let options = TlsOptions {
        expect_name: Some(HOST.into()),
        sni: Some("front.example".into()),
        ..lab::options(&root)
    };
    let served = lab::issue(&lab::params("Lab Leaf", &[HOST]), &root, &[]);
    let report = report(served, "192.0.2.1", &options).await;
    assert_eq!(told(&report), "trusted by the lab's root");
    assert_eq!(
        (report.sni.as_deref(), report.expected.as_str()),
        (Some("front.example"), HOST)
    );
}

#[tokio::test]
async fn times() {
    let root = lab::root("Lab Root");
    let options = lab::options(&root);
    let mut params = lab::params("Lab Leaf", &[HOST]);
    lab::life(&mut params, -100, -12);
    let report = report(lab::issue(&params, &root, &[]), HOST, &options).await;
    let [CertFault::Expired { days: 12, on }] = report.faults() else {
        panic!("{:?}", report.faults())
    };
    assert_eq!(
        told(&report),
        format!("it expired 12 days ago ({})", ehlo::net::x509::day(*on))
    );
    lab::life(&mut params, 3, 90);
    let words = verdict(lab::issue(&params, &root, &[]), HOST, &options).await;
    assert!(words.starts_with("it is not valid before 20"), "{words}");
}

#[tokio::test]
async fn several_faults_are_told_one_by_one() {
    let (root, stranger) = (lab::root("Lab Root"), lab::root("Example Test CA"));
    let mut params = lab::params("Lab Leaf", &["other.example"]);
    lab::life(&mut params, -100, -12);
    let words = verdict(
        lab::issue(&params, &stranger, &[]),
        HOST,
        &lab::options(&root),
    )
    .await;
    let lines: Vec<&str> = words.lines().collect();
    assert_eq!(lines.len(), 3, "{words}");
    assert!(lines[0].starts_with("it expired 12 days ago"));
    assert_eq!(
        lines[1],
        "it is not for mail.example.org but for other.example"
    );
    assert!(lines[2].starts_with("its issuer \"Example Test CA\" is not among the lab's root"));
}

#[tokio::test]
async fn issuers() {
    let (root, stranger) = (lab::root("Lab Root"), lab::root("Example Test CA"));
    let options = lab::options(&root);
    let leaf = lab::params("Lab Leaf", &[HOST]);

    let words = verdict(lab::issue(&leaf, &stranger, &[&stranger]), HOST, &options).await;
    assert_eq!(
        words,
        "its issuer \"Example Test CA\" is not among the lab's root"
    );

    let between = lab::intermediate("Lab Between", &root);
    let words = verdict(lab::issue(&leaf, &between, &[]), HOST, &options).await;
    assert_eq!(
        words,
        "its issuer \"Lab Between\" is not among the lab's root (the server sent no certificate but its own; one in between may be missing)"
    );

    let words = verdict(lab::self_signed(&leaf), HOST, &options).await;
    assert_eq!(words, "it is signed by itself and not among the lab's root");
    // As openssl makes them by default: self-signed and marked as a CA's.
    let mut ca = leaf.clone();
    ca.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let served = lab::self_signed(&ca);
    let own = Roots::of(served.chain.clone(), "its own file").unwrap();
    let again = Served {
        chain: served.chain.clone(),
        key: served.key.clone_key(),
    };
    let words = verdict(served, HOST, &options).await;
    assert_eq!(words, "it is signed by itself and not among the lab's root");
    // Named by --ca-file it is trusted as it is.
    let options_own = TlsOptions {
        roots: Some(own),
        ..TlsOptions::default()
    };
    assert_eq!(
        verdict(again, HOST, &options_own).await,
        "trusted by its own file"
    );

    let words = verdict(lab::issue(&ca, &root, &[]), HOST, &options).await;
    assert_eq!(words, "it is a CA's certificate, not a server's");

    let mut narrow = lab::params("Narrow", &[]);
    narrow.extended_key_usages.clear();
    narrow.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    narrow.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("inside.example".into())],
        excluded_subtrees: vec![],
    });
    let key = rcgen::KeyPair::generate().unwrap();
    let narrow = rcgen::CertifiedIssuer::signed_by(narrow, key, &root).unwrap();
    let words = verdict(lab::issue(&leaf, &narrow, &[&narrow]), HOST, &options).await;
    assert_eq!(
        words,
        "its issuer may not issue for this name (name constraints)"
    );
}

#[tokio::test]
async fn an_issuer_that_has_expired_is_named() {
    let root = lab::root("Lab Root");
    let mut old = lab::params("Old Between", &[]);
    old.extended_key_usages.clear();
    old.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    lab::life(&mut old, -9, -2);
    let old =
        rcgen::CertifiedIssuer::signed_by(old, rcgen::KeyPair::generate().unwrap(), &root).unwrap();
    let words = verdict(
        lab::issue(&lab::params("Lab Leaf", &[HOST]), &old, &[&old]),
        HOST,
        &lab::options(&root),
    )
    .await;
    assert!(
        words.starts_with("its issuer \"Old Between\" is out of date (20"),
        "{words}"
    );
    assert_eq!(words.lines().count(), 1, "{words}");
}

#[tokio::test]
async fn a_certificate_for_clients_is_refused() {
    let root = lab::root("Lab Root");
    let mut params = lab::params("Lab Leaf", &[HOST]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let words = verdict(lab::issue(&params, &root, &[]), HOST, &lab::options(&root)).await;
    assert_eq!(words, "it is not meant for servers but for clients");
}

#[tokio::test]
async fn pins_decide_alone() {
    let root = lab::root("Lab Root");
    let stranger = lab::root("Example Test CA");
    let served = || lab::issue(&lab::params("Lab Leaf", &["other.example"]), &stranger, &[]);
    let one = served();
    let info = CertInfo::read(&one.chain[0]);
    let with = |pin: &str| TlsOptions {
        pins: vec![Pin::parse(pin).unwrap()],
        ..lab::options(&root)
    };
    let again = Served {
        chain: one.chain.clone(),
        key: one.key.clone_key(),
    };
    assert_eq!(verdict(one, HOST, &with(&info.pin_text())).await, "pinned");
    let whole = format!("sha256:{}", info.fingerprint_text());
    assert_eq!(verdict(again, HOST, &with(&whole)).await, "pinned");
    let words = verdict(served(), HOST, &with(&info.pin_text())).await;
    assert!(
        words.starts_with("no --pin fits its key, which is sha256:"),
        "{words}"
    );
}

#[tokio::test]
async fn a_yes_lets_it_flow_and_insecure_never_holds() {
    let (root, stranger) = (lab::root("Lab Root"), lab::root("Example Test CA"));
    let served = || lab::issue(&lab::params("Lab Leaf", &[HOST]), &stranger, &[]);
    let plan = TlsPlan::new(Some(HOST), &lab::options(&root)).unwrap();
    let mut conn = lab::serve(served());
    assert!(matches!(
        conn.start_tls(&plan).await,
        Err(TlsFault::Untrusted(_))
    ));
    assert!(conn.is_held() && conn.turn(&mut [0; 64]).await.is_err());
    assert!(conn.go_on_untrusted());
    assert_eq!(conn.turn(&mut [0; 64]).await.unwrap(), Turn::Read(8));
    assert!(conn.report().unwrap().insecure && !conn.report().unwrap().is_trusted());

    let options = TlsOptions {
        insecure: true,
        ..lab::options(&root)
    };
    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    let mut conn = lab::serve(served());
    let report = conn.start_tls(&plan).await.unwrap();
    assert!(!report.is_trusted() && report.insecure);
    assert_eq!(conn.turn(&mut [0; 64]).await.unwrap(), Turn::Read(8));
}

/// RSA 1024, SHA-1 and version 1, which rcgen does not make.
#[tokio::test]
async fn what_openssl_made_long_ago_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let san = &format!("subjectAltName=DNS:{HOST}");
    let ext = ["-addext", "basicConstraints=CA:FALSE", "-addext", san];
    let make = |args: &[&str]| {
        lab::openssl(dir, args);
        let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
        lab::openssl(
            dir,
            &[
                "x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der",
            ],
        );
        lab::openssl(
            dir,
            &[
                "pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER", "-out",
                "key.der",
            ],
        );
        let key = rustls_key(read("key.der"));
        Served {
            chain: vec![read("cert.der").into()],
            key,
        }
    };
    let new = [
        "req", "-x509", "-nodes", "-subj", "/CN=old", "-days", "30", "-keyout", "key.pem", "-out",
        "cert.pem",
    ];
    let root = lab::root("Lab Root");

    let sha1 = make(&[&new[..], &["-newkey", "rsa:2048", "-sha1"], &ext].concat());
    let words = verdict(sha1, HOST, &lab::options(&root)).await;
    assert!(
        words.contains("it is signed with RSA with SHA-1, which is broken"),
        "{words}"
    );

    // The library will not serve these two: openssl does.
    make(&[&new[..], &["-newkey", "rsa:1024"], &ext].concat());
    let words = against_openssl(dir, &root).await;
    assert!(
        words.starts_with("its RSA key of 1024 bits is too short (2048 at least)"),
        "{words}"
    );

    lab::openssl(
        dir,
        &[
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=old", "-keyout",
            "key.pem", "-out", "req.pem",
        ],
    );
    lab::openssl(
        dir,
        &[
            "x509", "-req", "-in", "req.pem", "-key", "key.pem", "-days", "30", "-out", "cert.pem",
        ],
    );
    let words = against_openssl(dir, &root).await;
    assert!(
        words.starts_with("it is an X.509 version 1 certificate (3 is in use)"),
        "{words}"
    );
}

/// The verdict without and with `--insecure`, which must agree; with it the session goes on.
async fn against_openssl(dir: &std::path::Path, root: &lab::Authority) -> String {
    let server = lab::SServer::start(dir, &["-cipher", "DEFAULT:@SECLEVEL=0"]);
    let plan = TlsPlan::new(Some(HOST), &lab::options(root)).unwrap();
    let mut conn = server.connect().await;
    let Err(TlsFault::Untrusted(strict)) = conn.start_tls(&plan).await else {
        panic!()
    };
    let options = TlsOptions {
        insecure: true,
        ..lab::options(root)
    };
    let plan = TlsPlan::new(Some(HOST), &options).unwrap();
    let mut conn = server.connect().await;
    let report = conn.start_tls(&plan).await.unwrap();
    assert_eq!(report.faults(), strict.faults());
    told(&report)
}

fn rustls_key(der: Vec<u8>) -> tokio_rustls::rustls::pki_types::PrivateKeyDer<'static> {
    tokio_rustls::rustls::pki_types::PrivateKeyDer::Pkcs8(der.into())
}

/// Hostile text in a certificate never reaches a terminal.
#[tokio::test]
async fn certificates_cannot_paint_the_screen() {
    let root = lab::root("Lab Root");
    let evil = lab::root("Evil\u{1b}[2J\u{202e}CA\r\n== trusted");
    let served = lab::issue(&lab::params("a\u{1b}]0;x\u{7}", &[HOST]), &evil, &[]);
    let report = report(served, HOST, &lab::options(&root)).await;
    let all = format!("{}{:?}", told(&report), report.chain[0].subject);
    assert!(
        !all.contains(['\u{1b}', '\u{202e}', '\r', '\n', '\u{7}']),
        "{all:?}"
    );
    assert!(told(&report).contains("Evil␛[2J\\u{202e}CA␍␊== trusted"));
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let with = |options: TlsOptions| TlsPlan::new(Some("h.example"), &options).unwrap_err();
    let base = || TlsOptions {
        roots: Some(Roots::built_in()),
        ..TlsOptions::default()
    };
    let error = with(TlsOptions {
        alpn: Some("smtp,imap".into()),
        ..base()
    });
    assert!(error.what.contains("give one id"), "{error}");
    let error = with(TlsOptions {
        sni: Some("192.0.2.1".into()),
        ..base()
    });
    assert!(error.what.contains("an address cannot be sent"), "{error}");
    let missing = std::path::PathBuf::from("/nonexistent/ca.pem");
    let error = TlsPlan::new(
        Some("h"),
        &TlsOptions {
            ca_file: Some(missing),
            ..TlsOptions::default()
        },
    );
    let error = error.unwrap_err();
    assert_eq!(error.kind.code(), 7);
    assert!(error.what.contains("/nonexistent/ca.pem"), "{error}");
    assert!(matches!(Name::parse("h"), Ok(Name::Dns(_))));
}
