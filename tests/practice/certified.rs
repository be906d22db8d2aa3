//! EXTERNAL and ANONYMOUS on every protocol: offered to whom, and as whom one is logged in.

use crate::clients::{Server, have};
use crate::common::{Ran, run};

/// Scheme, what comes before the login, and what tells whose mail it is afterwards.
const WAYS: &[(&str, &str, &str)] = &[
    ("smtps", "EHLO me.test\n", "QUIT\n"),
    (
        "submission",
        "EHLO me.test\nSTARTTLS\nEHLO me.test\n",
        "QUIT\n",
    ),
    ("pop3s", "", "STAT\nQUIT\n"),
    ("pop3", "STLS\n", "STAT\nQUIT\n"),
    ("imaps", "", "STATUS INBOX (MESSAGES)\nLOGOUT\n"),
    ("imap", "STARTTLS\n", "STATUS INBOX (MESSAGES)\nLOGOUT\n"),
];

fn ehlo(server: &Server, scheme: &str, more: &[&str], typed: &str) -> Ran {
    let url = format!("{scheme}://localhost:{}", server.port(scheme));
    let ca = server.ca.display().to_string();
    let args = [&["--ca-file", ca.as_str()], more, &[url.as_str()]].concat();
    run(&args, typed)
}

#[test]
fn a_certificate_logs_its_owner_in() {
    let home = tempfile::tempdir().unwrap();
    let cert = home.path().join("alice.pem").display().to_string();
    let server = Server::start(&["--client-cert", &format!("alice:{cert}")]);
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&cert).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    let with = ["--cert", cert.as_str()];
    for (scheme, before, after) in WAYS {
        // The one in the certificate, by itself and by name.
        for who in ["", " alice@ehlo.test"] {
            let typed = format!("{before}:auth EXTERNAL{who}\n{after}");
            let ran = ehlo(&server, scheme, &with, &typed).code(0);
            match scheme.starts_with("imap") {
                // Some mail lies in alice's mailbox from the start.
                true => ran
                    .says("* STATUS INBOX (MESSAGES ")
                    .never_says("MESSAGES 0"),
                false if scheme.starts_with("pop3") => ran.says("messages, ").never_says("+OK 0 "),
                false => ran.says("<~  235 2.7.0"),
            };
        }
        // Nobody else, whatever is asked for.
        let typed = format!("{before}:auth EXTERNAL bob\n{after}");
        let ran = ehlo(&server, scheme, &with, &typed);
        assert_eq!(ran.code, 5, "{}", ran.out);
        ran.says("<~* ");
        // Who shows none is not offered it, and is refused who insists.
        let typed = format!("{before}:auth EXTERNAL\n{after}");
        ehlo(&server, scheme, &[], &typed)
            .code(5)
            .says("the server does not offer EXTERNAL");
        let typed = format!("{before}:auth --force EXTERNAL alice\n{after}");
        ehlo(&server, scheme, &[], &typed)
            .says("<~* ")
            .never_says("<~  235");
    }
    // In the clear there is no certificate, and nothing is offered.
    ehlo(&server, "imap", &with, "LOGOUT\n")
        .code(0)
        .never_says("EXTERNAL");
}

#[test]
fn reconnecting_logs_in_the_same_way() {
    let home = tempfile::tempdir().unwrap();
    let cert = home.path().join("alice.pem").display().to_string();
    let server = Server::start(&["--client-cert", &format!("alice:{cert}")]);
    // A password would be asked for if another mechanism were chosen.
    let typed = ":auth EXTERNAL\n:reconnect\nSTATUS INBOX (MESSAGES)\n";
    let ran = ehlo(&server, "imaps", &["--cert", &cert], typed).code(0);
    assert_eq!(
        ran.out.matches("AUTHENTICATE EXTERNAL").count(),
        2,
        "{}",
        ran.out
    );
    ran.says(", resumed").says("* STATUS INBOX");
}

/// A certificate of another CA than the server's own ends the handshake.
#[test]
fn a_stranger_s_certificate_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let server = Server::start(&["--client-cert", &format!("alice:{}", path("a.pem"))]);
    let other = Server::start(&["--client-cert", &format!("alice:{}", path("b.pem"))]);
    let ran = ehlo(
        &server,
        "imaps",
        &["--cert", &path("b.pem")],
        ":auth EXTERNAL\n",
    );
    assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
    ran.never_says("OK [CAPABILITY").never_says("logged in");
    drop(other);
}

#[test]
fn guests_are_admitted_where_the_switch_says_so() {
    let server = Server::start(&["--anonymous"]);
    for (scheme, before, after) in WAYS {
        let typed = format!("{before}:auth ANONYMOUS guest@example.org\n{after}");
        let ran = ehlo(&server, scheme, &[], &typed)
            .code(0)
            .says("  = trace guest@example.org; no identity is claimed");
        match scheme.starts_with("imap") {
            true => ran.says("* STATUS INBOX (MESSAGES 0)"),
            false if scheme.starts_with("pop3") => ran.says("<~  +OK 0 "),
            false => ran.says("<~  235 2.7.0"),
        };
        // Never chosen by itself: a user is somebody.
        let typed = format!("{before}:auth alice\n{after}");
        let ran = ehlo(
            &server,
            scheme,
            &["--password-command", "echo wonderland"],
            &typed,
        );
        ran.code(0).says("SCRAM-SHA-256-PLUS");
    }
    let closed = Server::start(&[]);
    for (scheme, before, after) in WAYS {
        let typed = format!("{before}:auth --force ANONYMOUS x\n{after}");
        let ran = ehlo(&closed, scheme, &[], &typed);
        assert_ne!(ran.code, 0, "{}", ran.out);
        ran.says("<~* ").never_says("<~  235");
    }
}

#[test]
fn mistakes_in_the_switches() {
    for (value, words) in [
        ("alice", "wants a user, a colon and a file"),
        ("nobody:x.pem", "no user \"nobody\""),
    ] {
        let args = ["serve", "--smtp", "0", "--client-cert", value];
        run(&args, "").code(2).says(words);
    }
}

/// GNU SASL has the mechanisms by itself, the binding to the TLS connection included: what it proves
/// of the practice server, `tests/sasl` and the logins above prove of the client.
#[test]
fn gnu_sasl_takes_every_mechanism() {
    if !have("gsasl") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let cert = home.path().join("alice.pem").display().to_string();
    let server = Server::start(&["--anonymous", "--client-cert", &format!("alice:{cert}")]);
    let ca = format!("--x509-ca-file={}", server.ca.display());
    let login = |scheme: &str, mechanism: &str, password: &str, more: &[&str]| {
        let protocol = if scheme == "imap" { "--imap" } else { "--smtp" };
        let port = server.port(scheme).to_string();
        let args = [
            protocol,
            "--starttls",
            &ca,
            "--mechanism",
            mechanism,
            "--authentication-id",
            "alice",
            "--anonymous-token",
            "guest",
            "--password",
            password,
            "--realm",
            "ehlo.test",
        ];
        let (_, text) = server.try_run("gsasl", &[&args, more, &["localhost", &port]].concat());
        (
            text.contains("Client authentication finished (server trusted)"),
            text,
        )
    };
    let bound = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"];
    let unbound = [
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "CRAM-MD5",
        "DIGEST-MD5",
        "PLAIN",
        "LOGIN",
        "ANONYMOUS",
    ];
    for scheme in ["imap", "submission"] {
        for mechanism in bound {
            let (fine, text) = login(scheme, mechanism, "wonderland", &[]);
            assert!(fine, "{scheme} {mechanism}: {text}");
        }
        for mechanism in unbound {
            let (fine, text) = login(scheme, mechanism, "wonderland", &["--no-cb"]);
            assert!(fine, "{scheme} {mechanism}: {text}");
        }
        let (fine, text) = login(scheme, "SCRAM-SHA-256-PLUS", "wrong", &[]);
        assert!(!fine, "{text}");
        let file = [
            "--no-cb",
            "--authorization-id",
            "alice",
            &format!("--x509-cert-file={cert}"),
            &format!("--x509-key-file={cert}"),
        ];
        let (fine, text) = login(scheme, "EXTERNAL", "", &file);
        assert!(fine, "{scheme} EXTERNAL: {text}");
    }
}
