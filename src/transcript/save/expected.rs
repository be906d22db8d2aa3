//! What a server said, as the lines of a talk that expect it again.

use super::Writer;
use crate::transcript::row::{Direction, Row, RowKind};
use crate::transcript::unit::{Unit, has_mask};
use crate::transcript::volatile::Context;
use crate::wire::show::{Charset, is_safe};

/// A line to be expected, before what varies is taken out.
pub(super) struct Said<'r> {
    /// What stays as it is: the code, `* `, `OK`.
    pub(super) head: &'r [u8],
    /// The rest.
    pub(super) text: &'r [u8],
    pub(super) context: Context,
}

impl Writer {
    pub(super) fn expect(&mut self, row: &Row, unit: &Unit<'_>) {
        let imap = self.is_imap(unit);
        if row.kind == RowKind::Content {
            for line in row.text.split(|b| *b == b'\n') {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if !line.is_empty() && self.words.is_steady(line) && !has_mask(line) {
                    let pattern = self.words.pattern(line, Context::Text);
                    self.line("S:", &harmless(&pattern));
                }
            }
            return;
        }
        let Some(said) = said(row, imap, unit) else {
            return;
        };
        let head = String::from_utf8_lossy(said.head).into_owned();
        let pattern = self.words.pattern(said.text, said.context);
        let pattern = harmless(&format!("{head}{pattern}"));
        self.line("S:", pattern.trim_end());
    }
}

/// A pattern in which any text stands for what would act on a terminal or deceive the eye: a talk is
/// looked at before it is run.
fn harmless(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if c == '\t' || is_safe(c, Charset::Unicode) && c != char::REPLACEMENT_CHARACTER {
            out.push(c);
        } else if !out.ends_with("...") {
            out.push_str("...");
        }
    }
    out
}

/// What a received line is expected to say; `None` for lines that are not saved.
pub(super) fn said<'r>(row: &'r Row, imap: bool, unit: &Unit<'_>) -> Option<Said<'r>> {
    if row.direction != Direction::Received || has_mask(&row.text) {
        return None;
    }
    match (imap, row.kind) {
        (_, RowKind::End | RowKind::Content) => None,
        (true, RowKind::GoAhead) => split(row, 1, Context::Text).map(Said::head_alone),
        (true, RowKind::Status) => tagged(row),
        (true, RowKind::Untagged) => untagged(row),
        (true, _) => split(row, 0, Context::Text),
        (false, _) => coded(row, unit),
    }
}

impl Said<'_> {
    fn head_alone(self) -> Self {
        Self { text: b"", ..self }
    }
}

/// The first octets as they are, and the rest.
fn split(row: &Row, at: usize, context: Context) -> Option<Said<'_>> {
    let (head, text) = row.text.split_at(at.min(row.text.len()));
    Some(Said {
        head,
        text,
        context,
    })
}

/// Where the blank of that number is, or the end.
fn blank(text: &[u8], number: usize) -> usize {
    let mut blanks = memchr::memchr_iter(b' ', text);
    blanks.nth(number).unwrap_or(text.len())
}

/// A tagged line: the tag goes; of the rest the status and the name of its code stay.
fn tagged(row: &Row) -> Option<Said<'_>> {
    let rest = row.text.get(blank(&row.text, 0) + 1..)?;
    let mut end = blank(rest, 0);
    if rest.get(end + 1) == Some(&b'[') {
        let code = &rest[end + 2..];
        let name = code
            .iter()
            .take_while(|b| b.is_ascii_uppercase() || **b == b'-');
        end += 2 + name.count();
    }
    Some(Said {
        head: &rest[..end.min(rest.len())],
        text: b"",
        context: Context::Text,
    })
}

/// An untagged line. The human text behind a response code is nobody's to hold.
fn untagged(row: &Row) -> Option<Said<'_>> {
    let text = row.text.as_slice();
    if text.starts_with(b"* OK [") || text.starts_with(b"* PREAUTH [") {
        if memchr::memmem::find(text, b"CAPABILITY ").is_some() {
            return split(row, blank(text, 1), Context::Text).map(Said::head_alone);
        }
        let end = memchr::memchr(b']', text).unwrap_or(text.len() - 1) + 1;
        return Some(Said {
            head: &text[..2],
            text: &text[2..end],
            context: Context::Text,
        });
    }
    let context = match text.starts_with(b"* CAPABILITY") {
        true => Context::Capabilities,
        false => Context::Text,
    };
    split(row, 2, context)
}

/// A line of SMTP, LMTP or POP3: the code stays, and the enhanced code behind it.
fn coded<'r>(row: &'r Row, unit: &Unit<'_>) -> Option<Said<'r>> {
    let command = unit.command(false);
    let verb = command
        .split(u8::is_ascii_whitespace)
        .find(|w| !w.is_empty());
    let asks = [b"EHLO", b"LHLO", b"CAPA"]
        .iter()
        .any(|asks| verb.is_some_and(|verb| verb.eq_ignore_ascii_case(*asks)));
    let context = match asks && (row.kind != RowKind::More || !is_first_line(row, unit)) {
        true => Context::Capabilities,
        false => Context::Text,
    };
    let text = row.text.as_slice();
    if text.iter().take_while(|b| b.is_ascii_digit()).count() != 3 {
        return split(row, blank(text, 0) + 1, context);
    }
    let rest = text.get(4..).unwrap_or_default();
    let word = &rest[..blank(rest, 0)];
    let parts = word.split(|b| *b == b'.').filter(|p| !p.is_empty()).count();
    let enhanced = parts == 3 && word.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    split(row, 4 + if enhanced { word.len() } else { 0 }, context)
}

fn is_first_line(row: &Row, unit: &Unit<'_>) -> bool {
    let first = unit
        .rows
        .iter()
        .find(|r| r.direction == Direction::Received);
    first.is_some_and(|first| std::ptr::eq(*first, row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_any_text() {
        let hostile = "550 \u{1b}[2J\u{202e}no\tsuch \u{200b}user";
        assert_eq!(harmless(hostile), "550 ...[2J...no\tsuch ...user");
    }
}
