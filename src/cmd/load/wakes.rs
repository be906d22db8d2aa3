//! How often a worker wakes for replies.
//!
//! A server that is the brake answers one session after the other, and a worker that wakes for each
//! reply spends more on waking than on reading. So it sleeps on for a moment, as a network card
//! gathers packets before it interrupts, and then reads what has come meanwhile.
//!
//! Rules: no time that is measured grows by it. So it is done only while the kernel says when each
//! reply arrived, not while anybody of this worker connects or shakes hands (our own clock times
//! that), and not where messages have a moment at which they are due. The server never waits: most
//! sessions have a command with it all the while.

use std::cell::RefCell;
use std::time::{Duration, Instant};

/// The longest sleep.
const MOST: Duration = Duration::from_micros(150);
/// Replies as far apart as this are not worth gathering.
const APART: Duration = Duration::from_micros(50);
/// Replies at a time that make waking cheap enough, and the part of all sessions that may lie unread.
const ENOUGH: u32 = 8;
const PART: usize = 3;

thread_local! {
    static WAKES: RefCell<Wakes> = RefCell::new(Wakes::new(0));
}

/// What a worker knows of its wakes.
#[derive(Debug)]
struct Wakes {
    /// As many replies are gathered; below two there is nothing to gather.
    few: u32,
    /// When it was asked last.
    last: Instant,
    /// Replies since then, and whether the kernel told all their arrivals.
    heard: u32,
    told: bool,
    /// Who is timed by our own clock.
    own_clock: u32,
    /// The sleep that is in use.
    sleep: Duration,
}

impl Wakes {
    fn new(sessions: usize) -> Self {
        Self {
            few: u32::try_from(sessions / PART).map_or(ENOUGH, |few| few.min(ENOUGH)),
            last: Instant::now(),
            heard: 0,
            told: true,
            own_clock: 0,
            sleep: Duration::ZERO,
        }
    }

    /// How long to sleep on, now that all that came has been read.
    fn next(&mut self) -> Duration {
        let now = Instant::now();
        let took = now - std::mem::replace(&mut self.last, now);
        let heard = std::mem::take(&mut self.heard);
        let told = std::mem::replace(&mut self.told, true);
        self.sleep = if self.few < 2 || self.own_clock > 0 || !told {
            Duration::ZERO
        } else {
            gather(self.sleep, took, heard, self.few)
        };
        self.sleep
    }
}

/// The next sleep after one of `sleep` (which may be none) and a round that `took` so long and
/// brought `heard` replies, where `few` at a time are wanted.
fn gather(sleep: Duration, took: Duration, heard: u32, few: u32) -> Duration {
    if heard >= few {
        // They come together by themselves, or because of the sleep; of more than enough, half will do.
        return if heard >= 2 * few { sleep / 2 } else { sleep };
    }
    match took.checked_div(heard) {
        Some(gap) if gap <= APART => (gap * few).min(MOST),
        // So seldom that waking for each costs nothing to speak of.
        _ => Duration::ZERO,
    }
}

/// This thread is a worker with so many sessions that may be gathered from; 0 forbids it.
pub(super) fn begin(sessions: usize) {
    WAKES.set(Wakes::new(sessions));
    // The kernel adds 50 microseconds to each sleep unless told that it matters.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1000));
}

/// A worker that is about to wait for the network calls this first.
pub(super) fn before_waiting() {
    let sleep = WAKES.with_borrow_mut(Wakes::next);
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
        assert_eq!(gather(sleep, micros(100), 7, 5), sleep);
        // More than it wants: sooner, until that is enough.
        assert_eq!(gather(sleep, micros(100), 12, 5), sleep / 2);
        // Fewer: later, within bounds.
        assert_eq!(gather(sleep, micros(90), 3, 5), MOST);
    }

    #[test]
    fn what_comes_together_or_seldom_is_read_at_once() {
        assert_eq!(gather(NONE, micros(100), 5, 5), NONE);
        assert_eq!(gather(NONE, micros(100), 20, 5), NONE);
        assert_eq!(gather(NONE, micros(300), 1, 5), NONE);
        assert_eq!(gather(micros(70), micros(300), 1, 5), NONE);
        assert_eq!(gather(micros(70), micros(300), 0, 5), NONE);
    }

    #[test]
    fn nobody_sleeps_over_what_only_our_clock_times() {
        let round = |wakes: &mut Wakes, told: bool| {
            wakes.heard += 1;
            wakes.told &= told;
            // A reply every 10 microseconds.
            wakes.last = Instant::now() - micros(10);
            wakes.next()
        };
        let mut wakes = Wakes::new(20);
        assert!(round(&mut wakes, true) > NONE);
        assert_eq!(round(&mut wakes, false), NONE);
        assert!(round(&mut wakes, true) > NONE);
        wakes.own_clock = 1;
        assert_eq!(round(&mut wakes, true), NONE);
        for sessions in [0, 1, 5] {
            assert_eq!(round(&mut Wakes::new(sessions), true), NONE, "{sessions}");
        }
    }
}
