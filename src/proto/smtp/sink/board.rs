//! What a sink counts, over all its connections.
//!
//! A message is counted when the client was told so, in full: a reply that a fault cut off, replaced
//! or swallowed counts for nothing, since the client cannot know.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The counters. They are read while they are written: each is right by itself.
#[derive(Debug, Default)]
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
