//! Literals on their way out: typed lines and content counted down, and commands that the engine
//! composed itself (RFC 9051 4.3, RFC 7888).

use super::Client;
use super::SHOWN_MAX;
use super::turn::Turn;
use crate::proto::engine::Refusal;
use crate::proto::event::{Advice, Exchange, Sent, SentKind};
use crate::wire::octets::{Announced, announced};
use crate::wire::secret::{MASK, Secret};

/// A piece of a command that the engine composed.
#[derive(Debug)]
pub(super) enum Piece {
    /// A line, or the rest of one behind a literal.
    Line {
        /// As sent, without the line end.
        wire: Secret,
        /// As shown.
        shown: Vec<u8>,
    },
    /// A literal: it follows the line that announced it.
    Literal {
        /// The octets.
        octets: Secret,
        /// Nobody may see them.
        hidden: bool,
        /// No go-ahead is waited for.
        at_once: bool,
    },
}

/// What a line that ends in an announcement waits for.
pub(super) fn after_header(literal: &Announced) -> Turn {
    let octets = literal.octets;
    if literal.at_once {
        Turn::Literal { left: octets }
    } else {
        Turn::LiteralDue { octets }
    }
}

impl Client {
    /// A typed line while `left` octets are owed: it counts with its CRLF; what stands behind the
    /// last octet continues the command.
    pub(super) fn submit_literal_line(
        &mut self,
        line: &[u8],
        left: u64,
    ) -> Result<Exchange, Refusal> {
        let length = line.len() as u64;
        if length + 1 == left {
            return Err(Refusal::NotNow(
                "the count ends between this line's CR and LF: it takes one octet more or less",
            ));
        }
        if length + 2 <= left {
            let wire = [line, b"\r\n"].concat();
            self.send_content(line, wire);
            self.turn = Turn::Literal {
                left: left - length - 2,
            };
            return Ok(self.newest());
        }
        // The line is longer than what is left, so the count fits a usize.
        let (content, rest) = line.split_at(left as usize);
        if rest.is_empty() && left > 0 {
            let wire = [content, b"\r\n"].concat();
            self.send_content(content, wire);
            self.line_sent(None);
            return Ok(self.newest());
        }
        if left > 0 {
            self.send_content(content, content.to_vec());
        }
        self.send_rest(rest, left > 0);
        Ok(self.newest())
    }

    /// Content as octets. The rest of the command comes as a line.
    pub(super) fn submit_content(&mut self, bytes: &[u8], last: bool) -> Result<Exchange, Refusal> {
        let Turn::Literal { left } = self.turn else {
            return Err(Refusal::NotNow(
                self.turn
                    .blocked()
                    .unwrap_or("no literal was announced that this could fill"),
            ));
        };
        let length = bytes.len() as u64;
        if length > left {
            return Err(Refusal::NotNow(
                "this is more than the literal's count has left",
            ));
        }
        if last && length < left {
            return Err(Refusal::NotNow("this is less than the literal's count"));
        }
        if !bytes.is_empty() {
            self.send_content(&bytes[..bytes.len().min(SHOWN_MAX)], bytes.to_vec());
        }
        self.turn = Turn::Literal {
            left: left - length,
        };
        Ok(self.newest())
    }

    /// A command line that ends in `{n+}`, with the first of its octets.
    pub(super) fn submit_chunk(&mut self, line: &[u8], bytes: &[u8]) -> Result<Exchange, Refusal> {
        match announced(line) {
            Ok(Some(literal)) if literal.at_once => {
                if bytes.len() as u64 > literal.octets {
                    return Err(Refusal::NotNow("this is more than the literal's count"));
                }
            }
            _ => {
                return Err(Refusal::NotNow(
                    "octets follow a line at once only where it ends in {n+}",
                ));
            }
        }
        self.submit_line(line)?;
        self.submit_content(bytes, false)
    }

    /// Sends octets of a literal. `shown` are those that count, or the first of them.
    fn send_content(&mut self, shown: &[u8], wire: Vec<u8>) {
        let mut hidden = false;
        if let Some(command) = self.commands.back_mut() {
            hidden = command.veil.hides_literal();
            command.veil.literal(shown);
        }
        let sent = Sent {
            exchange: self.newest(),
            shown: if hidden {
                MASK.as_bytes().to_vec()
            } else {
                shown.to_vec()
            },
            clear: self.clear_text(shown, hidden),
            kind: SentKind::Content,
            octets: wire.len() as u64,
            differs: false,
        };
        self.send(sent, wire);
    }

    /// Sends what continues the command behind a literal.
    fn send_rest(&mut self, rest: &[u8], same_line: bool) {
        let literal = announced(rest);
        let header = literal.as_ref().ok().and_then(Option::as_ref);
        let shown = match self.commands.back_mut() {
            Some(command) => command.veil.line(rest, header),
            None => rest.to_vec(),
        };
        let sent = Sent {
            exchange: self.newest(),
            clear: self.clear_text(rest, shown != rest),
            shown,
            kind: SentKind::Command,
            octets: rest.len() as u64 + 2,
            differs: false,
        };
        self.send(sent, [rest, b"\r\n"].concat());
        if same_line && !matches!(rest[0], b' ' | b')' | b']' | b'>') {
            self.advice(Advice::Syntax(
                "the literal's count ends inside this line; what stands behind it continues the command"
                    .to_owned(),
            ));
        }
        self.advise_literal(&literal);
        self.line_sent(literal.ok().flatten());
    }

    /// Sends as much of the composed command as may be sent. `granted`: a go-ahead came.
    pub(super) fn play(&mut self, mut granted: bool) {
        while let Some(piece) = self.script.pop_front() {
            match piece {
                Piece::Line { wire, shown } => {
                    let line = wire.expose();
                    let sent = Sent {
                        exchange: self.newest(),
                        clear: self.clear_text(line, shown != line),
                        shown,
                        kind: SentKind::Command,
                        octets: line.len() as u64 + 2,
                        differs: true,
                    };
                    let octets = [line, b"\r\n"].concat();
                    self.send(sent, octets);
                }
                Piece::Literal {
                    octets,
                    hidden,
                    at_once,
                } => {
                    if !at_once && !granted {
                        self.turn = Turn::LiteralDue {
                            octets: octets.expose().len() as u64,
                        };
                        self.script.push_front(Piece::Literal {
                            octets,
                            hidden,
                            at_once,
                        });
                        return;
                    }
                    granted = false;
                    let text = octets.expose();
                    let mut wire = text.to_vec();
                    // Nothing follows but the line end: it goes with the literal.
                    let ends = self.script.pop_front_if(
                        |next| matches!(next, Piece::Line { wire, .. } if wire.is_empty()),
                    );
                    if ends.is_some() {
                        wire.extend_from_slice(b"\r\n");
                    }
                    let sent = Sent {
                        exchange: self.newest(),
                        shown: if hidden {
                            MASK.as_bytes().to_vec()
                        } else {
                            text.to_vec()
                        },
                        clear: self.clear_text(text, hidden),
                        kind: SentKind::Content,
                        octets: wire.len() as u64,
                        differs: true,
                    };
                    self.send(sent, wire);
                }
            }
        }
        self.line_sent(None);
    }
}
