//! How a message comes in, what is written in front of it, and where it goes.
//!
//! A bare LF counts as a line end of the text and never as part of the end of the message; a bare
//! CR becomes a blank: what is stored holds CRLF and nothing like it (no smuggling).

use memchr::{memchr, memchr2};

use super::{Place, Role, SmtpServer};
use crate::proto::event::PartKind;
use crate::proto::faults::{DOT, Effect};
use crate::store::date::Stamp;
use crate::store::message::Content;

/// More than so many Received lines are a loop (RFC 5321 6.3).
const MOST_HOPS: usize = 100;

/// The transaction: from MAIL to the end of the message.
pub(super) struct Message {
    pub(super) sender: String,
    pub(super) recipients: Vec<Recipient>,
    /// SIZE as declared, or 0.
    pub(super) declared: u64,
    pub(super) utf8: bool,
    /// Chunks so far (BDAT).
    pub(super) chunks: u64,
    queue_id: String,
    /// Trace lines, then what came.
    octets: Vec<u8>,
    /// Where the Return-Path line ends.
    return_path: usize,
    /// Where what came begins.
    start: usize,
    too_big: bool,
}

/// A recipient that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Recipient {
    /// As given.
    pub(super) address: String,
    /// The local user; `None` for somebody elsewhere.
    pub(super) user: Option<String>,
}

impl Message {
    pub(super) fn new(sender: String, declared: u64, utf8: bool) -> Self {
        Self {
            sender,
            recipients: Vec::new(),
            declared,
            utf8,
            chunks: 0,
            queue_id: String::new(),
            octets: Vec::new(),
            return_path: 0,
            start: 0,
            too_big: false,
        }
    }

    pub(super) fn first_recipient(&self) -> Option<String> {
        self.recipients.first().map(|r| r.address.clone())
    }

    /// Checks the size of what was added, and lets go of what is too much.
    fn check(&mut self, limit: u64) {
        if (self.octets.len() - self.start) as u64 > limit {
            self.too_big = true;
        }
        if self.too_big {
            self.octets.truncate(self.start);
        }
    }
}

/// The longest name that a trace field tells (RFC 5321 4.5.3.1.2).
const NAME: usize = 255;

/// What a client called itself, as far as a Received field can hold it (RFC 5321 4.4): a domain or
/// an address literal as it is, and of anything else no octet with a meaning of its own.
fn traced(name: &str) -> String {
    let literal = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    let literal = literal.filter(|_| name.len() <= NAME);
    let safe = |c: char| match c {
        '-' | '.' | '_' => c,
        ':' if literal.is_some() => c,
        _ if c.is_ascii_alphanumeric() => c,
        _ => '?',
    };
    match literal {
        Some(inside) => format!("[{}]", inside.chars().map(safe).collect::<String>()),
        None => name.chars().map(safe).take(NAME).collect(),
    }
}

impl SmtpServer {
    /// Writes the trace lines that stand in front of the message (RFC 5321 4.4).
    pub(super) fn begin_content(&mut self) {
        let mut random = [0; 5];
        (self.service.random)(&mut random);
        let queue_id: String = random.iter().map(|b| format!("{b:02X}")).collect();
        let date = Stamp::utc((self.service.clock)());
        let with = self.with();
        let name = match &self.helo {
            Some(helo) => traced(&helo.name),
            None => "unknown".into(),
        };
        let Some(message) = &mut self.message else {
            return;
        };
        let from = match &self.visitor.address {
            Some(address) if address.contains(':') => format!("{name} ([IPv6:{address}])"),
            Some(address) => format!("{name} ([{address}])"),
            None => name,
        };
        let to = match message.recipients.as_slice() {
            [one] => format!("\r\n\tfor <{}>", one.address),
            _ => String::new(),
        };
        let host = &self.service.host;
        let return_path = format!("Return-Path: <{}>\r\n", message.sender);
        let trace = format!(
            "Received: from {from}\r\n\tby {host} with {with} id {queue_id}{to};\r\n\t{}\r\n",
            date.rfc5322()
        );
        message.return_path = return_path.len();
        message.octets.clear();
        // A declaration is a hint, not a promise: it must not make us reserve without limit.
        let hint = usize::try_from(message.declared).unwrap_or(0).min(1 << 16);
        message.octets.reserve(hint + 512);
        message.octets.extend_from_slice(return_path.as_bytes());
        message.octets.extend_from_slice(trace.as_bytes());
        message.start = message.octets.len();
        message.queue_id = queue_id;
    }

    /// The registered `with` keyword (RFC 3848, RFC 6531 4.3).
    fn with(&self) -> String {
        let utf8 = self.message.as_ref().is_some_and(|m| m.utf8);
        let base = match (self.role, utf8) {
            (Role::Lmtp, false) => "LMTP",
            (Role::Lmtp, true) => "UTF8LMTP",
            (_, true) => "UTF8SMTP",
            _ if self.helo.as_ref().is_some_and(|h| h.extended) => "ESMTP",
            _ => return "SMTP".into(),
        };
        let tls = if self.secured { "S" } else { "" };
        let auth = if self.user.is_some() { "A" } else { "" };
        format!("{base}{tls}{auth}")
    }

    /// Takes what came of a dotted body. False when the end is still to come.
    pub(super) fn data(&mut self) -> bool {
        let (Place::Data(reader), Some(message)) = (&mut self.place, &mut self.message) else {
            return false;
        };
        let before = message.octets.len();
        let (used, end) = reader.push(self.input.pending(), &mut message.octets);
        self.input.consume(used);
        let events = self.service.events && (used > 0 || end);
        let part = events.then(|| message.octets[before..].to_vec());
        message.check(self.service.limits.message);
        if let Some(part) = part {
            self.part(part, end, PartKind::Dotted);
        }
        if end {
            self.place = Place::Command;
            self.complete();
        }
        end
    }

    /// Takes what came of a chunk. False when more of it is to come.
    pub(super) fn chunk(&mut self) -> bool {
        let Place::Chunk {
            left,
            size,
            last,
            refused,
        } = &mut self.place
        else {
            return false;
        };
        let here = usize::try_from(*left).unwrap_or(usize::MAX);
        let taken = self.input.len().min(here);
        *left -= taken as u64;
        let (done, size, last) = (*left == 0, *size, *last);
        let refused = refused
            .is_some()
            .then(|| refused.take().unwrap_or_default());
        let mut part = None;
        if refused.is_none()
            && let Some(message) = &mut self.message
        {
            let bytes = &self.input.pending()[..taken];
            part = self.service.events.then(|| bytes.to_vec());
            message.octets.extend_from_slice(bytes);
            message.check(self.service.limits.message);
        }
        self.input.consume(taken);
        if let Some(part) = part.filter(|p| !p.is_empty()) {
            self.part(part, done, PartKind::Chunk);
        }
        if !done {
            if let (Some(reply), Place::Chunk { refused, .. }) = (refused, &mut self.place) {
                *refused = Some(reply);
            }
            return false;
        }
        self.place = Place::Command;
        match refused {
            // RFC 3030 2: a chunk that failed ends the transaction.
            Some(reply) => {
                let nobody = self
                    .message
                    .as_ref()
                    .is_none_or(|m| m.recipients.is_empty());
                self.reset();
                if self.role == Role::Lmtp && last && nobody {
                    // RFC 2033 4.3: a reply for each recipient; there is none.
                    self.effect = Effect::default();
                } else {
                    self.say(&reply);
                }
            }
            None if last => self.complete(),
            None => {
                if let Some(message) = &mut self.message {
                    message.chunks += 1;
                }
                self.say(&format!("250 2.0.0 Ok: {size} octets received"));
            }
        }
        true
    }

    /// The message is whole: it is delivered or refused, and the transaction is over.
    fn complete(&mut self) {
        let Some(mut message) = self.message.take() else {
            return;
        };
        let chunk = std::mem::take(&mut self.effect);
        let trouble = trouble(&message);
        if trouble.is_none() {
            normalise(&mut message.octets, message.start);
        }
        if self.role == Role::Lmtp {
            return self.complete_each(&message, trouble);
        }
        let to = message.first_recipient();
        let mut effect = self.fault(DOT, Some(&message.sender), to.as_deref());
        if effect.is_none() {
            effect = chunk;
        }
        let prevented = effect.prevents(false);
        self.effect = effect;
        if prevented {
            return self.say("");
        }
        if let Some(reply) = trouble {
            return self.say(reply);
        }
        let reply = match self.deliver(&message, &message.recipients) {
            Ok(()) => {
                self.errors = 0;
                format!("250 2.0.0 Ok: queued as {}", message.queue_id)
            }
            Err(reply) => reply,
        };
        self.say(&reply);
    }

    /// LMTP: a reply for each recipient, in order (RFC 2033 4.2).
    fn complete_each(&mut self, message: &Message, trouble: Option<&str>) {
        for recipient in &message.recipients {
            let address = &recipient.address;
            let effect = self.fault(DOT, Some(&message.sender), Some(address));
            let prevented = effect.prevents(false);
            self.effect = effect;
            let reply = match trouble {
                _ if prevented => String::new(),
                Some(reply) => reply.to_owned(),
                None => match self.deliver(message, std::slice::from_ref(recipient)) {
                    Ok(()) => {
                        let id = &message.queue_id;
                        format!("250 2.1.5 <{address}> Ok: queued as {id}")
                    }
                    Err(reply) => reply,
                },
            };
            self.say(&reply);
        }
    }

    /// Delivers to all or to none. The error is the reply.
    fn deliver(&self, message: &Message, to: &[Recipient]) -> Result<(), String> {
        let date = Stamp::utc((self.service.clock)());
        let content = Content::new(message.octets.clone());
        let outward = to.iter().any(|r| r.user.is_none()).then(|| {
            // Not its final delivery: no Return-Path.
            Content::new(message.octets[message.return_path..].to_vec())
        });
        let mut users: Vec<&str> = to.iter().filter_map(|r| r.user.as_deref()).collect();
        users.sort_unstable();
        users.dedup();
        let size = content.octets().len() as u64;
        let mut store = self.service.store.lock();
        let sender = self.user.as_deref().filter(|_| outward.is_some());
        let full = |user: &&str| store.room_for(user) < size;
        if let Some(user) = users.iter().copied().chain(sender).find(full) {
            let address = to.iter().find(|r| r.user.as_deref() == Some(user));
            let name = address.map_or(user, |r| r.address.as_str());
            return Err(format!("452 4.2.2 <{name}>: Mailbox full"));
        }
        let refused = |_| "452 4.3.1 Insufficient system storage".to_owned();
        for user in users {
            store
                .deliver(user, "INBOX", &content, date)
                .map_err(refused)?;
        }
        if let (Some(user), Some(content)) = (sender, outward) {
            store
                .deliver(user, "Outbound", &content, date)
                .map_err(refused)?;
        }
        Ok(())
    }
}

/// What is wrong with a message as a whole, as a reply.
fn trouble(message: &Message) -> Option<&'static str> {
    if message.too_big {
        return Some("552 5.3.4 Error: message file too big");
    }
    let mut hops = 0;
    let mut rest = &message.octets[message.start..];
    while let Some(end) = memchr(b'\n', rest) {
        if end <= 1 {
            break;
        }
        let received = rest
            .get(..9)
            .is_some_and(|w| w.eq_ignore_ascii_case(b"Received:"));
        hops += usize::from(received);
        rest = &rest[end + 1..];
    }
    (hops > MOST_HOPS).then_some("554 5.4.0 Error: too many hops")
}

/// Makes line ends of bare LFs and blanks of bare CRs, from `start` on, and ends the last line.
fn normalise(octets: &mut Vec<u8>, start: usize) {
    if let Some(first) = first_bare(&octets[start..]) {
        let tail = octets.split_off(start + first);
        octets.reserve(tail.len() + 64);
        let mut rest = tail.as_slice();
        while let Some(at) = memchr2(b'\r', b'\n', rest) {
            octets.extend_from_slice(&rest[..at]);
            let crlf = rest[at..].starts_with(b"\r\n");
            let end: &[u8] = if crlf || rest[at] == b'\n' {
                b"\r\n"
            } else {
                b" "
            };
            octets.extend_from_slice(end);
            rest = &rest[at + 1 + usize::from(crlf)..];
        }
        octets.extend_from_slice(rest);
    }
    if octets.len() > start && !octets.ends_with(b"\r\n") {
        octets.extend_from_slice(b"\r\n");
    }
}

/// Where the first CR or LF stands that is no CRLF.
fn first_bare(octets: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = memchr2(b'\r', b'\n', &octets[from..]) {
        let at = from + at;
        if !octets[at..].starts_with(b"\r\n") {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crlf_is_stored() {
        for (came, stored) in [
            ("", ""),
            ("a\r\nb\r\n", "a\r\nb\r\n"),
            ("a\nb", "a\r\nb\r\n"),
            ("a\rb\r\n", "a b\r\n"),
            ("a\r\r\n.\r\n", "a \r\n.\r\n"),
            ("a\n.\nMAIL\r", "a\r\n.\r\nMAIL \r\n"),
        ] {
            let mut octets = b"head\n".to_vec();
            octets.extend_from_slice(came.as_bytes());
            normalise(&mut octets, 5);
            assert_eq!(octets, [b"head\n", stored.as_bytes()].concat(), "{came:?}");
        }
    }
}
