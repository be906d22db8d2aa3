//! Who sends the next message, and when: shared by all sessions.
//!
//! With a rate the moment of each message is fixed from the start (an open model): one that starts
//! late because the server is slow counts its waiting, too.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Messages are sent.
    Run,
    /// No new ones; those under way are finished.
    Stop,
    /// What is not finished by now is left.
    Kill,
}

/// A message to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    /// Its number, from 0.
    pub(super) number: u64,
    /// When it was due.
    pub(super) due: Instant,
}

/// The schedule.
#[derive(Debug)]
pub(super) struct Pace {
    next: AtomicU64,
    total: u64,
    start: OnceLock<Instant>,
    duration: Option<Duration>,
    rate: Option<f64>,
    ramp: f64,
    phase: watch::Sender<Phase>,
}

impl Pace {
    /// A schedule that begins when it is told to, or first asked.
    pub(super) fn new(
        total: Option<u64>,
        duration: Option<Duration>,
        rate: Option<f64>,
        ramp: Duration,
    ) -> Self {
        Self {
            next: AtomicU64::new(0),
            total: total.unwrap_or(u64::MAX),
            start: OnceLock::new(),
            duration,
            rate,
            ramp: ramp.as_secs_f64(),
            phase: watch::Sender::new(Phase::Run),
        }
    }

    /// When it began.
    pub(super) fn start(&self) -> Instant {
        *self.start.get_or_init(Instant::now)
    }

    /// Begins.
    pub(super) fn begin(&self) {
        self.start();
    }

    /// When it ends by itself.
    pub(super) fn end(&self) -> Option<Instant> {
        self.duration.and_then(|d| self.start().checked_add(d))
    }

    /// Goes on to a phase, never back; whether that was news.
    pub(super) fn enter(&self, phase: Phase) -> bool {
        self.phase.send_if_modified(|now| {
            let later = phase > *now;
            *now = phase.max(*now);
            later
        })
    }

    /// Where the run is.
    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Hears of phases.
    pub(super) fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    fn is_over(&self, now: Instant) -> bool {
        self.phase() != Phase::Run || self.end().is_some_and(|end| now >= end)
    }

    /// When message `number` is due. While the rate grows from nothing over `ramp` seconds, the
    /// count grows with the square of the time.
    fn due(&self, number: u64, now: Instant) -> Instant {
        let Some(rate) = self.rate else {
            return now;
        };
        let number = number as f64;
        let in_ramp = rate * self.ramp / 2.0;
        let secs = if number < in_ramp {
            (2.0 * number * self.ramp / rate).sqrt()
        } else {
            self.ramp + (number - in_ramp) / rate
        };
        // A year is as good as never.
        self.start() + Duration::from_secs_f64(secs.min(31_536_000.0))
    }

    /// The next message, once it is due; `None` when there is none any more.
    pub(super) async fn claim(&self) -> Option<Job> {
        let now = Instant::now();
        if self.is_over(now) {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        if number >= self.total {
            return None;
        }
        let due = self.due(number, now);
        if self.end().is_some_and(|end| due >= end) {
            return None;
        }
        if due > now {
            self.sleep_until(due).await;
            if self.phase() != Phase::Run {
                return None;
            }
        }
        Some(Job { number, due })
    }

    /// The next message if it is due already.
    pub(super) fn claim_now(&self) -> Option<Job> {
        let now = Instant::now();
        if self.is_over(now) {
            return None;
        }
        let number = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |number| {
                let ready = number < self.total && self.due(number, now) <= now;
                ready.then_some(number + 1)
            })
            .ok()?;
        Some(Job {
            number,
            due: self.due(number, now),
        })
    }

    /// Waits, but no longer than the run lasts.
    pub(super) async fn sleep_until(&self, until: Instant) {
        let until = self.end().map_or(until, |end| until.min(end));
        let mut phases = self.watch();
        tokio::select! {
            () = tokio::time::sleep_until(until.into()) => {}
            _ = phases.wait_for(|phase| *phase != Phase::Run) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_reaches_the_rate_and_keeps_it() {
        let pace = Pace::new(None, None, Some(100.0), Duration::from_secs(10));
        let at = |n| (pace.due(n, pace.start()) - pace.start()).as_secs_f64();
        assert!(at(0) < 1e-9 && (at(500) - 10.0).abs() < 1e-6);
        assert!((at(600) - 11.0).abs() < 1e-6);
        assert!((at(125) - 5.0).abs() < 1e-6);
    }

    #[test]
    fn no_more_than_wanted_are_given_out() {
        let pace = Pace::new(Some(3), None, None, Duration::ZERO);
        let numbers: Vec<u64> = std::iter::from_fn(|| pace.claim_now())
            .map(|j| j.number)
            .collect();
        assert_eq!(numbers, [0, 1, 2]);
        let pace = Pace::new(Some(3), None, None, Duration::ZERO);
        pace.enter(Phase::Kill);
        pace.enter(Phase::Stop);
        assert_eq!(pace.phase(), Phase::Kill);
        assert!(pace.claim_now().is_none());
    }
}
