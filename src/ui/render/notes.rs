//! Our own words about what happened: information, remarks, advice.

use super::{Mark, Renderer};
use crate::proto::event::{Advice, Event, Oddity};
use crate::session::{Happening, Timed};
use crate::ui::meant::nearest;
use crate::ui::style::Styled;
use crate::ui::units;
use crate::wire::show::show;

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
            Happening::Ended(Some(error)) if !error.shown => {
                let hints = error.hints.iter().map(|(label, text)| Styled::plain(format!("    {label:<9} {text}")));
                std::iter::once(Mark::Remark.line(error.what.clone())).chain(hints).collect()
            }
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
            Event::Told(told) => {
                let lines = told
                    .iter()
                    .map(|t| show(t.text.as_bytes(), self.style.look.charset).into_owned());
                lines.map(|text| Mark::Meaning.line(text)).collect()
            }
            _ => Vec::new(),
        }
    }
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
