//! Rows sorted into what belongs together: a command and what came of it.

use std::collections::HashMap;

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
    /// A reply to it was one in a login.
    in_login: bool,
    /// The server waited for more of it.
    went_ahead: bool,
    /// A reply to it bore a tag.
    pub(super) tagged: bool,
}

impl<'r> Unit<'r> {
    fn new(row: &'r Row, number: usize, pipelined: bool) -> Self {
        let mut unit = Self {
            session: &row.session,
            exchange: row.exchange,
            pipelined,
            ..Self::default()
        };
        unit.add(row, number);
        unit
    }

    fn add(&mut self, row: &'r Row, number: usize) {
        let reply = row.reply.as_ref();
        self.tagged |= reply.is_some_and(|reply| reply.tag.is_some());
        let verb = reply.map(|reply| reply.to.as_str());
        self.in_login |= matches!(verb, Some("AUTH" | "AUTHENTICATE"));
        self.went_ahead |= row.kind == RowKind::GoAhead;
        self.rows.push(row);
        self.latest = number;
    }

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
        !self.in_login && self.went_ahead
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

/// Which session spoke last, and when the last of all others did.
#[derive(Default)]
struct Spoke<'r> {
    last: Option<(&'r str, usize)>,
    other: Option<usize>,
}

impl<'r> Spoke<'r> {
    fn speaks(&mut self, session: &'r str, number: usize) {
        if let Some((before, at)) = self.last
            && before != session
        {
            self.other = Some(at);
        }
        self.last = Some((session, number));
    }

    /// True when a session that is not this one spoke behind the row of that number.
    fn others_since(&self, session: &str, number: usize) -> bool {
        let others = match self.last {
            Some((last, at)) if last != session => Some(at),
            _ => self.other,
        };
        others.is_some_and(|at| at > number)
    }
}

/// Units by what is looked for: a log may have a million of them.
#[derive(Default)]
struct Index<'r> {
    units: Vec<Unit<'r>>,
    of_exchange: HashMap<(&'r str, Option<u64>), usize>,
    of_session: HashMap<&'r str, usize>,
    /// The last one of no exchange.
    free: Option<usize>,
}

impl<'r> Index<'r> {
    fn push(&mut self, unit: Unit<'r>) {
        let at = self.units.len();
        self.of_exchange.insert((unit.session, unit.exchange), at);
        self.of_session.insert(unit.session, at);
        if unit.exchange.is_none() {
            self.free = Some(at);
        }
        self.units.push(unit);
    }

    /// True when the command before this one, in the same session, waits for its answer.
    fn is_open(&self, session: &str) -> bool {
        let before = self.of_session.get(session).copied();
        before
            .filter(|at| self.free.is_none_or(|free| free < *at))
            .is_some_and(|at| !self.units[at].is_answered())
    }
}

/// Rows by exchange, in the order in which the exchanges began. One that waited for its client (for a
/// body, in IDLE) while another session spoke is parted there.
pub(super) fn units<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Vec<Unit<'r>> {
    let mut index = Index::default();
    let mut spoke = Spoke::default();
    for (number, row) in rows.into_iter().enumerate() {
        if row.direction == Direction::Sent || row.kind == RowKind::Connected {
            spoke.speaks(&row.session, number);
        }
        let own = index
            .of_exchange
            .get(&(&*row.session, row.exchange))
            .copied();
        let begins = match row.direction {
            Direction::Sent => own.is_none(),
            Direction::Note => row.kind == RowKind::Connected,
            Direction::Received => index.units.is_empty(),
        };
        if begins {
            let open = row.direction == Direction::Sent && index.is_open(&row.session);
            index.push(Unit::new(row, number, open));
            continue;
        }
        let last_of_session = index.of_session.get(&*row.session).copied();
        let at = own.filter(|_| row.exchange.is_some()).or(last_of_session);
        let parted = at.and_then(|at| index.units.get(at)).is_some_and(|unit| {
            let interrupted =
                row.direction != Direction::Note && spoke.others_since(&row.session, unit.latest);
            unit.exchange == row.exchange && interrupted && unit.may_rest()
        });
        match at.filter(|_| !parted) {
            Some(at) => index.units[at].add(row, number),
            None => index.push(Unit::new(row, number, false)),
        }
    }
    index.units
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::{Rows, Stamp};

    fn note(session: &str, kind: RowKind) -> Row {
        Row::note(
            Stamp::default(),
            Rows::new(session).session(),
            false,
            kind,
            "x",
        )
    }

    fn row(session: &str, direction: Direction, kind: RowKind, exchange: u64) -> Row {
        Row {
            direction,
            exchange: Some(exchange),
            ..note(session, kind)
        }
    }

    #[test]
    fn many_commands_and_many_notes_are_sorted_at_once() {
        let sent = (0..200_000).map(|n| row("a", Direction::Sent, RowKind::Command, n));
        let rows: Vec<Row> = sent
            .chain((0..200_000).map(|_| note("a", RowKind::Remark)))
            .chain((0..50_000).map(|n| row(&format!("s{n}"), Direction::Sent, RowKind::Command, 1)))
            .collect();
        let units = units(&rows);
        assert_eq!(units.len(), 250_000);
        assert_eq!(units[199_999].rows.len(), 200_001);
    }

    #[test]
    fn sessions_that_speak_in_turn_part_what_waits() {
        let rows = [
            row("a", Direction::Sent, RowKind::Command, 1),
            row("a", Direction::Received, RowKind::GoAhead, 1),
            row("b", Direction::Sent, RowKind::Command, 1),
            row("a", Direction::Received, RowKind::Untagged, 1),
            row("b", Direction::Received, RowKind::Status, 1),
            row("a", Direction::Received, RowKind::Status, 1),
        ];
        let sizes: Vec<_> = units(&rows)
            .iter()
            .map(|unit| (unit.session.to_owned(), unit.rows.len()))
            .collect();
        let expected = [("a", 2), ("b", 2), ("a", 2)];
        assert_eq!(sizes, expected.map(|(name, n)| (name.to_owned(), n)));
    }
}
