//! Dots: how a body of lines travels in SMTP and POP3 (RFC 5321 4.5.2, RFC 1939 3).
//!
//! `Stuffer` sends: every line ends in CRLF, a leading dot is doubled, a lone dot closes.
//! `Unstuffer` receives: it passes content on in the chunks it came in, and finds the end.

use std::sync::LazyLock;

use memchr::{memchr2, memmem};

/// Turns a body into what goes on the wire, in any number of parts.
///
/// Bare CR and bare LF become CRLF and are counted: the peer hears exactly one `CRLF.CRLF`,
/// whatever the body holds (the SMTP smuggling sequences end here).
#[derive(Debug)]
pub struct Stuffer {
    at_line_start: bool,
    after_cr: bool,
    /// Bare CRs and LFs that were made CRLF.
    pub mended: u64,
    /// Dots that were doubled.
    pub doubled: u64,
}

impl Default for Stuffer {
    fn default() -> Self {
        Self {
            at_line_start: true,
            after_cr: false,
            mended: 0,
            doubled: 0,
        }
    }
}

impl Stuffer {
    /// Adds a part of the body to `out`.
    pub fn push(&mut self, part: &[u8], out: &mut Vec<u8>) {
        out.reserve(part.len() + part.len() / 32 + 4);
        let mut rest = part;
        while let Some(&first) = rest.first() {
            if self.after_cr {
                self.after_cr = false;
                self.at_line_start = true;
                out.extend_from_slice(b"\r\n");
                if first == b'\n' {
                    rest = &rest[1..];
                    continue;
                }
                self.mended += 1;
            }
            let run = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
            if run > 0 {
                if self.at_line_start && first == b'.' {
                    self.doubled += 1;
                    out.push(b'.');
                }
                self.at_line_start = false;
                out.extend_from_slice(&rest[..run]);
            }
            rest = &rest[run..];
            match rest {
                // The line end that all lines should have: nothing to remember.
                [b'\r', b'\n', ..] => {
                    out.extend_from_slice(b"\r\n");
                    self.at_line_start = true;
                    rest = &rest[2..];
                }
                [b'\r', ..] => {
                    self.after_cr = true;
                    rest = &rest[1..];
                }
                [_, ..] => {
                    self.mended += 1;
                    self.at_line_start = true;
                    out.extend_from_slice(b"\r\n");
                    rest = &rest[1..];
                }
                [] => {}
            }
        }
    }

    /// Ends an unfinished last line and writes the lone dot.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.after_cr) {
            self.mended += 1;
            self.at_line_start = true;
            out.extend_from_slice(b"\r\n");
        }
        if !self.at_line_start {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
        self.at_line_start = true;
    }
}

/// Finds the only places of a dotted body where more than copying may have to be done.
static DOT_LINE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\n."));

/// Finds the end of a dotted body and takes the doubled dots off again.
#[derive(Debug)]
pub struct Unstuffer {
    state: At,
    lf_ends: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the start of a line.
    LineStart,
    /// A dot stood at the start of the line; it is held back.
    Dot,
    /// A dot and then a CR; both are held back.
    DotCr,
    /// Inside a line; the last octet was no CR.
    Inside,
    /// Inside a line, after a CR.
    Cr,
}

impl Unstuffer {
    /// A reader at the start of a body. `lf_ends`: a bare LF counts as a line end too, for a peer
    /// that was seen to end its status lines so; never for a server that receives mail.
    pub fn new(lf_ends: bool) -> Self {
        Self {
            state: At::LineStart,
            lf_ends,
        }
    }

    /// Reads from `bytes`, appends content (CRLF kept) to `out`, and stops behind the end.
    /// Returns how many octets were used and whether the end was among them.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> (usize, bool) {
        self.pass(bytes, |part| out.extend_from_slice(part))
    }

    /// As `push`, but hands the content on in the parts it is found in: nothing is copied, for those
    /// who only count.
    pub fn pass(&mut self, bytes: &[u8], mut content: impl FnMut(&[u8])) -> (usize, bool) {
        let mut used = 0;
        while used < bytes.len() {
            let b = bytes[used];
            self.state = match (self.state, b) {
                (At::LineStart, b'.') => {
                    used += 1;
                    At::Dot
                }
                (At::Dot, b'\r') => {
                    used += 1;
                    At::DotCr
                }
                (At::DotCr, b'\n') => return self.ended(used + 1),
                (At::Dot, b'\n') if self.lf_ends => return self.ended(used + 1),
                // The held-back dot was stuffing: it is dropped, what follows is content.
                (At::Dot, _) => At::Inside,
                (At::DotCr, _) => {
                    content(b"\r");
                    At::Cr
                }
                (At::Cr, b'\n') => {
                    content(b"\n");
                    used += 1;
                    At::LineStart
                }
                (At::LineStart | At::Inside | At::Cr, _) => {
                    let (part, next) = self.run(&bytes[used..]);
                    content(part);
                    used += part.len();
                    next
                }
            };
        }
        (used, false)
    }

    /// What stands before the next line that begins with a dot, or all there is.
    fn run<'a>(&self, bytes: &'a [u8]) -> (&'a [u8], At) {
        let taken = DOT_LINE.find(bytes).map_or(bytes.len(), |at| at + 1);
        let part = &bytes[..taken];
        let next = match part {
            [.., b'\r', b'\n'] => At::LineStart,
            [.., b'\n'] if self.lf_ends => At::LineStart,
            [.., b'\r'] => At::Cr,
            _ => At::Inside,
        };
        (part, next)
    }

    fn ended(&mut self, used: usize) -> (usize, bool) {
        self.state = At::LineStart;
        (used, true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuffed(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut stuffer = Stuffer::default();
        stuffer.push(body, &mut out);
        stuffer.finish(&mut out);
        out
    }

    fn unstuffed(wire: &[u8], size: usize) -> (Vec<u8>, usize, bool) {
        let mut reader = Unstuffer::new(false);
        let (mut out, mut used) = (Vec::new(), 0);
        for chunk in wire.chunks(size.max(1)) {
            let (n, end) = reader.push(chunk, &mut out);
            used += n;
            if end {
                return (out, used, true);
            }
        }
        (out, used, false)
    }

    #[test]
    fn known_bodies() {
        assert_eq!(stuffed(b""), b".\r\n");
        assert_eq!(stuffed(b"a"), b"a\r\n.\r\n");
        assert_eq!(stuffed(b".a\r\n..\r\n"), b"..a\r\n...\r\n.\r\n");
    }

    #[test]
    fn smuggling_sequences_leave_one_end() {
        for inner in [
            "\n.\n",
            "\n.\r",
            "\r.\n",
            "\r.\r",
            "\n.\r\n",
            "\r.\r\n",
            "\r\n.\r\r\n",
            "\r\r\n.\r\r\n",
        ] {
            let wire = stuffed(format!("before{inner}after").as_bytes());
            let end = b"\r\n.\r\n";
            assert_eq!(wire.windows(5).filter(|w| w == end).count(), 1, "{inner:?}");
            assert!(wire.ends_with(end));
            assert!(
                !wire.windows(2).any(|w| w[1] == b'\n' && w[0] != b'\r'),
                "{inner:?}"
            );
        }
    }

    #[test]
    fn bare_lf_does_not_end_a_received_body() {
        let (body, _, end) = unstuffed(b"a\n.\nMAIL FROM:<x>\r\n.\r\n", 100);
        assert_eq!(
            (body.as_slice(), end),
            (b"a\n.\nMAIL FROM:<x>\r\n".as_slice(), true)
        );
        let mut out = Vec::new();
        assert_eq!(
            Unstuffer::new(true).push(b"a\n.\nrest", &mut out),
            (4, true)
        );
        assert_eq!(out, b"a\n");
    }

    proptest! {
        #[test]
        fn any_body_comes_back_with_crlf(body in prop::collection::vec(prop::sample::select(b".\r\nax".to_vec()), 0..60), size in 1usize..9) {
            let mut wire = stuffed(&body);
            let length = wire.len();
            wire.extend_from_slice(b"next");
            let (back, used, end) = unstuffed(&wire, size);
            prop_assert!(end);
            prop_assert_eq!(used, length);
            let mut want = Vec::new();
            let mut lines = Stuffer::default();
            lines.push(&body, &mut want);
            lines.finish(&mut want);
            let mut again = Vec::new();
            Stuffer::default().push(&back, &mut again);
            again.extend_from_slice(b".\r\n");
            prop_assert_eq!(again, want);
        }
    }
}
