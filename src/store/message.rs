//! A message: octets that never change, and what a mailbox knows about them.

use std::sync::{Arc, OnceLock};

use memchr::{memchr, memchr2_iter};

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
    transmitted: OnceLock<usize>,
    structure: OnceLock<Box<Part>>,
}

impl Content {
    /// Takes over a message. Lines should end in CRLF; what came otherwise is kept as it came.
    pub fn new(octets: Vec<u8>) -> Arc<Self> {
        Arc::new(Self {
            has_nul: memchr(0, &octets).is_some(),
            octets: octets.into_boxed_slice(),
            transmitted: OnceLock::new(),
            structure: OnceLock::new(),
        })
    }

    /// The octets, as stored.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// How many octets there are once every line ends in CRLF, as a `Stuffer` sends them, without
    /// the doubled dots: the size in POP3 (RFC 1939 11). Counted when first asked for.
    pub fn transmitted(&self) -> usize {
        let count = || {
            let ends = memchr2_iter(b'\r', b'\n', &self.octets);
            let bare = ends.filter(|at| match self.octets[*at] {
                b'\r' => self.octets.get(at + 1) != Some(&b'\n'),
                _ => *at == 0 || self.octets[at - 1] != b'\r',
            });
            let finished = matches!(self.octets.last(), None | Some(b'\r' | b'\n'));
            self.octets.len() + bare.count() + if finished { 0 } else { 2 }
        };
        *self.transmitted.get_or_init(count)
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
