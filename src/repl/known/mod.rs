//! What replies and typing taught: mailbox names, messages, addresses. Fed with events, read by
//! completion.
//!
//! Rules:
//! 1. Everything is bounded: the name or message seen longest ago makes room.
//! 2. What a server said before TLS is forgotten when TLS is up (`secured`): it may be anybody's.
//!    What the person typed stays.
//! 3. Text is kept as it came. Whoever shows it passes it through `wire::show`.

mod imap;
mod names;
mod pop3;

use std::collections::BTreeMap;

use super::complete::CANDIDATES_MAX;
use crate::proto::event::{Event, Exchange, PartKind, Reply, Sent, SentKind};
use crate::store::mime::decode;
use crate::wire::show::{Charset, show};

use names::Recent;
pub use names::{Branch, Mailbox};

/// Mailbox names kept.
const MAILBOXES_MAX: usize = 120_000;
/// Messages kept of the selected mailbox or maildrop.
const MESSAGES_MAX: usize = 10_000;
/// Addresses and host names kept.
const TYPED_MAX: usize = 500;
/// Octets of a command that are looked at.
const COMMAND_MAX: usize = 1024;
/// Octets of a subject that are kept.
const SUBJECT_MAX: usize = 200;

/// What is known. One for each session.
#[derive(Debug)]
pub struct Known {
    mailboxes: Recent<Mailbox>,
    separator: Option<char>,
    messages: BTreeMap<u32, Message>,
    /// Messages that the server said there are.
    exists: u32,
    uids: BTreeMap<u32, String>,
    keywords: Vec<String>,
    addresses: Recent<()>,
    hosts: Recent<()>,
    utf8: bool,
    command: (Exchange, Vec<u8>),
    imap: imap::Response,
    pop3: pop3::Listing,
}

/// A message in the mailbox or maildrop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Message {
    uid: Option<String>,
    subject: Option<String>,
    octets: Option<u64>,
    deleted: bool,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            mailboxes: Recent::new(MAILBOXES_MAX),
            separator: None,
            messages: BTreeMap::new(),
            exists: 0,
            uids: BTreeMap::new(),
            keywords: Vec::new(),
            addresses: Recent::new(TYPED_MAX),
            hosts: Recent::new(TYPED_MAX),
            utf8: false,
            command: (Exchange::default(), Vec::new()),
            imap: imap::Response::default(),
            pop3: pop3::Listing::default(),
        }
    }
}

impl Known {
    /// Learns from an event.
    pub fn learn(&mut self, protocol: &str, event: &Event) {
        match (event, protocol) {
            (Event::Sent(sent), _) => self.sent(protocol, sent),
            (Event::Line(line), "imap") => {
                if let Some(items) = self.imap.line(line) {
                    self.imap_response(&items);
                }
            }
            (Event::Part(part), "imap") if part.kind == PartKind::Literal => self.imap.part(part),
            (Event::Part(part), "pop3") if part.kind == PartKind::Dotted => self.pop3_part(part),
            (Event::Reply(reply), _) => self.replied(protocol, reply),
            _ => {}
        }
    }

    /// TLS is up: what the server said in the clear is forgotten.
    pub fn secured(&mut self) {
        *self = Self {
            addresses: std::mem::replace(&mut self.addresses, Recent::new(0)),
            hosts: std::mem::replace(&mut self.hosts, Recent::new(0)),
            ..Self::default()
        };
    }

    fn sent(&mut self, protocol: &str, sent: &Sent) {
        if sent.kind != SentKind::Command || sent.exchange == self.command.0 && sent.exchange.0 != 0
        {
            return;
        }
        let shown = &sent.shown[..sent.shown.len().min(COMMAND_MAX)];
        self.command = (sent.exchange, shown.to_vec());
        self.pop3 = pop3::Listing::default();
        let text = String::from_utf8_lossy(shown);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match (protocol, words.as_slice()) {
            ("smtp" | "lmtp", [verb, name, ..])
                if ["EHLO", "HELO", "LHLO"]
                    .iter()
                    .any(|v| v.eq_ignore_ascii_case(verb)) =>
            {
                self.hosts.put(name, ());
            }
            ("smtp" | "lmtp", _) => {
                if let Some((_, rest)) = text.split_once('<')
                    && let Some((address, _)) = rest.rsplit_once('>')
                    && !address.is_empty()
                {
                    self.addresses.put(address, ());
                }
            }
            ("pop3", [verb, user, ..])
                if verb.eq_ignore_ascii_case("USER") || verb.eq_ignore_ascii_case("APOP") =>
            {
                self.addresses.put(user, ());
            }
            ("imap", words) => {
                let at = words.iter().position(|w| w.eq_ignore_ascii_case("LOGIN"));
                if let Some(user) = at.filter(|at| *at < 2).and_then(|at| words.get(at + 1)) {
                    self.addresses.put(user.trim_matches('"'), ());
                }
                if words.iter().take(2).any(|w| {
                    ["SELECT", "EXAMINE", "CLOSE", "UNSELECT"]
                        .iter()
                        .any(|v| v.eq_ignore_ascii_case(w))
                }) {
                    self.messages.clear();
                    self.exists = 0;
                    self.uids.clear();
                }
            }
            _ => {}
        }
    }

    fn replied(&mut self, protocol: &str, reply: &Reply) {
        if protocol != "pop3" || reply.code != "+OK" {
            return;
        }
        match reply.to.as_str() {
            "DELE" => {
                let number = self.command_number();
                if let Some(message) = number.and_then(|n| self.messages.get_mut(&n)) {
                    message.deleted = true;
                }
            }
            // RFC 1939 5: "+OK 3 1200", the number of messages first.
            "STAT" => {
                let text = std::str::from_utf8(&reply.text).unwrap_or_default();
                let count = text.split_ascii_whitespace().find_map(|w| w.parse().ok());
                self.exists = count.unwrap_or(self.exists);
            }
            "RSET" => self.messages.values_mut().for_each(|m| m.deleted = false),
            _ => {}
        }
    }

    /// The number behind the verb of the last command.
    fn command_number(&self) -> Option<u32> {
        let text = std::str::from_utf8(&self.command.1).ok()?;
        text.split_ascii_whitespace().nth(1)?.parse().ok()
    }

    /// True when the last command had this word in it (in capitals here).
    fn command_has(&self, word: &str) -> bool {
        let words = self.command.1.split(|b| *b == b' ');
        words
            .take(3)
            .any(|w| w.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn message(&mut self, number: u32) -> &mut Message {
        if self.messages.len() >= MESSAGES_MAX && !self.messages.contains_key(&number) {
            self.messages.pop_first();
        }
        self.messages.entry(number).or_default()
    }

    fn uid(&mut self, uid: u32, subject: String) {
        if self.uids.len() >= MESSAGES_MAX && !self.uids.contains_key(&uid) {
            self.uids.pop_first();
        }
        let kept = self.uids.entry(uid).or_default();
        if !subject.is_empty() {
            *kept = subject;
        }
    }

    /// Addresses used before that begin so, the latest first.
    pub fn addresses(&self, prefix: &str) -> Vec<String> {
        self.addresses.latest(prefix)
    }

    /// Host names given to EHLO before that begin so, the latest first.
    pub fn hosts(&self, prefix: &str) -> Vec<String> {
        self.hosts.latest(prefix)
    }

    /// Flags and keywords that the server named.
    pub fn keywords(&self) -> &[String] {
        &self.keywords
    }

    /// True once names travel in UTF-8 (ENABLE UTF8=ACCEPT or IMAP4rev2).
    pub fn utf8(&self) -> bool {
        self.utf8
    }

    /// Mailboxes whose name begins so, at most `limit`; where there are more, the next level of
    /// the hierarchy instead.
    pub fn mailboxes(&self, prefix: &str, limit: usize) -> Vec<Branch> {
        names::branches(&self.mailboxes, self.separator, prefix, limit)
    }

    /// Message numbers (or UIDs) that begin so, each with what is known about it. Numbers go up to
    /// what the server said there is; of a long list those come first that something is known of.
    pub fn messages(&self, prefix: &str, by_uid: bool) -> Vec<(String, String)> {
        let safe = |text: &str| show(text.as_bytes(), Charset::Unicode).into_owned();
        if by_uid {
            let all = self
                .uids
                .iter()
                .rev()
                .map(|(uid, subject)| (uid.to_string(), safe(subject)));
            return all
                .filter(|(uid, _)| uid.starts_with(prefix))
                .take(CANDIDATES_MAX)
                .collect();
        }
        let seen = self.messages.last_key_value();
        let last = seen.map_or(0, |(last, _)| *last).max(self.exists);
        let mut numbers: Vec<u32> = begin_with(prefix, last).take(CANDIDATES_MAX).collect();
        if numbers.len() == CANDIDATES_MAX {
            let begins = |number: &u32| number.to_string().starts_with(prefix);
            let known = self.messages.keys().copied().filter(begins);
            let mut first: Vec<u32> = known.take(CANDIDATES_MAX).collect();
            numbers.retain(|number| !first.contains(number));
            first.append(&mut numbers);
            first.truncate(CANDIDATES_MAX);
            numbers = first;
        }
        let about = |number| self.messages.get(&number).map(Message::describe);
        numbers
            .into_iter()
            .map(|n| (n.to_string(), safe(&about(n).unwrap_or_default())))
            .collect()
    }
}

/// The numbers from 1 to `last` whose digits begin so: of "4" that is 4, 40 to 49, 400 to 499. They
/// are made one at a time, as there may be any number of them.
fn begin_with(prefix: &str, last: u32) -> impl Iterator<Item = u32> {
    let last = u64::from(last);
    let mut runs = Vec::new();
    if prefix.is_empty() {
        runs.push((1, last));
    } else if prefix.bytes().all(|b| b.is_ascii_digit()) && !prefix.starts_with('0') {
        let mut run = prefix.parse().ok().map(|n: u64| (n, n));
        while let Some((low, high)) = run.filter(|(low, _)| *low <= last) {
            runs.push((low, high.min(last)));
            run = Some((low * 10, high * 10 + 9));
        }
    }
    let numbers = runs.into_iter().flat_map(|(low, high)| low..=high);
    numbers.filter_map(|number| u32::try_from(number).ok())
}

impl Message {
    fn describe(&self) -> String {
        let mut parts = Vec::new();
        if self.deleted {
            parts.push("marked to be removed".to_owned());
        }
        parts.extend(self.subject.clone());
        parts.extend(self.octets.map(|octets| format!("{octets} octets")));
        parts.extend(self.uid.as_ref().map(|uid| format!("uid {uid}")));
        parts.join(", ")
    }
}

/// The subject of a header or message, if it stands in its first lines.
fn subject_of(header: &[u8]) -> Option<String> {
    let mut lines = header
        .split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let subject = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .find_map(|line| {
            let (name, value) = line.split_at_checked(8)?;
            name.eq_ignore_ascii_case(b"Subject:").then_some(value)
        })?;
    Some(clip(subject))
}

/// A header's text of a limited length, its encoded words decoded.
fn clip(text: &[u8]) -> String {
    let text = &text[..text.len().min(SUBJECT_MAX)];
    decode::words(text).trim().to_owned()
}

#[cfg(test)]
mod tests;
