//! Whole conversations: the same events however the bytes are cut, and an end after every byte.

use ehlo::proto::event::Event;

use super::wire::Wire;

/// What is typed, and the replies to it: each string of the second part is one whole reply.
type Talk = &'static [(&'static str, &'static [&'static str])];

const SMTP: Talk = &[
    ("", &["220-mail.example.org ESMTP\r\n220 be patient\r\n"]),
    (
        "EHLO client.example.org",
        &[
            "250-mail.example.org\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n",
        ],
    ),
    ("AUTH LOGIN", &["334 VXNlcm5hbWU6\r\n"]),
    ("YWxpY2U=", &["334 UGFzc3dvcmQ6\r\n"]),
    (
        "d29uZGVybGFuZA==",
        &["235 2.7.0 Authentication successful\r\n"],
    ),
    ("MAIL FROM:<samt@example.org>", &["250 2.1.0 Ok\r\n"]),
    (
        "RCPT TO:<nobody@example.org>",
        &["550 5.1.1 no such user\r\n"],
    ),
    ("RCPT TO:<charlie@example.org>", &["250 2.1.5 Ok\r\n"]),
    ("DATA", &["354 End data with <CR><LF>.<CR><LF>\r\n"]),
    ("Subject: test", &[]),
    ("", &[]),
    (".hidden", &[]),
    (".", &["250 2.0.0 Ok: queued as 699ACBA2D7\r\n"]),
    ("NONSENSE \u{1b}", &["500 5.5.2 \x1b[2J no\n"]),
    ("QUIT", &["221 2.0.0 Bye\r\n"]),
];

const LMTP: Talk = &[
    ("", &["220 lmtp ready\r\n"]),
    ("LHLO me", &["250-lmtp\r\n250 PIPELINING\r\n"]),
    ("MAIL FROM:<>", &["250 2.1.0 Ok\r\n"]),
    ("RCPT TO:<a@b>", &["250 2.1.5 Ok\r\n"]),
    ("RCPT TO:<c@d>", &["250 2.1.5 Ok\r\n"]),
    ("DATA", &["354 go\r\n"]),
    ("x", &[]),
    (
        ".",
        &[
            "250 2.0.0 <a@b> saved\r\n",
            "452-4.2.2 <c@d>\r\n452 4.2.2 full\r\n",
        ],
    ),
    ("QUIT", &["221 bye\r\n"]),
];

const POP3: Talk = &[
    ("", &["+OK ready <1896.697@host.example>\r\n"]),
    (
        "CAPA",
        &["+OK\r\nTOP\r\nUIDL\r\nSASL PLAIN SCRAM-SHA-256\r\n.\r\n"],
    ),
    ("USER alice", &["+OK\r\n"]),
    ("PASS wonder land", &["+OK [X] in\r\n"]),
    ("STAT", &["+OK 2 320\r\n"]),
    ("LIST", &["+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n"]),
    ("LIST 1", &["+OK 1 120\r\n"]),
    ("LIST 9", &["-ERR no such message\r\n"]),
    (
        "RETR 1",
        &["+OK 120 octets\r\nSubject: x\r\n\r\n..dot\r\n...\r\nbare \n.\nlf\r\r\n.\r\n"],
    ),
    ("TOP 2 0", &["+OK\r\n.\r\n"]),
    ("UIDL", &["+OK lf\na\n..b\n.\n"]),
    ("DELE 1", &["-ERR [IN-USE] \x07later\r\n"]),
    ("QUIT", &["+OK bye\r\n"]),
];

const ALL: &[(&str, Talk)] = &[("smtp", SMTP), ("lmtp", LMTP), ("pop3", POP3)];

fn played(protocol: &str, talk: Talk, cut: usize) -> Wire {
    let mut wire = Wire::new(protocol);
    wire.cut = cut;
    for (n, (line, replies)) in talk.iter().enumerate() {
        if n > 0 {
            wire.say(line);
        }
        wire.hear(replies.concat());
    }
    wire
}

#[test]
fn any_cut_gives_the_same_events() {
    for (protocol, talk) in ALL {
        let whole = played(protocol, talk, usize::MAX);
        assert!(
            whole.engine.due().is_empty() && whole.engine.facts().leaving,
            "{protocol}"
        );
        for cut in [1, 2, 7, 4096] {
            let other = played(protocol, talk, cut);
            assert_eq!(other.events, whole.events, "{protocol} in chunks of {cut}");
            assert_eq!(other.written, whole.written);
        }
    }
}

#[test]
fn an_end_after_any_byte_is_told_truly() {
    for (protocol, talk) in ALL {
        for (turn, (_, replies)) in talk.iter().enumerate() {
            let bytes = replies.concat();
            let mut whole_at = vec![0];
            for reply in *replies {
                whole_at.push(whole_at.last().unwrap() + reply.len());
            }
            for end in 0..=bytes.len() {
                let mut wire = played(protocol, &talk[..turn], 3);
                if turn > 0 {
                    wire.say(talk[turn].0);
                }
                wire.hear(&bytes.as_bytes()[..end]);
                let closed = wire.close();
                let place = format!("{protocol}, turn {turn}, byte {end}");
                assert_eq!(closed.inside_reply, !whole_at.contains(&end), "{place}");
                assert_eq!(closed.expected, talk[turn].0 == "QUIT", "{place}");
                let ends = |e: &&Event| matches!(e, Event::Closed(_));
                assert_eq!(wire.events.iter().filter(ends).count(), 1, "{place}");
            }
        }
    }
}

#[test]
fn a_reply_follows_its_last_line() {
    for (protocol, talk) in ALL {
        let events = played(protocol, talk, usize::MAX).events;
        for pair in events.windows(2) {
            if matches!(pair[1], Event::Reply(_)) {
                assert!(matches!(pair[0], Event::Line(_)), "{:?}", pair[1]);
            }
        }
    }
}

#[test]
fn exchanges_are_numbered_by_command() {
    let wire = played("smtp", SMTP, usize::MAX);
    let sent: Vec<_> = wire
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Sent(sent) => Some(sent.exchange.0),
            _ => None,
        })
        .collect();
    // AUTH with its answers is one exchange; so is DATA with its body.
    assert_eq!(sent, [1, 2, 2, 2, 3, 4, 5, 6, 6, 6, 6, 6, 7, 8]);
    let replies = wire.replies();
    assert_eq!(replies[0].exchange.map(|e| e.0), Some(0));
    assert_eq!(replies.last().unwrap().exchange.map(|e| e.0), Some(8));
}
