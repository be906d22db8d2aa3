//! The practice server's misbehaviour, as a table: what goes wrong, where, and at which times.
//!
//! Rules:
//! 1. Deterministic: a row fires on the n-th to m-th occasion that fits it, counted over all
//!    connections unless `per` says otherwise. There are no probabilities.
//! 2. Rows are merged: every row that fits counts its occasion; of those in their window, each
//!    action is taken from the first row that has it.
//! 3. A negative answer, and a close before the answer, keep the command from being carried out.
//!    Everything else happens to the answer of a command that was carried out.
//! 4. What is counted is bounded: beyond `MAX_KEYS` senders, users or triples share one counter.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::event::Verdict;

/// Counters kept apart for one row, at most.
const MAX_KEYS: usize = 100_000;

/// The point at which a connection is greeted.
pub const GREETING: &str = "greeting";
/// The point at which a message is complete (the lone dot, the last chunk).
pub const DOT: &str = ".";
/// Every point.
pub const ANYWHERE: &str = "*";

/// One row: when it fires and what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// Only in this protocol ("smtp", "lmtp", "pop3", "imap").
    pub protocol: Option<String>,
    /// A verb, `GREETING`, `DOT` or `ANYWHERE`.
    pub on: String,
    /// Only for this recipient; `*` stands for any text.
    pub to: Option<String>,
    /// Only for this sender; `*` stands for any text.
    pub from: Option<String>,
    /// Only for this user; `*` stands for any text.
    pub user: Option<String>,
    /// Which occasions.
    pub times: Times,
    /// What the occasions are counted by.
    pub per: Per,
    /// Only once the connection made so many errors.
    pub after_errors: u64,
    /// Only once the connection sent so many commands before this one.
    pub after_commands: u64,
    /// What it does.
    pub act: Effect,
}

/// From the n-th to the m-th time, both counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first occasion, from 1.
    pub first: u64,
    /// The last one; `None` for ever.
    pub last: Option<u64>,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            first: 1,
            last: None,
        }
    }
}

impl Times {
    fn hold(self, time: u64) -> bool {
        time >= self.first && self.last.is_none_or(|last| time <= last)
    }
}

/// What occasions are counted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// All of them together.
    #[default]
    Server,
    /// Each connection by itself.
    Connection,
    /// Each recipient by itself.
    Recipient,
    /// Each user by itself.
    User,
    /// Each triple of client address, sender and recipient: greylisting.
    Triple,
}

/// What happens. Engines read it; `Outbox` carries most of it out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Answer so: code and text, without tag and line end; LF parts lines.
    pub reply: Option<String>,
    /// Wait before the answer.
    pub delay: Option<Duration>,
    /// Send the answer an octet at a time, with so long between two of them.
    pub drip: Option<Duration>,
    /// Close the connection.
    pub close: Option<CloseWhen>,
    /// Send so many octets of the answer, then close.
    pub cut: Option<usize>,
    /// Send these octets in place of the answer.
    pub garbage: Option<Vec<u8>>,
    /// Send these octets right behind the answer, in the same write.
    pub extra: Option<Vec<u8>>,
    /// Capabilities that are not offered (and not served).
    pub hide: Vec<String>,
    /// IMAP: greet with PREAUTH, logged in as this user.
    pub preauth: Option<String>,
    /// IMAP: announce literals of this many octets, send what there is, and close.
    pub literal: Option<u64>,
}

/// When the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseWhen {
    /// Without an answer; the command is not carried out.
    Before,
    /// Behind the answer.
    After,
}

impl Effect {
    /// True when nothing is to happen.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// True when the command must not be carried out. `go_ahead`: it asks for content, which only
    /// a reply that asks for content ("354", "+") lets come.
    pub fn prevents(&self, go_ahead: bool) -> bool {
        if self.close == Some(CloseWhen::Before) {
            return true;
        }
        match (self.verdict(), go_ahead) {
            (None, _) => false,
            (Some(Verdict::Good), false) | (Some(Verdict::More), true) => false,
            (Some(_), _) => true,
        }
    }

    /// How the answer given here is understood.
    pub fn verdict(&self) -> Option<Verdict> {
        let reply = self.reply.as_deref()?;
        Some(match reply.as_bytes() {
            [b'2', ..] => Verdict::Good,
            [b'3', ..] => Verdict::More,
            [b'4', ..] => Verdict::TryLater,
            _ if reply.starts_with("+OK") || reply.starts_with("OK") => Verdict::Good,
            [b'+', ..] => Verdict::More,
            _ => Verdict::Refused,
        })
    }

    fn fill_from(&mut self, other: &Self) {
        fn first<T: Clone>(mine: &mut Option<T>, other: &Option<T>) {
            if mine.is_none() {
                mine.clone_from(other);
            }
        }
        first(&mut self.reply, &other.reply);
        first(&mut self.delay, &other.delay);
        first(&mut self.drip, &other.drip);
        first(&mut self.close, &other.close);
        first(&mut self.cut, &other.cut);
        first(&mut self.garbage, &other.garbage);
        first(&mut self.extra, &other.extra);
        first(&mut self.preauth, &other.preauth);
        first(&mut self.literal, &other.literal);
        self.hide.extend(other.hide.iter().cloned());
    }
}

/// The moment an engine asks about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Occasion<'a> {
    /// "smtp", "lmtp", "pop3", "imap".
    pub protocol: &'a str,
    /// The verb in any case, `GREETING` or `DOT`.
    pub on: &'a str,
    /// The recipient, where there is one.
    pub to: Option<&'a str>,
    /// The sender, where there is one.
    pub from: Option<&'a str>,
    /// The user who is logged in or logs in.
    pub user: Option<&'a str>,
    /// The client's address, without port.
    pub peer: &'a str,
    /// The connection's number.
    pub connection: u64,
    /// Errors the connection made so far.
    pub errors: u64,
    /// Commands before this one.
    pub commands: u64,
}

/// The table and its counters. A clone shares both.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    any: Arc<AtomicBool>,
    rows: Arc<Mutex<Vec<Row>>>,
}

#[derive(Debug)]
struct Row {
    fault: Fault,
    total: u64,
    apart: HashMap<String, u64>,
}

impl Faults {
    /// A table with all counters at zero.
    pub fn new(faults: Vec<Fault>) -> Self {
        let table = Self::default();
        table.replace(faults);
        table
    }

    /// Puts other rows in the place of these, for open connections too. Counters start anew.
    pub fn replace(&self, faults: Vec<Fault>) {
        self.any.store(!faults.is_empty(), Ordering::Relaxed);
        *self.lock() = faults.into_iter().map(Row::new).collect();
    }

    /// The rows, and how often each one had an occasion.
    pub fn rows(&self) -> Vec<(Fault, u64)> {
        let rows = self.lock();
        rows.iter().map(|r| (r.fault.clone(), r.total)).collect()
    }

    /// What happens on this occasion; it is counted.
    pub fn at(&self, occasion: Occasion<'_>) -> Effect {
        let mut effect = Effect::default();
        if !self.any.load(Ordering::Relaxed) {
            return effect;
        }
        for row in self.lock().iter_mut() {
            if row.fault.fits(&occasion) {
                let time = row.count(&occasion);
                if row.fault.times.hold(time) {
                    effect.fill_from(&row.fault.act);
                }
            }
        }
        effect
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Row {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            total: 0,
            apart: HashMap::new(),
        }
    }

    fn count(&mut self, at: &Occasion<'_>) -> u64 {
        self.total += 1;
        let mut key = match self.fault.per {
            Per::Server => return self.total,
            Per::Connection => at.connection.to_string(),
            Per::Recipient => lower(at.to),
            Per::User => lower(at.user),
            Per::Triple => format!("{}\n{}\n{}", at.peer, lower(at.from), lower(at.to)),
        };
        if self.apart.len() >= MAX_KEYS && !self.apart.contains_key(&key) {
            key.clear();
        }
        let count = self.apart.entry(key).or_default();
        *count += 1;
        *count
    }
}

fn lower(text: Option<&str>) -> String {
    text.unwrap_or_default().to_lowercase()
}

impl Fault {
    fn fits(&self, at: &Occasion<'_>) -> bool {
        let place = self.on == ANYWHERE || self.on.eq_ignore_ascii_case(at.on);
        place
            && at.errors >= self.after_errors
            && at.commands >= self.after_commands
            && self
                .protocol
                .as_deref()
                .is_none_or(|p| p.eq_ignore_ascii_case(at.protocol))
            && matches(self.to.as_deref(), at.to)
            && matches(self.from.as_deref(), at.from)
            && matches(self.user.as_deref(), at.user)
    }
}

fn matches(pattern: Option<&str>, text: Option<&str>) -> bool {
    let Some(pattern) = pattern else {
        return true;
    };
    text.is_some_and(|text| {
        glob(
            pattern.to_lowercase().as_str(),
            text.to_lowercase().as_str(),
        )
    })
}

/// `*` stands for any text; no backtracking beyond the last star.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    let mut starred = false;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        starred = true;
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    starred || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rcpt(to: &str) -> Occasion<'_> {
        Occasion {
            protocol: "smtp",
            on: "rcpt",
            to: Some(to),
            from: Some("me@here.test"),
            peer: "127.0.0.1",
            ..Occasion::default()
        }
    }

    fn answer(reply: &str) -> Effect {
        Effect {
            reply: Some(reply.into()),
            ..Effect::default()
        }
    }

    #[test]
    fn the_second_and_third_time_only_and_shared_by_clones() {
        let faults = Faults::new(vec![Fault {
            on: "RCPT".into(),
            to: Some("bob@*".into()),
            times: Times {
                first: 2,
                last: Some(3),
            },
            act: answer("451 later"),
            ..Fault::default()
        }]);
        let other = faults.clone();
        let fired: Vec<bool> = (0..4)
            .map(|i| {
                let table = if i % 2 == 0 { &faults } else { &other };
                assert!(table.at(rcpt("alice@ehlo.test")).is_none());
                !table.at(rcpt("Bob@ehlo.test")).is_none()
            })
            .collect();
        assert_eq!(fired, [false, true, true, false]);
        assert_eq!(faults.rows()[0].1, 4);
    }

    #[test]
    fn a_triple_is_refused_once() {
        let faults = Faults::new(vec![Fault {
            on: "RCPT".into(),
            per: Per::Triple,
            times: Times {
                first: 1,
                last: Some(1),
            },
            act: answer("451 4.7.1 Greylisted"),
            ..Fault::default()
        }]);
        for to in ["a@ehlo.test", "b@ehlo.test"] {
            assert!(faults.at(rcpt(to)).prevents(false));
            assert!(faults.at(rcpt(to)).is_none());
        }
    }

    #[test]
    fn rows_are_merged_and_the_first_has_the_say() {
        let slow = Effect {
            delay: Some(Duration::from_secs(1)),
            ..answer("550 second")
        };
        let row = |act: Effect| Fault {
            on: ANYWHERE.into(),
            act,
            ..Fault::default()
        };
        let faults = Faults::new(vec![row(answer("450 first")), row(slow)]);
        let effect = faults.at(rcpt("a@b"));
        assert_eq!(effect.reply.as_deref(), Some("450 first"));
        assert_eq!(effect.delay, Some(Duration::from_secs(1)));
        faults.replace(Vec::new());
        assert!(faults.at(rcpt("a@b")).is_none());
    }

    #[test]
    fn conditions_on_the_connection() {
        let faults = Faults::new(vec![Fault {
            on: ANYWHERE.into(),
            after_errors: 2,
            after_commands: 3,
            act: answer("421 enough"),
            ..Fault::default()
        }]);
        let at = |errors, commands| {
            let moment = Occasion {
                errors,
                commands,
                ..rcpt("x@y")
            };
            !faults.at(moment).is_none()
        };
        assert_eq!([at(1, 9), at(2, 2), at(2, 3)], [false, false, true]);
    }

    #[test]
    fn globs() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("a", "ab", false),
            ("*", "", true),
            ("*@x", "a@x", true),
            ("*@x", "a@xy", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn what_keeps_a_command_from_being_carried_out() {
        assert!(answer("550 no").prevents(false));
        assert!(answer("250 fine").prevents(true));
        assert!(!answer("250 fine").prevents(false));
        assert!(!answer("354 go").prevents(true));
        assert!(!answer("+OK").prevents(false));
        assert!(answer("NO [UNAVAILABLE] x").prevents(false));
    }
}
