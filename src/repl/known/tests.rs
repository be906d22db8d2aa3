//! What replies teach, in each protocol.

use super::*;
use crate::proto::event::{Line, LineKind, Part, Verdict};

fn line(kind: LineKind, text: &str) -> Event {
    Event::Line(Line {
        exchange: Some(Exchange(1)),
        text: text.as_bytes().to_vec(),
        clear: None,
        verdict: Verdict::Note,
        kind,
    })
}

fn untagged(text: &str) -> Event {
    line(LineKind::Untagged, text)
}

fn part(kind: PartKind, text: &str, last: bool) -> Event {
    Event::Part(Part {
        exchange: Some(Exchange(1)),
        bytes: text.as_bytes().to_vec(),
        last,
        kind,
    })
}

fn sent(number: u64, text: &str) -> Event {
    Event::Sent(Sent {
        exchange: Exchange(number),
        shown: text.as_bytes().to_vec(),
        clear: None,
        kind: SentKind::Command,
        octets: text.len() as u64 + 2,
        differs: false,
    })
}

fn imap(events: &[Event]) -> Known {
    let mut known = Known::default();
    events.iter().for_each(|event| known.learn("imap", event));
    known
}

fn names(known: &Known, prefix: &str, limit: usize) -> Vec<String> {
    known
        .mailboxes(prefix, limit)
        .into_iter()
        .map(|b| b.wire)
        .collect()
}

#[test]
fn mailboxes_are_learnt_in_every_form() {
    let known = imap(&[
        untagged("* LIST (\\HasNoChildren) \"/\" \"Entw&APw-rfe\""),
        untagged("* LIST () \"/\" \"two words\""),
        untagged("* LIST (\\Noselect) \"/\" {7}"),
        part(PartKind::Literal, "a\"b\\c d", true),
        line(LineKind::Rest, ""),
        untagged("* LIST () \"/\" \"evil\u{1b}[2J\""),
        untagged("* LIST () \"/\" {6}"),
        part(PartKind::Literal, "a\r\nb c", true),
        line(LineKind::Rest, ""),
    ]);
    assert_eq!(names(&known, "entwü", 9), ["Entw&APw-rfe"]);
    assert_eq!(names(&known, "Entw&", 9), ["Entw&APw-rfe"]);
    assert_eq!(names(&known, "two", 9), ["two words"]);
    assert_eq!(names(&known, "a", 9), ["a\"b\\c d"]);
    assert!(names(&known, "evil", 9).is_empty());
    assert_eq!(names(&known, "", 9).len(), 3);
}

#[test]
fn many_mailboxes_become_levels() {
    let mut known = Known::default();
    for year in 2000..2030 {
        for month in 1..=12 {
            let text = format!("* LIST () \"/\" Archive/{year}/{month:02}");
            known.learn("imap", &untagged(&text));
        }
    }
    known.learn("imap", &untagged("* LIST () \"/\" Archives"));
    assert_eq!(names(&known, "arch", 20), ["Archive/", "Archives"]);
    assert_eq!(names(&known, "archive/20", 40).len(), 30);
    assert_eq!(names(&known, "Archive/2001/", 40).len(), 12);
}

#[test]
fn messages_carry_subjects_and_move_up() {
    let mut known = imap(&[
        sent(1, "a1 UID SEARCH ALL"),
        untagged("* SEARCH 70 71"),
        sent(2, "a2 FETCH 1:3 (UID ENVELOPE)"),
        untagged(
            "* 1 FETCH (UID 70 ENVELOPE (\"date\" \"first (one)\" NIL NIL NIL NIL NIL NIL NIL NIL))",
        ),
        untagged("* 2 FETCH (UID 71 ENVELOPE (\"date\" {24}"),
        part(PartKind::Literal, "=?utf-8?Q?gr=C3=BC=C3=9Fe?=", true),
        line(LineKind::Rest, " NIL NIL NIL NIL NIL NIL NIL NIL))"),
        untagged("* 3 FETCH (RFC822.SIZE 66 BODY[HEADER.FIELDS (SUBJECT)] {20}"),
        part(PartKind::Literal, "Subject: third\r\n\r\n", true),
        line(LineKind::Rest, ")"),
    ]);
    let about = |known: &Known, uid| {
        known
            .messages("", uid)
            .into_iter()
            .map(|(n, a)| format!("{n} {a}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        about(&known, false),
        [
            "1 first (one), uid 70",
            "2 grüße, uid 71",
            "3 third, 66 octets"
        ]
    );
    assert_eq!(about(&known, true), ["71 grüße", "70 first (one)"]);
    known.learn("imap", &untagged("* 1 EXPUNGE"));
    assert_eq!(
        about(&known, false),
        ["1 grüße, uid 71", "2 third, 66 octets"]
    );
    assert_eq!(about(&known, true), ["71 grüße"]);
    known.learn("imap", &untagged("* 0 EXPUNGE"));
    known.learn("imap", &sent(3, "a3 SELECT INBOX"));
    assert!(known.messages("", false).is_empty());
}

#[test]
fn pop3_listings_and_marks() {
    let mut known = Known::default();
    for event in [
        sent(1, "LIST"),
        part(PartKind::Dotted, "1 120\r\n2 20", false),
        part(PartKind::Dotted, "0\r\n", true),
        sent(2, "UIDL"),
        part(PartKind::Dotted, "1 abc\r\n", true),
        sent(3, "TOP 2 0"),
        part(PartKind::Dotted, "From: a\r\nSub", false),
        part(PartKind::Dotted, "ject: hello\r\n\r\n", true),
        sent(4, "DELE 1"),
        Event::Reply(Reply {
            to: "DELE".into(),
            code: "+OK".into(),
            ..Reply::default()
        }),
    ] {
        known.learn("pop3", &event);
    }
    let about: Vec<_> = known
        .messages("", false)
        .into_iter()
        .map(|(_, a)| a)
        .collect();
    assert_eq!(
        about,
        [
            "marked to be removed, 120 octets, uid abc",
            "hello, 200 octets"
        ]
    );
}

#[test]
fn numbers_go_as_far_as_the_server_said() {
    let numbers = |known: &Known| {
        let found = known.messages("", false).into_iter();
        found.map(|(n, _)| n).collect::<Vec<_>>()
    };
    let mut pop3 = Known::default();
    pop3.learn("pop3", &sent(1, "STAT"));
    let stat = Reply {
        to: "STAT".into(),
        code: "+OK".into(),
        text: b"3 1200".to_vec(),
        ..Reply::default()
    };
    pop3.learn("pop3", &Event::Reply(stat));
    assert_eq!(numbers(&pop3), ["1", "2", "3"]);
    let mut imap = imap(&[sent(1, "a1 SELECT INBOX"), untagged("* 3 EXISTS")]);
    assert_eq!(numbers(&imap), ["1", "2", "3"]);
    imap.learn("imap", &untagged("* 2 EXPUNGE"));
    assert_eq!(numbers(&imap), ["1", "2"]);
    imap.learn("imap", &sent(2, "a2 EXAMINE Drafts"));
    assert!(numbers(&imap).is_empty());
}

#[test]
fn what_came_in_the_clear_is_dropped_and_what_was_typed_stays() {
    let mut known = imap(&[
        untagged("* LIST () \"/\" planted"),
        untagged("* FLAGS (\\Seen planted)"),
        sent(1, "a1 LOGIN alice@example.org ••••"),
    ]);
    known.secured();
    assert!(known.mailboxes("", 9).is_empty() && known.keywords().is_empty());
    assert_eq!(known.addresses("ali"), ["alice@example.org"]);
}

#[test]
fn addresses_come_latest_first() {
    let mut known = Known::default();
    for (n, text) in [
        "EHLO me.test",
        "MAIL FROM:<a@b> SIZE=3",
        "RCPT TO:<\"x>y\"@b>",
        "RCPT TO:<>",
        "RCPT TO:<ab@b>",
    ]
    .iter()
    .enumerate()
    {
        known.learn("smtp", &sent(n as u64 + 1, text));
    }
    assert_eq!(known.addresses("A"), ["ab@b", "a@b"]);
    assert_eq!(known.addresses("\"x"), ["\"x>y\"@b"]);
    assert_eq!(known.hosts(""), ["me.test"]);
}

#[test]
fn nothing_grows_without_limit() {
    let mut known = Known::default();
    for n in 0..200u32 {
        let name = format!("{n:04}{}", "x".repeat(900));
        known.learn("imap", &untagged(&format!("* LIST () \"/\" {name}")));
    }
    for n in 0..30_000 {
        known.learn("imap", &untagged(&format!("* {n} FETCH (UID {n})")));
    }
    assert!(known.messages.len() <= MESSAGES_MAX && known.uids.len() <= MESSAGES_MAX);
    let mut few: Recent<()> = Recent::new(2);
    ["a", "b", "a", "c"]
        .iter()
        .for_each(|name| few.put(name, ()));
    assert_eq!(few.latest(""), ["c", "a"]);
    let mut hostile = Known::default();
    for text in [
        "* LIST (((((((((((((((((((((((",
        "* 1 FETCH (ENVELOPE ({5}",
        "*",
        "* SEARCH 99999999999999 x",
        "* LIST () NIL",
        "* 4294967295 EXPUNGE",
        "* OK [PERMANENTFLAGS",
    ] {
        hostile.learn("imap", &untagged(text));
    }
}
