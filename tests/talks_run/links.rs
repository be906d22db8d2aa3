//! Talks over real connections to the practice server: how TLS is asked for, and what becomes of
//! a server that has none or is not trusted.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::running::Running;

/// `ehlo serve` on free ports.
pub(crate) struct Served {
    _running: Running,
    folder: tempfile::TempDir,
    pub(crate) ports: BTreeMap<String, String>,
}

impl Served {
    pub(crate) fn start(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
        command.args(["serve", "-q", "--ca-out", "ca.pem"]);
        for scheme in ["smtp", "smtps", "pop3", "pop3s", "imap", "imaps"] {
            command.args([&format!("--{scheme}"), "0"]);
        }
        command.args(more).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut running = Running::start(&mut command);
        let mut screen = BufReader::new(running.stdout.take().expect("a pipe"));
        let mut text = String::new();
        while !text.contains("\nca ") {
            let read = screen.read_line(&mut text).expect("a line");
            assert!(read > 0, "it ended: {text}");
        }
        let ports = text
            .lines()
            .filter_map(|line| line.split_once("://localhost:"))
            .map(|(scheme, port)| (scheme.to_owned(), port.to_owned()))
            .collect();
        Self {
            _running: running,
            folder,
            ports,
        }
    }

    pub(crate) fn url(&self, scheme: &str, port_of: &str) -> String {
        format!("{scheme}://localhost:{}", self.ports[port_of])
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a talk; the exit code, what was said, and of each row of the log its text and whether it
    /// travelled under TLS.
    fn run(&self, talk: &str, args: &[&str]) -> (i32, String, Vec<(String, bool)>) {
        std::fs::write(self.file("t.talk"), talk).expect("written");
        let log = self.file("log.jsonl");
        let _ = std::fs::remove_file(&log);
        let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
            .args(["run", "t.talk", "--log", "log.jsonl"])
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let said = [out.stdout, out.stderr].concat();
        let rows = std::fs::read_to_string(&log).unwrap_or_default();
        let rows = rows
            .lines()
            .map(|line| {
                let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
                let text = row["text"].as_str().unwrap_or_default().to_owned();
                (text, row["tls"].as_bool().expect("always there"))
            })
            .collect();
        let said = String::from_utf8_lossy(&said).into_owned();
        (out.status.code().unwrap_or(-1), said, rows)
    }
}

fn under_tls(rows: &[(String, bool)], text: &str) -> bool {
    let found = rows.iter().find(|(row, _)| row.starts_with(text));
    found
        .unwrap_or_else(|| panic!("{text:?} is not in {rows:?}"))
        .1
}

const CA: [&str; 2] = ["--ca-file", "ca.pem"];

/// What is said first in each protocol, and how its replies begin.
const FIRST: [(&str, &str, &str, &str); 3] = [
    ("smtp", "220", "EHLO me.test", "250"),
    ("pop3", "+OK", "CAPA", "+OK"),
    ("imap", "* OK", "CAPABILITY", "OK"),
];

#[test]
fn tls_from_the_first_octet_whatever_the_scheme_says() {
    let served = Served::start(&[]);
    for (scheme, greeting, command, reply) in FIRST {
        let url = served.url(scheme, &format!("{scheme}s"));
        let talk = format!("open {url}\nS: {greeting}\nC: {command}\nS: {reply}\n");
        let (code, said, rows) = served.run(&talk, &["--tls", CA[0], CA[1]]);
        assert_eq!(code, 0, "{said}");
        assert!(under_tls(&rows, greeting), "{rows:?}");
        // Its issuer is unknown: nothing is said there, unless nobody minds.
        let (code, said, rows) = served.run(&talk, &["--tls"]);
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("not trusted"), "{said}");
        assert!(
            !rows.iter().any(|(text, _)| text.contains(command)),
            "{rows:?}"
        );
        assert_eq!(served.run(&talk, &["--tls", "--insecure"]).0, 0);
    }
}

#[test]
fn starttls_at_once() {
    let served = Served::start(&[]);
    for (scheme, greeting, command, reply) in FIRST {
        let url = served.url(scheme, scheme);
        let talk = format!("open {url}\nS: {greeting}\nC: {command}\nS: {reply}\n");
        let (code, said, rows) = served.run(&talk, &["--starttls", CA[0], CA[1]]);
        assert_eq!(code, 0, "{said}");
        assert!(!under_tls(&rows, greeting), "{rows:?}");
        let last = rows.iter().rev().find(|(text, _)| text.ends_with(command));
        assert_eq!(last.map(|(_, tls)| *tls), Some(true), "{rows:?}");
        let (code, said, _) = served.run(&talk, &["--starttls"]);
        assert_eq!(code, 4, "{said}");
    }
}

#[test]
fn starttls_that_is_not_to_be_had_ends_the_talk() {
    let fault = "[[fault]]\non = \"EHLO\"\nhide = \"STARTTLS\"\n[[fault]]\non = \"CAPA\"\nhide = \"STLS\"\n\
                 [[fault]]\nprotocol = \"imap\"\non = \"*\"\nhide = \"STARTTLS\"\n\
                 [[fault]]\non = \"STARTTLS\"\nreply = \"454 4.7.0 not now\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("faults.toml");
    std::fs::write(&file, fault).expect("written");
    let served = Served::start(&["--fault", &file.display().to_string()]);
    for (scheme, greeting, ..) in FIRST {
        let url = served.url(scheme, scheme);
        let talk = format!("open {url}\nS: {greeting}\nC: NOOP secret\n");
        let (code, said, rows) = served.run(&talk, &["--starttls", CA[0], CA[1]]);
        assert_eq!(code, 4, "{scheme}: {said}");
        assert!(said.contains("t.talk:1:1"), "{said}");
        assert!(
            !rows.iter().any(|(text, _)| text.contains("secret")),
            "{rows:?}"
        );
    }
}

#[test]
fn no_tls_whatever_the_scheme_says() {
    let served = Served::start(&[]);
    for (scheme, greeting, command, reply) in FIRST {
        let url = served.url(&format!("{scheme}s"), scheme);
        let talk = format!("open {url}\nS: {greeting}\nC: {command}\nS: {reply}\n");
        let (code, said, rows) = served.run(&talk, &["--no-tls"]);
        assert_eq!(code, 0, "{said}");
        assert!(rows.iter().all(|(_, tls)| !tls), "{rows:?}");
    }
}

#[test]
fn the_practice_server_inside_has_tls_too() {
    let served = Served::start(&[]);
    for args in [&["--tls"][..], &["--starttls"]] {
        let talk = "C: EHLO me.test\nS: 250 AUTH SCRAM-SHA-256-PLUS\n";
        let (code, said, rows) = served.run(talk, args);
        assert_eq!(code, 0, "{said}");
        assert!(under_tls(&rows, "EHLO me.test"), "{rows:?}");
    }
}

/// A talk that names other servers runs against those that `--target` names.
#[test]
fn targets_take_the_place_of_what_a_talk_opens() {
    let served = Served::start(&[]);
    let talk = "open submission://mail.example.org\nS: 220 ehlo.test\nsession imap\n\
                open imaps://imap.example.org\nS: * OK\n";
    let smtp = served.url("smtp", "smtp");
    let imap = served.url("imap", "imap");
    let (code, said, rows) = served.run(talk, &["--target", &smtp, "--target", &imap]);
    assert_eq!(code, 0, "{said}");
    assert!(!under_tls(&rows, "* OK"));
    let (code, said, _) = served.run(talk, &["--target", "practice"]);
    assert_eq!(code, 0, "{said}");
}

/// A talk of the practice server goes to `--target`, too, and never passes elsewhere in its place.
#[test]
fn targets_take_the_place_of_the_practice_server() {
    let served = Served::start(&[]);
    let talk = "on practice\nopen smtp\nS: 220\nC: EHLO me.test\nS: 250-\n";
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = nobody.local_addr().expect("its number").port();
    drop(nobody);
    let (code, said, _) = served.run(talk, &["--target", &format!("smtp://127.0.0.1:{port}")]);
    assert_eq!(code, 3, "{said}");
    let (code, said, _) = served.run(talk, &["--target", &served.url("smtp", "smtp")]);
    assert_eq!(code, 0, "{said}");
    let (code, said, _) = served.run(talk, &["--target", &served.url("imap", "imap")]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no --target is given for smtp"), "{said}");
    let (code, said, _) = served.run(talk, &["--target", "bogus://x"]);
    assert_eq!(code, 2, "{said}");
}

/// `:save` with a range of exchanges, and `--save`: what they write is run again.
#[test]
fn what_was_said_is_saved_whole_or_in_part() {
    use std::io::Write as _;

    let served = Served::start(&[]);
    let url = served.url("smtp", "smtp");
    let mut console = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args([&url, "--allow-commands", "--save", "all.talk"])
        .current_dir(served.folder.path())
        .env_clear()
        .env("HOME", served.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    let mut input = console.stdin.take().expect("a pipe");
    let typed = "EHLO me.test\nMAIL FROM:<a@b.example>\nRCPT TO:<nobody@ehlo.test>\nRSET\n\
                 :save part.talk 1-3\nQUIT\n";
    input.write_all(typed.as_bytes()).expect("written");
    drop(input);
    assert_eq!(console.wait().expect("it ended").code(), Some(1));

    let part = std::fs::read_to_string(served.file("part.talk")).expect("saved");
    let head = format!("open {url}\nC: EHLO me.test\nS: 250-");
    assert!(part.starts_with(&head), "{part}");
    let end = "C: RCPT TO:<nobody@ehlo.test>\nS: 550 5.1.1 <nobody@ehlo.test>: no such mailbox\n";
    assert!(part.ends_with(end), "{part}");
    let all = std::fs::read_to_string(served.file("all.talk")).expect("saved");
    assert!(all.starts_with(&format!("open {url}\nS: 220 ")), "{all}");
    assert!(all.ends_with("C: QUIT\nS: 221 2.0.0 Bye\n"), "{all}");
    for talk in [part, all] {
        let (code, said, _) = served.run(&talk, &[]);
        assert_eq!(code, 0, "{said}\n{talk}");
    }
}
