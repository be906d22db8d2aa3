//! LMTP (RFC 2033): a reply for each recipient.

use ehlo::proto::engine::Input;

use super::wire::Wire;

fn with_recipients(replies: &[&str]) -> Wire {
    let mut wire = Wire::new("lmtp");
    wire.hear("220 h LMTP\r\n")
        .turn("LHLO me", "250-h\r\n250-PIPELINING\r\n250 CHUNKING\r\n")
        .turn("MAIL FROM:<s@x>", "250 ok\r\n");
    for (n, reply) in replies.iter().enumerate() {
        wire.turn(&format!("RCPT TO:<r{n}@x>"), &format!("{reply}\r\n"));
    }
    wire
}

fn per_recipient(wire: &Wire) -> Vec<(String, Option<String>)> {
    let replies = wire.replies();
    let content = replies.iter().filter(|r| r.recipient.is_some());
    content
        .map(|r| (r.code.clone(), r.recipient.clone()))
        .collect()
}

#[test]
fn the_dot_brings_a_reply_for_each_accepted_recipient() {
    let mut wire = with_recipients(&["250 ok", "550 no", "250 ok"]);
    wire.turn("DATA", "354 go\r\n").say("x").say(".");
    assert_eq!(wire.engine.due().len(), 2);
    wire.hear("250-2.0.0 a\r\n250 2.0.0 saved\r\n");
    assert_eq!(
        wire.engine.phase().0,
        "data",
        "one verdict is still to come"
    );
    wire.hear("452 4.2.2 full\r\n");
    assert_eq!(
        per_recipient(&wire),
        [
            ("250".into(), Some("<r0@x>".into())),
            ("452".into(), Some("<r2@x>".into()))
        ]
    );
    assert_eq!(wire.engine.phase().0, "idle");
}

#[test]
fn the_last_chunk_too_and_only_that() {
    let mut wire = with_recipients(&["250 ok", "250 ok"]);
    let chunk = |line, bytes| Input::Chunk { line, bytes };
    wire.input(chunk(b"BDAT 1", b"a")).unwrap();
    wire.input(chunk(b"BDAT 1 LAST", b"b")).unwrap();
    wire.hear("250 got 1\r\n250 saved\r\n550 no\r\n");
    assert_eq!(per_recipient(&wire).len(), 2);
    assert!(wire.engine.due().is_empty());
}

#[test]
fn a_pipelined_last_chunk_waits_for_its_recipients() {
    let mut wire = with_recipients(&[]);
    wire.say("RCPT TO:<a@x>").say("RCPT TO:<b@x>");
    wire.input(Input::Chunk {
        line: b"BDAT 1 LAST",
        bytes: b"b",
    })
    .unwrap();
    wire.hear("250 ok\r\n550 no\r\n250 saved\r\n");
    assert_eq!(per_recipient(&wire), [("250".into(), Some("<a@x>".into()))]);
    assert!(wire.engine.due().is_empty());
}

#[test]
fn no_recipient_no_reply() {
    let mut wire = with_recipients(&["550 no"]);
    wire.input(Input::Chunk {
        line: b"BDAT 1 LAST",
        bytes: b"b",
    })
    .unwrap();
    assert!(wire.engine.due().is_empty());
    assert!(format!("{:?}", wire.advice()).contains("no reply"));
    wire.turn("QUIT", "221 bye\r\n");
    assert_eq!(wire.reply().to, "QUIT");
}

#[test]
fn ehlo_is_advised_against() {
    let mut wire = Wire::new("lmtp");
    wire.hear("220 h\r\n").turn("EHLO me", "500 say LHLO\r\n");
    assert!(format!("{:?}", wire.advice()).contains("LHLO"));
}
