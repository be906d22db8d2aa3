//! Errors that point into a file: where, what was got, what was expected, and what may be meant.
//!
//! A diagnostic owns the source lines it shows, so it outlives the text it points into. Everything
//! is made safe for a terminal when it is turned into lines.

use super::{Look, Role, Styled};
use crate::wire::show::{Charset, show};

/// The longest piece of a source or reply line that is shown, in characters.
const SHOWN_MAX: usize = 160;

/// A place in a source text. Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The line.
    pub line: u32,
    /// The first column.
    pub column: u32,
    /// How many characters; 0 points between two.
    pub length: u32,
}

impl Span {
    /// The first character of a file.
    pub const FIRST: Self = Self {
        line: 1,
        column: 1,
        length: 1,
    };
}

/// An error in a file, with the lines that explain it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diag {
    /// One lower-case clause without a full stop.
    pub what: String,
    /// The file's name as given.
    pub file: String,
    /// Where.
    pub span: Span,
    /// The source line before it (where it helps), then the source line itself.
    pub source: Vec<(u32, String)>,
    /// What stands behind the carets: "expected", "no directive".
    pub label: String,
    /// What came instead, line by line, not yet safe to print.
    pub got: Vec<Vec<u8>>,
    /// Lines that help: a suggestion, the meaning of a reply.
    pub notes: Vec<String>,
}

impl Diag {
    /// A diagnostic at `span` of `source`, showing its line.
    pub fn new(file: &str, source: &str, span: Span, what: impl Into<String>) -> Self {
        let mut diag = Self {
            what: what.into(),
            file: file.to_owned(),
            span,
            ..Self::default()
        };
        diag.add_source(source, span.line);
        diag
    }

    /// Shows one more line of the source, above the ones shown so far.
    #[must_use]
    pub fn with_line(mut self, source: &str, line: u32) -> Self {
        self.add_source(source, line);
        self
    }

    /// Sets what stands behind the carets.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a line of what came instead.
    #[must_use]
    pub fn got(mut self, line: impl Into<Vec<u8>>) -> Self {
        self.got.push(line.into());
        self
    }

    /// Adds a line that helps.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    fn add_source(&mut self, source: &str, line: u32) {
        let index = (line as usize).saturating_sub(1);
        if let Some(text) = source.split('\n').nth(index) {
            let text = text.strip_suffix('\r').unwrap_or(text);
            self.source.insert(0, (line, text.to_owned()));
        }
    }

    /// The place as `file:line:column`.
    pub fn place(&self) -> String {
        let file = show(self.file.as_bytes(), Charset::Unicode);
        format!("{file}:{}:{}", self.span.line, self.span.column)
    }

    /// The diagnostic as lines of text.
    pub fn lines(&self, look: &Look) -> Vec<Styled> {
        let safe = |text: &str| cut(&show(text.as_bytes(), look.charset));
        let digits = self
            .source
            .last()
            .map_or(1, |(line, _)| line.to_string().len())
            .max(2);
        let pad = " ".repeat(digits + 1);
        let mut lines = vec![
            Styled::new(Role::Refused, "error: ").with(Role::Strong, safe(&self.what)),
            Styled::new(Role::Dim, format!("{:digits$}--> ", "")).with(Role::Plain, self.place()),
        ];
        for (number, text) in &self.source {
            lines.push(
                Styled::new(
                    Role::Dim,
                    format!("{number:>width$} | ", width = digits + 1),
                )
                .with(Role::Plain, safe(text)),
            );
            if *number == self.span.line {
                lines.push(self.carets(text, &pad, look));
            }
        }
        for got in &self.got {
            lines.push(
                Styled::new(Role::Dim, format!("{pad} | "))
                    .with(Role::Refused, cut(&show(got, look.charset))),
            );
        }
        for note in &self.notes {
            lines.push(Styled::new(Role::Dim, format!("  = {}", safe(note))));
        }
        lines
    }

    /// The diagnostic as plain text, for reports and tests.
    pub fn text(&self) -> String {
        let lines = self.lines(&Look::default());
        let texts: Vec<String> = lines.iter().map(Styled::text).collect();
        texts.join("\n")
    }

    fn carets(&self, text: &str, pad: &str, look: &Look) -> Styled {
        let before: String = text
            .chars()
            .take(self.span.column.saturating_sub(1) as usize)
            .collect();
        let under: String = text
            .chars()
            .skip(self.span.column.saturating_sub(1) as usize)
            .take(self.span.length as usize)
            .collect();
        let width =
            |s: &str| unicode_width::UnicodeWidthStr::width(&*show(s.as_bytes(), look.charset));
        let blank = " ".repeat(width(&before).min(SHOWN_MAX));
        let carets = "^".repeat(width(&under).clamp(1, SHOWN_MAX));
        let behind = if self.label.is_empty() {
            carets
        } else {
            format!("{carets} {}", show(self.label.as_bytes(), look.charset))
        };
        Styled::new(Role::Dim, format!("{pad} | {blank}")).with(Role::Warn, behind)
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_points_at_the_place() {
        let source = "C: RCPT TO:<nobody@ehlo.test>\nS: 250 2.1.5\n";
        let span = Span {
            line: 2,
            column: 4,
            length: 9,
        };
        let diag = Diag::new(
            "deliver.talk",
            source,
            span,
            "the reply is not the one expected",
        )
        .with_line(source, 1)
        .label("expected")
        .got("550 5.1.1 no \x1b[2J such mailbox")
        .note("550 5.1.1 after RCPT: no such mailbox here");
        assert_eq!(
            diag.text(),
            "error: the reply is not the one expected\n  --> deliver.talk:2:4\n  \
             1 | C: RCPT TO:<nobody@ehlo.test>\n  2 | S: 250 2.1.5\n    |    ^^^^^^^^^ expected\n    \
             | 550 5.1.1 no ␛[2J such mailbox\n  = 550 5.1.1 after RCPT: no such mailbox here"
        );
    }

    #[test]
    fn carets_stand_under_wide_letters() {
        let span = Span {
            line: 1,
            column: 3,
            length: 1,
        };
        let text = Diag::new("a", "日本x", span, "no").text();
        assert!(text.ends_with("  1 | 日本x\n    |     ^"), "{text}");
    }
}
