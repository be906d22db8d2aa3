//! SMTP: replies, pipelining, content, advice and oddities.

use ehlo::proto::engine::{ClientOptions, Input, Mode, Refusal, Setting};
use ehlo::proto::event::{Advice, Content, Event, FailureKind, LineKind, Oddity, Verdict};

use super::wire::Wire;

const EHLO: &str =
    "250-h\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-AUTH=LOGIN PLAIN\r\n250 CHUNKING\r\n";

fn greeted() -> Wire {
    let mut wire = Wire::new("smtp");
    wire.hear("220 h ESMTP\r\n").turn("EHLO me", EHLO);
    wire
}

fn in_transaction() -> Wire {
    let mut wire = greeted();
    wire.turn("MAIL FROM:<a@b>", "250 2.1.0 ok\r\n")
        .turn("RCPT TO:<c@d>", "250 2.1.5 ok\r\n");
    wire
}

#[test]
fn offers_and_phases() {
    let mut wire = greeted();
    let offers = wire.engine.offers();
    assert_eq!(offers.rest("size"), Some("1000"));
    assert_eq!(offers.mechanisms(), ["LOGIN", "PLAIN"]);
    assert!(!offers.has("h"), "the first line names the server");
    assert_eq!(wire.engine.phase().0, "idle");
    wire.turn("HELO me", "250 h\r\n");
    assert!(wire.engine.offers().known && wire.engine.offers().items.is_empty());
}

#[test]
fn a_reply_tells_code_class_and_text() {
    let mut wire = greeted();
    wire.turn(
        "MAIL FROM:<a@b>",
        "452-4.3.1 full\r\n452 4.3.1 try later\r\n",
    );
    let reply = wire.reply();
    assert_eq!((reply.to.as_str(), reply.code.as_str()), ("MAIL", "452"));
    assert_eq!(reply.enhanced.as_deref(), Some("4.3.1"));
    assert_eq!(reply.verdict, Verdict::TryLater);
    assert_eq!((reply.text.as_slice(), reply.lines), (&b"try later"[..], 2));
}

#[test]
fn any_number_of_commands_in_flight() {
    let mut wire = greeted();
    wire.say("MAIL FROM:<a@b>")
        .say("RCPT TO:<c@d>")
        .say("RCPT TO:<e@f>")
        .say("DATA");
    assert_eq!(wire.engine.due().len(), 4);
    assert!(wire.advice().is_empty(), "{:?}", wire.advice());
    assert!(matches!(wire.refused("NOOP"), Refusal::NotNow(_)));
    wire.hear("250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n");
    assert_eq!(
        wire.answers()[2..],
        ["MAIL 250", "RCPT 550", "RCPT 250", "DATA 354"]
    );
    assert_eq!(wire.engine.mode(), Mode::Body);
    assert_eq!(wire.engine.facts().transaction, ["from <a@b>", "to <e@f>"]);
}

#[test]
fn a_body_is_stuffed_and_ended() {
    let mut wire = in_transaction();
    wire.turn("DATA", "354 go\r\n");
    wire.sent();
    wire.say("Subject: x")
        .say("")
        .say(".hidden")
        .say("..")
        .say(".");
    assert_eq!(wire.sent(), "Subject: x\r\n\r\n..hidden\r\n...\r\n.\r\n");
    let differing: Vec<_> = wire
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Sent(sent) if sent.differs => Some(sent.shown.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(differing, [b"..hidden".to_vec(), b"...".to_vec()]);
    assert_eq!(wire.engine.due()[0].to, ".");
    assert_eq!(wire.engine.patience().map(|p| p.as_secs()), Some(600));
    wire.hear("250 2.0.0 Ok: queued as 699ACBA2D7\r\n");
    assert_eq!(wire.reply().to, ".");
    assert_eq!(wire.reply().text, b"Ok: queued as 699ACBA2D7");
    assert_eq!(wire.engine.phase().0, "idle");
    assert!(wire.engine.facts().transaction.is_empty());
}

#[test]
fn streamed_content_hears_one_end() {
    let mut wire = in_transaction();
    wire.turn("DATA", "354 go\r\n").sent();
    let part = |bytes, last| Input::Content { bytes, last };
    wire.input(part(b"a\n.\n", false)).unwrap();
    wire.input(part(b"\r\n.\rMAIL", true)).unwrap();
    assert_eq!(wire.sent(), "a\r\n..\r\n\r\n..\r\nMAIL\r\n.\r\n");
    assert!(
        matches!(wire.advice()[..], [Advice::Remark(words)] if words.starts_with("3 bare")),
        "{:?}",
        wire.advice()
    );
    assert!(matches!(
        wire.input(part(b"x", false)),
        Err(Refusal::NotNow(_))
    ));
}

#[test]
fn refused_data_leaves_its_body_unsent() {
    let mut wire = greeted();
    wire.turn("DATA", "503 5.5.1 no recipients\r\n");
    assert_eq!(wire.reply().unsent, Some(Content::Body));
    assert_eq!(wire.engine.mode(), Mode::Command);
    wire.turn("RSET", "250 ok\r\n");
    assert_eq!(wire.reply().unsent, None);
}

#[test]
fn chunks_follow_their_command() {
    let mut wire = in_transaction();
    wire.sent();
    let chunk = |line, bytes| Input::Chunk { line, bytes };
    wire.input(chunk(b"BDAT 3", b"a.\n")).unwrap();
    wire.input(chunk(b"BDAT 4 LAST", b".\r")).unwrap();
    assert_eq!(wire.engine.mode(), Mode::Literal { octets_left: 2 });
    assert!(matches!(wire.refused("abc"), Refusal::NotNow(_)));
    wire.input(Input::Content {
        bytes: b"\nx",
        last: true,
    })
    .unwrap();
    assert_eq!(wire.sent(), "BDAT 3\r\na.\nBDAT 4 LAST\r\n.\r\nx");
    assert_eq!(wire.engine.mode(), Mode::Command);
    wire.hear("250 3 octets\r\n250 2.0.0 queued\r\n");
    assert_eq!(wire.answers()[4..], ["BDAT 250", "BDAT 250"]);
    assert_eq!(wire.engine.phase().0, "idle");
    assert!(wire.input(chunk(b"BDAT 1", b"two")).is_err());
    assert!(wire.input(chunk(b"NOOP", b"two")).is_err());
}

#[test]
fn typed_chunks_are_counted() {
    let mut wire = in_transaction();
    wire.sent();
    wire.say("BDAT 9 LAST").say("ab").say("cde");
    assert_eq!(wire.sent(), "BDAT 9 LAST\r\nab\r\ncde\r\n");
    assert_eq!(wire.engine.mode(), Mode::Command);
    wire.say("bdat 2").say("xy");
    assert_eq!(wire.sent(), "bdat 2\r\nxy");
}

#[test]
fn what_nobody_asked_for() {
    let mut wire = greeted();
    wire.hear("421 4.4.2 timeout, bye\r\n");
    assert_eq!(
        (wire.reply().exchange, wire.reply().to.as_str()),
        (None, "")
    );
    assert!(wire.engine.facts().leaving);
    let closed = wire.close();
    assert!(closed.expected && !closed.inside_reply);
    assert_eq!(closed.reason.as_deref(), Some(&b"timeout, bye"[..]));

    let mut wire = Wire::strict("smtp");
    wire.hear("220 h\r\n250 pre-emptive\r\n");
    wire.assert_failed(FailureKind::Protocol, "answers no command");
}

#[test]
fn quit_and_its_answer() {
    let mut wire = greeted();
    wire.turn("QUIT", "221 bye\r\n");
    assert!(wire.engine.facts().leaving);
    assert!(wire.close().expected);
    assert_eq!(wire.refused("NOOP"), Refusal::Closed);
    let mut wire = greeted();
    wire.say("NOOP");
    assert!(!wire.close().expected);
}

#[test]
fn advice_is_said_and_the_line_is_sent() {
    let cases: &[(&str, &str)] = &[
        ("MIAL FROM:<a@b>", "UnknownVerb"),
        ("RCPT TO:<a@b>", "WrongPhase"),
        ("EXPN x", "NotAdvertised"),
        ("MAIL FROM: <a@b>", "no blank"),
        ("MAIL FROM:a@b", "between < and >"),
        ("MAIL a@b", "needs FROM:"),
        ("MAIL FROM:<a@b> SIZE=1001", "at most 1000"),
        ("MAIL FROM:<a@b> RET=FULL", "DSN"),
        ("MAIL FROM:<a@b> WHAT=EVER", "no known parameter"),
        ("MAIL FROM:<a@b>\tSIZE=9", "a tab stands"),
        ("MAIL FROM:<ä@b>", "SMTPUTF8"),
        ("AUTH CRAM-MD5", "does not offer CRAM-MD5"),
        ("LHLO me", "LMTP"),
    ];
    for (line, words) in cases {
        let mut wire = greeted();
        wire.sent();
        wire.say(line);
        assert_eq!(wire.sent(), format!("{line}\r\n"));
        let said = format!("{:?}", wire.advice());
        assert!(said.contains(words), "{line}: {said}");
    }
    let mut wire = greeted();
    wire.say("MAIL FROM:<a@b> SIZE=1000")
        .say("rcpt to:<c@d>")
        .say("noop");
    assert!(wire.advice().is_empty(), "{:?}", wire.advice());
}

#[test]
fn oddities_of_the_server() {
    let cases: &[(&str, &str)] = &[
        ("250 ok\n", "BareLf"),
        ("250-a\r\n251 b\r\n", "codes within one reply differ"),
        ("250 5.0.0 b\r\n", "another class"),
        ("250 gr\u{fc}\r\n", "8-bit"),
        ("250 \x1b[2J\r\n", "Hostile"),
        ("what\r\n250 ok\r\n", "no reply"),
        ("250ok\r\n250 ok\r\n", "a blank or hyphen"),
        ("999 ok\r\n", "the code 999 is of no class"),
        ("000 ok\r\n", "the code 000 is of no class"),
    ];
    for (answer, words) in cases {
        let mut wire = greeted();
        wire.turn("NOOP", answer);
        let said = format!("{:?}", wire.oddities());
        assert!(said.contains(words), "{answer:?}: {said}");
        assert_eq!(wire.reply().to, "NOOP", "the conversation goes on");
    }
    let mut wire = greeted();
    wire.turn("NOOP", &format!("250 {}\r\n", "x".repeat(600)));
    assert!(format!("{:?}", wire.oddities()).contains("more than 512"));
    let mut quiet = greeted();
    quiet.engine.set(Setting::Lint(false));
    quiet.turn("NOOP", "250-5.0.0 \u{fc}\n251 b\n");
    assert!(quiet.oddities().is_empty());
    quiet.turn("NOOP", "250 \x07\r\n");
    assert_eq!(quiet.oddities(), [&Oddity::Hostile("a reply")]);
}

#[test]
fn other_protocols_are_named() {
    for (greeting, name) in [
        (&b"* OK IMAP4rev1\r\n"[..], "IMAP"),
        (b"+OK <1@h>\r\n", "POP3"),
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (&[0x15, 3, 1, 0, 2, 2, 40], "TLS"),
    ] {
        for cut in [1, usize::MAX] {
            let mut wire = Wire::new("smtp");
            wire.cut = cut;
            wire.hear(greeting);
            wire.assert_failed(FailureKind::Protocol, name);
        }
    }
    let mut wire = Wire::new("smtp");
    wire.hear("hello\r\n220 h\r\n");
    assert!(wire.failure().is_none(), "a person may look on");
    let mut wire = Wire::strict("smtp");
    wire.hear("hello\r\n");
    wire.assert_failed(FailureKind::Protocol, "no reply");
}

#[test]
fn limits_have_names() {
    let mut wire = greeted();
    wire.say("NOOP").hear(vec![b'2'; 70_000]);
    wire.assert_failed(FailureKind::Protocol, "65536 octets");

    let mut wire = Wire::new("smtp");
    wire.hear("220 h\r\n")
        .say("EHLO me")
        .hear("250-X\r\n".repeat(1001));
    wire.assert_failed(FailureKind::Protocol, "list of extensions");

    // Help may be long: it flows, with one remark, and a policy has enough at some point.
    let mut wire = greeted();
    wire.say("HELP")
        .hear("214-x\r\n".repeat(5000))
        .hear("214 end\r\n");
    assert_eq!(wire.reply().lines, 5001);
    assert_eq!(wire.oddities().len(), 1);
    let mut wire = Wire::strict("smtp");
    wire.hear("220 h\r\n")
        .say("HELP")
        .hear("214-xxxxxxxxxxxxxxxxxxx\r\n".repeat(50_000));
    wire.assert_failed(FailureKind::Protocol, "one reply of more than");
}

#[test]
fn sendmail_tells_of_its_progress() {
    let mut wire = greeted();
    wire.turn("NOOP", "050 working\r\n250 ok\r\n");
    assert_eq!((wire.reply().lines, wire.reply().code.as_str()), (1, "250"));
    assert!(wire.oddities().is_empty());
}

#[test]
fn line_breaks_are_refused() {
    for line in ["MAIL FROM:<a@b>\r\nDATA", "NOOP \n", "NOOP \r", "NOOP \0"] {
        assert_eq!(greeted().refused(line), Refusal::LineBreakInside);
    }
    let mut wire = in_transaction();
    wire.turn("DATA", "354 go\r\n");
    assert_eq!(wire.refused("a\r\n.\r\nQUIT"), Refusal::LineBreakInside);
    let mut wire = greeted();
    let chunk = Input::Chunk {
        line: b"BDAT 2\r\nQUIT",
        bytes: b"xx",
    };
    assert_eq!(wire.input(chunk), Err(Refusal::LineBreakInside));
}

/// A blank that nobody sees behind a prompt makes no verb of what follows.
#[test]
fn a_blank_in_front_is_told() {
    for protocol in ["smtp", "pop3"] {
        let mut wire = Wire::new(protocol);
        wire.hear(if protocol == "smtp" {
            "220 h\r\n"
        } else {
            "+OK h\r\n"
        });
        wire.say(" NOOP");
        let told = format!("{:?}", wire.advice());
        assert!(told.contains("the line begins with a blank"), "{told}");
    }
}

#[test]
fn raw_octets_mean_nothing() {
    let mut wire = greeted();
    wire.sent();
    wire.input(Input::Raw(b"NOOP\n\0")).unwrap();
    assert_eq!(wire.sent(), "NOOP\n\0");
    assert!(wire.engine.due().is_empty());
    // One reply to it is no surprise, a second one is.
    wire.hear("250 2.0.0 Ok\r\n");
    assert!(wire.oddities().is_empty());
    wire.hear("250 2.0.0 Ok\r\n");
    assert!(format!("{:?}", wire.oddities()).contains("answers no command"));
    // Inside a body they may hold its end.
    let mut wire = in_transaction();
    wire.turn("DATA", "354 go\r\n");
    wire.input(Input::Raw(b"x\r\n.\r\n")).unwrap();
    wire.hear("250 2.0.0 queued\r\n");
    assert_eq!(wire.reply().to, ".");
    assert_eq!(wire.engine.mode(), Mode::Command);
}

#[test]
fn a_reply_before_the_dot_does_not_end_the_body() {
    let mut wire = in_transaction();
    wire.turn("DATA", "354 go\r\n")
        .say("x")
        .hear("552 5.3.4 too big\r\n");
    assert_eq!(
        wire.engine.mode(),
        Mode::Body,
        "content never becomes commands"
    );
    assert!(format!("{:?}", wire.oddities()).contains("before the lone dot"));
}

#[test]
fn lines_say_what_they_are() {
    let mut wire = in_transaction();
    wire.turn("HELP", "214-a\r\n214 b\r\n")
        .turn("DATA", "354 go\r\n");
    let kinds: Vec<_> = wire
        .events
        .iter()
        .rev()
        .filter_map(|e| match e {
            Event::Line(line) => Some(line.kind),
            _ => None,
        })
        .take(3)
        .collect();
    assert_eq!(kinds, [LineKind::GoAhead, LineKind::Status, LineKind::More]);
}

#[test]
fn xclient_begins_again() {
    let mut wire = greeted();
    wire.turn("XCLIENT NAME=x", "220 h ESMTP\r\n");
    assert_eq!(wire.engine.phase().0, "start");
    assert!(!wire.engine.offers().known);
}

#[test]
fn nothing_of_another_protocol() {
    let password = ehlo::wire::secret::Secret::new("x");
    let mut wire = Wire::with("smtp", &ClientOptions::default());
    let login = Input::Login {
        user: "a",
        password: &password,
    };
    assert!(matches!(wire.input(login), Err(Refusal::NoSuchLogin(_))));
    let apop = Input::Apop {
        user: "a",
        password: &password,
    };
    assert!(matches!(wire.input(apop), Err(Refusal::NoSuchLogin(_))));
    assert!(matches!(wire.input(Input::Cancel), Err(Refusal::NotNow(_))));
}
