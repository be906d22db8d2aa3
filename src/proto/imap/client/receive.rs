//! What the server says: lines, literals, go-aheads, completions.
//!
//! A response is read as it comes: its first line, then literals in parts with the rests of the line
//! between them. Nothing is nested here, so no server can make anything deep.

use super::Client;
use super::reply::{Status, Word, first_word};
use super::state::Life;
use crate::proto::engine::{PART_MAX, Step};
use crate::proto::event::{
    Event, Exchange, FailureKind, Line, LineKind, Oddity, Part, PartKind, Reply, Verdict,
};
use crate::proto::imap::spec::LOGOUT;
use crate::proto::lines::other_protocol;
use crate::wire::line::Ending;
use crate::wire::octets::announced;
use crate::wire::show::{Charset, is_hostile, show};

/// The most of one line, in octets; literals do not count.
pub(super) const LINE_MAX: usize = 1024 * 1024;
/// The most of a server's words that an error repeats.
const QUOTED_MAX: usize = 80;

/// Where in the server's octets we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// At the start of a response.
    Line,
    /// Within a literal.
    Literal {
        /// Octets still to come.
        left: u64,
        /// Whose response it is.
        exchange: Option<Exchange>,
    },
    /// Behind a literal, within the same response.
    Rest {
        /// Whose response it is.
        exchange: Option<Exchange>,
    },
}

impl Reading {
    /// True between two responses.
    pub(super) fn is_between(self) -> bool {
        self == Self::Line
    }
}

impl Client {
    /// Reads one line or part. False when more octets are needed, or none will be read.
    pub(super) fn read(&mut self) -> bool {
        if !matches!(self.life, Life::Greeting | Life::Open) {
            return false;
        }
        if let Reading::Literal { left, exchange } = self.reading {
            return self.read_literal(left, exchange);
        }
        if self.life == Life::Greeting && self.is_binary_greeting() {
            return false;
        }
        let line = match self.inbox.next_line(LINE_MAX) {
            Ok(None) => return false,
            Ok(Some(line)) => line,
            Err(why) => {
                self.fail(FailureKind::Protocol, format!("the server sent {why}"));
                return false;
            }
        };
        if line.ending == Ending::Lf && !std::mem::replace(&mut self.said.bare_lf, true) {
            self.oddity(Oddity::BareLf);
        }
        if !self.said.hostile && is_hostile(&line.bytes) {
            self.said.hostile = true;
            self.oddity(Oddity::Hostile(match self.life {
                Life::Greeting => "the greeting",
                _ => "a reply",
            }));
        }
        match self.reading {
            Reading::Rest { exchange } => self.data_line(line.bytes, exchange, LineKind::Rest),
            _ if self.life == Life::Greeting => self.greeting(line.bytes),
            _ => self.response(line.bytes),
        }
        true
    }

    /// Ends the conversation when the first octets are those of TLS or Telnet: no line will come.
    fn is_binary_greeting(&mut self) -> bool {
        let first = self.inbox.pending();
        if !matches!(first.first(), Some(0x15 | 0x16 | 0xff)) || first.len() < 3 {
            return false;
        }
        let Some(other) = other_protocol("imap", first) else {
            return false;
        };
        let what = format!("the server does not speak IMAP but {other}");
        self.fail(FailureKind::Protocol, what);
        true
    }

    fn read_literal(&mut self, left: u64, exchange: Option<Exchange>) -> bool {
        let held = self.inbox.len();
        if held == 0 && left > 0 {
            return false;
        }
        let take = usize::try_from(left)
            .map_or(PART_MAX, |left| left.min(PART_MAX))
            .min(held);
        let bytes = self.inbox.pending()[..take].to_vec();
        self.inbox.consume(take);
        let left = left - take as u64;
        if let Some(command) = self.commands.front_mut() {
            command.content += take as u64;
        }
        self.event(Event::Part(Part {
            exchange,
            bytes,
            last: left == 0,
            kind: PartKind::Literal,
        }));
        self.reading = if left == 0 {
            Reading::Rest { exchange }
        } else {
            Reading::Literal { left, exchange }
        };
        true
    }

    /// The first line must be an untagged OK, PREAUTH or BYE (RFC 9051 7.1); anything else is no
    /// IMAP server, or somebody in between.
    fn greeting(&mut self, line: Vec<u8>) {
        let status = line.strip_prefix(b"* ").and_then(Status::read);
        let Some(status) =
            status.filter(|s| matches!(s.word, Word::Ok | Word::PreAuth | Word::Bye))
        else {
            let what = match other_protocol("imap", &line) {
                Some(other) => format!("the server does not speak IMAP but {other}"),
                None => format!("the greeting is not one of IMAP: {}", quoted(&line)),
            };
            self.line(Some(Exchange(0)), line, Verdict::Refused, LineKind::Unknown);
            return self.fail(FailureKind::Protocol, what);
        };
        let verdict = status.verdict();
        let kept = line.clone();
        self.line(Some(Exchange(0)), kept, verdict, LineKind::Status);
        self.event(Event::Reply(Reply {
            exchange: Some(Exchange(0)),
            to: "greeting".to_owned(),
            code: status.word.name().to_owned(),
            response_code: status.code_text(),
            verdict,
            text: status.text.to_vec(),
            lines: 1,
            ..Reply::default()
        }));
        self.life = Life::Open;
        if let Some(list) = status.capabilities() {
            self.offered(list);
        }
        match status.word {
            Word::PreAuth if self.options.starttls_required => self.fail(
                FailureKind::Tls,
                "the server greets with PREAUTH: STARTTLS is impossible after a login",
            ),
            Word::PreAuth => {
                let known = self.offers.known;
                self.logged_in(None, known);
            }
            Word::Bye => self.goodbye(&status),
            _ => {}
        }
    }

    fn response(&mut self, line: Vec<u8>) {
        match line.as_slice() {
            [] => {
                self.oddity(Oddity::Other("an empty line".to_owned()));
                self.line(self.oldest(), line, Verdict::Note, LineKind::Unknown);
            }
            [b'*', b' ', ..] => self.untagged(line),
            b"+" | [b'+', b' ', ..] => self.go_ahead(line),
            _ => self.tagged(line),
        }
    }

    fn untagged(&mut self, line: Vec<u8>) {
        let Some(status) = Status::read(&line[2..]) else {
            let exchange = self.oldest();
            self.data(&line[2..]);
            return self.data_line(line, exchange, LineKind::Untagged);
        };
        let asked = self.commands.iter().any(super::command::Command::is_logout);
        let verdict = match status.word {
            Word::Bye if !asked => status.verdict(),
            Word::Bad => Verdict::Refused,
            _ => Verdict::Note,
        };
        let exchange = self.oldest();
        let kept = line.clone();
        self.line(exchange, kept, verdict, LineKind::Untagged);
        if let Some(list) = status.capabilities() {
            self.offered(list);
        }
        match status.word {
            Word::Bye => {
                if !asked {
                    self.event(Event::Reply(Reply {
                        code: "BYE".to_owned(),
                        response_code: status.code_text(),
                        verdict,
                        text: status.text.to_vec(),
                        lines: 1,
                        ..Reply::default()
                    }));
                }
                self.goodbye(&status);
            }
            // A server that could not make out the tag answers without one (RFC 9051 7.1.3).
            Word::Bad
                if self
                    .commands
                    .front()
                    .is_some_and(|c| !super::tags::is_tag(&c.tag)) =>
            {
                self.completed(0, &status, None);
            }
            _ => {}
        }
    }

    fn goodbye(&mut self, status: &Status<'_>) {
        self.place.leaving = true;
        self.place.reason = Some(status.text.to_vec());
        self.enter(LOGOUT);
    }

    /// What untagged data changes for the engine.
    fn data(&mut self, body: &[u8]) {
        let (word, rest) = first_word(body);
        if word.eq_ignore_ascii_case(b"ENABLED") {
            let mut names = rest.split(|&b| b == b' ');
            self.place.utf8 |= names.any(|name| name.eq_ignore_ascii_case(b"UTF8=ACCEPT"));
        }
    }

    /// A line of data: untagged, or what follows a literal.
    fn data_line(&mut self, line: Vec<u8>, exchange: Option<Exchange>, kind: LineKind) {
        let literal = announced(&line);
        let list = (kind == LineKind::Untagged)
            .then(|| first_word(&line[2..]))
            .filter(|(word, _)| word.eq_ignore_ascii_case(b"CAPABILITY"))
            .map(|(_, list)| list.to_vec());
        self.line(exchange, line, Verdict::Note, kind);
        self.reading = match literal {
            Ok(None) => Reading::Line,
            Ok(Some(literal)) => Reading::Literal {
                left: literal.octets,
                exchange,
            },
            Err(_) => {
                return self.fail(
                    FailureKind::Protocol,
                    "the server announced a literal with an impossible octet count",
                );
            }
        };
        if let Some(list) = list {
            self.offered(&list);
        }
    }

    pub(super) fn line(
        &mut self,
        exchange: Option<Exchange>,
        text: Vec<u8>,
        verdict: Verdict,
        kind: LineKind,
    ) {
        self.count_line(exchange);
        self.steps.push_back(Step::Event(Event::Line(Line {
            exchange,
            text,
            clear: None,
            verdict,
            kind,
        })));
    }

    pub(super) fn count_line(&mut self, exchange: Option<Exchange>) {
        let found = self
            .commands
            .iter_mut()
            .find(|command| Some(command.exchange) == exchange);
        if let Some(command) = found {
            command.lines += 1;
        }
    }
}

/// A server's words for an error text: safe, and not long.
pub(super) fn quoted(line: &[u8]) -> String {
    let start = &line[..line.len().min(QUOTED_MAX)];
    show(start, Charset::Unicode).into_owned()
}
