//! What each line of a transcript is: said by the client or the server, content, or a remark.
//!
//! Rule: a mark is believed where it stands as whoever wrote the transcript puts it; a line without
//! one goes on with the line before, where it is indented deeper.

use super::{Protocol, Spoken};

pub(super) fn read(text: &str) -> Vec<Spoken> {
    let receiver = text
        .lines()
        .any(|line| line.trim_start().starts_with("R: ") || line.trim_start() == "R:");
    let mut spoken: Vec<Spoken> = Vec::new();
    let mut indent = 0;
    for line in text.lines() {
        let line = line.trim_end_matches('\r');
        let body = line.trim_start();
        let depth = line.len() - body.len();
        if let Some(found) = marked(line)
            .or_else(|| prompted(line))
            .or_else(|| prefixed(body, receiver))
        {
            indent = depth;
            spoken.push(found);
        } else if depth > indent
            && !body.is_empty()
            && let Some(Spoken::Client(before) | Spoken::Server(before)) = spoken.last_mut()
        {
            // A printed line that was too long goes on, indented deeper.
            before.push(' ');
            before.push_str(body);
        } else if body.is_empty() {
            indent = usize::MAX;
        }
    }
    spoken
}

/// The arrows of swaks and of our own transcripts, in the first three columns.
fn marked(line: &str) -> Option<Spoken> {
    let mark = line.get(..3)?;
    let rest = line.get(3..).unwrap_or_default();
    let rest = rest.strip_prefix(' ').unwrap_or(rest).to_owned();
    Some(match mark {
        " ->" | " ~>" => Spoken::Wire(rest),
        // Our own: content stands behind a bar.
        "-> " | "~> " => match rest.strip_prefix('|') {
            Some(content) => Spoken::Wire(content.to_owned()),
            None => Spoken::Wire(rest),
        },
        "<- " | "<~ " | "<**" | "<~*" | "<-*" => match rest.strip_prefix('|') {
            Some(content) => Spoken::Content(content.to_owned()),
            None => Spoken::Server(rest),
        },
        "===" | "== " | "***" | "!! " => match (target(&rest), rest.strip_prefix("session ")) {
            (Some(target), _) => Spoken::Target(target),
            (None, Some(name)) => Spoken::Session(name.to_owned()),
            (None, None) => Spoken::Remark(rest.trim().to_owned()),
        },
        _ => return None,
    })
}

/// A line typed at a prompt of the console: `smtp mail.example.org clear> NOOP`, `data> text`. The
/// prompt of IMAP names the tag that was added.
fn prompted(line: &str) -> Option<Spoken> {
    let (prompt, typed) = line.split_once("> ").or_else(|| {
        let prompt = line.strip_suffix('>')?;
        Some((prompt, ""))
    })?;
    let words: Vec<&str> = prompt.split(' ').collect();
    let said = |text: &str| Some(Spoken::Client(text.to_owned()));
    match words[..] {
        ["data" | "idle" | "auth"] | ["literal", _] => said(typed),
        ["smtp" | "lmtp" | "pop3" | "imap", _, .., last]
            if words.contains(&"clear") || words.contains(&"tls") =>
        {
            // What is for the console itself is not said.
            match typed.strip_prefix(':') {
                Some(line) if line.starts_with(':') => said(line),
                Some(_) => Some(Spoken::Remark(String::new())),
                None if words[0] == "imap" => said(&format!("{last} {typed}")),
                None => said(typed),
            }
        }
        _ => None,
    }
}

/// `Trying host:port...` of swaks, `connected: URL` of ours.
fn target(remark: &str) -> Option<String> {
    if let Some(url) = remark.strip_prefix("connected: ") {
        return Protocol::of(url).map(|_| url.to_owned());
    }
    let place = remark.trim().strip_prefix("Trying ")?;
    let place = place.trim_end_matches('.');
    let (host, port) = place.rsplit_once(':')?;
    let good = !host.is_empty() && port.parse::<u16>().is_ok() && !host.contains(' ');
    good.then(|| format!("//{host}:{port}"))
}

fn prefixed(body: &str, receiver: bool) -> Option<Spoken> {
    let (who, rest) = body.split_at_checked(2)?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let client = match (who, receiver) {
        ("C:", false) | ("S:", true) => true,
        ("S:", false) | ("R:", true) => false,
        _ => return None,
    };
    // "<open connection>" tells what happens, it is not said.
    if rest.starts_with('<') && rest.ends_with('>') && rest.contains(' ') {
        return Some(Spoken::Remark(rest.to_owned()));
    }
    Some(if client {
        Spoken::Client(rest.to_owned())
    } else {
        Spoken::Server(rest.to_owned())
    })
}
