//! A command under way: from its first octet to its completion.

use std::time::Duration;

use super::auth;
use super::veil::Veil;
use crate::proto::event::Exchange;
use crate::proto::imap::spec::PATIENCE;
use crate::proto::lines::Login;
use crate::proto::spec::{Shape, Verb};

/// A command whose completion is due.
#[derive(Debug)]
pub(super) struct Command {
    /// Its number.
    pub(super) exchange: Exchange,
    /// Its tag, as sent.
    pub(super) tag: Vec<u8>,
    /// Its verb in capitals, known or not.
    pub(super) to: String,
    /// Its row of the table.
    pub(super) verb: Option<&'static Verb>,
    /// What its completion changes.
    pub(super) kind: Kind,
    /// Masks and collects its words.
    pub(super) veil: Veil,
    /// Lines received for it.
    pub(super) lines: u64,
    /// Octets of literals received for it.
    pub(super) content: u64,
    /// True when the server said what it offers while the command was under way.
    pub(super) saw_offers: bool,
}

/// What a command's completion changes, or what its line starts.
#[derive(Debug)]
pub(super) enum Kind {
    /// Nothing that the engine keeps.
    Plain,
    /// SELECT, or EXAMINE with `read_only`.
    Select {
        /// Nothing is marked seen.
        read_only: bool,
    },
    /// CLOSE, UNSELECT.
    Leave,
    /// A read that sets \Seen unless the mailbox is read-only.
    MarksSeen,
    /// LOGIN.
    Login,
    /// AUTHENTICATE.
    Authenticate(Login),
    /// UNAUTHENTICATE (RFC 8437).
    Unauthenticate,
    /// IDLE.
    Idle,
    /// STARTTLS.
    StartTls,
    /// LOGOUT.
    Logout,
}

impl Kind {
    /// What a typed command does, by its verb.
    pub(super) fn of(verb: Option<&'static Verb>, command: &[u8], exchange: Exchange) -> Self {
        let Some(verb) = verb else {
            return Self::Plain;
        };
        match verb.name {
            "SELECT" => Self::Select { read_only: false },
            "EXAMINE" => Self::Select { read_only: true },
            "CLOSE" | "UNSELECT" => Self::Leave,
            "FETCH" | "UID FETCH" if marks_seen(command) => Self::MarksSeen,
            "LOGIN" => Self::Login,
            "UNAUTHENTICATE" => Self::Unauthenticate,
            "LOGOUT" => Self::Logout,
            _ => match verb.reply {
                Shape::Challenges => Self::Authenticate(auth::typed(exchange, command)),
                Shape::Idle => Self::Idle,
                Shape::Tls => Self::StartTls,
                _ => Self::Plain,
            },
        }
    }
}

impl Command {
    /// How long its status line may take.
    pub(super) fn patience(&self) -> Duration {
        self.verb.map_or(PATIENCE, |verb| verb.patience)
    }

    /// True for LOGOUT.
    pub(super) fn is_logout(&self) -> bool {
        matches!(self.kind, Kind::Logout)
    }

    /// True when a success changes the phase: what comes behind it cannot be judged yet.
    pub(super) fn moves(&self) -> bool {
        matches!(
            self.kind,
            Kind::Select { .. }
                | Kind::Leave
                | Kind::Login
                | Kind::Authenticate(_)
                | Kind::Unauthenticate
                | Kind::Logout
        )
    }
}

/// True when FETCH items set \Seen: BODY[…], BINARY[…], RFC822, RFC822.TEXT (RFC 9051 6.4.5).
fn marks_seen(command: &[u8]) -> bool {
    command
        .to_ascii_uppercase()
        .split(|b| matches!(b, b' ' | b'(' | b')'))
        .any(|item| {
            item.starts_with(b"BODY[")
                || item.starts_with(b"BINARY[")
                || item == b"RFC822"
                || item == b"RFC822.TEXT"
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sets_seen() {
        for line in [
            "fetch 3 body[text]",
            "FETCH 1 (FLAGS RFC822)",
            "uid fetch 1 BINARY[1]",
            "fetch 1 rfc822.text",
        ] {
            assert!(marks_seen(line.as_bytes()), "{line}");
        }
        for line in [
            "fetch 3 body.peek[text]",
            "fetch 1 (body bodystructure rfc822.size rfc822.header)",
            "fetch 1 binary.peek[1]",
        ] {
            assert!(!marks_seen(line.as_bytes()), "{line}");
        }
    }
}
