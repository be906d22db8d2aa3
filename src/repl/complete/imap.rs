//! IMAP's arguments: sets, mailbox names, items, keys, flags, and what stands in parentheses.

use super::place::{Word, is_keyword};
use super::values::{knowledge_of, option_of};
use super::{Candidate, View, case, offered, with_prefix};
use crate::knowledge;
use crate::proto::spec::{ArgKind, Verb};

/// Sections of BODY[…], with what they hold.
const SECTIONS: &[(&str, &str)] = &[
    ("]", "the whole message"),
    ("HEADER]", "the header"),
    (
        "HEADER.FIELDS (",
        "chosen header fields: HEADER.FIELDS (FROM SUBJECT)]",
    ),
    ("HEADER.FIELDS.NOT (", "all header fields but these"),
    ("TEXT]", "the body without the header"),
    ("1]", "the first part"),
    ("1.MIME]", "the MIME header of the first part"),
];

/// Header fields worth a search or a fetch.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("FROM", ""),
    ("TO", ""),
    ("CC", ""),
    ("SUBJECT", ""),
    ("DATE", ""),
    ("MESSAGE-ID", ""),
    ("REPLY-TO", ""),
    ("LIST-ID", ""),
    ("RECEIVED", ""),
    ("CONTENT-TYPE", ""),
];

/// The word under the cursor within parentheses: where it starts, and its text.
pub(super) fn inner<'a>(word: &Word<'a>) -> (usize, &'a str) {
    let at = if word.open {
        word.text.rfind([' ', '(']).map_or(0, |at| at + 1)
    } else {
        0
    };
    (word.start + at, &word.text[at..])
}

/// Words before the cursor within the parentheses of an open word.
pub(super) fn inner_words<'a>(word: &Word<'a>) -> Vec<&'a str> {
    let end = inner(word).0 - word.start;
    word.text[..end]
        .split([' ', '('])
        .filter(|w| !w.is_empty())
        .collect()
}

/// True when what a table names as needed ("base", "BINARY or IMAP4rev2") is there.
pub(super) fn has(view: &View, needs: &str, status: &str) -> bool {
    if needs == "base" {
        return true;
    }
    if !view.offers.known {
        return status == "standard" && !needs.contains("QRESYNC");
    }
    needs
        .split(" or ")
        .filter_map(|any| any.split([' ', ',']).next())
        .any(|word| offered(&view.offers, word))
}

/// A sequence set: the number behind the last ":" or ",".
pub(super) fn set(view: &View, verb: &Verb, word: Word<'_>) -> (usize, Vec<Candidate>) {
    let by_uid = verb.name.starts_with("UID ");
    let at = word.text.rfind([':', ',']).map_or(0, |at| at + 1);
    let partial = &word.text[at..];
    let mut found: Vec<Candidate> = Vec::new();
    // Before the numbers: of those there may be any number.
    if partial.is_empty() {
        let last = if by_uid {
            "the highest UID"
        } else {
            "the last message"
        };
        if at == 0 {
            found.push(Candidate::new("1:*", "all messages"));
        }
        found.push(Candidate::new("*", last));
        if at == 0 && view.offers.known && offered(&view.offers, "SEARCHRES IMAP4rev2") {
            found.push(Candidate::new(
                "$",
                "the result saved by SEARCH RETURN (SAVE)",
            ));
        }
    }
    if let Ok(known) = view.known.read() {
        let numbers = known.messages(partial, by_uid).into_iter();
        found.extend(numbers.map(|(n, about)| Candidate::new(n, about)));
    }
    (word.start + at, found)
}

/// FETCH items, within parentheses or alone, and sections within brackets.
pub(super) fn fetch_items(view: &View, word: Word<'_>) -> (usize, Vec<Candidate>) {
    let open_section = word
        .text
        .rfind('[')
        .filter(|at| !word.text[*at..].contains(']'));
    if let Some(at) = open_section {
        return sections(&word, at + 1);
    }
    let (start, partial) = inner(&word);
    let inside = word.text.starts_with('(');
    let typed = inner_words(&word);
    let rows = knowledge::IMAP_FETCH_ITEMS.rows().iter();
    let mut rows: Vec<_> = rows
        .filter(|row| row.kind == "item" || row.kind == "macro" && !inside)
        .collect();
    rows.sort_by_key(|row| row.kind == "macro");
    let found = rows
        .into_iter()
        .filter(|row| has(view, row.capability, row.status))
        .filter(|row| {
            case::starts(row.item, partial)
                && !typed.iter().any(|t| t.eq_ignore_ascii_case(row.item))
        })
        .map(|row| {
            let seen = if row.sets_seen == "yes" {
                ", and marks the message as seen"
            } else {
                ""
            };
            Candidate::new(
                case::follow(row.item, partial),
                format!("{}{seen}", row.summary),
            )
        })
        .collect();
    (start, found)
}

fn sections(word: &Word<'_>, at: usize) -> (usize, Vec<Candidate>) {
    let section = &word.text[at..];
    match section.rfind('(') {
        Some(fields) => {
            let last = section[fields..]
                .rfind([' ', '('])
                .map_or(0, |blank| fields + blank + 1);
            (
                word.start + at + last,
                with_prefix(&section[last..], FIELDS.iter().copied()),
            )
        }
        None => (
            word.start + at,
            with_prefix(section, SECTIONS.iter().copied()),
        ),
    }
}

/// STATUS items.
pub(super) fn status_items(view: &View, word: Word<'_>) -> (usize, Vec<Candidate>) {
    let rows = knowledge::IMAP_STATUS_ITEMS.rows().iter();
    let rows = rows.filter(|row| has(view, row.capability, row.status));
    in_parentheses(word, rows.map(|row| (row.item, row.summary)))
}

/// Words of a list in parentheses, those that stand there already left out. Before the list is
/// opened, the parenthesis comes with the word.
fn in_parentheses<'a>(
    word: Word<'_>,
    list: impl Iterator<Item = (&'a str, &'a str)>,
) -> (usize, Vec<Candidate>) {
    let (start, partial) = inner(&word);
    let typed = inner_words(&word);
    let mut found = with_prefix(
        partial,
        list.filter(|(text, _)| !typed.iter().any(|t| t.eq_ignore_ascii_case(text))),
    );
    if !word.open {
        for candidate in &mut found {
            candidate.text.insert(0, '(');
        }
    }
    (start, found)
}

/// STORE items.
pub(super) fn store_items(view: &View, partial: &str) -> Vec<Candidate> {
    let rows = knowledge::IMAP_STORE_ITEMS.rows().iter();
    let rows =
        rows.filter(|row| !row.item.starts_with('(') && has(view, row.capability, row.status));
    with_prefix(partial, rows.map(|row| (row.item, row.summary)))
}

/// Flags: system flags first, then what the server named.
pub(super) fn flags(view: &View, word: Word<'_>) -> (usize, Vec<Candidate>) {
    let (start, partial) = inner(&word);
    let typed = inner_words(&word);
    let mut found = Vec::new();
    let mut put = |text: &str, about: &str| {
        let typed = typed.iter().any(|t| t.eq_ignore_ascii_case(text));
        let twice = found
            .iter()
            .any(|c: &Candidate| c.text.trim_start_matches('(').eq_ignore_ascii_case(text));
        if case::starts(text, partial) && !typed && !twice {
            let open = if word.open || !word.text.is_empty() {
                ""
            } else {
                "("
            };
            found.push(Candidate::new(format!("{open}{text}"), about));
        }
    };
    let rows = knowledge::IMAP_FLAGS.rows();
    let about = |flag: &str| {
        let row = rows.iter().find(|row| row.flag.eq_ignore_ascii_case(flag));
        row.map_or("a keyword of this mailbox", |row| row.summary)
    };
    let settable =
        |row: &&knowledge::ImapFlag| row.kind == "system flag" && row.scope == "permanent";
    rows.iter()
        .filter(settable)
        .for_each(|row| put(row.flag, row.summary));
    if let Ok(known) = view.known.read() {
        known
            .keywords()
            .iter()
            .filter(|f| *f != "\\Recent")
            .for_each(|flag| put(flag, about(flag)));
    }
    let usual = |row: &&knowledge::ImapFlag| row.kind == "keyword" && row.status == "standard";
    if !partial.is_empty() {
        rows.iter()
            .filter(usual)
            .for_each(|row| put(row.flag, row.summary));
    }
    (start, found)
}

/// Keywords for KEYWORD: flags without a backslash.
pub(super) fn keywords(view: &View, partial: &str) -> Vec<Candidate> {
    let word = Word {
        start: 0,
        text: partial,
        open: true,
    };
    let mut found = flags(view, word).1;
    found.retain(|c| !c.text.starts_with('\\'));
    found
}

/// Capabilities that ENABLE takes.
pub(super) fn enable(view: &View, partial: &str) -> Vec<Candidate> {
    let options = knowledge::IMAP_COMMAND_OPTIONS.rows().iter();
    let rows = options.filter(|row| row.command == "ENABLE");
    let rows = rows.filter(|row| {
        !view.offers.known || view.offers.has(row.option) || has(view, row.capability, row.status)
    });
    with_prefix(partial, rows.map(|row| (row.option, row.summary)))
}

/// A literal: its octets follow, or a file gives them.
pub(super) fn literal(view: &View, partial: &str) -> Vec<Candidate> {
    if let Some(path) = partial.strip_prefix("{@") {
        let files = (view.files)(path).into_iter();
        return files
            .map(|file| {
                let close = if file.ends_with(std::path::MAIN_SEPARATOR) {
                    ""
                } else {
                    "}"
                };
                Candidate::new(format!("{{@{file}{close}"), "")
            })
            .collect();
    }
    let mut found = with_prefix(partial, [("{@", "a file, counted and sent as the literal")]);
    if partial.is_empty() {
        found.push(Candidate::new(
            "{",
            "the number of octets that follow: {310}",
        ));
    }
    found
}

pub(super) fn literal_rest(word: &str) -> &'static str {
    match word {
        "{" | "~{" => "<octets>}",
        word if word.ends_with('}') => "",
        _ => "}",
    }
}

/// Options of a verb, in parentheses or not. What needs something that is not offered is left out.
pub(super) fn words(
    view: &View,
    verb: &Verb,
    words: &str,
    piece: &str,
    word: Word<'_>,
) -> (usize, Vec<Candidate>) {
    let there =
        |w: &&str| option_of(verb, w).is_none_or(|row| has(view, row.capability, row.status));
    let list = words
        .split(' ')
        .filter(|w| !is_lead(verb, w))
        .filter(there)
        .map(|w| (w, knowledge_of(verb, w)));
    if piece.starts_with('(') {
        return in_parentheses(word, list);
    }
    // Attributes that the server named behind the capability ("XCLIENT NAME ADDR").
    let named = verb.needs.and_then(|needs| view.offers.rest(needs));
    let allowed = |word: &str| match (word.strip_suffix('='), named.filter(|n| !n.is_empty())) {
        (Some(attribute), Some(named)) => {
            named.split(' ').any(|n| n.eq_ignore_ascii_case(attribute))
        }
        _ => true,
    };
    let (start, partial) = inner(&word);
    (
        start,
        with_prefix(partial, list.filter(|(w, _)| allowed(w))),
    )
}

/// True for a word that is the keyword before the list ("RETURN", "IN"), not one of the list.
fn is_lead(verb: &Verb, word: &str) -> bool {
    verb.args.iter().any(|arg| {
        let pieces = super::place::pieces(arg.hint);
        pieces.len() > 1 && is_keyword(pieces[0]) && pieces[0].eq_ignore_ascii_case(word)
    })
}

/// What stands inside parentheses that are open and empty.
pub(super) fn inside_hint(word: &str, piece: &'static str, kind: ArgKind) -> &'static str {
    let section = word.rfind('[').filter(|at| !word[*at..].contains(']'));
    match kind {
        ArgKind::FetchItems if section.is_some_and(|at| word[at..].contains('(')) => "<field>...",
        ArgKind::FetchItems if section.is_some() => "<section>",
        ArgKind::FetchItems => "<item>...",
        ArgKind::SearchKeys => "<key>...",
        _ => piece.trim_matches(['(', ')']),
    }
}

/// The brackets and quotes that a word lacks.
pub(super) fn close(word: &str) -> String {
    let mut missing = Vec::new();
    let mut quoted = false;
    let mut escaped = false;
    if !word.starts_with(['(', '"']) && !word.contains('[') {
        return String::new();
    }
    for c in word.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => missing.push(')'),
            '[' if !quoted => missing.push(']'),
            ')' | ']' if !quoted => {
                missing.pop();
            }
            _ => {}
        }
    }
    let quote = if quoted { "\"" } else { "" };
    quote.chars().chain(missing.into_iter().rev()).collect()
}
