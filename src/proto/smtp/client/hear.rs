//! What comes in: lines become replies, and replies change the state.

use super::{Asked, Client, Partial, Pending, State};
use crate::proto::event::{
    Content, Event, Exchange, FailureKind, Line, LineKind, Oddity, Offers, Reply, Verdict,
};
use crate::proto::lines::{Body, OFFERS_CAP, OFFERS_LINES, offer, other_protocol};
use crate::proto::smtp::reply::{self, ReplyLine};
use crate::proto::smtp::{Flavour, spec};
use crate::wire::line::RawLine;
use crate::wire::secret::{MASK, Secret};
use crate::wire::show;

/// The longest reply line that RFC 5321 4.5.3.1.5 allows, CRLF included.
const REPLY_MAX: usize = 512;
/// From how many lines on a reply is worth a remark.
const MANY_LINES: u64 = 1000;
/// The most of one reply that a policy waits for, in octets.
const STRICT_CAP: usize = 1024 * 1024;

/// Sendmail's lines under this code tell of progress and belong to no reply.
const PROGRESS: &str = "050";

impl Client {
    pub(super) fn read(&mut self) {
        while !self.handshaking {
            if self.phase == spec::CONNECT && self.knocked_wrong() {
                return;
            }
            let Some(line) = self.talk.line() else { return };
            self.hear(&line);
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
        let Some(other) = other_protocol("smtp", first) else {
            return false;
        };
        let line = first.split(|b| *b == b'\n').next().unwrap_or_default();
        let text = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        if !binary {
            self.unknown(text);
        }
        let want = match self.flavour {
            Flavour::Smtp => "SMTP",
            Flavour::Lmtp => "LMTP",
        };
        self.talk.fail(
            FailureKind::Protocol,
            format!("the server speaks {other}, not {want}"),
        );
        true
    }

    fn unknown(&mut self, text: Vec<u8>) {
        let exchange = self.due.front().map(|p| p.exchange);
        self.talk.unknown(exchange, text);
    }

    fn hear(&mut self, raw: &RawLine) {
        let Some(line) = reply::line(&raw.bytes) else {
            self.unknown(self.hidden(&raw.bytes));
            self.talk.ending(raw.ending);
            let words = "a line that is no reply: three digits and a blank or hyphen must begin it";
            let tls = matches!(self.due.front().map(|p| &p.asked), Some(Asked::StartTls));
            if tls {
                self.partial.get_or_insert_with(Partial::default).broken = true;
            }
            if tls && self.talk.options.starttls_required {
                self.talk.fail(FailureKind::Tls, words);
            } else if self.talk.options.strict {
                self.talk.fail(FailureKind::Protocol, words);
            } else {
                self.talk.odd(words);
            }
            return;
        };
        let exchange = self.asker();
        let progress = line.code == PROGRESS;
        let more = line.more || progress;
        let text = self.challenge_hidden(line, &raw.bytes);
        let clear = (text != raw.bytes && self.talk.options.show_secrets)
            .then(|| Secret::new(raw.bytes.clone()));
        let verdict = reply::verdict(line.code);
        let kind = match (more, self.goes_ahead(line.code)) {
            (true, _) => LineKind::More,
            (false, true) => LineKind::GoAhead,
            (false, false) => LineKind::Status,
        };
        self.talk.event(Event::Line(Line {
            exchange,
            text,
            clear,
            verdict,
            kind,
        }));
        if !progress {
            self.count(line, raw);
        }
        if !more {
            self.complete(line, exchange);
        }
        self.talk.ending(raw.ending);
    }

    /// For which exchange a reply comes now.
    fn asker(&self) -> Option<Exchange> {
        match (self.due.front(), &self.state) {
            (Some(pending), _) => Some(pending.exchange),
            (None, State::Body(body)) if body.raw => Some(body.exchange),
            _ => None,
        }
    }

    /// True for a 354 to DATA and a 334 to AUTH.
    fn goes_ahead(&self, code: &str) -> bool {
        matches!(
            (self.due.front().map(|p| &p.asked), code),
            (Some(Asked::Data), "354") | (Some(Asked::Auth), "334")
        )
    }

    /// A line with its challenge masked. The prompts of LOGIN are no secret.
    fn challenge_hidden(&self, line: ReplyLine<'_>, bytes: &[u8]) -> Vec<u8> {
        const PROMPTS: &[&[u8]] = &[
            b"",
            b"VXNlcm5hbWU6",
            b"UGFzc3dvcmQ6",
            b"VXNlciBOYW1lAA==",
            b"UGFzc3dvcmQA",
        ];
        let auth = matches!(self.due.front().map(|p| &p.asked), Some(Asked::Auth));
        if !auth || line.code != "334" || PROMPTS.contains(&line.text.trim_ascii()) {
            return bytes.to_vec();
        }
        [&bytes[..4], MASK.as_bytes()].concat()
    }

    /// What came while AUTH was under way and is no reply may hold anything.
    pub(super) fn hidden(&self, bytes: &[u8]) -> Vec<u8> {
        match self.due.front().map(|p| &p.asked) {
            Some(Asked::Auth) if bytes.starts_with(b"334") => [b"334 ", MASK.as_bytes()].concat(),
            _ => bytes.to_vec(),
        }
    }

    /// Counts a line into the reply it belongs to, and holds the limits.
    fn count(&mut self, line: ReplyLine<'_>, raw: &RawLine) {
        let listing = matches!(self.due.front().map(|p| &p.asked), Some(Asked::Hello(true)));
        let partial = self.partial.get_or_insert_with(Partial::default);
        partial.lines += 1;
        partial.octets += raw.bytes.len() + 2;
        partial.codes_differ |= !partial.code.is_empty() && partial.code != line.code;
        if partial.code != line.code {
            line.code.clone_into(&mut partial.code);
        }
        partial.long |= raw.bytes.len() + 2 > REPLY_MAX;
        partial.eight_bit |= !raw.bytes.is_ascii();
        partial.hostile |= show::is_hostile(&raw.bytes);
        if listing && partial.lines > 1 && line.code == "250" {
            partial.offers.extend(offer(line.text));
        }
        let (lines, octets) = (partial.lines, partial.octets);
        if listing && (octets > OFFERS_CAP || lines > OFFERS_LINES) {
            self.talk.fail(
                FailureKind::Protocol,
                format!("the list of extensions has more than {OFFERS_LINES} lines or {OFFERS_CAP} octets"),
            );
        } else if self.talk.options.strict && octets > STRICT_CAP {
            self.talk.fail(
                FailureKind::Protocol,
                format!("one reply of more than {STRICT_CAP} octets"),
            );
        } else if lines == MANY_LINES {
            self.talk.odd(format!(
                "one reply of more than {MANY_LINES} lines, and no end yet"
            ));
        }
    }

    fn complete(&mut self, line: ReplyLine<'_>, exchange: Option<Exchange>) {
        if self.talk.is_over() {
            return;
        }
        let partial = self.partial.take().unwrap_or_default();
        if self.due.is_empty() {
            self.dot_was_raw();
        }
        match line.code.as_bytes() {
            b"334" if !self.goes_ahead("334") => self.talk.raw_login.challenged(),
            b"235" | [b'4' | b'5', ..] => self.talk.raw_login.ended(),
            _ => {}
        }
        let pending = self.due.pop_front();
        let greeting = matches!(
            pending,
            Some(Pending {
                asked: Asked::Greeting,
                ..
            })
        );
        let coded = match reply::enhanced(line.text) {
            Some((code, rest)) if !greeting => Some((code, rest)),
            _ => None,
        };
        let go_ahead = matches!(
            (pending.as_ref().map(|p| &p.asked), line.code),
            (Some(Asked::Data), "354") | (Some(Asked::Auth), "334")
        );
        let challenge = go_ahead && line.code == "334";
        let mut text = coded.map_or(line.text, |(_, rest)| rest).to_vec();
        if challenge {
            let whole = [b"334 ", line.text].concat();
            let shown = ReplyLine {
                code: "334",
                more: false,
                text: line.text,
            };
            self.due.extend(pending);
            text = self.challenge_hidden(shown, &whole)[4..].to_vec();
            let to = self.due.pop_front().map(|p| p.to).unwrap_or_default();
            let reply = Reply {
                exchange,
                to,
                code: line.code.to_owned(),
                verdict: Verdict::More,
                text,
                lines: partial.lines,
                intermediate: true,
                ..Reply::default()
            };
            return self.challenged(reply, line.text);
        }
        let reply = Reply {
            exchange,
            to: pending.as_ref().map(|p| p.to.clone()).unwrap_or_default(),
            code: line.code.to_owned(),
            enhanced: coded.map(|(code, _)| code.to_owned()),
            verdict: reply::verdict(line.code),
            text,
            recipient: match pending.as_ref().map(|p| &p.asked) {
                Some(Asked::Content(to)) => to.clone(),
                _ => None,
            },
            lines: partial.lines,
            intermediate: go_ahead,
            unsent: self.unsent(pending.as_ref(), line.code),
            ..Reply::default()
        };
        let farewell = line.code == "421";
        if farewell {
            self.leaving = true;
            self.reason = Some(reply.text.clone());
        }
        self.talk.event(Event::Reply(reply));
        self.odd_reply(&partial, line, coded.map(|(code, _)| code), greeting);
        match pending {
            Some(pending) => self.act(pending, line, partial),
            None if farewell => {}
            None => self.unasked(),
        }
        self.settle();
        if farewell {
            self.enter(spec::QUIT);
        }
    }

    fn unasked(&mut self) {
        if self.talk.answers_raw() {
            return;
        }
        if self.talk.options.strict {
            self.talk
                .fail(FailureKind::Protocol, "a reply that answers no command");
        } else if matches!(self.state, State::Body(_)) {
            self.talk.odd("a reply before the lone dot");
        } else {
            self.talk.odd("a reply that answers no command");
        }
    }

    /// A reply inside a body into which raw octets went: the dot was among them.
    fn dot_was_raw(&mut self) {
        if !matches!(&self.state, State::Body(body) if body.raw) {
            return;
        }
        if let State::Body(body) = std::mem::replace(&mut self.state, State::Command) {
            self.owe_verdicts(&body);
        }
    }

    /// What was to follow a command that was refused.
    fn unsent(&self, pending: Option<&Pending>, code: &str) -> Option<Content> {
        match &pending?.asked {
            Asked::Data if code != "354" => Some(Content::Body),
            Asked::Auth if !code.starts_with('2') => self.login.as_ref()?.unsent(),
            _ => None,
        }
    }

    fn odd_reply(
        &mut self,
        partial: &Partial,
        line: ReplyLine<'_>,
        enhanced: Option<&str>,
        greeting: bool,
    ) {
        if partial.hostile {
            let place = if greeting { "the greeting" } else { "a reply" };
            self.talk.event(Event::Oddity(Oddity::Hostile(place)));
        }
        if partial.codes_differ {
            self.talk.lint("the codes within one reply differ");
        }
        if partial.long {
            self.talk
                .lint(format!("a reply line of more than {REPLY_MAX} octets"));
        }
        if partial.eight_bit && !self.utf8 {
            self.talk.lint("8-bit text in a reply, without SMTPUTF8");
        }
        if !line.code.starts_with(['2', '3', '4', '5']) {
            let code = line.code;
            self.talk.lint(format!(
                "the code {code} is of no class that a reply can have"
            ));
        }
        if let Some(enhanced) = enhanced
            && !enhanced.starts_with(&line.code[..1])
        {
            let code = line.code;
            self.talk.lint(format!(
                "the enhanced code {enhanced} is of another class than {code}"
            ));
        }
    }

    /// Changes what a complete reply changes.
    fn act(&mut self, pending: Pending, line: ReplyLine<'_>, partial: Partial) {
        let good = line.code.starts_with('2');
        match pending.asked {
            Asked::Greeting => self.enter(spec::START),
            Asked::Hello(true) if matches!(line.code, "500" | "502") => self.only_helo = true,
            Asked::Hello(listed) if good => {
                self.only_helo = false;
                self.clear_transaction();
                self.offers = Offers {
                    known: true,
                    items: if listed { partial.offers } else { Vec::new() },
                };
                self.talk.event(Event::Offers(self.offers.clone()));
                self.enter(spec::IDLE);
            }
            Asked::Mail { path, utf8 } if good => {
                self.clear_transaction();
                self.from = Some(path);
                self.utf8 = utf8;
                self.enter(spec::MAIL);
            }
            Asked::Rcpt(path) if good => {
                self.recipients.push(path);
                self.enter(spec::RCPT);
            }
            Asked::Data if line.code == "354" => {
                self.state = State::Body(Body::new(pending.exchange));
                self.enter(spec::DATA);
            }
            // RFC 5321 4.1.1.4: the buffers are cleared whatever the verdict.
            Asked::Content(_) => {
                let more = |p: &Pending| matches!(p.asked, Asked::Content(_));
                if !self.due.front().is_some_and(more) {
                    self.clear_transaction();
                    self.enter(spec::IDLE);
                }
            }
            Asked::Reset if good => {
                self.clear_transaction();
                if self.phase != spec::START {
                    self.enter(spec::IDLE);
                }
            }
            Asked::StartTls => self.tls_answer(line, partial.codes_differ || partial.broken),
            Asked::Auth => self.auth_answer(good),
            Asked::Quit => {
                self.leaving = true;
                self.enter(spec::QUIT);
            }
            Asked::Xclient if good => {
                // The session begins again at the greeting: what was offered no longer counts.
                self.clear_transaction();
                self.offers = Offers::default();
                self.enter(spec::START);
            }
            _ => {}
        }
    }

    fn tls_answer(&mut self, line: ReplyLine<'_>, malformed: bool) {
        if malformed {
            // Yes and no in one: somebody may have put a line of theirs in between.
            let words = "the reply to STARTTLS is malformed: TLS was not started";
            if self.talk.options.starttls_required {
                return self.talk.fail(FailureKind::Tls, words);
            }
            return self.talk.odd(words);
        }
        if line.code == "220" {
            self.handshaking = true;
            return self.talk.start_tls();
        }
        if self.talk.options.starttls_required {
            let text = show::show(line.text, show::Charset::Unicode);
            return self.talk.fail(
                FailureKind::Tls,
                format!("the server did not start TLS: {} {text}", line.code),
            );
        }
        if !matches!(
            reply::verdict(line.code),
            Verdict::TryLater | Verdict::Refused
        ) {
            self.talk.odd("only a 220 starts TLS");
        }
    }

    /// LMTP: the last chunk is next in line, so it is known now for whom replies come.
    pub(super) fn settle(&mut self) {
        if !matches!(self.due.front().map(|p| &p.asked), Some(Asked::LastChunk)) {
            return;
        }
        let Some(chunk) = self.due.pop_front() else {
            return;
        };
        if self.recipients.is_empty() {
            self.talk.remark(
                "no recipient was accepted: LMTP sends no reply to this chunk (RFC 2033 4.3)",
            );
            self.clear_transaction();
            return self.settle();
        }
        for to in self.recipients.iter().rev() {
            self.due.push_front(Pending {
                exchange: chunk.exchange,
                to: chunk.to.clone(),
                asked: Asked::Content(Some(to.clone())),
                patience: chunk.patience,
            });
        }
    }
}
