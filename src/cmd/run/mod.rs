//! `ehlo run FILE.talk...`: runs talks and reports.

mod report;
mod watch;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::cli::Run;
use crate::credentials::{Sources, from_command, from_descriptor};
use crate::error::{Error, Kind, Result};
use crate::how;
use crate::proto::TlsMode;
use crate::script::Talk;
use crate::script::outcome::Outcome;
use crate::script::pattern::is_name as is_variable;
use crate::script::run::open::PRACTICE;
use crate::script::run::{self, Options};
use crate::script::source::{self, Unreadable};
use crate::session::Patience;
use crate::session::open::{How, limit};
use crate::target;
use crate::ui::{Look, look, out};
use crate::wire::secret::Secret;

use report::Report;
use watch::{Sink, Watch};

/// Talks that run at once, at most.
const JOBS_MAX: usize = 1_000;

/// Runs the talks.
///
/// # Errors
/// The kind of the first talk that failed; usage for files that are no talks, local for those that
/// cannot be read: then nothing is run.
pub fn run(args: &Run) -> Result<()> {
    let terminal = std::io::stdout().is_terminal();
    let look = look::decide(args.output.color.unwrap_or_default(), terminal);
    let password = once(args)?;
    let talks = read_all(&args.files, &look)?;
    let options = options(args, password)?;
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

/// The line of `--password-fd`: it can be read once, every login of every talk may need it, and a
/// talk may stand behind it on standard input.
fn once(args: &Run) -> Result<Option<Secret>> {
    match (args.login.password_fd, &args.login.password_command) {
        (Some(fd), None) => from_descriptor(fd).map(Some),
        _ => Ok(None),
    }
}

fn options(args: &Run, password: Option<Secret>) -> Result<Options> {
    let Options {
        mut values,
        mut secrets,
        ..
    } = Options::from_environment();
    if let Some(user) = &args.login.user {
        values.insert("user".to_owned(), user.as_bytes().to_vec());
    }
    for given in &args.vars {
        let (name, value) = named(given, "--var NAME=VALUE")?;
        values.insert(name.to_owned(), value.as_bytes().to_vec());
    }
    for given in &args.secrets {
        let (name, command) = named(given, "--secret NAME=COMMAND")?;
        secrets.insert(
            name.to_owned(),
            from_command(command, crate::credentials::COMMAND_PATIENCE)?,
        );
    }
    for target in args.targets.iter().filter(|t| *t != PRACTICE) {
        target::parse(target, None)?;
    }
    let mut how = How {
        dial: how::dial(&args.link, false)?,
        tls: how::tls(&args.tls)?,
        patience: Patience::Program(limit(args.link.timeout)?),
        starttls: args.tls.starttls,
        ..How::default()
    };
    let environment = Sources::from_environment("");
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
            environment: password.or(environment.environment),
            ..environment
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
            let mut outcome = run::run(&talk, &options, watch.observer()).await;
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
                let mut outcome = run::run(&talk, &options, watch.observer()).await;
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
