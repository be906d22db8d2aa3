//! Conversations as one self-contained page: a sequence chart with times, TLS shading, and what each
//! reply means behind it. No script, nothing from elsewhere, light and dark, printable.

use std::fmt::Write as _;

use super::{rows, units};
use crate::knowledge;
use crate::proto::event::Verdict;
use crate::transcript::{Direction, Row, RowKind};
use crate::wire::show::{Charset, show};

/// A conversation on the page.
#[derive(Debug, Default)]
pub struct Chapter<'a> {
    /// Its heading.
    pub title: &'a str,
    /// How it ended; `None` for a record that was only looked at.
    pub ended: Option<Ended<'a>>,
    /// What it consists of.
    pub rows: Vec<&'a Row>,
}

/// How a talk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<'a> {
    /// As expected.
    Passed(&'a str),
    /// Not as expected: what, and the diagnostic.
    Failed(&'a str, &'a str),
    /// Not run, for this reason.
    Skipped(&'a str),
}

const STYLE: &str = include_str!("report.css");

/// The page.
pub fn page(title: &str, summary: &str, chapters: &[Chapter<'_>]) -> String {
    let mut out = opened(title, "");
    if !summary.is_empty() {
        let _ = writeln!(out, "<p class=\"summary\">{}</p>", text(summary));
    }
    out.push_str(
        "<p class=\"key\"><span class=\"tls\">under TLS</span> <span class=\"clear\">in the clear\
         </span> A reply opens to say what it means.</p>\n</header>\n<main>\n",
    );
    if chapters.len() > 1 {
        out.push_str("<nav aria-label=\"Talks\">\n<ul>\n");
        for (index, chapter) in chapters.iter().enumerate() {
            let _ = writeln!(
                out,
                "<li class=\"{}\"><a href=\"#t{index}\">{}</a></li>",
                class_of(chapter.ended),
                text(chapter.title)
            );
        }
        out.push_str("</ul>\n</nav>\n");
    }
    for (index, chapter) in chapters.iter().enumerate() {
        write_chapter(&mut out, index, chapter);
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// The beginning of a page, up to its heading.
pub fn opened(title: &str, style: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}{style}</style>\n</head>\n<body>\n<header>\n\
         <h1>{title}</h1>\n",
        title = text(title)
    )
}

fn write_chapter(out: &mut String, index: usize, chapter: &Chapter<'_>) {
    let class = class_of(chapter.ended);
    let _ = writeln!(
        out,
        "<section id=\"t{index}\" class=\"{class}\">\n<h2>{}</h2>",
        text(chapter.title)
    );
    match chapter.ended {
        Some(Ended::Passed(words)) => {
            let _ = writeln!(out, "<p class=\"verdict\">passed, {}</p>", text(words));
        }
        Some(Ended::Failed(words, diag)) => {
            let _ = writeln!(
                out,
                "<p class=\"verdict\">failed: {}</p>\n<pre class=\"diag\">{}</pre>",
                text(words),
                block(diag)
            );
        }
        Some(Ended::Skipped(words)) => {
            let _ = writeln!(out, "<p class=\"verdict\">skipped: {}</p>", text(words));
        }
        None => {}
    }
    if chapter.rows.is_empty() {
        out.push_str("</section>\n");
        return;
    }
    let several = chapter
        .rows
        .iter()
        .any(|r| r.session != chapter.rows[0].session);
    out.push_str(
        "<ol class=\"chart\">\n<li class=\"ends\" aria-hidden=\"true\"><span></span><span><span>\
         client</span><span>server</span></span></li>\n",
    );
    let begin = chapter.rows[0].time.0;
    let mut protocols: Vec<(&str, &'static str)> = Vec::new();
    let mut at = 0;
    while let Some(row) = chapter.rows.get(at) {
        if row.kind == RowKind::Connected {
            let scheme = row.text.split(|b| *b == b':').next().unwrap_or_default();
            protocols.retain(|(session, _)| *session != &*row.session);
            protocols.push((&row.session, protocol_of(scheme)));
        }
        let known = protocols.iter().find(|(s, _)| *s == &*row.session);
        let protocol = known.map_or_else(|| guess(row), |(_, protocol)| protocol);
        // Content stands together.
        let run = chapter.rows[at..]
            .iter()
            .take_while(|r| {
                r.kind == RowKind::Content
                    && r.direction == row.direction
                    && r.session == row.session
            })
            .count()
            .max(1);
        let after = row.time.0.saturating_sub(begin);
        // The session is named where it changes.
        let changes = at == 0 || chapter.rows[at - 1].session != row.session;
        let named = several && changes;
        let goes_on = |before: &Row, after: Option<&&Row>| {
            after.is_some_and(|after| is_one_arrow(before, after))
        };
        let place = Place {
            after: (at == 0 || !goes_on(chapter.rows[at - 1], Some(row))).then_some(after),
            named,
            ends: !goes_on(row, chapter.rows.get(at + run)),
        };
        write_row(out, &chapter.rows[at..at + run], protocol, &place);
        at += run;
    }
    out.push_str("</ol>\n</section>\n");
}

/// Where a row stands among the others.
struct Place {
    /// Milliseconds since the beginning; only the first row of an arrow tells.
    after: Option<u64>,
    /// The session is named.
    named: bool,
    /// The arrow ends here.
    ends: bool,
}

/// Lines of the server that belong to what follows: all of a reply is one arrow, and what an IMAP
/// server says in front of its last line is part of it.
fn is_one_arrow(before: &Row, after: &Row) -> bool {
    let heard = |row: &Row| row.direction == Direction::Received;
    heard(before)
        && heard(after)
        && before.reply.is_none()
        && before.session == after.session
        && before.tls == after.tls
        && before.time == after.time
}

fn write_row(out: &mut String, rows: &[&Row], protocol: &str, place: &Place) {
    let row = rows[0];
    let direction = match row.direction {
        Direction::Sent => "sent",
        Direction::Received => "received",
        Direction::Note => "note",
    };
    let tls = if row.tls { " tls" } else { "" };
    let verdict = match (row.direction, row.verdict) {
        (Direction::Received, Verdict::Good) => " good",
        (Direction::Received, Verdict::More) => " more",
        (Direction::Received, Verdict::TryLater) => " later",
        (Direction::Received, Verdict::Refused) => " refused",
        _ if matches!(row.kind, RowKind::Oddity | RowKind::Failed) => " odd",
        _ => "",
    };
    let part = if place.ends { "" } else { " part" };
    let session = if place.named {
        format!("<span class=\"session\">{}</span> ", text(&row.session))
    } else {
        String::new()
    };
    let said = match row.direction {
        Direction::Sent => "client: ",
        Direction::Received => "server: ",
        Direction::Note => "",
    };
    let _ = write!(
        out,
        "<li class=\"{direction}{tls}{verdict}{part}\"><time>{}</time><div class=\"said\">{session}\
         <span class=\"who\">{said}</span>",
        place.after.map(elapsed).unwrap_or_default()
    );
    if row.kind == RowKind::Content {
        out.push_str("<pre>");
        for row in rows {
            for line in rows::content(row) {
                out.push_str(&text(&show(line, Charset::Unicode)));
                out.push('\n');
            }
            let kept = row.text.len() as u64 + 2;
            if row.octets > kept {
                let _ = writeln!(out, "… {} octets more", row.octets - kept);
            }
        }
        out.push_str("</pre></div></li>\n");
        return;
    }
    let line = match (row.kind, row.text.is_empty()) {
        (RowKind::Closed, true) => "the connection is closed".to_owned(),
        (RowKind::Closed, false) => format!("closed: {}", text(&show(&row.text, Charset::Unicode))),
        (RowKind::User, _) => format!("user {}", text(&show(&row.text, Charset::Unicode))),
        (RowKind::Connected, _) => {
            format!("connected: {}", text(&show(&row.text, Charset::Unicode)))
        }
        (_, true) if row.direction == Direction::Sent => "(empty line)".to_owned(),
        _ => text(&show(&row.text, Charset::Unicode)),
    };
    let took = row
        .ms
        .filter(|_| row.reply.is_some())
        .map(|ms| format!(" <span class=\"took\">{}</span>", units::millis(ms)))
        .unwrap_or_default();
    match meaning(row, protocol) {
        Some(meaning) => {
            let _ = write!(
                out,
                "<details><summary><code>{line}</code>{took}</summary>{meaning}</details>"
            );
        }
        None => {
            let _ = write!(out, "<code>{line}</code>{took}");
        }
    }
    out.push_str("</div></li>\n");
}

/// What the reply that this line completes means.
fn meaning(row: &Row, protocol: &str) -> Option<String> {
    let reply = row.reply.as_ref()?;
    let moment = knowledge::moment(protocol, &reply.code, reply.enhanced.as_deref(), &reply.to)?;
    let to = match reply.to.as_str() {
        "." => "the message",
        to => to,
    };
    let mut out = format!(
        "<dl><dt>{} after {}</dt><dd>{}</dd>",
        text(&reply.code),
        text(to),
        text(&plain(moment.meaning))
    );
    for (label, words) in [
        ("usually", moment.cause),
        ("try", moment.next_step),
        ("see", moment.source),
    ] {
        if !words.is_empty() {
            let _ = write!(out, "<dt>{label}</dt><dd>{}</dd>", text(&plain(words)));
        }
    }
    out.push_str("</dl>");
    Some(out)
}

/// A table's text with its blanks filled in for no conversation in particular.
pub fn plain(words: &str) -> String {
    words
        .replace("{domain}", "the recipient's domain")
        .replace("{offered}", "what the server offers")
        .replace("{at}", "the place")
}

fn class_of(ended: Option<Ended<'_>>) -> &'static str {
    match ended {
        Some(Ended::Passed(_)) => "passed",
        Some(Ended::Failed(..)) => "failed",
        Some(Ended::Skipped(_)) => "skipped",
        None => "record",
    }
}

fn protocol_of(scheme: &[u8]) -> &'static str {
    match scheme {
        b"pop3" | b"pop3s" => "pop3",
        b"imap" | b"imaps" => "imap",
        b"lmtp" => "lmtp",
        _ => "smtp",
    }
}

/// Where nothing was said of how the session was opened.
fn guess(row: &Row) -> &'static str {
    match row.text.first() {
        Some(b'+' | b'-') => "pop3",
        Some(b'0'..=b'9') => "smtp",
        _ => "imap",
    }
}

fn elapsed(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1000, ms % 1000)
}

/// Text that is safe inside an element and inside a quoted attribute, made safe for eyes too.
pub fn text(words: &str) -> String {
    block(&show(words.as_bytes(), Charset::Unicode))
}

/// As `text`, for what has line ends of its own and is safe for eyes already.
fn block(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::transcript::{ReplyRow, Stamp};

    #[test]
    fn what_a_server_says_stays_text() {
        let session: Arc<str> = Arc::from("main");
        let mut row = Row::note(Stamp(5), &session, true, RowKind::Status, "");
        row.direction = Direction::Received;
        row.text = b"550 5.1.1 <script>alert(1)</script>\x1b[2J".to_vec();
        row.verdict = Verdict::Refused;
        row.ms = Some(2.5);
        row.reply = Some(Box::new(ReplyRow {
            to: "RCPT".to_owned(),
            code: "550".to_owned(),
            enhanced: Some("5.1.1".to_owned()),
            ..ReplyRow::default()
        }));
        let mut body = Row::note(
            Stamp(1009),
            &session,
            false,
            RowKind::Content,
            "a\r\n</pre>\r\n",
        );
        body.direction = Direction::Sent;
        let chapter = Chapter {
            title: "a \"talk\"",
            ended: Some(Ended::Failed("line 3", "error: <x>\n  --> t:1:1")),
            rows: vec![&row, &body],
        };
        let page = page("t", "1 failed", &[chapter]);
        assert!(!page.contains("<script"));
        assert!(page.contains("550 5.1.1 &lt;script&gt;alert(1)&lt;/script&gt;␛[2J"));
        assert!(page.contains("class=\"received tls refused\""));
        assert!(page.contains("<dt>550 after RCPT</dt>"));
        assert!(page.contains("1.004 s"));
        assert!(page.contains("<pre>a\n&lt;/pre&gt;\n</pre>"));
        assert!(page.contains("error: &lt;x&gt;\n  --&gt; t:1:1"));
        assert!(!page.contains("http://") && !page.contains("https://"));
    }
}
