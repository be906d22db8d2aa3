//! Odd but legal forms, and illegal ones, as the grammars decide (RFC 9051 9, RFC 3501 9 and the
//! extensions announced). Where Dovecot follows the RFC too, both were compared side by side.

use super::bench::{Talk, service};

/// Says each command and compares how its answer ends: "OK", "NO", "BAD", or "NO [CODE]".
fn judge(talk: &mut Talk, rows: &[(&str, &str)]) {
    for (command, ends) in rows {
        let reply = talk.say(&format!("x {command}"));
        let last = reply.lines().last().unwrap_or_default();
        assert!(last.starts_with(&format!("x {ends}")), "{command}: {reply}");
        // Ten BADs in a row would end the connection.
        talk.say("n NOOP");
    }
}

fn three(talk: &mut Talk) {
    talk.say("c CREATE T");
    for n in 1..=3 {
        let text = format!("Subject: n{n}\nTo: bob\n\ntext {n}\n");
        assert!(talk.append("T", "", &text).starts_with("app OK"));
    }
    assert!(talk.say("s SELECT T").contains("s OK"));
}

#[test]
fn numbers_that_do_not_exist() {
    let mut talk = Talk::alice(&service());
    three(&mut talk);
    judge(
        &mut talk,
        &[
            ("FETCH 4 UID", "BAD a message number beyond the last"),
            ("FETCH 4:* UID", "BAD a message number beyond the last"),
            ("FETCH *:9 UID", "BAD a message number beyond the last"),
            ("STORE 4:* FLAGS ()", "BAD"),
            ("COPY 1,9 T", "BAD"),
            ("MOVE 3:4 T", "BAD"),
            ("FETCH 0 UID", "BAD"),
            ("FETCH 3:* UID", "OK"),
            ("FETCH *:1 UID", "OK"),
            ("UID FETCH 900:* UID", "OK"),
            ("UID FETCH 900 UID", "OK"),
            ("UID FETCH *:4294967295 UID", "OK"),
            ("UID FETCH 4294967296 UID", "BAD"),
            ("SEARCH 9", "OK"),
        ],
    );
    // The highest number is in n:*, wherever n lies.
    assert!(talk.say("a SEARCH 9:*").starts_with("* SEARCH 3\n"));
    assert!(
        talk.say("a UID SEARCH UID 900:*")
            .starts_with("* SEARCH 3\n")
    );
    assert!(
        talk.say("a UID FETCH 900:* UID")
            .starts_with("* 3 FETCH (UID 3)\n")
    );
}

#[test]
fn an_empty_mailbox_has_no_last_number() {
    let mut talk = Talk::alice(&service());
    talk.say("c CREATE Empty\ns SELECT Empty");
    judge(
        &mut talk,
        &[
            ("FETCH 1:* FLAGS", "BAD"),
            ("FETCH * FLAGS", "BAD"),
            ("STORE 1:* FLAGS ()", "BAD"),
            ("COPY * INBOX", "BAD"),
            ("UID FETCH 1:* FLAGS", "OK"),
            ("UID COPY * INBOX", "OK"),
            ("SEARCH 1:*", "OK"),
            ("SEARCH *", "OK"),
        ],
    );
}

#[test]
fn sections_and_partials() {
    let mut talk = Talk::alice(&service());
    three(&mut talk);
    let fetched = |talk: &mut Talk, item: &str| talk.say(&format!("f FETCH 2 {item}"));
    assert_eq!(
        fetched(
            &mut talk,
            "body.peek[header.fields.not (\"Subject\" {4+}\nFrom)]<0.3>"
        ),
        "* 2 FETCH (BODY[HEADER.FIELDS.NOT (SUBJECT FROM)]<0> {3}\nTo:)\nf OK Fetch completed.\n"
    );
    // Names that no field can have are strings all the same.
    assert_eq!(
        fetched(
            &mut talk,
            "body.peek[header.fields (\"to\" \"\" \"x y\" \"q\\\"\" a:b)]"
        ),
        "* 2 FETCH (BODY[HEADER.FIELDS (TO \"\" \"X Y\" \"Q\\\"\" A:B)] {11}\nTo: bob\n\n)\n\
         f OK Fetch completed.\n"
    );
    assert!(fetched(&mut talk, "BODY.PEEK[TEXT]<4294967295.10>").contains("<4294967295> {0}\n)"));
    judge(
        &mut talk,
        &[
            ("FETCH 1 BODY.PEEK[TEXT]<0.0>", "BAD"),
            ("FETCH 1 BODY.PEEK[TEXT]<5>", "BAD"),
            ("FETCH 1 BODY.PEEK[0]", "BAD"),
            ("FETCH 1 BODY.PEEK[MIME]", "BAD"),
            ("FETCH 1 BODY.PEEK[HEADER.FIELDS ()]", "BAD"),
            (
                "FETCH 1 BODY.PEEK[HEADER.FIELDS (\"x\ty\")]",
                "BAD no name of",
            ),
            ("FETCH 1 BINARY.PEEK[HEADER]", "BAD"),
            ("FETCH 1 BINARY.SIZE[1]<0.1>", "BAD"),
            ("FETCH 1 RFC822.PEEK", "BAD"),
            ("FETCH 1 (FAST)", "BAD"),
            ("FETCH 1 ()", "BAD"),
            ("FETCH 1  UID", "BAD"),
            ("FETCH 1 (UID )", "BAD"),
            ("FETCH 1:2:3 UID", "BAD"),
            ("FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)", "BAD"),
            ("fetch 1 fast", "OK"),
            ("FETCH 3,1:2,2 (UID UID)", "OK"),
            ("FETCH 1 BODY.PEEK[9.MIME]", "OK"),
        ],
    );
}

#[test]
fn searches() {
    let mut talk = Talk::alice(&service());
    three(&mut talk);
    judge(
        &mut talk,
        &[
            ("SEARCH OR OR 1 2 OR NOT 3 (NOT NOT 1 2)", "OK"),
            ("SEARCH ((((1))))", "OK"),
            ("SEARCH CHARSET \"utf-8\" TEXT {4+}\ntext", "OK"),
            ("SEARCH HEADER \"X-None\" \"\"", "OK"),
            ("SEARCH SINCE \"05-nov-2026\" BEFORE 7-Nov-2026", "OK"),
            ("SEARCH RETURN (min MAX Count all) ALL", "OK"),
            ("SEARCH MODSEQ \"/flags/\\\\Seen\" all 1", "OK"),
            ("SEARCH UID $ OR $ NOT $", "OK"),
            ("SEARCH CHARSET KLINGON ALL", "NO [BADCHARSET"),
            ("SEARCH CHARSET UTF-8", "BAD"),
            ("SEARCH CHARSET UTF-8 RETURN (COUNT) ALL", "BAD"),
            ("SEARCH RETURN (BOGUS) ALL", "BAD"),
            ("SEARCH ()", "BAD"),
            ("SEARCH OR 1", "BAD"),
            ("SEARCH KEYWORD \\Seen", "BAD"),
            ("SEARCH SINCE 2026-11-05", "BAD"),
            ("SEARCH LARGER -1", "BAD"),
            ("SEARCH", "BAD"),
        ],
    );
    // RFC 6855 3: one who enabled it names no charset any more; IMAP4rev2 lets him.
    judge(
        &mut talk,
        &[
            ("ENABLE UTF8=ACCEPT", "OK"),
            ("SEARCH CHARSET UTF-8 ALL", "BAD a charset behind"),
            ("SEARCH SUBJECT \"é\"", "OK"),
            ("ENABLE IMAP4rev2", "OK"),
            ("SEARCH CHARSET UTF-8 ALL", "OK"),
        ],
    );
    assert!(
        talk.say("e SEARCH ALL")
            .starts_with("* ESEARCH (TAG \"e\") ALL 1:3\n")
    );
}

#[test]
fn flags_names_and_the_rest() {
    let mut talk = Talk::alice(&service());
    three(&mut talk);
    judge(
        &mut talk,
        &[
            ("STORE 1 +flags.silent \\SEEN", "OK"),
            ("STORE 1 +FLAGS kw1 kw2", "OK"),
            ("STORE 1 FLAGS ()", "OK"),
            ("STORE 1 FLAGS", "BAD"),
            ("STORE 1 +FLAGS (\\Recent)", "BAD"),
            ("STORE 1 +FLAGS (a]b)", "BAD"),
            ("STORE 1 +FLAGS (\"kw\")", "BAD"),
            ("STORE 1 (UNCHANGEDSINCE x) FLAGS ()", "BAD"),
            ("APPEND T CATENATE (TEXT {3+}\nabc)", "BAD"),
            (
                "APPEND T (\\Seen) \" 1-Feb-2020 00:00:00 -0000\" ~{3+}\nabc",
                "OK",
            ),
            ("APPEND T {3+}\nabc (\\Seen) {3+}\nabc", "OK"),
            ("APPEND T {0+}\n", "NO"),
            ("APPEND Nope {3+}\nabc", "NO [TRYCREATE]"),
            ("CREATE Plain (USE ())", "OK"),
            ("CREATE Two (USE (\\Drafts \\Junk))", "NO [USEATTR]"),
            ("CREATE Odd (BOGUS)", "BAD"),
            ("LIST \"\" (\"T\" INBOX)", "OK"),
            ("LIST \"\" ()", "BAD"),
            ("LIST (RECURSIVEMATCH) \"\" *", "BAD"),
            ("LIST \"\" T RETURN (STATUS ())", "BAD"),
            ("STATUS T ()", "BAD"),
            ("STATUS T (messages SIZE)", "OK"),
            ("ID (\"name\" NIL)", "OK"),
            ("ID (name \"x\")", "BAD"),
            ("ENABLE", "BAD"),
            ("NAMESPACE x", "BAD"),
            ("UID NOOP", "BAD"),
            ("SELECT T ()", "BAD"),
            ("CREATE \"x\\\"y\"", "OK"),
            ("CREATE caf\u{e9}", "BAD"),
            ("LIST \"\" \u{e9}*", "BAD"),
            ("SETQUOTA \"\" (STORAGE 5)", "NO [NOPERM]"),
        ],
    );
    // Python's imaplib quotes no mailbox name: once UTF-8 is enabled it is taken in an atom too.
    judge(
        &mut talk,
        &[
            ("ENABLE UTF8=ACCEPT", "OK"),
            ("CREATE caf\u{e9}", "OK"),
            ("LIST \"\" caf\u{e9}*", "OK"),
            ("STATUS caf\u{e9} (MESSAGES)", "OK"),
            ("APPEND caf\u{e9} {3+}\nabc", "OK"),
            ("STORE 1 +FLAGS (caf\u{e9})", "BAD"),
        ],
    );
}

/// Forms outside the grammar that clients in use send, and Dovecot takes.
#[test]
fn what_clients_write_all_the_same() {
    let mut talk = Talk::alice(&service());
    three(&mut talk);
    judge(
        &mut talk,
        &[
            // imapflow, node-imap
            ("APPEND T \"1-Feb-2020 00:00:00 +0100\" {3+}\nabc", "OK"),
            ("APPEND T \"-Feb-2020 00:00:00 -0000\" {3+}\nabc", "BAD"),
            // aioimaplib
            ("ID ( \"name\" \"x\" \"version\" \"1\")", "OK"),
            // libetpan, at the end of commands without arguments
            ("NOOP ", "OK"),
            ("STATUS T (MESSAGES)  ", "OK"),
            ("SEARCH SUBJECT {2+}\nn1 ", "OK"),
            ("SEARCH ", "BAD"),
            ("SEARCH  ALL", "BAD"),
            // imap-tools
            ("SEARCH CHARSET UTF8 TEXT {2+}\n\u{e9}", "OK"),
            ("STORE 2 +FLAGS (work)", "OK"),
        ],
    );
    // A blank that a literal ends with is of the literal.
    assert!(talk.say("a CREATE {2+}\nB ").contains("a OK"));
    assert!(
        talk.say("a LIST \"\" B*")
            .starts_with("* LIST (\\HasNoChildren) \"/\" \"B \"\n")
    );
    // emailjs-imap-client
    assert!(
        talk.say("a SEARCH KEYWORD \"work\"")
            .starts_with("* SEARCH 2\n")
    );
    assert!(
        talk.say("a FETCH 4 INTERNALDATE")
            .contains("\" 1-Feb-2020 00:00:00 +0100\"")
    );
}

#[test]
fn silent_stores_are_not_refused_for_what_is_gone() {
    let service = service();
    let mut one = Talk::alice(&service);
    three(&mut one);
    let mut two = Talk::inside(&service, "T");
    two.say("d STORE 2 +FLAGS.SILENT (\\Deleted)");
    two.say("e EXPUNGE");
    let loud = one.say("a STORE 1:3 +FLAGS (\\Seen)");
    assert!(
        loud.ends_with("a NO [EXPUNGEISSUED] some messages are gone\n"),
        "{loud}"
    );
    let silent = one.say("b STORE 1:3 +FLAGS.SILENT (\\Seen)");
    assert_eq!(silent, "b OK [EXPUNGEISSUED] the others are stored\n");
    // Nor is a search, but it says that one message was not looked at.
    assert_eq!(
        one.say("c SEARCH ALL"),
        "* SEARCH 1 3\nc OK [EXPUNGEISSUED] Search completed.\n"
    );
    let told = one.say("d UID SEARCH ALL");
    assert!(told.starts_with("* 2 EXPUNGE\n"), "{told}");
    assert!(
        told.ends_with("* SEARCH 1 3\nd OK Search completed.\n"),
        "{told}"
    );
}
