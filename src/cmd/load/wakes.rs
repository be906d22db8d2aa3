//! How often a worker wakes for replies.
//!
//! A server that is the brake answers one session after the other, and a worker that wakes for each
//! reply spends more on waking than on reading. So it sleeps on for a moment, as a network card
//! gathers packets before it interrupts, and then reads what has come meanwhile.
//!
//! Rules: only where that costs the run nothing, which is tried and not guessed ([`Trial`]); only while
//! the kernel says when each reply arrived; not while anybody of this worker opens a connection (our
//! own clock times that), nor where several replies to one session are under way or a message has a
//! moment at which it is due.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::trial::Trial;

/// The longest sleep, and the shortest that is worth its call.
const MOST: Duration = Duration::from_micros(150);
const LEAST: Duration = Duration::from_micros(5);
/// Replies as far apart as this are not worth gathering.
const APART: Duration = Duration::from_micros(50);
/// Reads at a time that make waking cheap enough, and the part of all sessions that may lie unread.
const ENOUGH: u32 = 8;
const PART: usize = 2;

thread_local! {
    static WAKES: RefCell<Wakes> = RefCell::new(Wakes::new(0, Instant::now()));
}

/// What a worker knows of its wakes.
#[derive(Debug)]
struct Wakes {
    /// As many reads are gathered; below two there is nothing to gather.
    few: u32,
    /// When it was asked last.
    last: Instant,
    /// Reads since then, and whether the kernel told all their arrivals.
    heard: u32,
    told: bool,
    /// Who is timed by our own clock.
    own_clock: u32,
    /// The sleep that is in use.
    sleep: Duration,
    trial: Trial,
}

impl Wakes {
    fn new(sessions: usize, now: Instant) -> Self {
        Self {
            few: u32::try_from(sessions / PART).map_or(ENOUGH, |few| few.min(ENOUGH)),
            last: now,
            heard: 0,
            told: true,
            own_clock: 0,
            sleep: Duration::ZERO,
            trial: Trial::default(),
        }
    }

    /// How long to sleep on, `now` that all that came has been read.
    fn next(&mut self, now: Instant) -> Duration {
        let took = now.saturating_duration_since(std::mem::replace(&mut self.last, now));
        let heard = std::mem::take(&mut self.heard);
        let told = std::mem::replace(&mut self.told, true);
        self.sleep = if self.few < 2 {
            Duration::ZERO
        } else if self.own_clock > 0 || !told {
            self.trial.put_off();
            Duration::ZERO
        } else if self.trial.gathers_after(took, heard) {
            gather(self.sleep, took, heard, self.few)
        } else {
            Duration::ZERO
        };
        self.sleep
    }
}

/// The next sleep after one of `sleep` (which may be none) and a round that `took` so long and
/// brought `heard` reads, where `few` at a time are wanted.
fn gather(sleep: Duration, took: Duration, heard: u32, few: u32) -> Duration {
    let Some(gap) = took.checked_div(heard).filter(|gap| *gap <= APART) else {
        // So seldom that waking for each costs nothing to speak of.
        return Duration::ZERO;
    };
    let next = match sleep.is_zero() {
        // They come together by themselves.
        true if heard >= few => Duration::ZERO,
        true => gap * few,
        false => sleep * few / heard,
    };
    if next < LEAST {
        return Duration::ZERO;
    }
    next.min(MOST)
}

/// This thread is a worker with so many sessions that may be gathered from; 0 forbids it.
pub(super) fn begin(sessions: usize) {
    WAKES.set(Wakes::new(sessions, Instant::now()));
    // The kernel adds 50 microseconds to each sleep unless told that it matters.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1000));
}

/// A worker that is about to wait for the network calls this first.
pub(super) fn before_waiting() {
    let sleep = WAKES.with_borrow_mut(|wakes| wakes.next(Instant::now()));
    if !sleep.is_zero() {
        std::thread::sleep(sleep);
    }
}

/// Something was read; `told` when the kernel said when it had arrived.
pub(super) fn heard(told: bool) {
    WAKES.with_borrow_mut(|wakes| {
        wakes.heard += 1;
        wakes.told &= told;
    });
}

/// Somebody is timed by our own clock for as long as this lives.
#[derive(Debug)]
pub(super) struct OwnClock(());

impl OwnClock {
    pub(super) fn start() -> Self {
        WAKES.with_borrow_mut(|wakes| wakes.own_clock += 1);
        Self(())
    }
}

impl Drop for OwnClock {
    fn drop(&mut self) {
        WAKES.with_borrow_mut(|wakes| wakes.own_clock = wakes.own_clock.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    fn micros(n: u64) -> Duration {
        Duration::from_micros(n)
    }

    #[test]
    fn replies_one_by_one_are_gathered() {
        let sleep = gather(NONE, micros(14), 1, 5);
        assert_eq!(sleep, micros(70));
        // It has what it wants: it goes on so.
        assert_eq!(gather(sleep, micros(70), 5, 5), sleep);
        // More than it wants: sooner. Fewer: later, within bounds.
        assert_eq!(gather(sleep, micros(140), 10, 5), micros(35));
        assert_eq!(gather(sleep, micros(60), 2, 5), MOST);
    }

    #[test]
    fn what_comes_together_or_seldom_is_read_at_once() {
        assert_eq!(gather(NONE, micros(100), 5, 5), NONE);
        assert_eq!(gather(NONE, micros(100), 20, 5), NONE);
        for sleep in [NONE, micros(70)] {
            assert_eq!(gather(sleep, micros(300), 1, 5), NONE);
            assert_eq!(gather(sleep, micros(300), 0, 5), NONE);
            assert_eq!(gather(sleep, micros(10_000), 5, 5), NONE);
        }
        assert_eq!(gather(micros(8), micros(20), 10, 5), NONE);
    }

    /// Rounds of one reply every 10 microseconds, until one sleeps, or for a second.
    fn sleeps(wakes: &mut Wakes, told: bool) -> bool {
        let start = wakes.last;
        (1..100_000).any(|round| {
            wakes.heard += 1;
            wakes.told &= told;
            wakes.next(start + round * micros(10)) > NONE
        })
    }

    #[test]
    fn nobody_sleeps_over_what_only_our_clock_times() {
        let mut wakes = Wakes::new(20, Instant::now());
        assert!(!sleeps(&mut wakes, false));
        wakes.own_clock = 1;
        assert!(!sleeps(&mut wakes, true));
        wakes.own_clock = 0;
        assert!(sleeps(&mut wakes, true));
        for sessions in [0, 1, 3] {
            let mut wakes = Wakes::new(sessions, Instant::now());
            assert!(!sleeps(&mut wakes, true), "{sessions}");
        }
    }
}
