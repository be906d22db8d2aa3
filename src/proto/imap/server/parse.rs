//! Reading a command: words, strings, sets, dates; and saying where it is wrong.
//!
//! A command is one run of octets with its literals in it, as they came. Every fault is a `Bad`
//! that names the octet (counted from 1, tag included) and what should stand there. The parser is
//! as strict as the grammar (RFC 9051 9), so that people learn it, but for what clients in use send
//! and servers in use take: each such place names the client.

use std::borrow::Cow;

use crate::store::date::{Day, Stamp};

/// A command that is not what the grammar allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    /// What is said behind BAD.
    pub(super) text: String,
}

pub(super) type Parsed<T> = Result<T, Bad>;

/// One end of a range: a number, or `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Number(u32),
    Star,
}

/// A sequence set or UID set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Set {
    Ranges(Vec<(End, End)>),
    /// `$`, the result of the last SEARCH that saved one (RFC 5182).
    Saved,
}

impl Set {
    /// The ranges with `*` put in, lower end first, sorted, overlaps joined.
    pub(super) fn ranges(&self, star: u32) -> Vec<(u32, u32)> {
        let Self::Ranges(ranges) = self else {
            return Vec::new();
        };
        let number = |end: &End| match end {
            End::Number(number) => *number,
            End::Star => star,
        };
        let mut flat: Vec<(u32, u32)> = ranges
            .iter()
            .map(|(a, b)| (number(a), number(b)))
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect();
        flat.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(flat.len());
        for (low, high) in flat {
            match joined.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => joined.push((low, high)),
            }
        }
        joined
    }
}

/// True when a sorted list of ranges holds the number.
pub(super) fn holds(ranges: &[(u32, u32)], number: u32) -> bool {
    let after = ranges.partition_point(|range| range.1 < number);
    ranges.get(after).is_some_and(|range| range.0 <= number)
}

#[derive(Clone, Debug)]
pub(super) struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    /// UTF-8 may stand in the atom of an astring.
    utf8: bool,
}

fn is_atom(byte: u8) -> bool {
    byte > b' ' && byte < 0x7f && !b"(){%*\"\\]".contains(&byte)
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let (at, utf8) = (0, false);
        Self { text, at, utf8 }
    }

    /// With `utf8`, takes UTF-8 in the atom of an astring and of a pattern. The grammar has it in
    /// quoted strings only (RFC 6855 3), but Python's imaplib quotes no mailbox name, and servers
    /// in use take what it sends once UTF-8 is enabled.
    pub(super) fn utf8(self, utf8: bool) -> Self {
        Self { utf8, ..self }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    /// The fault that something else should stand here.
    pub(super) fn bad<T>(&self, expected: &str) -> Parsed<T> {
        let found = match self.peek() {
            None => "the end of the command".to_owned(),
            Some(b' ') => "a blank".to_owned(),
            Some(byte) if byte.is_ascii_graphic() => format!("'{}'", char::from(byte)),
            Some(byte) => format!("octet {byte:#04x}"),
        };
        Err(Bad {
            text: format!(
                "expected {expected} at octet {}, found {found}",
                self.at + 1
            ),
        })
    }

    /// The fault that what stands at `at` will not do.
    pub(super) fn bad_at<T>(&self, at: usize, what: &str) -> Parsed<T> {
        Err(Bad {
            text: format!("{what} at octet {}", at + 1),
        })
    }

    /// Takes an octet if it is the next one.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8) -> Parsed<()> {
        if self.take(byte) {
            return Ok(());
        }
        self.bad(&match byte {
            b' ' => "a blank".to_owned(),
            _ => format!("'{}'", char::from(byte)),
        })
    }

    pub(super) fn space(&mut self) -> Parsed<()> {
        self.expect(b' ')
    }

    pub(super) fn end(&self) -> Parsed<()> {
        if self.is_done() {
            return Ok(());
        }
        self.bad("the end of the command")
    }

    fn run(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(&fits) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    /// A tag: any ASTRING-CHAR but `+`.
    pub(super) fn tag(&mut self) -> Option<&'a str> {
        let tag = self.run(|b| b != b'+' && (is_atom(b) || b == b']'));
        let fits = !tag.is_empty() && tag.len() <= 256;
        fits.then(|| std::str::from_utf8(tag).ok()).flatten()
    }

    /// An atom, as text.
    pub(super) fn atom(&mut self, what: &str) -> Parsed<&'a str> {
        let start = self.at;
        match std::str::from_utf8(self.run(is_atom)) {
            Ok(atom) if !atom.is_empty() => Ok(atom),
            _ => {
                self.at = start;
                self.bad(what)
            }
        }
    }

    /// A word of letters, digits and `.-=_`, in capitals, for keywords of the grammar.
    pub(super) fn word(&mut self, what: &str) -> Parsed<String> {
        let start = self.at;
        let word = self.run(|b| b.is_ascii_alphanumeric() || b".-=_/".contains(&b));
        if word.is_empty() {
            self.at = start;
            return self.bad(what);
        }
        Ok(String::from_utf8_lossy(word).to_ascii_uppercase())
    }

    /// Takes a keyword, in any case, when it stands here and ends here.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let end = self.at + word.len();
        let Some(found) = self.text.get(self.at..end) else {
            return false;
        };
        let ends = self
            .text
            .get(end)
            .is_none_or(|b| !is_atom(*b) || b"[<".contains(b));
        let fits = found.eq_ignore_ascii_case(word.as_bytes()) && ends;
        if fits {
            self.at = end;
        }
        fits
    }

    pub(super) fn number64(&mut self, what: &str) -> Parsed<u64> {
        let start = self.at;
        let digits = self.run(|b| b.is_ascii_digit());
        let number = std::str::from_utf8(digits)
            .ok()
            .and_then(|d| d.parse::<u64>().ok());
        match number {
            Some(number) if i64::try_from(number).is_ok() => Ok(number),
            _ => {
                self.at = start;
                self.bad(what)
            }
        }
    }

    pub(super) fn number(&mut self, what: &str) -> Parsed<u32> {
        let start = self.at;
        match u32::try_from(self.number64(what)?) {
            Ok(number) => Ok(number),
            Err(_) => self.bad_at(start, "a number above 4294967295"),
        }
    }

    pub(super) fn nonzero(&mut self, what: &str) -> Parsed<u32> {
        let start = self.at;
        match self.number(what)? {
            0 => self.bad_at(start, "a zero, where numbers begin with 1,"),
            number => Ok(number),
        }
    }

    /// True when a literal stands here, or a literal8.
    pub(super) fn is_literal(&self) -> bool {
        matches!(
            self.text.get(self.at..),
            Some([b'{', ..] | [b'~', b'{', ..])
        )
    }

    /// A literal, and whether it is a literal8.
    pub(super) fn literal(&mut self) -> Parsed<(&'a [u8], bool)> {
        let start = self.at;
        let eight = self.take(b'~');
        self.expect(b'{')?;
        let count = self.number64("a count of octets")?;
        let _ = self.take(b'+') || self.take(b'-');
        self.expect(b'}')?;
        if !(self.take(b'\r') && self.take(b'\n')) {
            self.at = start;
            return self.bad_at(start, "a literal's announcement inside a line");
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let end = self.at.saturating_add(count);
        let Some(octets) = self.text.get(self.at..end) else {
            return self.bad_at(start, "a literal that is cut off");
        };
        self.at = end;
        if !eight && octets.contains(&0) {
            return self.bad_at(start, "a NUL in a literal, which only ~{n} may hold,");
        }
        Ok((octets, eight))
    }

    fn quoted(&mut self) -> Parsed<Cow<'a, [u8]>> {
        let start = self.at;
        self.expect(b'"')?;
        let plain = self.run(|b| !b"\"\\\r\n\0".contains(&b));
        if self.take(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut out = plain.to_vec();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(out));
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.peek() {
                        Some(byte @ (b'"' | b'\\')) => out.push(byte),
                        _ => return self.bad("'\"' or '\\' behind '\\'"),
                    }
                }
                None | Some(b'\r' | b'\n' | 0) => {
                    return self.bad_at(start, "a quoted string without its end");
                }
                Some(byte) => out.push(byte),
            }
            self.at += 1;
        }
    }

    pub(super) fn string(&mut self, what: &str) -> Parsed<Cow<'a, [u8]>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{' | b'~') if self.is_literal() => Ok(Cow::Borrowed(self.literal()?.0)),
            _ => self.bad(what),
        }
    }

    /// Blanks where the grammar has none, of which servers in use think nothing.
    pub(super) fn blanks(&mut self) {
        while self.take(b' ') {}
    }

    /// A string, or an atom in its place (`]` may stand in it).
    pub(super) fn astring(&mut self, what: &str) -> Parsed<Cow<'a, [u8]>> {
        if self.peek() == Some(b'"') || self.is_literal() {
            return self.string(what);
        }
        self.loose_atom(b"]", what)
    }

    /// An atom in which the octets of `more` may stand too, and UTF-8 where that is enabled.
    fn loose_atom(&mut self, more: &[u8], what: &str) -> Parsed<Cow<'a, [u8]>> {
        let start = self.at;
        let utf8 = self.utf8;
        let atom = self.run(|b| is_atom(b) || more.contains(&b) || utf8 && !b.is_ascii());
        if atom.is_empty() {
            return self.bad(what);
        }
        if let Err(error) = std::str::from_utf8(atom) {
            return self.bad_at(start + error.valid_up_to(), "octets that are no UTF-8");
        }
        Ok(Cow::Borrowed(atom))
    }

    /// A string or NIL.
    pub(super) fn nstring(&mut self, what: &str) -> Parsed<Option<Cow<'a, [u8]>>> {
        if self.keyword("NIL") {
            return Ok(None);
        }
        self.string(what).map(Some)
    }

    /// A mailbox pattern of LIST: an atom that may hold `%` and `*`, or a string.
    pub(super) fn pattern(&mut self) -> Parsed<Cow<'a, [u8]>> {
        if self.peek() == Some(b'"') || self.is_literal() {
            return self.string("a pattern");
        }
        self.loose_atom(b"]%*", "a mailbox pattern")
    }

    /// Items in parentheses, a blank between two; `least` is how many there must be.
    pub(super) fn list<T>(
        &mut self,
        least: usize,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.expect(b'(')?;
        let mut items = Vec::new();
        if least == 0 && self.take(b')') {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.take(b')') {
                return Ok(items);
            }
            if !self.take(b' ') {
                return self.bad("a blank or ')'");
            }
        }
    }

    pub(super) fn set(&mut self) -> Parsed<Set> {
        if self.take(b'$') {
            return Ok(Set::Saved);
        }
        let mut ranges = Vec::new();
        loop {
            let first = self.set_end()?;
            let last = if self.take(b':') {
                self.set_end()?
            } else {
                first
            };
            ranges.push((first, last));
            if !self.take(b',') {
                return Ok(Set::Ranges(ranges));
            }
        }
    }

    fn set_end(&mut self) -> Parsed<End> {
        if self.take(b'*') {
            return Ok(End::Star);
        }
        self.nonzero("a number or '*' of a message set")
            .map(End::Number)
    }

    /// True when a set could begin here.
    pub(super) fn is_set(&self) -> bool {
        matches!(self.peek(), Some(b'0'..=b'9' | b'*' | b'$'))
    }

    /// A flag: `\Seen` or a keyword. `\Recent` cannot be set, so it is no flag here.
    pub(super) fn flag(&mut self) -> Parsed<&'a str> {
        let start = self.at;
        if self.take(b'\\') {
            self.atom("a flag's name")?;
            let name = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
            if crate::store::flags::Flags::named(name).is_none() {
                return self.bad_at(start, "a system flag that cannot be set");
            }
            return Ok(name);
        }
        self.atom("a flag")
    }

    /// `"17-Jul-1996 02:44:25 -0700"`
    pub(super) fn date_time(&mut self) -> Parsed<Stamp> {
        let start = self.at;
        let text = self.quoted()?;
        let text = std::str::from_utf8(&text).unwrap_or_default();
        match date_time(text) {
            Some(stamp) => Ok(stamp),
            None => self.bad_at(start, "no date-time like \"17-Jul-1996 02:44:25 -0700\""),
        }
    }

    /// `17-Jul-1996`, quoted or not.
    pub(super) fn date(&mut self) -> Parsed<Day> {
        let start = self.at;
        let quoted = self.take(b'"');
        let text = self.run(|b| b.is_ascii_alphanumeric() || b == b'-');
        if quoted {
            self.expect(b'"')?;
        }
        let text = std::str::from_utf8(text).unwrap_or_default();
        let mut pieces = text.split('-');
        let mut next = || pieces.next().unwrap_or_default();
        let (day, month, year) = (next(), next(), next());
        let digits = |s: &str, most: usize| {
            !s.is_empty() && s.len() <= most && s.bytes().all(|b| b.is_ascii_digit())
        };
        let shaped = digits(day, 2) && year.len() == 4 && digits(year, 4);
        match Day::named(day, month, year) {
            Some(found) if shaped && pieces.next().is_none() => Ok(found),
            _ => self.bad_at(start, "no date like 17-Jul-1996"),
        }
    }
}

fn date_time(text: &str) -> Option<Stamp> {
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    // dd-Mon-yyyy hh:mm:ss +zzzz, the day padded with a blank. Some clients forget the padding
    // (imapflow, node-imap), and servers in use take it.
    let padded;
    let text = if text.as_bytes().get(1) == Some(&b'-') {
        padded = format!(" {text}");
        &padded
    } else {
        text
    };
    if text.len() != 26 || !text.is_ascii() {
        return None;
    }
    let (day, month, year) = (text[..2].trim_start(), &text[3..6], &text[7..11]);
    let (hour, minute, second) = (&text[12..14], &text[15..17], &text[18..20]);
    let punctuation = [2, 6, 11, 14, 17, 20].map(|at| text.as_bytes()[at]);
    if punctuation != *b"-- :: " || ![day, year, hour, minute, second].into_iter().all(digits) {
        return None;
    }
    let (sign, zone) = text[21..].split_at(1);
    if !digits(zone) {
        return None;
    }
    let minutes = zone[..2].parse::<i16>().ok()? * 60 + zone[2..].parse::<i16>().ok()?;
    let zone = match sign {
        "+" => minutes,
        "-" => -minutes,
        _ => return None,
    };
    let time = (
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.parse().ok()?,
    );
    Stamp::new(Day::named(day, month, year)?, time, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_strings() {
        let mut p = Parser::new(b"a1 NOOP \"q \\\"x\\\" \" {3}\r\na\"b atom]");
        assert_eq!(p.tag(), Some("a1"));
        p.space().unwrap();
        assert_eq!(p.word("a command").unwrap(), "NOOP");
        p.space().unwrap();
        assert_eq!(&*p.astring("x").unwrap(), b"q \"x\" ");
        p.space().unwrap();
        assert_eq!(&*p.astring("x").unwrap(), b"a\"b");
        p.space().unwrap();
        assert_eq!(&*p.astring("x").unwrap(), b"atom]");
        assert_eq!(p.end(), Ok(()));
        assert_eq!(
            p.bad::<()>("a flag").unwrap_err().text,
            "expected a flag at octet 34, found the end of the command"
        );
    }

    #[test]
    fn atoms_of_utf8() {
        let name = "Entwürfe".as_bytes();
        let mut strict = Parser::new(name);
        assert_eq!(&*strict.astring("x").unwrap(), b"Entw");
        assert!(strict.end().is_err());
        let mut kind = Parser::new(name).utf8(true);
        assert_eq!(&*kind.astring("x").unwrap(), name);
        let mut pattern = Parser::new("ü*%".as_bytes()).utf8(true);
        assert_eq!(&*pattern.pattern().unwrap(), "ü*%".as_bytes());
        let latin = Parser::new(b"Entw\xfcrfe").utf8(true).astring("x");
        assert_eq!(
            latin.unwrap_err().text,
            "octets that are no UTF-8 at octet 5"
        );
    }

    #[test]
    fn tags_that_are_none() {
        for text in [&b"+ x"[..], b"", b" x", b"(x", b"\xffx", b"\"x"] {
            assert_eq!(Parser::new(text).tag(), None);
        }
    }

    #[test]
    fn sets() {
        let set = |text: &str| Parser::new(text.as_bytes()).set();
        assert_eq!(set("3:1,7,*").unwrap().ranges(9), [(1, 3), (7, 7), (9, 9)]);
        assert_eq!(set("1:3,2:5,6").unwrap().ranges(9), [(1, 6)]);
        assert_eq!(set("*:4").unwrap().ranges(2), [(2, 4)]);
        assert_eq!(set("$"), Ok(Set::Saved));
        assert!(set("0").is_err() && set("1:").is_err() && set("4294967296").is_err());
        assert!(holds(&[(1, 3), (7, 7)], 7) && !holds(&[(1, 3), (7, 7)], 4));
    }

    #[test]
    fn dates() {
        let time = |text: &str| Parser::new(text.as_bytes()).date_time().ok();
        let good = time("\" 7-Jul-1996 02:44:25 -0700\"").unwrap();
        assert_eq!(good.imap().to_string(), " 7-Jul-1996 02:44:25 -0700");
        assert_eq!(time("\"7-Jul-1996 02:44:25 -0700\""), Some(good));
        for text in [
            "\"-Jul-1996 02:44:25 -0700\"",
            "\"--Jul-1996 02:44:25 -0700\"",
            "\"17-Jul-1996 02:44:25\"",
            "\"31-Feb-1996 02:44:25 +0000\"",
            "\"17-Jul-1996 24:44:25 +0000\"",
            "\"17-Jul-1996 02:44:25 +00é\"",
            "17-Jul-1996",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
        let day = |text: &str| Parser::new(text.as_bytes()).date().ok();
        assert_eq!(day("1-Feb-1994"), Day::new(1994, 2, 1));
        assert_eq!(day("\"01-feb-1994\""), Day::new(1994, 2, 1));
        assert_eq!(day("1-2-1994"), None);
        assert_eq!(day("1-Feb-94"), None);
    }
}
