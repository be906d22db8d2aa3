//! The octets of a section: exact ranges of the message, or what was made of them.

use std::ops::Range;

use memchr::memchr;

use super::items::{Partial, Section, What};
use crate::store::message::Content;
use crate::store::mime::decode::{Encoding, transfer};
use crate::store::mime::part::{Found, Inside, Part};
use crate::store::mime::{fields, header_end};

/// What a section is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// There is no such part.
    Nil,
    /// These octets of the message.
    Range(Range<usize>),
    /// Octets made from it.
    Bytes(Vec<u8>),
}

impl Got {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Nil => 0,
            Self::Range(range) => range.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// So many octets of it. What begins behind the end is empty.
    pub(super) fn cut(self, partial: Option<Partial>) -> Self {
        let Some(partial) = partial else {
            return self;
        };
        let size = self.len();
        let from = usize::try_from(partial.from)
            .unwrap_or(usize::MAX)
            .min(size);
        let count = usize::try_from(partial.count).unwrap_or(usize::MAX);
        let to = from.saturating_add(count).min(size);
        match self {
            Self::Nil => Self::Nil,
            Self::Range(range) => Self::Range(range.start + from..range.start + to),
            Self::Bytes(bytes) => Self::Bytes(bytes[from..to].to_vec()),
        }
    }

    pub(super) fn has_nul(&self, content: &Content) -> bool {
        match self {
            Self::Nil => false,
            Self::Range(range) => memchr(0, &content.octets()[range.clone()]).is_some(),
            Self::Bytes(bytes) => memchr(0, bytes).is_some(),
        }
    }
}

/// `BODY[…]`
pub(super) fn find(content: &Content, section: &Section) -> Got {
    let octets = content.octets();
    if section.path.is_empty() {
        let header = || header_end(octets);
        return match &section.what {
            What::All => Got::Range(0..octets.len()),
            What::Header => Got::Range(0..header()),
            What::Text => Got::Range(header()..octets.len()),
            What::Mime => Got::Nil,
            What::Fields { names, not } => Got::Bytes(filtered(&octets[..header()], names, *not)),
        };
    }
    content.with_structure(|root| match root.find_in_message(&section.path) {
        None => Got::Nil,
        Some(Found::Empty) => match section.what {
            What::All => Got::Bytes(Vec::new()),
            What::Mime => Got::Bytes(b"\r\n".to_vec()),
            _ => Got::Nil,
        },
        Some(Found::Whole(part) | Found::Part(part)) => of_part(octets, part, &section.what),
    })
}

fn of_part(octets: &[u8], part: &Part, what: &What) -> Got {
    let inner = match (&part.inside, what) {
        (_, What::All) => return Got::Range(part.body.clone()),
        (_, What::Mime) => return Got::Range(part.header.clone()),
        (Inside::Message(inner), _) => inner,
        // HEADER and TEXT are those of a message, and this part is none.
        _ => return Got::Nil,
    };
    match what {
        What::Header => Got::Range(inner.header.clone()),
        What::Text => Got::Range(inner.body.clone()),
        What::Fields { names, not } => Got::Bytes(filtered(inner.header_of(octets), names, *not)),
        What::All | What::Mime => Got::Nil,
    }
}

/// The fields with one of these names, or without; an empty line ends them.
fn filtered(header: &[u8], names: &[String], not: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for field in fields(header) {
        if names.iter().any(|name| field.is(name.as_bytes())) != not {
            out.extend_from_slice(field.whole);
            if !field.whole.ends_with(b"\n") {
                out.extend_from_slice(b"\r\n");
            }
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// `BINARY[…]`: a part without its transfer encoding; `None` when that cannot be taken off.
pub(super) fn binary(content: &Content, path: &[u32]) -> Option<Got> {
    let octets = content.octets();
    if path.is_empty() {
        return Some(Got::Range(0..octets.len()));
    }
    content.with_structure(|root| match root.find_in_message(path) {
        None => Some(Got::Nil),
        Some(Found::Empty) => Some(Got::Bytes(Vec::new())),
        Some(Found::Whole(part) | Found::Part(part)) => match (&part.inside, part.encoding) {
            (Inside::Leaf, Encoding::Identity) => Some(Got::Range(part.body.clone())),
            (Inside::Leaf, encoding) => transfer(part.body_of(octets), encoding)
                .map(|decoded| Got::Bytes(decoded.into_owned())),
            _ => Some(Got::Range(part.body.clone())),
        },
    })
}

/// `BINARY[1.2]<0> `
pub(super) fn binary_label(word: &str, path: &[u32], partial: Option<&Partial>, out: &mut Vec<u8>) {
    let numbers: Vec<String> = path.iter().map(u32::to_string).collect();
    out.extend_from_slice(format!("{word}[{}]", numbers.join(".")).as_bytes());
    if let Some(partial) = partial {
        out.extend_from_slice(format!("<{}>", partial.from).as_bytes());
    }
    out.push(b' ');
}
