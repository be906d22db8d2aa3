//! What the client engines of the line protocols (SMTP, LMTP, POP3) share.
//!
//! Rules: nothing here knows a verb or a reply code. `Talk` holds the steps that wait to be polled
//! and the bytes that wait for their line end; secrets are masked on the way into `Event::Sent`.

mod auth;
mod body;
mod door;
mod login;
mod mask;

use std::collections::VecDeque;

use super::engine::{ClientOptions, Refusal, Step};
use super::event::{
    Advice, Closed, Event, Exchange, Failure, FailureKind, Line, LineKind, Oddity, Offer, Sent,
    SentKind,
};
use crate::sasl::About;
use crate::wire::line::{Ending, LineBuf, RawLine};
use crate::wire::secret::{MASK, Secret};

pub(crate) use auth::Next;
pub(crate) use body::{Body, Piece};
pub(crate) use door::other_protocol;
pub(crate) use login::{Heeded, Login, travels_in_clear};
pub(crate) use mask::{RawLogin, after_word, label, masked, masked_raw, typed_word, word};

/// The longest line taken from a peer, in octets.
pub(crate) const LINE_CAP: usize = 64 * 1024;

/// The most that EHLO or CAPA may list, in octets and in lines.
pub(crate) const OFFERS_CAP: usize = 64 * 1024;
/// See `OFFERS_CAP`.
pub(crate) const OFFERS_LINES: u64 = 1000;

/// How much of long content `Event::Sent` shows, in octets.
const SHOWN: usize = 1024;

/// Steps out, bytes in: the part of an engine that is the same for every protocol of lines.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) options: ClientOptions,
    pub(crate) buf: LineBuf,
    steps: VecDeque<Step>,
    next: u64,
    over: bool,
    bare_lf_said: bool,
    /// Lines that went out as raw octets: a reply to each is no surprise.
    raw_lines: usize,
    /// A login among them.
    pub(crate) raw_login: RawLogin,
}

impl Talk {
    pub(crate) fn new(options: &ClientOptions) -> Self {
        Self {
            options: options.clone(),
            buf: LineBuf::default(),
            steps: VecDeque::new(),
            next: 0,
            over: false,
            bare_lf_said: false,
            raw_lines: 0,
            raw_login: RawLogin::default(),
        }
    }

    /// True once the conversation failed or was closed: nothing is sent or read any more.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    pub(crate) fn poll(&mut self) -> Step {
        self.steps.pop_front().unwrap_or(Step::Wait)
    }

    pub(crate) fn step(&mut self, step: Step) {
        self.steps.push_back(step);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.step(Step::Event(event));
    }

    /// The number that `number` gives next.
    pub(crate) fn upcoming(&self) -> Exchange {
        Exchange(self.next + 1)
    }

    /// The number of the next exchange; the greeting had 0.
    pub(crate) fn number(&mut self) -> Exchange {
        self.next += 1;
        Exchange(self.next)
    }

    pub(crate) fn advise(&mut self, advice: Advice) {
        self.event(Event::Advice(advice));
    }

    /// Behind a prompt nobody sees a blank; to a server it is no part of a command.
    pub(crate) fn advise_blank(&mut self, line: &[u8]) {
        if line.first().is_some_and(u8::is_ascii_whitespace) && !line.trim_ascii().is_empty() {
            self.advise(Advice::Syntax("the line begins with a blank".to_owned()));
        }
    }

    pub(crate) fn remark(&mut self, words: impl Into<String>) {
        self.advise(Advice::Remark(words.into()));
    }

    /// Reports what is odd, where oddities are asked for.
    pub(crate) fn lint(&mut self, words: impl Into<String>) {
        if self.options.lint {
            self.event(Event::Oddity(Oddity::Other(words.into())));
        }
    }

    /// Reports what is odd and matters, asked for or not.
    pub(crate) fn odd(&mut self, words: impl Into<String>) {
        self.event(Event::Oddity(Oddity::Other(words.into())));
    }

    /// The peer broke the protocol or a policy: nothing more is read or sent.
    pub(crate) fn fail(&mut self, kind: FailureKind, what: impl Into<String>) {
        if self.over {
            return;
        }
        self.over = true;
        self.buf.clear();
        let what = what.into();
        self.event(Event::Failed(Failure { kind, what }));
        self.step(Step::Close);
    }

    /// A line that nobody can place.
    pub(crate) fn unknown(&mut self, exchange: Option<Exchange>, text: Vec<u8>) {
        let line = Line::piece(exchange, text);
        self.event(Event::Line(Line {
            kind: LineKind::Unknown,
            ..line
        }));
    }

    /// The connection is closed. `rest` is what had come of a line, masked: it is told, and counts
    /// as part of a reply.
    pub(crate) fn ended(&mut self, exchange: Option<Exchange>, rest: Vec<u8>, mut closed: Closed) {
        self.buf.clear();
        if !rest.is_empty() {
            closed.inside_reply = true;
            self.event(Event::Line(Line::piece(exchange, rest)));
        }
        self.over = true;
        self.event(Event::Closed(closed));
    }

    /// The next line of a status or reply, or the reason why there is none to be had.
    pub(crate) fn line(&mut self) -> Option<RawLine> {
        if self.over {
            return None;
        }
        match self.buf.next_line(LINE_CAP) {
            Ok(line) => line,
            Err(long) => {
                self.fail(
                    FailureKind::Protocol,
                    format!("the server sent {long}, and a reply line may have no more"),
                );
                None
            }
        }
    }

    /// Says once that lines end in a bare LF.
    pub(crate) fn ending(&mut self, ending: Ending) {
        if ending == Ending::Lf && self.options.lint && !self.bare_lf_said {
            self.bare_lf_said = true;
            self.event(Event::Oddity(Oddity::BareLf));
        }
    }

    /// What of a command may be seen: nothing where it answers a login of raw octets.
    pub(crate) fn seen<'a>(&self, line: &'a [u8], known: bool) -> &'a [u8] {
        let answers = self.raw_login.is_begun() && !known;
        match answers && !matches!(line, b"" | b"*") {
            true => MASK.as_bytes(),
            false => line,
        }
    }

    /// Sends a line. `masked` is what is shown where the line holds a secret.
    pub(crate) fn send(
        &mut self,
        exchange: Exchange,
        line: &[u8],
        masked: Option<Vec<u8>>,
        kind: SentKind,
        differs: bool,
    ) {
        let clear = (masked.is_some() && self.options.show_secrets).then(|| Secret::new(line));
        let mut wire = Vec::with_capacity(line.len() + 2);
        wire.extend_from_slice(line);
        wire.extend_from_slice(b"\r\n");
        let octets = wire.len() as u64;
        self.step(Step::Write(wire));
        self.event(Event::Sent(Sent {
            exchange,
            shown: masked.unwrap_or_else(|| line.to_vec()),
            clear,
            kind,
            octets,
            differs,
        }));
    }

    /// Sends an answer to a challenge: nothing of it is shown but that it is empty or a `*`.
    pub(crate) fn answer(&mut self, exchange: Exchange, line: &[u8], typed: bool) {
        let masked = (!matches!(line, b"" | b"*")).then(|| MASK.as_bytes().to_vec());
        self.send(exchange, line, masked, SentKind::Answer, !typed);
    }

    /// Passes on what a login has to tell.
    pub(crate) fn tell(&mut self, login: &mut Login, about: About) {
        let told = login.told(about);
        if !told.is_empty() {
            self.event(Event::Told(told));
        }
    }

    /// Sends octets of content.
    pub(crate) fn send_octets(
        &mut self,
        exchange: Exchange,
        wire: Vec<u8>,
        kind: SentKind,
        differs: bool,
    ) {
        self.send_shown(exchange, wire, None, kind, differs);
    }

    /// Raw octets outside a body may be commands: their lines may be answered.
    pub(crate) fn expect_answers(&mut self, raw: &[u8]) {
        let lines = memchr::memchr_iter(b'\n', raw).count();
        self.raw_lines = self.raw_lines.saturating_add(lines);
    }

    /// True for a reply that can be one to raw octets; it counts as that.
    pub(crate) fn answers_raw(&mut self) -> bool {
        let expected = self.raw_lines > 0;
        self.raw_lines = self.raw_lines.saturating_sub(1);
        expected
    }

    /// Sends raw octets. `masked` is what is shown where they hold a secret.
    pub(crate) fn send_raw(&mut self, exchange: Exchange, wire: &[u8], masked: Option<Vec<u8>>) {
        self.send_shown(exchange, wire.to_vec(), masked, SentKind::Raw, false);
    }

    fn send_shown(
        &mut self,
        exchange: Exchange,
        wire: Vec<u8>,
        masked: Option<Vec<u8>>,
        kind: SentKind,
        differs: bool,
    ) {
        let octets = wire.len() as u64;
        let clear = (masked.is_some() && self.options.show_secrets).then(|| Secret::new(&*wire));
        let seen = masked.as_deref().unwrap_or(&wire);
        let shown = seen[..seen.len().min(SHOWN)].to_vec();
        let shown = shown.strip_suffix(b"\r\n").unwrap_or(&shown).to_vec();
        if !wire.is_empty() {
            self.step(Step::Write(wire));
        }
        self.event(Event::Sent(Sent {
            exchange,
            shown,
            clear,
            kind,
            octets,
            differs,
        }));
    }

    /// TLS may start: what stands behind the go-ahead came before TLS, is dropped, and is reported.
    pub(crate) fn start_tls(&mut self) {
        let octets = self.buf.clear();
        if octets > 0 {
            self.injected(octets);
        }
        if !self.over {
            self.step(Step::StartTls);
        }
    }

    /// Octets came between the go-ahead and the handshake.
    pub(crate) fn injected(&mut self, octets: usize) {
        self.event(Event::Oddity(Oddity::BytesAfterStartTls { octets }));
        if self.options.strict || self.options.starttls_required {
            self.fail(
                FailureKind::Tls,
                format!("{octets} octets in the clear stood behind the go-ahead for TLS: somebody may have put them there"),
            );
        }
    }

    /// TLS is up.
    pub(crate) fn secured(&mut self) {
        self.buf.clear();
        self.options.secured = true;
    }

    /// True when a credential may not travel now.
    pub(crate) fn credential_barred(&self) -> bool {
        !self.options.secured && !self.options.clear_credentials
    }
}

/// Nothing that a line is made of may end it.
pub(crate) fn unbroken(line: &[u8]) -> Result<(), Refusal> {
    if line.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
        return Err(Refusal::LineBreakInside);
    }
    Ok(())
}

/// A line of an EHLO or CAPA reply as an offer: the word in capitals, and the rest as sent.
pub(crate) fn offer(line: &[u8]) -> Option<Offer> {
    let text = String::from_utf8_lossy(line.trim_ascii());
    let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
    (!word.is_empty()).then(|| Offer {
        word: word.to_ascii_uppercase(),
        rest: rest.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_have_a_word_and_a_rest() {
        let auth = offer(b"auth PLAIN LOGIN \r").unwrap();
        assert_eq!(
            (auth.word.as_str(), auth.rest.as_str()),
            ("AUTH", "PLAIN LOGIN")
        );
        assert_eq!(offer(b"  "), None);
    }
}
