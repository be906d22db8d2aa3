//! The wrong door: a port that says nothing in the clear because it waits for TLS.
//!
//! It is asked with a connection of its own, and only where that harms nobody: a server at a
//! well-known clear port that is slow on purpose would take a ClientHello for a bot that talks
//! before the greeting.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Error, Kind};
use crate::net::conn::Conn;
use crate::net::tls::legacy;
use crate::proto::{PROTOCOLS, TlsMode};

/// What may be under way to find out.
#[derive(Default)]
pub(super) struct Door(Option<Pin<Box<dyn Future<Output = bool> + Send>>>);

impl Door {
    /// Begins to find out what the silent server at the other end of `conn` waits for.
    pub(super) fn knock(&mut self, conn: &Conn) {
        let Some(peer) = conn.remote() else { return };
        let mut schemes = PROTOCOLS.iter().flat_map(|protocol| protocol.schemes);
        let clear = schemes.any(|s| s.port == Some(peer.port()) && s.tls != TlsMode::Implicit);
        if !clear {
            self.0 = Some(Box::pin(legacy::speaks_tls(peer)));
        }
    }

    /// True once, when it turned out that the server speaks TLS.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(asked) = &mut self.0 else {
            return false;
        };
        let Poll::Ready(yes) = asked.as_mut().poll(cx) else {
            return false;
        };
        self.0 = None;
        yes
    }
}

/// What is said then.
pub(super) fn error() -> Error {
    Error::new(
        Kind::Tls,
        "this port speaks TLS from the first octet and says nothing in the clear",
    )
    .hint("try", "--tls, or a scheme that ends in s")
}
