//! Modified UTF-7, in which mailbox names travel (RFC 3501 5.1.3, RFC 9051 A.1).
//!
//! Printable ASCII stands for itself, `&` is `&-`, everything else is UTF-16 in a base64 of its own
//! (`,` for `/`, no padding) between `&` and `-`.

use std::fmt::Write as _;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// A name as it travels.
pub fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut units = Vec::new();
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            shift(&mut units, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
        }
    }
    shift(&mut units, &mut out);
    out
}

/// A name as people write it. `None` when `name` is not well-formed: then it is shown as it is.
///
/// Only the one right form is taken (no ASCII inside a shift, no superfluous bits, no two shifts in
/// a row), so that no two names look alike and every decoded name encodes to what came.
pub fn decode(name: &str) -> Option<String> {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let shifted = &rest[at + 1..];
        let end = shifted.find('-')?;
        if end == 0 {
            out.push('&');
        } else {
            let units = base64(&shifted.as_bytes()[..end])?;
            let text = String::from_utf16(&units).ok()?;
            let _ = out.write_str(&text);
        }
        rest = &shifted[end + 1..];
    }
    out.push_str(rest);
    (encode(&out) == name).then_some(out)
}

fn shift(units: &mut Vec<u16>, out: &mut String) {
    if units.is_empty() {
        return;
    }
    out.push('&');
    let (mut bits, mut held) = (0u32, 0);
    for unit in units.drain(..) {
        bits = bits << 16 | u32::from(unit);
        held += 16;
        while held >= 6 {
            held -= 6;
            out.push(char::from(ALPHABET[(bits >> held & 63) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        out.push(char::from(ALPHABET[(bits << (6 - held) & 63) as usize]));
    }
    out.push('-');
}

fn base64(text: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(text.len() * 3 / 8 + 1);
    let (mut bits, mut held) = (0u32, 0);
    for b in text {
        let value = ALPHABET.iter().position(|a| a == b)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        held += 6;
        if held >= 16 {
            held -= 16;
            units.push(u16::try_from(bits >> held & 0xffff).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    (held < 6 && bits == 0).then_some(units)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_names() {
        for (name, wire) in [
            ("Entwürfe", "Entw&APw-rfe"),
            ("Tom & Jerry", "Tom &- Jerry"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("plain", "plain"),
            ("😀", "&2D3eAA-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire).as_deref(), Some(name));
        }
    }

    #[test]
    fn malformed_names_are_left_alone() {
        for wire in [
            "&",
            "&AA",
            "a&Jjo",
            "&Jjo!-",
            "&AGE-",
            "&2D0-",
            "Entwürfe",
            "&U,BTFw-&ZeU-",
        ] {
            assert_eq!(decode(wire), None, "{wire}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in any::<String>()) {
            prop_assert_eq!(decode(&encode(&name)), Some(name));
        }

        #[test]
        fn nothing_panics(wire in "[&A-Za-z0-9+,-]{0,40}") {
            if let Some(name) = decode(&wire) {
                prop_assert_eq!(encode(&name), wire);
            }
        }
    }
}
