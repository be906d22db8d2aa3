//! The practice server's IMAP4rev1 and IMAP4rev2, over the store.
//!
//! `engine.rs` is the conversation: octets in, steps out. `gather.rs` puts commands together from
//! lines and literals, `parse.rs` reads them, `table.rs` knows which there are, and each group of
//! commands has a file or folder of its own. `answer.rs` puts answers together, `news.rs` tells of
//! what other sessions did.
//!
//! Rules:
//! 1. A handler reads its whole command before it does anything.
//! 2. Long answers flow: they are made while they are sent, a part of at most `CHUNK` at a time, and
//!    the store is locked for one such part only. Where long work comes before the first octet, empty
//!    parts are made meanwhile, so that other conversations go on.
//! 3. News of other sessions are told before the answer, where numbers are used in it, and behind
//!    it otherwise; expunges never in answer to FETCH, STORE and SEARCH without UID (RFC 9051 7.5.1).
//! 4. Nothing that a client sent is sent back, except a tag that is one, and mailbox names.

mod answer;
mod append;
mod auth;
mod copy;
mod engine;
mod fetch;
mod gather;
mod list;
mod mailboxes;
mod news;
mod parse;
mod search;
mod select;
mod session;
mod shower;
mod store;
mod table;
mod write;

use std::collections::VecDeque;
use std::sync::Arc;

use self::answer::{Done, Piece};
use self::gather::Gather;
use self::parse::{Bad, Parser};
use self::shower::Shower;
use crate::proto::event::{Event, Exchange, Line, LineKind, Offers, Verdict};
use crate::proto::faults::{Effect, GREETING, Occasion};
use crate::proto::login::Login;
use crate::proto::outbox::Outbox;
use crate::proto::server::{Service, Visitor};
use crate::store::SessionId;
use crate::store::view::View;

/// About how much of a flowing answer is made at a time.
const CHUNK: usize = 32 * 1024;

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
    /// What a search found for that.
    searched: search::Saved,
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
            searched: search::Saved::default(),
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

    /// A whole command, literals and all.
    fn command(&mut self, text: &[u8]) {
        self.commands += 1;
        self.take_searched();
        let mut parser = Parser::new(text).utf8(self.enabled.utf8);
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
