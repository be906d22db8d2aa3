//! `ehlo run FILE.talk...`: runs talks and reports.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::task::JoinSet;

use crate::cli::{ReportFormat, Run};
use crate::credentials::{Sources, from_command};
use crate::error::{Error, Kind, Result};
use crate::how;
use crate::private;
use crate::proto::TlsMode;
use crate::script::Talk;
use crate::script::outcome::{self, End, Outcome, Tally};
use crate::script::pattern::is_name as is_variable;
use crate::script::run::{self, Options, Seen};
use crate::script::source::{self, Unreadable};
use crate::session::Patience;
use crate::session::open::{How, limit};
use crate::transcript::{Row, to_json};
use crate::ui::html::{Chapter, Ended, page};
use crate::ui::{Look, Role, Styled, look, out, rows, units};
use crate::wire::secret::Secret;

/// Talks that run at once, at most.
const JOBS_MAX: usize = 1_000;

/// Octets of rows that are held for a page.
const HELD_MAX: usize = 256 * 1024 * 1024;

/// Runs the talks.
///
/// # Errors
/// The kind of the first talk that failed; usage for files that are no talks, local for those that
/// cannot be read: then nothing is run.
pub fn run(args: &Run) -> Result<()> {
    let terminal = std::io::stdout().is_terminal();
    let look = look::decide(args.output.color.unwrap_or_default(), terminal);
    let talks = read_all(&args.files, &look)?;
    let options = options(args)?;
    if args.login.login.is_some() {
        return Err(
            Error::usage("--login is not for talks").hint("else", "auth MECH USER in the talk")
        );
    }
    let sink = Sink::open(args, look)?;
    let runtime = if args.jobs > 1 {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
    } else {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    let runtime = runtime.map_err(|e| Error::local(format!("no runtime: {e}")))?;
    let mut report = Report::new(args, look, talks.len() * args.repeat.max(1));
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = run_all(args, talks, options, &sink, &mut report) => ended,
            _ = tokio::signal::ctrl_c() => Err(Error::new(Kind::Interrupted, "interrupted")),
        }
    });
    runtime.shutdown_background();
    report.finish(args)?;
    sink.finish()?;
    ended?;
    match report.first {
        Some(kind) => Err(Error::silent(kind)),
        None => Ok(()),
    }
}

/// A talk and the folder it lies in.
type Read = (Arc<Talk>, PathBuf);

/// Reads every talk before any is run.
fn read_all(files: &[PathBuf], look: &Look) -> Result<Vec<Read>> {
    let mut talks = Vec::new();
    let mut worst = None;
    for path in files {
        let parsed = source::read(path).and_then(|source| {
            crate::script::parse(&source.text, &source.name).map_err(Unreadable::At)
        });
        match parsed {
            Ok(talk) => {
                let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
                talks.push((Arc::new(talk), folder));
            }
            Err(unreadable) => {
                worst.get_or_insert_with(|| unreadable.kind());
                match unreadable {
                    Unreadable::File(error) => out::complain(&error.to_string()),
                    Unreadable::At(diag) => {
                        for line in diag.lines(look) {
                            out::complain(&line.render(look));
                        }
                    }
                }
            }
        }
    }
    match worst {
        Some(kind) => Err(Error::silent(kind)),
        None => Ok(talks),
    }
}

fn options(args: &Run) -> Result<Options> {
    let mut values = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
            continue;
        };
        if let Some(name) = name.strip_prefix("EHLO_VAR_")
            && is_variable(name)
        {
            values.insert(name.to_owned(), value.as_bytes().to_vec());
        } else if let Some(name) = name.strip_prefix("EHLO_SECRET_")
            && is_variable(name)
        {
            secrets.insert(name.to_owned(), Secret::new(value));
        }
    }
    if let Some(user) = &args.login.user {
        values.insert("user".to_owned(), user.as_bytes().to_vec());
    }
    for given in &args.vars {
        let (name, value) = named(given, "--var NAME=VALUE")?;
        values.insert(name.to_owned(), value.as_bytes().to_vec());
    }
    for given in &args.secrets {
        let (name, command) = named(given, "--secret NAME=COMMAND")?;
        secrets.insert(name.to_owned(), from_command(command)?);
    }
    let mut how = How {
        dial: how::dial(&args.link, false)?,
        tls: how::tls(&args.tls)?,
        patience: Patience::Program(limit(args.link.timeout)?),
        starttls: args.tls.starttls,
        ..How::default()
    };
    how.engine.strict = true;
    how.engine.lint = true;
    how.engine.clear_credentials = args.login.allow_cleartext_auth;
    Ok(Options {
        how,
        targets: args.targets.clone(),
        tls_mode: match (args.tls.tls, args.tls.no_tls) {
            (true, _) => Some(TlsMode::Implicit),
            (_, true) => Some(TlsMode::Clear),
            _ => None,
        },
        values,
        secrets,
        password: Sources {
            command: args.login.password_command.clone(),
            fd: args.login.password_fd,
            ..Sources::from_environment("")
        },
        name: "[127.0.0.1]".to_owned(),
        folder: PathBuf::new(),
        allow_commands: args.allow_commands,
        keep_all: args.html.is_some() || args.output.verbose > 0,
    })
}

fn named<'a>(given: &'a str, form: &str) -> Result<(&'a str, &'a str)> {
    let split = given.split_once('=').filter(|(name, _)| is_variable(name));
    split.ok_or_else(|| {
        Error::usage(format!("\"{given}\" gives no value to a name"))
            .hint("as in", form)
            .hint("names", "small letters, digits and _, no digit first")
    })
}

async fn run_all(
    args: &Run,
    talks: Vec<Read>,
    options: Options,
    sink: &Sink,
    report: &mut Report,
) -> Result<()> {
    let repeat = args.repeat.max(1);
    let runs = (0..repeat).flat_map(|run| talks.iter().cloned().map(move |t| (run, t)));
    if args.jobs < 2 {
        for (run, (talk, folder)) in runs {
            let options = Options {
                folder,
                ..options.clone()
            };
            let mut watch = Watch::new(args.step, sink, &talk);
            let observer = watch.is_wanted();
            let mut see = |seen: Seen<'_>| watch.see(&seen);
            let mut outcome = run::run(&talk, &options, observer.then_some(&mut see)).await;
            outcome.run = run + 1;
            let interrupted = outcome.kind() == Some(Kind::Interrupted);
            report.add(outcome)?;
            if interrupted {
                return Ok(());
            }
        }
        return Ok(());
    }
    let mut runs = runs.enumerate();
    let mut set: JoinSet<(usize, Outcome)> = JoinSet::new();
    let mut done: BTreeMap<usize, Outcome> = BTreeMap::new();
    let mut next = 0;
    loop {
        while set.len() < args.jobs.min(JOBS_MAX)
            && let Some((number, (run, (talk, folder)))) = runs.next()
        {
            let options = Options {
                folder,
                ..options.clone()
            };
            let sink = sink.clone();
            set.spawn(async move {
                let mut watch = Watch::new(false, &sink, &talk);
                let observer = watch.is_wanted();
                let mut see = |seen: Seen<'_>| watch.see(&seen);
                let mut outcome = run::run(&talk, &options, observer.then_some(&mut see)).await;
                outcome.run = run + 1;
                (number, outcome)
            });
        }
        let Some(joined) = set.join_next().await else {
            return Ok(());
        };
        let (number, outcome) =
            joined.map_err(|e| Error::local(format!("a talk could not be run: {e}")))?;
        done.insert(number, outcome);
        // Reports stand in the order of the files.
        while let Some(outcome) = done.remove(&next) {
            report.add(outcome)?;
            next += 1;
        }
    }
}

/// Where rows go as they are made: standard output with `--json`, and the log.
#[derive(Clone)]
struct Sink(Arc<Mutex<Writing>>);

struct Writing {
    json: bool,
    log: Option<(std::fs::File, bool)>,
    marker: rows::Marker,
    look: Look,
    failed: Option<Error>,
}

impl Sink {
    fn open(args: &Run, look: Look) -> Result<Self> {
        let log = match &args.output.log {
            Some(path) => {
                let file = OpenOptions::new()
                    .append(true)
                    .create(true)
                    .mode(0o600)
                    .open(path)
                    .map_err(|e| Error::local(format!("{}: {e}", path.display())))?;
                let json = path.extension().is_some_and(|e| e == "jsonl");
                Some((file, json))
            }
            None => None,
        };
        Ok(Self(Arc::new(Mutex::new(Writing {
            json: args.output.json,
            log,
            marker: rows::Marker::default(),
            look,
            failed: None,
        }))))
    }

    fn is_wanted(&self) -> bool {
        let writing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writing.json || writing.log.is_some()
    }

    fn row(&self, row: &Row) {
        let mut writing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let writing = &mut *writing;
        if writing.failed.is_some() {
            return;
        }
        if writing.json
            && let Err(error) = out::line(&to_json(row))
        {
            writing.failed = Some(error);
            return;
        }
        let Some((file, json)) = &mut writing.log else {
            return;
        };
        let mut text = String::new();
        if *json {
            text = to_json(row);
            text.push('\n');
        } else {
            let plain = Look {
                color: false,
                ..writing.look
            };
            for line in writing.marker.lines(row, &plain) {
                text.push_str(&line.text());
                text.push('\n');
            }
        }
        if let Err(e) = file.write_all(text.as_bytes()) {
            writing.failed = Some(Error::local(format!("the log cannot be written: {e}")));
        }
    }

    fn finish(&self) -> Result<()> {
        let mut writing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writing.failed.take().map_or(Ok(()), Err)
    }
}

/// Looks on while a talk runs.
struct Watch<'a> {
    step: bool,
    wanted: bool,
    sink: &'a Sink,
    talk: &'a Talk,
    look: Look,
}

impl<'a> Watch<'a> {
    fn new(step: bool, sink: &'a Sink, talk: &'a Talk) -> Self {
        let look = sink.0.lock().unwrap_or_else(PoisonError::into_inner).look;
        Self {
            step,
            wanted: step || sink.is_wanted(),
            sink,
            talk,
            look,
        }
    }

    fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// False ends the talk.
    fn see(&mut self, seen: &Seen<'_>) -> bool {
        match seen {
            Seen::Row(row) => {
                self.sink.row(row);
                if self.step {
                    for line in rows::lines(row, &self.look) {
                        let _ = out::line(&line.render(&self.look));
                    }
                }
                true
            }
            Seen::Step(_) if !self.step => true,
            Seen::Step(step) => {
                let index = (step.span.line as usize).saturating_sub(1);
                let text = self.talk.source.lines().nth(index).unwrap_or_default();
                let shown = crate::wire::show::show(text.as_bytes(), self.look.charset);
                let _ = out::line(&format!("==  line {}: {shown}", step.span.line));
                match crate::prompt::line("Enter goes on, q ends: ") {
                    Ok(answer) => !answer.trim().eq_ignore_ascii_case("q"),
                    Err(_) => false,
                }
            }
        }
    }
}

/// What is told of the talks.
struct Report {
    format: ReportFormat,
    look: Look,
    quiet: bool,
    verbose: bool,
    json: bool,
    total: usize,
    number: usize,
    tally: Tally,
    first: Option<Kind>,
    /// Kept where the report is written at the end.
    kept: Vec<Outcome>,
    held: usize,
    keep: bool,
    progress: bool,
    began: Instant,
}

impl Report {
    fn new(args: &Run, look: Look, total: usize) -> Self {
        let human = args.format == ReportFormat::Human;
        Self {
            format: args.format,
            look,
            quiet: args.output.quiet,
            verbose: args.output.verbose > 0,
            json: args.output.json,
            total,
            number: 0,
            tally: Tally::default(),
            first: None,
            kept: Vec::new(),
            held: 0,
            keep: args.format == ReportFormat::Junit || args.html.is_some(),
            progress: human
                && total > 1
                && !args.step
                && !args.output.json
                && std::io::stderr().is_terminal(),
            began: Instant::now(),
        }
    }

    fn add(&mut self, mut outcome: Outcome) -> Result<()> {
        self.number += 1;
        self.tally.add(&outcome);
        if let Some(kind) = outcome.kind() {
            self.first.get_or_insert(kind);
        }
        self.clear_progress();
        match self.format {
            ReportFormat::Human if !self.json => self.human(&outcome)?,
            ReportFormat::Tap => {
                if self.number == 1 {
                    out::line("TAP version 14")?;
                }
                out::print(&outcome::tap(self.number, &outcome))?;
            }
            ReportFormat::Json => out::line(&outcome::json(&outcome))?,
            ReportFormat::Junit | ReportFormat::Human => {}
        }
        if self.keep {
            let size: usize = outcome
                .rows
                .iter()
                .map(|row| row.text.len() + size_of::<Row>())
                .sum();
            self.held += size;
            if self.held > HELD_MAX {
                outcome.rows = Vec::new();
            }
            self.kept.push(outcome);
        }
        self.show_progress();
        Ok(())
    }

    fn human(&self, outcome: &Outcome) -> Result<()> {
        let role = match outcome.end {
            End::Passed => Role::Good,
            End::Skipped(_) => Role::Later,
            End::Failed { .. } => Role::Refused,
        };
        let failed = matches!(outcome.end, End::Failed { .. });
        if self.quiet && !failed {
            return Ok(());
        }
        let title =
            crate::wire::show::show(outcome.title().as_bytes(), self.look.charset).into_owned();
        let head = Styled::new(Role::Strong, title)
            .with(Role::Plain, "  ")
            .with(role, outcome.words());
        out::line(&head.render(&self.look))?;
        if (failed || self.verbose) && !self.quiet && !outcome.rows.is_empty() {
            out::line("")?;
            let from = if self.verbose { 0 } else { outcome.tail };
            let mut marker = rows::Marker::default();
            for row in &outcome.rows[from..] {
                for line in marker.lines(row, &self.look) {
                    out::line(&line.render(&self.look))?;
                }
            }
        }
        if let End::Failed { diag, .. } = &outcome.end {
            out::line("")?;
            for line in diag.lines(&self.look) {
                out::line(&line.render(&self.look))?;
            }
        }
        Ok(())
    }

    fn show_progress(&self) {
        if self.progress && self.number < self.total {
            let text = format!(
                "  {} of {}, {}",
                self.number,
                self.total,
                self.tally.words()
            );
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r{text}\x1b[K").and_then(|()| stderr.flush());
        }
    }

    fn clear_progress(&self) {
        if self.progress && self.number > 1 {
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
        }
    }

    fn finish(&mut self, args: &Run) -> Result<()> {
        match self.format {
            ReportFormat::Human if !self.json => {
                let words = format!(
                    "{}, {}",
                    self.tally.words(),
                    units::millis(self.began.elapsed().as_secs_f64() * 1000.0)
                );
                out::line(&words)?;
            }
            ReportFormat::Tap => out::line(&format!("1..{}", self.number))?,
            ReportFormat::Junit => out::print(&outcome::junit(&self.kept))?,
            ReportFormat::Json | ReportFormat::Human => {}
        }
        let Some(path) = &args.html else {
            return Ok(());
        };
        let texts: Vec<(String, String, String)> = self.kept.iter().map(texts).collect();
        let chapters: Vec<Chapter<'_>> = self
            .kept
            .iter()
            .zip(&texts)
            .map(|(outcome, (title, words, diag))| Chapter {
                title,
                ended: Some(match outcome.end {
                    End::Passed => Ended::Passed(words),
                    End::Skipped(_) => Ended::Skipped(words),
                    End::Failed { .. } => Ended::Failed(words, diag),
                }),
                rows: outcome.rows.iter().collect(),
            })
            .collect();
        let text = page("ehlo run", &self.tally.words(), &chapters);
        private::write_whole(path, text.as_bytes())
    }
}

/// What a page says of an outcome: title, words, diagnostic.
fn texts(outcome: &Outcome) -> (String, String, String) {
    let words = outcome.words();
    let words = words
        .strip_prefix("passed, ")
        .or_else(|| words.strip_prefix("skipped: "))
        .or_else(|| words.strip_prefix("failed "))
        .unwrap_or(&words)
        .to_owned();
    let diag = match &outcome.end {
        End::Failed { diag, .. } => diag.text(),
        _ => String::new(),
    };
    (outcome.title(), words, diag)
}
