//! A session's view of a mailbox: which number means which message, and what it was not told yet.
//!
//! Rules (RFC 9051 5.2, 7.4.1, RFC 2180):
//! 1. A number keeps its meaning until the session was told of the expunge.
//! 2. The view is the mailbox as it is, less the messages that came after, plus the messages that
//!    went since. So a session that is up to date keeps nothing but a cursor.
//! 3. Nobody is told of flags that he set himself.

use super::mailbox::{Change, Mailbox, Watcher};
use super::{Bell, MailboxId, SessionId, SharedStore, Store};

/// What a session has to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Numbers to be announced as expunged, each counted after the ones before it.
    pub expunged: Vec<u32>,
    /// UIDs of messages whose flags changed.
    pub flags: Vec<u32>,
    /// How many messages there are now, when more came.
    pub exists: Option<u32>,
    /// How many of them are recent, when that grew.
    pub recent: Option<u32>,
}

impl News {
    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The view is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The mailbox was deleted.
    Deleted,
    /// So much happened that it cannot be told.
    TooFarBehind,
}

/// A selected mailbox. `close` it; whoever forgets leaves a watcher behind.
#[derive(Debug)]
pub struct View {
    mailbox: MailboxId,
    session: SessionId,
    /// EXAMINE, not SELECT.
    pub read_only: bool,
    cursor: u64,
    /// The first UID that the session does not know of.
    upto: u32,
    /// Known messages that are gone and not announced, sorted.
    gone: Vec<u32>,
    /// Known messages with flags not announced.
    flagged: Vec<u32>,
    /// Ranges of recent UIDs, both ends included.
    recent: Vec<(u32, u32)>,
}

impl View {
    /// Selects a mailbox: everything in it is known from here on.
    pub fn open(
        store: &mut Store,
        mailbox: MailboxId,
        session: SessionId,
        read_only: bool,
        bell: Option<Bell>,
    ) -> Option<Self> {
        let selected = store.mailbox_mut(mailbox)?;
        let cursor = selected.log_end();
        selected.watchers.insert(session, Watcher { bell, cursor });
        let mut view = Self {
            mailbox,
            session,
            read_only,
            cursor,
            upto: selected.uid_next(),
            gone: Vec::new(),
            flagged: Vec::new(),
            recent: Vec::new(),
        };
        view.claim_recent(selected);
        Some(view)
    }

    /// Deselects.
    pub fn close(self, store: &SharedStore) {
        if let Some(mailbox) = store.lock().mailbox_mut(self.mailbox) {
            mailbox.watchers.remove(&self.session);
            mailbox.trim();
        }
    }

    /// The mailbox.
    pub fn mailbox(&self) -> MailboxId {
        self.mailbox
    }

    /// Whose view it is.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Messages that are recent for a session that opens the mailbox now are so for no other; a
    /// session that only looks sees them as recent and leaves them so.
    fn claim_recent(&mut self, mailbox: &mut Mailbox) {
        let last = self.upto - 1;
        let first = mailbox.recent_from();
        if first > last {
            return;
        }
        match self.recent.last_mut() {
            Some(range) if range.1 + 1 >= first => range.1 = last,
            _ => self.recent.push((first, last)),
        }
        if !self.read_only {
            mailbox.recent_from = self.upto;
        }
    }

    /// True when this session was the first to be told of the message (RFC 3501 2.3.2).
    pub fn is_recent(&self, uid: u32) -> bool {
        let after = self.recent.partition_point(|range| range.1 < uid);
        self.recent.get(after).is_some_and(|range| range.0 <= uid)
    }

    /// The recent UIDs, as ranges with both ends included, sorted.
    pub fn recent_ranges(&self) -> &[(u32, u32)] {
        &self.recent
    }

    /// How many messages are recent.
    pub fn recent(&self, mailbox: &Mailbox) -> u32 {
        let place = |uid| mailbox.position(uid).unwrap_or_else(|at| at);
        let present: usize = self
            .recent
            .iter()
            .map(|(first, last)| place(last + 1) - place(*first))
            .sum();
        let gone = self.gone.iter().filter(|uid| self.is_recent(**uid)).count();
        count(present + gone)
    }

    /// Notes what happened since the last call, without telling. Call it first, under the same
    /// lock as whatever uses numbers.
    ///
    /// # Errors
    /// `Lost` when the mailbox is gone, or the session is too far behind.
    pub fn catch_up(&mut self, store: &mut Store) -> Result<(), Lost> {
        let mailbox = store.mailbox_mut(self.mailbox).ok_or(Lost::Deleted)?;
        let end = mailbox.log_end();
        if self.cursor == end {
            return Ok(());
        }
        let (mut went, mut flagged) = (false, false);
        for change in mailbox.log_since(self.cursor).ok_or(Lost::TooFarBehind)? {
            match change {
                Change::Expunged { uid } if uid < self.upto => {
                    self.gone.push(uid);
                    went = true;
                }
                Change::Flags { uid, by } if by != self.session && uid < self.upto => {
                    self.flagged.push(uid);
                    flagged = true;
                }
                Change::Expunged { .. } | Change::Flags { .. } => {}
            }
        }
        if went {
            self.gone.sort_unstable();
        }
        if flagged {
            self.flagged.sort_unstable();
            self.flagged.dedup();
        }
        self.cursor = end;
        if let Some(watcher) = mailbox.watchers.get_mut(&self.session) {
            watcher.cursor = end;
        }
        Ok(())
    }

    /// How many messages the session knows of.
    pub fn exists(&self, mailbox: &Mailbox) -> u32 {
        count(self.known(mailbox) + self.gone.len())
    }

    /// True when messages are gone that the session still counts.
    pub fn misses_some(&self) -> bool {
        !self.gone.is_empty()
    }

    /// How many messages of the mailbox the session knows of, those at its start.
    pub fn known(&self, mailbox: &Mailbox) -> usize {
        mailbox.position(self.upto).unwrap_or_else(|at| at)
    }

    /// The UID of a number; `None` beyond the last. It may be that of a message that is gone.
    pub fn uid(&self, mailbox: &Mailbox, number: u32) -> Option<u32> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let known = self.known(mailbox);
        let present = |at: usize| (at < known).then(|| mailbox.messages()[at].uid);
        if self.gone.is_empty() {
            return present(index);
        }
        // How many gone messages stand before the one asked for.
        let (mut low, mut high) = (0, self.gone.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.index_of_gone(mailbox, middle) < index {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low < self.gone.len() && self.index_of_gone(mailbox, low) == index {
            return Some(self.gone[low]);
        }
        present(index - low)
    }

    fn index_of_gone(&self, mailbox: &Mailbox, at: usize) -> usize {
        let place = mailbox.position(self.gone[at]);
        at + place.unwrap_or_else(|place| place)
    }

    /// The number of a known UID, gone or not.
    pub fn number(&self, mailbox: &Mailbox, uid: u32) -> Option<u32> {
        if uid >= self.upto {
            return None;
        }
        let before = self.gone.partition_point(|gone| *gone < uid);
        match mailbox.position(uid) {
            Ok(at) => Some(count(at + before + 1)),
            Err(at) if self.gone.get(before) == Some(&uid) => Some(count(at + before + 1)),
            Err(_) => None,
        }
    }

    /// The number of the message at this place of the mailbox.
    pub fn number_at(&self, mailbox: &Mailbox, at: usize) -> u32 {
        if self.gone.is_empty() {
            return count(at + 1);
        }
        let uid = mailbox.messages()[at].uid;
        count(at + 1 + self.gone.partition_point(|gone| *gone < uid))
    }

    /// The highest UID that the session knows of, gone or not.
    pub fn last_uid(&self, mailbox: &Mailbox) -> Option<u32> {
        let known = self.known(mailbox);
        let present = known.checked_sub(1).map(|at| mailbox.messages()[at].uid);
        present.max(self.gone.last().copied())
    }

    /// What the session has to be told now; it counts as told. Expunges only where they are
    /// allowed: not in answer to FETCH, STORE and SEARCH.
    ///
    /// # Errors
    /// As `catch_up`.
    pub fn news(&mut self, store: &mut Store, expunges: bool) -> Result<News, Lost> {
        self.catch_up(store)?;
        let mailbox = store.mailbox_mut(self.mailbox).ok_or(Lost::Deleted)?;
        let mut news = News::default();
        if expunges && !self.gone.is_empty() {
            let place = |uid: u32| mailbox.position(uid).unwrap_or_else(|at| at);
            news.expunged = self.gone.iter().map(|uid| count(place(*uid) + 1)).collect();
            self.gone = Vec::new();
        }
        if !self.flagged.is_empty() {
            news.flags = std::mem::take(&mut self.flagged);
            news.flags.retain(|uid| mailbox.position(*uid).is_ok());
        }
        if self.upto < mailbox.uid_next() {
            let before = self.exists(mailbox);
            self.upto = mailbox.uid_next();
            let exists = self.exists(mailbox);
            // Messages that came and went unseen are no news.
            if exists != before {
                news.exists = Some(exists);
                self.claim_recent(mailbox);
                news.recent = Some(self.recent(mailbox));
            }
        }
        Ok(news)
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
