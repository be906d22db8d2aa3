//! One line, one command, in lock-step.

use crate::common::{Do, Fake, run, say};

#[test]
fn a_message_on_the_practice_server() {
    let ran = run(
        &[],
        "EHLO me.test\nMAIL FROM:<a@b.c>\nRCPT TO:<bob@ehlo.test>\nDATA\nSubject: x\n\n.dot\n.\n",
    );
    let ran = ran
        .code(0)
        .says("->  |..dot  (dot-stuffed)\n")
        .says("250 2.0.0 Ok: queued as ")
        .says("->  QUIT\n");
    assert!(
        ran.out.trim_end().ends_with("<-  221 2.0.0 Bye"),
        "{}",
        ran.out
    );
}

#[test]
fn the_next_line_goes_when_the_reply_is_whole() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250-one\r\n"),
        Do::Drip(b"250 two\r\n".to_vec()),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    run(&[&fake.url("smtp")], "EHLO a\n")
        .code(0)
        .says("<-  250-one\n<-  250 two\n");
    assert_eq!(fake.heard(), ["EHLO a", "QUIT"]);
}

#[test]
fn a_refusal_is_counted_and_the_conversation_goes_on() {
    let script = || {
        vec![
            say("220 hi\r\n"),
            Do::Hear,
            say("550 no\r\n"),
            Do::Hear,
            say("221 bye\r\n"),
            Do::Hear,
        ]
    };
    let fake = Fake::new(script());
    run(&[&fake.url("smtp")], "VRFY x\n")
        .code(1)
        .says("<-* 550 no");
    let fake = Fake::new(script());
    run(&[&fake.url("smtp"), "--fail-fast"], "VRFY x\nNOOP\n")
        .code(1)
        .never_says("NOOP");
    assert_eq!(fake.heard(), ["VRFY x", "QUIT"]);
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("451 later\r\n"),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    run(&[&fake.url("smtp")], "NOOP\n").code(8);
}

#[test]
fn content_never_becomes_commands() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("554 5.5.1 no recipients\r\n"),
        Do::Hear,
        say("250 ok\r\n"),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    run(&[&fake.url("smtp")], "DATA\nSubject: x\nQUIT\n.\nNOOP\n")
        .code(1)
        .says("!!  2 body lines not sent: DATA was refused (554)");
    assert_eq!(fake.heard(), ["DATA", "NOOP", "QUIT"]);
}

/// What was not sent is told wherever the conversation is kept.
#[test]
fn what_was_not_sent_is_in_json_and_in_the_log() {
    let cases = [
        ("DATA", 1, "2 body lines not sent: DATA was refused (503)"),
        (
            "AUTH LOGIN",
            5,
            "2 answer lines not sent: AUTH was refused (503)",
        ),
    ];
    for (command, code, told) in cases {
        let script = || {
            vec![
                say("220 hi\r\n"),
                Do::Hear,
                say("503 5.5.1 no\r\n"),
                Do::Hear,
                say("221 bye\r\n"),
            ]
        };
        let input = match command {
            "DATA" => "DATA\nSubject: x\nQUIT\n.\n",
            _ => "AUTH LOGIN\nYWxpY2U=\nc2VjcmV0\nQUIT\n",
        };
        let folder = tempfile::tempdir().unwrap();
        let note =
            format!("\"direction\":\"note\",\"tls\":false,\"kind\":\"remark\",\"text\":\"{told}\"");
        for (log, wanted) in [("a.jsonl", &note), ("a.log", &format!("!!  {told}"))] {
            let path = folder.path().join(log).display().to_string();
            let fake = Fake::new(script());
            run(&[&fake.url("smtp"), "--log", &path, "--quiet"], input).code(code);
            let kept = std::fs::read_to_string(&path).unwrap();
            assert_eq!(kept.matches(wanted.as_str()).count(), 1, "{kept}");
        }
        let fake = Fake::new(script());
        let ran = run(&[&fake.url("smtp"), "--json"], input).code(code);
        assert_eq!(ran.out.matches(&note).count(), 1, "{}", ran.out);
    }
}

/// A message in a directory of its own, and where it is.
fn message() -> (tempfile::TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("m.eml");
    std::fs::write(&path, "Subject: x\r\n\r\nlonger than the lines\r\n").unwrap();
    let path = path.display().to_string();
    (home, path)
}

#[test]
fn a_refused_file_takes_no_lines_with_it() {
    let (_home, path) = message();
    for (command, said) in [(":data", "DATA"), (":bdat", "BDAT 37 LAST")] {
        let mut script = vec![say("220 hi\r\n"), Do::Hear];
        if command == ":bdat" {
            // The three lines of the chunk come with its command.
            script.extend([Do::Hear, Do::Hear, Do::Hear]);
        }
        script.extend([
            say("503 5.5.1 need MAIL\r\n"),
            Do::Hear,
            say("250 ok\r\n"),
            Do::Hear,
            say("500 what\r\n"),
            Do::Hear,
            say("221 bye\r\n"),
        ]);
        let fake = Fake::new(script);
        run(
            &[&fake.url("smtp")],
            format!("{command} {path}\nNOOP\nxyzzy\n"),
        )
        .code(1)
        .says("<-* 503 5.5.1 need MAIL")
        .never_says(" lines not sent: ");
        let heard = fake.heard();
        assert_eq!(heard[0], said);
        assert_eq!(heard[heard.len() - 3..], ["NOOP", "xyzzy", "QUIT"]);
    }
}

#[test]
fn a_refused_literal_from_a_file_takes_no_lines_with_it() {
    let (_home, path) = message();
    let fake = Fake::new(vec![
        say("* OK hi\r\n"),
        Do::Hear,
        say("a1 NO [TRYCREATE] no such mailbox\r\n"),
        Do::Hear,
        say("a2 OK\r\n"),
        Do::Hear,
        say("* BYE\r\na3 OK\r\n"),
    ]);
    run(
        &[&fake.url("imap")],
        format!("append nosuch {{@{path}}}\nnoop\n"),
    )
    .code(1)
    .never_says("not sent: ");
    assert_eq!(
        fake.heard(),
        ["a1 append nosuch {37}", "a2 noop", "a3 LOGOUT"]
    );
}

#[test]
fn console_commands_are_no_answers_of_a_refused_login() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("504 5.5.4 unknown\r\n"),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    let url = fake.url("smtp");
    run(&[&url, "--allow-cleartext-auth"], "auth foo\n:sessions\n")
        .code(5)
        .says("<-* 504 5.5.4 unknown")
        .says("* 1 smtp ")
        .never_says("not sent: ");
    assert_eq!(fake.heard(), ["auth foo", "QUIT"]);
}

#[test]
fn literals_wait_for_their_go_ahead() {
    let fake = Fake::new(vec![
        say("* OK hi\r\n"),
        Do::Hear,
        say("+ go\r\n"),
        Do::Hear,
        say("a1 OK done\r\n"),
        Do::Hear,
        say("* BYE\r\na2 OK\r\n"),
    ]);
    run(&[&fake.url("imap")], "append inbox {5}\nhello\n")
        .code(0)
        .says("a1 OK done");
    let heard = fake.heard();
    assert_eq!(heard[0], "a1 append inbox {5}");
    assert_eq!(heard[1], "hello");
}

#[test]
fn own_tags_from_a_manual_are_kept() {
    let input = "a1 login alice wonderland\na2 select inbox\na3 fetch 1 body.peek[header.fields (subject)]\na4 close\na5 logout\n";
    let fake = run(&["imap://practice.invalid"], input);
    drop(fake);
    let ran = run(
        &[],
        ":open imap\na1 login alice wonderland\na2 select inbox\na4 close\na5 logout\n",
    );
    ran.code(0)
        .says("a1 OK")
        .says("a5 OK")
        .never_says("wonderland");
}

#[test]
fn json_is_one_object_a_line() {
    let ran = run(&["--json"], "EHLO me.test\nBOGUS\n").code(1);
    for line in ran.out.lines() {
        let value: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(
            value.get("time").is_some() && value.get("direction").is_some(),
            "{line}"
        );
    }
    assert!(ran.out.contains(r#""code":"500""#), "{}", ran.out);
}

/// Every console command, in whatever state, answers in JSON or on standard error.
#[test]
fn the_answers_of_console_commands_are_json_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("m.eml"), "Subject: x\r\n\r\nhello\r\n").unwrap();
    std::fs::write(path("bad.talk"), "nonsense here\n").unwrap();
    let talk = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/talks/smtp-helo.talk");
    let mut typed = String::new();
    let args = |name: &str| -> Vec<String> {
        match name {
            "help" => ["", "AUTH", "@all", "caps", "nonsense"]
                .map(str::to_owned)
                .to_vec(),
            "explain" => ["", "550 5.7.1", "1", "57", "#999", "nonsense"]
                .map(str::to_owned)
                .to_vec(),
            "tls" => vec![String::new(), "pem".into(), format!("save {}", path("pem"))],
            "auth" => vec!["PLAIN alice".into(), "NTLM x".into()],
            "b64" | "multi" => vec!["NOOP".into()],
            "unb64" => vec!["AGFsaWNlAHdvbmRlcmxhbmQ=".into(), "aGVsbG8=".into()],
            "raw" => vec![r#""NOOP\r\n""#.into()],
            "data" | "bdat" => vec![path("m.eml")],
            "repeat" => vec!["3 NOOP".into()],
            "watch" => vec!["1 NOOP".into()],
            ">" => vec![format!("{} EHLO me.test", path("reply"))],
            "|" => vec![r#""cat; echo it was read" EHLO me.test"#.into()],
            "show" => vec![String::new(), "1".into(), "99".into()],
            "save" => vec![path("saved.talk")],
            "run" => vec![talk.to_owned(), path("bad.talk"), path("none.talk")],
            "log" => vec![path("log"), "off".into()],
            "inbox" => vec![String::new(), "bob".into(), "bob 1".into()],
            "fault" => vec![String::new(), "off".into()],
            "open" => vec!["pop3".into(), "nowhere://x".into()],
            "use" | "close" => vec!["1".into()],
            "reconnect" => vec![String::new()],
            "time" => vec!["all".into()],
            "set" => vec![String::new(), "view".into(), "explain on".into()],
            _ => vec![String::new()],
        }
    };
    let names: Vec<_> = ehlo::repl::meta::COMMANDS.iter().map(|c| c.name).collect();
    assert!(names.len() > 30 && names.last() == Some(&"quit"));
    typed.push_str("EHLO me.test\n");
    for name in &names {
        for arg in args(name) {
            typed.push_str(format!(":{name} {arg}").trim_end());
            typed.push('\n');
        }
    }
    let home = tempfile::tempdir().unwrap();
    let mut command = crate::common::program(home.path());
    command.env("EHLO_PASSWORD", "wonderland");
    let ran = crate::common::run_with(
        &mut command,
        &["--json", "--allow-commands", "--insecure"],
        typed,
    );
    let mut answered = std::collections::BTreeSet::new();
    let mut texts = std::collections::BTreeMap::new();
    for line in ran.out.lines() {
        let value: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(value.get("direction").is_some(), "{line}");
        if value["kind"] == "console" {
            assert_eq!(value["direction"], "note", "{line}");
            let name = value["command"].as_str().unwrap().to_owned();
            if name == ":set" && value.get("fields").is_some() {
                assert_eq!(value["fields"]["explain"], "off", "{line}");
            }
            if name == ":status" {
                assert_eq!(value["fields"]["protocol"], "smtp", "{line}");
            }
            texts
                .entry(name.clone())
                .or_insert_with(String::new)
                .push_str(value["text"].as_str().unwrap());
            answered.insert(name);
        }
    }
    for name in [
        ":help",
        ":explain",
        ":caps",
        ":status",
        ":tls",
        ":b64",
        ":unb64",
        ":together",
        ":repeat",
        ":>",
        ":|",
        ":show",
        ":save",
        ":run",
        ":log",
        ":inbox",
        ":fault",
        ":sessions",
        ":set",
        ":history",
    ] {
        assert!(
            answered.contains(name),
            "{name}: {answered:?}\n{}{}",
            ran.out,
            ran.err
        );
    }
    assert!(texts[":caps"].lines().count() > 3, "{}", texts[":caps"]);
    assert!(ran.err.contains("it was read"), "{}", ran.err);
    assert!(!ran.out.contains("wonderland") && !ran.out.contains('\u{1b}'));
}

/// What a server says is data in JSON, and harmless where it is read on a terminal.
#[test]
fn json_is_harmless_on_a_terminal() {
    let fake = Fake::new(vec![
        say("220 hi \x1b[2J\u{9b}31m\u{202e}x\u{7f}\r\n"),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    let ran = run(&["--json", &fake.url("smtp")], "").code(0);
    assert!(
        !ehlo::wire::show::is_hostile(ran.out.replace('\n', "").as_bytes()),
        "{}",
        ran.out
    );
    assert!(ran.out.contains(r"\u009b31m\u202ex\u007f"), "{}", ran.out);
}

#[test]
fn detection_from_the_greeting() {
    for (greeting, bye, farewell) in [
        ("220 hi\r\n", "221 bye\r\n", "QUIT"),
        ("+OK hi\r\n", "+OK bye\r\n", "QUIT"),
        ("* OK hi\r\n", "* BYE\r\na1 OK\r\n", "a1 LOGOUT"),
    ] {
        let fake = Fake::new(vec![say(greeting), Do::Hear, say(bye)]);
        let port = fake.addr.port().to_string();
        run(&["127.0.0.1", &port], "").code(0);
        assert_eq!(fake.heard(), [farewell]);
    }
}

/// A line of those held back that cannot go is told; those before it went, those behind it did not.
#[test]
fn a_refused_line_among_those_held_back_loses_nothing_in_silence() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250 STARTTLS\r\n"),
        Do::Hear,
        say("250 noop\r\n"),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    let typed = "EHLO me.test\n:together\nNOOP\nSTARTTLS\n:go\nQUIT\n";
    let ran = run(&[&fake.url("smtp")], typed);
    ran.code(2).says("a reply is still due").says("250 noop");
    assert_eq!(fake.heard(), ["EHLO me.test", "NOOP", "QUIT"]);
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250 noop\r\n"),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    let typed = b":together\nNOOP\nNOOP \0\nRSET\n:go\nQUIT\n";
    let ran = run(&[&fake.url("smtp")], typed);
    ran.code(2)
        .says("a line cannot hold CR, LF or NUL")
        .says("250 noop")
        .says("not sent: 1 more line held back behind it");
    assert_eq!(fake.heard(), ["NOOP", "QUIT"]);
}

/// A reply that goes into a file is whole there, however many lines it has.
#[test]
fn no_line_of_a_long_reply_is_missing_in_its_file() {
    let line = |n: u32| format!("* {n} FETCH (FLAGS (\\Seen{}))\r\n", " $keyword".repeat(50));
    let lines: String = (1..=5_000).map(line).collect();
    let fake = Fake::new(vec![
        say("* OK hi\r\n"),
        Do::Hear,
        say(format!("{lines}a1 OK done\r\n")),
        Do::Hear,
        say("* BYE\r\na2 OK bye\r\n"),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flags");
    let typed = format!(":> {} FETCH 1:* FLAGS\n", file.display());
    run(&[&fake.url("imap"), "--allow-commands"], typed).code(0);
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written.len(), lines.replace('\r', "").len());
    assert!(written == lines.replace('\r', ""), "the lines differ");
}

/// The last line of a reply of several is part of it, and a lone one is all of it.
#[test]
fn the_status_goes_into_the_file_where_it_is_part_of_the_reply() {
    let folder = tempfile::tempdir().unwrap();
    for (reply, written) in [
        ("214-one\r\n214 two\r\n", "214-one\n214 two\n"),
        ("250 ok\r\n", "250 ok\n"),
    ] {
        let fake = Fake::new(vec![
            say("220 hi\r\n"),
            Do::Hear,
            say(reply),
            Do::Hear,
            say("221 bye\r\n"),
        ]);
        let file = folder.path().join(written.len().to_string());
        let typed = format!(":> {} HELP\nQUIT\n", file.display());
        run(&[&fake.url("smtp"), "--allow-commands"], typed).code(0);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    }
}

/// The lines of a refusal are on the screen, all of them, and make no file.
#[test]
fn a_refusal_of_several_lines_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for (scheme, greeting, refusal) in [
        ("smtp", "220 hi\r\n", ["550-not", "550 here"]),
        ("imap", "* OK hi\r\n", ["", "a1 NO not here"]),
    ] {
        let said = refusal.join("\r\n");
        let fake = Fake::new(vec![
            say(greeting),
            Do::Hear,
            say(format!("{}\r\n", said.trim_start())),
            Do::Hear,
        ]);
        let file = folder.path().join(scheme);
        let typed = format!(":> {} NOOP\n", file.display());
        let mut ran = run(&[&fake.url(scheme), "--allow-commands"], typed);
        for line in refusal {
            ran = ran.says(line);
        }
        ran.says("nothing was written to");
        assert!(!file.exists());
    }
}

/// What was found out from the greeting, or said by a second word, is known when the talk is run.
#[test]
fn a_saved_talk_opens_what_was_spoken() {
    let dir = tempfile::tempdir().unwrap();
    for (scheme, greeting, ask, answers) in [
        ("pop3", "+OK hi\r\n", "NOOP", ["+OK\r\n", "+OK\r\n"]),
        (
            "imap",
            "* OK hi\r\n",
            "NOOP",
            ["a1 OK\r\n", "* BYE\r\na2 OK\r\n"],
        ),
        ("smtp", "220 hi\r\n", "NOOP", ["250 ok\r\n", "221 bye\r\n"]),
    ] {
        let [first, second] = answers.map(say);
        let fake = Fake::new(vec![say(greeting), Do::Hear, first, Do::Hear, second]);
        let url = fake.url(scheme);
        let place = url.split_once("://").unwrap().1;
        let talk = dir.path().join(format!("{scheme}.talk"));
        run(
            &[place, "--save", talk.to_str().unwrap()],
            format!("{ask}\n"),
        )
        .code(0);
        let text = std::fs::read_to_string(talk).unwrap();
        assert!(text.starts_with(&format!("open {url}\n")), "{text}");
        assert!(text.contains("\nC: NOOP\n"), "{text}");
    }
}
