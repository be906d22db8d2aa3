//! Logins: AUTHENTICATE by hand and by mechanism (RFC 9051 6.2.2, RFC 4959), and LOGIN.

use super::Client;
use super::command::{Command, Kind};
use super::literal::Piece;
use super::turn::Turn;
use super::veil::Veil;
use crate::proto::engine::Refusal;
use crate::proto::event::{self, Event, Sent, SentKind};
use crate::proto::imap::spec::SPEC;
use crate::sasl::{self, About, Heard, Mechanism, Say, Told};
use crate::wire::b64;
use crate::wire::secret::{MASK, Secret};

/// The longest string that is quoted rather than sent as a literal.
const QUOTED_MAX: usize = 1000;

/// An AUTHENTICATE under way.
#[derive(Debug)]
pub(super) struct Exchange {
    mechanism: String,
    initial: bool,
    helper: Option<Box<dyn Mechanism>>,
    answers: usize,
    user: Option<String>,
    cancelled: Option<String>,
}

impl Exchange {
    fn new(mechanism: &str) -> Self {
        Self {
            mechanism: mechanism.to_owned(),
            initial: false,
            helper: None,
            answers: 0,
            user: None,
            cancelled: None,
        }
    }

    /// One that was typed.
    pub(super) fn typed(command: &[u8]) -> Self {
        let mut words = command
            .split(|&b| b == b' ')
            .filter(|word| !word.is_empty());
        let name = words.nth(1).unwrap_or_default();
        let mut exchange = Self::new(&String::from_utf8_lossy(&name[..name.len().min(40)]));
        if let Some(response) = words.next() {
            exchange.initial = true;
            exchange.note_answer(&b64::decode(response).unwrap_or_default());
        }
        exchange
    }

    /// The name as typed.
    pub(super) fn mechanism(&self) -> &str {
        &self.mechanism
    }

    /// True when an initial response was typed.
    pub(super) fn has_initial(&self) -> bool {
        self.initial
    }

    /// True when the credential travels as it is.
    pub(super) fn in_the_clear(&self) -> bool {
        sasl::find(&self.mechanism).is_some_and(|row| row.clear_credential)
    }

    /// True when answers that a person or a pipe has ready may not have been asked for.
    pub(super) fn leaves_answers(&self) -> bool {
        let wanted = match self.mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" | "EXTERNAL" | "ANONYMOUS" | "CRAM-MD5" | "XOAUTH2" | "OAUTHBEARER" => 1,
            "LOGIN" | "DIGEST-MD5" => 2,
            _ => usize::MAX,
        };
        self.helper.is_none() && self.cancelled.is_none() && self.answers < wanted
    }

    /// Counts an answer, and learns who is meant.
    fn note_answer(&mut self, message: &[u8]) {
        if self.answers == 0 || self.user.is_none() && message.is_empty() {
            self.user = user_of(&self.mechanism, message);
        }
        self.answers += 1;
    }

    /// The server said OK: does the mechanism agree?
    pub(super) fn accepted(&mut self) -> Result<(Option<String>, Vec<Told>), String> {
        if let Some(why) = &self.cancelled {
            return Err(format!(
                "the server accepts a login that was cancelled: {why}"
            ));
        }
        let Some(helper) = &mut self.helper else {
            return Ok((self.user.take(), Vec::new()));
        };
        match helper.step(Heard::Success) {
            Ok(Say::Satisfied) => Ok((self.user.take(), helper.told())),
            Ok(_) => Err("the server said OK before the exchange was complete".to_owned()),
            Err(why) => Err(why.to_string()),
        }
    }
}

impl Client {
    /// A login by mechanism: a new AUTHENTICATE, or the one under way taken over.
    pub(super) fn submit_auth(
        &mut self,
        mut helper: Box<dyn Mechanism>,
    ) -> Result<event::Exchange, Refusal> {
        if let Turn::Answer {
            mechanism,
            challenge,
        } = &self.turn
        {
            if !mechanism.eq_ignore_ascii_case(helper.name()) {
                return Err(Refusal::NotNow("another mechanism's exchange is under way"));
            }
            let challenge = challenge.clone();
            let newest = self.newest();
            if let Some(exchange) = self.newest_auth() {
                exchange.helper = Some(helper);
            }
            self.answer_by_helper(challenge.expose());
            return Ok(newest);
        }
        if let Some(why) = self.not_a_command() {
            return Err(Refusal::NotNow(why));
        }
        let mut exchange = Exchange::new(helper.name());
        if exchange.in_the_clear() {
            self.may_send_credential()?;
        }
        let mut line = format!("AUTHENTICATE {}", helper.name());
        let mut shown = line.clone();
        if helper.client_first() && self.does_offer("SASL-IR IMAP4REV2") {
            let first = helper
                .step(Heard::Nothing)
                .map_err(|e| Refusal::Sasl(e.0))?;
            if let Say::Send(message) = first {
                exchange.note_answer(message.expose());
                let (text, mask) = if message.is_empty() {
                    ("=".to_owned(), "=")
                } else {
                    (b64::encode(message.expose()), MASK)
                };
                line = format!("{line} {text}");
                shown = format!("{shown} {mask}");
            }
        }
        let told = helper.told();
        exchange.helper = Some(helper);
        let pieces = vec![Piece::Line {
            wire: Secret::new(line),
            shown: shown.into_bytes(),
        }];
        let mechanism = exchange.mechanism.clone();
        let number = self.compose("AUTHENTICATE", Kind::Authenticate(exchange), pieces);
        self.tell(told);
        self.advise_mechanism(&mechanism, false);
        Ok(number)
    }

    /// LOGIN (RFC 9051 6.2.3), with quotes or literals where the words need them.
    pub(super) fn submit_login(
        &mut self,
        user: &str,
        password: &Secret,
    ) -> Result<event::Exchange, Refusal> {
        if let Some(why) = self.not_a_command() {
            return Err(Refusal::NotNow(why));
        }
        let octets = user.bytes().chain(password.expose().iter().copied());
        if octets.into_iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return Err(Refusal::LineBreakInside);
        }
        self.may_send_credential()?;
        let mut pieces = Vec::new();
        let mut wire = b"LOGIN".to_vec();
        let mut shown = wire.clone();
        for (word, hidden) in [(user.as_bytes(), false), (password.expose(), true)] {
            wire.push(b' ');
            shown.push(b' ');
            match self.astring(word) {
                Astring::Inline(text) => {
                    shown.extend_from_slice(if hidden {
                        MASK.as_bytes()
                    } else {
                        text.expose()
                    });
                    wire.extend_from_slice(text.expose());
                }
                Astring::Literal(at_once) => {
                    let plus = if at_once { "+" } else { "" };
                    let header = format!("{{{}{plus}}}", word.len());
                    wire.extend_from_slice(header.as_bytes());
                    shown.extend_from_slice(header.as_bytes());
                    pieces.push(Piece::Line {
                        wire: Secret::new(std::mem::take(&mut wire)),
                        shown: std::mem::take(&mut shown),
                    });
                    pieces.push(Piece::Literal {
                        octets: Secret::new(word),
                        hidden,
                        at_once,
                    });
                }
            }
        }
        pieces.push(Piece::Line {
            wire: Secret::new(wire),
            shown,
        });
        let number = self.compose("LOGIN", Kind::Login, pieces);
        if let Some(command) = self.commands.back_mut() {
            command.veil.name(user.as_bytes());
        }
        let verb = SPEC.verb_named("LOGIN");
        self.advise(verb, b"LOGIN", &Kind::Login, &Ok(None));
        Ok(number)
    }

    /// Puts a command of the engine's own under way.
    fn compose(&mut self, name: &str, kind: Kind, mut pieces: Vec<Piece>) -> event::Exchange {
        let exchange = self.next_exchange();
        let tag = self.tags.take();
        if let Some(Piece::Line { wire, shown }) = pieces.first_mut() {
            *wire = Secret::new([tag.as_bytes(), b" ", wire.expose()].concat());
            *shown = [tag.as_bytes(), b" ", shown.as_slice()].concat();
        }
        self.commands.push_back(Command {
            exchange,
            tag: tag.into_bytes(),
            to: name.to_owned(),
            verb: SPEC.verb_named(name),
            kind,
            veil: Veil::default(),
            lines: 0,
            content: 0,
            saw_offers: false,
        });
        self.script = pieces.into();
        self.play(false);
        exchange
    }

    /// Why no command can begin now, if none can.
    fn not_a_command(&self) -> Option<&'static str> {
        match self.turn {
            Turn::Free => None,
            Turn::Idle => Some("IDLE runs: DONE ends it"),
            Turn::Literal { .. } => Some("a literal is not complete"),
            Turn::Answer { .. } => Some("another login is under way"),
            _ => self.turn.blocked(),
        }
    }

    fn astring(&self, word: &[u8]) -> Astring {
        let quotable = word.iter().all(|b| (0x20..0x7f).contains(b));
        if !quotable || word.len() > QUOTED_MAX {
            return Astring::Literal(self.takes_at_once(word.len()));
        }
        let atom = !word.is_empty()
            && !word.eq_ignore_ascii_case(b"NIL")
            && !word.iter().any(|b| br#"(){ %*"\"#.contains(b));
        if atom {
            return Astring::Inline(Secret::new(word));
        }
        let mut quoted = Vec::with_capacity(word.len() * 2 + 2);
        quoted.push(b'"');
        for &b in word {
            if matches!(b, b'"' | b'\\') {
                quoted.push(b'\\');
            }
            quoted.push(b);
        }
        quoted.push(b'"');
        Astring::Inline(Secret::new(quoted))
    }

    /// A challenge came: a person answers, or the helper does.
    pub(super) fn challenged(&mut self, text: &[u8]) {
        let decoded = b64::decode(text);
        let Some(exchange) = self.newest_auth() else {
            return;
        };
        if exchange.helper.is_none() {
            let mechanism = exchange.mechanism.clone();
            self.turn = Turn::Answer {
                mechanism,
                challenge: Secret::new(decoded.unwrap_or_else(|_| text.to_vec())),
            };
            return;
        }
        match decoded {
            Ok(challenge) => self.answer_by_helper(Secret::new(challenge).expose()),
            Err(why) => self.give_up(format!("the challenge is not base64: {why}")),
        }
    }

    fn answer_by_helper(&mut self, challenge: &[u8]) {
        let Some(exchange) = self.newest_auth() else {
            return;
        };
        let Some(helper) = &mut exchange.helper else {
            return;
        };
        let said = helper.step(Heard::Challenge(challenge));
        let (heard, sent): (Vec<_>, Vec<_>) = helper
            .told()
            .into_iter()
            .partition(|told| told.about == About::Heard);
        if let Ok(Say::Send(message)) = &said {
            exchange.note_answer(message.expose());
        }
        self.tell(heard);
        match said {
            Ok(Say::Send(message)) => {
                let text = Secret::new(b64::encode(message.expose()));
                self.send_answer(text.expose(), true);
            }
            // The server's last word came as a challenge: an empty answer lets it say OK.
            Ok(Say::Satisfied) => {
                self.send_answer(b"", true);
            }
            Ok(Say::Listen) => self.give_up("the mechanism has nothing to answer".to_owned()),
            Err(why) => self.give_up(why.to_string()),
        }
        self.tell(sent);
    }

    /// Cancels, and says why: the verdict that follows cannot be trusted to.
    fn give_up(&mut self, why: String) {
        self.cancel_auth(true);
        if let Some(exchange) = self.newest_auth() {
            exchange.cancelled = Some(why.clone());
        }
        self.tell(vec![Told::sent(format!("cancelled: {why}"))]);
    }

    /// A typed answer, sent as it is.
    pub(super) fn submit_answer(&mut self, line: &[u8]) -> event::Exchange {
        if line == b"*" {
            return self.cancel_auth(false);
        }
        if let Some(exchange) = self.newest_auth() {
            exchange.note_answer(&b64::decode(line).unwrap_or_default());
        }
        self.send_answer(line, false)
    }

    pub(super) fn cancel_auth(&mut self, differs: bool) -> event::Exchange {
        if let Some(exchange) = self.newest_auth() {
            exchange.cancelled = Some("by *".to_owned());
        }
        self.send_answer(b"*", differs)
    }

    fn send_answer(&mut self, line: &[u8], differs: bool) -> event::Exchange {
        let exchange = self.newest();
        let masked = !line.is_empty() && line != b"*";
        let sent = Sent {
            exchange,
            shown: if masked {
                MASK.as_bytes().to_vec()
            } else {
                line.to_vec()
            },
            clear: self.clear_text(line, masked),
            kind: SentKind::Answer,
            octets: line.len() as u64 + 2,
            differs,
        };
        self.turn = Turn::ChallengeDue;
        self.send(sent, [line, b"\r\n"].concat());
        exchange
    }

    fn tell(&mut self, told: Vec<Told>) {
        if !told.is_empty() {
            self.event(Event::Told(told));
        }
    }

    fn newest_auth(&mut self) -> Option<&mut Exchange> {
        match &mut self.commands.back_mut()?.kind {
            Kind::Authenticate(exchange) => Some(exchange),
            _ => None,
        }
    }
}

enum Astring {
    Inline(Secret),
    Literal(bool),
}

/// True for challenges that hold no secret: none, and the prompts of LOGIN.
pub(super) fn is_harmless(challenge: &[u8]) -> bool {
    let decoded = b64::decode(challenge).unwrap_or_else(|_| challenge.to_vec());
    let prompts: [&[u8]; 5] = [b"", b"USERNAME:", b"USER NAME", b"USERNAME", b"PASSWORD:"];
    let word = decoded.to_ascii_uppercase();
    let word = word.strip_suffix(b"\0").unwrap_or(&word);
    prompts.contains(&word)
}

/// Who is meant by a mechanism's first message, where it says so.
fn user_of(mechanism: &str, message: &[u8]) -> Option<String> {
    let name = mechanism.to_ascii_uppercase();
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).ok();
    let attribute = |separator: u8, key: &[u8]| {
        let mut parts = message.split(|&b| b == separator);
        parts.find_map(|part| part.strip_prefix(key)).and_then(text)
    };
    let user = match name.as_str() {
        "PLAIN" => message.split(|&b| b == 0).nth(1).and_then(text),
        "LOGIN" => text(message),
        "CRAM-MD5" => {
            let end = message.iter().rposition(|&b| b == b' ')?;
            text(&message[..end])
        }
        "XOAUTH2" => attribute(1, b"user="),
        "OAUTHBEARER" => attribute(b',', b"a="),
        _ if name.starts_with("SCRAM-") => attribute(b',', b"n="),
        _ => None,
    };
    user.filter(|user| !user.is_empty())
        .map(|user| match name.as_str() {
            "OAUTHBEARER" => unescaped(&user),
            _ if name.starts_with("SCRAM-") => unescaped(&user),
            _ => user,
        })
}

/// A saslname's own escapes (RFC 5801 4).
fn unescaped(name: &str) -> String {
    name.replace("=2C", ",").replace("=3D", "=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_meant() {
        for (mechanism, message, user) in [
            ("plain", "\0alice\0secret", Some("alice")),
            ("PLAIN", "admin\0bob\0secret", Some("bob")),
            ("LOGIN", "alice", Some("alice")),
            ("CRAM-MD5", "al ice 00ff", Some("al ice")),
            (
                "XOAUTH2",
                "user=alice\u{1}auth=Bearer t\u{1}\u{1}",
                Some("alice"),
            ),
            (
                "OAUTHBEARER",
                "n,a=alice,\u{1}auth=Bearer t\u{1}\u{1}",
                Some("alice"),
            ),
            ("SCRAM-SHA-256", "n,,n=a=2Cb,r=nonce", Some("a,b")),
            ("PLAIN", "garbage", None),
            ("X-OTHER", "alice", None),
        ] {
            assert_eq!(
                user_of(mechanism, message.as_bytes()).as_deref(),
                user,
                "{mechanism}"
            );
        }
    }

    #[test]
    fn only_prompts_are_harmless() {
        assert!(is_harmless(b""));
        assert!(is_harmless(b"VXNlcm5hbWU6"));
        assert!(is_harmless(b"UGFzc3dvcmQ6"));
        assert!(!is_harmless(b"cj1hYmM="));
    }
}
