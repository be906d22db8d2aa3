//! SCRAM (RFC 5802, RFC 7677), once for every hash: the arithmetic, and what both sides share.

pub mod client;
pub mod message;
pub mod server;

use zeroize::Zeroizing;

use super::digest::Hash;

/// Fewer rounds are told as a warning (RFC 7677 4).
pub const ROUNDS_ADVISED: u32 = 4096;
/// More are refused: the server would choose how long we compute.
pub const ROUNDS_MAX: u32 = 1_000_000;

/// The hash of a mechanism name.
fn hash_of(name: &str) -> Option<Hash> {
    match name.strip_suffix("-PLUS").unwrap_or(name) {
        "SCRAM-SHA-1" => Some(Hash::Sha1),
        "SCRAM-SHA-256" => Some(Hash::Sha256),
        "SCRAM-SHA-512" => Some(Hash::Sha512),
        _ => None,
    }
}

/// What both sides compute from password, salt, rounds and the messages (RFC 5802 3).
struct Keys {
    hash: Hash,
    client: Zeroizing<Vec<u8>>,
    server: Zeroizing<Vec<u8>>,
}

impl Keys {
    fn new(hash: Hash, password: &[u8], salt: &[u8], rounds: u32) -> Self {
        let salted = hash.pbkdf2(password, salt, rounds);
        Self {
            hash,
            client: hash.hmac(&salted, b"Client Key"),
            server: hash.hmac(&salted, b"Server Key"),
        }
    }

    fn proof(&self, auth_message: &[u8]) -> Zeroizing<Vec<u8>> {
        let stored = Zeroizing::new(self.hash.digest(&self.client));
        let signature = self.hash.hmac(&stored, auth_message);
        Zeroizing::new(
            self.client
                .iter()
                .zip(signature.iter())
                .map(|(a, b)| a ^ b)
                .collect(),
        )
    }

    fn server_signature(&self, auth_message: &[u8]) -> Zeroizing<Vec<u8>> {
        self.hash.hmac(&self.server, auth_message)
    }
}
