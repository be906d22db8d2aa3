//! Directives that do what the console's commands of the same name do.

use std::time::Duration;

use super::values::note;
use super::{Done, Player, Turn, failed};
use crate::credentials::{Keeper, Sources};
use crate::error::Kind;
use crate::proto::engine::{Input, Mode, PART_MAX};
use crate::proto::event::Verdict;
use crate::sasl::{self, Credentials, table};
use crate::script::ast::Step;
use crate::script::template::Template;
use crate::target::Place;
use crate::transcript::{Row, RowKind};
use crate::wire::secret::Secret;

/// How long a close is waited for.
const CLOSE: Duration = Duration::from_secs(10);

/// The practice server's own users: their passwords are no secret.
const PRACTICE_USERS: &[(&str, &str)] = &[
    ("alice", "wonderland"),
    ("bob", "builder"),
    ("charlie", "charlie"),
];

impl Player<'_> {
    /// `starttls`.
    pub(super) async fn starttls(&mut self, step: &Step) -> Done {
        let link = self.link(step.span)?;
        let Some(protocol) = link.session.protocol() else {
            return Err(self.unknown_protocol(step));
        };
        self.submit_line(step, protocol.starttls.as_bytes())?;
        let turn = self.settle(step).await?;
        self.judge_last(step, &turn)
    }

    /// `auth MECH [USER]`.
    pub(super) async fn auth(
        &mut self,
        step: &Step,
        mechanism: &str,
        user: Option<&Template>,
        anyway: bool,
    ) -> Done {
        let user = match user {
            Some(user) => self.fill_text(user)?,
            None => String::new(),
        };
        let link = self.link(step.span)?;
        let Some(protocol) = link.session.protocol() else {
            return Err(self.unknown_protocol(step));
        };
        let own = matches!(
            (protocol.name, mechanism),
            ("imap", "LOGIN") | ("pop3", "USER" | "PASS")
        );
        let apop = protocol.name == "pop3" && mechanism == "APOP";
        let row = match own || apop {
            true => None,
            false => Some(self.usable(step, mechanism, anyway)?),
        };
        let asks =
            row.is_none_or(|row| matches!(row.asks, table::Asks::Password | table::Asks::Token));
        let secret = if asks {
            self.password(step, &user)?
        } else {
            Secret::new(Vec::new())
        };
        // Whatever the server echoes of it stays out of sight.
        self.secrets
            .entry(format!("password {user}"))
            .or_insert_with(|| secret.clone());
        let boxed = match row {
            Some(row) => Some(self.mechanism(step, row.name, &user, &secret)?),
            None => None,
        };
        let link = self.link(step.span)?;
        link.backlog.clear();
        let (user_ref, password) = (user.as_str(), &secret);
        let input = match boxed {
            Some(mechanism) => Input::Auth(mechanism),
            None if apop => Input::Apop {
                user: user_ref,
                password,
            },
            None => Input::Login {
                user: user_ref,
                password,
            },
        };
        if let Err(refusal) = link.session.submit(input) {
            return Err(self.not_sent(step.span, &refusal));
        }
        let turn = self.settle(step).await?;
        self.note_user(step, &turn, &user)?;
        self.judge_last(step, &turn)
    }

    /// The mechanism's row, when it is spoken here and offered, or is to be tried all the same.
    fn usable(&mut self, step: &Step, mechanism: &str, anyway: bool) -> Done<&'static table::Row> {
        let row =
            table::usable(mechanism).map_err(|why| self.fail(Kind::Usage, step.span, why.0))?;
        if let Err(stop) = self.check_mechanism(step, mechanism) {
            if !anyway {
                return Err(stop);
            }
            let words = format!("{mechanism} is not offered, and tried all the same");
            note(self.link(step.span)?, &words);
        }
        Ok(row)
    }

    /// Takes down who is logged in: a talk that is saved of this names the user again.
    fn note_user(&mut self, step: &Step, turn: &Turn, user: &str) -> Done {
        let last = turn.replies.last();
        let accepted = last.is_some_and(|last| last.reply.verdict == Verdict::Good);
        if accepted && !user.is_empty() {
            let link = self.link(step.span)?;
            let secured = link.session.is_secured();
            let (time, session) = (super::link::now(), link.rows.session());
            let row = Row::note(time, session, secured, RowKind::User, user);
            link.rows_made.push(row);
            self.collect();
        }
        Ok(())
    }

    fn check_mechanism(&mut self, step: &Step, mechanism: &str) -> Done {
        let link = self.link(step.span)?;
        let Some(engine) = link.session.engine() else {
            return Ok(());
        };
        let offers = engine.offers();
        let offered = offers.mechanisms();
        // Who was never asked what it offers cannot lack it.
        if !offers.known || offered.iter().any(|m| m.eq_ignore_ascii_case(mechanism)) {
            return Ok(());
        }
        let list = match offered.as_slice() {
            [] => "none".to_owned(),
            offered => offered.join(" "),
        };
        let diag = self
            .diag(step.span, format!("the server does not offer {mechanism}"))
            .note(format!("offered: {list}"))
            .note("unadvertised-auth does not ask");
        Err(failed(Kind::Auth, diag))
    }

    /// The password of a user: a secret of the talk, then what the options name.
    fn password(&mut self, step: &Step, user: &str) -> Done<Secret> {
        let own: String = user
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let named = format!("password_{}", own.to_ascii_lowercase());
        let found = [named.as_str(), "password"]
            .iter()
            .find_map(|name| self.secrets.get(*name));
        if let Some(secret) = found {
            return Ok(secret.clone());
        }
        let link = self.link(step.span)?;
        if link.practice {
            let name = user.strip_suffix("@ehlo.test").unwrap_or(user);
            if let Some((_, password)) = PRACTICE_USERS.iter().find(|(known, _)| *known == name) {
                return Ok(Secret::new(*password));
            }
        }
        let sources = Sources {
            ask: false,
            host: link.host.clone(),
            ..self.options.password.clone()
        };
        let found = Keeper::new(sources)
            .find(Some(user).filter(|u| !u.is_empty()))
            .map_err(|error| self.error(step.span, error))?;
        match found {
            Some(found) => Ok(found.secret),
            None => {
                let diag = self
                    .diag(step.span, "there is no password for this login")
                    .note(format!(
                        "--secret {named}=COMMAND or --secret password=COMMAND"
                    ))
                    .note("EHLO_PASSWORD, --password-command CMD, --password-fd N");
                Err(failed(Kind::Auth, diag))
            }
        }
    }

    fn mechanism(
        &mut self,
        step: &Step,
        name: &str,
        user: &str,
        secret: &Secret,
    ) -> Done<Box<dyn sasl::Mechanism>> {
        let link = self.link(step.span)?;
        let service = link.session.protocol().map_or("smtp", |p| p.sasl.service);
        let credentials =
            Credentials::new(user, secret.clone()).at(service, link.host.as_str(), link.port);
        let mut binding = sasl::Binding {
            plus_offered: link.session.engine().is_none_or(|e| e.offers().may_bind()),
            ..sasl::Binding::default()
        };
        if let Some(tls) = link.session.conn().and_then(crate::net::Conn::binding) {
            binding.exporter = tls.exporter.map(Secret::new);
            binding.end_point = tls.server_end_point.clone().map(Secret::new);
        }
        let nonce = crate::entropy::nonce().map_err(|error| self.error(step.span, error))?;
        table::client(name, &credentials, &binding, &nonce)
            .map_err(|why| self.fail(Kind::Auth, step.span, why.0))
    }

    /// `data FILE`.
    pub(super) async fn data(&mut self, step: &Step, file: &Template) -> Done {
        let named = self.fill_text(file)?;
        let path = self.path(&named, file.span)?;
        let size = self.size_of(&path, file.span)?;
        self.submit_line(step, b"DATA")?;
        let turn = self.settle(step).await?;
        if self.link(step.span)?.mode() != Mode::Body {
            return self.judge_last(step, &turn);
        }
        self.upload(step, &path, file.span, size, true).await?;
        let turn = self.settle(step).await?;
        self.judge(step, &turn, false)
    }

    /// `bdat FILE [OCTETS]`.
    pub(super) async fn bdat(&mut self, step: &Step, file: &Template, chunk: Option<u64>) -> Done {
        use std::io::Read as _;

        let named = self.fill_text(file)?;
        let path = self.path(&named, file.span)?;
        let size = self.size_of(&path, file.span)?;
        let chunk = chunk.unwrap_or_else(|| size.max(1));
        let broken = |player: &Self, e: &std::io::Error| {
            player.fail(Kind::Local, file.span, format!("{}: {e}", path.display()))
        };
        let mut input = std::fs::File::open(&path).map_err(|e| broken(self, &e))?;
        let mut left = size;
        loop {
            let octets = left.min(chunk);
            let last = octets == left;
            let line = format!("BDAT {octets}{}", if last { " LAST" } else { "" });
            let mut sent = 0;
            let mut part = Vec::new();
            loop {
                let wanted = usize::try_from(octets - sent)
                    .unwrap_or(PART_MAX)
                    .min(PART_MAX);
                part.resize(wanted, 0);
                input.read_exact(&mut part).map_err(|e| broken(self, &e))?;
                let first = sent == 0;
                sent += wanted as u64;
                let whole = sent == octets;
                let link = self.link(step.span)?;
                let input = if first {
                    Input::Chunk {
                        line: line.as_bytes(),
                        bytes: &part,
                    }
                } else {
                    Input::Content {
                        bytes: &part,
                        last: whole,
                    }
                };
                if let Err(refusal) = link.session.submit(input) {
                    return Err(self.not_sent(step.span, &refusal));
                }
                link.session.flush().await;
                if whole {
                    break;
                }
            }
            let turn = self.settle(step).await?;
            if last {
                return self.judge(step, &turn, false);
            }
            let goes_on = turn.replies.iter().all(|h| h.reply.code.starts_with('2'));
            if !goes_on || turn.replies.is_empty() {
                return self.judge_last(step, &turn);
            }
            left -= octets;
        }
    }

    /// `expect-close`.
    pub(super) async fn expect_close(&mut self, step: &Step) -> Done {
        let link = self.link(step.span)?;
        let deadline = tokio::time::Instant::now() + CLOSE;
        while link.ended.is_none() && link.listen(deadline).await {}
        let closed = link.ended.is_some();
        self.collect();
        if closed {
            self.links.close();
            return Ok(());
        }
        let diag = self
            .diag(step.span, "the server keeps the connection open")
            .label("not closed within 10 s");
        Err(failed(Kind::Refused, diag))
    }

    fn unknown_protocol(&self, step: &Step) -> super::Stop {
        let what = "the server has not said what it speaks";
        let diag = self
            .diag(step.span, what)
            .note("open smtp://…, imap://… or pop3://… says it");
        failed(Kind::Usage, diag)
    }
}

/// What a login needs to know of a target: its host and port.
pub(super) fn host_and_port(place: &Place) -> (String, u16) {
    match place {
        Place::Tcp { host, port } => (host.clone(), *port),
        Place::Practice => ("ehlo.test".to_owned(), 0),
        Place::Unix(_) | Place::Exec(_) => ("localhost".to_owned(), 0),
    }
}
