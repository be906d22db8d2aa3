//! Mailboxes by name: CREATE, DELETE, RENAME, SUBSCRIBE, STATUS, NAMESPACE, quotas.

use std::fmt::Write as _;

use super::parse::{Parsed, Parser};
use super::table::Call;
use super::{Done, ImapServer, write};
use crate::proto::imap::utf7;
use crate::store::flags::Flags;
use crate::store::mailbox::{Mailbox, SpecialUse};
use crate::store::{MailboxId, Refused, Store};

impl ImapServer {
    /// A mailbox name, as the store spells it; the second is the refusal when it is none.
    pub(super) fn name(&self, p: &mut Parser<'_>) -> Parsed<Result<String, Done>> {
        let octets = p.astring("a mailbox name")?;
        Ok(self.name_of(&octets))
    }

    /// The name in these octets: modified UTF-7 or, when it was enabled or is there, UTF-8.
    pub(super) fn name_of(&self, octets: &[u8]) -> Result<String, Done> {
        let refused = |why: &str| Err(Done::no(why).code("CANNOT"));
        let Ok(text) = std::str::from_utf8(octets) else {
            return refused("the mailbox name is no UTF-8");
        };
        if self.enabled.utf8 || !text.is_ascii() {
            return Ok(text.to_owned());
        }
        match utf7::decode(text) {
            Some(name) => Ok(name),
            None => refused(
                "the mailbox name is no modified UTF-7, where & begins and - ends what is not ASCII",
            ),
        }
    }

    fn user(&self) -> String {
        self.user.clone().unwrap_or_default()
    }

    pub(super) fn create(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let name = self.name(p)?;
        let mut special = None;
        if p.take(b' ') {
            p.expect(b'(')?;
            if !p.keyword("USE") {
                return p.bad("USE");
            }
            p.space()?;
            let uses = p.list(0, |p| {
                p.expect(b'\\')?;
                p.atom("a special use")
            })?;
            p.expect(b')')?;
            let named = |name: &&str| {
                let known = |use_: &SpecialUse| use_.attribute()[1..].eq_ignore_ascii_case(name);
                SpecialUse::ALL.into_iter().find(known)
            };
            special = uses.first().and_then(named);
            let refused = match uses.len() {
                0 => None,
                1 if special.is_some() => None,
                1 => Some("that special use is not served here"),
                _ => Some("a mailbox has one special use here"),
            };
            if let Some(text) = refused {
                p.end()?;
                return Ok(Some(Done::no(text).code("USEATTR")));
            }
        }
        p.end()?;
        let name = match name {
            Ok(name) => name,
            Err(done) => return Ok(Some(done)),
        };
        let made = self
            .service
            .store
            .lock()
            .create(&self.user(), &name, special);
        Ok(Some(match made {
            Ok(_) => Done::ok("Create completed."),
            Err(Refused::Limit(why)) if special.is_some() => Done::no(why).code("USEATTR"),
            Err(refused) => refusal(refused),
        }))
    }

    pub(super) fn delete(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let (user, session) = (self.user(), self.session);
        let selected = self.view.as_ref().map(|view| view.mailbox());
        let mut own = false;
        let done = self.on_name(call, "Delete completed.", |store, name| {
            own = selected.is_some() && store.mailbox_id(&user, name).ok() == selected;
            store.delete(&user, name, session)
        })?;
        if own && done.as_ref().is_some_and(|done| done.status == "OK") {
            self.deselect();
            self.untagged("OK [CLOSED] that was the selected mailbox");
        }
        Ok(done)
    }

    pub(super) fn subscribe(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let user = self.user();
        self.on_name(call, "Subscribe completed.", |store, name| {
            store.subscribe(&user, name, true)
        })
    }

    pub(super) fn unsubscribe(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let user = self.user();
        self.on_name(call, "Unsubscribe completed.", |store, name| {
            store.subscribe(&user, name, false)
        })
    }

    fn on_name(
        &mut self,
        call: &mut Call<'_, '_>,
        done: &str,
        act: impl FnOnce(&mut Store, &str) -> Result<(), Refused>,
    ) -> Parsed<Option<Done>> {
        call.parser.space()?;
        let name = self.name(call.parser)?;
        call.parser.end()?;
        Ok(Some(match name {
            Ok(name) => match act(&mut self.service.store.lock(), &name) {
                Ok(()) => Done::ok(done),
                Err(refused) => refusal(refused),
            },
            Err(refused) => refused,
        }))
    }

    pub(super) fn rename(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let from = self.name(p)?;
        p.space()?;
        let to = self.name(p)?;
        p.end()?;
        let (from, to) = match (from, to) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(done), _) | (_, Err(done)) => return Ok(Some(done)),
        };
        let (user, session) = (self.user(), self.session);
        let renamed = self.service.store.lock().rename(&user, &from, &to, session);
        Ok(Some(match renamed {
            Ok(()) => Done::ok("Rename completed."),
            Err(refused) => refusal(refused),
        }))
    }

    pub(super) fn namespace(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        self.untagged("NAMESPACE ((\"\" \"/\")) NIL NIL");
        Ok(Some(Done::ok("Namespace completed.")))
    }

    pub(super) fn status(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let name = self.name(p)?;
        p.space()?;
        let items = status_items(p)?;
        p.end()?;
        let name = match name {
            Ok(name) => name,
            Err(done) => return Ok(Some(done)),
        };
        if items.contains(&Item::HighestModseq) {
            self.condstore();
        }
        Ok(Some(match self.status_of(&name, &items) {
            Ok(()) => Done::ok("Status completed."),
            Err(refused) => refusal(refused),
        }))
    }

    /// Says `* STATUS` for a mailbox.
    pub(super) fn status_of(&mut self, name: &str, items: &[Item]) -> Result<(), Refused> {
        let user = self.user();
        let (utf8, append_limit) = (self.enabled.utf8, self.service.limits.message);
        let store = self.service.store.lock();
        let line = status_line(&store, &user, name, items, utf8, append_limit)?;
        drop(store);
        self.say(line);
        Ok(())
    }

    pub(super) fn get_quota_root(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.space()?;
        let name = self.name(call.parser)?;
        call.parser.end()?;
        let name = match name {
            Ok(name) => name,
            Err(done) => return Ok(Some(done)),
        };
        let found = self.service.store.lock().mailbox_id(&self.user(), &name);
        if let Err(refused) = found {
            return Ok(Some(refusal(refused)));
        }
        let mut line = b"* QUOTAROOT ".to_vec();
        write::mailbox(&mut line, &name, self.enabled.utf8);
        line.extend_from_slice(b" \"\"\r\n");
        self.say(line);
        self.quota();
        Ok(Some(Done::ok("Getquotaroot completed.")))
    }

    pub(super) fn get_quota(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let root = p.astring("a quota root")?;
        p.end()?;
        if !root.is_empty() {
            let text = "the only quota root is \"\"";
            return Ok(Some(Done::no(text).code("NONEXISTENT")));
        }
        self.quota();
        Ok(Some(Done::ok("Getquota completed.")))
    }

    pub(super) fn set_quota(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        p.astring("a quota root")?;
        p.space()?;
        let mut limits = 0;
        p.list(0, |p| {
            if limits % 2 == 0 {
                p.atom("a resource")?;
            } else {
                p.number64("a limit")?;
            }
            limits += 1;
            Ok(())
        })?;
        p.end()?;
        let text = "quotas cannot be changed here";
        Ok(Some(Done::no(text).code("NOPERM")))
    }

    fn quota(&mut self) {
        let user = self.user();
        let store = self.service.store.lock();
        let used = store.used_by(&user).div_ceil(1024);
        let limit = store.limits().quota / 1024;
        drop(store);
        self.untagged(&format!("QUOTA \"\" (STORAGE {used} {limit})"));
    }
}

/// An item of STATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    Deleted,
    DeletedStorage,
    Size,
    HighestModseq,
    AppendLimit,
}

const ITEMS: [(&str, Item); 10] = [
    ("MESSAGES", Item::Messages),
    ("RECENT", Item::Recent),
    ("UIDNEXT", Item::UidNext),
    ("UIDVALIDITY", Item::UidValidity),
    ("UNSEEN", Item::Unseen),
    ("DELETED", Item::Deleted),
    ("DELETED-STORAGE", Item::DeletedStorage),
    ("SIZE", Item::Size),
    ("HIGHESTMODSEQ", Item::HighestModseq),
    ("APPENDLIMIT", Item::AppendLimit),
];

/// `(MESSAGES UNSEEN …)`
pub(super) fn status_items(p: &mut Parser<'_>) -> Parsed<Vec<Item>> {
    p.list(1, |p| {
        let start = p.at();
        let word = p.word("an item of STATUS")?;
        match ITEMS.iter().find(|(name, _)| *name == word) {
            Some((_, item)) => Ok(*item),
            None => p.bad_at(start, "an unknown item of STATUS"),
        }
    })
}

impl Item {
    fn of(self, mailbox: &Mailbox, append_limit: u64) -> (&'static str, u64) {
        let messages = mailbox.messages();
        let with = |flag: Flags| messages.iter().filter(move |m| m.flags.has(flag));
        let value = match self {
            Self::Messages => messages.len() as u64,
            Self::Recent => {
                let first = mailbox
                    .position(mailbox.recent_from())
                    .unwrap_or_else(|at| at);
                (messages.len() - first) as u64
            }
            Self::UidNext => mailbox.uid_next().into(),
            Self::UidValidity => mailbox.uid_validity().into(),
            Self::Unseen => (messages.len() - with(Flags::SEEN).count()) as u64,
            Self::Deleted => with(Flags::DELETED).count() as u64,
            Self::DeletedStorage => {
                let size = |m: &crate::store::message::Message| m.content.octets().len() as u64;
                with(Flags::DELETED).map(size).sum::<u64>().div_ceil(1024)
            }
            Self::Size => mailbox.octets(),
            Self::HighestModseq => mailbox.highest_modseq(),
            Self::AppendLimit => append_limit,
        };
        let word = ITEMS.iter().find(|(_, item)| *item == self);
        (word.map_or("", |(word, _)| word), value)
    }
}

/// `* STATUS` of a mailbox.
pub(super) fn status_line(
    store: &Store,
    user: &str,
    name: &str,
    items: &[Item],
    utf8: bool,
    append_limit: u64,
) -> Result<Vec<u8>, Refused> {
    let id = store.mailbox_id(user, name)?;
    let mailbox = store.mailbox(id).ok_or(Refused::NoSuchMailbox)?;
    let mut line = b"* STATUS ".to_vec();
    write::mailbox(&mut line, &crate::store::name::canonical(name), utf8);
    line.extend_from_slice(b" (");
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            line.push(b' ');
        }
        let (word, value) = item.of(mailbox, append_limit);
        line.extend_from_slice(word.as_bytes());
        line.push(b' ');
        write::number(&mut line, value);
    }
    line.extend_from_slice(b")\r\n");
    Ok(line)
}

/// How the store's refusals are said.
pub(super) fn refusal(refused: Refused) -> Done {
    let code = match refused {
        Refused::NoSuchUser | Refused::NoSuchMailbox | Refused::NotSelectable => "NONEXISTENT",
        Refused::Exists => "ALREADYEXISTS",
        Refused::OverQuota => "OVERQUOTA",
        Refused::Limit(_) => "LIMIT",
        Refused::BadName(_) | Refused::Inbox => "CANNOT",
        Refused::HasChildren => "HASCHILDREN",
        Refused::InUse => "INUSE",
    };
    Done::no(refused.to_string()).code(code)
}

/// Where messages go: as `refusal`, with the hint that CREATE would help.
pub(super) fn no_target(refused: Refused) -> Done {
    match refused {
        Refused::NoSuchMailbox => Done::no(refused.to_string()).code("TRYCREATE"),
        _ => refusal(refused),
    }
}

impl ImapServer {
    /// The mailbox that messages shall go to.
    pub(super) fn target(&self, name: Result<String, Done>) -> Result<MailboxId, Done> {
        let user = self.user.clone().unwrap_or_default();
        let found = self.service.store.lock().mailbox_id(&user, &name?);
        found.map_err(no_target)
    }

    /// `APPENDUID`'s and `COPYUID`'s sets.
    pub(super) fn copied(&self, id: MailboxId, pairs: &[(u32, u32)]) -> Option<String> {
        if pairs.is_empty() {
            return None;
        }
        let validity = self.service.store.lock().mailbox(id)?.uid_validity();
        let (from, to): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
        let mut code = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            code,
            "COPYUID {validity} {} {}",
            write::set(&from),
            write::set(&to)
        );
        Some(code)
    }
}
