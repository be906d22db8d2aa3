//! Whether gathering costs the run anything, found out by trying.
//!
//! A server that is the brake and one that is merely far away look the same from here: replies come
//! one by one. With the first, what lies unread for a moment was bought with nothing, because the
//! server has other commands to answer; with the second, each command that goes out later makes its
//! message later. So stretches with and without gathering alternate, and what decides is how many
//! replies come in each. While no fewer come, no message takes longer either: there are as many
//! sessions as before, and what each does in a second is the same (Little's law).
//!
//! Rule: nothing is gathered that was not found to cost nothing, within the last second.

use std::time::Duration;

/// A stretch, so many pairs of them a trial, and what is waited before the first.
const STRETCH: Duration = Duration::from_millis(5);
const PAIRS: u32 = 4;
const FIRST: Duration = Duration::from_millis(20);
/// How long a yes holds, and the first no; a no is asked again ever later.
const HOLD: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(16);
/// As many replies as without, as far as two counts can be told apart.
const AS_MANY: f64 = 0.98;
/// A trial that goes as badly as this ends at once; gathering that comes down to it is tried anew.
const BADLY: f64 = 0.75;

/// Where it stands.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing is gathered, for so long.
    No { left: Duration },
    /// Stretches are compared: so many are over.
    Trying { over: u32 },
    /// All is gathered, for so long.
    Yes { left: Duration },
}

/// What a worker knows of what gathering costs.
#[derive(Debug)]
pub(super) struct Trial {
    state: State,
    /// This stretch: how long it has lasted, and the replies in it.
    stretch: Count,
    /// All stretches of this trial, without and with gathering.
    without: Count,
    with: Count,
    /// How long the next no holds.
    patience: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    took: Duration,
    heard: u32,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.took += other.took;
        self.heard += other.heard;
    }

    /// Replies a second.
    fn rate(self) -> f64 {
        f64::from(self.heard) / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            state: State::No { left: FIRST },
            stretch: Count::default(),
            without: Count::default(),
            with: Count::default(),
            patience: SOON,
        }
    }
}

impl Trial {
    /// A round `took` so long and brought so many replies: is the next one gathered?
    pub(super) fn gathers_after(&mut self, took: Duration, heard: u32) -> bool {
        self.stretch.add(Count { took, heard });
        if self.stretch.took >= STRETCH {
            let stretch = std::mem::take(&mut self.stretch);
            self.state = self.after(stretch);
        }
        self.gathers()
    }

    /// This round says nothing: a stretch that is under way begins anew.
    pub(super) fn put_off(&mut self) {
        self.stretch = Count::default();
    }

    fn gathers(&self) -> bool {
        match self.state {
            State::No { .. } => false,
            State::Trying { over } => over % 2 == 1,
            State::Yes { .. } => true,
        }
    }

    fn after(&mut self, stretch: Count) -> State {
        match self.state {
            State::No { left } if left > stretch.took => State::No {
                left: left - stretch.took,
            },
            State::No { .. } => self.again(),
            State::Trying { over } => {
                let side = match over % 2 {
                    0 => &mut self.without,
                    _ => &mut self.with,
                };
                side.add(stretch);
                self.judged(over + 1)
            }
            State::Yes { left } => {
                let worse = stretch.rate() < self.with.rate() * BADLY;
                if worse || left <= stretch.took {
                    return self.again();
                }
                State::Yes {
                    left: left - stretch.took,
                }
            }
        }
    }

    fn again(&mut self) -> State {
        (self.without, self.with) = (Count::default(), Count::default());
        State::Trying { over: 0 }
    }

    /// What comes when so many stretches are over.
    fn judged(&mut self, over: u32) -> State {
        if over % 2 == 1 {
            return State::Trying { over };
        }
        let (with, without) = (self.with.rate(), self.without.rate());
        if over >= 2 * PAIRS && with >= without * AS_MANY {
            self.patience = SOON;
            return State::Yes { left: HOLD };
        }
        if over >= 2 * PAIRS || with < without * BADLY {
            let left = self.patience;
            self.patience = (left * 2).min(LONGEST);
            return State::No { left };
        }
        State::Trying { over }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: Duration = Duration::from_micros(100);

    /// Lets rounds go by; `heard` says what one brings that is gathered or not. The part that was
    /// gathered.
    fn live(trial: &mut Trial, time: Duration, heard: impl Fn(bool) -> u32) -> f64 {
        let rounds = u32::try_from(time.as_micros() / ROUND.as_micros()).unwrap();
        let mut gathered = 0;
        let mut now = trial.gathers();
        for _ in 0..rounds {
            gathered += u32::from(now);
            now = trial.gathers_after(ROUND, heard(now));
        }
        f64::from(gathered) / f64::from(rounds)
    }

    #[test]
    fn what_costs_nothing_is_gathered() {
        let mut trial = Trial::default();
        let part = live(&mut trial, HOLD * 10, |_| 8);
        assert!(part > 0.9, "{part}");
        let mut trial = Trial::default();
        let part = live(&mut trial, HOLD * 10, |now| 8 + u32::from(now));
        assert!(part > 0.9, "{part}");
    }

    #[test]
    fn what_costs_replies_is_not() {
        // A tenth of them, and nearly all.
        for fewer in [9, 2] {
            let mut trial = Trial::default();
            let part = live(&mut trial, HOLD * 60, |now| if now { fewer } else { 10 });
            assert!(part < 0.004, "{part}");
        }
    }

    #[test]
    fn what_changes_is_tried_again() {
        let mut trial = Trial::default();
        assert!(live(&mut trial, HOLD / 2, |_| 8) > 0.7);
        // The server has got a rest: now each reply that waits is missing.
        let part = live(&mut trial, HOLD * 4, |now| if now { 4 } else { 8 });
        assert!(part < 0.02, "{part}");
        // And the other way round, at the latest when the longest no is over.
        live(&mut trial, LONGEST, |_| 8);
        let part = live(&mut trial, HOLD * 4, |_| 8);
        assert!(part > 0.9, "{part}");
    }

    #[test]
    fn rounds_that_say_nothing_decide_nothing() {
        let mut trial = Trial::default();
        for _ in 0..100_000 {
            trial.put_off();
            assert!(!trial.gathers_after(STRETCH / 2, 1));
        }
    }
}
