//! Status responses taken apart: `OK [CODE arguments] text` (RFC 9051 7.1).

use crate::proto::event::Verdict;

/// The status words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Done, or information.
    Ok,
    /// Refused, or a warning.
    No,
    /// Not understood.
    Bad,
    /// A greeting: somebody is logged in already.
    PreAuth,
    /// The server closes.
    Bye,
}

impl Word {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Ok, "OK"),
        (Self::No, "NO"),
        (Self::Bad, "BAD"),
        (Self::PreAuth, "PREAUTH"),
        (Self::Bye, "BYE"),
    ];

    /// In capitals.
    pub(super) fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(word, _)| *word == self)
            .map_or("", |(_, name)| name)
    }
}

/// A status response, without `*` or tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status<'a> {
    /// Which.
    pub(super) word: Word,
    /// What stands in brackets.
    pub(super) code: Option<&'a [u8]>,
    /// What follows.
    pub(super) text: &'a [u8],
}

/// Response codes that mean: not now (RFC 5530 3, RFC 5259 9).
const FOR_NOW: [&[u8]; 3] = [b"UNAVAILABLE", b"INUSE", b"TEMPFAIL"];

impl<'a> Status<'a> {
    /// Reads a status response; `None` when the line is none.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let (first, rest) = first_word(line);
        let word = Word::ALL
            .iter()
            .find(|(_, name)| first.eq_ignore_ascii_case(name.as_bytes()))?
            .0;
        let (code, text) = bracketed(rest);
        Some(Self { word, code, text })
    }

    /// The name of the response code.
    fn code_name(&self) -> &'a [u8] {
        self.code.map_or(&[], |code| first_word(code).0)
    }

    /// True when the response code is `name`.
    pub(super) fn has_code(&self, name: &[u8]) -> bool {
        self.code_name().eq_ignore_ascii_case(name)
    }

    /// The list of a CAPABILITY response code.
    pub(super) fn capabilities(&self) -> Option<&'a [u8]> {
        let code = self.code?;
        self.has_code(b"CAPABILITY").then(|| first_word(code).1)
    }

    /// The response code as text.
    pub(super) fn code_text(&self) -> Option<String> {
        self.code.map(|c| String::from_utf8_lossy(c).into_owned())
    }

    /// What the status means for the command it completes.
    pub(super) fn verdict(&self) -> Verdict {
        let temporary = FOR_NOW.iter().any(|name| self.has_code(name));
        match self.word {
            Word::Ok | Word::PreAuth => Verdict::Good,
            Word::No | Word::Bye if temporary => Verdict::TryLater,
            Word::No | Word::Bad | Word::Bye => Verdict::Refused,
        }
    }
}

/// The first word and what stands behind the blank.
pub(super) fn first_word(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|&b| b == b' ') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (line, &[]),
    }
}

/// Splits `[code] text`. Brackets inside quotes do not end the code.
fn bracketed(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let Some(inner) = text.strip_prefix(b"[") else {
        return (None, text);
    };
    let (mut quoted, mut escaped) = (false, false);
    for (at, &b) in inner.iter().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted => {
                let rest = &inner[at + 1..];
                return (Some(&inner[..at]), rest.strip_prefix(b" ").unwrap_or(rest));
            }
            _ => {}
        }
    }
    (None, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_responses() {
        let status = Status::read(b"no [UNAVAILABLE] try again").unwrap();
        assert_eq!(status.word, Word::No);
        assert_eq!(status.code, Some(b"UNAVAILABLE".as_slice()));
        assert_eq!(status.text, b"try again");
        assert_eq!(status.verdict(), Verdict::TryLater);
        let odd = Status::read(b"OK [BADCHARSET (\"a]b\")] text").unwrap();
        assert_eq!(odd.code, Some(b"BADCHARSET (\"a]b\")".as_slice()));
        let flags = Status::read(b"OK [PERMANENTFLAGS (\\Seen \\*)] x").unwrap();
        assert_eq!(flags.code, Some(b"PERMANENTFLAGS (\\Seen \\*)".as_slice()));
        let open = Status::read(b"OK [never closed").unwrap();
        assert_eq!((open.code, open.text), (None, b"[never closed".as_slice()));
        assert_eq!(Status::read(b"OKAY then"), None);
        assert_eq!(Status::read(b"BYE").unwrap().text, b"");
        let caps = Status::read(b"OK [capability IMAP4rev1 IDLE] hi").unwrap();
        assert_eq!(caps.capabilities(), Some(b"IMAP4rev1 IDLE".as_slice()));
    }
}
