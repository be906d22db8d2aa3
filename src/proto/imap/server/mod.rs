//! The practice server's IMAP4rev1 and IMAP4rev2, over the store.
//!
//! `mod.rs` is the conversation: what is waited for, answers with their faults, news of the selected
//! mailbox. `gather.rs` puts commands together from lines and literals, `parse.rs` reads them, and
//! each group of commands has a file or folder of its own.
//!
//! Rules:
//! 1. A handler reads its whole command before it does anything.
//! 2. Long answers flow: they are made while they are sent, a part of at most `CHUNK` at a time, and
//!    the store is locked for one such part only.
//! 3. News of other sessions are told before the answer, where numbers are used in it, and behind
//!    it otherwise; expunges never in answer to FETCH, STORE and SEARCH without UID (RFC 9051 7.5.1).
//! 4. Nothing that a client sent is sent back, except a tag that is one, and mailbox names.

mod append;
mod auth;
mod copy;
mod fetch;
mod gather;
mod list;
mod mailboxes;
mod parse;
mod search;
mod select;
mod session;
mod shower;
mod store;
mod table;
mod write;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use self::fetch::FetchFlow;
use self::gather::Gather;
use self::parse::{Bad, Parser};
use self::shower::Shower;
use crate::proto::engine::{Due, Engine, Facts, Input, Mode, Refusal, Setting, Step};
use crate::proto::event::{Event, Exchange, Line, LineKind, Oddity, Offers, Verdict};
use crate::proto::faults::{Effect, GREETING, Occasion};
use crate::proto::login::Login;
use crate::proto::outbox::{Flow, Outbox};
use crate::proto::server::{Service, Visitor};
use crate::proto::spec::{Phase, Verb};
use crate::store::view::{Lost, View};
use crate::store::{SessionId, Store};

/// About how much of a flowing answer is made at a time.
const CHUNK: usize = 32 * 1024;

/// Syntax errors in a row after which the connection ends.
const SYNTAX_ERRORS: u32 = 10;

/// RFC 9051 5.4: no less than 30 minutes.
const AUTOLOGOUT: Duration = Duration::from_secs(30 * 60);

/// One IMAP conversation.
#[derive(Debug)]
pub struct ImapServer {
    service: Arc<Service>,
    visitor: Visitor,
    gather: Gather,
    out: Outbox,
    place: Place,
    secured: bool,
    user: Option<String>,
    session: SessionId,
    view: Option<Box<View>>,
    mailbox_name: String,
    enabled: Enabled,
    /// What `$` stands for: UIDs (RFC 5182).
    saved: Vec<u32>,
    /// The answer that is being put together.
    answer: Vec<Piece>,
    /// This command's answer holds the news already.
    told: bool,
    /// Keywords of the selected mailbox that the client was told of.
    keywords: usize,
    /// The bell was rung since the last news.
    rung: bool,
    /// Capabilities that faults took away.
    hidden: Vec<String>,
    commands: u64,
    errors: u64,
    syntax_errors: u32,
    offers: Offers,
    shower: Shower,
    events: VecDeque<Event>,
}

#[derive(Debug)]
enum Place {
    Command,
    /// Waiting for an answer to a challenge.
    Answer {
        tag: String,
        login: Box<Login>,
    },
    Idle {
        tag: String,
    },
    /// Between the go-ahead and TLS.
    Tls,
    Closed,
}

/// What the client switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Enabled {
    /// RFC 7162 3.1.
    condstore: bool,
    /// RFC 6855 3, or IMAP4rev2.
    utf8: bool,
    /// RFC 9051.
    rev2: bool,
}

enum Piece {
    Bytes(Vec<u8>),
    Flow(Flow),
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bytes(_) => "Bytes",
            Self::Flow(_) => "Flow",
        })
    }
}

/// How a command ended.
#[derive(Debug)]
struct Done {
    status: &'static str,
    code: Option<String>,
    text: String,
    /// The tagged line is the flow's business.
    deferred: bool,
}

impl Done {
    fn new(status: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            text: text.into(),
            deferred: false,
        }
    }

    fn ok(text: impl Into<String>) -> Self {
        Self::new("OK", text)
    }

    fn no(text: impl Into<String>) -> Self {
        Self::new("NO", text)
    }

    /// With a response code (RFC 9051 7.1), without its brackets.
    fn code(self, code: impl Into<String>) -> Self {
        Self {
            code: Some(code.into()),
            ..self
        }
    }

    fn deferred() -> Self {
        Self {
            deferred: true,
            ..Self::ok("")
        }
    }

    fn line(&self, tag: &str, reply: Option<&str>) -> Vec<u8> {
        let mut line = format!("{tag} ");
        // Writing to a String cannot fail.
        let _ = match (reply, &self.code) {
            (Some(reply), _) => write!(line, "{}", reply.replace('\n', " ")),
            (None, Some(code)) => write!(line, "{} [{code}] {}", self.status, self.text),
            (None, None) => write!(line, "{} {}", self.status, self.text),
        };
        line.push_str("\r\n");
        line.into_bytes()
    }
}

impl ImapServer {
    /// A conversation that begins with its greeting.
    pub fn new(service: Arc<Service>, visitor: Visitor) -> Self {
        let session = service.store.lock().session();
        let mut server = Self {
            secured: visitor.secured,
            service,
            visitor,
            gather: Gather::default(),
            out: Outbox::default(),
            place: Place::Command,
            user: None,
            session,
            view: None,
            mailbox_name: String::new(),
            enabled: Enabled::default(),
            saved: Vec::new(),
            answer: Vec::new(),
            told: false,
            keywords: 0,
            rung: false,
            hidden: Vec::new(),
            commands: 0,
            errors: 0,
            syntax_errors: 0,
            offers: Offers::default(),
            shower: Shower::default(),
            events: VecDeque::new(),
        };
        server.greet();
        server
    }

    fn greet(&mut self) {
        let effect = self.fault(GREETING);
        if let Some(name) = &effect.preauth {
            self.user = self.service.store.lock().user(name);
        }
        let status = if self.user.is_some() { "PREAUTH" } else { "OK" };
        let greeting = Done::new(status, format!("{} IMAP practice ready", self.service.host))
            .code(self.capability());
        let line = greeting.line("*", effect.reply.as_deref());
        let refused = effect
            .reply
            .as_deref()
            .is_some_and(|r| r.starts_with("BYE"));
        self.out.answer(line, &effect);
        if refused {
            self.out.close();
        }
    }

    /// What the fault table has for this moment. Capabilities it hides stay hidden.
    fn fault(&mut self, on: &str) -> Effect {
        let mut effect = self.service.faults.at(Occasion {
            protocol: "imap",
            on,
            user: self.user.as_deref(),
            peer: self.visitor.address.as_deref().unwrap_or("memory"),
            connection: self.visitor.number,
            errors: self.errors,
            commands: self.commands.saturating_sub(1),
            ..Occasion::default()
        });
        for word in effect.hide.drain(..) {
            // A row for every command would else make this list grow with every command.
            if !self.hidden.contains(&word) {
                self.hidden.push(word);
            }
        }
        effect
    }

    /// Untagged lines for the answer that is being put together.
    fn say(&mut self, bytes: Vec<u8>) {
        match self.answer.last_mut() {
            Some(Piece::Bytes(last)) => last.extend_from_slice(&bytes),
            _ => self.answer.push(Piece::Bytes(bytes)),
        }
    }

    /// One untagged line.
    fn untagged(&mut self, text: &str) {
        self.say(format!("* {text}\r\n").into_bytes());
    }

    /// Content for the answer that is being put together.
    fn say_flow(&mut self, flow: Flow) {
        self.answer.push(Piece::Flow(flow));
    }

    /// Sends what was put together, with what a fault does to it.
    fn send(&mut self, effect: &Effect) {
        let pieces = std::mem::take(&mut self.answer);
        if effect.is_none() {
            for piece in pieces {
                match piece {
                    Piece::Bytes(bytes) => self.out.write(bytes),
                    Piece::Flow(flow) => self.out.flow(flow),
                }
            }
            return;
        }
        let flow = pieces.into_iter().flat_map(|piece| -> Flow {
            match piece {
                Piece::Bytes(bytes) => Box::new(std::iter::once(bytes)),
                Piece::Flow(flow) => flow,
            }
        });
        self.out.answer_flow(Box::new(flow), effect);
    }

    /// A whole command, literals and all.
    fn command(&mut self, text: &[u8]) {
        self.commands += 1;
        let mut parser = Parser::new(text);
        let Some(tag) = parser.tag().map(str::to_owned) else {
            self.heard(text);
            self.syntax(
                "*",
                &Bad {
                    text: "expected a tag at octet 1".into(),
                },
            );
            return;
        };
        let verb = parser.space().and_then(|()| table::verb(&mut parser));
        self.heard(text);
        if self.commands > self.service.limits.commands {
            self.bye("too many commands on this connection");
            return;
        }
        let verb = match verb {
            Ok(verb) => verb,
            Err(bad) => return self.syntax(&tag, &bad),
        };
        let effect = self.fault(verb);
        if effect.prevents(matches!(verb, "IDLE" | "AUTHENTICATE")) {
            let done = Done::no("refused by a fault");
            self.say(done.line(&tag, effect.reply.as_deref()));
            self.errors += 1;
            self.send(&effect);
            return;
        }
        self.told = false;
        match table::run(self, verb, &tag, &mut parser, &effect) {
            Ok(Some(done)) => self.finish(&tag, verb, &done, &effect),
            Ok(None) => {
                self.syntax_errors = 0;
                self.send(&effect);
            }
            Err(bad) => {
                self.answer.clear();
                self.syntax(&tag, &bad);
            }
        }
    }

    /// The tagged line, and what has to be told before it.
    fn finish(&mut self, tag: &str, verb: &str, done: &Done, effect: &Effect) {
        self.syntax_errors = 0;
        let numbers = matches!(verb, "FETCH" | "STORE" | "SEARCH");
        if !self.told && self.tell(!numbers).is_err() {
            return;
        }
        if !done.deferred {
            self.say(done.line(tag, effect.reply.as_deref()));
        }
        if done.status != "OK" {
            self.errors += 1;
        }
        self.send(effect);
        if effect.literal.is_some() && verb.ends_with("FETCH") {
            self.out.close();
        }
        if verb == "LOGOUT" {
            self.out.close();
        }
    }

    /// BAD, and goodbye when there were too many.
    fn syntax(&mut self, tag: &str, bad: &Bad) {
        self.errors += 1;
        self.syntax_errors += 1;
        let line = Done::new("BAD", bad.text.as_str()).line(tag, None);
        self.out.write(line);
        if self.syntax_errors >= SYNTAX_ERRORS {
            self.bye("too many syntax errors in a row");
        }
    }

    fn bye(&mut self, why: &str) {
        self.out.write(format!("* BYE {why}\r\n").into_bytes());
        self.out.close();
    }

    /// Tells the news of the selected mailbox, as part of the answer.
    fn tell(&mut self, expunges: bool) -> Result<(), Lost> {
        self.told = true;
        let Some(mut view) = self.view.take() else {
            return Ok(());
        };
        let service = Arc::clone(&self.service);
        let mut held = service.store.lock();
        let news = view.news(&mut held, expunges);
        self.rung &= !expunges;
        self.tell_keywords(&held, &view);
        let told = news.map(|news| {
            if news.is_empty() {
                return;
            }
            let numbers = |uids: &[u32]| -> Vec<(u32, u32)> {
                let Some(mailbox) = held.mailbox(view.mailbox()) else {
                    return Vec::new();
                };
                let number = |uid| view.number(mailbox, uid).map(|number| (number, uid));
                uids.iter().filter_map(|uid| number(*uid)).collect()
            };
            let flagged = numbers(&news.flags);
            if !news.expunged.is_empty() {
                self.say_flow(lines(news.expunged, "EXPUNGE"));
            }
            if let Some(exists) = news.exists {
                self.untagged(&format!("{exists} EXISTS"));
            }
            if let (Some(recent), false) = (news.recent, self.enabled.rev2) {
                self.untagged(&format!("{recent} RECENT"));
            }
            if !flagged.is_empty() {
                let flow = FetchFlow::flags(self, &view, flagged, self.enabled.condstore);
                self.say_flow(Box::new(flow));
            }
        });
        drop(held);
        match told {
            Ok(()) => {
                self.view = Some(view);
                Ok(())
            }
            Err(lost) => {
                view.close(&self.service.store);
                self.answer.clear();
                self.bye(match lost {
                    Lost::Deleted => "the selected mailbox was deleted",
                    Lost::TooFarBehind => "too much happened to tell it all, please come again",
                });
                Err(lost)
            }
        }
    }

    /// Tells the flags that there are, when keywords were added.
    fn tell_keywords(&mut self, store: &Store, view: &View) {
        let Some(mailbox) = store.mailbox(view.mailbox()) else {
            return;
        };
        if mailbox.keywords().len() > self.keywords {
            self.keywords = mailbox.keywords().len();
            let lines = select::flag_lines(mailbox, view.read_only);
            self.say(lines);
        }
    }

    /// Runs `f` with the store and the view brought up to date with it.
    fn with_view<T>(&mut self, f: impl FnOnce(&mut Store, &mut View) -> T) -> Option<T> {
        let view = self.view.as_mut()?;
        let mut held = self.service.store.lock();
        view.catch_up(&mut held).ok()?;
        Some(f(&mut held, view))
    }

    fn deselect(&mut self) {
        if let Some(view) = self.view.take() {
            view.close(&self.service.store);
        }
        self.saved = Vec::new();
        self.mailbox_name.clear();
    }

    /// Reports a command to whoever watches, secrets masked.
    fn heard(&mut self, text: &[u8]) {
        if !self.service.events {
            return;
        }
        for text in shower::heard(text) {
            self.events.push_back(Event::Line(Line {
                exchange: Some(Exchange(self.commands)),
                text,
                clear: None,
                verdict: Verdict::Note,
                kind: LineKind::Command,
            }));
        }
    }

    /// Does one thing with what came. False when more must come first.
    fn advance(&mut self) -> bool {
        match &self.place {
            Place::Tls | Place::Closed => false,
            Place::Idle { .. } if self.rung => {
                if self.tell(true).is_ok() {
                    self.send(&Effect::default());
                }
                !self.out.is_empty()
            }
            Place::Idle { .. } => self.idle_line(),
            Place::Answer { .. } => self.answer_line(),
            Place::Command => self.gather(),
        }
    }
}

/// `* 3 EXPUNGE` and the like, a line a number.
fn lines(numbers: Vec<u32>, word: &'static str) -> Flow {
    let mut numbers = numbers.into_iter().peekable();
    Box::new(std::iter::from_fn(move || {
        numbers.peek()?;
        let mut out = Vec::with_capacity(CHUNK + 64);
        for number in numbers.by_ref() {
            out.extend_from_slice(b"* ");
            write::number(&mut out, number);
            out.push(b' ');
            out.extend_from_slice(word.as_bytes());
            out.extend_from_slice(b"\r\n");
            if out.len() >= CHUNK {
                break;
            }
        }
        Some(out)
    }))
}

impl Drop for ImapServer {
    fn drop(&mut self) {
        self.deselect();
    }
}

impl Engine for ImapServer {
    fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        let Input::Line(reason) = input else {
            return Err(Refusal::NotNow("a server engine only says goodbye"));
        };
        if self.out.closing() {
            return Err(Refusal::Closed);
        }
        self.bye(&String::from_utf8_lossy(reason));
        Ok(Exchange(self.commands))
    }

    fn receive(&mut self, bytes: &[u8]) {
        if !matches!(self.place, Place::Closed) {
            self.gather.raw.push(bytes);
        }
    }

    fn secured(&mut self) {
        let octets = self.gather.forget();
        if octets > 0 && self.service.events {
            self.out
                .event(Event::Oddity(Oddity::BytesAfterStartTls { octets }));
        }
        self.secured = true;
        self.place = Place::Command;
        self.enabled = Enabled::default();
    }

    fn closed(&mut self) {
        self.place = Place::Closed;
        self.gather.forget();
        self.deselect();
    }

    fn wake(&mut self) {
        self.rung = true;
    }

    fn poll(&mut self) -> Step {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Step::Event(event);
            }
            if let Some(step) = self.out.next_step() {
                match &step {
                    Step::Close => self.closed(),
                    Step::Write(bytes) if self.service.events => {
                        let masked = matches!(&self.place, Place::Answer { login, .. } if !login.is_public());
                        let exchange = Exchange(self.commands);
                        self.shower.show(bytes, exchange, masked, &mut self.events);
                    }
                    Step::Write(bytes) if bytes.is_empty() => continue,
                    _ => {}
                }
                return step;
            }
            if self.out.closing() || !self.advance() {
                return Step::Wait;
            }
        }
    }

    fn phase(&self) -> Phase {
        Phase(match &self.place {
            Place::Closed => "logout",
            _ if self.view.is_some() => "selected",
            _ if self.user.is_some() => "authenticated",
            _ => "not-authenticated",
        })
    }

    fn mode(&self) -> Mode {
        match &self.place {
            Place::Idle { .. } => Mode::Idle,
            _ => match self.gather.octets_left {
                0 => Mode::Command,
                octets_left => Mode::Literal { octets_left },
            },
        }
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.service.patience.unwrap_or(AUTOLOGOUT))
    }

    fn due(&self) -> Vec<Due> {
        Vec::new()
    }

    fn offers(&self) -> &Offers {
        &self.offers
    }

    fn facts(&self) -> Facts {
        Facts {
            user: self.user.clone(),
            logged_in: self.user.is_some(),
            mailbox: self.view.is_some().then(|| self.mailbox_name.clone()),
            leaving: self.out.closing(),
            ..Facts::default()
        }
    }

    fn verb_of(&self, _line: &[u8]) -> Option<&'static Verb> {
        None
    }

    fn set(&mut self, _setting: Setting) {}
}
