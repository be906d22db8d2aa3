//! What goes over the wire, as smtp-source's options have it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::lab::{load, report, server};

/// Answers one connection as a server would and gives the lines that came.
fn answer(stream: impl std::io::Read, mut back: impl std::io::Write) -> Vec<String> {
    let mut lines = Vec::new();
    let mut content = false;
    back.write_all(b"220 hi\r\n").unwrap();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        let said: &[u8] = match line.get(..4).unwrap_or(&line) {
            "." if content => {
                content = false;
                b"250 taken\r\n"
            }
            _ if content => b"",
            "DATA" => {
                content = true;
                b"354 go\r\n"
            }
            "EHLO" | "LHLO" => b"250-hi\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        let end = line == "QUIT";
        lines.push(line);
        back.write_all(said).unwrap();
        if end {
            break;
        }
    }
    lines
}

fn listen() -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        answer(stream.try_clone().unwrap(), stream)
    });
    (url, heard)
}

/// Thousands of connections a second would use up the ports, if each were kept for a minute.
#[test]
fn the_end_of_a_connection_leaves_no_port_behind() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let end = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = answer(stream.try_clone().unwrap(), stream.try_clone().unwrap());
        (lines, stream.read(&mut [0]).map_err(|e| e.kind()))
    });
    report(&url, &["-m", "1", "-l", "20"], 0);
    let (lines, end) = end.join().unwrap();
    assert_eq!(
        lines.last().unwrap(),
        "QUIT",
        "only behind the answer to QUIT"
    );
    assert_eq!(end, Err(std::io::ErrorKind::ConnectionReset));
}

#[test]
fn in_old_mode_nothing_is_said_but_the_message() {
    let (url, heard) = listen();
    let url = url.replace("smtp://", "inet:");
    report(
        &url,
        &["-o", "-m", "1", "-l", "20", "-f", "a@b", "-t", "c@d"],
        0,
    );
    assert_eq!(
        heard.join().unwrap(),
        [
            "MAIL FROM:<a@b>",
            "RCPT TO:<c@d>",
            "DATA",
            "XXXXXXXXXXXXXXXXXX",
            ".",
            "QUIT"
        ]
    );
}

#[test]
fn a_connection_is_tried_as_often_as_asked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let target = format!("unix:{}", path.display());
    // It begins before there is anybody.
    let child = load(&target, &["-m", "1", "-C", "10000", "--json"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    let (stream, _) = listener.accept().unwrap();
    answer(stream.try_clone().unwrap(), stream);
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let told: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told["accepted"], 1);
    assert_eq!(told["errors"], serde_json::json!([]));
}

#[test]
fn the_options_of_smtp_source_mean_the_same() {
    let (url, heard) = listen();
    let args = [
        "-s",
        "1",
        "-m",
        "2",
        "-d",
        "-f",
        "<me@x.test>",
        "-t",
        "you@x.test",
        "-r",
        "2",
        "-M",
        "client.test",
        "-S",
        "hello there",
        "-l",
        "100",
    ];
    report(&url, &args, 0);
    let lines = heard.join().unwrap();
    assert_eq!(
        lines[..5],
        [
            "EHLO client.test",
            "MAIL FROM:<me@x.test>",
            "RCPT TO:<0you@x.test>",
            "RCPT TO:<1you@x.test>",
            "DATA"
        ]
    );
    assert!(lines.contains(&"Subject: hello there".to_owned()));
    let body: usize = lines
        .iter()
        .filter(|l| l.starts_with('X'))
        .map(|l| l.len() + 2)
        .sum();
    assert_eq!(body, 200);
    assert_eq!(lines.iter().filter(|l| l.starts_with("EHLO")).count(), 1);
    assert_eq!(lines.last().unwrap(), "QUIT");
}

#[test]
fn numbered_recipients_do_not_repeat() {
    let (url, heard) = listen();
    report(
        &url,
        &[
            "-m",
            "3",
            "-d",
            "-N",
            "-r",
            "2",
            "-t",
            "u@x.test",
            "--pipelining",
        ],
        0,
    );
    let lines = heard.join().unwrap();
    let to: Vec<&str> = lines
        .iter()
        .filter_map(|l| l.strip_prefix("RCPT TO:"))
        .collect();
    let expected: Vec<String> = (0..6).map(|n| format!("<{n}u@x.test>")).collect();
    assert_eq!(to, expected);
}

#[test]
fn files_are_sent_as_they_are_with_dots_doubled() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("b.eml"), "Subject: two\n\n.dot\n").unwrap();
    std::fs::write(dir.path().join("a.eml"), "Subject: one\n\n\u{e9}\n").unwrap();
    std::fs::write(dir.path().join("c.txt"), "not this").unwrap();
    let (url, heard) = listen();
    let folder = dir.path().display().to_string();
    report(&url, &["-m", "2", "-d", "-F", &folder], 0);
    let lines = heard.join().unwrap().join("\n");
    assert!(
        lines.contains("> BODY=8BITMIME\n") && lines.contains("\nSubject: one\n\n\u{e9}\n.\n"),
        "{lines}"
    );
    assert!(lines.contains("\nSubject: two\n\n..dot\n.\n"), "{lines}");
}

#[test]
fn lmtp_over_a_unix_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lmtp");
    let listener = UnixListener::bind(&path).unwrap();
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        answer(stream.try_clone().unwrap(), stream)
    });
    let told = report(&format!("unix:{}", path.display()), &["-L", "-m", "1"], 0);
    assert_eq!(told["accepted"], 1, "{told}");
    assert!(heard.join().unwrap()[0].starts_with("LHLO "));
}

#[test]
fn a_password_does_not_show() {
    let (url, heard) = listen();
    let out = load(
        &url,
        &["-m", "1", "--login=PLAIN", "--user", "u", "--timeout", "30"],
    )
    .env("EHLO_PASSWORD", "hunter2-canary")
    .output()
    .unwrap();
    // The server takes no logins: it says 250 where 235 is due.
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(text.contains("AUTH") && !text.contains("canary"), "{text}");
    drop(heard.join());
}

/// A server that quotes the login in its refusal does not get the password into the report.
#[test]
fn a_password_that_comes_back_does_not_show() {
    let blob = ehlo::wire::b64::encode(b"\0u\0hunter2-canary");
    for scheme in ["smtp", "imap", "pop3"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let said = format!("hunter2-canary HUNTER2-CANARY {blob}");
        let pad = "x".repeat(100);
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let greeting = match scheme {
                    "smtp" => "220 hi\r\n",
                    "imap" => "* OK [CAPABILITY IMAP4rev1] hi\r\n",
                    _ => "+OK hi\r\n",
                };
                let _ = stream.write_all(greeting.as_bytes());
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                for line in lines.map_while(Result::ok) {
                    let tag = line.split(' ').next().unwrap_or_default();
                    let reply = match scheme {
                        "smtp" if line.starts_with("EHLO") => "250 AUTH PLAIN\r\n".to_owned(),
                        "smtp" => format!("535 5.7.8 {line} {said} {pad} hunter2-canary\r\n"),
                        "imap" if line.ends_with("CAPABILITY") => {
                            format!("* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n")
                        }
                        "imap" => format!("{tag} NO [hunter2-canary] {line} {said}\r\n"),
                        _ if line.starts_with("CAPA") => "+OK\r\nUSER\r\n.\r\n".to_owned(),
                        _ if line.starts_with("USER") => "+OK\r\n".to_owned(),
                        _ => format!("-ERR [hunter2-canary] {line} {said}\r\n"),
                    };
                    if stream.write_all(reply.as_bytes()).is_err() {
                        break;
                    }
                }
            }
        });
        for json in [&[][..], &["--json"]] {
            let args = ["-m", "1", "--user", "u"];
            let mut all: Vec<&str> = args.to_vec();
            all.extend(json);
            if scheme == "smtp" {
                all.push("--login=PLAIN");
            }
            let out = load(&url, &all)
                .env("EHLO_PASSWORD", "hunter2-canary")
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
            assert_ne!(out.status.code(), Some(0), "{scheme}: {text}");
            let lower = text.to_lowercase();
            assert!(
                lower.contains("••••") && !lower.contains("canary"),
                "{text}"
            );
            assert!(!text.contains(&blob[..12]), "{text}");
        }
    }
}

#[test]
fn a_malformed_go_ahead_starts_no_handshake() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        let mut heard = [String::new(), String::new(), String::new()];
        stream.write_all(b"220 hi\r\n").unwrap();
        lines.read_line(&mut heard[0]).unwrap();
        stream.write_all(b"250 STARTTLS\r\n").unwrap();
        lines.read_line(&mut heard[1]).unwrap();
        stream.write_all(b"454-no\r\n220 go\r\n").unwrap();
        let _ = lines.read_line(&mut heard[2]);
        heard
    });
    let out = load(&url, &["-m", "1", "--starttls", "--insecure"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert_ne!(out.status.code(), Some(0), "{text}");
    assert!(
        text.contains("the codes within the reply to STARTTLS differ"),
        "{text}"
    );
    assert_eq!(server.join().unwrap()[2], "");
}

/// News without end are no greeting, no offers and no reply: the run ends with its time.
#[test]
fn a_reply_that_never_ends_is_no_reply() {
    for scheme in ["imap", "pop3", "smtp"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let flood = match scheme {
                    "imap" => "* OK still here\r\n* CAPABILITY IMAP4rev1 AUTH=X\r\n",
                    "pop3" => "SASL X\r\n",
                    _ => "220-hi\r\n",
                };
                if scheme == "pop3" {
                    let _ = stream.write_all(b"+OK hi\r\n+OK\r\n");
                }
                let many = flood.repeat(2_000);
                while stream.write_all(many.as_bytes()).is_ok() {}
            }
        });
        let out = load(&url, &["-m", "1", "--user", "u", "--timeout", "1"])
            .env("EHLO_PASSWORD", "x")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        assert_ne!(out.status.code(), Some(0), "{scheme}: {text}");
        let why = match scheme {
            "smtp" => "a reply has too many lines",
            _ => "no end of the reply in time",
        };
        assert!(text.contains(why), "{scheme}: {text}");
    }
}

#[test]
fn what_no_server_says_is_told_and_not_obeyed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"\x1b[2Jwelcome\r\n");
    });
    let out = load(&url, &["-m", "1"]).output().unwrap();
    server.join().unwrap();
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        text.contains("no reply, but other text") && !text.contains('\x1b'),
        "{text}"
    );
}

/// So many reads without a pause use up what a task may do at once; the time allowed must not get lost then.
#[test]
fn silence_behind_a_flood_ends_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("imap://alice@{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut back = stream.try_clone().unwrap();
        back.write_all(b"* OK hi\r\n").unwrap();
        for line in BufReader::new(stream).lines() {
            // The client may hang up in the middle of what it was sent.
            let Ok(line) = line else { break };
            let tag = line.split(' ').next().unwrap_or_default();
            if line.contains("FETCH") {
                let part = vec![b'x'; 1 << 20];
                let _ = back.write_all(b"* 1 FETCH (BODY[] {1000000000}\r\n");
                for _ in 0..64 {
                    let _ = back.write_all(&part);
                }
                continue;
            }
            if line.contains("SELECT") {
                back.write_all(b"* 1 EXISTS\r\n").unwrap();
            }
            back.write_all(format!("{tag} OK done\r\n").as_bytes())
                .unwrap();
        }
    });
    let out = load(
        &url,
        &["-s", "1", "-m", "1", "--timeout", "1", "-q", "--json"],
    )
    .env("EHLO_PASSWORD", "wonderland")
    .output()
    .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    assert!(told["errors"].to_string().contains("FETCH"), "{told}");
    assert!(
        told["octets_received"].as_u64() > Some(60_000_000),
        "{told}"
    );
    server.join().unwrap();
}

/// A message may take longer than a reply, as long as it goes on.
#[test]
fn a_slow_line_is_no_silence() {
    const PART: usize = 256 * 1024;
    let url = server("smtp", |mut stream| {
        let mut heard = Vec::new();
        let mut part = vec![0; PART];
        stream.write_all(b"220 hi\r\n").unwrap();
        while let Ok(octets @ 1..) = stream.read(&mut part) {
            let content = heard.starts_with(b"DATA");
            if !content {
                heard.clear();
            }
            heard.extend_from_slice(&part[..octets]);
            match heard.get(..4) {
                Some(b"DATA") if !content => stream.write_all(b"354 go\r\n").unwrap(),
                Some(b"DATA") if !heard.ends_with(b"\r\n.\r\n") => {
                    // For a time twice as long as a reply may take.
                    if heard.len() < 40 * PART {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
                _ => {
                    heard.clear();
                    stream.write_all(b"250 ok\r\n").unwrap();
                }
            }
        }
    });
    let args = ["-m", "1", "-l", "30000000", "-T", "65536", "--timeout", "1"];
    let told = report(&url, &args, 1);
    // All but the answer to QUIT, which this server does not know.
    assert_eq!(told["accepted"], 1, "{told}");
}
