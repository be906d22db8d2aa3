//! Console commands that help to write a message.

use crate::error::{Error, Result};
use crate::proto::engine::Mode;
use crate::proto::event::Verdict;
use crate::repl::desk::Desk;
use crate::repl::login;
use crate::repl::seat::Seat;
use crate::ui::marks::safe;
use crate::ui::render::Mark;
use crate::ui::style::{Role, Styled};

use super::active;
use super::letter::{Letter, Sealed};

/// `:compose`: asks for the parts, shows what will be sent, sends it on a yes.
pub(super) async fn compose(desk: &mut Desk) -> Result<()> {
    may_compose(desk)?;
    let unasked = |seat: &mut Seat| seat.session.engine().is_some_and(|e| !e.offers().known);
    if unasked(active(desk)?) && !login::ask_offers(desk).await? {
        return desk.say(Mark::Info, "nothing was sent");
    }
    tell_of_transaction(desk)?;
    let kept = match desk.draft.clone() {
        Some(draft) => match take_up(desk, &draft).await? {
            Some(true) => Some(draft),
            Some(false) => None,
            None => return desk.say(Mark::Info, "nothing was sent; the draft is kept"),
        },
        None => None,
    };
    let Some(letter) = letter(desk, kept).await? else {
        return desk.say(Mark::Info, "nothing was sent");
    };
    let engine = active(desk)?.session.engine();
    let offers = engine.map(|e| e.offers().clone()).unwrap_or_default();
    let Sealed { commands, message } = letter.seal(&offers);
    let look = desk.settings.look;
    let preview: Vec<Styled> = message
        .lines()
        .map(|line| Styled::new(Role::Dim, "    |").with(Role::Plain, safe(line.as_bytes(), &look)))
        .collect();
    desk.print(&preview)?;
    let plan = format!("{}, and the message above", commands.join(", "));
    if !desk.confirm(&plan).await? {
        return desk.say(Mark::Info, "nothing was sent");
    }
    desk.draft = Some(letter);
    for command in &commands {
        let waited = desk.command(command.as_bytes()).await?;
        let refused = active(desk)?
            .last_reply
            .as_ref()
            .and_then(crate::repl::seat::failure_of);
        if !waited || refused.is_some() {
            let text = "the message was not sent and is kept: RSET begins anew, and :compose offers it again";
            return desk.say(Mark::Info, text);
        }
    }
    send_body(desk, &message, "the message above").await?;
    let taken = desk.seat().and_then(|seat| seat.last_reply.as_ref());
    if taken.is_some_and(|reply| reply.verdict == Verdict::Good) {
        desk.draft = None;
        return Ok(());
    }
    desk.say(Mark::Info, "the message is kept: :compose offers it again")
}

/// A second MAIL is refused while a transaction is open: better known before the letter is written.
fn tell_of_transaction(desk: &mut Desk) -> Result<()> {
    let engine = active(desk)?.session.engine();
    let open = engine.is_some_and(|e| !e.facts().transaction.is_empty());
    if !open {
        return Ok(());
    }
    let text = "a transaction is open, so MAIL will be refused: Ctrl-C leaves this, RSET ends that";
    desk.say(Mark::Remark, text)
}

/// Offers what was written before; `None` when the person left.
async fn take_up(desk: &mut Desk, draft: &Letter) -> Result<Option<bool>> {
    let look = desk.settings.look;
    let subject = safe(draft.subject.as_bytes(), &look);
    desk.say(
        Mark::Info,
        &format!("a message was not sent: \"{subject}\""),
    )?;
    let question = "Enter takes it up again, new begins another: ";
    let answer = desk.front.ask(question, "a console").await?;
    Ok(answer.map(|answer| !answer.trim().eq_ignore_ascii_case("new")))
}

fn may_compose(desk: &mut Desk) -> Result<()> {
    let can_ask = desk.front.can_ask();
    let seat = active(desk)?;
    let protocol = seat.session.protocol();
    if protocol.is_none_or(|p| p.spec.verb(b"DATA").is_none()) {
        return Err(Error::usage("this session carries no mail").hint("open", ":open smtp://HOST"));
    }
    if !can_ask {
        return Err(Error::usage(":compose asks, and nobody is there to answer")
            .hint("instead", "MAIL FROM, RCPT TO, DATA and the message"));
    }
    match &seat.together {
        Some(_) => Err(
            Error::usage("a message is not composed among lines held back")
                .hint("first", ":go sends them"),
        ),
        None => Ok(()),
    }
}

/// Asks for the parts of a message; `None` when the person declined. Of one taken up again the
/// addresses and the subject may be others, and the body stays.
async fn letter(desk: &mut Desk, draft: Option<Letter>) -> Result<Option<Letter>> {
    let taken_up = draft.is_some();
    let mut letter = draft.unwrap_or_default();
    let look = desk.settings.look;
    for (question, answer) in [
        ("From", &mut letter.from),
        ("To", &mut letter.to),
        ("Subject", &mut letter.subject),
    ] {
        let question = match answer.is_empty() {
            true => format!("{question}: "),
            false => format!("{question} ({}): ", safe(answer.as_bytes(), &look)),
        };
        match desk.front.ask(&question, "a console").await? {
            Some(text) if text.trim().is_empty() => {}
            Some(text) => text.trim().clone_into(answer),
            None => return Ok(None),
        }
    }
    for text in letter.doubts() {
        desk.say(Mark::Remark, &text)?;
    }
    if taken_up {
        return Ok(Some(letter));
    }
    desk.say(Mark::Info, "the body; a line with a dot ends it")?;
    loop {
        match desk.front.ask("data> ", "a console").await? {
            Some(line) if line == "." => break,
            Some(line) => {
                letter.body.push_str(&line);
                letter.body.push_str("\r\n");
            }
            None => return Ok(None),
        }
    }
    letter.date = crate::clock::rfc5322();
    let host = active(desk)?.ehlo_name();
    letter.id = format!("<{}@{host}>", crate::entropy::token());
    Ok(Some(letter))
}

/// `:edit`: in a body, its lines; else a command, or several.
pub(super) async fn edit(desk: &mut Desk) -> Result<()> {
    let seat = active(desk)?;
    let in_body = seat.mode() == Mode::Body;
    let start = if in_body {
        "From: \nTo: \nSubject: \n\n"
    } else {
        ""
    };
    let Some(text) = desk.front.edit(start.to_owned()).await? else {
        return Ok(());
    };
    if in_body {
        return add_to_body(desk, text);
    }
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
    let question = format!("{} lines, each sent as a command", lines.len());
    if lines.len() > 1 && !desk.confirm(&question).await? {
        return desk.say(Mark::Info, "nothing was sent");
    }
    desk.prepared
        .extend(lines.iter().map(|line| line.as_bytes().to_vec()));
    Ok(())
}

/// The message goes on behind it: whoever wrote it says when it is at its end.
fn add_to_body(desk: &mut Desk, mut text: String) -> Result<()> {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let seat = active(desk)?;
    if seat.mode() != Mode::Body {
        return Err(Error::usage("nothing asks for a body any more"));
    }
    seat.renderer.upload(text.len() as u64, "what you wrote");
    let input = crate::proto::engine::Input::Content {
        bytes: text.as_bytes(),
        last: false,
    };
    seat.session
        .submit(input)
        .map_err(|r| crate::repl::turn::not_sent(&r))?;
    desk.say(Mark::Info, "more may follow; a lone dot ends the message")
}

async fn send_body(desk: &mut Desk, text: &str, name: &str) -> Result<()> {
    let seat = active(desk)?;
    if seat.mode() != Mode::Body {
        return Err(Error::usage("nothing asks for a body").hint("first", "DATA"));
    }
    let input = crate::proto::engine::Input::Content {
        bytes: text.as_bytes(),
        last: true,
    };
    seat.renderer.upload(text.len() as u64, name);
    seat.session
        .submit(input)
        .map_err(|r| crate::repl::turn::not_sent(&r))?;
    desk.settle().await.map(|_| ())
}
