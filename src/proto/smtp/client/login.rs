//! AUTH (RFC 4954): what goes out of a SASL exchange, and what comes back.

use super::send::COMMAND_MAX;
use super::{Asked, Client, Pending, State};
use crate::proto::engine::Refusal;
use crate::proto::event::{Event, Exchange, Reply, SentKind};
use crate::proto::lines::{Next, Talk, masked, travels_in_clear};
use crate::proto::smtp::spec::{self, SPEC};
use crate::sasl::{About, Mechanism};

impl Client {
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
            patience: spec::PATIENCE,
        });
    }

    /// A login by mechanism; it may take over an exchange begun by hand.
    pub(super) fn auth(&mut self, mechanism: Box<dyn Mechanism>) -> Result<Exchange, Refusal> {
        if self.talk.credential_barred() && travels_in_clear(mechanism.name().as_bytes()) {
            return Err(Refusal::ClearCredential);
        }
        match (&self.state, &mut self.login) {
            (State::Command, _) => {}
            (State::Answer(challenge), Some(login)) => {
                let exchange = self.talk.take_over(login, mechanism, challenge)?;
                self.owe_auth(exchange);
                return Ok(exchange);
            }
            _ => return Err(Refusal::NotNow("content is under way")),
        }
        self.free()?;
        let (mut login, line) = Talk::auth_line(self.talk.upcoming(), mechanism, COMMAND_MAX)?;
        let exchange = self.talk.number();
        let verb = SPEC.verb_named("AUTH");
        let advice = self.advice(line.expose(), verb);
        let shown = masked(line.expose(), verb);
        self.talk
            .send(exchange, line.expose(), shown, SentKind::Command, true);
        for one in advice {
            self.talk.advise(one);
        }
        self.talk.tell(&mut login, About::Sent);
        self.login = Some(login);
        self.owe_auth(exchange);
        Ok(exchange)
    }

    /// A 334 came; `reply` tells of it, `text` is its challenge.
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
            self.logged_in = true;
            self.user = login.user.take();
        }
    }
}
