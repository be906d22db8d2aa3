//! A buffer that takes bytes as they come and gives lines back.
//!
//! A line ends with CRLF; a bare LF ends one too, and the line says so, because a console shows
//! such servers rather than hanging on them. A line longer than the cap is an error that names
//! the cap: the buffer never grows past it by more than one chunk.

use std::fmt;

use memchr::memchr;

/// How a line ended on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// CR LF, as every mail protocol demands.
    CrLf,
    /// LF alone.
    Lf,
}

/// One line, without its ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawLine {
    /// The octets before the line end.
    pub bytes: Vec<u8>,
    /// What ended it.
    pub ending: Ending,
}

/// A line grew past the cap before its end was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverLong {
    /// The cap, in octets.
    pub cap: usize,
}

impl fmt::Display for OverLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line of more than {} octets", self.cap)
    }
}

/// Bytes in, lines or counted octets out.
#[derive(Default)]
pub struct LineBuf {
    buf: Vec<u8>,
    start: usize,
    scanned: usize,
}

impl fmt::Debug for LineBuf {
    /// What a peer sends may be a credential: it is counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineBuf({} octets)", self.len())
    }
}

impl LineBuf {
    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start == self.buf.len() {
            self.buf.clear();
            self.start = 0;
            self.scanned = 0;
        } else if self.start > 64 * 1024 {
            self.buf.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        self.buf.extend_from_slice(bytes);
    }

    /// The next whole line, or `None` while its end has not come.
    ///
    /// # Errors
    /// `OverLong` when more than `cap` octets stand before the line end.
    pub fn next_line(&mut self, cap: usize) -> Result<Option<RawLine>, OverLong> {
        let from = self.scanned.max(self.start);
        let Some(at) = memchr(b'\n', &self.buf[from..]) else {
            self.scanned = self.buf.len();
            // One octet of grace: a CR whose LF is still to come belongs to the line end.
            return if self.len() > cap + 1 {
                Err(OverLong { cap })
            } else {
                Ok(None)
            };
        };
        let end = from + at;
        let mut bytes = &self.buf[self.start..end];
        let mut ending = Ending::Lf;
        if let Some(short) = bytes.strip_suffix(b"\r") {
            bytes = short;
            ending = Ending::CrLf;
        }
        if bytes.len() > cap {
            return Err(OverLong { cap });
        }
        let line = RawLine {
            bytes: bytes.to_vec(),
            ending,
        };
        self.start = end + 1;
        self.scanned = self.start;
        Ok(Some(line))
    }

    /// What has come and was not taken yet.
    pub fn pending(&self) -> &[u8] {
        &self.buf[self.start..]
    }

    /// Takes `count` octets off the front; `count` must not exceed `len()`.
    pub fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.len());
        self.start += count;
        self.scanned = self.scanned.max(self.start);
    }

    /// Octets held.
    pub fn len(&self) -> usize {
        self.buf.len() - self.start
    }

    /// True when nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets everything held and tells how many octets that was.
    pub fn clear(&mut self) -> usize {
        let held = self.len();
        self.buf.clear();
        self.start = 0;
        self.scanned = 0;
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(chunks: &[&[u8]], cap: usize) -> Vec<Result<RawLine, OverLong>> {
        let mut buf = LineBuf::default();
        let mut out = Vec::new();
        for chunk in chunks {
            buf.push(chunk);
            loop {
                match buf.next_line(cap) {
                    Ok(Some(line)) => out.push(Ok(line)),
                    Ok(None) => break,
                    Err(e) => return [out, vec![Err(e)]].concat(),
                }
            }
        }
        out
    }

    #[test]
    fn any_cut_gives_the_same_lines() {
        let text = b"250-one\r\n250 two\nlast \r\r\n\r\n";
        let whole = all(&[text], 100);
        assert_eq!(whole.len(), 4);
        assert_eq!(whole[1].as_ref().unwrap().ending, Ending::Lf);
        assert_eq!(whole[2].as_ref().unwrap().bytes, b"last \r");
        for size in 1..text.len() {
            let chunks: Vec<_> = text.chunks(size).collect();
            assert_eq!(all(&chunks, 100), whole, "chunks of {size}");
        }
    }

    #[test]
    fn the_cap_counts_octets_before_the_line_end() {
        assert!(all(&[b"12345\r\n"], 5)[0].is_ok());
        assert!(all(&[b"12345", b"\r", b"\n"], 5)[0].is_ok());
        assert_eq!(all(&[b"123456\r\n"], 5), [Err(OverLong { cap: 5 })]);
        assert_eq!(all(&[b"1234567"], 5), [Err(OverLong { cap: 5 })]);
    }
}
