//! `open`, the practice server behind it, and files that a talk names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::link::{Link, now};
use super::values::note;
use super::{Done, Player, Stop, failed};
use crate::config;
use crate::error::{Error, Kind};
use crate::net::tls::Roots;
use crate::practice::{self, Practice};
use crate::proto::engine::Input;
use crate::proto::{self, TlsMode};
use crate::script::ast::{Action, Step};
use crate::script::template::Template;
use crate::session::open::{How, connect, on_conn};
use crate::session::{Happening, Patience, RootsLater, Session, Timed, policy};
use crate::target::{self, Place, Target};
use crate::transcript::{Row, RowKind};
use crate::ui::diag::Span;

/// The `--target` that is no address.
pub const PRACTICE: &str = "practice";

impl Player<'_> {
    /// `open TARGET`: connects, says what is said early, reads the greeting.
    pub(super) async fn open(
        &mut self,
        step: &Step,
        target: Option<&Template>,
        early: &[Template],
    ) -> Done {
        let span = target.map_or(step.span, |t| t.span);
        let named = match target {
            Some(target) => Some(self.fill_text(target)?),
            None => None,
        };
        let mut target = self.target(named.as_deref(), span)?;
        if let Some(mode) = self.options.tls_mode {
            target.tls = mode;
        }
        let mut how = self.options.how.clone();
        // Who breaks the rules gets replies that answer nothing.
        how.engine.strict = !self.talk.breaks_rules();
        if let Some(limit) = self.timeout {
            how.patience = Patience::Program(Some(limit));
        }
        let mut told: Vec<Timed> = Vec::new();
        let opened = if target.place == Place::Practice {
            self.practice_session(&target, &how, span)
        } else {
            let mut tell = |timed: Timed| told.push(timed);
            connect(&target, &how, &mut tell)
                .await
                .map_err(|error| self.error(span, error))
        };
        let session = match opened {
            Ok(session) => session,
            Err(stop) => return Err(with_attempts(stop, &told)),
        };
        let mut link = Link::new(session, self.links.name(), &target);
        let url = url(&target);
        let row = Row::note(now(), link.rows.session(), false, RowKind::Connected, &url);
        link.rows_made.push(row);
        self.links.open(link);
        for line in early {
            self.talk_early(step, line).await?;
        }
        let turn = self.settle(step).await?;
        self.judge(step, &turn, self.closes_after(step))?;
        if how.starttls {
            self.require_tls(step).await?;
        }
        Ok(())
    }

    fn closes_after(&self, step: &Step) -> bool {
        let at = self.talk.steps.iter().position(|s| std::ptr::eq(s, step));
        let next = at.and_then(|at| self.talk.steps.get(at + 1));
        step.groups.is_empty() && next.is_some_and(|s| matches!(s.action, Action::ExpectClose))
    }

    async fn talk_early(&mut self, step: &Step, line: &Template) -> Done {
        let text = self.fill(line)?;
        let link = self.link(step.span)?;
        // Under implicit TLS nothing can be said before the handshake is done.
        while link.session.engine().is_some()
            && link.session.tls().is_none()
            && link.ended.is_none()
            && link.session.conn().is_none()
        {
            let timed = link.session.next().await;
            link.take(timed, None);
        }
        note(link, "said before the greeting was read");
        if let Err(refusal) = link.session.submit(Input::Line(&text)) {
            return Err(self.not_sent(line.span, &refusal));
        }
        let link = self.link(step.span)?;
        link.session.flush().await;
        Ok(())
    }

    async fn require_tls(&mut self, step: &Step) -> Done {
        let name = self.options.name.clone();
        let link = self.link(step.span)?;
        let mut told = Vec::new();
        let outcome = policy::require_tls(&mut link.session, &name, &mut |t| told.push(t)).await;
        for timed in told {
            link.take(timed, None);
        }
        link.backlog.clear();
        self.collect();
        outcome.map_err(|error| self.error(step.span, error))
    }

    /// Where an `open` goes, `--target` and practice taken into account.
    fn target(&self, named: Option<&str>, span: Span) -> Done<Target> {
        let plain = named.unwrap_or(&self.default_protocol);
        let door = match named.is_none() || self.on_practice {
            true => practice_target(plain),
            false => None,
        };
        if door.is_none() && named.is_none() {
            let diag = self
                .diag(span, "the practice server does not speak this")
                .note(format!("\"{plain}\" was asked for"));
            return Err(failed(Kind::Usage, diag));
        }
        let on_practice = door.is_some();
        let target = match door {
            Some(target) => target,
            None => target::parse(plain, None).map_err(|error| self.error(span, error))?,
        };
        let protocol = target.protocol.unwrap_or(proto::PROTOCOLS[0]);
        if self.options.targets.iter().any(|t| t == PRACTICE) {
            return Ok(Target {
                tls: target.tls,
                ..Target::practice(protocol)
            });
        }
        for given in &self.options.targets {
            let given = target::parse(given, None).map_err(|error| self.error(span, error))?;
            let other = given.protocol.zip(target.protocol);
            if other.is_none_or(|(given, asked)| given.name == asked.name) {
                return Ok(given);
            }
        }
        if on_practice && !self.options.targets.is_empty() {
            let what = format!("no --target is given for {}", protocol.name);
            let diag = self.diag(span, what).note(
                "the talk is made for the practice server; leave --target out to play it there",
            );
            return Err(failed(Kind::Usage, diag));
        }
        if matches!(target.place, Place::Exec(_)) && !self.options.allow_commands {
            let diag = self
                .diag(span, "a talk starts no programs")
                .note("--allow-commands lets it");
            return Err(failed(Kind::Usage, diag));
        }
        Ok(target)
    }

    fn practice_session(&mut self, target: &Target, how: &How, span: Span) -> Done<Session> {
        if self.practice.is_none() {
            let options = practice::Options {
                faults: self.faults.clone(),
                patience: Some(std::time::Duration::from_secs(3600)),
                ..practice::Options::default()
            };
            let made = Practice::new(options).map_err(|error| self.error(span, error))?;
            self.practice = Some(made);
        }
        let Some(practice) = &self.practice else {
            return Err(self.fail(Kind::Local, span, "there is no practice server"));
        };
        let implicit = target.tls == TlsMode::Implicit;
        let ca = practice.clone();
        let roots = RootsLater(Arc::new(move || {
            Roots::of_der(ca.ca().der(), "the practice server's own CA")
        }));
        let protocol = target.protocol.unwrap_or(proto::PROTOCOLS[0]);
        let conn = practice
            .connect(protocol, implicit)
            .map_err(|error| self.error(span, error))?;
        Ok(on_conn(conn, target, how, Some(roots)))
    }

    /// `fault …`: a row of the practice server's table, written as TOML's inline table is.
    pub(super) fn fault(&mut self, step: &Step, text: &str) -> Done {
        let row = text.trim().trim_start_matches('{').trim_end_matches('}');
        let rows = config::faults::read(&format!("fault = [{{ {row} }}]\n"))
            .map_err(|error| self.error(step.span, error))?;
        self.faults.extend(rows);
        if let Some(practice) = &self.practice {
            practice.faults().replace(self.faults.clone());
        }
        Ok(())
    }

    /// A file that the talk names.
    pub(super) fn path(&self, named: &str, span: Span) -> Done<PathBuf> {
        let folder = if self.options.folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &self.options.folder
        };
        let path = folder.join(named);
        let broken =
            |e: &std::io::Error| self.fail(Kind::Local, span, format!("{}: {e}", path.display()));
        let real = path.canonicalize().map_err(|e| broken(&e))?;
        if self.options.allow_commands {
            return Ok(real);
        }
        let own = folder.canonicalize().map_err(|e| broken(&e))?;
        if real.starts_with(&own) {
            return Ok(real);
        }
        let diag = self
            .diag(span, "files that a talk names lie in its own folder")
            .note("--allow-commands lets it name any file");
        Err(failed(Kind::Usage, diag))
    }

    pub(super) fn size_of(&self, path: &Path, span: Span) -> Done<u64> {
        let meta = std::fs::metadata(path)
            .map_err(|e| self.fail(Kind::Local, span, format!("{}: {e}", path.display())))?;
        if meta.is_file() {
            return Ok(meta.len());
        }
        let what = format!("{} is no plain file", path.display());
        Err(self.fail(Kind::Local, span, what))
    }

    /// An error as a failure at a place.
    pub(super) fn error(&self, span: Span, error: Error) -> Stop {
        let what = match &error.doing {
            Some(doing) => format!("{doing}: {}", error.what),
            None => error.what.clone(),
        };
        let mut diag = self.diag(span, what);
        for (label, hint) in &error.hints {
            diag = diag.note(format!("{label} {hint}"));
        }
        failed(error.kind, diag)
    }
}

/// Adds what happened at each address.
fn with_attempts(stop: Stop, told: &[Timed]) -> Stop {
    let Stop::Failed { kind, mut diag } = stop else {
        return stop;
    };
    for timed in told {
        if let Happening::Attempt(attempt) = &timed.what {
            diag.notes.push(attempt.to_string());
        }
    }
    Stop::Failed { kind, diag }
}

/// A protocol's name alone, with its form of TLS: the practice server's door.
fn practice_target(word: &str) -> Option<Target> {
    let (protocol, scheme) = proto::scheme(word)?;
    Some(Target {
        tls: scheme.tls,
        ..Target::practice(protocol)
    })
}

/// The target as `open` would name it.
fn url(target: &Target) -> String {
    if target.place != Place::Practice {
        return target.to_string();
    }
    let found = target
        .protocol
        .and_then(|p| p.schemes.iter().find(|scheme| scheme.tls == target.tls));
    found.map_or("smtp", |scheme| scheme.name).to_owned()
}
