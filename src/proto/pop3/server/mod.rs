//! The practice server's POP3 (RFC 1939, 2449, 2595, 3206, 5034, 6856), over the store.
//!
//! `mod.rs` is the conversation and the AUTHORIZATION state, `mailbox.rs` the TRANSACTION state.
//! Rules: the maildrop is locked from login to the end; deletions happen at QUIT and never else; a
//! connection that ends otherwise removes nothing.

mod auth;
mod mailbox;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use memchr::memchr;

use self::mailbox::Open;
use crate::proto::engine::{Due, Engine, Facts, Input, Mode, Refusal, Setting, Step};
use crate::proto::event::{
    Event, Exchange, Line, LineKind, Oddity, Offers, Sent, SentKind, Verdict,
};
use crate::proto::faults::{CloseWhen, Effect, GREETING, Occasion};
use crate::proto::login::Login;
use crate::proto::outbox::{Flow, Outbox};
use crate::proto::pop3::spec;
use crate::proto::server::{Service, Visitor};
use crate::proto::spec::{Phase, Verb};
use crate::store::Refused;
use crate::store::maildrop::Maildrop;
use crate::wire::line::LineBuf;
use crate::wire::secret::MASK;

/// How much of long content an event shows.
const SHOWN: usize = 256;

/// One POP3 conversation.
pub struct Pop3Server {
    service: Arc<Service>,
    visitor: Visitor,
    input: LineBuf,
    out: Outbox,
    place: Place,
    secured: bool,
    /// The timestamp of the greeting, for APOP.
    timestamp: String,
    /// What USER said.
    named: Option<String>,
    user: Option<String>,
    utf8: bool,
    drop: Option<Open>,
    effect: Effect,
    hidden: Vec<String>,
    commands: u64,
    errors: u64,
    offers: Offers,
}

enum Place {
    Command,
    Skip,
    Answer(Login),
    Tls,
    Closed,
}

impl Pop3Server {
    /// A conversation that begins with its greeting.
    pub fn new(service: Arc<Service>, visitor: Visitor) -> Self {
        let mut random = [0; 8];
        (service.random)(&mut random);
        let timestamp = format!(
            "<{}.{}@{}>",
            u64::from_le_bytes(random),
            (service.clock)(),
            service.host
        );
        let mut server = Self {
            secured: visitor.secured,
            service,
            visitor,
            input: LineBuf::default(),
            out: Outbox::default(),
            place: Place::Command,
            timestamp,
            named: None,
            user: None,
            utf8: false,
            drop: None,
            effect: Effect::default(),
            hidden: Vec::new(),
            commands: 0,
            errors: 0,
            offers: Offers::default(),
        };
        server.effect = server.fault(GREETING);
        let greeting = format!(
            "+OK {} POP3 practice {}",
            server.service.host, server.timestamp
        );
        server.say(&greeting);
        server
    }

    fn fault(&mut self, on: &str) -> Effect {
        let mut effect = self.service.faults.at(Occasion {
            protocol: "pop3",
            on,
            user: self.user.as_deref().or(self.named.as_deref()),
            peer: self.visitor.address.as_deref().unwrap_or("memory"),
            connection: self.visitor.number,
            errors: self.errors,
            commands: self.commands.saturating_sub(1),
            ..Occasion::default()
        });
        for word in effect.hide.drain(..) {
            if !self.is_hidden(&word) {
                self.hidden.push(word);
            }
        }
        effect
    }

    fn say(&mut self, text: &str) {
        self.answer(text, None);
    }

    /// A positive reply with a dotted body behind it.
    fn say_lines(&mut self, text: &str, lines: &str) {
        let mut body = Vec::with_capacity(lines.len() + 3);
        body.extend_from_slice(lines.as_bytes());
        body.extend_from_slice(b".\r\n");
        let shown = lines.as_bytes().iter().copied().take(SHOWN).collect();
        let octets = body.len() as u64;
        self.answer(text, Some((Box::new(std::iter::once(body)), shown, octets)));
    }

    /// A reply, and what follows it when it is positive: the content, its start and its size.
    fn answer(&mut self, text: &str, content: Option<(Flow, Vec<u8>, u64)>) {
        let effect = std::mem::take(&mut self.effect);
        let text = effect.reply.as_deref().unwrap_or(text);
        let silent = effect.garbage.is_some() || effect.close == Some(CloseWhen::Before);
        let error = text.starts_with("-ERR");
        let content = content.filter(|_| !error);
        if self.service.events && !silent {
            let challenge = matches!(&self.place, Place::Answer(login) if !login.is_public());
            let shown = match text.strip_prefix("+ ") {
                Some(blob) if challenge && !blob.is_empty() => format!("+ {MASK}"),
                _ => text.to_owned(),
            };
            self.sent(shown.into_bytes(), SentKind::Reply, text.len() as u64 + 2);
            if let Some((_, start, octets)) = &content {
                self.sent(start.clone(), SentKind::Content, *octets);
            }
        }
        let status = format!("{text}\r\n").into_bytes();
        match content {
            None => self.out.answer(status, &effect),
            Some((flow, ..)) => {
                let whole = std::iter::once(status).chain(flow);
                self.out.answer_flow(Box::new(whole), &effect);
            }
        }
        if error {
            self.errors += 1;
            if self.errors >= self.service.limits.errors && !self.out.closing() {
                self.out.write(b"-ERR too many errors\r\n".to_vec());
                self.out.close();
            }
        }
    }

    fn sent(&mut self, shown: Vec<u8>, kind: SentKind, octets: u64) {
        self.out.event(Event::Sent(Sent {
            exchange: Exchange(self.commands),
            shown,
            clear: None,
            kind,
            octets,
            differs: false,
        }));
    }

    fn heard(&mut self, text: Vec<u8>) {
        if self.service.events {
            self.out.event(Event::Line(Line {
                exchange: Some(Exchange(self.commands)),
                text,
                clear: None,
                verdict: Verdict::Note,
                kind: LineKind::Command,
            }));
        }
    }

    fn advance(&mut self) -> bool {
        match self.place {
            Place::Tls | Place::Closed => false,
            Place::Skip => {
                let held = self.input.len();
                let end = memchr(b'\n', self.input.pending());
                self.input.consume(end.map_or(held, |at| at + 1));
                if end.is_some() {
                    self.place = Place::Command;
                }
                end.is_some()
            }
            Place::Command | Place::Answer(_) => self.line(),
        }
    }

    fn line(&mut self) -> bool {
        let limits = self.service.limits;
        let line = match self.input.next_line(limits.sasl_line) {
            Ok(None) => return false,
            Ok(Some(line)) => line.bytes,
            Err(_) => {
                self.place = Place::Skip;
                self.commands += 1;
                self.say("-ERR line too long");
                return true;
            }
        };
        if let Place::Answer(login) = std::mem::replace(&mut self.place, Place::Command) {
            self.heard(MASK.as_bytes().to_vec());
            self.respond(login, &line);
            return true;
        }
        self.commands += 1;
        self.heard(masked(&line));
        if self.commands > limits.commands {
            self.say("-ERR too many commands");
            self.out.close();
            return true;
        }
        let login = line
            .get(..5)
            .is_some_and(|v| v.eq_ignore_ascii_case(b"AUTH "));
        match std::str::from_utf8(&line) {
            _ if line.len() > limits.line && !login => self.say("-ERR line too long"),
            Ok(text) if !text.chars().any(|c| c.is_control() && c != '\t') => self.command(text),
            _ => self.say("-ERR that is no text"),
        }
        true
    }

    fn command(&mut self, line: &str) {
        let (verb, args) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        if let Some(user) = args
            .split(' ')
            .next()
            .filter(|_| verb == "APOP" || verb == "USER")
        {
            self.named = Some(user.to_owned()).filter(|u| !u.is_empty());
        }
        if verb != "AUTH" {
            let effect = self.fault(&verb);
            let prevented = effect.prevents(false);
            self.effect = effect;
            if prevented {
                return self.say("");
            }
        }
        match verb.as_str() {
            "QUIT" => self.quit(),
            "CAPA" => self.capa(),
            "NOOP" if self.drop.is_some() => self.say("+OK"),
            "USER" | "PASS" | "APOP" | "AUTH" | "STLS" | "UTF8" if self.drop.is_some() => {
                self.say("-ERR not in this state: you are logged in");
            }
            "USER" => self.user(args),
            "PASS" => self.pass(args),
            "APOP" => self.apop(args),
            "AUTH" => self.auth(args),
            "STLS" => self.stls(),
            "UTF8" => {
                self.utf8 = true;
                self.say("+OK UTF8 mode");
            }
            "STAT" | "LIST" | "RETR" | "DELE" | "RSET" | "TOP" | "UIDL" | "NOOP" => {
                if self.drop.is_none() {
                    return self.say("-ERR log in first");
                }
                self.transaction(&verb, args.trim());
            }
            _ => self.say("-ERR unknown command"),
        }
    }

    fn quit(&mut self) {
        let removed = self.drop.take().map(Open::commit);
        match removed {
            Some(0) | None => self.say("+OK bye"),
            Some(n) => self.say(&format!("+OK {n} deleted, bye")),
        }
        self.out.close();
    }

    fn is_hidden(&self, word: &str) -> bool {
        self.hidden.iter().any(|h| h.eq_ignore_ascii_case(word))
    }

    fn capa(&mut self) {
        let mut lines = vec![
            "TOP".to_owned(),
            "UIDL".into(),
            "RESP-CODES".into(),
            "AUTH-RESP-CODE".into(),
            "PIPELINING".into(),
            "EXPIRE NEVER".into(),
            "UTF8 USER".into(),
        ];
        let mechanisms = self.mechanisms();
        if !mechanisms.is_empty() {
            lines.push(format!("SASL {}", mechanisms.join(" ")));
        }
        if self.secured || self.service.clear_logins {
            lines.push("USER".into());
        }
        if self.service.starttls && !self.secured && self.drop.is_none() {
            lines.push("STLS".into());
        }
        lines.push("IMPLEMENTATION ehlo-practice".into());
        lines.retain(|line| !self.is_hidden(line.split(' ').next().unwrap_or_default()));
        let body: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        self.say_lines("+OK what this server can do", &body);
    }

    /// Enters the TRANSACTION state, if the maildrop is free.
    fn open(&mut self, user: &str) {
        match Maildrop::open(&self.service.store, user) {
            Ok(maildrop) => {
                let open = Open::new(maildrop);
                let (count, octets) = open.totals();
                self.user = Some(user.to_owned());
                self.drop = Some(open);
                self.say(&format!("+OK {count} messages, {octets} octets"));
            }
            Err(Refused::InUse) => self.say("-ERR [IN-USE] another session has the maildrop"),
            Err(why) => self.say(&format!("-ERR [SYS/TEMP] {why}")),
        }
    }

    fn stls(&mut self) {
        if self.secured {
            return self.say("-ERR TLS is up already");
        }
        if !self.service.starttls || self.is_hidden("STLS") {
            return self.say("-ERR unknown command");
        }
        let answered = self.effect.garbage.is_none();
        self.say("+OK begin TLS");
        if answered && !self.out.closing() {
            self.place = Place::Tls;
            self.out.start_tls();
        }
    }
}

/// A command line with what is secret in it masked.
fn masked(line: &[u8]) -> Vec<u8> {
    let mut words = line.splitn(3, |b| *b == b' ');
    let verb = words.next().unwrap_or_default().to_ascii_uppercase();
    let (second, third) = (words.next(), words.next());
    let kept = match (verb.as_slice(), second, third) {
        (b"PASS", Some(_), _) => 4,
        (b"APOP" | b"AUTH", Some(second), Some(_)) => 5 + second.len(),
        _ => return line.to_vec(),
    };
    let mut shown = line[..kept].to_vec();
    shown.push(b' ');
    shown.extend_from_slice(MASK.as_bytes());
    shown
}

impl fmt::Debug for Pop3Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pop3Server")
            .field("commands", &self.commands)
            .finish_non_exhaustive()
    }
}

impl Engine for Pop3Server {
    fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        let Input::Line(_) = input else {
            return Err(Refusal::NotNow("a server engine only says goodbye"));
        };
        if self.out.closing() {
            return Err(Refusal::Closed);
        }
        // RFC 1939 3: closed without a response, and nothing is removed.
        self.out.close();
        Ok(Exchange(self.commands))
    }

    fn receive(&mut self, bytes: &[u8]) {
        if !matches!(self.place, Place::Closed) {
            self.input.push(bytes);
        }
    }

    fn secured(&mut self) {
        let octets = self.input.clear();
        if octets > 0 && self.service.events {
            self.out
                .event(Event::Oddity(Oddity::BytesAfterStartTls { octets }));
        }
        self.secured = true;
        self.place = Place::Command;
        self.named = None;
        self.utf8 = false;
    }

    fn closed(&mut self) {
        self.place = Place::Closed;
        self.input.clear();
        self.drop = None;
    }

    fn poll(&mut self) -> Step {
        loop {
            if let Some(step) = self.out.next_step() {
                if matches!(step, Step::Close) {
                    self.closed();
                }
                return step;
            }
            if self.out.closing() || !self.advance() {
                return Step::Wait;
            }
        }
    }

    fn phase(&self) -> Phase {
        match (&self.place, &self.drop) {
            (Place::Closed, _) => spec::UPDATE,
            (_, Some(_)) => spec::TRANSACTION,
            (_, None) => spec::AUTHORIZATION,
        }
    }

    fn mode(&self) -> Mode {
        Mode::Command
    }

    fn patience(&self) -> Option<Duration> {
        // RFC 1939 3: at least ten minutes.
        Some(self.service.patience.unwrap_or(Duration::from_secs(600)))
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
            logged_in: self.drop.is_some(),
            deletes_pending: self.drop.as_ref().map_or(0, Open::pending),
            leaving: self.out.closing(),
            ..Facts::default()
        }
    }

    fn verb_of(&self, line: &[u8]) -> Option<&'static Verb> {
        spec::SPEC.verb(line)
    }

    fn set(&mut self, _setting: Setting) {}
}
