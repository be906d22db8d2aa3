//! How far the conversation of a transcript is, which says what a line is part of: a command, a body, a
//! literal or a login.
//!
//! Rule: what a login tells is masked here, before anything is written.

use super::Protocol;
use crate::transcript::{Direction, ReplyRow, Row, RowKind};
use crate::wire::octets::announced;
use crate::wire::secret::MASK;

/// What the next client line is part of.
enum Inside {
    Commands,
    Body,
    Literal,
    Login,
}

pub(super) struct State {
    pub(super) protocol: Protocol,
    exchange: u64,
    inside: Inside,
}

impl State {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            exchange: 0,
            inside: Inside::Commands,
        }
    }

    /// Another connection begins.
    pub(super) fn begin(&mut self, protocol: Protocol) {
        self.protocol = protocol;
        self.inside = Inside::Commands;
    }

    /// Content that came.
    pub(super) fn content(&self, row: &mut Row) {
        row.direction = Direction::Received;
        row.exchange = Some(self.exchange);
        row.kind = RowKind::Content;
    }

    pub(super) fn client(&mut self, row: &mut Row) {
        row.direction = Direction::Sent;
        match self.inside {
            Inside::Body => {
                row.kind = RowKind::Content;
                if row.text == b"." {
                    self.inside = Inside::Commands;
                }
            }
            Inside::Literal => row.kind = RowKind::Content,
            Inside::Login => {
                row.kind = RowKind::Answer;
                row.text = MASK.as_bytes().to_vec();
            }
            Inside::Commands => {
                let idle_ends = row.text.eq_ignore_ascii_case(b"DONE");
                if !idle_ends {
                    self.exchange += 1;
                }
                self.mask(row);
                let login = String::from_utf8_lossy(&row.text).to_ascii_uppercase();
                let mut words = login.split_ascii_whitespace();
                let verb = match self.protocol {
                    Protocol::Imap => words.nth(1),
                    _ => words.next(),
                };
                if matches!(verb, Some("AUTH" | "AUTHENTICATE")) {
                    // A tag of their own would hide the verb from whoever saves this.
                    if self.protocol == Protocol::Imap {
                        row.added = true;
                    }
                    self.inside = Inside::Login;
                }
            }
        }
        let text = String::from_utf8_lossy(&row.text).into_owned();
        if self.protocol == Protocol::Imap && matches!(announced(text.as_bytes()), Ok(Some(_))) {
            self.inside = Inside::Literal;
        }
        row.exchange = Some(self.exchange);
    }

    pub(super) fn server(&mut self, row: &mut Row) {
        row.direction = Direction::Received;
        row.exchange = Some(self.exchange);
        let text = row.text.clone();
        row.kind = match self.protocol {
            Protocol::Imap => {
                let status = text.split(|b| *b == b' ').nth(1);
                let completes = matches!(status, Some(b"OK" | b"NO" | b"BAD"));
                if text.starts_with(b"+") {
                    RowKind::GoAhead
                } else if text.starts_with(b"* ") {
                    RowKind::Untagged
                } else if completes {
                    self.inside = Inside::Commands;
                    RowKind::Status
                } else {
                    RowKind::Content
                }
            }
            Protocol::Pop3 => {
                if text.starts_with(b"+OK") || text.starts_with(b"-ERR") {
                    self.inside = Inside::Commands;
                    RowKind::Status
                } else if text.starts_with(b"+ ") {
                    RowKind::GoAhead
                } else if text == b"." {
                    RowKind::End
                } else {
                    RowKind::Content
                }
            }
            Protocol::Smtp | Protocol::Lmtp => {
                if text.starts_with(b"354") {
                    self.inside = Inside::Body;
                    RowKind::GoAhead
                } else if text.starts_with(b"334") {
                    RowKind::GoAhead
                } else if text.get(3) == Some(&b'-') {
                    RowKind::More
                } else {
                    self.inside = Inside::Commands;
                    RowKind::Status
                }
            }
        };
        if row.kind == RowKind::GoAhead && matches!(self.inside, Inside::Login) {
            row.text = MASK.as_bytes().to_vec();
        }
        if row.kind == RowKind::Status {
            let tag = (self.protocol == Protocol::Imap).then(String::new);
            row.reply = Some(Box::new(ReplyRow {
                tag,
                ..ReplyRow::default()
            }));
        }
    }

    /// Masks what a command tells that nobody should read.
    fn mask(&self, row: &mut Row) {
        let text = String::from_utf8_lossy(&row.text).into_owned();
        let words: Vec<&str> = text.split(' ').collect();
        let skip = usize::from(self.protocol == Protocol::Imap);
        let shown = match words.get(skip).map(|w| w.to_ascii_uppercase()).as_deref() {
            Some("PASS") => skip + 1,
            Some("LOGIN" | "AUTH" | "AUTHENTICATE" | "APOP") => skip + 2,
            _ => return,
        };
        if words.len() > shown && announced(text.as_bytes()) == Ok(None) {
            row.text = format!("{} {MASK}", words[..shown].join(" ")).into_bytes();
        }
    }
}
