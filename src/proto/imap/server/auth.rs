//! STARTTLS, LOGIN and AUTHENTICATE.

use super::gather::too_long;
use super::parse::{Bad, Parsed};
use super::table::Call;
use super::{Done, ImapServer, Place};
use crate::proto::faults::Effect;
use crate::proto::login::{Login, Next};
use crate::wire::b64;

impl ImapServer {
    pub(super) fn starttls(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        call.parser.end()?;
        if self.secured {
            return Err(Bad {
                text: "TLS is up already".into(),
            });
        }
        let hidden = self
            .hidden
            .iter()
            .any(|h| h.eq_ignore_ascii_case("STARTTLS"));
        if !self.service.starttls || hidden {
            return Err(Bad {
                text: "TLS cannot be had here".into(),
            });
        }
        let done = Done::ok("Begin TLS negotiation now.");
        self.say(done.line(call.tag, call.effect.reply.as_deref()));
        self.send(call.effect);
        self.out.start_tls();
        self.place = Place::Tls;
        Ok(None)
    }

    pub(super) fn login(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let user = p.astring("a user name")?;
        p.space()?;
        let password = p.astring("a password")?;
        p.end()?;
        if !self.may_log_in() {
            let text = "a password would travel in the clear: STARTTLS comes first";
            return Ok(Some(Done::no(text).code("PRIVACYREQUIRED")));
        }
        let name = String::from_utf8_lossy(&user);
        let user = self.service.store.lock().log_in(&name, &password);
        Ok(Some(self.logged_in(user)))
    }

    fn logged_in(&mut self, user: Option<String>) -> Done {
        match user {
            Some(user) => {
                self.user = Some(user);
                Done::ok("Logged in").code(self.capability())
            }
            None => Done::no("Authentication failed.").code("AUTHENTICATIONFAILED"),
        }
    }

    pub(super) fn authenticate(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let name = p.atom("a mechanism")?.to_owned();
        let initial = if p.take(b' ') {
            let start = p.at();
            let text = p.atom("an initial response in base64, or '='")?;
            match decode(text.as_bytes()) {
                Some(octets) => Some(octets),
                None => return p.bad_at(start, "what is no base64"),
            }
        } else {
            None
        };
        p.end()?;
        let login = Login::start(&name, "imap", &self.service, &self.visitor, self.secured);
        let Some(mut login) = login else {
            let text = "that mechanism cannot be had here";
            return Ok(Some(Done::no(text).code("CANNOT")));
        };
        let next = match initial {
            Some(_) if !login.client_first() => {
                return p.bad_at(0, "an initial response for a mechanism that has none,");
            }
            Some(octets) => login.answer(&octets),
            None => login.begin(),
        };
        Ok(self.follow(call.tag, login, next))
    }

    /// The next challenge, or how it ended.
    fn follow(&mut self, tag: &str, login: Login, next: Next) -> Option<Done> {
        match next {
            Next::Ask(challenge) => {
                self.say(format!("+ {}\r\n", b64::encode(&challenge)).into_bytes());
                self.place = Place::Answer {
                    tag: tag.to_owned(),
                    login: Box::new(login),
                };
                None
            }
            Next::In(user) => Some(self.logged_in(Some(user))),
            Next::Wrong => Some(self.logged_in(None)),
            Next::Malformed => Some(Done::new(
                "BAD",
                "that is no message of this mechanism; it is cancelled",
            )),
        }
    }

    /// A line that answers a challenge.
    pub(super) fn answer_line(&mut self) -> bool {
        let line = match self.gather.line() {
            Ok(None) => return false,
            Ok(Some(line)) => Ok(line),
            Err(bad) => Err(bad),
        };
        let Place::Answer { tag, login } = std::mem::replace(&mut self.place, Place::Command)
        else {
            return false;
        };
        let mut login = *login;
        self.heard(crate::wire::secret::MASK.as_bytes());
        let Ok(line) = line else {
            self.syntax(&tag, &too_long());
            return true;
        };
        if line == b"*" {
            let text = "cancelled, as you asked".into();
            self.syntax(&tag, &Bad { text });
            return true;
        }
        let octets = if line.is_empty() {
            Some(Vec::new())
        } else {
            decode(&line).filter(|_| line != b"=")
        };
        let Some(octets) = octets else {
            let text = "that is no base64; the login is cancelled".into();
            self.syntax(&tag, &Bad { text });
            return true;
        };
        let next = login.answer(&octets);
        self.told = false;
        match self.follow(&tag, login, next) {
            Some(done) => self.finish(&tag, "AUTHENTICATE", &done, &Effect::default()),
            None => self.send(&Effect::default()),
        }
        true
    }
}

/// Base64, where a lone `=` stands for nothing (RFC 4959 3).
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text == b"=" {
        return Some(Vec::new());
    }
    b64::decode(text).ok()
}
