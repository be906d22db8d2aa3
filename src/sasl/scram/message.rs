//! The texts of SCRAM (RFC 5802 5 and 7): attributes `x=value`, parted by commas, in fixed order.

use crate::wire::b64;

use super::super::{SaslError, shown};
use super::ROUNDS_MAX;

/// The longest message taken: real ones are a few hundred octets.
const MESSAGE_MAX: usize = 8192;

/// What the server says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFirst {
    /// Both nonces, the client's in front.
    pub nonce: String,
    /// The salt.
    pub salt: Vec<u8>,
    /// The rounds.
    pub rounds: u32,
    /// Optional extensions, by their letters.
    pub extensions: Vec<char>,
}

/// What the server says last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerFinal {
    /// Its signature.
    Verifier(Vec<u8>),
    /// A refusal: one of `ERRORS`, or something else.
    Error(String),
}

/// Server errors and what they mean (RFC 5802 7).
pub const ERRORS: &[(&str, &str)] = &[
    ("invalid-encoding", "it could not read our message"),
    (
        "extensions-not-supported",
        "it does not know an extension that we named",
    ),
    ("invalid-proof", "the password is wrong"),
    (
        "channel-bindings-dont-match",
        "we and the server do not see the same TLS connection: something stands between",
    ),
    (
        "server-does-support-channel-binding",
        "it offers -PLUS and we were told that it does not: somebody took it off the list",
    ),
    (
        "channel-binding-not-supported",
        "it has no channel binding: use the mechanism without -PLUS",
    ),
    (
        "unsupported-channel-binding-type",
        "it knows another type of channel binding than the one used",
    ),
    ("unknown-user", "there is no such user"),
    (
        "invalid-username-encoding",
        "the user name is not prepared as it should be",
    ),
    ("no-resources", "it lacks the means just now: try later"),
    ("other-error", "it does not say what is wrong"),
];

/// What an error of the server means.
pub fn error_meaning(value: &str) -> &'static str {
    ERRORS
        .iter()
        .find(|(name, _)| *name == value)
        .map_or("an error that no RFC names", |(_, meaning)| meaning)
}

/// `,` and `=` in a name (RFC 5802 5.1).
pub fn escape(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// The name that was escaped; `None` when an `=` starts no escape.
pub fn unescape(name: &str) -> Option<String> {
    let mut parts = name.split('=');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if let Some(rest) = part.strip_prefix("2C") {
            out.push(',');
            out.push_str(rest);
        } else {
            out.push('=');
            out.push_str(part.strip_prefix("3D")?);
        }
    }
    Some(out)
}

/// One attribute.
pub type Attribute<'a> = (char, &'a str);

/// Splits a message into attributes.
///
/// # Errors
/// When it is too long, not UTF-8, or a part is no attribute; the text says which.
pub fn attributes(message: &[u8]) -> Result<Vec<Attribute<'_>>, SaslError> {
    if message.len() > MESSAGE_MAX {
        return Err(SaslError::new(format!(
            "a SCRAM message of {} octets; {MESSAGE_MAX} are taken",
            message.len()
        )));
    }
    let text =
        std::str::from_utf8(message).map_err(|_| SaslError::new("a SCRAM message is not UTF-8"))?;
    let mut found: Vec<Attribute<'_>> = Vec::new();
    for part in text.split(',') {
        let mut chars = part.chars();
        let attribute = match (chars.next(), chars.next()) {
            (Some(letter), Some('=')) if letter.is_ascii_alphabetic() => (letter, chars.as_str()),
            _ => {
                return Err(SaslError::new(format!(
                    "{:?} is no SCRAM attribute (a letter, \"=\", a value)",
                    shown(part.chars().take(40).collect::<String>())
                )));
            }
        };
        if found.iter().any(|(letter, _)| *letter == attribute.0) {
            return Err(SaslError::new(format!(
                "the attribute {}= stands there twice",
                attribute.0
            )));
        }
        found.push(attribute);
    }
    Ok(found)
}

/// Reads the server's first message: `r=…,s=…,i=…`.
///
/// # Errors
/// When it is not one; the text says where. An error of the server is one too, decoded.
pub fn server_first(message: &[u8]) -> Result<Result<ServerFirst, String>, SaslError> {
    let found = attributes(message)?;
    if let [('e', value), ..] = found.as_slice() {
        return Ok(Err((*value).to_owned()));
    }
    if found.iter().any(|(letter, _)| *letter == 'm') {
        return Err(SaslError::new(
            "the server demands an extension (m=) that is unknown here",
        ));
    }
    let [('r', nonce), ('s', salt), ('i', rounds), rest @ ..] = found.as_slice() else {
        let order: String = found.iter().map(|(letter, _)| *letter).collect();
        return Err(SaslError::new(format!(
            "the server's first message must hold r=, s=, i= in this order; it holds {order}"
        )));
    };
    let salt = b64::decode(salt.as_bytes())
        .map_err(|e| SaslError::new(format!("the server's salt is {e}")))?;
    if salt.is_empty() {
        return Err(SaslError::new("the server's salt is empty"));
    }
    Ok(Ok(ServerFirst {
        nonce: (*nonce).to_owned(),
        salt,
        rounds: parse_rounds(rounds)?,
        extensions: rest.iter().map(|(letter, _)| *letter).collect(),
    }))
}

fn parse_rounds(text: &str) -> Result<u32, SaslError> {
    let numeric = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !numeric || text.starts_with('0') {
        return Err(SaslError::new(format!(
            "the server's count of rounds is no number above zero: {:?}",
            shown(text.chars().take(40).collect::<String>())
        )));
    }
    text.parse()
        .ok()
        .filter(|&rounds| rounds <= ROUNDS_MAX)
        .ok_or_else(|| {
            SaslError::new(format!(
                "the server asks for {} rounds; more than {ROUNDS_MAX} are refused",
                text.chars().take(20).collect::<String>()
            ))
        })
}

/// Reads the server's last message: `v=…` or `e=…`.
///
/// # Errors
/// When it is neither; the text says why.
pub fn server_final(message: &[u8]) -> Result<ServerFinal, SaslError> {
    if message.is_empty() {
        return Err(SaslError::new(
            "the server sent no signature (v=): it did not prove that it knows this account",
        ));
    }
    match attributes(message)?.as_slice() {
        [('v', signature), ..] => b64::decode(signature.as_bytes())
            .map(ServerFinal::Verifier)
            .map_err(|e| SaslError::new(format!("the server's signature is {e}"))),
        [('e', value), ..] => Ok(ServerFinal::Error((*value).to_owned())),
        _ => Err(SaslError::new(
            "the server sent no signature (v=): it did not prove that it knows this account",
        )),
    }
}

/// The head of the client's first message (RFC 5801 4, RFC 5802 7): binding flag and identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gs2 {
    /// The binding flag.
    pub flag: Flag,
    /// The identity to act as.
    pub authzid: Option<String>,
    /// Octets of the header, its second comma included.
    pub octets: usize,
}

/// The channel binding flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flag {
    /// `n`: the client does not bind.
    No,
    /// `y`: the client could, and thinks that the server cannot.
    Could,
    /// `p=TYPE`: the client binds.
    Bound(String),
}

/// Reads the head of a client's first message.
///
/// # Errors
/// In words, when it is none.
pub fn gs2(message: &str) -> Result<Gs2, String> {
    let mut parts = message.splitn(3, ',');
    let flag = match parts.next() {
        Some("n") => Flag::No,
        Some("y") => Flag::Could,
        Some(bound) => match bound.strip_prefix("p=") {
            Some(kind) if !kind.is_empty() => Flag::Bound(kind.to_owned()),
            _ => return Err("the binding flag is not n, y or p=TYPE".into()),
        },
        None => return Err("the message is empty".into()),
    };
    let (Some(identity), Some(rest)) = (parts.next(), parts.next()) else {
        return Err("the two commas of the header are missing".into());
    };
    let authzid = match identity.strip_prefix("a=") {
        Some(name) => Some(unescape(name).ok_or("the identity to act as holds a bad \"=\"")?),
        None if identity.is_empty() => None,
        None => return Err("between the first commas stands neither nothing nor a=NAME".into()),
    };
    Ok(Gs2 {
        flag,
        authzid,
        octets: message.len() - rest.len(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_with_commas_and_equal_signs() {
        assert_eq!(escape("a=b,c"), "a=3Db=2Cc");
        assert_eq!(unescape("a=3Db=2Cc").as_deref(), Some("a=b,c"));
        assert_eq!(unescape("a=b"), None);
        assert_eq!(unescape("a="), None);
    }

    #[test]
    fn heads() {
        let head = gs2("p=tls-exporter,a=bob,n=user,r=x").unwrap();
        assert_eq!(head.flag, Flag::Bound("tls-exporter".into()));
        assert_eq!((head.authzid.as_deref(), head.octets), (Some("bob"), 21));
        assert_eq!(gs2("y,,n=u,r=x").unwrap().flag, Flag::Could);
        for bad in ["", "n", "n,", "x,,", "p=,,", "n,b=c,"] {
            assert!(gs2(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_a_server_says_panics(message: Vec<u8>) {
            let _ = server_first(&message);
            let _ = server_final(&message);
        }

        #[test]
        fn nothing_a_client_says_panics(message: String) {
            let _ = gs2(&message);
            if let Some(name) = unescape(&message) {
                prop_assert_eq!(unescape(&escape(&name)), Some(name));
            }
        }
    }
}
