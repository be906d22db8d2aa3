//! The practice server's SMTP, submission and LMTP (RFC 5321, 6409, 2033), over the store.
//!
//! `mod.rs` is the conversation: lines in, replies out, faults, limits. `verbs.rs` is what each
//! command does, `envelope.rs` how addresses and parameters are read, `content.rs` how a message
//! comes in and where it goes. Replies are worded as Postfix words them where it has a wording.
//!
//! Rules: content ends with CRLF.CRLF and nothing else; what was pipelined behind STARTTLS is
//! dropped unread; a refused chunk is read to its end, so that content never becomes commands.

mod content;
pub(super) mod envelope;
mod verbs;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use memchr::memchr;

use self::content::Message;
use crate::proto::engine::{Due, Engine, Facts, Input, Mode, Refusal, Setting, Step};
use crate::proto::event::{
    Event, Exchange, Line, LineKind, Oddity, Offers, Part, PartKind, Sent, SentKind, Verdict,
};
use crate::proto::faults::{CloseWhen, Effect, GREETING, Occasion};
use crate::proto::login::Login;
use crate::proto::outbox::Outbox;
use crate::proto::server::{Service, TIME_IS_UP, Visitor};
use crate::proto::smtp::spec;
use crate::proto::spec::{Phase, Verb};
use crate::wire::dot::Unstuffer;
use crate::wire::line::LineBuf;
use crate::wire::secret::MASK;

/// Which of the three this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Mail comes in for local users; who logs in may send to anyone.
    Mx,
    /// MAIL needs a login (RFC 6409 4.3).
    Submission,
    /// Local delivery, a reply for each recipient (RFC 2033).
    Lmtp,
}

/// One SMTP or LMTP conversation.
pub struct SmtpServer {
    service: Arc<Service>,
    visitor: Visitor,
    role: Role,
    input: LineBuf,
    out: Outbox,
    place: Place,
    secured: bool,
    helo: Option<Helo>,
    user: Option<String>,
    message: Option<Message>,
    /// What a fault does to the next reply.
    effect: Effect,
    /// Capabilities that faults took away.
    hidden: Vec<String>,
    commands: u64,
    errors: u64,
    offers: Offers,
}

enum Place {
    Command,
    /// The rest of a line that was too long is passed over.
    Skip,
    /// Waiting for an answer to a challenge.
    Answer(Login),
    Data(Box<Unstuffer>),
    Chunk {
        left: u64,
        size: u64,
        last: bool,
        /// The reply, when the octets are only passed over.
        refused: Option<String>,
    },
    /// Between the go-ahead and TLS.
    Tls,
    Closed,
}

struct Helo {
    name: String,
    extended: bool,
}

impl SmtpServer {
    /// A conversation that begins with its greeting.
    pub fn new(service: Arc<Service>, visitor: Visitor, role: Role) -> Self {
        let mut server = Self {
            secured: visitor.secured,
            service,
            visitor,
            role,
            input: LineBuf::default(),
            out: Outbox::default(),
            place: Place::Command,
            helo: None,
            user: None,
            message: None,
            effect: Effect::default(),
            hidden: Vec::new(),
            commands: 0,
            errors: 0,
            offers: Offers::default(),
        };
        server.effect = server.fault(GREETING, None, None);
        let what = if role == Role::Lmtp { "LMTP" } else { "ESMTP" };
        let greeting = format!("220 {} {what} practice", server.service.host);
        server.say(&greeting);
        server
    }

    /// What the fault table has for this moment. Capabilities it hides stay hidden.
    fn fault(&mut self, on: &str, from: Option<&str>, to: Option<&str>) -> Effect {
        let mut effect = self.service.faults.at(Occasion {
            protocol: if self.role == Role::Lmtp {
                "lmtp"
            } else {
                "smtp"
            },
            on,
            to,
            from,
            user: self.user.as_deref(),
            peer: self.visitor.address.as_deref().unwrap_or("memory"),
            connection: self.visitor.number,
            errors: self.errors,
            commands: self.commands.saturating_sub(1),
        });
        for word in effect.hide.drain(..) {
            if !self.is_hidden(&word) {
                self.hidden.push(word);
            }
        }
        effect
    }

    /// A reply; LF parts its lines. The fault that was found for it is carried out here.
    fn say(&mut self, text: &str) {
        let effect = std::mem::take(&mut self.effect);
        let text = effect.reply.as_deref().unwrap_or(text);
        let silent = effect.garbage.is_some() || effect.close == Some(CloseWhen::Before);
        if self.service.events && !silent {
            self.show(text);
        }
        let mut wire = Vec::with_capacity(text.len() + 2);
        for line in text.split('\n') {
            wire.extend_from_slice(line.as_bytes());
            wire.extend_from_slice(b"\r\n");
        }
        let bye = text.starts_with("421");
        let error = text.starts_with(['4', '5']);
        self.out.answer(wire, &effect);
        if bye {
            self.out.close();
        } else if error {
            self.errors += 1;
            if self.errors >= self.service.limits.errors {
                self.bye("4.7.0", "Error: too many errors");
            }
        }
    }

    fn bye(&mut self, enhanced: &str, why: &str) {
        let text = format!("421 {enhanced} {} {why}", self.service.host);
        self.say(&text);
    }

    fn show(&mut self, text: &str) {
        let challenge = matches!(&self.place, Place::Answer(login) if !login.is_public());
        for line in text.split('\n') {
            let shown = match line.get(..4) {
                Some("334 ") if challenge && line.len() > 4 => format!("334 {MASK}"),
                _ => line.to_owned(),
            };
            self.out.event(Event::Sent(Sent {
                exchange: Exchange(self.commands),
                shown: shown.into_bytes(),
                clear: None,
                kind: SentKind::Reply,
                octets: line.len() as u64 + 2,
                differs: false,
            }));
        }
    }

    /// Does one thing with what came. False when more must come first.
    fn advance(&mut self) -> bool {
        match &mut self.place {
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
            Place::Data(_) => self.data(),
            Place::Chunk { .. } => self.chunk(),
        }
    }

    fn line(&mut self) -> bool {
        let limits = self.service.limits;
        let answer = matches!(self.place, Place::Answer(_));
        let line = match self.input.next_line(limits.sasl_line) {
            Ok(None) => return false,
            Ok(Some(line)) => line.bytes,
            Err(_) => {
                self.place = Place::Skip;
                self.too_long(answer);
                return true;
            }
        };
        if answer {
            self.heard(MASK.as_bytes().to_vec());
            self.answer(&line);
            return true;
        }
        let login = line
            .get(..5)
            .is_some_and(|v| v.eq_ignore_ascii_case(b"AUTH "));
        if line.len() > limits.line && !login {
            self.too_long(false);
            return true;
        }
        self.commands += 1;
        if self.service.events {
            self.heard(masked(&line));
        }
        if self.commands > limits.commands {
            self.bye("4.7.0", "Error: too many commands");
            return true;
        }
        self.command(&line);
        true
    }

    fn too_long(&mut self, answer: bool) {
        self.commands += 1;
        self.effect = Effect::default();
        self.say(if answer {
            "500 5.5.6 Authentication exchange line is too long"
        } else {
            "500 5.5.2 Error: line too long"
        });
    }

    fn heard(&mut self, text: Vec<u8>) {
        if !self.service.events {
            return;
        }
        self.out.event(Event::Line(Line {
            exchange: Some(Exchange(self.commands)),
            text,
            clear: None,
            verdict: Verdict::Note,
            kind: LineKind::Command,
        }));
    }

    fn part(&mut self, bytes: Vec<u8>, last: bool, kind: PartKind) {
        self.out.event(Event::Part(Part {
            exchange: Some(Exchange(self.commands)),
            bytes,
            last,
            kind,
        }));
    }

    fn reset(&mut self) {
        self.message = None;
    }
}

/// A command line with what is secret in it masked: what follows the mechanism of AUTH.
fn masked(line: &[u8]) -> Vec<u8> {
    let mut words = line.splitn(3, |b| *b == b' ');
    let (verb, mechanism, rest) = (words.next(), words.next(), words.next());
    match (verb, mechanism, rest) {
        (Some(verb), Some(mechanism), Some(_)) if verb.eq_ignore_ascii_case(b"AUTH") => {
            let mut shown = [verb, b" ", mechanism, b" "].concat();
            shown.extend_from_slice(MASK.as_bytes());
            shown
        }
        _ => line.to_vec(),
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the input: it may hold a password.
        f.debug_struct("SmtpServer")
            .field("role", &self.role)
            .field("commands", &self.commands)
            .finish_non_exhaustive()
    }
}

impl Engine for SmtpServer {
    fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        let Input::Line(reason) = input else {
            return Err(Refusal::NotNow("a server engine only says goodbye"));
        };
        if self.out.closing() {
            return Err(Refusal::Closed);
        }
        let enhanced = if reason == TIME_IS_UP.as_bytes() {
            "4.4.2"
        } else {
            "4.3.2"
        };
        self.effect = Effect::default();
        self.bye(enhanced, &String::from_utf8_lossy(reason));
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
        self.helo = None;
        self.user = None;
        self.reset();
    }

    fn closed(&mut self) {
        self.place = Place::Closed;
        self.input.clear();
        self.reset();
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
        match (&self.place, &self.message) {
            (Place::Closed, _) => spec::QUIT,
            (Place::Data(_) | Place::Chunk { .. }, _) => spec::DATA,
            (_, Some(message)) if !message.recipients.is_empty() => spec::RCPT,
            (_, Some(_)) => spec::MAIL,
            _ if self.helo.is_some() => spec::IDLE,
            _ => spec::START,
        }
    }

    fn mode(&self) -> Mode {
        match &self.place {
            Place::Data(_) => Mode::Body,
            Place::Chunk { left, .. } => Mode::Literal { octets_left: *left },
            _ => Mode::Command,
        }
    }

    fn patience(&self) -> Option<Duration> {
        // RFC 5321 4.5.3.2.7.
        Some(self.service.patience.unwrap_or(Duration::from_secs(300)))
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
            leaving: self.out.closing(),
            ..Facts::default()
        }
    }

    fn verb_of(&self, line: &[u8]) -> Option<&'static Verb> {
        spec::SPEC.verb(line)
    }

    fn set(&mut self, _setting: Setting) {}
}
