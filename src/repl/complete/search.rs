//! SEARCH keys, and what the arguments of a key can be.

use super::imap::{FIELDS, has, inner, inner_words, keywords};
use super::place::Args;
use super::values::addresses;
use super::{Candidate, View, case, with_prefix};
use crate::knowledge::{self, ImapSearchKey};

/// The row of a SEARCH key, and what it wants behind it.
fn search_key(word: &str) -> Option<&'static ImapSearchKey> {
    knowledge::IMAP_SEARCH_KEYS
        .rows()
        .iter()
        .find(|row| row.key.eq_ignore_ascii_case(word))
}

/// The key whose argument comes next, and which of its arguments.
fn pending<'a>(words: impl Iterator<Item = &'a str>) -> Option<(&'static ImapSearchKey, usize)> {
    let mut pending: Option<(&'static ImapSearchKey, usize)> = None;
    for word in words {
        pending = match pending {
            Some((row, given)) if given + 1 < row.hint.split(' ').count() => Some((row, given + 1)),
            Some(_) => None,
            None => search_key(word)
                .filter(|row| !row.hint.is_empty())
                .map(|row| (row, 0)),
        };
    }
    pending
}

fn pending_of(args: &Args<'_>) -> Option<(&'static ImapSearchKey, usize)> {
    if args.word.open && args.word.text.starts_with('(') {
        pending(inner_words(&args.word).into_iter())
    } else {
        pending(args.done.iter().map(|w| w.text))
    }
}

/// What the argument under the cursor is, when it belongs to a key.
pub(super) fn search_argument(args: &Args<'_>) -> Option<&'static str> {
    let (row, given) = pending_of(args)?;
    row.hint.split(' ').nth(given)
}

/// SEARCH keys, or what their arguments can be.
pub(super) fn search_keys(view: &View, args: &Args<'_>) -> (usize, Vec<Candidate>) {
    let (start, partial) = inner(&args.word);
    if let Some((row, given)) = pending_of(args) {
        let found = match (row.key, given) {
            ("FROM" | "TO" | "CC" | "BCC", 0) => addresses(view, partial),
            ("HEADER", 0) => with_prefix(partial, FIELDS.iter().copied()),
            ("KEYWORD" | "UNKEYWORD", 0) => keywords(view, partial),
            ("UID", 0) => match view.known.read() {
                Ok(known) => known
                    .messages(partial, true)
                    .into_iter()
                    .map(|(n, s)| Candidate::new(n, s))
                    .collect(),
                Err(_) => Vec::new(),
            },
            _ => Vec::new(),
        };
        return (start, found);
    }
    let rows = knowledge::IMAP_SEARCH_KEYS.rows().iter();
    let found = rows
        .filter(|row| {
            row.key
                .starts_with(|c: char| c.is_ascii_uppercase() || c == '$')
        })
        .filter(|row| has(view, row.capability, row.status) && case::starts(row.key, partial))
        .map(|row| {
            let syntax = if row.hint.is_empty() {
                String::new()
            } else {
                format!("{}: ", row.hint)
            };
            let tail = if row.hint.is_empty() { "" } else { " " };
            Candidate::new(
                case::follow(row.key, partial),
                format!("{syntax}{}", row.summary),
            )
            .before(tail)
        })
        .collect();
    (start, found)
}
