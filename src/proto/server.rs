//! What practice servers of every protocol are made with.
//!
//! Rules of a server engine, beyond those of `Engine`:
//! 1. The greeting waits in `poll` from the start.
//! 2. `receive` only keeps what came. `poll` hands out what waits to be said; only when nothing
//!    does is the next command read, so that a peer that does not read cannot make memory grow.
//! 3. `submit` takes one thing: `Input::Line(reason)` says goodbye with that reason (421, BYE; POP3
//!    says nothing, RFC 1939 3) and closes.
//! 4. With `events` off no event is made: nobody looks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::faults::Faults;
use crate::sasl::Binding;
use crate::store::{Bell, SharedStore};

/// The reason given to `submit` when a peer was silent for too long.
pub const TIME_IS_UP: &str = "Error: timeout exceeded";
/// The reason given to `submit` when the server stops.
pub const STOPPING: &str = "Service shutting down";

/// Tells the time, in seconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
/// Fills a buffer with octets nobody can guess.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;
/// What ties a login to the TLS connection: empty before TLS is up.
pub type Bindings = Arc<dyn Fn() -> Binding + Send + Sync>;

/// What all connections of a server share.
#[derive(Clone)]
pub struct Service {
    /// The mail.
    pub store: SharedStore,
    /// What goes wrong.
    pub faults: Faults,
    /// The server's own name, as in greetings.
    pub host: String,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// STARTTLS can be had.
    pub starttls: bool,
    /// Mechanisms that send the password itself are served in the clear too.
    pub clear_logins: bool,
    /// What a peer may do.
    pub limits: Limits,
    /// How long a peer may be silent, in place of the RFCs' times.
    pub patience: Option<Duration>,
    /// Events are wanted.
    pub events: bool,
}

/// What a peer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a command line.
    pub line: usize,
    /// Octets of a line of a SASL exchange (RFC 4954 4).
    pub sasl_line: usize,
    /// Octets of a message.
    pub message: u64,
    /// Recipients of a message.
    pub recipients: usize,
    /// Commands on one connection.
    pub commands: u64,
    /// Errors on one connection since the last success that counts.
    pub errors: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 4096,
            sasl_line: 12_288,
            message: 10_485_760,
            recipients: 1_000,
            commands: 1_000_000,
            errors: 20,
        }
    }
}

/// One connection.
#[derive(Clone)]
pub struct Visitor {
    /// Its number.
    pub number: u64,
    /// The client's address as text, without port; `None` inside the program.
    pub address: Option<String>,
    /// True when the connection is under TLS from its first octet.
    pub secured: bool,
    /// Rung when the store has news for the session.
    pub bell: Bell,
    /// Channel bindings, once TLS is up.
    pub bindings: Bindings,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("host", &self.host)
            .field("starttls", &self.starttls)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitor")
            .field("number", &self.number)
            .field("address", &self.address)
            .field("secured", &self.secured)
            .finish_non_exhaustive()
    }
}
