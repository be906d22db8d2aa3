//! Octets as people write them: `\r \n \t \0 \e \\ \" \xNN`.

/// The octet that a backslash and `rest` behind it stand for, and how much of `rest` it takes.
///
/// `None` where this is no escape.
pub fn octet(rest: &[u8]) -> Option<(u8, usize)> {
    let octet = match rest.first()? {
        b'r' => b'\r',
        b'n' => b'\n',
        b't' => b'\t',
        b'0' => 0,
        b'e' => 0x1b,
        b'\\' => b'\\',
        b'"' => b'"',
        b'x' => return Some((hex(*rest.get(1)?)? * 16 + hex(*rest.get(2)?)?, 3)),
        _ => return None,
    };
    Some((octet, 1))
}

/// A text with its escapes as octets.
///
/// # Errors
/// What stands behind the first backslash that begins no escape.
pub fn octets(text: &str) -> Result<Vec<u8>, &str> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        let (octet, length) = octet(behind.as_bytes()).ok_or(behind)?;
        out.extend_from_slice(before.as_bytes());
        out.push(octet);
        rest = &behind[length..];
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (rest, octet_and_length) in [
            ("r\\n", (b'\r', 1)),
            ("0", (0, 1)),
            ("e[2J", (0x1b, 1)),
            ("\\", (b'\\', 1)),
            ("\"", (b'"', 1)),
            ("x0a0", (b'\n', 3)),
            ("xFF", (0xff, 3)),
        ] {
            assert_eq!(octet(rest.as_bytes()), Some(octet_and_length), "{rest}");
        }
        for bad in ["", "q", "x", "x1", "x+1", "xg0", "é"] {
            assert_eq!(octet(bad.as_bytes()), None, "{bad}");
            assert_eq!(octets(&format!("a\\{bad}")), Err(bad));
        }
        assert_eq!(octets(r"é\r\n\x00\\x"), Ok(b"\xc3\xa9\r\n\0\\x".to_vec()));
    }
}
