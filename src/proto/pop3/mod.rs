//! POP3: RFC 1939, RFC 2449 (CAPA), RFC 2595 (STLS), RFC 5034 (AUTH), RFC 6856 (UTF8, LANG).

pub mod client;
pub mod reply;
pub mod server;
pub mod spec;

use super::{Protocol, SaslFraming, Scheme, TlsMode};

pub use client::Client;

/// POP3.
pub static POP3: Protocol = Protocol {
    name: "pop3",
    schemes: &[
        Scheme {
            name: "pop3",
            port: Some(110),
            tls: TlsMode::Clear,
        },
        Scheme {
            name: "pop3s",
            port: Some(995),
            tls: TlsMode::Implicit,
        },
    ],
    spec: &spec::SPEC,
    sasl: SaslFraming {
        verb: "AUTH",
        service: "pop",
        initial_always: true,
        initial_needs: None,
    },
    farewell: "QUIT",
    starttls: "STLS",
    ask_offers: "CAPA",
    alpn: Some("pop3"),
    client: |options| Box::new(Client::new(options)),
};
