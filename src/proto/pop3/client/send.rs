//! What goes out: commands, logins, answers.

use super::{Asked, Client, Pending, State};
use crate::proto::engine::{Input, Refusal};
use crate::proto::event::{Advice, Exchange, SentKind};
use crate::proto::lines::{
    Body, Login, Piece, label, masked, masked_raw, travels_in_clear, typed_word, unbroken, word,
};
use crate::proto::pop3::spec::{self, SPEC};
use crate::proto::spec::{Phase, Shape, Verb};

const SHAKING: Refusal = Refusal::NotNow("the TLS handshake is under way");

/// The longest command, CRLF included (RFC 2449 4; RFC 5034 4 keeps it for AUTH).
pub(super) const COMMAND_MAX: usize = 255;

impl Client {
    pub(super) fn take(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        if self.talk.is_over() {
            return Err(Refusal::Closed);
        }
        match input {
            Input::Line(line) => self.line(line),
            Input::Raw(_) if self.handshaking => Err(SHAKING),
            Input::Raw(bytes) => {
                self.talk.expect_answers(bytes);
                let exchange = self.talk.number();
                let answer = matches!(self.state, State::Answer(_));
                let masked = masked_raw(bytes, &SPEC, answer, &mut self.talk.raw_login);
                self.talk.send_raw(exchange, bytes, masked);
                Ok(exchange)
            }
            Input::Content { bytes, last } => match &self.state {
                State::Body(_) => self.body(|body| body.piece(bytes, last), true),
                _ => Err(Refusal::NotNow("nothing asks for content")),
            },
            Input::Chunk { .. } => Err(Refusal::NotNow("POP3 has no counted content")),
            Input::Auth(mechanism) => self.auth(mechanism),
            Input::Login { user, password } => self.user_and_pass(user, password),
            Input::Apop { user, password } => self.apop(user, password),
            Input::Cancel => match self.state {
                State::Answer(_) => self.line(b"*"),
                _ => Err(Refusal::NotNow("there is nothing to cancel")),
            },
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Exchange, Refusal> {
        unbroken(line)?;
        match &self.state {
            State::Command => self.command(line),
            State::Body(_) => self.body(|body| body.line(line), false),
            State::Answer(_) => self.typed_answer(line),
        }
    }

    /// Nothing may follow what waits for a go-ahead.
    pub(super) fn free(&self) -> Result<(), Refusal> {
        if self.handshaking {
            return Err(SHAKING);
        }
        match self.due.back() {
            Some(Pending {
                asked: Asked::Auth,
                dotted: false,
                ..
            }) => Err(Refusal::NotNow(
                "AUTH waits for its reply: what follows now would be an answer",
            )),
            Some(Pending {
                asked: Asked::StartTls,
                ..
            }) => Err(Refusal::NotNow(
                "STLS waits for its reply: nothing may follow it in the clear",
            )),
            Some(Pending {
                asked: Asked::Submission,
                ..
            }) => Err(Refusal::NotNow(
                "XTND XMIT waits for its go-ahead: what follows now would be content",
            )),
            Some(Pending {
                asked: Asked::User(_, Some(_)),
                ..
            }) => Err(Refusal::NotNow("USER waits for its reply: PASS comes next")),
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
        let clear = match verb.map(|v| v.name) {
            Some("STLS") => {
                self.may_start_tls()?;
                false
            }
            Some("PASS") => true,
            Some("AUTH") => !word(bare, 1).is_empty() && travels_in_clear(word(bare, 1)),
            _ => false,
        };
        if clear && self.talk.credential_barred() {
            return Err(Refusal::ClearCredential);
        }
        let exchange = self.talk.number();
        let seen = self.talk.seen(bare, verb.is_some());
        let masked = match seen == bare {
            true => masked(line, verb),
            false => Some(seen.to_vec()),
        };
        let bare = seen;
        self.talk
            .send(exchange, line, masked, SentKind::Command, false);
        self.talk.advise_blank(line);
        self.advise(bare, verb);
        self.owe(exchange, bare, verb);
        Ok(exchange)
    }

    fn may_start_tls(&self) -> Result<(), Refusal> {
        let why = if self.talk.options.secured {
            "TLS is up already"
        } else if self.logged_in {
            "STLS cannot follow a login (RFC 2595 4)"
        } else if self.content.is_some() || !self.due.is_empty() {
            "a reply is still due: nothing may be under way when TLS starts"
        } else {
            return Ok(());
        };
        Err(Refusal::StartTlsNow(why))
    }

    pub(super) fn advise(&mut self, line: &[u8], verb: Option<&'static Verb>) {
        let Some(verb) = verb else {
            return self.talk.advise(Advice::UnknownVerb {
                word: typed_word(line),
            });
        };
        let phase = self.presumed();
        if phase != spec::CONNECT && !verb.phases.contains(&phase) {
            self.talk.advise(Advice::WrongPhase {
                verb: verb.name,
                phases: verb.phases,
            });
        }
        if let Some(needs) = verb.needs
            && self.offers.known
            && !self.offers.has(needs)
        {
            self.talk.advise(Advice::NotAdvertised {
                what: verb.name.to_owned(),
                needs,
            });
        }
        let mechanism = String::from_utf8_lossy(word(line, 1)).to_ascii_uppercase();
        if verb.name == "AUTH"
            && !mechanism.is_empty()
            && self.offers.known
            && !self.offers.mechanisms().contains(&mechanism)
        {
            self.talk
                .remark(format!("the server does not offer {mechanism}"));
        }
        if verb.name == "APOP" && self.timestamp.is_none() {
            self.talk
                .remark("the greeting holds no timestamp: this server has no APOP");
        }
        let required = verb.args.iter().filter(|a| !a.optional).count();
        let words = verb.name.split(' ').count();
        if required > 0 && word(line, words + required - 1).is_empty() {
            let wanted = verb.args[required - 1].hint;
            self.talk
                .advise(Advice::Syntax(format!("{} needs {wanted}", verb.name)));
        }
        if line.len() + 2 > COMMAND_MAX {
            self.talk.advise(Advice::Syntax(format!(
                "the line has more than {COMMAND_MAX} octets"
            )));
        }
    }

    /// The phase when all that is under way succeeds.
    fn presumed(&self) -> Phase {
        self.due.iter().fold(self.phase, |phase, p| match p.asked {
            Asked::Pass | Asked::Apop(_) => spec::TRANSACTION,
            _ => phase,
        })
    }

    /// Notes what a command's reply will mean.
    fn owe(&mut self, exchange: Exchange, line: &[u8], verb: Option<&'static Verb>) {
        let name = verb.map_or_else(|| label(line), |v| v.name.to_owned());
        let argument = || String::from_utf8_lossy(word(line, 1)).into_owned();
        let bare = word(line, 1).is_empty();
        let asked = match name.as_str() {
            "USER" => Asked::User(argument(), None),
            "PASS" => Asked::Pass,
            "APOP" => Asked::Apop(argument()),
            "AUTH" => {
                if !bare {
                    self.login = Some(Login::by_hand(exchange, word(line, 1), word(line, 2)));
                }
                Asked::Auth
            }
            "CAPA" => Asked::Capa,
            "STLS" => Asked::StartTls,
            "DELE" => Asked::Dele,
            "RSET" => Asked::Reset,
            "QUIT" => {
                self.quit_sent = true;
                Asked::Quit
            }
            "XTND XMIT" => Asked::Submission,
            _ => Asked::Other,
        };
        let dotted = match verb.map(|v| v.reply) {
            _ if self.next_is_multi_line => true,
            Some(Shape::Dotted) => true,
            Some(Shape::DottedWithoutArgs | Shape::Challenges) => bare,
            _ => false,
        };
        self.next_is_multi_line = false;
        self.due.push_back(Pending {
            exchange,
            to: name,
            asked,
            dotted,
        });
    }

    fn body(
        &mut self,
        piece: impl FnOnce(&mut Body) -> Piece,
        streamed: bool,
    ) -> Result<Exchange, Refusal> {
        let State::Body(body) = &mut self.state else {
            return Err(Refusal::NotNow("nothing asks for content"));
        };
        let piece = piece(body);
        let exchange = body.exchange;
        let remarks = if piece.last {
            body.remarks(true)
        } else {
            Vec::new()
        };
        self.talk.send_octets(
            exchange,
            piece.wire,
            SentKind::Content,
            streamed || piece.changed,
        );
        for words in remarks {
            self.talk.remark(words);
        }
        if piece.last {
            self.state = State::Command;
            self.due.push_back(Pending {
                exchange,
                to: ".".to_owned(),
                asked: Asked::Other,
                dotted: false,
            });
        }
        Ok(exchange)
    }
}
