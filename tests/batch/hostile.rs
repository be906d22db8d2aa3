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
fn every_cut_of_a_conversation_ends_without_panic_and_never_with_0() {
    let text = "220 mail ESMTP\r\n250-mail\r\n250 SIZE 100\r\n250 2.0.0 ok\r\n";
    for cut in 0..text.len() {
        let fake = Fake::new(vec![say(&text[..cut])]);
        let ran = run(&[&fake.url("smtp")], "EHLO a\nNOOP\n");
        assert_ne!(ran.code, 0, "cut after {cut}");
        assert_ne!(ran.code, 101, "cut after {cut}: {}", ran.err);
    }
}
