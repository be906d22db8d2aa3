//! The one door to the hash functions: HMAC, PBKDF2, MD5, SHA-1, SHA-256, SHA-512.
//!
//! MD5 and SHA-1 are here because mail servers still ask for them (RFC 2195, RFC 2831, RFC 5802),
//! never as a choice of our own.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// RFC 1321.
    Md5,
    /// RFC 3174.
    Sha1,
    /// RFC 6234.
    Sha256,
    /// RFC 6234.
    Sha512,
}

impl Hash {
    /// Octets of a digest.
    pub const fn octets(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The digest of `data`.
    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => Md5::digest(data).to_vec(),
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    /// HMAC of `data` under `key` (RFC 2104).
    pub fn hmac(self, key: &[u8], data: &[u8]) -> Zeroizing<Vec<u8>> {
        fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
            // HMAC takes a key of any length; the error exists for other constructions.
            M::new_from_slice(key).map_or_else(
                |_| Vec::new(),
                |m| m.chain_update(data).finalize().into_bytes().to_vec(),
            )
        }
        Zeroizing::new(match self {
            Self::Md5 => mac::<Hmac<Md5>>(key, data),
            Self::Sha1 => mac::<Hmac<Sha1>>(key, data),
            Self::Sha256 => mac::<Hmac<Sha256>>(key, data),
            Self::Sha512 => mac::<Hmac<Sha512>>(key, data),
        })
    }

    /// PBKDF2 with HMAC, one block long (RFC 8018 5.2): what SCRAM calls `Hi`.
    pub fn pbkdf2(self, password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(vec![0; self.octets()]);
        match self {
            Self::Md5 => pbkdf2::pbkdf2_hmac::<Md5>(password, salt, rounds, &mut out),
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut out),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut out),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut out),
        }
        out
    }
}

/// Lower-case hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    octets
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

/// Compares without telling by its time where the first difference is.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y));
    a.len() == b.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // RFC 1321 A.5, RFC 3174 7.3, RFC 6234 8.5, RFC 2202 2, RFC 6070.
        assert_eq!(
            hex(&Hash::Md5.digest(b"abc")),
            "900150983cd24fb0d6963f7d28e17f72"
        );
        assert_eq!(
            hex(&Hash::Sha1.digest(b"abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert!(hex(&Hash::Sha256.digest(b"abc")).starts_with("ba7816bf8f01cfea"));
        assert!(hex(&Hash::Sha512.digest(b"abc")).starts_with("ddaf35a193617aba"));
        assert_eq!(
            hex(&Hash::Md5.hmac(b"Jefe", b"what do ya want for nothing?")),
            "750c783e6ab0b503eaa86e310a5db738"
        );
        assert_eq!(
            hex(&Hash::Sha1.pbkdf2(b"password", b"salt", 2)),
            "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"
        );
    }

    #[test]
    fn lengths_count() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abcd") && !same(b"abc", b"abd"));
        assert!(same(b"", b""));
    }
}
