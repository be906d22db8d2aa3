//! Server text made readable: encoded words decoded, names decoded, everything shown safely.

use crate::proto::imap::token::Value;
use crate::proto::imap::utf7;
use crate::store::mime::decode;
use crate::wire::show::{Charset, show};

/// The most of one text, in octets; headers are shorter.
const TEXT_MAX: usize = 4_096;

/// Octets, made safe and cut.
pub(super) fn safe(octets: &[u8], charset: Charset) -> String {
    let cut = &octets[..octets.len().min(TEXT_MAX)];
    let mut text = show(cut, charset).into_owned();
    if cut.len() < octets.len() {
        text.push_str(dots(charset));
    }
    text
}

/// A header's text with its encoded words decoded (RFC 2047).
pub(super) fn header(octets: &[u8], charset: Charset) -> String {
    let cut = &octets[..octets.len().min(TEXT_MAX)];
    if !cut.windows(2).any(|two| two == b"=?") {
        return safe(octets, charset);
    }
    safe(decode::words(cut).as_bytes(), charset)
}

/// A value as text; `None` for NIL and lists.
pub(super) fn value(value: &Value, charset: Charset) -> Option<String> {
    value.octets().map(|octets| header(octets, charset))
}

/// A mailbox name as people write it, and as it travels where the two differ.
pub(super) fn mailbox(name: &[u8], utf8: bool, charset: Charset) -> (String, Option<String>) {
    let decoded = std::str::from_utf8(name)
        .ok()
        .filter(|_| !utf8)
        .and_then(utf7::decode);
    match decoded {
        Some(decoded) if decoded.as_bytes() != name => {
            let people = safe(decoded.as_bytes(), charset);
            (people, Some(safe(name, charset)))
        }
        _ => (safe(name, charset), None),
    }
}

/// What stands for something left out.
pub(super) fn dots(charset: Charset) -> &'static str {
    match charset {
        Charset::Unicode => "…",
        Charset::Ascii => "...",
    }
}

/// What separates facts on one line.
pub(super) fn between(charset: Charset) -> &'static str {
    match charset {
        Charset::Unicode => " · ",
        Charset::Ascii => ", ",
    }
}

/// The branches of a tree: to a node with more behind it, to the last one, past, and past the last.
pub(super) fn branches(charset: Charset) -> [&'static str; 4] {
    match charset {
        Charset::Unicode => ["├ ", "└ ", "│ ", "  "],
        Charset::Ascii => ["|-", "`-", "| ", "  "],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_are_decoded_and_safe() {
        let text = header(
            b"=?utf-8?q?gr=C3=BC=C3=9Fe?= =?iso-8859-1?B?/A==?= x",
            Charset::Unicode,
        );
        assert_eq!(text, "grüßeü x");
        let hostile = header(b"=?utf-8?q?=1B[2J?=", Charset::Unicode);
        assert_eq!(hostile, "␛[2J");
        assert_eq!(
            mailbox(b"Entw&APw-rfe", false, Charset::Unicode),
            ("Entwürfe".into(), Some("Entw&APw-rfe".into()))
        );
        assert_eq!(
            mailbox(b"R&-D", true, Charset::Unicode),
            ("R&-D".into(), None)
        );
        assert_eq!(
            mailbox(b"bad&", false, Charset::Unicode),
            ("bad&".into(), None)
        );
        assert!(safe(&vec![b'a'; 10_000], Charset::Ascii).ends_with("a..."));
    }
}
