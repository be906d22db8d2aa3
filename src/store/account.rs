//! Users, and the names of their mailboxes.

use std::collections::{BTreeMap, BTreeSet};

use super::mailbox::{Mailbox, SpecialUse};
use super::name;
use super::{MailboxId, Refused, SessionId, Store};
use crate::wire::secret::Secret;

/// A user. His name is the key in the store: the part before the `@`, in lower case.
pub(super) struct Account {
    pub(super) password: Secret,
    pub(super) names: BTreeMap<String, Option<MailboxId>>,
    pub(super) subscribed: BTreeSet<String>,
    pub(super) octets: u64,
    pub(super) maildrop: Option<SessionId>,
}

/// A name in a user's tree of mailboxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The full name, UTF-8.
    pub name: String,
    /// The mailbox; `None` for a name that only leads to others (`\Noselect`).
    pub id: Option<MailboxId>,
    /// Names exist below it.
    pub children: bool,
    /// It is subscribed to.
    pub subscribed: bool,
    /// False for a name that is only subscribed to (`\NonExistent`).
    pub exists: bool,
    /// What the mailbox is for (RFC 6154).
    pub special: Option<SpecialUse>,
}

impl Listed {
    /// A name that only leads to others and does not exist itself.
    pub fn missing(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            id: None,
            children: false,
            subscribed: false,
            exists: false,
            special: None,
        }
    }

    /// By what lists are sorted: INBOX first.
    pub fn place(&self) -> (bool, &str) {
        (self.name != "INBOX", &self.name)
    }
}

impl Store {
    /// Adds a user with an INBOX, or changes the password of one.
    ///
    /// # Errors
    /// `Refused` when the name cannot be one, or there are too many.
    pub fn add_user(&mut self, user: &str, password: Secret) -> Result<(), Refused> {
        let user = self.local_part(user).ok_or(Refused::NoSuchUser)?;
        let fits = !user.is_empty() && user.len() <= 255 && !user.chars().any(char::is_control);
        if !fits {
            return Err(Refused::BadName("that cannot be a user name"));
        }
        if let Some(account) = self.accounts.get_mut(&user) {
            account.password = password;
            return Ok(());
        }
        if self.accounts.len() >= self.limits.accounts {
            return Err(Refused::Limit("too many accounts"));
        }
        let account = Account {
            password,
            names: BTreeMap::new(),
            subscribed: BTreeSet::from(["INBOX".to_owned()]),
            octets: 0,
            maildrop: None,
        };
        self.accounts.insert(user.clone(), account);
        self.create(&user, "INBOX", None)?;
        Ok(())
    }

    /// The user that a login name stands for, known or not: with our domain or without one.
    fn local_part(&self, login: &str) -> Option<String> {
        let local = match login.rsplit_once('@') {
            None => login,
            Some((local, domain)) if domain.eq_ignore_ascii_case(&self.domain) => local,
            // Any login will do, then: "me@example.org" is somebody else than "me".
            Some(_) if self.accept_any => login,
            Some(_) => return None,
        };
        Some(local.to_lowercase())
    }

    /// The user of a login name, if there is one; `accept_any` makes one.
    pub fn user(&mut self, login: &str) -> Option<String> {
        let user = self.local_part(login)?;
        if self.accounts.contains_key(&user) {
            return Some(user);
        }
        if !self.accept_any || user.contains(['/', '*', '%']) {
            return None;
        }
        self.add_user(&user, Secret::new("")).ok()?;
        Some(user)
    }

    /// The local user that an address delivers to. A `+detail` is ignored (RFC 5233).
    pub fn recipient(&mut self, address: &str) -> Option<String> {
        let (local, domain) = address.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(&self.domain) {
            return None;
        }
        let local = local
            .strip_prefix('"')
            .and_then(|l| l.strip_suffix('"'))
            .unwrap_or(local);
        if let Some(user) = self.known(local) {
            return Some(user);
        }
        let base = local.split_once('+').map_or(local, |(base, _)| base);
        match self.known(base) {
            Some(user) => Some(user),
            None if self.accept_any => self.user(base),
            None => None,
        }
    }

    fn known(&self, local: &str) -> Option<String> {
        let user = local.to_lowercase();
        self.accounts.contains_key(&user).then_some(user)
    }

    /// Checks a login name and password; answers the user.
    pub fn log_in(&mut self, login: &str, password: &[u8]) -> Option<String> {
        let user = self.user(login)?;
        let known = self.accounts.get(&user)?.password.expose();
        (self.accept_any || same(known, password)).then_some(user)
    }

    /// Every user, sorted.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.accounts.keys().map(String::as_str)
    }

    /// The mailbox of a name.
    ///
    /// # Errors
    /// `NoSuchMailbox`, `NotSelectable` or `NoSuchUser`.
    pub fn mailbox_id(&self, user: &str, name: &str) -> Result<MailboxId, Refused> {
        let account = self.accounts.get(user).ok_or(Refused::NoSuchUser)?;
        match account.names.get(&name::canonical(name)) {
            Some(Some(id)) => Ok(*id),
            Some(None) => Err(Refused::NotSelectable),
            None => Err(Refused::NoSuchMailbox),
        }
    }

    /// Makes a mailbox and those above it.
    ///
    /// # Errors
    /// `Refused` when the name is taken or cannot be one, or there are too many.
    pub fn create(
        &mut self,
        user: &str,
        name: &str,
        special: Option<SpecialUse>,
    ) -> Result<MailboxId, Refused> {
        let name = name::legal(name)?;
        let account = self.accounts.get(user).ok_or(Refused::NoSuchUser)?;
        if matches!(account.names.get(&name), Some(Some(_))) {
            return Err(Refused::Exists);
        }
        if special.is_some() && self.special(user, special).is_some() {
            return Err(Refused::Limit("another mailbox has that special use"));
        }
        let above: Vec<String> = name::parents(&name)
            .filter(|parent| !account.names.contains_key(*parent))
            .map(str::to_owned)
            .collect();
        if account.names.len() + above.len() >= self.limits.mailboxes {
            return Err(Refused::Limit("too many mailboxes"));
        }
        for parent in above {
            self.make(user, parent, None);
        }
        Ok(self.make(user, name, special))
    }

    fn make(&mut self, user: &str, name: String, special: Option<SpecialUse>) -> MailboxId {
        let id = MailboxId(self.next_mailbox);
        self.next_mailbox += 1;
        let mailbox = Mailbox::new(user, self.next_validity, special);
        self.next_validity = self.next_validity.saturating_add(1);
        self.mailboxes.insert(id, mailbox);
        if let Some(account) = self.accounts.get_mut(user) {
            account.names.insert(name, Some(id));
        }
        id
    }

    /// The mailbox that has a special use.
    pub fn special(&self, user: &str, special: Option<SpecialUse>) -> Option<MailboxId> {
        let account = self.accounts.get(user)?;
        let mut ids = account.names.values().flatten().copied();
        ids.find(|id| self.mailboxes.get(id).is_some_and(|m| m.special == special))
    }

    /// Removes a mailbox and its mail. With others below it the name stays, `\Noselect`.
    ///
    /// # Errors
    /// `Refused` for INBOX, for no mailbox, and for a name that only leads to others.
    pub fn delete(&mut self, user: &str, name: &str, by: SessionId) -> Result<(), Refused> {
        let name = name::canonical(name);
        if name == "INBOX" {
            return Err(Refused::Inbox);
        }
        let account = self.accounts.get_mut(user).ok_or(Refused::NoSuchUser)?;
        let below = has_children(&account.names, &name);
        let slot = account.names.get_mut(&name).ok_or(Refused::NoSuchMailbox)?;
        let id = match slot.take() {
            None if below => return Err(Refused::HasChildren),
            taken => taken,
        };
        if !below {
            account.names.remove(&name);
        }
        if let Some(mut mailbox) = id.and_then(|id| self.mailboxes.remove(&id)) {
            mailbox.ring(by);
            self.refund(user, mailbox.octets());
        }
        Ok(())
    }

    /// Renames a mailbox and those below it. INBOX is emptied into the new name (RFC 9051 6.3.6).
    ///
    /// # Errors
    /// `Refused` when there is none, or the new name is taken or cannot be one.
    pub fn rename(
        &mut self,
        user: &str,
        from: &str,
        to: &str,
        by: SessionId,
    ) -> Result<(), Refused> {
        let from = name::canonical(from);
        let to = name::legal(to)?;
        let account = self.accounts.get(user).ok_or(Refused::NoSuchUser)?;
        if !account.names.contains_key(&from) {
            return Err(Refused::NoSuchMailbox);
        }
        if account.names.contains_key(&to) {
            return Err(Refused::Exists);
        }
        if from == "INBOX" {
            let inbox = self.mailbox_id(user, "INBOX")?;
            let target = self.create(user, &to, None)?;
            let mailbox = self.mailboxes.get(&inbox).ok_or(Refused::NoSuchMailbox)?;
            let uids: Vec<u32> = mailbox.messages().iter().map(|m| m.uid).collect();
            self.move_all(inbox, &uids, target, by);
            return Ok(());
        }
        let prefix = format!("{from}/");
        if to.starts_with(&prefix) {
            return Err(Refused::BadName("a mailbox cannot move below itself"));
        }
        let below: Vec<String> = account
            .names
            .range(prefix.clone()..)
            .map(|(name, _)| name)
            .take_while(|name| name.starts_with(&prefix))
            .cloned()
            .collect();
        let renamed = |old: &str| format!("{to}{}", &old[from.len()..]);
        for old in &below {
            name::legal(&renamed(old))?;
        }
        let above: Vec<String> = name::parents(&to)
            .filter(|parent| !account.names.contains_key(*parent))
            .map(str::to_owned)
            .collect();
        if account.names.len() + above.len() > self.limits.mailboxes {
            return Err(Refused::Limit("too many mailboxes"));
        }
        for parent in above {
            self.make(user, parent, None);
        }
        if let Some(account) = self.accounts.get_mut(user) {
            for old in std::iter::once(&from).chain(&below) {
                if let Some(id) = account.names.remove(old) {
                    account.names.insert(renamed(old), id);
                }
            }
        }
        Ok(())
    }

    /// Moves messages within one account, where the quota cannot say no.
    fn move_all(&mut self, from: MailboxId, uids: &[u32], to: MailboxId, by: SessionId) {
        let Some(mut source) = self.mailboxes.remove(&from) else {
            return;
        };
        if let Some(target) = self.mailboxes.get_mut(&to) {
            for message in uids.iter().filter_map(|uid| source.message(*uid)) {
                let names = source.keyword_names(message.flags);
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let plain = message.flags.without_keywords();
                let flags = target.with_keywords(plain, &names).unwrap_or(plain);
                if target
                    .push(message.content.clone(), flags, message.date)
                    .is_err()
                {
                    break;
                }
            }
            target.ring(by);
        }
        source.expunge(uids);
        source.ring(by);
        self.mailboxes.insert(from, source);
    }

    /// Subscribes to a name or ends that. The name need not exist.
    ///
    /// # Errors
    /// `Refused` for a name that cannot be one, or too many of them.
    pub fn subscribe(&mut self, user: &str, name: &str, yes: bool) -> Result<(), Refused> {
        let name = name::legal(name)?;
        let most = self.limits.mailboxes;
        let account = self.accounts.get_mut(user).ok_or(Refused::NoSuchUser)?;
        if !yes {
            account.subscribed.remove(&name);
        } else if account.subscribed.len() < most || account.subscribed.contains(&name) {
            account.subscribed.insert(name);
        } else {
            return Err(Refused::Limit("too many subscriptions"));
        }
        Ok(())
    }

    /// Every name of a user, those only subscribed to included; INBOX first, the others sorted.
    pub fn list(&self, user: &str) -> Vec<Listed> {
        let Some(account) = self.accounts.get(user) else {
            return Vec::new();
        };
        let mut listed: Vec<Listed> = account
            .names
            .iter()
            .map(|(name, id)| Listed {
                name: name.clone(),
                id: *id,
                children: has_children(&account.names, name),
                subscribed: account.subscribed.contains(name),
                exists: true,
                special: id.and_then(|id| self.mailboxes.get(&id)?.special),
            })
            .collect();
        for name in account.subscribed.iter() {
            if !account.names.contains_key(name) {
                listed.push(Listed {
                    name: name.clone(),
                    id: None,
                    children: has_children(&account.names, name),
                    subscribed: true,
                    exists: false,
                    special: None,
                });
            }
        }
        listed.sort_by(|a, b| a.place().cmp(&b.place()));
        listed
    }
}

fn has_children(names: &BTreeMap<String, Option<MailboxId>>, name: &str) -> bool {
    let prefix = format!("{name}/");
    let mut after = names.range(prefix.clone()..);
    after.next().is_some_and(|(n, _)| n.starts_with(&prefix))
}

/// Compares without telling by its time where the first difference is.
fn same(known: &[u8], given: &[u8]) -> bool {
    let mut differs = u8::from(known.len() != given.len());
    for (at, byte) in given.iter().enumerate() {
        differs |= byte ^ known.get(at).copied().unwrap_or_default();
    }
    differs == 0
}
