//! Counts of IMAP literals against the lines that follow them (RFC 9051 4.3).
//!
//! Only sessions that the talk itself opens as IMAP are looked at, and only lines without
//! variables; the runner checks the rest when it knows the octets.

use std::collections::BTreeMap;

use super::ast::{Action, Break, ExpectKind, Span, Step, Talk};
use crate::ui::diag::Diag;
use crate::wire::octets::announced;

/// Checks every count.
///
/// # Errors
/// The first count that does not fit, with its place.
pub(super) fn check(talk: &Talk) -> Result<(), Box<Diag>> {
    let mut default_is_imap = false;
    let mut session = "main";
    let mut imap: BTreeMap<&str, bool> = BTreeMap::new();
    let mut index = 0;
    while let Some(step) = talk.steps.get(index) {
        match &step.action {
            Action::OnPractice { protocol } => {
                default_is_imap = protocol.as_deref().is_some_and(is_imap);
            }
            Action::Session { name } => session = name,
            Action::Open { target, .. } => {
                let is = match target {
                    None => default_is_imap,
                    Some(target) => target
                        .fixed()
                        .and_then(|t| std::str::from_utf8(t).ok())
                        .is_some_and(is_imap),
                };
                imap.insert(session, is);
            }
            Action::Say(line) if imap.get(session) == Some(&true) => {
                let excused = index > 0
                    && talk.steps[index - 1].action == Action::Break(Break::WrongLiteralSize);
                if let Some(text) = line.fixed()
                    && !excused
                {
                    let whole;
                    (index, whole) = literal(talk, index, text, line.span)?;
                    if !whole {
                        // Another session has the word inside it: from here the runner counts.
                        imap.insert(session, false);
                    }
                    continue;
                }
            }
            _ => {}
        }
        index += 1;
    }
    Ok(())
}

fn is_imap(target: &str) -> bool {
    let scheme = target.split(':').next().unwrap_or_default();
    matches!(scheme.to_ascii_lowercase().as_str(), "imap" | "imaps")
}

/// Follows the literals that the line at `index` may announce; the index of the next step, and whether
/// they end before it.
fn literal(talk: &Talk, index: usize, line: &[u8], span: Span) -> Result<(usize, bool), Box<Diag>> {
    let fault = |span: Span, what: String, label: &str| {
        Err(Box::new(
            Diag::new(&talk.name, &talk.source, span, what).label(label),
        ))
    };
    let (mut index, mut line, mut span) = (index, line, span);
    // Each turn is one literal: what stands behind it on its last line may announce the next.
    'literals: loop {
        let count = match announced(line) {
            Ok(None) => return Ok((index + 1, true)),
            Ok(Some(count)) => count,
            Err(_) => {
                let label = "wrong-literal-size before it sends it";
                return fault(span, "this is no octet count".to_owned(), label);
            }
        };
        if expects_refusal(&talk.steps[index]) && !count.at_once {
            return Ok((index + 1, true));
        }
        let place = at_count(span, line);
        let holds = |held: u64| {
            format!(
                "this announces {} octets, the lines behind it hold {held}",
                count.octets
            )
        };
        let mut left = count.octets;
        let mut held: u64 = 0;
        loop {
            index += 1;
            let text = match talk.steps.get(index).map(|step| &step.action) {
                Some(Action::Say(text)) => text,
                Some(Action::Break(_) | Action::Raw(_)) => return Ok((index, true)),
                Some(Action::Session { .. }) => return Ok((index, false)),
                _ => return fault(place, holds(held.saturating_sub(2)), "does not fit"),
            };
            let Some(bytes) = text.fixed() else {
                return Ok((index + 1, true));
            };
            let length = bytes.len() as u64;
            if length >= left {
                let cut = usize::try_from(left).unwrap_or(bytes.len());
                (line, span) = (&bytes[cut..], text.span);
                continue 'literals;
            }
            if length + 1 == left {
                let what = "this count ends between CR and LF".to_owned();
                return fault(place, what, "does not fit");
            }
            if !talk.steps[index].groups.is_empty() {
                return fault(place, holds(held + length), "does not fit");
            }
            left -= length + 2;
            held += length + 2;
        }
    }
}

/// The place of the count at the end of the line.
fn at_count(span: Span, line: &[u8]) -> Span {
    let digits = line.iter().rev().take_while(|b| **b != b'{').count() + 1;
    let length = u32::try_from(digits).unwrap_or(1).min(span.length);
    Span {
        column: span.column + span.length - length,
        length,
        ..span
    }
}

fn expects_refusal(step: &Step) -> bool {
    let first = step.groups.first().and_then(|group| group.first());
    first.is_some_and(|expect| {
        let text = expect.shape.literal_start();
        let status = text.split(|b| *b == b' ').take(2);
        expect.kind == ExpectKind::Must && status.into_iter().any(|w| w == b"NO" || w == b"BAD")
    })
}
