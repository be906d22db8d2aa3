//! The one door to the system's random numbers: nonces for SASL, ids for the practice server.
//!
//! Engines and mechanisms take what is drawn here as an argument and never draw themselves.

use crate::error::{Error, Result};
use crate::wire::b64;

/// `N` random octets.
///
/// # Errors
/// When the system has none to give.
pub fn octets<const N: usize>() -> Result<[u8; N]> {
    let mut out = [0; N];
    getrandom::fill(&mut out)
        .map_err(|e| Error::local(format!("the system gives no random numbers: {e}")))?;
    Ok(out)
}

/// Fills a buffer, for those who cannot be told of a failure: where the system has no random numbers
/// the program ends, since nothing it would make up could be trusted.
///
/// # Panics
/// When the system has no random numbers to give.
pub fn fill(buf: &mut [u8]) {
    getrandom::fill(buf).expect("the system gives random numbers");
}

/// A nonce of 24 printable characters without a comma (RFC 5802 5.1), from 18 random octets.
///
/// # Errors
/// When the system has no random numbers to give.
pub fn nonce() -> Result<String> {
    Ok(b64::encode(&octets::<18>()?))
}

/// Sixteen hex digits, for names of files and messages.
pub fn token() -> String {
    let octets = octets::<8>().unwrap_or_default();
    octets.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_printable_and_differ() {
        let (a, b) = (nonce().unwrap(), nonce().unwrap());
        assert_eq!(a.len(), 24);
        assert!(a.bytes().all(|c| c.is_ascii_graphic() && c != b','));
        assert_ne!(a, b);
    }
}
