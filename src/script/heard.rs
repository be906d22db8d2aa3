//! What was heard in one turn, as lines in responses: events in, something to compare out.
//!
//! Memory is bounded: of one turn at most `KEPT_MAX` octets are kept, the rest is counted.

use std::time::Duration;

use crate::proto::event::{Event, Exchange, LineKind, Part};

/// Octets of one turn that are kept for comparison.
pub const KEPT_MAX: usize = 16 * 1024 * 1024;

/// What each line costs beside its text.
const LINE_COST: usize = 64;

/// A line that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardLine {
    /// Without its end, secrets masked.
    pub text: Vec<u8>,
    /// When it came, from the end of what was sent.
    pub at: Duration,
}

/// Lines that belong together: a reply, or one IMAP response with its literals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// What it is.
    pub kind: ResponseKind,
    /// For which exchange, where that is known.
    pub exchange: Option<Exchange>,
    /// Its lines; a literal's are split at CRLF.
    pub lines: Vec<HeardLine>,
}

/// Kinds of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// A reply of SMTP or POP3, content included.
    Reply,
    /// IMAP: untagged.
    Untagged,
    /// IMAP: the tagged completion.
    Completion,
    /// IMAP: a go-ahead.
    GoAhead,
}

/// Collects the lines of a turn.
#[derive(Debug, Default)]
pub struct Heard {
    /// What came, in order.
    pub responses: Vec<Response>,
    /// Octets of content and lines that were not kept, because there was too much.
    pub not_kept: u64,
    imap: bool,
    kept: usize,
    partial: Vec<u8>,
    /// True while the last response of SMTP or POP3 goes on.
    going_on: bool,
}

impl Heard {
    /// For one protocol.
    pub fn new(imap: bool) -> Self {
        Self {
            imap,
            ..Self::default()
        }
    }

    /// Takes an event that happened `at` after the last octet was sent.
    pub fn take(&mut self, event: &Event, at: Duration) {
        match event {
            Event::Line(line) => {
                let kind = self.kind(line.kind);
                let new = match line.kind {
                    LineKind::Rest => false,
                    _ => self.imap || !self.going_on,
                };
                self.line(&line.text, at, new.then_some((kind, line.exchange)));
                self.going_on = !self.imap;
            }
            Event::Part(part) => self.content(part, at),
            Event::Reply(_) => self.going_on = false,
            _ => {}
        }
    }

    fn kind(&self, kind: LineKind) -> ResponseKind {
        match kind {
            _ if !self.imap => ResponseKind::Reply,
            LineKind::Status => ResponseKind::Completion,
            LineKind::GoAhead => ResponseKind::GoAhead,
            _ => ResponseKind::Untagged,
        }
    }

    fn line(&mut self, text: &[u8], at: Duration, new: Option<(ResponseKind, Option<Exchange>)>) {
        if self.kept + text.len() + LINE_COST > KEPT_MAX {
            self.not_kept += text.len() as u64;
            return;
        }
        self.kept += text.len() + LINE_COST;
        let line = HeardLine {
            text: text.to_vec(),
            at,
        };
        match (new, self.responses.last_mut()) {
            (None, Some(response)) => response.lines.push(line),
            (new, _) => {
                let (kind, exchange) = new.unwrap_or((ResponseKind::Reply, None));
                self.responses.push(Response {
                    kind,
                    exchange,
                    lines: vec![line],
                });
            }
        }
    }

    fn content(&mut self, part: &Part, at: Duration) {
        let room = KEPT_MAX.saturating_sub(self.kept + self.partial.len());
        let kept = part.bytes.len().min(room);
        self.not_kept += (part.bytes.len() - kept) as u64;
        // Only what is new is searched for line ends, and the CR that may stand before it.
        let mut seen = self.partial.len().saturating_sub(1);
        let mut begin = 0;
        self.partial.extend_from_slice(&part.bytes[..kept]);
        let partial = std::mem::take(&mut self.partial);
        while let Some(gap) = memchr::memmem::find(&partial[seen..], b"\r\n") {
            self.line(&partial[begin..seen + gap], at, None);
            begin = seen + gap + 2;
            seen = begin;
        }
        if part.last {
            if begin < partial.len() {
                self.line(&partial[begin..], at, None);
            }
        } else if begin == 0 {
            self.partial = partial;
        } else {
            self.partial = partial[begin..].to_vec();
        }
    }

    /// The same turn with other responses.
    pub fn with(&self, responses: Vec<Response>) -> Self {
        Self {
            responses,
            not_kept: self.not_kept,
            imap: self.imap,
            ..Self::default()
        }
    }

    /// Every line, in order.
    pub fn lines(&self) -> impl Iterator<Item = &HeardLine> {
        self.responses.iter().flat_map(|r| &r.lines)
    }
}

/// An IMAP completion without its tag.
pub fn without_tag(line: &[u8]) -> &[u8] {
    match line.iter().position(|b| *b == b' ') {
        Some(blank) => &line[blank + 1..],
        None => line,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::proto::event::{Line, PartKind, Reply, Verdict};

    /// A turn made of lines: IMAP lines in `|…` are content of a literal.
    pub(in crate::script) fn heard(imap: bool, lines: &[&str]) -> Heard {
        let mut heard = Heard::new(imap);
        let mut inside = false;
        for text in lines {
            if let Some(content) = text.strip_prefix('|') {
                let part = Part {
                    exchange: None,
                    bytes: format!("{content}\r\n").into_bytes(),
                    last: false,
                    kind: PartKind::Literal,
                };
                heard.take(&Event::Part(part), Duration::ZERO);
                inside = true;
                continue;
            }
            if inside {
                let part = Part {
                    exchange: None,
                    bytes: Vec::new(),
                    last: true,
                    kind: PartKind::Literal,
                };
                heard.take(&Event::Part(part), Duration::ZERO);
            }
            let kind = match text.as_bytes().first() {
                _ if inside => LineKind::Rest,
                Some(b'*') => LineKind::Untagged,
                Some(b'+') if imap => LineKind::GoAhead,
                _ => LineKind::Status,
            };
            inside = false;
            let line = Line {
                exchange: None,
                text: text.as_bytes().to_vec(),
                clear: None,
                verdict: Verdict::Good,
                kind,
            };
            heard.take(&Event::Line(line), Duration::from_secs(1));
        }
        heard.take(&Event::Reply(Reply::default()), Duration::from_secs(1));
        heard
    }

    #[test]
    fn literals_are_lines_of_their_response() {
        let heard = heard(
            true,
            &[
                "* 3 FETCH (BODY[TEXT] {8}",
                "|one",
                "|two",
                ")",
                "a OK done",
            ],
        );
        assert_eq!(heard.responses.len(), 2);
        let texts: Vec<&[u8]> = heard.lines().map(|l| l.text.as_slice()).collect();
        assert_eq!(texts[1..4], [&b"one"[..], b"two", b")"]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut heard = Heard::new(false);
        let part = Part {
            exchange: None,
            bytes: vec![b'x'; 64 * 1024],
            last: false,
            kind: PartKind::Dotted,
        };
        for _ in 0..1024 {
            heard.take(&Event::Part(part.clone()), Duration::ZERO);
        }
        assert!(heard.partial.len() <= KEPT_MAX);
        assert!(heard.not_kept >= (1024 * 64 * 1024 - KEPT_MAX) as u64);
    }
}
