//! The program: ending, limits, files, sockets, TLS, logins, other clients.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::Command;

use crate::counted;
use crate::rig::{Sink, command, message, text_of};
use crate::running::Running;

fn refused(args: &[&str]) -> (Option<i32>, String) {
    let output = command(args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), text)
}

#[test]
fn what_cannot_be_is_refused() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    for (args, code, words) in [
        (&["0.0.0.0:0"][..], 2, "--listen-publicly"),
        (&["somewhere"], 2, "no port"),
        (&["127.0.0.1:0", "-f", "RCTP"], 2, "no command"),
        (
            &["127.0.0.1:0", "--hide", "dsn,PIPLINING"],
            2,
            "is never offered",
        ),
        (&["127.0.0.1:0", "0"], 2, "0 is not in 1..=65535"),
        (&["127.0.0.1:0", "--user", "dora"], 2, "a colon"),
        (&["127.0.0.1:0", "--maildir", "/proc/no"], 7, "/proc/no"),
        (
            &["127.0.0.1:0", "--mbox", "a", "--maildir", "b"],
            2,
            "--maildir",
        ),
        (&["127.0.0.1:0", "--fault", "/no/such"], 7, "/no/such"),
        (
            &["127.0.0.1:0", "--hdr", "/no/such/x"],
            7,
            "/no/such/x: no such",
        ),
        (&[taken.as_str()], 7, "cannot listen"),
    ] {
        let (got, text) = refused(args);
        assert_eq!(got, Some(code), "{args:?}: {text}");
        assert!(text.contains(words), "{args:?}: {text}");
    }
}

#[test]
fn enough_is_enough() {
    let sink = Sink::start(&["--stop-after", "7"]);
    let mut client = sink.greeted();
    client.send(message("x").repeat(10));
    let replies = client.rest_until_over(10);
    let accepted = replies
        .iter()
        .filter(|r| r.starts_with("250 2.0.0"))
        .count();
    assert_eq!(accepted, 7);
    assert!(replies.last().unwrap().starts_with("421"), "{replies:?}");
    assert_eq!(counted(&sink.last(), "accepted"), 7);
    let sink = Sink::start(&["-n", "2"]);
    for _ in 0..2 {
        sink.greeted().ask("QUIT\r\n", "221");
    }
    assert_eq!(counted(&sink.last(), "connections"), 2);
}

#[test]
fn others_wait_their_turn() {
    // With a backlog, as smtp-sink is called.
    let sink = Sink::start(&["127.0.0.1:0", "16", "-m", "1"]);
    let mut first = sink.greeted();
    let address = sink.address();
    let second = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).unwrap();
        greeting
    });
    first.ask("QUIT\r\n", "221");
    assert_eq!(&second.join().unwrap(), b"220");
    let report = sink.report();
    assert_eq!(counted(&report, "most_at_once"), 1);
    assert_eq!(counted(&report, "connections"), 2);
}

#[test]
fn goodbye_to_who_is_there() {
    let sink = Sink::start(&[]);
    let client = sink.greeted();
    sink.report();
    assert!(client.rest().starts_with("421 4.3.2"));
}

#[test]
fn kept_messages() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name).display().to_string();
    let body = "Subject: x\r\n\r\nFrom here\r\n>From there\r\n..dot";
    for (option, name) in [
        ("--dump-dir", "dump"),
        ("--mbox", "mbox"),
        ("--maildir", "mail"),
    ] {
        let sink = Sink::start(&[option, &place(name)]);
        let mut client = sink.greeted();
        for _ in 0..2 {
            client.send(message(body));
            for code in ["250", "250", "354", "250"] {
                client.expect(code);
            }
        }
        let over = format!("MAIL FROM:<a@b> SIZE={}\r\n", 1 << 30);
        client.ask(over, "552");
        assert_eq!(counted(&sink.report(), "accepted"), 2, "{option}");
    }
    let mbox = text_of(&dir.path().join("mbox"));
    assert_eq!(mbox.matches("\nFrom ").count(), 1, "{mbox}");
    assert!(
        mbox.starts_with("From a@b.test ") && mbox.contains("\n>From here\n>>From there\n.dot\n")
    );
    for (folder, first) in [
        ("dump", "X-Client-Addr: 127.0.0.1\n"),
        ("mail/new", "Return-Path: <a@b.test>\n"),
    ] {
        let files: Vec<_> = std::fs::read_dir(dir.path().join(folder))
            .unwrap()
            .collect();
        assert_eq!(files.len(), 2, "{folder}");
        for file in files {
            let path = file.unwrap().path();
            let text = text_of(&path);
            assert!(text.starts_with(first), "{text}");
            assert!(
                text.contains("c@d.test") && text.ends_with("\nFrom here\n>From there\n.dot\n")
            );
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    assert_eq!(
        std::fs::read_dir(dir.path().join("mail/tmp"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_unix_socket_comes_and_goes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let ready = dir.path().join("ready");
    let place = format!("unix:{}", path.display());
    let sink = Sink::start(&["-L", &place, "--ready-file", &ready.display().to_string()]);
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"LHLO x\r\nQUIT\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(
        text.starts_with("220 ") && text.ends_with("\r\n221 2.0.0 Bye\r\n"),
        "{text}"
    );
    sink.report();
    assert!(!path.exists() && !ready.exists());
}

#[test]
fn python_logs_in_under_tls() {
    let python = Command::new("python3").arg("-V").output();
    if !python.is_ok_and(|output| output.status.success()) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem").display().to_string();
    for (security, who) in [
        ("--starttls", "--auth=any"),
        ("--tls", "--user=dora:explorer"),
    ] {
        let sink = Sink::start(&[security, who, "--ca-out", &ca]);
        let script = "import smtplib, ssl, sys
port, implicit, ca = int(sys.argv[1]), sys.argv[2] == '--tls', sys.argv[3]
context = ssl.create_default_context(cafile=ca)
if implicit:
    s = smtplib.SMTP_SSL('localhost', port, context=context)
else:
    s = smtplib.SMTP('localhost', port)
    s.starttls(context=context)
s.login('dora', 'explorer')
for _ in range(3):
    assert s.sendmail('a@b.test', ['c@d.test', 'e@f.test'], 'Subject: x\\n\\n.dot\\n') == {}
try:
    s2 = smtplib.SMTP_SSL('localhost', port, context=context) if implicit else None
    if s2:
        s2.login('dora', 'wrong')
        raise SystemExit('a wrong password was taken')
except smtplib.SMTPAuthenticationError as e:
    assert e.smtp_code == 535
s.quit()
";
        let address = sink.address();
        let port = address.rsplit_once(':').unwrap().1;
        let output = Command::new("python3")
            .args(["-c", script, port, security, &ca])
            .output()
            .unwrap();
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{security}: {why}");
        let report = sink.report();
        assert_eq!(counted(&report, "accepted"), 3);
        assert_eq!(counted(&report, "recipients"), 6);
        assert_eq!(counted(&report, "logins"), 1);
        assert!(counted(&report, "tls") >= 1);
    }
}

#[test]
fn the_report_from_the_servers_side() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name).display().to_string();
    let (hdr, html) = (place("hdr"), place("html"));
    let sink = Sink::start(&["-r", "vrfy", "--hdr", &hdr, "--html", &html]);
    let mut client = sink.greeted();
    for _ in 0..3 {
        client.send(message("x"));
        for code in ["250", "250", "354", "250"] {
            client.expect(code);
        }
    }
    client.ask("VRFY a\r\n", "450");
    client.ask("QUIT\r\n", "221");
    let mut other = sink.greeted();
    other.ask("MAIL FROM:<a@b.test>\r\n", "250");
    drop(other);
    let report = sink.report();
    let counts: Vec<(&str, u64)> = report["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["stage"].as_str().unwrap(), counted(row, "count")))
        .collect();
    assert_eq!(
        counts,
        [
            ("EHLO", 2),
            ("MAIL", 4),
            ("RCPT", 3),
            ("DATA", 3),
            ("dot", 3),
            ("other", 1),
            ("message", 3),
            ("QUIT", 1)
        ]
    );
    let errors = report["errors"].to_string();
    assert!(errors.contains("450 4.3.0"), "{errors}");
    assert!(
        errors.contains("connection lost in the middle of a message"),
        "{errors}"
    );
    assert_eq!(report["replies"]["354"], 3);
    assert!(counted(&report, "octets_received") > counted(&report, "octets"));
    let page = text_of(html.as_ref());
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("ehlo sink smtp://127.0.0.1:"));
    let merged = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["load", "--merge", &hdr, &hdr, "--json"])
        .output()
        .unwrap();
    let merged: serde_json::Value = serde_json::from_slice(&merged.stdout).unwrap();
    assert_eq!(counted(&merged, "accepted"), 6);
}

#[test]
fn more_switches_of_smtp_sink() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().display().to_string();
    let start = r"--dump-start=\101 start\n";
    let more = ["-T", "4096", "-H", "0.01", "-W", "RCPT:1ms:50", "-4"];
    let template = format!("{place}/%Y/%%.");
    let sink = Sink::start(&[&more[..], &["-d", &template, start]].concat());
    let mut client = sink.greeted();
    client.send(message("Subject: x\r\n\r\n.."));
    for code in ["250", "250", "354", "250"] {
        client.expect(code);
    }
    client.ask("QUIT\r\n", "221");
    assert_eq!(counted(&sink.report(), "accepted"), 1);
    let only = |folder: &std::path::Path| {
        let mut files = std::fs::read_dir(folder).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        file
    };
    let file = only(&only(dir.path()));
    let name = file.file_name().unwrap().to_str().unwrap();
    let id = name.strip_prefix("%.").unwrap();
    assert!(id.len() == 8 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    let text = text_of(&file);
    assert!(
        text.starts_with("A start\nX-Client-Addr: 127.0.0.1\n"),
        "{text}"
    );
    assert!(
        text.contains(&format!("(ehlo sink) with ESMTP id {id};\n\t"))
            && text.ends_with("\nSubject: x\n\n.\n\n"),
        "{text}"
    );
    for (args, code, words) in [
        (&["127.0.0.1:0", "-6"][..], 2, "family"),
        (&["127.0.0.1:0", "-u", "no:body"], 7, "no user"),
        (&["127.0.0.1:0", "-d", &place, "-S", r"\q"], 2, "escape"),
        (&["127.0.0.1:0", "-W", "RCPT:1:0"], 2, "odds"),
        (&["127.0.0.1:0", "-d", "%!x"], 2, "strftime"),
        (
            &["127.0.0.1:0", "--mbox", "x", "-S", "y"],
            2,
            "--dump-start",
        ),
    ] {
        let (got, text) = refused(args);
        assert_eq!(got, Some(code), "{args:?}: {text}");
        assert!(text.contains(words), "{args:?}: {text}");
    }
}

#[test]
fn a_dump_of_all_messages() {
    let dir = tempfile::tempdir().unwrap();
    let template = format!("{}/new/all.%Y", dir.path().display());
    let sink = Sink::start(&["-D", &template, "-S", r"=\n"]);
    let mut client = sink.greeted();
    for text in ["one", "two"] {
        client.send(message(&format!("Subject: {text}\r\n\r\nx")));
        for code in ["250", "250", "354", "250"] {
            client.expect(code);
        }
    }
    assert_eq!(counted(&sink.report(), "accepted"), 2);
    let mut files = std::fs::read_dir(dir.path().join("new")).unwrap();
    let path = files.next().unwrap().unwrap().path();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = text_of(&path);
    let messages: Vec<&str> = text.split("=\nX-Client-Addr: ").collect();
    assert!(messages.len() == 3 && messages[0].is_empty(), "{text}");
    assert!(messages[1].ends_with("\nSubject: one\n\nx\n\n"), "{text}");
}

#[test]
fn a_conversation_is_broken_off_behind_the_go_ahead() {
    let sink = Sink::start(&["-A", "0.01"]);
    let mut client = sink.greeted();
    client.send("MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nSubject: x\r\n");
    for code in ["250", "250", "354", "550"] {
        client.expect(code);
    }
    assert_eq!(client.rest(), "");
    let report = sink.report();
    assert_eq!(counted(&report, "accepted") + counted(&report, "failed"), 0);
    assert!(
        report["errors"].to_string().contains("550 5.3.0"),
        "{report}"
    );
}

#[test]
fn the_course_of_time_is_told_and_colours_follow_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("ehlo")).unwrap();
    std::fs::write(dir.path().join("ehlo/config.toml"), "color = \"always\"\n").unwrap();
    let mut child = Running::start(
        command(&["127.0.0.1:0", "-M", "1"])
            .env("XDG_CONFIG_HOME", dir.path())
            .stdout(std::process::Stdio::piped()),
    );
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut url = String::new();
    std::io::BufRead::read_line(&mut lines, &mut url).unwrap();
    let address = url.trim().strip_prefix("smtp://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .write_all(format!("EHLO x\r\n{}QUIT\r\n", message("x")).as_bytes())
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let mut report = String::new();
    lines.read_to_string(&mut report).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(
        report.contains("\x1b[") && report.contains("1 message in "),
        "{report}"
    );
    let sink = Sink::start(&[]);
    let mut client = sink.greeted();
    client.send(message("x").repeat(3));
    for _ in 0..3 {
        for code in ["250", "250", "354", "250"] {
            client.expect(code);
        }
    }
    client.ask("VRFY\r\n", "50");
    let report = sink.report();
    let sum = |name: &str| -> u64 {
        let slots = report["over_time"][name].as_array().unwrap();
        slots.iter().map(|n| n.as_u64().unwrap()).sum()
    };
    assert_eq!(sum("accepted"), 3, "{report}");
    let errors = report["errors"].as_array().unwrap();
    let errors: u64 = errors.iter().map(|e| e["count"].as_u64().unwrap()).sum();
    assert_eq!(sum("errors"), errors, "{report}");
}

/// Only who has the rights can give them up.
#[test]
fn rights_are_given_up() {
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().display().to_string();
    let args = ["127.0.0.1:0", "-u", "nobody", "-R", &place];
    if !root {
        assert_eq!(refused(&args).0, Some(7));
        return;
    }
    let sink = Sink::start(&args);
    let status = text_of(format!("/proc/{}/status", sink.id()).as_ref());
    let ids = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_ne!(ids("Uid:"), "0", "{status}");
    assert_ne!(ids("Gid:"), "0", "{status}");
    let mut client = sink.greeted();
    client.ask("QUIT\r\n", "221");
    sink.report();
}
