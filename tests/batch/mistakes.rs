//! Mistakes on the command line and at the other end: what is said, and the exit code.

use std::net::TcpListener;

use crate::common::{Do, Fake, program, run, run_with, say};

#[test]
fn wrong_command_lines_are_2() {
    for (args, text) in [
        (&["smpt://h"][..], "meant     smtp://h ?"),
        (
            &["imap://alice:geheim@h"],
            "a password does not belong in a URL",
        ),
        (&["h", "smpt"], "is no port"),
        (&["lmtp://h"], "lmtp has no port of its own"),
        (&["--tls-min", "1.1", "h"], "1.2"),
        (
            &[
                "--tls-min",
                "1.3",
                "--tls-max",
                "1.2",
                "imaps://127.0.0.1:1",
            ],
            "--tls-min",
        ),
        (&["--tls", "--starttls", "h"], "cannot be used with"),
        (&["--alpn", "smtp,imap", "smtps://127.0.0.1:1"], "--alpn"),
        (&["--timeout", "0", "h"], "seconds above 0"),
        (&["--resolve", "nonsense", "h"], "--resolve"),
        (&["--keylog", "smtp://h"], "took the target"),
        (
            &["--login", "imaps://h"],
            "--login took imaps://h for its mechanism",
        ),
        (&["h", "--login=PLIAN"], "known     "),
        (&["h", "--login=NTLM"], "is not spoken here"),
        (&["localhost:20386:1"], "too many colons"),
        (&["run", "--jobs", "0", "a.talk"], "a number from 1 on"),
        (&["run", "--repeat", "0", "a.talk"], "a number from 1 on"),
        (&["--no-such-option", "h"], "--no-such-option"),
    ] {
        run(args, "").code(2).says(text).never_says("geheim");
    }
}

#[test]
fn no_connection_is_3() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    run(&[&format!("smtp://{free}")], "")
        .code(3)
        .says("refused");
    run(&["smtp://no-such-host.invalid"], "")
        .code(3)
        .says("no-such-host.invalid");
    run(&["unix:/no/such/socket", "lmtp"], "")
        .code(3)
        .says("/no/such/socket");
}

#[test]
fn missing_files_are_7() {
    run(&["--ca-file", "/no/ca.pem", "--tls", "127.0.0.1:1"], "")
        .code(7)
        .says("/no/ca.pem");
    run(&[], ":data /no/message.eml\n")
        .code(7)
        .says("/no/message.eml");
    for option in ["--ca-file", "--cert"] {
        run(&["--tls", "127.0.0.1:1", option, "/dev/zero"], "")
            .code(7)
            .says("more than 16 MiB in it");
    }
    // What cannot be saved at the end is told before anything was said.
    let taken = tempfile::NamedTempFile::new().unwrap();
    let taken = taken.path().display().to_string();
    run(&["--save", &taken], "QUIT\n")
        .code(7)
        .says("is there already and is not overwritten")
        .never_says("<-  220");
    run(&["--save", "/no/a.talk"], "QUIT\n")
        .code(7)
        .says("/no/a.talk: no such file or directory")
        .never_says("<-  220");
}

#[test]
fn strangers_are_named() {
    for (greeting, name) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        ("\u{15}\u{3}\u{3}\0\u{2}\u{2}\u{28}", "TLS"),
        ("* OK IMAP4 ready\r\n", "IMAP"),
        ("+OK POP3 ready\r\n", "POP3"),
    ] {
        let fake = Fake::new(vec![say(greeting), Do::Hold]);
        run(&[&fake.url("smtp")], "QUIT\n").code(6).says(name);
    }
}

#[test]
fn plain_text_where_tls_was_expected_is_named() {
    let fake = Fake::new(vec![say("220 mail ESMTP\r\n"), Do::Hold]);
    run(&[&fake.url("smtps"), "--insecure"], "")
        .code(4)
        .says("plain");
}

/// A code that no reply can have is neither yes nor no: the protocol is broken.
#[test]
fn a_code_of_no_class_is_6() {
    for code in ["000", "100", "999"] {
        let fake = Fake::new(vec![
            say("220 hi\r\n"),
            Do::Hear,
            say(format!("{code} what\r\n")),
            Do::Hear,
            say("221 bye\r\n"),
        ]);
        run(&[&fake.url("smtp")], "NOOP\n")
            .code(6)
            .says("is of no class that a reply can have");
    }
}

/// Behind STARTTLS it is no wrong port: no other port is advised.
#[test]
fn plain_text_behind_the_go_ahead_is_named() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250-h\r\n250 STARTTLS\r\n"),
        Do::Hear,
        say("220 go\r\n"),
        // The handshake begins with octets of its own.
        Do::Octets(5),
        say("250 AUTH PLAIN\r\n"),
        Do::Hold,
    ]);
    run(&[&fake.url("smtp"), "--starttls"], "")
        .code(4)
        .says("plaintext behind the go-ahead for TLS")
        .never_says("another port");
}

#[test]
fn required_tls_that_cannot_be_had_is_4_and_nothing_else_is_said() {
    for (greeting, offers, refusal) in [
        ("220 hi\r\n", "250-h\r\n250 SIZE\r\n", None),
        (
            "220 hi\r\n",
            "250-h\r\n250 STARTTLS\r\n",
            Some("454 4.7.0 not now\r\n"),
        ),
        (
            "220 hi\r\n",
            "250-h\r\n250 STARTTLS\r\n",
            Some("354 go\r\n"),
        ),
    ] {
        let mut script = vec![say(greeting), Do::Hear, say(offers), Do::Hear];
        script.push(say(refusal.unwrap_or("221 bye\r\n")));
        script.push(Do::Hold);
        let fake = Fake::new(script);
        let ran = run(
            &[&fake.url("smtp"), "--starttls", "--name", "me.test"],
            "AUTH PLAIN AGEAYg==\nMAIL FROM:<a@b>\n",
        )
        .code(4);
        if refusal.is_none() {
            // This one does not: it spoke in the clear.
            ran.says("another port speaks TLS from the first octet");
        }
        for line in fake.heard() {
            assert!(
                ["EHLO me.test", "STARTTLS", "QUIT"].contains(&line.as_str()),
                "{line}"
            );
        }
    }
}

#[test]
fn response_injection_is_reported_and_never_parsed() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250-h\r\n250 STARTTLS\r\n"),
        Do::Hear,
        say("220 go\r\n250-x\r\n250 AUTH PLAIN\r\n"),
        Do::Hold,
    ]);
    run(&[&fake.url("smtp"), "--starttls"], "")
        .code(4)
        .says("!!")
        .never_says("250 AUTH PLAIN");
}

#[test]
fn what_is_repeated_goes_to_the_server() {
    run(&[], "EHLO me.test\n:repeat 2 :status\n")
        .says("COMMAND is one for the server")
        .never_says("->  :status");
}

#[test]
fn console_commands_that_ask_name_the_option_in_batch() {
    run(&[], ":compose\n")
        .says("nobody is there to answer")
        .never_says("->  EHLO");
    run(&[], "EHLO me.test\n:auth PLAIN alice\n").says("--password-command");
    run(&[], ":nonsense\n")
        .code(2)
        .says(":nonsense is no console command");
    run(&[], ":> /tmp/x NOOP\n")
        .code(2)
        .says("--allow-commands");
}

#[test]
fn line_breaks_in_options_are_refused() {
    run(&["smtp://a\nb"], "").code(2).says("control characters");
}

#[test]
fn words_kept_for_later_are_2_and_say_so() {
    for word in ["check", "learn", "send", "tap", "roundtrip"] {
        run(&[word], "")
            .code(2)
            .says("not yet")
            .says(&format!("ehlo connect {word}"));
    }
}

#[test]
fn reconnect_reaches_tls_and_offers_again() {
    let ran = run(&[], "EHLO me.test\nSTARTTLS\n:close\n:reconnect\nNOOP\n").code(0);
    assert!(ran.out.matches("TLS 1.3").count() == 2, "{}", ran.out);
    assert!(ran.out.contains("~>  NOOP"), "{}", ran.out);
}

/// A new connection makes no failure undone, and what was said on the one before is kept.
#[test]
fn reconnect_forgets_no_failure_and_no_record() {
    let home = tempfile::tempdir().unwrap();
    let talk = home.path().join("both.talk");
    let args = ["--save", talk.to_str().unwrap()];
    let typed = "NOPE\n:reconnect\n:show 1\nVRFY bob\n:show 2\nQUIT\n";
    run(&args, typed)
        .code(1)
        .says("==  exchange 1\n->  NOPE\\r\\n  6 octets\n<-  500")
        .says("==  exchange 2\n==  smtp://practice\n<-  220 ");
    let text = std::fs::read_to_string(&talk).unwrap();
    let said: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("S:"))
        .collect();
    let wanted = [
        "on practice",
        "open smtp",
        "C: NOPE",
        "session 1-2",
        "open smtp",
        "C: VRFY bob",
        "C: QUIT",
    ];
    assert_eq!(said, wanted, "{text}");
    run(&["run", talk.to_str().unwrap()], "").code(0);
}

/// `--fail-fast` says QUIT at once, whatever failed.
#[test]
fn the_first_failure_ends_it_before_the_next_line() {
    let login = ["--login", "PLAIN", "--user", "alice", "--fail-fast"];
    let bye = || [Do::Hear, say("221 bye\r\n")];
    let refused_login = [
        say("220 hi\r\n"),
        Do::Hear,
        say("250-here\r\n250 AUTH PLAIN\r\n"),
        Do::Hear,
        say("535 5.7.8 no\r\n"),
    ];
    for (script, args, code, sent) in [
        (&refused_login[..], &login[..], 5, 2),
        (&[say("554 go away\r\n")], &["--fail-fast"], 1, 0),
    ] {
        let fake = Fake::new([script, &bye()].concat());
        let home = tempfile::tempdir().unwrap();
        let mut command = program(home.path());
        command.env("EHLO_PASSWORD", "wonderland");
        let url = fake.url("smtp");
        let args = [args, &[&url]].concat();
        run_with(&mut command, &args, "MAIL FROM:<a@example.org>\n").code(code);
        let heard = fake.heard();
        assert_eq!(heard[sent..], ["QUIT"], "{heard:?}");
    }
}

/// A goodbye counts however it was said: no second one follows, and the end is no loss.
#[test]
fn a_goodbye_is_said_once() {
    for typed in [
        "NOOP\n:together\nNOOP\nQUIT\n:go\n",
        "NOOP\nNOOP\n:raw \"QUIT\\r\\n\"\n",
    ] {
        let fake = Fake::new(vec![
            say("220 hi\r\n"),
            Do::Hear,
            say("250 ok\r\n"),
            Do::Hear,
            say("250 ok\r\n"),
            Do::Hear,
            say("221 bye\r\n"),
        ]);
        run(&[&fake.url("smtp")], typed).code(0);
        assert_eq!(fake.heard(), ["NOOP", "NOOP", "QUIT"], "{typed}");
    }
}

/// Who does not know EHLO is talked to with HELO: there is no list to look at.
#[test]
fn a_server_without_ehlo_is_asked_with_helo() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("502 5.5.2 Error: command not recognized\r\n"),
        Do::Hear,
        say("503 5.5.1 no\r\n"),
        Do::Hear,
        say("250 old\r\n"),
        Do::Hear,
        say("250 ok\r\n"),
        Do::Hear,
    ]);
    let typed = "EHLO a\n:explain\nMAIL FROM:<a@b>\nHELO a\nMAIL FROM:<a@b>\nQUIT\n";
    let ran = run(&[&fake.url("smtp")], typed);
    assert!(!ran.out.contains("EHLO list"), "{}", ran.out);
    assert!(ran.out.contains("try       HELO"), "{}", ran.out);
    let told = "MAIL comes after HELO: the server refused EHLO (sent as typed)";
    assert_eq!(ran.out.matches(told).count(), 1, "{}", ran.out);
    assert!(!ran.out.contains("comes after EHLO"), "{}", ran.out);
}

/// A login that only TLS brings names the way there.
#[test]
fn a_login_without_mechanisms_names_starttls() {
    let script = |list: &str| {
        vec![
            say("220 hi\r\n"),
            Do::Hear,
            say(list),
            Do::Hear,
            say("221 bye\r\n"),
        ]
    };
    for (list, named) in [
        ("250-a\r\n250 STARTTLS\r\n", true),
        ("250-a\r\n250 SIZE\r\n", false),
    ] {
        let fake = Fake::new(script(list));
        let home = tempfile::tempdir().unwrap();
        let mut command = program(home.path());
        command.env("EHLO_PASSWORD", "secret");
        let url = fake.url("smtp");
        let ran = run_with(&mut command, &[&url, "--login", "--user", "alice"], "");
        assert!(
            ran.err.contains("offers no mechanism"),
            "{}{}",
            ran.out,
            ran.err
        );
        assert_eq!(ran.err.contains("--starttls"), named, "{}", ran.err);
    }
}

/// The log speaks of the same protocol as the screen, also where the greeting told it.
#[test]
fn the_log_names_the_protocol_as_the_screen_does() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    let fake = Fake::new(vec![
        say("220 hello there\r\n"),
        Do::Hear,
        say("500 no\r\n"),
        Do::Hear,
    ]);
    let target = fake.addr.to_string();
    run(&[&target, "--log", log.to_str().unwrap()], "Ym9i\n").says("Ym9i is no SMTP verb");
    let kept = std::fs::read_to_string(&log).unwrap();
    assert!(kept.contains("Ym9i is no SMTP verb"), "{kept}");
}

/// What an editor puts in front of a file is no part of its first command.
#[test]
fn a_byte_order_mark_is_not_sent() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250 ok\r\n"),
        Do::Hear,
    ]);
    let ran = run(&[&fake.url("smtp")], "\u{feff}NOOP\nQUIT\n");
    assert_eq!(ran.out.matches("byte order mark").count(), 1, "{}", ran.out);
    assert_eq!(fake.heard(), ["NOOP", "QUIT"]);
}

/// Mail is handed in by SMTP and LMTP; elsewhere nothing is sent.
#[test]
fn data_is_for_smtp_and_lmtp() {
    for (scheme, greeting, bye) in [
        ("imap", "* OK hi\r\n", "a1 logout"),
        ("pop3", "+OK hi\r\n", "QUIT"),
    ] {
        let fake = Fake::new(vec![say(greeting), Do::Hear]);
        run(&[&fake.url(scheme)], ":data /dev/null\n").says(":data is for SMTP and LMTP");
        let heard = fake.heard();
        assert!(
            heard.iter().all(|line| line.eq_ignore_ascii_case(bye)),
            "{heard:?}"
        );
    }
}

/// Where only ASCII may be used, nothing else comes out.
#[test]
fn an_ascii_output_is_ascii() {
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path());
    command.env("LANG", "C");
    let ran = run_with(
        &mut command,
        &["--starttls"],
        ":inbox\n:inbox 1\n:inbox 2\n:inbox 3\n:inbox 4\n:status\n:tls\n",
    );
    assert!(ran.out.is_ascii(), "{}", ran.out);
    assert!(ran.out.contains("alice@ehlo.test"), "{}", ran.out);
}
