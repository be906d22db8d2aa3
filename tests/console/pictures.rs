//! Pictures of the console for README and docs, drawn from real runs: `docs/pictures/make` writes
//! them, and this fails when one shows what the program no longer does.

use std::fmt::Write as _;
use std::path::Path;

use crate::screen::{Console, paint, steady_as};

/// Size of a character cell and of the frame, in pixels.
const WIDE: f64 = 8.4;
const HIGH: f64 = 19.0;
const FRAME: f64 = 16.0;

/// What varies from run to run, as a picture shows it.
const FIXED: &[(&str, &str)] = &[
    (r"queued as [0-9A-F]+", "queued as 699ACBA2D7"),
    (
        r"[0-9A-F]+ is what to look for",
        "699ACBA2D7 is what to look for",
    ),
    (r"\d+ days left", "365 days left"),
    (r" {2,}\d+(\.\d+)? (ms|s)$", ""),
];

/// A screen as SVG: text stays text, so that it can be selected and searched.
fn svg(screen: &vt100::Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let contents: Vec<String> = screen.rows(0, columns.get()).collect();
    let used = contents
        .iter()
        .rposition(|row| !row.trim().is_empty())
        .map_or(1, |row| row + 1);
    let width = f64::from(columns.get()) * WIDE + 2.0 * FRAME;
    let height = used as f64 * HIGH + 2.0 * FRAME;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n<style>\n\
         text {{ font: 14px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; \
         fill: #d8dee9; white-space: pre; }}\n\
         .green {{ fill: #a3be8c; }} .red {{ fill: #ef7f8a; }} .yellow {{ fill: #ebcb8b; }}\n\
         .cyan {{ fill: #88c0d0; }} .dim {{ fill: #8b95a7; }} .bold {{ font-weight: 700; }}\n\
         </style>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#20242c\"/>\n"
    );
    for row in 0..rows.get().min(u16::try_from(used).unwrap()) {
        let y = FRAME + (f64::from(row) + 0.75) * HIGH;
        let mut runs: Vec<(u16, &str, String)> = Vec::new();
        for column in 0..columns.get() {
            let Some(cell) = screen
                .cell(row, column)
                .filter(|c| !c.is_wide_continuation())
            else {
                continue;
            };
            let text = if cell.has_contents() {
                cell.contents()
            } else {
                " "
            };
            let class = paint(cell);
            match runs.last_mut() {
                Some((_, last, run)) if *last == class => run.push_str(text),
                _ => runs.push((column, class, text.to_owned())),
            }
        }
        for (column, class, run) in runs {
            let run = steady_as(FIXED, run.trim_end());
            if run.is_empty() {
                continue;
            }
            let x = FRAME + f64::from(column) * WIDE;
            let class = match class {
                "" => String::new(),
                class => format!(" class=\"{class}\""),
            };
            let run = run
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\"{class}>{run}</text>");
        }
    }
    out + "</svg>\n"
}

fn picture(console: &Console, name: &str, title: &str) {
    let drawn = console.look(|screen| svg(screen, title));
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/pictures")
        .join(name);
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        drawn == kept,
        "{} is stale: docs/pictures/make draws it anew",
        path.display()
    );
}

/// Types and waits until the cursor stands behind all of it, on the hint's first letter. The text of
/// the screen alone would not tell: the hint has the same letters before they are typed.
fn type_up_to(console: &mut Console, keys: &str, hint: &str) {
    let column = usize::from(console.column()) + keys.len();
    console.stroke(keys, |screen| {
        let (row, at) = screen.cursor_position();
        let cell = screen.cell(row, at).map(vt100::Cell::contents);
        usize::from(at) == column && cell == Some(hint)
    });
}

#[test]
fn a_refusal() {
    let mut console = Console::greeted(36);
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.exchange("RCPT TO:<someone@elsewhere.example>", "554");
    console.exchange(":explain", "see ");
    type_up_to(&mut console, "rcpt to:<bob@ehlo.test> ", "[");
    let title = "The console: EHLO, MAIL, a refused RCPT explained, and a hint while typing";
    picture(&console, "refusal.svg", title);
}

#[test]
fn tls_and_a_login() {
    let mut console = Console::sized(&["--name", "me.test"], 80, 30, &[]);
    console.prompt("smtp practice clear>");
    console.exchange(":set explain off", "");
    console.exchange("EHLO me.test", "250 STARTTLS");
    console.exchange("STARTTLS", "say EHLO again");
    console.keys("\u{c}");
    console.until("a clear screen", |screen| {
        screen.trim_end() == "smtp practice tls>"
    });
    console.exchange("EHLO me.test", "<~  250 AUTH");
    console
        .line(":auth SCRAM-SHA-256 alice")
        .prompt("password:");
    console.line("wonderland").shows("235 2.7.0").prompt("tls>");
    let title = "Under TLS: what is new, and a SCRAM login told step by step";
    picture(&console, "login.svg", title);
}

#[test]
fn a_mailbox() {
    let mut console = Console::inbox(30);
    console.exchange(":set view pretty", "");
    console.keys("\u{c}");
    console.until("a clear screen", |screen| {
        screen.trim_end() == "2 imap practice clear INBOX a3>"
    });
    console.exchange("list \"\" *", "a3 OK");
    console.exchange("fetch 2 (flags envelope)", "a4 OK");
    console.exchange("fetch 9 bodystructure", "a5 OK");
    type_up_to(&mut console, "fetch 3 (", "<");
    let title = "IMAP with structured views: mailboxes as a tree, an envelope, a message's parts";
    picture(&console, "imap.svg", title);
}
