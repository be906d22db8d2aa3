//! Go-aheads and completions: what answers a command, and what may not.

use super::Client;
use super::auth::is_harmless;
use super::command::Kind;
use super::receive::quoted;
use super::reply::{Status, Word, first_word};
use super::turn::Turn;
use crate::proto::event::{Content, Event, FailureKind, Line, LineKind, Oddity, Reply, Verdict};
use crate::wire::secret::MASK;

impl Client {
    pub(super) fn go_ahead(&mut self, line: Vec<u8>) {
        let text = line[1..].trim_ascii_start().to_vec();
        let is_auth = self.turn.is_auth();
        let masked = is_auth && !is_harmless(&text);
        let due = matches!(
            self.turn,
            Turn::LiteralDue { .. } | Turn::ChallengeDue | Turn::IdleDue
        );
        let exchange = if due { Some(self.newest()) } else { self.raw };
        let clear = self.clear_text(&line, masked);
        let shown = |text: &[u8]| match masked {
            true => MASK.as_bytes().to_vec(),
            false => text.to_vec(),
        };
        self.count_line(exchange);
        self.event(Event::Line(Line {
            exchange,
            text: if masked {
                [b"+ ", MASK.as_bytes()].concat()
            } else {
                line.clone()
            },
            clear,
            verdict: Verdict::More,
            kind: LineKind::GoAhead,
        }));
        if !due && (exchange.is_none() || matches!(self.turn, Turn::TlsDue)) {
            return self.unasked_go_ahead();
        }
        let to = match self.commands.back() {
            Some(command) if due => command.to.clone(),
            _ => String::new(),
        };
        self.event(Event::Reply(Reply {
            exchange,
            to,
            code: "+".to_owned(),
            verdict: Verdict::More,
            text: shown(&text),
            lines: 1,
            intermediate: true,
            ..Reply::default()
        }));
        if !due {
            self.raw_login.challenged();
        }
        match self.turn {
            Turn::LiteralDue { .. } if !self.script.is_empty() => self.play(true),
            Turn::LiteralDue { octets } => self.turn = Turn::Literal { left: octets },
            Turn::ChallengeDue => self.challenged(&text),
            Turn::IdleDue => self.turn = Turn::Idle,
            _ => {}
        }
    }

    fn unasked_go_ahead(&mut self) {
        let kind = match self.turn {
            Turn::TlsDue if self.options.starttls_required => FailureKind::Tls,
            _ if self.options.strict => FailureKind::Protocol,
            _ => {
                let what = "a go-ahead that nothing asked for".to_owned();
                return self.event(Event::Oddity(Oddity::Other(what)));
            }
        };
        self.fail(kind, "the server sent a go-ahead that nothing asked for");
    }

    pub(super) fn tagged(&mut self, line: Vec<u8>) {
        let (tag, rest) = first_word(&line);
        let index = self.commands.iter().position(|command| command.tag == tag);
        let status = Status::read(rest)
            .filter(|status| matches!(status.word, Word::Ok | Word::No | Word::Bad));
        match (index, status) {
            (Some(index), Some(status)) => {
                let (kept, tag) = (line.clone(), String::from_utf8_lossy(tag).into_owned());
                let exchange = Some(self.commands[index].exchange);
                self.line(exchange, kept, status.verdict(), LineKind::Status);
                self.completed(index, &status, Some(tag));
            }
            (None, Some(status)) if self.raw.is_some() => self.answered_raw(&line, &status),
            (index, status) => {
                let what = match (index, status) {
                    (Some(_), _) => "a completion that is neither OK, NO nor BAD",
                    (None, Some(_)) => "a completion for a tag that no command is waiting with",
                    (None, None) => "a line that is no IMAP response",
                };
                let what = format!("{what}: {}", quoted(&line));
                self.line(self.oldest(), line, Verdict::Refused, LineKind::Unknown);
                self.fail(FailureKind::Protocol, what);
            }
        }
    }

    /// A tagged line after raw octets: they may have held its command.
    fn answered_raw(&mut self, line: &[u8], status: &Status<'_>) {
        self.raw_login.ended();
        let (tag, _) = first_word(line);
        let verdict = status.verdict();
        self.line(self.raw, line.to_vec(), verdict, LineKind::Status);
        self.event(Event::Reply(Reply {
            exchange: self.raw,
            tag: Some(String::from_utf8_lossy(tag).into_owned()),
            code: status.word.name().to_owned(),
            response_code: status.code_text(),
            verdict,
            text: status.text.to_vec(),
            lines: 1,
            ..Reply::default()
        }));
    }

    pub(super) fn completed(&mut self, index: usize, status: &Status<'_>, tag: Option<String>) {
        let is_newest = index + 1 == self.commands.len();
        let refused = status.word != Word::Ok;
        let unsent = if is_newest {
            let early = match self.turn {
                Turn::Literal { .. } => true,
                Turn::LiteralDue { .. } | Turn::Idle | Turn::Answer { .. } => !refused,
                _ => false,
            };
            if early {
                return self.fail(
                    FailureKind::Protocol,
                    "a completion came before its command was sent to the end",
                );
            }
            self.unsent(refused)
        } else {
            None
        };
        let Some(command) = self.commands.remove(index) else {
            return;
        };
        if is_newest {
            self.turn = Turn::Free;
            self.script.clear();
        }
        self.event(Event::Reply(Reply {
            exchange: Some(command.exchange),
            to: command.to.clone(),
            tag,
            code: status.word.name().to_owned(),
            response_code: status.code_text(),
            verdict: status.verdict(),
            text: status.text.to_vec(),
            lines: command.lines,
            content: command.content,
            unsent,
            ..Reply::default()
        }));
        self.settle(command, status);
    }

    /// What the newest command would still have wanted from us.
    fn unsent(&self, refused: bool) -> Option<Content> {
        match (&self.turn, &self.commands.back()?.kind) {
            (Turn::LiteralDue { octets }, _) if refused && self.script.is_empty() => {
                Some(Content::Literal { octets: *octets })
            }
            (_, Kind::Authenticate(login)) if refused => login.unsent(),
            _ => None,
        }
    }
}
