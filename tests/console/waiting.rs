//! Replies that come late, unasked, or not at all; the line being typed stays whole.

use crate::common::{Do, Fake, Gate, say};
use crate::screen::Console;

#[test]
fn untagged_data_appears_above_the_line_being_typed() {
    let fake = Fake::new(vec![
        say("* OK hi\r\n"),
        Do::Hear,
        say("+ idling\r\n"),
        Do::Hear,
        say("a1 OK done\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("imap")]);
    console.prompt("a1>").line("idle").shows("\nidle>");
    console.line("DONE").shows("a1 OK done");
    console.prompt("a2>");
}

#[test]
fn a_reply_nobody_waits_for_is_shown_as_late() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        Do::Hear,
        say("250 first\r\n250 second\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console.prompt("clear>").line("NOOP one");
    console.press_until("\u{3}", "no longer waiting for the reply to NOOP");
    console
        .prompt("clear>")
        .line("NOOP two")
        .shows("late, for NOOP")
        .shows("250 second");
    console.prompt("clear>");
}

/// What is told of a wait is about the reply that is waited for, not about one already given up.
#[test]
fn a_wait_is_told_by_what_is_waited_for() {
    let fake = Fake::new(vec![say("220 hi\r\n"), Do::Hear, Do::Hear, Do::Hold]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console.prompt("clear>").line("NOOP one");
    console.press_until("\u{3}", "no longer waiting for the reply to NOOP");
    console
        .prompt("clear>")
        .line("VRFY two")
        .shows("> VRFY two");
    console.press_until("\u{3}", "no longer waiting for the reply to VRFY");
}

#[test]
fn a_server_that_hangs_up_is_said_at_once() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("421 4.3.2 closing down\r\n"),
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console
        .prompt("clear>")
        .line("NOOP")
        .shows("421 4.3.2 closing down");
    console
        .shows("the server closed the connection")
        .line("NOOP");
    console.shows("not connected").prompt("closed>");
}

/// Send in one session, watch IDLE in the other.
#[test]
fn another_session_is_used_while_one_idles() {
    let mut console = Console::inbox(40);
    console.line("idle").shows("idle>");
    console.line(":use 1").prompt("1 smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.begins_body("a@example.org", "alice@ehlo.test");
    console.line("Subject: news").line("").line(".");
    console.shows("[2] <-  * 10 EXISTS");
    console.prompt("1 smtp practice clear>");
    console.line(":use 2").shows("idle>");
    console.exchange("DONE", "a3 OK");
    console.line(":quit");
    assert_eq!(console.end(), 0);
}

#[test]
fn a_console_command_in_a_body_is_content_and_said_so() {
    let mut console = Console::greeted(40);
    console.begins_body("a@example.org", "alice@ehlo.test");
    console.line(":not one of ours").line(":quit");
    console.shows("this is a line of the body; Ctrl-C opens a line for the console");
    console.line(".").shows("queued as");
    console.line(":quit");
    assert_eq!(console.end(), 0);
}

/// What has come of a line is shown when its end is no longer waited for, and is there for `:show`.
#[test]
fn a_wait_given_up_shows_what_has_come() {
    let later = Gate::default();
    let fake = Fake::new(vec![
        say("220-hi\r\n220 hal"),
        Do::Wait(later.clone()),
        say("lo\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console.shows("<-  220-hi");
    console.press_until("\u{3}", "no longer waiting for the greeting");
    console.shows("<-  220 hal\n").prompt("clear>");
    console.line(":show 0").shows("<-  220 hal  7 octets\n");
    later.open();
    console.shows("late, for greeting:").shows("<-  220 hallo");
}

/// A literal that does not come to its end is shown as far as it came, however the wait ends.
#[test]
fn a_literal_that_stalls_is_shown() {
    for hangs_up in [false, true] {
        let mut script = vec![
            say("* PREAUTH hi\r\n"),
            Do::Hear,
            say("* 1 FETCH (BODY[] {90}\r\nSubject: half\r\n\r\nof a li"),
        ];
        script.extend((!hangs_up).then_some(Do::Hold));
        let fake = Fake::new(script);
        let mut console = Console::start(&[&fake.url("imap")]);
        console.prompt("a1>").line("fetch 1 body[]");
        match hangs_up {
            true => console.shows("the server closed the connection inside a reply"),
            false => console.press_until("\u{3}", "no longer waiting for the reply to FETCH"),
        };
        console.shows("|Subject: half").shows("|of a li");
    }
}

/// A login that only TLS brings names the console's own way there.
#[test]
fn a_login_without_mechanisms_names_the_way_to_tls() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250-a\r\n250 STARTTLS\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console.prompt("clear>").exchange("EHLO a", "250 STARTTLS");
    console
        .line(":auth PLAIN alice")
        .shows("does not offer PLAIN");
    console.line(":auth").shows("offers no mechanism");
    console.shows(":starttls: the server offers STARTTLS");
}

/// What is cut is cut by its octets too, and no line is counted where there is none.
#[test]
fn a_literal_without_line_ends_is_cut() {
    const SIZE: usize = 3_000_000;
    let fake = Fake::new(vec![
        say("* PREAUTH hi\r\n"),
        Do::Hear,
        say(format!(
            "* 1 FETCH (BODY[] {{{SIZE}}}\r\n{})\r\na1 OK done\r\n",
            "x".repeat(SIZE)
        )),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("imap")]);
    console.prompt("a1>").line(":set view raw").prompt("a1>");
    console.line("fetch 1 body[]").shows("a1 OK done");
    console.shows("more octets not shown");
    let raw = console.raw().len();
    assert!(raw < 400_000, "{raw} octets on the terminal");
}
