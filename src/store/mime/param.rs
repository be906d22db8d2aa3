//! Values with parameters: Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2183).

/// A value and its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Valued {
    /// "text/plain" or "attachment", as written.
    pub value: Vec<u8>,
    /// Parameters in order, names as written, values without quotes.
    pub params: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Parameters that one value can have; more are dropped.
const PARAMS: usize = 200;

impl Valued {
    /// Reads an unfolded value.
    pub fn parse(text: &[u8]) -> Self {
        let mut reader = Reader { text, at: 0 };
        let mut valued = Self {
            value: reader.token(b";"),
            params: Vec::new(),
        };
        while reader.at < text.len() && valued.params.len() < PARAMS {
            reader.at += 1;
            let name = reader.token(b";=");
            let value = match reader.peek() {
                Some(b'=') => {
                    reader.at += 1;
                    reader.token(b";")
                }
                _ => Vec::new(),
            };
            if !name.is_empty() {
                valued.params.push((name, value));
            }
        }
        valued
    }

    /// A parameter's value, by its name in any case. Continuations (RFC 2231 3) are joined.
    pub fn param(&self, name: &str) -> Option<Vec<u8>> {
        let find = |name: &str| {
            self.params
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))
                .map(|(_, value)| value.clone())
        };
        find(name).or_else(|| {
            let mut joined = find(&format!("{name}*0"))?;
            for piece in (1..PARAMS).map_while(|n| find(&format!("{name}*{n}"))) {
                joined.extend_from_slice(&piece);
            }
            Some(joined)
        })
    }
}

/// The items of a list, such as Content-Language has, without comments and quotes.
pub fn listed(text: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = Reader { text, at: 0 };
    let mut items = Vec::new();
    while reader.at < text.len() {
        let item = reader.token(b",");
        if !item.is_empty() {
            items.push(item);
        }
        reader.at += 1;
    }
    items
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Everything up to one of `ends`, without blanks around it, comments and quotes.
    fn token(&mut self, ends: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut quoted_to = 0;
        while let Some(byte) = self.peek() {
            match byte {
                _ if ends.contains(&byte) => break,
                b'(' => self.comment(),
                b'"' => {
                    self.quoted(&mut out);
                    quoted_to = out.len();
                }
                b' ' | b'\t' | b'\r' | b'\n' if out.is_empty() => self.at += 1,
                _ => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
        while out.len() > quoted_to && out.last().is_some_and(u8::is_ascii_whitespace) {
            out.pop();
        }
        out
    }

    fn quoted(&mut self, out: &mut Vec<u8>) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => {
                    if let Some(next) = self.peek() {
                        out.push(next);
                        self.at += 1;
                    }
                }
                _ => out.push(byte),
            }
        }
    }

    fn comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }
}
