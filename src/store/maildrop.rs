//! A POP3 maildrop: INBOX as it was at login, locked for one session (RFC 1939 4).

use std::fmt;
use std::sync::Arc;

use super::message::Content;
use super::{MailboxId, Refused, SessionId, SharedStore};

/// A message of a maildrop.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its UID in INBOX.
    pub uid: u32,
    /// The octets.
    pub content: Arc<Content>,
}

/// A locked maildrop. Dropping it gives the lock back, so never drop it while the store is locked.
pub struct Maildrop {
    store: SharedStore,
    user: String,
    session: SessionId,
    inbox: MailboxId,
    uid_validity: u32,
    letters: Vec<Letter>,
}

impl fmt::Debug for Maildrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Maildrop")
            .field("user", &self.user)
            .field("letters", &self.letters.len())
            .finish_non_exhaustive()
    }
}

impl Maildrop {
    /// Locks a user's maildrop.
    ///
    /// # Errors
    /// `InUse` while another session has it.
    pub fn open(store: &SharedStore, user: &str) -> Result<Self, Refused> {
        let mut held = store.lock();
        let inbox = held.mailbox_id(user, "INBOX")?;
        let session = held.session();
        let account = held.accounts.get_mut(user).ok_or(Refused::NoSuchUser)?;
        if account.maildrop.is_some() {
            return Err(Refused::InUse);
        }
        account.maildrop = Some(session);
        let mailbox = held.mailbox(inbox).ok_or(Refused::NoSuchMailbox)?;
        let letters = mailbox
            .messages()
            .iter()
            .map(|m| Letter {
                uid: m.uid,
                content: Arc::clone(&m.content),
            })
            .collect();
        let uid_validity = mailbox.uid_validity();
        drop(held);
        Ok(Self {
            store: store.clone(),
            user: user.to_owned(),
            session,
            inbox,
            uid_validity,
            letters,
        })
    }

    /// The messages, as they were at login; message n of POP3 is `letters()[n - 1]`.
    pub fn letters(&self) -> &[Letter] {
        &self.letters
    }

    /// What makes a unique id of a UID.
    pub fn uid_validity(&self) -> u32 {
        self.uid_validity
    }

    /// Removes messages for good, at QUIT.
    pub fn remove(&self, uids: &[u32]) {
        self.store.lock().expunge(self.inbox, uids, self.session);
    }
}

impl Drop for Maildrop {
    fn drop(&mut self) {
        let mut store = self.store.lock();
        if let Some(account) = store.accounts.get_mut(&self.user)
            && account.maildrop == Some(self.session)
        {
            account.maildrop = None;
        }
    }
}
