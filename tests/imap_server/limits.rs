//! What a client may not do.

use ehlo::proto::engine::{Engine, Step};

use crate::bench::{Talk, service};

#[test]
fn a_line_without_end_is_passed_over() {
    let service = service();
    let mut talk = Talk::alice(&service);
    let mut heard = String::new();
    talk.engine.receive(b"x7 NOOP ");
    for _ in 0..2_000 {
        talk.engine.receive(&[b'A'; 4096]);
        heard.push_str(&talk.heard());
    }
    assert_eq!(
        heard,
        "x7 BAD a command of more than 65536 octets, literals not counted at octet 1\n"
            .replace(" at octet 1", "")
    );
    talk.engine.receive(b"\r\n");
    assert!(talk.say("a NOOP").ends_with("a OK NOOP completed.\n"));
}

/// Who cannot be answered is told goodbye.
#[test]
fn a_line_without_end_and_tag_ends_it() {
    let service = service();
    for start in ["", "+ ", " a1 NOOP "] {
        let mut talk = Talk::alice(&service);
        talk.engine.receive(start.as_bytes());
        let mut heard = String::new();
        for _ in 0..32 {
            talk.engine.receive(&[b'A'; 4096]);
            heard.push_str(&talk.heard());
        }
        assert_eq!(
            heard,
            "* BYE [TOOBIG] a line of that length and no tag\n<close>"
        );
    }
}

#[test]
fn literals_have_limits() {
    let service = service();
    let mut talk = Talk::new(&service);
    assert!(talk.say("a LOGIN {70000}").starts_with("a BAD [TOOBIG]"));
    assert!(
        talk.say("b LOGIN {9223372036854775808}")
            .starts_with("b BAD ")
    );
    assert!(talk.say("c LOGIN {-1}").starts_with("c BAD "));
    assert!(
        talk.say("d LOGIN {9223372036854775807+}")
            .starts_with("d NO [TOOBIG] a literal of that size will not be read\n* BYE [TOOBIG]")
    );
    let mut talk = Talk::new(&service);
    assert!(
        talk.say("d LOGIN {18446744073709551616+}\ne NOOP")
            .ends_with("* BYE [TOOBIG] that literal will not be read\n<close>")
    );
    let mut talk = Talk::new(&service);
    for _ in 0..16 {
        let heard = talk.say(&format!("e ID ({{60000}}\n{}", "x".repeat(60_000)));
        assert!(!heard.is_empty());
        if heard.contains("BYE") {
            return;
        }
    }
    assert!(talk.say("f NOOP").contains("f OK"));
}

#[test]
fn a_refusal_is_about_one_command() {
    let service = service();
    let mut talk = Talk::alice(&service);
    let text = "x".repeat(10_485_761);
    assert_eq!(
        talk.say(&format!("a APPEND INBOX {{10485761+}}\n{text}")),
        { "a NO [TOOBIG] a message has 10485760 octets at most\n" }
    );
    // The rest of the line behind the literal is too long as well.
    let tail = "y".repeat(70_000);
    let reply = talk.say(&format!("b APPEND INBOX {{10485761+}}\n{text}{tail}"));
    assert!(reply.starts_with("b BAD a command of more than"), "{reply}");
    assert_eq!(talk.say("c NOOP"), "c OK NOOP completed.\n");
}

#[test]
fn a_client_that_does_not_read_costs_nothing() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    for _ in 0..1_000 {
        talk.engine.receive(b"a FETCH 1:* BODY.PEEK[]\r\n");
    }
    // One answer is begun; the next command is read when it has been taken.
    let mut parts = 0;
    let mut tagged = 0;
    while let Step::Write(bytes) = talk.engine.poll() {
        parts += 1;
        assert!(bytes.len() <= 65 * 1024);
        tagged += usize::from(bytes.starts_with(b"a OK"));
    }
    assert_eq!((parts, tagged), (2_000, 1_000));
}

#[test]
fn a_closed_connection_leaves_the_mailbox() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    talk.engine.closed();
    assert!(matches!(talk.engine.poll(), Step::Wait));
    talk.engine.receive(b"a NOOP\r\n");
    assert!(matches!(talk.engine.poll(), Step::Wait));
}

/// How many parts an answer had before there was something in one, and the answer.
fn patiently(talk: &mut Talk, line: &str) -> (usize, String) {
    talk.engine.receive(line.as_bytes());
    talk.engine.receive(b"\r\n");
    let (mut empty, mut heard) = (0, Vec::new());
    while let Step::Write(bytes) = talk.engine.poll() {
        empty += usize::from(bytes.is_empty() && heard.is_empty());
        heard.extend_from_slice(&bytes);
    }
    (empty, String::from_utf8_lossy(&heard).replace("\r\n", "\n"))
}

/// A search that reads much lets others in, and tells of the messages as they were when it began.
#[test]
fn a_search_goes_on_in_turns() {
    let service = service();
    let content = ehlo::store::message::Content::new(
        format!("Subject: x\r\n\r\n{}", "no such word. ".repeat(5_000)).into_bytes(),
    );
    let date = ehlo::store::date::Stamp::utc(0);
    for _ in 0..20 {
        let mut store = service.store.lock();
        store.deliver("alice", "Big", &content, date).unwrap();
    }
    let mut talk = Talk::inside(&service, "Big");
    let mut other = Talk::inside(&service, "Big");
    let keys: String = (0..10).map(|n| format!(" NOT BODY other{n}")).collect();
    let (turns, heard) = patiently(&mut talk, &format!("a SEARCH{keys}"));
    let all: String = (1..=20).map(|n| format!(" {n}")).collect();
    assert_eq!(heard, format!("* SEARCH{all}\na OK Search completed.\n"));
    // 20 messages of 70,000 octets, for ten keys each, a mebioctet a turn.
    assert!((13..40).contains(&turns), "{turns}");

    // In the middle of it another session takes messages away.
    talk.engine
        .receive(format!("b SEARCH RETURN (SAVE ALL) NOT 3{keys}\r\n").as_bytes());
    assert!(matches!(talk.engine.poll(), Step::Write(part) if part.is_empty()));
    assert!(
        other
            .say("a STORE 1,20 +FLAGS.SILENT (\\Deleted)\nb EXPUNGE")
            .contains("b OK")
    );
    assert_eq!(
        talk.heard(),
        "* ESEARCH (TAG \"b\") ALL 1:2,4:20\nb OK Search completed.\n"
    );
    let fetched = talk.say("c UID FETCH $ (UID)");
    assert!(
        fetched.starts_with("* 1 EXPUNGE\n* 19 EXPUNGE\n"),
        "{fetched}"
    );
    assert_eq!(fetched.matches(" FETCH (UID ").count(), 17, "{fetched}");
    assert!(
        fetched.contains("* 1 FETCH (UID 2)\n* 3 FETCH (UID 4)\n"),
        "{fetched}"
    );
}

/// With each `*` tried at each place anew this would take hours, and nobody else would be heard.
#[test]
fn many_wildcards_cost_little_and_let_others_in() {
    let service = service();
    let mut talk = Talk::alice(&service);
    for number in 0..100 {
        let name = format!("{}{number:03}", "a".repeat(200));
        service.store.lock().create("alice", &name, None).unwrap();
    }
    let patterns = vec![format!("{}zb", "*a".repeat(20)); 100].join(" ");
    let (turns, heard) = patiently(&mut talk, &format!("a LIST \"\" ({patterns})"));
    assert_eq!(heard, "a OK List completed.\n");
    assert!(turns > 2, "{turns}");
    let last = format!("{}099", "a".repeat(200));
    assert_eq!(
        talk.say(&format!("b LIST \"\" ({patterns} *a099)")),
        "b NO [LIMIT] more than 100 patterns\n"
    );
    assert_eq!(
        talk.say(&format!("c LIST \"\" ({} *a099)", &patterns[43..])),
        format!("* LIST (\\HasNoChildren) \"/\" {last}\nc OK List completed.\n")
    );
}
