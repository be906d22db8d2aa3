//! One session of a talk: pumps it, and sorts what comes into replies.

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::net::tls::TlsReport;
use crate::proto::engine::{Engine, Mode};
use crate::proto::event::{Content, Event, Exchange, PartKind, Reply};
use crate::script::heard::{Heard, HeardLine};
use crate::session::{Happening, Session, Timed};
use crate::target::{Place, Target};
use crate::transcript::{Row, RowKind, Rows, Stamp};
use crate::ui::tls;

/// Lines kept that nobody waited for.
const BACKLOG_MAX: usize = 100_000;

/// A session and what came of it.
pub(super) struct Link {
    pub(super) session: Session,
    pub(super) rows: Rows,
    pub(super) rows_made: Vec<Row>,
    /// Lines that came while nothing was due, and that no `S:` took yet.
    pub(super) backlog: VecDeque<HeardLine>,
    /// How it ended, once it did.
    pub(super) ended: Option<Option<Error>>,
    pub(super) untrusted: Option<String>,
    pub(super) drained: bool,
    /// The end of what was sent last.
    pub(super) sent_at: Instant,
    pub(super) partial: Vec<u8>,
    /// Content that got no go-ahead.
    pub(super) unsent: Option<Content>,
    pub(super) practice: bool,
    pub(super) host: String,
    pub(super) port: u16,
}

/// What one turn brought.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Replies, in the order in which they were complete.
    pub(super) replies: Vec<Heeded>,
    open: Vec<(Option<Exchange>, Heard)>,
    /// The time ran out.
    pub(super) timed_out: bool,
}

/// A reply and its lines.
#[derive(Debug)]
pub(super) struct Heeded {
    pub(super) reply: Reply,
    pub(super) heard: Heard,
}

impl Turn {
    /// What came of a reply that is not complete.
    pub(super) fn unfinished(&self) -> Option<&Heard> {
        self.open.first().map(|(_, heard)| heard)
    }

    /// Sorts an event into the replies of the turn.
    fn hear(&mut self, event: &Event, at: Duration, imap: bool, backlog: &mut VecDeque<HeardLine>) {
        let exchange = match event {
            Event::Line(line) => line.exchange,
            Event::Part(part) => part.exchange,
            Event::Reply(reply) => reply.exchange,
            _ => return,
        };
        let position = self.open.iter().position(|(e, _)| *e == exchange);
        let index = position.unwrap_or_else(|| {
            self.open.push((exchange, Heard::new(imap)));
            self.open.len() - 1
        });
        self.open[index].1.take(event, at);
        let complete = matches!(event, Event::Reply(_));
        if !complete && exchange.is_none() && backlog.len() < BACKLOG_MAX {
            // Nobody asked: whoever waits for lines may want it.
            let (_, heard) = self.open.remove(index);
            backlog.extend(heard.lines().cloned());
        }
    }

    /// A reply whose lines were heard is complete.
    fn complete(&mut self, reply: Reply, backlog: &mut VecDeque<HeardLine>) {
        let Some(index) = self.open.iter().position(|(e, _)| *e == reply.exchange) else {
            return;
        };
        let (_, heard) = self.open.remove(index);
        if reply.exchange.is_some() {
            self.replies.push(Heeded { reply, heard });
        } else {
            backlog.extend(heard.lines().cloned());
        }
    }
}

/// The moment, for rows.
pub(super) fn now() -> Stamp {
    stamp(SystemTime::now())
}

fn stamp(when: SystemTime) -> Stamp {
    Stamp::new(when.duration_since(UNIX_EPOCH).unwrap_or_default())
}

impl Link {
    pub(super) fn new(session: Session, name: &str, target: &Target) -> Self {
        let (host, port) = super::acts::host_and_port(&target.place);
        Self {
            session,
            rows: Rows::new(name),
            rows_made: Vec::new(),
            backlog: VecDeque::new(),
            ended: None,
            untrusted: None,
            drained: false,
            sent_at: Instant::now(),
            partial: Vec::new(),
            unsent: None,
            practice: target.place == Place::Practice,
            host,
            port,
        }
    }

    pub(super) fn is_imap(&self) -> bool {
        self.session.protocol().is_some_and(|p| p.name == "imap")
    }

    pub(super) fn mode(&self) -> Mode {
        self.session.engine().map_or(Mode::Command, Engine::mode)
    }

    /// True while it is the server's turn.
    pub(super) fn waits(&self) -> bool {
        self.session.owes() && !matches!(self.mode(), Mode::Body | Mode::Literal { .. })
    }

    /// Pumps until it is our turn again; at most so long.
    pub(super) async fn settle(&mut self, limit: Option<Duration>) -> Turn {
        let mut turn = Turn::default();
        self.sent_at = Instant::now();
        let deadline = limit.map(|limit| tokio::time::Instant::now() + limit);
        while self.waits() || self.session.has_news() {
            let next = self.session.next();
            let timed = match deadline {
                None => next.await,
                Some(deadline) => match tokio::time::timeout_at(deadline, next).await {
                    Ok(timed) => timed,
                    Err(_) => {
                        turn.timed_out = true;
                        return turn;
                    }
                },
            };
            self.take(timed, Some(&mut turn));
        }
        self.rows.flush(&mut self.rows_made);
        turn
    }

    /// Pumps while nothing is due: what comes joins the backlog. False when nothing came in time.
    pub(super) async fn listen(&mut self, deadline: tokio::time::Instant) -> bool {
        let session = &mut self.session;
        if session.is_over() && !session.has_news() {
            return false;
        }
        match tokio::time::timeout_at(deadline, session.next()).await {
            Ok(timed) => {
                self.take(timed, None);
                self.rows.flush(&mut self.rows_made);
                true
            }
            Err(_) => false,
        }
    }

    /// Takes one happening; `turn` is `None` where lines go to the backlog.
    pub(super) fn take(&mut self, timed: Timed, turn: Option<&mut Turn>) {
        let at = self.sent_at.elapsed();
        match timed.what {
            Happening::Engine(event) => {
                let moment = stamp(timed.when);
                match turn {
                    Some(turn) => {
                        turn.hear(&event, at, self.is_imap(), &mut self.backlog);
                        if let Event::Reply(reply) = event {
                            let made = &mut self.rows_made;
                            self.rows.complete(&reply, timed.took, made);
                            return turn.complete(reply, &mut self.backlog);
                        }
                    }
                    None => self.overhear(&event, at),
                }
                let made = &mut self.rows_made;
                self.rows
                    .take(moment, timed.secured, event, timed.took, made);
            }
            Happening::Tls(report) => self.secured(timed.when, &report),
            Happening::Untrusted(report) => {
                self.untrusted = Some(tls::distrust(&report));
            }
            Happening::Ended(error) => {
                self.ended.get_or_insert(error);
            }
            Happening::Drained => self.drained = true,
            Happening::Attempt(_) | Happening::Silence(_) | Happening::SpeaksTls(_) => {}
        }
    }

    fn secured(&mut self, when: SystemTime, report: &TlsReport) {
        self.rows.flush(&mut self.rows_made);
        let words = tls::recorded(report);
        let row = Row::note(
            stamp(when),
            self.rows.session(),
            true,
            RowKind::Secured,
            &words,
        );
        self.rows_made.push(row);
    }

    /// Lines that nobody asked for.
    fn overhear(&mut self, event: &Event, at: Duration) {
        match event {
            Event::Line(line) => self.overheard(line.text.clone(), at),
            Event::Part(part) => {
                self.partial.extend_from_slice(&part.bytes);
                while let Some(end) = memchr::memmem::find(&self.partial, b"\r\n") {
                    let rest = self.partial.split_off(end + 2);
                    self.partial.truncate(end);
                    let line = std::mem::replace(&mut self.partial, rest);
                    self.overheard(line, at);
                }
                let whole = part.last && part.kind == PartKind::Literal;
                if whole && !self.partial.is_empty() {
                    let line = std::mem::take(&mut self.partial);
                    self.overheard(line, at);
                }
            }
            _ => {}
        }
    }

    fn overheard(&mut self, text: Vec<u8>, at: Duration) {
        if self.backlog.len() < BACKLOG_MAX {
            self.backlog.push_back(HeardLine { text, at });
        }
    }

    /// Lines of a turn that are to be matched one by one, as in IDLE.
    pub(super) fn back(&mut self, turn: Turn) {
        for heeded in turn.replies {
            self.backlog.extend(heeded.heard.lines().cloned());
        }
        for (_, heard) in turn.open {
            self.backlog.extend(heard.lines().cloned());
        }
    }
}
