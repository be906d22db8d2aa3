//! `ehlo TARGET`: a console on a terminal, a batch on a pipe.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex};

use crate::cli;
use crate::config::file::File;
use crate::config::options::{Options, Situation};
use crate::credentials::{Keeper, Sources};
use crate::error::{Error, Kind, Result};
use crate::how;
use crate::proto::{self, TlsMode};
use crate::repl::console::{self, Start};
use crate::repl::desk::Desk;
use crate::repl::front::Front;
use crate::repl::opening::{self, Opening};
use crate::repl::settings::{NAMES, Settings};
use crate::repl::{self, EditorOptions, LogFile, Screen, batch};
use crate::session::Patience;
use crate::session::open::{How, limit};
use crate::target::{self, Place, Target};
use crate::ui::look;

/// Runs `ehlo TARGET`.
///
/// # Errors
/// Whatever ends it other than well; in batch the first failure.
pub fn run(options: &cli::Connect) -> Result<()> {
    connect(options).map_err(|error| {
        let host = options.target.as_deref().unwrap_or_default();
        // A bare word that no resolver knows may have been meant for a command.
        let meant = cli::misspelt(host).filter(|_| error.what.starts_with("unknown host"));
        match meant {
            Some(command) => error.hint("meant", format!("ehlo {command} ?")),
            None => error,
        }
    })
}

fn connect(options: &cli::Connect) -> Result<()> {
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let file = File::load()?;
    let mut options = options.clone();
    let named = options.target.as_deref().and_then(|t| t.strip_prefix('@'));
    let profile = named.map(|name| file.profile(name)).transpose()?;
    if let Some(profile) = profile {
        options.target = Some(profile.target().to_owned());
        profile.fill(file.folder(), &mut options);
    }
    let options = &options;
    if let Some(save) = &options.save {
        repl::can_be_made(&save.display().to_string())?;
    }
    let target = match &options.target {
        Some(text) => target::parse(text, options.port.as_deref())?,
        None => Target::practice(proto::protocol("smtp").unwrap_or(proto::PROTOCOLS[0])),
    };
    let command = profile.and_then(|profile| profile.value("password-command"));
    let opening = opening(target, options, command, terminal)?;
    let situation = Situation {
        practice: opening.target.place == Place::Practice,
        ..given(options, terminal)
    };
    let in_force = Options::decide(&file, profile, &situation);
    let settings = settings(options, &in_force, terminal)?;
    if terminal {
        return console::run(Start {
            editor: EditorOptions {
                color: settings.look.color,
                charset: settings.look.charset,
                simple: in_force.is_on("simple-ui"),
                vi: in_force.value("keys") == "vi",
            },
            history: if in_force.is_on("history") {
                look::state_folder()
            } else {
                None
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
fn opening(
    mut target: Target,
    options: &cli::Connect,
    profile_command: Option<&str>,
    can_ask: bool,
) -> Result<Opening> {
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
        profile_command: profile_command.map(str::to_owned),
        patience: timeout,
        ..Sources::from_environment(target.host())
    };
    let mut keeper = Keeper::new(sources);
    keeper.read_ahead()?;
    Ok(Opening {
        target,
        how,
        keeper: Arc::new(Mutex::new(keeper)),
        user: login.user.clone(),
        login: how::mechanism(login)?,
        force: false,
        name: options.name.clone(),
        insecure: options.tls.insecure,
    })
}

/// What environment and command line say of the options that the configuration knows.
fn given(options: &cli::Connect, terminal: bool) -> Situation {
    let output = &options.output;
    Situation::of_environment(terminal)
        .with_color(output.color)
        .with(output.explain, "explain", "on", "--explain")
        .with(options.no_history, "history", "off", "--no-history")
        .with(options.simple_ui, "simple-ui", "on", "--simple-ui")
        .with(output.verbose > 0, "time", "all", "--verbose")
}

fn settings(options: &cli::Connect, in_force: &Options, terminal: bool) -> Result<Settings> {
    let output = &options.output;
    let simple = in_force.is_on("simple-ui");
    let color = if simple {
        cli::When::Never
    } else {
        in_force.color()
    };
    let mut settings = Settings {
        look: look::decide(color, terminal && !simple),
        show_secrets: output.show_secrets,
        quiet: output.quiet,
        json: output.json,
        allow_commands: terminal || options.allow_commands,
        fail_fast: options.fail_fast,
        ..Settings::default()
    };
    for option in &in_force.0 {
        let is_ours = NAMES.iter().any(|(name, ..)| *name == option.name);
        if is_ours && option.name != "color" {
            settings.set(option.name, &option.value)?;
        }
    }
    Ok(settings)
}
