//! When messages become visible: a look into their mailbox, as often as it may be.
//!
//! A message is known by its Message-ID, which holds the run and its number. It is visible when a
//! FETCH finds it; what that took is counted from the reply that accepted it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::link::Trouble;
use super::reader::Reader;
use super::server::Server;
use crate::stats::{Stage, Tally};
use crate::wire::quote::quoted;

/// Between two looks: times are no finer than this.
const BETWEEN: Duration = Duration::from_millis(5);
/// How long messages may take after the last one was accepted, unless `--timeout` says so.
const PATIENCE: Duration = Duration::from_secs(60);

/// Messages seen before they were heard of, at most.
const EARLY: usize = 100_000;

/// Messages that are on their way.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Pending>);

#[derive(Debug, Default)]
struct Pending {
    /// Accepted, and not seen yet.
    accepted: HashMap<u64, Instant>,
    /// Seen before we heard that they were accepted.
    early: HashMap<u64, Instant>,
}

impl Watch {
    fn lock<R>(&self, what: impl FnOnce(&mut Pending) -> R) -> R {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Message `number` was accepted: the reply came then.
    pub(super) fn accepted(&self, number: u64, then: Instant, tally: &mut Tally) {
        self.lock(|p| match p.early.remove(&number) {
            Some(seen) => tally.time(Stage::Visible, seen.saturating_duration_since(then)),
            None => drop(p.accepted.insert(number, then)),
        });
    }

    fn seen(&self, number: u64, tally: &mut Tally) {
        let now = Instant::now();
        self.lock(|p| match p.accepted.remove(&number) {
            Some(then) => tally.time(Stage::Visible, now.saturating_duration_since(then)),
            // A number nobody sent is no reason to grow.
            None if p.early.len() < EARLY => drop(p.early.insert(number, now)),
            None => {}
        });
    }

    fn waiting(&self) -> usize {
        self.lock(|p| p.accepted.len())
    }

    /// What was never seen is an error each.
    pub(super) fn end(&self, tally: &mut Tally) {
        for _ in 0..self.waiting() {
            tally.error(Stage::Visible, "not visible in time", "");
        }
    }
}

/// A look at the mailbox that goes on.
pub(super) struct Looker<'a> {
    reader: Reader<'a>,
    tally: &'a Mutex<Tally>,
    /// Messages that were looked at.
    seen: u64,
    mark: Vec<u8>,
    patience: Duration,
}

impl<'a> Looker<'a> {
    /// Opens the mailbox: what is in it already is not looked at. `run` is what the Message-IDs of
    /// this run have behind the number.
    pub(super) async fn open(
        (server, mailbox): &(Server, String),
        run: &str,
        patience: Option<Duration>,
        tally: &'a Mutex<Tally>,
    ) -> Result<Self, Trouble> {
        let mut reader = Reader::open(server, tally, 0).await?;
        let command = format!("EXAMINE {}", quoted(mailbox));
        reader.ask(Stage::Select, &command, false, |_| {}).await?;
        Ok(Self {
            seen: reader.messages,
            reader,
            tally,
            mark: format!(".{run}@").into_bytes(),
            patience: patience.unwrap_or(PATIENCE),
        })
    }

    /// Looks until `over` says that no more are sent, and all that were accepted are visible.
    pub(super) async fn run(
        &mut self,
        watch: &Watch,
        over: impl Fn() -> bool,
    ) -> Result<(), Trouble> {
        let mut deadline = None;
        loop {
            // Asked before looking: what was accepted by then can be seen.
            if over() {
                let end = *deadline.get_or_insert_with(|| Instant::now() + self.patience);
                if watch.waiting() == 0 || Instant::now() >= end {
                    return Ok(());
                }
            }
            self.look(watch).await?;
            tokio::time::sleep(BETWEEN).await;
        }
    }

    async fn look(&mut self, watch: &Watch) -> Result<(), Trouble> {
        self.reader.ask(Stage::Poll, "NOOP", false, |_| {}).await?;
        let now = self.reader.messages;
        self.seen = self.seen.min(now);
        if now == self.seen {
            return Ok(());
        }
        let items = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]";
        let command = format!("FETCH {}:{now} ({items})", self.seen + 1);
        let (mark, tally) = (&self.mark, self.tally);
        let each = |text: &[u8]| {
            if let Some(number) = number_of(text, mark) {
                let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
                watch.seen(number, &mut tally);
            }
        };
        self.reader.ask(Stage::Fetch, &command, false, each).await?;
        self.seen = now;
        Ok(())
    }
}

/// The number in front of the mark, as in `<17.RUN@`.
fn number_of(text: &[u8], mark: &[u8]) -> Option<u64> {
    let at = memchr::memmem::find(text, mark)?;
    let digits = text[..at].iter().rev().take_while(|b| b.is_ascii_digit());
    let begin = at - digits.count();
    std::str::from_utf8(&text[begin..at]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_tells_its_number() {
        let text = b"Message-ID: <17.abc@host>\r\n";
        assert_eq!(number_of(text, b".abc@"), Some(17));
        assert_eq!(number_of(text, b".abd@"), None);
        assert_eq!(number_of(b"<.abc@host>", b".abc@"), None);
    }

    #[test]
    fn both_orders_count_once() {
        let (watch, mut tally) = (Watch::default(), Tally::default());
        let then = Instant::now();
        watch.accepted(1, then, &mut tally);
        watch.seen(1, &mut tally);
        watch.seen(2, &mut tally);
        watch.accepted(2, then, &mut tally);
        watch.accepted(3, then, &mut tally);
        assert_eq!((tally.count(Stage::Visible), watch.waiting()), (2, 1));
        watch.end(&mut tally);
        assert_eq!(tally.error_count(), 1);
    }
}
