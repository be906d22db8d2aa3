//! What docs/coming-from.md claims, tried: the other tool and ehlo against the same server.

use std::process::{Command, Stdio};

use crate::rig::{ehlo, env, fresh};

/// What another tool says to the same server; its exit code.
fn other(program: &str, args: &[&str], typed: &str) -> (String, i32) {
    use std::io::Write as _;
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    // It may have ended already.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let out = child.wait_with_output().unwrap();
    let both = [out.stdout, out.stderr].concat();
    (
        String::from_utf8_lossy(&both).into_owned(),
        out.status.code().unwrap_or(-1),
    )
}

fn s_client(options: &[&str]) -> (String, i32) {
    let ca = env("CA");
    let args = [
        &["s_client", "-CAfile", &ca, "-verify_return_error"],
        options,
    ]
    .concat();
    other("openssl", &args, "")
}

fn ours(options: &[&str], typed: &str) -> crate::rig::Said {
    let ca = env("CA");
    let args = [&["--ca-file", &ca], options].concat();
    ehlo(
        &args.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>(),
        typed,
    )
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn starttls_and_the_name_that_must_be_there() {
    for (proto, port) in [("smtp", "SMTP"), ("pop3", "POP3"), ("imap", "IMAP")] {
        let at = format!("localhost:{}", env(port));
        let url = format!("{proto}://{at}");
        let bye = if proto == "imap" {
            "logout\n"
        } else {
            "quit\n"
        };
        for (name, good) in [
            ("localhost", true),
            ("mail.ehlo.test", true),
            ("other.example", false),
        ] {
            let (said, code) = s_client(&[
                "-starttls",
                proto,
                "-connect",
                &at,
                "-verify_hostname",
                name,
            ]);
            assert_eq!(code == 0, good, "{proto} {name}: {said}");
            let said = ours(&["--starttls", "--expect-name", name, &url], bye);
            said.ends(if good { 0 } else { 4 });
        }
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn versions_ciphers_and_chains() {
    let at = format!("localhost:{}", env("IMAPS"));
    let url = format!("imaps://{at}");
    for (flag, max, version) in [("-tls1_2", "1.2", "TLS 1.2"), ("-tls1_3", "1.3", "TLS 1.3")] {
        let (said, _) = s_client(&["-connect", &at, flag]);
        // OpenSSL spells TLS 1.2 suites in its own way; those of 1.3 are the registered names.
        assert!(said.contains(&version.replace(' ', "v")), "{said}");
        let said = ours(&["--tls-max", max, &url], ":tls\nlogout\n");
        said.has(&[version]).ends(0);
        if max == "1.3" {
            let (theirs, _) = s_client(&["-connect", &at, flag]);
            let suite = said
                .out
                .split("TLS 1.3, ")
                .nth(1)
                .unwrap()
                .split(',')
                .next()
                .unwrap();
            assert!(theirs.contains(suite), "{suite}: {theirs}");
        }
    }
    let (theirs, _) = s_client(&["-connect", &at, "-showcerts"]);
    let said = ours(&[&url], ":tls pem\nlogout\n");
    let certs = |text: &str| -> Vec<String> {
        let parts = text.split("-----BEGIN CERTIFICATE-----").skip(1);
        parts
            .map(|p| {
                p.split("-----END")
                    .next()
                    .unwrap()
                    .split_whitespace()
                    .collect()
            })
            .collect()
    };
    // s_client shows the server's own certificate a second time, below the chain.
    let chain = certs(&theirs);
    assert_eq!(certs(&said.out), chain[..2], "{}", said.out);
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn session_keys_for_a_sniffer() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("theirs"), dir.path().join("ours"));
    let at = format!("localhost:{}", env("IMAPS"));
    s_client(&[
        "-connect",
        &at,
        "-tls1_3",
        "-keylogfile",
        a.to_str().unwrap(),
    ]);
    ours(
        &["--keylog", b.to_str().unwrap(), &format!("imaps://{at}")],
        "logout\n",
    )
    .ends(0);
    let labels = |file: &std::path::Path| -> Vec<String> {
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().filter(|l| !l.starts_with('#'));
        let mut labels: Vec<String> = lines
            .map(|l| l.split(' ').next().unwrap().to_owned())
            .collect();
        labels.sort();
        labels
    };
    let ours = labels(&b);
    assert!(
        ours.contains(&"CLIENT_TRAFFIC_SECRET_0".to_owned()),
        "{ours:?}"
    );
    let theirs = labels(&a);
    assert!(
        ours.iter().all(|label| theirs.contains(label)),
        "{ours:?} {theirs:?}"
    );
}

/// `R` at the beginning of a line is a command to s_client, and a line to us.
#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn no_first_letter_is_magic() {
    let url = format!("smtps://localhost:{}", env("SMTPS"));
    let typed = "EHLO x.example\nMAIL FROM:<a@b.example>\nRCPT TO:<alice@ehlo.test>\nRSET\nQUIT\n";
    ours(&[&url], typed)
        .has(&[
            "250 2.1.0",
            "~>  RCPT TO",
            "250 2.1.5",
            "~>  RSET",
            "250 2.0.0",
            "~>  QUIT",
            "221 2.0.0",
        ])
        .ends(0);
}

/// The same names, chains and resumed sessions as gnutls-cli, which is not OpenSSL.
#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn gnutls_cli_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    let (theirs, mine) = (file("theirs.pem"), file("mine.pem"));
    let ca = env("CA");
    let gnutls = |options: &[&str], port: &str| {
        let port = env(port);
        let args = [options, &["-p", &port, "localhost"]].concat();
        other("gnutls-cli", &args, "")
    };
    let url = format!("smtp://localhost:{}", env("SMTP"));
    for (name, good) in [("mail.ehlo.test", true), ("other.example", false)] {
        let trust = ["--x509cafile", &ca, "--verify-hostname", name];
        let (said, code) = gnutls(
            &[&trust[..], &["--starttls-proto", "smtp"]].concat(),
            "SMTP",
        );
        assert_eq!(code == 0, good, "{name}: {said}");
        let said = ours(&["--starttls", "--expect-name", name, &url], "QUIT\n");
        said.ends(if good { 0 } else { 4 });
    }
    let save = ["--x509cafile", &ca, "--save-cert", &theirs];
    gnutls(&save, "SMTPS");
    let secure = format!("smtps://localhost:{}", env("SMTPS"));
    let typed = format!(":tls save {mine}\nQUIT\n");
    ours(&["--allow-commands", &secure], &typed).ends(0);
    let words = |file: &str| -> Vec<String> {
        let text = std::fs::read_to_string(file).unwrap();
        text.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(words(&theirs), words(&mine));
    let (said, _) = gnutls(&["--x509cafile", &ca, "--resume"], "SMTPS");
    assert!(said.contains("This is a resumed session"), "{said}");
    ours(&[&secure], "EHLO me.example.net\n:reconnect\nQUIT\n")
        .has(&[", resumed"])
        .ends(0);
    // Nobody there whom anybody trusts.
    let (said, code) = gnutls(&["--insecure"], "SMTPS");
    assert!(code == 0 && said.contains("NOT trusted"), "{said}");
    let untrusting = ["--insecure".to_owned(), secure];
    ehlo(&untrusting, "QUIT\n").has(&["NOT trusted"]).ends(0);
}

/// What telnet would show is what we show, behind the marks.
#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn the_words_of_the_server_are_untouched() {
    let port = env("SMTP");
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'EHLO me.example.net\\r\\nQUIT\\r\\n' >&3; cat <&3"
    );
    let (raw, _) = other("bash", &["-c", &script], "");
    let said = ours(
        &[&format!("smtp://127.0.0.1:{port}")],
        "EHLO me.example.net\nQUIT\n",
    );
    let heard: Vec<&str> = said
        .out
        .lines()
        .filter_map(|l| l.strip_prefix("<-  "))
        .collect();
    assert_eq!(heard, raw.lines().collect::<Vec<_>>());
}

/// swaks and curl say of a login and a recipient what we say.
#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn swaks_and_curl_agree() {
    let _turn = fresh();
    let at = format!("127.0.0.1:{}", env("SUBMISSION"));
    let url = format!("submission://{at}");
    for (password, good) in [("wonderland", true), ("wrong", false)] {
        let (said, code) = other(
            "swaks",
            &[
                "--server",
                &at,
                "--to",
                "bob@ehlo.test",
                "--auth",
                "PLAIN",
                "--auth-user",
                "alice",
                "--auth-password",
                password,
                "--quit-after",
                "AUTH",
            ],
            "",
        );
        assert_eq!(code, if good { 0 } else { 28 }, "{said}");
        let args = ["--no-tls".to_owned(), url.clone()];
        let said = crate::rig::ehlo_with(
            &args,
            "EHLO x.example\n:auth PLAIN alice\nQUIT\n",
            &[("EHLO_PASSWORD", password)],
        );
        said.ends(if good { 0 } else { 5 });
    }
    let imap = format!("imap://127.0.0.1:{}", env("IMAP"));
    let (said, code) = other(
        "curl",
        &[
            "-s",
            "--user",
            "alice:wonderland",
            &format!("{imap}/"),
            "-X",
            "STATUS INBOX (MESSAGES)",
        ],
        "",
    );
    assert_eq!((said.trim_end(), code), ("* STATUS INBOX (MESSAGES 0)", 0));
    ours(
        &[&imap],
        "login alice wonderland\nstatus inbox (messages)\nlogout\n",
    )
    .has(&["* STATUS inbox (MESSAGES 0)"])
    .ends(0);
}
