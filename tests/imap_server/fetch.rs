//! FETCH: every item, exact octets, partials, `\Seen`.

use ehlo::store::message::Content;

use crate::bench::{NOW, Talk, service};

#[test]
fn items_of_the_mailbox() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    assert_eq!(
        talk.say("a FETCH 4 (UID FLAGS INTERNALDATE)"),
        "* 4 FETCH (UID 4 FLAGS (\\Flagged $Important \\Recent) INTERNALDATE \" 4-Nov-2026 16:42:00 +0100\")\na OK Fetch completed.\n"
    );
    assert!(talk.say("b FETCH 1 FAST").starts_with("* 1 FETCH (FLAGS (\\Seen \\Recent) INTERNALDATE \" 2-Nov-2026 09:00:00 +0100\" RFC822.SIZE "));
    assert!(
        talk.say("c UID FETCH 2:3 FLAGS")
            .starts_with("* 2 FETCH (UID 2 FLAGS (\\Recent))\n* 3 FETCH")
    );
    assert_eq!(talk.say("d UID FETCH 99 FLAGS"), "d OK Fetch completed.\n");
    assert!(
        talk.say("e UID FETCH 99:* UID")
            .starts_with("* 9 FETCH (UID 9)\n")
    );
    assert!(
        talk.say("f FETCH 10 FLAGS")
            .starts_with("f BAD a message number beyond the last message at octet 9")
    );
    assert!(talk.say("g FETCH 10:* UID").starts_with("g BAD"));
    assert!(
        talk.say("h FETCH 2,1,2 UID")
            .starts_with("* 1 FETCH (UID 1)\n* 2 FETCH (UID 2)\nh OK")
    );
    for line in [
        "i FETCH 0 FLAGS",
        "i FETCH 1",
        "i FETCH 1 ()",
        "i FETCH 1 NOTHING",
        "i FETCH x FLAGS",
        "i FETCH 1 FLAGS UID",
    ] {
        assert!(talk.say(line).starts_with("i BAD"), "{line}");
    }
}

#[test]
fn envelopes() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    assert_eq!(
        talk.say("a FETCH 2 ENVELOPE"),
        "* 2 FETCH (ENVELOPE (\"Tue, 3 Nov 2026 10:15:00 +0100\" \
         \"=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_?= =?UTF-8?B?TMO8dHRpY2g=?=\" \
         ((\"=?ISO-8859-1?Q?Andr=E9_Pirard?=\" NIL \"andre\" \"example.org\")) \
         ((\"=?ISO-8859-1?Q?Andr=E9_Pirard?=\" NIL \"andre\" \"example.org\")) \
         ((\"=?ISO-8859-1?Q?Andr=E9_Pirard?=\" NIL \"andre\" \"example.org\")) \
         ((\"=?UTF-8?B?0JDQu9C40YHQsA==?=\" NIL \"alice\" \"ehlo.test\")) \
         ((\"Bob, the builder\" NIL \"bob\" \"ehlo.test\")) NIL NIL \"<encoded@example.org>\"))\na OK Fetch completed.\n"
    );
    let forward = talk.say("b FETCH 9 ENVELOPE");
    assert!(forward.contains(
        "((\"Bob's assistant\" NIL \"assistant\" \"ehlo.test\")) ((\"Bob\" NIL \"bob\" \"ehlo.test\")) \
         ((NIL NIL \"Builders\" NIL)(NIL NIL \"alice\" \"ehlo.test\")(NIL NIL \"charlie\" \"ehlo.test\")(NIL NIL NIL NIL)) NIL NIL NIL"
    ), "{forward}");
    // Without UTF8=ACCEPT, eight-bit text is a literal; with it, a quoted string.
    assert!(talk.say("c FETCH 5 ENVELOPE").contains("}\nÜber SMTPUTF8"));
    talk.say("d ENABLE UTF8=ACCEPT");
    assert!(
        talk.say("e FETCH 5 ENVELOPE")
            .contains("((\"Pelé\" NIL \"pelé\" \"example.com\"))")
    );
}

#[test]
fn structures() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    assert_eq!(
        talk.say("a FETCH 4 BODYSTRUCTURE"),
        "* 4 FETCH (BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"us-ascii\" \"FORMAT\" \"flowed\") NIL NIL \"7BIT\" 77 3 NIL NIL NIL NIL)\
         (\"TEXT\" \"CSV\" (\"CHARSET\" \"us-ascii\" \"NAME\" \"bricks.csv\") NIL NIL \"BASE64\" 44 0 NIL (\"ATTACHMENT\" (\"FILENAME\" \"bricks.csv\" \"SIZE\" \"38\")) NIL NIL)\
         (\"IMAGE\" \"PNG\" NIL \"<brick@ehlo.test>\" \"A very small brick\" \"BASE64\" 98 NIL (\"INLINE\" (\"FILENAME*\" \"UTF-8''br%C3%BCck.png\")) NIL NIL) \
         \"MIXED\" (\"BOUNDARY\" \"mixed-0001\") NIL NIL NIL))\na OK Fetch completed.\n"
    );
    assert_eq!(
        talk.say("b FETCH 7 BODY"),
        "* 7 FETCH (BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"us-ascii\") NIL NIL \"7BIT\" 24 1))\nb OK Fetch completed.\n"
    );
    let nested = talk.say("c FETCH 9 BODY");
    assert!(
        nested.contains("(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" "),
        "{nested}"
    );
    assert!(nested.contains("((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 16 0)(\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 32 0) \"ALTERNATIVE\") "));
    talk.append(
        "Junk",
        "",
        "Content-Type: multipart/mixed; boundary=x\n\nno parts\n",
    );
    talk.say("d SELECT Junk");
    assert!(talk.say("e FETCH 1 BODY").contains(
        "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 0 0) \"MIXED\")"
    ));
    assert!(
        talk.say("f FETCH 1 BODY.PEEK[1]")
            .contains("BODY[1] {0}\n)")
    );
}

#[test]
fn sections_are_exact() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    for (item, expected) in [
        ("BODY.PEEK[2.1]", "BODY[2.1] {16}\nBuild it higher.)"),
        ("BODY.PEEK[2.1]<6.4>", "BODY[2.1]<6> {4}\nit h)"),
        ("BODY.PEEK[2.1]<99.4>", "BODY[2.1]<99> {0}\n)"),
        (
            "BODY.PEEK[2.1.MIME]",
            "BODY[2.1.MIME] {28}\nContent-Type: text/plain\n\n)",
        ),
        (
            "BODY.PEEK[2.HEADER.FIELDS (subject)]",
            "BODY[2.HEADER.FIELDS (SUBJECT)] {35}\nSubject: A message in a message\n\n)",
        ),
        (
            "BODY.PEEK[HEADER.FIELDS (X-None)]",
            "BODY[HEADER.FIELDS (X-NONE)] {2}\n\n)",
        ),
        ("BODY.PEEK[3]", "BODY[3] NIL)"),
        ("BODY.PEEK[1.HEADER]", "BODY[1.HEADER] NIL)"),
    ] {
        let heard = talk.say(&format!("a FETCH 9 {item}"));
        assert_eq!(
            heard,
            format!("* 9 FETCH ({expected}\na OK Fetch completed.\n"),
            "{item}"
        );
    }
    let not = talk.say("b FETCH 7 BODY.PEEK[HEADER.FIELDS.NOT (Date From To Return-Path)]");
    assert!(
        not.contains("{62}\nSubject: Lunch on Friday?\nMessage-ID: <lunch-1@ehlo.test>\n\n)"),
        "{not}"
    );
    let whole = talk.say("c FETCH 7 (RFC822.HEADER BODY.PEEK[TEXT] BODY.PEEK[])");
    assert!(whole.contains("BODY[TEXT] {24}\nShall we meet at noon?\n BODY[] {"));
}

#[test]
fn binary_parts() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    assert!(
        talk.say("a FETCH 4 (BINARY.SIZE[2] BINARY.PEEK[2])")
            .contains("BINARY.SIZE[2] 32 BINARY[2] {32}\ncolour,count\nred,120\nblue,80\n)")
    );
    assert!(
        talk.say("b FETCH 4 BINARY.PEEK[2]<0.6>")
            .contains("BINARY[2]<0> {6}\ncolour)")
    );
    talk.engine_octets(
        "c FETCH 4 BINARY.PEEK[3]",
        b"BINARY[3] ~{70}\r\n\x89PNG\r\n",
    );
    talk.append("Junk", "", "Content-Transfer-Encoding: x-odd\n\nabc\n");
    talk.say("d SELECT Junk");
    assert!(
        talk.say("e FETCH 1 BINARY.PEEK[1]")
            .ends_with("e NO [UNKNOWN-CTE] a part is damaged or encoded in a way nobody knows\n")
    );
}

impl Talk {
    fn engine_octets(&mut self, line: &str, part: &[u8]) {
        use ehlo::proto::engine::Engine;
        self.engine.receive(format!("{line}\r\n").as_bytes());
        let octets = self.octets();
        assert!(
            octets.windows(part.len()).any(|w| w == part),
            "{}",
            octets.escape_ascii()
        );
    }
}

#[test]
fn reading_marks_as_seen_where_it_should() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    assert!(!talk.say("a FETCH 2 BODY.PEEK[]").contains("FLAGS"));
    assert!(!talk.say("b FETCH 2 RFC822.HEADER").contains("FLAGS"));
    assert!(
        talk.say("c FETCH 2 BODY[1]")
            .starts_with("* 2 FETCH (FLAGS (\\Seen \\Recent) BODY[1] {")
    );
    assert!(!talk.say("d FETCH 2 BODY[1]").contains("FLAGS"));
    assert!(
        talk.say("e FETCH 3 RFC822.TEXT")
            .contains("FLAGS (\\Seen \\Recent)")
    );
    talk.say("f EXAMINE INBOX");
    assert!(!talk.say("g FETCH 5 BODY[]").contains("FLAGS"));
    assert!(talk.say("h FETCH 5 FLAGS").contains("FLAGS ())"));
}

#[test]
fn a_large_body_flows() {
    let service = service();
    let mut text = b"Subject: big\r\n\r\n".to_vec();
    text.extend(std::iter::repeat_n(*b"0123456789abcdef", 200_000).flatten());
    let size = text.len();
    let date = ehlo::store::date::Stamp::utc(NOW);
    service
        .store
        .lock()
        .deliver("alice", "Archive", &Content::new(text.clone()), date)
        .unwrap();
    let mut talk = Talk::inside(&service, "Archive");
    use ehlo::proto::engine::Engine;
    talk.engine.receive(b"a FETCH 1 BODY.PEEK[]\r\n");
    // `octets` holds every part to 64 KiB.
    let octets = talk.octets();
    let head = format!("* 1 FETCH (BODY[] {{{size}}}\r\n");
    assert!(octets.starts_with(head.as_bytes()));
    assert_eq!(&octets[head.len()..head.len() + size], text);
    assert!(octets.ends_with(b")\r\na OK Fetch completed.\r\n"));
}

#[test]
fn nuls_are_not_put_into_literals() {
    let service = service();
    let date = ehlo::store::date::Stamp::utc(NOW);
    let content = Content::new(b"Subject: x\r\n\r\na\0b".to_vec());
    service
        .store
        .lock()
        .deliver("alice", "Archive", &content, date)
        .unwrap();
    let mut talk = Talk::inside(&service, "Archive");
    talk.engine_octets("a FETCH 1 BODY.PEEK[TEXT]", b"BODY[TEXT] {3}\r\na\x80b)");
    talk.engine_octets("b FETCH 1 BINARY.PEEK[1]", b"BINARY[1] ~{3}\r\na\0b)");
}

#[test]
fn comments_are_no_part_of_a_value() {
    let service = service();
    let mut talk = Talk::inside(&service, "Junk");
    let message = "Content-Type: text/plain\nContent-Transfer-Encoding: (c) base64 (why);\n\
                   Content-Language: en (English, mostly), fr\n\naGVsbG8=\n";
    assert!(talk.append("Junk", "", message).contains("app OK"));
    let heard = talk.say("a FETCH * (BODYSTRUCTURE BINARY[1])");
    assert!(
        heard.contains(
            "BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"BASE64\" 10 1 NIL NIL (\"en\" \"fr\") NIL) \
             BINARY[1] {5}\nhello)\n"
        ),
        "{heard}"
    );
    assert!(talk.say("b SEARCH BODY hello").contains("* SEARCH "));
}

#[test]
fn fields_that_are_there_and_empty() {
    let service = service();
    let mut talk = Talk::inside(&service, "Junk");
    for (message, envelope) in [
        (
            "Subject:\nDate: \nMessage-ID:\t\nIn-Reply-To:\n\nx\n",
            "(\"\" \"\" NIL NIL NIL NIL NIL NIL \"\" \"\")",
        ),
        ("X: y\n\nx\n", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"),
    ] {
        assert!(talk.append("Junk", "", message).contains("app OK"));
        let heard = talk.say("a FETCH * ENVELOPE");
        assert!(
            heard.contains(&format!("(ENVELOPE {envelope})\n")),
            "{heard}"
        );
    }
}
