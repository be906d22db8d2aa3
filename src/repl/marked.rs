//! IMAP: which messages of the selected mailbox are marked \Deleted, where a console can know.
//!
//! Message numbers stand in runs, so that a whole mailbox costs as much as one message, and an
//! EXPUNGE, which moves all that are behind it, costs a step a run. There are at most `RUNS_MAX`:
//! what would need more is not counted, and the question that names the count says so.

/// Runs of numbers kept.
const RUNS_MAX: usize = 10_000;

/// Message numbers.
#[derive(Debug, Default)]
pub struct Marked {
    /// First and last of each run, ascending, with a gap between any two.
    runs: Vec<(u64, u64)>,
}

impl Marked {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.runs.iter().fold(0_u64, |sum, (low, high)| {
            sum.saturating_add(high - low).saturating_add(1)
        })
    }

    /// None is marked any more.
    pub fn clear(&mut self) {
        self.runs.clear();
    }

    /// Those from `low` to `high` are marked.
    pub fn mark(&mut self, low: u64, high: u64) {
        let from = self
            .runs
            .partition_point(|run| run.1 < low.saturating_sub(1));
        let behind = self
            .runs
            .partition_point(|run| run.0 <= high.saturating_add(1));
        if from == behind && self.runs.len() >= RUNS_MAX {
            return;
        }
        let joined = &self.runs[from..behind];
        let low = joined.first().map_or(low, |run| run.0.min(low));
        let high = joined.last().map_or(high, |run| run.1.max(high));
        self.runs.splice(from..behind, [(low, high)]);
    }

    /// Those from `low` to `high` are not.
    pub fn unmark(&mut self, low: u64, high: u64) {
        let from = self.runs.partition_point(|run| run.1 < low);
        let behind = self.runs.partition_point(|run| run.0 <= high);
        let Some((first, last)) = self.runs[from..behind]
            .first()
            .zip(self.runs[from..behind].last())
        else {
            return;
        };
        let before = (first.0 < low).then(|| (first.0, low - 1));
        let after = (last.1 > high).then(|| (high + 1, last.1));
        let splits = from + 1 == behind && before.is_some() && after.is_some();
        if splits && self.runs.len() >= RUNS_MAX {
            return;
        }
        self.runs
            .splice(from..behind, before.into_iter().chain(after));
    }

    /// A message is gone: those behind it move up by one.
    pub fn expunge(&mut self, number: u64) {
        let at = self.runs.partition_point(|run| run.1 < number);
        let mut behind = at;
        match self.runs.get_mut(at) {
            Some(run) if run.0 == number && run.1 == number => {
                self.runs.remove(at);
            }
            Some(run) if run.0 <= number => {
                run.1 -= 1;
                behind += 1;
            }
            _ => {}
        }
        for run in &mut self.runs[behind..] {
            *run = (run.0 - 1, run.1 - 1);
        }
        // The gap that it stood in may be closed.
        if behind > 0
            && let Some(next) = self.runs.get(behind).copied()
            && self.runs[behind - 1].1 + 1 == next.0
        {
            self.runs[behind - 1].1 = next.1;
            self.runs.remove(behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn numbers(marked: &Marked) -> Vec<u64> {
        marked.runs.iter().flat_map(|(a, b)| *a..=*b).collect()
    }

    /// Against a set that is made anew at every step, as slow as it is plain.
    #[test]
    fn runs_are_what_a_plain_set_is() {
        let (mut marked, mut plain) = (Marked::default(), BTreeSet::new());
        let mut seed = 7_u64;
        let mut next = |most: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % most
        };
        for _ in 0..5_000 {
            let low = 1 + next(40);
            let high = low + next(4);
            match next(3) {
                0 => {
                    marked.mark(low, high);
                    plain.extend(low..=high);
                }
                1 => {
                    marked.unmark(low, high);
                    plain.retain(|n| !(low..=high).contains(n));
                }
                _ => {
                    marked.expunge(low);
                    plain.remove(&low);
                    plain = plain.iter().map(|n| n - u64::from(*n > low)).collect();
                }
            }
            assert!(numbers(&marked).iter().eq(&plain), "{marked:?} {plain:?}");
            assert!(marked.runs.windows(2).all(|w| w[0].1 + 1 < w[1].0));
            assert_eq!(marked.count(), plain.len() as u64);
        }
    }

    #[test]
    fn a_server_cannot_make_it_grow_or_overflow() {
        let mut marked = Marked::default();
        for number in 0..3 * RUNS_MAX as u64 {
            marked.mark(number * 2, number * 2);
        }
        assert_eq!(marked.runs.len(), RUNS_MAX);
        marked.expunge(0);
        marked.mark(0, u64::MAX);
        assert_eq!(marked.runs, [(0, u64::MAX)]);
        assert_eq!(marked.count(), u64::MAX);
        for number in 1..3 * RUNS_MAX as u64 {
            marked.unmark(number * 2, number * 2);
        }
        assert_eq!(marked.runs.len(), RUNS_MAX);
        marked.expunge(u64::MAX);
        marked.expunge(0);
        marked.unmark(u64::MAX, u64::MAX);
        assert!(marked.count() > 0);
    }
}
