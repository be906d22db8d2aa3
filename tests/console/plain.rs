//! Narrow screens, no colours, other locales, terminals that only print.

use crate::screen::Console;

#[test]
fn forty_columns() {
    let mut console = Console::sized(&[], 40, 60, &[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.exchange("RCPT TO:<a@b>", "503");
    console.exchange(":explain", "see ");
    console.exchange(":help RSET", "see ");
    console
        .keys("MAIL FROM:<a@b> ")
        .shows("<a@b> [SIZE=<octets>]");
    console.golden("narrow.txt");
    // The hint's second row does not show through the list.
    console.keys("\t").shows("ENVID=<id>");
    console.until("the line again", |screen| {
        screen.matches("MAIL FROM:<a@b> [SI").count() == 2
    });
    console.golden("narrow-tab.txt");
}

#[test]
fn a_screen_that_changes_its_width() {
    let mut console = Console::sized(&[], 100, 40, &[]);
    console.prompt("smtp practice clear>");
    console.resize(40, 40);
    console.exchange("EHLO me.test", "250 STARTTLS");
    let screen = console.screen();
    let folded = "<-  250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 C\n    RAM-MD5 ";
    assert!(screen.contains(folded), "{screen}");
}

/// The colours and weights that were set.
fn colours(raw: &[u8]) -> usize {
    let text = String::from_utf8_lossy(raw).into_owned();
    let ends = text.match_indices("\x1b[").filter(|(at, _)| {
        let rest = &text[at + 2..];
        let end = rest.find(|c: char| c.is_ascii_alphabetic());
        end.is_some_and(|end| rest[end..].starts_with('m'))
    });
    ends.count()
}

#[test]
fn no_color_means_none() {
    for (variables, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
        let mut console = Console::sized(&[], 80, 30, variables);
        console.prompt("smtp practice clear>");
        console.exchange("EHLO me.test", "250 STARTTLS");
        console.exchange("MIAL", "<-* 500");
        // Hints are dim all the same: that is no colour.
        let raw = String::from_utf8(console.raw()).unwrap();
        let raw = raw.replace("\x1b[2m", "").replace("\x1b[0m", "");
        assert_eq!(colours(raw.as_bytes()) > 0, coloured);
    }
}

#[test]
fn a_hint_is_told_from_what_is_typed_without_colours() {
    for arguments in [&["--color", "never"][..], &["--simple-ui"]] {
        let mut console = Console::sized(arguments, 80, 30, &[("NO_COLOR", "1")]);
        console.prompt("smtp practice clear>");
        if arguments.len() == 1 {
            console.keys("EHLO ").shows("> EHLO");
            assert_eq!(colours(&console.raw()), 0);
            continue;
        }
        console.stroke("EHLO ", |screen| screen.cursor_position().1 == 26);
        let painted = console.painted();
        assert!(painted.contains("> EHLO {dim}<domain>{}"), "{painted}");
    }
}

#[test]
fn a_c_locale_gets_ascii() {
    let mut console = Console::sized(&[], 80, 70, &[("LC_ALL", "C"), ("NO_COLOR", "1")]);
    console.prompt("smtp practice clear>");
    console.exchange(":set explain off", "");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.line("AUTH PLAIN").prompt("yourself):");
    console.line("alice").prompt("password:");
    console
        .line("wonderland")
        .shows("235 2.7.0")
        .prompt("clear>");
    console.exchange(":open imap", "* OK");
    console.exchange("login alice wonderland", "a1 OK");
    console.exchange(":set view pretty", "");
    console.exchange("list \"\" *", "a2 OK");
    console.exchange("select inbox", "a3 OK");
    console.exchange("fetch 2 (envelope bodystructure)", "a4 OK");
    console.keys("fetch 2 (").shows("fetch 2 (<item>");
    let screen = console.screen();
    assert!(screen.is_ascii(), "{screen}");
    console.golden("ascii.txt");
}

#[test]
fn a_dumb_terminal() {
    let mut console = Console::sized(&[], 80, 40, &[("TERM", "dumb")]);
    console.prompt("smtp practice clear>");
    console
        .line("EHLO me.test")
        .shows("250 STARTTLS")
        .prompt("clear>");
    console.line(":explain").shows("see ").prompt("clear>");
    console.line("MIAL").shows("500").prompt("clear>");
    console.golden("dumb.txt");
}

#[test]
fn the_simple_console() {
    let mut console = Console::sized(&["--simple-ui"], 80, 40, &[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.exchange("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", "235");
    console.exchange(":explain", "see ");
    console.golden("simple.txt");
}
