//! How long a key takes to the screen, with ten and with 100,000 mailbox names known
//! (`tests/bench/keystrokes`): what is known must not slow down typing.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use crate::screen::Console;

/// What is typed, a key at a time: hints, colours and the lookup of names all have their turn.
const LINE: &str = "status \"Box 000\" (messages uidnext)";
/// Behind this much of a line, Tab lists a handful of names in both cases.
const BEFORE_TAB: &str = "select \"Box 00000";
const ROUNDS: usize = 100;

/// A server with so many mailboxes.
fn server(names: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("imap://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut out = std::io::BufWriter::new(stream.try_clone().unwrap());
        out.write_all(b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
            .unwrap();
        out.flush().unwrap();
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if line.contains("list") {
                for n in 0..names {
                    write!(out, "* LIST () \"/\" \"Box {n:06}/Inner\"\r\n").unwrap();
                }
            }
            let tag = line.split(' ').next().unwrap_or_default();
            write!(out, "{tag} OK done\r\n").unwrap();
            out.flush().unwrap();
        }
    });
    url
}

fn console(names: usize) -> Console {
    let mut console = Console::sized(&[&server(names)], 100, 30, &[]);
    console.prompt("a1>");
    console.line("list \"\" *").prompt("a2>");
    console
}

/// Types the line and takes it back; the time of each key until the cursor stood behind it.
fn typed(console: &mut Console, times: &mut Vec<Duration>) {
    let start = console.column();
    for (at, key) in LINE.chars().enumerate() {
        let column = start + u16::try_from(at).unwrap() + 1;
        times.push(console.stroke(&key.to_string(), |screen| {
            screen.cursor_position().1 == column
        }));
    }
    console.stroke("\u{15}", |screen| screen.cursor_position().1 == start);
}

/// The time of a Tab until its list and the line below it stood there.
fn listed(console: &mut Console, times: &mut Vec<Duration>) {
    let start = console.column();
    let end = start + u16::try_from(BEFORE_TAB.len()).unwrap();
    console.stroke(BEFORE_TAB, |screen| screen.cursor_position().1 == end);
    let lines = |screen: &vt100::Screen| {
        let text = screen.contents();
        (
            text.matches(BEFORE_TAB).count(),
            text.contains("Box 000009"),
        )
    };
    times.push(console.stroke("\t", |screen| {
        lines(screen) == (2, true) && screen.cursor_position().1 == end
    }));
    // The screen is cleared for the next one.
    console.stroke("\u{15}", |screen| screen.cursor_position().1 == start);
    console.stroke("\u{c}", |screen| {
        screen.cursor_position() == (0, start) && !screen.contents().contains("Box")
    });
}

fn of_hundred(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0
}

#[test]
#[ignore = "a measurement, for a quiet machine: tests/bench/keystrokes"]
fn keystrokes() {
    let mut few = console(10);
    let mut many = console(100_000);
    let mut keys = (Vec::new(), Vec::new());
    let mut tabs = (Vec::new(), Vec::new());
    // In turns: what else the machine does hits both.
    for _ in 0..ROUNDS {
        typed(&mut few, &mut keys.0);
        typed(&mut many, &mut keys.1);
    }
    for console in [&mut few, &mut many] {
        console.keys("\u{c}");
        console.prompt("a2>");
    }
    for _ in 0..ROUNDS {
        listed(&mut few, &mut tabs.0);
        listed(&mut many, &mut tabs.1);
    }
    for (what, (few, many)) in [("key", &mut keys), ("Tab", &mut tabs)] {
        let (ten, all) = (of_hundred(few, 99), of_hundred(many, 99));
        let told = writeln!(
            std::io::stdout(),
            "{what}: {} strokes each; ten names p50 {:.2} ms, p99 {ten:.2} ms; \
             100,000 names p50 {:.2} ms, p99 {all:.2} ms; p99 ratio {:.2}",
            few.len(),
            of_hundred(few, 50),
            of_hundred(many, 50),
            all / ten
        );
        told.unwrap();
    }
}
