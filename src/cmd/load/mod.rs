//! `ehlo load`: sends mail at a server, measures, reports (docs/load.md).
//!
//! Rules: nobody else's server is loaded without a yes; the report comes however the run ends; what
//! is counted as accepted was accepted.

mod client;
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
mod watch;
mod worker;

use std::cell::Cell;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use self::link::Trouble;
use self::live::Live;
use self::pace::{Pace, Phase};
use self::plan::Plan;
use self::watch::{Looker, Watch};
use self::worker::{GRACE, Shared, UNANSWERED, UNSENT};
use crate::cli;
use crate::error::{Error, Kind, Result};
use crate::net::listen;
use crate::stats::{About, Fault, Report, Stage, Tally};
use crate::ui::units::grouped;
use crate::ui::{look, out};
use crate::wire::show::{Charset, show};

/// How often the live line is renewed on a terminal, and written elsewhere.
const LIVE: Duration = Duration::from_millis(250);
const PLAIN: Duration = Duration::from_secs(1);

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
        return tell(options, &merged, &sum, old.as_ref());
    }
    listen::raise_open_files();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| Error::local(format!("no runtime: {e}")))?;
    let can_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let plan = runtime.block_on(Plan::new(options, can_ask))?;
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
    let (seconds, interrupted) = runtime.block_on(drive(&shared, options))?;
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
        interrupted: interrupted || shared.pace.phase() != Phase::Run,
    };
    let report = Report::new(about, &tally);
    let clean = report.failed == 0 && report.in_doubt == 0 && report.errors.is_empty();
    tell(options, &report, &tally, old.as_ref())?;
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

fn in_vain(trouble: Trouble) -> Error {
    let what = format!(
        "the mailbox of --until-visible: {} at {}",
        trouble.reason,
        trouble.stage.name()
    );
    let error = Error::new(Kind::Connect, what);
    if trouble.example.is_empty() {
        return error;
    }
    error.hint("reply", trouble.example)
}

/// Starts the workers and waits for them, for Ctrl-C, and for the time to say something.
async fn drive(shared: &Arc<Shared>, options: &cli::Load) -> Result<(f64, bool)> {
    let no_signals = |e: std::io::Error| Error::local(format!("no signals: {e}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let looking = &shared.tallies[shared.tallies.len() - 1];
    let mut looker = match &shared.plan.watched {
        Some(place) => {
            let patience = options.link.timeout.map(Duration::from_secs_f64);
            let opened = Looker::open(place, &shared.plan.run_id, patience, looking).await;
            Some(opened.map_err(|trouble| in_vain(trouble.veiled(&place.0, 0)))?)
        }
        None => None,
    };
    // Nothing was due while the mailbox was opened.
    shared.pace.begin();
    let mut ends = Vec::new();
    for worker in 0..shared.tallies.len() - 1 {
        let (done, end) = oneshot::channel();
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("load".into());
        thread
            .spawn(move || {
                let _ = done.send(worker::run(&shared, worker));
            })
            .map_err(|e| Error::local(format!("no thread: {e}")))?;
        ends.push(end);
    }
    let sent = Cell::new(None);
    let mut all = std::pin::pin!(async {
        let sending = async {
            for end in ends {
                // A worker that is gone without a word has panicked.
                end.await
                    .unwrap_or_else(|_| Err(Error::local("a worker of this run died")))?;
            }
            sent.set(Some(Instant::now()));
            Ok::<(), Error>(())
        };
        let seeing = async {
            let (Some(looker), Some(watch)) = (&mut looker, &shared.watch) else {
                return;
            };
            if let Err(trouble) = looker.run(watch, || sent.get().is_some()).await {
                let mut tally = looking.lock().unwrap_or_else(PoisonError::into_inner);
                let trouble = match &shared.plan.watched {
                    Some(place) => trouble.veiled(&place.0, 0),
                    None => trouble,
                };
                tally.error(trouble.stage, &trouble.reason, &trouble.example);
            }
        };
        tokio::join!(sending, seeing).0
    });
    let terminal = std::io::stderr().is_terminal() && !look::is_dumb();
    let shown = !options.quiet && (terminal || options.counter);
    let mut tick = tokio::time::interval(if terminal { LIVE } else { PLAIN });
    tick.tick().await;
    let mut phases = shared.pace.watch();
    let mut live = Live::new(shared);
    let mut interrupted = false;
    let mut deadline = None;
    loop {
        let grace = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            outcome = &mut all => {
                outcome?;
                break;
            }
            _ = interrupt.recv() => {
                let again = std::mem::replace(&mut interrupted, true);
                shared.pace.enter(if again { Phase::Kill } else { Phase::Stop });
            }
            _ = terminate.recv() => {
                interrupted = true;
                shared.pace.enter(Phase::Stop);
            }
            Ok(()) = phases.changed(), if deadline.is_none() => {
                deadline = Some(tokio::time::Instant::now() + GRACE);
            }
            () = grace => {
                shared.pace.enter(Phase::Kill);
                if sent.get().is_some() {
                    break;
                }
                deadline = None;
            }
            _ = tick.tick(), if shown => live.show(terminal),
        }
    }
    let ended = sent.get().unwrap_or_else(Instant::now);
    let seconds = (ended - shared.pace.start()).as_secs_f64();
    if shown && terminal {
        let _ = std::io::stderr().lock().write_all(b"\r\x1b[K");
    }
    Ok((seconds, interrupted))
}

fn read(path: &Path) -> Result<Report> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| Error::local(format!("{name}: {e}")))?;
    Report::read(&text, &name)
}

/// The report, in the forms asked for.
fn tell(options: &cli::Load, report: &Report, tally: &Tally, old: Option<&Report>) -> Result<()> {
    report.save(tally, options.hdr.as_deref(), options.html.as_deref(), old)?;
    if options.json {
        return out::line(&report.json());
    }
    let terminal = std::io::stdout().is_terminal();
    let look = look::decide(options.color.unwrap_or_default(), terminal);
    out::print(&report.text(tally, &look, old))
}
