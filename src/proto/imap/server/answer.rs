//! Answers: what is put together for a command, how it ends, and how it is sent.

use std::fmt::Write as _;

use super::ImapServer;
use super::parse::Bad;
use crate::proto::faults::Effect;
use crate::proto::outbox::Flow;

/// Syntax errors in a row after which the connection ends.
const SYNTAX_ERRORS: u32 = 10;

pub(super) enum Piece {
    Bytes(Vec<u8>),
    Flow(Flow),
}

impl std::fmt::Debug for Piece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bytes(_) => "Bytes",
            Self::Flow(_) => "Flow",
        })
    }
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) status: &'static str,
    pub(super) code: Option<String>,
    pub(super) text: String,
    /// The tagged line is the flow's business.
    pub(super) deferred: bool,
}

impl Done {
    pub(super) fn new(status: &'static str, text: impl Into<String>) -> Self {
        Self {
            status,
            code: None,
            text: text.into(),
            deferred: false,
        }
    }

    pub(super) fn ok(text: impl Into<String>) -> Self {
        Self::new("OK", text)
    }

    pub(super) fn no(text: impl Into<String>) -> Self {
        Self::new("NO", text)
    }

    /// With a response code (RFC 9051 7.1), without its brackets.
    pub(super) fn code(self, code: impl Into<String>) -> Self {
        Self {
            code: Some(code.into()),
            ..self
        }
    }

    pub(super) fn deferred() -> Self {
        Self {
            deferred: true,
            ..Self::ok("")
        }
    }

    pub(super) fn line(&self, tag: &str, reply: Option<&str>) -> Vec<u8> {
        let mut line = format!("{tag} ");
        // Writing to a String cannot fail.
        let _ = match (reply, &self.code) {
            (Some(reply), _) => write!(line, "{}", reply.replace('\n', " ")),
            (None, Some(code)) => write!(line, "{} [{code}] {}", self.status, self.text),
            (None, None) => write!(line, "{} {}", self.status, self.text),
        };
        line.push_str("\r\n");
        line.into_bytes()
    }
}

impl ImapServer {
    /// Untagged lines for the answer that is being put together.
    pub(super) fn say(&mut self, bytes: Vec<u8>) {
        match self.answer.last_mut() {
            Some(Piece::Bytes(last)) => last.extend_from_slice(&bytes),
            _ => self.answer.push(Piece::Bytes(bytes)),
        }
    }

    /// One untagged line.
    pub(super) fn untagged(&mut self, text: &str) {
        self.say(format!("* {text}\r\n").into_bytes());
    }

    /// Content for the answer that is being put together.
    pub(super) fn say_flow(&mut self, flow: Flow) {
        self.answer.push(Piece::Flow(flow));
    }

    /// Sends what was put together, with what a fault does to it.
    pub(super) fn send(&mut self, effect: &Effect) {
        let pieces = std::mem::take(&mut self.answer);
        if effect.is_none() {
            for piece in pieces {
                match piece {
                    Piece::Bytes(bytes) => self.out.write(bytes),
                    Piece::Flow(flow) => self.out.flow(flow),
                }
            }
            return;
        }
        let flow = pieces.into_iter().flat_map(|piece| -> Flow {
            match piece {
                Piece::Bytes(bytes) => Box::new(std::iter::once(bytes)),
                Piece::Flow(flow) => flow,
            }
        });
        self.out.answer_flow(Box::new(flow), effect);
    }

    /// The tagged line, and what has to be told before it.
    pub(super) fn finish(&mut self, tag: &str, verb: &str, done: &Done, effect: &Effect) {
        self.syntax_errors = 0;
        let numbers = matches!(verb, "FETCH" | "STORE" | "SEARCH");
        if !self.told && self.tell(!numbers).is_err() {
            return;
        }
        if !done.deferred {
            self.say(done.line(tag, effect.reply.as_deref()));
        }
        if done.status != "OK" {
            self.errors += 1;
        }
        self.send(effect);
        if effect.literal.is_some() && verb.ends_with("FETCH") {
            self.out.close();
        }
        if verb == "LOGOUT" {
            self.out.close();
        }
    }

    /// BAD, and goodbye when there were too many.
    pub(super) fn syntax(&mut self, tag: &str, bad: &Bad) {
        self.errors += 1;
        self.syntax_errors += 1;
        let line = Done::new("BAD", bad.text.as_str()).line(tag, None);
        self.out.write(line);
        if self.syntax_errors >= SYNTAX_ERRORS {
            self.bye("too many syntax errors in a row");
        }
    }

    pub(super) fn bye(&mut self, why: &str) {
        self.out.write(format!("* BYE {why}\r\n").into_bytes());
        self.out.close();
    }
}
