//! The forms in which a secret comes back, and where they stand in a text.

use memchr::memmem;

use crate::wire::b64::{self, Alphabet};
use crate::wire::secret::{MASK, Secret};

/// Secrets below this length are masked as words of their own only.
const WORD: usize = 8;
/// Characters of base64 that are no chance.
const CORE: usize = 6;

/// A form of a secret, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) text: Secret,
    pub(super) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Anywhere.
    Within,
    /// With no letter or digit beside it.
    Word,
    /// In base64, and all the base64 around it.
    Base64,
}

impl Form {
    pub(super) fn new(text: &[u8], how: How) -> Self {
        Self {
            text: Secret::new(text.to_ascii_lowercase()),
            how,
        }
    }

    /// Where it stands in a text, given in lower case too.
    pub(super) fn spans<'t>(
        &'t self,
        text: &'t [u8],
        lower: &'t [u8],
    ) -> impl Iterator<Item = (usize, usize)> + 't {
        let form = self.text.expose();
        memmem::find_iter(lower, form).filter_map(move |at| {
            let end = at + form.len();
            match self.how {
                How::Word if beside(text, at, end) => None,
                How::Base64 => Some(around(text, at, end)),
                How::Within | How::Word => Some((at, end)),
            }
        })
    }
}

/// Every form of a secret.
pub(super) fn of(secret: &[u8]) -> Vec<Form> {
    let how = match secret.len() < WORD {
        true => How::Word,
        false => How::Within,
    };
    let mut forms = vec![Form::new(secret, how)];
    if secret.iter().any(|b| matches!(b, b'"' | b'\\')) {
        forms.push(Form::new(&quoted(secret), how));
    }
    // Lengths of their own keep these from being words by chance.
    let hex: String = secret.iter().map(|b| format!("{b:02x}")).collect();
    forms.push(Form::new(hex.as_bytes(), How::Within));
    for kept in [u8::is_ascii_alphanumeric, |_: &u8| false] {
        let escaped = percent(secret, kept);
        if escaped.as_bytes() != secret {
            forms.push(Form::new(escaped.as_bytes(), how));
        }
    }
    for alphabet in [Alphabet::Standard, Alphabet::UrlSafe] {
        for before in 0..3 {
            let encoded = b64::encode_in(alphabet, &[&vec![0; before], secret].concat());
            // Only the characters that depend on the secret alone.
            let from = (before * 8).div_ceil(6);
            let to = (before + secret.len()) * 8 / 6;
            if to >= from + CORE {
                forms.push(Form::new(&encoded.as_bytes()[from..to], How::Base64));
            }
        }
    }
    forms
}

/// The parts of `line` that are masks in `shown`; where the two do not go together, all of it.
pub(super) fn hidden<'l>(shown: &[u8], line: &'l [u8]) -> Vec<&'l [u8]> {
    let mask = MASK.as_bytes();
    let mut parts = Vec::new();
    let mut kept = memmem::find_iter(shown, mask)
        .chain([shown.len()])
        .scan(0, |from, at| {
            let part = &shown[*from..at];
            *from = at + mask.len();
            Some(part)
        });
    let Some(mut rest) = kept.next().and_then(|head| line.strip_prefix(head)) else {
        return vec![line];
    };
    let mut kept = kept.peekable();
    while let Some(behind) = kept.next() {
        let at = match (behind.is_empty(), kept.peek().is_none()) {
            (true, _) => Some(rest.len()),
            (false, true) => rest.ends_with(behind).then(|| rest.len() - behind.len()),
            (false, false) => memmem::find(rest, behind),
        };
        let at = at.unwrap_or(rest.len());
        parts.push(&rest[..at]);
        rest = rest.get(at + behind.len()..).unwrap_or_default();
    }
    parts
}

/// A quoted string (RFC 9051 4.3) without its quotes.
pub(super) fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let mut bare = Vec::with_capacity(inner.len());
    let mut escaped = false;
    for &b in inner {
        escaped = b == b'\\' && !escaped;
        if !escaped {
            bare.push(b);
        }
    }
    Some(bare)
}

/// As in a URL, but for the octets kept (RFC 3986 2.1).
fn percent(text: &[u8], kept: fn(&u8) -> bool) -> String {
    let escape = |b: &u8| match kept(b) {
        true => char::from(*b).to_string(),
        false => format!("%{b:02x}"),
    };
    text.iter().map(escape).collect()
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    for &b in text {
        if matches!(b, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(b);
    }
    out
}

/// True when a letter or digit stands beside the span.
fn beside(text: &[u8], from: usize, to: usize) -> bool {
    let before = from.checked_sub(1).and_then(|at| text.get(at));
    [before, text.get(to)]
        .into_iter()
        .flatten()
        .any(u8::is_ascii_alphanumeric)
}

/// The span with all the base64 that it stands in.
fn around(text: &[u8], from: usize, to: usize) -> (usize, usize) {
    let is_base64 = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    let before = text[..from].iter().rev().take_while(is_base64).count();
    let behind = text[to..].iter().take_while(is_base64).count();
    let padding = text[to + behind..]
        .iter()
        .take_while(|b| **b == b'=')
        .count();
    (from - before, to + behind + padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_in_other_digits() {
        let forms = of(b"p@ss word!");
        for text in [
            "702040",
            "no 7040737320776F726421 x",
            "no p%40ss%20word%21 x",
            "no %70%40%73%73%20%77%6F%72%64%21 x",
        ] {
            let lower = text.to_ascii_lowercase();
            let (text, lower) = (text.as_bytes(), lower.as_bytes());
            let spans: Vec<_> = forms.iter().flat_map(|f| f.spans(text, lower)).collect();
            match text.strip_prefix(b"no ") {
                Some(_) => assert_eq!(spans, [(3, text.len() - 2)]),
                None => assert_eq!(spans, []),
            }
        }
    }

    #[test]
    fn masks_and_lines_that_do_not_go_together() {
        let parts = |shown: &str, line: &'static str| -> Vec<&str> {
            let parts = hidden(shown.as_bytes(), line.as_bytes());
            parts
                .into_iter()
                .map(|part| std::str::from_utf8(part).unwrap())
                .collect()
        };
        assert_eq!(parts("A •••• b", "A secret b"), ["secret"]);
        assert_eq!(parts("•••• {6}", "secret {6}"), ["secret"]);
        assert_eq!(parts("PASS ••••", "other"), ["other"]);
        assert_eq!(parts("a ••••\nb ••••", "a 1\nb 2"), ["1", "2"]);
        assert_eq!(parts("a •••• x", "a 1 y"), ["1 y"]);
    }
}
