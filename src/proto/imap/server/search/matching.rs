//! Whether a message fits the keys.

use memchr::memmem;

use super::super::parse::{Set, holds};
use super::keys::{Key, Program};
use super::needle::{Needle, contains};
use crate::store::flags::Flags;
use crate::store::mailbox::Mailbox;
use crate::store::message::{Content, Message};
use crate::store::mime::decode::{date, text, transfer, words};
use crate::store::mime::part::{Inside, Part};
use crate::store::mime::{address, fields, header_end, unfold};

/// A search with everything looked up that the mailbox knows: sets, keywords, the time.
pub(super) struct Search {
    key: Ready,
    /// Keys for which a message must be read.
    reading: Vec<Key>,
}

/// What is known of one message, for each of those keys.
pub(super) type Answers = Vec<Option<bool>>;

/// What a search needs to know.
pub(super) struct Known<'a> {
    pub(super) mailbox: &'a Mailbox,
    pub(super) exists: u32,
    pub(super) last_uid: u32,
    pub(super) saved: &'a [u32],
    pub(super) recent: &'a [(u32, u32)],
    pub(super) now: i64,
}

enum Ready {
    Constant(bool),
    Numbers(Vec<(u32, u32)>),
    Uids(Vec<(u32, u32)>),
    Flag(Flags),
    Larger(u64),
    Smaller(u64),
    Since(i64),
    Received(super::keys::When, crate::store::date::Day),
    Modseq(u64),
    /// The message must be read: the place of the key.
    Read(usize),
    Not(Box<Self>),
    Or(Box<Self>, Box<Self>),
    And(Vec<Self>),
}

/// An answer, as far as it is known without reading the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fits {
    Yes,
    No,
    /// The message must be read.
    Unknown,
}

impl From<bool> for Fits {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Search {
    pub(super) fn new(program: Program, known: &Known<'_>) -> Self {
        let mut reading = Vec::new();
        Self {
            key: Ready::new(program.key, known, &mut reading),
            reading,
        }
    }

    /// What the mailbox alone can tell.
    pub(super) fn glance(&self, number: u32, message: &Message) -> Fits {
        self.key.fits(number, message, &mut |_| Fits::Unknown)
    }

    /// Reads the message for as long as there are octets left to be read, for one key at least.
    /// What is found out is kept in `answers`, so that it can be gone on with.
    pub(super) fn read(
        &self,
        number: u32,
        message: &Message,
        answers: &mut Answers,
        left: &mut usize,
    ) -> Fits {
        answers.resize(self.reading.len(), None);
        self.key.fits(number, message, &mut |at| {
            if let Some(known) = answers[at] {
                return known.into();
            }
            if *left == 0 {
                return Fits::Unknown;
            }
            *left = left.saturating_sub(message.content.octets().len() + 1);
            let found = reads(&self.reading[at], &message.content);
            answers[at] = Some(found);
            found.into()
        })
    }
}

fn saved_ranges(saved: &[u32]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = saved.iter().map(|uid| (*uid, *uid)).collect();
    ranges.sort_unstable();
    ranges
}

impl Ready {
    fn new(key: Key, known: &Known<'_>, reading: &mut Vec<Key>) -> Self {
        match key {
            Key::All => Self::Constant(true),
            Key::Numbers(Set::Saved) | Key::Uids(Set::Saved) => {
                Self::Uids(saved_ranges(known.saved))
            }
            Key::Numbers(set) => Self::Numbers(set.ranges(known.exists)),
            Key::Uids(set) => Self::Uids(set.ranges(known.last_uid)),
            Key::Flag(flag) => Self::Flag(flag),
            Key::Keyword(name) => match known.mailbox.keyword(&name) {
                Some(flag) => Self::Flag(flag),
                None => Self::Constant(false),
            },
            Key::Recent => Self::Uids(known.recent.to_vec()),
            Key::Received(when, day) => Self::Received(when, day),
            Key::Larger(size) => Self::Larger(size),
            Key::Smaller(size) => Self::Smaller(size),
            Key::Younger(seconds) => {
                let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
                Self::Since(known.now.saturating_sub(seconds))
            }
            Key::Modseq(modseq) => Self::Modseq(modseq),
            Key::Not(key) => Self::Not(Box::new(Self::new(*key, known, reading))),
            Key::Or(a, b) => {
                let both = (Self::new(*a, known, reading), Self::new(*b, known, reading));
                Self::Or(Box::new(both.0), Box::new(both.1))
            }
            Key::And(keys) => {
                let keys = keys.into_iter();
                Self::And(keys.map(|key| Self::new(key, known, reading)).collect())
            }
            key @ (Key::Sent(..) | Key::Field(..) | Key::Body(_) | Key::Text(_)) => {
                reading.push(key);
                Self::Read(reading.len() - 1)
            }
        }
    }

    /// What is known; `read` answers for the keys for which a message must be read.
    fn fits(&self, number: u32, message: &Message, read: &mut dyn FnMut(usize) -> Fits) -> Fits {
        let fits = match self {
            Self::Constant(fits) => *fits,
            Self::Numbers(ranges) => holds(ranges, number),
            Self::Uids(ranges) => holds(ranges, message.uid),
            Self::Flag(flag) => message.flags.has(*flag),
            Self::Larger(size) => message.content.octets().len() as u64 > *size,
            Self::Smaller(size) => (message.content.octets().len() as u64) < *size,
            Self::Since(moment) => message.date.unix >= *moment,
            Self::Received(when, day) => when.holds(message.date.day(), *day),
            Self::Modseq(modseq) => message.modseq >= *modseq,
            Self::Read(at) => return read(*at),
            Self::Not(key) => {
                return match key.fits(number, message, read) {
                    Fits::Yes => Fits::No,
                    Fits::No => Fits::Yes,
                    Fits::Unknown => Fits::Unknown,
                };
            }
            Self::Or(a, b) => {
                let a = a.fits(number, message, read);
                if a == Fits::Yes {
                    return a;
                }
                return match (a, b.fits(number, message, read)) {
                    (_, Fits::Yes) => Fits::Yes,
                    (Fits::No, Fits::No) => Fits::No,
                    _ => Fits::Unknown,
                };
            }
            Self::And(keys) => {
                let mut fits = Fits::Yes;
                for key in keys {
                    match key.fits(number, message, read) {
                        Fits::No => return Fits::No,
                        Fits::Unknown => fits = Fits::Unknown,
                        Fits::Yes => {}
                    }
                }
                return fits;
            }
        };
        fits.into()
    }
}

fn reads(key: &Key, content: &Content) -> bool {
    let octets = content.octets();
    match key {
        Key::Sent(when, day) => {
            let header = &octets[..header_end(octets)];
            let sent = crate::store::mime::field(header, "date").and_then(|value| date(&value));
            sent.is_some_and(|sent| when.holds(sent.day(), *day))
        }
        Key::Field(name, needle) => in_field(&octets[..header_end(octets)], name, needle),
        Key::Body(needle) => content.with_structure(|root| in_part(octets, root, needle, false)),
        Key::Text(needle) => content.with_structure(|root| in_part(octets, root, needle, true)),
        _ => false,
    }
}

/// True when a field of that name holds the text, its encoded words read.
fn in_field(header: &[u8], name: &str, needle: &Needle) -> bool {
    let listed = ["from", "to", "cc", "bcc", "sender", "reply-to"];
    let addresses = listed.iter().any(|known| known.eq_ignore_ascii_case(name));
    // Most messages do not fit, and most of those can be told without taking fields apart.
    let sieve = if addresses {
        // Blanks and comments may stand between the words of an address.
        needle.sieve(|c| c.is_ascii_alphanumeric())
    } else {
        needle.sieve(|c| !c.is_ascii_whitespace())
    };
    if let Some(sieve) = sieve
        && memmem::find(header, b"=?").is_none()
        && !(addresses && header.contains(&b'\\'))
        && !contains(header, sieve)
    {
        return false;
    }
    fields(header)
        .filter(|field| field.is(name.as_bytes()))
        .any(|field| {
            if needle.is_empty() {
                return true;
            }
            let value = unfold(field.value);
            if addresses {
                in_addresses(&value, needle)
            } else {
                needle.in_text(&words(&value))
            }
        })
}

/// Names and addresses, as people write them; what is only a comment is not looked at.
fn in_addresses(value: &[u8], needle: &Needle) -> bool {
    address::parse(value).iter().any(|address| {
        let piece =
            |piece: &Option<Vec<u8>>| words(piece.as_deref().unwrap_or_default()).into_owned();
        let (name, local, domain) = (
            piece(&address.name),
            piece(&address.local),
            piece(&address.domain),
        );
        needle.in_text(&format!("{name} <{local}@{domain}>"))
    })
}

/// True when the text of a part holds it; with `headers`, its header too.
fn in_part(octets: &[u8], part: &Part, needle: &Needle, headers: bool) -> bool {
    if headers && in_header(part.header_of(octets), needle) {
        return true;
    }
    match &part.inside {
        // The headers of parts within a body are part of that body.
        Inside::Parts(parts) => parts
            .iter()
            .any(|inner| in_part(octets, inner, needle, true)),
        Inside::Message(inner) => in_part(octets, inner, needle, true),
        Inside::Leaf if part.is_text() || part.kind == "message" => {
            let body = part.body_of(octets);
            let Some(decoded) = transfer(body, part.encoding) else {
                return needle.is_ascii() && needle.in_octets(body);
            };
            let charset = part.content_type.param("charset").unwrap_or_default();
            needle.in_text(&text(&decoded, &charset))
        }
        Inside::Leaf => false,
    }
}

fn in_header(header: &[u8], needle: &Needle) -> bool {
    fields(header).any(|field| {
        let value = unfold(field.value);
        let name = String::from_utf8_lossy(field.name);
        needle.in_text(&format!("{name}: {}", words(&value)))
    })
}
