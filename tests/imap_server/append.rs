//! APPEND: flags, dates, literals, several messages, refusals.

use ehlo::proto::engine::Engine;

use crate::bench::{Talk, service};

const TEXT: &str = "Subject: kept\n\nhello\n";

#[test]
fn what_is_appended_is_there() {
    let service = service();
    let mut talk = Talk::inside(&service, "Archive");
    let heard = talk.append(
        "Archive",
        "(\\Seen $Work) \"17-Jul-1996 02:44:25 -0700\" ",
        TEXT,
    );
    assert!(
        heard.contains("* 1 EXISTS\n* 1 RECENT\napp OK [APPENDUID 1001 1] Append completed.\n"),
        "{heard}"
    );
    let fetched = talk.say("a FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])");
    assert_eq!(
        fetched,
        "* 1 FETCH (FLAGS (\\Seen $Work \\Recent) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[] {24}\nSubject: kept\n\nhello\n)\na OK Fetch completed.\n"
    );
    talk.append("Archive", "", TEXT);
    assert!(
        talk.say("b FETCH 2 INTERNALDATE")
            .contains("\"21-Nov-2026 02:00:00 +0000\"")
    );
}

#[test]
fn go_aheads_and_early_refusals() {
    let service = service();
    let mut talk = Talk::alice(&service);
    assert_eq!(talk.say("a APPEND Archive {24}"), "+ OK\n");
    assert!(
        talk.say("Subject: kept\n\nhello\n")
            .starts_with("a OK [APPENDUID")
    );
    // Refused before the content is sent: what comes next is a command again.
    assert!(
        talk.say("b APPEND nowhere {24}")
            .starts_with("b NO [TRYCREATE]")
    );
    assert!(talk.say("c NOOP").starts_with("c OK"));
    assert!(
        talk.say("d APPEND Archive {10485761}")
            .starts_with("d NO [TOOBIG]")
    );
    assert!(talk.say("e NOOP").starts_with("e OK"));
    // Refused with the content behind it: it is dropped.
    assert!(
        talk.append("nowhere", "", "x LOGOUT\ny LOGOUT\n")
            .starts_with("app NO [TRYCREATE]")
    );
    assert!(talk.say("f NOOP").starts_with("f OK"));
    let huge = talk.say("g APPEND Archive {999999999999+}");
    assert!(
        huge.starts_with("g NO [TOOBIG]") && huge.contains("\n* BYE [TOOBIG]"),
        "{huge}"
    );
}

#[test]
fn a_name_as_a_literal() {
    let service = service();
    let mut talk = Talk::alice(&service);
    assert_eq!(talk.say("a APPEND {7}"), "+ OK\n");
    assert_eq!(talk.say("Archive {24}"), "+ OK\n");
    assert!(talk.say("Subject: kept\n\nhello\n").starts_with("a OK"));
}

#[test]
fn several_messages_at_once() {
    let service = service();
    let mut talk = Talk::alice(&service);
    let one = "{24+}\nSubject: kept\n\nhello\n";
    assert!(
        talk.say(&format!("a APPEND Archive {one} (\\Seen) {one}"))
            .starts_with("a OK [APPENDUID 1001 1:2]")
    );
    assert!(
        talk.say(&format!("b APPEND Archive {one} nonsense {one}"))
            .starts_with("b BAD")
    );
    assert!(
        talk.say("c STATUS Archive (MESSAGES)")
            .contains("MESSAGES 2")
    );
}

#[test]
fn binary_and_utf8() {
    let service = service();
    let mut talk = Talk::inside(&service, "Archive");
    let message = b"Content-Type: a/b\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\xff";
    let mut command = format!("a APPEND Archive ~{{{}+}}\r\n", message.len()).into_bytes();
    command.extend_from_slice(message);
    command.extend_from_slice(b"\r\n");
    talk.engine.receive(&command);
    assert!(talk.heard().contains("a OK [APPENDUID"));
    assert!(talk.say("b FETCH 1 BODY.PEEK[1]").contains("{6}\nAP8=\n)"));
    talk.engine
        .receive(b"c FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])\r\n");
    assert!(
        talk.octets()
            .starts_with(b"* 1 FETCH (BINARY.SIZE[1] 2 BINARY[1] ~{2}\r\n\0\xff)")
    );
    talk.engine.receive(b"d APPEND Archive {3+}\r\na\0b\r\n");
    assert!(talk.heard().starts_with("d BAD a NUL in a literal"));
    talk.engine.receive(b"e APPEND Archive ~{3+}\r\na\0b\r\n");
    assert!(talk.heard().starts_with("e NO [UNKNOWN-CTE]"));
    talk.say("f ENABLE UTF8=ACCEPT");
    let text = "Subject: é\n\nx\n";
    let heard = talk.say(&format!(
        "g APPEND Archive UTF8 (~{{{}+}}\n{text})",
        text.len() + 3
    ));
    assert!(heard.contains("g OK"), "{heard}");
}

#[test]
fn faults() {
    let service = service();
    let mut talk = Talk::alice(&service);
    for line in [
        "a APPEND",
        "a APPEND Archive",
        "a APPEND Archive (\\Recent) {1+}\nx",
        "a APPEND Archive \"yesterday\" {1+}\nx",
        "a APPEND Archive text",
    ] {
        assert!(talk.say(line).starts_with("a BAD"), "{line}");
    }
    assert!(talk.say("b APPEND Archive {0+}\n").starts_with("b NO"));
}
