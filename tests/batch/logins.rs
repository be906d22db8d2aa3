//! Logins that go wrong, through the program: what is said, the exit code, and that the session goes
//! on. The server's part is written here, so that it can lie.

use crate::common::{Do, Fake, Ran, not_loopback, program, run_with, say};

/// The server's words of an SMTP login: greeting, EHLO with these mechanisms, then `after`, and a
/// NOOP and QUIT that are answered where the session still goes on.
fn smtp(mechanisms: &str, after: Vec<Do>) -> Fake {
    let mut script = vec![
        say("220 hi\r\n"),
        Do::Hear,
        say(format!("250-here\r\n250 AUTH {mechanisms}\r\n")),
    ];
    script.extend(after);
    script.extend([
        Do::Hear,
        say("250 2.0.0 noop\r\n"),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    Fake::new(script)
}

fn ehlo(fake: &Fake, scheme: &str, more: &[&str], typed: &str) -> Ran {
    let home = tempfile::tempdir().unwrap();
    let url = fake.url(scheme);
    let args = [more, &[url.as_str()]].concat();
    let mut command = program(home.path());
    command.env("EHLO_PASSWORD", "wonderland");
    run_with(&mut command, &args, typed)
}

const TYPED: &str = "EHLO me.test\n:auth SCRAM-SHA-256 alice\nNOOP\nQUIT\n";

/// The server's first message extends our nonce: it must be read from what we said.
fn scram_server(first: impl Fn(&str) -> String + Send + 'static) -> Fake {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut output = stream.try_clone().unwrap();
        let mut heard = Vec::new();
        let _ = output.write_all(b"220 hi\r\n");
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let reply = if let Some(blob) = line.strip_prefix("AUTH SCRAM-SHA-256 ") {
                let message = ehlo::wire::b64::decode(blob.as_bytes()).unwrap();
                let message = String::from_utf8(message).unwrap();
                let nonce = message.rsplit_once("r=").unwrap().1;
                format!("334 {}", ehlo::wire::b64::encode(first(nonce).as_bytes()))
            } else {
                match line.as_str() {
                    "EHLO me.test" => "250-here\r\n250 AUTH SCRAM-SHA-256 PLAIN".to_owned(),
                    "NOOP" => "250 2.0.0 noop".to_owned(),
                    "QUIT" => "221 bye".to_owned(),
                    "*" => "501 5.7.0 cancelled".to_owned(),
                    // The proof, whatever it is: accepted, and nothing proved.
                    _ => "235 2.7.0 welcome".to_owned(),
                }
            };
            heard.push(line);
            let _ = output.write_all(format!("{reply}\r\n").as_bytes());
        }
        heard
    });
    Fake::on(addr, thread)
}

#[test]
fn a_server_that_proves_nothing_is_not_believed() {
    let fake = scram_server(|nonce| format!("r={nonce}XYZ,s=QSXCR+Q6sek8bf92,i=4096"));
    let ran = ehlo(&fake, "smtp", &[], TYPED);
    assert_eq!(ran.code, 5, "{}{}", ran.out, ran.err);
    ran.says("235 2.7.0 welcome")
        .says("said yes without proving that it knows this account (no v=)");
    // The password never went out, and nothing weaker was tried.
    let heard = fake.heard().join("\n");
    assert!(!heard.contains("AUTH PLAIN"), "{heard}");
}

#[test]
fn a_server_that_breaks_the_rules_of_scram_is_refused_and_the_session_goes_on() {
    type First = fn(&str) -> String;
    let table: &[(First, &str)] = &[
        (|_| "r=another,s=QQ==,i=4096".into(), "nonce"),
        (|n| n[..n.len() - 1].to_owned() + ",s=QQ==,i=4096", "SCRAM"),
        (|n| format!("r={n},s=QQ==,i=4096"), "nonce"),
        (|n| format!("r={n}X,s=QQ==,i=0"), "rounds"),
        (|n| format!("r={n}X,s=QQ==,i=2147483647"), "rounds"),
        (|n| format!("r={n}X,s=*,i=4096"), "salt"),
        (|n| format!("m=x,r={n}X,s=QQ==,i=4096"), "extension"),
        (|_| "e=other-error".into(), "other-error"),
    ];
    for (first, words) in table {
        let fake = scram_server(first);
        let ran = ehlo(&fake, "smtp", &[], TYPED);
        assert_eq!(ran.code, 5, "{words}: {}{}", ran.out, ran.err);
        ran.says(words).says("->  NOOP").says("250 2.0.0 noop");
        let heard = fake.heard();
        assert!(heard.contains(&"*".to_owned()), "{words}: {heard:?}");
    }
    // Few rounds are told and allowed: the proof is made.
    let fake = scram_server(|n| format!("r={n}X,s=QQ==,i=1"));
    ehlo(&fake, "smtp", &[], TYPED).says("4096");
}

#[test]
fn a_refused_login_says_why_and_the_session_goes_on() {
    for (mechanism, script, words) in
        [
            (
                "PLAIN",
                vec![Do::Hear, say("535 5.7.8 no such luck\r\n")],
                "<-* 535 5.7.8 no such luck",
            ),
            (
                "PLAIN",
                vec![Do::Hear, say("534 5.7.9 too weak\r\n")],
                "<-* 534 5.7.9 too weak",
            ),
            (
                "PLAIN",
                vec![Do::Hear, say("538 5.7.11 encryption required\r\n")],
                "<-* 538 5.7.11",
            ),
            (
                "CRAM-MD5",
                // No base64: cancelled, in the right words.
                vec![
                    Do::Hear,
                    say("334 @@@\r\n"),
                    Do::Hear,
                    say("501 5.7.0 ok\r\n"),
                ],
                "->  *",
            ),
            (
                "XOAUTH2",
                vec![
                    Do::Hear,
                    say(format!("334 {}\r\n", ehlo::wire::b64::encode(
                    br#"{"status":"400","schemes":"Bearer","scope":"https://mail.example/"}"#,
                ))),
                    Do::Hear,
                    say("535 5.7.8 refused\r\n"),
                ],
                "scope",
            ),
        ]
    {
        let fake = smtp(mechanism, script);
        let typed = format!("EHLO me.test\n:auth {mechanism} alice\nNOOP\n");
        let ran = ehlo(&fake, "smtp", &[], &typed);
        assert_eq!(ran.code, 5, "{mechanism}: {}{}", ran.out, ran.err);
        ran.says(words).says("->  NOOP").never_says("wonderland");
        let heard = fake.heard();
        // An empty line after XOAUTH2's challenge: without it the refusal never comes.
        if mechanism == "XOAUTH2" {
            assert_eq!(heard[2], "", "{heard:?}");
        }
    }
    let bearer = smtp(
        "OAUTHBEARER",
        vec![
            Do::Hear,
            say(format!(
                "334 {}\r\n",
                ehlo::wire::b64::encode(br#"{"status":"invalid_token"}"#)
            )),
            Do::Hear,
            say("535 5.7.8 refused\r\n"),
        ],
    );
    let typed = "EHLO me.test\n:auth OAUTHBEARER alice\nNOOP\n";
    ehlo(&bearer, "smtp", &[], typed)
        .code(5)
        .says("invalid_token");
    assert_eq!(bearer.heard()[2], "AQ==");
}

/// `--starttls` and a go-ahead that is none: no handshake, no credential, exit 4 (or 6 where the
/// protocol is broken altogether).
#[test]
fn a_malformed_go_ahead_is_refused_by_the_program() {
    let smtp = ("smtp", "220 hi\r\n", "250-h\r\n250 STARTTLS\r\n");
    let pop3 = ("pop3", "+OK hi\r\n", "+OK\r\nSTLS\r\n.\r\n");
    let imap = (
        "imap",
        "* OK hi\r\n",
        "* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n",
    );
    for ((scheme, greeting, offers), answer) in [
        (smtp, "454-4.7.0 no\r\n220 go\r\n"),
        (smtp, "220-go\r\n454-no\r\n220 go\r\n"),
        (smtp, "220-go\r\nhello\r\n220 go\r\n"),
        (pop3, "hello\r\n+OK go\r\n"),
        (pop3, "-ERR no\r\n+OK go\r\n"),
        (imap, "* BYE no\r\na2 OK go\r\n"),
        (imap, "a2 NO no\r\na2 OK go\r\n"),
        (imap, "a9 OK go\r\n"),
    ] {
        let fake = Fake::new(vec![
            say(greeting),
            Do::Hear,
            say(offers),
            Do::Hear,
            say(answer),
        ]);
        let args = ["--starttls", "--login", "--user", "alice"];
        let ran = ehlo(&fake, scheme, &args, "NOOP\n");
        assert!(
            matches!(ran.code, 4 | 6),
            "{answer}: {}{}",
            ran.out,
            ran.err
        );
        let heard = fake.heard();
        // No ClientHello, and at most a goodbye.
        let goodbye = heard
            .get(2)
            .is_none_or(|line| line.contains("QUIT") || line.contains("LOGOUT"));
        assert!(goodbye && heard.len() <= 3, "{answer}: {heard:?}");
    }
}

#[test]
fn a_refusal_for_now_has_its_own_exit_code() {
    let fake = smtp("PLAIN", vec![Do::Hear, say("454 4.7.0 later\r\n")]);
    ehlo(
        &fake,
        "smtp",
        &[],
        "EHLO me.test\n:auth PLAIN alice\nNOOP\n",
    )
    .code(8);
}

/// What is offered decides, strongest first; what is not spoken is explained.
#[test]
fn the_strongest_of_both_sides_is_chosen() {
    for (offered, chosen) in [
        ("PLAIN LOGIN", "PLAIN"),
        ("LOGIN NTLM GSSAPI", "LOGIN"),
        ("PLAIN CRAM-MD5 DIGEST-MD5", "DIGEST-MD5"),
        ("PLAIN CRAM-MD5 SCRAM-SHA-1", "SCRAM-SHA-1"),
        ("SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512", "SCRAM-SHA-512"),
        // In the clear there is nothing to bind to.
        ("SCRAM-SHA-256-PLUS SCRAM-SHA-1", "SCRAM-SHA-1"),
        // Tokens, certificates and guests are for those who name them.
        ("XOAUTH2 OAUTHBEARER EXTERNAL ANONYMOUS LOGIN", "LOGIN"),
    ] {
        let fake = smtp(offered, vec![Do::Hear, say("535 5.7.8 no\r\n")]);
        ehlo(&fake, "smtp", &[], "EHLO me.test\n:auth alice\nNOOP\n").code(5);
        let heard = fake.heard();
        let want = format!("AUTH {chosen}");
        assert!(
            heard[1].split(" ").take(2).eq(want.split(" ")),
            "{offered}: {heard:?}"
        );
    }
    for (offered, words) in [
        ("NTLM", "NTLM is not spoken here"),
        ("XOAUTH2", "XOAUTH2 wants a token"),
        ("ANONYMOUS", "ANONYMOUS is for guests"),
    ] {
        let fake = smtp(offered, vec![]);
        ehlo(&fake, "smtp", &[], "EHLO me.test\n:auth alice\nNOOP\n")
            .code(5)
            .says(words)
            .says("->  NOOP");
    }
    let fake = smtp("X-EXPS NTLM GSSAPI", vec![]);
    ehlo(
        &fake,
        "smtp",
        &[],
        "EHLO me.test\n:auth GSSAPI alice\nNOOP\n",
    )
    .code(5)
    .says("GSSAPI (");
}

/// In the clear to a host that is not loopback nothing readable is sent, however it is said; a proof
/// may travel.
#[test]
fn credentials_in_the_clear_are_refused_in_batch() {
    let name = "logins::credentials_in_the_clear_are_refused_in_batch";
    // It has passed in a network of its own.
    let Some(address) = not_loopback(name) else {
        return;
    };
    let blob = "AGFsaWNlAHdvbmRlcmxhbmQ=";
    let logins: &[(&str, &str, &str)] = &[
        (
            "smtp",
            ":auth PLAIN alice",
            "250-here\r\n250 AUTH PLAIN\r\n",
        ),
        (
            "smtp",
            &format!("AUTH PLAIN {blob}"),
            "250-here\r\n250 AUTH PLAIN\r\n",
        ),
        ("smtp", "AUTH LOGIN", "250-here\r\n250 AUTH LOGIN\r\n"),
        (
            "smtp",
            ":auth XOAUTH2 alice",
            "250-here\r\n250 AUTH XOAUTH2\r\n",
        ),
        (
            "imap",
            "LOGIN alice wonderland",
            "* CAPABILITY IMAP4rev1\r\na1 OK\r\n",
        ),
        (
            "imap",
            ":auth LOGIN alice",
            "* CAPABILITY IMAP4rev1\r\na1 OK\r\n",
        ),
        (
            "imap",
            &format!("AUTHENTICATE PLAIN {blob}"),
            "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na1 OK\r\n",
        ),
        (
            "pop3",
            "PASS wonderland",
            "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
        ),
        (
            "pop3",
            ":auth USER alice",
            "+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
        ),
    ];
    for (scheme, login, offers) in logins {
        let (greeting, ask, bye) = match *scheme {
            "smtp" => ("220 hi\r\n", "EHLO me.test", "221 bye\r\n"),
            "imap" => ("* OK hi\r\n", "CAPABILITY", "* BYE\r\na2 OK\r\n"),
            _ => ("+OK hi\r\n", "CAPA", "+OK\r\n"),
        };
        let fake = Fake::at(
            address,
            vec![say(greeting), Do::Hear, say(offers), Do::Hear, say(bye)],
        );
        let ran = ehlo(&fake, scheme, &[], &format!("{ask}\n{login}\n"));
        assert_eq!(ran.code, 5, "{scheme} {login}: {}{}", ran.out, ran.err);
        ran.says("would travel in the clear to a host that is not loopback")
            .says("--allow-cleartext-auth");
        let heard = fake.heard();
        assert_eq!(heard.len(), 2, "{login}: {heard:?}");
    }
    // Allowed by name, it goes out.
    let fake = Fake::at(
        address,
        vec![
            say("220 hi\r\n"),
            Do::Hear,
            say("250-here\r\n250 AUTH PLAIN\r\n"),
            Do::Hear,
            say("235 2.7.0 ok\r\n"),
            Do::Hear,
            say("221 bye\r\n"),
        ],
    );
    let typed = "EHLO me.test\n:auth PLAIN alice\n";
    ehlo(&fake, "smtp", &["--allow-cleartext-auth"], typed).code(0);
    assert_eq!(fake.heard()[1], format!("AUTH PLAIN {blob}"));
}

/// Where a password is to come from and does not: said, exit 7, and nothing was sent.
#[test]
fn a_password_that_does_not_come_is_7_and_said() {
    use std::os::unix::fs::PermissionsExt as _;
    type Case<'c> = (&'c [&'c str], &'c str, i32);
    let cases: &[Case<'_>] = &[
        (
            &["--password-command", "exit 3"],
            "error: the password command failed: exit status: 3\n",
            7,
        ),
        (
            &["--password-command", "kill -9 $$"],
            "error: the password command failed: signal: 9",
            7,
        ),
        (
            &["--password-command", "/no/such/program"],
            "the password command failed: exit status: 127",
            7,
        ),
        (
            &["--password-command", "echo; echo wonderland"],
            "error: the password command printed nothing on its first line\n",
            7,
        ),
        (
            &["--password-command", "head -c 70000 /dev/zero"],
            "printed a first line of more than 65536 octets",
            7,
        ),
        // Open output, closed output: it is not waited for without end.
        (
            &["--timeout", "0.5", "--password-command", "exec sleep 100"],
            "error: the password command was not done within 0.5 s\n  longer    --timeout SECS\n",
            7,
        ),
        (
            &[
                "--timeout",
                "0.5",
                "--password-command",
                "echo wonderland; exec sleep 100 >&-",
            ],
            "was not done within 0.5 s",
            7,
        ),
        (
            &["--password-fd", "97"],
            "error: --password-fd 97: it is not open for reading\n",
            7,
        ),
        (&["--password-fd", "x"], "--password-fd", 2),
    ];
    for (args, words, code) in cases {
        let fake = smtp("PLAIN", vec![]);
        let home = tempfile::tempdir().unwrap();
        let url = fake.url("smtp");
        let args = [args, &["--user", "alice", url.as_str()][..]].concat();
        let ran = run_with(
            &mut program(home.path()),
            &args,
            "EHLO me.test\n:auth PLAIN\n",
        );
        assert_eq!(ran.code, *code, "{args:?}: {}{}", ran.out, ran.err);
        ran.says(words)
            .never_says("wonderland")
            .never_says("AUTH PLAIN \u{2022}");
        // Wrong command lines connect to nobody: the server is let go.
        drop(std::net::TcpStream::connect(fake.addr));
        let heard = fake.heard().join("\n");
        assert!(!heard.contains("AUTH PLAIN"), "{heard}");
    }
    // Of two lines the first one counts; what the program says on standard error is its own.
    let fake = smtp("PLAIN", vec![Do::Hear, say("235 2.7.0 ok\r\n")]);
    let home = tempfile::tempdir().unwrap();
    let url = fake.url("smtp");
    let two = "echo wonderland; echo second";
    let args = ["--password-command", two, "--user", "alice", url.as_str()];
    run_with(
        &mut program(home.path()),
        &args,
        "EHLO me.test\n:auth PLAIN\n",
    )
    .code(0);
    assert_eq!(fake.heard()[1], "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=");
    // A .netrc that others may read is not used, and the way to mend it is told.
    let fake = smtp("PLAIN", vec![]);
    let netrc = home.path().join(".netrc");
    std::fs::write(
        &netrc,
        "machine 127.0.0.1 login alice password wonderland\n",
    )
    .unwrap();
    std::fs::set_permissions(&netrc, std::fs::Permissions::from_mode(0o640)).unwrap();
    let url = fake.url("smtp");
    let ran = run_with(
        &mut program(home.path()),
        &[&url],
        "EHLO me.test\n:auth PLAIN\n",
    )
    .code(7);
    let path = netrc.display();
    ran.says(&format!(
        "error: {path} holds a password and may be read by others\n"
    ))
    .says(&format!("chmod 600 {path}"))
    .never_says("wonderland");
    assert!(!fake.heard().join("\n").contains("AUTH PLAIN"));
}

/// A key log that cannot be made: said before anything is sent.
#[test]
fn a_key_log_that_cannot_be_written_is_7_and_said() {
    let home = tempfile::tempdir().unwrap();
    let fake = Fake::new(vec![Do::Hear]);
    let url = fake.url("smtps");
    let mut command = program(home.path());
    command.env("SSLKEYLOGFILE", "/no/such/folder/keys");
    let ran = run_with(&mut command, &[&url, "--keylog"], "").code(7);
    ran.says("/no/such/folder/keys");
    drop(std::net::TcpStream::connect(fake.addr));
    assert_eq!(fake.heard().join(""), "");
    let fake = Fake::new(vec![Do::Hear]);
    let url = fake.url("smtps");
    let ran = run_with(&mut program(home.path()), &[&url, "--keylog"], "");
    drop(std::net::TcpStream::connect(fake.addr));
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    ran.says("SSLKEYLOGFILE");
}

/// `:open` goes to another host: the first one's `.netrc` entry is not for it, its own one is.
#[test]
fn a_password_goes_to_the_host_it_is_for() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let netrc = home.path().join(".netrc");
    let run = |entries: &str, first: &Fake, second: &Fake| {
        std::fs::write(&netrc, entries).unwrap();
        std::fs::set_permissions(&netrc, std::fs::Permissions::from_mode(0o600)).unwrap();
        let typed = format!(
            "EHLO me.test\n:auth PLAIN\n:open smtp://localhost:{}\nEHLO me.test\n:auth PLAIN\nNOOP\n",
            second.addr.port()
        );
        run_with(&mut program(home.path()), &[&first.url("smtp")], typed)
    };
    let accepting = || smtp("PLAIN", vec![Do::Hear, say("235 2.7.0 ok\r\n")]);
    let (first, second) = (accepting(), smtp("PLAIN", vec![]));
    let alice = "machine 127.0.0.1 login alice password wonderland\n";
    run(alice, &first, &second).code(2).says("cannot be asked");
    assert_eq!(first.heard()[1], "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=");
    assert_eq!(second.heard()[1], "NOOP");
    let (first, second) = (accepting(), accepting());
    let both = format!("{alice}machine localhost login bob password builder\n");
    run(&both, &first, &second).code(0);
    assert_eq!(first.heard()[1], "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=");
    assert_eq!(second.heard()[1], "AUTH PLAIN AGJvYgBidWlsZGVy");
}

/// POP3's USER is the first half of a login: refused, it is 5 in a batch and in a talk.
#[test]
fn a_refused_user_is_an_authentication_refused() {
    let fake = || {
        Fake::new(vec![
            say("+OK hi\r\n"),
            Do::Hear,
            say("-ERR not in the clear\r\n"),
            Do::Hear,
            say("+OK bye\r\n"),
        ])
    };
    ehlo(&fake(), "pop3", &[], "USER alice\n").code(5);
    let home = tempfile::tempdir().unwrap();
    let talk = home.path().join("user.talk");
    let url = fake().url("pop3");
    std::fs::write(&talk, format!("open {url}\nC: USER alice\n")).unwrap();
    let args = ["run", talk.to_str().unwrap()];
    run_with(&mut program(home.path()), &args, "").code(5);
}

/// ehlo's own question is not the user's: that a server has no CAPA fails nothing, unless it was
/// typed.
#[test]
fn a_server_without_capa_is_no_failure() {
    let fake = |answers: &[&str]| {
        let mut script = vec![say("+OK\r\n")];
        for answer in answers {
            script.extend([Do::Hear, say(format!("{answer}\r\n"))]);
        }
        Fake::new(script)
    };
    let login = ["--login", "USER", "--user", "alice"];
    let asked = fake(&["-ERR", "+OK", "+OK", "+OK 0 0", "+OK"]);
    ehlo(&asked, "pop3", &login, "STAT\n").code(0);
    assert_eq!(
        asked.heard(),
        ["CAPA", "USER alice", "PASS wonderland", "STAT", "QUIT"]
    );
    let typed = fake(&["-ERR", "+OK 0 0", "+OK"]);
    ehlo(&typed, "pop3", &[], "CAPA\nSTAT\n").code(1);
}
