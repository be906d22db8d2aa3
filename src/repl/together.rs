//! Lines held back for one write (`:together`, `:go`; RFC 2920 for SMTP).
//!
//! What waits for an answer before more may follow comes last. Lines behind DATA are its body: they
//! are kept until the go-ahead, and never sent as commands.

use std::ops::RangeInclusive;

use crate::error::Error;
use crate::proto::engine::Engine;
use crate::proto::spec::{Shape, Verb};
use crate::wire::octets::announced;

/// Octets held back in all.
const HELD_MAX: usize = 16 * 1024 * 1024;

/// What is held back.
#[derive(Default)]
pub struct Together {
    /// The lines of the one write.
    pub lines: Vec<Vec<u8>>,
    /// What goes out behind them when the last one gets its go-ahead.
    pub body: Vec<Vec<u8>>,
    octets: usize,
}

impl Together {
    /// True when the next line is one of a body: an empty one counts too.
    pub fn takes_body(&self, engine: Option<&dyn Engine>) -> bool {
        let last = self.lines.last().zip(engine);
        let waiting = last.and_then(|(last, engine)| waits(last, engine));
        let complete = self.body.last().is_some_and(|line| line == b".");
        !complete && waiting.is_some_and(|verb| verb.reply == Shape::GoAheadThenBody)
    }

    /// Takes a line. True for the first one of a body.
    ///
    /// # Errors
    /// `Usage` for a line that cannot go with those before it: it is not kept, those are.
    pub fn hold(&mut self, line: &[u8], engine: Option<&dyn Engine>) -> Result<bool, Error> {
        if self.octets + line.len() > HELD_MAX {
            return Err(Error::usage("not held back: that is more than 16 MiB")
                .hint("first", ":go sends what is held back"));
        }
        let last = self.lines.last().zip(engine);
        let waiting = last.and_then(|(last, engine)| waits(last, engine));
        let content = self.takes_body(engine);
        match waiting {
            _ if content => self.body.push(line.to_vec()),
            None => self.lines.push(line.to_vec()),
            Some(verb) => {
                let count = self.count();
                let text = format!("not held back: {} waits for an answer first", verb.name);
                return Err(Error::usage(text)
                    .hint("first", format!(":go sends the {count} lines held back")));
            }
        }
        self.octets += line.len();
        Ok(content && self.body.len() == 1)
    }

    /// Gives up lines; with the last one goes its body.
    pub fn give_up(&mut self, lines: RangeInclusive<usize>) {
        if lines.end() + 1 == self.lines.len() {
            self.body.clear();
        }
        self.lines.drain(lines);
        let kept = self.lines.iter().chain(&self.body);
        self.octets = kept.map(Vec::len).sum();
    }

    /// How many lines are held back.
    pub fn count(&self) -> usize {
        self.lines.len() + self.body.len()
    }
}

/// The verb of a line behind which nothing may be said before its answer.
fn waits(line: &[u8], engine: &dyn Engine) -> Option<&'static Verb> {
    let verb = engine.verb_of(line)?;
    let shapes = [
        Shape::GoAheadThenBody,
        Shape::Challenges,
        Shape::Idle,
        Shape::Tls,
    ];
    let literal = matches!(announced(line), Ok(Some(literal)) if !literal.at_once);
    (shapes.contains(&verb.reply) || literal).then_some(verb)
}
