//! SMTP's arguments: paths, and the parameters that EHLO allows.

use super::place::Args;
use super::values::addresses;
use super::{Candidate, View, case};
use crate::knowledge::{self, SmtpParameter};

/// Parameters that come first in lists, being the ones in daily use.
const USUAL: &[&str] = &[
    "SIZE", "BODY", "SMTPUTF8", "NOTIFY", "ORCPT", "RET", "ENVID",
];

/// The keyword of a path's hint, with its colon: "FROM:" of "FROM:<reverse-path>".
pub(super) fn path_keyword(hint: &'static str) -> &'static str {
    hint.split('<').next().unwrap_or_default()
}

/// `FROM:<…>` and `TO:<…>`: addresses used before, and the null sender for FROM.
pub(super) fn paths(view: &View, keyword: &str, partial: &str, small: bool) -> Vec<Candidate> {
    let keyword_typed = partial.len().min(keyword.len());
    if !case::starts(keyword, &partial[..floor(partial, keyword_typed)]) {
        return Vec::new();
    }
    let head = if partial.len() >= keyword.len() {
        partial[..keyword.len()].to_owned()
    } else {
        case::follow_hint(keyword, small)
    };
    let inside = partial.get(keyword.len()..).unwrap_or_default();
    let Some(inside) = inside
        .strip_prefix('<')
        .or_else(|| inside.is_empty().then_some(""))
    else {
        return Vec::new();
    };
    let mut found: Vec<_> = addresses(view, inside)
        .into_iter()
        .map(|used| Candidate::new(format!("{head}<{}>", used.text), used.description))
        .collect();
    if inside.is_empty() {
        found.push(Candidate::new(
            format!("{head}<"),
            "an address in angle brackets, no blank before it",
        ));
        if keyword.eq_ignore_ascii_case("FROM:") {
            found.push(Candidate::new(
                format!("{head}<>"),
                "the null sender, for bounces",
            ));
        }
    }
    found
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What is missing of a path.
pub(super) fn path_rest(hint: &'static str, partial: &str, small: bool) -> String {
    let keyword = path_keyword(hint);
    let path = &hint[keyword.len()..];
    if let Some(rest) = case::rest(keyword, partial) {
        return format!("{}{path}", case::follow_hint(rest, small));
    }
    match partial.get(keyword.len()..) {
        Some("<") => path.trim_start_matches('<').to_owned(),
        Some(path) if path.starts_with('<') && !path.ends_with('>') => ">".to_owned(),
        _ => String::new(),
    }
}

/// Host names said before.
pub(super) fn hosts(view: &View, partial: &str) -> Vec<Candidate> {
    let Ok(known) = view.known.read() else {
        return Vec::new();
    };
    let hosts = known.hosts(partial).into_iter();
    hosts
        .map(|host| Candidate::new(host, "said before"))
        .collect()
}

/// The parameters of a command that the server offers; the usual ones when it was not asked.
pub(super) fn allowed(view: &View, command: &str) -> Vec<&'static SmtpParameter> {
    let rows = knowledge::SMTP_PARAMETERS.rows().iter();
    let mut rows: Vec<_> = rows
        .filter(|row| row.command.split(", ").any(|c| c == command))
        .filter(|row| {
            if view.offers.known {
                let keyword = row.required_keyword.split([' ', ',']).next();
                keyword.is_some_and(|keyword| view.offers.has(keyword))
            } else {
                USUAL.contains(&row.parameter)
            }
        })
        .collect();
    let rank = |row: &&SmtpParameter| USUAL.iter().position(|u| *u == row.parameter);
    rows.sort_by_key(|row| rank(row).unwrap_or(USUAL.len()));
    rows
}

/// The values of a parameter that this server can take.
fn values(view: &View, row: &SmtpParameter) -> Vec<&'static str> {
    let values = row.values.split(' ').filter(|v| !v.is_empty());
    values
        .filter(|value| *value != "BINARYMIME" || view.offers.has("BINARYMIME"))
        .collect()
}

/// A parameter's hint, with the values that this server can take.
pub(super) fn hint_of(view: &View, row: &SmtpParameter) -> String {
    match (row.hint.split_once('='), row.parameter) {
        (Some((name, _)), "BODY") => format!("{name}={}", values(view, row).join("|")),
        _ => row.hint.to_owned(),
    }
}

/// Parameters, and behind the "=" their values.
pub(super) fn parameters(view: &View, command: &str, args: &Args<'_>) -> Vec<Candidate> {
    let partial = args.word.text;
    let allowed = allowed(view, command);
    if let Some((name, value)) = partial.split_once('=') {
        let row = allowed
            .into_iter()
            .find(|row| row.parameter.eq_ignore_ascii_case(name));
        return row.map_or_else(Vec::new, |row| {
            let all = values(view, row)
                .into_iter()
                .filter(|v| case::starts(v, value));
            all.map(|v| {
                let text = format!("{name}={}", case::follow(v, partial));
                Candidate::new(text, about(view, row))
            })
            .collect()
        });
    }
    let typed = |row: &&SmtpParameter| {
        args.done.iter().any(|w| {
            w.text
                .split('=')
                .next()
                .is_some_and(|n| n.eq_ignore_ascii_case(row.parameter))
        })
    };
    allowed
        .into_iter()
        .filter(|row| case::starts(row.parameter, partial) && !typed(row))
        .map(|row| {
            let equals = if row.hint.contains('=') { "=" } else { "" };
            let text = format!("{}{equals}", row.parameter);
            Candidate::new(text, about(view, row)).of(hint_of(view, row), source(row))
        })
        .collect()
}

fn about(view: &View, row: &SmtpParameter) -> String {
    let limit = match (row.parameter, view.offers.rest("SIZE")) {
        ("SIZE", Some(max))
            if max.bytes().all(|b| b.is_ascii_digit()) && !max.is_empty() && max != "0" =>
        {
            format!(", at most {max} here")
        }
        _ => String::new(),
    };
    format!("{}{limit}", row.summary)
}

/// The first of the documents that define a parameter.
fn source(row: &SmtpParameter) -> &'static str {
    row.source.split([';', ',']).next().unwrap_or_default()
}

/// What is missing of a parameter.
pub(super) fn parameter_rest(view: &View, command: &str, partial: &str, small: bool) -> String {
    let allowed = allowed(view, command);
    if let Some((name, value)) = partial.split_once('=') {
        let Some(row) = allowed
            .into_iter()
            .find(|row| row.parameter.eq_ignore_ascii_case(name))
        else {
            return String::new();
        };
        let all = values(view, row);
        if value.is_empty() {
            let hint = hint_of(view, row);
            let syntax = hint.split_once('=').map_or("", |(_, syntax)| syntax);
            return case::follow_hint(syntax, small);
        }
        let rest = all.into_iter().find_map(|v| case::rest(v, value));
        return case::follow_hint(rest.unwrap_or_default(), small);
    }
    let hint = allowed
        .into_iter()
        .find_map(|row| case::rest(&hint_of(view, row), partial).map(str::to_owned));
    case::follow_hint(&hint.unwrap_or_default(), small)
}
