//! What is inside a message: header fields, parts, addresses, and their text.
//!
//! Rules:
//! 1. Where things stand is exact: every part is a range of the message's octets, so that what a
//!    client fetches by section is what was stored. That is why the structure is found here.
//! 2. What octets mean (charsets, encoded words, transfer encodings, dates) comes from mail-parser,
//!    which is named in `decode.rs` and nowhere else.
//! 3. Any octets are a message; nesting and number of parts are limited, and nothing recurses
//!    deeper than that.

pub mod address;
pub mod decode;
pub mod param;
pub mod part;
pub mod rewrite;

use std::ops::Range;

use memchr::{memchr, memmem};

/// One field of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name, as written.
    pub name: &'a [u8],
    /// What stands behind the colon, still folded, without the last line end.
    pub value: &'a [u8],
    /// The whole field, line ends included.
    pub whole: &'a [u8],
}

impl Field<'_> {
    /// True when this is the field's name, in any case.
    pub fn is(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The fields of a header, in order. Lines that are no field belong to none.
pub fn fields(header: &[u8]) -> Fields<'_> {
    Fields { rest: header }
}

/// See `fields`.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            if self.rest.is_empty() || self.rest.starts_with(b"\r\n") || self.rest[0] == b'\n' {
                return None;
            }
            let mut end = 0;
            loop {
                end += memchr(b'\n', &self.rest[end..]).map_or(self.rest.len() - end, |at| at + 1);
                if !matches!(self.rest.get(end), Some(b' ' | b'\t')) {
                    break;
                }
            }
            let (whole, rest) = self.rest.split_at(end);
            self.rest = rest;
            let Some(colon) = memchr(b':', whole) else {
                continue;
            };
            let name = whole[..colon].trim_ascii_end();
            if name.is_empty() || name.iter().any(|b| *b <= b' ') {
                continue;
            }
            let value = without_line_end(&whole[colon + 1..]);
            return Some(Field { name, value, whole });
        }
    }
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// The first field of a name, unfolded and trimmed.
pub fn field(header: &[u8], name: &str) -> Option<Vec<u8>> {
    let found = fields(header).find(|f| f.is(name.as_bytes()))?;
    Some(unfold(found.value))
}

/// A value on one line: line ends go, the blanks behind them stay, blanks at both ends go.
pub fn unfold(value: &[u8]) -> Vec<u8> {
    let value = value.trim_ascii();
    if memchr(b'\n', value).is_none() {
        return value.to_vec();
    }
    let mut out = Vec::with_capacity(value.len());
    for (at, byte) in value.iter().enumerate() {
        match byte {
            b'\n' => {}
            b'\r' if value.get(at + 1) == Some(&b'\n') => {}
            _ => out.push(*byte),
        }
    }
    out
}

/// Where the header of `text` ends: behind the empty line, or at the end of it all.
pub fn header_end(text: &[u8]) -> usize {
    if text.starts_with(b"\r\n") {
        return 2;
    }
    if text.first() == Some(&b'\n') {
        return 1;
    }
    let proper = memmem::find(text, b"\r\n\r\n").map(|at| at + 4);
    // Only what stands before the proper end can be an earlier, improper one.
    let before = &text[..proper.unwrap_or(text.len())];
    let bare = memmem::find(before, b"\n\n").map(|at| at + 2);
    bare.or(proper).unwrap_or(text.len())
}

/// The range of `inner` within `outer`, of which it is a part.
fn shifted(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

#[cfg(test)]
mod tests;
