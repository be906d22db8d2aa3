//! The client's side of POP3: what was asked, what is owed, and where the session stands.
//!
//! Rules: replies answer commands in order. Whether a reply has a dotted body follows from the verb,
//! its argument and its status line, unless somebody said so. Content flows through in parts.
//! `send` takes what a person says, `hear` what the server says, `login` leads the logins.

mod hear;
mod login;
mod send;

use std::collections::VecDeque;
use std::time::Duration;

use super::spec::{self, SPEC};
use crate::proto::engine::{
    ClientOptions, Due, Engine, Facts, Input, Mode, Refusal, Setting, Step,
};
use crate::proto::event::{Closed, Event, Exchange, Line, Offers};
use crate::proto::lines::{Body, Login, Talk};
use crate::proto::spec::{Phase, Verb};
use crate::wire::secret::Secret;

/// The engine.
#[derive(Debug)]
pub struct Client {
    talk: Talk,
    phase: Phase,
    state: State,
    due: VecDeque<Pending>,
    content: Option<hear::Incoming>,
    offers: Offers,
    timestamp: Option<Vec<u8>>,
    login: Option<Login>,
    /// The name of the last USER.
    named: Option<String>,
    user: Option<String>,
    logged_in: bool,
    deletes: usize,
    next_is_multi_line: bool,
    leaving: bool,
    quit_sent: bool,
    reason: Option<Vec<u8>>,
    /// Between the go-ahead for TLS and `secured`.
    handshaking: bool,
    /// What answers STLS began with a line that is no reply.
    broken: bool,
}

/// What the next input is taken for.
#[derive(Debug)]
enum State {
    Command,
    Body(Body),
    /// A challenge waits for its answer.
    Answer(Secret),
}

/// A command whose reply is owed.
#[derive(Debug)]
struct Pending {
    exchange: Exchange,
    /// The verb in capitals, "greeting", or ".".
    to: String,
    asked: Asked,
    /// A positive reply has a dotted body.
    dotted: bool,
}

/// What a reply changes, by what was asked.
#[derive(Debug)]
enum Asked {
    Greeting,
    /// USER, with the password to follow where the engine leads.
    User(String, Option<Secret>),
    Pass,
    Apop(String),
    Auth,
    Capa,
    StartTls,
    Dele,
    Reset,
    Quit,
    /// A body follows a positive reply.
    Submission,
    Other,
}

impl Client {
    /// A client that waits for the greeting.
    pub fn new(options: &ClientOptions) -> Self {
        let greeting = Pending {
            exchange: Exchange(0),
            to: "greeting".to_owned(),
            asked: Asked::Greeting,
            dotted: false,
        };
        Self {
            talk: Talk::new(options),
            phase: spec::CONNECT,
            state: State::Command,
            due: VecDeque::from([greeting]),
            content: None,
            offers: Offers::default(),
            timestamp: None,
            login: None,
            named: None,
            user: None,
            logged_in: false,
            deletes: 0,
            next_is_multi_line: false,
            leaving: false,
            quit_sent: false,
            reason: None,
            handshaking: false,
            broken: false,
        }
    }

    fn enter(&mut self, phase: Phase) {
        if self.phase != phase {
            self.phase = phase;
            self.talk.event(Event::Phase(phase));
        }
    }

    fn accepted(&mut self, user: Option<String>) {
        self.logged_in = true;
        self.user = user;
        self.enter(spec::TRANSACTION);
    }
}

impl Engine for Client {
    fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        self.take(input)
    }

    fn receive(&mut self, bytes: &[u8]) {
        if self.talk.is_over() {
            return;
        }
        if self.handshaking {
            return self.talk.injected(bytes.len());
        }
        self.read(bytes);
    }

    fn secured(&mut self) {
        self.talk.secured();
        self.handshaking = false;
        self.content = None;
        self.offers = Offers::default();
        self.login = None;
        self.named = None;
        self.state = State::Command;
    }

    fn closed(&mut self) {
        if self.talk.is_over() {
            return;
        }
        let closed = Closed {
            expected: self.leaving || self.quit_sent,
            inside_reply: self.content.is_some(),
            reason: self.reason.take(),
        };
        let rest = self.hidden(self.talk.buf.pending());
        let exchange = self.due.front().map(|p| p.exchange);
        self.talk.ended(exchange, rest, closed);
    }

    fn unfinished(&self) -> Option<Line> {
        let rest = self.hidden(self.talk.buf.pending());
        let exchange = self.due.front().map(|p| p.exchange);
        (!rest.is_empty()).then(|| Line::piece(exchange, rest))
    }

    fn poll(&mut self) -> Step {
        self.talk.poll()
    }

    fn phase(&self) -> Phase {
        self.phase
    }

    fn mode(&self) -> Mode {
        match &self.state {
            State::Command => Mode::Command,
            State::Body(_) => Mode::Body,
            State::Answer(challenge) => Mode::Answer {
                mechanism: self
                    .login
                    .as_ref()
                    .map(|l| l.name.clone())
                    .unwrap_or_default(),
                challenge: challenge.clone(),
            },
        }
    }

    fn patience(&self) -> Option<Duration> {
        (self.content.is_some() || !self.due.is_empty()).then_some(spec::PATIENCE)
    }

    fn due(&self) -> Vec<Due> {
        let begun = self.content.as_ref().and_then(hear::Incoming::due);
        let due = self.due.iter().map(|p| Due {
            exchange: p.exchange,
            to: p.to.clone(),
        });
        begun.into_iter().chain(due).collect()
    }

    fn owes(&self) -> bool {
        let begun = self.content.as_ref().and_then(hear::Incoming::due);
        begun.is_some() || !self.due.is_empty()
    }

    fn offers(&self) -> &Offers {
        &self.offers
    }

    fn facts(&self) -> Facts {
        Facts {
            user: self.user.clone(),
            logged_in: self.logged_in,
            deletes_pending: self.deletes,
            hidden: matches!(self.state, State::Answer(_)) || self.talk.raw_login.is_begun(),
            leaving: self.leaving,
            ..Facts::default()
        }
    }

    fn verb_of(&self, line: &[u8]) -> Option<&'static Verb> {
        match self.state {
            State::Command => SPEC.verb(line),
            _ => None,
        }
    }

    fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Lint(lint) => self.talk.options.lint = lint,
            Setting::ClearCredentials(allowed) => self.talk.options.clear_credentials = allowed,
            Setting::NextIsMultiLine => self.next_is_multi_line = true,
            Setting::Tags(_) => {}
        }
    }
}
