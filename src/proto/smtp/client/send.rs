//! What goes out: commands, bodies, chunks, answers.

use super::{Asked, Client, Pending, State};
use crate::proto::engine::{Input, Refusal};
use crate::proto::event::{Exchange, SentKind};
use crate::proto::lines::{
    Body, Login, label, masked, masked_raw, travels_in_clear, unbroken, word,
};
use crate::proto::smtp::Flavour;
use crate::proto::smtp::spec::{self, SPEC};
use crate::proto::spec::Verb;

const SHAKING: Refusal = Refusal::NotNow("the TLS handshake is under way");

/// The longest command line, CRLF included (RFC 5321 4.5.3.1.4).
pub(super) const COMMAND_MAX: usize = 512;

impl Client {
    pub(super) fn take(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        if self.talk.is_over() {
            return Err(Refusal::Closed);
        }
        match input {
            Input::Line(line) => self.line(line),
            Input::Raw(_) if self.handshaking => Err(SHAKING),
            Input::Raw(bytes) => Ok(self.raw(bytes)),
            Input::Content { bytes, last } => self.content(bytes, last),
            Input::Chunk { line, bytes } => self.chunk(line, bytes),
            Input::Auth(mechanism) => self.auth(mechanism),
            Input::Login { .. } => Err(Refusal::NoSuchLogin(
                "SMTP has no login of its own: it logs in by AUTH",
            )),
            Input::Apop { .. } => Err(Refusal::NoSuchLogin("APOP is a login of POP3")),
            Input::Cancel => match self.state {
                State::Answer(_) => self.line(b"*"),
                _ => Err(Refusal::NotNow("there is nothing to cancel")),
            },
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Exchange, Refusal> {
        unbroken(line)?;
        match &mut self.state {
            State::Command => self.command(line),
            State::Body(body) => {
                let piece = body.line(line);
                let exchange = body.exchange;
                self.talk
                    .send_octets(exchange, piece.wire, SentKind::Content, piece.changed);
                if piece.last {
                    self.end_body();
                }
                Ok(exchange)
            }
            State::Chunk { exchange, left } => {
                let (exchange, left) = (*exchange, *left);
                if line.len() as u64 > left {
                    return Err(Refusal::NotNow(
                        "the line is longer than the octets that BDAT still has to come",
                    ));
                }
                let mut wire = [line, b"\r\n"].concat();
                wire.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                self.chunk_octets(exchange, left, wire, false);
                Ok(exchange)
            }
            State::Answer(_) => self.typed_answer(line),
        }
    }

    /// Nothing may follow what waits for a go-ahead.
    pub(super) fn free(&self) -> Result<(), Refusal> {
        if self.handshaking {
            return Err(SHAKING);
        }
        match self.due.back().map(|p| &p.asked) {
            Some(Asked::Data) => Err(Refusal::NotNow(
                "DATA waits for its go-ahead: what follows now would be content",
            )),
            Some(Asked::Auth) => Err(Refusal::NotNow(
                "AUTH waits for its reply: what follows now would be an answer",
            )),
            Some(Asked::StartTls) => Err(Refusal::NotNow(
                "STARTTLS waits for its reply: nothing may follow it in the clear",
            )),
            _ => Ok(()),
        }
    }

    fn command(&mut self, line: &[u8]) -> Result<Exchange, Refusal> {
        self.free()?;
        // Blanks in front hide no secret and start no TLS unseen.
        let bare = line.trim_ascii_start();
        let verb = SPEC
            .verb(bare)
            .or_else(|| SPEC.verb_named(&String::from_utf8_lossy(word(bare, 0))));
        let name = verb.map_or("", |v| v.name);
        match name {
            "STARTTLS" => self.may_start_tls()?,
            "AUTH" | "X-EXPS"
                if self.talk.credential_barred() && travels_in_clear(word(bare, 1)) =>
            {
                return Err(Refusal::ClearCredential);
            }
            _ => {}
        }
        let exchange = self.talk.number();
        let seen = self.talk.seen(bare, verb.is_some());
        let masked = match seen == bare {
            true => masked(line, verb),
            false => Some(seen.to_vec()),
        };
        let bare = seen;
        let advice = self.advice(bare, verb);
        self.talk
            .send(exchange, line, masked, SentKind::Command, false);
        self.talk.advise_blank(line);
        for one in advice {
            self.talk.advise(one);
        }
        self.owe(exchange, bare, verb);
        Ok(exchange)
    }

    fn may_start_tls(&self) -> Result<(), Refusal> {
        let why = if self.talk.options.secured {
            "TLS is up already"
        } else if self.logged_in {
            "STARTTLS cannot follow a login (RFC 3207 4)"
        } else if !self.due.is_empty() {
            "a reply is still due: nothing may be under way when TLS starts"
        } else {
            return Ok(());
        };
        Err(Refusal::StartTlsNow(why))
    }

    /// Notes what a command's reply will mean.
    fn owe(&mut self, exchange: Exchange, line: &[u8], verb: Option<&'static Verb>) {
        let name = verb.map_or_else(|| label(line), |v| v.name.to_owned());
        let mut patience = verb.map_or(spec::PATIENCE, |v| v.patience);
        let asked = match name.as_str() {
            "EHLO" | "LHLO" => Asked::Hello(true),
            "HELO" => Asked::Hello(false),
            "MAIL" => Asked::Mail {
                path: path(line),
                utf8: has_parameter(line, b"SMTPUTF8"),
            },
            "RCPT" => Asked::Rcpt(path(line)),
            "DATA" => Asked::Data,
            "BDAT" => {
                let (octets, last) = chunk_of(line).unwrap_or_default();
                if octets > 0 {
                    self.state = State::Chunk {
                        exchange,
                        left: octets,
                    };
                }
                match (last, self.flavour) {
                    (false, _) => Asked::Other,
                    (true, Flavour::Smtp) => Asked::Content(None),
                    (true, Flavour::Lmtp) => Asked::LastChunk,
                }
            }
            "BURL" if word(line, 2).eq_ignore_ascii_case(b"LAST") => Asked::Content(None),
            "STARTTLS" => Asked::StartTls,
            "AUTH" | "X-EXPS" if !word(line, 1).is_empty() => {
                self.login = Some(Login::by_hand(exchange, word(line, 1), word(line, 2)));
                Asked::Auth
            }
            "RSET" => Asked::Reset,
            "QUIT" => {
                self.quit_sent = true;
                Asked::Quit
            }
            "XCLIENT" => Asked::Xclient,
            _ => {
                patience = patience.max(spec::PATIENCE);
                Asked::Other
            }
        };
        self.due.push_back(Pending {
            exchange,
            to: name,
            asked,
            patience,
        });
        self.settle();
    }

    fn raw(&mut self, bytes: &[u8]) -> Exchange {
        let exchange = match &mut self.state {
            State::Body(body) => {
                body.raw = true;
                body.exchange
            }
            _ => {
                self.talk.expect_answers(bytes);
                self.talk.number()
            }
        };
        let masked = match &self.state {
            // Content may say anything; it is no login.
            State::Body(_) => None,
            state => {
                let answer = matches!(state, State::Answer(_));
                masked_raw(bytes, &SPEC, answer, &mut self.talk.raw_login)
            }
        };
        self.talk.send_raw(exchange, bytes, masked);
        exchange
    }

    fn content(&mut self, bytes: &[u8], last: bool) -> Result<Exchange, Refusal> {
        match &mut self.state {
            State::Body(body) => {
                let piece = body.piece(bytes, last);
                let exchange = body.exchange;
                self.talk
                    .send_octets(exchange, piece.wire, SentKind::Content, true);
                if last {
                    self.end_body();
                }
                Ok(exchange)
            }
            State::Chunk { exchange, left } => {
                let (exchange, left) = (*exchange, *left);
                if bytes.len() as u64 > left {
                    return Err(Refusal::NotNow("more octets than BDAT announced"));
                }
                if last && (bytes.len() as u64) < left {
                    return Err(Refusal::NotNow("fewer octets than BDAT announced"));
                }
                self.chunk_octets(exchange, left, bytes.to_vec(), true);
                Ok(exchange)
            }
            State::Command | State::Answer(_) => Err(Refusal::NotNow("nothing asks for content")),
        }
    }

    fn chunk(&mut self, line: &[u8], bytes: &[u8]) -> Result<Exchange, Refusal> {
        unbroken(line)?;
        if !matches!(self.state, State::Command) {
            return Err(Refusal::NotNow("content is under way"));
        }
        let Some((octets, _)) = chunk_of(line) else {
            return Err(Refusal::NotNow(
                "only BDAT with a count has octets behind it",
            ));
        };
        if bytes.len() as u64 > octets {
            return Err(Refusal::NotNow("more octets than BDAT announces"));
        }
        let exchange = self.command(line)?;
        if !bytes.is_empty() {
            self.chunk_octets(exchange, octets, bytes.to_vec(), true);
        }
        Ok(exchange)
    }

    fn chunk_octets(&mut self, exchange: Exchange, left: u64, wire: Vec<u8>, differs: bool) {
        let left = left - wire.len() as u64;
        self.talk
            .send_octets(exchange, wire, SentKind::Content, differs);
        self.state = match left {
            0 => State::Command,
            left => State::Chunk { exchange, left },
        };
    }

    /// The dot is out: one reply is owed, or with LMTP one for each recipient.
    fn end_body(&mut self) {
        let State::Body(body) = std::mem::replace(&mut self.state, State::Command) else {
            return;
        };
        for words in body.remarks(!self.offers.known || self.offers.has("8BITMIME")) {
            self.talk.remark(words);
        }
        self.owe_verdicts(&body);
    }

    pub(super) fn owe_verdicts(&mut self, body: &Body) {
        let verdict = |recipient| Pending {
            exchange: body.exchange,
            to: ".".to_owned(),
            asked: Asked::Content(recipient),
            patience: spec::PATIENCE_DOT,
        };
        match self.flavour {
            Flavour::Lmtp if !self.recipients.is_empty() => self
                .due
                .extend(self.recipients.iter().map(|to| verdict(Some(to.clone())))),
            _ => self.due.push_back(verdict(None)),
        }
    }
}

/// The path of MAIL or RCPT as typed: `<a@b>`, or the word behind the colon.
pub(super) fn path(line: &[u8]) -> String {
    let behind = line
        .iter()
        .position(|b| *b == b':')
        .map_or(line.len(), |at| at + 1);
    let rest = line[behind..].trim_ascii_start();
    String::from_utf8_lossy(&rest[..path_len(rest)]).into_owned()
}

/// Octets of the path that `rest` begins with; a `>` within quotes ends none.
pub(super) fn path_len(rest: &[u8]) -> usize {
    let bracketed = rest.first() == Some(&b'<');
    let (mut quoted, mut escaped) = (false, false);
    for (at, b) in rest.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if bracketed && !quoted => return at + 1,
            b' ' if !bracketed && !quoted => return at,
            _ => {}
        }
    }
    rest.len()
}

fn has_parameter(line: &[u8], name: &[u8]) -> bool {
    line.split(|b| *b == b' ')
        .skip(1)
        .any(|w| w.eq_ignore_ascii_case(name))
}

/// The count of a BDAT line and whether it says LAST.
fn chunk_of(line: &[u8]) -> Option<(u64, bool)> {
    if !word(line, 0).eq_ignore_ascii_case(b"BDAT") {
        return None;
    }
    let digits = word(line, 1);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some((count, word(line, 2).eq_ignore_ascii_case(b"LAST")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        assert_eq!(path(b"MAIL FROM:<a@b> SIZE=1"), "<a@b>");
        assert_eq!(path(b"RCPT TO: <\"a >\\\"b\"@c>"), "<\"a >\\\"b\"@c>");
        assert_eq!(path(b"RCPT TO:a@b NOTIFY=NEVER"), "a@b");
        assert_eq!(path(b"MAIL"), "");
    }

    #[test]
    fn chunks() {
        assert_eq!(chunk_of(b"bdat 86 last"), Some((86, true)));
        assert_eq!(chunk_of(b"BDAT 0"), Some((0, false)));
        assert_eq!(chunk_of(b"BDAT +1"), None);
        assert_eq!(chunk_of(b"BDAT 99999999999999999999"), None);
        assert_eq!(chunk_of(b"DATA"), None);
    }
}
