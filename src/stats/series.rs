//! Counts by time: how many messages were accepted, and how many errors came, second by second.
//!
//! Rule: it does not grow without end. When a run outlasts the slots, neighbours are joined and each
//! slot stands for twice the time; nothing is lost by it but detail.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most slots that are kept.
const SLOTS: usize = 600;
/// The longest time a slot may stand for: 600 of them are more than a thousand years.
const WIDEST: u64 = 1 << 26;

/// Counts in slots of equal length, from the beginning of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Seconds that each slot stands for; a power of two.
    seconds: u64,
    /// Accepted in each.
    accepted: Vec<u64>,
    /// Errors in each.
    errors: Vec<u64>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            seconds: 1,
            accepted: Vec::new(),
            errors: Vec::new(),
        }
    }
}

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    /// Seconds from the beginning.
    pub(super) from: f64,
    /// Where it ends.
    pub(super) to: f64,
    /// Accepted a second.
    pub(super) rate: f64,
    /// Errors in it, all together.
    pub(super) errors: u64,
}

impl Series {
    /// Counts what happened `at` so long after the beginning.
    pub fn count(&mut self, at: Duration, accepted: u64, errors: u64) {
        while at.as_secs() / self.seconds >= SLOTS as u64 && self.seconds < WIDEST {
            self.widen();
        }
        // Below SLOTS, and so it fits.
        let slot = (at.as_secs() / self.seconds).min(SLOTS as u64 - 1) as usize;
        if slot >= self.accepted.len() {
            self.accepted.resize(slot + 1, 0);
            self.errors.resize(slot + 1, 0);
        }
        self.accepted[slot] = self.accepted[slot].saturating_add(accepted);
        self.errors[slot] = self.errors[slot].saturating_add(errors);
    }

    fn widen(&mut self) {
        let join = |slots: &mut Vec<u64>| {
            let joined = slots.chunks(2).map(|pair| {
                let sum = |sum: u64, count: &u64| sum.saturating_add(*count);
                pair.iter().fold(0, sum)
            });
            *slots = joined.collect();
        };
        join(&mut self.accepted);
        join(&mut self.errors);
        self.seconds *= 2;
    }

    /// Adds one that began at the same time.
    pub fn add(&mut self, other: &Self) {
        let mut other = other.clone();
        while self.seconds < other.seconds {
            self.widen();
        }
        while other.seconds < self.seconds {
            other.widen();
        }
        let slots = self.accepted.len().max(other.accepted.len());
        for (mine, theirs) in [
            (&mut self.accepted, &other.accepted),
            (&mut self.errors, &other.errors),
        ] {
            mine.resize(slots, 0);
            for (sum, count) in mine.iter_mut().zip(theirs) {
                *sum = sum.saturating_add(*count);
            }
        }
    }

    /// True when this could have come out of `count` and `add`: it may have been read from a file.
    pub(super) fn is_sound(&self) -> bool {
        self.seconds.is_power_of_two()
            && self.seconds <= WIDEST
            && self.accepted.len() == self.errors.len()
            && self.accepted.len() <= SLOTS
    }

    /// The run in at most `most` parts of equal length; nothing when it is too short to have parts.
    /// A last part that was hardly begun goes with the one before it.
    pub(super) fn spans(&self, lasted: f64, most: usize) -> Vec<Span> {
        let slots = self.accepted.len();
        let each = slots.div_ceil(most.max(1)).max(1);
        let width = (self.seconds * each as u64) as f64;
        let mut parts: Vec<(u64, u64)> = self
            .accepted
            .chunks(each)
            .zip(self.errors.chunks(each))
            .map(|(accepted, errors)| {
                let sum = |slots: &[u64]| slots.iter().fold(0u64, |sum, n| sum.saturating_add(*n));
                (sum(accepted), sum(errors))
            })
            .collect();
        let whole = (lasted / width).floor();
        if parts.len() > 1
            && parts.len() as f64 > whole
            && lasted - whole * width < width / 2.0
            && let Some((accepted, errors)) = parts.pop()
            && let Some(last) = parts.last_mut()
        {
            last.0 = last.0.saturating_add(accepted);
            last.1 = last.1.saturating_add(errors);
        }
        if parts.len() < 2 {
            return Vec::new();
        }
        let count = parts.len();
        let spans = parts
            .into_iter()
            .enumerate()
            .map(|(at, (accepted, errors))| {
                let from = at as f64 * width;
                let end = from + width;
                let to = if at + 1 == count {
                    // What came in behind the end (a last reply) happened in the last part.
                    lasted.clamp(from + width / 2.0, end + width / 2.0)
                } else {
                    end
                };
                Span {
                    from,
                    to,
                    rate: accepted as f64 / (to - from),
                    errors,
                }
            });
        spans.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Duration {
        Duration::from_millis(second * 1000 + 999)
    }

    #[test]
    fn a_long_run_is_joined_and_nothing_is_lost() {
        let mut series = Series::default();
        for second in 0..100_000 {
            series.count(at(second), 3, u64::from(second % 10 == 0));
            assert!(series.is_sound());
        }
        assert_eq!(series.seconds, 256);
        assert_eq!(series.accepted.iter().sum::<u64>(), 300_000);
        assert_eq!(series.errors.iter().sum::<u64>(), 10_000);
        assert_eq!(series.accepted[7], 3 * 256);
        series.count(Duration::MAX, 1, 0);
        assert!(series.is_sound());
    }

    #[test]
    fn series_add_whatever_their_slots() {
        let (mut short, mut long, mut both) =
            (Series::default(), Series::default(), Series::default());
        for second in 0..50 {
            short.count(at(second), 2, 1);
            both.count(at(second), 2, 1);
        }
        for second in 0..2000 {
            long.count(at(second), 5, 0);
            both.count(at(second), 5, 0);
        }
        let mut other = long.clone();
        other.add(&short);
        short.add(&long);
        assert_eq!(short, other);
        assert_eq!(short, both);
    }

    #[test]
    fn parts_of_a_run_tell_rates() {
        let mut series = Series::default();
        series.count(at(0), 10, 0);
        assert_eq!(series.spans(0.9, 100), []);
        series.count(at(1), 30, 2);
        series.count(at(2), 1, 0);
        let spans = series.spans(2.1, 100);
        assert_eq!(spans.len(), 2);
        assert!((spans[0].rate - 10.0).abs() < 1e-9);
        assert!((spans[1].rate - 31.0 / 1.1).abs() < 1e-9 && spans[1].errors == 2);
        assert_eq!(series.spans(2.6, 100).len(), 3);
        assert_eq!(series.spans(2.6, 2), []);
        for second in 3..500 {
            series.count(at(second), 1, 1);
        }
        let spans = series.spans(500.0, 100);
        assert_eq!(spans.len(), 100);
        assert_eq!(spans.iter().map(|s| s.errors).sum::<u64>(), 499);
    }

    #[test]
    fn what_is_none_is_known() {
        for text in [
            r#"{"seconds":3,"accepted":[],"errors":[]}"#,
            r#"{"seconds":0,"accepted":[],"errors":[]}"#,
            r#"{"seconds":1,"accepted":[1],"errors":[]}"#,
            r#"{"seconds":18446744073709551615,"accepted":[1],"errors":[2]}"#,
        ] {
            assert!(!serde_json::from_str::<Series>(text).unwrap().is_sound());
        }
    }
}
