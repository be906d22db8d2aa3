//! The tree of parts of a message, as ranges of its octets (RFC 2046 5, RFC 9051 6.4.5).

use std::ops::Range;

use memchr::memchr;

use super::decode::Encoding;
use super::param::Valued;
use super::{field, header_end, shifted};

/// Levels of parts within parts; what is deeper is not looked into.
const DEEPEST: usize = 32;

/// Parts of one message; what comes behind belongs to the last.
const MOST: usize = 10_000;

/// A message, or a part of one.
#[derive(Clone, Debug)]
pub struct Part {
    /// The header, its empty line included.
    pub header: Range<usize>,
    /// What follows it.
    pub body: Range<usize>,
    /// The type, lower case: "text".
    pub kind: String,
    /// The subtype, lower case: "plain".
    pub subtype: String,
    /// The type as written, with its parameters.
    pub content_type: Valued,
    /// How the body travels.
    pub encoding: Encoding,
    /// What is inside.
    pub inside: Inside,
}

/// What is inside a part.
#[derive(Clone, Debug)]
pub enum Inside {
    /// Nothing that has a structure.
    Leaf,
    /// Parts, of which there may be none.
    Parts(Vec<Part>),
    /// A message.
    Message(Box<Part>),
}

impl Part {
    /// Reads a message.
    pub fn parse(text: &[u8]) -> Self {
        let mut count = 0;
        parse(text, 0..text.len(), false, 0, &mut count)
    }

    /// The header's octets.
    pub fn header_of<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.header.clone()]
    }

    /// The body's octets.
    pub fn body_of<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.body.clone()]
    }

    /// True for a leaf that is text.
    pub fn is_text(&self) -> bool {
        self.kind == "text"
    }

    /// The part of a section number; `[]` is this one. A message's own parts are counted
    /// directly: part 1 of one that is not multipart is its body.
    pub fn find(&self, path: &[u32]) -> Option<Found<'_>> {
        let Some((number, rest)) = path.split_first() else {
            return Some(Found::Whole(self));
        };
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let container = match &self.inside {
            Inside::Message(message) => {
                // Below the top, a message/rfc822 part lends its number to the message in it.
                return message.below(index, rest);
            }
            _ => self,
        };
        container.below(index, rest)
    }

    /// The part of a section number in a whole message, which has no number of its own.
    pub fn find_in_message(&self, path: &[u32]) -> Option<Found<'_>> {
        let Some((number, rest)) = path.split_first() else {
            return Some(Found::Whole(self));
        };
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.below(index, rest)
    }

    fn below(&self, index: usize, rest: &[u32]) -> Option<Found<'_>> {
        match &self.inside {
            Inside::Parts(parts) => match parts.get(index) {
                Some(part) => part.find_or_part(rest),
                // A multipart without parts is shown as having an empty one.
                None if parts.is_empty() && index == 0 && rest.is_empty() => Some(Found::Empty),
                None => None,
            },
            Inside::Leaf | Inside::Message(_) if index == 0 => self.find_or_part(rest),
            Inside::Leaf | Inside::Message(_) => None,
        }
    }

    fn find_or_part(&self, rest: &[u32]) -> Option<Found<'_>> {
        if rest.is_empty() {
            return Some(Found::Part(self));
        }
        match &self.inside {
            Inside::Leaf => None,
            Inside::Parts(_) | Inside::Message(_) => self.find(rest),
        }
    }
}

/// What a section number leads to.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// The message itself.
    Whole(&'a Part),
    /// A part.
    Part(&'a Part),
    /// The part that an empty multipart is said to have.
    Empty,
}

fn parse(
    text: &[u8],
    range: Range<usize>,
    in_digest: bool,
    depth: usize,
    count: &mut usize,
) -> Part {
    *count += 1;
    let whole = &text[range.clone()];
    let end = header_end(whole);
    let header = shifted(0..end, range.start);
    let body = range.start + end..range.end;
    let fields = &text[header.clone()];
    let mut content_type = field(fields, "content-type")
        .map(|value| Valued::parse(&value))
        .unwrap_or_default();
    let mut named = split_type(&content_type.value);
    if named.is_none() {
        let default = if in_digest {
            "message/rfc822"
        } else {
            "text/plain"
        };
        content_type = Valued {
            value: default.into(),
            params: Vec::new(),
        };
        if !in_digest {
            let charset = (b"charset".to_vec(), b"us-ascii".to_vec());
            content_type.params.push(charset);
        }
        named = split_type(default.as_bytes());
    }
    let (kind, subtype) = named.unwrap_or_default();
    let encoding = field(fields, "content-transfer-encoding")
        .map_or(Encoding::Identity, |value| Encoding::named(&value));
    let shallow = depth < DEEPEST && *count < MOST;
    let inside = match (kind.as_str(), subtype.as_str()) {
        ("multipart", _) => {
            let boundary = content_type.param("boundary").filter(|b| !b.is_empty());
            let mut parts = Vec::new();
            if let (Some(boundary), true) = (boundary, shallow) {
                let digest = subtype == "digest";
                for part in split(text, body.clone(), &boundary) {
                    if *count >= MOST {
                        break;
                    }
                    parts.push(parse(text, part, digest, depth + 1, count));
                }
            }
            Inside::Parts(parts)
        }
        ("message", "rfc822" | "global") if shallow => {
            Inside::Message(Box::new(parse(text, body.clone(), false, depth + 1, count)))
        }
        _ => Inside::Leaf,
    };
    Part {
        header,
        body,
        kind,
        subtype,
        content_type,
        encoding,
        inside,
    }
}

fn split_type(value: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(value).ok()?;
    let (kind, subtype) = text.split_once('/')?;
    let (kind, subtype) = (kind.trim(), subtype.trim());
    let token = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_graphic());
    (token(kind) && token(subtype))
        .then(|| (kind.to_ascii_lowercase(), subtype.to_ascii_lowercase()))
}

/// The ranges between the delimiter lines of a multipart body (RFC 2046 5.1.1). The line end
/// before a delimiter belongs to it.
fn split(text: &[u8], body: Range<usize>, boundary: &[u8]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut open: Option<usize> = None;
    let mut at = body.start;
    while at < body.end {
        let line_end = memchr(b'\n', &text[at..body.end]).map_or(body.end, |n| at + n + 1);
        match delimiter(&text[at..line_end], boundary) {
            Delimiter::No => {}
            Delimiter::Open if parts.len() < MOST => {
                if let Some(start) = open {
                    parts.push(start..before_line_end(text, start, at));
                }
                open = Some(line_end);
            }
            Delimiter::Open | Delimiter::Close => {
                if let Some(start) = open.take() {
                    parts.push(start..before_line_end(text, start, at));
                }
                return parts;
            }
        }
        at = line_end;
    }
    if let Some(start) = open {
        parts.push(start..body.end);
    }
    parts
}

fn before_line_end(text: &[u8], start: usize, end: usize) -> usize {
    let mut end = end;
    if end > start && text[end - 1] == b'\n' {
        end -= 1;
        if end > start && text[end - 1] == b'\r' {
            end -= 1;
        }
    }
    end
}

enum Delimiter {
    No,
    Open,
    Close,
}

fn delimiter(line: &[u8], boundary: &[u8]) -> Delimiter {
    let behind = line
        .strip_prefix(b"--")
        .and_then(|rest| rest.strip_prefix(boundary));
    match behind {
        Some(rest) if rest.starts_with(b"--") => Delimiter::Close,
        Some(rest) if rest.iter().all(u8::is_ascii_whitespace) => Delimiter::Open,
        _ => Delimiter::No,
    }
}
