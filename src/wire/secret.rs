//! A value that must not be seen: it masks itself in every output and is wiped when dropped.

use std::fmt;

use zeroize::Zeroizing;

/// Where a password may come from; programs that are started do not get it.
pub const PASSWORD_VARIABLE: &str = "EHLO_PASSWORD";

/// What stands in the place of a secret, everywhere and whatever its length.
pub const MASK: &str = "••••";

/// Secret octets. `Debug` and `Display` print the mask; `expose` is the only way in.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over octets that are secret from here on.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(octets.into()))
    }

    /// The octets themselves: for the wire and for arithmetic, never for an output.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// True when there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A text with one mask for all that `spans` (from, to) cover; those that overlap or touch are one.
pub fn cover(text: &[u8], mut spans: Vec<(usize, usize)>) -> Vec<u8> {
    spans.sort_unstable();
    let mut out = Vec::with_capacity(text.len());
    let mut told = 0;
    for (at, &(from, to)) in spans.iter().enumerate() {
        if at == 0 || from > told {
            out.extend_from_slice(&text[told..from]);
            out.extend_from_slice(MASK.as_bytes());
        }
        told = told.max(to);
    }
    out.extend_from_slice(&text[told..]);
    out
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_are_masked_as_one() {
        let covered = |spans: &[(usize, usize)]| {
            String::from_utf8(cover(b"a passphrase b", spans.to_vec())).unwrap()
        };
        assert_eq!(covered(&[]), "a passphrase b");
        assert_eq!(covered(&[(2, 6), (2, 12)]), "a •••• b");
        assert_eq!(covered(&[(5, 12), (2, 6), (3, 4)]), "a •••• b");
        assert_eq!(covered(&[(0, 1), (13, 14)]), "•••• passphrase ••••");
        assert_eq!(covered(&[(0, 14)]), "••••");
    }

    #[test]
    fn every_format_masks() {
        let secret = Secret::new("wonderland");
        assert_eq!(
            format!("{secret} {secret:?} {:?}", Some(&secret)),
            "•••• •••• Some(••••)"
        );
    }
}
