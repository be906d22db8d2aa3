//! A row of the record, and how events become rows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::proto::event::{Event, Line, LineKind, Oddity, Reply, Sent, SentKind, Verdict};

/// A moment: milliseconds since 1970 in UTC. Prints itself as RFC 3339.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub u64);

impl Stamp {
    /// The moment so long after 1970.
    pub fn new(since_1970: Duration) -> Self {
        Self(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
        let marks = [
            (4, "-"),
            (7, "-"),
            (10, "T"),
            (13, ":"),
            (16, ":"),
            (19, "."),
            (23, "Z"),
        ];
        let well_formed = text.len() == 24
            && marks
                .iter()
                .all(|(at, mark)| text.get(*at..at + 1) == Some(mark));
        if !well_formed {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let (shifted, of_year) = (year - u64::from(month <= 2), (month + 9) % 12);
        let days = shifted / 400 * 146_097 + shifted % 400 * 365 + shifted % 400 / 4
            - shifted % 400 / 100
            + (153 * of_year + 2) / 5
            + day
            - 1;
        let seconds = days.checked_sub(719_468)? * 86_400
            + number(11, 13)? * 3600
            + number(14, 16)? * 60
            + number(17, 19)?;
        Some(Self(seconds * 1000 + number(20, 23)?))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ms) = (self.0 / 1000, self.0 % 1000);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        // Days to a civil date, counted from 1 March of year 0.
        let shifted = days + 719_468;
        let (era, day) = (shifted / 146_097, shifted % 146_097);
        let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let date = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = of_era + era * 400 + u64::from(month <= 2);
        write!(
            f,
            "{year:04}-{month:02}-{date:02}T{:02}:{:02}:{:02}.{ms:03}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

/// Whose words a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Ours.
    Sent,
    /// The peer's.
    Received,
    /// Nobody's: something happened.
    Note,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// Sent: a command line, or the rest of one behind a literal.
    Command,
    /// Sent or received: a line or part of a body or literal.
    Content,
    /// Sent: an answer to a challenge.
    Answer,
    /// Sent: raw octets.
    Raw,
    /// Received: the line that completes a reply.
    Status,
    /// Received: a line of a reply that goes on.
    More,
    /// Received: IMAP untagged data.
    Untagged,
    /// Received: what follows a literal in its response.
    Rest,
    /// Received: a go-ahead or challenge.
    GoAhead,
    /// Received: the dot that ends a body.
    End,
    /// Received: a line that nobody can place.
    Unknown,
    /// Note: a connection was made; the text is the target as a URL.
    Connected,
    /// Note: TLS is up; the text is the verdict.
    Secured,
    /// Note: who is logged in.
    User,
    /// Note: something is odd about the peer.
    Oddity,
    /// Note: the conversation ended for this reason.
    Failed,
    /// Note: the connection is closed.
    Closed,
    /// Note: what a console command answered.
    Console,
    /// Note: anything else.
    Remark,
}

/// A reply, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyRow {
    /// The verb it answers, "greeting", "." or "".
    pub to: String,
    /// The completion's tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// "250", "+OK", "OK".
    pub code: String,
    /// "5.7.1".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enhanced: Option<String>,
    /// What stands in brackets behind the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_code: Option<String>,
    /// LMTP: for which recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Lines of the reply.
    pub lines: u64,
    /// Octets of its content.
    pub content: u64,
    /// True when the exchange goes on.
    pub intermediate: bool,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When.
    pub time: Stamp,
    /// Which session of a talk or console.
    pub session: Arc<str>,
    /// Whose words.
    pub direction: Direction,
    /// True under TLS.
    pub tls: bool,
    /// What it is.
    pub kind: RowKind,
    /// To which exchange it belongs, where that is known.
    pub exchange: Option<u64>,
    /// The text without its line end, secrets masked; content keeps its line ends.
    pub text: Vec<u8>,
    /// Octets on the wire; more than the text where it was cut or masked.
    pub octets: u64,
    /// Sent: something stands there that was not typed.
    pub added: bool,
    /// Received: good or bad.
    pub verdict: Verdict,
    /// Received: the reply that this line completes.
    pub reply: Option<Box<ReplyRow>>,
    /// Received: milliseconds from the last octet sent.
    pub ms: Option<f64>,
    /// Where it stands in the record that keeps it by exchanges; 0 outside one.
    pub place: u64,
}

impl Row {
    /// A note.
    pub fn note(time: Stamp, session: &Arc<str>, tls: bool, kind: RowKind, text: &str) -> Self {
        Self {
            time,
            session: Arc::clone(session),
            direction: Direction::Note,
            tls,
            kind,
            exchange: None,
            text: text.as_bytes().to_vec(),
            octets: 0,
            added: false,
            verdict: Verdict::Note,
            reply: None,
            ms: None,
            place: 0,
        }
    }

    /// True when this line refuses something.
    pub fn refused(&self) -> bool {
        self.direction == Direction::Received
            && matches!(self.verdict, Verdict::Refused | Verdict::TryLater)
    }
}

/// Makes rows of the events of one session. The line that completes a reply waits for the reply,
/// which is the next event, and gets its parsed form and time.
#[derive(Debug)]
pub struct Rows {
    session: Arc<str>,
    waiting: Option<Row>,
}

impl Rows {
    /// For the session of this name.
    pub fn new(session: &str) -> Self {
        Self {
            session: Arc::from(session),
            waiting: None,
        }
    }

    /// The session's name.
    pub fn session(&self) -> &Arc<str> {
        &self.session
    }

    /// What an event at `time` adds. `took`: from the last octet sent.
    pub fn take(
        &mut self,
        time: Stamp,
        tls: bool,
        event: Event,
        took: Option<Duration>,
        out: &mut Vec<Row>,
    ) {
        let ms = took.map(|t| t.as_secs_f64() * 1000.0);
        if let Event::Reply(reply) = &event {
            return self.complete(reply, took, out);
        }
        self.flush(out);
        let mut row = Row::note(time, &self.session, tls, RowKind::Remark, "");
        match event {
            Event::Sent(sent) => fill_sent(&mut row, sent),
            Event::Line(line) => {
                // The dot that ends a body completes its reply too.
                let completes = matches!(
                    line.kind,
                    LineKind::Status | LineKind::GoAhead | LineKind::End
                );
                fill_line(&mut row, line);
                row.ms = ms;
                if completes {
                    self.waiting = Some(row);
                    return;
                }
            }
            Event::Part(part) => {
                row.direction = Direction::Received;
                row.kind = RowKind::Content;
                row.exchange = part.exchange.map(|e| e.0);
                row.octets = part.bytes.len() as u64;
                row.text = part.bytes;
            }
            Event::Oddity(oddity) => {
                row.kind = RowKind::Oddity;
                row.text = odd(&oddity).into_bytes();
            }
            Event::Failed(failure) => {
                row.kind = RowKind::Failed;
                row.text = failure.what.into_bytes();
            }
            Event::Closed(closed) => {
                row.kind = RowKind::Closed;
                row.text = closed.reason.unwrap_or_default();
            }
            Event::Told(told) => {
                let words: Vec<&str> = told.iter().map(|t| t.text.as_str()).collect();
                row.text = words.join("; ").into_bytes();
            }
            Event::Reply(_) | Event::Phase(_) | Event::Offers(_) | Event::Advice(_) => return,
        }
        out.push(row);
    }

    /// A reply is complete: the line that waits for it goes out, with its parsed form and time.
    pub fn complete(&mut self, reply: &Reply, took: Option<Duration>, out: &mut Vec<Row>) {
        if let Some(mut row) = self.waiting.take() {
            row.reply = Some(Box::new(parsed(reply)));
            row.verdict = reply.verdict;
            row.ms = took.map(|t| t.as_secs_f64() * 1000.0);
            out.push(row);
        }
    }

    /// Gives out the line that still waits for its reply.
    pub fn flush(&mut self, out: &mut Vec<Row>) {
        out.extend(self.waiting.take());
    }
}

fn fill_sent(row: &mut Row, sent: Sent) {
    row.direction = Direction::Sent;
    row.kind = match sent.kind {
        SentKind::Command | SentKind::Reply => RowKind::Command,
        SentKind::Content => RowKind::Content,
        SentKind::Answer => RowKind::Answer,
        SentKind::Raw => RowKind::Raw,
    };
    row.exchange = Some(sent.exchange.0);
    row.text = sent.shown;
    row.octets = sent.octets;
    row.added = sent.differs;
}

fn fill_line(row: &mut Row, line: Line) {
    row.direction = Direction::Received;
    row.kind = match line.kind {
        LineKind::Status => RowKind::Status,
        LineKind::More => RowKind::More,
        LineKind::Untagged => RowKind::Untagged,
        LineKind::Rest => RowKind::Rest,
        LineKind::GoAhead => RowKind::GoAhead,
        LineKind::End => RowKind::End,
        LineKind::Command => RowKind::Command,
        LineKind::Unknown | LineKind::Cut => RowKind::Unknown,
    };
    row.exchange = line.exchange.map(|e| e.0);
    let end = if line.kind == LineKind::Cut { 0 } else { 2 };
    row.octets = line.text.len() as u64 + end;
    row.text = line.text;
    row.verdict = line.verdict;
}

fn parsed(reply: &Reply) -> ReplyRow {
    ReplyRow {
        to: reply.to.clone(),
        tag: reply.tag.clone(),
        code: reply.code.clone(),
        enhanced: reply.enhanced.clone(),
        response_code: reply.response_code.clone(),
        recipient: reply.recipient.clone(),
        lines: reply.lines,
        content: reply.content,
        intermediate: reply.intermediate,
    }
}

fn odd(oddity: &Oddity) -> String {
    match oddity {
        Oddity::BytesAfterStartTls { octets } => {
            format!("{octets} octets stood behind the go-ahead of STARTTLS; dropped unread")
        }
        Oddity::BareLf => "a line ended in a bare LF".to_owned(),
        Oddity::Hostile(place) => format!("{place} holds control characters"),
        Oddity::Other(words) => words.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (1_795_226_705_999, "2026-11-21T02:05:05.999Z"),
        ] {
            assert_eq!(Stamp(ms).to_string(), text);
            assert_eq!(Stamp::parse(text), Some(Stamp(ms)));
        }
        for bad in [
            "",
            "2026-11-21",
            "1969-01-01T00:00:00.000Z",
            "2026-13-01T00:00:00.000Z",
            "é",
        ] {
            assert_eq!(Stamp::parse(bad), None);
        }
    }

    #[test]
    fn a_reply_goes_to_its_last_line() {
        let mut rows = Rows::new("main");
        let mut out = Vec::new();
        let line = Line {
            exchange: None,
            text: b"250 ok".to_vec(),
            clear: None,
            verdict: Verdict::Good,
            kind: LineKind::Status,
        };
        rows.take(Stamp(1), false, Event::Line(line), None, &mut out);
        assert!(out.is_empty());
        let reply = Reply {
            code: "250".to_owned(),
            verdict: Verdict::Good,
            ..Reply::default()
        };
        let took = Some(Duration::from_millis(3));
        rows.take(Stamp(2), false, Event::Reply(reply), took, &mut out);
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].ms, Some(3.0));
        assert_eq!(out[0].reply.as_ref().map(|r| r.code.as_str()), Some("250"));
    }
}
