//! What is said about a typed line. It was sent all the same.

use super::Client;
use super::command::{Command, Kind};
use crate::proto::event::Advice;
use crate::proto::imap::utf7;
use crate::proto::lines::word;
use crate::proto::spec::{ArgKind, Verb};
use crate::wire::octets::{Announced, BadCount};

/// The most that LITERAL- lets pass without a go-ahead (RFC 7888 5).
const LITERAL_MINUS_MAX: u64 = 4096;

impl Client {
    pub(super) fn advise(
        &mut self,
        verb: Option<&'static Verb>,
        command: &[u8],
        kind: &Kind,
        literal: &Result<Option<Announced>, BadCount>,
    ) {
        let Some(verb) = verb else {
            let word = command
                .split(|b| matches!(b, b' ' | b'\t'))
                .next()
                .unwrap_or_default();
            let word = String::from_utf8_lossy(&word[..word.len().min(80)]).into_owned();
            self.advice(Advice::UnknownVerb { word });
            self.advise_literal(literal);
            return;
        };
        let moving = self.commands.iter().any(Command::moves);
        if !moving && !verb.phases.contains(&self.place.phase) {
            self.advice(Advice::WrongPhase {
                verb: verb.name,
                phases: verb.phases,
            });
        }
        if let Some(needs) = verb.needs
            && !self.may_offer(needs)
        {
            self.advice(Advice::NotAdvertised {
                what: verb.name.to_owned(),
                needs,
            });
        }
        match kind {
            Kind::Login if self.does_offer("LOGINDISABLED") && !self.offers_stale => {
                self.advice(Advice::Remark(
                    "the server says LOGINDISABLED: it takes no LOGIN here".to_owned(),
                ));
            }
            Kind::Authenticate(login) => {
                let has_initial = !word(command, 2).is_empty();
                self.advise_mechanism(&login.name, has_initial);
            }
            _ if verb.name == "COMPRESS" => self.advice(Advice::Remark(
                "compressed replies cannot be read here: nothing after the OK will make sense"
                    .to_owned(),
            )),
            _ => {}
        }
        self.advise_names(verb, command);
        self.advise_literal(literal);
    }

    pub(super) fn advise_mechanism(&mut self, mechanism: &str, initial: bool) {
        let offer = format!("AUTH={}", mechanism.to_ascii_uppercase());
        // After a login mechanisms are no longer listed, and that one is in place is said already.
        if self.place.logged_in {
            return;
        }
        if !mechanism.is_empty() && !self.may_offer(&offer) {
            self.advice(Advice::NotAdvertised {
                what: format!("AUTHENTICATE {mechanism}"),
                needs: "AUTH=",
            });
        }
        if initial && !self.may_offer("SASL-IR IMAP4REV2") {
            self.advice(Advice::NotAdvertised {
                what: "an initial response".to_owned(),
                needs: "SASL-IR",
            });
        }
    }

    pub(super) fn advise_literal(&mut self, literal: &Result<Option<Announced>, BadCount>) {
        match literal {
            Err(BadCount) => self.advice(Advice::Syntax(
                "the braces at the end hold no possible octet count: no literal follows".to_owned(),
            )),
            Ok(Some(literal)) if literal.at_once => {
                if !self.may_offer("LITERAL+ LITERAL- IMAP4REV2") {
                    self.advice(Advice::NotAdvertised {
                        what: format!("{{{}+}}", literal.octets),
                        needs: "LITERAL+",
                    });
                } else if literal.octets > LITERAL_MINUS_MAX && !self.may_offer("LITERAL+") {
                    self.advice(Advice::Syntax(format!(
                        "LITERAL- lets at most {LITERAL_MINUS_MAX} octets pass without a go-ahead"
                    )));
                }
            }
            _ => {}
        }
    }

    /// Mailbox names travel in modified UTF-7 until UTF8=ACCEPT is enabled (RFC 3501 5.1.3).
    fn advise_names(&mut self, verb: &Verb, command: &[u8]) {
        let takes_names = verb
            .args
            .iter()
            .any(|arg| matches!(arg.kind, ArgKind::Mailbox | ArgKind::Pattern));
        if self.place.utf8 || !takes_names || command.is_ascii() {
            return;
        }
        let Ok(text) = std::str::from_utf8(command) else {
            return;
        };
        if let Some(name) = words(text).into_iter().find(|word| !word.is_ascii()) {
            self.advice(Advice::Remark(format!(
                "8-bit mailbox name, sent as typed; here it is \"{}\"",
                utf7::encode(&name)
            )));
        }
    }

    /// True when a literal of so many octets may be sent without waiting.
    pub(super) fn takes_at_once(&self, octets: usize) -> bool {
        self.does_offer("LITERAL+")
            || (octets as u64 <= LITERAL_MINUS_MAX && self.does_offer("LITERAL- IMAP4REV2"))
    }
}

/// Words of a command, quoted ones without their quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                words.last_mut().into_iter().for_each(|word| word.push(c));
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '(' | ')' if !quoted => words.push(String::new()),
            _ => words.last_mut().into_iter().for_each(|word| word.push(c)),
        }
    }
    words
}
