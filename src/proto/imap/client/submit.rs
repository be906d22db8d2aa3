//! What a person wants said: commands, raw octets, the end of IDLE.

use super::Client;
use super::SHOWN_MAX;
use super::command::{Command, Kind};
use super::literal::after_header;
use super::state::Life;
use super::turn::Turn;
use super::veil::{Veil, masked_line};
use crate::proto::engine::Refusal;
use crate::proto::event::{Advice, Exchange, Sent, SentKind};
use crate::proto::imap::spec::SPEC;
use crate::proto::lines::travels_in_clear;
use crate::wire::octets::{Announced, announced};
use crate::wire::secret::MASK;

impl Client {
    pub(super) fn submit_line(&mut self, line: &[u8]) -> Result<Exchange, Refusal> {
        if line.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return Err(Refusal::LineBreakInside);
        }
        if let Some(why) = self.turn.blocked() {
            return Err(Refusal::NotNow(why));
        }
        match self.turn {
            Turn::Literal { left } => self.submit_literal_line(line, left),
            Turn::Answer { .. } => Ok(self.submit_answer(line)),
            Turn::Idle => self.submit_done(line),
            _ => self.submit_command(line),
        }
    }

    fn submit_command(&mut self, line: &[u8]) -> Result<Exchange, Refusal> {
        let cut = self.tags.cut(line);
        let kind = Kind::of(cut.verb, cut.command, Exchange(self.exchanges + 1));
        match &kind {
            Kind::StartTls => self.may_start_tls()?,
            Kind::Login => self.may_send_credential()?,
            Kind::Authenticate(login) if travels_in_clear(login.name.as_bytes()) => {
                self.may_send_credential()?;
            }
            _ => {}
        }
        if line.is_empty() {
            return Ok(self.send_empty_line());
        }
        let literal = announced(cut.command);
        let mut veil = Veil::new(cut.verb, cut.command);
        let masked = veil.line(cut.command, literal.as_ref().ok().and_then(Option::as_ref));
        let (tag, differs) = match cut.tag {
            Some(tag) => {
                self.tags.typed(tag);
                (tag.to_vec(), false)
            }
            None => (self.tags.take().into_bytes(), true),
        };
        // What the person put between tag and command stays as it is.
        let typed_head = &line[..line.len() - cut.command.len()];
        let head = match cut.tag {
            Some(_) => typed_head.to_vec(),
            None => [tag.as_slice(), b" "].concat(),
        };
        let wire = [head.as_slice(), cut.command, b"\r\n"].concat();
        let exchange = self.next_exchange();
        let is_masked = masked != cut.command;
        let sent = Sent {
            exchange,
            shown: [head.as_slice(), &masked].concat(),
            clear: self.clear_text(&wire[..wire.len() - 2], is_masked),
            kind: SentKind::Command,
            octets: wire.len() as u64,
            differs,
        };
        self.send(sent, wire);
        let to = match cut.verb {
            Some(verb) => verb.name.to_owned(),
            None => first_word_in_capitals(cut.command),
        };
        if self.tags.added
            && let Some(tag) = cut.tag
        {
            let tag = String::from_utf8_lossy(tag).into_owned();
            self.advice(Advice::TagKept { tag });
        }
        self.advise(cut.verb, cut.command, &kind, &literal);
        self.commands.push_back(Command {
            exchange,
            tag,
            to,
            verb: cut.verb,
            kind,
            veil,
            lines: 0,
            content: 0,
            saw_offers: false,
        });
        self.line_sent(literal.ok().flatten());
        Ok(exchange)
    }

    /// After a line of the newest command: what it waits for now.
    pub(super) fn line_sent(&mut self, literal: Option<Announced>) {
        self.turn = match (literal, self.commands.back().map(|command| &command.kind)) {
            (Some(literal), _) => after_header(&literal),
            (None, Some(Kind::Authenticate(_))) => Turn::ChallengeDue,
            (None, Some(Kind::Idle)) => Turn::IdleDue,
            (None, Some(Kind::StartTls)) => Turn::TlsDue,
            (None, _) => Turn::Free,
        };
    }

    /// An empty line is no command, so it gets no tag and no answer is due.
    fn send_empty_line(&mut self) -> Exchange {
        let exchange = self.next_exchange();
        let sent = Sent {
            exchange,
            shown: Vec::new(),
            clear: None,
            kind: SentKind::Command,
            octets: 2,
            differs: false,
        };
        self.send(sent, b"\r\n".to_vec());
        exchange
    }

    fn may_start_tls(&self) -> Result<(), Refusal> {
        let why = if self.options.secured {
            "TLS is up already"
        } else if self.place.logged_in {
            "STARTTLS is not possible after a login"
        } else if self.life == Life::Greeting || !self.commands.is_empty() {
            "replies are still due: what came with them would look protected"
        } else {
            return Ok(());
        };
        Err(Refusal::StartTlsNow(why))
    }

    pub(super) fn may_send_credential(&self) -> Result<(), Refusal> {
        if self.options.secured || self.options.clear_credentials {
            Ok(())
        } else {
            Err(Refusal::ClearCredential)
        }
    }

    fn submit_done(&mut self, line: &[u8]) -> Result<Exchange, Refusal> {
        if !line.eq_ignore_ascii_case(b"DONE") {
            return Err(Refusal::NotNow("IDLE runs: DONE ends it"));
        }
        Ok(self.send_done(line, false))
    }

    fn send_done(&mut self, line: &[u8], differs: bool) -> Exchange {
        let exchange = self.newest();
        let sent = Sent {
            exchange,
            shown: line.to_vec(),
            clear: None,
            kind: SentKind::Command,
            octets: line.len() as u64 + 2,
            differs,
        };
        self.turn = Turn::Free;
        self.send(sent, [line, b"\r\n"].concat());
        exchange
    }

    pub(super) fn submit_cancel(&mut self) -> Result<Exchange, Refusal> {
        match self.turn {
            Turn::Idle => Ok(self.send_done(b"DONE", true)),
            Turn::Answer { .. } => Ok(self.cancel_auth(true)),
            _ => Err(Refusal::NotNow(
                self.turn
                    .blocked()
                    .unwrap_or("nothing runs that could be cancelled"),
            )),
        }
    }

    /// Raw octets have no meaning here: no tag, no turn. What answers them is shown as theirs.
    pub(super) fn submit_raw(&mut self, bytes: &[u8]) -> Exchange {
        let exchange = self.next_exchange();
        self.raw = Some(exchange);
        let start = &bytes[..bytes.len().min(SHOWN_MAX)];
        let shown = if self.turn.is_auth() {
            MASK.as_bytes().to_vec()
        } else {
            let login = &mut self.raw_login;
            let lines = start.split(|&b| b == b'\n').map(|line| {
                let bare = line.strip_suffix(b"\r").unwrap_or(line);
                match login.says(bare, &SPEC) {
                    true => [MASK.as_bytes(), &line[bare.len()..]].concat(),
                    false => masked_line(line),
                }
            });
            lines.collect::<Vec<_>>().join(&b'\n')
        };
        let sent = Sent {
            exchange,
            clear: self.clear_text(bytes, shown != start),
            shown,
            kind: SentKind::Raw,
            octets: bytes.len() as u64,
            differs: false,
        };
        self.send(sent, bytes.to_vec());
        exchange
    }

    /// The exchange of the newest command.
    pub(super) fn newest(&self) -> Exchange {
        self.commands
            .back()
            .map_or(Exchange(self.exchanges), |command| command.exchange)
    }
}

/// For replies to unknown verbs: the word as people will recognise it, and never a long text.
fn first_word_in_capitals(command: &[u8]) -> String {
    let mut words = command.split(|b| matches!(b, b' ' | b'\t'));
    let word = words.next().unwrap_or_default();
    String::from_utf8_lossy(&word[..word.len().min(40)]).to_ascii_uppercase()
}
