//! Verbs: those that are legal now first.

use super::{Candidate, View, case, place, values};
use crate::proto::spec::Verb;
use crate::proto::standing::Standing;

/// The verbs that begin with what is typed, in the table's order within each standing.
fn matching(view: &View, partial: &str) -> Vec<(Standing, &'static Verb)> {
    let situation = view.situation();
    let verbs = view.spec.verbs.iter();
    let mut found: Vec<_> = verbs
        .filter(|verb| case::starts(verb.name, partial))
        .map(|verb| (situation.standing(verb), verb))
        .collect();
    found.sort_by_key(|(standing, verb)| (situation.is_rare(verb), *standing));
    found
}

/// The verbs to choose from. Those that this server does not know are no choice, unless there is
/// no other.
pub(super) fn candidates(view: &View, partial: &str) -> Vec<Candidate> {
    let situation = view.situation();
    let all = matching(view, partial);
    let useful = |(standing, verb): &&(Standing, &'static Verb)| {
        *standing != Standing::Foreign && situation.is_offered(verb) && !situation.is_rare(verb)
    };
    let useful: Vec<_> = all.iter().filter(useful).copied().collect();
    let mut chosen = if useful.is_empty() { all } else { useful };
    if partial.is_empty() {
        // The whole table: what belongs to this state alone says most about what to do in it, and
        // what destroys something need not come first.
        let order = |verb: &Verb| (verb.phases.len(), verb.danger.is_some());
        chosen.sort_by_key(|(standing, verb)| (*standing, order(verb)));
    }
    chosen
        .into_iter()
        .map(|(standing, verb)| {
            let summary = verb.summary;
            let about = match standing {
                Standing::Legal => summary.to_owned(),
                Standing::NotOffered => format!("not offered: {summary}"),
                Standing::NotNow => format!("not now: {summary}"),
                Standing::Done => format!("done already: {summary}"),
                Standing::Foreign => format!("not in this protocol: {summary}"),
            };
            let tail = place::always_follows(verb, 0);
            Candidate::new(case::follow(verb.name, partial), about)
                .before(case::follow_hint(&tail, case::is_small(partial)))
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
    let situation = view.situation();
    let is_rare = |verb: &Verb| situation.is_rare(verb);
    let harmless = found
        .iter()
        .filter(|(standing, verb)| *standing == found[0].0 && is_rare(verb) == is_rare(found[0].1))
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
