//! Our own words about what happened: information, remarks, advice.

use super::{Mark, Renderer};
use crate::error::Error;
use crate::proto::event::{Advice, Event, Oddity};
use crate::sasl::Told;
use crate::session::{Happening, Timed};
use crate::ui::help::{is_always, when};
use crate::ui::marks::safe;
use crate::ui::meant::nearest;
use crate::ui::style::{Role, Styled};
use crate::ui::units;

impl Renderer {
    pub(super) fn notes(&self, timed: &Timed) -> Vec<Styled> {
        if self.style.quiet {
            return Vec::new();
        }
        match &timed.what {
            Happening::Attempt(attempt) => vec![Mark::Info.line(attempt.to_string())],
            Happening::Engine(event) => self.event_notes(event),
            Happening::Tls(report) => crate::ui::tls::short(report),
            Happening::Untrusted(report) => crate::ui::tls::untrusted(report),
            Happening::Silence(_) => vec![Mark::Info.line(
                "no greeting yet: some servers wait on purpose; if this port speaks TLS at once: --tls, here :open --tls",
            )],
            Happening::SpeaksTls(error) => fault(error),
            Happening::Ended(Some(error)) if !error.shown => fault(error),
            Happening::Ended(_) | Happening::Drained => Vec::new(),
        }
    }

    fn event_notes(&self, event: &Event) -> Vec<Styled> {
        match event {
            Event::Advice(advice) => {
                let text = advice_text(advice, self.protocol);
                vec![Mark::Meaning.line(safe(text.as_bytes(), &self.style.look))]
            }
            Event::Oddity(oddity) => {
                let text = oddity_text(oddity);
                vec![Mark::Remark.line(safe(text.as_bytes(), &self.style.look))]
            }
            Event::Told(told) => told.iter().flat_map(|t| self.told(t)).collect(),
            _ => Vec::new(),
        }
    }
}

impl Renderer {
    /// A step of a login: one clause, and with explanations on a line for each field.
    fn told(&self, told: &Told) -> Vec<Styled> {
        let safe = |text: &str| safe(text.as_bytes(), &self.style.look);
        let clause = std::iter::once(Mark::Meaning.line(safe(&told.text)));
        let fields = if self.style.explain {
            told.fields.as_slice()
        } else {
            &[]
        };
        let fields = fields
            .iter()
            .map(|field| Styled::plain("      ").with(Role::Dim, safe(field)));
        clause.chain(fields).collect()
    }
}

/// Where the text of a hint begins.
const HINT_TEXT: usize = 12;

/// What went wrong, and what helps.
fn fault(error: &Error) -> Vec<Styled> {
    let hints = error.hints.iter().map(|(label, text)| {
        Styled::plain(format!("    {label:<9} ")).with(Role::Plain, text.clone())
    });
    std::iter::once(Mark::Remark.line(error.what.clone()))
        .chain(hints)
        .collect()
}

/// An error in rows: what, and under it the hints, each behind its label.
pub fn complaint(error: &Error) -> Vec<Styled> {
    let text = error.to_string();
    let row = |line: &str| match line.split_at_checked(HINT_TEXT) {
        Some((label, text)) if label.starts_with("  ") => {
            Styled::plain(label).with(Role::Plain, text)
        }
        _ => Styled::plain(line),
    };
    text.lines().map(row).collect()
}

/// Advice in words.
pub fn advice_text(advice: &Advice, protocol: Option<&'static crate::proto::Protocol>) -> String {
    let name = protocol.map_or_else(|| "mail".to_owned(), |p| p.name.to_ascii_uppercase());
    match advice {
        Advice::UnknownVerb { word } => {
            let verbs = protocol
                .into_iter()
                .flat_map(|p| p.spec.verbs)
                .map(|verb| verb.name);
            let word_shown: String = word.chars().take(40).collect();
            match nearest(word, verbs) {
                Some(meant) => {
                    format!("{word_shown} is no {name} verb; did you mean {meant}? (sent as typed)")
                }
                None => format!("{word_shown} is no {name} verb (sent as typed)"),
            }
        }
        Advice::WrongPhase { verb, phases } if is_always(phases) => {
            format!("{verb} comes behind the goodbye (sent as typed)")
        }
        Advice::WrongPhase { verb, phases } => {
            format!("{verb} comes {} (sent as typed)", when(phases))
        }
        Advice::NotAdvertised { what, needs } => {
            format!("{what} needs {needs}, which the server did not offer (sent as typed)")
        }
        Advice::TagKept { tag } => format!("{tag} is taken as your own tag"),
        Advice::Syntax(text) => format!("{text} (sent as typed)"),
        Advice::Remark(text) => text.clone(),
    }
}

fn oddity_text(oddity: &Oddity) -> String {
    match oddity {
        Oddity::BytesAfterStartTls { octets } => format!(
            "response injection: {} octets in the clear stood behind the go-ahead for TLS; dropped unread",
            units::grouped(*octets as u64)
        ),
        Oddity::BareLf => "lines end in a bare LF; the protocol demands CR LF".to_owned(),
        Oddity::Hostile(place) => {
            format!("{place} holds control characters; they are shown, not obeyed")
        }
        Oddity::Other(text) => text.clone(),
    }
}
