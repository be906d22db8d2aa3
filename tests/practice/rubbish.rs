//! Any octets in any chunks: no panic, bounded memory, and a reply or a close for every line.

use proptest::prelude::*;

use ehlo::proto::engine::{Engine, Step};
use ehlo::proto::smtp::server::Role;

use crate::bench::{Talk, mail, service};

/// Octets written, and whether the engine closed.
fn drain(engine: &mut dyn Engine) -> (usize, bool) {
    let (mut written, mut closed) = (0, false);
    loop {
        match engine.poll() {
            Step::Write(bytes) => written += bytes.len(),
            Step::Close => closed = true,
            Step::StartTls => engine.secured(),
            Step::Event(_) | Step::Pause(_) => {}
            Step::Wait => return (written, closed),
        }
    }
}

/// Words that get a fuzzer past the first door.
fn words() -> impl Strategy<Value = Vec<u8>> {
    let known: &[&[u8]] = &[
        b"EHLO x\r\n",
        b"LHLO x\r\n",
        b"MAIL FROM:<>\r\n",
        b"RCPT TO:<alice@ehlo.test>\r\n",
        b"DATA\r\n",
        b"\r\n.\r\n",
        b"BDAT 5\r\n",
        b"BDAT 3 LAST\r\n",
        b"AUTH PLAIN\r\n",
        b"AUTH LOGIN =\r\n",
        b"STARTTLS\r\n",
        b"RSET\r\n",
        b"AUTH SCRAM-SHA-256 biwsbj1hLHI9eA==\r\n",
        b"AGFsaWNlAHdvbmRlcmxhbmQ=\r\n",
        b"USER alice\r\n",
        b"PASS wonderland\r\n",
        b"RETR 1\r\n",
        b"LIST\r\n",
        b"TOP 1 99999999999999999999\r\n",
        b"DELE 1\r\n",
        b"UIDL 0\r\n",
        b"STLS\r\n",
        b"*\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"\xff\xfe",
        b" ",
        b"<",
        b"\"",
    ];
    prop_oneof![
        4 => prop::sample::select(known).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(words(), 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_octets_in_any_chunks(octets in stream(), size in 1usize..50, which in 0usize..4) {
        let run = |size: usize| {
            let service = service(Vec::new());
            let mut talk = match which {
                0 => Talk::smtp(&service, Role::Mx),
                1 => Talk::smtp(&service, Role::Submission),
                2 => Talk::smtp(&service, Role::Lmtp),
                _ => Talk::pop3(&service),
            };
            let mut said = talk.heard();
            for chunk in octets.chunks(size) {
                said.push_str(&talk.raw(chunk));
            }
            (said, mail(&service, "alice", "INBOX").len())
        };
        let tls = octets.windows(5).any(|w| w.eq_ignore_ascii_case(b"START") || w.eq_ignore_ascii_case(b"STLS\r"));
        let (said, messages) = run(size);
        prop_assert!(said.starts_with("220 ") || said.starts_with("+OK "));
        if !tls {
            // Where TLS begins, what is dropped depends on what came with it.
            prop_assert_eq!((said, messages), run(octets.len().max(1)));
        }
    }

    #[test]
    fn every_line_is_answered(lines in prop::collection::vec("[ -~]{0,60}", 1..10), pop3: bool) {
        let service = service(Vec::new());
        let mut talk = if pop3 { Talk::pop3(&service) } else { Talk::smtp(&service, Role::Mx) };
        talk.heard();
        for line in lines {
            let chunk = line.get(..4).is_some_and(|v| v.eq_ignore_ascii_case("BDAT"));
            let reply = talk.say(&line);
            prop_assert!(chunk || !reply.is_empty(), "{}", line);
            if reply.contains("<close>") {
                break;
            }
        }
    }
}

#[test]
fn a_line_without_end_is_cut_off() {
    let service = service(Vec::new());
    for mut talk in [Talk::smtp(&service, Role::Mx), Talk::pop3(&service)] {
        talk.heard();
        let mut written = 0;
        for _ in 0..2_000 {
            talk.engine.receive(&[b'A'; 4096]);
            written += drain(talk.engine.as_mut()).0;
        }
        assert!((1..200).contains(&written), "{written}");
    }
}

#[test]
fn a_peer_that_only_talks_is_shown_the_door() {
    let service = service(Vec::new());
    for mut talk in [Talk::smtp(&service, Role::Mx), Talk::pop3(&service)] {
        talk.heard();
        let mut closed = false;
        for _ in 0..100 {
            talk.engine.receive(b"BOO\r\n");
            closed |= drain(talk.engine.as_mut()).1;
        }
        assert!(closed);
    }
}
