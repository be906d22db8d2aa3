//! Ends from outside, and consoles that only print.

use rustix::process::Signal;

use crate::common::{Do, Fake, Gate, say};
use crate::screen::Console;

#[test]
fn signals_leave_the_terminal_as_it_was() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let mut console = Console::start(&[]);
        console.prompt("smtp practice clear>");
        console.keys("EHLO").shows("EHLO");
        assert!(!console.is_cooked(), "the editor has the terminal");
        console.signal(signal);
        assert_eq!(console.end(), code);
        assert!(console.is_cooked());
    }
}

/// What was begun and never sent is no success, whoever asks for the exit code.
#[test]
fn leaving_inside_a_body_is_2() {
    let mut console = Console::greeted(50);
    for line in [
        "EHLO me.test",
        "MAIL FROM:<a@example.org>",
        "RCPT TO:<bob@ehlo.test>",
    ] {
        console.exchange(line, "250 ");
    }
    console.line("DATA").prompt("data>");
    console.line("half a message").prompt("data>");
    console.press_until("\u{4}", "the dot was not sent");
    assert_eq!(console.end(), 2);
    let mut console = Console::greeted(50);
    console.press_until("\u{4}", "closed");
    assert_eq!(console.end(), 0);
}

/// The editor waits for a line that may never come: a talk that cannot be saved does not wait with it.
#[test]
fn a_talk_that_cannot_be_saved_does_not_hold_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let talk = folder.path().join("x.talk");
    let mut console = Console::start(&["--save", talk.to_str().unwrap()]);
    console.prompt("smtp practice clear>");
    std::fs::write(&talk, "somebody else's").unwrap();
    console.signal(Signal::TERM);
    assert_eq!(console.end(), 143);
    let said = String::from_utf8_lossy(&console.raw()).into_owned();
    assert!(said.contains("x.talk is there already"), "{said}");
}

/// What comes while a line is typed is shown, whatever becomes of the log.
#[test]
fn a_log_that_fails_is_told_and_hides_nothing() {
    let later = Gate::default();
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250 ok\r\n"),
        Do::Wait(later.clone()),
        say("421 4.3.2 closing down\r\n"),
    ]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console.prompt("clear>");
    console.exchange("NOOP", "250 ok");
    console.exchange(":log /dev/full", "appended to /dev/full");
    later.open();
    console
        .shows("421 4.3.2 closing down")
        .shows("error: writing the log: /dev/full: no space left")
        .shows("nothing more is logged");
    console
        .line("NOOP")
        .shows("not connected")
        .prompt("closed>");
    let told = console.screen().matches("/dev/full: no space").count();
    assert_eq!(told, 1, "{}", console.screen());
}

/// The sequences of a screen that were written: colours, cursor moves, erasing, modes.
fn sequences(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw).into_owned();
    let starts = text.match_indices('\x1b').map(|(at, _)| at);
    starts
        .map(|at| text[at..].chars().skip(1).take(6).collect())
        .collect()
}

#[test]
fn a_terminal_that_can_only_print_is_only_printed_on() {
    let mut console = Console::sized(&[], 80, 60, &[("TERM", "dumb")]);
    console.prompt("smtp practice clear>");
    console.line("EHLO me.test").shows("250 ");
    console.line("NOOP").shows("250 2.0.0");
    console.line(":quit");
    assert_eq!(console.end(), 0);
    assert_eq!(sequences(&console.raw()), Vec::<String>::new());
}

#[test]
fn the_simple_console_has_no_colour() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("ehlo")).unwrap();
    let file = folder.path().join("ehlo/config.toml");
    std::fs::write(&file, "simple-ui = true\ncolor = \"always\"\n").unwrap();
    let home = folder.path().display().to_string();
    for (args, variables) in [
        (&["--simple-ui"][..], vec![]),
        (&[], vec![("XDG_CONFIG_HOME", home.as_str())]),
    ] {
        let mut console = Console::sized(args, 80, 60, &variables);
        console.prompt("smtp practice clear>");
        console.exchange("EHLO me.test", "250 STARTTLS");
        console.line(":quit");
        assert_eq!(console.end(), 0);
        let colours = sequences(&console.raw());
        let coloured = colours.iter().any(|s| {
            let end = s.find(|c: char| c.is_ascii_alphabetic());
            end.is_some_and(|end| s[end..].starts_with('m'))
        });
        assert!(!coloured, "{colours:?}");
    }
}
