//! AUTH (RFC 4954): any account, or those that were given.

use super::{Place, Sink};
use crate::proto::login::{self, Login, Next};
use crate::proto::smtp::NOT_SERVED;
use crate::wire::b64;

impl Sink {
    pub(super) fn auth(&mut self, args: &str) {
        let extended = self.helo.as_ref().is_some_and(|h| h.extended);
        if !extended {
            return self.tell("503 5.5.1 Error: send EHLO first");
        }
        if !self.plan.auth || self.is_hidden("AUTH") {
            return self.tell(NOT_SERVED);
        }
        if self.user.is_some() {
            return self.tell("503 5.5.1 Error: already authenticated");
        }
        if self.message.is_some() {
            return self.tell("503 5.5.1 Error: MAIL transaction in progress");
        }
        let mut words = args.split_ascii_whitespace();
        let (mechanism, initial, more) = (words.next(), words.next(), words.next());
        let (Some(mechanism), None) = (mechanism, more) else {
            return self.tell("501 5.5.4 Syntax: AUTH mechanism");
        };
        let service = &self.plan.service;
        let login = Login::start(mechanism, "smtp", service, &self.visitor, self.secured);
        let Some(mut login) = login else {
            return self.tell("504 5.5.4 Unrecognized authentication type");
        };
        match initial {
            None => {
                let next = login.begin();
                self.follow(login, next);
            }
            Some(_) if !login.client_first() => {
                self.tell("501 5.5.4 That mechanism takes no initial response");
            }
            // RFC 4954 4: "=" is an initial response of no octets.
            Some("=") => {
                let next = login.answer(b"");
                self.follow(login, next);
            }
            Some(blob) => self.decoded(login, blob.as_bytes()),
        }
    }

    /// The mechanisms, as EHLO lists them.
    pub(super) fn mechanisms(&self) -> Option<String> {
        let offered = login::mechanisms(&self.plan.service, &self.visitor, self.secured);
        (self.plan.auth && !offered.is_empty()).then(|| format!("AUTH {}", offered.join(" ")))
    }

    /// An answer to a challenge: base64, or `*` to cancel.
    pub(super) fn answer(&mut self, line: &[u8]) {
        let Place::Answer(login) = std::mem::replace(&mut self.place, Place::Command) else {
            return;
        };
        if line == b"*" {
            return self.failed(login.claimed(), "501 5.7.0 Authentication aborted");
        }
        self.decoded(*login, line);
    }

    fn decoded(&mut self, mut login: Login, blob: &[u8]) {
        match b64::decode(blob) {
            Ok(answer) => {
                let next = login.answer(&answer);
                self.follow(login, next);
            }
            Err(_) => self.failed(login.claimed(), "501 5.5.2 Cannot decode base64"),
        }
    }

    fn follow(&mut self, login: Login, next: Next) {
        match next {
            Next::Ask(challenge) => {
                self.place = Place::Answer(Box::new(login));
                self.tell(&format!("334 {}", b64::encode(&challenge)));
            }
            Next::In(user) => {
                self.user = Some(user);
                let effect = self.fault("AUTH", None, None);
                if self.holds(effect, false) {
                    self.user = None;
                } else {
                    self.plan.board.logins.add(1);
                }
                self.say("235 2.7.0 Authentication successful");
            }
            Next::Wrong => self.failed(login.claimed(), "535 5.7.8 Error: authentication failed"),
            Next::Malformed => self.failed(
                login.claimed(),
                "501 5.5.2 Error: that is not what the mechanism says here",
            ),
        }
    }

    /// The end of a login that failed; faults for AUTH are found here, when the user is known.
    fn failed(&mut self, user: Option<String>, text: &str) {
        let before = std::mem::replace(&mut self.user, user);
        self.effect = self.fault("AUTH", None, None);
        self.user = before;
        self.say(text);
    }

    /// `say` where nobody asks whether it was heard.
    pub(super) fn tell(&mut self, text: &str) {
        self.say(text);
    }
}
