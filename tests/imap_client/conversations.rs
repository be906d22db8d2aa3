//! Whole conversations: however they are cut, wherever they break off.

use ehlo::proto::engine::{ClientOptions, Engine, Input, Setting};
use ehlo::proto::event::{Closed, Event};
use proptest::prelude::*;

use crate::drive::{Drive, joined};

enum Turn {
    C(&'static str),
    S(&'static str),
}
use Turn::{C, S};

const CONVERSATIONS: &[&[Turn]] = &[
    &[
        S("* OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ IDLE] Dovecot ready.\r\n"),
        C("login charlie charlie"),
        S("a1 OK [CAPABILITY IMAP4rev1 IDLE UIDPLUS] Logged in\r\n"),
        C("select inbox"),
        S(
            "* FLAGS (\\Answered \\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] Flags permitted.\r\n* 3 EXISTS\r\n* OK [UIDNEXT 4] x\r\na2 OK [READ-WRITE] Select completed.\r\n",
        ),
        C("fetch 3 (envelope body[text] body.peek[header])"),
        S(
            "* 3 FETCH (ENVELOPE (\"d\" {3}\r\na\r\n NIL) BODY[TEXT] {66}\r\nHopefully you've received this email message without fault ?\r\n\r\n\r\n BODY[HEADER] {0}\r\n)\r\na3 OK Fetch completed.\r\n",
        ),
        C("append inbox {6}"),
        S("+ OK\r\n"),
        C("ab"),
        C("cd"),
        S("a4 OK [APPENDUID 1 4] done\r\n"),
        C("idle"),
        S("+ idling\r\n* 4 EXISTS\r\n"),
        C("DONE"),
        S("a5 OK\r\n"),
        C("logout"),
        S("* BYE Logging out\r\na6 OK Logout completed.\r\n"),
    ],
    &[
        S("* OK hi\r\n"),
        C("authenticate login"),
        S("+ VXNlcm5hbWU6\r\n"),
        C("YQ=="),
        S("+ UGFzc3dvcmQ6\r\n"),
        C("Yg=="),
        S("a1 NO [AUTHENTICATIONFAILED] no\n"),
        C("noop"),
        C("noop"),
        S("a3 OK\r\n\r\na2 OK\r\n* BYE idle too long\r\n"),
    ],
    &[
        S("* OK hi\r\n"),
        C("starttls"),
        S("a1 NO not now\r\n"),
        C("fetch 1 body[]"),
        S("* 1 FETCH (BODY[] {-4}\r\nabc)\r\na2 OK\r\n"),
    ],
];

fn run(turns: &[Turn], chunk: usize, stop: usize) -> (Drive, bool) {
    let mut drive = Drive::new(&ClientOptions::default());
    drive.chunk = chunk;
    let mut room = stop;
    for turn in turns {
        match turn {
            C(line) => {
                let _ = drive.submit(Input::Line(line.as_bytes()));
            }
            S(bytes) => {
                let cut = bytes.len().min(room);
                drive.server(&bytes.as_bytes()[..cut]);
                room -= cut;
                if room == 0 {
                    return (drive, true);
                }
            }
        }
    }
    (drive, false)
}

#[test]
fn any_cut_gives_the_same_events() {
    for turns in CONVERSATIONS {
        let whole = joined(&run(turns, usize::MAX, usize::MAX).0.events);
        for chunk in [1, 2, 7, 4096] {
            let cut = joined(&run(turns, chunk, usize::MAX).0.events);
            assert_eq!(cut, whole, "chunks of {chunk}");
        }
    }
}

#[test]
fn an_end_after_any_octet_is_told_once() {
    for turns in CONVERSATIONS {
        let total: usize = turns
            .iter()
            .map(|turn| match turn {
                S(bytes) => bytes.len(),
                C(_) => 0,
            })
            .sum();
        for stop in 1..=total {
            let (mut drive, _) = run(turns, usize::MAX, stop);
            let over = drive.failure().is_some();
            drive.eof();
            drive.eof();
            let closed: Vec<&Closed> = drive
                .events
                .iter()
                .filter_map(|event| match event {
                    Event::Closed(closed) => Some(closed),
                    _ => None,
                })
                .collect();
            assert_eq!(closed.len(), usize::from(!over), "after {stop}");
            let received: String = turns
                .iter()
                .filter_map(|turn| match turn {
                    S(bytes) => Some(*bytes),
                    C(_) => None,
                })
                .collect::<String>()[..stop]
                .to_owned();
            for closed in closed {
                if closed.expected {
                    assert!(received.contains("* BYE"), "after {stop}");
                }
                if !received.ends_with('\n') {
                    assert!(closed.inside_reply, "after {stop}: {received:?}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_every_cut_agrees(
        words in prop::collection::vec(prop::sample::select(vec![
            "* ", "a1 ", "a2 ", "+ ", "OK", "NO ", "BYE", "[CAPABILITY ", "]", " FETCH (", "{3}", "{0}", "{-1}",
            "\"", "\\", "abc", "\r\n", "\r\n", "\r\n", "\n", "\r", "\0", "\u{fc}", "PREAUTH", "LIST",
        ]), 0..60),
        typed in prop::collection::vec(prop::sample::select(vec![
            "noop", "login a b", "login a {3}", "login {1+}", "authenticate plain", "idle", "DONE", "starttls",
            "select {3}", "abc", "", "x1 fetch 1 body[]", "*", "a {", "logout",
        ]), 0..6),
        size in 1usize..9,
        tags in any::<bool>(),
    ) {
        let bytes: Vec<u8> = words.concat().into_bytes();
        let run = |size: usize| {
            let mut drive = Drive::new(&ClientOptions::default());
            drive.engine.set(Setting::Tags(tags));
            drive.server("* OK hi\r\n");
            for line in &typed {
                let _ = drive.submit(Input::Line(line.as_bytes()));
            }
            for chunk in bytes.chunks(size) {
                // As a session does: nothing is fed behind a go-ahead for TLS.
                if drive.tls == 0 {
                    drive.server(chunk);
                }
            }
            let tls = drive.tls;
            drive.eof();
            (joined(&drive.events), tls)
        };
        let (whole, tls) = run(usize::MAX);
        let (cut, _) = run(size);
        if tls == 0 {
            prop_assert_eq!(cut, whole);
        }
    }

    #[test]
    fn arbitrary_octets_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), size in 1usize..20) {
        let mut drive = Drive::greeted();
        drive.line("fetch 1 body[]");
        drive.chunk = size;
        drive.server(&bytes);
        drive.eof();
        prop_assert!(drive.closes <= 1);
    }
}
