//! The search itself, in turns, and the answer that stands at its end.

use std::sync::{Arc, Mutex, PoisonError};

use super::matching::{Answers, Fits, Search};
use super::{Hit, Report, hit};
use crate::proto::outbox::Flow;
use crate::store::message::Message;

/// Octets that are read before others get their turn.
const TURN: usize = 1 << 20;

/// What `$` stands for when a search has ended, until its engine takes it.
pub(in super::super) type Saved = Arc<Mutex<Option<Vec<u32>>>>;

/// A search at work. It looks at the messages as they were when it began.
pub(super) struct SearchFlow {
    search: Search,
    /// Messages in order, those that fit for certain and those that must be read.
    waiting: std::vec::IntoIter<Waiting>,
    /// The message that is being read, and what is known of it by now.
    reading: Option<(u32, Message, Answers)>,
    hits: Vec<Hit>,
    report: Option<(Report, Saved)>,
    answer: Option<Flow>,
}

pub(super) enum Waiting {
    Fits(Hit),
    Unread(u32, Message),
}

impl SearchFlow {
    pub(super) fn new(search: Search, waiting: Vec<Waiting>, report: Report, saved: Saved) -> Self {
        Self {
            search,
            waiting: waiting.into_iter(),
            reading: None,
            hits: Vec::new(),
            report: Some((report, saved)),
            answer: None,
        }
    }

    /// Reads for one turn; true when all is read.
    fn turn(&mut self) -> bool {
        let mut left = TURN;
        loop {
            if let Some((number, message, answers)) = &mut self.reading {
                match self.search.read(*number, message, answers, &mut left) {
                    Fits::Yes => self.hits.push(hit(*number, message)),
                    Fits::No => {}
                    Fits::Unknown => return false,
                }
                self.reading = None;
            }
            match self.waiting.next() {
                None => return true,
                Some(Waiting::Fits(hit)) => self.hits.push(hit),
                Some(Waiting::Unread(number, message)) => {
                    self.reading = Some((number, message, Answers::new()));
                }
            }
        }
    }
}

impl Iterator for SearchFlow {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.report.is_some() {
            if !self.turn() {
                return Some(Vec::new());
            }
            let hits = std::mem::take(&mut self.hits);
            let (report, saved) = self.report.take()?;
            if let Some(uids) = report.saved(&hits) {
                *saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(uids);
            }
            self.answer = Some(report.answer(&hits));
        }
        self.answer.as_mut()?.next()
    }
}
