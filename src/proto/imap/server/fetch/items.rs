//! What FETCH is asked for (RFC 9051 6.4.5).

use super::super::parse::{Parsed, Parser};
use crate::wire::quote::quoted;

/// Header names in one item.
const NAMES: usize = 1_000;

/// Items in one FETCH.
const ITEMS: usize = 1_000;

/// Numbers in one section.
const DEPTH: usize = 100;

/// Everything that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Items {
    pub(super) flags: bool,
    pub(super) date: bool,
    pub(super) size: bool,
    pub(super) uid: bool,
    pub(super) modseq: bool,
    /// What needs the octets of the message.
    pub(super) heavy: Vec<Heavy>,
    /// `\Seen` is set on the way.
    pub(super) sets_seen: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heavy {
    Envelope,
    Body,
    BodyStructure,
    Section(Section),
    Binary {
        path: Vec<u32>,
        partial: Option<Partial>,
    },
    BinarySize(Vec<u32>),
}

/// First octet, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partial {
    pub(super) from: u64,
    pub(super) count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) path: Vec<u32>,
    pub(super) what: What,
    pub(super) partial: Option<Partial>,
    /// How the answer names it: `BODY[1.HEADER]`, `RFC822.TEXT`.
    pub(super) label: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    All,
    Header,
    Text,
    Mime,
    Fields { names: Vec<String>, not: bool },
}

impl Items {
    /// Reads what stands between the set and the modifiers.
    pub(super) fn parse(p: &mut Parser<'_>) -> Parsed<Self> {
        let mut items = Self::default();
        if p.peek() == Some(b'(') {
            let start = p.at();
            p.list(1, |p| items.one(p))?;
            if items.heavy.len() > ITEMS {
                return p.bad_at(start, "more than 1000 items");
            }
            return Ok(items);
        }
        for (name, macro_) in [("ALL", 1), ("FULL", 2), ("FAST", 0)] {
            if p.keyword(name) {
                (items.flags, items.date, items.size) = (true, true, true);
                if macro_ > 0 {
                    items.heavy.push(Heavy::Envelope);
                }
                if macro_ > 1 {
                    items.heavy.push(Heavy::Body);
                }
                return Ok(items);
            }
        }
        items.one(p)?;
        Ok(items)
    }

    fn one(&mut self, p: &mut Parser<'_>) -> Parsed<()> {
        let start = p.at();
        let word = p.word("an item of FETCH")?;
        let bracket = p.peek() == Some(b'[');
        match (word.as_str(), bracket) {
            ("FLAGS", false) => self.flags = true,
            ("INTERNALDATE", false) => self.date = true,
            ("RFC822.SIZE", false) => self.size = true,
            ("UID", false) => self.uid = true,
            ("MODSEQ", false) => self.modseq = true,
            ("ENVELOPE", false) => self.add(Heavy::Envelope),
            ("BODYSTRUCTURE", false) => self.add(Heavy::BodyStructure),
            ("BODY", false) => self.add(Heavy::Body),
            ("RFC822", false) => self.old("RFC822", What::All, true),
            ("RFC822.HEADER", false) => self.old("RFC822.HEADER", What::Header, false),
            ("RFC822.TEXT", false) => self.old("RFC822.TEXT", What::Text, true),
            ("BODY" | "BODY.PEEK", true) => {
                let section = section(p)?;
                self.add(Heavy::Section(section));
                self.sets_seen |= word == "BODY";
            }
            ("BINARY" | "BINARY.PEEK", true) => {
                let path = binary_path(p)?;
                let partial = partial(p)?;
                self.add(Heavy::Binary { path, partial });
                self.sets_seen |= word == "BINARY";
            }
            ("BINARY.SIZE", true) => {
                let path = binary_path(p)?;
                self.add(Heavy::BinarySize(path));
            }
            _ => return p.bad_at(start, "an unknown item of FETCH"),
        }
        Ok(())
    }

    fn add(&mut self, heavy: Heavy) {
        // The same thing twice is answered once.
        if !self.heavy.contains(&heavy) {
            self.heavy.push(heavy);
        }
    }

    fn old(&mut self, label: &str, what: What, seen: bool) {
        self.add(Heavy::Section(Section {
            path: Vec::new(),
            what,
            partial: None,
            label: label.to_owned(),
        }));
        self.sets_seen |= seen;
    }
}

/// `[1.2.HEADER.FIELDS (From To)]<0.100>`
fn section(p: &mut Parser<'_>) -> Parsed<Section> {
    p.expect(b'[')?;
    let start = p.at();
    let spec = if p.peek() == Some(b']') {
        String::new()
    } else {
        p.word("a section or ']'")?
    };
    let (path, rest) = numbers(p, start, &spec)?;
    let mut label = format!("BODY[{spec}");
    let what = match rest {
        "" => What::All,
        "HEADER" => What::Header,
        "TEXT" => What::Text,
        "MIME" if !path.is_empty() => What::Mime,
        "HEADER.FIELDS" | "HEADER.FIELDS.NOT" => {
            p.space()?;
            let names = p.list(1, field_name)?;
            if names.len() > NAMES {
                return p.bad_at(start, "more than 1000 header names");
            }
            let (names, said): (Vec<_>, Vec<_>) = names.into_iter().unzip();
            label = format!("{label} ({})", said.join(" "));
            What::Fields {
                names,
                not: rest.ends_with("NOT"),
            }
        }
        _ => return p.bad_at(start, "an unknown section"),
    };
    p.expect(b']')?;
    label.push(']');
    let partial = partial(p)?;
    if let Some(partial) = partial {
        label = format!("{label}<{}>", partial.from);
    }
    Ok(Section {
        path,
        what,
        partial,
        label,
    })
}

/// A header field's name, and how the answer says it. By the grammar any string will do, also one
/// that no field can have; the answer can say what is printable ASCII.
fn field_name(p: &mut Parser<'_>) -> Parsed<(String, String)> {
    let start = p.at();
    let name = p.astring("a header field's name")?;
    if !name.iter().all(|b| matches!(b, b' '..=b'~')) {
        return p.bad_at(start, "no name of a header field");
    }
    let name = String::from_utf8_lossy(&name).to_ascii_uppercase();
    let plain = |b: u8| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(&b);
    let said = if !name.is_empty() && name.bytes().all(plain) {
        name.clone()
    } else {
        quoted(&name)
    };
    Ok((name, said))
}

/// The numbers at the start of a section, and what stands behind them.
fn numbers<'s>(p: &Parser<'_>, start: usize, spec: &'s str) -> Parsed<(Vec<u32>, &'s str)> {
    let mut path = Vec::new();
    let mut rest = spec;
    while rest.starts_with(|c: char| c.is_ascii_digit()) {
        let (digits, after) = match rest.split_once('.') {
            Some((digits, after)) if !after.is_empty() => (digits, after),
            Some(_) => return p.bad_at(start, "a section that ends in a dot"),
            None => (rest, ""),
        };
        match digits.parse::<u32>() {
            Ok(number) if number > 0 && path.len() < DEPTH => path.push(number),
            _ => return p.bad_at(start, "an impossible number in a section"),
        }
        rest = after;
    }
    Ok((path, rest))
}

fn binary_path(p: &mut Parser<'_>) -> Parsed<Vec<u32>> {
    p.expect(b'[')?;
    let start = p.at();
    let spec = if p.peek() == Some(b']') {
        String::new()
    } else {
        p.word("part numbers or ']'")?
    };
    let (path, rest) = numbers(p, start, &spec)?;
    if !rest.is_empty() {
        return p.bad_at(start, "more than part numbers");
    }
    p.expect(b']')?;
    Ok(path)
}

fn partial(p: &mut Parser<'_>) -> Parsed<Option<Partial>> {
    if !p.take(b'<') {
        return Ok(None);
    }
    let from = p.number64("the first octet of a partial")?;
    p.expect(b'.')?;
    let start = p.at();
    let count = p.number64("the length of a partial")?;
    if count == 0 {
        return p.bad_at(start, "a partial of no octets");
    }
    p.expect(b'>')?;
    Ok(Some(Partial { from, count }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Parsed<Items> {
        let mut p = Parser::new(text.as_bytes());
        let items = Items::parse(&mut p)?;
        p.end()?;
        Ok(items)
    }

    #[test]
    fn sections() {
        let one = |text: &str| match items(text).unwrap().heavy.remove(0) {
            Heavy::Section(section) => section,
            other => panic!("{other:?}"),
        };
        let section = one("body.peek[1.2.header.fields (from \"To\")]<5.10>");
        assert_eq!(section.path, [1, 2]);
        assert_eq!(section.label, "BODY[1.2.HEADER.FIELDS (FROM TO)]<5>");
        let from = Partial { from: 5, count: 10 };
        assert_eq!(section.partial, Some(from));
        assert_eq!(one("BODY[]").what, What::All);
        assert_eq!(one("BODY[1.MIME]").what, What::Mime);
        assert!(items("BODY[]").unwrap().sets_seen);
        assert!(!items("BODY.PEEK[]").unwrap().sets_seen);
        assert!(items("RFC822.TEXT").unwrap().sets_seen);
        assert!(!items("RFC822.HEADER").unwrap().sets_seen);
    }

    #[test]
    fn macros_and_faults() {
        assert_eq!(items("FULL").unwrap().heavy.len(), 2);
        assert!(items("(FLAGS UID BODY[1])").unwrap().flags);
        // An astring may hold a bracket (RFC 9051 9, resp-specials).
        assert!(items("BODY[HEADER.FIELDS (a]b)]").is_ok());
        for text in [
            "()",
            "(ALL)",
            "BODY[MIME]",
            "BODY[0]",
            "BODY[1.]",
            "BODY[1..2]",
            "BODY[HEADER.FIELDS]",
            "BODY[HEADER.FIELDS ()]",
            "BODY[]<0.0>",
            "BODY[]<1>",
            "FLAGS UID",
            "BINARY[TEXT]",
            "BODY[99999999999]",
            "X",
            "FLAGS[]",
            "BINARY.SIZE[1]<0.1>",
        ] {
            assert!(items(text).is_err(), "{text}");
        }
    }
}
