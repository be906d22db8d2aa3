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
use crate::wire::show::{is_printable, show};

/// A line of content longer than this is shown in pieces.
const PIECE: usize = 16 * 1024;

/// Where content is cut after so many lines, it is cut after so many octets for each of them, too:
/// a line that never ends is as long as any number of lines.
const OCTETS_A_LINE: u64 = 256;

/// What is kept of content between two parts.
#[derive(Debug, Default)]
pub struct Carry {
    rest: Vec<u8>,
    lines: u64,
    hidden: u64,
    /// Lines of which nothing is shown.
    hidden_lines: u64,
    /// Octets that are shown.
    shown: u64,
    /// The last piece had no line end: the next one goes on with its line.
    inside: bool,
    secured: bool,
}

impl Renderer {
    pub(super) fn part(&mut self, part: &Part, secured: bool, out: &mut Vec<u8>) {
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
    fn plain_lines<'a>(&mut self, bytes: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        if self.style.look.width.is_some() || self.style.content_lines.is_some() {
            return bytes;
        }
        let mark = format!(
            "{}|",
            gutter(Direction::Received, self.carry.secured, false)
        );
        out.reserve(bytes.len() + bytes.len() / 8);
        let mut rest = bytes;
        let mut length = 0;
        while let Some(end) = plain_line(rest, length) {
            self.carry.lines += 1;
            length = end.text;
            out.extend_from_slice(mark.as_bytes());
            out.extend_from_slice(&rest[..end.text]);
            out.push(b'\n');
            rest = &rest[end.next..];
        }
        rest
    }

    fn content_line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let inside = std::mem::replace(&mut self.carry.inside, !line.ends_with(b"\n"));
        let length = line.len() as u64;
        self.carry.lines += u64::from(!inside);
        let over = self.style.content_lines.is_some_and(|limit| {
            let octets = limit.saturating_mul(OCTETS_A_LINE).max(PIECE as u64);
            self.carry.lines > limit || self.carry.shown.saturating_add(length) > octets
        });
        if over || self.carry.hidden > 0 {
            self.carry.hidden += length;
            self.carry.hidden_lines += u64::from(!inside);
            return;
        }
        self.carry.shown += length;
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let mark = gutter(Direction::Received, self.carry.secured, false);
        let shown = show(text, self.style.look.charset);
        let fits = |width| mark.len() + 1 + shown.len() <= width;
        if self.style.look.width.is_none_or(fits) {
            out.extend_from_slice(mark.as_bytes());
            out.push(b'|');
            out.extend_from_slice(shown.as_bytes());
            out.push(b'\n');
            return;
        }
        let line = Styled::plain(mark).with(Role::Plain, format!("|{shown}"));
        self.put(line, Fold::Content, out);
    }

    /// Ends a content whose last line had no line end, and tells what was not shown.
    pub(super) fn finish_content(&mut self, out: &mut Vec<u8>) {
        if !self.carry.rest.is_empty() {
            let line = std::mem::take(&mut self.carry.rest);
            self.content_line(&line, out);
        }
        if self.carry.hidden > 0 {
            let octets = units::grouped(self.carry.hidden);
            let what = match self.carry.hidden_lines {
                0 => format!("{octets} more octets"),
                1 => format!("{octets} octets in 1 more line"),
                lines => format!("{octets} octets in {} more lines", units::grouped(lines)),
            };
            let text = format!("{what} not shown (:set long off, or :> FILE COMMAND)");
            self.put(Mark::Info.line(text), Fold::Words, out);
        }
        self.carry = Carry {
            secured: self.carry.secured,
            ..Carry::default()
        };
    }
}

/// Where a line ends: the octets of its text, and where the next one begins.
struct End {
    text: usize,
    next: usize,
}

/// The end of a first line of printable ASCII; `None` when there is none or it holds something else.
///
/// The lines of an attachment are of one length: the end is looked for where the line before had
/// its own, and only then searched for.
fn plain_line(bytes: &[u8], length: usize) -> Option<End> {
    let as_before =
        bytes.get(length..length + 2) == Some(b"\r\n") && is_printable(&bytes[..length]);
    if as_before {
        return Some(End {
            text: length,
            next: length + 2,
        });
    }
    let text = memchr2(b'\r', b'\n', bytes)?;
    // A CR that no LF follows is no line end, and is shown as what it is.
    let next = match &bytes[text..] {
        [b'\n', ..] => text + 1,
        [b'\r', b'\n', ..] => text + 2,
        _ => return None,
    };
    is_printable(&bytes[..text]).then_some(End { text, next })
}
