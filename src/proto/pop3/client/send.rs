//! What goes out: commands, logins, answers.

use super::{Asked, Client, Pending, State};
use crate::proto::engine::{Input, Refusal};
use crate::proto::event::{Advice, Exchange, SentKind};
use crate::proto::lines::{
    Body, Login, Piece, after_word, label, stray, travels_in_clear, typed_word, unbroken, word,
};
use crate::proto::pop3::spec::{self, SPEC};
use crate::proto::spec::{Phase, Secrecy, Shape, Verb};
use crate::sasl::{About, Mechanism, apop};
use crate::wire::b64;
use crate::wire::secret::Secret;

const SHAKING: Refusal = Refusal::NotNow("the TLS handshake is under way");

/// The longest command, CRLF included (RFC 2449 4; RFC 5034 4 keeps it for AUTH).
const COMMAND_MAX: usize = 255;

impl Client {
    pub(super) fn take(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        if self.talk.is_over() {
            return Err(Refusal::Closed);
        }
        match input {
            Input::Line(line) => self.line(line),
            Input::Raw(_) if self.handshaking => Err(SHAKING),
            Input::Raw(bytes) => {
                let exchange = self.talk.number();
                self.talk
                    .send_octets(exchange, bytes.to_vec(), SentKind::Raw, false);
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
    fn free(&self) -> Result<(), Refusal> {
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
        let masked = masked(line, verb);
        self.talk
            .send(exchange, line, masked, SentKind::Command, false);
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

    fn advise(&mut self, line: &[u8], verb: Option<&'static Verb>) {
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

    /// USER now, PASS when USER was accepted: one exchange.
    fn user_and_pass(&mut self, user: &str, password: &Secret) -> Result<Exchange, Refusal> {
        unbroken(user.as_bytes())?;
        unbroken(password.expose())?;
        self.ready_to_log_in()?;
        if self.talk.credential_barred() {
            return Err(Refusal::ClearCredential);
        }
        let exchange = self.talk.number();
        let line = format!("USER {user}");
        self.talk
            .send(exchange, line.as_bytes(), None, SentKind::Command, true);
        self.advise(line.as_bytes(), SPEC.verb_named("USER"));
        self.due.push_back(Pending {
            exchange,
            to: "USER".to_owned(),
            asked: Asked::User(user.to_owned(), Some(password.clone())),
            dotted: false,
        });
        Ok(exchange)
    }

    /// The password, behind a USER that was accepted.
    pub(super) fn pass(&mut self, exchange: Exchange, password: &Secret) {
        let line = Secret::new([b"PASS ", password.expose()].concat());
        let masked = after_word(line.expose(), 1);
        self.talk
            .send(exchange, line.expose(), masked, SentKind::Command, true);
        self.due.push_back(Pending {
            exchange,
            to: "PASS".to_owned(),
            asked: Asked::Pass,
            dotted: false,
        });
    }

    fn ready_to_log_in(&self) -> Result<(), Refusal> {
        self.free()?;
        match self.state {
            State::Command => Ok(()),
            State::Body(_) => Err(Refusal::NotNow("content is under way")),
            State::Answer(_) => Err(Refusal::NotNow("another login is under way")),
        }
    }

    fn apop(&mut self, user: &str, password: &Secret) -> Result<Exchange, Refusal> {
        unbroken(user.as_bytes())?;
        if user.is_empty() || user.contains([' ', '\t']) {
            return Err(Refusal::NoSuchLogin(
                "APOP takes a user name without blanks",
            ));
        }
        self.ready_to_log_in()?;
        let Some(timestamp) = &self.timestamp else {
            return Err(Refusal::NoSuchLogin(
                "the greeting holds no timestamp: this server has no APOP",
            ));
        };
        let digest = apop::digest(timestamp, password);
        let line = Secret::new([b"APOP ", user.as_bytes(), b" ", digest.expose()].concat());
        let exchange = self.talk.number();
        let masked = after_word(line.expose(), 2);
        self.talk
            .send(exchange, line.expose(), masked, SentKind::Command, true);
        self.advise(line.expose(), SPEC.verb_named("APOP"));
        self.due.push_back(Pending {
            exchange,
            to: "APOP".to_owned(),
            asked: Asked::Apop(user.to_owned()),
            dotted: false,
        });
        Ok(exchange)
    }

    fn typed_answer(&mut self, line: &[u8]) -> Result<Exchange, Refusal> {
        let Some(login) = &mut self.login else {
            return Err(Refusal::NotNow("nothing asks for an answer"));
        };
        let clear = travels_in_clear(login.name.as_bytes()) && !matches!(line, b"" | b"*");
        if clear && self.talk.credential_barred() {
            return Err(Refusal::ClearCredential);
        }
        login.typed(line);
        let exchange = login.exchange;
        self.talk.answer(exchange, line, true);
        if line != b"*"
            && let Err(why) = b64::decode(line)
        {
            self.talk.remark(why.to_string());
        }
        self.owe_auth(exchange);
        Ok(exchange)
    }

    /// An answer went out: the next challenge, or the verdict, is owed.
    pub(super) fn owe_auth(&mut self, exchange: Exchange) {
        self.state = State::Command;
        self.due.push_back(Pending {
            exchange,
            to: "AUTH".to_owned(),
            asked: Asked::Auth,
            dotted: false,
        });
    }

    fn auth(&mut self, mechanism: Box<dyn Mechanism>) -> Result<Exchange, Refusal> {
        let name = mechanism.name();
        if self.talk.credential_barred() && travels_in_clear(name.as_bytes()) {
            return Err(Refusal::ClearCredential);
        }
        if let State::Answer(challenge) = &self.state {
            let challenge = challenge.clone();
            return self.take_over(mechanism, &challenge);
        }
        self.ready_to_log_in()?;
        let exchange = self.talk.number();
        let (mut login, initial) =
            Login::by_mechanism(exchange, mechanism).map_err(|e| Refusal::Sasl(e.0))?;
        let mut line = format!("AUTH {name}");
        if let Some(initial) = initial {
            let framed = match initial.expose() {
                [] => "=".to_owned(),
                octets => b64::encode(octets),
            };
            if line.len() + 1 + framed.len() + 2 > COMMAND_MAX {
                login.hold(initial);
            } else {
                login.said(initial.expose());
                line.push(' ');
                line.push_str(&framed);
            }
        }
        let line = Secret::new(line);
        let verb = SPEC.verb_named("AUTH");
        let masked = masked(line.expose(), verb);
        self.talk
            .send(exchange, line.expose(), masked, SentKind::Command, true);
        self.advise(line.expose(), verb);
        self.talk.tell(&mut login, About::Sent);
        self.login = Some(login);
        self.owe_auth(exchange);
        Ok(exchange)
    }

    fn take_over(
        &mut self,
        mechanism: Box<dyn Mechanism>,
        challenge: &Secret,
    ) -> Result<Exchange, Refusal> {
        let Some(mut login) = self.login.take() else {
            return Err(Refusal::NotNow("nothing asks for an answer"));
        };
        let exchange = login.exchange;
        match login.taken_over(mechanism, challenge) {
            Ok(message) => {
                self.talk.tell(&mut login, About::Heard);
                self.answer(login, &message);
            }
            Err(error) => {
                self.login = Some(login);
                return Err(Refusal::Sasl(error.0));
            }
        }
        Ok(exchange)
    }

    /// Sends a mechanism's message as an answer.
    pub(super) fn answer(&mut self, mut login: Login, message: &Secret) {
        login.said(message.expose());
        let exchange = login.exchange;
        let framed = Secret::new(b64::encode(message.expose()));
        self.talk.answer(exchange, framed.expose(), false);
        self.talk.tell(&mut login, About::Sent);
        self.login = Some(login);
        self.owe_auth(exchange);
    }
}

/// The line as it may be seen; `None` when all of it may.
fn masked(line: &[u8], verb: Option<&'static Verb>) -> Option<Vec<u8>> {
    let Some(verb) = verb else {
        return stray(line);
    };
    let Secrecy::AfterWord(words) = verb.secret else {
        return None;
    };
    if word(line, words) == b"=" && word(line, words + 1).is_empty() && words == 2 {
        return None;
    }
    after_word(line, words)
}
