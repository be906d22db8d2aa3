//! Commands from lines and literals (RFC 9051 4.3, RFC 7888).
//!
//! A literal that needs a go-ahead is refused before it is sent, with the command's own answer. One
//! that follows at once is read to its end and dropped, so that content never becomes commands.

use super::parse::{Bad, Parser};
use super::{Done, ImapServer};
use crate::wire::line::LineBuf;
use crate::wire::octets::{Announced, announced};

/// Octets of the lines of one command. Sets and ID lists can be long.
const LINE: usize = 64 * 1024;

/// Octets of the literals of one command, other than a message.
const LITERALS: u64 = 64 * 1024;

/// A literal that follows at once and is longer than this is not waited for.
const HOPELESS: u64 = 256 * 1024 * 1024;

/// Octets of a line that is too long, for its tag.
const HEAD: usize = 1024;

/// Room that an empty buffer keeps.
const KEEP: usize = 4096;

/// A command that is on its way.
#[derive(Debug, Default)]
pub(super) struct Gather {
    pub(super) raw: LineBuf,
    text: Vec<u8>,
    /// Octets of the literal that are still to come.
    pub(super) octets_left: u64,
    /// Octets of lines so far.
    lines: usize,
    /// Octets of literals so far.
    literals: u64,
    /// The answer, when what comes is only passed over.
    refused: Option<Verdict>,
    /// Passing over the rest of a line that is too long.
    skipping: bool,
}

#[derive(Debug)]
enum Verdict {
    Answer(Done),
    Syntax(Bad),
}

impl Gather {
    /// Forgets everything and tells how many octets of it were not read.
    pub(super) fn forget(&mut self) -> usize {
        let unread = self.raw.clear();
        *self = Self::default();
        unread
    }

    /// A whole line, outside of commands: answers to challenges, DONE.
    pub(super) fn line(&mut self) -> Result<Option<Vec<u8>>, Bad> {
        match self.raw.next_line(LINE) {
            Ok(line) => Ok(line.map(|line| line.bytes)),
            Err(_) => {
                self.skipping = true;
                Err(too_long())
            }
        }
    }

    fn take(&mut self) -> Vec<u8> {
        self.lines = 0;
        self.literals = 0;
        self.octets_left = 0;
        std::mem::take(&mut self.text)
    }

    /// Gives room back that a long command needed.
    fn give_back(&mut self, mut text: Vec<u8>) {
        if text.capacity() <= KEEP {
            text.clear();
            self.text = text;
        }
        if self.raw.is_empty() {
            self.raw = LineBuf::default();
        }
    }
}

/// The tag that a command begins with, where one can be made out.
fn tag_of(text: &[u8]) -> Option<&str> {
    let mut parser = Parser::new(text);
    parser.tag().filter(|_| parser.peek() == Some(b' '))
}

pub(super) fn too_long() -> Bad {
    Bad {
        text: format!("a command of more than {LINE} octets, literals not counted"),
    }
}

impl ImapServer {
    /// Takes what came into the command. False when more must come first.
    pub(super) fn gather(&mut self) -> bool {
        let gather = &mut self.gather;
        if gather.skipping {
            let held = gather.raw.len();
            let end = memchr::memchr(b'\n', gather.raw.pending());
            gather.raw.consume(end.map_or(held, |at| at + 1));
            gather.skipping = end.is_none();
            return end.is_some();
        }
        if gather.octets_left > 0 {
            let here = gather.raw.pending();
            let left = usize::try_from(gather.octets_left).unwrap_or(usize::MAX);
            let count = here.len().min(left);
            if gather.refused.is_none() {
                gather.text.extend_from_slice(&here[..count]);
            }
            gather.raw.consume(count);
            gather.octets_left -= count as u64;
            if gather.octets_left > 0 {
                return false;
            }
        }
        let room = LINE.saturating_sub(gather.lines);
        let line = match gather.raw.next_line(room) {
            Ok(None) => return false,
            Ok(Some(line)) => line.bytes,
            Err(_) => {
                let mut text = gather.take();
                let begun = gather.raw.pending();
                text.extend_from_slice(&begun[..begun.len().min(HEAD)]);
                gather.skipping = true;
                // That was about the command which ends here.
                gather.refused = None;
                if tag_of(&text).is_none() {
                    self.bye("[TOOBIG] a line of that length and no tag");
                    return true;
                }
                self.refuse(&text, Verdict::Syntax(too_long()));
                return true;
            }
        };
        gather.lines += line.len() + 2;
        let literal = announced(&line);
        gather.text.extend_from_slice(&line);
        match literal {
            Ok(None) => {
                // Blanks behind the last word, as libetpan sends; servers in use take them.
                let blanks = line.iter().rev().take_while(|b| **b == b' ').count();
                gather.text.truncate(gather.text.len() - blanks);
                let text = gather.take();
                match gather.refused.take() {
                    None => self.command(&text),
                    Some(verdict) => self.refuse(&text, verdict),
                }
                self.gather.give_back(text);
            }
            // What follows it could not be told from commands.
            Err(_) if matches!(line.as_slice(), [.., b'0'..=b'9', b'+', b'}']) => {
                self.hopeless();
            }
            Err(_) => {
                let text = gather.take();
                gather.refused = None;
                let bad = Bad {
                    text: "a literal's count must be a number of octets below 2^63".into(),
                };
                self.refuse(&text, Verdict::Syntax(bad));
            }
            Ok(Some(literal)) => self.literal(literal),
        }
        true
    }

    fn literal(&mut self, literal: Announced) {
        self.gather.literals = self.gather.literals.saturating_add(literal.octets);
        let verdict = match self.gather.refused.take() {
            Some(verdict) => Some(verdict),
            None => self.judge(literal.octets),
        };
        match verdict {
            None => {
                self.gather.text.extend_from_slice(b"\r\n");
                self.gather.octets_left = literal.octets;
                if !literal.at_once {
                    self.out.write(b"+ OK\r\n".to_vec());
                }
            }
            Some(verdict) if !literal.at_once => {
                let text = self.gather.take();
                self.refuse(&text, verdict);
            }
            Some(_) if literal.octets > HOPELESS => self.hopeless(),
            Some(verdict) => {
                self.gather.octets_left = literal.octets;
                self.gather.refused = Some(verdict);
            }
        }
    }

    /// A literal that is not waited for, and what follows it could not be told from commands: the
    /// command is answered, and the connection ends.
    fn hopeless(&mut self) {
        let text = self.gather.take();
        if tag_of(&text).is_some() {
            let done = Done::no("a literal of that size will not be read").code("TOOBIG");
            self.refuse(&text, Verdict::Answer(done));
        }
        self.bye("[TOOBIG] that literal will not be read");
    }

    /// Why this literal is not wanted, if it is not.
    fn judge(&self, octets: u64) -> Option<Verdict> {
        let mut parser = Parser::new(&self.gather.text).utf8(self.enabled.utf8);
        let tag = parser.tag();
        if tag.is_none() {
            return Some(Verdict::Syntax(Bad {
                text: "expected a tag at octet 1".into(),
            }));
        }
        let append = parser.take(b' ') && parser.keyword("APPEND");
        if let (Some(user), true) = (&self.user, append) {
            return self
                .refuses_append(user, &mut parser, octets, self.gather.literals)
                .map(Verdict::Answer);
        }
        (self.gather.literals > LITERALS).then(|| {
            let text = format!("the literals of a command hold {LITERALS} octets at most");
            Verdict::Answer(Done::new("BAD", text).code("TOOBIG"))
        })
    }

    /// Answers a command that was not read to its end, or not wanted.
    fn refuse(&mut self, text: &[u8], verdict: Verdict) {
        self.commands += 1;
        self.heard(text);
        let tag = tag_of(text).unwrap_or("*").to_owned();
        match verdict {
            Verdict::Syntax(bad) => self.syntax(&tag, &bad),
            Verdict::Answer(done) => {
                self.errors += 1;
                self.out.write(done.line(&tag, None));
            }
        }
    }
}
