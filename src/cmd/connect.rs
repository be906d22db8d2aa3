//! `ehlo TARGET`: a console on a terminal, a batch on a pipe.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex};

use crate::cli;
use crate::credentials::{Keeper, Sources};
use crate::error::{Error, Kind, Result};
use crate::how;
use crate::proto::{self, TlsMode};
use crate::repl::console::{self, Start};
use crate::repl::desk::Desk;
use crate::repl::front::Front;
use crate::repl::opening::{self, Opening};
use crate::repl::settings::Settings;
use crate::repl::{EditorOptions, LogFile, Screen, batch};
use crate::session::Patience;
use crate::session::open::{How, limit};
use crate::target::{self, Place, Target};
use crate::ui::look;
use crate::ui::render::Times;

/// Runs `ehlo TARGET`.
///
/// # Errors
/// Whatever ends it other than well; in batch the first failure.
pub fn run(options: &cli::Connect) -> Result<()> {
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let target = match &options.target {
        Some(text) => target::parse(text, options.port.as_deref())?,
        None => Target::practice(proto::protocol("smtp").unwrap_or(proto::PROTOCOLS[0])),
    };
    let opening = opening(target, options, terminal)?;
    let settings = settings(options, terminal, opening.target.place == Place::Practice);
    if terminal {
        return console::run(Start {
            editor: EditorOptions {
                color: settings.look.color,
                simple: options.simple_ui || look::is_dumb(),
                vi: false,
            },
            history: if options.no_history {
                None
            } else {
                look::state_folder()
            },
            log: options.output.log.clone(),
            save: options.save.clone(),
            opening,
            settings,
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|e| Error::local(format!("no runtime: {e}")))?;
    let outcome = runtime.block_on(converse(opening, settings, options));
    // The thread that reads standard input may be blocked there: it is not waited for.
    runtime.shutdown_background();
    match outcome? {
        Some(kind) => Err(Error::silent(kind)),
        None => Ok(()),
    }
}

async fn converse(
    opening: Opening,
    settings: Settings,
    options: &cli::Connect,
) -> Result<Option<Kind>> {
    let mut desk = Desk::new(Front::Batch, Screen::default(), settings);
    if let Some(log) = &options.output.log {
        desk.log = Some(LogFile::open(log)?);
    }
    let opened = opening::open(&mut desk, opening).await;
    let outcome = match opened {
        Ok(()) => batch::run(&mut desk).await,
        Err(error) => Err(error),
    };
    if let Some(save) = &options.save {
        desk.save_talk(save)?;
    }
    outcome
}

/// How the session is opened, from the options.
fn opening(mut target: Target, options: &cli::Connect, can_ask: bool) -> Result<Opening> {
    if options.tls.tls {
        target.tls = TlsMode::Implicit;
    } else if options.tls.no_tls || options.tls.starttls {
        target.tls = TlsMode::Clear;
    }
    let timeout = limit(options.link.timeout)?;
    let mut how = How {
        dial: how::dial(&options.link, can_ask)?,
        tls: how::tls(&options.tls)?,
        patience: if can_ask {
            Patience::Person(timeout)
        } else {
            Patience::Program(timeout)
        },
        can_ask,
        starttls: options.tls.starttls,
        ..How::default()
    };
    how.engine.strict = options.tls.starttls;
    how.engine.show_secrets = options.output.show_secrets;
    how.engine.clear_credentials = options.login.allow_cleartext_auth;
    let login = &options.login;
    let sources = Sources {
        ask: login.ask_password,
        command: login.password_command.clone(),
        fd: login.password_fd,
        ..Sources::from_environment(target.host())
    };
    let mut keeper = Keeper::new(sources);
    keeper.read_ahead()?;
    Ok(Opening {
        target,
        how,
        keeper: Arc::new(Mutex::new(keeper)),
        user: login.user.clone(),
        login: login.login.clone(),
        name: options.name.clone(),
        insecure: options.tls.insecure,
    })
}

fn settings(options: &cli::Connect, terminal: bool, practice: bool) -> Settings {
    let output = &options.output;
    Settings {
        look: look::decide(output.color, terminal && !options.simple_ui),
        times: if output.verbose > 0 {
            Times::All
        } else {
            Times::Slow
        },
        explain: output.explain || (practice && terminal),
        show_secrets: output.show_secrets,
        quiet: output.quiet,
        json: output.json,
        guard: !practice,
        echo_added_only: !options.simple_ui,
        allow_commands: terminal || options.allow_commands,
        fail_fast: options.fail_fast,
        ..Settings::default()
    }
}
