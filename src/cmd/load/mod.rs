//! `ehlo load`: sends mail at a server, measures, reports (docs/load.md).
//!
//! Rules: nobody else's server is loaded without a yes; a run that began gives its report however it
//! ends; what is counted as accepted was accepted.
//!
//! `plan.rs` reads what is to be done, `drive.rs` runs it with the threads of `worker.rs`, whose
//! sessions send with `client.rs` and read with `rounds.rs` and `reader.rs`, over the connections of
//! `link.rs`, when `pace.rs` says.

mod client;
mod drive;
mod link;
mod live;
mod login;
mod message;
mod mix;
mod pace;
mod plan;
mod reader;
mod rounds;
mod server;
mod trial;
mod wakes;
mod watch;
mod worker;

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use self::drive::{End, drive};
use self::pace::Pace;
use self::plan::Plan;
use self::watch::Watch;
use self::worker::{Shared, UNANSWERED, UNSENT};
use crate::bounded;
use crate::cli;
use crate::error::{Error, Kind, Result};
use crate::net::listen;
use crate::stats::{About, Fault, Files, Report, Stage, Tally};
use crate::ui::units::grouped;
use crate::ui::{look, out};
use crate::wire::show::{Charset, show};

/// The longest report that is read.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Runs `ehlo load`.
///
/// # Errors
/// `Refused` when a message was not accepted, `Interrupted` after Ctrl-C; what stood in the way of
/// beginning at all.
pub fn run(options: &cli::Load) -> Result<()> {
    let old = options.compare.as_deref().map(read).transpose()?;
    if !options.merge.is_empty() {
        let parts = options.merge.iter().map(|path| {
            let report = read(path)?;
            Ok((path.display().to_string(), report))
        });
        let parts: Vec<(String, Report)> = parts.collect::<Result<_>>()?;
        let merged = Report::merge(&parts)?;
        let mut sum = Tally::default();
        for (name, part) in &parts {
            sum.add(&part.tally(name)?);
        }
        return tell(options, &merged, &sum, old.as_ref(), opened(options)?);
    }
    listen::raise_open_files();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| Error::local(format!("no runtime: {e}")))?;
    let can_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let plan = runtime.block_on(Plan::new(options, can_ask))?;
    // What cannot be written is said before the run, not behind it.
    let files = opened(options)?;
    if !options.quiet {
        out::complain(&announced(&plan));
    }
    let threads = threads(options, &plan);
    let shared = Arc::new(Shared {
        pace: Pace::new(plan.messages, plan.duration, plan.rate, plan.ramp),
        in_flight: AtomicU64::new(0),
        reached: AtomicBool::new(false),
        unreached: AtomicU64::new(0),
        errors: AtomicU64::new(0),
        watch: plan.watched.as_ref().map(|_| Watch::default()),
        tallies: (0..=threads).map(|_| Mutex::default()).collect(),
        plan,
    });
    let End {
        seconds,
        interrupted,
        early,
        failure,
    } = runtime.block_on(drive(&shared, options))?;
    let mut tally = shared.sum();
    if let Some(watch) = &shared.watch {
        watch.end(&mut tally);
    }
    // Whoever waited for the verdict on a content has counted it.
    let why = match shared.plan.mix {
        Some(_) => UNANSWERED,
        None => UNSENT,
    };
    let unfinished = shared.in_flight.load(Ordering::Acquire);
    tally.failed += unfinished;
    for _ in 0..unfinished {
        tally.error(shared.plan.whole(), why, "");
    }
    let about = About {
        tool: "load".into(),
        target: show(shared.plan.server.target.as_bytes(), Charset::Unicode).into_owned(),
        unit: shared.plan.unit().into(),
        how: shared.plan.how(),
        seconds,
        interrupted: early || failure.is_some(),
    };
    let report = Report::new(about, &tally);
    let clean = report.failed == 0 && report.in_doubt == 0 && report.errors.is_empty();
    tell(options, &report, &tally, old.as_ref(), files)?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    match (interrupted, clean) {
        (true, _) => Err(Error::silent(Kind::Interrupted)),
        (false, false) => {
            Err(nothing_sent(&report).unwrap_or_else(|| Error::silent(Kind::Refused)))
        }
        (false, true) => Ok(()),
    }
}

/// Why nothing came through at all, where that has one reason: nobody was reached, secured, or let in.
fn nothing_sent(report: &Report) -> Option<Error> {
    if report.accepted > 0 || report.in_doubt > 0 {
        return None;
    }
    let kind_of = |fault: &Fault| match Stage::of(&fault.stage) {
        Some(Stage::Connect) => Kind::Connect,
        Some(Stage::StartTls | Stage::Tls) => Kind::Tls,
        // A refusal; anything else is no answer to a login.
        Some(Stage::Auth) if !fault.reason.starts_with(['2', '3', '4']) => Kind::Auth,
        _ => Kind::Refused,
    };
    let first = report.errors.first()?;
    let kind = kind_of(first);
    if report.errors.iter().any(|e| kind_of(e) != kind) {
        return None;
    }
    let target = &report.about.target;
    let (what, hint) = match kind {
        Kind::Connect if first.reason == "refused" => (
            format!("no connection to {target}"),
            "nothing listens there: is the server running, and is it this port?",
        ),
        Kind::Connect => (
            format!("no connection to {target}"),
            "is it this host and port, and is there a way to it?",
        ),
        Kind::Tls => (
            format!("no TLS with {target}"),
            "--ca-file names whom to trust; ehlo URL shows one conversation",
        ),
        Kind::Auth => (
            format!("no login at {target}"),
            "are name and password right? ehlo URL --login shows one conversation",
        ),
        _ => return None,
    };
    let error = Error::new(kind, format!("{what}: {}", first.reason));
    Some(error.hint("perhaps", hint))
}

fn threads(options: &cli::Load, plan: &Plan) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // A server on this machine needs its share.
    let free = if plan.server.local {
        (cores / 2).max(1)
    } else {
        cores
    };
    let wanted = options.threads.map_or(free, usize::from);
    wanted.min(plan.sessions)
}

fn announced(plan: &Plan) -> String {
    let unit = match (plan.messages, plan.unit()) {
        (Some(1), unit) => unit.to_owned(),
        (_, unit) => format!("{unit}s"),
    };
    let count = match (plan.messages, plan.duration) {
        (Some(n), None) => format!("{} {unit}", grouped(n)),
        (Some(n), Some(d)) => format!("{} {unit} or {} s", grouped(n), d.as_secs_f64()),
        (None, d) => format!("{} s", d.unwrap_or_default().as_secs_f64()),
    };
    let target = show(plan.server.target.as_bytes(), Charset::Unicode);
    format!("load: {count} to {target}, {}", plan.how())
}

fn read(path: &Path) -> Result<Report> {
    let name = path.display().to_string();
    let text = bounded::read_text(path, LONGEST);
    Report::read(
        &text.map_err(|e| Error::local(format!("{name}: {e}")))?,
        &name,
    )
}

/// The files that the report goes to.
fn opened(options: &cli::Load) -> Result<Files> {
    Files::open(options.hdr.as_deref(), options.html.as_deref())
}

/// The report, in the forms asked for: first where nothing can be in the way.
fn tell(
    options: &cli::Load,
    report: &Report,
    tally: &Tally,
    old: Option<&Report>,
    files: Files,
) -> Result<()> {
    let told = if options.json {
        out::line(&report.json())
    } else {
        let terminal = std::io::stdout().is_terminal();
        let look = look::decide(options.color.unwrap_or_default(), terminal);
        out::print(&report.text(tally, &look, old))
    };
    files.save(report, tally, old).and(told)
}
