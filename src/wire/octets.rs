//! Counted strings: the `{n}` at the end of a line (RFC 9051 4.3, RFC 7888, RFC 3516).

/// A literal's announcement at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// How many octets follow the line end.
    pub octets: u64,
    /// True for `{n+}` and `{n-}`: the octets follow at once, no go-ahead is waited for.
    pub at_once: bool,
    /// True for `~{n}`: a literal8, which may hold NUL.
    pub binary: bool,
    /// Where in the line the announcement begins (the `~` or the `{`).
    pub at: usize,
}

/// The braces at the end of a line hold something that is no octet count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCount;

/// What the end of `line` announces, if it ends like a literal at all.
///
/// `{-1}`, `{}` and counts above 2^63-1 are `BadCount`; a line that ends in other braces is just
/// text and gives `None`.
pub fn announced(line: &[u8]) -> Result<Option<Announced>, BadCount> {
    let Some(body) = line.strip_suffix(b"}") else {
        return Ok(None);
    };
    // Looked at from the end: what stands before the braces may be long.
    let count = body.iter().rev();
    let count = count.take_while(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-'));
    let (before, inside) = body.split_at(body.len() - count.count());
    let Some((b'{', before)) = before.split_last() else {
        return Ok(None);
    };
    let open = before.len();
    let (digits, at_once) = match inside
        .strip_suffix(b"+")
        .or_else(|| inside.strip_suffix(b"-"))
    {
        Some(digits) => (digits, true),
        None => (inside, false),
    };
    let numeric = digits.strip_prefix(b"-").unwrap_or(digits);
    if !numeric.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    let count = std::str::from_utf8(digits)
        .ok()
        .and_then(|d| d.parse::<u64>().ok());
    let octets = count
        .filter(|&n| i64::try_from(n).is_ok())
        .ok_or(BadCount)?;
    let binary = open > 0 && line[open - 1] == b'~';
    Ok(Some(Announced {
        octets,
        at_once,
        binary,
        at: open - usize::from(binary),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements() {
        let plain = Announced {
            octets: 66,
            at_once: false,
            binary: false,
            at: 4,
        };
        assert_eq!(announced(b"a b {66}"), Ok(Some(plain)));
        assert_eq!(
            announced(b"a b {66+}"),
            Ok(Some(Announced {
                at_once: true,
                ..plain
            }))
        );
        let eight = Announced {
            octets: 2,
            at_once: false,
            binary: true,
            at: 2,
        };
        assert_eq!(announced(b"x ~{2}"), Ok(Some(eight)));
        assert_eq!(announced(b"nothing"), Ok(None));
        assert_eq!(announced(b"text {name}"), Ok(None));
        for none in ["}", "1}", "{1+2}", "{++}", "{ 1}", "x1}", "{1}}"] {
            assert_eq!(announced(none.as_bytes()), Ok(None), "{none}");
        }
    }

    #[test]
    fn impossible_counts() {
        for line in [
            "{}",
            "{-1}",
            "{18446744073709551615}",
            "{9223372036854775808}",
            "{111111111111111111111}",
        ] {
            assert_eq!(announced(line.as_bytes()), Err(BadCount), "{line}");
        }
        assert!(announced(b"{9223372036854775807}").unwrap().is_some());
    }
}
