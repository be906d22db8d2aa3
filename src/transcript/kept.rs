//! What is kept of a conversation, within limits.

use std::collections::VecDeque;
use std::sync::Arc;

use super::row::{Direction, Row, RowKind};

/// Exchanges that are kept.
pub const EXCHANGES_MAX: usize = 1_000;
/// Octets kept of one exchange.
pub const EXCHANGE_MAX: usize = 64 * 1024;
/// Octets kept in all.
pub const TOTAL_MAX: usize = 16 * 1024 * 1024;

/// How many exchanges back a late reply is looked for.
const LATE_MAX: usize = 64;

/// What a row costs beside its text.
const ROW_COST: usize = size_of::<Row>() + 32;

/// One exchange: a command and what came of it. The first is the greeting's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Its number in this record, from 0.
    pub number: u64,
    /// Its rows, in order.
    pub rows: Vec<Row>,
    /// Octets that were not kept.
    pub cut: u64,
    size: usize,
}

/// The record of one or more sessions.
#[derive(Debug, Default)]
pub struct Transcript {
    exchanges: VecDeque<Kept>,
    next: u64,
    rows: u64,
    size: usize,
}

impl Transcript {
    /// Adds a row. A sent command begins an exchange, whatever is still due; a connection does too.
    pub fn add(&mut self, mut row: Row) {
        // Several records of one console share their count of rows.
        self.rows = row.place.max(self.rows + 1);
        row.place = self.rows;
        let commands = row.direction == Direction::Sent
            && self.exchanges.back().is_some_and(|last| {
                last.rows.iter().rev().all(|r| {
                    r.session != row.session || r.exchange.is_none() || r.exchange != row.exchange
                })
            });
        let begins = commands || row.kind == RowKind::Connected;
        if begins || self.exchanges.is_empty() {
            self.exchanges.push_back(Kept {
                number: self.next,
                ..Kept::default()
            });
            self.next += 1;
        }
        let at = match begins {
            true => self.exchanges.len() - 1,
            false => self.place(&row.session, row.exchange),
        };
        if let Some(kept) = self.exchanges.get_mut(at) {
            let cost = row.text.len() + ROW_COST;
            // The line that completes a reply is kept even when the exchange is full.
            if kept.size + cost > EXCHANGE_MAX && row.reply.is_none() {
                kept.cut += row.octets.max(row.text.len() as u64);
            } else {
                kept.size += cost;
                self.size += cost;
                kept.rows.push(row);
            }
        }
        while self.exchanges.len() > EXCHANGES_MAX
            || (self.size > TOTAL_MAX && self.exchanges.len() > 1)
        {
            if let Some(gone) = self.exchanges.pop_front() {
                self.size -= gone.size;
            }
        }
    }

    /// Content of so many octets came. True when there is room for its row; else it is counted here,
    /// and no row need be made of it.
    pub fn has_room(&mut self, session: &Arc<str>, exchange: Option<u64>, octets: usize) -> bool {
        if self.exchanges.is_empty() {
            return true;
        }
        let at = self.place(session, exchange);
        let Some(kept) = self.exchanges.get_mut(at) else {
            return true;
        };
        if kept.size + octets + ROW_COST <= EXCHANGE_MAX {
            return true;
        }
        kept.cut += octets as u64;
        false
    }

    /// Where a row belongs: a late line joins its own exchange where that is still kept.
    fn place(&self, session: &Arc<str>, exchange: Option<u64>) -> usize {
        let last = self.exchanges.len().saturating_sub(1);
        let own = |kept: &Kept| {
            kept.rows
                .iter()
                .any(|r| r.exchange == exchange && r.session == *session)
        };
        if exchange.is_none() {
            return last;
        }
        let late = self.exchanges.iter().rev().take(LATE_MAX).position(own);
        late.map_or(last, |back| last - back)
    }

    /// The exchange of this number; `None` when it is gone or to come.
    pub fn exchange(&self, number: u64) -> Option<&Kept> {
        let first = self.exchanges.front()?.number;
        let at = usize::try_from(number.checked_sub(first)?).ok()?;
        self.exchanges.get(at)
    }

    /// The latest exchange.
    pub fn last(&self) -> Option<&Kept> {
        self.exchanges.back()
    }

    /// What is kept, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Kept> {
        self.exchanges.iter()
    }

    /// Every row that is kept, as it came: what is kept by exchanges, pipelined ones too.
    pub fn in_order(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.iter().flat_map(|kept| &kept.rows).collect();
        rows.sort_by_key(|row| row.place);
        rows
    }

    /// Octets held, for tests and `:status`.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Forgets all but the last `count` exchanges.
    pub fn keep_last(&mut self, count: usize) {
        while self.exchanges.len() > count {
            if let Some(gone) = self.exchanges.pop_front() {
                self.size -= gone.size;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Stamp;
    use super::*;

    fn sent(exchange: u64, text: &str) -> Row {
        let session: Arc<str> = Arc::from("main");
        Row {
            direction: Direction::Sent,
            exchange: Some(exchange),
            ..Row::note(Stamp(0), &session, false, RowKind::Command, text)
        }
    }

    fn received(exchange: u64, text: &str) -> Row {
        Row {
            direction: Direction::Received,
            kind: RowKind::More,
            ..sent(exchange, text)
        }
    }

    #[test]
    fn exchanges_are_told_apart_and_late_lines_join_theirs() {
        let mut record = Transcript::default();
        record.add(received(0, "220 hi"));
        record.add(sent(1, "EHLO a"));
        record.add(sent(2, "NOOP"));
        record.add(received(1, "250 late"));
        record.add(received(2, "250 ok"));
        assert_eq!(record.iter().count(), 3);
        assert_eq!(record.exchange(1).expect("kept").rows.len(), 2);
        assert_eq!(record.last().expect("kept").number, 2);
        let texts: Vec<&[u8]> = record.in_order().iter().map(|r| &*r.text).collect();
        let as_they_came: [&[u8]; 5] = [b"220 hi", b"EHLO a", b"NOOP", b"250 late", b"250 ok"];
        assert_eq!(texts, as_they_came);
    }

    #[test]
    fn memory_is_bounded() {
        let mut record = Transcript::default();
        for n in 0..1_500 {
            record.add(sent(n, "NOOP"));
            record.add(received(n, &"x".repeat(40_000)));
            record.add(received(n, &"x".repeat(40_000)));
        }
        assert!(record.iter().count() <= EXCHANGES_MAX);
        assert!(record.size() <= TOTAL_MAX);
        assert!(record.exchange(0).is_none());
        assert_eq!(record.last().expect("kept").cut, 40_000);
        let session: Arc<str> = Arc::from("main");
        assert!(!record.has_room(&session, Some(1_499), 40_000));
        assert_eq!(record.last().expect("kept").cut, 80_000);
        assert!(record.has_room(&session, Some(1_499), 10_000));
        assert_eq!(record.last().expect("kept").number, 1_499);
    }
}
