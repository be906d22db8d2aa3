//! A tolerant IMAP tokenizer: colours, completes and reads anything, and never fails.
//!
//! Rules: every octet that is no blank belongs to a token, spans are kept, nothing recurses, and
//! what is unfinished says so. `tokens` is for one line of text; `values` reads a whole response,
//! literals included, into nested lists of bounded depth and number.

use std::ops::Range;

use crate::wire::octets::announced;

/// Lists nested deeper than this are not looked into.
pub const DEPTH_MAX: usize = 64;
/// Values read of one response.
pub const VALUES_MAX: usize = 100_000;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word, flags (`\Seen`) and sections (`BODY[HEADER.FIELDS (To)]<0>`) included.
    Atom,
    /// A quoted string.
    Quoted,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `{n}` at the end of the line.
    Literal {
        /// The count.
        octets: u64,
    },
}

/// A token of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Range<usize>,
    /// False where its quote or bracket never ends.
    pub closed: bool,
}

/// The tokens of one line.
pub fn tokens(line: &[u8]) -> Vec<Token> {
    let literal = announced(line).ok().flatten();
    let end = literal.map_or(line.len(), |literal| literal.at);
    let text = &line[..end];
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let (kind, to, closed) = match text[at] {
            b' ' | b'\t' => {
                at += 1;
                continue;
            }
            b'(' => (Kind::Open, at + 1, true),
            b')' => (Kind::Close, at + 1, true),
            b'"' => {
                let (to, closed) = quote_end(text, at);
                (Kind::Quoted, to, closed)
            }
            _ => {
                let (to, closed) = atom_end(text, at);
                (Kind::Atom, to, closed)
            }
        };
        out.push(Token {
            kind,
            span: at..to,
            closed,
        });
        at = to;
    }
    if let Some(literal) = literal {
        out.push(Token {
            kind: Kind::Literal {
                octets: literal.octets,
            },
            span: end..line.len(),
            closed: true,
        });
    }
    out
}

/// Where the quoted string that begins at `at` ends, and whether it does.
fn quote_end(text: &[u8], at: usize) -> (usize, bool) {
    let mut escaped = false;
    for (i, &b) in text.iter().enumerate().skip(at + 1) {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return (i + 1, true),
            _ => {}
        }
    }
    (text.len(), false)
}

/// Where the atom that begins at `at` ends. Blanks and parentheses in brackets belong to it.
fn atom_end(text: &[u8], at: usize) -> (usize, bool) {
    let mut i = at;
    while i < text.len() {
        match text[i] {
            b' ' | b'\t' | b'(' | b')' | b'"' => return (i, true),
            b'[' => {
                let Some(end) = bracket_end(text, i) else {
                    return (text.len(), false);
                };
                i = end;
            }
            _ => i += 1,
        }
    }
    (text.len(), true)
}

fn bracket_end(text: &[u8], at: usize) -> Option<usize> {
    let mut i = at + 1;
    while i < text.len() {
        match text[i] {
            b']' => return Some(i + 1),
            b'"' => i = quote_end(text, i).0,
            _ => i += 1,
        }
    }
    None
}

/// A piece of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A line, or what follows a literal. The announcement at its end stays in it.
    Text(Vec<u8>),
    /// A literal.
    Literal {
        /// Its octets, or the first of them.
        kept: Vec<u8>,
        /// How many it has in all.
        octets: u64,
    },
}

/// What a response holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A word.
    Atom(Vec<u8>),
    /// A string: quoted, or a literal.
    Text {
        /// Its octets, or the first of them.
        kept: Vec<u8>,
        /// How many it has in all.
        octets: u64,
    },
    /// What stands in parentheses.
    List(Vec<Self>),
    /// More than anybody would look at: too deep, or too much.
    More,
}

impl Value {
    /// The octets of a word or string; NIL and lists have none.
    pub fn octets(&self) -> Option<&[u8]> {
        match self {
            Self::Atom(word) if word.eq_ignore_ascii_case(b"NIL") => None,
            Self::Atom(word) => Some(word),
            Self::Text { kept, .. } => Some(kept),
            Self::List(_) | Self::More => None,
        }
    }

    /// The values of a list; none for anything else.
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(values) => values,
            _ => &[],
        }
    }

    /// A number.
    pub fn number(&self) -> Option<u64> {
        std::str::from_utf8(self.octets()?).ok()?.parse().ok()
    }
}

/// The values of a response. Lists left open are closed at the end, surplus `)` do not count.
pub fn values(pieces: &[Piece]) -> Vec<Value> {
    let mut reader = Reader {
        stack: vec![Vec::new()],
        skipped: 0,
        count: 0,
    };
    for piece in pieces {
        match piece {
            Piece::Literal { kept, octets } => reader.push(Value::Text {
                kept: kept.clone(),
                octets: *octets,
            }),
            Piece::Text(text) => {
                for token in tokens(text) {
                    reader.take(&token, text);
                }
            }
        }
    }
    while reader.stack.len() > 1 {
        reader.close();
    }
    reader.stack.pop().unwrap_or_default()
}

struct Reader {
    stack: Vec<Vec<Value>>,
    /// Parentheses opened beyond the depth that is looked into.
    skipped: usize,
    count: usize,
}

impl Reader {
    fn take(&mut self, token: &Token, text: &[u8]) {
        let word = &text[token.span.clone()];
        match token.kind {
            Kind::Open if self.skipped > 0 => self.skipped += 1,
            Kind::Open if self.stack.len() > DEPTH_MAX || self.count >= VALUES_MAX => {
                self.push(Value::More);
                self.skipped = 1;
            }
            Kind::Open => {
                self.count += 1;
                self.stack.push(Vec::new());
            }
            Kind::Close if self.skipped > 0 => self.skipped -= 1,
            Kind::Close => self.close(),
            Kind::Atom => self.push(Value::Atom(word.to_vec())),
            Kind::Quoted => {
                let kept = unquoted(word);
                let octets = kept.len() as u64;
                self.push(Value::Text { kept, octets });
            }
            // The piece behind this one holds it.
            Kind::Literal { .. } => {}
        }
    }

    fn push(&mut self, value: Value) {
        self.count += 1;
        if self.skipped > 0 || self.count > VALUES_MAX + 1 {
            return;
        }
        let value = if self.count > VALUES_MAX {
            Value::More
        } else {
            value
        };
        if let Some(top) = self.stack.last_mut() {
            top.push(value);
        }
    }

    fn close(&mut self) {
        if self.stack.len() > 1
            && let Some(values) = self.stack.pop()
            && let Some(top) = self.stack.last_mut()
        {
            top.push(Value::List(values));
        }
    }
}

/// A quoted string without its quotes and escapes; what is not quoted comes back as it is.
pub fn unquoted(word: &[u8]) -> Vec<u8> {
    let Some(inner) = word.strip_prefix(b"\"") else {
        return word.to_vec();
    };
    let mut out = Vec::with_capacity(inner.len());
    let mut escaped = false;
    for &b in inner {
        match b {
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => break,
            _ => {
                escaped = false;
                out.push(b);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(line: &str) -> Vec<&str> {
        tokens(line.as_bytes())
            .into_iter()
            .map(|token| &line[token.span])
            .collect()
    }

    fn text(s: &str) -> Value {
        Value::Text {
            kept: s.as_bytes().to_vec(),
            octets: s.len() as u64,
        }
    }

    fn atom(s: &str) -> Value {
        Value::Atom(s.as_bytes().to_vec())
    }

    #[test]
    fn lines_come_apart() {
        assert_eq!(
            words("* 3 FETCH (BODY[HEADER.FIELDS (To \"a]\")]<0> {66}"),
            [
                "*",
                "3",
                "FETCH",
                "(",
                "BODY[HEADER.FIELDS (To \"a]\")]<0>",
                "{66}"
            ]
        );
        assert_eq!(
            words("* LIST (\\HasNoChildren) \"/\" \"a \\\"b\\\"\""),
            [
                "*",
                "LIST",
                "(",
                "\\HasNoChildren",
                ")",
                "\"/\"",
                "\"a \\\"b\\\"\""
            ]
        );
        assert_eq!(words("abc\"def\"(x)"), ["abc", "\"def\"", "(", "x", ")"]);
        let open = tokens(b"fetch 3 (body[hea");
        assert!(!open[3].closed && open[2].closed);
        assert!(!tokens(b"select \"my")[1].closed);
    }

    #[test]
    fn responses_are_read_with_their_literals() {
        let pieces = [
            Piece::Text(b"* 1 FETCH (A {3}".to_vec()),
            Piece::Literal {
                kept: b"x)y".to_vec(),
                octets: 3,
            },
            Piece::Text(b" (NIL \"q\") B".to_vec()),
        ];
        let inner = Value::List(vec![
            atom("A"),
            text("x)y"),
            Value::List(vec![atom("NIL"), text("q")]),
            atom("B"),
        ]);
        assert_eq!(
            values(&pieces),
            [atom("*"), atom("1"), atom("FETCH"), inner]
        );
        assert_eq!(values(&[Piece::Text(b") a)".to_vec())]), [atom("a")]);
    }

    #[test]
    fn depth_and_number_have_an_end() {
        let deep = Piece::Text("(".repeat(200_000).into_bytes());
        let mut value = &values(&[deep, Piece::Text(b"a) b".to_vec())])[0];
        let mut depth = 0;
        while let Some(inner) = value.list().first() {
            value = inner;
            depth += 1;
        }
        assert_eq!((value, depth), (&Value::More, DEPTH_MAX));
        let many = Piece::Text("a ".repeat(200_000).into_bytes());
        let many = values(&[many]);
        assert_eq!(many.len(), VALUES_MAX + 1);
        assert_eq!(many.last(), Some(&Value::More));
    }

    proptest! {
        #[test]
        fn no_octet_is_lost(line in prop::collection::vec(prop::sample::select(b"ab ()[]\"\\{}3+\t\xff".to_vec()), 0..40)) {
            let mut next = 0;
            for token in tokens(&line) {
                prop_assert!(token.span.start >= next && token.span.end > token.span.start);
                prop_assert!(line[next..token.span.start].iter().all(|b| matches!(b, b' ' | b'\t')));
                next = token.span.end;
            }
            prop_assert!(line[next..].iter().all(|b| matches!(b, b' ' | b'\t')));
            values(&[Piece::Text(line.clone()), Piece::Text(line)]);
        }
    }
}
