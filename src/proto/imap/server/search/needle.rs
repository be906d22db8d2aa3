//! Text to look for, without regard to case, in octets and in text.

use memchr::{memchr2_iter, memmem};

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Needle {
    /// In lower case.
    text: String,
    /// True when it is ASCII: then octets can be looked at as they are.
    ascii: bool,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_lowercase(),
            ascii: text.is_ascii(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn is_ascii(&self) -> bool {
        self.ascii
    }

    /// True when the text holds it.
    pub(super) fn in_text(&self, text: &str) -> bool {
        if self.ascii && text.is_ascii() {
            return self.in_octets(text.as_bytes());
        }
        memmem::find(text.to_lowercase().as_bytes(), self.text.as_bytes()).is_some()
    }

    /// True when the octets hold it; only for a needle that is ASCII.
    pub(super) fn in_octets(&self, octets: &[u8]) -> bool {
        contains(octets, self.text.as_bytes())
    }

    /// The longest run of characters that stay together however a field is folded: what holds the
    /// needle holds this. `None` when octets cannot tell.
    pub(super) fn sieve(&self, together: impl Fn(char) -> bool) -> Option<&[u8]> {
        if !self.ascii {
            return None;
        }
        let runs = self.text.split(|c: char| !together(c));
        let longest = runs.max_by_key(|run| run.len())?;
        (!longest.is_empty()).then_some(longest.as_bytes())
    }
}

/// How often letters are met, the rare ones first: the search begins at the rarest one.
const RARE: &[u8] = b"qjzxvkwyfbghmpduclsnrtoia e";

/// True when `octets` hold `lower`, which is in lower case, in any case.
pub(super) fn contains(octets: &[u8], lower: &[u8]) -> bool {
    if lower.is_empty() {
        return true;
    }
    if octets.len() < lower.len() {
        return false;
    }
    let rank = |b: &u8| RARE.iter().position(|r| r == b).map_or(0, |at| at + 1);
    let (offset, byte) = lower
        .iter()
        .enumerate()
        .min_by_key(|(_, b)| rank(b))
        .map_or((0, lower[0]), |(at, b)| (at, *b));
    let last = octets.len() - (lower.len() - offset);
    let window = &octets[offset..=last];
    memchr2_iter(byte, byte.to_ascii_uppercase(), window)
        .any(|at| octets[at..at + lower.len()].eq_ignore_ascii_case(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_case_anywhere() {
        for (text, needle, found) in [
            ("Hello World", "o w", true),
            ("Hello World", "WORLD", true),
            ("Hello World", "worlds", false),
            ("xworld", "world", true),
            ("worl", "world", false),
            ("Grüße", "GRÜSSE", false),
            ("GRÜßE", "grüße", true),
            ("a", "", true),
            ("", "a", false),
        ] {
            let needle = Needle::new(needle);
            assert_eq!(needle.in_text(text), found, "{text}");
            if needle.is_ascii() && text.is_ascii() {
                assert_eq!(needle.in_octets(text.as_bytes()), found, "{text}");
            }
        }
    }

    #[test]
    fn sieves() {
        let together = |c: char| !c.is_ascii_whitespace();
        let sieve = |text: &str| Needle::new(text).sieve(together).map(<[u8]>::to_vec);
        assert_eq!(sieve("Hello beautiful world"), Some(b"beautiful".to_vec()));
        assert_eq!(sieve(" "), None);
        assert_eq!(sieve("é"), None);
    }
}
