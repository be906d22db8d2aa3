//! Verbs: those that are legal now first.

use super::{Candidate, View, case, offered, place, values};
use crate::knowledge;
use crate::proto::PROTOCOLS;
use crate::proto::spec::{Shape, Verb};

/// How a verb stands at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Legal and, as far as is known, offered.
    Legal,
    /// The server did not offer what it needs.
    NotOffered,
    /// Not in this state.
    NotNow,
}

/// How a verb stands. What the server says it offers counts for what the table says it needs.
pub(super) fn standing(view: &View, verb: &Verb) -> Standing {
    let done = verb.reply == Shape::Tls && view.secured
        || verb.reply == Shape::Challenges && view.facts.logged_in;
    if !verb.phases.contains(&view.phase) || done || is_foreign(view, verb) {
        Standing::NotNow
    } else if verb
        .needs
        .is_some_and(|needs| !offered(&view.offers, needs))
    {
        Standing::NotOffered
    } else {
        Standing::Legal
    }
}

/// True for the greeting of a sister protocol that shares the table (EHLO and LHLO).
fn is_foreign(view: &View, verb: &Verb) -> bool {
    let greeting = |ask: &str| ask.split(' ').next() == Some(verb.name);
    let mut sisters = PROTOCOLS.iter().filter(|p| std::ptr::eq(p.spec, view.spec));
    let mut own = sisters.clone().filter(|p| p.name == view.protocol);
    sisters.any(|p| greeting(p.ask_offers)) && !own.any(|p| greeting(p.ask_offers))
}

/// The verbs that begin with what is typed, in the table's order within each standing.
fn matching(view: &View, partial: &str) -> Vec<(Standing, &'static Verb)> {
    let verbs = view.spec.verbs.iter();
    let mut found: Vec<_> = verbs
        .filter(|verb| case::starts(verb.name, partial))
        .map(|verb| (standing(view, verb), verb))
        .collect();
    found.sort_by_key(|(standing, verb)| (is_rare(view, verb), *standing));
    found
}

/// True for verbs that hardly any server knows, unless this one offers them.
fn is_rare(view: &View, verb: &Verb) -> bool {
    let status = knowledge::verb_status(view.protocol, verb.name);
    let named = verb
        .needs
        .is_some_and(|needs| view.offers.known && offered(&view.offers, needs));
    !status.starts_with("standard") && !named
}

pub(super) fn candidates(view: &View, partial: &str) -> Vec<Candidate> {
    matching(view, partial)
        .into_iter()
        .map(|(standing, verb)| {
            let summary = verb.summary;
            let about = match standing {
                Standing::Legal => summary.to_owned(),
                Standing::NotOffered => format!("not offered: {summary}"),
                Standing::NotNow => format!("not now: {summary}"),
            };
            Candidate::new(case::follow(verb.name, partial), about)
        })
        .collect()
}

/// The rest of the verb and its arguments. Of several verbs the first that is legal and destroys
/// nothing speaks, and a first word with several second ones lists those.
pub(super) fn hint(view: &View, partial: &str) -> Option<String> {
    let found = matching(view, partial);
    let small = case::is_small(partial);
    let exact = found.iter().find(|(_, v)| v.name.len() == partial.len());
    let (safe, harmful): (Vec<_>, Vec<_>) = found.iter().partition(|(_, v)| v.danger.is_none());
    let second: Vec<_> = safe
        .into_iter()
        .chain(harmful)
        .filter(|(standing, _)| *standing != Standing::NotOffered)
        .filter_map(|(_, v)| v.name.split_once(' '))
        .filter(|(first, _)| first.len() == partial.trim_end().len())
        .map(|(_, second)| second)
        .collect();
    if exact.is_none() && second.len() > 1 {
        let blank = if partial.ends_with(' ') { "" } else { " " };
        return Some(format!(
            "{blank}{}",
            case::follow_hint(&second.join("|"), small)
        ));
    }
    let harmless = found
        .iter()
        .filter(|(standing, verb)| {
            *standing == found[0].0 && is_rare(view, verb) == is_rare(view, found[0].1)
        })
        .find(|(_, v)| v.danger.is_none());
    let (_, verb) = exact.or(harmless).or_else(|| found.first())?;
    let rest = case::rest(verb.name, partial)?;
    let mut hint = case::follow_hint(rest, small);
    let args = values::rest_of(view, verb, 0, small);
    if !args.is_empty() {
        hint.push(' ');
        hint.push_str(&args);
    }
    Some(hint)
}

/// A verb by what was typed of it, whole.
pub(super) fn typed<'a>(view: &View, line: &'a str) -> (usize, &'a str, Option<&'static Verb>) {
    let start = place::command_start(view, line);
    let command = &line[start..];
    match view.spec.verb(command.as_bytes()) {
        Some(verb) => (start, &command[..verb.name.len()], Some(verb)),
        None => {
            let word = command.split(' ').next().unwrap_or_default();
            (start, word, None)
        }
    }
}
