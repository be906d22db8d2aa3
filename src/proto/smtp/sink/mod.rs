//! A server that accepts and discards: SMTP and LMTP as RFC 5321 and 2033 have them, at full speed.
//!
//! `mod.rs` is the conversation, `verbs.rs` what each command does, `content.rs` how a message comes
//! in, `login.rs` AUTH, `board.rs` what is counted, `mark.rs` what is told to who measures. Paths and parameters are read by the practice
//! server's `envelope`, faults come from its table.
//!
//! Rules, beyond those of a server engine:
//! 1. What comes is read where it lies; only an unfinished line, and what came behind a pause, is
//!    copied. Content is scanned for its end and counted; it is copied only to be kept.
//! 2. Plain replies gather in `replies`, for one write; as soon as a fault does more than change a
//!    text, the outbox takes over until it is empty, and nothing is read meanwhile.
//! 3. Content ends with CRLF.CRLF and nothing else; what was pipelined behind STARTTLS is dropped
//!    unread; a refused chunk is read to its end.

mod board;
mod content;
mod login;
mod mark;
mod verbs;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use memchr::memchr;

pub use self::board::{Board, Counter};
use self::content::Transaction;
pub use self::mark::{Did, Mark};
pub use self::verbs::offerable;
use crate::proto::engine::Step;
use crate::proto::faults::{CloseWhen, Effect, GREETING, Occasion};
use crate::proto::login::Login;
use crate::proto::outbox::Outbox;
use crate::proto::server::{Service, Visitor};
use crate::proto::smtp::Flavour;
use crate::wire::dot::Unstuffer;

/// What all connections of a sink share.
pub struct Plan {
    /// Host name, faults, accounts, limits. Its store takes no mail.
    pub service: Service,
    /// Which protocol.
    pub flavour: Flavour,
    /// AUTH is offered.
    pub auth: bool,
    /// There are faults.
    pub faulty: bool,
    /// Accept so many messages and no more.
    pub stop_after: Option<u64>,
    /// So long behind the go-ahead of DATA the conversation is broken off with a refusal; nothing of
    /// the content is read.
    pub abort: Option<Duration>,
    /// Silence behind the go-ahead of DATA, before content is read.
    pub read_delay: Option<Duration>,
    /// Waits of random length.
    pub waits: Vec<Wait>,
    /// Who keeps what is accepted.
    pub keeper: Option<Box<dyn Keeper>>,
    /// The counters.
    pub board: Board,
}

/// A wait before an answer, by the dice: the same for the same seed.
#[derive(Debug)]
pub struct Wait {
    /// The verb, `GREETING` or `DOT`.
    pub on: String,
    /// The least that is waited.
    pub unit: Duration,
    /// The part of a hundred throws after which another one is made, and another wait.
    pub odds: u8,
    /// What the dice come from.
    pub state: AtomicU64,
}

impl Wait {
    /// The next wait: as often the unit as it takes to throw the odds or more.
    fn next(&self) -> Duration {
        let mut times = 1;
        // With 99 in a hundred, a thousand throws are as good as never.
        while times < 1000 {
            // SplitMix64: nobody must not guess it.
            let step = 0x9e37_79b9_7f4a_7c15;
            let mut z = self.state.fetch_add(step, Relaxed).wrapping_add(step);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            if (z ^ (z >> 31)) % 100 >= u64::from(self.odds) {
                break;
            }
            times += 1;
        }
        self.unit.saturating_mul(times)
    }
}

/// Takes messages that are kept after all.
pub trait Keeper: Send + Sync {
    /// Keeps one; false when it cannot, and the client shall try later.
    fn keep(&self, letter: &Letter<'_>) -> bool;
}

/// A message with its envelope.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The number of the connection.
    pub connection: u64,
    /// The client's address; `None` on a Unix socket.
    pub peer: Option<&'a str>,
    /// What the client called itself.
    pub helo: &'a str,
    /// "SMTP", "ESMTP" or "LMTP".
    pub with: &'a str,
    /// The sender; empty for `<>`.
    pub sender: &'a str,
    /// Those for whom it was accepted.
    pub recipients: &'a [String],
    /// Header and body, as they came.
    pub octets: &'a [u8],
}

/// One conversation.
pub struct Sink {
    plan: Arc<Plan>,
    visitor: Visitor,
    place: Place,
    /// What came and cannot be read yet.
    pending: Vec<u8>,
    replies: Vec<u8>,
    out: Outbox,
    helo: Option<Helo>,
    /// The greeting was a refusal (RFC 5321 3.1).
    unwelcome: bool,
    secured: bool,
    user: Option<String>,
    message: Option<Transaction>,
    /// What a fault does to the next reply.
    effect: Option<Box<Effect>>,
    hidden: Vec<String>,
    commands: u64,
    errors: u64,
    quit: bool,
    /// What the next reply answers.
    did: Did,
    marks: Vec<Mark>,
}

enum Place {
    Command,
    /// The rest of a line that was too long is passed over.
    Skip,
    /// Waiting for an answer to a challenge.
    Answer(Box<Login>),
    Data(Unstuffer),
    Chunk {
        left: u64,
        size: u64,
        last: bool,
        /// The reply, when the octets are only passed over.
        refused: Option<&'static str>,
    },
    Closed,
}

struct Helo {
    name: String,
    extended: bool,
}

impl Sink {
    /// A conversation that begins with its greeting.
    pub fn new(plan: Arc<Plan>, visitor: Visitor) -> Self {
        plan.board.connections.add(1);
        if visitor.secured {
            plan.board.secured.add(1);
        }
        let mut sink = Self {
            secured: visitor.secured,
            plan,
            visitor,
            place: Place::Command,
            pending: Vec::new(),
            replies: Vec::new(),
            out: Outbox::default(),
            helo: None,
            unwelcome: false,
            user: None,
            message: None,
            effect: None,
            hidden: Vec::new(),
            commands: 0,
            errors: 0,
            quit: false,
            did: Did::Unasked,
            marks: Vec::new(),
        };
        sink.effect = sink.fault(GREETING, None, None);
        let reply = sink.effect.as_ref().and_then(|e| e.reply.as_deref());
        sink.unwelcome = reply.is_some_and(|text| text.starts_with('5'));
        let what = match sink.plan.flavour {
            Flavour::Smtp => "ESMTP",
            Flavour::Lmtp => "LMTP",
        };
        let greeting = format!("220 {} {what} sink", sink.plan.service.host);
        sink.say(&greeting);
        sink
    }

    /// Takes what came, as far as it can be answered.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.pending.is_empty() {
            let used = self.read(bytes);
            self.pending.extend_from_slice(&bytes[used..]);
        } else {
            self.pending.extend_from_slice(bytes);
            self.go_on();
        }
    }

    /// Plain replies that wait to be sent. They are older than anything `poll` brings later, and
    /// younger than what it brought.
    pub fn replies(&mut self) -> &mut Vec<u8> {
        &mut self.replies
    }

    /// What was done since this was emptied, in order.
    pub fn marks(&mut self) -> &mut Vec<Mark> {
        &mut self.marks
    }

    /// The client is between MAIL and the end of its message.
    pub fn in_message(&self) -> bool {
        self.message.is_some()
    }

    /// The next step of what a fault makes of the conversation; `None` when more must come first.
    pub fn poll(&mut self) -> Option<Step> {
        if self.out.is_empty() && !self.pending.is_empty() {
            self.go_on();
        }
        let step = self.out.next_step();
        if matches!(step, Some(Step::Close)) {
            self.place = Place::Closed;
        }
        step
    }

    /// TLS is up: everything begins anew (RFC 3207 4.2).
    pub fn secured(&mut self) {
        self.plan.board.secured.add(1);
        self.pending.clear();
        self.secured = true;
        self.helo = None;
        self.user = None;
        self.message = None;
    }

    /// True when the client said QUIT: nothing of it is left to be read.
    pub fn has_quit(&self) -> bool {
        self.quit
    }

    /// Says that the service ends, and ends it.
    pub fn goodbye(&mut self, enhanced: &str, why: &str) {
        self.effect = None;
        self.did = Did::Unasked;
        let text = format!("421 {enhanced} {} {why}", self.plan.service.host);
        self.say(&text);
    }

    fn go_on(&mut self) {
        let mut held = std::mem::take(&mut self.pending);
        let used = self.read(&held);
        held.drain(..used);
        self.pending = held;
    }

    /// Reads command by command until something is missing or the outbox has the word.
    fn read(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && self.out.is_empty() {
            match self.advance(&bytes[at..]) {
                0 => break,
                used => at += used,
            }
        }
        if self.out.closing() { bytes.len() } else { at }
    }

    /// Does one thing with what came; answers how much of it was used.
    fn advance(&mut self, bytes: &[u8]) -> usize {
        match &self.place {
            Place::Command | Place::Answer(_) => self.line(bytes),
            Place::Data(_) => self.data(bytes),
            Place::Chunk { .. } => self.chunk(bytes),
            Place::Skip => {
                let end = memchr(b'\n', bytes);
                if end.is_some() {
                    self.place = Place::Command;
                }
                end.map_or(bytes.len(), |at| at + 1)
            }
            Place::Closed => bytes.len(),
        }
    }

    fn line(&mut self, bytes: &[u8]) -> usize {
        let limits = &self.plan.service.limits;
        let (line_limit, sasl_limit) = (limits.line, limits.sasl_line);
        let Some(end) = memchr(b'\n', bytes) else {
            if bytes.len() <= sasl_limit {
                return 0;
            }
            self.place = Place::Skip;
            self.too_long();
            return bytes.len();
        };
        let line = &bytes[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.commands += 1;
        self.plan.board.commands.add(1);
        let is_login = line
            .get(..5)
            .is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
        if matches!(self.place, Place::Answer(_)) {
            if line.len() > sasl_limit {
                self.place = Place::Command;
                self.too_long();
            } else {
                self.answer(line);
            }
        } else if line.len() > if is_login { sasl_limit } else { line_limit } {
            self.too_long();
        } else {
            self.command(line);
        }
        end + 1
    }

    fn too_long(&mut self) {
        self.effect = None;
        self.did = Did::Other;
        self.say("500 5.5.2 Error: line too long");
    }

    /// What the fault table has for this moment. Capabilities it hides stay hidden.
    fn fault(&mut self, on: &str, from: Option<&str>, to: Option<&str>) -> Option<Box<Effect>> {
        if !self.plan.faulty {
            return None;
        }
        let mut effect = self.plan.service.faults.at(Occasion {
            protocol: match self.plan.flavour {
                Flavour::Smtp => "smtp",
                Flavour::Lmtp => "lmtp",
            },
            on,
            to,
            from,
            user: self.user.as_deref(),
            peer: self.visitor.address.as_deref().unwrap_or("unix"),
            connection: self.visitor.number,
            errors: self.errors,
            commands: self.commands.saturating_sub(1),
        });
        let waits = self.plan.waits.iter();
        if let Some(wait) = waits.rev().find(|w| w.on.eq_ignore_ascii_case(on)) {
            effect.delay = Some(wait.next());
        }
        for word in effect.hide.drain(..) {
            if !self.is_hidden(&word) {
                self.hidden.push(word);
            }
        }
        (!effect.is_none()).then(|| Box::new(effect))
    }

    /// Keeps an effect for the reply to come; true when the command must not be carried out.
    fn holds(&mut self, effect: Option<Box<Effect>>, go_ahead: bool) -> bool {
        let prevented = effect.as_ref().is_some_and(|e| e.prevents(go_ahead));
        self.effect = effect;
        prevented
    }

    fn is_hidden(&self, word: &str) -> bool {
        self.hidden.iter().any(|h| h.eq_ignore_ascii_case(word))
    }

    /// A reply; LF parts its lines. The fault that was found for it is carried out here. True when
    /// the client gets the whole of it.
    fn say(&mut self, text: &str) -> bool {
        let Some(effect) = self.effect.take() else {
            self.marks.push(Mark::new(self.did, text, true));
            self.judge(text);
            if self.out.is_empty() {
                write_lines(text, &mut self.replies);
            } else {
                let mut wire = Vec::with_capacity(text.len() + 2);
                write_lines(text, &mut wire);
                self.out.write(wire);
            }
            self.close_behind(text);
            return true;
        };
        let text = effect.reply.as_deref().unwrap_or(text);
        let mut wire = Vec::with_capacity(text.len() + 2);
        write_lines(text, &mut wire);
        let whole = effect.garbage.is_none()
            && effect.close != Some(CloseWhen::Before)
            && effect.cut.is_none_or(|octets| octets >= wire.len());
        self.marks.push(Mark::new(self.did, text, whole));
        self.judge(text);
        self.hand_over();
        self.out.answer(wire, &effect);
        self.close_behind(text);
        whole
    }

    fn judge(&mut self, text: &str) {
        if text.starts_with(['4', '5']) {
            self.errors += 1;
        }
    }

    fn close_behind(&mut self, text: &str) {
        if text.starts_with("421") {
            self.close();
        }
    }

    fn close(&mut self) {
        self.hand_over();
        self.out.close();
    }

    /// From here on the outbox has the word.
    fn hand_over(&mut self) {
        if !self.replies.is_empty() {
            self.out.write(std::mem::take(&mut self.replies));
        }
    }
}

fn write_lines(text: &str, wire: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(end) = memchr(b'\n', rest) {
        wire.extend_from_slice(&rest[..end]);
        wire.extend_from_slice(b"\r\n");
        rest = &rest[end + 1..];
    }
    wire.extend_from_slice(rest);
    wire.extend_from_slice(b"\r\n");
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never what came: it may hold a password.
        f.debug_struct("Sink")
            .field("commands", &self.commands)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("flavour", &self.flavour)
            .field("board", &self.board)
            .finish_non_exhaustive()
    }
}
