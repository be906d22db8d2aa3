//! Every mechanism as one row: how strong it is, what it asks for, whether it is spoken here.

use super::server::{Setup, Verifier};
use super::{
    Binding, Credentials, Mechanism, SaslError, cram_md5, digest_md5, login, oauth, plain, scram,
    shown,
};

/// What a mechanism asks a person for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// A user name and a password.
    Password,
    /// A user name and an access token.
    Token,
    /// Nothing, or an identity to act as; a TLS client certificate says who it is.
    Certificate,
    /// A trace: an address or a nickname, by custom.
    Trace,
}

/// A mechanism.
#[derive(Debug)]
pub struct Row {
    /// The registered name, in capitals.
    pub name: &'static str,
    /// How strong, for `choose`: the higher the better; 0 is never chosen.
    pub strength: u8,
    /// True when the first message is the client's.
    pub client_first: bool,
    /// True when what goes out can be read or used again by whoever sees it.
    pub clear_credential: bool,
    /// True when it binds to the TLS connection.
    pub plus: bool,
    /// What it asks for.
    pub asks: Asks,
    /// One clause on what it does.
    pub summary: &'static str,
    /// Why it is not spoken here and what to use instead; `None` when it is spoken.
    pub not_spoken: Option<&'static str>,
    /// Where it is defined.
    pub rfc: &'static str,
}

impl Row {
    /// True when this program speaks it.
    pub const fn spoken(&self) -> bool {
        self.not_spoken.is_none()
    }
}

const fn spoken(name: &'static str, strength: u8, asks: Asks, rfc: &'static str) -> Row {
    Row {
        name,
        strength,
        client_first: true,
        clear_credential: false,
        plus: false,
        asks,
        summary: "",
        not_spoken: None,
        rfc,
    }
}

const fn known(
    name: &'static str,
    rfc: &'static str,
    summary: &'static str,
    why: &'static str,
) -> Row {
    Row {
        not_spoken: Some(why),
        summary,
        ..spoken(name, 0, Asks::Password, rfc)
    }
}

/// Every mechanism, the strongest first, then those that are only known.
pub static MECHANISMS: &[Row] = &[
    Row {
        plus: true,
        summary: "salted challenge and response with SHA-512, bound to the TLS connection",
        ..spoken(
            "SCRAM-SHA-512-PLUS",
            96,
            Asks::Password,
            "RFC 5802 (draft for SHA-512)",
        )
    },
    Row {
        plus: true,
        summary: "salted challenge and response with SHA-256, bound to the TLS connection",
        ..spoken(
            "SCRAM-SHA-256-PLUS",
            95,
            Asks::Password,
            "RFC 7677, RFC 9266",
        )
    },
    Row {
        plus: true,
        summary: "salted challenge and response with SHA-1, bound to the TLS connection",
        ..spoken("SCRAM-SHA-1-PLUS", 94, Asks::Password, "RFC 5802, RFC 9266")
    },
    Row {
        summary: "salted challenge and response with SHA-512; the server proves itself too",
        ..spoken(
            "SCRAM-SHA-512",
            86,
            Asks::Password,
            "RFC 5802 (draft for SHA-512)",
        )
    },
    Row {
        summary: "salted challenge and response with SHA-256; the server proves itself too",
        ..spoken("SCRAM-SHA-256", 85, Asks::Password, "RFC 7677")
    },
    Row {
        summary: "salted challenge and response with SHA-1; the server proves itself too",
        ..spoken("SCRAM-SHA-1", 84, Asks::Password, "RFC 5802")
    },
    Row {
        summary: "the identity of the TLS client certificate",
        ..spoken("EXTERNAL", 80, Asks::Certificate, "RFC 4422 appendix A")
    },
    Row {
        clear_credential: true,
        summary: "an OAuth 2 access token, with host and port",
        ..spoken("OAUTHBEARER", 71, Asks::Token, "RFC 7628")
    },
    Row {
        clear_credential: true,
        summary: "an OAuth 2 access token, as Google and Microsoft take it",
        ..spoken("XOAUTH2", 70, Asks::Token, "vendor documents")
    },
    Row {
        client_first: false,
        summary: "a digest of password and both nonces with MD5; historic",
        ..spoken("DIGEST-MD5", 40, Asks::Password, "RFC 2831, RFC 6331")
    },
    Row {
        client_first: false,
        summary: "HMAC-MD5 of the server's challenge; the server must keep the password itself",
        ..spoken("CRAM-MD5", 30, Asks::Password, "RFC 2195")
    },
    Row {
        clear_credential: true,
        summary: "user and password in one message, readable without TLS",
        ..spoken("PLAIN", 20, Asks::Password, "RFC 4616")
    },
    Row {
        client_first: false,
        clear_credential: true,
        summary: "user and password as two answers, readable without TLS; never standardised",
        ..spoken("LOGIN", 10, Asks::Password, "draft-murchison-sasl-login-00")
    },
    Row {
        summary: "guest access, with a trace that nobody checks",
        ..spoken("ANONYMOUS", 0, Asks::Trace, "RFC 4505")
    },
    known(
        "NTLM",
        "MS-SMTPNTLM, MS-NLMP",
        "Windows challenge and response with MD4 and MD5",
        "it needs Windows domain credentials and broken hashes; use PLAIN under TLS or a token",
    ),
    known(
        "GSSAPI",
        "RFC 4752",
        "a Kerberos V5 ticket",
        "it needs a Kerberos ticket and its libraries; use another mechanism, or a client with GSSAPI",
    ),
    known(
        "GSS-SPNEGO",
        "Microsoft",
        "negotiates Kerberos or NTLM",
        "it needs Kerberos or a Windows domain; use PLAIN under TLS or a token",
    ),
    known(
        "GS2-KRB5",
        "RFC 5801",
        "a Kerberos V5 ticket by GS2",
        "it needs a Kerberos ticket and its libraries; use another mechanism",
    ),
    known(
        "GS2-KRB5-PLUS",
        "RFC 5801",
        "a Kerberos V5 ticket by GS2, bound to the TLS connection",
        "it needs a Kerberos ticket and its libraries; use another mechanism",
    ),
    known(
        "KERBEROS_V4",
        "RFC 2222",
        "a Kerberos 4 ticket; obsolete",
        "Kerberos 4 is broken and gone; use another mechanism",
    ),
    known(
        "KERBEROS_V5",
        "IANA",
        "a Kerberos V5 ticket without GSS-API",
        "it needs a Kerberos ticket and its libraries; use another mechanism",
    ),
    known(
        "X-EXPS",
        "Microsoft Exchange",
        "the private authentication between Exchange servers (X-EXPS GSSAPI NTLM)",
        "it is for Exchange servers among themselves; use AUTH with PLAIN, LOGIN or XOAUTH2",
    ),
    known(
        "PLAIN-CLIENTTOKEN",
        "Google",
        "private to Google's own clients",
        "it is undocumented; use PLAIN with an app password, XOAUTH2 or OAUTHBEARER",
    ),
    known(
        "OTP",
        "RFC 2444",
        "one-time passwords from a list",
        "it is out of use; use SCRAM or PLAIN under TLS",
    ),
    known(
        "SKEY",
        "RFC 2222",
        "one-time passwords; replaced by OTP",
        "it is out of use; use SCRAM or PLAIN under TLS",
    ),
    known(
        "SECURID",
        "RFC 2808",
        "RSA SecurID tokens",
        "it needs a SecurID token; use another mechanism",
    ),
    known(
        "XOAUTH",
        "Google",
        "OAuth 1 of Google",
        "OAuth 1 was switched off; use XOAUTH2 or OAUTHBEARER",
    ),
    known(
        "OAUTH10A",
        "RFC 7628",
        "OAuth 1.0a",
        "nobody offers OAuth 1 for mail; use OAUTHBEARER",
    ),
    known(
        "SCRAM-SHA3-512",
        "expired draft",
        "SCRAM with SHA3-512",
        "it was never published; use SCRAM-SHA-256",
    ),
    known(
        "CRAM-SHA1",
        "Courier",
        "HMAC-SHA-1 of the server's challenge",
        "it is Courier's own; use SCRAM or CRAM-MD5",
    ),
    known(
        "CRAM-SHA256",
        "Courier",
        "HMAC-SHA-256 of the server's challenge",
        "it is Courier's own; use SCRAM or CRAM-MD5",
    ),
    known(
        "SAML20",
        "RFC 6595",
        "SAML through a browser",
        "it needs a browser; use a token with OAUTHBEARER",
    ),
    known(
        "OPENID20",
        "RFC 6616",
        "OpenID 2.0 through a browser",
        "it needs a browser; use a token with OAUTHBEARER",
    ),
];

/// A mechanism by its name, in any case.
pub fn find(name: &str) -> Option<&'static Row> {
    MECHANISMS
        .iter()
        .find(|row| row.name.eq_ignore_ascii_case(name))
}

/// The mechanism of that name if it is spoken here.
///
/// # Errors
/// When it is unknown, or known and not spoken: then with the reason and what to use instead.
pub fn usable(name: &str) -> Result<&'static Row, SaslError> {
    let Some(row) = find(name) else {
        return Err(SaslError::new(format!(
            "{} is no mechanism that is known here",
            shown(name)
        )));
    };
    match row.not_spoken {
        None => Ok(row),
        Some(why) => Err(SaslError::new(format!(
            "{} ({}) is not spoken here: {why}",
            row.name, row.summary
        ))),
    }
}

/// The client's side of a mechanism. `nonce` is fresh printable ASCII without a comma.
///
/// # Errors
/// When the mechanism is not spoken, a name holds what cannot be sent, or -PLUS has no binding.
pub fn client(
    name: &str,
    credentials: &Credentials,
    binding: &Binding,
    nonce: &str,
) -> Result<Box<dyn Mechanism>, SaslError> {
    let row = usable(name)?;
    credentials.check(row)?;
    Ok(match row.name {
        "PLAIN" => Box::new(plain::plain(credentials)),
        "EXTERNAL" => Box::new(plain::external(credentials)),
        "ANONYMOUS" => Box::new(plain::anonymous(credentials)?),
        "LOGIN" => Box::new(login::Login::new(credentials)),
        "CRAM-MD5" => Box::new(cram_md5::CramMd5::new(credentials)),
        "DIGEST-MD5" => Box::new(digest_md5::client::DigestMd5::new(credentials, nonce)),
        "XOAUTH2" => Box::new(oauth::Bearer::xoauth2(credentials)),
        "OAUTHBEARER" => Box::new(oauth::Bearer::oauthbearer(credentials)),
        _ => Box::new(scram::client::Scram::new(row, credentials, binding, nonce)?),
    })
}

/// The server's side of a mechanism; `None` when it is not spoken.
pub fn server(name: &str, setup: &Setup) -> Option<Box<dyn Verifier>> {
    let row = usable(name).ok()?;
    Some(match row.name {
        "PLAIN" => Box::new(plain::PlainVerifier::new(setup)),
        "EXTERNAL" => Box::new(plain::ExternalVerifier::new(setup)),
        "ANONYMOUS" => Box::new(plain::AnonymousVerifier::new(setup)),
        "LOGIN" => Box::new(login::LoginVerifier::new(setup)),
        "CRAM-MD5" => Box::new(cram_md5::CramMd5Verifier::new(setup)),
        "DIGEST-MD5" => Box::new(digest_md5::server::DigestMd5Verifier::new(setup)),
        "XOAUTH2" => Box::new(oauth::BearerVerifier::xoauth2(setup)),
        "OAUTHBEARER" => Box::new(oauth::BearerVerifier::oauthbearer(setup)),
        _ => Box::new(scram::server::ScramVerifier::new(row, setup)?),
    })
}

/// What a person has to log in with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Have {
    /// A password, or somebody who can be asked for one.
    pub password: bool,
    /// An OAuth access token.
    pub token: bool,
    /// A TLS client certificate, presented on this connection.
    pub certificate: bool,
    /// Channel binding data of this connection.
    pub binding: bool,
}

/// The strongest mechanism that both sides have. One that fails is never followed by a weaker one:
/// the person chooses again.
///
/// # Errors
/// When no mechanism fits; the text says what is offered and why none of it will do.
pub fn choose(offered: &[String], under_tls: bool, have: Have) -> Result<&'static Row, SaslError> {
    let fits = |row: &&Row| {
        row.spoken()
            && row.strength > 0
            && (!row.plus || (under_tls && have.binding))
            && match row.asks {
                Asks::Password => have.password,
                Asks::Token => have.token,
                Asks::Certificate => have.certificate && under_tls,
                Asks::Trace => false,
            }
    };
    let best = offered
        .iter()
        .filter_map(|name| find(name))
        .filter(fits)
        .max_by_key(|row| row.strength);
    best.ok_or_else(|| SaslError::new(nothing_fits(offered)))
}

fn nothing_fits(offered: &[String]) -> String {
    if offered.is_empty() {
        return "the server offers no mechanism; many do so only under TLS".into();
    }
    let reasons: Vec<String> = offered
        .iter()
        .take(20)
        .map(|name| match find(name) {
            None => format!("{} is unknown", shown(name)),
            Some(row) => match (row.not_spoken, row.asks) {
                (Some(_), _) => format!("{} is not spoken here", row.name),
                (None, Asks::Token) => format!("{} wants a token", row.name),
                (None, Asks::Certificate) => format!("{} wants a client certificate", row.name),
                (None, Asks::Trace) => format!("{} is for guests, name it to use it", row.name),
                (None, Asks::Password) if row.plus => {
                    format!("{} wants channel binding under TLS", row.name)
                }
                (None, Asks::Password) => format!("{} wants a password", row.name),
            },
        })
        .collect();
    format!("no offered mechanism will do: {}", reasons.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(names: &str) -> Vec<String> {
        names.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn rows_are_whole_and_strongest_first() {
        for (i, row) in MECHANISMS.iter().enumerate() {
            assert!(
                !row.summary.is_empty() && !row.rfc.is_empty(),
                "{}",
                row.name
            );
            assert_eq!(row.name, row.name.to_ascii_uppercase());
            assert!(
                MECHANISMS[..i].iter().all(|r| r.name != row.name),
                "{}",
                row.name
            );
            if let Some(next) = MECHANISMS.get(i + 1) {
                assert!(row.strength >= next.strength, "{}", next.name);
            }
        }
    }

    #[test]
    fn the_strongest_that_both_have() {
        let password = Have {
            password: true,
            ..Have::default()
        };
        let name = |list: &str, tls, have| choose(&offered(list), tls, have).map(|r| r.name);
        let all =
            "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS XOAUTH2 EXTERNAL";
        assert_eq!(name(all, true, password), Ok("SCRAM-SHA-256"));
        let bound = Have {
            binding: true,
            ..password
        };
        assert_eq!(name(all, true, bound), Ok("SCRAM-SHA-256-PLUS"));
        assert_eq!(name(all, false, bound), Ok("SCRAM-SHA-256"));
        let token = Have {
            token: true,
            ..Have::default()
        };
        assert_eq!(
            name("plain xoauth2 oauthbearer", true, token),
            Ok("OAUTHBEARER")
        );
        let certificate = Have {
            certificate: true,
            ..Have::default()
        };
        assert_eq!(name(all, true, certificate), Ok("EXTERNAL"));
        assert_eq!(name("LOGIN PLAIN", true, password), Ok("PLAIN"));
    }

    #[test]
    fn why_nothing_fits() {
        let password = Have {
            password: true,
            ..Have::default()
        };
        let error = choose(&offered("NTLM XOAUTH2 X-\u{1b}[2J"), true, password).unwrap_err();
        assert_eq!(
            error.0,
            "no offered mechanism will do: NTLM is not spoken here, XOAUTH2 wants a token, \
             X-␛[2J is unknown"
        );
        assert!(
            choose(&[], true, password)
                .unwrap_err()
                .0
                .contains("no mechanism")
        );
        let error = usable("gssapi").unwrap_err();
        assert!(error.0.contains("Kerberos"), "{error}");
    }
}
