//! `ehlo serve` as a program: what it announces, how it ends, what it refuses; and the server inside.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::running::{Running, Signal};
use ehlo::net::{Conn, Turn};
use ehlo::practice::Practice;
use ehlo::proto::protocol;

fn serve(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("serve").args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn refused(args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = serve(args).output().unwrap();
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[test]
fn what_cannot_be_is_refused_with_its_exit_code() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    for (args, code, words) in [
        (vec!["--smtp", &port], 7, "is in use"),
        (vec!["--port-base", "65000"], 2, "leaves no room"),
        (vec!["--smtp", "0", "--user", "dora"], 2, "a colon"),
        (
            vec!["--smtp", "0", "--fault", "/no/such/file"],
            7,
            "/no/such/file",
        ),
        (
            vec!["--smtp", "0", "--fault", "/dev/zero"],
            7,
            "reading /dev/zero: more than 1 MiB",
        ),
        (
            vec!["--smtp", "0", "--ca-out", "/no/such/folder/ca.pem"],
            7,
            "/no/such/folder",
        ),
        (vec!["--smtp", "x"], 2, "--smtp"),
    ] {
        let (got, text) = refused(&args);
        assert_eq!(got, Some(code), "{args:?}: {text}");
        assert!(text.contains(words), "{args:?}: {text}");
    }
}

#[test]
fn a_mistake_in_a_fault_file_has_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("faults.toml");
    std::fs::write(&file, "[[fault]]\non = \"RCTP\"\nreply = \"450 x\"\n").unwrap();
    let (code, text) = refused(&["--smtp", "0", "--fault", &file.display().to_string()]);
    assert_eq!(code, Some(7), "{text}");
    assert!(
        text.contains("faults.toml") && text.contains("line 2") && text.contains("RCPT ?"),
        "{text}"
    );
}

#[test]
fn announced_when_ready_and_gone_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let ready = dir.path().join("ready");
    let log = dir.path().join("log.jsonl");
    let mut child = Running::start(
        serve(&["--smtp", "0", "--pop3", "0", "--ready-file"])
            .arg(&ready)
            .arg("--log")
            .arg(&log)
            .env("XDG_RUNTIME_DIR", dir.path()),
    );
    let mut screen = BufReader::new(child.stdout.take().unwrap());
    let mut announced = String::new();
    while !announced.contains("\nca ") {
        assert!(screen.read_line(&mut announced).unwrap() > 0, "{announced}");
    }
    // Complete: there before the addresses are told.
    let lines = std::fs::read_to_string(&ready).unwrap();
    let parts: Vec<&str> = lines.lines().collect();
    assert_eq!(parts.len(), 3, "{lines}");
    assert!(parts[1].starts_with("pop3://localhost:"), "{lines}");
    let ca = parts[2].strip_prefix("ca ").unwrap().to_owned();
    assert!(
        std::fs::read_to_string(&ca)
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE")
    );
    let port: u16 = parts[0]
        .strip_prefix("smtp://localhost:")
        .unwrap()
        .parse()
        .unwrap();
    let mut peers: Vec<TcpStream> = ["127.0.0.1", "::1"]
        .iter()
        .filter_map(|host| TcpStream::connect((*host, port)).ok())
        .collect();
    assert!(!peers.is_empty());
    peers[0]
        .write_all(b"EHLO me\r\nAUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n")
        .unwrap();
    let mut heard = String::new();
    while !heard.contains("235 ") {
        let mut buf = [0; 512];
        let n = peers[0].read(&mut buf).unwrap();
        assert!(n > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&buf[..n]));
    }
    child.signal(Signal::TERM);
    for peer in &mut peers {
        let mut rest = String::new();
        peer.read_to_string(&mut rest).unwrap();
        assert!(
            rest.ends_with("421 4.3.2 ehlo.test Service shutting down\r\n"),
            "{rest}"
        );
    }
    let mut shown = announced;
    screen.read_to_string(&mut shown).unwrap();
    let output = child.finish();
    assert!(output.status.success(), "{output:?}");
    assert!(shown.starts_with(&lines), "{shown}");
    assert!(shown.contains(" <-  AUTH PLAIN ••••\n"), "{shown}");
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(
        log.lines()
            .all(|line| line.starts_with('{') && line.ends_with('}')),
        "{log}"
    );
    assert!(log.contains("235 2.7.0"), "{log}");
    for text in [&shown, &log] {
        assert!(!text.contains("AGFsaWNl"), "{text}");
    }
    assert!(!ready.exists() && !std::path::Path::new(&ca).exists());
}

#[test]
fn a_screen_that_takes_nothing_does_not_keep_it_from_ending() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Running::start(serve(&["--smtp", "0"]).env("XDG_RUNTIME_DIR", dir.path()));
    let mut screen = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    screen.read_line(&mut first).unwrap();
    let port = first.trim().strip_prefix("smtp://localhost:").unwrap();
    let mut peer = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    // More than the pipe to the screen holds: every line is shown, and so is its answer.
    const LINES: usize = 20_000;
    let mut heard = BufReader::new(peer.try_clone().unwrap());
    let reader = std::thread::spawn(move || {
        let mut line = String::new();
        for _ in 0..=LINES {
            line.clear();
            assert!(heard.read_line(&mut line).unwrap() > 0);
        }
        heard
    });
    peer.write_all("NOOP\r\n".repeat(LINES).as_bytes()).unwrap();
    let mut heard = reader.join().unwrap();
    child.signal(Signal::TERM);
    let mut rest = String::new();
    heard.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("421 4.3.2 "), "{rest}");
    assert!(child.wait().unwrap().success());
    drop(screen);
}

/// However long its commands take, and with every thread at work on one.
#[test]
fn work_that_goes_on_does_not_keep_it_from_ending() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Running::start(
        serve(&["--imap", "0"])
            .env("XDG_RUNTIME_DIR", dir.path())
            .env("TOKIO_WORKER_THREADS", "1"),
    );
    let mut screen = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    screen.read_line(&mut first).unwrap();
    let port = first.trim().strip_prefix("imap://localhost:").unwrap();
    let shown = std::thread::spawn(move || screen.read_to_string(&mut String::new()));
    let mut peer = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
    let mut text = "a LOGIN alice wonderland\r\n".to_owned();
    for number in 0..300 {
        text.push_str(&format!("a CREATE {}{number:03}\r\n", "a".repeat(900)));
    }
    let pattern = format!("{}zb", "*aa%a".repeat(10));
    let list = format!("a LIST \"\" ({})\r\n", vec![pattern; 100].join(" "));
    text.push_str("begun NOOP\r\n");
    text.push_str(&list.repeat(20));
    let mut writer = peer.try_clone().unwrap();
    let written = std::thread::spawn(move || writer.write_all(text.as_bytes()));
    let mut heard = String::new();
    while !heard.contains("begun OK") {
        let mut buf = [0; 4096];
        let n = peer.read(&mut buf).unwrap();
        assert!(n > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&buf[..n]));
    }
    child.signal(Signal::TERM);
    child.signal(Signal::TERM);
    assert!(child.wait().unwrap().success());
    // The peer sees the end of the process or a reset, as it comes.
    let _ = (written.join(), shown.join());
}

/// Sends `text` and reads until `end` was heard or the connection closed.
async fn ask(conn: &mut Conn, text: &str, end: &str) -> String {
    conn.queue(text.as_bytes());
    let (mut heard, mut buf) = (String::new(), [0; 4096]);
    while !heard.contains(end) {
        match conn.turn(&mut buf).await.unwrap() {
            Turn::Read(n) => heard.push_str(&String::from_utf8_lossy(&buf[..n])),
            Turn::Wrote => {}
            Turn::Eof => break,
        }
    }
    heard
}

#[tokio::test]
async fn inside_the_program_one_store_serves_every_protocol() {
    let practice = Practice::inside().unwrap();
    let mut smtp = practice.connect(protocol("smtp").unwrap(), false).unwrap();
    let mut imap = practice.connect(protocol("imap").unwrap(), false).unwrap();
    ask(
        &mut imap,
        "a LOGIN bob builder\r\nb SELECT INBOX\r\nc IDLE\r\n",
        "+ ",
    )
    .await;
    let letter = "EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<bob@ehlo.test>\r\nDATA\r\n";
    ask(&mut smtp, letter, "354 ").await;
    ask(&mut smtp, "Subject: x\r\n\r\n.\r\n", "queued as").await;
    // It shows up in IDLE without being asked for.
    let news = ask(&mut imap, "", "EXISTS").await;
    assert!(news.contains("* 1 EXISTS"), "{news}");
    let mut pop3 = practice.connect(protocol("pop3").unwrap(), false).unwrap();
    let reply = ask(&mut pop3, "USER bob\r\nPASS builder\r\n", "octets").await;
    assert!(reply.contains("+OK 1 messages"), "{reply}");
    assert_eq!(practice.inbox("bob").unwrap().len(), 2);

    practice.set_faults("").unwrap();
    assert!(practice.set_faults("/no/such/file").is_err());
    practice.stop().await;
    assert!(ask(&mut smtp, "", "\0").await.starts_with("421 4.3.2"));
    assert!(ask(&mut imap, "", "\0").await.contains("* BYE"));
}

#[tokio::test]
async fn silence_is_answered_with_a_goodbye() {
    let practice = Practice::new(ehlo::practice::Options {
        patience: Some(Duration::from_millis(50)),
        ..ehlo::practice::Options::default()
    })
    .unwrap();
    for (name, bye) in [("smtp", "421 4.4.2"), ("pop3", "+OK"), ("imap", "* BYE")] {
        let mut conn = practice.connect(protocol(name).unwrap(), false).unwrap();
        let heard = ask(&mut conn, "", "\0").await;
        assert!(heard.contains(bye), "{name}: {heard}");
    }
}

/// A client that sends an octet of its command now and then does not stay for ever.
#[tokio::test]
async fn a_command_must_come_to_its_end() {
    let practice = Practice::new(ehlo::practice::Options {
        patience: Some(Duration::from_millis(500)),
        ..ehlo::practice::Options::default()
    })
    .unwrap();
    for (name, bye) in [("smtp", "421 4.4.2"), ("pop3", "+OK"), ("imap", "* BYE")] {
        let mut conn = practice.connect(protocol(name).unwrap(), false).unwrap();
        let drip = async {
            let mut heard = Vec::new();
            let mut buf = [0; 4096];
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            loop {
                tokio::select! {
                    turn = conn.turn(&mut buf) => match turn {
                        Ok(Turn::Read(octets)) => heard.extend_from_slice(&buf[..octets]),
                        Ok(Turn::Wrote) => {}
                        Ok(Turn::Eof) | Err(_) => return heard,
                    },
                    _ = tick.tick() => conn.queue(b"N"),
                }
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(60), drip).await;
        let heard = heard.expect("the server waits for ever");
        assert!(
            String::from_utf8_lossy(&heard).contains(bye),
            "{name}: {heard:?}"
        );
    }
}

#[tokio::test]
async fn too_many_are_sent_away() {
    let practice = Practice::new(ehlo::practice::Options {
        connections: 1,
        ..ehlo::practice::Options::default()
    })
    .unwrap();
    let smtp = protocol("smtp").unwrap();
    let mut first = practice.connect(smtp, false).unwrap();
    assert!(ask(&mut first, "", "\n").await.starts_with("220 "));
    let mut second = practice.connect(smtp, false).unwrap();
    assert!(ask(&mut second, "", "\0").await.starts_with("421 4.3.2"));
    ask(&mut first, "QUIT\r\n", "\0").await;
}
