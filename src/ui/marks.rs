//! Rows of a record as marked text: the form people read, on screen, in logs and in reports.
//!
//! The gutter is four columns wide and nothing a peer says gets into it: `->` sent in the clear, `~>`
//! under TLS, `<-` and `<~` received, with a star when refused, `==` information, `!!` our remark
//! about the other side. Content stands behind `|`.

use std::sync::Arc;

use super::{Look, Role, Styled};
use crate::proto::event::Verdict;
use crate::transcript::{Direction, Row, RowKind};
use crate::wire::secret::MASK;
use crate::wire::show::{Charset, show};

/// Replies that took at least so long show their time.
const SLOW_MS: f64 = 100.0;

/// Follows rows and says where another session goes on.
#[derive(Debug, Default)]
pub struct Marker {
    session: Option<Arc<str>>,
}

impl Marker {
    /// The lines of the next row.
    pub fn lines(&mut self, row: &Row, look: &Look) -> Vec<Styled> {
        let same = self.session.as_ref() == Some(&row.session);
        let first = self.session.is_none() && &*row.session == "main";
        let mut all = Vec::new();
        if !same && !first {
            let name = safe(row.session.as_bytes(), look);
            all.push(Styled::plain("==  ").with(Role::Dim, format!("session {name}")));
        }
        if !same {
            self.session = Some(Arc::clone(&row.session));
        }
        all.append(&mut lines(row, look));
        all
    }
}

/// The lines of a row.
pub fn lines(row: &Row, look: &Look) -> Vec<Styled> {
    let role = role(row);
    let mark = mark(row);
    let slow = row.ms.filter(|ms| *ms >= SLOW_MS);
    if row.kind == RowKind::Content {
        return content(row)
            .map(|line| Styled::plain(mark).with(role, format!("|{}", safe(line, look))))
            .collect();
    }
    let text = match (row.kind, row.text.is_empty()) {
        (RowKind::Closed, true) => "the connection is closed".to_owned(),
        (RowKind::Closed, false) => format!("the connection is closed: {}", safe(&row.text, look)),
        (RowKind::Connected, _) => format!("connected: {}", safe(&row.text, look)),
        (RowKind::User, _) => format!("user {}", safe(&row.text, look)),
        (RowKind::Answer, true) => "(empty line)".to_owned(),
        (RowKind::Raw, _) => format!("raw, {} octets: {}", row.octets, safe(&row.text, look)),
        _ => safe(&row.text, look),
    };
    let mut line = Styled::plain(mark).with(role, text);
    if let Some(ms) = slow {
        line = line.with(Role::Dim, format!("  {}", time(ms)));
    }
    vec![line]
}

/// Milliseconds as people read them.
pub fn time(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 1000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1000.0)
    }
}

/// The lines of content, without their ends.
pub fn content(row: &Row) -> impl Iterator<Item = &[u8]> {
    let text = row.text.strip_suffix(b"\r\n").unwrap_or(&row.text);
    text.split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The gutter: four columns, the fourth a blank.
pub fn mark(row: &Row) -> &'static str {
    match (row.direction, row.tls, row.refused()) {
        (Direction::Sent, false, _) => "->  ",
        (Direction::Sent, true, _) => "~>  ",
        (Direction::Received, false, false) => "<-  ",
        (Direction::Received, false, true) => "<-* ",
        (Direction::Received, true, false) => "<~  ",
        (Direction::Received, true, true) => "<~* ",
        (Direction::Note, ..) if matches!(row.kind, RowKind::Oddity | RowKind::Failed) => "!!  ",
        (Direction::Note, ..) => "==  ",
    }
}

fn role(row: &Row) -> Role {
    match (row.direction, row.kind) {
        (Direction::Note, RowKind::Oddity | RowKind::Failed) => Role::Warn,
        (Direction::Note, _) => Role::Dim,
        (Direction::Sent, _) | (_, RowKind::Content) => Role::Plain,
        (Direction::Received, _) => match row.verdict {
            Verdict::Good => Role::Good,
            Verdict::More => Role::More,
            Verdict::TryLater => Role::Later,
            Verdict::Refused => Role::Refused,
            Verdict::Note => Role::Plain,
        },
    }
}

fn safe(text: &[u8], look: &Look) -> String {
    let shown = show(text, look.charset);
    match look.charset {
        Charset::Unicode => shown.into_owned(),
        // The mask has its ASCII form; `show` would spell its dots out.
        Charset::Ascii => {
            let escaped = show(MASK.as_bytes(), Charset::Ascii);
            shown.replace(&*escaped, "****")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::transcript::Stamp;

    #[test]
    fn another_session_is_said() {
        let row = |name: &str| Row::note(Stamp(0), &Arc::from(name), false, RowKind::Remark, "x");
        let mut marker = Marker::default();
        let mut count = |name| marker.lines(&row(name), &Look::default()).len();
        assert_eq!(
            [count("main"), count("main"), count("b"), count("main")],
            [1, 1, 2, 2]
        );
    }

    #[test]
    fn nothing_gets_into_the_gutter() {
        let session: Arc<str> = Arc::from("main");
        let row = |kind, direction, text: &str| Row {
            direction,
            ..Row::note(Stamp(0), &session, true, kind, text)
        };
        let text = |row: &Row| {
            let lines = lines(row, &Look::default());
            lines
                .iter()
                .map(Styled::text)
                .collect::<Vec<_>>()
                .join("\n")
        };
        let mut reply = row(RowKind::Status, Direction::Received, "250 ok\n~>  QUIT");
        reply.ms = Some(1234.5);
        assert_eq!(text(&reply), "<~  250 ok␊~>  QUIT  1.2 s");
        reply.verdict = Verdict::Refused;
        reply.ms = None;
        assert_eq!(text(&reply), "<~* 250 ok␊~>  QUIT");
        let body = row(RowKind::Content, Direction::Received, "a\r\n<~  b\r\n");
        assert_eq!(text(&body), "<~  |a\n<~  |<~  b");
    }
}
