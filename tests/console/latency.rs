//! A terminal far away: what travels to it is counted, because each burst may take 200 ms.
//!
//! The editor draws a line within one synchronised update, so updates are redraws.

use crate::common::{Do, Fake, Gate, say};
use crate::screen::Console;

#[test]
fn a_key_is_one_redraw() {
    let mut console = Console::greeted(40);
    let prompt = console.column();
    let line = "MAIL FROM:<samt@example.org> SIZE=100";
    let (mut most, begun) = (0, console.traffic());
    for (at, key) in line.char_indices() {
        let drawn = console.traffic().0;
        let column = prompt + 1 + u16::try_from(at).unwrap();
        console.stroke(&key.to_string(), |screen| {
            screen.cursor_position().1 == column
        });
        most = most.max(console.traffic().0 - drawn);
    }
    let (now, reads) = console.traffic();
    assert!(most <= 1, "{most} redraws for one key");
    // A redraw is three writes, one behind the other: begin of the update, the line, its end.
    let (keys, bursts) = (line.len(), reads - begun.1);
    assert!(
        now - begun.0 <= keys,
        "{} redraws for {keys} keys",
        now - begun.0
    );
    assert!(bursts <= 3 * keys, "{bursts} bursts for {keys} keys");
}

/// Lines come while a command is being typed, an octet at a time: the line is drawn anew for lines,
/// never for octets.
#[test]
fn unasked_text_is_drawn_by_the_line() {
    const LINES: usize = 60;
    let gate = Gate::default();
    let news: String = (1..=LINES).map(|n| format!("* {n} EXISTS\r\n")).collect();
    let octets = news.len();
    let fake = Fake::new(vec![
        say("* OK hi\r\n"),
        Do::Wait(gate.clone()),
        Do::Drip(news.into_bytes()),
        Do::Hold,
    ]);
    let mut console = Console::start(&[&fake.url("imap")]);
    console.prompt("a1>").keys("fetch 1").shows("a1> fetch 1");
    let (drawn, read) = console.traffic();
    gate.open();
    console.shows(&format!("* {LINES} EXISTS"));
    console.until("the line being typed, last", |screen| {
        let last = screen.trim_end().lines().last().unwrap_or_default();
        last.contains("a1> fetch 1")
    });
    let (now, reads) = console.traffic();
    let (drawn, read) = (now - drawn, reads - read);
    // One for each line, and the hint's own.
    assert!(drawn <= LINES + 1, "{drawn} redraws for {LINES} lines");
    assert!(read <= octets / 2, "{read} bursts for {octets} octets");
}

/// A long reply is waited for: it runs down the screen without a single redraw of the prompt.
#[test]
fn a_long_reply_draws_nothing_anew() {
    const LINES: usize = 3_000;
    let body = "a line of some length that fills a row of the screen\r\n".repeat(LINES);
    let reply = format!(
        "* 1 FETCH (BODY[] {{{}}}\r\n{body})\r\na1 OK done\r\n",
        body.len()
    );
    let fake = Fake::new(vec![say("* OK hi\r\n"), Do::Hear, say(reply), Do::Hold]);
    let mut console = Console::start(&[&fake.url("imap")]);
    console.prompt("a1>").line(":set long off").prompt("a1>");
    console.keys("fetch 1 body[]").shows("a1> fetch 1 body[]");
    let (drawn, _) = console.traffic();
    console.keys("\r").shows("a1 OK done").prompt("a2>");
    let (now, _) = console.traffic();
    // The line as it was entered, and the next prompt.
    assert!(now - drawn <= 3, "{} redraws", now - drawn);
}
