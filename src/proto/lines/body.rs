//! A message on its way out: typed line by line, streamed, or both.

use crate::wire::dot::Stuffer;

use super::super::event::Exchange;

/// The longest text line that RFC 5322 2.1.1 and RFC 5321 4.5.3.1.6 allow, without its CRLF.
const LINE_MAX: usize = 998;

/// A body that has its go-ahead and not yet its dot.
#[derive(Debug)]
pub(crate) struct Body {
    /// The exchange of the command it belongs to.
    pub(crate) exchange: Exchange,
    /// Octets that nobody made sense of went out in between: the dot may have been among them.
    pub(crate) raw: bool,
    stuffer: Stuffer,
    eight_bit: bool,
    long_line: bool,
    /// Octets since the last line end, of streamed content.
    run: usize,
}

/// What goes on the wire for a piece of a body.
#[derive(Debug)]
pub(crate) struct Piece {
    /// The octets.
    pub(crate) wire: Vec<u8>,
    /// A dot was doubled or a line end was mended.
    pub(crate) changed: bool,
    /// The lone dot is among them.
    pub(crate) last: bool,
}

impl Body {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Self {
            exchange,
            raw: false,
            stuffer: Stuffer::default(),
            eight_bit: false,
            long_line: false,
            run: 0,
        }
    }

    /// A typed line; a lone dot ends the body.
    pub(crate) fn line(&mut self, line: &[u8]) -> Piece {
        if line == b"." {
            return self.piece(b"", true);
        }
        let mut ended = Vec::with_capacity(line.len() + 2);
        ended.extend_from_slice(line);
        ended.extend_from_slice(b"\r\n");
        self.piece(&ended, false)
    }

    /// A part of streamed content, and behind the last one the dot.
    pub(crate) fn piece(&mut self, bytes: &[u8], last: bool) -> Piece {
        self.look_at(bytes);
        let before = (self.stuffer.doubled, self.stuffer.mended);
        let mut wire = Vec::new();
        self.stuffer.push(bytes, &mut wire);
        if last {
            self.stuffer.finish(&mut wire);
        }
        Piece {
            wire,
            changed: before != (self.stuffer.doubled, self.stuffer.mended),
            last,
        }
    }

    /// What there is to say about the content, once all of it was sent.
    pub(crate) fn remarks(&self, eight_bit_allowed: bool) -> Vec<String> {
        let mut said = Vec::new();
        if self.stuffer.mended > 0 {
            said.push(format!(
                "{} bare CR or LF went out as CRLF",
                self.stuffer.mended
            ));
        }
        if self.eight_bit && !eight_bit_allowed {
            said.push("the content is 8-bit and the server does not offer 8BITMIME".to_owned());
        }
        if self.long_line {
            said.push(format!(
                "a line of the content has more than {LINE_MAX} octets"
            ));
        }
        said
    }

    fn look_at(&mut self, bytes: &[u8]) {
        self.eight_bit = self.eight_bit || !bytes.is_ascii();
        if self.long_line {
            return;
        }
        let mut from = 0;
        for at in memchr::memchr_iter(b'\n', bytes) {
            self.long_line |= self.run + at - from > LINE_MAX + 1;
            self.run = 0;
            from = at + 1;
        }
        self.run += bytes.len() - from;
        self.long_line |= self.run > LINE_MAX + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_and_streamed_parts_join() {
        let mut body = Body::new(Exchange(1));
        assert_eq!(body.line(b".hidden").wire, b"..hidden\r\n");
        assert_eq!(body.piece(b"half", false).wire, b"half");
        let end = body.line(b".");
        assert_eq!((end.wire.as_slice(), end.last), (&b"\r\n.\r\n"[..], true));
        assert!(body.remarks(false).is_empty());
    }

    #[test]
    fn remarks_are_made_once_for_all_of_it() {
        let mut body = Body::new(Exchange(1));
        body.piece(&[b'a'; 600], false);
        body.piece(&[b'a'; 600], false);
        body.piece("\nä\n".as_bytes(), true);
        assert_eq!(body.remarks(false).len(), 3);
        assert_eq!(body.remarks(true).len(), 2);
        let mut short = Body::new(Exchange(1));
        short.line(&[b'a'; LINE_MAX]);
        assert!(short.remarks(true).is_empty());
    }
}
