//! The client's side of SMTP and LMTP: what was asked, what is owed, and where the session stands.
//!
//! Rules: replies answer commands in order, however many are in flight (RFC 2920). Nothing is sent
//! behind DATA, AUTH or STARTTLS before their reply: what follows would be taken for their content.
//! `send` takes what a person says, `hear` what the server says, `login` leads an AUTH, `advice`
//! judges typed lines.

mod advice;
mod hear;
mod login;
mod send;

use std::collections::VecDeque;
use std::time::Duration;

use super::Flavour;
use super::spec::{self, SPEC};
use crate::proto::engine::{
    ClientOptions, Due, Engine, Facts, Input, Mode, Refusal, Setting, Step,
};
use crate::proto::event::{Closed, Event, Exchange, Line, Offer, Offers};
use crate::proto::lines::{Body, Login, Talk};
use crate::proto::spec::{Phase, Verb};
use crate::wire::secret::Secret;

/// The engine.
#[derive(Debug)]
pub struct Client {
    flavour: Flavour,
    talk: Talk,
    phase: Phase,
    state: State,
    due: VecDeque<Pending>,
    partial: Option<Partial>,
    offers: Offers,
    login: Option<Login>,
    from: Option<String>,
    recipients: Vec<String>,
    utf8: bool,
    user: Option<String>,
    logged_in: bool,
    leaving: bool,
    quit_sent: bool,
    reason: Option<Vec<u8>>,
    /// Between the go-ahead for TLS and `secured`.
    handshaking: bool,
    /// The server refused EHLO: only HELO is left.
    only_helo: bool,
}

/// What the next input is taken for.
#[derive(Debug)]
enum State {
    Command,
    Body(Body),
    /// A BDAT chunk has so many octets to come.
    Chunk {
        exchange: Exchange,
        left: u64,
    },
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
    patience: Duration,
}

/// What a reply changes, by what was asked.
#[derive(Debug)]
enum Asked {
    Greeting,
    /// EHLO, LHLO (true) or HELO (false).
    Hello(bool),
    Mail {
        path: String,
        utf8: bool,
    },
    Rcpt(String),
    Data,
    /// LMTP: the last chunk, before it is known for how many recipients replies come.
    LastChunk,
    /// The dot, or the last of other content; LMTP: for which recipient.
    Content(Option<String>),
    StartTls,
    Auth,
    Reset,
    Quit,
    Xclient,
    Other,
}

/// A reply of which more lines are to come.
#[derive(Debug, Default)]
struct Partial {
    lines: u64,
    octets: usize,
    code: String,
    offers: Vec<Offer>,
    codes_differ: bool,
    /// A line stood in it, or before it, that is none of a reply.
    broken: bool,
    long: bool,
    eight_bit: bool,
    hostile: bool,
}

impl Client {
    /// A client that waits for the greeting.
    pub fn new(flavour: Flavour, options: &ClientOptions) -> Self {
        let greeting = Pending {
            exchange: Exchange(0),
            to: "greeting".to_owned(),
            asked: Asked::Greeting,
            patience: spec::PATIENCE,
        };
        Self {
            flavour,
            talk: Talk::new(options),
            phase: spec::CONNECT,
            state: State::Command,
            due: VecDeque::from([greeting]),
            partial: None,
            offers: Offers::default(),
            login: None,
            from: None,
            recipients: Vec::new(),
            utf8: false,
            user: None,
            logged_in: false,
            leaving: false,
            quit_sent: false,
            reason: None,
            handshaking: false,
            only_helo: false,
        }
    }

    fn enter(&mut self, phase: Phase) {
        if self.phase != phase {
            self.phase = phase;
            self.talk.event(Event::Phase(phase));
        }
    }

    /// The transaction is over, one way or the other.
    fn clear_transaction(&mut self) {
        self.from = None;
        self.recipients.clear();
        self.utf8 = false;
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
        self.talk.buf.push(bytes);
        self.read();
    }

    fn secured(&mut self) {
        self.talk.secured();
        self.handshaking = false;
        self.partial = None;
        self.offers = Offers::default();
        self.login = None;
        self.state = State::Command;
        self.user = None;
        self.logged_in = false;
        self.clear_transaction();
        if self.phase != spec::CONNECT {
            self.enter(spec::START);
        }
    }

    fn closed(&mut self) {
        if self.talk.is_over() {
            return;
        }
        let closed = Closed {
            expected: self.leaving || self.quit_sent,
            inside_reply: self.partial.is_some(),
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
            State::Chunk { left, .. } => Mode::Literal { octets_left: *left },
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
        self.due.front().map(|p| p.patience)
    }

    fn due(&self) -> Vec<Due> {
        self.due
            .iter()
            .map(|p| Due {
                exchange: p.exchange,
                to: p.to.clone(),
            })
            .collect()
    }

    fn owes(&self) -> bool {
        !self.due.is_empty()
    }

    fn offers(&self) -> &Offers {
        &self.offers
    }

    fn facts(&self) -> Facts {
        let from = self.from.iter().map(|from| format!("from {from}"));
        let to = self.recipients.iter().map(|to| format!("to {to}"));
        Facts {
            user: self.user.clone(),
            logged_in: self.logged_in,
            transaction: from.chain(to).collect(),
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
            Setting::Tags(_) | Setting::NextIsMultiLine => {}
        }
    }
}
