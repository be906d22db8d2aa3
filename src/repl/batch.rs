//! A conversation from a pipe: one line, one command, in lock-step.
//!
//! The next line is read when the server has answered the one before. The end of the input says
//! QUIT or LOGOUT, except inside a body or literal (the dot is never invented) and in POP3 with
//! pending DELE: there the connection is dropped and nothing is committed.

use std::io::BufRead as _;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};

use crate::error::{Error, Kind, Result};
use crate::proto::engine::{Input, Mode};
use crate::ui::out;
use crate::ui::render::Mark;

use super::desk::Desk;
use super::prompt;
use super::seat::Seat;

/// No command and no line of a body is longer than this.
const LONGEST: usize = 16 * 1024 * 1024;
/// What some editors put at the start of a file, and no server takes for a part of a command.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// How long lines that can no longer be sent are counted.
const LEFT_OVER: Duration = Duration::from_millis(500);
/// Lines read ahead of the conversation.
const AHEAD: usize = 64;

/// Runs the lines of standard input. The code is the first failure's.
///
/// # Errors
/// `Local` when output fails; everything else is shown and counted.
pub async fn run(desk: &mut Desk) -> Result<Option<Kind>> {
    out::widen();
    desk.settle().await?;
    let mut lines = reader();
    let mut first = true;
    // A connection that the person dropped can be opened again by the next line; any other end ends it.
    while !desk.leaving
        && !failed_fast(desk)
        && desk
            .seat()
            .is_some_and(|seat| !seat.session.is_over() || seat.closed)
    {
        // A server may hang up between two lines: say so now, not at the next command.
        let line = tokio::select! {
            biased;
            (index, timed) = desk.next() => {
                desk.show(index, &timed)?;
                desk.settle().await?;
                continue;
            }
            line = lines.recv() => line,
        };
        match line {
            Some(Ok(mut line)) => {
                if std::mem::take(&mut first) && line.starts_with(BYTE_ORDER_MARK) {
                    line.drain(..BYTE_ORDER_MARK.len());
                    desk.say(Mark::Remark, "the byte order mark of the input is not sent")?;
                }
                let owed = literal(desk);
                desk.take_prepared(&line).await?;
                desk.settle().await?;
                // A line that does not fit: what follows must not take its place in the literal.
                if owed.is_some() && literal(desk) == owed {
                    break;
                }
            }
            Some(Err(error)) => {
                desk.complain(&error)?;
                break;
            }
            None => break,
        }
    }
    // What is left unsaid counts: the conversation was cut short, unless it was ended on purpose.
    let cut = desk
        .seat()
        .is_some_and(|seat| seat.session.is_over() && !seat.said_goodbye && !seat.closed);
    if cut {
        if let Some(seat) = desk.seat() {
            seat.fail(Kind::Lost);
        }
        tell_unsent(desk, &mut lines).await?;
    }
    farewell(desk).await?;
    Ok(desk.seats.iter().find_map(|seat| seat.failure))
}

/// How many lines of the input a lost connection left unsent. A pipe that stays open is not waited for.
async fn tell_unsent(desk: &mut Desk, lines: &mut Receiver<Result<Vec<u8>>>) -> Result<()> {
    let until = tokio::time::Instant::now() + LEFT_OVER;
    let mut count = 0_u64;
    let all = loop {
        match tokio::time::timeout_at(until, lines.recv()).await {
            Ok(Some(Ok(_))) => count += 1,
            Ok(Some(Err(_))) | Err(_) => break false,
            Ok(None) => break true,
        }
    };
    if count == 0 {
        return Ok(());
    }
    let least = if all { "" } else { "at least " };
    let lines = if count == 1 { "line" } else { "lines" };
    let text = format!("{least}{count} {lines} of the input not sent: the connection was lost");
    desk.say(Mark::Remark, &text)
}

/// The octets that a literal still takes, inside one.
fn literal(desk: &mut Desk) -> Option<u64> {
    match desk.seat()?.mode() {
        Mode::Literal { octets_left } => Some(octets_left),
        _ => None,
    }
}

/// `--fail-fast`: the first failure ends it, be it the greeting's, a login's or a line's.
fn failed_fast(desk: &Desk) -> bool {
    desk.settings.fail_fast && desk.seats.iter().any(|seat| seat.failure.is_some())
}

/// Ends every session as the end of input does. False when one was inside a body, a literal or a
/// login, and lost it.
///
/// # Errors
/// As `run`.
pub async fn farewell(desk: &mut Desk) -> Result<bool> {
    let mut complete = true;
    let open = |seat: &&Seat| !seat.session.is_over();
    let several = desk.front.can_ask() && desk.seats.iter().filter(open).count() > 1;
    for index in 0..desk.seats.len() {
        desk.active = index;
        let charset = desk.settings.look.charset;
        let open = desk.seat().filter(|seat| !seat.session.is_over());
        if let Some(seat) = open.filter(|_| several) {
            let which = prompt::title(seat, charset);
            desk.say(Mark::Info, &which)?;
        }
        if let Some(what) = say_goodbye(desk).await? {
            complete = false;
            desk.complain(
                &Error::usage(what).hint("so", "the connection was dropped, nothing was completed"),
            )?;
        }
    }
    Ok(complete)
}

/// Ends the session in use; tells inside what.
async fn say_goodbye(desk: &mut Desk) -> Result<Option<&'static str>> {
    if let Some(message) = desk.seat().and_then(|seat| seat.feed.end()) {
        desk.say(Mark::Remark, &message)?;
    }
    let Some(seat) = desk.seat() else {
        return Ok(None);
    };
    if seat.session.is_over() {
        return Ok(None);
    }
    if seat.mode() == Mode::Idle {
        let _ = seat.session.submit(Input::Cancel);
        desk.settle().await?;
    }
    let Some(seat) = desk.seat() else {
        return Ok(None);
    };
    if seat.is_shaking_hands() {
        seat.drop_connection();
        desk.settle().await?;
        return Ok(None);
    }
    let unfinished = match seat.mode() {
        Mode::Body => Some("the input ended inside a message body: the dot was not sent"),
        Mode::Literal { .. } => Some("the literal was left unfinished"),
        Mode::Answer { .. } => Some("the input ended inside a login"),
        Mode::Idle | Mode::Command => None,
    };
    if unfinished.is_some() {
        seat.drop_connection();
        return Ok(unfinished);
    }
    let pending = seat
        .session
        .engine()
        .map_or(0, |e| e.facts().deletes_pending);
    if pending > 0 {
        seat.drop_connection();
        let text = format!(
            "{pending} pending DELE not committed: the connection was dropped without QUIT"
        );
        desk.say(Mark::Info, &text)?;
        return Ok(None);
    }
    if !seat.said_goodbye
        && let Some(protocol) = seat.session.protocol()
    {
        // Where it cannot be said, the connection is dropped all the same.
        let farewell = Input::Line(protocol.farewell.as_bytes());
        let _ = seat.session.submit(farewell);
    }
    desk.settle().await?;
    if let Some(seat) = desk.seat() {
        seat.drop_connection();
    }
    desk.settle().await?;
    Ok(None)
}

/// Standard input as lines without their ends, read on a thread of its own.
fn reader() -> Receiver<Result<Vec<u8>>> {
    let (send, receive) = channel(AHEAD);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let line = match next_line(&mut input) {
                Ok(None) => return,
                Ok(Some(line)) => Ok(line),
                Err(error) => Err(error),
            };
            let failed = line.is_err();
            if send.blocking_send(line).is_err() || failed {
                return;
            }
        }
    });
    receive
}

fn next_line(input: &mut impl std::io::BufRead) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut limited = std::io::Read::take(&mut *input, LONGEST as u64 + 1);
    limited
        .read_until(b'\n', &mut line)
        .map_err(|e| Error::local(format!("standard input: {e}")))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() > LONGEST {
        return Err(
            Error::usage("a line of the input is longer than 16 MiB").hint(
                "files",
                ":data FILE, :bdat FILE and {@FILE} send content of any size",
            ),
        );
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    Ok(Some(line))
}
