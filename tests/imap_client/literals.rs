//! Literals, both ways.

use ehlo::proto::engine::{Engine, Input, Mode, Refusal};
use ehlo::proto::event::{Advice, Content, Event, FailureKind, LineKind, PartKind, SentKind};

use crate::drive::Drive;

fn left(drive: &Drive) -> Option<u64> {
    match drive.engine.mode() {
        Mode::Literal { octets_left } => Some(octets_left),
        _ => None,
    }
}

#[test]
fn typed_lines_count_with_their_crlf() {
    let mut drive = Drive::selected();
    drive.line("append inbox (\\Seen) {16}");
    assert_eq!(drive.engine.mode(), Mode::Command);
    assert_eq!(
        drive.refused("noop"),
        Refusal::NotNow("the go-ahead for the literal has not come yet")
    );
    drive.server("+ OK\r\n");
    assert!(drive.reply().intermediate);
    assert_eq!(
        (drive.reply().to.as_str(), drive.reply().code.as_str()),
        ("APPEND", "+")
    );
    assert_eq!(left(&drive), Some(16));
    assert!(drive.engine.due().is_empty());
    drive.line("Subject: a");
    assert_eq!(left(&drive), Some(4));
    // The count would end between CR and LF.
    assert!(matches!(drive.refused("abc"), Refusal::NotNow(why) if why.contains("CR and LF")));
    drive.line("");
    assert_eq!(left(&drive), Some(2));
    drive.forget();
    drive.line("hi");
    assert_eq!(drive.wrote(), "hi\r\n");
    assert_eq!(
        (drive.engine.mode(), drive.engine.due()[0].to.as_str()),
        (Mode::Command, "APPEND")
    );
    drive.server("a3 OK [APPENDUID 1 4] done\r\n");
    assert!(drive.failure().is_none());
}

#[test]
fn a_literal_that_ends_with_its_line_waits_for_the_rest() {
    let mut drive = Drive::selected();
    drive.line("append inbox {4}").server("+ \r\n");
    drive.line("hi");
    assert_eq!(left(&drive), Some(0));
    drive.forget();
    drive.line("");
    assert_eq!(drive.wrote(), "\r\n");
    assert_eq!(drive.sent()[0].kind, SentKind::Command);
    assert_eq!(left(&drive), None);
    drive.server("a3 OK\r\n");
    assert_eq!(drive.reply().to, "APPEND");
}

#[test]
fn what_stands_behind_the_last_octet_continues_the_command() {
    let mut drive = Drive::selected();
    drive.line("status {5} (messages)");
    // No announcement at the end: an ordinary line.
    assert_eq!(left(&drive), None);
    drive.server("a3 BAD\r\n");
    drive.line("rename {3}").server("+ go\r\n");
    drive.forget();
    drive.line("one {4}");
    assert_eq!(drive.wrote(), "one {4}\r\n");
    assert_eq!(
        drive
            .sent()
            .iter()
            .map(|s| (s.kind, s.octets))
            .collect::<Vec<_>>(),
        [(SentKind::Content, 3), (SentKind::Command, 6)]
    );
    assert_eq!(drive.shown(), ["one", " {4}"]);
    drive.server("+ go\r\n").line("four");
    assert_eq!(drive.wrote(), "four\r\n");
    drive.server("a4 OK\r\n");
    assert!(drive.failure().is_none());
}

#[test]
fn a_count_that_cuts_a_word_is_sent_and_commented() {
    let mut drive = Drive::selected();
    drive.line("select {3}").server("+ \r\n").forget();
    drive.line("inbox");
    assert_eq!(drive.wrote(), "inbox\r\n");
    assert!(
        drive
            .events
            .iter()
            .any(|e| matches!(e, Event::Advice(Advice::Syntax(_))))
    );
}

#[test]
fn content_fills_a_literal_exactly() {
    let mut drive = Drive::selected();
    let content = |bytes, last| Input::Content { bytes, last };
    assert!(matches!(
        drive.submit(content(b"x", true)),
        Err(Refusal::NotNow(_))
    ));
    drive.line("append inbox {6}");
    assert!(matches!(
        drive.submit(content(b"x", true)),
        Err(Refusal::NotNow(_))
    ));
    drive.server("+ \r\n");
    assert!(matches!(
        drive.submit(content(b"1234567", true)),
        Err(Refusal::NotNow(_))
    ));
    assert!(matches!(
        drive.submit(content(b"123", true)),
        Err(Refusal::NotNow(_))
    ));
    drive.forget();
    drive.submit(content(b"\r\n\0", false)).unwrap();
    drive.submit(content(b"456", true)).unwrap();
    assert_eq!(left(&drive), Some(0));
    drive.line("");
    assert_eq!(drive.written, b"\r\n\x00456\r\n");
    drive.server("a3 OK\r\n");
    assert!(drive.failure().is_none());
}

#[test]
fn literals_without_a_go_ahead_flow_at_once() {
    let mut drive = Drive::greeted();
    drive
        .line("capability")
        .server("* CAPABILITY IMAP4rev1\r\na1 OK\r\n")
        .forget();
    drive.line("login {5+}");
    assert!(drive.events.contains(&Event::Advice(Advice::NotAdvertised {
        what: "{5+}".into(),
        needs: "LITERAL+"
    })));
    assert_eq!(left(&drive), Some(5));
    drive.line("alice {6+}").line("secret");
    assert_eq!(drive.wrote(), "a2 login {5+}\r\nalice {6+}\r\nsecret\r\n");
    assert_eq!(drive.shown(), ["a2 login {5+}", "alice", " {6+}", "••••"]);
    drive
        .server("* CAPABILITY IMAP4rev1 LITERAL-\r\na2 OK\r\n")
        .forget();
    drive.line("append inbox {4097+}");
    assert!(matches!(&drive.events[1], Event::Advice(Advice::Syntax(why)) if why.contains("4096")));
}

#[test]
fn a_chunk_follows_its_line_at_once() {
    let mut drive = Drive::selected();
    let chunk = |line, bytes| Input::Chunk { line, bytes };
    assert!(matches!(
        drive.submit(chunk(b"append inbox {3}", b"abc")),
        Err(Refusal::NotNow(_))
    ));
    assert!(matches!(
        drive.submit(chunk(b"append inbox {2+}", b"abc")),
        Err(Refusal::NotNow(_))
    ));
    drive.submit(chunk(b"append inbox {3+}", b"ab")).unwrap();
    assert_eq!(left(&drive), Some(1));
    drive
        .submit(Input::Content {
            bytes: b"c",
            last: true,
        })
        .unwrap();
    drive.line("");
    assert_eq!(drive.wrote(), "a3 append inbox {3+}\r\nabc\r\n");
}

#[test]
fn a_refused_literal_is_never_sent() {
    let mut drive = Drive::selected();
    drive
        .line("append nowhere {300}")
        .server("a3 NO [TRYCREATE] no such mailbox\r\n");
    assert_eq!(drive.reply().unsent, Some(Content::Literal { octets: 300 }));
    assert_eq!(drive.engine.mode(), Mode::Command);
    assert!(drive.failure().is_none());
}

#[test]
fn received_literals_flow_in_parts() {
    let mut drive = Drive::selected();
    drive.line("fetch 1 (body.peek[1] body.peek[2] body.peek[3])");
    drive.server(
        "* 1 FETCH (BODY[1] {5}\r\na\r\n*b BODY[2] {0}\r\n BODY[3] ~{3}\r\n\0\r\n)\r\na3 OK\r\n",
    );
    assert_eq!(
        drive.lines(),
        [
            (LineKind::Untagged, "* 1 FETCH (BODY[1] {5}".into()),
            (LineKind::Rest, " BODY[2] {0}".into()),
            (LineKind::Rest, " BODY[3] ~{3}".into()),
            (LineKind::Rest, ")".into()),
            (LineKind::Status, "a3 OK".into()),
        ]
    );
    let parts: Vec<_> = drive
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Part(part) => Some((part.bytes.clone(), part.last, part.kind)),
            _ => None,
        })
        .collect();
    assert_eq!(
        parts,
        [
            (b"a\r\n*b".to_vec(), true, PartKind::Literal),
            (Vec::new(), true, PartKind::Literal),
            (b"\0\r\n".to_vec(), true, PartKind::Literal),
        ]
    );
    assert_eq!((drive.reply().lines, drive.reply().content), (5, 8));
}

#[test]
fn a_status_text_announces_nothing() {
    let mut drive = Drive::selected();
    drive.server("* OK text {5}\r\n* 4 EXISTS\r\n");
    assert_eq!(drive.lines()[1].1, "* 4 EXISTS");
}

#[test]
fn a_literal_of_any_size_takes_no_room() {
    let mut drive = Drive::selected();
    drive.server("* 1 FETCH (BODY[] {9223372036854775807}\r\n");
    let part = vec![b'x'; 300_000];
    for _ in 0..20 {
        drive.server(&part);
        for event in drive.events.drain(..) {
            if let Event::Part(part) = event {
                assert!(part.bytes.len() <= 64 * 1024 && !part.last);
            }
        }
    }
    assert!(drive.failure().is_none());
    drive.eof();
    assert!(matches!(&drive.events[0], Event::Closed(c) if c.inside_reply && !c.expected));
}

#[test]
fn impossible_counts_end_the_conversation() {
    for count in [
        "",
        "-1",
        "18446744073709551615",
        "9223372036854775808",
        "111111111111111111111",
    ] {
        let mut drive = Drive::selected();
        drive.server(format!("* 1 FETCH (BODY[] {{{count}}}\r\nabc\r\n"));
        let failure = drive.failure().expect(count);
        assert_eq!(failure.kind, FailureKind::Protocol);
        assert!(failure.what.contains("literal"));
        assert_eq!(drive.closes, 1);
    }
}

#[test]
fn a_line_has_a_cap_and_the_error_names_it() {
    let mut drive = Drive::selected();
    for _ in 0..20 {
        drive.server(vec![b'A'; 64 * 1024]);
    }
    let failure = drive.failure().unwrap();
    assert!(failure.what.contains("1048576 octets"), "{}", failure.what);
}
