//! What whoever watches sees: commands and answers as lines, secrets masked, content cut short.

use std::collections::VecDeque;

use super::parse::Parser;
use crate::proto::event::{Event, Exchange, Sent, SentKind};
use crate::wire::octets::announced;
use crate::wire::secret::MASK;

/// Octets of a line or of content that are shown.
const SHOWN: usize = 1_000;

/// Octets in which any announcement of a literal fits.
const TAIL: usize = 40;

/// Makes events of what is written.
#[derive(Debug, Default)]
pub(super) struct Shower {
    line: Vec<u8>,
    /// The last octets of the line, where a literal is announced.
    tail: Vec<u8>,
    octets: u64,
    /// Octets of a literal that are still to come.
    content: u64,
}

impl Shower {
    /// What is in `bytes`, line by line. With `masked`, challenges are not shown.
    pub(super) fn show(
        &mut self,
        bytes: &[u8],
        exchange: Exchange,
        masked: bool,
        events: &mut VecDeque<Event>,
    ) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let in_content = self.content > 0;
            let end = if in_content {
                usize::try_from(self.content)
                    .unwrap_or(usize::MAX)
                    .min(rest.len())
            } else {
                memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1)
            };
            let (piece, after) = rest.split_at(end);
            rest = after;
            let room = SHOWN.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            self.octets += piece.len() as u64;
            self.tail
                .extend_from_slice(&piece[piece.len().saturating_sub(TAIL)..]);
            let excess = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..excess);
            if in_content {
                self.content -= piece.len() as u64;
                if self.content == 0 {
                    self.flush(exchange, SentKind::Content, events);
                }
            } else if piece.ends_with(b"\n") {
                let literal = announced(self.tail.trim_ascii_end())
                    .ok()
                    .flatten()
                    .map_or(0, |a| a.octets);
                let end = self.line.trim_ascii_end().len();
                self.line.truncate(end);
                if masked && self.line.starts_with(b"+ ") {
                    self.line.truncate(2);
                    self.line.extend_from_slice(MASK.as_bytes());
                }
                self.flush(exchange, SentKind::Reply, events);
                self.content = literal;
            }
        }
    }

    fn flush(&mut self, exchange: Exchange, kind: SentKind, events: &mut VecDeque<Event>) {
        self.tail.clear();
        events.push_back(Event::Sent(Sent {
            exchange,
            shown: std::mem::take(&mut self.line),
            clear: None,
            kind,
            octets: std::mem::take(&mut self.octets),
            differs: false,
        }));
    }
}

/// A command as lines to show: passwords masked, literals cut short.
pub(super) fn heard(text: &[u8]) -> Vec<Vec<u8>> {
    let mut parser = Parser::new(text);
    let tag = parser.tag().is_some() && parser.take(b' ');
    let login = parser.keyword("LOGIN");
    if tag && (login || parser.keyword("AUTHENTICATE")) {
        parser.take(b' ');
        let named = parser.astring("the user or mechanism").is_ok();
        if !named || !parser.is_done() {
            let at = if named { parser.at() } else { text.len() };
            let shown = if named && !text[..at].contains(&b'\n') {
                &text[..at]
            } else {
                // Nobody can tell what in this is a secret.
                let verb = text.iter().position(|b| *b == b' ').map_or(0, |at| at + 1);
                &text[..verb]
            };
            return vec![[shown, b" ", MASK.as_bytes()].concat()];
        }
    }
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        let line = line.trim_ascii_end();
        lines.push(line[..line.len().min(SHOWN)].to_vec());
        let literal = announced(line).ok().flatten().map_or(0, |a| a.octets);
        let skip = usize::try_from(literal)
            .unwrap_or(usize::MAX)
            .min(after.len());
        if skip > 0 {
            lines.push(after[..skip.min(SHOWN)].to_vec());
        }
        rest = &after[skip..];
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        heard(text.as_bytes())
            .into_iter()
            .map(|line| String::from_utf8(line).unwrap())
            .collect()
    }

    #[test]
    fn passwords_are_masked_however_they_are_written() {
        for text in [
            "a LOGIN alice wonderland",
            "a login \"alice\" \"wonderland\"",
            "a login {5}\r\nalice {10}\r\nwonderland",
            "a login alice {10+}\r\nwonderland",
            "a login al(ice wonderland",
            "a AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=",
        ] {
            let shown = shown(text).join("|");
            assert!(
                !shown.contains("wonderland") && !shown.contains("AGF"),
                "{shown}"
            );
            assert!(shown.contains(MASK), "{shown}");
        }
        assert_eq!(shown("a LOGOUT"), ["a LOGOUT"]);
        assert_eq!(shown("a AUTHENTICATE PLAIN"), ["a AUTHENTICATE PLAIN"]);
        assert_eq!(shown("a APPEND x {3}\r\nabc"), ["a APPEND x {3}", "abc"]);
    }

    #[test]
    fn answers_are_lines_and_content_is_content() {
        let text = b"* 1 FETCH (BODY[] {5}\r\na\r\nbc)\r\na OK done\r\n";
        let whole = |chunk: usize| {
            let (mut shower, mut events) = (Shower::default(), VecDeque::new());
            for piece in text.chunks(chunk) {
                shower.show(piece, Exchange(1), false, &mut events);
            }
            events
        };
        let events = whole(text.len());
        for chunk in 1..text.len() {
            assert_eq!(whole(chunk), events);
        }
        assert_eq!(events.len(), 4);
        assert!(matches!(&events[1], Event::Sent(s) if s.shown == b"a\r\nbc" && s.octets == 5));
    }
}
