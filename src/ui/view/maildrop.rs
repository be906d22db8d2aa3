//! POP3's LIST and UIDL, aligned (RFC 1939 5 and 7). They come in parts cut anywhere, and may be
//! of any length, so each line is arranged alone.

use super::text::{dots, safe};
use crate::ui::style::{Role, Styled};
use crate::ui::units::grouped;
use crate::wire::show::Charset;

/// The longest line that is kept for its end.
const LINE_MAX: usize = 1_024;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// LIST: octets.
    Sizes,
    /// UIDL: identifiers.
    Ids,
}

/// A listing under way.
#[derive(Debug)]
pub(super) struct Lines {
    listing: Listing,
    kept: Vec<u8>,
}

impl Lines {
    pub(super) fn new(listing: Listing) -> Self {
        Self {
            listing,
            kept: Vec::new(),
        }
    }

    /// Takes a part; gives the lines that are whole.
    pub(super) fn push(&mut self, part: &[u8], last: bool, charset: Charset) -> Vec<Styled> {
        let mut out = Vec::new();
        for chunk in part.split_inclusive(|&b| b == b'\n') {
            let room = LINE_MAX.saturating_sub(self.kept.len());
            let whole = chunk.ends_with(b"\n");
            let text = chunk.trim_ascii_end();
            self.kept.extend_from_slice(&text[..text.len().min(room)]);
            if whole {
                out.push(self.line(charset));
            }
        }
        if last && !self.kept.is_empty() {
            out.push(self.line(charset));
        }
        out
    }

    fn line(&mut self, charset: Charset) -> Styled {
        let line = std::mem::take(&mut self.kept);
        let mut words = line.splitn(2, |&b| b == b' ');
        let number = safe(words.next().unwrap_or_default(), charset);
        let rest = words.next().unwrap_or_default();
        let size = std::str::from_utf8(rest).ok().and_then(|t| t.parse().ok());
        let rest = match (self.listing, size) {
            (Listing::Sizes, Some(size)) => format!("{:>12} octets", grouped(size)),
            _ => safe(rest, charset),
        };
        let cut = if line.len() == LINE_MAX {
            dots(charset)
        } else {
            ""
        };
        Styled::new(Role::Strong, format!("{number:>6}"))
            .with(Role::Plain, format!("  {rest}{cut}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(listing: Listing, parts: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(listing);
        let mut out = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            out.extend(lines.push(part, last, Charset::Unicode));
        }
        out.iter().map(Styled::text).collect()
    }

    #[test]
    fn lines_are_aligned_however_they_are_cut() {
        let want = ["     1           120 octets", "    12     1,204,000 octets"];
        assert_eq!(shown(Listing::Sizes, &[b"1 120\r\n12 1204000\r\n"]), want);
        assert_eq!(
            shown(Listing::Sizes, &[b"1 1", b"20\r", b"\n12 1204000"]),
            want
        );
        assert_eq!(
            shown(Listing::Ids, &[b"1 QhdPYR:00WBw1Ph7x7\r\n"]),
            ["     1  QhdPYR:00WBw1Ph7x7"]
        );
        assert_eq!(shown(Listing::Sizes, &[b"x\x1b y\r\n"]), ["    x␛  y"]);
        assert_eq!(
            shown(Listing::Ids, &[&[b'9'; 100_000]])[0].chars().count(),
            LINE_MAX + 3
        );
    }
}
