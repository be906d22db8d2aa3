//! The prompt: protocol, host, TLS mark, state; for IMAP the mailbox and the next tag.

use crate::proto::engine::{Engine, Mode};
use crate::wire::show::{Charset, show};

use super::seat::Seat;

/// A prompt never takes more than this part of the line.
const SHARE: usize = 2;

/// How a prompt is built.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The session's number in front, where there are several.
    pub numbered: bool,
    /// Without host and mailbox.
    pub short: bool,
    /// Columns of the screen.
    pub width: usize,
    /// Which characters may be used.
    pub charset: Charset,
}

/// A session in a list: its number and where it is, whole, then what it is in the middle of.
pub fn title(seat: &Seat, charset: Charset) -> String {
    let form = Form {
        numbered: true,
        short: false,
        width: 400,
        charset,
    };
    let place = place(seat, form);
    let place = place.trim_end().trim_end_matches('>');
    match doing(seat) {
        Some(doing) => format!("{place}, {doing}"),
        None => place.to_owned(),
    }
}

/// The prompt of a seat. The tag is always in it: what it shows is not shown again when it is sent.
pub fn text(seat: &Seat, form: Form) -> String {
    match doing(seat) {
        Some(doing) => format!("{doing}> "),
        None => place(seat, form),
    }
}

/// What the next line belongs to, where it is no command that goes out.
fn doing(seat: &Seat) -> Option<String> {
    match seat.mode() {
        Mode::Body => Some("data".to_owned()),
        Mode::Literal { octets_left } => Some(format!("literal {octets_left}")),
        Mode::Answer { .. } => Some("auth".to_owned()),
        Mode::Idle => Some("idle".to_owned()),
        Mode::Command => seat
            .together
            .as_ref()
            .map(|held| format!("together {}", held.count())),
    }
}

fn place(seat: &Seat, form: Form) -> String {
    let charset = form.charset;
    let protocol = seat.session.protocol().map_or("mail", |p| p.name);
    let facts = seat.session.engine().map(Engine::facts).unwrap_or_default();
    let state = match (seat.session.is_over(), seat.session.is_secured()) {
        (true, _) => "closed",
        _ if seat.is_shaking_hands() => "handshake",
        (false, true) => "tls",
        (false, false) => "clear",
    };
    let clean = |text: &str| show(text.as_bytes(), charset).into_owned();
    let mailbox = facts
        .mailbox
        .filter(|_| !seat.session.is_over())
        .map(|name| clean(&name));
    let tag = facts.next_tag.filter(|_| !seat.session.is_over());
    let number = if form.numbered {
        format!("{} ", seat.number)
    } else {
        String::new()
    };
    let build = |host: &str, mailbox: Option<&str>| {
        let mut prompt = format!("{number}{protocol} {host} {state}");
        for word in [mailbox, tag.as_deref()].into_iter().flatten() {
            prompt.push(' ');
            prompt.push_str(word);
        }
        prompt.push_str("> ");
        prompt
    };
    if form.short {
        let words = [Some(protocol), Some(state), tag.as_deref()];
        let words: Vec<_> = words.into_iter().flatten().collect();
        return format!("{number}{}> ", words.join(" "));
    }
    let host = clean(seat.opening.target.host());
    let whole = build(&host, mailbox.as_deref());
    let room = form.width / SHARE;
    if whole.chars().count() <= room {
        return whole;
    }
    // Long names give way: first the host to its first label, then the mailbox to its end.
    let dots = if charset == Charset::Ascii {
        "..."
    } else {
        "…"
    };
    let label: String = host
        .split('.')
        .next()
        .unwrap_or_default()
        .chars()
        .take(12)
        .collect();
    let host = if label.len() < host.len() {
        format!("{label}{dots}")
    } else {
        host
    };
    let mailbox = mailbox.map(|name| {
        let length = name.chars().count();
        if length <= 12 {
            name
        } else {
            format!(
                "{dots}{}",
                name.chars().skip(length - 11).collect::<String>()
            )
        }
    });
    build(&host, mailbox.as_deref())
}
