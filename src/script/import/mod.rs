//! Transcripts of others made into talks: `ehlo talk import`.
//!
//! Read are: `C:`/`S:` as in most RFCs, `S:`/`R:` of RFC 821 (sender and receiver), and the arrows
//! of swaks and of our own transcripts, with the prompts of a console. What a server said becomes patterns without what varies,
//! credentials become variables, remarks become prose.

use std::sync::Arc;

use super::parse::parse;
use crate::transcript::save;
use crate::transcript::{Direction, Row, RowKind, Stamp};
use read::read;
use recount::recount;
use state::State;

mod read;
mod recount;
mod state;
#[cfg(test)]
mod tests;

/// Nothing in the text looks like a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoConversation;

/// A line of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spoken {
    Client(String),
    /// The client's line as it went out: dots are doubled.
    Wire(String),
    Server(String),
    /// A line of a literal or body that came.
    Content(String),
    Remark(String),
    Session(String),
    /// As `open` takes it; of swaks `//host:port`, without a scheme.
    Target(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Smtp,
    Lmtp,
    Pop3,
    Imap,
}

impl Protocol {
    /// By a target's scheme, alone or in front of its address.
    fn of(target: &str) -> Option<Self> {
        let scheme = target.split("://").next()?;
        let (protocol, _) = crate::proto::scheme(scheme)?;
        [Self::Smtp, Self::Lmtp, Self::Pop3, Self::Imap]
            .into_iter()
            .find(|known| known.name() == protocol.name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Lmtp => "lmtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        }
    }
}

/// The talk that repeats a transcript.
///
/// # Errors
/// When no line of it is a client's or a server's.
pub fn import(text: &str) -> Result<String, NoConversation> {
    let spoken = read(text);
    if !spoken
        .iter()
        .any(|s| matches!(s, Spoken::Client(_) | Spoken::Wire(_) | Spoken::Server(_)))
    {
        return Err(NoConversation);
    }
    let protocol = protocol_of(&spoken);
    let talk = write(&spoken, protocol);
    // Counts in printed examples often do not survive printing.
    if parse(&talk, "import").is_err() && protocol == Protocol::Imap {
        return Ok(recount(&talk));
    }
    Ok(talk)
}

fn protocol_of(spoken: &[Spoken]) -> Protocol {
    for line in spoken {
        match line {
            Spoken::Client(text) | Spoken::Wire(text) => {
                let first = text.split(' ').next().unwrap_or_default();
                match first.to_ascii_uppercase().as_str() {
                    "LHLO" => return Protocol::Lmtp,
                    "EHLO" | "HELO" | "MAIL" | "RCPT" => return Protocol::Smtp,
                    "USER" | "APOP" | "STAT" | "RETR" | "CAPA" => return Protocol::Pop3,
                    _ => {}
                }
            }
            Spoken::Server(text) if text.starts_with("+OK") || text.starts_with("-ERR") => {
                return Protocol::Pop3;
            }
            Spoken::Server(text) if text.starts_with("* ") || text.starts_with("+ ") => {
                return Protocol::Imap;
            }
            Spoken::Server(text)
                if !text.starts_with(|c: char| c.is_ascii_digit())
                    && text
                        .split(' ')
                        .nth(1)
                        .is_some_and(|w| matches!(w, "OK" | "NO" | "BAD")) =>
            {
                return Protocol::Imap;
            }
            _ => {}
        }
    }
    Protocol::Smtp
}

fn write(spoken: &[Spoken], protocol: Protocol) -> String {
    let mut session: Arc<str> = Arc::from("main");
    let mut head = String::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut state = State::new(protocol);
    for line in spoken {
        let text = match line {
            // A tab is shown as blanks: nobody can tell what was said.
            Spoken::Content(text) if text.contains("  ") => continue,
            Spoken::Client(text)
            | Spoken::Wire(text)
            | Spoken::Server(text)
            | Spoken::Content(text) => text,
            Spoken::Session(name) => {
                session = Arc::from(name.as_str());
                continue;
            }
            Spoken::Remark(text) => {
                let dull = text.is_empty() || text.starts_with("Connected to");
                if !dull && rows.iter().all(|r| r.direction == Direction::Note) {
                    head.push_str(&format!("# {}\n", text.replace(['\r', '\n'], " ")));
                }
                continue;
            }
            Spoken::Target(place) => {
                let connected = RowKind::Connected;
                if let Some(protocol) = Protocol::of(place) {
                    state.begin(protocol);
                    rows.push(Row::note(Stamp(0), &session, false, connected, place));
                } else if rows.is_empty() {
                    let url = format!("{}:{place}", protocol.name());
                    rows.push(Row::note(Stamp(0), &session, false, connected, &url));
                }
                continue;
            }
        };
        let mut row = Row::note(Stamp(0), &session, false, RowKind::Command, text);
        match line {
            Spoken::Client(_) => state.client(&mut row),
            Spoken::Wire(_) => {
                state.client(&mut row);
                let body = row.kind == RowKind::Content && state.protocol != Protocol::Imap;
                row.added |= body && row.text.starts_with(b"..");
            }
            Spoken::Content(_) => state.content(&mut row),
            _ => state.server(&mut row),
        }
        row.octets = row.text.len() as u64 + 2;
        rows.push(row);
    }
    if rows.first().is_none_or(|r| r.kind != RowKind::Connected) {
        head.push_str(&format!("on practice {}\n", protocol.name()));
    }
    head + &save::talk(&rows)
}
