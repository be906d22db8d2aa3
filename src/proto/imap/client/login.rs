//! LOGIN (RFC 9051 6.2.3), composed: quotes and literals where the words need them.

use super::Client;
use super::command::Kind;
use super::literal::Piece;
use crate::proto::engine::Refusal;
use crate::proto::event::Exchange;
use crate::proto::imap::spec::SPEC;
use crate::wire::secret::{MASK, Secret};

/// The longest string that is quoted rather than sent as a literal.
const QUOTED_MAX: usize = 1000;

impl Client {
    /// LOGIN (RFC 9051 6.2.3), with quotes or literals where the words need them.
    pub(super) fn submit_login(
        &mut self,
        user: &str,
        password: &Secret,
    ) -> Result<Exchange, Refusal> {
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
}

enum Astring {
    Inline(Secret),
    Literal(bool),
}
