//! A mailbox: messages in the order of their UIDs, and a log of what changed for those who watch.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use super::date::Stamp;
use super::flags::{Flags, SYSTEM};
use super::message::{Content, Message};
use super::{Bell, Refused, SessionId};

/// Keywords that one mailbox can name.
const KEYWORDS: usize = 64;

/// The longest keyword.
const KEYWORD_OCTETS: usize = 128;

/// The longest log. A session that is further behind than this is lost, and told so.
const LOG: usize = 1 << 20;

/// What a mailbox is for (RFC 6154 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialUse {
    /// Messages put aside.
    Archive,
    /// Messages not finished.
    Drafts,
    /// Unwanted messages.
    Junk,
    /// Messages sent.
    Sent,
    /// Messages deleted.
    Trash,
}

impl SpecialUse {
    /// Every use.
    pub const ALL: [Self; 5] = [
        Self::Archive,
        Self::Drafts,
        Self::Junk,
        Self::Sent,
        Self::Trash,
    ];

    /// The attribute, `\Sent`.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Archive => "\\Archive",
            Self::Drafts => "\\Drafts",
            Self::Junk => "\\Junk",
            Self::Sent => "\\Sent",
            Self::Trash => "\\Trash",
        }
    }
}

/// What happened to a message, for sessions that have the mailbox selected.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Flags { uid: u32, by: SessionId },
    Expunged { uid: u32 },
}

pub(super) struct Watcher {
    pub(super) bell: Option<Bell>,
    pub(super) cursor: u64,
}

/// What an expunge freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Freed {
    pub(super) messages: usize,
    pub(super) octets: u64,
}

/// A mailbox.
pub struct Mailbox {
    owner: String,
    /// What it is for.
    pub special: Option<SpecialUse>,
    uid_validity: u32,
    uid_next: u32,
    modseq: u64,
    octets: u64,
    messages: Vec<Message>,
    keywords: Vec<String>,
    pub(super) recent_from: u32,
    log: VecDeque<Change>,
    log_start: u64,
    pub(super) watchers: HashMap<SessionId, Watcher>,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox")
            .field("owner", &self.owner)
            .field("messages", &self.messages.len())
            .field("uid_next", &self.uid_next)
            .field("modseq", &self.modseq)
            .finish_non_exhaustive()
    }
}

impl Mailbox {
    pub(super) fn new(owner: &str, uid_validity: u32, special: Option<SpecialUse>) -> Self {
        Self {
            owner: owner.to_owned(),
            special,
            uid_validity,
            uid_next: 1,
            modseq: 1,
            octets: 0,
            messages: Vec::new(),
            keywords: Vec::new(),
            recent_from: 1,
            log: VecDeque::new(),
            log_start: 0,
            watchers: HashMap::new(),
        }
    }

    /// Whose it is.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// UIDVALIDITY.
    pub fn uid_validity(&self) -> u32 {
        self.uid_validity
    }

    /// UIDNEXT.
    pub fn uid_next(&self) -> u32 {
        self.uid_next
    }

    /// HIGHESTMODSEQ.
    pub fn highest_modseq(&self) -> u64 {
        self.modseq
    }

    /// Octets of all messages.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    /// The messages, in the order of their UIDs.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The keywords in use or once used here.
    pub fn keywords(&self) -> &[String] {
        &self.keywords
    }

    /// True when more keywords can be made (`\*` in PERMANENTFLAGS).
    pub fn takes_keywords(&self) -> bool {
        self.keywords.len() < KEYWORDS
    }

    /// The first UID that no session was told of as recent.
    pub fn recent_from(&self) -> u32 {
        self.recent_from
    }

    /// Where the message with this UID is, or where it would be.
    ///
    /// # Errors
    /// The place at which it would stand.
    pub fn position(&self, uid: u32) -> Result<usize, usize> {
        self.messages.binary_search_by_key(&uid, |m| m.uid)
    }

    /// A message by its UID.
    pub fn message(&self, uid: u32) -> Option<&Message> {
        self.position(uid).ok().map(|at| &self.messages[at])
    }

    /// The flag of a keyword that this mailbox knows, in any case.
    pub fn keyword(&self, name: &str) -> Option<Flags> {
        let slot = self
            .keywords
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))?;
        Some(Flags::keyword(slot))
    }

    /// `flags` and these keywords, naming new ones where that is needed. All or nothing.
    ///
    /// # Errors
    /// `Limit` when there are too many keywords, or one is too long.
    pub fn with_keywords(&mut self, flags: Flags, names: &[&str]) -> Result<Flags, Refused> {
        let mut flags = flags;
        let before = self.keywords.len();
        for name in names {
            let flag = match self.keyword(name) {
                Some(flag) => flag,
                None if self.keywords.len() < KEYWORDS && name.len() <= KEYWORD_OCTETS => {
                    self.keywords.push((*name).to_owned());
                    Flags::keyword(self.keywords.len() - 1)
                }
                None => {
                    self.keywords.truncate(before);
                    return Err(Refused::Limit(
                        "64 keywords of 128 octets are the most here",
                    ));
                }
            };
            flags = flags.with(flag);
        }
        Ok(flags)
    }

    /// The keywords among these flags, by name.
    pub fn keyword_names(&self, flags: Flags) -> Vec<String> {
        flags
            .keyword_slots()
            .filter_map(|slot| self.keywords.get(slot).cloned())
            .collect()
    }

    /// Writes the flags as FETCH does, without parentheses: `\Seen $Forwarded`.
    pub fn write_flags(&self, flags: Flags, out: &mut Vec<u8>) {
        let start = out.len();
        let mut word = |name: &str| {
            if out.len() > start {
                out.push(b' ');
            }
            out.extend_from_slice(name.as_bytes());
        };
        for (name, flag) in SYSTEM {
            if flags.has(flag) {
                word(name);
            }
        }
        for name in flags
            .keyword_slots()
            .filter_map(|slot| self.keywords.get(slot))
        {
            word(name);
        }
    }

    pub(super) fn push(
        &mut self,
        content: Arc<Content>,
        flags: Flags,
        date: Stamp,
    ) -> Result<u32, Refused> {
        let uid = self.uid_next;
        self.uid_next = uid
            .checked_add(1)
            .ok_or(Refused::Limit("this mailbox has used up its UIDs"))?;
        self.modseq += 1;
        self.octets += content.octets().len() as u64;
        self.messages.push(Message {
            uid,
            flags,
            modseq: self.modseq,
            date,
            content,
        });
        Ok(uid)
    }

    /// A new mod-sequence, for one command's changes.
    pub fn next_modseq(&mut self) -> u64 {
        self.modseq += 1;
        self.modseq
    }

    /// Sets the flags of a message. True when that changed it; then it has `modseq`, from
    /// `next_modseq`. The caller rings when he has changed all he wants to.
    pub fn set_flags(&mut self, uid: u32, flags: Flags, modseq: u64, by: SessionId) -> bool {
        let Ok(at) = self.position(uid) else {
            return false;
        };
        let message = &mut self.messages[at];
        if message.flags == flags {
            return false;
        }
        message.flags = flags;
        message.modseq = modseq;
        self.note(Change::Flags { uid, by });
        true
    }

    pub(super) fn expunge(&mut self, uids: &[u32]) -> Freed {
        let mut sorted = uids.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut freed = Freed::default();
        let mut gone = Vec::new();
        let mut doomed = sorted.iter().peekable();
        let first = sorted.first().copied().unwrap_or(u32::MAX);
        let from = self.position(first).unwrap_or_else(|at| at);
        let mut tail = self.messages.split_off(from);
        tail.retain(|message| {
            while doomed.next_if(|uid| **uid < message.uid).is_some() {}
            if doomed.next_if(|uid| **uid == message.uid).is_none() {
                return true;
            }
            freed.messages += 1;
            freed.octets += message.content.octets().len() as u64;
            gone.push(message.uid);
            false
        });
        self.messages.append(&mut tail);
        self.octets -= freed.octets;
        if freed.messages > 0 {
            self.modseq += 1;
        }
        for uid in gone {
            self.note(Change::Expunged { uid });
        }
        freed
    }

    /// Rings every watcher but the one that did it.
    pub fn ring(&mut self, by: SessionId) {
        self.trim();
        for (session, watcher) in &self.watchers {
            if *session != by
                && let Some(bell) = &watcher.bell
            {
                bell();
            }
        }
    }

    fn note(&mut self, change: Change) {
        if self.watchers.is_empty() {
            self.log_start += 1;
            return;
        }
        if self.log.len() >= LOG {
            self.log.pop_front();
            self.log_start += 1;
        }
        self.log.push_back(change);
    }

    pub(super) fn log_end(&self) -> u64 {
        self.log_start + self.log.len() as u64
    }

    /// The log from `cursor` on; `None` when that part is gone already.
    pub(super) fn log_since(&self, cursor: u64) -> Option<impl Iterator<Item = Change> + '_> {
        let skip = usize::try_from(cursor.checked_sub(self.log_start)?).ok()?;
        Some(self.log.iter().skip(skip).copied())
    }

    /// Drops what every watcher has seen.
    pub(super) fn trim(&mut self) {
        if self.log.is_empty() {
            return;
        }
        let seen = self.watchers.values().map(|w| w.cursor).min();
        let seen = seen.unwrap_or_else(|| self.log_end());
        let drop = usize::try_from(seen.saturating_sub(self.log_start)).unwrap_or(usize::MAX);
        let drop = drop.min(self.log.len());
        self.log.drain(..drop);
        self.log_start += drop as u64;
        if self.log.is_empty() {
            self.log.shrink_to(1024);
        }
    }
}
