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
    .note(match is_secret(talk, name) {
        true => format!(
            "--secret {name}=COMMAND or EHLO_SECRET_{name} gives it one that stays masked; \
             {{{{{name}}} sends the braces"
        ),
        false => {
            format!("--var {name}=… or EHLO_VAR_{name} gives it one; {{{{{name}}} sends the braces")
        }
    });
    Box::new(fault)
}

/// True for names that passwords and tokens have, that a comment of the talk gives with `--secret`,
/// or that stand where a login has its secret.
fn is_secret(talk: &Talk, name: &str) -> bool {
    let telling = ["password", "passwd", "passphrase", "token", "secret"];
    if name == "pass" || telling.iter().any(|word| name.contains(word)) {
        return true;
    }
    let given = format!("--secret {name}=");
    let braces = format!("{{{name}}}");
    talk.source.lines().map(str::trim_start).any(|line| {
        if line.starts_with('#') {
            return line.contains(&given);
        }
        let Some(text) = line.strip_prefix("C:") else {
            return false;
        };
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let secret = match words.first().map(|verb| verb.to_ascii_uppercase()) {
            Some(verb) if verb == "PASS" => words.get(1..),
            Some(verb) if matches!(verb.as_str(), "LOGIN" | "AUTH" | "AUTHENTICATE") => {
                words.get(2..)
            }
            _ => None,
        };
        secret.is_some_and(|words| words.iter().any(|word| word.contains(&braces)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str, name: &str) -> String {
        let talk = crate::script::parse(text, "t.talk").expect("a talk");
        unset(&talk, name, Span::default()).notes.concat()
    }

    #[test]
    fn secrets_are_not_asked_for_on_the_command_line() {
        for (text, name) in [
            ("C: NOOP {password}\nS: 2\n", "password"),
            ("C: NOOP {access_token}\nS: 2\n", "access_token"),
            ("# --secret key=COMMAND\nC: NOOP {key}\nS: 2\n", "key"),
            ("C: pass {key}\nS: +OK\n", "key"),
            ("C: LOGIN {who} \"{key}\"\nS: OK\n", "key"),
            ("C: AUTH PLAIN {key}\nS: 235\n", "key"),
            ("C: AUTHENTICATE PLAIN {key}\nS: OK\n", "key"),
        ] {
            let note = note(text, name);
            let wanted = format!("--secret {name}=COMMAND or EHLO_SECRET_{name} ");
            assert!(note.starts_with(&wanted), "{text}: {note}");
            assert!(!note.contains("VAR"), "{text}: {note}");
        }
        for (text, name) in [
            ("C: LOGIN {who} {password}\nS: OK\n", "who"),
            ("C: USER {who}\nS: +OK\n", "who"),
            ("auth PLAIN {who}\nS: 235\n", "who"),
        ] {
            let note = note(text, name);
            assert!(
                note.starts_with("--var who=… or EHLO_VAR_who "),
                "{text}: {note}"
            );
        }
    }
}
