//! The name a certificate must carry, and the name that is sent (RFC 9525, RFC 6066 3).
//!
//! It is the name the user gave, never one that a server, DNS or a banner came up with. An address
//! is matched against iPAddress entries only and sends no SNI. A trailing dot is DNS syntax, not
//! part of the name.

use std::fmt;
use std::net::IpAddr;

use tokio_rustls::rustls::pki_types::ServerName;

use crate::error::Error;
use crate::net::idna;
use crate::wire::show::{Charset, show};

/// A name to check or to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A DNS name in A-label form, lower case, without a trailing dot.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Name {
    /// Reads what the user gave: a host name, an address, `[v6]`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bare = text
            .strip_prefix('[')
            .and_then(|t| t.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self::Ip(ip));
        }
        let shown = show(text.as_bytes(), Charset::Unicode);
        let name = idna::to_ascii(text)?;
        let name = name.strip_suffix('.').unwrap_or(&name).to_ascii_lowercase();
        match ServerName::try_from(name.as_str()) {
            Ok(ServerName::DnsName(_)) => Ok(Self::Dns(name)),
            _ => Err(Error::usage(format!("\"{shown}\" is no host name"))),
        }
    }

    pub(super) fn to_rustls(&self) -> ServerName<'static> {
        match self {
            Self::Dns(name) => {
                ServerName::try_from(name.clone()).expect("parse() let only DNS names through")
            }
            Self::Ip(ip) => ServerName::IpAddress((*ip).into()),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(ip) => write!(f, "{ip}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_names() {
        let dns = |name: &str| Name::Dns(name.to_owned());
        assert_eq!(
            Name::parse("Mail.Example.org.").unwrap(),
            dns("mail.example.org")
        );
        assert_eq!(
            Name::parse("Bücher.example").unwrap(),
            dns("xn--bcher-kva.example")
        );
        assert_eq!(Name::parse("localhost").unwrap(), dns("localhost"));
        assert_eq!(
            Name::parse("[::1]").unwrap(),
            Name::Ip("::1".parse().unwrap())
        );
        assert_eq!(
            Name::parse("192.0.2.1").unwrap(),
            Name::Ip("192.0.2.1".parse().unwrap())
        );
        for bad in ["", ".", "a b", "a\0b", "a\u{1b}[2J", &"a".repeat(64)] {
            let error = Name::parse(bad).unwrap_err().to_string();
            assert!(
                !error.contains('\u{1b}') && !error.contains('\0'),
                "{error}"
            );
        }
    }
}
