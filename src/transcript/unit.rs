//! Rows sorted into what belongs together: a command and what came of it.

use std::collections::BTreeMap;

use super::row::{Direction, Row, RowKind};
use crate::wire::secret::MASK;

/// One command and what came of it, or a note.
#[derive(Default)]
pub(super) struct Unit<'r> {
    pub(super) session: &'r str,
    pub(super) exchange: Option<u64>,
    pub(super) rows: Vec<&'r Row>,
    /// Sent before the unit before it was answered.
    pub(super) pipelined: bool,
    /// The number of its last row.
    latest: usize,
}

impl Unit<'_> {
    pub(super) fn is_answered(&self) -> bool {
        self.rows.iter().any(|row| {
            row.reply
                .as_ref()
                .is_some_and(|reply| !reply.intermediate || reply.to == "IDLE")
                || row.kind == RowKind::GoAhead
        })
    }

    pub(super) fn sent(&self) -> impl Iterator<Item = &&Row> {
        self.rows
            .iter()
            .filter(|row| row.direction == Direction::Sent)
    }

    /// What the first command says, a tag that was added taken off.
    pub(super) fn command(&self, imap: bool) -> &[u8] {
        let first = self.sent().find(|row| row.kind == RowKind::Command);
        first.map_or(b"", |row| untagged(row, imap))
    }

    /// True when the other sessions may have the word here: the server waits for more, which is no
    /// answer in a login.
    fn may_rest(&self) -> bool {
        let login = self.rows.iter().any(|row| {
            let verb = row.reply.as_ref().map(|reply| reply.to.as_str());
            matches!(verb, Some("AUTH" | "AUTHENTICATE"))
        });
        !login && self.rows.iter().any(|row| row.kind == RowKind::GoAhead)
    }

    fn masked(&self) -> bool {
        self.sent().any(|row| has_mask(&row.text))
    }

    /// The mechanism, when this is a login that `auth` repeats.
    pub(super) fn login(&self, imap: bool) -> Option<String> {
        let command = String::from_utf8_lossy(self.command(imap)).to_ascii_uppercase();
        let mut words = command.split_ascii_whitespace();
        let verb = words.next()?;
        let answered = self
            .sent()
            .any(|row| row.kind == RowKind::Answer && row.text != b"*");
        match verb {
            "AUTH" | "AUTHENTICATE" if self.masked() || answered => words.next().map(str::to_owned),
            "APOP" if self.masked() => Some("APOP".to_owned()),
            "LOGIN" if self.sent().any(|row| row.kind == RowKind::Content) => {
                Some("LOGIN".to_owned())
            }
            _ => None,
        }
    }
}

/// Rows by exchange, in the order in which the exchanges began. One that waited for its client (for a
/// body, in IDLE) while another session spoke is parted there.
pub(super) fn units<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Vec<Unit<'r>> {
    let mut units: Vec<Unit<'r>> = Vec::new();
    // The row in which each session last spoke.
    let mut spoke: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, row) in rows.into_iter().enumerate() {
        let own_word = row.direction == Direction::Sent || row.kind == RowKind::Connected;
        if own_word {
            spoke.insert(&row.session, number);
        }
        let own = units
            .iter()
            .rposition(|u| u.session == &*row.session && u.exchange == row.exchange);
        let begins = match row.direction {
            Direction::Sent => own.is_none(),
            Direction::Note => row.kind == RowKind::Connected,
            Direction::Received => units.is_empty(),
        };
        if begins {
            let open = row.direction == Direction::Sent
                && units
                    .iter()
                    .rev()
                    .take_while(|u| u.exchange.is_some())
                    .find(|u| u.session == &*row.session)
                    .is_some_and(|u| !u.is_answered());
            units.push(Unit {
                session: &row.session,
                exchange: row.exchange,
                rows: vec![row],
                pipelined: open,
                latest: number,
            });
            continue;
        }
        let last_of_session = units.iter().rposition(|u| u.session == &*row.session);
        let at = own.filter(|_| row.exchange.is_some()).or(last_of_session);
        let parted = at.and_then(|at| units.get(at)).is_some_and(|unit| {
            let since =
                |(session, at): (&&str, &usize)| **session != *row.session && *at > unit.latest;
            let interrupted = row.direction != Direction::Note && spoke.iter().any(since);
            unit.exchange == row.exchange && interrupted && unit.may_rest()
        });
        if let Some(unit) = at.filter(|_| !parted).and_then(|at| units.get_mut(at)) {
            unit.rows.push(row);
            unit.latest = number;
        } else {
            units.push(Unit {
                session: &row.session,
                exchange: row.exchange,
                rows: vec![row],
                pipelined: false,
                latest: number,
            });
        }
    }
    units
}

/// True where something is masked.
pub(super) fn has_mask(text: &[u8]) -> bool {
    memchr::memmem::find(text, MASK.as_bytes()).is_some()
}

/// A command without the tag that was added to it.
pub(super) fn untagged(row: &Row, imap: bool) -> &[u8] {
    if !imap || !row.added || row.kind != RowKind::Command {
        return &row.text;
    }
    match row.text.iter().position(|b| *b == b' ') {
        Some(blank) if row.text[..blank].iter().all(u8::is_ascii_alphanumeric) => {
            &row.text[blank + 1..]
        }
        _ => &row.text,
    }
}
