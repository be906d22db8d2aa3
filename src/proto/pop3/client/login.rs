//! Logins: USER and PASS, APOP (RFC 1939 7), AUTH (RFC 5034).

use super::send::COMMAND_MAX;
use super::{Asked, Client, Pending, State};
use crate::proto::engine::Refusal;
use crate::proto::event::{Event, Exchange, Reply, SentKind};
use crate::proto::lines::{Next, Talk, after_word, masked, travels_in_clear, unbroken};
use crate::proto::pop3::spec::SPEC;
use crate::sasl::{About, Mechanism, apop};
use crate::wire::secret::Secret;

impl Client {
    /// USER now, PASS when USER was accepted: one exchange.
    pub(super) fn user_and_pass(
        &mut self,
        user: &str,
        password: &Secret,
    ) -> Result<Exchange, Refusal> {
        unbroken(user.as_bytes())?;
        unbroken(password.expose())?;
        self.ready_to_log_in()?;
        if self.talk.credential_barred() {
            return Err(Refusal::ClearCredential);
        }
        let exchange = self.talk.number();
        let line = format!("USER {user}");
        self.talk
            .send(exchange, line.as_bytes(), None, SentKind::Command, true);
        self.advise(line.as_bytes(), SPEC.verb_named("USER"));
        self.due.push_back(Pending {
            exchange,
            to: "USER".to_owned(),
            asked: Asked::User(user.to_owned(), Some(password.clone())),
            dotted: false,
        });
        Ok(exchange)
    }

    /// The password, behind a USER that was accepted.
    pub(super) fn pass(&mut self, exchange: Exchange, password: &Secret) {
        let line = Secret::new([b"PASS ", password.expose()].concat());
        let masked = after_word(line.expose(), 1);
        self.talk
            .send(exchange, line.expose(), masked, SentKind::Command, true);
        self.due.push_back(Pending {
            exchange,
            to: "PASS".to_owned(),
            asked: Asked::Pass,
            dotted: false,
        });
    }

    fn ready_to_log_in(&self) -> Result<(), Refusal> {
        self.free()?;
        match self.state {
            State::Command => Ok(()),
            State::Body(_) => Err(Refusal::NotNow("content is under way")),
            State::Answer(_) => Err(Refusal::NotNow("another login is under way")),
        }
    }

    pub(super) fn apop(&mut self, user: &str, password: &Secret) -> Result<Exchange, Refusal> {
        unbroken(user.as_bytes())?;
        if user.is_empty() || user.contains([' ', '\t']) {
            return Err(Refusal::NoSuchLogin(
                "APOP takes a user name without blanks",
            ));
        }
        self.ready_to_log_in()?;
        let Some(timestamp) = &self.timestamp else {
            return Err(Refusal::NoSuchLogin(
                "the greeting holds no timestamp: this server has no APOP",
            ));
        };
        let digest = apop::digest(timestamp, password);
        let line = Secret::new([b"APOP ", user.as_bytes(), b" ", digest.expose()].concat());
        let exchange = self.talk.number();
        let masked = after_word(line.expose(), 2);
        self.talk
            .send(exchange, line.expose(), masked, SentKind::Command, true);
        self.advise(line.expose(), SPEC.verb_named("APOP"));
        self.due.push_back(Pending {
            exchange,
            to: "APOP".to_owned(),
            asked: Asked::Apop(user.to_owned()),
            dotted: false,
        });
        Ok(exchange)
    }

    pub(super) fn typed_answer(&mut self, line: &[u8]) -> Result<Exchange, Refusal> {
        let Some(login) = &mut self.login else {
            return Err(Refusal::NotNow("nothing asks for an answer"));
        };
        let exchange = self.talk.typed_answer(login, line)?;
        self.owe_auth(exchange);
        Ok(exchange)
    }

    /// An answer went out: the next challenge, or the verdict, is owed.
    fn owe_auth(&mut self, exchange: Exchange) {
        self.state = State::Command;
        self.due.push_back(Pending {
            exchange,
            to: "AUTH".to_owned(),
            asked: Asked::Auth,
            dotted: false,
        });
    }

    /// A login by mechanism; it may take over an exchange begun by hand.
    pub(super) fn auth(&mut self, mechanism: Box<dyn Mechanism>) -> Result<Exchange, Refusal> {
        if self.talk.credential_barred() && travels_in_clear(mechanism.name().as_bytes()) {
            return Err(Refusal::ClearCredential);
        }
        if let (State::Answer(challenge), Some(login)) = (&self.state, &mut self.login) {
            let exchange = self.talk.take_over(login, mechanism, challenge)?;
            self.owe_auth(exchange);
            return Ok(exchange);
        }
        self.ready_to_log_in()?;
        let (mut login, line) = Talk::auth_line(self.talk.upcoming(), mechanism, COMMAND_MAX)?;
        let exchange = self.talk.number();
        let verb = SPEC.verb_named("AUTH");
        let shown = masked(line.expose(), verb);
        self.talk
            .send(exchange, line.expose(), shown, SentKind::Command, true);
        self.advise(line.expose(), verb);
        self.talk.tell(&mut login, About::Sent);
        self.login = Some(login);
        self.owe_auth(exchange);
        Ok(exchange)
    }

    /// A `+` came; `reply` tells of it, `text` is its challenge.
    pub(super) fn challenged(&mut self, reply: Reply, text: &[u8]) {
        self.talk.event(Event::Reply(reply));
        let Some(login) = &mut self.login else {
            return;
        };
        match self.talk.heed(login, text) {
            Next::Ask(challenge) => self.state = State::Answer(challenge),
            Next::Owed => {
                let exchange = login.exchange;
                self.owe_auth(exchange);
            }
            Next::Over => {}
        }
    }

    pub(super) fn auth_answer(&mut self, good: bool) {
        let Some(mut login) = self.login.take() else {
            return;
        };
        if self.talk.judge(&mut login, good) {
            self.accepted(login.user.take());
        }
    }
}
