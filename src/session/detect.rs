//! Which protocol a greeting speaks, when neither scheme nor port told.

use crate::proto::{self, Protocol};

/// No greeting of any protocol needs more than this to be told from another.
const ENOUGH: usize = 8;

/// Adds `more` to the greeting and says which protocol it is, and whether that is certain yet.
///
/// `220` cannot tell LMTP from SMTP, so it is SMTP. What no mail protocol says goes to SMTP too,
/// whose engine names the strangers.
pub fn from_greeting(greeting: &mut Vec<u8>, more: &[u8]) -> (&'static Protocol, bool) {
    greeting.extend_from_slice(more);
    let name = match greeting.as_slice() {
        [b'*', b' ', ..] => "imap",
        [b'+', b'O', b'K', ..] | [b'-', b'E', b'R', b'R', ..] => "pop3",
        _ => "smtp",
    };
    let certain = name != "smtp" || greeting.len() >= ENOUGH || greeting.contains(&b'\n');
    let protocol = proto::protocol(name).unwrap_or(proto::PROTOCOLS[0]);
    (protocol, certain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(text: &[u8], chunk: usize) -> (&'static str, bool) {
        let mut greeting = Vec::new();
        let mut last = ("", false);
        for part in text.chunks(chunk) {
            let (protocol, certain) = from_greeting(&mut greeting, part);
            last = (protocol.name, certain);
            if certain {
                break;
            }
        }
        last
    }

    #[test]
    fn greetings_in_any_cut() {
        for chunk in [1, 2, 7, 100] {
            assert_eq!(spoken(b"220 mail ESMTP\r\n", chunk), ("smtp", true));
            assert_eq!(spoken(b"554 no\r\n", chunk), ("smtp", true));
            assert_eq!(spoken(b"+OK ready <1@x>\r\n", chunk), ("pop3", true));
            assert_eq!(spoken(b"-ERR busy\r\n", chunk), ("pop3", true));
            assert_eq!(spoken(b"* PREAUTH hi\r\n", chunk), ("imap", true));
            assert_eq!(spoken(b"SSH-2.0-x\r\n", chunk), ("smtp", true));
        }
        assert_eq!(spoken(b"22", 1), ("smtp", false));
    }
}
