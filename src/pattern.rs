//! Regular expressions over bytes: the only file that names the regex crate.
//!
//! Patterns come from our own tables and from talks, never from a peer; they are matched against a
//! peer's bytes. Matching takes time in proportion to the text, whatever the pattern, and a
//! compiled pattern has a size limit, so neither can be made to stall.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

/// The most memory that one compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Why a pattern is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(pub String);

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadPattern {}

impl Pattern {
    /// Compiles a pattern. Case counts.
    ///
    /// # Errors
    /// `BadPattern` when the text is no pattern, or one too large.
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        Self::build(text, false)
    }

    /// Compiles a pattern that takes ASCII capitals and small letters for the same; its classes are
    /// ASCII's. Knowing no more of Unicode makes it ten times quicker to compile.
    ///
    /// # Errors
    /// As `new`.
    pub fn any_case(text: &str) -> Result<Self, BadPattern> {
        Self::build(text, true)
    }

    /// Compiles a pattern that must fit from the first octet. Case counts.
    ///
    /// # Errors
    /// As `new`.
    pub fn anchored(text: &str) -> Result<Self, BadPattern> {
        // Compiled alone first, so that a stray parenthesis cannot reach out of the group.
        Self::new(text)?;
        Self::new(&format!("^(?:{text})"))
    }

    fn build(text: &str, any_case: bool) -> Result<Self, BadPattern> {
        RegexBuilder::new(text)
            .case_insensitive(any_case)
            .unicode(!any_case)
            .size_limit(SIZE_LIMIT)
            .build()
            .map(Self)
            .map_err(|e| BadPattern(last_line(&e.to_string())))
    }

    /// True when the pattern fits somewhere in `text`.
    pub fn fits(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    /// The names of its groups.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }

    /// What the named groups caught, in the pattern's order; `None` when it does not fit.
    pub fn captures(&self, text: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
        let caught = self.0.captures(text)?;
        let named = self.0.capture_names().flatten();
        Some(
            named
                .filter_map(|name| Some((name.to_owned(), caught.name(name)?.as_bytes().to_vec())))
                .collect(),
        )
    }
}

/// The crate draws a picture of several lines; the last one says what is wrong.
fn last_line(text: &str) -> String {
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_groups_are_caught() {
        let pattern = Pattern::anchored("250 2\\.0\\.0 Ok: queued as (?<id>[A-F0-9]+)").unwrap();
        let caught = pattern
            .captures(b"250 2.0.0 Ok: queued as 699ACBA2D7")
            .unwrap();
        assert_eq!(caught, [("id".to_owned(), b"699ACBA2D7".to_vec())]);
        assert!(!pattern.fits(b" 250 2.0.0 Ok: queued as 699ACBA2D7"));
    }

    #[test]
    fn bad_patterns_say_why() {
        assert_eq!(
            Pattern::new("a(").unwrap_err().to_string(),
            "unclosed group"
        );
        assert!(Pattern::anchored("a)|(b").is_err());
        assert!(Pattern::new("(?:a{1000}){1000}").is_err());
    }
}
