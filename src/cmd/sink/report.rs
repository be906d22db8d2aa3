//! What the sink says: where it listens, how it goes, and what came in the end.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use serde_json::json;

use super::pump::Hall;
use crate::stats::{About, Report, Tally};
use crate::ui::{out, units};

/// The addresses, as `ehlo serve` announces them: a URL a line, then `ca FILE`.
pub(super) fn ready(urls: &[String], ca: Option<&Path>, as_json: bool) -> String {
    let ca = ca.map(|path| path.display().to_string());
    if as_json {
        return format!("{}\n", json!({"event": "ready", "urls": urls, "ca": ca}));
    }
    let mut text = String::new();
    for url in urls {
        let _ = writeln!(text, "{url}");
    }
    if let Some(ca) = ca {
        let _ = writeln!(text, "ca {ca}");
    }
    text
}

/// The line that is written over itself while the sink runs.
#[derive(Default)]
pub(super) struct Counter {
    before: Option<(Instant, u64)>,
    shown: bool,
}

impl Counter {
    /// Over itself on a terminal, as lines elsewhere.
    pub(super) fn show(&mut self, hall: &Hall, terminal: bool) {
        let (now, messages) = (Instant::now(), hall.plan.board.messages.value());
        let rate = self.before.map_or(0.0, |(then, count)| {
            (messages - count) as f64 / now.duration_since(then).as_secs_f64().max(1e-9)
        });
        self.before = Some((now, messages));
        let line = format!(
            "{} messages · {}/s · {} connections open · {} errors",
            units::grouped(messages),
            units::grouped(rate.round() as u64),
            units::grouped(hall.open() as u64),
            units::grouped(hall.count(|tally| tally.error_count())),
        );
        if !terminal {
            return out::complain(&line);
        }
        self.write(&format!("\r{line}\x1b[K"));
        self.shown = true;
    }

    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.shown) {
            self.write("\r\x1b[K");
        }
    }

    /// A counter that cannot be shown is no reason to end.
    fn write(&self, text: &str) {
        let mut terminal = std::io::stderr().lock();
        let _ = terminal
            .write_all(text.as_bytes())
            .and_then(|()| terminal.flush());
    }
}

/// What came, seen from here.
pub(super) fn last(hall: &Hall, ended: Instant, urls: &[String]) -> (Report, Tally) {
    let board = &hall.plan.board;
    let mut tally = hall.count(|tally| tally.clone());
    tally.accepted = board.messages.value();
    tally.failed = board.refused.value();
    tally.recipients = board.recipients.value();
    tally.connections = board.connections.value();
    let about = About {
        tool: "sink".into(),
        target: urls.join(" "),
        unit: "message".into(),
        how: format!(
            "{} connections, {} at once, {} under TLS, {} logins",
            units::grouped(board.connections.value()),
            units::grouped(hall.highest() as u64),
            units::grouped(board.secured.value()),
            units::grouped(board.logins.value())
        ),
        seconds: hall.span(ended).as_secs_f64(),
        interrupted: false,
    };
    (Report::new(about, &tally), tally)
}

/// The report as one line of JSON: what every report has, and what a sink alone knows.
pub(super) fn json(report: &Report, hall: &Hall) -> String {
    let board = &hall.plan.board;
    let mut value = json!(report);
    let more = [
        ("octets", board.octets.value()),
        ("most_at_once", hall.highest() as u64),
        ("tls", board.secured.value()),
        ("tls_failed", hall.failed_handshakes.load(Relaxed)),
        ("logins", board.logins.value()),
        ("commands", board.commands.value()),
    ];
    value["event"] = "report".into();
    for (name, count) in more {
        value[name] = count.into();
    }
    value.to_string()
}
