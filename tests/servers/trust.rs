//! Certificates and the wrong door, against servers that nobody here wrote.

use crate::rig::{ehlo, env};

fn args(options: &[&str], url: &str) -> Vec<String> {
    options
        .iter()
        .map(|o| (*o).to_owned())
        .chain([url.to_owned()])
        .collect()
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn an_unknown_ca_ends_it_with_the_reason() {
    let url = format!("imaps://localhost:{}", env("IMAPS"));
    let said = ehlo(&args(&[], &url), "login alice wonderland\nlogout\n");
    said.has(&[
        "the certificate of localhost is not trusted",
        "its issuer \"ehlo test CA\" is not among",
        "to go on",
    ])
    .ends(4);
    assert!(
        !said.out.contains("login"),
        "nothing may be sent: {}",
        said.out
    );
    let said = ehlo(&args(&["--insecure"], &url), "logout\n");
    said.has(&["NOT trusted", "* BYE"]).ends(0);
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn starttls_is_held_to_the_same_rule() {
    for (scheme, port, hello) in [
        (
            "smtp",
            "SMTP",
            "EHLO x.example\nSTARTTLS\nEHLO x.example\nQUIT\n",
        ),
        ("pop3", "POP3", "STLS\nCAPA\nQUIT\n"),
        ("imap", "IMAP", "STARTTLS\nCAPABILITY\nLOGOUT\n"),
    ] {
        let url = format!("{scheme}://localhost:{}", env(port));
        let said = ehlo(&args(&[], &url), hello);
        said.has(&["is not trusted"]).ends(4);
        assert!(
            !said.out.contains("~>"),
            "nothing may be sent under TLS: {}",
            said.out
        );
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn names_are_checked() {
    let ca = env("CA");
    let url = format!("imaps://localhost:{}", env("IMAPS"));
    ehlo(
        &args(&["--ca-file", &ca, "--expect-name", "mail.ehlo.test"], &url),
        "logout\n",
    )
    .ends(0);
    let said = ehlo(
        &args(&["--ca-file", &ca, "--expect-name", "other.example"], &url),
        "logout\n",
    );
    said.has(&["it is not for other.example but for localhost"])
        .ends(4);
    let by_address = format!("imaps://127.0.0.1:{}", env("IMAPS"));
    ehlo(&args(&["--ca-file", &ca], &by_address), "logout\n")
        .has(&["trusted: 127.0.0.1"])
        .ends(0);
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn the_wrong_door_is_named() {
    for (port, name) in [("SMTP", "SMTP"), ("POP3", "POP3"), ("IMAP", "IMAP")] {
        let url = format!("{}s://localhost:{}", name.to_lowercase(), env(port));
        let said = ehlo(&args(&["--ca-file", &env("CA")], &url), "QUIT\n");
        said.has(&[&format!("this is {name} in the clear")]).ends(4);
    }
}

/// In the clear to a port that speaks TLS at once: nothing comes, and it is found out why.
#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn the_other_wrong_door_is_named() {
    for (scheme, port) in [("smtp", "SMTPS"), ("imap", "IMAPS"), ("pop3", "POP3S")] {
        let url = format!("{scheme}://localhost:{}", env(port));
        ehlo(&[url], "QUIT\n")
            .has(&[
                "no greeting yet",
                "this port speaks TLS from the first octet",
                "--tls",
            ])
            .ends(4);
    }
}
