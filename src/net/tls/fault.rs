//! What can be wrong with a certificate and with a handshake, in words.

use std::fmt;

use crate::error::{Error, Kind};

use super::legacy::Found;
use super::report::TlsReport;
use crate::net::x509::{day, expired};

/// One thing that is wrong with a certificate, by itself: a certificate may have several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertFault {
    /// Its time is over.
    Expired {
        /// Whole days since.
        days: i64,
        /// End of validity, seconds since 1970.
        on: i64,
    },
    /// Its time has not come.
    NotYetValid {
        /// Start of validity, seconds since 1970.
        from: i64,
    },
    /// An issuer in the chain has expired or is not yet valid.
    IssuerOutOfDate {
        /// Which.
        issuer: String,
        /// The end, or the start, of its validity.
        on: i64,
    },
    /// It is for other names.
    WrongName {
        /// The name that was looked for.
        expected: String,
        /// The names it has.
        names: Vec<String>,
        /// The name that stands in the subject only, where nobody looks any more.
        only_in_subject: bool,
    },
    /// It was signed with its own key and is not in the store.
    SelfSigned {
        /// The store that judged.
        store: String,
    },
    /// Its issuer is not in the store.
    UnknownIssuer {
        /// The issuer that is missing.
        issuer: String,
        /// The store that judged.
        store: String,
        /// Set when the server sent its own certificate alone: an intermediate may be missing.
        alone: bool,
        /// Where the issuer's certificate can be had.
        url: Option<String>,
    },
    /// A CA's certificate stands where a server's should.
    CaAsServer,
    /// An RSA key too short to be of use.
    WeakKey {
        /// Its size.
        bits: usize,
    },
    /// Signed with a broken hash.
    WeakSignature {
        /// Whose certificate.
        whose: String,
        /// The algorithm.
        algorithm: String,
    },
    /// An X.509 version other than 3.
    OldVersion(u32),
    /// Not meant for servers.
    WrongPurpose {
        /// What it is meant for.
        purposes: Vec<String>,
    },
    /// A signature in the chain does not fit.
    BadSignature,
    /// Cannot be read.
    Unreadable,
    /// No pin fits.
    PinMismatch {
        /// The pin that would have fitted.
        has: String,
    },
    /// There is no name to check it against.
    NoName,
    /// Anything else, in the library's words.
    Other(String),
}

impl CertFault {
    /// True when the handshake itself cannot be checked with such a certificate, so that nothing can
    /// go on without `--insecure`.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::WeakKey { .. }
                | Self::OldVersion(_)
                | Self::Unreadable
                | Self::WeakSignature { .. }
        )
    }
}

impl CertFault {
    /// The option that is the answer to it, and when; `None` where there is none but `--insecure`.
    pub fn way_on(&self) -> Option<String> {
        match self {
            Self::SelfSigned { .. } | Self::UnknownIssuer { .. } => {
                Some("--ca-file FILE if you have the issuer's certificate".to_owned())
            }
            Self::WrongName { names, .. } => {
                let plain = names.iter().find(|name| !name.contains('*'));
                let name = plain.map_or("NAME", String::as_str);
                Some(format!("--expect-name {name} if that is whom you mean"))
            }
            Self::PinMismatch { has } => Some(format!("--pin {has} if its key was to change")),
            _ => None,
        }
    }
}

impl fmt::Display for CertFault {
    /// A clause that fits behind "because".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { days, on } => write!(f, "it {} ({})", expired(*days), day(*on)),
            Self::NotYetValid { from } => write!(f, "it is not valid before {}", day(*from)),
            Self::IssuerOutOfDate { issuer, on } => {
                write!(f, "its issuer \"{issuer}\" is out of date ({})", day(*on))
            }
            Self::WrongName {
                expected,
                names,
                only_in_subject,
            } => {
                write!(f, "it is not for {expected} but for ")?;
                f.write_str(&listed(names))?;
                if *only_in_subject {
                    f.write_str(" (the name stands in the subject only, which does not count)")?;
                }
                Ok(())
            }
            Self::SelfSigned { store } => write!(f, "it is signed by itself and not among {store}"),
            Self::UnknownIssuer {
                issuer,
                store,
                alone,
                url,
            } => {
                write!(f, "its issuer \"{issuer}\" is not among {store}")?;
                if *alone {
                    f.write_str(" (the server sent no certificate but its own; one in between may be missing")?;
                    if let Some(url) = url {
                        write!(f, ", see {url}")?;
                    }
                    f.write_str(")")?;
                }
                Ok(())
            }
            Self::CaAsServer => f.write_str("it is a CA's certificate, not a server's"),
            Self::WeakKey { bits } => {
                write!(f, "its RSA key of {bits} bits is too short (2048 at least)")
            }
            Self::WeakSignature { whose, algorithm } => {
                write!(f, "{whose} is signed with {algorithm}, which is broken")
            }
            Self::OldVersion(version) => write!(
                f,
                "it is an X.509 version {version} certificate (3 is in use)"
            ),
            Self::WrongPurpose { purposes } if purposes.is_empty() => {
                f.write_str("it is not meant for servers")
            }
            Self::WrongPurpose { purposes } => {
                write!(
                    f,
                    "it is not meant for servers but for {}",
                    listed(purposes)
                )
            }
            Self::BadSignature => f.write_str("a signature in its chain does not fit"),
            Self::Unreadable => f.write_str("it cannot be read"),
            Self::PinMismatch { has } => write!(f, "no --pin fits its key, which is {has}"),
            Self::NoName => {
                f.write_str("there is no name to check it against (--expect-name NAME)")
            }
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// Words in a row, of which there may be many.
fn listed(words: &[String]) -> String {
    const SHOWN: usize = 8;
    if words.is_empty() {
        return "no name at all".into();
    }
    let mut out = words
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    if words.len() > SHOWN {
        out.push_str(&format!(" and {} more", words.len() - SHOWN));
    }
    out
}

/// Why there is no TLS.
#[derive(Clone, Debug)]
pub enum TlsFault {
    /// The handshake is done, or was ended by us, and the certificate is not trusted. The connection
    /// carries nothing until `Conn::go_on_untrusted`.
    Untrusted(Box<TlsReport>),
    /// The other side does not speak TLS: what it said instead, safe to show, and what that is.
    Plaintext {
        /// Its first line.
        said: String,
        /// The protocol that begins so.
        protocol: Option<&'static str>,
    },
    /// The other side said yes to TLS and spoke on in the clear: its first line there, safe to show.
    StayedClear(String),
    /// The other side ended the handshake with an alert.
    Alert {
        /// The alert's number.
        code: u8,
        /// Its name in the RFCs.
        name: String,
    },
    /// The two sides have no version or cipher in common.
    NothingInCommon(String),
    /// The server speaks old TLS only: what it would choose.
    Old(Found),
    /// The server wants a client certificate.
    CertificateRequired,
    /// The connection ended during the handshake.
    Closed,
    /// The network failed.
    Io(String),
    /// Anything else, in the library's words.
    Other(String),
}

impl TlsFault {
    /// True when asking the server with an old ClientHello may tell what it does speak
    /// (`tls::legacy`).
    pub fn may_be_old(&self) -> bool {
        match self {
            // handshake_failure, protocol_version, insufficient_security
            Self::Alert { code, .. } => matches!(code, 40 | 70 | 71),
            Self::NothingInCommon(_) | Self::Closed => true,
            _ => false,
        }
    }

    /// The same after a go-ahead for TLS, where text in the clear is no wrong port.
    pub fn behind_go_ahead(self) -> Self {
        match self {
            Self::Plaintext { said, .. } => Self::StayedClear(said),
            other => other,
        }
    }

    /// As an error with what helps, exit code 4.
    pub fn to_error(&self) -> Error {
        let error = Error::new(Kind::Tls, self.to_string());
        match self {
            Self::Untrusted(report) => {
                let ways = report.ways_on().into_iter().enumerate();
                ways.fold(error, |error, (n, way)| {
                    error.hint(if n == 0 { "to go on" } else { "" }, way)
                })
            }
            Self::Plaintext {
                protocol: Some(_), ..
            } => error.hint(
                "try",
                "without --tls: the connection starts in the clear, --starttls secures it",
            ),
            Self::Plaintext { .. } => {
                error.hint("try", "another port: this one does not speak TLS at once")
            }
            Self::Old(found) => found.hints(error),
            Self::CertificateRequired => error.hint("try", "--cert FILE --key FILE"),
            Self::Alert { code: 120, .. } => error.hint(
                "try",
                "without --alpn, or with the one id that the server knows",
            ),
            Self::Alert { code: 112, .. } => {
                error.hint("try", "--sni NAME with a name that the server knows")
            }
            _ => error,
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untrusted(report) => {
                write!(f, "the certificate of {} is not trusted", report.expected)?;
                for (n, fault) in report.faults().iter().enumerate() {
                    f.write_str(if n == 0 { ": " } else { ", and " })?;
                    write!(f, "{fault}")?;
                }
                Ok(())
            }
            Self::Plaintext {
                said,
                protocol: Some(protocol),
            } => {
                write!(
                    f,
                    "plaintext where TLS was expected: this is {protocol} in the clear (\"{said}\")"
                )
            }
            Self::Plaintext {
                said,
                protocol: None,
            } => {
                write!(f, "plaintext where TLS was expected (\"{said}\")")
            }
            Self::StayedClear(said) => write!(
                f,
                "plaintext behind the go-ahead for TLS, from the server or from somebody in between (\"{said}\")"
            ),
            Self::Alert { code, name } => {
                write!(
                    f,
                    "the server ended the TLS handshake with alert {code}, {name}"
                )?;
                match code {
                    40 => f.write_str(" (no cipher or key exchange in common, as a rule)"),
                    70 => f.write_str(" (it speaks none of the TLS versions offered)"),
                    120 => f.write_str(" (it accepts none of the ALPN ids offered)"),
                    112 => f.write_str(" (it does not know the name that was sent)"),
                    42..=46 | 48 => f.write_str(" (it does not accept the client certificate)"),
                    _ => Ok(()),
                }
            }
            Self::NothingInCommon(what) => write!(f, "no TLS version or cipher in common: {what}"),
            Self::Old(found) => {
                write!(
                    f,
                    "the server speaks no TLS that is safe today: it would choose {found}"
                )
            }
            Self::CertificateRequired => f.write_str("the server requires a client certificate"),
            Self::Closed => {
                f.write_str("the server closed the connection during the TLS handshake")
            }
            Self::Io(what) => write!(f, "the TLS handshake broke off: {what}"),
            Self::Other(what) => write!(f, "the TLS handshake failed: {what}"),
        }
    }
}

impl std::error::Error for TlsFault {}
