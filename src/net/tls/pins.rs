//! `--pin sha256:…`: this key, or this certificate, and no other.

use crate::error::Error;
use crate::net::x509::CertInfo;
use crate::wire::b64;
use crate::wire::show::{Charset, show};

/// The SHA-256 of a public key or of a whole certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Reads `sha256:` and hexadecimal digits (colons allowed), or base64 as others write pins.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let shown = show(text.as_bytes(), Charset::Unicode);
        let wrong = || {
            Error::usage(format!("\"{shown}\" is no pin")).hint(
                "write",
                "sha256: and 64 hexadecimal digits (colons allowed) or 44 characters of base64",
            )
        };
        // curl writes sha256//BASE64.
        let digest = text
            .strip_prefix("sha256//")
            .or_else(|| text.strip_prefix("sha256:"))
            .ok_or_else(wrong)?;
        let octets = hex(digest)
            .or_else(|| b64::decode(digest.as_bytes()).ok())
            .ok_or_else(wrong)?;
        octets.try_into().map(Self).map_err(|_| wrong())
    }

    /// True when this is the pin of the certificate or of its key.
    pub(super) fn fits(&self, cert: &CertInfo) -> bool {
        self.0 == cert.fingerprint || (!cert.unreadable && self.0 == cert.spki)
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b':').collect();
    if digits.len() != 64 {
        return None;
    }
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    digits
        .chunks(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_in_each_spelling() {
        let plain = Pin::parse(&format!("sha256:{}", "0a".repeat(32))).unwrap();
        let colons = Pin::parse(&format!("sha256:{}", ["0A"; 32].join(":"))).unwrap();
        let base64 = Pin::parse(&format!("sha256//{}", b64::encode(&[10; 32]))).unwrap();
        assert!(plain == colons && plain == base64);
        for bad in ["", "sha1:00", "sha256:", "sha256:zz", "sha256:0a0a", "0a0a"] {
            assert!(Pin::parse(bad).is_err(), "{bad}");
        }
    }
}
