//! What comes in: status lines, challenges, and dotted content that flows through.

use super::{Asked, Client, Pending, State};
use crate::proto::engine::{Due, PART_MAX};
use crate::proto::event::{
    Content, Event, Exchange, FailureKind, Line, LineKind, Oddity, Offers, Part, PartKind, Reply,
    Verdict,
};
use crate::proto::lines::{Body, Login, OFFERS_CAP, OFFERS_LINES, offer, other_protocol};
use crate::proto::pop3::reply::{self, Indicator, Status};
use crate::proto::pop3::spec;
use crate::sasl::apop;
use crate::wire::dot::Unstuffer;
use crate::wire::line::{Ending, RawLine};
use crate::wire::secret::{MASK, Secret};
use crate::wire::show;

/// The longest status line (RFC 2449 4), CRLF included.
const STATUS_MAX: usize = 512;

/// A dotted body on its way in.
#[derive(Debug)]
pub(super) struct Incoming {
    reader: Unstuffer,
    /// The reply that its end completes.
    reply: Reply,
    asked: Asked,
    octets: u64,
    lines: u64,
    /// Of a CAPA reply all of it, which is limited; of others nothing.
    kept: Option<Vec<u8>>,
}

impl Incoming {
    /// The reply is owed until its dot.
    pub(super) fn due(&self) -> Option<Due> {
        Some(Due {
            exchange: self.reply.exchange?,
            to: self.reply.to.clone(),
        })
    }
}

impl Client {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        // Content that nothing waits in front of goes past the line buffer.
        while self.content.is_some() && self.talk.buf.is_empty() && !bytes.is_empty() {
            let used = self.flow(bytes);
            bytes = &bytes[used..];
        }
        self.talk.buf.push(bytes);
        while !self.handshaking && !self.talk.is_over() {
            if self.content.is_some() {
                if self.talk.buf.is_empty() {
                    return;
                }
                let held = std::mem::take(&mut self.talk.buf);
                let used = self.flow(held.pending());
                self.talk.buf = held;
                // A failure forgot what was held; so must we.
                if !self.talk.is_over() {
                    self.talk.buf.consume(used);
                }
                continue;
            }
            if self.phase == spec::CONNECT && self.knocked_wrong() {
                return;
            }
            let Some(line) = self.talk.line() else { return };
            self.hear(&line);
        }
    }

    /// Passes content on, up to its end or `PART_MAX`, and tells how many octets that used.
    fn flow(&mut self, bytes: &[u8]) -> usize {
        let Some(incoming) = &mut self.content else {
            return 0;
        };
        let bytes = &bytes[..bytes.len().min(PART_MAX)];
        let mut part = Vec::with_capacity(bytes.len());
        let (used, last) = incoming.reader.push(bytes, &mut part);
        incoming.octets += part.len() as u64;
        let mut over = false;
        if let Some(kept) = &mut incoming.kept {
            kept.extend_from_slice(&part);
            incoming.lines += memchr::memchr_iter(b'\n', &part).count() as u64;
            over = kept.len() > OFFERS_CAP || incoming.lines > OFFERS_LINES;
        }
        if last || !part.is_empty() {
            self.talk.event(Event::Part(Part {
                exchange: incoming.reply.exchange,
                bytes: part,
                last,
                kind: PartKind::Dotted,
            }));
        }
        if over {
            self.talk.fail(
                FailureKind::Protocol,
                format!("the list of capabilities has more than {OFFERS_LINES} lines or {OFFERS_CAP} octets"),
            );
        } else if last {
            self.content_ended();
        }
        used
    }

    fn content_ended(&mut self) {
        let Some(incoming) = self.content.take() else {
            return;
        };
        self.talk.event(Event::Line(Line {
            exchange: incoming.reply.exchange,
            text: b".".to_vec(),
            clear: None,
            verdict: Verdict::Good,
            kind: LineKind::End,
        }));
        self.talk.event(Event::Reply(Reply {
            lines: 2,
            content: incoming.octets,
            ..incoming.reply
        }));
        if let (Asked::Capa, Some(kept)) = (incoming.asked, incoming.kept) {
            self.offers = Offers {
                known: true,
                items: kept.split(|b| *b == b'\n').filter_map(offer).collect(),
            };
            self.talk.event(Event::Offers(self.offers.clone()));
        }
    }

    /// Ends the conversation when the greeting is another protocol's. It is judged by the line,
    /// or by three octets where no line is to be expected.
    fn knocked_wrong(&mut self) -> bool {
        let first = self.talk.buf.pending();
        let binary = matches!(first.first(), Some(0x15 | 0x16 | 0xff)) && first.len() >= 3;
        if !binary && !first.contains(&b'\n') {
            return false;
        }
        let Some(other) = other_protocol("pop3", first) else {
            return false;
        };
        let line = first.split(|b| *b == b'\n').next().unwrap_or_default();
        let text = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        if !binary {
            self.unknown(text);
        }
        self.talk.fail(
            FailureKind::Protocol,
            format!("the server speaks {other}, not POP3"),
        );
        true
    }

    fn unknown(&mut self, text: Vec<u8>) {
        let exchange = self.due.front().map(|p| p.exchange);
        self.talk.unknown(exchange, text);
    }

    fn in_login(&self) -> bool {
        matches!(
            self.due.front(),
            Some(Pending {
                asked: Asked::Auth,
                dotted: false,
                ..
            })
        )
    }

    /// What came while AUTH was under way, with a challenge masked.
    pub(super) fn hidden(&self, bytes: &[u8]) -> Vec<u8> {
        if !self.in_login() || !bytes.starts_with(b"+ ") {
            return bytes.to_vec();
        }
        match bytes[2..].trim_ascii() {
            // The prompts of LOGIN are no secret.
            b"" | b"VXNlcm5hbWU6" | b"UGFzc3dvcmQ6" => bytes.to_vec(),
            _ => [b"+ ", MASK.as_bytes()].concat(),
        }
    }

    fn hear(&mut self, raw: &RawLine) {
        let status = reply::status(&raw.bytes)
            .filter(|s| s.indicator != Indicator::Challenge || self.in_login());
        let Some(status) = status else {
            self.unknown(self.hidden(&raw.bytes));
            self.talk.ending(raw.ending);
            let words = "a line that is no reply: +OK or -ERR must begin it";
            let tls = matches!(self.due.front().map(|p| &p.asked), Some(Asked::StartTls));
            self.broken |= tls;
            if tls && self.talk.options.starttls_required {
                self.talk.fail(FailureKind::Tls, words);
            } else if self.talk.options.strict {
                self.talk.fail(FailureKind::Protocol, words);
            } else {
                self.talk.odd(words);
            }
            return;
        };
        let verdict = status.verdict();
        let pending = self.due.front();
        let dotted = pending.is_some_and(|p| p.dotted) && status.indicator == Indicator::Ok;
        let submission = matches!(pending.map(|p| &p.asked), Some(Asked::Submission));
        match status.indicator {
            Indicator::Challenge => {
                if !matches!(self.due.front().map(|p| &p.asked), Some(Asked::Auth)) {
                    self.talk.raw_login.challenged();
                }
            }
            _ => self.talk.raw_login.ended(),
        }
        let kind = match status.indicator {
            Indicator::Challenge => LineKind::GoAhead,
            Indicator::Ok if dotted => LineKind::More,
            Indicator::Ok if submission => LineKind::GoAhead,
            _ => LineKind::Status,
        };
        let text = self.hidden(&raw.bytes);
        let clear = (text != raw.bytes && self.talk.options.show_secrets)
            .then(|| Secret::new(raw.bytes.clone()));
        let challenge_text = text.get(2..).unwrap_or_default().to_vec();
        let exchange = pending.map(|p| p.exchange);
        self.talk.event(Event::Line(Line {
            exchange,
            text,
            clear,
            verdict,
            kind,
        }));
        match status.indicator {
            Indicator::Challenge => {
                let to = self.due.pop_front().map(|p| p.to).unwrap_or_default();
                let reply = Reply {
                    exchange,
                    to,
                    code: status.indicator.code().to_owned(),
                    verdict,
                    text: challenge_text,
                    lines: 1,
                    intermediate: true,
                    ..Reply::default()
                };
                self.challenged(reply, status.text);
            }
            _ => self.answered(status, exchange, dotted, raw),
        }
        self.odd_line(raw, exchange == Some(Exchange(0)));
    }

    fn odd_line(&mut self, raw: &RawLine, greeting: bool) {
        if show::is_hostile(&raw.bytes) {
            let place = if greeting { "the greeting" } else { "a reply" };
            self.talk.event(Event::Oddity(Oddity::Hostile(place)));
        }
        if raw.bytes.len() + 2 > STATUS_MAX {
            self.talk
                .lint(format!("a reply line of more than {STATUS_MAX} octets"));
        }
        self.talk.ending(raw.ending);
    }

    fn answered(
        &mut self,
        status: Status<'_>,
        exchange: Option<Exchange>,
        dotted: bool,
        raw: &RawLine,
    ) {
        let pending = self.due.pop_front();
        let good = status.indicator == Indicator::Ok;
        let asked = pending.as_ref().map(|p| &p.asked);
        let goes_on = good && matches!(asked, Some(Asked::Submission | Asked::User(_, Some(_))));
        let reply = Reply {
            exchange,
            to: pending.as_ref().map(|p| p.to.clone()).unwrap_or_default(),
            code: status.indicator.code().to_owned(),
            response_code: status.response_code.map(str::to_owned),
            verdict: status.verdict(),
            text: status.text.to_vec(),
            lines: 1,
            intermediate: goes_on,
            unsent: match asked {
                Some(Asked::Submission) if !good => Some(Content::Body),
                Some(Asked::Auth) if !good => self.login.as_ref().and_then(Login::unsent),
                _ => None,
            },
            ..Reply::default()
        };
        if dotted {
            self.content = pending.map(|p| Incoming {
                reader: Unstuffer::new(raw.ending == Ending::Lf),
                reply,
                octets: 0,
                lines: 0,
                kept: matches!(p.asked, Asked::Capa).then(Vec::new),
                asked: p.asked,
            });
            return;
        }
        let text = reply.text.clone();
        self.talk.event(Event::Reply(reply));
        match pending {
            Some(pending) => self.act(pending, status, raw),
            None => {
                if !good {
                    // Servers say so before they close, after too long a silence.
                    self.reason = Some(text);
                }
                if self.talk.answers_raw() {
                    return;
                }
                if self.talk.options.strict && good {
                    self.talk
                        .fail(FailureKind::Protocol, "a reply that answers no command");
                } else {
                    self.talk.odd("a reply that answers no command");
                }
            }
        }
    }

    /// Changes what a complete reply changes.
    fn act(&mut self, pending: Pending, status: Status<'_>, raw: &RawLine) {
        let good = status.indicator == Indicator::Ok;
        match pending.asked {
            Asked::Greeting if good => {
                self.timestamp = apop::timestamp(&raw.bytes).map(<[u8]>::to_vec);
                self.enter(spec::AUTHORIZATION);
            }
            Asked::Greeting => {
                self.reason = Some(status.text.to_vec());
                self.enter(spec::AUTHORIZATION);
            }
            Asked::User(name, password) if good => {
                self.named = Some(name);
                if let Some(password) = password {
                    self.pass(pending.exchange, &password);
                }
            }
            Asked::Pass if good => {
                let user = self.named.take();
                self.accepted(user);
            }
            Asked::Apop(user) if good => self.accepted(Some(user)),
            Asked::Auth => self.auth_answer(good),
            Asked::StartTls => self.tls_answer(status),
            Asked::Dele if good => self.deletes += 1,
            Asked::Reset if good => self.deletes = 0,
            Asked::Quit => {
                // A server that could not remove all of them says so, and closes all the same.
                self.leaving = true;
                if good {
                    self.deletes = 0;
                }
                if self.phase == spec::TRANSACTION {
                    self.enter(spec::UPDATE);
                }
            }
            Asked::Submission if good => self.state = State::Body(Body::new(pending.exchange)),
            _ => {}
        }
    }

    fn tls_answer(&mut self, status: Status<'_>) {
        if std::mem::take(&mut self.broken) {
            return self
                .talk
                .odd("the reply to STLS is malformed: TLS was not started");
        }
        if status.indicator == Indicator::Ok {
            self.handshaking = true;
            return self.talk.start_tls();
        }
        if self.talk.options.starttls_required {
            let text = show::show(status.text, show::Charset::Unicode);
            self.talk.fail(
                FailureKind::Tls,
                format!("the server did not start TLS: -ERR {text}"),
            );
        }
    }
}
