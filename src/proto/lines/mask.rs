//! What of a typed line may be seen.

use crate::wire::secret::MASK;

/// `line` with everything behind its n-th word masked; `None` when nothing stands there.
/// Words are separated by blanks or TABs, more than one and leading ones included, so that an
/// oddly typed line hides as much as a tidy one.
pub(crate) fn after_word(line: &[u8], words: usize) -> Option<Vec<u8>> {
    let mut at = 0;
    for _ in 0..words {
        at += line[at..].iter().take_while(|b| is_blank(**b)).count();
        at += line[at..].iter().take_while(|b| !is_blank(**b)).count();
    }
    if line.len() <= at + 1 {
        return None;
    }
    Some([&line[..=at], MASK.as_bytes()].concat())
}

/// The n-th word of a line, counting from 0; empty when there is none.
pub(crate) fn word(line: &[u8], n: usize) -> &[u8] {
    line.split(|b| is_blank(*b))
        .filter(|w| !w.is_empty())
        .nth(n)
        .unwrap_or_default()
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(line: &str, words: usize) -> Option<String> {
        after_word(line.as_bytes(), words).map(|m| String::from_utf8(m).unwrap())
    }

    #[test]
    fn words_are_kept_and_the_rest_is_not() {
        let kept = Some("AUTH PLAIN ••••".to_owned());
        assert_eq!(masked("AUTH PLAIN AGFsaWNl", 2), kept);
        assert_eq!(masked("AUTH PLAIN AGFs aWNl ", 2), kept);
        assert_eq!(masked("AUTH PLAIN", 2), None);
        assert_eq!(masked("PASS  two words", 1), Some("PASS ••••".into()));
        assert_eq!(masked("\t PASS\tx", 1), Some("\t PASS\t••••".into()));
        assert_eq!(masked("", 1), None);
        assert_eq!(word(b"  a \t b", 1), b"b");
        assert_eq!(word(b"a", 3), b"");
    }
}
