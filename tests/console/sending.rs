//! Messages: typed, composed, from an editor, from a file; commands again and again; replies that go
//! elsewhere; talks.

use std::os::unix::fs::PermissionsExt as _;

use crate::common::{Do, Fake, Gate, say};
use crate::screen::Console;

fn transaction(console: &mut Console) {
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.exchange("RCPT TO:<charlie@ehlo.test>", "250 2.1.5");
}

#[test]
fn a_message_by_hand() {
    let mut console = Console::greeted(40);
    transaction(&mut console);
    console.exchange("DATA", "354").prompt("data>");
    for line in ["Subject: hello", "", ".hidden", "I continue writing"] {
        console.line(line).shows(line).prompt("data>");
    }
    console.exchange(".", "what to look for");
    console.golden("data.txt");
}

#[test]
fn compose_asks_shows_and_sends() {
    let mut console = Console::greeted(70);
    console.line(":compose").prompt("From:");
    console.line("samt@example.org").prompt("To:");
    console
        .line("André <bob@ehlo.test>, charlie@ehlo.test")
        .prompt("Subject:");
    console.line("Grüße").prompt("data>");
    console.line("It is noon in Lüttich.").prompt("data>");
    console.line(".").prompt("type yes to do it:");
    console
        .line("yes")
        .shows("what to look for")
        .prompt("clear>");
    console.golden("compose.txt");
}

/// What was written is not lost with a MAIL or RCPT that is refused.
#[test]
fn a_letter_that_is_refused_is_offered_again() {
    let mut console = Console::greeted(70);
    console.exchange(":set explain off", "");
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.line(":compose").prompt("From:");
    console.shows("a transaction is open");
    console.line("samt@example.org").prompt("To:");
    console.line("nobody@ehlo.test").prompt("Subject:");
    console.line("noon").prompt("data>");
    console.line("It is noon.").prompt("data>");
    console.line(".").prompt("type yes to do it:");
    console.line("yes").shows("<-* 503").prompt("clear>");
    console.exchange("RSET", "250");
    console.line(":compose").prompt("begins another:");
    console.line("").prompt("From (samt@example.org):");
    console.line("").prompt("To (nobody@ehlo.test):");
    console.line("").prompt("Subject (noon):");
    console.line("").prompt("type yes to do it:");
    console.line("yes").shows("<-* 550").prompt("clear>");
    console.exchange("RSET", "250");
    console.line(":compose").prompt("begins another:");
    console.line("").prompt("From (samt@example.org):");
    console.line("").prompt("To (nobody@ehlo.test):");
    console.line("bob@ehlo.test").prompt("Subject (noon):");
    console.line("").prompt("type yes to do it:");
    console.line("yes").shows("queued as").prompt("clear>");
    console.golden("compose-again.txt");
    console.line(":compose").prompt("From:");
}

#[test]
fn enter_alone_composes_nothing() {
    let mut console = Console::greeted(50);
    console.line(":compose").prompt("From:");
    for (answer, next) in [("a@b.c", "To:"), ("bob", "Subject:"), ("x", "data>")] {
        console.line(answer).prompt(next);
    }
    console.shows("bob has no domain");
    console.line(".").prompt("type yes to do it:");
    console.line("y").prompt("the whole word, yes:");
    console.line("").shows("nothing was sent").prompt("clear>");
    assert!(
        !console.screen().contains("->  MAIL"),
        "{}",
        console.screen()
    );
}

#[test]
fn nothing_is_composed_among_lines_held_back() {
    let mut console = Console::greeted(40);
    console.exchange(":together", "held back");
    console.exchange(
        ":compose",
        "a message is not composed among lines held back",
    );
}

/// A console whose $EDITOR writes this text.
fn with_editor(text: &str) -> (Console, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("editor");
    std::fs::write(
        &script,
        format!("#!/bin/sh\ncat > \"$1\" <<'E'\n{text}\nE\n"),
    )
    .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let editor = script.display().to_string();
    let mut console = Console::sized(&[], 80, 40, &[("EDITOR", &editor)]);
    console.prompt("smtp practice clear>");
    (console, folder)
}

#[test]
fn edit_writes_several_commands() {
    let (mut console, _folder) = with_editor("EHLO me.test\nMAIL FROM:<a@b.c>\nRSET");
    console
        .line(":edit")
        .shows("3 lines, each sent as a command");
    console.prompt("type yes to do it:");
    console.line("yes").shows("250 2.0.0");
    console.prompt("smtp practice clear>");
    console.golden("edit.txt");
}

#[test]
fn edit_writes_a_body() {
    let (mut console, _folder) = with_editor("Subject: edited\n\n.dot");
    console.exchange("EHLO me.test", "250 STARTTLS");
    transaction(&mut console);
    console.exchange("DATA", "354").prompt("data>");
    console.keys("\u{1d}").prompt("ehlo:");
    console
        .line("edit")
        .shows("a lone dot ends the message")
        .prompt("data>");
    console.line(".").shows("what to look for").prompt("clear>");
    console.exchange(":inbox charlie 1", "|.dot");
    assert!(
        console.screen().contains("of what you wrote"),
        "{}",
        console.screen()
    );
}

#[test]
fn a_file_is_counted_not_shown() {
    let mut console = Console::greeted(60);
    let file = console.home.path().join("message.eml");
    std::fs::write(&file, "Subject: from a file\r\n\r\n.secret words\r\n").unwrap();
    let file = file.display();
    transaction(&mut console);
    console.exchange(&format!(":data {file}"), "what to look for");
    transaction(&mut console);
    console.exchange(&format!(":bdat {file} 20"), "what to look for");
    let screen = console.screen();
    assert!(screen.contains("->  |39 octets of "), "{screen}");
    assert!(
        screen.contains("->  BDAT 20\n->  |20 octets of "),
        "{screen}"
    );
    assert!(
        screen.contains("->  BDAT 19 LAST\n->  |19 octets of "),
        "{screen}"
    );
    assert!(!screen.contains("secret words"), "{screen}");
    console.exchange(":inbox charlie 2", "|.secret words");
}

#[test]
fn repeat_tells_min_median_and_max() {
    let mut console = Console::greeted(30);
    console.exchange(":set explain off", "");
    console.exchange(":repeat 3 NOOP", "3 times: min");
    console.exchange(":repeat 0 NOOP", "usage");
    console.golden("repeat.txt");
}

#[test]
fn watch_goes_on_until_ctrl_c() {
    let mut console = Console::inbox(40);
    // So long that it is said once before Ctrl-C.
    console
        .line(":watch 600 STATUS INBOX (MESSAGES)")
        .shows("a3 OK");
    console.press_until("\u{3}", "INBOX a4>");
    console.golden("watch.txt");
    console.line(":watch 0.1 NOOP").shows("a6 OK");
    console.press_until("\u{3}", "INBOX a").prompt(">");
}

#[test]
fn a_reply_goes_to_a_file_or_a_program() {
    let mut console = Console::inbox(50);
    let file = console.home.path().join("saved.eml");
    console.exchange(
        &format!(":> {} fetch 7 body.peek[]", file.display()),
        "a3 OK",
    );
    console.exchange(":| \"wc -l\" fetch 7 body.peek[text]", "a4 OK");
    console.exchange(
        &format!(":> {} fetch 1 body.peek[]", file.display()),
        "is not overwritten",
    );
    let saved = std::fs::read_to_string(&file).unwrap();
    assert!(saved.contains("Subject: Lunch on Friday?\r\n"), "{saved}");
    assert!(!saved.contains("FETCH"), "{saved}");
    console.golden("redirect.txt");
}

/// A file that holds a refusal would stand in the way of the next try.
#[test]
fn a_refusal_makes_no_file() {
    let mut console = Console::inbox(60);
    let file = console.home.path().join("saved.eml");
    let to_file = |command| format!(":> {} {command}", file.display());
    console.exchange(":open pop3", "+OK");
    console.exchange("user alice", "+OK");
    console.exchange("pass wonderland", "+OK");
    console.exchange(&to_file("retr 999"), "nothing was written to");
    assert!(
        console.screen().contains("<-* -ERR"),
        "{}",
        console.screen()
    );
    assert!(!file.exists());
    console
        .line(&to_file("retr 1"))
        .shows("octets written")
        .prompt(">");
    let saved = std::fs::read_to_string(&file).unwrap();
    assert!(saved.contains("Subject: "), "{saved}");
}

#[test]
fn a_talk_runs_from_the_console() {
    let mut console = Console::sized(&[], 80, 60, &[]);
    console.prompt("smtp practice clear>");
    let write = |name: &str, text: &str| {
        let path = console.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let good = write(
        "good.talk",
        "open smtp://localhost:2025\nS: 220\nC: NOOP\nS: 250\n",
    );
    let bad = write("bad.talk", "open smtp://localhost:2025\nC: DATA\nS: 354\n");
    let broken = write("broken.talk", "X: what\n");
    console.exchange(&format!(":run {good}"), "good.talk  passed, 2 exchanges");
    console.exchange(&format!(":run {bad}"), "expected");
    console.exchange(&format!(":run {broken}"), "no directive");
    console.exchange(":run", "usage: :run FILE");
    // The session in front is where it was.
    console.exchange("EHLO me.test", "250 STARTTLS");
    let screen = console.screen();
    assert!(screen.contains("->  NOOP\n<-  250 2.0.0 Ok\n"), "{screen}");
    assert!(
        screen.contains("bad.talk  failed at line 3 of 3"),
        "{screen}"
    );
}

#[test]
fn a_saved_conversation_runs_again() {
    let mut console = Console::greeted(70);
    transaction(&mut console);
    let talk = console.home.path().join("saved.talk");
    console.exchange(&format!(":save {}", talk.display()), "written to");
    console.exchange(&format!(":run {}", talk.display()), "passed");
}

#[test]
fn several_sessions_are_saved_in_their_order() {
    let mut console = Console::greeted(70);
    console.exchange(":open pop3", "+OK");
    console.exchange("CAPA", "STLS");
    console.exchange(":use 1", "1 smtp practice");
    console.exchange("VRFY bob", "250 2.1.5");
    let talk = console.home.path().join("both.talk");
    console.exchange(&format!(":save {}", talk.display()), "written to");
    assert!(!console.screen().contains("only session"));
    let text = std::fs::read_to_string(&talk).unwrap();
    let said: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("S:"))
        .collect();
    assert_eq!(
        said,
        [
            "on practice",
            "open smtp",
            "C: EHLO me.test",
            "session 2",
            "open pop3",
            "C: CAPA",
            "session main",
            "C: VRFY bob"
        ],
        "{text}"
    );
    console.exchange(&format!(":run {}", talk.display()), "passed");
    let part = console.home.path().join("part.talk");
    console.exchange(&format!(":save {} 2-2", part.display()), "only session 1");
    let text = std::fs::read_to_string(&part).unwrap();
    assert!(
        text.starts_with("on practice\nopen smtp\nC: VRFY bob\n"),
        "{text}"
    );
}

/// A server that stops reading does not hold the console: Ctrl-C ends the wait for room.
#[test]
fn a_chunk_that_nobody_reads_is_given_up() {
    let stuck = Gate::default();
    let fake = Fake::new(vec![say("220 hi\r\n"), Do::Wait(stuck.clone())]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    let file = console.home.path().join("large");
    let size = 64 * 1024 * 1024;
    std::fs::File::create(&file).unwrap().set_len(size).unwrap();
    console.prompt("clear>");
    console
        .line(&format!(":bdat {} {size}", file.display()))
        .shows(&format!("->  BDAT {size} LAST"));
    console.press_until("\u{3}", "no longer waiting for the reply to BDAT");
    console.shows("the chunk is cut short").prompt(">");
    console.press_until("\u{3}", "ehlo:");
    console.line("close").prompt("closed>");
    stuck.open();
}

/// What waits for a reply goes no further when the person stops waiting.
#[test]
fn a_letter_goes_no_further_than_the_wait() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250 8BITMIME\r\n"),
        Do::Hear,
        Do::Hold,
    ]);
    let mut console = Console::sized(&[&fake.url("smtp")], 80, 40, &[]);
    console.exchange("EHLO me.test", "250 8BITMIME");
    console.line(":compose").prompt("From:");
    console.line("a@example.org").prompt("To:");
    console.line("b@example.org").prompt("Subject:");
    console.line("x").prompt("data>");
    console.line(".").prompt("type yes to do it:");
    console.line("yes").shows("->  MAIL");
    console.press_until("\u{3}", "no longer waiting for the reply to MAIL");
    console.shows("the message was not sent").prompt("clear>");
    console.line(":close").prompt("closed>");
    assert_eq!(fake.heard(), ["EHLO me.test", "MAIL FROM:<a@example.org>"]);
}
