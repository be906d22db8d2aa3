//! The console's own commands, behind a colon.

use super::{Candidate, ConsoleCommand, View, case, values, with_prefix};
use crate::knowledge;
use crate::proto;
use crate::repl::settings::NAMES;

/// Candidates for what stands behind the colon, which is at octet 0.
pub(super) fn complete(view: &View, rest: &str) -> (usize, Vec<Candidate>) {
    if rest.starts_with(':') {
        return (rest.len() + 1, Vec::new());
    }
    let Some((name, args)) = rest.split_once(' ') else {
        let commands = view.console.iter().filter(|c| case::starts(c.name, rest));
        let listed = commands.map(|c| {
            let tail = if c.args.is_empty() { "" } else { " " };
            Candidate::new(case::follow(c.name, rest), c.summary).before(tail)
        });
        return (1, listed.collect());
    };
    let Some(command) = named(view, name) else {
        return (rest.len() + 1, Vec::new());
    };
    // A command inside, for the likes of `:repeat N COMMAND`: completed as one.
    let slots: Vec<&str> = command.args.split(' ').filter(|s| !s.is_empty()).collect();
    let given: Vec<&str> = args.split(' ').collect();
    let wrapped = slots.iter().position(|slot| bare(slot) == "COMMAND");
    if let Some(at) = wrapped.filter(|at| given.len() > *at) {
        let skipped: usize = given[..at].iter().map(|w| w.len() + 1).sum();
        let offset = 1 + name.len() + 1 + skipped;
        let (start, found) = super::complete_command(view, &args[skipped..]);
        return (offset + start, found);
    }
    let last = given.last().copied().unwrap_or_default();
    let start = 1 + rest.len() - last.len();
    let slot = slots
        .get(given.len() - 1)
        .or_else(|| slots.last().filter(|s| s.ends_with("...")));
    (
        start,
        slot.map_or_else(Vec::new, |slot| of_slot(view, bare(slot), &given, last)),
    )
}

fn of_slot(view: &View, slot: &str, given: &[&str], partial: &str) -> Vec<Candidate> {
    let choices: Vec<&str> = slot.split('|').collect();
    let mut found = Vec::new();
    for choice in choices {
        match choice {
            "FILE" => found.extend(
                (view.files)(partial)
                    .into_iter()
                    .map(|file| Candidate::new(file, "")),
            ),
            "MECH" => found.extend(values::mechanisms(view, partial)),
            "VERB" | "topic" => {
                let verbs = view.spec.verbs.iter().map(|v| (v.name, v.summary));
                found.extend(with_prefix(partial, verbs));
            }
            // A name of any table: too many to list before a letter is typed.
            "word" if !partial.is_empty() => {
                let names = knowledge::names();
                found.extend(with_prefix(partial, names.iter().map(|name| (*name, ""))));
            }
            "name" => {
                let settings = NAMES.iter().map(|(name, _, about)| (*name, *about));
                let named = with_prefix(partial, settings).into_iter();
                // A setting without a value says nothing.
                found.extend(named.map(|name| name.before(" ")));
            }
            "value" => {
                let setting = NAMES.iter().find(|(name, ..)| given.contains(name));
                let values = setting.map_or("", |(_, values, _)| values).split('|');
                let literal = |v: &&str| v.bytes().any(|b| b.is_ascii_lowercase());
                found.extend(with_prefix(
                    partial,
                    values.filter(literal).map(|v| (v, "")),
                ));
            }
            "word" | "n" | "from-to" => {}
            "user" => found.extend(values::addresses(view, partial)),
            "TARGET" => {
                let schemes = proto::PROTOCOLS.iter().flat_map(|p| p.schemes.iter());
                let urls: Vec<_> = schemes.map(|s| format!("{}://", s.name)).collect();
                found.extend(with_prefix(partial, urls.iter().map(|u| (u.as_str(), ""))));
            }
            word if word.bytes().all(|b| b.is_ascii_lowercase()) => {
                found.extend(with_prefix(partial, [(word, "")]));
            }
            _ => {}
        }
    }
    found
}

/// The rest of a console command's syntax.
pub(super) fn hint(view: &View, rest: &str) -> Option<String> {
    let Some((name, args)) = rest.split_once(' ') else {
        let exact = named(view, rest);
        let first = || {
            view.console
                .iter()
                .find(|c| case::starts(c.name, rest) && !rest.is_empty())
        };
        let command = exact.or_else(first)?;
        return Some(format!("{} {}", &command.name[rest.len()..], command.args));
    };
    let command = named(view, name)?;
    let given: Vec<&str> = args.split(' ').collect();
    let slots: Vec<&str> = command.args.split(' ').collect();
    let wrapped = slots.iter().position(|slot| bare(slot) == "COMMAND");
    if let Some(at) = wrapped.filter(|at| given.len() > *at && !given[*at].is_empty()) {
        let skipped: usize = given[..at].iter().map(|w| w.len() + 1).sum();
        return super::hint_command(view, &args[skipped..]);
    }
    let behind_blank = given.last().is_some_and(|w| w.is_empty());
    let from = given.len() - usize::from(behind_blank);
    let mut rest = slots.get(from..)?.join(" ");
    // The bracket that was opened before what is typed is not closed behind it.
    if rest.matches(']').count() > rest.matches('[').count() {
        rest.truncate(rest.len() - 1);
    }
    let blank = if behind_blank || rest.is_empty() {
        ""
    } else {
        " "
    };
    Some(format!("{blank}{rest}"))
}

pub(super) fn named(view: &View, name: &str) -> Option<&'static ConsoleCommand> {
    view.console.iter().find(|c| c.name == name)
}

/// A slot without its brackets.
fn bare(slot: &str) -> &str {
    slot.trim_matches(['[', ']'])
        .trim_end_matches("...")
        .trim_end_matches(']')
}
