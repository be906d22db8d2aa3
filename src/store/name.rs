//! Mailbox names: UTF-8 inside the store, `/` between levels, INBOX in any case (RFC 9051 5.1).

use super::Refused;

/// The hierarchy separator.
pub const SEPARATOR: char = '/';

/// The longest name, in octets.
pub const LONGEST: usize = 1_000;

const DEEPEST: usize = 32;

/// The one spelling of a name: a first level of INBOX is written in capitals.
pub fn canonical(name: &str) -> String {
    let (first, rest) = name.split_at(name.find(SEPARATOR).unwrap_or(name.len()));
    if first.eq_ignore_ascii_case("INBOX") {
        return format!("INBOX{rest}");
    }
    name.to_owned()
}

/// A name that a mailbox may have, in its one spelling.
///
/// # Errors
/// `BadName` says what is wrong with it.
pub fn legal(name: &str) -> Result<String, Refused> {
    let name = name.strip_suffix(SEPARATOR).unwrap_or(name);
    let bad = |why| Err(Refused::BadName(why));
    if name.is_empty() {
        return bad("the name is empty");
    }
    if name.len() > LONGEST {
        return bad("the name is longer than 1000 octets");
    }
    if name.chars().any(char::is_control) {
        return bad("the name holds a control character");
    }
    // RFC 6855 3: they end lines and paragraphs.
    if name.contains(['\u{2028}', '\u{2029}']) {
        return bad("the name holds a line or paragraph separator");
    }
    if name.contains(['%', '*']) {
        return bad("the name holds a wildcard, % or *");
    }
    let mut levels = name.split(SEPARATOR);
    if levels.clone().count() > DEEPEST {
        return bad("the name has more than 32 levels");
    }
    if levels.any(str::is_empty) {
        return bad("the name has an empty level");
    }
    Ok(canonical(name))
}

/// The names above this one, nearest last: "a", "a/b" for "a/b/c".
pub fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices(SEPARATOR).map(|(at, _)| &name[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        assert_eq!(canonical("inbox"), "INBOX");
        assert_eq!(canonical("Inbox/sub"), "INBOX/sub");
        assert_eq!(canonical("inboxes"), "inboxes");
        assert_eq!(legal("a/b/").as_deref(), Ok("a/b"));
        assert!(parents("a/b/c").eq(["a", "a/b"]));
        for name in [
            "",
            "/",
            "a//b",
            "/a",
            "a%",
            "a\r\nb",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{2029}",
        ] {
            assert!(legal(name).is_err(), "{name:?}");
        }
    }
}
