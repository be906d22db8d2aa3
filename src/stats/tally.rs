//! The counts of one worker. The one door to hdrhistogram.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::{Series, Stage};

/// The longest time that is told apart: an hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;
/// Different reasons that are kept; what comes then is counted as "other".
const REASONS: usize = 200;
/// Reply codes have three digits.
const CODES: usize = 1000;

/// Everything that is counted. Several add up to one with `add`.
#[derive(Clone, Debug)]
pub struct Tally {
    pub(super) times: [Option<Box<Histogram<u64>>>; Stage::ALL.len()],
    pub(super) replies: Vec<u64>,
    pub(super) errors: BTreeMap<(Stage, String), (u64, String)>,
    /// Messages that the server accepted.
    pub accepted: u64,
    /// Messages that it did not accept, or that never got so far.
    pub failed: u64,
    /// Messages sent whole, whose reply never came: nobody can know.
    pub in_doubt: u64,
    /// Recipients of the accepted messages.
    pub recipients: u64,
    /// Recipients that were refused.
    pub refused_recipients: u64,
    /// Octets sent.
    pub sent: u64,
    /// Octets received.
    pub received: u64,
    /// Connections made.
    pub connections: u64,
    /// TLS handshakes that resumed a session.
    pub resumed: u64,
    /// Messages and errors by time.
    pub over_time: Series,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            times: Default::default(),
            replies: vec![0; CODES],
            errors: BTreeMap::new(),
            accepted: 0,
            failed: 0,
            in_doubt: 0,
            recipients: 0,
            refused_recipients: 0,
            sent: 0,
            received: 0,
            connections: 0,
            resumed: 0,
            over_time: Series::default(),
        }
    }
}

fn histogram() -> Box<Histogram<u64>> {
    // Three digits between a microsecond and an hour: constants that fit each other.
    Box::new(Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are in order"))
}

impl Tally {
    /// Counts a time.
    pub fn time(&mut self, stage: Stage, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST);
        self.times[stage as usize]
            .get_or_insert_with(histogram)
            .saturating_record(micros);
    }

    /// Counts a reply by its code.
    pub fn reply(&mut self, code: u16) {
        if let Some(count) = self.replies.get_mut(usize::from(code)) {
            *count += 1;
        }
    }

    /// Counts an error. `reason` is short and of few kinds, `example` what was seen first; both are
    /// safe to print already.
    pub fn error(&mut self, stage: Stage, reason: &str, example: &str) {
        self.errors_of(stage, reason, 1, example);
    }

    pub(super) fn errors_of(&mut self, stage: Stage, reason: &str, count: u64, example: &str) {
        let mut key = (stage, reason.to_owned());
        if self.errors.len() >= REASONS && !self.errors.contains_key(&key) {
            "other".clone_into(&mut key.1);
        }
        let entry = self.errors.entry(key);
        entry.or_insert_with(|| (0, example.to_owned())).0 += count;
    }

    /// How many errors there were.
    pub fn error_count(&self) -> u64 {
        self.errors.values().map(|(count, _)| count).sum()
    }

    /// The codes that came, with how often.
    pub fn replies(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        let codes = (0u16..).zip(self.replies.iter().copied());
        codes.filter(|(_, count)| *count > 0)
    }

    pub(super) fn replies_of(&mut self, code: u16, count: u64) {
        if let Some(sum) = self.replies.get_mut(usize::from(code)) {
            *sum = sum.saturating_add(count);
        }
    }

    /// How many times were counted for a stage.
    pub fn count(&self, stage: Stage) -> u64 {
        self.of(stage).map_or(0, Histogram::len)
    }

    /// Microseconds that the part `quantile` (0 to 1) of a stage's times did not exceed.
    pub fn at(&self, stage: Stage, quantile: f64) -> Option<u64> {
        self.of(stage).map(|h| h.value_at_quantile(quantile))
    }

    /// The shortest and longest time of a stage, in microseconds.
    pub fn ends(&self, stage: Stage) -> Option<(u64, u64)> {
        self.of(stage).map(|h| (h.min(), h.max()))
    }

    /// The filled buckets of a stage: microseconds and count.
    pub fn buckets(&self, stage: Stage) -> Vec<(u64, u64)> {
        let Some(times) = self.of(stage) else {
            return Vec::new();
        };
        times
            .iter_recorded()
            .map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value()))
            .collect()
    }

    pub(super) fn fill(&mut self, stage: Stage, micros: u64, count: u64) {
        self.times[stage as usize]
            .get_or_insert_with(histogram)
            .saturating_record_n(micros, count);
    }

    fn of(&self, stage: Stage) -> Option<&Histogram<u64>> {
        self.times[stage as usize]
            .as_deref()
            .filter(|h| !h.is_empty())
    }

    /// Adds another tally: bucket by bucket, so that nothing is lost.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.times.iter_mut().zip(&other.times) {
            if let Some(theirs) = theirs {
                // Both have the same bounds.
                let _ = mine.get_or_insert_with(histogram).add(&**theirs);
            }
        }
        for (code, count) in other.replies() {
            self.replies_of(code, count);
        }
        for ((stage, reason), (count, example)) in &other.errors {
            self.errors_of(*stage, reason, *count, example);
        }
        self.accepted += other.accepted;
        self.failed += other.failed;
        self.in_doubt += other.in_doubt;
        self.recipients += other.recipients;
        self.refused_recipients += other.refused_recipients;
        self.sent += other.sent;
        self.received += other.received;
        self.connections += other.connections;
        self.resumed += other.resumed;
        self.over_time.add(&other.over_time);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    /// What is counted for a message that goes through a kept connection: run by hand, in release.
    #[test]
    #[ignore = "a measurement: cargo test --release --lib what_counting_costs -- --ignored --nocapture"]
    fn what_counting_costs() {
        const MESSAGES: u32 = 1_000_000;
        let tally = Mutex::new(Tally::default());
        let begin = Instant::now();
        for i in 0..MESSAGES {
            for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot] {
                let start = Instant::now();
                lock(&tally).received += 1;
                let took = start.elapsed() + Duration::from_micros(u64::from(i % 1000));
                let mut counted = lock(&tally);
                counted.reply(250);
                counted.time(stage, took);
            }
            let mut counted = lock(&tally);
            counted.accepted += 1;
            counted.time(Stage::Message, Duration::from_micros(u64::from(i % 5000)));
        }
        let each = begin.elapsed() / MESSAGES;
        assert_eq!(lock(&tally).count(Stage::Dot), u64::from(MESSAGES));
        std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("{each:?} a message\n").as_bytes(),
        )
        .unwrap();
    }

    fn lock(tally: &Mutex<Tally>) -> std::sync::MutexGuard<'_, Tally> {
        tally.lock().unwrap()
    }
}
