//! Patterns of expected lines, and the values they capture (docs/talk-format.md, "Patterns").
//!
//! A pattern fits where a line starts with it: what follows is not looked at. `...` stands for any
//! text, `{name}` takes the shortest run of at least one octet up to the next text of the pattern
//! (at the end: up to the next blank), a name that has a value stands for that value. The first fit
//! counts; there is no backtracking, so a match costs one pass over the line.

use std::collections::BTreeMap;

use memchr::memmem;

/// Values by name: captured, given with `--var`, or set.
pub type Values = BTreeMap<String, Vec<u8>>;

/// The pattern of an `S:`, `S?` or `S!` line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Any,
    Name(String),
}

/// What waits for the next text of a pattern.
#[derive(Clone, Copy)]
enum Open<'a> {
    Nothing,
    Any,
    Name(&'a str),
}

impl Pattern {
    /// Reads a pattern. Every text is one: what is no name and no dots is plain text.
    pub fn parse(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut rest = text.trim_end_matches([' ', '\t']);
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("\\...") {
                pattern.text(b"...");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("...") {
                if pattern.parts.last() != Some(&Part::Any) {
                    pattern.parts.push(Part::Any);
                }
                rest = after;
            } else if let Some(after) = rest.strip_prefix("{{") {
                pattern.text(b"{");
                rest = after;
            } else if let Some((name, after)) = name_in_braces(rest) {
                pattern.parts.push(Part::Name(name.to_owned()));
                rest = after;
            } else {
                let mut chars = rest.chars();
                let first = chars.next().map_or(0, char::len_utf8);
                pattern.text(&rest.as_bytes()[..first]);
                rest = chars.as_str();
            }
        }
        pattern
    }

    fn text(&mut self, more: &[u8]) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.extend_from_slice(more),
            _ => self.parts.push(Part::Text(more.to_vec())),
        }
    }

    /// The names it captures or compares.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The plain text it begins with, up to the first name or dots.
    pub fn literal_start(&self) -> &[u8] {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => b"",
        }
    }

    /// True when `line` starts with this pattern; the names that got a value are added to `new`.
    /// On a mismatch `new` is as it was.
    pub fn fits(&self, line: &[u8], known: &Values, new: &mut Values) -> bool {
        let mut found: Values = Values::new();
        if !self.walk(line, known, new, &mut found) {
            return false;
        }
        new.append(&mut found);
        true
    }

    fn walk(&self, line: &[u8], known: &Values, new: &Values, found: &mut Values) -> bool {
        let mut at = 0;
        let mut open = Open::Nothing;
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    let Some(end) = close(line, at, open, text, found) else {
                        return false;
                    };
                    at = end;
                    open = Open::Nothing;
                }
                Part::Name(name) => {
                    let value = found
                        .get(name)
                        .or_else(|| new.get(name))
                        .or_else(|| known.get(name))
                        .cloned();
                    if let Some(value) = value {
                        let Some(end) = close(line, at, open, &value, found) else {
                            return false;
                        };
                        at = end;
                        open = Open::Nothing;
                        continue;
                    }
                    // A name straight after a name leaves one octet to the first.
                    if let Open::Name(before) = open {
                        // `{x}{x}` is one octet and the same again.
                        if !take(line, &mut at, before, found) {
                            return false;
                        }
                        if before == name {
                            let value = found[before].clone();
                            let Some(end) = close(line, at, Open::Nothing, &value, found) else {
                                return false;
                            };
                            at = end;
                            open = Open::Nothing;
                            continue;
                        }
                    }
                    open = Open::Name(name);
                }
                Part::Any => {
                    if let Open::Name(before) = open
                        && !take(line, &mut at, before, found)
                    {
                        return false;
                    }
                    open = Open::Any;
                }
            }
        }
        let Open::Name(name) = open else {
            return true;
        };
        let rest = &line[at..];
        let end = memchr::memchr2(b' ', b'\t', rest).unwrap_or(rest.len());
        if end == 0 {
            return false;
        }
        found.insert(name.to_owned(), rest[..end].to_vec());
        true
    }
}

/// Gives one octet to `name`.
fn take(line: &[u8], at: &mut usize, name: &str, found: &mut Values) -> bool {
    let Some(octet) = line.get(*at) else {
        return false;
    };
    found.insert(name.to_owned(), vec![*octet]);
    *at += 1;
    true
}

/// Finds `text` at or behind `at`, as `open` allows; the end of it.
fn close(line: &[u8], at: usize, open: Open<'_>, text: &[u8], found: &mut Values) -> Option<usize> {
    match open {
        Open::Nothing => line[at..].starts_with(text).then_some(at + text.len()),
        Open::Any => memmem::find(&line[at..], text).map(|gap| at + gap + text.len()),
        Open::Name(name) => {
            let from = at + 1;
            let gap = memmem::find(line.get(from..)?, text)?;
            found.insert(name.to_owned(), line[at..from + gap].to_vec());
            Some(from + gap + text.len())
        }
    }
}

/// `{name}` at the start of `text`: the name, and what follows the brace.
pub(super) fn name_in_braces(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{')?;
    let end = inside
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count();
    let after = inside[end..].strip_prefix('}')?;
    is_name(&inside[..end]).then_some((&inside[..end], after))
}

/// True for `[a-z_][a-z0-9_]*`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The regular expression of an `S~` line, anchored at the start.
#[derive(Clone, Debug)]
pub struct Expression {
    pattern: crate::pattern::Pattern,
    text: String,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl Expression {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What the compiler says, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches([' ', '\t']);
        let pattern = crate::pattern::Pattern::anchored(text).map_err(|e| e.0)?;
        if let Some(name) = pattern.names().find(|name| !is_name(name)) {
            return Err(format!(
                "the name of a group is [a-z_][a-z0-9_]*, not \"{name}\""
            ));
        }
        Ok(Self {
            pattern,
            text: text.to_owned(),
        })
    }

    /// The names it captures or compares.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pattern.names()
    }

    /// As `Pattern::fits`: a group whose name has a value must have taken that value.
    pub fn fits(&self, line: &[u8], known: &Values, new: &mut Values) -> bool {
        let Some(taken) = self.pattern.captures(line) else {
            return false;
        };
        let mut found = Values::new();
        for (name, value) in taken {
            match new.get(&name).or_else(|| known.get(&name)) {
                Some(before) if *before != value => return false,
                Some(_) => {}
                None => {
                    found.insert(name, value);
                }
            }
        }
        new.append(&mut found);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(pattern: &str, line: &str) -> Option<Vec<String>> {
        fit_with(pattern, line, &[])
    }

    fn fit_with(pattern: &str, line: &str, known: &[(&str, &str)]) -> Option<Vec<String>> {
        let known: Values = known
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
            .collect();
        let mut new = Values::new();
        let fits = Pattern::parse(pattern).fits(line.as_bytes(), &known, &mut new);
        fits.then(|| {
            new.iter()
                .map(|(k, v)| format!("{k}={}", String::from_utf8_lossy(v)))
                .collect()
        })
    }

    fn none() -> Option<Vec<String>> {
        Some(Vec::new())
    }

    fn got(values: &[&str]) -> Option<Vec<String>> {
        Some(values.iter().map(|v| (*v).to_owned()).collect())
    }

    #[test]
    fn text_is_what_a_line_starts_with() {
        assert_eq!(fit("250", "250 ok"), none());
        assert_eq!(
            fit("250  ", "250 ok"),
            none(),
            "blanks at the end do not count"
        );
        assert_eq!(fit("", "anything"), none());
        assert_eq!(fit("250 2.1.0", "250 2.1.5"), None);
        assert_eq!(fit("ok", "250 ok"), None, "anchored at the start");
        assert_eq!(fit("OK", "ok"), None, "case counts");
    }

    #[test]
    fn dots_stand_for_any_text() {
        assert_eq!(fit("250 ...", "250 "), none());
        assert_eq!(fit("250 ... ready", "250 now ready"), none());
        assert_eq!(fit("...ready", "ready"), none());
        assert_eq!(fit("250 ... ready", "250 now"), None);
        assert_eq!(fit("wait\\...", "wait..."), none());
        assert_eq!(fit("wait\\...", "waiting"), None);
        assert_eq!(fit("a\\b", "a\\b"), none());
        assert_eq!(fit("a......b", "a--b"), none());
    }

    #[test]
    fn a_name_takes_the_shortest_run() {
        assert_eq!(
            fit("250-{host}", "250-ehlo.test hello"),
            got(&["host=ehlo.test"])
        );
        assert_eq!(fit("queued as {id}", "queued as 1A2B"), got(&["id=1A2B"]));
        assert_eq!(
            fit("queued as {id}", "queued as "),
            None,
            "one octet at least"
        );
        assert_eq!(fit("* {n} EXISTS", "* 12 EXISTS"), got(&["n=12"]));
        assert_eq!(fit("<{a}> {b}", "<x> y> z"), got(&["a=x", "b=y>"]));
        assert_eq!(fit("{a}{b}", "xyz w"), got(&["a=x", "b=yz"]));
        assert_eq!(fit("{a}...", "xyz"), got(&["a=x"]));
        assert_eq!(fit("...{a}", "xyz w"), got(&["a=xyz"]));
        assert_eq!(fit("... id {a}", "from x id 7"), got(&["a=7"]));
    }

    #[test]
    fn a_name_with_a_value_stands_for_it() {
        assert_eq!(fit_with("id {a}", "id 7 more", &[("a", "7")]), none());
        assert_eq!(fit_with("id {a}", "id 8", &[("a", "7")]), None);
        assert_eq!(fit("{a} and {a}", "x and x"), got(&["a=x"]));
        assert_eq!(fit("{a} and {a}", "x and y"), None);
        assert_eq!(fit("{a}{a}", "xx"), got(&["a=x"]));
        assert_eq!(fit_with("{b}{a}", "xyz7", &[("a", "7")]), got(&["b=xyz"]));
    }

    #[test]
    fn braces_without_a_name_are_text() {
        assert_eq!(fit("BODY[] {66}", "BODY[] {66}"), none());
        assert_eq!(fit("{66+}", "{66+}"), none());
        assert_eq!(fit("{Host}", "{Host}"), none());
        assert_eq!(fit("{{host}", "{host}"), none());
        assert_eq!(fit("{open", "{open"), none());
    }

    #[test]
    fn a_mismatch_leaves_no_value() {
        let mut new = Values::new();
        assert!(!Pattern::parse("{a} x {b}").fits(b"1 x ", &Values::new(), &mut new));
        assert!(new.is_empty());
    }

    #[test]
    fn expressions() {
        let mut new = Values::new();
        let exp = Expression::parse("250[ -](?<host>[a-z.]+)").expect("it compiles");
        assert!(exp.fits(b"250-ehlo.test", &Values::new(), &mut new));
        assert_eq!(new["host"], b"ehlo.test");
        assert!(
            !exp.fits(b"250 other.test", &Values::new(), &mut new),
            "the value is set"
        );
        assert!(
            !exp.fits(b"x250-ehlo.test", &Values::new(), &mut Values::new()),
            "anchored"
        );
        assert!(Expression::parse("a(").is_err());
        assert!(Expression::parse("(?<Big>a)").is_err());
        assert!(Expression::parse("a|b").is_ok_and(|e| !e.fits(b"cb", &new, &mut Values::new())));
    }
}
