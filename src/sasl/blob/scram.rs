//! The messages of SCRAM (RFC 5802), and the header that OAUTHBEARER shares with it.

use super::Blob;
use crate::sasl::octets as count;
use crate::sasl::scram::message::{Attribute, Flag, attributes, error_meaning, gs2, unescape};
use crate::wire::b64;

pub(super) fn message(octets: &[u8]) -> Option<Blob> {
    let text = std::str::from_utf8(octets).ok()?;
    if let Ok(head) = gs2(text) {
        let bare = &text.as_bytes()[head.octets..];
        if let Ok(found) = attributes(bare)
            && let [('n', name), ('r', nonce), ..] = found.as_slice()
        {
            let blob = flag(Blob::new("SCRAM, the client's first message"), &head.flag);
            return Some(
                blob.field(
                    "authorise as",
                    head.authzid.unwrap_or_default(),
                    "empty leaves it to the server",
                )
                .field("user", unescape(name).unwrap_or_else(|| (*name).into()), "")
                .field("client nonce", nonce, "new each time"),
            );
        }
    }
    let found = attributes(octets).ok()?;
    match found.as_slice() {
        [('r', nonce), ('s', salt), ('i', rounds), ..] => Some(
            Blob::new("SCRAM, the server's first message")
                .field("nonces", nonce, "the client's, extended by the server's")
                .field("salt", salt, salt_note(salt))
                .field("rounds", rounds, "of PBKDF2; RFC 7677 wants 4096 at least"),
        ),
        [('c', bound), ('r', nonce), rest @ ..] => Some(client_final(bound, nonce, rest)),
        [('v', signature)] => Some(Blob::new("SCRAM, the server's last message").secret(
            "signature",
            signature,
            "proves that it holds the account's key",
        )),
        [('e', error)] => {
            Some(Blob::new("SCRAM, the server refuses").field("error", error, error_meaning(error)))
        }
        _ => None,
    }
}

fn salt_note(salt: &str) -> &'static str {
    match b64::decode(salt.as_bytes()) {
        Ok(_) => "kept with the account",
        Err(_) => "damaged: not base64",
    }
}

fn client_final(bound: &str, nonce: &str, rest: &[Attribute<'_>]) -> Blob {
    let mut blob = Blob::new("SCRAM, the client's last message");
    let decoded = b64::decode(bound.as_bytes()).ok();
    let text = decoded.as_deref().map(String::from_utf8_lossy);
    blob = match text.as_deref().map(gs2) {
        Some(Ok(head)) => {
            let data = decoded
                .as_deref()
                .map_or(0, <[u8]>::len)
                .saturating_sub(head.octets);
            let blob = flag(blob, &head.flag);
            if data == 0 {
                blob
            } else {
                blob.field("binding data", count(data), "of this TLS connection")
            }
        }
        _ => blob.field("binding", bound, "damaged: no header in base64"),
    };
    blob = blob.field("nonces", nonce, "as the server sent them");
    for (letter, value) in rest {
        blob = match letter {
            'p' => blob.secret(
                "proof",
                value,
                "made from password, salt, rounds; can be guessed at",
            ),
            _ => blob.field(&letter.to_string(), value, "an extension"),
        };
    }
    blob
}

pub(super) fn flag(blob: Blob, flag: &Flag) -> Blob {
    match flag {
        Flag::No => blob.field("binding", "n", "none"),
        Flag::Could => blob.field("binding", "y", "the client could, the server seems unable"),
        Flag::Bound(kind) => blob.field(
            "binding",
            format!("p={kind}"),
            "counts on that TLS connection only",
        ),
    }
}
