//! IMAP and POP3 on the screen: views, literals, IDLE, several sessions, questions before harm.

use crate::common::{Do, Fake, Gate, not_loopback, say};
use crate::screen::Console;

#[test]
fn envelope_and_structure_are_arranged() {
    let mut console = Console::inbox(60);
    console.exchange(":set view pretty", "");
    console.exchange("fetch 2 (flags envelope)", "a3 OK");
    console.exchange("fetch 4,9 bodystructure", "a4 OK");
    console.exchange("list \"\" *", "a5 OK");
    console.exchange(":set view both", "");
    console.exchange("fetch 2 envelope", "a6 OK");
    console.exchange(":set view raw", "");
    console.exchange("fetch 1 (uid flags)", "a7 OK");
    console.golden("views.txt");
}

#[test]
fn a_literal_is_typed_or_taken_from_a_file() {
    let mut console = Console::inbox(40);
    let file = console.home.path().join("m.eml");
    std::fs::write(&file, "Subject: x\r\n\r\nhello\r\n").unwrap();
    console.exchange(
        &format!("append inbox (\\Seen) {{@{}}}", file.display()),
        "a3 OK",
    );
    console.line("append inbox {5}").prompt("literal 5>");
    console.exchange("hello", "a4 OK");
    let screen = console.screen();
    assert!(
        screen.contains("->  a3 append inbox (\\Seen) {21}\n<-  + OK\n->  |21 octets of "),
        "{screen}"
    );
    // The second was typed: only its go-ahead is news.
    assert!(
        screen.contains("a4> append inbox {5}\n<-  + OK\nliteral 5> hello\n<- "),
        "{screen}"
    );
}

#[test]
fn news_comes_above_the_line_being_typed() {
    let gate = Gate::default();
    let fake = Fake::new(vec![
        say("* PREAUTH [CAPABILITY IMAP4rev1 IDLE] welcome alice\r\n"),
        Do::Hear,
        say("* 3 EXISTS\r\na1 OK [READ-WRITE] selected\r\n"),
        Do::Hear,
        say("+ idling\r\n"),
        Do::Wait(gate.clone()),
        say("* 4 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\n"),
        Do::Hear,
        say("a2 OK done\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("imap")]);
    console.prompt("a1>").exchange("select inbox", "a1 OK");
    console.line("idle").shows("+ idling").prompt("idle> DONE");
    console.keys("DO").shows("idle> DO");
    gate.open();
    console.until("the news above what is typed", |screen| {
        screen.contains("* 2 FETCH (FLAGS (\\Seen))\nidle> DO")
    });
    console.golden("idle.txt");
    console.keys("NE\r").shows("a2 OK done").prompt("a3>");
}

#[test]
fn several_sessions_each_with_its_state() {
    let mut console = Console::inbox(90);
    console.exchange(":open unix:/no/such/socket imap", "error: ");
    console.exchange(":open pop3", "+OK");
    console.exchange("user bob", "+OK");
    console.exchange(":sessions", "3 pop3");
    console
        .exchange(":use 2", "")
        .prompt("2 imap practice clear INBOX a3>");
    console.line("idle").shows("+ idling").prompt("idle> DONE");
    console.keys("\u{1d}").prompt("ehlo:");
    console.line("use 1").prompt("1 smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.begins_body("samt@example.org", "alice@ehlo.test");
    console.line(".").shows("queued as");
    console.shows("[2] <-  * 10 EXISTS");
    console.exchange(":use 7", "there is no session");
    console
        .exchange(":use 3", "")
        .prompt("3 pop3 practice clear>");
    console.line(":close").prompt("3 pop3 practice closed>");
    console.exchange(":sessions", "* 3 pop3 practice closed");
    console.shows("  2 imap practice clear INBOX a4, idle\n");
    console.keys(":quit\r").shows("==  1 smtp practice clear\n");
    console.shows("==  2 imap practice clear INBOX");
    assert_eq!(console.end(), 0);
}

#[test]
fn a_short_prompt_keeps_what_matters() {
    let mut console = Console::inbox(40);
    console.line(":set prompt short").prompt("2 imap clear a3>");
    console.line("noop").prompt("2 imap clear a4>");
    // The tag was in the prompt: the line is not shown again.
    assert!(
        !console.screen().contains("->  a3 noop"),
        "{}",
        console.screen()
    );
    console.line(":set prompt long").shows("full|short");
}

#[test]
fn a_mailbox_that_is_only_read_is_closed_without_a_question() {
    let mut console = Console::inbox(60);
    console.exchange(":set guard ask", "");
    console.exchange("examine inbox", "a3 OK");
    console.exchange(":status", "INBOX (read only)");
    console.exchange("close", "a4 OK");
}

#[test]
fn harm_is_asked_about_once() {
    let mut console = Console::inbox(60);
    console.exchange(":set guard ask", "");
    console.exchange("store 1:2 +flags.silent (\\Deleted)", "a3 OK");
    console.exchange("store 3 +flags (\\Deleted)", "a4 OK");
    console.line("expunge").prompt("type yes to do it:");
    console.line("").shows("not sent").prompt("a5>");
    console.line("expunge").prompt("type yes to do it:");
    console.line("yes").shows("a5 OK").prompt("a6>");
    console.exchange("expunge", "a6 OK");
    console
        .line("delete Projects/ehlo")
        .prompt("type yes to do it:");
    console
        .line("no")
        .until("no twice", |screen| screen.matches("not sent").count() == 2)
        .prompt("a7>");
    console.line("close").prompt("type yes to do it:");
    console.line("y").prompt("the whole word, yes:");
    console
        .line("no")
        .until("no thrice", |screen| {
            screen.matches("not sent").count() == 3
        })
        .prompt("a7>");
    console.golden("guard.txt");
}

#[test]
fn quit_with_deletions_is_asked_about() {
    let mut console = Console::sized(&[], 80, 40, &[]);
    console.prompt("smtp practice clear>");
    console.exchange(":set explain off", "");
    console.exchange(":set guard ask", "");
    console.exchange(":open pop3", "+OK");
    console.exchange("user alice", "+OK");
    console.exchange("pass wonderland", "+OK");
    console.exchange("dele 1", "+OK");
    console.exchange("dele 2", "+OK");
    console.line("quit").prompt("type yes to do it:");
    console.line("").shows("not sent").prompt(">");
    console.golden("guard-quit.txt");
}

#[test]
fn a_password_in_the_clear_is_asked_about() {
    // It has passed in a network of its own.
    let Some(address) = not_loopback("mail::a_password_in_the_clear_is_asked_about") else {
        return;
    };
    let fake = Fake::at(
        address,
        vec![
            say("* OK [CAPABILITY IMAP4rev1] hi\r\n"),
            Do::Hear,
            say("a1 OK in\r\n"),
            Do::Hold,
        ],
    );
    let mut console = Console::sized(&[&fake.url("imap")], 100, 30, &[]);
    console.prompt("a1>").line("login alice wonderland");
    console
        .shows("can read this credential")
        .prompt("type yes to do it:");
    console.line("").shows("not sent:").prompt("a1>");
    console
        .line("login alice wonderland")
        .prompt("type yes to do it:");
    console.line("yes").shows("a1 OK in").prompt("a2>");
    assert!(
        !console.screen().contains("wonderland"),
        "{}",
        console.screen()
    );
}

/// Whoever says yes to sending a password is to know that it will be refused.
#[test]
fn a_login_in_vain_is_told_before_it_is_sent() {
    let name = "mail::a_login_in_vain_is_told_before_it_is_sent";
    let Some(address) = not_loopback(name) else {
        return;
    };
    let fake = Fake::at(
        address,
        vec![
            say("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n"),
            Do::Hear,
            say("a1 NO [PRIVACYREQUIRED] no\r\n"),
            Do::Hold,
        ],
    );
    let mut console = Console::sized(&[&fake.url("imap")], 200, 30, &[]);
    console.prompt("a1>").line("login alice wonderland");
    console
        .shows("==  the server announced LOGINDISABLED")
        .prompt("type yes to do it:");
    console.line("").shows("not sent:").prompt("a1>");
    console.line("login alice").prompt("password:");
    console.line("wonderland").prompt("type yes to do it:");
    console.line("yes").shows("a1 NO").prompt("a2>");
}

/// Lines held back for one write are asked about as typed ones are, before any of them goes.
#[test]
fn held_lines_that_destroy_mail_are_asked_about() {
    let mut console = Console::inbox(60);
    console.exchange(":set guard ask", "");
    console.exchange("store 1 +flags.silent (\\Deleted)", "a3 OK");
    console.exchange(":together", "held back");
    console.line("noop").line("expunge").line("check");
    console.line(":go").prompt("type yes to do it:");
    console
        .line("no")
        .shows("still held back: 2 more lines; :go sends what is held back");
    let screen = console.screen();
    assert!(!screen.contains("a4 noop"), "{screen}");
    console.exchange(":go", "a5 OK");
    console.exchange(":together", "held back");
    console.line("expunge");
    console.line(":go").prompt("type yes to do it:");
    console.line("yes").shows("* 1 EXPUNGE");
    // QUIT of POP3 removes what DELE marked, in the same write too.
    console.exchange(":open pop3", "+OK");
    console.exchange("user bob", "+OK");
    console.exchange("pass builder", "+OK");
    console.exchange(":set guard ask", "");
    console.exchange(":together", "held back");
    console.line("dele 1").line("quit");
    console
        .line(":go")
        .shows("QUIT removes the 1 message marked by DELE")
        .prompt("type yes to do it:");
}
