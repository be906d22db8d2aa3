//! Runs a talk: its steps against sessions, one after the other (docs/talk-format.md).
//!
//! Rules: the talk ends at its first failure, and connections are dropped at its end. What was as
//! expected is forgotten; of a failure the exchange is kept, and all of it where somebody wants a
//! page or a log. Secrets are masked in all that is kept or said, whatever the server echoes.

mod acts;
mod breaks;
mod judge;
mod link;
mod links;
pub mod open;
mod say;
mod values;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

use crate::credentials::Sources;
use crate::error::{self, Kind};
use crate::practice::Practice;
use crate::proto::TlsMode;
use crate::proto::event::Offers;
use crate::proto::faults::Fault;
use crate::session::open::How;
use crate::transcript::{Row, Transcript};
use crate::ui::diag::{Diag, Span};
use crate::wire::secret::Secret;

use super::ast::{Action, Step, Talk};
use super::outcome::{End, Outcome};
use super::pattern::{Values, is_name};
use link::{Link, Turn};
use links::Links;

/// How talks are run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How sessions are opened.
    pub how: How,
    /// `--target`: URLs that take the place of targets of their protocol, or "practice".
    pub targets: Vec<String>,
    /// `--tls` and `--no-tls`, for every `open`.
    pub tls_mode: Option<TlsMode>,
    /// `--var` and `EHLO_VAR_…`.
    pub values: Values,
    /// `--secret` and `EHLO_SECRET_…`.
    pub secrets: BTreeMap<String, Secret>,
    /// Where the password of `auth` comes from when no secret has it.
    pub password: Sources,
    /// What ehlo says where it says EHLO itself.
    pub name: String,
    /// The talk's own folder: files it names lie there or below.
    pub folder: PathBuf,
    /// Programs may be started, files may lie anywhere.
    pub allow_commands: bool,
    /// Keep what was said, as far back as a transcript goes.
    pub keep_all: bool,
}

impl Options {
    /// Values and secrets that the environment gives (`EHLO_VAR_name`, `EHLO_SECRET_name`), and
    /// where a password may come from.
    pub fn from_environment() -> Self {
        let mut options = Self {
            password: Sources::from_environment(""),
            name: "[127.0.0.1]".to_owned(),
            ..Self::default()
        };
        for (name, value) in std::env::vars_os() {
            let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
                continue;
            };
            if let Some(name) = name.strip_prefix("EHLO_VAR_")
                && is_name(name)
            {
                let value = value.as_bytes().to_vec();
                options.values.insert(name.to_owned(), value);
            } else if let Some(name) = name.strip_prefix("EHLO_SECRET_")
                && is_name(name)
            {
                options.secrets.insert(name.to_owned(), Secret::new(value));
            }
        }
        options
    }
}

/// Looks on while a talk runs.
pub trait Observer: Send {
    /// A row of the record is complete.
    fn row(&mut self, row: &Row);

    /// This step comes next; an error ends the talk there.
    fn step<'s>(
        &'s mut self,
        step: &'s Step,
    ) -> Pin<Box<dyn Future<Output = error::Result<()>> + Send + 's>>;
}

/// Why a talk ends early.
#[derive(Debug)]
pub(super) enum Stop {
    Failed { kind: Kind, diag: Box<Diag> },
    Skipped(String),
}

type Done<T = ()> = Result<T, Stop>;

/// Runs a talk to its end.
pub async fn run<'t>(
    talk: &'t Talk,
    options: &'t Options,
    observer: Option<&'t mut dyn Observer>,
) -> Outcome {
    let began = Instant::now();
    let mut player = Player::new(talk, options, observer);
    let end = match player.play().await {
        Ok(()) => End::Passed,
        Err(Stop::Skipped(reason)) => End::Skipped(reason),
        Err(Stop::Failed { kind, diag }) => End::Failed {
            kind,
            diag: Box::new(player.masked(*diag)),
        },
    };
    let passed = matches!(end, End::Passed);
    let rows = if options.keep_all || !passed {
        player.kept_rows()
    } else {
        Vec::new()
    };
    Outcome {
        name: talk.name.clone(),
        run: 1,
        end,
        took: began.elapsed(),
        exchanges: player.exchanges,
        lines: talk.source.lines().count(),
        tail: rows.len() - player.tail().min(rows.len()),
        rows,
    }
}

struct Player<'t> {
    talk: &'t Talk,
    options: &'t Options,
    observer: Option<&'t mut dyn Observer>,
    values: Values,
    /// Octets of the values that the talk set.
    held: usize,
    secrets: BTreeMap<String, Secret>,
    links: Links,
    /// The protocol of an `open` that is left out.
    default_protocol: String,
    on_practice: bool,
    practice: Option<Practice>,
    faults: Vec<Fault>,
    /// `requires:` that nothing is known about yet.
    required: Vec<String>,
    record: Transcript,
    exchanges: u64,
    /// `wrong-literal-size` was said: of the next command, and of the one that is under way.
    loose_next: bool,
    loose_literal: bool,
    timeout: Option<Duration>,
}

impl<'t> Player<'t> {
    fn new(talk: &'t Talk, options: &'t Options, observer: Option<&'t mut dyn Observer>) -> Self {
        let mut values = options.values.clone();
        values
            .entry("run_id".to_owned())
            .or_insert_with(|| crate::entropy::token().into_bytes());
        Self {
            talk,
            options,
            observer,
            values,
            held: 0,
            secrets: options.secrets.clone(),
            links: Links::default(),
            default_protocol: "smtp".to_owned(),
            on_practice: talk.practice || options.targets.iter().any(|t| t == open::PRACTICE),
            practice: None,
            faults: Vec::new(),
            required: Vec::new(),
            record: Transcript::default(),
            exchanges: 0,
            loose_next: false,
            loose_literal: false,
            timeout: None,
        }
    }

    async fn play(&mut self) -> Done {
        values::check_names(self)?;
        let talk = self.talk;
        for (index, step) in talk.steps.iter().enumerate() {
            if let Some(observer) = &mut self.observer
                && let Err(error) = observer.step(step).await
            {
                return Err(self.error(step.span, error));
            }
            self.step(index, step).await?;
        }
        Ok(())
    }

    async fn step(&mut self, index: usize, step: &'t Step) -> Done {
        match &step.action {
            Action::OnPractice { protocol } => {
                if let Some(protocol) = protocol {
                    self.default_protocol.clone_from(protocol);
                }
                Ok(())
            }
            Action::Requires { words } => self.require(words),
            Action::Fault { text } => self.fault(step, text),
            Action::Session { name } => {
                self.links.switch(name);
                self.wait_for(step).await
            }
            Action::Set { name, value } => self.set(name, value),
            Action::Open { target, early } => self.open(step, target.as_ref(), early).await,
            Action::Say(text) => self.say(index, step, text).await,
            Action::Together { lines, one_write } => self.together(step, lines, *one_write).await,
            Action::StartTls => self.starttls(step).await,
            Action::Auth {
                mechanism,
                user,
                anyway,
            } => self.auth(step, mechanism, user.as_ref(), *anyway).await,
            Action::Data(file) => self.data(step, file).await,
            Action::Bdat { file, chunk } => self.bdat(step, file, *chunk).await,
            Action::Raw(text) => {
                let bytes = self.fill(text)?;
                self.raw(step, &bytes, None).await
            }
            Action::Wait(time) => {
                self.pause(*time).await?;
                self.wait_for(step).await
            }
            Action::ExpectClose => self.expect_close(step).await,
            Action::Break(rule) => self.break_rule(step, rule).await,
        }
    }

    /// `requires:` looks at what is offered now, or waits until something is known.
    fn require(&mut self, words: &str) -> Done {
        let known = self
            .links
            .current()
            .and_then(|link| link.session.engine())
            .map(|engine| engine.offers().clone())
            .filter(|offers| offers.known);
        match known {
            Some(offers) => check_offer(words, &offers),
            None => {
                self.required.push(words.to_owned());
                Ok(())
            }
        }
    }

    /// The offers became known: what was required must be among them.
    fn check_required(&mut self) -> Done {
        if self.required.is_empty() {
            return Ok(());
        }
        let link = self.links.current();
        let Some(engine) = link.and_then(|link| link.session.engine()) else {
            return Ok(());
        };
        if !engine.offers().known {
            return Ok(());
        }
        let required = std::mem::take(&mut self.required);
        required
            .iter()
            .try_for_each(|words| check_offer(words, engine.offers()))
    }

    /// The session that the talk speaks in, if it is open.
    fn link(&mut self, span: Span) -> Done<&mut Link> {
        if self.links.current().is_none() {
            return Err(self.fail(Kind::Usage, span, "nothing is open in this session"));
        }
        // It was found a moment ago.
        self.links
            .current_mut()
            .ok_or_else(|| Stop::Skipped(String::new()))
    }

    /// Waits for all that is due in the current session.
    async fn settle(&mut self, step: &Step) -> Done<Turn> {
        let limit = judge::latest(step);
        let link = self.link(step.span)?;
        let turn = link.settle(limit).await;
        self.collect();
        self.check_required()?;
        Ok(turn)
    }

    /// Takes over the rows that the current session made.
    fn collect(&mut self) {
        let Some(link) = self.links.current_mut() else {
            return;
        };
        for mut row in link.rows_made.drain(..) {
            values::mask(&self.secrets, &mut row.text);
            if let Some(observer) = &mut self.observer {
                observer.row(&row);
            }
            self.record.add(row);
        }
    }

    /// What is kept of what was said: of a failure at least the exchange.
    fn kept_rows(&mut self) -> Vec<Row> {
        self.collect();
        self.record.in_order().into_iter().cloned().collect()
    }

    /// How many rows the last two exchanges have.
    fn tail(&self) -> usize {
        let last = self.record.iter().rev().take(2);
        last.map(|kept| kept.rows.len()).sum()
    }

    /// An exchange was as expected.
    fn passed(&mut self, exchanges: usize) {
        self.exchanges += exchanges as u64;
        if !self.options.keep_all && exchanges > 0 {
            self.record.keep_last(1);
        }
    }

    fn fail(&self, kind: Kind, span: Span, what: impl Into<String>) -> Stop {
        let diag = Diag::new(&self.talk.name, &self.talk.source, span, what);
        Stop::Failed {
            kind,
            diag: Box::new(diag),
        }
    }

    fn diag(&self, span: Span, what: impl Into<String>) -> Diag {
        Diag::new(&self.talk.name, &self.talk.source, span, what)
    }
}

fn failed(kind: Kind, diag: Diag) -> Stop {
    Stop::Failed {
        kind,
        diag: Box::new(diag),
    }
}

fn check_offer(words: &str, offers: &Offers) -> Done {
    let mut words_left = words.split_ascii_whitespace();
    let word = words_left.next().unwrap_or_default();
    let skipped = || Stop::Skipped(format!("the server does not offer {words}"));
    let mechanisms = offers.mechanisms();
    let Some(rest) = offers.rest(word) else {
        // IMAP spells it AUTH=MECH.
        let all = matches!(word, "AUTH" | "SASL")
            && words_left.all(|w| mechanisms.iter().any(|m| m == w));
        return if all && !mechanisms.is_empty() {
            Ok(())
        } else {
            Err(skipped())
        };
    };
    let offered = |w: &str| {
        rest.split_ascii_whitespace()
            .any(|r| r.eq_ignore_ascii_case(w))
    };
    if words_left.all(offered) {
        Ok(())
    } else {
        Err(skipped())
    }
}
