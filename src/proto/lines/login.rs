//! A SASL exchange under way, by hand or by a mechanism, in the framing that SMTP (RFC 4954) and
//! POP3 (RFC 5034) share: one base64 line for each challenge, `*` cancels.

use crate::proto::event::{Content, Exchange};
use crate::sasl::blob::{Place, Side, describe};
use crate::sasl::{self, About, Heard, Mechanism, SaslError, Say, Told};
use crate::wire::b64;
use crate::wire::secret::Secret;

/// An exchange.
#[derive(Debug)]
pub(crate) struct Login {
    /// The exchange of the AUTH command.
    pub(crate) exchange: Exchange,
    /// The mechanism as named in the command.
    pub(crate) name: String,
    /// Who wants to log in, as far as the messages tell.
    pub(crate) user: Option<String>,
    mechanism: Option<Box<dyn Mechanism>>,
    held: Option<Secret>,
    telling: Vec<Told>,
    answers: usize,
    cancelled: bool,
}

/// What a challenge leads to.
#[derive(Debug)]
pub(crate) enum Heeded {
    /// A person must answer it.
    Ask(Secret),
    /// The mechanism answers these octets.
    Say(Secret),
    /// The exchange must be cancelled, for the reason given.
    GiveUp(String),
    /// It was cancelled already, and the server goes on.
    Deaf,
}

impl Login {
    /// An exchange whose lines are typed. `initial` is the initial response as typed.
    pub(crate) fn by_hand(exchange: Exchange, name: &[u8], initial: &[u8]) -> Self {
        let mut login = Self {
            exchange,
            name: String::from_utf8_lossy(name).into_owned(),
            user: None,
            mechanism: None,
            held: None,
            telling: Vec::new(),
            answers: 0,
            cancelled: false,
        };
        if !initial.is_empty() {
            login.typed(if initial == b"=" { b"" } else { initial });
        }
        login
    }

    /// An exchange that a mechanism leads, and its initial response where it has one.
    pub(crate) fn by_mechanism(
        exchange: Exchange,
        mut mechanism: Box<dyn Mechanism>,
    ) -> Result<(Self, Option<Secret>), SaslError> {
        let mut initial = None;
        if mechanism.client_first()
            && let Say::Send(message) = mechanism.step(Heard::Nothing)?
        {
            initial = Some(message);
        }
        let mut login = Self::by_hand(exchange, mechanism.name().as_bytes(), b"");
        login.mechanism = Some(mechanism);
        Ok((login, initial))
    }

    /// The initial response could not travel with the command: it answers the first challenge.
    pub(crate) fn hold(&mut self, initial: Secret) {
        self.held = Some(initial);
    }

    /// A mechanism takes over an exchange begun by hand, at the challenge that waits.
    pub(crate) fn taken_over(
        &mut self,
        mut mechanism: Box<dyn Mechanism>,
        challenge: &Secret,
    ) -> Result<Secret, SaslError> {
        if !self.name.eq_ignore_ascii_case(mechanism.name()) {
            return Err(SaslError::new(format!(
                "the server waits for an answer of another mechanism than {}",
                mechanism.name()
            )));
        }
        let heard = if mechanism.client_first() && self.answers == 0 {
            Heard::Nothing
        } else {
            Heard::Challenge(challenge.expose())
        };
        let message = match mechanism.step(heard)? {
            Say::Send(message) => message,
            Say::Listen | Say::Satisfied => Secret::new(""),
        };
        self.mechanism = Some(mechanism);
        Ok(message)
    }

    /// True when a mechanism leads.
    pub(crate) fn is_led(&self) -> bool {
        self.mechanism.is_some()
    }

    /// A challenge came, as the text behind `334` or `+`.
    pub(crate) fn challenged(&mut self, text: &[u8]) -> Heeded {
        if self.cancelled {
            return Heeded::Deaf;
        }
        let decoded = b64::decode(text.trim_ascii());
        let Some(mechanism) = &mut self.mechanism else {
            if !text.trim_ascii().is_empty() {
                self.telling.push(meaning(&self.name, decoded.as_deref()));
            }
            return Heeded::Ask(Secret::new(decoded.unwrap_or_else(|_| text.to_vec())));
        };
        let challenge = match decoded {
            Ok(octets) => Secret::new(octets),
            Err(why) => return Heeded::GiveUp(format!("the challenge is {why}")),
        };
        if let Some(held) = self.held.take() {
            return Heeded::Say(held);
        }
        match mechanism.step(Heard::Challenge(challenge.expose())) {
            Ok(Say::Send(message)) => Heeded::Say(message),
            Ok(Say::Listen | Say::Satisfied) => Heeded::Say(Secret::new("")),
            Err(SaslError(why)) => Heeded::GiveUp(why),
        }
    }

    /// The server says that the login succeeded: the mechanism must agree.
    pub(crate) fn succeeded(&mut self) -> Result<(), String> {
        if self.cancelled {
            return Err("the server accepted a login that was cancelled".to_owned());
        }
        match &mut self.mechanism {
            None => Ok(()),
            Some(mechanism) => match mechanism.step(Heard::Success) {
                Ok(Say::Satisfied | Say::Listen) => Ok(()),
                Ok(Say::Send(_)) => Err("the server ended the exchange too early".to_owned()),
                Err(SaslError(why)) => Err(why),
            },
        }
    }

    /// What the mechanism has to tell about what the server said, or about what goes out.
    pub(crate) fn told(&mut self, about: About) -> Vec<Told> {
        if let Some(mechanism) = &mut self.mechanism {
            self.telling.extend(mechanism.told());
        }
        self.telling.extract_if(.., |t| t.about == about).collect()
    }

    /// A `*` is going out.
    pub(crate) fn cancel(&mut self) {
        self.cancelled = true;
    }

    /// A typed answer is going out.
    pub(crate) fn typed(&mut self, line: &[u8]) {
        if line == b"*" {
            self.cancel();
        } else {
            self.said(&b64::decode(line.trim_ascii()).unwrap_or_default());
        }
    }

    /// A message is going out, not yet framed: what it tells about the user is kept.
    pub(crate) fn said(&mut self, message: &[u8]) {
        if self.user.is_none() {
            self.user = who(&self.name.to_ascii_uppercase(), message, self.answers);
        }
        self.answers += 1;
    }

    /// The answers that a typed exchange still had to come when it was refused.
    pub(crate) fn unsent(&self) -> Option<Content> {
        let still = !self.is_led() && !self.cancelled && self.answers < most(&self.name);
        still.then(|| Content::Answers {
            mechanism: self.name.clone(),
            sent: u32::try_from(self.answers).unwrap_or(u32::MAX),
        })
    }
}

/// What a challenge means to a person who answers by hand.
fn meaning(name: &str, decoded: Result<&[u8], &b64::NotBase64>) -> Told {
    let octets = match decoded {
        Ok(octets) => octets,
        Err(why) => return Told::heard(format!("the challenge is {why}")),
    };
    let place = Place {
        mechanism: Some(name.to_ascii_uppercase()),
        side: Some(Side::Server),
        before: 0,
    };
    // What it is, and nothing out of it: a server could send back what it was told.
    Told::heard(describe(octets, &place).what)
}

/// The most messages a client sends, by mechanism; one more than known where nobody can tell.
fn most(name: &str) -> usize {
    match name.to_ascii_uppercase().as_str() {
        "PLAIN" | "EXTERNAL" | "ANONYMOUS" | "CRAM-MD5" => 1,
        "LOGIN" | "XOAUTH2" | "OAUTHBEARER" | "DIGEST-MD5" => 2,
        scram if scram.starts_with("SCRAM-") => 3,
        _ => usize::MAX,
    }
}

/// True when whoever listens to this mechanism's exchange has the credential.
/// What is not known to be safe is not.
pub(crate) fn travels_in_clear(mechanism: &[u8]) -> bool {
    let name = String::from_utf8_lossy(mechanism);
    sasl::find(&name).is_none_or(|row| row.clear_credential)
}

/// The user that a message names. `nth` counts the messages before it.
fn who(mechanism: &str, message: &[u8], nth: usize) -> Option<String> {
    let text = std::str::from_utf8(message).ok()?;
    let name = match mechanism {
        "PLAIN" => text.split('\0').nth(1)?,
        "LOGIN" if nth == 0 => text,
        "EXTERNAL" => text,
        "CRAM-MD5" => text.rsplit_once(' ')?.0,
        "XOAUTH2" => text.strip_prefix("user=")?.split('\x01').next()?,
        "OAUTHBEARER" => text.split(',').nth(1)?.strip_prefix("a=")?,
        "DIGEST-MD5" => text.split("username=\"").nth(1)?.split('"').next()?,
        _ if mechanism.starts_with("SCRAM-") && nth == 0 => {
            text.split(',').nth(2)?.strip_prefix("n=")?
        }
        _ => return None,
    };
    (!name.is_empty()).then(|| name.replace("=2C", ",").replace("=3D", "="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_mechanism() {
        for (mechanism, message) in [
            ("PLAIN", "\0alice\0wonderland"),
            ("LOGIN", "alice"),
            ("EXTERNAL", "alice"),
            ("CRAM-MD5", "alice b913a602c7eda7a495b4e6e7334d3890"),
            ("XOAUTH2", "user=alice\x01auth=Bearer t\x01\x01"),
            ("OAUTHBEARER", "n,a=alice,\x01auth=Bearer t\x01\x01"),
            ("DIGEST-MD5", "charset=utf-8,username=\"alice\",realm=\"x\""),
            ("SCRAM-SHA-256", "n,,n=alice,r=abc"),
        ] {
            let found = who(mechanism, message.as_bytes(), 0);
            assert_eq!(found.as_deref(), Some("alice"), "{mechanism}");
        }
        assert_eq!(who("LOGIN", b"wonderland", 1), None);
        assert_eq!(who("ANONYMOUS", b"trace", 0), None);
    }

    #[test]
    fn what_travels_in_clear() {
        for clear in ["PLAIN", "login", "XOAUTH2", "OAUTHBEARER", "NEW-ONE"] {
            assert!(travels_in_clear(clear.as_bytes()), "{clear}");
        }
        for safe in [
            "scram-sha-1",
            "CRAM-MD5",
            "DIGEST-MD5",
            "EXTERNAL",
            "ANONYMOUS",
        ] {
            assert!(!travels_in_clear(safe.as_bytes()), "{safe}");
        }
    }
}
