//! How far a run is, told while it runs.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::worker::Shared;
use crate::stats::{Stage, Tally};
use crate::ui::out;
use crate::ui::units::grouped;

/// After so long without a greeting that is said.
pub(super) const UNHEARD: Duration = Duration::from_secs(3);

/// The live line.
pub(super) struct Live<'a> {
    shared: &'a Shared,
    before: (Instant, u64),
}

impl<'a> Live<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            before: (shared.pace.start(), 0),
        }
    }

    /// A connection was made, and long enough nobody greeted.
    fn is_unheard(&self, sum: &Tally) -> bool {
        sum.connections > 0
            && sum.count(Stage::Greeting) == 0
            && self.shared.pace.start().elapsed() >= UNHEARD
    }

    /// Says so once, where there is no live line.
    pub(super) fn wonder(&self) {
        if self.is_unheard(&self.shared.sum()) {
            out::complain(
                "no greeting yet: some servers wait on purpose; if this port speaks TLS at once: --tls",
            );
        }
    }

    pub(super) fn show(&mut self, terminal: bool) {
        let sum = self.shared.sum();
        let now = Instant::now();
        let (then, count) = std::mem::replace(&mut self.before, (now, sum.accepted));
        let took = (now - then).as_secs_f64().max(1e-6);
        let rate = (sum.accepted - count) as f64 / took;
        let of = self
            .shared
            .plan
            .messages
            .map_or_else(String::new, |n| format!(" of {}", grouped(n)));
        let ms = |quantile| {
            sum.at(self.shared.plan.whole(), quantile).map_or_else(
                || "–".to_owned(),
                |us| format!("{:.1} ms", us as f64 / 1000.0),
            )
        };
        let quiet = if self.is_unheard(&sum) {
            " · no greeting yet"
        } else {
            ""
        };
        let line = format!(
            "  {}{of} · {}/s · {} in flight · {} errors · p50 {} p99 {}{quiet}",
            grouped(sum.accepted),
            grouped(rate.round() as u64),
            grouped(self.shared.in_flight.load(Ordering::Relaxed)),
            grouped(sum.error_count()),
            ms(0.5),
            ms(0.99)
        );
        if terminal {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
        } else {
            out::complain(&line);
        }
    }
}
