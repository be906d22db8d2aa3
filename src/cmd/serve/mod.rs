//! `ehlo serve`: the practice server by itself, for other clients and for tests.
//!
//! What it prints when ready (a URL a line, then `ca FILE`) and the ready file (the same lines) are
//! an interface (docs/serve.md). Ctrl-C and SIGTERM end it with a goodbye to every client.

mod ports;
mod screen;
mod show;

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use self::ports::Port;
use self::screen::Screen;
use self::show::Shower;
use crate::cli;
use crate::config;
use crate::error::{Error, Result};
use crate::net::listen::{self, Listener};
use crate::practice::{Observer, Options, Practice};
use crate::private::{self, Announced};
use crate::ui::look;
use crate::wire::secret::Secret;

/// Connections at a time. IDLE sessions by the thousand are ordinary; descriptors are the limit.
const CONNECTIONS: usize = 20_000;
/// How long clients have to take their goodbye, and then the screen its last lines.
const FAREWELL: Duration = Duration::from_secs(3);

/// Runs the practice server until it is told to end.
///
/// # Errors
/// `Usage` for options that cannot be, `Local` for ports and files.
pub fn run(options: &cli::Serve) -> Result<()> {
    let ports = ports::wanted(options)?;
    let faults = match &options.fault {
        Some(file) => config::faults::read_file(file)?,
        None => Vec::new(),
    };
    let users = options.users.iter().map(|text| user(text));
    let shown = !options.output.quiet || options.output.log.is_some();
    let practice = Practice::new(Options {
        accept_any: options.accept_any,
        guests: options.anonymous,
        certificates: !options.client_cert.is_empty(),
        users: users.collect::<Result<_>>()?,
        faults,
        patience: options.timeout.map(Duration::from_secs_f64),
        public: options.listen_publicly,
        connections: CONNECTIONS,
        events: shown,
        ..Options::default()
    })?;
    let look = look::decide(
        options.output.color.unwrap_or_default(),
        std::io::stdout().is_terminal(),
    );
    let screen = Screen::start();
    let shower = Shower::new(options, look, screen.lines())?;
    let observer = shown.then(|| shower.observer());
    listen::raise_open_files();
    // Connections have threads of their own: signals and the time of the farewell are heard here,
    // however busy those are.
    let no_runtime = |e| Error::local(format!("no runtime: {e}"));
    let workers = Runtime::new().map_err(no_runtime)?;
    let control = Builder::new_current_thread().enable_all().build();
    let control = control.map_err(no_runtime)?;
    let house = House {
        practice,
        observer,
        workers: workers.handle(),
    };
    let outcome = control.block_on(serve(options, ports, house, &shower, screen));
    workers.shutdown_background();
    // The log is finished in any case; the first fault is the one to tell.
    let finished = shower.finish();
    outcome.and(finished)
}

/// What serves the connections.
struct House<'a> {
    practice: Practice,
    observer: Option<Observer>,
    workers: &'a Handle,
}

async fn serve(
    options: &cli::Serve,
    ports: Vec<Port>,
    house: House<'_>,
    shower: &Shower,
    mut screen: Screen,
) -> Result<()> {
    let House {
        practice,
        observer,
        workers,
    } = house;
    // Before anything is announced: whoever is told may end us at once.
    let mut term = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut listening = Vec::new();
    for port in ports {
        // Whoever opens a socket hears of it: the workers, not this thread.
        let _theirs = workers.enter();
        let (listeners, number) = port.bind(options.listen_publicly)?;
        listening.push((port, listeners, number));
    }
    let ca = Announced::write(
        ca_file(options)?,
        practice.ca().pem().as_bytes(),
        options.ca_out.is_none(),
    )?;
    // They are worth nothing once this CA is gone.
    let _certificates = options
        .client_cert
        .iter()
        .map(|text| client_certificate(text, &practice))
        .collect::<Result<Vec<_>>>()?;
    let mut ready = String::new();
    for (port, _, number) in &listening {
        let _ = writeln!(ready, "{}://localhost:{number}", port.scheme);
    }
    let _ = writeln!(ready, "ca {}", ca.path().display());
    // Before the addresses are on the screen: who has read them finds the file.
    let _ready = options
        .ready_file
        .as_ref()
        .map(|file| Announced::write(file.clone(), ready.as_bytes(), true))
        .transpose()?;
    shower.say(shower.ready(&ready)).await;
    if !options.output.quiet && !options.output.json {
        shower.say(shower.hints(&ready, ca.path())).await;
    }
    for (port, listeners, _) in listening {
        for listener in listeners {
            workers.spawn(accept(listener, port, practice.clone(), observer.clone()));
        }
    }
    let outcome = tokio::select! {
        _ = term.recv() => None,
        _ = interrupt.recv() => None,
        outcome = screen.ended() => Some(outcome),
    };
    // Goodbyes are said, and shown as far as they come in time; who asks twice waits for nobody.
    let farewell = async {
        let _ = tokio::time::timeout(FAREWELL, practice.stop()).await;
        match outcome {
            Some(outcome) => outcome,
            None => screen.finish(FAREWELL).await,
        }
    };
    tokio::select! {
        outcome = farewell => outcome,
        _ = term.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

fn no_signals(error: std::io::Error) -> Error {
    Error::local(format!("signals cannot be caught: {error}"))
}

async fn accept(listener: Listener, port: Port, practice: Practice, observer: Option<Observer>) {
    loop {
        match listener.accept().await {
            Ok(conn) => {
                let (practice, observer) = (practice.clone(), observer.clone());
                tokio::spawn(async move {
                    practice.serve(conn, port.door, port.tls, observer).await;
                });
            }
            // No descriptor left, or the peer was gone before it was accepted: the next may do.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// `--user name:password`.
fn user(text: &str) -> Result<(String, Secret)> {
    match text.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok((name.to_owned(), Secret::new(password))),
        _ => Err(Error::usage("--user wants a name, a colon and a password")
            .hint("such as", "--user dora:explorer")),
    }
}

/// `--client-cert user:file`.
fn client_certificate(text: &str, practice: &Practice) -> Result<Announced> {
    let Some((user, file)) = text.split_once(':').filter(|(_, file)| !file.is_empty()) else {
        let error = Error::usage("--client-cert wants a user, a colon and a file");
        return Err(error.hint("such as", "--client-cert alice:alice.pem"));
    };
    let pem = practice.client_certificate(user)?;
    Announced::write(file.into(), pem.expose(), true)
}

fn ca_file(options: &cli::Serve) -> Result<PathBuf> {
    if let Some(file) = &options.ca_out {
        return Ok(file.clone());
    }
    let name = format!("ca-{}.pem", std::process::id());
    private::runtime_folder().map(|folder| folder.join(name))
}
