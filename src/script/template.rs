//! Text that a talk sends, with `{name}` filled in when it is sent (docs/talk-format.md, "Values").

use super::pattern::name_in_braces;
use crate::ui::diag::Span;

/// A line or argument with names in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Its pieces in order; neighbouring texts are one piece.
    pub pieces: Vec<Piece>,
    /// Where it stands.
    pub span: Span,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Sent as it is.
    Text(Vec<u8>),
    /// The value of a name.
    Name {
        /// The name.
        name: String,
        /// Where it stands.
        span: Span,
    },
    /// `{@path}` at the end of a line: the file as a literal.
    File {
        /// The path as written.
        path: String,
        /// Where it stands.
        span: Span,
    },
}

impl Template {
    /// Reads a template that stands at `span`. Braces that hold no name are text, `{{` is a brace.
    pub fn parse(text: &str, span: Span) -> Self {
        let mut template = Self {
            pieces: Vec::new(),
            span,
        };
        let mut column = span.column;
        let mut rest = text;
        while !rest.is_empty() {
            let step = if rest.starts_with("{{") {
                template.text(b"{");
                2
            } else if let Some((name, _)) = name_in_braces(rest) {
                let length = u32::try_from(name.len() + 2).unwrap_or(u32::MAX);
                template.pieces.push(Piece::Name {
                    name: name.to_owned(),
                    span: Span {
                        column,
                        length,
                        ..span
                    },
                });
                name.len() + 2
            } else if let Some(path) = file_at_end(rest) {
                let length = u32::try_from(rest.chars().count()).unwrap_or(u32::MAX);
                template.pieces.push(Piece::File {
                    path: path.to_owned(),
                    span: Span {
                        column,
                        length,
                        ..span
                    },
                });
                rest.len()
            } else {
                // Up to the next brace, and one character at least.
                let first = rest.chars().next().map_or(1, char::len_utf8);
                let step = rest[first..]
                    .find('{')
                    .map_or(rest.len(), |gap| first + gap);
                template.text(&rest.as_bytes()[..step]);
                step
            };
            column += u32::try_from(rest[..step].chars().count()).unwrap_or(u32::MAX);
            rest = &rest[step..];
        }
        template
    }

    /// A template of octets alone.
    pub fn plain(bytes: Vec<u8>, span: Span) -> Self {
        Self {
            pieces: vec![Piece::Text(bytes)],
            span,
        }
    }

    pub(super) fn text(&mut self, more: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.extend_from_slice(more),
            _ => self.pieces.push(Piece::Text(more.to_vec())),
        }
    }

    /// The octets, when no name and no file is in it.
    pub fn fixed(&self) -> Option<&[u8]> {
        match self.pieces.as_slice() {
            [] => Some(b""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The names in it, with their places.
    pub fn names(&self) -> impl Iterator<Item = (&str, Span)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Name { name, span } => Some((name.as_str(), *span)),
            _ => None,
        })
    }

    /// Fills in names. `Err` is the first name that has no value.
    ///
    /// # Errors
    /// The name and its place.
    pub fn fill<'v>(
        &self,
        value: impl Fn(&str) -> Option<&'v [u8]>,
    ) -> Result<Vec<u8>, (String, Span)> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Name { name, span } => match value(name) {
                    Some(bytes) => out.extend_from_slice(bytes),
                    None => return Err((name.clone(), *span)),
                },
                Piece::File { path, .. } => {
                    out.extend_from_slice(format!("{{@{path}}}").as_bytes());
                }
            }
        }
        Ok(out)
    }
}

fn file_at_end(text: &str) -> Option<&str> {
    let path = text.strip_prefix("{@")?.strip_suffix('}')?;
    (!path.is_empty() && !path.contains(['{', '}'])).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_other_braces_stay() {
        let span = Span {
            line: 1,
            column: 4,
            length: 0,
        };
        let t = Template::parse("ä {66} {{x} {name}!", span);
        let filled = t.fill(|n| (n == "name").then_some(b"bob".as_slice()));
        assert_eq!(filled.as_deref(), Ok("ä {66} {x} bob!".as_bytes()));
        let (name, place) = t.names().next().expect("a name");
        assert_eq!((name, place.column, place.length), ("name", 16, 6));
        assert!(t.fill(|_| None).is_err());
        assert_eq!(
            Template::parse("NOOP", span).fixed(),
            Some(b"NOOP".as_slice())
        );
    }

    #[test]
    fn a_file_stands_at_the_end() {
        let t = Template::parse("APPEND inbox {@a b.eml}", Span::default());
        assert!(matches!(&t.pieces[1], Piece::File { path, .. } if path == "a b.eml"));
        let t = Template::parse("{@x} y", Span::default());
        assert_eq!(t.fixed(), Some(b"{@x} y".as_slice()));
    }
}
