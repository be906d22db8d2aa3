//! Keys: completion, hints, history, paste, Ctrl-C, Ctrl-D, Ctrl-].

use crate::common::{Do, Fake, say};
use crate::screen::Console;

const PASTE_ON: &str = "\u{1b}[200~";
const PASTE_OFF: &str = "\u{1b}[201~";

#[test]
fn a_hint_shrinks_and_is_never_taken() {
    let mut console = Console::start(&[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.keys("mail fr").shows("mail from:<reverse-path>");
    console.keys("om:<a@b> ").shows("[size=<octets>]");
    console.keys("\r").shows("250 2.1.0");
    let screen = console.screen();
    assert!(screen.contains("clear> mail from:<a@b>\n"), "{screen}");
}

#[test]
fn tab_lists_what_this_server_allows() {
    let mut console = Console::sized(&[], 100, 40, &[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console
        .keys("MAIL FROM:<a@b> ")
        .keys("\t")
        .shows("at most 10485760 here");
}

#[test]
fn a_paste_waits_for_enter_and_keeps_the_turn() {
    let mut console = Console::sized(&[], 80, 40, &[]);
    console.prompt("smtp practice clear>");
    console.keys(&format!("{PASTE_ON}EHLO me.test\nMAIL FROM:<a@b.c>\nRCPT TO:<bob@ehlo.test>\nDATA\nSubject: x\n.{PASTE_OFF}"));
    console.shows("6 lines pasted: Enter sends them one at a time");
    console.keys("\r").shows("queued as");
    console.prompt("smtp practice clear>");
}

#[test]
fn a_pasted_body_is_not_sent_when_data_is_refused() {
    let mut console = Console::sized(&[], 80, 40, &[]);
    console.prompt("smtp practice clear>");
    console.keys(&format!(
        "{PASTE_ON}EHLO me.test\nDATA\nSubject: x\nQUIT\n.\nNOOP{PASTE_OFF}"
    ));
    console.shows("lines pasted").keys("\r");
    console.shows("2 body lines not sent: DATA was refused (503)");
    console.shows("NOOP").prompt("smtp practice clear>");
    assert!(
        !console.screen().contains("<-  221"),
        "{}",
        console.screen()
    );
}

/// Whatever the verb, the lines behind it are answers.
#[test]
fn a_pasted_login_is_masked_before_it_is_sent() {
    for login in ["AUTH LOGIN", "X-EXPS LOGIN"] {
        let mut console = Console::sized(&[], 80, 40, &[]);
        console.prompt("smtp practice clear>");
        console.keys(&format!("{PASTE_ON}{login}\nd29uZGVybGFuZA=={PASTE_OFF}"));
        console.shows("2 lines pasted");
        let screen = console.screen();
        assert!(!screen.contains("d29uZGVybGFuZA"), "{screen}");
    }
}

#[test]
fn ctrl_c_leaves_the_line_and_ctrl_d_says_quit() {
    let fake = Fake::new(vec![say("220 hi\r\n"), Do::Hear, say("221 bye\r\n")]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console
        .prompt("clear>")
        .keys("RSET half")
        .shows("RSET half");
    console.keys("\u{3}").until("the next prompt", |screen| {
        screen.matches("clear>").count() == 2 && screen.trim_end().ends_with("clear>")
    });
    console.keys("\u{4}");
    assert_eq!(console.end(), 0);
    assert_eq!(fake.heard(), ["QUIT"]);
}

#[test]
fn ctrl_bracket_opens_one_console_line_inside_a_body() {
    let mut console = Console::sized(&[], 80, 40, &[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.exchange("MAIL FROM:<a@b.c>", "250");
    console.exchange("RCPT TO:<bob@ehlo.test>", "250");
    console.exchange("DATA", "354");
    console.line(":not a command here").prompt("data>");
    // The line that was being typed comes back behind it.
    console.keys("half a li").shows("data> half a li");
    console.keys("\u{1d}").prompt("ehlo:");
    console.line("status").shows("due       nothing");
    console.shows("data> half a li\n").line("ne");
    console.shows("data> half a line\n").prompt("data>");
    console.keys("\u{1d}").prompt("ehlo:");
    console.line("close").prompt("smtp practice closed>");
}

#[test]
fn history_comes_back_without_secrets() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("235 2.7.0 ok\r\n"),
        Do::Hear,
        say("250 ok\r\n"),
        Do::Hear,
        say("221 bye\r\n"),
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console
        .prompt("clear>")
        .exchange("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", "235");
    console.exchange("NOOP", "250");
    console.keys("\u{1b}[A");
    console.until("NOOP from the history", |screen| {
        screen.trim_end().ends_with("clear> NOOP [<text>]")
    });
    console.keys("\u{3}").until("the next prompt", |screen| {
        screen.trim_end().ends_with("clear>")
    });
    console.line(":quit");
    assert_eq!(console.end(), 0);
    let history = console.home.path().join(".local/state/ehlo/history-smtp");
    let text = std::fs::read_to_string(&history).unwrap();
    assert!(text.contains("AUTH PLAIN ••••\nNOOP\n"), "{text}");
    assert!(!text.contains("AGFsaWNl"), "{text}");
}

/// The hidden prompts of a login come between a line and the next prompt that remembers it.
#[test]
fn a_login_by_hand_is_in_the_history() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("334 VXNlcm5hbWU6\r\n"),
        Do::Hear,
        say("334 UGFzc3dvcmQ6\r\n"),
        Do::Hear,
        say("235 2.7.0 ok\r\n"),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console.prompt("clear>").line("AUTH LOGIN");
    console.prompt("(empty to type the line yourself):");
    console.line("").prompt("auth>");
    console
        .line("YWxpY2U=")
        .shows("UGFzc3dvcmQ6")
        .prompt("auth>");
    console.line("d29uZGVybGFuZA==").shows("235 2.7.0 ok");
    console.prompt("clear>").keys("\u{1b}[A");
    console.until("AUTH LOGIN from the history", |screen| {
        let last = screen.trim_end().lines().next_back().unwrap_or_default();
        last.contains("clear> AUTH LOGIN")
    });
}

/// A console line for raw octets may hold a login, at the prompt and behind Ctrl-].
#[test]
fn secrets_in_raw_octets_are_never_on_the_screen() {
    let mut console = Console::greeted(40);
    console
        .keys(":raw \"AUTH PLAIN AGFsaWNlAHdv")
        .shows(":raw \"AUTH PLAIN ••••••••••••");
    console.keys("\u{3}").prompt("clear>");
    console.keys("\u{1d}").prompt("ehlo:");
    console
        .keys("raw \"AUTH PLAIN AGFsaWNlAHdv")
        .shows("ehlo: raw \"AUTH PLAIN ••••••••••••");
    console.keys("\u{3}").prompt("clear>");
    let said = String::from_utf8_lossy(&console.raw()).into_owned();
    assert!(!said.contains("AGFs"), "{said}");
}

#[test]
fn tab_adds_what_always_follows() {
    let mut console = Console::start(&[]);
    console.prompt("smtp practice clear>");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.keys("mai\tsamt@example.org>\r").shows("250 2.1.0");
    console.keys("rc\tbob@ehlo.test>\r").shows("250 2.1.5");
    console.keys("qui\t\r").shows("221");
    let screen = console.screen();
    assert!(
        screen.contains("> mail from:<samt@example.org>\n"),
        "{screen}"
    );
    assert!(screen.contains("> rcpt to:<bob@ehlo.test>\n"), "{screen}");
    assert!(screen.contains("> quit\n"), "{screen}");
}

#[test]
fn a_long_list_never_pages_and_swallows_nothing() {
    let mut console = Console::inbox(12);
    // All in one burst: what is typed behind Tab belongs to the line.
    console
        .keys("fetch 1 \tflags\t\r")
        .shows("* 1 FETCH (FLAGS");
    console.prompt("INBOX a4>");
    let only_the_prompt = |screen: &str| screen.trim_end() == "2 imap practice clear INBOX a4>";
    console
        .keys("\u{c}")
        .until("a bare prompt", only_the_prompt);
    console.keys("fetch 1 \t").shows("more: type a letter");
    console.prompt("INBOX a4> fetch 1 <items> [(<modifiers>)]");
    assert!(!String::from_utf8_lossy(&console.raw()).contains("More"));
    console.golden("tab-long.txt");
    console
        .keys("\u{3}")
        .prompt("INBOX a4>")
        .keys("\u{c}")
        .until("a bare prompt", only_the_prompt);
    console
        .keys("\t")
        .shows("more: type a letter")
        .prompt("INBOX a4>");
    console.golden("tab-empty.txt");
}
