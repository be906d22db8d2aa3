//! Writing responses: strings in the shortest form that is legal, mailbox names, sets.

use std::fmt::Write as _;

use super::super::utf7;

/// The longest string that is written in quotes; a client reads longer ones better as literals.
const QUOTED: usize = 1_000;

/// Appends a number.
pub(super) fn number(out: &mut Vec<u8>, number: impl Into<u64>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut left: u64 = number.into();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(left % 10).unwrap_or(0);
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a string: quoted where that is legal, else as a literal. NUL, which neither may hold,
/// becomes 0x80, as other servers do.
pub(super) fn string(out: &mut Vec<u8>, text: &[u8], utf8: bool) {
    let ascii = text.iter().all(|b| matches!(b, b' '..=b'~' | b'\t'));
    let legal = text.len() <= QUOTED
        && (ascii
            || utf8 && std::str::from_utf8(text).is_ok_and(|t| !t.contains(['\0', '\r', '\n'])));
    if !legal {
        out.push(b'{');
        number(out, text.len() as u64);
        out.extend_from_slice(b"}\r\n");
        out.extend(text.iter().map(|b| if *b == 0 { 0x80 } else { *b }));
        return;
    }
    out.push(b'"');
    for byte in text {
        if b"\"\\".contains(byte) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// Appends a string or NIL.
pub(super) fn nstring(out: &mut Vec<u8>, text: Option<&[u8]>, utf8: bool) {
    match text {
        Some(text) => string(out, text, utf8),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// Appends a mailbox name: an atom where it can be one.
pub(super) fn mailbox(out: &mut Vec<u8>, name: &str, utf8: bool) {
    let encoded;
    let name = if utf8 {
        name
    } else {
        encoded = utf7::encode(name);
        &encoded
    };
    let atom = !name.is_empty()
        && !name.eq_ignore_ascii_case("NIL")
        && name
            .bytes()
            .all(|b| b > b' ' && b < 0x7f && !b"(){%*\"\\]".contains(&b));
    if atom {
        out.extend_from_slice(name.as_bytes());
    } else {
        string(out, name.as_bytes(), utf8);
    }
}

/// Ascending numbers as a set: `1:3,7`. Where numbers are not ascending (COPYUID's sides) each run
/// stands by itself.
pub(super) fn set(numbers: &[u32]) -> String {
    let mut out = String::new();
    let mut rest = numbers;
    while let Some(first) = rest.first() {
        let run = (u64::from(*first)..)
            .zip(rest)
            .take_while(|(want, have)| *want == u64::from(**have))
            .count();
        if !out.is_empty() {
            out.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{first}");
        if run > 1 {
            let _ = write!(out, ":{}", rest[run - 1]);
        }
        rest = &rest[run..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8], utf8: bool) -> Vec<u8> {
        let mut out = Vec::new();
        string(&mut out, text, utf8);
        out
    }

    #[test]
    fn strings() {
        assert_eq!(written(b"a \"b\\", false), b"\"a \\\"b\\\\\"");
        assert_eq!(written("é".as_bytes(), false), b"{2}\r\n\xc3\xa9");
        assert_eq!(written("é".as_bytes(), true), "\"é\"".as_bytes());
        assert_eq!(written(b"\xff", true), b"{1}\r\n\xff");
        assert_eq!(written(b"a\0b", true), b"{3}\r\na\x80b");
        assert_eq!(written(b"a\r\n", true), b"{3}\r\na\r\n");
        assert_eq!(written(b"", false), b"\"\"");
    }

    #[test]
    fn names_and_sets() {
        let name = |name: &str, utf8| {
            let mut out = Vec::new();
            mailbox(&mut out, name, utf8);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(name("a/b", false), "a/b");
        assert_eq!(name("a b", false), "\"a b\"");
        assert_eq!(name("é", false), "&AOk-");
        assert_eq!(name("é", true), "\"é\"");
        assert_eq!(name("nil", false), "\"nil\"");
        assert_eq!(set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[5, 4, u32::MAX]), "5,4,4294967295");
        assert_eq!(set(&[]), "");
        let mut out = Vec::new();
        number(&mut out, u64::MAX);
        assert_eq!(out, b"18446744073709551615");
    }
}
