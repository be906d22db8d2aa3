//! `ehlo` alone: the student's first screens.

use crate::screen::Console;

#[test]
fn the_first_screen_is_ready_to_type_in() {
    let mut console = Console::start(&[]);
    console.prompt("smtp practice clear>");
    console.golden("first.txt");
    console.line(":quit");
    assert_eq!(console.end(), 0);
}

#[test]
fn a_message_by_hand_is_read_by_hand() {
    let mut console = Console::sized(&[], 80, 60, &[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.exchange("RCPT TO:<charlie@ehlo.test>", "250 2.1.5");
    console.exchange("DATA", "354");
    console.prompt("data>");
    for line in ["Subject: hello", "", ".hidden", "the body"] {
        console.line(line);
    }
    console.shows("..hidden  (dot-stuffed)");
    console.exchange(".", "queued as");
    console.exchange(":open imap", "* OK");
    console.prompt("2 imap practice clear a1>");
    console.exchange("login charlie charlie", "a1 OK");
    console.exchange("select inbox", "a2 OK");
    console.prompt("2 imap practice clear INBOX a3>");
    console.exchange("fetch * body.peek[text]", "a3 OK");
    console.shows("|the body");
    console.line(":use 1").prompt("1 smtp practice clear>");
    console.line(":quit");
    assert_eq!(console.end(), 0);
}

#[test]
fn starttls_by_hand_upgrades_and_forgets() {
    let mut console = Console::sized(&[], 80, 50, &[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.exchange("STARTTLS", "say EHLO again");
    console.prompt("smtp practice tls>");
    console.exchange("EHLO me.test", "<~  250");
    console
        .line("STARTTLS")
        .shows("not sent: TLS is up already")
        .prompt("tls>");
    console.line(":quit");
    assert_eq!(console.end(), 0);
}

#[test]
fn auth_plain_asks_at_the_challenge() {
    let mut console = Console::sized(&[], 80, 50, &[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console
        .line("AUTH PLAIN")
        .shows("user (empty to type the line yourself):");
    console.line("alice").shows("password:");
    console.line("wonderland").shows("235 2.7.0");
    console.prompt("smtp practice clear>");
    let screen = console.screen();
    assert!(screen.contains("->  ••••"), "{screen}");
    assert!(!String::from_utf8_lossy(&console.raw()).contains("wonderland "));
    console.line(":quit");
    assert_eq!(console.end(), 0);
}

#[test]
fn the_terminal_is_as_it_was() {
    let mut console = Console::start(&[]);
    console.prompt("smtp practice clear>");
    console.keys("\u{4}");
    assert_eq!(console.end(), 0);
    let raw = String::from_utf8_lossy(&console.raw()).into_owned();
    let (on, off) = (raw.rfind("\u{1b}[?2004h"), raw.rfind("\u{1b}[?2004l"));
    assert!(off > on, "bracketed paste is left on");
}
