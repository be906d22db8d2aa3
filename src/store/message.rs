//! A message: octets that never change, and what a mailbox knows about them.

use std::sync::Arc;

use super::date::Stamp;
use super::flags::Flags;

/// The octets of a message, shared by every mailbox and session that has it.
#[derive(Debug)]
pub struct Content {
    octets: Box<[u8]>,
}

impl Content {
    /// Takes over a message. Lines end in CRLF.
    pub fn new(octets: Vec<u8>) -> Arc<Self> {
        Arc::new(Self {
            octets: octets.into_boxed_slice(),
        })
    }

    /// The octets, as stored.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}

/// A message in a mailbox.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its UID: grows, is never reused.
    pub uid: u32,
    /// Its flags.
    pub flags: Flags,
    /// The mod-sequence of its last change (RFC 7162).
    pub modseq: u64,
    /// INTERNALDATE.
    pub date: Stamp,
    /// The octets.
    pub content: Arc<Content>,
}
