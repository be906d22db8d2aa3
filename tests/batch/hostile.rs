//! Hostile servers: floods, lies, and text that a terminal would obey.

use crate::common::{Do, Fake, run, say};

#[test]
fn nothing_a_terminal_obeys_reaches_the_output() {
    let nasty =
        b"220 \x1b[2J\x1b]0;title\x07 \xc2\x9b31m \xe2\x80\xaegnp.exe \xff\x00 hi\r\n".to_vec();
    let fake = Fake::new(vec![Do::Say(nasty), Do::Hear, say("221 bye\r\n")]);
    let ran = run(&[&fake.url("smtp")], "QUIT\n")
        .code(0)
        .says("␛[2J")
        .says("\\u{202e}")
        .says("\\xff");
    assert!(
        !ran.out.contains('\u{1b}') && !ran.out.contains('\u{9b}'),
        "{:?}",
        ran.out
    );
    assert!(
        ran.out
            .lines()
            .any(|l| l.starts_with("!!") && l.contains("control characters")),
        "{}",
        ran.out
    );
}

#[test]
fn server_text_cannot_forge_our_marks() {
    let fake = Fake::new(vec![
        say("220 hi\r==  trusted: forged\r\n"),
        Do::Hear,
        say("221 x\r\n"),
    ]);
    let ran = run(&[&fake.url("smtp")], "QUIT\n");
    assert!(
        !ran.out.lines().any(|line| line.starts_with("==  trusted")),
        "{}",
        ran.out
    );
}

#[test]
fn a_line_without_an_end_meets_a_cap() {
    for (scheme, first, cap) in [
        ("smtp", "220 ", 70_000),
        ("pop3", "+OK ", 70_000),
        ("imap", "* OK ", 1_100_000),
    ] {
        let mut line = first.as_bytes().to_vec();
        line.resize(cap, b'A');
        let fake = Fake::new(vec![Do::Say(line), Do::Hold]);
        run(&[&fake.url(scheme)], "").code(6).says("octets");
    }
}

#[test]
fn impossible_literals_are_a_broken_protocol() {
    for count in ["9223372036854775808", "18446744073709551615", "-1", ""] {
        let text = format!("* OK hi\r\n* 1 FETCH (BODY[] {{{count}}}\r\n");
        let fake = Fake::new(vec![say(text), Do::Hold]);
        run(&[&fake.url("imap"), "--timeout", "20"], "NOOP\n").code(6);
    }
    let fake = Fake::new(vec![say(
        "* OK hi\r\n* 1 FETCH (BODY[] {9223372036854775807}\r\nabc",
    )]);
    run(&[&fake.url("imap")], "NOOP\n")
        .code(6)
        .says("inside a reply");
}

#[test]
fn a_preemptive_completion_ends_it() {
    let fake = Fake::new(vec![say("* OK hi\r\na1 OK x\r\na2 OK x\r\n"), Do::Hold]);
    run(&[&fake.url("imap")], "login alice wonderland\n")
        .code(6)
        .never_says("wonderland");
}

#[test]
fn preauth_cannot_be_upgraded() {
    let fake = Fake::new(vec![
        say("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"),
        Do::Hold,
    ]);
    run(&[&fake.url("imap"), "--starttls"], "")
        .code(4)
        .says("PREAUTH");
}

#[test]
fn a_gibibyte_without_a_line_end_is_not_read_to_its_end() {
    for scheme in ["smtp", "pop3", "imap"] {
        let fake = Fake::new(vec![Do::Flood(b'A', 1 << 30)]);
        run(&[&fake.url(scheme)], "")
            .code(6)
            .says("a line of more than");
    }
}

#[test]
fn nothing_hostile_gets_through_anywhere_in_a_reply() {
    let nasty: &[&[u8]] = &[
        b"\x1b[2J\x1b[H",
        b"\x1bc",
        b"\x1b]0;title\x07",
        b"\x1b]52;c;aGk=\x07",
        b"\x1b[6n\x05",
        b"\x9b31m",
        b"\xc2\x9b31m",
        b"\x90q\x9c",
        b"\x0e\x0f\x00",
        b"\x08\x08\x08",
        b"\xe2\x80\xae",
        b"\xe2\x81\xa6",
        b"\xe2\x80\x8b",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf3\xa0\x81\x81",
    ];
    let places: &[(&str, &[&[u8]], &str)] = &[
        ("smtp", &[b"220 hi\r\n", b"250-%\r\n250 %\r\n"], "EHLO a\n"),
        ("smtp", &[b"220 hi\r\n", b"550 5.1.1 %\r\n"], "VRFY a\n"),
        ("pop3", &[b"+OK hi\r\n", b"-ERR [%] %\r\n"], "STAT\n"),
        (
            "pop3",
            &[b"+OK hi\r\n", b"+OK %\r\n1 %\r\n%\r\n.\r\n"],
            "UIDL\n",
        ),
        (
            "imap",
            &[
                b"* OK hi\r\n",
                b"* LIST (\\%) \"/\" \"%\"\r\na1 OK [%] %\r\n",
            ],
            "list \"\" *\n",
        ),
        (
            "imap",
            &[
                b"* OK hi\r\n",
                b"* 1 FETCH (BODY[] {3}\r\n%%%\r\n FLAGS (%))\r\na1 OK x\r\n",
            ],
            "fetch 1 body[]\n",
        ),
    ];
    for (scheme, turns, typed) in places {
        for bytes in nasty {
            let mut script = Vec::new();
            for turn in *turns {
                script.push(Do::Say(filled(turn, bytes)));
                script.push(Do::Hear);
            }
            let fake = Fake::new(script);
            let ran = run(&[&fake.url(scheme), "--timeout", "30"], typed);
            let shown = format!("{}{}", ran.out, ran.err);
            let bad = shown.chars().find(|c| {
                c.is_control() && *c != '\n'
                    || matches!(*c, '\u{200b}' | '\u{202e}' | '\u{2066}' | '\u{e0041}')
            });
            assert_eq!(bad, None, "{scheme} {typed:?} {bytes:?}\n{shown}");
        }
    }
}

/// `turn` with `bytes` in place of each `%`; a literal's count is made to fit.
fn filled(turn: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for &octet in turn {
        match octet {
            b'%' => out.extend_from_slice(bytes),
            octet => out.push(octet),
        }
    }
    let count = format!("{{{}}}", 3 * bytes.len());
    match memchr::memmem::find(&out, b"{3}") {
        Some(at) => [&out[..at], count.as_bytes(), &out[at + 3..]].concat(),
        None => out,
    }
}

#[test]
fn what_is_offered_cannot_forge_our_marks() {
    let offers = "250-x\r\n250-= trusted: send the password\r\n250-!!  a remark\r\n250 SIZE\r\n";
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say(offers),
        Do::Hear,
        say("221 x\r\n"),
    ]);
    let ran = run(&[&fake.url("smtp")], "EHLO a\n:caps\n").says("\"= trusted: send the password\"");
    for mark in ["  =", "!!", "  !!"] {
        let forged = |line: &str| line.starts_with(mark) && !line.contains("bad word");
        assert!(!ran.out.lines().any(forged), "{}", ran.out);
    }
}

#[test]
fn go_aheads_without_end_do_not_outlast_the_time() {
    let fake = Fake::new(vec![
        say("* OK hi\r\n"),
        Do::Hear,
        Do::Repeat("+ go on\r\n"),
    ]);
    run(&[&fake.url("imap"), "--timeout", "1"], "NOOP\n")
        .code(6)
        .says("within 1 s");
}

#[test]
fn a_tab_hides_no_password_from_the_mask() {
    let fake = Fake::new(vec![
        say("* OK hi\r\n"),
        Do::Hear,
        say("a1 BAD no\r\n"),
        Do::Hold,
    ]);
    run(
        &[&fake.url("imap"), "--timeout", "1"],
        "LOGIN\talice\twonderland\n",
    )
    .never_says("wonderland")
    .says("->  a1 LOGIN")
    .says("••••")
    .says("a1 BAD no");
    assert_eq!(fake.heard()[0], "a1 LOGIN\talice\twonderland");
}
