//! What a person stumbles over: each was met once, and stays mended.

use crate::common::{Do, Fake, Gate, say};
use crate::screen::Console;

const PASTE_ON: &str = "\u{1b}[200~";
const PASTE_OFF: &str = "\u{1b}[201~";

#[test]
fn a_server_that_waits_for_tls_is_told_of() {
    let fake = Fake::new(vec![Do::Hold]);
    let mut console = Console::sized(&[], 80, 40, &[]);
    console.prompt("smtp practice clear>");
    console.line(&format!(":open {}", fake.url("imap")));
    console.shows("if this port speaks TLS at\n    once: --tls, here :open --tls");
    console.press_until("\u{3}", "no longer waiting for the greeting");
    console.prompt("clear a1>");
}

/// A handshake that nobody waits for any more holds no console command up, and is told for what it is.
#[test]
fn a_handshake_can_be_left() {
    let fake = Fake::new(vec![Do::Hold]);
    let mut console = Console::sized(&[&fake.url("smtps")], 80, 40, &[]);
    console.shows("connected from");
    console.press_until("\u{3}", "no longer waiting for the TLS handshake");
    console.prompt("handshake>");
    console.exchange(":status", "in the TLS handshake");
    console.exchange("NOOP", "not sent: TLS is being negotiated");
    console.keys("\u{4}");
    assert_eq!(console.end(), 0);
    let screen = console.screen();
    assert!(!screen.contains("the server closed"), "{screen}");
}

#[test]
fn a_login_is_not_asked_for_twice() {
    let mut console = Console::inbox(40);
    console.exchange(":auth", "logged in already as alice");
    assert!(!console.screen().contains("password:"));
}

/// The line is refused, and what it held is nowhere to be seen or kept.
#[test]
fn a_password_in_a_url_is_neither_shown_nor_kept() {
    let mut console = Console::sized(&[], 80, 40, &[]);
    console.prompt("smtp practice clear>");
    console.line(":open imap://bob:hunter22@mail.example.org");
    console
        .shows("a password does not belong in a URL")
        .prompt("clear>");
    console.line(":open smpt://bob:hunter22@mail.example.org");
    console.shows("smpt://bob:••••").prompt("clear>");
    console.line(":reconnect smtp://bob:hunter22@mail.example.org");
    console.shows("reconnect smtp://bob:••••").prompt("clear>");
    console.exchange(":history", ":open imap://bob:••••@mail.example.org");
    let screen = console.screen();
    assert!(!screen.contains("hunter"), "{screen}");
    let kept = kept(&console);
    assert!(
        kept.contains("bob:••••@mail") && !kept.contains("hunter22"),
        "{kept}"
    );
}

/// What stands behind `{8+}` is a password as much as the word it stands for.
#[test]
fn the_literal_of_a_password_is_masked_while_typed() {
    let mut console = Console::sized(&[], 80, 40, &[]);
    console.prompt("smtp practice clear>");
    console.exchange(":open imap", "* OK");
    console.line("login {5}").prompt("literal 5>");
    console.line("alice {10+}").prompt("literal 10>");
    console.keys("won").shows("literal 10> •••");
    console.line("derland").shows("a1 OK").prompt("a2>");
    let raw = String::from_utf8_lossy(&console.raw()).into_owned();
    let screen = console.screen();
    assert!(
        screen.contains("literal 5> alice") && screen.contains("literal 10> ••••\n"),
        "{screen}"
    );
    // The welcome names the password of the practice server.
    let typed = raw.split_once("literal 10>").unwrap().1;
    assert!(
        !typed.contains("won") && !typed.contains("derland"),
        "{typed}"
    );
    console.line("append inbox {5}").prompt("literal 5>");
    console.line("plain").shows("literal 5> plain");
}

/// A colon in front makes no secret of a verb known: neither on the screen nor in a log.
#[test]
fn a_login_behind_a_colon_is_masked() {
    for (scheme, line, shown) in [
        ("pop3", "::PASS hunter22", ":PASS ••••"),
        ("smtp", "::AUTH PLAIN AHgAeQ==", ":AUTH ••••"),
        ("imap", "::LOGIN bob hunter22", ":LOGIN bob ••••"),
    ] {
        let mut console = Console::sized(&[], 80, 40, &[]);
        console.prompt("smtp practice clear>");
        console.exchange(&format!(":open {scheme}"), "<-  ");
        let (talk, log) = (
            console.home.path().join("x.talk"),
            console.home.path().join("x.jsonl"),
        );
        console.exchange(&format!(":log {}", log.display()), "x.jsonl");
        console.line(line).shows("<-* ").prompt(">");
        console.exchange(":explain", "");
        console.exchange(&format!(":save {}", talk.display()), "x.talk");
        let raw = String::from_utf8_lossy(&console.raw()).into_owned();
        let talk = std::fs::read_to_string(talk).unwrap();
        let log = std::fs::read_to_string(log).unwrap();
        for place in [&raw, &talk, &log] {
            assert!(
                !place.contains("hunter") && !place.contains("AHgAeQ"),
                "{place}"
            );
        }
        assert!(log.contains(shown), "{log}");
    }
}

/// The history on the disk.
fn kept(console: &Console) -> String {
    let path = console.home.path().join(".local/state/ehlo/history-smtp");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn what_stays_on_the_screen_does_not_tell_how_long_a_password_is() {
    let fake = Fake::new(vec![
        say("+OK hi\r\n"),
        Do::Hear,
        say("+OK logged in\r\n"),
        Do::Hear,
        say("+OK\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("pop3")]);
    console.prompt("clear>").line("pass wonderland-and-more");
    console.shows("+OK logged in").line("pass x").shows("+OK\n");
    console.prompt("clear>");
    let screen = console.screen();
    assert_eq!(screen.matches("> pass ••••\n").count(), 2, "{screen}");
}

#[test]
fn a_prompt_says_that_nothing_is_connected() {
    let mut console = Console::greeted(60);
    console.line("quit").prompt("smtp practice closed>");
    console.exchange(":caps", "not connected any more");
    console.exchange(":stat", "meant     :status");
    console.exchange(":data /nowhere/x.eml", "no such file or directory");
    let screen = console.screen();
    assert!(!screen.contains("os error"), "{screen}");
}

#[test]
fn a_prompt_after_421_says_so_too() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("421 4.3.2 closing down\r\n"),
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console.prompt("clear>").line("NOOP").prompt("closed>");
}

#[test]
fn show_tells_the_line_ends_of_a_body() {
    let mut console = Console::greeted(50);
    console.begins_body("a@example.org", "bob@ehlo.test");
    console
        .line("Subject: x")
        .line("")
        .line(".")
        .shows("queued as");
    console.prompt("clear>").line(":show");
    console.shows("->  Subject: x\\r\\n  12 octets");
    console
        .shows("->  \\r\\n  2 octets")
        .shows("->  .\\r\\n  3 octets");
}

/// The refusal comes after Ctrl-C: nobody's lines are the body that it refused.
#[test]
fn a_late_refusal_takes_no_lines() {
    let (gate, done) = (Gate::default(), Gate::default());
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        Do::Wait(gate.clone()),
        say("503 5.5.1 no\r\n"),
        Do::Wait(done.clone()),
        Do::Hear,
        say("250 one\r\n"),
        Do::Hear,
        say("250 two\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    let file = console.home.path().join("m.eml");
    std::fs::write(&file, "Subject: x\r\n\r\nhi\r\n").unwrap();
    console.prompt("clear>");
    console.line(&format!(":data {}", file.display()));
    console.press_until("\u{3}", "no longer waiting for the reply to DATA");
    console.prompt("clear>");
    gate.open();
    console.shows("late, for DATA").shows("503 5.5.1");
    done.open();
    console.keys(&format!("{PASTE_ON}NOOP one\nNOOP two{PASTE_OFF}"));
    console.shows("2 lines pasted").keys("\r");
    console.shows("250 one").shows("250 two");
    assert!(
        !console.screen().contains("body line"),
        "{}",
        console.screen()
    );
}

/// The go-ahead comes after Ctrl-C: what was typed at the old prompt is no body.
#[test]
fn a_late_go_ahead_makes_no_body_of_a_line() {
    let gate = Gate::default();
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        Do::Wait(gate.clone()),
        say("354 go\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::sized(&[&fake.url("smtp")], 80, 30, &[]);
    console.prompt("clear>").line("DATA");
    console.press_until("\u{3}", "no longer waiting for the reply to DATA");
    console.prompt("clear>").keys("RSET").shows("RSET");
    gate.open();
    console.shows("late, for DATA").shows("354 go");
    console
        .keys("\r")
        .shows("not sent: the server asked for content only now");
    console.prompt("data>");
    console
        .keys("\u{3}")
        .prompt("ehlo:")
        .line("close")
        .prompt("closed>");
    console.line(":quit");
    assert_eq!(console.end(), 0);
    assert_eq!(fake.heard(), ["DATA"]);
}

#[test]
fn nothing_is_lost_behind_data_in_one_write() {
    let mut console = Console::greeted(60);
    console
        .exchange(":together", "held back")
        .prompt("together 0>");
    console
        .line("MAIL FROM:<a@example.org>")
        .prompt("together 1>");
    console
        .line("RCPT TO:<bob@ehlo.test>")
        .prompt("together 2>");
    console.line("DATA").prompt("together 3>");
    console
        .line("Subject: x")
        .shows("held back as the body, up to a lone dot");
    console.prompt("together 4>").line("").prompt("together 5>");
    console.line("hi").prompt("together 6>");
    console.line(".").prompt("together 7>");
    console.line("QUIT").shows("DATA waits for an answer first");
    console.shows(":go sends the 7 lines held back");
    console
        .line(":repeat 3 NOOP")
        .shows("there is no reply to wait for");
    console
        .line(":status")
        .shows("held back 7 lines; :go sends them");
    console.prompt("together 7>");
    console.line(":go").shows("->  |hi").shows("queued as");
    console.prompt("clear>");
}

#[test]
fn a_body_held_back_is_not_sent_after_a_refusal() {
    let mut console = Console::greeted(60);
    let lines = ":together\nDATA\nSubject: x\nQUIT\n.\n:go\nNOOP";
    console.keys(&format!("{PASTE_ON}{lines}{PASTE_OFF}"));
    console.shows("lines pasted").keys("\r");
    console.shows("2 body lines not sent: DATA was refused (503)");
    console.shows("->  NOOP").prompt("smtp practice clear>");
}

#[test]
fn a_file_of_bare_lf_is_sent_as_it_is_and_said_so() {
    let mut console = Console::inbox(50);
    let file = console.home.path().join("lf.eml");
    std::fs::write(&file, "Subject: x\n\nhi\n").unwrap();
    console.exchange(&format!("append inbox {{@{}}}", file.display()), "a3 OK");
    console.shows("end in LF alone, sent as they are");
    std::fs::write(&file, "Subject: x\r\n\r\nhi\r\n").unwrap();
    console.keys("\u{c}").prompt("a4>");
    console.exchange(&format!("append inbox {{@{}}}", file.display()), "a4 OK");
    assert!(
        !console.screen().contains("LF alone"),
        "{}",
        console.screen()
    );
}
