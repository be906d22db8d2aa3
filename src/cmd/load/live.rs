//! How far a run is, told while it runs.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::worker::Shared;
use crate::ui::out;
use crate::ui::units::grouped;

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
        let line = format!(
            "  {}{of} · {}/s · {} in flight · {} errors · p50 {} p99 {}",
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
