//! A reply that goes elsewhere: into a file or a command, as octets, not as marked text.
//!
//! When the reply holds content (a literal, a dotted body), that content alone is written; else its
//! lines are; the last of them is that of the status where the others lead up to it (`250-`, `250 `),
//! and where it is all there is. The status is on the screen in any case. A refusal is nothing for a
//! file: where nothing else comes, there is none. Beyond `HELD` of lines without content it is taken
//! for lines, and all of it is written.

use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, Stdio};

use crate::error::{Error, Result};
use crate::proto::event::{Event, Line, LineKind, Verdict};
use crate::wire::secret::PASSWORD_VARIABLE;

/// Octets of lines held back until it is known whether content comes.
const HELD: usize = 1024 * 1024;

/// Where a reply goes.
#[derive(Debug)]
pub struct Redirect {
    to: To,
    held: Vec<u8>,
    holds: Holds,
    /// The line of the status belongs to those held back.
    with_status: bool,
    /// The command was done: a file is kept, empty or not.
    done: bool,
    /// Octets written.
    pub written: u64,
}

/// What the reply is known to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Unknown,
    Content,
    Lines,
}

#[derive(Debug)]
enum To {
    File(File, String),
    Command(Child, String),
}

impl Redirect {
    /// Into a new file, readable by its owner alone.
    ///
    /// # Errors
    /// `Local` when it exists already or cannot be made.
    pub fn file(name: &str) -> Result<Self> {
        Ok(Self::new(To::File(super::new_file(name)?, name.to_owned())))
    }

    /// Into a command's standard input. Where standard output is JSON, what the command says goes to
    /// standard error.
    ///
    /// # Errors
    /// `Local` when it cannot be started.
    pub fn command(command: &str, json: bool) -> Result<Self> {
        let mut program = Command::new("sh");
        program
            .arg("-c")
            .arg(command)
            .env_remove(PASSWORD_VARIABLE)
            .stdin(Stdio::piped());
        if json {
            program.stdout(std::io::stderr());
        }
        let child = program.spawn();
        let child = child.map_err(|e| Error::local(format!("{command}: {e}")))?;
        Ok(Self::new(To::Command(child, command.to_owned())))
    }

    fn new(to: To) -> Self {
        Self {
            to,
            held: Vec::new(),
            holds: Holds::Unknown,
            with_status: true,
            done: false,
            written: 0,
        }
    }

    /// Takes an event of the reply. True when it is taken off the screen.
    ///
    /// # Errors
    /// `Local` when it cannot be written.
    pub fn take(&mut self, event: &Event) -> Result<bool> {
        match event {
            Event::Part(part) => {
                match self.holds {
                    Holds::Unknown => {
                        self.holds = Holds::Content;
                        self.held = Vec::new();
                    }
                    Holds::Lines => self.write_held()?,
                    Holds::Content => {}
                }
                self.write(&part.bytes)?;
                Ok(true)
            }
            Event::Line(line) if line.kind == LineKind::GoAhead => Ok(false),
            Event::Line(line) if self.is_file() && is_refusal(line) => Ok(false),
            Event::Line(line) if line.kind == LineKind::Status => {
                if self.with_status && self.holds == Holds::Unknown {
                    self.hold(&line.text);
                }
                Ok(false)
            }
            Event::Line(line) => {
                if self.holds == Holds::Content {
                    return Ok(true);
                }
                self.with_status = line.kind == LineKind::More;
                self.hold(&line.text);
                if self.held.len() >= HELD {
                    self.holds = Holds::Lines;
                    self.write_held()?;
                }
                Ok(true)
            }
            Event::Reply(reply) => {
                self.done |= reply.verdict == Verdict::Good;
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    fn is_file(&self) -> bool {
        matches!(self.to, To::File(..))
    }

    /// The reply is complete: writes what was held back, waits for the command.
    ///
    /// # Errors
    /// As `take`.
    pub fn finish(mut self) -> Result<String> {
        self.write_held()?;
        let written = crate::ui::units::grouped(self.written);
        match self.to {
            // It was made by this command, and would stand in the way of the next try.
            To::File(_, name) if self.written == 0 && !self.done => {
                std::fs::remove_file(&name).map_err(|e| Error::local(format!("{name}: {e}")))?;
                Ok(format!("nothing was written to {name}"))
            }
            To::File(file, name) => {
                file.sync_data()
                    .map_err(|e| Error::local(format!("{name}: {e}")))?;
                Ok(format!("{written} octets written to {name}"))
            }
            To::Command(mut child, command) => {
                drop(child.stdin.take());
                let status = child
                    .wait()
                    .map_err(|e| Error::local(format!("{command}: {e}")))?;
                Ok(format!("{written} octets given to {command} ({status})"))
            }
        }
    }

    fn hold(&mut self, line: &[u8]) {
        self.held.extend_from_slice(line);
        self.held.push(b'\n');
    }

    fn write_held(&mut self) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        self.write(&held)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.written += bytes.len() as u64;
        match &mut self.to {
            To::File(file, name) => file
                .write_all(bytes)
                .map_err(|e| Error::local(format!("{name}: {e}"))),
            To::Command(child, command) => {
                let Some(input) = &mut child.stdin else {
                    return Ok(());
                };
                match input.write_all(bytes) {
                    // A pager that was left early is no fault.
                    Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {
                        child.stdin = None;
                        Ok(())
                    }
                    other => other.map_err(|e| Error::local(format!("{command}: {e}"))),
                }
            }
        }
    }
}

/// True for the lines of a status that refuses.
fn is_refusal(line: &Line) -> bool {
    matches!(line.kind, LineKind::Status | LineKind::More)
        && matches!(line.verdict, Verdict::Refused | Verdict::TryLater)
}
