//! What the sink says: where it listens, how it goes, and what came in the end.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use serde_json::json;

use super::pump::Hall;
use crate::ui::units;

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
    pub(super) fn show(&mut self, hall: &Hall) {
        let (now, messages) = (Instant::now(), hall.plan.board.messages.value());
        let rate = self.before.map_or(0.0, |(then, count)| {
            (messages - count) as f64 / now.duration_since(then).as_secs_f64().max(1e-9)
        });
        self.before = Some((now, messages));
        let line = format!(
            "\r{} messages  {rate:.0}/s  {} connections open\x1b[K",
            units::grouped(messages),
            units::grouped(hall.open() as u64),
        );
        self.write(&line);
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

/// The report.
pub(super) fn last(hall: &Hall, ended: Instant, as_json: bool) -> String {
    let board = &hall.plan.board;
    let seconds = hall.span(ended).as_secs_f64();
    let per_second = |number: u64| {
        if seconds > 0.0 {
            number as f64 / seconds
        } else {
            0.0
        }
    };
    let messages = board.messages.value();
    let octets = board.octets.value();
    let handshakes = hall
        .failed_handshakes
        .load(std::sync::atomic::Ordering::Relaxed);
    if as_json {
        let codes = board.replies().into_iter();
        let codes: serde_json::Map<_, _> = codes
            .map(|(code, count)| (code.to_string(), count.into()))
            .collect();
        let report = json!({
            "event": "report",
            "messages": messages,
            "recipients": board.recipients.value(),
            "refused": board.refused.value(),
            "octets": octets,
            "seconds": seconds,
            "messages_per_second": per_second(messages),
            "octets_per_second": per_second(octets),
            "connections": board.connections.value(),
            "most_at_once": hall.highest(),
            "tls": board.secured.value(),
            "tls_failed": handshakes,
            "logins": board.logins.value(),
            "commands": board.commands.value(),
            "replies": codes,
        });
        return format!("{report}\n");
    }
    let mut text = String::new();
    let mut row = |label: &str, value: String| {
        let _ = writeln!(text, "{label:<12} {value}");
    };
    let group = units::grouped;
    row(
        "messages",
        format!(
            "{} accepted, {} refused, for {} recipients",
            group(messages),
            group(board.refused.value()),
            group(board.recipients.value())
        ),
    );
    row(
        "rate",
        format!(
            "{:.0} messages/s, {:.2} MB/s over {seconds:.3} s",
            per_second(messages),
            per_second(octets) / 1e6
        ),
    );
    row("octets", group(octets));
    row(
        "connections",
        format!(
            "{}, {} at once, {} under TLS, {} handshakes failed",
            group(board.connections.value()),
            group(hall.highest() as u64),
            group(board.secured.value()),
            group(handshakes)
        ),
    );
    row("logins", group(board.logins.value()));
    row("commands", group(board.commands.value()));
    for (code, count) in board.replies() {
        row(&format!("reply {code}"), group(count));
    }
    text
}
