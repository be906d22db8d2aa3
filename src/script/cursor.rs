//! One line of a talk and a place in it: words, numbers, times and quoted octets, each with its span.

use std::time::Duration;

use super::pattern::name_in_braces;
use super::template::{Piece, Template};
use crate::duration;
use crate::ui::diag::Span;
use crate::wire::escape::octet;

/// What is wrong, and where.
pub(super) type Fault = (Span, String, String);

/// A line being read.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Cursor<'a> {
    /// The line numbered `line`, read from its first octet that is no blank.
    pub(super) fn new(text: &'a str, line: u32) -> Self {
        let mut cursor = Self { text, at: 0, line };
        cursor.skip_blanks();
        cursor
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn skip(&mut self, octets: usize) {
        self.at = (self.at + octets).min(self.text.len());
    }

    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// The span from octet `from` of the line to octet `to`.
    fn span(&self, from: usize, to: usize) -> Span {
        Span {
            line: self.line,
            column: chars(&self.text[..from]) + 1,
            length: chars(&self.text[from..to]),
        }
    }

    /// The span of what is left, without blanks at its end; of one place when nothing is.
    pub(super) fn rest_span(&self) -> Span {
        let end = self.text.trim_end_matches([' ', '\t']).len().max(self.at);
        self.span(self.at, end)
    }

    /// The next word; `None` at the end of the line.
    pub(super) fn word(&mut self) -> Option<(&'a str, Span)> {
        self.skip_blanks();
        let rest = self.rest();
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        let from = self.at;
        self.at += end;
        Some((&rest[..end], self.span(from, self.at)))
    }

    /// The next word, or a fault that says what belongs here.
    pub(super) fn need(&mut self, what: &str) -> Result<(&'a str, Span), Fault> {
        match self.word() {
            Some(found) => Ok(found),
            None => Err((
                self.rest_span(),
                format!("{what} is missing"),
                format!("{what} belongs here"),
            )),
        }
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        self.skip_blanks();
        if self.rest().is_empty() {
            return Ok(());
        }
        Err((
            self.rest_span(),
            "there is more on this line than the directive takes".to_owned(),
            "not expected".to_owned(),
        ))
    }

    /// What is left, blanks at both ends taken off; a fault when nothing is.
    pub(super) fn text(&mut self, what: &str) -> Result<(&'a str, Span), Fault> {
        self.skip_blanks();
        let span = self.rest_span();
        let text = self.rest().trim_end_matches([' ', '\t']);
        if text.is_empty() {
            return Err((
                span,
                format!("{what} is missing"),
                format!("{what} belongs here"),
            ));
        }
        self.at = self.text.len();
        Ok((text, span))
    }

    /// One blank is dropped, the rest is exact: the text of `C:`, `S:` and the rule-breaking lines.
    pub(super) fn exact(&mut self) -> (&'a str, Span) {
        if self.rest().starts_with([' ', '\t']) {
            self.at += 1;
        }
        let span = self.span(self.at, self.text.len());
        let text = self.rest();
        self.at = self.text.len();
        (text, span)
    }

    /// A time such as `2s`, `500ms`, `1.5s`, `2m`.
    pub(super) fn time(&mut self) -> Result<Duration, Fault> {
        let (word, span) = self.need("a time such as 2s or 500ms")?;
        duration::read(word).ok_or_else(|| {
            (
                span,
                "this is no time".to_owned(),
                "a number with ms, s or m, a day at most".to_owned(),
            )
        })
    }

    /// A number from 1 to `most`.
    pub(super) fn number(&mut self, most: u64) -> Result<u64, Fault> {
        let (word, span) = self.need("a number")?;
        let digits = word.bytes().all(|b| b.is_ascii_digit());
        match word.parse::<u64>() {
            Ok(n) if digits && (1..=most).contains(&n) => Ok(n),
            _ => Err((
                span,
                "this is no number that fits here".to_owned(),
                format!("1 to {most}"),
            )),
        }
    }

    /// Quoted octets: `"EHLO a\r\n"`, with `\r \n \t \0 \\ \" \{ \xHH` and `{name}`.
    pub(super) fn quoted(&mut self) -> Result<Template, Fault> {
        self.skip_blanks();
        let from = self.at;
        let open = self.rest_span();
        if !self.rest().starts_with('"') {
            return Err((
                open,
                "octets stand in quotation marks".to_owned(),
                "as \"NOOP\\r\\n\"".to_owned(),
            ));
        }
        self.at += 1;
        let mut template = Template::plain(Vec::new(), open);
        template.pieces.clear();
        // Columns are counted along the way: a span from the line's start for each name would
        // make a long line cost its square.
        let mut column = open.column + 1;
        let mut counted = self.at;
        loop {
            column += chars(&self.text[counted..self.at]);
            counted = self.at;
            let rest = self.rest();
            let Some(c) = rest.chars().next() else {
                return Err((
                    open,
                    "the quotation mark is not closed".to_owned(),
                    "opened here".to_owned(),
                ));
            };
            if c == '"' {
                self.at += 1;
                template.span = self.span(from, self.at);
                return Ok(template);
            }
            if rest.starts_with("{{") {
                template.text(b"{");
                self.at += 2;
            } else if let Some((name, _)) = name_in_braces(rest) {
                let length = name.len() + 2;
                template.pieces.push(Piece::Name {
                    name: name.to_owned(),
                    span: Span {
                        column,
                        length: u32::try_from(length).unwrap_or(u32::MAX),
                        line: self.line,
                    },
                });
                self.at += length;
            } else if c == '\\' {
                let (octet, length) = escape(rest).ok_or_else(|| {
                    let span = Span {
                        column,
                        length: 2,
                        line: self.line,
                    };
                    (
                        span,
                        "no such escape".to_owned(),
                        "\\r \\n \\t \\0 \\\\ \\\" \\{ \\xHH".to_owned(),
                    )
                })?;
                template.text(&[octet]);
                self.at += length;
            } else {
                template.text(&rest.as_bytes()[..c.len_utf8()]);
                self.at += c.len_utf8();
            }
        }
    }
}

fn chars(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX / 2)
}

/// The escape at the start of `text`; a brace would begin a name.
fn escape(text: &str) -> Option<(u8, usize)> {
    let behind = text.as_bytes().get(1..)?;
    if behind.first() == Some(&b'{') {
        return Some((b'{', 2));
    }
    octet(behind).map(|(octet, length)| (octet, length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_octets() {
        let quoted = |text| Cursor::new(text, 1).quoted();
        let all = quoted(r#""a\r\n\x00\xff\"\\{{b} é""#).expect("good");
        assert_eq!(
            all.fixed(),
            Some(b"a\r\n\x00\xff\"\\{b} \xc3\xa9".as_slice())
        );
        for bad in ["x", "\"open", "\"\\q\"", "\"\\x1\"", "\"\\", "\"\\é\""] {
            assert!(quoted(bad).is_err(), "{bad}");
        }
    }
}
