//! Address lists as ENVELOPE wants them: taken apart, nothing decoded (RFC 5322 3.4, RFC 9051 7.5.2).

/// One entry of ENVELOPE's address list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The display name, encoded words left as they are.
    pub name: Option<Vec<u8>>,
    /// The source route: "@a,@b".
    pub route: Option<Vec<u8>>,
    /// The local part; of a group's start, its name; `None` at a group's end.
    pub local: Option<Vec<u8>>,
    /// The domain; `None` at a group's start and end.
    pub domain: Option<Vec<u8>>,
}

/// Addresses in one field; more are not looked at.
const MOST: usize = 10_000;

/// Takes an unfolded address list apart.
pub fn parse(text: &[u8]) -> Vec<Address> {
    let mut reader = Reader {
        text,
        at: 0,
        comment: None,
    };
    let mut found = Vec::new();
    let mut in_group = false;
    while found.len() < MOST {
        reader.blanks();
        match reader.peek() {
            None => break,
            Some(b',') => reader.at += 1,
            Some(b';') => {
                reader.at += 1;
                if std::mem::take(&mut in_group) {
                    found.push(Address::default());
                }
            }
            Some(_) => {
                if let Some(address) = reader.address(in_group) {
                    in_group |= address.is_group();
                    found.push(address);
                }
            }
        }
    }
    if in_group {
        found.push(Address::default());
    }
    found
}

impl Address {
    fn is_group(&self) -> bool {
        self.local.is_some() && self.domain.is_none()
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    comment: Option<Vec<u8>>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// One mailbox, or the start of a group.
    fn address(&mut self, in_group: bool) -> Option<Address> {
        self.comment = None;
        let words = self.words(b"<>@,;:");
        match self.peek() {
            Some(b'<') => {
                self.at += 1;
                let mut address = self.angle();
                address.name = Some(words).filter(|w| !w.is_empty());
                self.rest_of_mailbox();
                address.name = address.name.take().or_else(|| self.comment.take());
                Some(address)
            }
            Some(b':') if !in_group => {
                self.at += 1;
                Some(Address {
                    local: Some(words),
                    ..Address::default()
                })
            }
            Some(b'@') => {
                self.at += 1;
                let domain = self.squeezed(b",;<>");
                self.rest_of_mailbox();
                Some(Address {
                    name: self.comment.take(),
                    route: None,
                    local: Some(words),
                    domain: Some(domain),
                })
            }
            _ => {
                self.rest_of_mailbox();
                (!words.is_empty()).then(|| Address {
                    name: self.comment.take(),
                    local: Some(words),
                    domain: Some(Vec::new()),
                    route: None,
                })
            }
        }
    }

    /// What stands between `<` and `>`.
    fn angle(&mut self) -> Address {
        self.blanks();
        let mut address = Address {
            local: Some(Vec::new()),
            domain: Some(Vec::new()),
            ..Address::default()
        };
        if self.peek() == Some(b'@') {
            let route = self.squeezed(b":>");
            address.route = Some(route);
            if self.peek() == Some(b':') {
                self.at += 1;
            }
        }
        address.local = Some(self.squeezed(b"@>"));
        if self.peek() == Some(b'@') {
            self.at += 1;
            address.domain = Some(self.squeezed(b">"));
        }
        if self.peek() == Some(b'>') {
            self.at += 1;
        }
        address
    }

    /// Passes over what cannot belong to anything, to the next `,` or `;`.
    fn rest_of_mailbox(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                None | Some(b',' | b';') => return,
                Some(b'"') => {
                    self.quoted(&mut Vec::new());
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Words up to one of `ends`, a blank between any two that had one, quotes taken off.
    fn words(&mut self, ends: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            let before = self.at;
            self.blanks();
            let blank = self.at > before && !out.is_empty();
            match self.peek() {
                None => return out,
                Some(byte) if ends.contains(&byte) => return out,
                Some(b'"') => {
                    if blank {
                        out.push(b' ');
                    }
                    self.quoted(&mut out);
                }
                Some(_) => {
                    if blank {
                        out.push(b' ');
                    }
                    while let Some(byte) = self.peek() {
                        if ends.contains(&byte) || b" \t\r\n(\"".contains(&byte) {
                            break;
                        }
                        out.push(byte);
                        self.at += 1;
                    }
                }
            }
        }
    }

    /// Like `words`, without any blank: local parts and domains.
    fn squeezed(&mut self, ends: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            self.blanks();
            match self.peek() {
                None => return out,
                Some(byte) if ends.contains(&byte) => return out,
                Some(b'"') => self.quoted(&mut out),
                Some(byte) => {
                    out.push(byte);
                    self.at += 1;
                }
            }
        }
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

    /// Blanks and comments; the last comment is kept: it may be a name ("a@b (Name)").
    fn blanks(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'(' => {
                    let text = self.one_comment();
                    if !text.is_empty() {
                        self.comment = Some(text);
                    }
                }
                _ => return,
            }
        }
    }

    fn one_comment(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => {
                    if depth > 0 {
                        out.push(byte);
                    }
                    depth += 1;
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                    out.push(byte);
                }
                b'\\' => {
                    if let Some(next) = self.peek() {
                        out.push(next);
                        self.at += 1;
                    }
                }
                _ => out.push(byte),
            }
        }
        out.trim_ascii().to_vec()
    }
}
