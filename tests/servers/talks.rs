//! Talks against Postfix and Dovecot: the round trip, and records that are saved and run again.

use std::path::Path;
use std::process::{Command, Output};

use crate::rig::{env, fresh};

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(args)
        .env("EHLO_SECRET_password", "wonderland")
        .env_remove("EHLO_PASSWORD")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

fn targets() -> Vec<String> {
    [
        ("submission", "SUBMISSION"),
        ("imap", "IMAP"),
        ("pop3", "POP3"),
    ]
    .iter()
    .flat_map(|(scheme, name)| {
        let url = format!("{scheme}://localhost:{}", env(name));
        ["--target".to_owned(), url]
    })
    .collect()
}

fn passes(args: &[&str]) {
    let out = run(args);
    assert!(
        out.status.success(),
        "{args:?}\n{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_message_makes_its_round() {
    let _turn = fresh();
    let ca = env("CA");
    let targets = targets();
    let mut args = vec!["run", "docs/talks/round-trip.talk", "--ca-file", &ca];
    args.extend(targets.iter().map(String::as_str));
    for var in ["from=alice@ehlo.test", "to=alice@ehlo.test", "user=alice"] {
        args.extend(["--var", var]);
    }
    passes(&args);
}

/// Runs a talk, saves what was said, resets the servers and runs what was saved.
fn saved_and_run_again(name: &str, talk: &str) {
    let _turn = fresh();
    let folder = tempfile::tempdir().unwrap();
    let path = |file: &str| folder.path().join(file).display().to_string();
    std::fs::write(path("first.talk"), talk).unwrap();
    let ca = env("CA");
    let log = path("log.jsonl");
    passes(&["run", "--ca-file", &ca, "--log", &log, &path("first.talk")]);
    let shown = run(&["show", "--as", "talk", &log]);
    assert!(shown.status.success(), "{name}");
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(!text.contains("wonderland"), "{text}");
    std::fs::write(Path::new(&path("saved.talk")), &shown.stdout).unwrap();
    let up = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/up");
    let reset = Command::new(up).args(["--reset", &env("STATE")]).status();
    assert!(reset.unwrap().success());
    let out = run(&["run", "--ca-file", &ca, &path("saved.talk")]);
    assert!(
        out.status.success(),
        "{name}\n{text}\n{}",
        String::from_utf8_lossy(&out.stdout)
    );
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn conversations_are_saved_and_pass_again() {
    let port = |name: &str| env(name);
    let message = "C: MAIL FROM:<alice@ehlo.test>\nC: RCPT TO:<alice@ehlo.test>\nC: DATA\n\
                   C: Subject: saved\nC:\nC: .dotted\nC: the body\nC: .\nS: 250 2.0.0\n";
    for (name, talk) in [
        (
            "smtp",
            format!(
                "open smtp://localhost:{}\nC: EHLO client.example.org\nC: VRFY nobody\nS: 5\n{message}\
                 together\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<nobody@ehlo.test>\nC: RSET\ngo\n\
                 S: 250\n--\nS: 5\n--\nS: 250\nC: QUIT\nS: 221\n",
                port("SMTP")
            ),
        ),
        (
            "submission",
            format!(
                "open submission://localhost:{}\nC: EHLO client.example.org\nC: STARTTLS\nS: 220\n\
                 C: EHLO client.example.org\nauth PLAIN alice\nS: 235\n{message}",
                port("SUBMISSION")
            ),
        ),
        (
            "imap",
            format!(
                "open imaps://localhost:{}\nauth LOGIN alice\nC: SELECT INBOX\nS: OK\n\
                 C: APPEND INBOX (\\Seen) {{18+}}\nC: Subject: x\nC:\nC: abcd\nS: OK\n\
                 C: FETCH 1 (FLAGS BODY.PEEK[TEXT])\nS: abcd\nS: OK\nC: LIST \"\" \"*\"\nS: OK\nC: LOGOUT\nS: OK\n",
                port("IMAPS")
            ),
        ),
        (
            "pop3",
            format!(
                "open pop3s://localhost:{}\nS: +OK\nauth USER alice\nS: +OK\nC: STAT\nS: +OK\n\
                 C: LIST\nS: +OK\nC: RETR 1\nS: -ERR\nC: CAPA\nS: +OK\nC: QUIT\nS: +OK\n",
                port("POP3S")
            ),
        ),
    ] {
        saved_and_run_again(name, &talk);
    }
}
