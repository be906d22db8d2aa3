//! Arguments: what can stand there, and how the rest of the syntax reads.

use super::place::{self, Args};
use super::{Candidate, View, case, imap, mailbox, search, smtp, with_prefix};
use crate::knowledge;
use crate::proto::spec::{Arg, ArgKind, Verb};

/// The most octets of offered parameters in a hint.
const PARAMETERS_MAX: usize = 72;

pub(super) fn candidates(view: &View, args: &Args<'_>) -> (usize, Vec<Candidate>) {
    let mut start = args.word.start;
    let mut found = Vec::new();
    for &(index, piece) in &args.options {
        let arg = &args.verb.args[index];
        let (at, mut some) = of_argument(view, args, arg, piece);
        if some.is_empty() {
            continue;
        }
        let tail = tail(args.verb, index, piece);
        let in_list = args.word.open && matches!(arg.kind, ArgKind::Words(_));
        let whole = |c: &&mut Candidate| !in_list && c.is_whole(arg.kind);
        for candidate in some.iter_mut().filter(whole) {
            candidate.tail.clone_from(&tail);
        }
        if found.is_empty() {
            start = at;
        }
        // Candidates of different arguments stand in one list only when they start together.
        if at == start {
            found.append(&mut some);
        }
    }
    if args.small() {
        for candidate in &mut found {
            if keyword_like(&candidate.text) {
                candidate.text.make_ascii_lowercase();
                candidate.tail.make_ascii_lowercase();
                if let Some(syntax) = &mut candidate.syntax {
                    syntax.make_ascii_lowercase();
                }
            }
        }
    }
    (start, found)
}

/// What always follows a piece of an argument.
fn tail(verb: &Verb, index: usize, piece: usize) -> String {
    let arg = &verb.args[index];
    match place::pieces(arg.hint).get(piece + 1) {
        Some(next) => format!(" {}", place::lead(arg.kind, next)),
        None => place::always_follows(verb, index + 1),
    }
}

impl Candidate {
    /// True when nothing can be added to it but the next argument.
    fn is_whole(&self, kind: ArgKind) -> bool {
        let single = matches!(
            kind,
            ArgKind::HostName
                | ArgKind::Path(_)
                | ArgKind::Address
                | ArgKind::Verb
                | ArgKind::Mechanism
                | ArgKind::Message
                | ArgKind::Mailbox
                | ArgKind::Pattern
                | ArgKind::StoreItem
                | ArgKind::Text
                | ArgKind::Words(_)
        );
        single && !self.open && !self.text.starts_with('(') && !self.text.ends_with(['<', '=', ':'])
    }
}

/// Keywords follow the case that was typed; names, flags and addresses are what they are.
fn keyword_like(text: &str) -> bool {
    let letters =
        |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"-.+=,[](){}<>; ".contains(&b);
    !text.is_empty() && text.bytes().all(letters)
}

fn of_argument(view: &View, args: &Args<'_>, arg: &Arg, piece: usize) -> (usize, Vec<Candidate>) {
    let word = args.word;
    let pieces = place::pieces(arg.hint);
    if place::is_keyword(pieces[piece]) && pieces.len() > 1 {
        let about = knowledge_of(args.verb, pieces[piece]);
        return (word.start, with_prefix(word.text, [(pieces[piece], about)]));
    }
    let at_word = |list| (word.start, list);
    match arg.kind {
        ArgKind::Path(_) => at_word(smtp::paths(
            view,
            smtp::path_keyword(arg.hint),
            word.text,
            args.small(),
        )),
        ArgKind::MailParameters => at_word(smtp::parameters(view, "MAIL", args)),
        ArgKind::RcptParameters => at_word(smtp::parameters(view, "RCPT", args)),
        ArgKind::Address => at_word(addresses(view, word.text)),
        ArgKind::HostName => at_word(smtp::hosts(view, word.text)),
        ArgKind::Verb => at_word(verbs_for_help(view, word.text)),
        ArgKind::Mechanism => at_word(mechanisms(view, word.text)),
        ArgKind::Message => at_word(numbers(view, args.verb, word.text)),
        ArgKind::Set => imap::set(view, args.verb, word),
        ArgKind::Mailbox => at_word(mailbox::mailboxes(view, word.text)),
        ArgKind::Pattern => at_word(mailbox::patterns(view, word.text)),
        ArgKind::FetchItems => imap::fetch_items(view, word),
        ArgKind::SearchKeys => search::search_keys(view, args),
        ArgKind::StatusItems => imap::status_items(view, word),
        ArgKind::StoreItem => at_word(imap::store_items(view, word.text)),
        ArgKind::Flags => imap::flags(view, word),
        ArgKind::Enable => at_word(imap::enable(view, word.text)),
        ArgKind::Literal => at_word(imap::literal(view, word.text)),
        ArgKind::Words(words) => imap::words(view, args.verb, words, pieces[piece], word),
        ArgKind::Text if pieces[piece] == "<reference>" => at_word(with_prefix(
            word.text,
            [("\"\"", "from the top of the hierarchy")],
        )),
        ArgKind::Text | ArgKind::Secret | ArgKind::Number => at_word(Vec::new()),
    }
}

/// The row of an option of an IMAP verb.
pub(super) fn option_of(verb: &Verb, word: &str) -> Option<&'static knowledge::ImapCommandOption> {
    let bare = verb.name.strip_prefix("UID ").unwrap_or(verb.name);
    let options = knowledge::IMAP_COMMAND_OPTIONS.rows().iter();
    let mut of_verb =
        options.filter(|row| row.command.split('/').any(|c| c == verb.name || c == bare));
    let name = |row: &&knowledge::ImapCommandOption| {
        row.option
            .split(" (")
            .next()
            .is_some_and(|o| o.eq_ignore_ascii_case(word))
    };
    of_verb.find(name)
}

/// What the tables say about an option of a verb.
pub(super) fn knowledge_of(verb: &Verb, word: &str) -> &'static str {
    if let Some(row) = option_of(verb, word) {
        return row.summary;
    }
    let parameters = knowledge::SMTP_PARAMETERS.rows().iter();
    parameters
        .filter(|row| row.command.split(", ").any(|c| c == verb.name))
        .find(|row| row.parameter == word.trim_end_matches('='))
        .map_or("", |row| row.summary)
}

pub(super) fn addresses(view: &View, partial: &str) -> Vec<Candidate> {
    let Ok(known) = view.known.read() else {
        return Vec::new();
    };
    let used = known.addresses(partial).into_iter();
    used.map(|address| Candidate::new(address, "used before"))
        .collect()
}

fn verbs_for_help(view: &View, partial: &str) -> Vec<Candidate> {
    with_prefix(partial, view.spec.verbs.iter().map(|v| (v.name, v.summary)))
}

/// The mechanisms offered; all that are in use when the server was not asked.
pub(super) fn mechanisms(view: &View, partial: &str) -> Vec<Candidate> {
    let rows = knowledge::SASL_MECHANISMS.rows();
    let about = |name: &str| {
        let row = rows
            .iter()
            .find(|row| row.mechanism.eq_ignore_ascii_case(name));
        row.map_or("not a mechanism we know", |row| row.summary)
    };
    if view.offers.known {
        let offered = view.offers.mechanisms();
        return with_prefix(
            partial,
            offered.iter().map(|name| (name.as_str(), about(name))),
        );
    }
    let usual = rows
        .iter()
        .filter(|row| row.status.starts_with("current") && !row.status.contains('('));
    with_prefix(partial, usual.map(|row| (row.mechanism, row.summary)))
}

fn numbers(view: &View, verb: &Verb, partial: &str) -> Vec<Candidate> {
    let Ok(known) = view.known.read() else {
        return Vec::new();
    };
    let found = known.messages(partial, verb.name.starts_with("UID "));
    found
        .into_iter()
        .map(|(number, about)| Candidate::new(number, about))
        .collect()
}

/// What is still to come from the cursor on.
pub(super) fn hint(view: &View, args: &Args<'_>) -> String {
    let small = args.small();
    let Some(&(first, piece)) = args.options.first() else {
        return String::new();
    };
    if args.word.text.is_empty() {
        return match own_rest(view, args, first, small) {
            Some(own) => own,
            None => {
                let mut text = argument(view, args.verb, first, piece, small, args);
                let rest = rest_of(view, args.verb, first + 1, small);
                join(&mut text, &rest);
                text
            }
        };
    }
    // The word decides which of the options it is.
    for &(index, piece) in &args.options {
        if let Some(mut text) = rest_of_word(view, args, index, piece, small) {
            let rest = rest_of(view, args.verb, index + 1, small);
            if !rest.is_empty() {
                text.push(' ');
                text.push_str(&rest);
            }
            return text;
        }
    }
    String::new()
}

/// Arguments that know better than the table what may follow here.
fn own_rest(view: &View, args: &Args<'_>, index: usize, small: bool) -> Option<String> {
    match args.verb.args[index].kind {
        ArgKind::SearchKeys => search::search_argument(args).map(str::to_owned),
        ArgKind::MailParameters => Some(parameters(view, "MAIL", &typed_words(args), small)),
        ArgKind::RcptParameters => Some(parameters(view, "RCPT", &typed_words(args), small)),
        _ => None,
    }
}

fn typed_words<'a>(args: &'a Args<'_>) -> Vec<&'a str> {
    args.done.iter().map(|w| w.text).collect()
}

/// An argument's hint from a piece on, in brackets when it may be left out.
fn argument(
    view: &View,
    verb: &Verb,
    index: usize,
    piece: usize,
    small: bool,
    args: &Args<'_>,
) -> String {
    let arg = &verb.args[index];
    if piece > 0 {
        let text = place::pieces(arg.hint)[piece..].join(" ");
        return case::follow_hint(&text, small);
    }
    if args.again {
        return format!("[{}]...", case::follow_hint(bare(arg.hint), small));
    }
    let mut text = whole(view, arg, small);
    // Options that could stand here too come before the one that must.
    if arg.optional && !text.starts_with('[') {
        text = format!("[{text}]");
    }
    text
}

fn bare(hint: &str) -> &str {
    hint.trim_start_matches('[')
        .trim_end_matches("...")
        .trim_end_matches(']')
}

/// An argument's hint as it reads when nothing of it is typed.
fn whole(view: &View, arg: &Arg, small: bool) -> String {
    match arg.kind {
        ArgKind::MailParameters if view.offers.known => parameters(view, "MAIL", &[], small),
        ArgKind::RcptParameters if view.offers.known => parameters(view, "RCPT", &[], small),
        _ => {
            let text = case::follow_hint(arg.hint, small);
            match (
                arg.optional && !text.starts_with('['),
                arg.repeats && !text.contains("..."),
            ) {
                (true, true) => format!("[{text}]..."),
                (true, false) => format!("[{text}]"),
                (false, true) => format!("{text}..."),
                (false, false) => text,
            }
        }
    }
}

/// The parameters that may still come, each in brackets.
fn parameters(view: &View, command: &str, typed: &[&str], small: bool) -> String {
    let mut text = String::new();
    for row in smtp::allowed(view, command) {
        if typed.iter().any(|t| {
            t.split('=')
                .next()
                .is_some_and(|n| n.eq_ignore_ascii_case(row.parameter))
        }) {
            continue;
        }
        let hint = smtp::hint_of(view, row);
        if text.len() + hint.len() > PARAMETERS_MAX {
            join(&mut text, "...");
            break;
        }
        join(&mut text, &format!("[{}]", case::follow_hint(&hint, small)));
    }
    text
}

/// The hints of the arguments from one on.
pub(super) fn rest_of(view: &View, verb: &Verb, from: usize, small: bool) -> String {
    let mut text = String::new();
    for arg in verb.args.iter().skip(from) {
        join(&mut text, &whole(view, arg, small));
    }
    text
}

/// What is missing of the word under the cursor, if it can be this argument.
fn rest_of_word(
    view: &View,
    args: &Args<'_>,
    index: usize,
    piece: usize,
    small: bool,
) -> Option<String> {
    let arg = &args.verb.args[index];
    let word = args.word.text;
    let pieces = place::pieces(arg.hint);
    if place::is_keyword(pieces[piece]) {
        let rest = case::rest(pieces[piece], word);
        let later = pieces[piece + 1..].join(" ");
        let mut text = case::follow_hint(rest.or_else(|| arg.repeats.then_some(""))?, small);
        if !later.is_empty() {
            text.push(' ');
            text.push_str(&case::follow_hint(&later, small));
        }
        return Some(text);
    }
    match arg.kind {
        ArgKind::Path(_) => Some(smtp::path_rest(arg.hint, word, small)),
        ArgKind::MailParameters => Some(smtp::parameter_rest(view, "MAIL", word, small)),
        ArgKind::RcptParameters => Some(smtp::parameter_rest(view, "RCPT", word, small)),
        ArgKind::Literal => Some(imap::literal_rest(word).to_owned()),
        ArgKind::Secret | ArgKind::Text | ArgKind::Number | ArgKind::HostName => {
            Some(imap::close(word))
        }
        // Names and numbers are offered by Tab; a hint would be a guess.
        ArgKind::Message
        | ArgKind::Set
        | ArgKind::Address
        | ArgKind::Mailbox
        | ArgKind::Pattern => Some(imap::close(word)),
        _ => {
            let (start, found) = of_argument(view, args, arg, piece);
            let inside = &word[start.saturating_sub(args.word.start).min(word.len())..];
            let exact = found.iter().any(|c| c.text.eq_ignore_ascii_case(inside));
            let rest = found.first().filter(|_| !inside.is_empty() && !exact);
            let mut text = rest
                .and_then(|c| case::rest(&c.text, inside))
                .map(|rest| case::follow_hint(rest, small))
                .unwrap_or_default();
            if inside.is_empty() && args.word.open {
                text = imap::inside_hint(word, pieces[piece], arg.kind).to_owned();
            }
            text.push_str(&imap::close(&format!("{word}{text}")));
            Some(text)
        }
    }
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}
