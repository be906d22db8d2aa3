//! What real servers say, recognised by pattern. Patterns are compiled one by one, when first needed.

use std::sync::OnceLock;

use super::tables::{HINTS, HintRow};
use crate::pattern::Pattern;

/// A row of the hints, with its pattern.
struct Compiled {
    row: &'static HintRow,
    pattern: OnceLock<Option<Pattern>>,
}

/// What a server's text means.
pub type Hint = &'static HintRow;

fn compiled() -> &'static [Compiled] {
    static ROWS: OnceLock<Vec<Compiled>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let rows = HINTS.rows().iter();
        rows.map(|row| Compiled {
            row,
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
        .filter(|hint| matches(hint.row.protocol, protocol))
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
