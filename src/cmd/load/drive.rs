//! A run from its first message to its end: starts the workers and waits for them, for the end of
//! their time, for Ctrl-C, and for the mailbox that is looked into.
//!
//! Rule: whatever ends a run, the workers are waited for, so that their counts are final.

use std::cell::Cell;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;

use super::link::Trouble;
use super::live::{Live, UNHEARD};
use super::pace::{Pace, Phase};
use super::watch::Looker;
use super::worker::{self, Shared};
use crate::cli;
use crate::error::{Error, Kind, Result};
use crate::ui::look;

/// How often the live line is renewed on a terminal, and written elsewhere.
const LIVE: Duration = Duration::from_millis(250);
const PLAIN: Duration = Duration::from_secs(1);
/// After a stop, what is under way gets so long to end.
const GRACE: Duration = Duration::from_secs(5);

/// How a run ended.
#[derive(Debug)]
pub(super) struct End {
    /// How long it took to send.
    pub(super) seconds: f64,
    /// Somebody ended it.
    pub(super) interrupted: bool,
    /// It ended before all was tried and before its time was up.
    pub(super) early: bool,
    /// Why a part of it could not run.
    pub(super) failure: Option<Error>,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let heard = |kind| signal(kind).map_err(|e| Error::local(format!("no signals: {e}")));
        Ok(Self {
            interrupt: heard(SignalKind::interrupt())?,
            terminate: heard(SignalKind::terminate())?,
        })
    }

    /// Waits for one; whether it says that nothing is waited for if it comes again.
    async fn any(&mut self) -> bool {
        tokio::select! {
            _ = self.interrupt.recv() => true,
            _ = self.terminate.recv() => false,
        }
    }
}

/// Workers under way, each with its outcome when it is over.
type Workers = JoinSet<Result<()>>;

/// Sends all that is to be sent.
///
/// # Errors
/// `Local` without signals, `Connect` when the mailbox of `--until-visible` cannot be looked into.
pub(super) async fn drive(shared: &Arc<Shared>, options: &cli::Load) -> Result<End> {
    let mut signals = Signals::new()?;
    let mut looker = tokio::select! {
        looker = looker(shared, options) => looker?,
        _ = signals.any() => return Err(Error::silent(Kind::Interrupted)),
    };
    // Nothing was due while the mailbox was opened.
    let pace = &shared.pace;
    pace.begin();
    let workers = start(shared);
    let sent = Cell::new(None);
    let seen_enough = Notify::new();
    let mut all = std::pin::pin!(async {
        let sending = async {
            let failure = finish(shared, workers).await;
            sent.set(Some(Instant::now()));
            failure
        };
        let seeing = async {
            tokio::select! {
                () = look_on(shared, looker.as_mut(), || sent.get().is_some()) => {}
                () = seen_enough.notified() => {}
            }
        };
        tokio::join!(sending, seeing).0
    });
    let terminal = std::io::stderr().is_terminal() && !look::is_dumb();
    let shown = !options.quiet && (terminal || options.counter);
    let mut tick = tokio::time::interval(if terminal { LIVE } else { PLAIN });
    tick.tick().await;
    let mut live = Live::new(shared);
    let mut wonder = (!options.quiet && !shown).then(|| Instant::now() + UNHEARD);
    let mut phases = pace.watch();
    let mut course = Course {
        pace,
        seen_enough: &seen_enough,
        interrupted: false,
        stopping: false,
        time_up: None,
        deadline: None,
    };
    let failure = loop {
        tokio::select! {
            failure = &mut all => break failure,
            at_once = signals.any() => course.interrupt(at_once),
            () = until(pace.end()), if course.time_up.is_none() => {
                course.time_up = Some(pace.enter(Phase::Stop));
            }
            Ok(_) = phases.wait_for(|phase| *phase != Phase::Run), if !course.stopping => course.stop(),
            () = until(course.deadline) => course.kill(),
            () = until(wonder) => {
                wonder = None;
                live.wonder();
            }
            _ = tick.tick(), if shown => live.show(terminal),
        }
    };
    let ended = sent.get().unwrap_or_else(Instant::now);
    if shown && terminal {
        let _ = std::io::stderr().lock().write_all(b"\r\x1b[K");
    }
    Ok(End {
        seconds: (ended - pace.start()).as_secs_f64(),
        interrupted: course.interrupted,
        early: course.is_early(),
        failure,
    })
}

/// How far a run is on the way to its end.
struct Course<'a> {
    pace: &'a Pace,
    /// Told when nobody looks for what was sent any longer.
    seen_enough: &'a Notify,
    interrupted: bool,
    /// What is under way has its time to end.
    stopping: bool,
    /// That time is up is heard once; `Some` says whether it ended the run.
    time_up: Option<bool>,
    deadline: Option<Instant>,
}

impl Course<'_> {
    fn interrupt(&mut self, at_once: bool) {
        if std::mem::replace(&mut self.interrupted, true) && at_once {
            return self.kill();
        }
        self.pace.enter(Phase::Stop);
        // Anew where only looking goes on.
        self.stop();
    }

    fn stop(&mut self) {
        self.stopping = true;
        self.deadline.get_or_insert_with(|| Instant::now() + GRACE);
    }

    fn kill(&mut self) {
        self.deadline = None;
        self.pace.enter(Phase::Kill);
        // What was sent in its time is looked for as long as it may take.
        if self.interrupted || self.time_up != Some(true) {
            self.seen_enough.notify_one();
        }
    }

    fn is_early(&self) -> bool {
        self.interrupted || (self.pace.phase() != Phase::Run && self.time_up != Some(true))
    }
}

/// Waits until then, or for ever.
async fn until(then: Option<Instant>) {
    match then {
        Some(then) => tokio::time::sleep_until(then.into()).await,
        None => std::future::pending().await,
    }
}

/// Starts a thread for each worker.
fn start(shared: &Arc<Shared>) -> Workers {
    let mut workers = JoinSet::new();
    for worker in 0..shared.tallies.len() - 1 {
        let (done, end) = oneshot::channel();
        let shared = Arc::clone(shared);
        let thread = std::thread::Builder::new().name("load".into());
        let begun = thread.spawn(move || {
            let _ = done.send(worker::run(&shared, worker));
        });
        workers.spawn(async move {
            begun.map_err(|e| Error::local(format!("no thread: {e}")))?;
            // A worker that is gone without a word has panicked.
            end.await
                .unwrap_or_else(|_| Err(Error::local("a worker of this run died")))
        });
    }
    workers
}

/// Waits for all workers. One that fails stops the others; its reason is answered.
async fn finish(shared: &Shared, mut workers: Workers) -> Option<Error> {
    let mut failure = None;
    while let Some(outcome) = workers.join_next().await {
        // Waiting itself neither panics nor is given up.
        if let Err(e) = outcome.unwrap_or(Ok(())) {
            shared.pace.enter(Phase::Stop);
            failure.get_or_insert(e);
        }
    }
    failure
}

/// Opens the mailbox of `--until-visible`.
async fn looker<'a>(shared: &'a Shared, options: &cli::Load) -> Result<Option<Looker<'a>>> {
    let Some(place) = &shared.plan.watched else {
        return Ok(None);
    };
    let patience = options.link.timeout.map(Duration::from_secs_f64);
    let opened = Looker::open(place, &shared.plan.run_id, patience, shared.aside()).await;
    opened
        .map(Some)
        .map_err(|trouble| in_vain(trouble.veiled(&place.0, 0)))
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

/// Looks into the mailbox until all is seen.
async fn look_on(shared: &Shared, looker: Option<&mut Looker<'_>>, over: impl Fn() -> bool) {
    let (Some(looker), Some(watch), Some(place)) = (looker, &shared.watch, &shared.plan.watched)
    else {
        return;
    };
    if let Err(trouble) = looker.run(watch, over).await {
        let trouble = trouble.veiled(&place.0, 0);
        let mut tally = shared
            .aside()
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tally.error(trouble.stage, &trouble.reason, &trouble.example);
    }
}
