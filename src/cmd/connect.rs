//! `ehlo TARGET`: a console on a terminal, a batch on a pipe.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::cli;
use crate::credentials::{Keeper, Sources};
use crate::error::{Error, Kind, Result};
use crate::net::dial::{DialOptions, Family, Resolve};
use crate::net::proxy::ProxyHeader;
use crate::net::tls::{Pin, TlsOptions, TlsVersion};
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

/// A program gives each address so long to connect.
const CONNECT: Duration = Duration::from_secs(10);

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
        dial: dial_options(&options.link, can_ask)?,
        tls: tls_options(&options.tls)?,
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
    Ok(Opening {
        target,
        how,
        keeper: Arc::new(Mutex::new(Keeper::new(sources))),
        user: login.user.clone(),
        login: login.login.clone(),
        name: options.name.clone(),
        insecure: options.tls.insecure,
    })
}

fn dial_options(link: &cli::Link, can_ask: bool) -> Result<DialOptions> {
    Ok(DialOptions {
        family: match (link.ipv4, link.ipv6) {
            (true, _) => Some(Family::V4),
            (_, true) => Some(Family::V6),
            _ => None,
        },
        source: link.source,
        resolve: link
            .resolve
            .iter()
            .map(|text| Resolve::parse(text))
            .collect::<Result<_>>()?,
        proxy_header: link.proxy_header.map(|version| match version {
            cli::ProxyVersion::V1 => ProxyHeader::V1,
            cli::ProxyVersion::V2 => ProxyHeader::V2,
        }),
        timeout: limit(link.timeout)?.or_else(|| (!can_ask).then_some(CONNECT)),
    })
}

fn tls_options(tls: &cli::Tls) -> Result<TlsOptions> {
    let version = |v: cli::TlsVersion| match v {
        cli::TlsVersion::V12 => TlsVersion::V12,
        cli::TlsVersion::V13 => TlsVersion::V13,
    };
    let keylog = match &tls.keylog {
        Some(path) if path.as_os_str().is_empty() => {
            let named = std::env::var_os("SSLKEYLOGFILE").filter(|v| !v.is_empty());
            let named = named.ok_or_else(|| {
                Error::usage("--keylog names no file and SSLKEYLOGFILE is not set")
                    .hint("give", "--keylog FILE")
            })?;
            Some(named.into())
        }
        other => other.clone(),
    };
    Ok(TlsOptions {
        ca_file: tls.ca_file.clone(),
        insecure: tls.insecure,
        pins: tls
            .pin
            .iter()
            .map(|text| Pin::parse(text))
            .collect::<Result<_>>()?,
        sni: tls.sni.clone(),
        expect_name: tls.expect_name.clone(),
        alpn: tls.alpn.clone(),
        min: tls.tls_min.map(version),
        max: tls.tls_max.map(version),
        cert: tls.cert.clone(),
        key: tls.key.clone(),
        keylog,
        ..TlsOptions::default()
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
