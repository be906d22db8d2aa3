//! A message: octets that never change, and what a mailbox knows about them.

use std::sync::{Arc, OnceLock};

use memchr::memchr;

use super::date::Stamp;
use super::flags::Flags;
use super::mime::part::Part;

/// The structure of messages above this size is kept once it is known: clients fetch them in parts.
const LARGE: usize = 64 * 1024;

/// The octets of a message, shared by every mailbox and session that has it.
#[derive(Debug)]
pub struct Content {
    octets: Box<[u8]>,
    has_nul: bool,
    structure: OnceLock<Box<Part>>,
}

impl Content {
    /// Takes over a message. Lines end in CRLF.
    pub fn new(octets: Vec<u8>) -> Arc<Self> {
        Arc::new(Self {
            has_nul: memchr(0, &octets).is_some(),
            octets: octets.into_boxed_slice(),
            structure: OnceLock::new(),
        })
    }

    /// The octets, as stored.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// True when there is a NUL among them.
    pub fn has_nul(&self) -> bool {
        self.has_nul
    }

    /// Runs `f` with the message's structure.
    pub fn with_structure<T>(&self, f: impl FnOnce(&Part) -> T) -> T {
        if self.octets.len() > LARGE {
            let keep = || Box::new(Part::parse(&self.octets));
            return f(self.structure.get_or_init(keep));
        }
        f(&Part::parse(&self.octets))
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
