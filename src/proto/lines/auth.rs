//! The steps of a SASL exchange on the wire, the same for SMTP and POP3 but for the reply codes.

use super::super::engine::Refusal;
use super::super::event::{Exchange, FailureKind};
use super::{Heeded, Login, Talk, travels_in_clear};
use crate::sasl::{About, Mechanism};
use crate::wire::b64;
use crate::wire::secret::Secret;

/// What a challenge led to.
#[derive(Debug)]
pub(crate) enum Next {
    /// A person must answer this.
    Ask(Secret),
    /// An answer or a cancel went out: the next reply is owed.
    Owed,
    /// The conversation failed.
    Over,
}

impl Talk {
    /// The command line that begins an exchange led by a mechanism. An initial response that makes
    /// the line longer than `most` octets waits for the first challenge (RFC 4954 4, RFC 5034 4).
    pub(crate) fn auth_line(
        exchange: Exchange,
        mechanism: Box<dyn Mechanism>,
        most: usize,
    ) -> Result<(Login, Secret), Refusal> {
        let mut line = format!("AUTH {}", mechanism.name());
        let (mut login, initial) =
            Login::by_mechanism(exchange, mechanism).map_err(|e| Refusal::Sasl(e.0))?;
        if let Some(initial) = initial {
            let framed = match initial.expose() {
                [] => "=".to_owned(),
                octets => b64::encode(octets),
            };
            if line.len() + 1 + framed.len() + 2 > most {
                login.hold(initial);
            } else {
                login.said(initial.expose());
                line.push(' ');
                line.push_str(&framed);
            }
        }
        Ok((login, Secret::new(line)))
    }

    /// Sends a typed answer.
    pub(crate) fn typed_answer(
        &mut self,
        login: &mut Login,
        line: &[u8],
    ) -> Result<Exchange, Refusal> {
        let clear = travels_in_clear(login.name.as_bytes()) && !matches!(line, b"" | b"*");
        if clear && self.credential_barred() {
            return Err(Refusal::ClearCredential);
        }
        login.typed(line);
        self.answer(login.exchange, line, true);
        if line != b"*"
            && let Err(why) = b64::decode(line)
        {
            self.remark(why.to_string());
        }
        Ok(login.exchange)
    }

    /// Lets a mechanism answer the challenge that waits.
    pub(crate) fn take_over(
        &mut self,
        login: &mut Login,
        mechanism: Box<dyn Mechanism>,
        challenge: &Secret,
    ) -> Result<Exchange, Refusal> {
        let message = login
            .taken_over(mechanism, challenge)
            .map_err(|e| Refusal::Sasl(e.0))?;
        self.tell(login, About::Heard);
        self.message(login, &message);
        Ok(login.exchange)
    }

    /// Takes a challenge, as the text behind `334` or `+`.
    pub(crate) fn heed(&mut self, login: &mut Login, text: &[u8]) -> Next {
        let heeded = login.challenged(text);
        self.tell(login, About::Heard);
        match heeded {
            Heeded::Ask(challenge) => return Next::Ask(challenge),
            Heeded::Say(message) => self.message(login, &message),
            Heeded::GiveUp(why) => {
                self.odd(format!("{}: {why}; the exchange is cancelled", login.name));
                login.cancel();
                self.answer(login.exchange, b"*", false);
            }
            Heeded::Deaf => {
                let words = "the server goes on with a login that was cancelled";
                self.fail(FailureKind::Protocol, words);
                return Next::Over;
            }
        }
        Next::Owed
    }

    /// Takes the verdict; true when the login succeeded, for the mechanism too.
    pub(crate) fn judge(&mut self, login: &mut Login, good: bool) -> bool {
        let agreed = if good { login.succeeded() } else { Ok(()) };
        self.tell(login, About::Heard);
        match agreed {
            Ok(()) => good,
            Err(why) => {
                self.fail(FailureKind::Auth, format!("{}: {why}", login.name));
                false
            }
        }
    }

    /// Sends a mechanism's message as an answer.
    fn message(&mut self, login: &mut Login, message: &Secret) {
        login.said(message.expose());
        let framed = Secret::new(b64::encode(message.expose()));
        self.answer(login.exchange, framed.expose(), false);
        self.tell(login, About::Sent);
    }
}
