//! SMTP, submission and LMTP: RFC 5321, RFC 6409, RFC 2033. LMTP is a flavour, not a copy.

pub mod client;
pub mod reply;
pub mod server;
pub mod sink;
pub mod spec;

use super::{Protocol, SaslFraming, Scheme, TlsMode};

pub use client::Client;

/// What both servers say to a verb that they know and do not serve.
const NOT_SERVED: &str = "502 5.5.1 Error: command not implemented";

/// Which of the two is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// SMTP and submission.
    Smtp,
    /// LMTP: LHLO, and a reply for each recipient after the dot.
    Lmtp,
}

const SASL: SaslFraming = SaslFraming {
    verb: "AUTH",
    service: "smtp",
    initial_always: true,
    initial_needs: None,
};

/// SMTP and submission.
pub static SMTP: Protocol = Protocol {
    name: "smtp",
    schemes: &[
        Scheme {
            name: "smtp",
            port: Some(25),
            tls: TlsMode::Clear,
        },
        Scheme {
            name: "smtps",
            port: Some(465),
            tls: TlsMode::Implicit,
        },
        Scheme {
            name: "submission",
            port: Some(587),
            tls: TlsMode::Clear,
        },
        Scheme {
            name: "submissions",
            port: Some(465),
            tls: TlsMode::Implicit,
        },
    ],
    spec: &spec::SPEC,
    sasl: SASL,
    farewell: "QUIT",
    starttls: "STARTTLS",
    ask_offers: "EHLO {name}",
    alpn: Some("smtp"),
    client: |options| Box::new(Client::new(Flavour::Smtp, options)),
};

/// LMTP, which has no port of its own.
pub static LMTP: Protocol = Protocol {
    name: "lmtp",
    schemes: &[Scheme {
        name: "lmtp",
        port: None,
        tls: TlsMode::Clear,
    }],
    spec: &spec::SPEC,
    sasl: SaslFraming {
        service: "lmtp",
        ..SASL
    },
    farewell: "QUIT",
    starttls: "STARTTLS",
    ask_offers: "LHLO {name}",
    alpn: None,
    client: |options| Box::new(Client::new(Flavour::Lmtp, options)),
};
