//! The times of one connection, seen from here: how long its client let us wait.
//!
//! A stage lasts from our previous reply until its command (or content) is there, whole; what was
//! pipelined behind another command came at once and took no time. A message lasts from its MAIL to
//! the reply to its content.

use std::time::{Duration, Instant};

use crate::proto::smtp::reply;
use crate::proto::smtp::sink::{Did, Mark};
use crate::stats::{Stage, Tally};
use crate::wire::show::{Charset, show};

/// The most that is kept of a reply to show it.
const SHOWN: usize = 120;

pub(super) struct Meter {
    /// When the first connection of all came.
    began: Instant,
    /// When we last had answered everything.
    answered: Instant,
    message: Option<Instant>,
    /// Where an error would be put down.
    at: Stage,
}

impl Meter {
    pub(super) fn new(began: Instant, now: Instant) -> Self {
        Self {
            began,
            answered: now,
            message: None,
            at: Stage::Greeting,
        }
    }

    /// Counts what came at `came` and was answered by `now`.
    pub(super) fn note(
        &mut self,
        marks: impl Iterator<Item = Mark>,
        came: Instant,
        now: Instant,
        tally: &mut Tally,
    ) {
        let mut waited = came.saturating_duration_since(self.answered);
        for mark in marks {
            tally.reply(mark.code);
            let stage = stage(mark.did);
            if let Some(text) = &mark.refusal {
                let (reason, example) = told(mark.code, text);
                self.error(
                    stage.unwrap_or(Stage::Other),
                    (&reason, &example),
                    now,
                    tally,
                );
            }
            // A login takes as long as all its answers.
            let Some(stage) = stage.filter(|_| mark.code != 334) else {
                continue;
            };
            self.at = stage;
            tally.time(stage, std::mem::take(&mut waited));
            if mark.did == Did::Mail && mark.code == 250 {
                self.message = Some(came);
            } else if mark.ends
                && let Some(begun) = self.message.take()
                && mark.code == 250
            {
                tally.time(Stage::Message, now.saturating_duration_since(begun));
            }
        }
        self.answered = now;
    }

    /// The connection ended as it should not.
    pub(super) fn lost(&self, why: &str, tally: &mut Tally) {
        self.error(self.at, (why, ""), Instant::now(), tally);
    }

    /// An error: reason and example.
    pub(super) fn error(&self, at: Stage, why: (&str, &str), now: Instant, tally: &mut Tally) {
        tally.error(at, why.0, why.1);
        let at = now.saturating_duration_since(self.began);
        tally.over_time.count(at, 0, 1);
    }

    /// A handshake that began at `start`.
    pub(super) fn secured(&mut self, took: Duration, tally: &mut Tally) {
        tally.time(Stage::Tls, took);
        self.answered = Instant::now();
    }
}

fn stage(did: Did) -> Option<Stage> {
    Some(match did {
        Did::Unasked => return None,
        Did::Hello => Stage::Hello,
        Did::StartTls => Stage::StartTls,
        Did::Auth => Stage::Auth,
        Did::Mail => Stage::Mail,
        Did::Rcpt => Stage::Rcpt,
        Did::Data => Stage::Data,
        Did::Dot => Stage::Dot,
        Did::Bdat => Stage::Bdat,
        Did::Rset => Stage::Rset,
        Did::Quit => Stage::Quit,
        Did::Other => Stage::Other,
    })
}

/// A refusal as reason and example: text of the fault table, so not to be trusted.
fn told(code: u16, text: &str) -> (String, String) {
    let text = text.as_bytes();
    let example = show(&text[..text.len().min(SHOWN)], Charset::Unicode).into_owned();
    if code == 0 {
        return ("no whole reply (a fault)".into(), example);
    }
    let enhanced = text.get(4..).and_then(reply::enhanced);
    let reason = enhanced.map_or_else(
        || format!("{code:03}"),
        |(enhanced, _)| format!("{code:03} {enhanced}"),
    );
    (reason, example)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(did: Did, code: u16) -> Mark {
        Mark {
            did,
            code,
            ends: did == Did::Dot,
            refusal: (code >= 400).then(|| "550 5.1.1 nobody".into()),
        }
    }

    #[test]
    fn the_first_of_a_burst_has_the_wait() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut tally = Tally::default();
        let mut meter = Meter::new(begin, begin);
        let burst = [
            mark(Did::Mail, 250),
            mark(Did::Rcpt, 550),
            mark(Did::Rcpt, 250),
        ];
        meter.note(burst.into_iter(), at(5), at(6), &mut tally);
        meter.note([mark(Did::Data, 354)].into_iter(), at(8), at(8), &mut tally);
        meter.note(
            [mark(Did::Dot, 250)].into_iter(),
            at(18),
            at(20),
            &mut tally,
        );
        let longest = |stage| tally.ends(stage).unwrap().1 / 1000;
        assert_eq!(longest(Stage::Mail), 5);
        assert_eq!((tally.count(Stage::Rcpt), longest(Stage::Rcpt)), (2, 0));
        assert_eq!((longest(Stage::Data), longest(Stage::Dot)), (2, 10));
        assert_eq!(longest(Stage::Message), 15);
        assert_eq!(tally.error_count(), 1);
    }
}
