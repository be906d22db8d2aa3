//! SMTP replies: lines with a code (RFC 5321 4.2), enhanced codes (RFC 3463).

use crate::proto::event::Verdict;

/// A line of a reply, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyLine<'a> {
    /// Three digits.
    pub code: &'a str,
    /// True when another line follows (`250-`).
    pub more: bool,
    /// What stands behind the separator.
    pub text: &'a [u8],
}

/// Takes a line apart; `None` when it is no line of a reply.
pub fn line(bytes: &[u8]) -> Option<ReplyLine<'_>> {
    let (digits, rest) = bytes.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = std::str::from_utf8(digits).ok()?;
    let (more, text) = match rest {
        [] => (false, rest),
        [b' ', text @ ..] => (false, text),
        [b'-', text @ ..] => (true, text),
        _ => return None,
    };
    Some(ReplyLine { code, more, text })
}

/// What a code's first digit says.
pub fn verdict(code: &str) -> Verdict {
    match code.as_bytes().first() {
        Some(b'2') => Verdict::Good,
        Some(b'3') => Verdict::More,
        Some(b'4') => Verdict::TryLater,
        Some(b'5') => Verdict::Refused,
        _ => Verdict::Note,
    }
}

/// The enhanced code at the start of a text, and what stands behind it.
pub fn enhanced(text: &[u8]) -> Option<(&str, &[u8])> {
    let end = text.iter().position(|b| *b == b' ').unwrap_or(text.len());
    let code = std::str::from_utf8(&text[..end]).ok()?;
    let mut parts = code.split('.');
    let class = matches!(parts.next(), Some("2" | "4" | "5"));
    let number = |part: Option<&str>| {
        part.is_some_and(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let whole = class && number(parts.next()) && number(parts.next()) && parts.next().is_none();
    whole.then(|| (code, text.get(end + 1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let whole = |bytes| line(bytes).map(|l| (l.code, l.more, l.text));
        assert_eq!(whole(b"250-SIZE 1"), Some(("250", true, &b"SIZE 1"[..])));
        assert_eq!(whole(b"250 ok"), Some(("250", false, &b"ok"[..])));
        assert_eq!(whole(b"354"), Some(("354", false, &b""[..])));
        assert_eq!(whole(b"334 "), Some(("334", false, &b""[..])));
        for odd in [
            &b""[..],
            b"25",
            b"25x ok",
            b"2500 ok",
            b"250_ok",
            b"+OK",
            b"\xb2\xb50 x",
        ] {
            assert_eq!(line(odd), None);
        }
    }

    #[test]
    fn enhanced_codes() {
        assert_eq!(
            enhanced(b"5.7.1 no relay"),
            Some(("5.7.1", &b"no relay"[..]))
        );
        assert_eq!(enhanced(b"2.1.0"), Some(("2.1.0", &b""[..])));
        for none in [
            "3.1.0 x",
            "2.1 x",
            "2.1.0.4 x",
            "2..0 x",
            "2.1000.1 x",
            "mx.h ready",
        ] {
            assert_eq!(enhanced(none.as_bytes()), None, "{none}");
        }
    }
}
