//! What the protocols mean, without I/O. A protocol is a value; `PROTOCOLS` is the only list.

pub(crate) mod echoes;
pub mod engine;
pub mod event;
pub mod faults;
pub mod imap;
mod lines;
pub mod login;
pub mod outbox;
pub mod pop3;
pub mod server;
pub mod smtp;
pub mod spec;
pub mod standing;

use engine::{ClientOptions, Engine};
use spec::Spec;

/// A mail protocol.
#[derive(Debug)]
pub struct Protocol {
    /// In lower case, as in prompts: "smtp", "lmtp", "pop3", "imap".
    pub name: &'static str,
    /// URL schemes, the first being the plain one.
    pub schemes: &'static [Scheme],
    /// The verb table.
    pub spec: &'static Spec,
    /// How SASL travels, and the service name.
    pub sasl: SaslFraming,
    /// What says goodbye.
    pub farewell: &'static str,
    /// What starts TLS.
    pub starttls: &'static str,
    /// What asks for the capabilities; `{name}` stands for the client's name.
    pub ask_offers: &'static str,
    /// The ALPN id, registered or not used.
    pub alpn: Option<&'static str>,
    /// A client engine.
    pub client: fn(&ClientOptions) -> Box<dyn Engine>,
}

/// A URL scheme of a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme {
    /// "smtps".
    pub name: &'static str,
    /// Its port; `None` where one must be given (LMTP).
    pub port: Option<u16>,
    /// How TLS comes about.
    pub tls: TlsMode,
}

/// How TLS comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// In the clear, until somebody says STARTTLS.
    Clear,
    /// From the first octet.
    Implicit,
}

/// How SASL travels in a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaslFraming {
    /// "AUTH" or "AUTHENTICATE".
    pub verb: &'static str,
    /// The GSSAPI service name: "smtp", "pop", "imap".
    pub service: &'static str,
    /// True when an initial response is always allowed; otherwise it needs `initial_needs`.
    pub initial_always: bool,
    /// The capability that allows an initial response.
    pub initial_needs: Option<&'static str>,
}

/// Every protocol. Adding one here is what makes it exist.
pub static PROTOCOLS: &[&Protocol] = &[&smtp::SMTP, &smtp::LMTP, &pop3::POP3, &imap::IMAP];

/// The protocol and scheme of a URL scheme's name.
pub fn scheme(name: &str) -> Option<(&'static Protocol, Scheme)> {
    PROTOCOLS.iter().find_map(|protocol| {
        let scheme = protocol
            .schemes
            .iter()
            .find(|s| s.name.eq_ignore_ascii_case(name))?;
        Some((*protocol, *scheme))
    })
}

/// A protocol by its name.
pub fn protocol(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS
        .iter()
        .copied()
        .find(|p| p.name.eq_ignore_ascii_case(name))
}
