//! Talks against Postfix and Dovecot: the round trip, and records that are saved and run again.

use std::path::Path;
use std::process::{Command, Output};

use ehlo::credentials::Sources;
use ehlo::net::tls::Roots;
use ehlo::script::outcome::{End, Outcome};
use ehlo::script::parse;
use ehlo::script::run::{self, Options};
use ehlo::transcript::save;
use ehlo::wire::secret::Secret;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use crate::random;
use crate::rig::{deliver, env, fresh};

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

/// Runs a talk in this process.
fn play(name: &str, text: &str) -> Outcome {
    let talk = parse(text, name).unwrap_or_else(|diag| panic!("{}\n{text}", diag.text()));
    let mut options = Options {
        name: "client.example.org".to_owned(),
        keep_all: true,
        password: Sources::default(),
        ..Options::default()
    };
    options.how.tls.roots = Some(Roots::file(Path::new(&env("CA"))).unwrap());
    let secret = Secret::new("wonderland");
    options.secrets.insert("password".into(), secret);
    options.values.insert("user".into(), b"alice".to_vec());
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(run::run(&talk, &options, None))
}

fn passed(outcome: &Outcome) -> Result<(), TestCaseError> {
    let why = match &outcome.end {
        End::Passed => return Ok(()),
        End::Skipped(why) => why.clone(),
        End::Failed { diag, .. } => diag.text(),
    };
    let look = ehlo::ui::Look::default();
    let rows = outcome.rows.iter();
    let lines = rows.flat_map(|row| ehlo::ui::rows::lines(row, &look));
    let said: String = lines.map(|line| line.text() + "\n").collect();
    Err(TestCaseError::fail(format!("{why}\n{said}")))
}

/// Random conversations with a server in one state are saved, and pass in the same state again.
fn any_conversation_is_saved(
    conversations: impl Strategy<Value = String>,
    url: &str,
    prepare: impl Fn(),
) {
    let config = ProptestConfig {
        cases: 20,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&conversations, |talk| {
        let talk = format!("open {url}\n{talk}");
        let first = {
            let _turn = fresh();
            prepare();
            play("first.talk", &talk)
        };
        passed(&first).map_err(|e| TestCaseError::fail(format!("{e}\n{talk}")))?;
        let saved = save::talk(&first.rows);
        prop_assert!(!saved.contains("wonderland"));
        let expected = saved.lines().filter(|line| line.starts_with("S: "));
        prop_assert!(expected.count() as u64 >= first.exchanges, "{saved}");
        let _turn = fresh();
        prepare();
        passed(&play("saved.talk", &saved))
            .map_err(|e| TestCaseError::fail(format!("{e}\nsaved as\n{saved}\nmade of\n{talk}")))
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn any_smtp_conversation_is_saved_and_passes_again() {
    let url = format!("submission://localhost:{}", env("SUBMISSION"));
    any_conversation_is_saved(random::smtp(), &url, || {});
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn any_lmtp_conversation_is_saved_and_passes_again() {
    let url = format!("lmtp://localhost:{}", env("LMTP"));
    any_conversation_is_saved(random::lmtp(), &url, || {});
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn any_imap_conversation_is_saved_and_passes_again() {
    let url = format!("imap://localhost:{}", env("IMAP"));
    any_conversation_is_saved(random::imap(), &url, || {
        deliver("alice", "first", "one\n...\n{name}");
        deliver("alice", "second", "two");
    });
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn any_pop3_conversation_is_saved_and_passes_again() {
    let url = format!("pop3://localhost:{}", env("POP3"));
    any_conversation_is_saved(random::pop3(), &url, || {
        deliver("alice", "first", "one\n...\n{name}");
        deliver("alice", "second", "two");
    });
}

/// The conversation that README shows goes that way.
#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn the_conversation_of_the_readme() {
    let _turn = fresh();
    let readme = include_str!("../../README.md");
    let block = readme
        .split("```")
        .find(|block| block.contains(" clear> EHLO"))
        .expect("a conversation");
    let talk = ehlo::script::import::import(block).expect("a conversation");
    let url = format!("open smtp://localhost:{}", env("SMTP"));
    let talk = talk.replace("on practice smtp", &url);
    if let Err(why) = passed(&play("README.md", &talk)) {
        panic!("{why}\n{talk}");
    }
}
