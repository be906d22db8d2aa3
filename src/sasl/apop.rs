//! POP3 `APOP` (RFC 1939 7): MD5 of the greeting's timestamp and the shared secret.

use super::digest::{Hash, hex};
use crate::wire::secret::Secret;

/// The timestamp of a greeting, angle brackets included, if there is one that can be trusted as a
/// message id: printable ASCII with one `@` (made-up ones helped to guess passwords, RFC 6151 1).
pub fn timestamp(greeting: &[u8]) -> Option<&[u8]> {
    let open = greeting.iter().position(|&b| b == b'<')?;
    let length = greeting[open..].iter().position(|&b| b == b'>')?;
    let found = &greeting[open..=open + length];
    let inside = &found[1..found.len() - 1];
    let sides: Vec<&[u8]> = inside.split(|&b| b == b'@').collect();
    let plain = inside.iter().all(|b| b.is_ascii_graphic() && *b != b'<');
    (plain && sides.len() == 2 && sides.iter().all(|s| !s.is_empty())).then_some(found)
}

/// The digest: 32 lower-case hex digits.
pub fn digest(timestamp: &[u8], secret: &Secret) -> Secret {
    let both = Secret::new([timestamp, secret.expose()].concat());
    Secret::new(hex(&Hash::Md5.digest(both.expose())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn example_of_rfc_1939() {
        let greeting = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>";
        let timestamp = timestamp(greeting).unwrap();
        assert_eq!(timestamp, b"<1896.697170952@dbc.mtview.ca.us>");
        assert_eq!(
            digest(timestamp, &Secret::new("tanstaaf")).expose(),
            b"c4c9334bac560ecc979e58001b3e22fb"
        );
    }

    #[test]
    fn greetings_without_a_usable_timestamp() {
        for greeting in [
            &b"+OK ready"[..],
            b"+OK <>",
            b"+OK <abc>",
            b"+OK <a@b",
            b"+OK <a@b@c>",
            b"+OK <@b>",
            b"+OK <a\xff@b>",
            b"+OK <a b@c>",
        ] {
            assert_eq!(
                timestamp(greeting),
                None,
                "{}",
                String::from_utf8_lossy(greeting)
            );
        }
    }
}
