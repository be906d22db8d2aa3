//! Console commands that send something.

use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::proto::engine::{Input, Mode, Setting};
use crate::proto::spec::Spec;
use crate::repl::desk::Desk;
use crate::repl::redirect::Redirect;
use crate::repl::together::Together;
use crate::repl::turn::not_sent;
use crate::repl::upload::Upload;
use crate::session::feed::Fate;
use crate::ui::render::Mark;
use crate::ui::units;

use super::{active, wanted};

static NO_VERBS: Spec = Spec { verbs: &[] };
/// Octets of a BDAT chunk unless one is named.
const CHUNK: u64 = 64 * 1024;
const MOST_REPEATS: u32 = 1_000_000;

/// `:starttls`: the protocol's own command.
pub(super) async fn starttls(desk: &mut Desk) -> Result<()> {
    let seat = active(desk)?;
    let verb = seat.session.protocol().map_or("STARTTLS", |p| p.starttls);
    desk.command(verb.as_bytes()).await.map(|_| ())
}

/// `:raw "bytes\r\n"`.
pub(super) async fn raw(desk: &mut Desk, rest: &str) -> Result<()> {
    let bytes = crate::ui::escape::unescape(wanted(rest, ":raw \"bytes\\r\\n\"")?)?;
    let seat = active(desk)?;
    seat.session
        .submit(Input::Raw(&bytes))
        .map_err(|r| not_sent(&r))?;
    desk.settle().await.map(|_| ())
}

/// DATA and BDAT are words of SMTP and LMTP alone.
fn takes_mail(desk: &Desk, command: &str) -> Result<()> {
    let seat = desk.seats.get(desk.active);
    let protocol = seat.and_then(|seat| seat.session.protocol());
    match protocol.filter(|p| matches!(p.name, "pop3" | "imap")) {
        Some(other) => Err(Error::usage(format!(
            "{command} is for SMTP and LMTP; this is {}",
            other.name.to_ascii_uppercase()
        ))),
        None => Ok(()),
    }
}

/// `:data FILE`: DATA, the file as a body, the dot.
pub(super) async fn data(desk: &mut Desk, rest: &str) -> Result<()> {
    takes_mail(desk, ":data")?;
    let upload = Upload::open(Path::new(wanted(rest, ":data FILE")?))?;
    let waited = desk.command(b"DATA").await?;
    let seat = active(desk)?;
    if !waited || seat.mode() != Mode::Body {
        seat.feed.not_in_lines();
        return desk.say(Mark::Info, "the file was not sent: DATA got no go-ahead");
    }
    desk.upload(upload);
    desk.settle().await.map(|_| ())
}

/// `:bdat FILE [CHUNK]` (RFC 3030).
pub(super) async fn bdat(desk: &mut Desk, rest: &str) -> Result<()> {
    takes_mail(desk, ":bdat")?;
    let usage = || Error::usage("usage: :bdat FILE [CHUNK]");
    let (file, chunk) = match rest.rsplit_once(' ') {
        Some((file, size)) if size.bytes().all(|b| b.is_ascii_digit()) => (
            file,
            size.parse().ok().filter(|n| *n > 0).ok_or_else(usage)?,
        ),
        _ => (wanted(rest, ":bdat FILE [CHUNK]")?, CHUNK),
    };
    let mut upload = Upload::open(Path::new(file))?.exactly();
    loop {
        let size = upload.octets_left().min(chunk);
        let last = size == upload.octets_left();
        let line = format!("BDAT {size}{}", if last { " LAST" } else { "" });
        active(desk)?.renderer.upload(size, upload.name());
        let mut left = size;
        let mut first = true;
        while first || left > 0 {
            let bytes = upload.part(left)?;
            left -= bytes.len() as u64;
            let seat = active(desk)?;
            let input = if first {
                Input::Chunk {
                    line: line.as_bytes(),
                    bytes: &bytes,
                }
            } else {
                Input::Content {
                    bytes: &bytes,
                    last: left == 0,
                }
            };
            seat.session.submit(input).map_err(|r| not_sent(&r))?;
            first = false;
            if !desk.drain().await? {
                return cut_short(desk);
            }
        }
        if !desk.settle().await? {
            return cut_short(desk);
        }
        let reply = active(desk)?.last_reply.as_ref();
        let refused = reply.is_some_and(|r| crate::repl::seat::failure_of(r).is_some());
        if last || refused {
            return match upload.remark() {
                Some(text) => desk.say(Mark::Info, &format!("{text}, as :data would")),
                None => Ok(()),
            };
        }
    }
}

/// What a chunk is that was given up: where octets of it are missing, what comes next is taken for them.
fn cut_short(desk: &mut Desk) -> Result<()> {
    let text = match active(desk)?.mode() {
        Mode::Literal { .. } => {
            "the chunk is cut short: what is sent next is the rest of it; Ctrl-C, then close, drops \
             the connection"
        }
        _ => "what of the file comes behind this chunk was not sent",
    };
    desk.say(Mark::Info, text)
}

/// `:together`: lines are held back.
pub(super) fn together(desk: &mut Desk) -> Result<()> {
    let seat = active(desk)?;
    seat.together.get_or_insert_default();
    desk.say(
        Mark::Info,
        "lines are held back; :go sends them in one write",
    )
}

/// `:go`: and sends them.
pub(super) async fn go(desk: &mut Desk) -> Result<()> {
    let Some(mut held) = active(desk)?.together.take() else {
        return Err(Error::usage("nothing is held back").hint("first", ":together"));
    };
    for at in 0..held.lines.len() {
        if !desk.guarded(&held.lines[at], &held.lines[..at]).await? {
            held.give_up(at..=at);
            return hold_again(desk, held);
        }
    }
    for at in 0..held.lines.len() {
        let Err(error) = desk.submit_line(&held.lines[at]).await else {
            continue;
        };
        // Those before it are on their way; those behind it wait for the person's word.
        desk.complain(&error)?;
        held.give_up(0..=at);
        hold_again(desk, held)?;
        return desk.settle().await.map(|_| ());
    }
    if !desk.settle().await? {
        return Ok(());
    }
    for line in &held.body {
        let seat = active(desk)?;
        let spec = seat.session.protocol().map_or(&NO_VERBS, |p| p.spec);
        let (fate, message) = seat.feed.take(line, spec);
        let asked = fate == Fate::Send && seat.mode() == Mode::Body;
        if asked {
            let sent = seat.session.submit(Input::Line(line));
            sent.map_err(|r| not_sent(&r))?;
        }
        if let Some(message) = message {
            desk.say(Mark::Remark, &message)?;
        } else if !asked && fate == Fate::Send {
            return desk.say(Mark::Remark, "the body was not sent: it got no go-ahead");
        }
    }
    desk.settle().await?;
    desk.see_off().await
}

/// What was not sent of the lines held back waits for another `:go`. A batch has nobody to say it.
fn hold_again(desk: &mut Desk, held: Together) -> Result<()> {
    let more = match held.count() {
        0 => return Ok(()),
        1 => "1 more line".to_owned(),
        count => format!("{count} more lines"),
    };
    if !desk.front.can_ask() {
        return desk.say(
            Mark::Remark,
            &format!("not sent: {more} held back behind it"),
        );
    }
    active(desk)?.together = Some(held);
    let text = format!("still held back: {more}; :go sends what is held back");
    desk.say(Mark::Info, &text)
}

/// `:multi COMMAND`.
pub(super) async fn multi(desk: &mut Desk, rest: &str) -> Result<()> {
    let command = wanted(rest, ":multi COMMAND")?;
    if let Some(engine) = active(desk)?.session.engine_mut() {
        engine.set(Setting::NextIsMultiLine);
    }
    desk.command(command.as_bytes()).await.map(|_| ())
}

/// What waits for replies has none to wait for while lines are held back.
fn nothing_held(desk: &mut Desk) -> Result<()> {
    match desk.seat().is_some_and(|seat| seat.together.is_some()) {
        true => Err(
            Error::usage("lines are held back, so there is no reply to wait for")
                .hint("first", ":go"),
        ),
        false => Ok(()),
    }
}

/// What is said over and over is said to the server: console commands have no replies to time.
fn for_the_server(usage: &str, command: &str) -> Result<()> {
    match command.trim_start().starts_with(':') {
        true => Err(Error::usage(format!(
            "usage: {usage}, where COMMAND is one for the server"
        ))),
        false => Ok(()),
    }
}

/// `:repeat N COMMAND`.
pub(super) async fn repeat(desk: &mut Desk, rest: &str) -> Result<()> {
    let usage = || Error::usage("usage: :repeat N COMMAND");
    let (count, command) = rest.split_once(' ').ok_or_else(usage)?;
    let count: u32 = count
        .parse()
        .ok()
        .filter(|n| (1..=MOST_REPEATS).contains(n))
        .ok_or_else(usage)?;
    for_the_server(":repeat N COMMAND", command)?;
    nothing_held(desk)?;
    let mut times = Vec::new();
    for _ in 0..count {
        let begun = std::time::Instant::now();
        let waited = desk.command(command.trim().as_bytes()).await?;
        times.push(begun.elapsed());
        if !waited || desk.seat().is_none_or(|seat| seat.session.is_over()) {
            break;
        }
    }
    times.sort_unstable();
    let Some((min, max)) = times.first().zip(times.last()) else {
        return Ok(());
    };
    let text = format!(
        "{}: min {}, median {}, max {}",
        units::counted(times.len() as u64, "time"),
        units::time(*min),
        units::time(times[times.len() / 2]),
        units::time(*max)
    );
    desk.say(Mark::Info, &text)
}

/// `:watch SECS COMMAND`.
pub(super) async fn watch(desk: &mut Desk, rest: &str) -> Result<()> {
    let usage = || Error::usage("usage: :watch SECS COMMAND");
    let (secs, command) = rest.split_once(' ').ok_or_else(usage)?;
    let secs: f64 = secs
        .parse()
        .ok()
        .filter(|s| *s >= 0.1 && *s <= 86_400.0)
        .ok_or_else(usage)?;
    if !desk.front.can_ask() {
        return Err(
            Error::usage(":watch ends with Ctrl-C only").hint("instead", ":repeat N COMMAND")
        );
    }
    for_the_server(":watch SECS COMMAND", command)?;
    nothing_held(desk)?;
    desk.say(Mark::Info, "again and again until Ctrl-C")?;
    loop {
        let waited = desk.command(command.trim().as_bytes()).await?;
        let over = desk.seat().is_none_or(|seat| seat.session.is_over());
        if !waited || over || !desk.pause(Duration::from_secs_f64(secs)).await? {
            return Ok(());
        }
    }
}

/// `:> FILE COMMAND`.
pub(super) async fn to_file(desk: &mut Desk, rest: &str) -> Result<()> {
    let (file, command) = crate::ui::escape::first_word(rest)
        .filter(|(_, command)| !command.is_empty())
        .ok_or_else(|| Error::usage("usage: :> FILE COMMAND"))?;
    active(desk)?;
    let redirect = Redirect::file(&file)?;
    redirected(desk, redirect, command).await
}

/// `:| "PROGRAM" COMMAND`.
pub(super) async fn to_program(desk: &mut Desk, rest: &str) -> Result<()> {
    let (program, command) = crate::ui::escape::first_word(rest)
        .filter(|(_, command)| !command.is_empty())
        .ok_or_else(|| Error::usage("usage: :| \"PROGRAM\" COMMAND"))?;
    active(desk)?;
    let redirect = Redirect::command(&program, desk.settings.json)?;
    redirected(desk, redirect, command).await
}

async fn redirected(desk: &mut Desk, redirect: Redirect, command: &str) -> Result<()> {
    active(desk)?.redirect = Some(redirect);
    let outcome = desk.command(command.as_bytes()).await;
    let Some(redirect) = desk.seat().and_then(|seat| seat.redirect.take()) else {
        return outcome.map(|_| ());
    };
    let text = redirect.finish()?;
    desk.say(Mark::Info, &text)?;
    outcome.map(|_| ())
}
