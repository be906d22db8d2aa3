//! Console commands that help to write a message.

use crate::error::{Error, Result};
use crate::proto::engine::Mode;
use crate::repl::desk::Desk;
use crate::ui::render::Mark;
use crate::ui::style::Styled;

use super::active;

/// `:compose`: asks for the parts, shows what will be sent, sends it on a yes.
pub(super) async fn compose(desk: &mut Desk) -> Result<()> {
    active(desk)?;
    let mut answers = Vec::new();
    for question in ["From: ", "To: ", "Subject: "] {
        match desk.front.ask(question, "a console").await? {
            Some(answer) => answers.push(answer.trim().to_owned()),
            None => return desk.say(Mark::Info, "nothing was sent"),
        }
    }
    let mut body = String::new();
    desk.say(Mark::Info, "the body; a line with a dot ends it")?;
    loop {
        match desk.front.ask("data> ", "a console").await? {
            Some(line) if line == "." => break,
            Some(line) => {
                body.push_str(&line);
                body.push_str("\r\n");
            }
            None => return desk.say(Mark::Info, "nothing was sent"),
        }
    }
    let date = crate::clock::rfc5322();
    let id = format!("<{}@ehlo.invalid>", crate::entropy::token());
    let (from, to, subject) = (&answers[0], &answers[1], &answers[2]);
    let message = format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: {id}\r\n\r\n{body}"
    );
    let preview: Vec<Styled> = message
        .lines()
        .map(|line| Styled::plain(format!("    |{line}")))
        .collect();
    desk.print(&preview)?;
    let commands = [
        format!("MAIL FROM:<{}>", bare(from)),
        format!("RCPT TO:<{}>", bare(to)),
        "DATA".to_owned(),
    ];
    let plan = commands.join(", ");
    if !desk
        .confirm(&format!("{plan}, and the message above"))
        .await?
    {
        return desk.say(Mark::Info, "nothing was sent");
    }
    for command in &commands {
        desk.command(command.as_bytes()).await?;
        let refused = active(desk)?
            .last_reply
            .as_ref()
            .and_then(crate::repl::seat::failure_of);
        if refused.is_some() {
            return desk.say(Mark::Info, "the message was not sent");
        }
    }
    send_body(desk, &message).await
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
        return send_body(desk, &text).await;
    }
    desk.prepared.extend(
        text.lines()
            .filter(|line| !line.is_empty())
            .map(|line| line.as_bytes().to_vec()),
    );
    Ok(())
}

async fn send_body(desk: &mut Desk, text: &str) -> Result<()> {
    let seat = active(desk)?;
    if seat.mode() != Mode::Body {
        return Err(Error::usage("nothing asks for a body").hint("first", "DATA"));
    }
    let input = crate::proto::engine::Input::Content {
        bytes: text.as_bytes(),
        last: true,
    };
    seat.session
        .submit(input)
        .map_err(|r| crate::repl::turn::not_sent(&r))?;
    desk.settle().await.map(|_| ())
}

/// The address in `Name <a@b>`, or the text itself.
fn bare(text: &str) -> &str {
    match (text.rfind('<'), text.rfind('>')) {
        (Some(open), Some(close)) if open < close => &text[open + 1..close],
        _ => text.trim(),
    }
}
