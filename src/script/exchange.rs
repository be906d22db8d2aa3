//! The lines of a talk without a connection: for tests that replay it against engines.

use super::ast::{Action, Expect, Span, Step, Talk};
use super::pattern::Values;
use super::template::Template;
use crate::ui::diag::Diag;

/// One line or act of a talk, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken<'t> {
    /// `session NAME`: what follows is said there.
    Session(&'t str),
    /// A connection is made; `None` is the practice server.
    Open(Option<String>),
    /// The client says this line (`C:`, `together`), or these octets (`raw`).
    Client {
        /// Without its line end, unless raw.
        bytes: Vec<u8>,
        /// True for `raw`.
        raw: bool,
        /// Where it stands.
        span: Span,
    },
    /// The server is expected to say a line that fits.
    Server(&'t Expect),
    /// `--`: the next reply.
    NextReply,
    /// Anything else: `starttls`, `auth`, `data` …
    Other(&'t Step),
}

/// The talk's lines with the given values filled in.
///
/// # Errors
/// A name without a value, with its place.
pub fn exchange<'t>(talk: &'t Talk, values: &Values) -> Result<Vec<Spoken<'t>>, Box<Diag>> {
    let fill = |template: &Template| {
        template
            .fill(|name| values.get(name).map(Vec::as_slice))
            .map_err(|(name, span)| unset(talk, &name, span))
    };
    let mut spoken = Vec::new();
    for step in &talk.steps {
        match &step.action {
            Action::Session { name } => spoken.push(Spoken::Session(name)),
            Action::Open { target, .. } => {
                let target = match target {
                    Some(target) => Some(String::from_utf8_lossy(&fill(target)?).into_owned()),
                    None => None,
                };
                spoken.push(Spoken::Open(target));
            }
            Action::Say(text) => spoken.push(Spoken::Client {
                bytes: fill(text)?,
                raw: false,
                span: step.span,
            }),
            Action::Raw(text) => spoken.push(Spoken::Client {
                bytes: fill(text)?,
                raw: true,
                span: step.span,
            }),
            Action::Together { lines, .. } => {
                for part in lines {
                    spoken.push(Spoken::Client {
                        bytes: fill(&part.text)?,
                        raw: part.raw,
                        span: part.span,
                    });
                }
            }
            _ => spoken.push(Spoken::Other(step)),
        }
        for (index, group) in step.groups.iter().enumerate() {
            if index > 0 {
                spoken.push(Spoken::NextReply);
            }
            spoken.extend(group.iter().map(Spoken::Server));
        }
    }
    Ok(spoken)
}

/// The fault of a name without a value.
pub(super) fn unset(talk: &Talk, name: &str, span: Span) -> Box<Diag> {
    let fault = Diag::new(
        &talk.name,
        &talk.source,
        span,
        format!("{{{name}}} has no value here"),
    )
    .label("not set, not captured above")
    .note(format!(
        "--var {name}=… or EHLO_VAR_{name} gives it one; {{{{{name}}} sends the braces"
    ));
    Box::new(fault)
}
