//! Bytes as text that is safe to print anywhere.
//!
//! Nothing a peer sends may move a cursor, change a mode, reorder or hide text. Control characters
//! become pictures (or `\xNN` in an ASCII locale), C1, bidirectional, zero-width and tag characters
//! become `\u{...}`, octets that are no UTF-8 become `\xNN`, and a TAB becomes blanks. Long runs of
//! combining marks are cut into escapes, since they stall terminals.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Which characters the output may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8 throughout.
    #[default]
    Unicode,
    /// ASCII only, for a C locale: everything else is escaped.
    Ascii,
}

const TAB_WIDTH: usize = 8;
const COMBINING_RUN: usize = 4;

/// `bytes` made safe. Borrowed when there was nothing to do.
pub fn show(bytes: &[u8], charset: Charset) -> Cow<'_, str> {
    if is_printable(bytes) {
        // The common case, no copy.
        return String::from_utf8_lossy(bytes);
    }
    let mut out = String::with_capacity(bytes.len() + 16);
    let mut column = 0;
    let mut combining = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            combining = if is_combining(c) { combining + 1 } else { 0 };
            let before = out.len();
            match c {
                '\t' => (column % TAB_WIDTH..TAB_WIDTH).for_each(|_| out.push(' ')),
                _ if is_safe(c, charset) && combining <= COMBINING_RUN => out.push(c),
                _ => escape(c, charset, &mut out),
            }
            column += out[before..].chars().count();
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
            column += 4;
        }
    }
    Cow::Owned(out)
}

/// JSON whose strings may hold anything, made safe: what `show` would not leave as it is becomes a
/// `\uNNNN` escape, which reads back as the same character. JSON of serde's, where no such character
/// stands outside a string.
pub fn json_safe(json: String) -> String {
    if json.is_ascii() && !json.contains('\u{7f}') {
        return json;
    }
    let mut out = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if is_safe(c, Charset::Unicode) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// True when all of it is printable ASCII. Eight octets at a time, without a way out of the loop.
pub fn is_printable(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().all(|b| (0x20..0x7f).contains(b));
    };
    let (eights, _) = bytes.as_chunks();
    let unfit = eights
        .iter()
        .fold(unfit(last), |all, eight| all | unfit(eight));
    unfit & 0x8080_8080_8080_8080 == 0
}

/// The topmost bit of an octet that is below a blank or above the tilde: a lower octet borrows, a
/// higher one carries into that bit or has it. The octets beside such a one may be marked with it.
fn unfit(octets: &[u8; 8]) -> u64 {
    let octets = u64::from_ne_bytes(*octets);
    octets.wrapping_sub(0x2020_2020_2020_2020) | octets.wrapping_add(0x0101_0101_0101_0101) | octets
}

/// True when `show` would change something other than TABs: the text holds what a terminal obeys
/// or what deceives the eye.
pub fn is_hostile(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| {
        !chunk.invalid().is_empty()
            || chunk
                .valid()
                .chars()
                .any(|c| c != '\t' && !is_safe(c, Charset::Unicode))
    })
}

fn escape(c: char, charset: Charset, out: &mut String) {
    let code = u32::from(c);
    match (code, charset) {
        (0x00..=0x1f, Charset::Unicode) => out.extend(char::from_u32(0x2400 + code)),
        (0x7f, Charset::Unicode) => out.push('␡'),
        (0x00..=0x1f | 0x7f, Charset::Ascii) => {
            let _ = write!(out, "\\x{code:02x}");
        }
        _ => {
            let _ = write!(out, "\\u{{{code:x}}}");
        }
    }
}

/// True when a character is shown as it is.
pub fn is_safe(c: char, charset: Charset) -> bool {
    if charset == Charset::Ascii && !c.is_ascii() {
        return false;
    }
    !c.is_control()
        && !matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_unfit_octet_anywhere_is_seen() {
        for length in 0..=20 {
            let line = vec![b'~'; length];
            assert!(is_printable(&line));
            for (at, octet) in (0..length).flat_map(|at| (0..=255).map(move |octet| (at, octet))) {
                let mut line = line.clone();
                line[at] = octet;
                assert_eq!(
                    is_printable(&line),
                    (0x20..0x7f).contains(&octet),
                    "{line:?}"
                );
            }
        }
    }

    #[test]
    fn nothing_a_terminal_obeys_survives() {
        let hostile = b"220 \x1b[2J\x9b31m \xc2\x9b31m ok\x07 \xe2\x80\xaegnp.exe \xff\xfe\x00";
        let shown = show(hostile, Charset::Unicode);
        assert_eq!(
            shown,
            "220 ␛[2J\\x9b31m \\u{9b}31m ok␇ \\u{202e}gnp.exe \\xff\\xfe␀"
        );
        assert!(is_hostile(hostile));
        let ascii = show(hostile, Charset::Ascii);
        assert!(ascii.is_ascii() && ascii.contains("\\x1b[2J"));
    }

    #[test]
    fn json_holds_nothing_that_a_terminal_obeys_and_reads_back() {
        let text = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{e0041}\u{200b} grüße ••••";
        let json = serde_json::to_string(&[text, "plain"]).unwrap();
        let safe = json_safe(json);
        assert!(!is_hostile(safe.as_bytes()), "{safe}");
        assert!(safe.contains("\\u009b31m\\u007f\\u202e") && safe.contains("grüße ••••"));
        let back: Vec<String> = serde_json::from_str(&safe).unwrap();
        assert_eq!(back, [text, "plain"]);
    }

    #[test]
    fn plain_text_is_left_alone() {
        assert!(matches!(
            show(b"250 ok", Charset::Unicode),
            Cow::Borrowed("250 ok")
        ));
        assert_eq!(show("250 grüße".as_bytes(), Charset::Unicode), "250 grüße");
        assert_eq!(show(b"1\t2", Charset::Unicode), "1       2");
        assert!(!is_hostile("a\tgrüße".as_bytes()));
    }

    #[test]
    fn piles_of_combining_marks_are_cut() {
        let pile = format!("a{}", "\u{301}".repeat(500));
        assert!(
            show(pile.as_bytes(), Charset::Unicode)
                .matches("\\u{301}")
                .count()
                >= 490
        );
    }
}
