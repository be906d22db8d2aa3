//! The conversation: sequencing, content, faults, and counts that agree with what clients heard.

use crate::counted;
use crate::rig::{ENVELOPE, Sink, message};

#[test]
fn commands_have_their_order() {
    let sink = Sink::start(&[]);
    let mut client = sink.client();
    for (line, code) in [
        ("MAIL FROM:<a@b>", "503"),
        ("EHLO", "501"),
        ("LHLO x", "502"),
        ("HELO x", "250"),
        ("MAIL FROM:<a@b> SIZE=1", "555"),
        ("EHLO x", "250"),
        ("RCPT TO:<a@b>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:a b c", "501"),
        ("MAIL FROM:<>", "250"),
        ("MAIL FROM:<>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<>", "501"),
        ("RCPT TO:<a@b> FOO=1", "555"),
        ("RSET", "250"),
        ("RCPT TO:<a@b>", "503"),
        ("AUTH PLAIN", "502"),
        ("STARTTLS", "502"),
        ("NOOP", "250"),
        ("VRFY a@b", "252"),
        ("FOO", "500"),
        ("\u{1}", "500"),
        ("QUIT", "221"),
    ] {
        client.ask(format!("{line}\r\n"), code);
    }
    assert_eq!(client.rest(), "");
    assert_eq!(counted(&sink.report(), "accepted"), 0);
}

/// A count beyond 2^64 is a count: what follows it is no command, and nobody waits for it.
#[test]
fn a_chunk_of_absurd_size_ends_it() {
    let sink = Sink::start(&[]);
    let mut client = sink.greeted();
    client.send(format!(
        "{ENVELOPE}BDAT 99999999999999999999 LAST\r\nRSET\r\n"
    ));
    for code in ["250", "250", "552"] {
        client.expect(code);
    }
    assert_eq!(client.rest(), "");
    assert_eq!(counted(&sink.report(), "accepted"), 0);
}

#[test]
fn a_message_however_it_is_cut() {
    let sink = Sink::start(&[]);
    let body = "Subject: x\r\n\r\n..\r\n.dot\r\nend\n.\nQUIT\r\n\r";
    let wire = message(body);
    for size in [1, 2, 3, 7, 4096] {
        let mut client = sink.greeted();
        client.stream.set_nodelay(true).unwrap();
        for part in wire.as_bytes().chunks(size) {
            client.send(part);
        }
        for code in ["250", "250", "354", "250"] {
            client.expect(code);
        }
        client.ask("QUIT\r\n", "221");
        assert_eq!(client.rest(), "");
    }
    let report = sink.report();
    assert_eq!(counted(&report, "accepted"), 5);
    // Two doubled dots were taken off; the CRLF in front of the last dot is content.
    assert_eq!(counted(&report, "octets"), 5 * (body.len() as u64 - 2 + 2));
}

#[test]
fn many_messages_in_one_write() {
    let sink = Sink::start(&[]);
    let body = "x".repeat(5000);
    let batch = message(&body).repeat(200);
    let clients: Vec<_> = (0..5)
        .map(|_| {
            let (mut client, batch) = (sink.greeted(), batch.clone());
            std::thread::spawn(move || {
                let mut writer = client.stream.try_clone().unwrap();
                let writing = std::thread::spawn(move || {
                    std::io::Write::write_all(&mut writer, batch.as_bytes()).unwrap();
                });
                for _ in 0..200 {
                    for code in ["250", "250", "354", "250"] {
                        client.expect(code);
                    }
                }
                writing.join().unwrap();
                client.ask("QUIT\r\n", "221");
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    let report = sink.report();
    assert_eq!(counted(&report, "accepted"), 1000);
    assert_eq!(counted(&report, "octets"), 1000 * 5002);
    assert_eq!(report["replies"]["354"], 1000);
    assert_eq!(counted(&report, "connections"), 5);
}

#[test]
fn chunks() {
    let sink = Sink::start(&[]);
    let mut client = sink.greeted();
    client.send(format!("{ENVELOPE}BDAT 6\r\nabc\r\n.BDAT 3 LAST\r\n\r\n."));
    for code in ["250", "250", "250", "250"] {
        client.expect(code);
    }
    client.send(format!("{ENVELOPE}BDAT 0 LAST\r\n"));
    for code in ["250", "250", "250"] {
        client.expect(code);
    }
    // A chunk that nobody asked for is read and refused, and is no command.
    client.ask("BDAT 6 LAST\r\nQUIT\r\n", "503");
    client.ask("BDAT x\r\n", "501");
    client.send(format!("{ENVELOPE}BDAT 1\r\nxDATA\r\n"));
    for code in ["250", "250", "250", "503"] {
        client.expect(code);
    }
    let report = sink.report();
    assert_eq!(counted(&report, "accepted"), 2);
    assert_eq!(counted(&report, "octets"), 9);
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let faults = tempfile::NamedTempFile::new().unwrap();
    let table =
        "[[fault]]\nprotocol = \"lmtp\"\non = \".\"\nto = \"bad@*\"\nreply = \"552 5.2.2 full\"\n";
    std::fs::write(faults.path(), table).unwrap();
    let sink = Sink::start(&["--lmtp", "--fault", &faults.path().display().to_string()]);
    let mut client = sink.client();
    client.ask("EHLO x\r\n", "502");
    client.ask("LHLO x\r\n", "250");
    client.ask("MAIL FROM:<a@b>\r\n", "250");
    for to in ["one@b", "bad@b", "two@b"] {
        client.ask(format!("RCPT TO:<{to}>\r\n"), "250");
    }
    client.ask("DATA\r\n", "354");
    client.ask("x\r\n.\r\n", "250");
    client.expect("552 5.2.2 full");
    client.expect("250");
    client.ask("MAIL FROM:<a@b>\r\n", "250");
    client.ask("RCPT TO:<bad@b>\r\n", "250");
    client.ask("DATA\r\n", "354");
    client.ask("x\r\n.\r\n", "552");
    // RFC 2033 4.3: the last chunk has a reply for each recipient, and there is none.
    client.send("BDAT 3 LAST\r\n123");
    client.ask("NOOP\r\n", "250");
    let report = sink.report();
    assert_eq!(counted(&report, "accepted"), 1);
    assert_eq!(counted(&report, "recipients"), 2);
    assert_eq!(counted(&report, "failed"), 1);
}

#[test]
fn refusals_and_pipelining_agree_to_the_message() {
    let faults = tempfile::NamedTempFile::new().unwrap();
    let table = "[[fault]]\non = \".\"\ntimes = \"3-5\"\nreply = \"451 4.3.0 later\"\n\
                 [[fault]]\non = \".\"\ntimes = 9\nclose = \"before\"\n";
    std::fs::write(faults.path(), table).unwrap();
    let sink = Sink::start(&["--fault", &faults.path().display().to_string()]);
    let mut heard = 0;
    for _ in 0..2 {
        let mut client = sink.greeted();
        client.send(message("x").repeat(10));
        for line in client.rest_until_over(10) {
            heard += u64::from(line.starts_with("250 2.0.0"));
        }
    }
    let report = sink.report();
    assert_eq!(counted(&report, "accepted"), heard);
    // Ten dots, of which three were refused and one hung up at; then ten more.
    assert_eq!(heard, 8 - 3 + 10);
    assert_eq!(report["replies"]["451"], 3);
}

#[test]
fn switches_of_smtp_sink() {
    let sink = Sink::start(&[
        "-r",
        "rcpt",
        "-f",
        "vrfy",
        "-Q",
        "noop",
        "--disconnect",
        "rset",
        "-W",
        "MAIL:1ms",
        "--hide",
        "chunking,PIPELINING",
    ]);
    let mut client = sink.client();
    let offers = client.ask("EHLO x\r\n", "250");
    assert!(
        !offers.contains("PIPELINING") && !offers.contains("CHUNKING"),
        "{offers}"
    );
    assert!(offers.contains("8BITMIME"), "{offers}");
    client.ask("MAIL FROM:<a@b>\r\n", "250");
    client.ask("RCPT TO:<a@b>\r\n", "450 4.3.0 Error: command failed");
    client.ask("VRFY a\r\n", "500 5.3.0 Error: command failed");
    client.ask("NOOP\r\n", "421");
    assert_eq!(client.rest(), "");
    let mut client = sink.client();
    client.send("RSET\r\n");
    assert_eq!(client.rest(), "");
    sink.report();
}

#[test]
fn an_unfriendly_greeting() {
    let sink = Sink::start(&["-f", "connect", "-B", "554 5.3.2 no mail here"]);
    let address = sink.address();
    let stream = std::net::TcpStream::connect(address).unwrap();
    let mut client = crate::rig::Client::new(stream);
    client.expect("554 5.3.2 no mail here");
    client.ask("EHLO x\r\n", "503");
    client.ask("QUIT\r\n", "221");
    sink.report();
}

#[test]
fn long_lines_are_passed_over() {
    let sink = Sink::start(&[]);
    let mut client = sink.greeted();
    let long = format!("NOOP {}\r\n", "x".repeat(100_000));
    client.ask(&long, "500");
    client.ask(format!("{}\r\n", &long[..6000]), "500");
    client.ask("NOOP\r\n", "250");
    let report = sink.report();
    assert_eq!(counted(&report, "accepted"), 0);
}
