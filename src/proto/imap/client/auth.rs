//! AUTHENTICATE, by hand and by mechanism (RFC 9051 6.2.2, RFC 4959).

use super::Client;
use super::command::{Command, Kind};
use super::literal::Piece;
use super::turn::Turn;
use super::veil::Veil;
use crate::proto::engine::Refusal;
use crate::proto::event::{Event, Exchange, FailureKind, Oddity, Sent, SentKind};
use crate::proto::imap::spec::SPEC;
use crate::proto::lines::{Heeded, Login, travels_in_clear, word};
use crate::sasl::{About, Mechanism};
use crate::wire::b64;
use crate::wire::secret::{MASK, Secret};

/// The longest mechanism name that is repeated.
const NAME_MAX: usize = 40;

/// An AUTHENTICATE that was typed.
pub(super) fn typed(exchange: Exchange, command: &[u8]) -> Login {
    let name = word(command, 1);
    Login::by_hand(
        exchange,
        &name[..name.len().min(NAME_MAX)],
        word(command, 2),
    )
}

impl Client {
    /// A login by mechanism: a new AUTHENTICATE, or the one under way taken over.
    pub(super) fn submit_auth(&mut self, helper: Box<dyn Mechanism>) -> Result<Exchange, Refusal> {
        if let Turn::Answer { challenge, .. } = &self.turn {
            let challenge = challenge.clone();
            return self.take_over(helper, &challenge);
        }
        if let Some(why) = self.not_a_command() {
            return Err(Refusal::NotNow(why));
        }
        let name = helper.name();
        if travels_in_clear(name.as_bytes()) {
            self.may_send_credential()?;
        }
        let (mut login, initial) = Login::by_mechanism(Exchange(self.exchanges + 1), helper)
            .map_err(|why| Refusal::Sasl(why.0))?;
        let mut wire = format!("AUTHENTICATE {name}");
        let mut shown = wire.clone();
        if let Some(message) = initial {
            if self.does_offer("SASL-IR IMAP4REV2") {
                login.said(message.expose());
                let (text, mask) = match message.is_empty() {
                    true => ("=".to_owned(), "="),
                    false => (b64::encode(message.expose()), MASK),
                };
                wire = format!("{wire} {text}");
                shown = format!("{shown} {mask}");
            } else {
                login.hold(message);
            }
        }
        let pieces = vec![Piece::Line {
            wire: Secret::new(wire),
            shown: shown.into_bytes(),
        }];
        let exchange = self.compose("AUTHENTICATE", Kind::Authenticate(login), pieces);
        self.tell(About::Sent);
        self.advise_mechanism(name, false);
        Ok(exchange)
    }

    fn take_over(
        &mut self,
        helper: Box<dyn Mechanism>,
        challenge: &Secret,
    ) -> Result<Exchange, Refusal> {
        let Some(login) = self.newest_login() else {
            return Err(Refusal::NotNow("no login is under way"));
        };
        if !login.name.eq_ignore_ascii_case(helper.name()) {
            return Err(Refusal::NotNow("another mechanism's exchange is under way"));
        }
        let message = login
            .taken_over(helper, challenge)
            .map_err(|why| Refusal::Sasl(why.0))?;
        self.tell(About::Heard);
        self.answer(&message);
        Ok(self.newest())
    }

    /// Puts a command of the engine's own under way.
    pub(super) fn compose(&mut self, name: &str, kind: Kind, mut pieces: Vec<Piece>) -> Exchange {
        let exchange = self.next_exchange();
        let tag = self.tags.take();
        if let Some(Piece::Line { wire, shown }) = pieces.first_mut() {
            *wire = Secret::new([tag.as_bytes(), b" ", wire.expose()].concat());
            *shown = [tag.as_bytes(), b" ", shown.as_slice()].concat();
        }
        self.commands.push_back(Command {
            exchange,
            tag: tag.into_bytes(),
            to: name.to_owned(),
            verb: SPEC.verb_named(name),
            kind,
            veil: Veil::default(),
            lines: 0,
            content: 0,
            saw_offers: false,
        });
        self.script = pieces.into();
        self.play(false);
        exchange
    }

    /// Why no command can begin now, if none can.
    pub(super) fn not_a_command(&self) -> Option<&'static str> {
        match self.turn {
            Turn::Free => None,
            Turn::Idle => Some("IDLE runs: DONE ends it"),
            Turn::Literal { .. } => Some("a literal is not complete"),
            Turn::Answer { .. } => Some("another login is under way"),
            _ => self.turn.blocked(),
        }
    }

    /// A challenge came: a person answers, or the mechanism does.
    pub(super) fn challenged(&mut self, text: &[u8]) {
        let Some(login) = self.newest_login() else {
            return;
        };
        let mechanism = login.name.clone();
        let heeded = login.challenged(text);
        self.tell(About::Heard);
        match heeded {
            Heeded::Ask(challenge) => {
                self.turn = Turn::Answer {
                    mechanism,
                    challenge,
                };
            }
            Heeded::Say(message) => self.answer(&message),
            Heeded::GiveUp(why) => {
                self.event(Event::Oddity(Oddity::Other(format!(
                    "{mechanism}: {why}; the exchange is cancelled"
                ))));
                self.cancel_auth(true);
            }
            Heeded::Deaf => self.fail(
                FailureKind::Protocol,
                "the server goes on with a login that was cancelled",
            ),
        }
    }

    /// Sends what the mechanism says.
    fn answer(&mut self, message: &Secret) {
        if let Some(login) = self.newest_login() {
            login.said(message.expose());
        }
        let text = Secret::new(b64::encode(message.expose()));
        self.send_answer(text.expose(), true);
        self.tell(About::Sent);
    }

    /// A typed answer, sent as it is.
    pub(super) fn submit_answer(&mut self, line: &[u8]) -> Exchange {
        if let Some(login) = self.newest_login() {
            login.typed(line);
        }
        self.send_answer(line, false)
    }

    pub(super) fn cancel_auth(&mut self, differs: bool) -> Exchange {
        if let Some(login) = self.newest_login() {
            login.cancel();
        }
        self.send_answer(b"*", differs)
    }

    fn send_answer(&mut self, line: &[u8], differs: bool) -> Exchange {
        let exchange = self.newest();
        let masked = !line.is_empty() && line != b"*";
        let shown = if masked { MASK.as_bytes() } else { line };
        let sent = Sent {
            exchange,
            shown: shown.to_vec(),
            clear: self.clear_text(line, masked),
            kind: SentKind::Answer,
            octets: line.len() as u64 + 2,
            differs,
        };
        self.turn = Turn::ChallengeDue;
        self.send(sent, [line, b"\r\n"].concat());
        exchange
    }

    fn tell(&mut self, about: About) {
        let told = self.newest_login().map(|login| login.told(about));
        self.told(told.unwrap_or_default());
    }

    fn newest_login(&mut self) -> Option<&mut Login> {
        match &mut self.commands.back_mut()?.kind {
            Kind::Authenticate(login) => Some(login),
            _ => None,
        }
    }
}

/// True for challenges that hold no secret: none, and the prompts of LOGIN.
pub(super) fn is_harmless(challenge: &[u8]) -> bool {
    let decoded = b64::decode(challenge).unwrap_or_else(|_| challenge.to_vec());
    let prompts: [&[u8]; 5] = [b"", b"USERNAME:", b"USER NAME", b"USERNAME", b"PASSWORD:"];
    let word = decoded.to_ascii_uppercase();
    let word = word.strip_suffix(b"\0").unwrap_or(&word);
    prompts.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_prompts_are_harmless() {
        assert!(is_harmless(b""));
        assert!(is_harmless(b"VXNlcm5hbWU6"));
        assert!(is_harmless(b"UGFzc3dvcmQ6"));
        assert!(!is_harmless(b"cj1hYmM="));
    }
}
