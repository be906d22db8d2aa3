//! Quoted text with escapes, as `:raw` and the `raw` of talks take it.

use crate::error::{Error, Result};
use crate::wire::escape;

/// The octets of `"text\r\n\x00"`; without quotes the text stands for itself, escapes included.
///
/// # Errors
/// `Usage` for an escape that is none, or a quote that is not closed.
pub fn unescape(text: &str) -> Result<Vec<u8>> {
    let inner = match text.strip_prefix('"') {
        Some(rest) => rest
            .strip_suffix('"')
            .filter(|inner| !inner.ends_with('\\') || inner.ends_with("\\\\"))
            .ok_or_else(|| Error::usage("the closing quote is missing"))?,
        None => text,
    };
    escape::octets(inner).map_err(unknown)
}

fn unknown(behind: &str) -> Error {
    if let Some(digits) = behind.strip_prefix('x') {
        let digits: String = digits.chars().take(2).collect();
        return Error::usage(format!("\\x{digits} is no octet: two hex digits"));
    }
    let what: String = behind.chars().take(1).collect();
    Error::usage(format!("\\{what} is no escape")).hint("known", r#"\r \n \t \0 \e \\ \" \xNN"#)
}

/// The first word of a line, or what stands in its first quotes, and the rest.
pub fn first_word(line: &str) -> Option<(String, &str)> {
    let line = line.trim_start();
    if let Some(inner) = line.strip_prefix('"') {
        let (word, rest) = inner.split_once('"')?;
        return Some((word.to_owned(), rest.trim_start()));
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (!word.is_empty()).then(|| (word.to_owned(), rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(
            unescape(r#""A\r\n\x00\xff\\\"""#).unwrap(),
            b"A\r\n\x00\xff\\\""
        );
        assert_eq!(unescape(r"NOOP\r\n").unwrap(), b"NOOP\r\n");
        for bad in [r#""open"#, r"\q", r"\x9", r"\x+1", r"\xé", r"\é", r#""a\""#] {
            assert!(unescape(bad).is_err(), "{bad}");
        }
        assert_eq!(
            first_word("\"less -R\" fetch 1"),
            Some(("less -R".to_owned(), "fetch 1"))
        );
        assert_eq!(first_word("  "), None);
    }
}
