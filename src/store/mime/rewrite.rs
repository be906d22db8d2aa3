//! Binary parts as base64, so that every client can fetch them (RFC 3516 4.4).

use memchr::memchr;

use super::decode::Encoding;
use super::fields;
use super::part::{Inside, Part};
use crate::wire::b64;

/// Octets that become one line of base64.
const LINE: usize = 57;

/// The message with its binary parts in base64; `None` when a NUL stands elsewhere.
pub fn without_binary(octets: Vec<u8>) -> Option<Vec<u8>> {
    if memchr(0, &octets).is_none() {
        return Some(octets);
    }
    let root = Part::parse(&octets);
    let mut out = Vec::with_capacity(octets.len() / 3 * 4 + 1024);
    let mut copied = 0;
    rewrite(&octets, &root, &mut copied, &mut out);
    out.extend_from_slice(&octets[copied..]);
    memchr(0, &out).is_none().then_some(out)
}

fn rewrite(octets: &[u8], part: &Part, copied: &mut usize, out: &mut Vec<u8>) {
    match &part.inside {
        Inside::Parts(parts) => {
            for inner in parts {
                rewrite(octets, inner, copied, out);
            }
        }
        Inside::Message(inner) => rewrite(octets, inner, copied, out),
        Inside::Leaf => leaf(octets, part, copied, out),
    }
}

fn leaf(octets: &[u8], part: &Part, copied: &mut usize, out: &mut Vec<u8>) {
    let header = part.header_of(octets);
    let encoding = fields(header).find(|f| f.is(b"content-transfer-encoding"));
    let binary = encoding.filter(|f| Encoding::name(f.value).eq_ignore_ascii_case(b"binary"));
    let Some(field) = binary else {
        return;
    };
    // The field is a slice of the header, so its place is how far they begin apart.
    let offset = field.whole.as_ptr() as usize - header.as_ptr() as usize;
    let at = part.header.start + offset;
    out.extend_from_slice(&octets[*copied..at]);
    out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n");
    out.extend_from_slice(&octets[at + field.whole.len()..part.body.start]);
    for line in part.body_of(octets).chunks(LINE) {
        out.extend_from_slice(b64::encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    *copied = part.body.end;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_part_becomes_base64() {
        let message =
            b"Content-Type: a/b\r\nContent-Transfer-Encoding: binary\r\nX: y\r\n\r\n\0\x01";
        let out = without_binary(message.to_vec()).unwrap();
        assert_eq!(
            out,
            b"Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\nX: y\r\n\r\nAAE=\r\n"
        );
        let commented = b"Content-Transfer-Encoding: (c)\r\n binary;\r\n\r\n\0\x01";
        assert_eq!(
            without_binary(commented.to_vec()).unwrap(),
            b"Content-Transfer-Encoding: base64\r\n\r\nAAE=\r\n"
        );
        assert_eq!(without_binary(b"A: b\r\n\r\n\0".to_vec()), None);
        assert_eq!(without_binary(b"plain".to_vec()), Some(b"plain".to_vec()));
    }
}
