//! Logging in: USER and PASS, APOP, AUTH (RFC 1939, RFC 5034).

use super::{Place, Pop3Server};
use crate::proto::login::{self, Login, Next};
use crate::wire::b64;

impl Pop3Server {
    pub(super) fn mechanisms(&self) -> Vec<&'static str> {
        login::mechanisms(&self.service, &self.visitor, self.secured)
    }

    pub(super) fn may_send_password(&self) -> bool {
        self.secured || self.service.clear_logins
    }

    pub(super) fn user(&mut self, name: &str) {
        if !self.may_send_password() {
            return self.say("-ERR passwords need TLS here: say STLS first");
        }
        if name.is_empty() {
            return self.say("-ERR syntax: USER name");
        }
        self.named = Some(name.to_owned());
        self.say("+OK");
    }

    pub(super) fn pass(&mut self, password: &str) {
        let Some(name) = self.named.take() else {
            return self.say("-ERR say USER first");
        };
        // The name is known for faults even where USER was refused.
        if !self.may_send_password() {
            return self.say("-ERR passwords need TLS here: say STLS first");
        }
        let user = self.service.store.lock().log_in(&name, password.as_bytes());
        match user {
            Some(user) => self.open(&user),
            None => self.wrong(),
        }
    }

    pub(super) fn apop(&mut self, args: &str) {
        self.named = None;
        let Some((name, digest)) = args.split_once(' ') else {
            return self.say("-ERR syntax: APOP name digest");
        };
        match login::apop(&self.service, &self.timestamp, name, digest.trim()) {
            Some(user) => self.open(&user),
            None => self.wrong(),
        }
    }

    pub(super) fn wrong(&mut self) {
        self.say("-ERR [AUTH] wrong user or password");
    }

    pub(super) fn auth(&mut self, args: &str) {
        let mut words = args.split_ascii_whitespace();
        let (mechanism, initial, more) = (words.next(), words.next(), words.next());
        if more.is_some() {
            return self.say("-ERR syntax: AUTH mechanism");
        }
        let Some(mechanism) = mechanism else {
            // Not in RFC 5034, but what many servers do: the list.
            let names = self.mechanisms();
            let body: String = names.iter().map(|name| format!("{name}\r\n")).collect();
            return self.say_lines("+OK", &body);
        };
        let login = Login::start(mechanism, "pop", &self.service, &self.visitor, self.secured);
        let Some(mut login) = login.filter(|_| !self.is_hidden("SASL")) else {
            return self.say("-ERR no such mechanism here");
        };
        match initial {
            None => {
                let next = login.begin();
                self.after_answer(login, next);
            }
            Some(_) if !login.client_first() => {
                self.say("-ERR that mechanism takes no initial response");
            }
            Some("=") => {
                let next = login.answer(b"");
                self.after_answer(login, next);
            }
            Some(blob) => self.respond(login, blob.as_bytes()),
        }
    }

    pub(super) fn respond(&mut self, mut login: Login, line: &[u8]) {
        if line == b"*" {
            return self.verdict(login.claimed(), "-ERR cancelled");
        }
        match b64::decode(line) {
            Ok(answer) => {
                let next = login.answer(&answer);
                self.after_answer(login, next);
            }
            Err(_) => self.verdict(login.claimed(), "-ERR that is not base64"),
        }
    }

    pub(super) fn after_answer(&mut self, login: Login, next: Next) {
        match next {
            Next::Ask(challenge) => {
                self.place = Place::Answer(login);
                self.say(&format!("+ {}", b64::encode(&challenge)));
            }
            Next::In(user) => {
                self.named = Some(user.clone());
                let effect = self.fault("AUTH");
                let prevented = effect.prevents(false);
                self.effect = effect;
                if prevented {
                    return self.say("");
                }
                self.open(&user);
            }
            Next::Wrong => self.verdict(login.claimed(), "-ERR [AUTH] wrong user or password"),
            Next::Malformed => {
                self.verdict(
                    login.claimed(),
                    "-ERR that is not what the mechanism says here",
                );
            }
        }
    }

    pub(super) fn verdict(&mut self, user: Option<String>, text: &str) {
        self.named = user;
        self.effect = self.fault("AUTH");
        self.named = None;
        self.say(text);
    }
}
