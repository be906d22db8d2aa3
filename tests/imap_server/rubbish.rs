//! Any octets in any chunks: no panic, bounded memory, and an answer or a close for every line.

use proptest::prelude::*;

use ehlo::proto::engine::Engine;

use crate::bench::{Talk, service};

/// Words that get a fuzzer past the first door.
const WORDS: &[&[u8]] = &[
    b"a LOGIN alice wonderland\r\n",
    b"a AUTHENTICATE PLAIN\r\n",
    b"a AUTHENTICATE SCRAM-SHA-256 biwsbj1hLHI9eA==\r\n",
    b"AGFsaWNlAHdvbmRlcmxhbmQ=\r\n",
    b"b SELECT INBOX\r\n",
    b"c FETCH ",
    b"UID FETCH ",
    b"1:* ",
    b"2,4:3,* ",
    b"$ ",
    b"(FLAGS UID ENVELOPE BODYSTRUCTURE) ",
    b"BODY.PEEK[1.2.HEADER.FIELDS (From \"To\")]<0.7>",
    b"BINARY[1]",
    b"d STORE ",
    b"+FLAGS.SILENT (\\Seen \\Deleted kw)\r\n",
    b"(UNCHANGEDSINCE 3) ",
    b"e SEARCH ",
    b"RETURN (SAVE MIN ALL) ",
    b"OR NOT (UNSEEN) ",
    b"SUBJECT {5+}\r\nlunch ",
    b"CHARSET utf-7 ",
    b"SENTSINCE 1-Jan-2020 ",
    b"f APPEND INBOX (\\Seen) {20+}\r\n01234567890123456789\r\n",
    b"g APPEND INBOX ~{3}\r\n",
    b"h IDLE\r\n",
    b"DONE\r\n",
    b"i LIST (SUBSCRIBED) \"\" (% *) RETURN (STATUS (SIZE))\r\n",
    b"j EXPUNGE\r\n",
    b"k COPY 1:3 Archive\r\n",
    b"l MOVE 1 INBOX\r\n",
    b"m RENAME INBOX x/y\r\n",
    b"n CREATE &AOk-/\xc3\xa9\r\n",
    b"o ENABLE UTF8=ACCEPT IMAP4rev2\r\n",
    b"p CLOSE\r\n",
    b"q ID (\"a\" NIL)\r\n",
    b"r DELETE INBOX/x\r\n",
    b"{3}\r\n",
    b"{99999999999999999999}\r\n",
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff",
    b"\"",
    b"(",
    b")",
    b" ",
    b"*",
];

/// Pieces of messages, proper and broken.
const PIECES: &[&[u8]] = &[
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: text/plain; charset=\"x\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"From: a <b@c>, (x\r\n",
    b"To: g: a@b;, <@r:u@d>\r\n",
    b"Subject: =?utf-8?q?=C3?= =?x?b?!!\r\n",
    b"Date: Mon, 99 Xxx\r\n",
    b"\r\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"=",
    b"Zm9v",
    b"\n",
    b": x\r\n",
    b" folded\r\n",
    b"Content-Disposition: attachment; filename*=\"\\\r\n",
];

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        6 => prop::sample::select(WORDS).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ];
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

fn run(octets: &[u8], size: usize, inside: bool) -> String {
    let service = service();
    let mut talk = if inside {
        Talk::inside(&service, "INBOX")
    } else {
        Talk::new(&service)
    };
    let mut said = String::new();
    for chunk in octets.chunks(size) {
        talk.engine.receive(chunk);
        said.push_str(&talk.heard());
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_octets_in_any_chunks(octets in stream(), size in 1usize..60, inside: bool) {
        let cut = run(&octets, size, inside);
        prop_assert_eq!(cut, run(&octets, octets.len().max(1), inside));
    }

    #[test]
    fn every_line_is_answered(lines in prop::collection::vec("[ -~]{0,60}", 1..12), inside: bool) {
        let service = service();
        let mut talk = if inside { Talk::inside(&service, "INBOX") } else { Talk::new(&service) };
        for line in lines {
            let waits = line.ends_with("+}") || line.ends_with("-}");
            let reply = talk.say(&line);
            prop_assert!(waits || !reply.is_empty(), "{}", line);
            // Behind a go-ahead the next lines may be what was asked for, and no command.
            if reply.contains("<close>") || reply.starts_with('+') {
                break;
            }
        }
    }

    #[test]
    fn any_message_can_be_fetched(octets in prop::collection::vec(
        prop_oneof![
            3 => prop::sample::select(PIECES).prop_map(<[u8]>::to_vec),
            1 => prop::collection::vec(any::<u8>(), 0..20),
        ], 1..30).prop_map(|parts| parts.concat())) {
        prop_assume!(!octets.is_empty());
        let service = service();
        let content = ehlo::store::message::Content::new(octets);
        let date = ehlo::store::date::Stamp::utc(0);
        service.store.lock().deliver("alice", "Junk", &content, date).unwrap();
        let mut talk = Talk::inside(&service, "Junk");
        let heard = talk.say("a FETCH 1 (FLAGS ENVELOPE BODY BODYSTRUCTURE BODY[1.1.MIME] BODY[1.HEADER] BODY[2] BODY[HEADER.FIELDS (From)] BINARY.SIZE[1])");
        prop_assert!(heard.starts_with("* 1 FETCH (") && heard.contains("\na "), "{}", heard);
        let heard = talk.say("b SEARCH OR TEXT foo OR SUBJECT \"\u{e9}\" OR FROM b SENTSINCE 1-Jan-1990");
        prop_assert!(heard.starts_with("* SEARCH"), "{}", heard);
    }
}
