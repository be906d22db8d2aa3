//! Content of literals and bodies, line by line behind `|`.
//!
//! This is the path of a forty-megabyte message into a pipe: printable ASCII is copied, nothing
//! else is done to it.

use memchr::{memchr, memchr2};

use super::{Mark, Renderer};
use crate::proto::event::Part;
use crate::transcript::Direction;
use crate::ui::marks::{Fold, gutter};
use crate::ui::style::{Role, Styled};
use crate::ui::units;
use crate::wire::show::show;

/// A line of content longer than this is shown in pieces.
const PIECE: usize = 16 * 1024;

/// What is kept of content between two parts.
#[derive(Debug, Default)]
pub struct Carry {
    rest: Vec<u8>,
    lines: u64,
    hidden: u64,
    secured: bool,
}

impl Renderer {
    pub(super) fn part(&mut self, part: &Part, secured: bool, out: &mut String) {
        if let Some(held) = self.held.take() {
            self.put(held, Fold::Edge, out);
        }
        self.carry.secured = secured;
        let mut bytes = part.bytes.as_slice();
        if !self.carry.rest.is_empty() {
            let end = memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            self.carry.rest.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end..];
            if self.carry.rest.ends_with(b"\n") || self.carry.rest.len() > PIECE {
                let line = std::mem::take(&mut self.carry.rest);
                self.content_line(&line, out);
                self.carry.rest = line;
                self.carry.rest.clear();
            }
        }
        bytes = self.plain_lines(bytes, out);
        while let Some(at) = memchr(b'\n', bytes) {
            self.content_line(&bytes[..=at], out);
            bytes = &bytes[at + 1..];
        }
        while bytes.len() > PIECE {
            self.content_line(&bytes[..PIECE], out);
            bytes = &bytes[PIECE..];
        }
        self.carry.rest.extend_from_slice(bytes);
        if part.last {
            self.finish_content(out);
        }
    }

    /// Copies whole lines of printable ASCII, up to the first that needs more care, and gives back
    /// the rest.
    fn plain_lines<'a>(&mut self, bytes: &'a [u8], out: &mut String) -> &'a [u8] {
        let limited = self.style.look.width.is_some() || self.style.content_lines.is_some();
        let plain = bytes.iter().fold(true, |all, b| {
            all & ((0x20..0x7f).contains(b) | (*b == b'\r') | (*b == b'\n'))
        });
        let (false, true, Ok(text)) = (limited, plain, std::str::from_utf8(bytes)) else {
            return bytes;
        };
        let mark = gutter(Direction::Received, self.carry.secured, false);
        out.reserve(bytes.len() + bytes.len() / 8);
        let mut start = 0;
        while let Some(at) = memchr2(b'\r', b'\n', &bytes[start..]) {
            let end = start + at;
            // A CR that no LF follows is no line end, and is shown as what it is.
            let next = match &bytes[end..] {
                [b'\n', ..] => end + 1,
                [b'\r', b'\n', ..] => end + 2,
                _ => break,
            };
            self.carry.lines += 1;
            out.push_str(mark);
            out.push('|');
            out.push_str(&text[start..end]);
            out.push('\n');
            start = next;
        }
        &bytes[start..]
    }

    fn content_line(&mut self, line: &[u8], out: &mut String) {
        self.carry.lines += 1;
        if self
            .style
            .content_lines
            .is_some_and(|limit| self.carry.lines > limit)
        {
            self.carry.hidden += line.len() as u64;
            return;
        }
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let mark = gutter(Direction::Received, self.carry.secured, false);
        let shown = show(text, self.style.look.charset);
        let fits = |width| mark.len() + 1 + shown.len() <= width;
        if self.style.look.width.is_none_or(fits) {
            out.push_str(mark);
            out.push('|');
            out.push_str(&shown);
            out.push('\n');
            return;
        }
        let line = Styled::plain(mark).with(Role::Plain, format!("|{shown}"));
        self.put(line, Fold::Content, out);
    }

    /// Ends a content whose last line had no line end, and tells what was not shown.
    pub(super) fn finish_content(&mut self, out: &mut String) {
        if !self.carry.rest.is_empty() {
            let line = std::mem::take(&mut self.carry.rest);
            self.content_line(&line, out);
        }
        if self.carry.hidden > 0 {
            let text = format!(
                "{} octets in {} more lines not shown (:set long off, or :> FILE COMMAND)",
                units::grouped(self.carry.hidden),
                units::grouped(self.carry.lines - self.style.content_lines.unwrap_or_default())
            );
            self.put(Mark::Info.line(text), Fold::Words, out);
        }
        self.carry.lines = 0;
        self.carry.hidden = 0;
    }
}
