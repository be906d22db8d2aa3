//! SASL mechanisms, without framing and without I/O (RFC 4422).
//!
//! A mechanism is asked for its next message and told what the server said; how that travels
//! (base64, `334`, `+`, an initial response) is the protocol's business. Nonces and channel
//! binding data come in as arguments. A verifier, the server's side, stands beside each mechanism.
//!
//! `table` lists every mechanism, spoken or only known; `client` and `server::server` make one.

use std::fmt;

use crate::wire::secret::Secret;
use crate::wire::show::{Charset, show};

pub mod apop;
pub mod blob;
pub mod cram_md5;
pub mod digest;
pub mod digest_md5;
pub mod login;
pub mod oauth;
pub mod paste;
pub mod plain;
pub mod prep;
pub mod scram;
pub mod server;
pub mod table;

pub use table::{Have, MECHANISMS, Row, choose, client, find, usable};

/// True for a verb whose line begins a login, in any protocol: what follows are its answers.
pub fn begins_login(verb: &[u8]) -> bool {
    ["AUTH", "AUTHENTICATE", "X-EXPS"]
        .iter()
        .any(|login| login.as_bytes().eq_ignore_ascii_case(verb))
}

/// What a mechanism was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// Nothing yet: an initial response is asked for.
    Nothing,
    /// A decoded challenge.
    Challenge(&'a [u8]),
    /// The protocol's own success reply: the mechanism must agree that it is one.
    Success,
}

/// What a mechanism says next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// These octets, to be framed. May be empty (an empty answer is an answer).
    Send(Secret),
    /// Nothing: the server speaks first.
    Listen,
    /// The exchange is complete as far as the mechanism is concerned.
    Satisfied,
}

/// One step in words, for people who learn: no secret is ever in it, and it is safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Which message it speaks of: an engine reports those on the challenge before what it sends.
    pub about: About,
    /// One clause, always shown.
    pub text: String,
    /// Field by field, one line each, shown when explanations are on.
    pub fields: Vec<String>,
}

/// Which message a telling speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// What the server said.
    Heard,
    /// What goes out.
    Sent,
}

impl Told {
    /// About what the server said.
    pub fn heard(text: impl Into<String>) -> Self {
        Self {
            about: About::Heard,
            text: text.into(),
            fields: Vec::new(),
        }
    }

    /// About what goes out.
    pub fn sent(text: impl Into<String>) -> Self {
        Self {
            about: About::Sent,
            ..Self::heard(text)
        }
    }

    /// Adds a line on one field.
    #[must_use]
    pub fn field(mut self, line: impl Into<String>) -> Self {
        self.fields.push(line.into());
        self
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a mechanism cannot go on. The exchange must be cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaslError(pub String);

impl SaslError {
    /// One lower-case clause; peer text in it has passed `shown`.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for SaslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SaslError {}

/// The client's side of a mechanism.
pub trait Mechanism: Send + fmt::Debug {
    /// The registered name, in capitals.
    fn name(&self) -> &'static str;

    /// True when the first message is the client's (it may travel as an initial response).
    fn client_first(&self) -> bool;

    /// The next message. After `Heard::Success` only `Satisfied` or an error may follow.
    ///
    /// # Errors
    /// `SaslError` when the server lied, or sent what the mechanism cannot take.
    fn step(&mut self, heard: Heard<'_>) -> Result<Say, SaslError>;

    /// What happened since the last call, in words: to be asked after every step, errors included.
    fn told(&mut self) -> Vec<Told>;
}

/// Who logs in, and where.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The authentication identity. For ANONYMOUS the trace, an address or a nickname.
    pub user: String,
    /// The password or token.
    pub secret: Secret,
    /// Act as this identity; `None` leaves it to the server.
    pub authzid: Option<String>,
    /// DIGEST-MD5: the realm to choose; `None` takes the server's first.
    pub realm: Option<String>,
    /// "smtp", "pop" or "imap" (RFC 4422 3.1), where the mechanism names it.
    pub service: String,
    /// The server's name, where the mechanism names it.
    pub host: String,
    /// The server's port, where the mechanism names it.
    pub port: u16,
}

impl Credentials {
    /// A user and a password or token, with nothing said about the server.
    pub fn new(user: impl Into<String>, secret: Secret) -> Self {
        Self {
            user: user.into(),
            secret,
            authzid: None,
            realm: None,
            service: String::new(),
            host: String::new(),
            port: 0,
        }
    }

    /// Adds where the login goes: service name, host and port.
    #[must_use]
    pub fn at(mut self, service: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        self.service = service.into();
        self.host = host.into();
        self.port = port;
        self
    }

    /// Refuses what would break out of its field or line: CR, LF, NUL and ^A in a name.
    fn check(&self, row: &Row) -> Result<(), SaslError> {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        for (what, text) in [
            ("the user name", self.user.clone()),
            ("the identity to act as", optional(&self.authzid)),
            ("the realm", optional(&self.realm)),
            ("the service", self.service.clone()),
            ("the host name", self.host.clone()),
        ] {
            refuse_controls(what, text.as_bytes())?;
        }
        if row.asks == table::Asks::Token {
            return refuse_controls("the token", self.secret.expose());
        }
        if self.secret.expose().contains(&0) {
            return Err(SaslError::new(
                "the password holds a NUL, which no server can take",
            ));
        }
        Ok(())
    }
}

fn refuse_controls(what: &str, octets: &[u8]) -> Result<(), SaslError> {
    let found = octets.iter().find_map(|octet| match octet {
        b'\r' => Some("a CR"),
        b'\n' => Some("an LF"),
        0 => Some("a NUL"),
        1 => Some("a ^A"),
        _ => None,
    });
    found.map_or(Ok(()), |which| {
        Err(SaslError::new(format!(
            "{what} holds {which}, which would break out of its field"
        )))
    })
}

/// What ties a login to its TLS connection (RFC 5056), as far as the connection gives it.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    /// `tls-exporter` (RFC 9266): 32 octets of keying material. Preferred where it is given.
    pub exporter: Option<Secret>,
    /// `tls-server-end-point` (RFC 5929 4): the hash of the server's certificate.
    pub end_point: Option<Secret>,
    /// True when the server offers a -PLUS mechanism, or has not said what it offers: then flag `y`
    /// would be a lie.
    pub plus_offered: bool,
    /// On a server: the name in the client's certificate, which TLS has checked.
    pub certified: Option<String>,
}

impl Binding {
    /// The type to use and its data.
    pub fn chosen(&self) -> Option<(&'static str, &Secret)> {
        ["tls-exporter", "tls-server-end-point"]
            .into_iter()
            .find_map(|kind| self.of(kind).map(|data| (kind, data)))
    }

    /// The data of a binding type by its name.
    pub fn of(&self, kind: &str) -> Option<&Secret> {
        match kind {
            "tls-exporter" => self.exporter.as_ref(),
            "tls-server-end-point" => self.end_point.as_ref(),
            _ => None,
        }
    }
}

/// Text from a peer or a person, safe to stand in a telling.
pub(crate) fn shown(text: impl AsRef<[u8]>) -> String {
    show(text.as_ref(), Charset::Unicode).into_owned()
}

/// As `shown`, with a word for nothing.
pub(crate) fn shown_or_empty(text: &str) -> String {
    if text.is_empty() {
        "(empty)".into()
    } else {
        shown(text)
    }
}

/// "1 octet", "18 octets".
pub(crate) fn octets(count: usize) -> String {
    format!("{count} octet{}", if count == 1 { "" } else { "s" })
}
