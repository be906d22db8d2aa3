//! What can be asked of a session without changing it.

use std::sync::Arc;
use std::time::Duration;

use super::{Link, Session, SessionOptions};
use crate::net::conn::Conn;
use crate::net::tls::{TlsPlan, TlsReport};
use crate::proto::Protocol;
use crate::proto::engine::Engine;
use crate::proto::event::Offers;

impl Session {
    /// True once nothing more will happen but what is already waiting to be told.
    pub fn is_over(&self) -> bool {
        matches!(self.link, Link::Over)
    }

    /// True while trust is to be decided.
    pub fn is_distrusted(&self) -> bool {
        matches!(self.link, Link::Distrusted(_))
    }

    /// True under TLS.
    pub fn is_secured(&self) -> bool {
        self.tls.is_some() && matches!(self.link, Link::Open(_) | Link::Over)
    }

    /// The engine, once the protocol is known.
    pub fn engine(&self) -> Option<&dyn Engine> {
        self.engine.as_deref()
    }

    /// The engine, to change a setting.
    pub fn engine_mut(&mut self) -> Option<&mut (dyn Engine + 'static)> {
        self.engine.as_deref_mut()
    }

    /// What the server offers, as it may be shown: without secrets that it was told.
    pub fn offers_shown(&self) -> Option<Offers> {
        let mut offers = self.engine()?.offers().clone();
        self.echoes.offers(&mut offers);
        Some(offers)
    }

    /// Masks what `earlier`, a session with the same server, had sent there.
    pub fn remember_secrets_of(&mut self, earlier: &mut Self) {
        self.echoes.adopt(std::mem::take(&mut earlier.echoes));
    }

    /// The protocol, once known.
    pub fn protocol(&self) -> Option<&'static Protocol> {
        self.protocol
    }

    /// What the handshake brought, if there was one.
    pub fn tls(&self) -> Option<&Arc<TlsReport>> {
        self.tls.as_ref()
    }

    /// The plan that a handshake was made with, where there was one: it holds the TLS session that
    /// another connection to the same server can resume.
    pub fn tls_plan(&self) -> Option<TlsPlan> {
        self.options.tls.made()
    }

    /// The connection, while it is open.
    pub fn conn(&self) -> Option<&Conn> {
        match &self.link {
            Link::Open(conn) | Link::Distrusted(conn) => Some(conn),
            _ => None,
        }
    }

    /// Octets that wait to be written.
    pub fn queued(&self) -> usize {
        self.conn().map_or(0, Conn::queued)
    }

    /// How long the current wait has lasted.
    pub fn waited(&self) -> Duration {
        self.watch.waited()
    }

    /// True while something is owed by the server, the greeting and a handshake included.
    pub fn owes(&self) -> bool {
        match &self.link {
            Link::Over | Link::Distrusted(_) => false,
            Link::Shaking(..) => true,
            Link::Open(_) => self.engine.as_ref().is_none_or(|e| e.owes()),
        }
    }

    /// How the session was set up.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }
}
