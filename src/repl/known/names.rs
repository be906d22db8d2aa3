//! Names by prefix, the one seen longest ago making room; and mailbox names by level.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::proto::imap::utf7;

/// The most octets of one name.
const NAME_MAX: usize = 1000;

/// The most octets of all names together.
const OCTETS_MAX: usize = 8 * 1024 * 1024;

/// A name without regard to ASCII case, and the name itself.
type Key = (Box<str>, Box<str>);

/// Values by name.
#[derive(Debug)]
pub(super) struct Recent<V> {
    entries: BTreeMap<Key, (u64, V)>,
    ages: BTreeMap<u64, Key>,
    next: u64,
    max: usize,
    octets: usize,
}

impl<V> Recent<V> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            ages: BTreeMap::new(),
            next: 0,
            max,
            octets: 0,
        }
    }

    /// Keeps a value under a name. Names with control characters, and endless ones, are not kept.
    pub(super) fn put(&mut self, name: &str, value: V) {
        if name.len() > NAME_MAX || name.chars().any(char::is_control) {
            return;
        }
        let key: Key = (name.to_ascii_lowercase().into(), name.into());
        self.next += 1;
        if let Some((age, _)) = self.entries.insert(key.clone(), (self.next, value)) {
            self.ages.remove(&age);
        } else {
            self.octets += name.len();
        }
        self.ages.insert(self.next, key);
        while self.entries.len() > self.max || self.octets > OCTETS_MAX {
            let Some((_, oldest)) = self.ages.pop_first() else {
                break;
            };
            self.octets -= oldest.1.len();
            self.entries.remove(&oldest);
        }
    }

    /// Entries whose name begins so, from a folded name on, in order.
    fn from<'a>(
        &'a self,
        prefix: &'a str,
        at: &str,
    ) -> impl Iterator<Item = (&'a str, &'a str, &'a V)> {
        let start: (Bound<Key>, Bound<Key>) =
            (Bound::Included((at.into(), "".into())), Bound::Unbounded);
        self.entries
            .range(start)
            .take_while(move |((folded, _), _)| folded.starts_with(prefix))
            .map(|((folded, name), (_, value))| (&**folded, &**name, value))
    }

    /// Names that begin so, the latest first.
    pub(super) fn latest(&self, prefix: &str) -> Vec<String> {
        let folded = prefix.to_ascii_lowercase();
        let start: (Bound<Key>, Bound<Key>) = (
            Bound::Included((folded.as_str().into(), "".into())),
            Bound::Unbounded,
        );
        let mut found: Vec<_> = self
            .entries
            .range(start)
            .take_while(|((name, _), _)| name.starts_with(&folded))
            .map(|((_, name), (age, _))| (std::cmp::Reverse(*age), name.to_string()))
            .collect();
        found.sort();
        found.into_iter().map(|(_, name)| name).collect()
    }
}

/// A mailbox as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The name as it travels.
    pub wire: Box<str>,
    /// Its attributes, separated by blanks.
    pub attributes: Box<str>,
}

impl Recent<Mailbox> {
    /// Keeps a mailbox under the name people read, and under the wire's where it is another one.
    pub(super) fn put_mailbox(&mut self, wire: &str, attributes: &str) {
        let mailbox = Mailbox {
            wire: wire.into(),
            attributes: attributes.into(),
        };
        if let Some(shown) = utf7::decode(wire).filter(|shown| shown != wire) {
            self.put(&shown, mailbox.clone());
        }
        self.put(wire, mailbox);
    }
}

/// A mailbox, or a level of the hierarchy that holds several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The name as it travels; of a level, up to and with the separator.
    pub wire: String,
    /// The name as people read it.
    pub shown: String,
    /// Its attributes; empty for a level.
    pub attributes: String,
    /// True for a level.
    pub more: bool,
}

pub(super) fn branches(
    names: &Recent<Mailbox>,
    separator: Option<char>,
    prefix: &str,
    limit: usize,
) -> Vec<Branch> {
    let folded = prefix.to_ascii_lowercase();
    let mut found: Vec<Branch> = Vec::new();
    for (_, name, mailbox) in names.from(&folded, &folded) {
        if found.iter().any(|b| *b.wire == *mailbox.wire) {
            continue;
        }
        if found.len() == limit {
            if let Some(separator) = separator.filter(char::is_ascii) {
                return levels(names, separator, &folded, limit);
            }
            break;
        }
        found.push(Branch::mailbox(name, mailbox));
    }
    found
}

/// The next level below a prefix. Each step jumps over all that a level holds.
fn levels(names: &Recent<Mailbox>, separator: char, folded: &str, limit: usize) -> Vec<Branch> {
    let mut found: Vec<Branch> = Vec::new();
    let mut at = folded.to_owned();
    while found.len() < limit {
        let Some((entry, name, mailbox)) = names.from(folded, &at).next() else {
            break;
        };
        match entry[folded.len()..].find(separator) {
            Some(end) => {
                let end = folded.len() + end + 1;
                let depth = name[..end].matches(separator).count();
                found.push(Branch {
                    wire: levels_of(&mailbox.wire, separator, depth),
                    shown: name[..end].to_owned(),
                    attributes: String::new(),
                    more: true,
                });
                // Just behind everything that begins with this level.
                let next = char::from_u32(u32::from(separator) + 1).unwrap_or(char::MAX);
                at = format!("{}{next}", &entry[..end - 1]);
            }
            None => {
                let branch = Branch::mailbox(name, mailbox);
                if found.iter().all(|b| b.wire != branch.wire) {
                    found.push(branch);
                }
                at = format!("{entry}\0");
            }
        }
    }
    found
}

/// The first `depth` levels of a name, the separator behind them included.
fn levels_of(wire: &str, separator: char, depth: usize) -> String {
    let end = wire.match_indices(separator).nth(depth.saturating_sub(1));
    end.map_or(wire, |(at, _)| &wire[..=at]).to_owned()
}

impl Branch {
    fn mailbox(name: &str, mailbox: &Mailbox) -> Self {
        let shown = utf7::decode(&mailbox.wire).unwrap_or_else(|| name.to_owned());
        Self {
            wire: mailbox.wire.to_string(),
            shown,
            attributes: mailbox.attributes.to_string(),
            more: false,
        }
    }
}
