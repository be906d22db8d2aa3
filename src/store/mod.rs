//! The practice server's mail: users, mailboxes, messages. In memory, shared by every connection.
//!
//! Rules:
//! 1. No clock, no I/O: times come in. What the store makes up (UIDs, UIDVALIDITY, MODSEQ) it counts.
//! 2. One lock, held for one step at most: message octets are shared (`Arc<Content>`) and are read
//!    outside it.
//! 3. A session that idles costs a cursor and a bell. What it has not been told yet is worked out
//!    from the mailbox's log when it asks (`view`).
//! 4. A bell is rung under the lock, so a bell only makes a note for later: it never locks the store.
//! 5. Everything has a limit: quota, mailboxes, keywords, accounts, log.

pub mod account;
pub mod date;
pub mod flags;
pub mod mailbox;
pub mod maildrop;
pub mod message;
pub mod mime;
pub mod name;
pub mod seed;
pub mod view;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use account::Account;
use date::Stamp;
use flags::Flags;
use mailbox::Mailbox;
use message::Content;

use crate::wire::secret::Secret;

/// Called under the store's lock when something changed that another session has not seen yet.
/// It only makes a note (a flag, a notification): the engine's `wake()` comes later.
pub type Bell = Arc<dyn Fn() + Send + Sync>;

/// Who changed something, so that nobody is told his own news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(u64);

impl SessionId {
    /// Changes that no session made: deliveries.
    pub const NOBODY: Self = Self(0);
}

/// A mailbox, whatever its name is by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailboxId(u64);

/// What the store allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of mail for one user.
    pub quota: u64,
    /// Octets of mail in all.
    pub total: u64,
    /// Mailboxes of one user.
    pub mailboxes: usize,
    /// Messages in one mailbox.
    pub messages: usize,
    /// Accounts, those that `accept_any` makes included.
    pub accounts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            quota: 1 << 30,
            total: 4 << 30,
            mailboxes: 10_000,
            messages: 2_000_000,
            accounts: 1_000,
        }
    }
}

/// Why the store would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such user.
    NoSuchUser,
    /// No such mailbox.
    NoSuchMailbox,
    /// The name is taken.
    Exists,
    /// The name stands for no mailbox, only for those below it.
    NotSelectable,
    /// The quota is used up.
    OverQuota,
    /// A limit of this server.
    Limit(&'static str),
    /// A name that cannot be.
    BadName(&'static str),
    /// The mailbox has others below it and holds nothing itself.
    HasChildren,
    /// Not with INBOX.
    Inbox,
    /// Another session holds the maildrop.
    InUse,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchUser => "no such user",
            Self::NoSuchMailbox => "no such mailbox",
            Self::Exists => "a mailbox of that name exists",
            Self::NotSelectable => "the name only leads to other mailboxes",
            Self::OverQuota => "the storage quota is used up",
            Self::Limit(what) | Self::BadName(what) => what,
            Self::HasChildren => "mailboxes below it exist",
            Self::Inbox => "INBOX cannot be treated so",
            Self::InUse => "the maildrop is locked by another session",
        })
    }
}

impl std::error::Error for Refused {}

/// Where a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: u32,
    /// The message's UID.
    pub uid: u32,
}

/// All mail.
pub struct Store {
    domain: String,
    accept_any: bool,
    /// As whom guests are logged in, where they are admitted.
    guest: Option<String>,
    limits: Limits,
    accounts: BTreeMap<String, Account>,
    mailboxes: HashMap<MailboxId, Mailbox>,
    octets: u64,
    next_session: u64,
    next_mailbox: u64,
    next_validity: u32,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("domain", &self.domain)
            .field("accounts", &self.accounts.len())
            .field("mailboxes", &self.mailboxes.len())
            .field("octets", &self.octets)
            .finish_non_exhaustive()
    }
}

/// A handle that every connection clones.
#[derive(Clone, Debug)]
pub struct SharedStore(Arc<Mutex<Store>>);

impl SharedStore {
    /// Shares a store.
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    /// The store, for one step. A panic elsewhere does not take the mail away.
    pub fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// An empty store for `domain`. `epoch` (seconds since 1970) becomes the first UIDVALIDITY: a
    /// restarted server must not reuse an old one.
    pub fn new(domain: &str, epoch: i64) -> Self {
        Self {
            domain: domain.to_ascii_lowercase(),
            accept_any: false,
            guest: None,
            limits: Limits::default(),
            accounts: BTreeMap::new(),
            mailboxes: HashMap::new(),
            octets: 0,
            next_session: 1,
            next_mailbox: 1,
            next_validity: u32::try_from(epoch).unwrap_or(1).max(1),
        }
    }

    /// The practice server's store: alice, bob and charlie of `ehlo.test`, and alice's mail.
    pub fn practice(epoch: i64) -> Self {
        let mut store = Self::new("ehlo.test", epoch);
        seed::fill(&mut store);
        store
    }

    /// The domain whose mail is local, in lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Any user name and password will do from now on; unknown users get an account.
    pub fn set_accept_any(&mut self, yes: bool) {
        self.accept_any = yes;
    }

    /// True when any login will do.
    pub fn accepts_any(&self) -> bool {
        self.accept_any
    }

    /// Admits guests, as a user of their own called "anonymous". Nobody is told its password.
    ///
    /// # Errors
    /// As `add_user`.
    pub fn admit_guests(&mut self, password: Secret) -> Result<(), Refused> {
        const NAME: &str = "anonymous";
        self.add_user(NAME, password)?;
        self.guest = Some(NAME.to_owned());
        Ok(())
    }

    /// As whom a guest is logged in; `None` when guests are not admitted.
    pub fn guest(&self) -> Option<&str> {
        self.guest.as_deref()
    }

    /// Changes the limits.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// A number for a new session.
    pub fn session(&mut self) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        id
    }

    /// Delivers to a mailbox of a local user, making the mailbox when it is missing.
    ///
    /// # Errors
    /// `Refused` when there is no such user, or no room.
    pub fn deliver(
        &mut self,
        user: &str,
        mailbox: &str,
        content: &Arc<Content>,
        date: Stamp,
    ) -> Result<Stored, Refused> {
        let id = match self.mailbox_id(user, mailbox) {
            Err(Refused::NoSuchMailbox | Refused::NotSelectable) => {
                let id = self.create(user, mailbox, None)?;
                self.subscribe(user, mailbox, true)?;
                id
            }
            other => other?,
        };
        self.append(id, content, Flags::default(), &[], date, SessionId::NOBODY)
    }

    /// Adds a message to a mailbox and rings whoever watches it.
    ///
    /// # Errors
    /// `Refused` when there is no room, or the keywords are too many.
    pub fn append(
        &mut self,
        id: MailboxId,
        content: &Arc<Content>,
        flags: Flags,
        keywords: &[&str],
        date: Stamp,
        by: SessionId,
    ) -> Result<Stored, Refused> {
        let size = content.octets().len() as u64;
        self.room(id, size, 1)?;
        let mailbox = self.mailboxes.get_mut(&id).ok_or(Refused::NoSuchMailbox)?;
        let flags = mailbox.with_keywords(flags, keywords)?;
        let uid = mailbox.push(Arc::clone(content), flags, date)?;
        let stored = Stored {
            uid_validity: mailbox.uid_validity(),
            uid,
        };
        mailbox.ring(by);
        self.charge(id, size);
        Ok(stored)
    }

    /// Copies messages, by UID, to another mailbox (or the same); flags, keywords and dates go
    /// along. All or nothing. Answers (source UID, new UID) pairs; UIDs that are gone are left out.
    ///
    /// # Errors
    /// `Refused` when there is no room.
    pub fn copy(
        &mut self,
        from: MailboxId,
        uids: &[u32],
        to: MailboxId,
        by: SessionId,
    ) -> Result<Vec<(u32, u32)>, Refused> {
        self.transfer(from, uids, to, false, by)
    }

    /// Moves messages, as `copy` copies them. The quota says nothing to what stays with its owner.
    ///
    /// # Errors
    /// As `copy`; nothing was moved then.
    pub fn move_messages(
        &mut self,
        from: MailboxId,
        uids: &[u32],
        to: MailboxId,
        by: SessionId,
    ) -> Result<Vec<(u32, u32)>, Refused> {
        let owner = |id| self.mailboxes.get(id).map(Mailbox::owner);
        let stays = owner(&from) == owner(&to);
        let pairs = self.transfer(from, uids, to, stays, by)?;
        let gone: Vec<u32> = pairs.iter().map(|(from, _)| *from).collect();
        self.expunge(from, &gone, by);
        Ok(pairs)
    }

    fn transfer(
        &mut self,
        from: MailboxId,
        uids: &[u32],
        to: MailboxId,
        stays: bool,
        by: SessionId,
    ) -> Result<Vec<(u32, u32)>, Refused> {
        let source = self.mailboxes.get(&from).ok_or(Refused::NoSuchMailbox)?;
        let mut picked = Vec::with_capacity(uids.len());
        let mut size = 0;
        for message in uids.iter().filter_map(|uid| source.message(*uid)) {
            size += message.content.octets().len() as u64;
            let names = source.keyword_names(message.flags);
            picked.push((message.clone(), names));
        }
        let grows = if stays { 0 } else { size };
        let more = if stays && from == to { 0 } else { picked.len() };
        self.room(to, grows, more)?;
        let target = self.mailboxes.get_mut(&to).ok_or(Refused::NoSuchMailbox)?;
        let mut pairs = Vec::with_capacity(picked.len());
        let mut flagged = Vec::with_capacity(picked.len());
        for (message, names) in &picked {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            flagged.push(target.with_keywords(message.flags.without_keywords(), &names)?);
        }
        for ((message, _), flags) in picked.into_iter().zip(flagged) {
            let uid = target.push(message.content, flags, message.date)?;
            pairs.push((message.uid, uid));
        }
        target.ring(by);
        self.charge(to, size);
        Ok(pairs)
    }

    /// Removes messages, by UID, and rings whoever watches.
    pub fn expunge(&mut self, id: MailboxId, uids: &[u32], by: SessionId) {
        let Some(mailbox) = self.mailboxes.get_mut(&id) else {
            return;
        };
        let freed = mailbox.expunge(uids);
        if freed.messages == 0 {
            return;
        }
        mailbox.ring(by);
        let owner = mailbox.owner().to_owned();
        self.refund(&owner, freed.octets);
    }

    /// A mailbox by its number.
    pub fn mailbox(&self, id: MailboxId) -> Option<&Mailbox> {
        self.mailboxes.get(&id)
    }

    /// A mailbox by its number, to be changed.
    pub fn mailbox_mut(&mut self, id: MailboxId) -> Option<&mut Mailbox> {
        self.mailboxes.get_mut(&id)
    }

    fn room(&self, id: MailboxId, octets: u64, messages: usize) -> Result<(), Refused> {
        let mailbox = self.mailboxes.get(&id).ok_or(Refused::NoSuchMailbox)?;
        let account = self
            .accounts
            .get(mailbox.owner())
            .ok_or(Refused::NoSuchUser)?;
        let over = account.octets.saturating_add(octets) > self.limits.quota
            || self.octets.saturating_add(octets) > self.limits.total;
        if over && octets > 0 {
            return Err(Refused::OverQuota);
        }
        if mailbox.messages().len().saturating_add(messages) > self.limits.messages {
            return Err(Refused::Limit("too many messages in that mailbox"));
        }
        Ok(())
    }

    fn charge(&mut self, id: MailboxId, octets: u64) {
        self.octets += octets;
        if let Some(mailbox) = self.mailboxes.get(&id)
            && let Some(account) = self.accounts.get_mut(mailbox.owner())
        {
            account.octets += octets;
        }
    }

    fn refund(&mut self, owner: &str, octets: u64) {
        self.octets = self.octets.saturating_sub(octets);
        if let Some(account) = self.accounts.get_mut(owner) {
            account.octets = account.octets.saturating_sub(octets);
        }
    }

    /// Octets a user may still store before the quota says no.
    pub fn room_for(&self, user: &str) -> u64 {
        let Some(account) = self.accounts.get(user) else {
            return 0;
        };
        let own = self.limits.quota.saturating_sub(account.octets);
        own.min(self.limits.total.saturating_sub(self.octets))
    }

    /// Octets a user has stored.
    pub fn used_by(&self, user: &str) -> u64 {
        self.accounts.get(user).map_or(0, |a| a.octets)
    }

    /// The password of a user, for mechanisms that compute with it.
    pub fn password(&self, user: &str) -> Option<Secret> {
        self.accounts.get(user).map(|a| a.password.clone())
    }
}

#[cfg(test)]
mod tests;
