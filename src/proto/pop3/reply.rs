//! POP3 status lines: `+OK`, `-ERR`, challenges, and codes in brackets (RFC 1939 3, RFC 2449 8).

use crate::proto::event::Verdict;

/// A status line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// What it says.
    pub indicator: Indicator,
    /// What stands in brackets at the start of the text.
    pub response_code: Option<&'a str>,
    /// What stands behind the indicator and the brackets.
    pub text: &'a [u8],
}

/// How a status line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indicator {
    /// `+OK`.
    Ok,
    /// `-ERR`.
    Err,
    /// `+` and a challenge (RFC 5034 4).
    Challenge,
}

impl Indicator {
    /// As it stands on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ok => "+OK",
            Self::Err => "-ERR",
            Self::Challenge => "+",
        }
    }
}

impl Status<'_> {
    /// Good, bad, or not now: RFC 2449 8.1 and RFC 3206 4 name the failures that pass.
    pub fn verdict(&self) -> Verdict {
        let passing = ["IN-USE", "LOGIN-DELAY", "SYS/TEMP", "UNAVAILABLE"];
        match (self.indicator, self.response_code) {
            (Indicator::Ok, _) => Verdict::Good,
            (Indicator::Challenge, _) => Verdict::More,
            (Indicator::Err, Some(code)) if passing.iter().any(|p| is(code, p)) => {
                Verdict::TryLater
            }
            (Indicator::Err, _) => Verdict::Refused,
        }
    }
}

fn is(code: &str, name: &str) -> bool {
    let word = code.split(' ').next().unwrap_or_default();
    word.eq_ignore_ascii_case(name)
}

/// Takes a line apart; `None` when it is no status line.
pub fn status(line: &[u8]) -> Option<Status<'_>> {
    let starts = |word: &[u8]| {
        let behind = line.get(word.len()).copied();
        line.get(..word.len())
            .is_some_and(|w| w.eq_ignore_ascii_case(word))
            && matches!(behind, None | Some(b' ' | b'\t'))
    };
    let indicator = [Indicator::Ok, Indicator::Err, Indicator::Challenge]
        .into_iter()
        .find(|i| starts(i.code().as_bytes()))?;
    let rest = &line[indicator.code().len()..];
    let text = rest.get(1..).unwrap_or_default();
    let (response_code, text) = match (indicator, bracketed(text)) {
        (Indicator::Ok | Indicator::Err, Some((code, text))) => (Some(code), text),
        _ => (None, text),
    };
    Some(Status {
        indicator,
        response_code,
        text,
    })
}

/// The response code at the start of a text, and what stands behind it.
fn bracketed(text: &[u8]) -> Option<(&str, &[u8])> {
    let inside = text.strip_prefix(b"[")?;
    let end = inside.iter().position(|b| *b == b']')?;
    let code = std::str::from_utf8(&inside[..end]).ok()?;
    let plain = !code.is_empty() && code.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'[');
    plain.then(|| (code, inside[end + 1..].trim_ascii_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        let busy = status(b"-ERR [IN-USE] busy").unwrap();
        assert_eq!(busy.response_code, Some("IN-USE"));
        assert_eq!(
            (busy.verdict(), busy.text),
            (Verdict::TryLater, &b"busy"[..])
        );
        let wrong = status(b"-err [AUTH] no").unwrap();
        assert_eq!(wrong.verdict(), Verdict::Refused);
        assert_eq!(status(b"+OK").unwrap().text, b"");
        assert_eq!(status(b"+ ").unwrap().indicator, Indicator::Challenge);
        assert_eq!(status(b"+").unwrap().indicator, Indicator::Challenge);
        assert_eq!(status(b"+OK [x").unwrap().response_code, None);
        for odd in [&b""[..], b"OK", b"+OKAY", b"-ERROR", b"250 ok", b"* OK"] {
            assert_eq!(status(odd), None);
        }
    }
}
