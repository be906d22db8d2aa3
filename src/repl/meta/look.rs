//! Console commands that only look.

use crate::error::{Error, Result};
use crate::repl::desk::Desk;
use crate::sasl::blob::{Place, describe};
use crate::sasl::paste;
use crate::transcript::{Direction, RowKind};
use crate::ui::render::Mark;
use crate::ui::style::{Role, Styled};
use crate::ui::tls as tls_words;
use crate::wire::b64;
use crate::wire::show::{Charset, show as safe};

use super::wanted;

/// `:status`.
pub(super) fn status(desk: &mut Desk) -> Result<()> {
    let Some(seat) = desk.seats.get(desk.active) else {
        return nothing_open();
    };
    let mut rows: Vec<(&str, String)> = Vec::new();
    let session = &seat.session;
    rows.push((
        "protocol",
        session
            .protocol()
            .map_or("not known yet", |p| p.name)
            .to_owned(),
    ));
    match session.conn() {
        Some(conn) => {
            rows.push(("server", conn.peer().to_string()));
            if let Some(local) = conn.local() {
                rows.push(("from", local.to_string()));
            }
        }
        None if seat.is_shaking_hands() => {
            rows.push(("server", "in the TLS handshake".to_owned()));
        }
        None => rows.push(("server", "not connected".to_owned())),
    }
    rows.push((
        "tls",
        session
            .tls()
            .map_or_else(|| "none".to_owned(), |report| tls_words::one_line(report)),
    ));
    if let Some(engine) = session.engine() {
        let facts = engine.facts();
        rows.push(("state", engine.phase().to_string()));
        let user = match (facts.user, facts.logged_in) {
            (Some(user), _) => user,
            (None, true) => "yes".to_owned(),
            (None, false) => "nobody".to_owned(),
        };
        rows.push(("login", user));
        if let Some(mailbox) = facts.mailbox {
            let only = if facts.read_only { " (read only)" } else { "" };
            rows.push(("mailbox", format!("{mailbox}{only}")));
        }
        for line in facts.transaction {
            rows.push(("message", line));
        }
        if facts.deletes_pending > 0 {
            rows.push((
                "deletes",
                format!("{} pending; QUIT commits them", facts.deletes_pending),
            ));
        }
        if let Some(held) = &seat.together {
            let lines = format!("{} lines; :go sends them", held.count());
            rows.push(("held back", lines));
        }
        let due: Vec<_> = engine
            .due()
            .iter()
            .map(|due| format!("{} ({})", due.to, due.exchange))
            .collect();
        rows.push((
            "due",
            if due.is_empty() {
                "nothing".to_owned()
            } else {
                due.join(", ")
            },
        ));
    }
    desk.table(&rows, 10)
}

/// `:tls [pem|save FILE]`.
pub(super) fn tls(desk: &mut Desk, rest: &str) -> Result<()> {
    let report = desk
        .seats
        .get(desk.active)
        .and_then(|seat| seat.session.tls().cloned());
    let Some(report) = report else {
        return desk.say(
            Mark::Info,
            "no TLS on this connection; :starttls starts it where the server offers it",
        );
    };
    match rest.split_once(' ').unwrap_or((rest, "")) {
        ("", _) => {
            let lines = tls_words::full(&report);
            desk.print(&lines)
        }
        ("pem", _) => desk.verbatim(&report.pem()),
        ("save", file) if !file.trim().is_empty() => {
            if !desk.settings.allow_commands {
                return Err(
                    Error::usage(":tls save writes a file").hint("allow", "--allow-commands")
                );
            }
            let file = file.trim();
            crate::repl::private_file(file, &report.pem())?;
            desk.say(
                Mark::Info,
                &format!("{} certificates written to {file}", report.chain.len()),
            )
        }
        _ => Err(Error::usage("usage: :tls [pem|save FILE]")),
    }
}

/// `:show [n]`: an exchange octet for octet, secrets masked.
pub(super) fn show(desk: &mut Desk, rest: &str) -> Result<()> {
    let Some(seat) = desk.seats.get(desk.active) else {
        return nothing_open();
    };
    let kept = match rest {
        "" => seat.record.last(),
        n => {
            let number = n.parse().map_err(|_| Error::usage("usage: :show [n]"))?;
            seat.record.exchange(number)
        }
    };
    let Some(kept) = kept else {
        return Err(Error::usage("that exchange is gone, or never was").hint(
            "kept",
            "the last 1,000 exchanges, 64 KiB of each, 16 MiB in all",
        ));
    };
    let charset = desk.settings.look.charset;
    let mut lines = vec![Mark::Info.line(format!("exchange {}", kept.number))];
    for row in &kept.rows {
        let mark = match row.direction {
            Direction::Sent => "->",
            Direction::Received => "<-",
            Direction::Note => "==",
        };
        if row.kind == RowKind::Content {
            let mut text = row.text.clone();
            // What was sent is kept without the line end behind it.
            if row.octets == text.len() as u64 + 2 {
                text.extend_from_slice(b"\r\n");
            }
            lines.extend(content(&text, mark, charset));
            continue;
        }
        let text = safe(&row.text, charset).into_owned();
        if row.direction == Direction::Note {
            // No octets: what happened meanwhile.
            lines.extend((!text.is_empty()).then(|| Mark::Info.line(text)));
            continue;
        }
        // Of a line that was cut there is no end.
        let end = match row.kind == RowKind::Unknown && row.octets == row.text.len() as u64 {
            true => "",
            false => "\\r\\n",
        };
        lines.push(
            Styled::plain(format!("{mark}  {text}"))
                .with(Role::Dim, format!("{end}  {} octets", row.octets)),
        );
    }
    if kept.cut > 0 {
        lines.push(Mark::Info.line(format!("{} octets more were not kept", kept.cut)));
    }
    desk.print(&lines)
}

/// Content as it is, line for line; what ends each line is seen.
fn content(text: &[u8], mark: &str, charset: Charset) -> Vec<Styled> {
    let lines = text.split_inclusive(|b| *b == b'\n');
    let shown = lines.map(|line| {
        let (bare, end) = match (line.strip_suffix(b"\r\n"), line.strip_suffix(b"\n")) {
            (Some(bare), _) => (bare, "\\r\\n"),
            (None, Some(bare)) => (bare, "\\n"),
            (None, None) => (line, ""),
        };
        Styled::plain(format!("{mark}  {}", safe(bare, charset)))
            .with(Role::Dim, format!("{end}  {} octets", line.len()))
    });
    shown.collect()
}

/// `:history`.
pub(super) fn history(desk: &mut Desk) -> Result<()> {
    let lines: Vec<Styled> = desk
        .typed
        .iter()
        .map(|line| Styled::plain(safe(line.as_bytes(), desk.settings.look.charset)))
        .collect();
    desk.print(&lines)
}

/// `:b64 TEXT`.
pub(super) fn b64(desk: &mut Desk, rest: &str) -> Result<()> {
    let (text, url_safe) = without_flag(rest);
    let bytes = crate::ui::escape::unescape(wanted(text, ":b64 [--url-safe] TEXT")?)?;
    let coded = b64::encode(&bytes);
    let coded = if url_safe {
        coded.replace('+', "-").replace('/', "_")
    } else {
        coded
    };
    desk.verbatim(&format!("{coded}\n"))
}

/// `:unb64 BASE64`.
pub(super) fn unb64(desk: &mut Desk, rest: &str) -> Result<()> {
    let (text, url_safe) = without_flag(rest);
    let alphabet = url_safe.then_some(b64::Alphabet::UrlSafe);
    let text = wanted(text, ":unb64 [--url-safe] BASE64")?;
    let bytes =
        paste::decode(alphabet, text.as_bytes()).map_err(|e| Error::usage(e.to_string()))?;
    let blob = describe(&bytes, &Place::default());
    if !desk.settings.show_secrets && blob.fields.iter().any(|field| field.secret) {
        let text = format!("{}; ehlo decode names its fields", blob.what);
        return desk.say(Mark::Info, &text);
    }
    let shown = safe(&bytes, desk.settings.look.charset).into_owned();
    desk.verbatim(&format!("{shown}\n"))
}

fn without_flag(rest: &str) -> (&str, bool) {
    match rest.strip_prefix("--url-safe") {
        Some(text) => (text.trim_start(), true),
        None => (rest, false),
    }
}

/// `:inbox [user] [n]`.
pub(super) fn inbox(desk: &mut Desk, rest: &str) -> Result<()> {
    let Some(practice) = &desk.practice else {
        return Err(Error::usage(
            ":inbox looks into the practice server, which is not in use",
        ));
    };
    let lines = practice.inbox(rest)?;
    desk.print(&lines)
}

fn nothing_open() -> Result<()> {
    Err(Error::usage("no session is open").hint("open", ":open TARGET"))
}
