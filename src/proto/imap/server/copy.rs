//! COPY and MOVE, and which messages a set means.

use super::mailboxes::refusal;
use super::parse::{End, Parsed, Parser, Set};
use super::select::read_only;
use super::table::Call;
use super::{Done, ImapServer};

impl ImapServer {
    pub(super) fn copy(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        self.transfer(call, false)
    }

    pub(super) fn move_(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        self.transfer(call, true)
    }

    fn transfer(&mut self, call: &mut Call<'_, '_>, remove: bool) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let start = p.at();
        let set = p.set()?;
        p.space()?;
        let name = self.name(p)?;
        p.end()?;
        let messages = self.messages(p, start, &set, call.uid)?;
        let Some(view) = &self.view else {
            return Ok(Some(Done::ok("nothing is selected")));
        };
        if remove && view.read_only {
            return Ok(Some(read_only()));
        }
        let from = view.mailbox();
        let to = match self.target(name) {
            Ok(to) => to,
            Err(done) => return Ok(Some(done)),
        };
        let uids: Vec<u32> = messages.into_iter().map(|(_, uid)| uid).collect();
        let mut store = self.service.store.lock();
        let done = if remove {
            store.move_messages(from, &uids, to, self.session)
        } else {
            store.copy(from, &uids, to, self.session)
        };
        let pairs = match done {
            Ok(pairs) => pairs,
            Err(refused) => return Ok(Some(refusal(refused))),
        };
        drop(store);
        let missing = pairs.len() < uids.len() && !call.uid;
        let code = self.copied(to, &pairs);
        Ok(Some(match (code, remove) {
            _ if pairs.is_empty() && missing => {
                Done::no("those messages no longer exist").code("EXPUNGEISSUED")
            }
            (None, _) => Done::ok("no such messages"),
            (Some(code), false) => Done::ok("Copy completed.").code(code),
            (Some(code), true) => {
                // RFC 6851 4.3: before the expunges, which come with the news.
                self.untagged(&format!("OK [{code}] Moved UIDs."));
                Done::ok("Move completed.")
            }
        }))
    }

    /// The (number, UID) pairs of a set that is at `at` of the command, in order. A number beyond
    /// the last message is a fault of the command (RFC 9051 9, seq-number).
    pub(super) fn messages(
        &mut self,
        p: &Parser<'_>,
        at: usize,
        set: &Set,
        uid: bool,
    ) -> Parsed<Vec<(u32, u32)>> {
        if let Set::Saved = set {
            return Ok(self.saved_messages());
        }
        if uid {
            let ranges = self.uid_ranges(set);
            return Ok(self.by_uid(&ranges));
        }
        let found = self.with_view(|store, view| {
            let mailbox = store.mailbox(view.mailbox())?;
            let exists = view.exists(mailbox);
            if beyond(set, exists) {
                return None;
            }
            let mut found = Vec::new();
            for (low, high) in set.ranges(exists) {
                for number in low.max(1)..=high.min(exists) {
                    found.extend(view.uid(mailbox, number).map(|uid| (number, uid)));
                }
            }
            Some(found)
        });
        match found {
            Some(None) => p.bad_at(at, "a message number beyond the last message"),
            Some(Some(found)) => Ok(found),
            None => Ok(Vec::new()),
        }
    }

    fn saved_messages(&mut self) -> Vec<(u32, u32)> {
        let saved = std::mem::take(&mut self.saved);
        let found = self.with_view(|store, view| {
            let mailbox = store.mailbox(view.mailbox())?;
            let there = saved.iter().filter(|uid| mailbox.position(**uid).is_ok());
            let number = |uid: &u32| view.number(mailbox, *uid).map(|number| (number, *uid));
            Some(there.filter_map(number).collect())
        });
        self.saved = saved;
        found.flatten().unwrap_or_default()
    }

    /// A UID set as ranges.
    pub(super) fn uid_ranges(&mut self, set: &Set) -> Vec<(u32, u32)> {
        if let Set::Saved = set {
            return self.saved.iter().map(|uid| (*uid, *uid)).collect();
        }
        let last = self.with_view(|store, view| {
            let mailbox = store.mailbox(view.mailbox())?;
            view.last_uid(mailbox)
        });
        set.ranges(last.flatten().unwrap_or(0))
    }

    fn by_uid(&mut self, ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let found = self.with_view(|store, view| {
            let mailbox = store.mailbox(view.mailbox())?;
            let known = view.known(mailbox);
            let mut found = Vec::new();
            for (low, high) in ranges {
                let first = mailbox.position(*low).unwrap_or_else(|at| at);
                let rest = mailbox.messages()[..known].iter().enumerate().skip(first);
                for (at, message) in rest.take_while(|(_, m)| m.uid <= *high) {
                    found.push((view.number_at(mailbox, at), message.uid));
                }
            }
            Some(found)
        });
        found.flatten().unwrap_or_default()
    }
}

/// True when a set names a number that does not exist, `*` of an empty mailbox included (RFC 9051
/// 9, seq-number).
fn beyond(set: &Set, exists: u32) -> bool {
    let Set::Ranges(ranges) = set else {
        return false;
    };
    let missing = |end: &End| match end {
        End::Number(number) => *number > exists,
        End::Star => exists == 0,
    };
    ranges.iter().any(|(a, b)| missing(a) || missing(b))
}
