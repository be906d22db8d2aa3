//! What real servers say, recognised by pattern. Patterns are compiled one by one, when first needed:
//! a pattern whose beginning cannot be the line's is passed over as it is, so that the first screen
//! does not wait for all of them.

use std::sync::OnceLock;

use super::tables::{HINTS, HintRow};
use crate::pattern::Pattern;

/// A row of the hints, with its pattern.
struct Compiled {
    row: &'static HintRow,
    /// What a line that fits begins with, one of these; empty when that is not known.
    heads: Vec<&'static str>,
    pattern: OnceLock<Option<Pattern>>,
}

/// What a server's text means.
pub type Hint = &'static HintRow;

impl Compiled {
    fn may_fit(&self, line: &[u8]) -> bool {
        let begins = |head: &str| {
            let start = line.get(..head.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(head.as_bytes()))
        };
        self.heads.is_empty() || self.heads.iter().any(|head| begins(head))
    }
}

/// The plain text that an anchored pattern begins with, or the choice of texts; empty when the
/// pattern may begin otherwise.
fn heads(pattern: &str) -> Vec<&str> {
    let Some(rest) = pattern.strip_prefix('^') else {
        return Vec::new();
    };
    let choice = rest
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .map(|(inside, behind)| (inside.split('|').collect::<Vec<_>>(), behind));
    let (texts, behind) = choice.unwrap_or_else(|| (vec![rest], ""));
    let texts: Vec<&str> = texts.into_iter().map(plain).collect();
    // A choice outside of parentheses may begin with anything.
    let mut depth = 0_i32;
    let open = pattern.bytes().any(|byte| {
        depth += i32::from(byte == b'(') - i32::from(byte == b')');
        byte == b'|' && depth == 0
    });
    let loose = behind.starts_with(['?', '*', '{']) || texts.iter().any(|text| text.is_empty());
    if open || loose { Vec::new() } else { texts }
}

/// The letters and digits that a pattern begins with, as far as each stands once.
fn plain(pattern: &str) -> &str {
    let end = pattern
        .bytes()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .unwrap_or(pattern.len());
    let counted = pattern[end..].starts_with(['?', '*', '{']);
    &pattern[..end - usize::from(counted && end > 0)]
}

fn compiled() -> &'static [Compiled] {
    static ROWS: OnceLock<Vec<Compiled>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let rows = HINTS.rows().iter();
        rows.map(|row| Compiled {
            row,
            heads: heads(row.pattern),
            pattern: OnceLock::new(),
        })
        .collect()
    })
}

/// The first hint of a protocol that fits a line as received, code or tag included. LMTP lines are
/// read with SMTP's rows too; rows for any protocol come first, as in the file.
pub fn hint_for(protocol: &str, line: &[u8]) -> Option<Hint> {
    compiled()
        .iter()
        .filter(|hint| matches(hint.row.protocol, protocol) && hint.may_fit(line))
        .find(|hint| {
            let pattern = hint
                .pattern
                .get_or_init(|| Pattern::any_case(hint.row.pattern).ok());
            pattern.as_ref().is_some_and(|pattern| pattern.fits(line))
        })
        .map(|hint| hint.row)
}

fn matches(row: &str, protocol: &str) -> bool {
    row == protocol || row == "any" || row == "smtp" && protocol == "lmtp"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lines_begin_with() {
        assert_eq!(heads("^421[ -].*too much"), ["421"]);
        assert_eq!(heads("^(450|55[0-9])[ -]x"), ["450", "55"]);
        assert_eq!(heads("^5[0-9][0-9].*(a|b)"), ["5"]);
        assert_eq!(heads("^4(21|50)x"), ["4"]);
        for open in [
            "421",
            "^534 x|Please",
            "^X{5,}",
            "^(a|)b",
            "^(4)?b",
            "^-ERR",
            "^.*x",
        ] {
            assert!(heads(open).is_empty(), "{open}");
        }
    }
}
