//! Rounds of reading, and the time until what was sent can be read.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Command;

use crate::lab::{Lab, load, report, server};
use serde_json::Value;

fn row<'a>(told: &'a Value, stage: &str) -> Option<&'a Value> {
    let stages = told["stages"].as_array().unwrap();
    stages.iter().find(|row| row["stage"] == stage)
}

fn count(told: &Value, stage: &str) -> u64 {
    row(told, stage).map_or(0, |row| row["count"].as_u64().unwrap())
}

#[test]
fn imap_rounds_follow_the_mix() {
    let lab = Lab::new("");
    let mix = lab.file(
        "mix",
        "# once\nSELECT INBOX\n3 FETCH {any} BODY.PEEK[]\n2 fetch {last} (FLAGS ENVELOPE)\n\
         1 IDLE 0.01\n1 NOOP\n1 UID SEARCH ALL\n1 STATUS INBOX (MESSAGES)\n",
    );
    let accounts = lab.file("accounts", "alice,wonderland\n");
    let args = ["--accounts", &accounts, "--mix", &mix, "-m", "120"];
    for (way, connections) in [
        (&["-d", "-s", "3"][..], 3),
        (&["--per-connection", "20"], 6),
    ] {
        let told = report(&lab.imap(), &[&args[..], way].concat(), 0);
        assert_eq!(told["accepted"], 120, "{told}");
        assert_eq!(told["about"]["unit"], "round");
        assert_eq!(told["connections"], connections, "{told}");
        for stage in ["CAPABILITY", "AUTH", "SELECT", "LOGOUT"] {
            assert_eq!(count(&told, stage), connections, "{stage}: {told}");
        }
        let stages = ["FETCH", "IDLE", "poll", "SEARCH"].map(|stage| count(&told, stage));
        assert_eq!(stages.iter().sum::<u64>(), 120, "{told}");
        assert!(
            stages[0] > 50 && stages.iter().all(|count| *count > 0),
            "{told}"
        );
        assert_eq!(count(&told, "round"), 120);
        assert!(told["octets_received"].as_u64().unwrap() > 20_000, "{told}");
    }
}

#[test]
fn pop3_rounds_follow_the_mix() {
    let lab = Lab::new("");
    let accounts = lab.file("accounts", "alice,wonderland\n");
    let told = report(&lab.pop3(), &["--accounts", &accounts, "-m", "40"], 0);
    assert_eq!(told["accepted"], 40, "{told}");
    assert_eq!(told["connections"], 40, "{told}");
    assert_eq!([count(&told, "CAPA"), count(&told, "QUIT")], [40, 40]);
    assert_eq!(count(&told, "LIST") + count(&told, "RETR"), 40, "{told}");
    assert!(count(&told, "RETR") > count(&told, "LIST"), "{told}");
}

#[test]
fn rounds_that_fail_are_counted() {
    let faults = "[[fault]]\nprotocol = \"imap\"\non = \"NOOP\"\ntimes = \"2-4\"\n\
                  reply = \"NO [LIMIT] not now\"\n\
                  [[fault]]\nprotocol = \"imap\"\non = \"NOOP\"\ntimes = 8\nclose = \"before\"\n";
    let lab = Lab::new(faults);
    let accounts = lab.file("accounts", "alice,wonderland\nalice,wrong\n");
    let mix = lab.file("mix", "1 NOOP\n");
    let args = ["--accounts", &accounts, "--mix", &mix, "-m", "20", "-d"];
    let told = report(&lab.imap(), &args, 1);
    assert_eq!(told["accepted"], 16, "{told}");
    assert_eq!(told["failed"], 4, "{told}");
    let errors = told["errors"].to_string();
    assert!(errors.contains("NO [LIMIT]"), "{errors}");
    assert!(errors.contains("connection closed"), "{errors}");
    let told = report(&lab.imap(), &[&args[..], &["-s", "2"]].concat(), 1);
    assert!(
        told["errors"].to_string().contains("AUTHENTICATIONFAILED"),
        "{told}"
    );
}

/// A server of a few commands: what it answers to a line, behind the login.
fn talks(
    scheme: &'static str,
    answer: impl Fn(&str, &str) -> String + Clone + Send + 'static,
) -> String {
    let url = server(scheme, move |mut stream| {
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let hello = if scheme == "imap" {
            "* OK hi\r\n"
        } else {
            "+OK hi\r\n"
        };
        let mut reply = hello.to_owned();
        for line in std::iter::once(Ok(String::new())).chain(lines) {
            // Whoever does not understand hangs up.
            let Ok(line) = line else { break };
            let (tag, command) = match line.split_once(' ') {
                Some(parts) if scheme == "imap" => parts,
                _ => ("", &*line),
            };
            let verb = command.split(' ').next().unwrap_or_default();
            if !line.is_empty() {
                reply = match verb {
                    "CAPABILITY" => format!("* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n"),
                    "SELECT" => format!("* 7 EXISTS\r\n{tag} OK done\r\n"),
                    "LOGIN" | "LOGOUT" => format!("{tag} OK done\r\n"),
                    "CAPA" => "+OK\r\nUSER\r\n.\r\n".to_owned(),
                    "STAT" => "+OK 7 700\r\n".to_owned(),
                    "USER" | "PASS" | "QUIT" => "+OK done\r\n".to_owned(),
                    _ => answer(tag, command),
                };
            }
            if stream.write_all(reply.as_bytes()).is_err() {
                break;
            }
        }
    });
    url.replace("://", "://alice@")
}

fn rounds(url: &str, args: &[&str], code: i32) -> Value {
    let out = load(url, &["-d", "-q", "--json"])
        .args(args)
        .env("EHLO_PASSWORD", "wonderland")
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(code), "{out:?}");
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn long_lines_are_passed_over() {
    let lab = Lab::new("");
    let mix = lab.file("mix", "2 SEARCH ALL\n1 FETCH {any} BODY[]\n");
    let numbers: String = (1..=60_000).map(|n| format!(" {n}")).collect();
    let imap = talks("imap", move |tag, command| match command {
        "SEARCH ALL" => format!("* SEARCH{numbers}\r\n{tag} OK done\r\n"),
        // A literal is announced behind a word that is too long.
        _ => format!("* 1 FETCH (X \"{numbers}\" BODY[] {{9}}\r\na1 NO me\r)\r\n{tag} OK done\r\n"),
    });
    let pop3 = talks("pop3", |_, _| {
        format!("+OK\r\n{}\r\n-ERR\r\n.\r\n", "x".repeat(100_000))
    });
    for (url, args) in [
        (imap, &["-m", "30", "--mix", &mix][..]),
        (pop3, &["-m", "30"]),
    ] {
        let told = rounds(&url, args, 0);
        assert_eq!(told["accepted"], 30, "{told}");
        assert_eq!(told["connections"], 1, "{told}");
    }
}

#[test]
fn a_conversation_out_of_step_is_over() {
    let lab = Lab::new("");
    let idle = lab.file("idle", "1 IDLE 5\n");
    let (imap, pop3) = (
        talks("imap", |_, _| "what?\r\n".to_owned()),
        talks("pop3", |_, _| "what?\r\n".to_owned()),
    );
    for (url, args) in [
        (imap, &["-m", "4", "--mix", &idle][..]),
        (pop3, &["-m", "4"]),
    ] {
        let told = rounds(&url, args, 1);
        assert_eq!(told["failed"], 4, "{told}");
        assert_eq!(told["connections"], 4, "{told}");
    }
    // A refusal is an answer.
    let imap = talks("imap", |tag, _| format!("{tag} NO not now\r\n"));
    let pop3 = talks("pop3", |_, _| "-ERR not now\r\n".to_owned());
    for (url, args) in [
        (imap, &["-m", "4", "--mix", &idle][..]),
        (pop3, &["-m", "4"]),
    ] {
        let told = rounds(&url, args, 1);
        assert_eq!(told["failed"], 4, "{told}");
        assert_eq!(told["connections"], 1, "{told}");
    }
}

#[test]
fn idling_may_last_longer_than_a_reply() {
    let lab = Lab::new("");
    let mix = lab.file("mix", "1 IDLE 1.5\n");
    let accounts = lab.file("accounts", "alice,wonderland\n");
    let args = ["--mix", &mix, "--accounts", &accounts, "--timeout", "1"];
    let told = report(&lab.imap(), &args, 0);
    assert_eq!(told["accepted"], 1, "{told}");
}

/// The initial response of a login goes with the command or, without SASL-IR, behind it, as it is.
#[test]
fn a_login_keeps_its_padding() {
    let blob = ehlo::wire::b64::encode(b"\0alice\0wonderland");
    assert!(blob.ends_with('='));
    let url = server("imap", move |mut stream| {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        stream.write_all(b"* OK hi\r\n").unwrap();
        while let Some(Ok(line)) = lines.next() {
            let tag = line.split(' ').next().unwrap_or_default();
            let reply = match line.split(' ').nth(1) {
                Some("CAPABILITY") => {
                    format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK done\r\n")
                }
                Some("AUTHENTICATE") => {
                    stream.write_all(b"+ \r\n").unwrap();
                    let good = lines.next().unwrap().unwrap() == blob;
                    format!("{tag} {}\r\n", if good { "OK in" } else { "NO" })
                }
                _ => format!("{tag} OK done\r\n"),
            };
            stream.write_all(reply.as_bytes()).unwrap();
        }
    });
    let lab = Lab::new("");
    let mix = lab.file("mix", "1 NOOP\n");
    let told = rounds(
        &url.replace("://", "://alice@"),
        &["-m", "1", "--mix", &mix],
        0,
    );
    assert_eq!(told["accepted"], 1, "{told}");
}

#[test]
fn until_it_can_be_read() {
    let lab = Lab::new("");
    let mailbox = lab.imap().replace("://", "://alice@") + "/INBOX";
    let watched = |args: &[&str], code| {
        let out = load(
            &lab.smtp(),
            &["--until-visible", &mailbox, "--json", "-4", "-l", "10"],
        )
        .args(args)
        .env("EHLO_PASSWORD", "wonderland")
        .output()
        .unwrap();
        assert_eq!(out.status.code(), Some(code), "{out:?}");
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let told = watched(&["-m", "50", "-s", "3", "-d"], 0);
    assert_eq!(told["accepted"], 50, "{told}");
    assert_eq!(count(&told, "visible"), 50, "{told}");
    // What goes elsewhere never comes.
    let told = watched(&["-m", "3", "-t", "bob@ehlo.test", "--timeout", "0.3"], 1);
    assert_eq!(told["accepted"], 3, "{told}");
    assert_eq!(count(&told, "visible"), 0, "{told}");
    assert!(
        told["errors"].to_string().contains("not visible in time"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let lab = Lab::new("");
    let mix = lab.file("mix", "1 LOGOUT\n");
    let (smtp, imap) = (lab.smtp(), lab.imap());
    for (target, args, code, words) in [
        (&imap, &["--mix", "/no/such"][..], 7, "/no/such"),
        (
            &imap,
            &["--mix", &mix],
            7,
            "no command that can be repeated",
        ),
        (&imap, &[], 2, "reading needs --user"),
        (&smtp, &["--mix", &mix], 2, "for reading"),
        (&smtp, &["--until-visible", &imap], 2, "wants a user"),
    ] {
        let out = load(target, args).output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{args:?}: {out:?}");
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(text.contains(words), "{args:?}: {text}");
    }
}

#[test]
fn both_ends_give_pages() {
    let lab = Lab::new("");
    let page = lab.file("page", "");
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args([
            "load",
            &lab.smtp(),
            "-d",
            "-m",
            "40",
            "-q",
            "--html",
            &page,
            "-l",
        ])
        .arg("50:3,200-300:1")
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let page = std::fs::read_to_string(page).unwrap();
    for part in [
        "<svg ",
        "Histogram of message",
        "<th>250</th>",
        "<h2>Errors</h2>\n<p>none",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"));
}
