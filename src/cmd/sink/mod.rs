//! `ehlo sink`: accepts mail and discards it, counts it, and says at the end what came.
//!
//! `faults.rs` makes the fault table of the options, `place.rs` takes the ports, `pump.rs` moves
//! octets, `meter.rs` measures, `keep.rs` writes messages that are kept, `report.rs` is the report. One thread does it
//! all: a socket is cheaper to answer than to hand over. What it prints when ready is what `ehlo
//! serve` prints.

mod dump;
mod faults;
mod keep;
mod meter;
mod place;
mod pump;
mod report;
mod rights;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use self::pump::Hall;
use crate::cli;
use crate::error::{Error, Result};
use crate::net::ca::Ca;
use crate::net::listen;
use crate::net::tls::ServerTls;
use crate::practice;
use crate::private::{self, Announced};
use crate::proto::faults::Faults;
use crate::proto::server::{Limits, Service};
use crate::proto::smtp::Flavour;
use crate::proto::smtp::sink::{Board, Plan};
use crate::stats::Files;
use crate::store::{SharedStore, Store};
use crate::ui::{Look, look, out};
use crate::wire::secret::Secret;

/// Between two looks at the counters.
const TICK: Duration = Duration::from_millis(500);
/// How long clients have to take their last replies.
const FAREWELL: Duration = Duration::from_secs(3);

/// Runs the sink until it is told to end or has had enough.
///
/// # Errors
/// `Usage` for options that cannot be, `Local` for ports and files.
pub fn run(options: &cli::Sink, look: &Look) -> Result<()> {
    let wanted = place::wanted(options)?;
    let plan = plan(options)?;
    listen::raise_open_files();
    let identity = rights::identity(options)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::local(format!("no runtime: {e}")))?;
    let outcome = runtime.block_on(serve(options, look, &wanted, plan, identity));
    runtime.shutdown_background();
    outcome
}

fn plan(options: &cli::Sink) -> Result<Plan> {
    let (faults, waits) = faults::table(options)?;
    let mut store = Store::new(&options.name, practice::now());
    store.set_accept_any(options.auth.is_some());
    for text in &options.users {
        let (name, password) = match text.split_once(':') {
            Some((name, password)) if !name.is_empty() => (name, Secret::new(password)),
            _ => {
                return Err(Error::usage("--user wants a name, a colon and a password")
                    .hint("such as", "--user dora:explorer"));
            }
        };
        store.add_user(name, password).map_err(|why| {
            let name = name.escape_debug();
            Error::usage(format!("the user \"{name}\" cannot be added: {why}"))
        })?;
    }
    if options.name.is_empty() || options.name.chars().any(|c| c.is_control() || c == ' ') {
        return Err(Error::usage("--name wants a host name").hint("such as", "--name mx.test"));
    }
    let service = Service {
        store: SharedStore::new(store),
        faults: Faults::new(faults.clone()),
        host: options.name.clone(),
        clock: Arc::new(practice::now),
        random: Arc::new(crate::entropy::fill),
        starttls: options.starttls,
        clear_logins: !options.listen_publicly,
        limits: Limits {
            recipients: 10_000,
            ..Limits::default()
        },
        patience: None,
        events: false,
    };
    Ok(Plan {
        service,
        flavour: if options.lmtp {
            Flavour::Lmtp
        } else {
            Flavour::Smtp
        },
        auth: options.auth.is_some() || !options.users.is_empty(),
        faulty: !faults.is_empty() || !waits.is_empty(),
        stop_after: options.stop_after.map(Into::into),
        abort: options.abort.map(Duration::from_secs_f64),
        read_delay: options.read_delay.map(Duration::from_secs_f64),
        waits,
        keeper: keep::keeper(options)?,
        board: Board::default(),
    })
}

/// Writes the certificate of whom clients must trust, where there is TLS.
fn certificate(options: &cli::Sink, tls: &ServerTls) -> Result<Option<Announced>> {
    if !options.tls && !options.starttls {
        return Ok(None);
    }
    tls.prepare();
    let file = match &options.ca_out {
        Some(file) => file.clone(),
        None => {
            let name = format!("ca-{}.pem", std::process::id());
            private::runtime_folder()?.join(name)
        }
    };
    let pem = tls.ca().pem();
    Announced::write(file, pem.as_bytes(), options.ca_out.is_none()).map(Some)
}

async fn serve(
    options: &cli::Sink,
    look: &Look,
    wanted: &place::Wanted,
    plan: Plan,
    identity: rights::Identity,
) -> Result<()> {
    // Before anything is announced: whoever is told may end us at once.
    let no_signals = |e| Error::local(format!("signals cannot be caught: {e}"));
    let mut term = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let doors = wanted.bind(options.window, options.backlog)?;
    identity.take()?;
    // What cannot be written is said before anything comes, not when it has come.
    let files = Files::open(options.hdr.as_deref(), options.html.as_deref())?;
    let tls = ServerTls::new(Arc::new(Ca::new()), false);
    let ca = certificate(options, &tls)?;
    let scheme = match (options.lmtp, options.tls) {
        (true, _) => "lmtp",
        (false, true) => "smtps",
        (false, false) => "smtp",
    };
    let urls: Vec<String> = doors.iter().map(|door| door.url(scheme)).collect();
    let ca_path = ca.as_ref().map(Announced::path);
    let ready = report::ready(&urls, ca_path, options.json);
    if !options.quiet {
        out::print(&ready)?;
    }
    let (stop, stopped) = watch::channel(false);
    let hall = Arc::new(Hall::new(options, plan, tls, stop));
    let mut accepting = Vec::new();
    for door in doors {
        accepting.push(tokio::spawn(pump::accept(door, Arc::clone(&hall))));
    }
    let _ready = options
        .ready_file
        .as_ref()
        .map(|file| {
            let text = report::ready(&urls, ca_path, false);
            Announced::write(file.clone(), text.as_bytes(), true)
        })
        .transpose()?;
    let terminal = std::io::stderr().is_terminal() && !look::is_dumb();
    let live = !options.quiet && (options.counter || (terminal && !options.json));
    let mut enough = stopped;
    let mut tick = tokio::time::interval(TICK);
    let mut counter = report::Counter::default();
    loop {
        tokio::select! {
            _ = term.recv() => break,
            _ = interrupt.recv() => break,
            _ = enough.wait_for(|stop| *stop) => break,
            _ = tick.tick(), if live => counter.show(&hall, terminal),
        }
    }
    let ended = Instant::now();
    for task in &accepting {
        task.abort();
    }
    hall.stop();
    // Whoever does not take the goodbye in time goes without.
    let _ = tokio::time::timeout(FAREWELL, hall.empty()).await;
    counter.end();
    let (report, tally) = report::last(&hall, ended, &urls);
    let told = if options.json {
        out::line(&report::json(&report, &hall))
    } else {
        out::print(&report.text(&tally, look, None))
    };
    files.save(&report, &tally, None).and(told)
}
