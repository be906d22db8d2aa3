//! Our own words about what happened: information, remarks, advice.

use super::{Mark, Renderer};
use crate::error::Error;
use crate::proto::event::{Advice, Event, Oddity};
use crate::sasl::Told;
use crate::session::{Happening, Timed};
use crate::ui::block::wrap;
use crate::ui::meant::nearest;
use crate::ui::style::{Role, Styled};
use crate::ui::units;
use crate::wire::show::show;

/// Columns of the gutter.
const GUTTER: usize = 4;
/// Narrower than this nothing is wrapped.
const NARROWEST: usize = 20;

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
                "no greeting yet: some servers wait on purpose; if this port speaks TLS at once: --tls",
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
                vec![Mark::Meaning.line(show(text.as_bytes(), self.style.look.charset))]
            }
            Event::Oddity(oddity) => {
                let text = oddity_text(oddity);
                vec![Mark::Remark.line(show(text.as_bytes(), self.style.look.charset))]
            }
            Event::Told(told) => told.iter().flat_map(|t| self.told(t)).collect(),
            _ => Vec::new(),
        }
    }
}

impl Renderer {
    /// A step of a login: one clause, wrapped where the width is known, and with explanations on a
    /// line for each field.
    fn told(&self, told: &Told) -> Vec<Styled> {
        let safe = |text: &str| show(text.as_bytes(), self.style.look.charset).into_owned();
        let text = safe(&told.text);
        let lines = match self.style.look.width {
            Some(width) => wrap(&text, width.saturating_sub(GUTTER).max(NARROWEST)),
            None => vec![text],
        };
        let clause = lines.into_iter().enumerate().map(|(n, line)| match n {
            0 => Mark::Meaning.line(line),
            _ => Styled::new(Role::Dim, format!("    {line}")),
        });
        let fields = if self.style.explain {
            told.fields.as_slice()
        } else {
            &[]
        };
        let fields = fields
            .iter()
            .map(|field| Styled::new(Role::Dim, format!("      {}", safe(field))));
        clause.chain(fields).collect()
    }
}

/// What went wrong, and what helps.
fn fault(error: &Error) -> Vec<Styled> {
    let hints = error
        .hints
        .iter()
        .map(|(label, text)| Styled::plain(format!("    {label:<9} {text}")));
    std::iter::once(Mark::Remark.line(error.what.clone()))
        .chain(hints)
        .collect()
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
        Advice::WrongPhase { verb, phases } => {
            let phases: Vec<_> = phases.iter().map(|phase| phase.0).collect();
            format!(
                "{verb} does not belong here but in {} (sent as typed)",
                phases.join(", ")
            )
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
