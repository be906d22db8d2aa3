//! The answers to LIST, made while they are sent.

use std::collections::BTreeSet;

use super::super::mailboxes::status_line;
use super::super::{CHUNK, ImapServer, write};
use super::Query;
use super::pattern::Row;
use crate::store::SharedStore;
use crate::store::account::Listed;
use crate::store::mailbox::SpecialUse;
use crate::store::name::parents;

/// Steps of comparing names with patterns before others get their turn.
const STEPS: usize = 1 << 20;

pub(super) struct ListFlow {
    query: Query,
    store: SharedStore,
    user: String,
    utf8: bool,
    /// The longest message, for STATUS.
    append_limit: u64,
    stage: Stage,
}

/// How far it is. Before there is something to say, the flow's parts are empty.
enum Stage {
    /// Comparing the names that there are.
    Names(Sieve),
    /// Comparing the names above them that there are not: the first are those of `Names`.
    Above(Sieve, Sieve),
    /// The answers: a name, and whether CHILDINFO stands behind it.
    Answers(std::vec::IntoIter<(Listed, bool)>),
}

/// Names, and which of them a pattern fits.
#[derive(Default)]
struct Sieve {
    names: Vec<Listed>,
    /// As far as they were compared.
    fits: Vec<bool>,
    /// The pattern that the next name is compared with.
    pattern: usize,
    row: Row,
}

impl ListFlow {
    pub(super) fn new(server: &ImapServer, query: Query) -> Self {
        let user = server.user.clone().unwrap_or_default();
        let names = server.service.store.lock().list(&user);
        Self {
            query,
            store: server.service.store.clone(),
            user,
            utf8: server.enabled.utf8,
            append_limit: server.service.limits.message,
            stage: Stage::Names(Sieve::new(names)),
        }
    }

    /// One name, and its STATUS where that was asked for.
    fn answer(&self, entry: &Listed, child_info: bool, out: &mut Vec<u8>) {
        let query = &self.query;
        out.extend_from_slice(if query.lsub { b"* LSUB (" } else { b"* LIST (" });
        out.extend_from_slice(attributes(entry, query).join(" ").as_bytes());
        out.extend_from_slice(b") \"/\" ");
        write::mailbox(out, &entry.name, self.utf8);
        if child_info {
            out.extend_from_slice(query.child_info());
        }
        out.extend_from_slice(b"\r\n");
        if entry.id.is_some() && !query.status.is_empty() {
            let held = self.store.lock();
            let (name, items) = (&entry.name, &query.status);
            // A mailbox that went in the meantime has no status.
            if let Ok(line) =
                status_line(&held, &self.user, name, items, self.utf8, self.append_limit)
            {
                out.extend_from_slice(&line);
            }
        }
    }
}

impl Iterator for ListFlow {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        match &mut self.stage {
            Stage::Names(sieve) => {
                if sieve.turn(&self.query) {
                    let missing = self.query.missing(sieve);
                    let sieve = std::mem::take(sieve);
                    self.stage = Stage::Above(sieve, Sieve::new(missing));
                }
                Some(Vec::new())
            }
            Stage::Above(sieve, missing) => {
                if missing.turn(&self.query) {
                    let shown = self.query.shown(sieve, missing);
                    self.stage = Stage::Answers(shown.into_iter());
                }
                Some(Vec::new())
            }
            Stage::Answers(rest) => {
                let mut rest = std::mem::take(rest);
                let mut out = Vec::new();
                while out.len() < CHUNK
                    && let Some((entry, child_info)) = rest.next()
                {
                    self.answer(&entry, child_info, &mut out);
                }
                self.stage = Stage::Answers(rest);
                (!out.is_empty()).then_some(out)
            }
        }
    }
}

impl Sieve {
    fn new(names: Vec<Listed>) -> Self {
        Self {
            fits: Vec::with_capacity(names.len()),
            names,
            pattern: 0,
            row: Row::new(),
        }
    }

    /// Compares for one turn; true when all is compared.
    fn turn(&mut self, query: &Query) -> bool {
        let mut left = STEPS;
        while let Some(entry) = self.names.get(self.fits.len()) {
            let Some(pattern) = query.patterns.get(self.pattern) else {
                self.decided(false);
                continue;
            };
            let (fits, steps) = pattern.fits(&entry.name, &mut self.row);
            self.pattern += 1;
            if fits {
                self.decided(true);
            }
            left = left.saturating_sub(steps);
            if left == 0 {
                return false;
            }
        }
        true
    }

    fn decided(&mut self, fits: bool) {
        self.fits.push(fits);
        self.pattern = 0;
    }

    fn each(&self) -> impl Iterator<Item = (&Listed, bool)> {
        self.names.iter().zip(self.fits.iter().copied())
    }
}

impl Query {
    /// By what the names below were selected.
    fn child_info(&self) -> &'static [u8] {
        match (self.subscribed, self.special) {
            (true, true) => b" (\"CHILDINFO\" (\"SUBSCRIBED\" \"SPECIAL-USE\"))",
            (false, true) => b" (\"CHILDINFO\" (\"SPECIAL-USE\"))",
            _ => b" (\"CHILDINFO\" (\"SUBSCRIBED\"))",
        }
    }

    fn selects(&self, entry: &Listed) -> bool {
        (entry.exists || self.subscribed)
            && (!self.subscribed || entry.subscribed)
            && (!self.special || entry.special.is_some())
    }

    /// What is shown, and whether CHILDINFO stands behind it.
    fn shown(&self, sieve: &Sieve, missing: &Sieve) -> Vec<(Listed, bool)> {
        let above = self.above(sieve);
        let shown = sieve.each().filter(|(_, fits)| *fits);
        let shown = shown.map(|(entry, _)| (entry, above.contains(entry.name.as_str())));
        let there = shown.filter(|(entry, above)| self.selects(entry) || *above);
        let missing = missing.each().filter(|(_, fits)| *fits);
        let missing = missing.map(|(entry, _)| (entry, true));
        let mut shown: Vec<(Listed, bool)> = there
            .chain(missing)
            .map(|(entry, above)| (entry.clone(), above && !self.lsub))
            .collect();
        shown.sort_by(|(a, _), (b, _)| a.place().cmp(&b.place()));
        shown
    }

    /// The names above those that are selected and fit no pattern: these stand for them (RFC 3501
    /// 6.3.9 for LSUB; RFC 5258 3, RECURSIVEMATCH).
    fn above<'a>(&self, sieve: &'a Sieve) -> BTreeSet<&'a str> {
        if !self.lsub && !self.recursive {
            return BTreeSet::new();
        }
        let hidden = sieve.each().filter(|(_, fits)| !fits);
        let hidden = hidden.filter(|(entry, _)| self.selects(entry));
        hidden.flat_map(|(entry, _)| parents(&entry.name)).collect()
    }

    /// Those of them that do not exist.
    fn missing(&self, sieve: &Sieve) -> Vec<Listed> {
        let there: BTreeSet<&str> = sieve.names.iter().map(|e| e.name.as_str()).collect();
        let above = self.above(sieve);
        let missing = above.difference(&there);
        missing.map(|name| Listed::missing(name)).collect()
    }
}

fn attributes(entry: &Listed, query: &Query) -> Vec<&'static str> {
    let mut shown = Vec::new();
    if query.lsub {
        if !entry.subscribed || entry.id.is_none() && entry.exists {
            shown.push("\\Noselect");
        }
        return shown;
    }
    if !entry.exists {
        shown.push("\\NonExistent");
    } else if entry.id.is_none() {
        shown.push("\\Noselect");
    }
    if query.show.subscribed && entry.subscribed {
        shown.push("\\Subscribed");
    }
    shown.push(if entry.children {
        "\\HasChildren"
    } else {
        "\\HasNoChildren"
    });
    shown.extend(entry.special.map(SpecialUse::attribute));
    shown
}
