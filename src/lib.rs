//! One console for SMTP, POP3 and IMAP.
//!
//! A typed line passes seven stops. `repl` (or `cmd::connect` in batch) takes it; `session` hands it
//! to a protocol engine in `proto`, which is sans-IO: it looks the verb up in its table, says what it
//! thinks of it, and asks for bytes to be written; `net` writes and reads them; `wire` makes lines of
//! what comes back; the engine makes events of the lines; `transcript` keeps them and `ui` turns them
//! into text. Talks, load and the practice server use the same engines through the same pump.
//!
//! What each folder may import is held by `tests/house`:
//! `knowledge` (the tables people read) and `pattern` stand alone; `wire` nothing; `sasl` and `store` wire; `proto` those; `net` stands beside them and owns sockets
//! and TLS; `session` joins net and proto; `ui`, `repl` and `script` stand on session; `stats` on `ui`; `cmd` on all.

pub mod bounded;
pub mod cli;
pub mod clock;
pub mod cmd;
pub mod config;
pub mod credentials;
pub mod duration;
pub mod entropy;
pub mod error;
pub mod how;
pub mod knowledge;
pub mod net;
pub mod netrc;
pub mod pattern;
pub mod practice;
pub mod private;
pub mod prompt;
pub mod proto;
pub mod repl;
pub mod sasl;
pub mod script;
pub mod session;
pub mod stats;
pub mod store;
pub mod target;
pub mod terminal;
pub mod transcript;
pub mod ui;
pub mod wire;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use error::Kind;

/// Runs the program with these arguments.
pub fn start(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let later = args
        .get(1)
        .and_then(|word| word.to_str())
        .filter(|word| cli::RESERVED.contains(word));
    let outcome = match Cli::try_parse_from(cli::arguments(args.iter().cloned())) {
        Ok(_) if later.is_some() => Err(not_yet(later.unwrap_or_default())),
        Ok(cli) => run(cli.command),
        Err(e) if e.use_stderr() => {
            ui::out::complain(e.render().to_string().trim_end());
            return ExitCode::from(Kind::Usage.code());
        }
        Err(e) => ui::out::print(&e.render().to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.shown {
                ui::out::complain(&error.to_string());
            }
            ExitCode::from(error.kind.code())
        }
    }
}

/// Words that are kept for what is to come.
fn not_yet(word: &str) -> error::Error {
    error::Error::usage(format!("{word}: not yet"))
        .hint("a host", format!("of that name: ehlo connect {word}"))
}

fn run(command: Command) -> error::Result<()> {
    match command {
        Command::Connect(options) => cmd::connect::run(&options),
        Command::Run(mut options) => {
            options.output.color = Some(color(options.output.color)?);
            cmd::run::run(&options)
        }
        Command::Serve(mut options) => {
            options.output.color = Some(color(options.output.color)?);
            cmd::serve::run(&options)
        }
        Command::Sink(options) => cmd::sink::run(&options, &look_of_output()?),
        Command::Explain(options) => {
            let look = look_of_output()?;
            let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
            cmd::explain::run(&options, &mut input, &mut output, &look)
        }
        Command::Completions { shell } => {
            cmd::generate::completions(shell, &mut std::io::stdout().lock())
        }
        Command::Man => cmd::generate::man(&mut std::io::stdout().lock()),
        Command::Encode(options) => cmd::encode::start(&options),
        Command::Decode(options) => cmd::decode::start(&options),
        Command::Show(options) => cmd::show::run(&options, &look_of_output()?),
        Command::Talk(options) => cmd::talk::run(&options, &look_of_output()?),
        Command::Config(options) => cmd::config::run(&options),
        Command::Load(mut options) => {
            options.color = Some(color(options.color)?);
            cmd::load::run(&options)
        }
    }
}

/// When to colour: as the command line says, else as the configuration does.
fn color(given: Option<cli::When>) -> error::Result<cli::When> {
    if let Some(when) = given {
        return Ok(when);
    }
    let file = config::file::File::load()?;
    let options =
        config::options::Options::decide(&file, None, &config::options::Situation::default());
    Ok(options.color())
}

fn look_of_output() -> error::Result<ui::Look> {
    use std::io::IsTerminal as _;

    Ok(ui::look::decide(
        color(None)?,
        std::io::stdout().is_terminal(),
    ))
}
