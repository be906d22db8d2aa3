//! Colours while typing: whether the verb is legal now, and which octets must not be seen.

use std::ops::Range;

use super::place::{Quoting, words};
use super::{LINE_MAX, View, console, verbs};
use crate::proto::engine::Mode;
use crate::proto::spec::Secrecy;
use crate::proto::standing::Standing;

/// How a stretch of the typed line is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A verb that is legal now.
    Legal,
    /// A verb, but not in this state, or not offered.
    NotNow,
    /// No verb.
    Unknown,
    /// A console command.
    Console,
    /// A secret: to be masked.
    Secret,
}

/// A stretch of the typed line. Stretches do not overlap and come in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Octets of the line.
    pub range: Range<usize>,
    /// How they are to look.
    pub class: Class,
}

/// How a line is to look while it is typed. Beyond `LINE_MAX` octets only secrets are said.
pub fn paint(view: &View, typed: &str) -> Vec<Span> {
    let mut spans = match &view.mode {
        Mode::Command => command(view, typed),
        // A lone * cancels and is no secret.
        Mode::Literal { .. } if view.facts.hidden => vec![span(0..typed.len(), Class::Secret)],
        Mode::Answer { .. } if typed != "*" => vec![span(0..typed.len(), Class::Secret)],
        _ => Vec::new(),
    };
    if typed.len() > LINE_MAX {
        spans.retain(|span| span.class == Class::Secret);
    }
    spans.retain(|span| !span.range.is_empty());
    spans
}

fn command(view: &View, typed: &str) -> Vec<Span> {
    if let Some(rest) = typed
        .strip_prefix(':')
        .filter(|rest| !rest.starts_with(':'))
    {
        let name = rest.split(' ').next().unwrap_or_default();
        let begins = view.console.iter().any(|c| c.name.starts_with(name));
        let known = console::named(view, name).is_some() || !rest.contains(' ') && begins;
        let class = if known {
            Class::Console
        } else {
            Class::Unknown
        };
        let mut spans = vec![span(0..name.len() + 1, class)];
        let secret = inside(view, rest).find_map(|at| {
            let mut spans = protocol_line(view, &rest[at..]).into_iter();
            let secret = spans.find(|s| s.class == Class::Secret)?;
            Some(secret.range.start + at + 1)
        });
        let mut open = secret.unwrap_or(typed.len());
        for range in super::secrets(typed, view.facts.hidden) {
            if range.end < open {
                spans.push(span(range, Class::Secret));
            } else {
                open = open.min(range.start);
            }
        }
        spans.push(span(open..typed.len(), Class::Secret));
        return spans;
    }
    if typed.starts_with("::") {
        // A line that begins with a colon: no verb, and its secret is one all the same.
        let bare = typed.trim_start_matches(':');
        let from = typed.len() - bare.len();
        let word = bare.split(' ').next().unwrap_or_default();
        let secrets = protocol_line(view, bare).into_iter();
        let secrets = secrets.filter(|s| s.class == Class::Secret);
        let moved = secrets.map(|s| span(s.range.start + from..s.range.end + from, s.class));
        let name = span(0..from + word.len(), Class::Unknown);
        return std::iter::once(name).chain(moved).collect();
    }
    protocol_line(view, typed)
}

/// Where a console command holds protocol lines: its first word that is a verb, quoted or not, and
/// what stands behind each line end that is written out, as `:raw` has it.
fn inside(view: &View, rest: &str) -> impl Iterator<Item = usize> {
    let is_verb = |at: &usize| view.spec.verb(&rest.as_bytes()[*at..]).is_some();
    let words = rest.match_indices([' ', '"']).map(|(at, _)| at + 1);
    let first = words.into_iter().find(is_verb);
    let lines = rest.match_indices("\\n").map(|(at, _)| at + 2);
    first.into_iter().chain(lines.filter(is_verb))
}

fn protocol_line(view: &View, typed: &str) -> Vec<Span> {
    let (start, name, verb) = verbs::typed(view, typed);
    let Some(verb) = verb else {
        let word = &typed[start..];
        let begun = view
            .spec
            .verbs
            .iter()
            .any(|v| super::case::starts(v.name, word));
        if view.facts.hidden && !begun && typed != "*" {
            return vec![span(0..typed.len(), Class::Secret)];
        }
        let class = if begun { Class::Legal } else { Class::Unknown };
        // What can still become a verb is not marked: every verb begins as a stranger.
        return if begun {
            Vec::new()
        } else {
            vec![span(start..start + name.len(), class)]
        };
    };
    let class = match view.situation().standing(verb) {
        Standing::Legal => Class::Legal,
        _ => Class::NotNow,
    };
    let mut spans = vec![span(start..start + name.len(), class)];
    if let Secrecy::AfterWord(open) = verb.secret {
        let open = open.saturating_sub(verb.name.split(' ').count());
        let args = words(
            typed,
            (start + name.len() + 1).min(typed.len()),
            Quoting::of(view),
        );
        if let Some(first) = args.get(open).filter(|w| !w.text.is_empty()) {
            spans.push(span(first.start..typed.len(), Class::Secret));
        }
    }
    spans
}

fn span(range: Range<usize>, class: Class) -> Span {
    Span { range, class }
}
