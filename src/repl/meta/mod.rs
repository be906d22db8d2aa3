//! Console commands: the lines that begin with a colon.
//!
//! One table feeds completion, hints and `:help`; `run` finds the command and calls the function of
//! its group. They work in batch as in the console; what would ask a question takes its answer from
//! an option there, or fails with the name of that option.

mod keep;
mod letter;
mod look;
mod send;
mod sessions;
mod talk;
mod write;

use crate::error::{Error, Result};
use crate::ui::meant::nearest;

pub use letter::Letter;

use super::complete::ConsoleCommand;
use super::desk::Desk;

const fn row(name: &'static str, args: &'static str, summary: &'static str) -> ConsoleCommand {
    ConsoleCommand {
        name,
        args,
        summary,
    }
}

/// Every console command.
pub static COMMANDS: &[ConsoleCommand] = &[
    row(
        "help",
        "[topic]",
        "help: the verbs, one verb, @group, or a console command",
    ),
    row(
        "explain",
        "[word|n]",
        "what the last reply means, or that of exchange n, or a word",
    ),
    row("caps", "", "what the server offers, a sentence each"),
    row(
        "status",
        "",
        "addresses, TLS, login, transaction so far, replies due",
    ),
    row(
        "tls",
        "[pem|save FILE]",
        "the TLS session and the certificate chain",
    ),
    row(
        "auth",
        "[MECH] [user]",
        "log in, with the strongest mechanism or the one named",
    ),
    row("starttls", "", "switch to TLS now"),
    row("b64", "TEXT", "text as base64"),
    row("unb64", "BASE64", "base64 as text"),
    row("raw", "\"bytes\\r\\n\"", "send octets exactly so"),
    row("data", "FILE", "send a message from a file with DATA"),
    row(
        "bdat",
        "FILE [CHUNK]",
        "send a message from a file with BDAT",
    ),
    row(
        "compose",
        "",
        "write a message: From, To, Subject and body are asked",
    ),
    row(
        "edit",
        "",
        "write a message or a long command in your editor",
    ),
    row("together", "", "hold lines back until :go"),
    row("go", "", "send the lines held back in one write"),
    row(
        "multi",
        "COMMAND",
        "send a command whose reply is multi-line",
    ),
    row(
        "repeat",
        "N COMMAND",
        "send a command N times; min, median and max time",
    ),
    row(
        "watch",
        "SECS COMMAND",
        "send a command every SECS seconds until Ctrl-C",
    ),
    row(
        ">",
        "FILE COMMAND",
        "write the reply's content to a new file",
    ),
    row(
        "|",
        "\"PROGRAM\" COMMAND",
        "give the reply's content to a program",
    ),
    row(
        "show",
        "[n]",
        "the exact octets of the last exchange, or of exchange n",
    ),
    row("save", "FILE [from-to]", "write the conversation as a talk"),
    row(
        "run",
        "FILE",
        "run a talk: a recorded conversation with expectations",
    ),
    row("log", "FILE|off", "append all that happens to a file"),
    row(
        "inbox",
        "[user] [n]",
        "what has arrived on the practice server",
    ),
    row(
        "fault",
        "[FILE|off]",
        "faults that the practice server commits",
    ),
    row(
        "open",
        "TARGET",
        "open another session; at practice also: imap, pop3",
    ),
    row("sessions", "", "the sessions at this desk"),
    row("use", "N", "go to session N"),
    row("close", "[N]", "drop the connection, nothing more is said"),
    row(
        "reconnect",
        "[--insecure]",
        "open the connection again, with TLS and login",
    ),
    row("time", "[all|slow|off]", "which times are shown"),
    row("set", "[name value]", "the settings, or change one"),
    row("history", "", "the lines typed so far"),
    row(
        "quit",
        "",
        "say QUIT or LOGOUT and leave; POP3 with DELE pending is dropped",
    ),
];

/// True for a line that would be a command of the console at its prompt.
pub fn is_command(line: &[u8]) -> bool {
    let Some(words) = line.strip_prefix(b":") else {
        return false;
    };
    let word = words.split(|b| *b == b' ').next().unwrap_or_default();
    COMMANDS
        .iter()
        .any(|c| c.name.as_bytes().eq_ignore_ascii_case(word))
}

/// Runs a console command, given without its colon.
///
/// # Errors
/// What the command says; `Usage` for one that is not known.
pub async fn run(desk: &mut Desk, line: &str) -> Result<()> {
    let line = line.trim();
    let (name, rest) = split_name(line);
    let rest = rest.trim();
    let known = COMMANDS.iter().find(|c| c.name.eq_ignore_ascii_case(name));
    let Some(command) = known else {
        return Err(unknown(name));
    };
    if matches!(command.name, ">" | "|" | "edit" | "run" | "save" | "log")
        && !desk.settings.allow_commands
    {
        return Err(
            Error::usage(format!(":{} starts programs or writes files", command.name))
                .hint("allow", "--allow-commands"),
        );
    }
    if command.args.is_empty() && !rest.is_empty() {
        return Err(Error::usage(format!(":{} takes nothing", command.name)));
    }
    desk.answering = Some(command.name);
    let outcome = carry_out(desk, command.name, rest).await;
    desk.answering = None;
    outcome
}

async fn carry_out(desk: &mut Desk, name: &str, rest: &str) -> Result<()> {
    match name {
        "help" => crate::repl::teach::help(desk, rest),
        "explain" => crate::repl::teach::explain(desk, rest),
        "caps" => crate::repl::teach::caps(desk),
        "status" => look::status(desk),
        "tls" => look::tls(desk, rest),
        "show" => look::show(desk, rest),
        "history" => look::history(desk),
        "auth" => super::login::auth(desk, rest).await,
        "starttls" => send::starttls(desk).await,
        "b64" => look::b64(desk, rest),
        "unb64" => look::unb64(desk, rest),
        "raw" => send::raw(desk, rest).await,
        "data" => send::data(desk, rest).await,
        "bdat" => send::bdat(desk, rest).await,
        "compose" => write::compose(desk).await,
        "edit" => write::edit(desk).await,
        "together" => send::together(desk),
        "go" => send::go(desk).await,
        "multi" => send::multi(desk, rest).await,
        "repeat" => send::repeat(desk, rest).await,
        "watch" => send::watch(desk, rest).await,
        ">" => send::to_file(desk, rest).await,
        "|" => send::to_program(desk, rest).await,
        "inbox" => look::inbox(desk, rest),
        "fault" => keep::fault(desk, rest),
        "save" => keep::save(desk, rest),
        "log" => keep::log(desk, rest),
        "run" => talk::run(desk, rest).await,
        "set" => keep::set(desk, rest),
        "time" => keep::time(desk, rest),
        "open" => sessions::open(desk, rest).await,
        "sessions" => sessions::list(desk),
        "use" => sessions::switch(desk, wanted(rest, ":use N")?),
        "close" => sessions::close(desk, rest),
        "reconnect" => sessions::reconnect(desk, rest).await,
        _ => {
            desk.leaving = true;
            Ok(())
        }
    }
}

/// `:> FILE` and `:| …` need no blank behind their sign.
fn split_name(line: &str) -> (&str, &str) {
    if let Some(first) = line.get(..1)
        && matches!(first, ">" | "|")
    {
        return (first, &line[1..]);
    }
    line.split_once(char::is_whitespace).unwrap_or((line, ""))
}

fn unknown(name: &str) -> Error {
    let shown: String = name.chars().take(40).collect();
    let error = Error::usage(format!(":{shown} is no console command"));
    // What is cut short is meant before what is misspelt.
    let whole = || COMMANDS.iter().map(|c| c.name);
    let begun = whole().find(|whole| !name.is_empty() && whole.starts_with(name));
    let error = match begun.or_else(|| nearest(name, whole())) {
        Some(meant) => error.hint("meant", format!(":{meant}")),
        None => error,
    };
    error.hint(
        "known",
        ":help lists them; a line that begins with a colon is sent with ::",
    )
}

/// The session that typed lines go to, open.
fn active(desk: &mut Desk) -> Result<&mut super::seat::Seat> {
    let closed = || {
        Error::new(crate::error::Kind::Lost, "not connected")
            .hint("open", ":reconnect, or :open TARGET")
    };
    desk.seat()
        .filter(|seat| !seat.session.is_over())
        .ok_or_else(closed)
}

/// An argument that must be there.
fn wanted<'a>(rest: &'a str, usage: &str) -> Result<&'a str> {
    if rest.is_empty() {
        return Err(Error::usage(format!("usage: {usage}")));
    }
    Ok(rest)
}
