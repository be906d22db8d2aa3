//! IMAP (RFC 9051, RFC 3501): the descriptor, the verb table and the engines.

pub mod client;
pub mod server;
pub mod spec;
pub mod token;
pub mod utf7;

use super::engine::{ClientOptions, Engine};
use super::{Protocol, SaslFraming, Scheme, TlsMode};

/// IMAP, as a value.
pub static IMAP: Protocol = Protocol {
    name: "imap",
    schemes: &[
        Scheme {
            name: "imap",
            port: Some(143),
            tls: TlsMode::Clear,
        },
        Scheme {
            name: "imaps",
            port: Some(993),
            tls: TlsMode::Implicit,
        },
    ],
    spec: &spec::SPEC,
    sasl: SaslFraming {
        verb: "AUTHENTICATE",
        service: "imap",
        initial_always: false,
        initial_needs: Some("SASL-IR"),
    },
    farewell: "LOGOUT",
    starttls: "STARTTLS",
    ask_offers: "CAPABILITY",
    alpn: Some("imap"),
    client,
};

fn client(options: &ClientOptions) -> Box<dyn Engine> {
    Box::new(client::Client::new(options))
}
