//! The IMAP client engine (RFC 9051, RFC 3501).
//!
//! Rules, beyond those of `proto::engine`:
//! 1. A line is a command unless `mode` says otherwise. While a go-ahead, a challenge or the answer
//!    to STARTTLS is due, every line is refused: it could be taken for something else.
//! 2. A literal is counted down by typed lines (CRLF counts) or by `Content`. The n-th octet ends
//!    it, and what stands behind it continues the command. With the n-th octet sent by `Content` or
//!    by a line's CRLF, `Mode::Literal { octets_left: 0 }` waits for that rest, often an empty line.
//! 3. Completions are matched by tag. One that no command is waiting for, or that comes before its
//!    command was written to the end, is a protocol error that ends the conversation: automatic
//!    tags can be guessed, and a guess must not pass for an answer.
//! 4. Untagged data belongs to the oldest command under way, or to nobody.
//!
//! `submit` sends, `receive` reads, `state` knows what a completion changes; `literal`, `auth` and
//! `tags` are what their names say, `veil` masks what is typed, `advise` has opinions.

mod advise;
mod auth;
mod command;
mod complete;
mod literal;
mod login;
mod receive;
mod reply;
mod state;
mod submit;
mod tags;
mod turn;
mod veil;

use std::collections::VecDeque;
use std::time::Duration;

use super::spec;
use crate::proto::engine::{
    ClientOptions, Due, Engine, Facts, Input, Mode, Refusal, Setting, Step,
};
use crate::proto::event::{
    Advice, Closed, Event, Exchange, Failure, FailureKind, Line, Oddity, Offers, Sent,
};
use crate::proto::lines::RawLogin;
use crate::proto::spec::{Phase, Verb};
use crate::wire::line::LineBuf;
use crate::wire::secret::{MASK, Secret};

use command::Command;
use literal::Piece;
use receive::Reading;
use state::{Life, Place, SaidOnce};
use tags::Tags;
use turn::Turn;

/// The most of content that `Sent.shown` repeats.
const SHOWN_MAX: usize = 1024;

/// The client's side of an IMAP conversation.
#[derive(Debug)]
pub struct Client {
    options: ClientOptions,
    life: Life,
    steps: VecDeque<Step>,
    inbox: LineBuf,
    reading: Reading,
    /// Commands whose completion is due, oldest first. A turn that is not `Free` is the last one's.
    commands: VecDeque<Command>,
    turn: Turn,
    /// What is left to send of a command that the engine composed.
    script: VecDeque<Piece>,
    tags: Tags,
    place: Place,
    offers: Offers,
    /// True when a login may have changed what is offered and the server did not say how.
    offers_stale: bool,
    exchanges: u64,
    /// The last raw octets' exchange: what answers them cannot be matched.
    raw: Option<Exchange>,
    raw_login: RawLogin,
    said: SaidOnce,
}

impl Client {
    /// A client that waits for the greeting.
    pub fn new(options: &ClientOptions) -> Self {
        Self {
            options: options.clone(),
            life: Life::Greeting,
            steps: VecDeque::new(),
            inbox: LineBuf::default(),
            reading: Reading::Line,
            commands: VecDeque::new(),
            turn: Turn::Free,
            script: VecDeque::new(),
            tags: Tags::default(),
            place: Place::default(),
            offers: Offers::default(),
            offers_stale: false,
            exchanges: 0,
            raw: None,
            raw_login: RawLogin::default(),
            said: SaidOnce::default(),
        }
    }

    fn event(&mut self, event: Event) {
        self.steps.push_back(Step::Event(event));
    }

    fn advice(&mut self, advice: Advice) {
        self.event(Event::Advice(advice));
    }

    fn oddity(&mut self, oddity: Oddity) {
        if self.options.lint {
            self.event(Event::Oddity(oddity));
        }
    }

    /// Ends the conversation. What waits to be written is not: it could hold a credential.
    fn fail(&mut self, kind: FailureKind, what: impl Into<String>) {
        self.steps.retain(|step| !matches!(step, Step::Write(_)));
        self.event(Event::Failed(Failure {
            kind,
            what: what.into(),
        }));
        self.steps.push_back(Step::Close);
        self.end();
    }

    fn end(&mut self) {
        self.life = Life::Over;
        self.turn = Turn::Free;
        self.script.clear();
        self.inbox.clear();
    }

    fn next_exchange(&mut self) -> Exchange {
        self.exchanges += 1;
        Exchange(self.exchanges)
    }

    /// Reports and writes `wire`; `shown` is the text for people, without the line end.
    fn send(&mut self, sent: Sent, wire: Vec<u8>) {
        self.event(Event::Sent(sent));
        self.steps.push_back(Step::Write(wire));
    }

    /// The unmasked text for the screen, where it was asked for and something is masked.
    fn clear_text(&self, clear: &[u8], masked: bool) -> Option<Secret> {
        (masked && self.options.show_secrets).then(|| Secret::new(clear))
    }

    fn is_over(&self) -> bool {
        self.life == Life::Over
    }
}

impl Engine for Client {
    fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        match self.life {
            Life::Over => return Err(Refusal::Closed),
            Life::Handshake => return Err(Refusal::StartTlsNow("TLS is being set up")),
            Life::Greeting | Life::Open => {}
        }
        match input {
            Input::Line(line) => self.submit_line(line),
            Input::Raw(bytes) => Ok(self.submit_raw(bytes)),
            Input::Content { bytes, last } => self.submit_content(bytes, last),
            Input::Chunk { line, bytes } => self.submit_chunk(line, bytes),
            Input::Auth(mechanism) => self.submit_auth(mechanism),
            Input::Login { user, password } => self.submit_login(user, password),
            Input::Apop { .. } => Err(Refusal::NoSuchLogin("IMAP has no APOP")),
            Input::Cancel => self.submit_cancel(),
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        match self.life {
            Life::Over => {}
            // Whoever feeds plaintext while a handshake is due gets it dropped, never parsed.
            Life::Handshake => self.plaintext_behind_starttls(bytes.len()),
            Life::Greeting | Life::Open => {
                self.inbox.push(bytes);
                while self.read() {}
            }
        }
    }

    fn secured(&mut self) {
        self.options.secured = true;
        self.inbox.clear();
        self.reading = Reading::Line;
        self.commands.clear();
        self.turn = Turn::Free;
        self.offers = Offers::default();
        self.offers_stale = false;
        self.place.forget();
        self.raw = None;
        if self.life == Life::Handshake {
            self.life = Life::Open;
        }
    }

    fn closed(&mut self) {
        if self.is_over() {
            return;
        }
        let cut = self.show_cut_line();
        let unfinished = self
            .commands
            .iter()
            .any(|command| command.lines > 0 && !command.is_logout());
        let closed = Closed {
            expected: self.place.leaving,
            inside_reply: cut || unfinished || !self.reading.is_between(),
            reason: self.place.reason.take(),
        };
        self.event(Event::Closed(closed));
        self.end();
    }

    fn unfinished(&self) -> Option<Line> {
        let text = self.inbox.pending();
        if text.is_empty() {
            return None;
        }
        let masked = self.turn.is_auth();
        let clear = self.clear_text(text, masked);
        let text = match masked {
            true => MASK.as_bytes().to_vec(),
            false => text.to_vec(),
        };
        let piece = Line::piece(self.oldest(), text);
        Some(Line { clear, ..piece })
    }

    fn poll(&mut self) -> Step {
        self.steps.pop_front().unwrap_or(Step::Wait)
    }

    fn phase(&self) -> Phase {
        self.place.phase
    }

    fn mode(&self) -> Mode {
        self.turn.mode()
    }

    fn patience(&self) -> Option<Duration> {
        match self.life {
            Life::Over | Life::Handshake => None,
            Life::Greeting => Some(spec::PATIENCE),
            Life::Open => self.owed().next().map(Command::patience),
        }
    }

    fn due(&self) -> Vec<Due> {
        let greeting = (self.life == Life::Greeting).then(|| Due {
            exchange: Exchange(0),
            to: "greeting".to_owned(),
        });
        let commands = self.owed().map(|command| Due {
            exchange: command.exchange,
            to: command.to.clone(),
        });
        greeting.into_iter().chain(commands).collect()
    }

    fn owes(&self) -> bool {
        self.life == Life::Greeting || self.owed().next().is_some()
    }

    fn offers(&self) -> &Offers {
        &self.offers
    }

    fn facts(&self) -> Facts {
        Facts {
            user: self.place.user.clone(),
            logged_in: self.place.logged_in,
            mailbox: self.place.mailbox.clone(),
            read_only: self.place.read_only,
            next_tag: self.tags.upcoming(),
            hidden: self.hides(),
            leaving: self.place.leaving,
            ..Facts::default()
        }
    }

    fn verb_of(&self, line: &[u8]) -> Option<&'static Verb> {
        match self.turn {
            Turn::Free => self.tags.cut(line).verb,
            _ => None,
        }
    }

    fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Tags(added) => self.tags.added = added,
            Setting::Lint(lint) => self.options.lint = lint,
            Setting::ClearCredentials(allowed) => self.options.clear_credentials = allowed,
            Setting::NextIsMultiLine => {}
        }
    }
}

impl Client {
    /// Commands whose next word is the server's: all of them, less the last one where it waits for
    /// the person.
    fn owed(&self) -> impl Iterator<Item = &Command> {
        let ours = usize::from(self.turn.is_ours());
        self.commands
            .iter()
            .take(self.commands.len().saturating_sub(ours))
    }

    /// True when what goes out next is a secret.
    fn hides(&self) -> bool {
        match self.turn {
            Turn::Answer { .. } => true,
            Turn::Free => self.raw_login.is_begun(),
            Turn::Literal { .. } => self.commands.back().is_some_and(|c| c.veil.hides_literal()),
            _ => false,
        }
    }

    /// Shows what came of a line that the end of the connection cut. True when there was one.
    fn show_cut_line(&mut self) -> bool {
        let Some(piece) = self.unfinished() else {
            return false;
        };
        self.inbox.clear();
        self.event(Event::Line(piece));
        true
    }

    /// To which exchange untagged data belongs.
    fn oldest(&self) -> Option<Exchange> {
        match self.life {
            Life::Greeting => Some(Exchange(0)),
            _ => self.commands.front().map(|command| command.exchange),
        }
    }
}
