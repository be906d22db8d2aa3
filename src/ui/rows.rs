//! Rows of a record as marked text: the form people read, in logs and in reports.

use std::sync::Arc;

use super::marks::{self, Fold, fold, safe};
use super::{Look, Role, Styled, units};
use crate::transcript::{Direction, Row, RowKind};

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
            .flat_map(|line| fold(line, look.width, Fold::Content))
            .collect();
    }
    if row.kind == RowKind::Console {
        return content(row)
            .map(|line| Styled::plain(mark).with(role, safe(line, look)))
            .flat_map(|line| fold(line, look.width, Fold::Words))
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
        line = line.with(Role::Dim, format!("  {}", units::millis(ms)));
    }
    let how = if row.direction == Direction::Note {
        Fold::Words
    } else {
        Fold::Edge
    };
    fold(line, look.width, how)
}

/// The lines of content, without their ends.
pub fn content(row: &Row) -> impl Iterator<Item = &[u8]> {
    let text = row.text.strip_suffix(b"\r\n").unwrap_or(&row.text);
    text.split(|b| *b == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The gutter: four columns, the fourth a blank.
fn mark(row: &Row) -> &'static str {
    match (row.direction, row.kind) {
        (Direction::Note, RowKind::Oddity | RowKind::Failed) => "!!  ",
        _ => marks::gutter(row.direction, row.tls, row.refused()),
    }
}

fn role(row: &Row) -> Role {
    match (row.direction, row.kind) {
        (Direction::Note, RowKind::Oddity | RowKind::Failed) => Role::Warn,
        (Direction::Note, _) => Role::Dim,
        (Direction::Sent, _) | (_, RowKind::Content) => Role::Plain,
        (Direction::Received, _) => marks::role(row.verdict),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::proto::event::Verdict;
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
        assert_eq!(text(&reply), "<~  250 ok␊~>  QUIT  1.23 s");
        reply.verdict = Verdict::Refused;
        reply.ms = None;
        assert_eq!(text(&reply), "<~* 250 ok␊~>  QUIT");
        let body = row(RowKind::Content, Direction::Received, "a\r\n<~  b\r\n");
        assert_eq!(text(&body), "<~  |a\n<~  |<~  b");
    }
}
