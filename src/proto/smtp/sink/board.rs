//! What a sink counts, over all its connections.
//!
//! A message is counted when the client was told so, in full: a reply that a fault cut off, replaced
//! or swallowed counts for nothing, since the client cannot know.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Reply codes are three digits, the first of them 2 to 5 (RFC 5321 4.2).
const CODES: usize = 600;

/// The counters. They are read while they are written: each is right by itself.
pub struct Board {
    /// Connections that were greeted.
    pub connections: Counter,
    /// Messages that were accepted, for at least one recipient.
    pub messages: Counter,
    /// Recipients for whom one was accepted.
    pub recipients: Counter,
    /// Octets of accepted messages, dots and their doubling taken off.
    pub octets: Counter,
    /// Messages that came whole and were not accepted.
    pub refused: Counter,
    /// Commands.
    pub commands: Counter,
    /// Connections under TLS.
    pub secured: Counter,
    /// Logins that succeeded.
    pub logins: Counter,
    codes: [AtomicU64; CODES],
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// The number.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Adds to it.
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Relaxed);
    }
}

impl Board {
    /// Counts a reply; what does not begin with a code is none.
    pub(super) fn reply(&self, text: &str) {
        if let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] = text.as_bytes() {
            let digit = |octet: u8| usize::from(octet - b'0');
            self.codes[digit(*a) * 100 + digit(*b) * 10 + digit(*c)].fetch_add(1, Relaxed);
        }
    }

    /// Reply codes and how often each was sent, in order.
    pub fn replies(&self) -> Vec<(usize, u64)> {
        let codes = self.codes.iter().map(|count| count.load(Relaxed));
        codes.enumerate().filter(|(_, count)| *count > 0).collect()
    }
}

impl Default for Board {
    fn default() -> Self {
        Self {
            connections: Counter::default(),
            messages: Counter::default(),
            recipients: Counter::default(),
            octets: Counter::default(),
            refused: Counter::default(),
            commands: Counter::default(),
            secured: Counter::default(),
            logins: Counter::default(),
            codes: [const { AtomicU64::new(0) }; CODES],
        }
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Board")
            .field("messages", &self.messages)
            .field("replies", &self.replies())
            .finish_non_exhaustive()
    }
}
