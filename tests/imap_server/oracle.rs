//! Everything the server says must be understood by a parser that was not written for it.
//!
//! What the parser cannot do is left out, by name: ESEARCH, BINARY, CHILDINFO, QUOTA, STATUS items
//! of extensions, and the response codes it does not know are atoms to it.

use imap_codec::decode::{Decoder, GreetingDecodeError, ResponseDecodeError};
use imap_codec::{GreetingCodec, ResponseCodec};

use ehlo::proto::engine::Engine;

use crate::bench::{Talk, service};

fn parse_all(octets: &[u8]) {
    let mut rest = octets;
    while !rest.is_empty() {
        match ResponseCodec::default().decode(rest) {
            Ok((after, _)) => rest = after,
            Err(ResponseDecodeError::LiteralFound { .. } | ResponseDecodeError::Incomplete) => {
                panic!("cut off: {}", rest.escape_ascii())
            }
            Err(ResponseDecodeError::Failed) => {
                let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
                panic!("not understood: {}", line.escape_ascii());
            }
        }
    }
}

#[test]
fn the_greeting() {
    let service = service();
    let greeting = Talk::greeted(&service).octets();
    match GreetingCodec::default().decode(&greeting) {
        Ok((rest, _)) => assert!(rest.is_empty()),
        Err(GreetingDecodeError::Incomplete | GreetingDecodeError::Failed) => {
            panic!("{}", greeting.escape_ascii())
        }
    }
}

#[test]
fn a_whole_session() {
    let service = service();
    let mut talk = Talk::new(&service);
    for line in [
        "a1 CAPABILITY",
        "a2 LOGIN alice wrong",
        "a3 LOGIN alice wonderland",
        "a4 ID NIL",
        "a5 NAMESPACE",
        "a6 LIST \"\" *",
        "a7 LSUB \"\" *",
        "a8 LIST (SUBSCRIBED) \"\" * RETURN (CHILDREN)",
        "a9 STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)",
        "b1 SELECT INBOX",
        "b2 FETCH 1:* (FLAGS UID INTERNALDATE RFC822.SIZE)",
        "b3 FETCH 1:* (ENVELOPE BODY BODYSTRUCTURE)",
        "b4 FETCH 1:* (BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[1] BODY.PEEK[2.MIME])",
        "b5 FETCH 1:* (BODY.PEEK[HEADER.FIELDS (From \"To\")]<0.20> RFC822.HEADER)",
        "b6 FETCH 9 (BODY[2.1] BODY[2.HEADER] BODY[3])",
        "b7 SEARCH UNSEEN",
        "b8 STORE 1 +FLAGS (\\Deleted $Work)",
        "b9 COPY 1 Archive",
        "c1 COPY 1 nowhere",
        "c2 MOVE 2 Archive",
        "c3 EXPUNGE",
        "c4 FETCH 77 FLAGS",
        "c5 NONSENSE",
        "c6 ENABLE CONDSTORE",
        "c7 FETCH 1 (MODSEQ)",
        "c8 STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)",
        "c9 IDLE",
        "DONE",
        "d1 APPEND Archive {16+}\r\nSubject: x\r\n\r\nyz",
        "d2 CLOSE",
        "d3 EXAMINE Archive",
        "d4 DELETE INBOX",
        "d5 CREATE Projects/Caf&AOk-/x",
        "d6 LIST \"\" Projects/*",
        "d7 LOGOUT",
    ] {
        talk.engine.receive(format!("{line}\r\n").as_bytes());
        let mut octets = talk.octets();
        if let Some(said) = octets.strip_suffix(b"<close>") {
            octets = said.to_vec();
        }
        parse_all(&octets);
    }
}

/// What a message holds may not make an answer that only some parsers understand.
#[test]
fn structures_of_odd_messages() {
    let service = service();
    let mut talk = Talk::alice(&service);
    talk.say("c CREATE Odd\ns SELECT Odd");
    let odd = [
        "Content-Type: message/global\n\nSubject: x\n\nbody\n".to_owned(),
        "Content-Type: multipart/mixed\n\n".to_owned(),
        "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n".to_owned(),
        "Content-Type: /\nFrom: <>, :;, \"\n\n".to_owned(),
    ];
    for message in odd {
        assert!(talk.append("Odd", "", &message).contains("app OK"));
        talk.engine
            .receive(b"f FETCH * (ENVELOPE BODY BODYSTRUCTURE)\r\n");
        parse_all(&talk.octets());
    }
    let asked = "f FETCH 1 BODY";
    assert!(
        talk.say(asked)
            .contains("(\"MESSAGE\" \"GLOBAL\" NIL NIL NIL \"7BIT\" 20))")
    );
    talk.say("e ENABLE UTF8=ACCEPT");
    assert!(talk.say(asked).contains("\"7BIT\" 20 (NIL \"x\" NIL "));

    // Deeper than is looked into, and than that parser goes: an envelope and a body all the same.
    let deep = "Content-Type: message/rfc822\n\n".repeat(40);
    assert!(talk.append("Odd", "", &deep).contains("app OK"));
    let structure = talk.say("f FETCH * BODY");
    let messages = structure
        .matches("\"RFC822\" NIL NIL NIL \"7BIT\" ")
        .count();
    assert_eq!(structure.matches(" (NIL NIL NIL").count(), messages);
    assert_eq!(structure.matches("\"TEXT\" \"PLAIN\"").count(), 1);
}
