//! DIGEST-MD5 (RFC 2831, historic by RFC 6331): directives, and the arithmetic of both sides.

pub mod client;
pub mod server;

use zeroize::Zeroizing;

use super::digest::{Hash, hex};
use super::{SaslError, shown};

/// Longer challenges are refused (RFC 2831 2.1.1).
const CHALLENGE_MAX: usize = 2048;
/// Longer answers are refused (RFC 2831 2.1.2).
const ANSWER_MAX: usize = 4096;

/// `name=value` pairs, unquoted.
#[derive(Debug, Default)]
pub struct Directives(Vec<(String, Vec<u8>)>);

impl Directives {
    /// Reads `name=value` pairs parted by commas; values may be quoted.
    ///
    /// # Errors
    /// In words, with the place.
    pub fn parse(text: &[u8]) -> Result<Self, SaslError> {
        let blank = |b: u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
        let mut found = Vec::new();
        let mut at = 0;
        loop {
            while at < text.len() && (blank(text[at]) || text[at] == b',') {
                at += 1;
            }
            if at == text.len() {
                return Ok(Self(found));
            }
            let start = at;
            while at < text.len() && !blank(text[at]) && !matches!(text[at], b'=' | b',') {
                at += 1;
            }
            let name = shown(&text[start..at]).to_ascii_lowercase();
            if at == start || text.get(at) != Some(&b'=') {
                return Err(SaslError::new(format!(
                    "a directive without \"=\" at character {}",
                    start + 1
                )));
            }
            at += 1;
            let value = if text.get(at) == Some(&b'"') {
                at += 1;
                quoted(text, &mut at)?
            } else {
                let start = at;
                while at < text.len() && !blank(text[at]) && text[at] != b',' {
                    at += 1;
                }
                text[start..at].to_vec()
            };
            found.push((name, value));
        }
    }

    /// The only value of a directive.
    ///
    /// # Errors
    /// When it stands there more than once.
    pub fn one(&self, name: &str) -> Result<Option<&[u8]>, SaslError> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(SaslError::new(format!(
                "the directive {name} stands there twice"
            )));
        }
        Ok(first)
    }

    /// All values of a directive.
    pub fn all<'a, 'b>(&'a self, name: &'b str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'b> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, value)| value.as_slice())
    }

    /// Every pair, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

fn quoted(text: &[u8], at: &mut usize) -> Result<Vec<u8>, SaslError> {
    let mut value = Vec::new();
    while let Some(&octet) = text.get(*at) {
        *at += 1;
        match octet {
            b'"' => return Ok(value),
            b'\\' => {
                let Some(&escaped) = text.get(*at) else { break };
                value.push(escaped);
                *at += 1;
            }
            _ => value.push(octet),
        }
    }
    Err(SaslError::new("a quoted value has no end"))
}

/// What goes into the digest.
struct Inputs<'a> {
    user: &'a str,
    realm: &'a str,
    password: &'a [u8],
    nonce: &'a [u8],
    cnonce: &'a str,
    authzid: &'a str,
    uri: &'a str,
    utf8: bool,
}

impl Inputs<'_> {
    /// The client's response, or with `server` the proof that the server sends back
    /// (RFC 2831 2.1.2.1 and 2.1.3): 32 hex digits.
    fn response(&self, server: bool) -> Result<String, SaslError> {
        let md5 = |parts: &[&[u8]]| Hash::Md5.digest(&Zeroizing::new(parts.join(&b':')));
        let secret = Zeroizing::new(md5(&[
            &self.octets_of(self.user.as_bytes())?,
            &self.octets_of(self.realm.as_bytes())?,
            &self.octets_of(self.password)?,
        ]));
        let mut a1 = vec![secret.as_slice(), self.nonce, self.cnonce.as_bytes()];
        if !self.authzid.is_empty() {
            a1.push(self.authzid.as_bytes());
        }
        let a1 = Zeroizing::new(hex(&md5(&a1)));
        let verb: &[u8] = if server { b"" } else { b"AUTHENTICATE" };
        let a2 = hex(&md5(&[verb, self.uri.as_bytes()]));
        Ok(hex(&md5(&[
            a1.as_bytes(),
            self.nonce,
            b"00000001",
            self.cnonce.as_bytes(),
            b"auth",
            a2.as_bytes(),
        ])))
    }

    /// ISO 8859-1 wherever it suffices, else UTF-8, which the server must have announced.
    fn octets_of(&self, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, SaslError> {
        let Ok(text) = std::str::from_utf8(text) else {
            return Ok(Zeroizing::new(text.to_vec()));
        };
        let latin: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
        match latin {
            Ok(latin) => Ok(Zeroizing::new(latin)),
            Err(_) if self.utf8 => Ok(Zeroizing::new(text.as_bytes().to_vec())),
            Err(_) => Err(SaslError::new(
                "user or password holds characters beyond ISO 8859-1, and the server does not take \
                 UTF-8",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::quote::quoted as in_quotes;

    #[test]
    fn directives() {
        let found = Directives::parse(
            b"realm=\"a \\\"b\\\"\", realm=c,,qop=\"auth,auth-int\" ,Nonce=\"x\"",
        )
        .unwrap();
        assert_eq!(
            found.all("realm").collect::<Vec<_>>(),
            [&b"a \"b\""[..], b"c"]
        );
        assert_eq!(found.one("nonce"), Ok(Some(&b"x"[..])));
        assert!(found.one("realm").is_err());
        for bad in ["realm", "=x", "a=\"b", "a=\"b\\"] {
            assert!(Directives::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text: Vec<u8>) {
            let _ = Directives::parse(&text);
        }

        #[test]
        fn what_is_quoted_is_unquoted(value: String) {
            let text = format!("x={}", in_quotes(&value));
            let found = Directives::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(found.one("x"), Ok(Some(value.as_bytes())));
        }
    }
}
