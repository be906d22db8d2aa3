//! POP3: which replies have a body, what is marked, what passes.

use ehlo::proto::engine::{Input, Mode, PART_MAX, Refusal, Setting};
use ehlo::proto::event::{Content, Event, FailureKind, LineKind, Verdict};
use ehlo::wire::secret::Secret;

use super::wire::Wire;

fn logged_in() -> Wire {
    let mut wire = Wire::new("pop3");
    wire.hear("+OK ready\r\n")
        .turn("USER alice", "+OK\r\n")
        .turn("PASS wonderland", "+OK\r\n");
    wire
}

#[test]
fn phases_and_facts() {
    let mut wire = logged_in();
    assert_eq!(wire.engine.phase().0, "transaction");
    assert_eq!(wire.engine.facts().user.as_deref(), Some("alice"));
    wire.turn("DELE 1", "+OK\r\n")
        .turn("DELE 1", "-ERR gone\r\n")
        .turn("DELE 2", "+OK\r\n");
    assert_eq!(wire.engine.facts().deletes_pending, 2);
    wire.turn("RSET", "+OK\r\n");
    assert_eq!(wire.engine.facts().deletes_pending, 0);
    wire.turn("DELE 1", "+OK\r\n").turn("QUIT", "+OK bye\r\n");
    assert_eq!(wire.engine.phase().0, "update");
    assert!(wire.engine.facts().leaving && wire.close().expected);
}

#[test]
fn a_body_follows_by_verb_argument_and_status() {
    for (line, body) in [
        ("CAPA", true),
        ("LIST", true),
        ("LIST 1", false),
        ("UIDL", true),
        ("uidl 1", false),
        ("TOP 1 0", true),
        ("RETR 1", true),
        ("LANG", true),
        ("LANG en", false),
        ("AUTH", true),
        ("STAT", false),
        ("XYZZY", false),
    ] {
        let mut wire = logged_in();
        wire.turn(line, "+OK fine\r\n");
        assert_eq!(wire.reply().to == "PASS", body, "{line}");
        assert_eq!(
            wire.engine.due().len(),
            usize::from(body),
            "owed to its dot"
        );
        assert_eq!(wire.engine.patience().is_some(), body);
        if body {
            assert!(wire.close().inside_reply, "{line}");
        }
        let mut wire = logged_in();
        wire.turn(line, "-ERR no\r\n");
        assert_ne!(wire.reply().to, "PASS", "{line}");
    }
}

#[test]
fn the_next_reply_can_be_called_multi_line() {
    let mut wire = logged_in();
    wire.engine.set(Setting::NextIsMultiLine);
    wire.turn("XLIST", "+OK\r\na\r\n.\r\n")
        .turn("XLIST", "+OK\r\n");
    let contents: Vec<_> = wire.replies().iter().map(|r| r.content).collect();
    assert_eq!(contents[3..], [3, 0]);
}

#[test]
fn content_comes_without_its_dots() {
    let mut wire = logged_in();
    wire.turn("RETR 1", "+OK\r\n..a\r\nb\r\n...\r\n.\r\n+OK late\r\n");
    let part = wire.parts()[0];
    assert_eq!(
        (part.bytes.as_slice(), part.last),
        (&b".a\r\nb\r\n..\r\n"[..], true)
    );
    assert_eq!(wire.replies()[3].content, 11);
    let kinds: Vec<_> = wire
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Line(line) => Some(line.kind),
            _ => None,
        })
        .collect();
    assert_eq!(
        kinds[3..],
        [LineKind::More, LineKind::End, LineKind::Status]
    );
    assert!(format!("{:?}", wire.oddities()).contains("answers no command"));
}

#[test]
fn pipelined_bodies_do_not_run_together() {
    let mut wire = logged_in();
    wire.say("RETR 1").say("LIST").say("STAT").say("TOP 2 0");
    wire.hear("+OK\r\none\r\n.\r\n+OK\r\n1 5\r\n.\r\n+OK 1 5\r\n-ERR no\r\n");
    assert_eq!(
        wire.answers()[3..],
        ["RETR +OK", "LIST +OK", "STAT +OK", "TOP -ERR"]
    );
    let bodies: Vec<_> = wire.parts().iter().map(|p| p.bytes.clone()).collect();
    assert_eq!(bodies, [b"one\r\n".to_vec(), b"1 5\r\n".to_vec()]);
}

#[test]
fn parts_are_small() {
    let mut wire = logged_in();
    wire.say("RETR 1").hear("+OK\r\n");
    let line = [vec![b'x'; 999], b"\n".to_vec()].concat();
    wire.engine.receive(&line.repeat(300));
    let mut parts = 0;
    while let ehlo::proto::engine::Step::Event(Event::Part(part)) = wire.engine.poll() {
        assert!(part.bytes.len() <= PART_MAX);
        parts += 1;
    }
    assert_eq!(parts, 5);
}

#[test]
fn response_codes_and_verdicts() {
    let mut wire = logged_in();
    for (line, code, verdict) in [
        ("-ERR [IN-USE] busy", "IN-USE", Verdict::TryLater),
        ("-ERR [LOGIN-DELAY] wait", "LOGIN-DELAY", Verdict::TryLater),
        ("-ERR [SYS/TEMP] later", "SYS/TEMP", Verdict::TryLater),
        ("-ERR [UNAVAILABLE] later", "UNAVAILABLE", Verdict::TryLater),
        ("-ERR [SYS/PERM] never", "SYS/PERM", Verdict::Refused),
        ("-ERR [AUTH] no", "AUTH", Verdict::Refused),
        ("+OK [X 1] fine", "X 1", Verdict::Good),
    ] {
        wire.turn("NOOP", &format!("{line}\r\n"));
        assert_eq!(wire.reply().response_code.as_deref(), Some(code));
        assert_eq!(wire.reply().verdict, verdict, "{line}");
    }
}

#[test]
fn capabilities() {
    let mut wire = Wire::new("pop3");
    wire.hear("+OK\r\n").turn(
        "CAPA",
        "+OK list\r\nTOP\r\nexpire 60 USER\r\nSASL PLAIN cram-md5\r\n.\r\n",
    );
    let offers = wire.engine.offers();
    assert_eq!(offers.rest("EXPIRE"), Some("60 USER"));
    assert_eq!(offers.mechanisms(), ["PLAIN", "CRAM-MD5"]);
    wire.say("UIDL").say("AUTH LOGIN");
    let said = format!("{:?}", wire.advice());
    assert!(said.contains("WrongPhase") && said.contains("NotAdvertised"));
    assert!(said.contains("does not offer LOGIN"));

    let mut wire = Wire::new("pop3");
    wire.hear("+OK\r\n")
        .say("CAPA")
        .hear("+OK\r\n")
        .hear("X\r\n".repeat(1001));
    wire.assert_failed(FailureKind::Protocol, "list of capabilities");
    // A listing that is no CAPA flows.
    let mut wire = logged_in();
    wire.say("UIDL")
        .hear("+OK\r\n")
        .hear("1 abc\r\n".repeat(100_000))
        .hear(".\r\n");
    assert_eq!(wire.reply().content, 700_000);
}

#[test]
fn apop_is_made_from_the_greeting() {
    let password = Secret::new("tanstaaf");
    let mut wire = Wire::new("pop3");
    wire.hear("+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n");
    let apop = |user| Input::Apop {
        user,
        password: &password,
    };
    assert!(wire.input(apop("two words")).is_err());
    wire.input(apop("mrose")).unwrap();
    assert_eq!(
        wire.sent(),
        "APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"
    );
    wire.hear("+OK maildrop has 1 message\r\n");
    assert_eq!(wire.engine.facts().user.as_deref(), Some("mrose"));

    let mut wire = Wire::new("pop3");
    wire.hear("+OK ready\r\n");
    assert!(matches!(
        wire.input(apop("mrose")),
        Err(Refusal::NoSuchLogin(_))
    ));
}

#[test]
fn user_and_pass_are_one_exchange() {
    let password = Secret::new(" spaced ");
    let mut wire = Wire::new("pop3");
    wire.hear("+OK\r\n");
    let login = || Input::Login {
        user: "alice",
        password: &password,
    };
    let exchange = wire.input(login()).unwrap();
    assert_eq!(wire.sent(), "USER alice\r\n");
    assert!(matches!(wire.refused("PASS x"), Refusal::NotNow(_)));
    wire.hear("+OK\r\n");
    assert!(wire.reply().intermediate);
    assert_eq!(wire.sent(), "PASS  spaced \r\n");
    wire.hear("+OK\r\n");
    assert_eq!(wire.reply().exchange, Some(exchange));
    assert!(!wire.reply().intermediate && wire.engine.facts().logged_in);

    let mut wire = Wire::new("pop3");
    wire.hear("+OK\r\n").input(login()).unwrap();
    wire.hear("-ERR who?\r\n");
    assert_eq!(wire.sent(), "USER alice\r\n");
    assert!(!wire.reply().intermediate);
    let broken = Secret::new("a\r\nDELE 1");
    let login = Input::Login {
        user: "alice",
        password: &broken,
    };
    assert_eq!(wire.input(login), Err(Refusal::LineBreakInside));
}

#[test]
fn a_farewell_nobody_asked_for() {
    let mut wire = logged_in();
    wire.hear("-ERR Disconnected for inactivity.\r\n");
    let closed = wire.close();
    assert_eq!(
        closed.reason.as_deref(),
        Some(&b"Disconnected for inactivity."[..])
    );
    assert!(!closed.expected);
    let mut wire = Wire::strict("pop3");
    wire.hear("+OK hi\r\n+OK pre-emptive\r\n");
    wire.assert_failed(FailureKind::Protocol, "answers no command");
}

#[test]
fn mail_over_pop3() {
    let mut wire = logged_in();
    wire.sent();
    wire.turn("XTND XMIT", "+OK go\r\n");
    assert_eq!(wire.engine.mode(), Mode::Body);
    wire.say(".x").turn(".", "+OK sent\r\n");
    assert_eq!(wire.sent(), "XTND XMIT\r\n..x\r\n.\r\n");
    assert_eq!(wire.reply().to, ".");
    wire.turn("XTND XMIT", "-ERR no\r\n");
    assert_eq!(wire.reply().unsent, Some(Content::Body));
}

#[test]
fn other_protocols_are_named() {
    for (greeting, name) in [
        (&b"* OK IMAP4rev1\r\n"[..], "IMAP"),
        (b"220 h ESMTP\r\n", "SMTP"),
        (&[0x16, 3, 3, 0, 2], "TLS"),
    ] {
        let mut wire = Wire::new("pop3");
        wire.cut = 1;
        wire.hear(greeting);
        wire.assert_failed(FailureKind::Protocol, name);
    }
    let mut wire = logged_in();
    wire.say("NOOP").hear(vec![b'+'; 70_000]);
    wire.assert_failed(FailureKind::Protocol, "65536 octets");
}
