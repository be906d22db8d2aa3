//! The commands: exit codes, formats, files.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn ehlo(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null())
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("written");
    }
    folder
}

const GOOD: &str = "C: EHLO a\nS: 250\n";
const BAD: &str = "C: EHLO a\nS: 999\n";
const SKIPPED: &str = "requires: XYZZY\nC: EHLO a\nC: NOOP\n";

#[test]
fn outcomes_and_exit_codes() {
    let folder = folder_with(&[
        ("good.talk", GOOD),
        ("bad.talk", BAD),
        ("skip.talk", SKIPPED),
        ("broken.talk", "C: x\nfoo\n"),
    ]);
    let run = |args: &[&str]| ehlo(folder.path(), &[&["run"], args].concat());
    let out = run(&["good.talk"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(text(&out.stdout).starts_with("good.talk  passed, 2 exchanges, "));
    let out = run(&["good.talk", "bad.talk", "skip.talk"]);
    assert_eq!(out.status.code(), Some(1));
    let said = text(&out.stdout);
    assert!(
        said.contains("bad.talk  failed at line 2 of 2, after 1 exchange"),
        "{said}"
    );
    assert!(
        said.contains("skip.talk  skipped: the server does not offer XYZZY"),
        "{said}"
    );
    assert!(said.contains("1 passed, 1 failed, 1 skipped"), "{said}");
    assert!(said.contains(" --> bad.talk:2:4"), "{said}");
    // Nothing is run when one is no talk.
    let out = run(&["good.talk", "broken.talk"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(out.stdout.is_empty());
    assert!(text(&out.stderr).contains("broken.talk:2:1"));
    assert_eq!(run(&["none.talk"]).status.code(), Some(7));
    assert_eq!(run(&["."]).status.code(), Some(7));
    assert_eq!(run(&["--var", "X=1", "good.talk"]).status.code(), Some(2));
    let out = run(&["-j", "4", "--repeat", "5", "good.talk", "bad.talk"]);
    assert!(text(&out.stdout).contains("5 passed, 5 failed"));
}

#[test]
fn formats() {
    let folder = folder_with(&[
        ("good.talk", GOOD),
        ("bad.talk", BAD),
        ("skip.talk", SKIPPED),
    ]);
    let run = |format: &str| {
        let args = [
            "run",
            "--format",
            format,
            "good.talk",
            "bad.talk",
            "skip.talk",
        ];
        text(&ehlo(folder.path(), &args).stdout)
    };
    let tap = run("tap");
    assert!(
        tap.starts_with("TAP version 14\nok 1 - good.talk\nnot ok 2 - bad.talk\n"),
        "{tap}"
    );
    assert!(
        tap.ends_with("# SKIP the server does not offer XYZZY\n1..3\n"),
        "{tap}"
    );
    let junit = run("junit");
    assert!(
        junit.contains("tests=\"3\" failures=\"1\" skipped=\"1\""),
        "{junit}"
    );
    let json = run("json");
    let lines: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["failure"]["line"], 2);
    assert_eq!(lines[2]["outcome"], "skipped");
}

/// A descriptor gives its line once: for every login of every talk.
#[test]
fn a_password_from_a_descriptor_is_for_every_talk() {
    let talk = "on practice\nC: EHLO a\nauth PLAIN eve\nS: 535\nauth PLAIN eve\nS: 535\n";
    let folder = folder_with(&[("a.talk", talk), ("b.talk", talk)]);
    std::fs::write(folder.path().join("input"), format!("secret\n{talk}")).expect("written");
    let input = std::fs::File::open(folder.path().join("input")).expect("a file");
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["run", "--password-fd", "0", "a.talk", "b.talk", "-"])
        .current_dir(folder.path())
        .env_clear()
        .stdin(input)
        .output()
        .expect("it runs");
    assert!(text(&out.stdout).contains("3 passed"), "{out:?}");
    assert_eq!(out.status.code(), Some(0));
}

#[test]
fn a_page_and_a_log_that_is_shown_again() {
    let folder = folder_with(&[("bad.talk", BAD), ("good.talk", GOOD)]);
    let out = ehlo(
        folder.path(),
        &[
            "run",
            "--html",
            "r.html",
            "--log",
            "log.jsonl",
            "good.talk",
            "bad.talk",
        ],
    );
    assert_eq!(out.status.code(), Some(1));
    let page = std::fs::read_to_string(folder.path().join("r.html")).expect("a page");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("1 passed, 1 failed") && page.contains("<details>"));
    assert!(
        !page.contains("<script") && !page.contains("://"),
        "nothing from elsewhere"
    );
    let shown = ehlo(folder.path(), &["show", "log.jsonl"]);
    assert!(text(&shown.stdout).contains("->  EHLO a\n<-  250-ehlo.test\n"));
    let talk = text(&ehlo(folder.path(), &["show", "--as", "talk", "log.jsonl"]).stdout);
    assert!(talk.contains("C: EHLO a\nS: 250-"), "{talk}");
    let html = text(&ehlo(folder.path(), &["show", "--as", "html", "log.jsonl"]).stdout);
    assert!(html.contains("class=\"chart\""));
    // A line of a server may have 1 MiB, and JSON spells some octets with six.
    let row = |text: &str| {
        format!(
            "{{\"time\":\"2026-11-21T02:05:05.999Z\",\"session\":\"main\",\"direction\":\"received\",\
             \"tls\":false,\"kind\":\"untagged\",\"text\":\"{text}\"}}\n"
        )
    };
    let long = row(&"\\u001b".repeat(1024 * 1024)) + &row("behind");
    std::fs::write(folder.path().join("long.jsonl"), long).expect("written");
    let shown = ehlo(folder.path(), &["show", "long.jsonl"]);
    assert_eq!(text(&shown.stderr), "");
    assert!(text(&shown.stdout).ends_with("<-  behind\n"));
    std::fs::write(folder.path().join("no.jsonl"), "{}\n").expect("written");
    let out = ehlo(folder.path(), &["show", "no.jsonl"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no.jsonl:1: this is no line of a log"));
    assert_eq!(
        ehlo(folder.path(), &["show", "none"]).status.code(),
        Some(7)
    );
}

#[test]
fn json_rows_while_it_runs() {
    let folder = folder_with(&[("good.talk", GOOD)]);
    let out = ehlo(folder.path(), &["run", "--json", "good.talk"]);
    for line in text(&out.stdout).lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(row["session"], "main");
    }
    assert!(text(&out.stdout).contains("\"reply\":{\"to\":\"EHLO\""));
}

#[test]
fn check_format_import() {
    let folder = folder_with(&[
        ("a.talk", "  C:EHLO a\n\n\n\nS:250  \n"),
        ("b.talk", "C: x\nwat\n"),
        ("rfc.txt", "   C: NOOP\n   S: 250 OK\n"),
        ("prose.txt", "nothing here\n"),
    ]);
    let run = |args: &[&str]| ehlo(folder.path(), &[&["talk"], args].concat());
    assert_eq!(run(&["check", "a.talk"]).status.code(), Some(0));
    let out = run(&["check", "a.talk", "b.talk"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(
        text(&out.stderr).contains("did you mean wait?"),
        "{}",
        text(&out.stderr)
    );
    let out = run(&["fmt", "--check", "a.talk"]);
    assert_eq!(
        (out.status.code(), text(&out.stdout).as_str()),
        (Some(1), "a.talk\n")
    );
    assert_eq!(run(&["fmt", "a.talk"]).status.code(), Some(0));
    let laid = std::fs::read_to_string(folder.path().join("a.talk")).expect("readable");
    assert_eq!(laid, "C: EHLO a\n\nS: 250\n");
    assert_eq!(run(&["fmt", "--check", "a.talk"]).status.code(), Some(0));
    let out = run(&["import", "rfc.txt"]);
    assert_eq!(text(&out.stdout), "on practice smtp\nC: NOOP\nS: 250 OK\n");
    assert_eq!(run(&["import", "prose.txt"]).status.code(), Some(2));
}
