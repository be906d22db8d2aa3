//! Mailbox names: quoted where they must be, in modified UTF-7 where they travel so, by level where
//! there are many.

use super::{Candidate, View, case, with_prefix};
use crate::proto::imap::utf7;
use crate::repl::known::Branch;
use crate::wire::quote::quoted;
use crate::wire::show::{Charset, show};

/// Mailbox names in one list; where there are more, levels of the hierarchy stand instead.
const NAMES_MAX: usize = 64;

/// Mailbox names, quoted where they must be.
pub(super) fn mailboxes(view: &View, typed: &str) -> Vec<Candidate> {
    let quoted = typed.starts_with('"');
    let name = unquote(typed);
    let Ok(known) = view.known.read() else {
        return Vec::new();
    };
    let utf8 = known.utf8();
    let mut found: Vec<Candidate> = Vec::new();
    if case::starts("INBOX", &name) {
        found.push(Candidate::new(
            quote(&case::follow("INBOX", &name), quoted, false),
            "where new mail arrives",
        ));
    }
    for branch in known.mailboxes(&name, NAMES_MAX) {
        if branch.wire.eq_ignore_ascii_case("INBOX") {
            continue;
        }
        let text = quote(&branch.wire, quoted, branch.more);
        found.push(Candidate {
            open: branch.more,
            ..Candidate::new(text, about(&branch))
        });
    }
    if found.is_empty() && !name.is_ascii() && !utf8 {
        let wire = utf7::encode(&name);
        found.push(Candidate::new(
            quote(&wire, quoted, false),
            "the same name in modified UTF-7, as it travels",
        ));
    }
    found
}

fn about(branch: &Branch) -> String {
    let safe = |text: &str| show(text.as_bytes(), Charset::Unicode).into_owned();
    let mut parts = Vec::new();
    if branch.shown != branch.wire {
        parts.push(safe(&branch.shown));
    }
    if branch.more {
        parts.push("a level with mailboxes below".to_owned());
    }
    if !branch.attributes.is_empty() {
        parts.push(safe(&branch.attributes));
    }
    parts.join(", ")
}

/// The name that a word stands for, quotes and backslashes taken off.
fn unquote(typed: &str) -> String {
    let Some(inside) = typed.strip_prefix('"') else {
        return typed.to_owned();
    };
    let mut name = String::new();
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => name.extend(chars.next()),
            c => name.push(c),
        }
    }
    name
}

/// A name as a word: quoted when asked for or needed (RFC 9051 9, astring). An open one lacks the
/// closing quote, so that typing goes on in it.
fn quote(name: &str, always: bool, open: bool) -> String {
    let special = |c: char| !c.is_ascii_graphic() || "(){%*\"\\".contains(c);
    if !always && !name.is_empty() && !name.chars().any(special) {
        return name.to_owned();
    }
    let mut quoted = quoted(name);
    if open {
        quoted.pop();
    }
    quoted
}

/// Patterns of LIST, and mailbox names.
pub(super) fn patterns(view: &View, typed: &str) -> Vec<Candidate> {
    let usual = [
        ("*", "all levels"),
        ("%", "one level"),
        ("\"\"", "only the hierarchy separator"),
    ];
    let mut found = with_prefix(typed, usual);
    found.extend(mailboxes(view, typed));
    found
}
