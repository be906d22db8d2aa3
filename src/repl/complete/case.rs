//! Prefixes without regard to case, and candidates in the case that was typed.

/// True when `whole` begins with `partial`, in any case.
pub(super) fn starts(whole: &str, partial: &str) -> bool {
    rest(whole, partial).is_some()
}

/// What of `whole` comes after `partial`, in any case.
pub(super) fn rest<'a>(whole: &'a str, partial: &str) -> Option<&'a str> {
    let head = whole.get(..partial.len())?;
    head.eq_ignore_ascii_case(partial)
        .then(|| &whole[partial.len()..])
}

/// True for text with small letters and no capitals.
pub(super) fn is_small(typed: &str) -> bool {
    typed.bytes().any(|b| b.is_ascii_lowercase()) && !typed.bytes().any(|b| b.is_ascii_uppercase())
}

/// A keyword in the case of what was typed: small letters for small letters.
pub(super) fn follow(keyword: &str, typed: &str) -> String {
    if is_small(typed) {
        keyword.to_ascii_lowercase()
    } else {
        keyword.to_owned()
    }
}

/// As `follow` for a hint: what stands in angle brackets is a name of ours and small already.
pub(super) fn follow_hint(hint: &str, small: bool) -> String {
    if small {
        hint.to_ascii_lowercase()
    } else {
        hint.to_owned()
    }
}
