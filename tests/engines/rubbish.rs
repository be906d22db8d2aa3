//! Servers that make no sense: nothing panics, nothing grows, everything ends.

use ehlo::proto::engine::{ClientOptions, Input, PART_MAX, Step};
use ehlo::proto::event::Event;
use ehlo::proto::protocol;
use proptest::prelude::*;

/// Pieces that make sense somewhere, and pieces that never do.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(
            [
                &b"220 h\r\n"[..],
                b"250-a\r\n",
                b"250 ok\r\n",
                b"250",
                b"-",
                b"354 go\r\n",
                b"334 \r\n",
                b"334 eA==\r\n",
                b"334 @\r\n",
                b"235 in\r\n",
                b"421 bye\r\n",
                b"550 5.1.1 no\n",
                b"050 x\r\n",
                b"+OK\r\n",
                b"+OK [X] y\r\n",
                b"-ERR\r\n",
                b"+ \r\n",
                b"+ eA==\r\n",
                b".\r\n",
                b"..\r\n",
                b".",
                b"\r",
                b"\n",
                b"\r\n.\r\n",
                b"\0",
                b"\x1b[2J",
                b"* OK\r\n",
                b"9",
            ]
            .map(<[u8]>::to_vec)
            .to_vec()
        ),
        prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn typed() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "EHLO me",
        "LHLO me",
        "MAIL FROM:<a@b>",
        "RCPT TO:<c@d>",
        "DATA",
        "x",
        ".",
        "..",
        "BDAT 3",
        "BDAT 3 LAST",
        "AUTH PLAIN",
        "AUTH LOGIN eA==",
        "AUTH",
        "*",
        "eA==",
        "",
        "STARTTLS",
        "STLS",
        "QUIT",
        "CAPA",
        "LIST",
        "RETR 1",
        "USER a",
        "PASS b",
        "XTND XMIT",
        "RSET",
        "MAIL FROM:",
        "RCPT",
        "BDAT",
        "BDAT 99999999999999999999",
        "XCLIENT a=b",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_panics_and_nothing_is_kept(
        name in prop::sample::select(vec!["smtp", "lmtp", "pop3"]),
        strict: bool,
        turns in prop::collection::vec((typed(), prop::collection::vec(piece(), 0..6)), 0..12),
    ) {
        let options = ClientOptions { strict, ..ClientOptions::default() };
        let mut engine = (protocol(name).unwrap().client)(&options);
        let mut ended = 0;
        for (line, pieces) in turns {
            // A refusal is an answer too.
            let _ = engine.submit(Input::Line(line.as_bytes()));
            for piece in pieces {
                engine.receive(&piece);
                loop {
                    match engine.poll() {
                        Step::Wait => break,
                        Step::StartTls => engine.secured(),
                        Step::Event(Event::Part(part)) => prop_assert!(part.bytes.len() <= PART_MAX),
                        Step::Event(Event::Failed(_)) => ended += 1,
                        _ => {}
                    }
                }
            }
            let _ = (engine.mode(), engine.due(), engine.facts(), engine.patience(), engine.phase());
        }
        engine.closed();
        while !matches!(engine.poll(), Step::Wait) {}
        prop_assert!(ended <= 1, "a conversation fails once");
    }

    #[test]
    fn any_cut_of_rubbish_gives_the_same_events(
        name in prop::sample::select(vec!["smtp", "lmtp", "pop3"]),
        greeting in prop::sample::select(vec!["220 h\r\n", "+OK\r\n", "x\r\n"]),
        pieces in prop::collection::vec(piece(), 0..12),
        cut in 1usize..9,
    ) {
        let bytes = [greeting.as_bytes(), &pieces.concat()].concat();
        let mut logs = Vec::new();
        for cut in [cut, usize::MAX] {
            let mut wire = super::wire::Wire::new(name);
            wire.cut = cut;
            // Commands wait, so that what comes has something to answer.
            for line in ["EHLO me", "CAPA", "LIST", "MAIL FROM:<a@b>", "RETR 1"] {
                wire.say(line);
            }
            wire.hear(&bytes);
            wire.engine.closed();
            wire.drain();
            logs.push(wire.events);
        }
        prop_assert_eq!(&logs[0], &logs[1]);
    }
}
