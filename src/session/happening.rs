//! What a session reports: the engine's events and the connection's own, each with its time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::net::dial::Attempt;
use crate::net::tls::TlsReport;
use crate::proto::event::Event;

/// Something that happened, and when.
#[derive(Clone, Debug)]
pub struct Timed {
    /// When it was noticed.
    pub when: SystemTime,
    /// For a reply: from the last octet sent to the last received. For TLS: the handshake.
    pub took: Option<Duration>,
    /// True when TLS protected it.
    pub secured: bool,
    /// What happened.
    pub what: Happening,
}

/// What can happen in a session.
#[derive(Clone, Debug)]
pub enum Happening {
    /// An address was tried.
    Attempt(Attempt),
    /// The engine reports.
    Engine(Event),
    /// TLS is up, and trusted or let pass.
    Tls(Arc<TlsReport>),
    /// TLS is up and not trusted: nothing is sent or read until `Session::trust`.
    Untrusted(Arc<TlsReport>),
    /// The server has said nothing for so long.
    Silence(Duration),
    /// The server that says nothing speaks TLS from the first octet.
    SpeaksTls(Error),
    /// Everything queued is written: more content may be submitted.
    Drained,
    /// The session is over; with the reason, unless it ended as it should.
    Ended(Option<Error>),
}

impl Timed {
    /// Something that happened now.
    pub fn now(secured: bool, what: Happening) -> Self {
        Self {
            when: SystemTime::now(),
            took: None,
            secured,
            what,
        }
    }

    /// The engine's event, if it is one.
    pub fn event(&self) -> Option<&Event> {
        match &self.what {
            Happening::Engine(event) => Some(event),
            _ => None,
        }
    }
}
