//! Logging in with SASL, whatever the protocol around it.

use super::link::{Link, Trouble};
use super::server::Server;
use crate::entropy;
use crate::sasl::{self, Credentials, Have, Heard, Mechanism, Say};
use crate::stats::Stage;
use crate::wire::b64;
use crate::wire::secret::Secret;

/// An exchange that goes on.
pub(super) struct Login {
    /// The mechanism's name.
    pub(super) name: &'static str,
    mechanism: Box<dyn Mechanism>,
}

fn failed(e: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(Stage::Auth, super::link::shown(e.to_string().as_bytes()))
}

impl Login {
    /// Chooses the mechanism: the one named, or the strongest that is offered.
    pub(super) fn new(
        link: &Link<'_>,
        server: &Server,
        offered: &[String],
        (user, secret): (&str, &Secret),
    ) -> Result<Self, Trouble> {
        let conn = &link.conn;
        let found = conn.binding();
        let binding = sasl::Binding {
            exporter: found.and_then(|b| b.exporter).map(Secret::new),
            end_point: found
                .and_then(|b| b.server_end_point.clone())
                .map(Secret::new),
            plus_offered: offered.iter().any(|name| name.ends_with("-PLUS")),
            ..sasl::Binding::default()
        };
        let row = match &server.mechanism {
            Some(name) => sasl::usable(name),
            None => sasl::choose(
                offered,
                conn.is_tls(),
                Have {
                    password: true,
                    binding: binding.chosen().is_some(),
                    ..Have::default()
                },
            ),
        };
        let row = row.map_err(|e| failed(&e))?;
        if row.clear_credential {
            may_be_clear(link, server)?;
        }
        let credentials =
            Credentials::new(user, secret.clone()).at(server.protocol, &*server.host, server.port);
        let nonce = entropy::nonce().map_err(|e| failed(&e.what))?;
        let mechanism =
            sasl::client(row.name, &credentials, &binding, &nonce).map_err(|e| failed(&e))?;
        Ok(Self {
            name: row.name,
            mechanism,
        })
    }

    /// The initial response in base64, where the mechanism has one.
    pub(super) fn first(&mut self) -> Result<Option<String>, Trouble> {
        if !self.mechanism.client_first() {
            return Ok(None);
        }
        let said = self
            .mechanism
            .step(Heard::Nothing)
            .map_err(|e| failed(&e))?;
        let Say::Send(first) = said else {
            return Ok(None);
        };
        let first = b64::encode(first.expose());
        Ok(Some(if first.is_empty() { "=".into() } else { first }))
    }

    /// The answer to a challenge, as a line.
    pub(super) fn answer(&mut self, challenge: &[u8]) -> Result<Vec<u8>, Trouble> {
        let challenge = b64::decode(challenge).map_err(|e| failed(&e))?;
        let said = self
            .mechanism
            .step(Heard::Challenge(&challenge))
            .map_err(|e| failed(&e))?;
        let mut line = match said {
            Say::Send(answer) => b64::encode(answer.expose()).into_bytes(),
            Say::Listen | Say::Satisfied => Vec::new(),
        };
        line.extend_from_slice(b"\r\n");
        Ok(line)
    }

    /// The server says that it is over: so must the mechanism.
    pub(super) fn done(mut self) -> Result<(), Trouble> {
        self.mechanism
            .step(Heard::Success)
            .map(drop)
            .map_err(|e| failed(&e))
    }
}

/// A password in the clear travels under TLS, on this machine, or where somebody said so.
pub(super) fn may_be_clear(link: &Link<'_>, server: &Server) -> Result<(), Trouble> {
    if link.conn.is_tls() || link.conn.is_local() || server.clear_credentials {
        return Ok(());
    }
    let what = "a password in the clear is not sent without --allow-cleartext-auth";
    Err(Trouble::new(Stage::Auth, what))
}
