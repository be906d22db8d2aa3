//! How long to wait.
//!
//! A person is never hurried. A program waits for a whole reply as long as the RFC allows for its
//! verb (a peer that drips a status line gets no more than one that is silent), and for content as
//! long as it keeps a pace of 1 KiB a minute. A peer that stops reading is given as long as one that
//! is silent after a part of a message. An explicit limit replaces all of them.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Kind};

/// Octets of content that must arrive in each `PACE_WINDOW`.
const PACE_OCTETS: u64 = 1024;
const PACE_WINDOW: Duration = Duration::from_secs(60);
/// A write that does not go on, where no reply is owed (RFC 5321 4.5.3.2.5).
const STALL: Duration = Duration::from_secs(180);

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// A person at a console: no limit but an explicit one.
    Person(Option<Duration>),
    /// A program: the RFC's limits, or an explicit one.
    Program(Option<Duration>),
}

/// Since when something is waited for.
#[derive(Debug)]
pub struct Watch {
    patience: Patience,
    since: Instant,
    content: Option<(Instant, u64)>,
}

impl Watch {
    /// Starts to wait now.
    pub fn new(patience: Patience) -> Self {
        Self {
            patience,
            since: Instant::now(),
            content: None,
        }
    }

    /// Something was written, or a reply is complete: the wait for the next begins.
    pub fn begin(&mut self) {
        self.since = Instant::now();
        self.content = None;
    }

    /// Content came.
    pub fn content(&mut self, octets: u64) {
        let now = Instant::now();
        let (start, sum) = self.content.get_or_insert((now, 0));
        *sum += octets;
        if *sum >= PACE_OCTETS {
            (*start, *sum) = (now, 0);
        }
    }

    /// Content is over; a status line is waited for.
    pub fn content_ended(&mut self) {
        self.begin();
    }

    /// When waiting ends, if it does, and how long that will have been. `allowed` is what the verb
    /// in flight is given; `writing` while the peer has not taken all that was said.
    pub fn deadline(
        &self,
        allowed: Option<Duration>,
        writing: bool,
    ) -> Option<(Instant, Duration)> {
        let allowed = match allowed {
            None if writing => Some(STALL),
            allowed => allowed,
        };
        let explicit = match self.patience {
            Patience::Person(explicit) | Patience::Program(explicit) => explicit,
        };
        let allowed = match (self.patience, explicit, allowed) {
            (_, Some(limit), Some(_)) => limit,
            (Patience::Program(_), None, Some(limit)) => limit,
            _ => return None,
        };
        match self.content {
            Some((start, _)) => {
                let window = explicit.unwrap_or(PACE_WINDOW);
                Some((start + window, window))
            }
            None => Some((self.since + allowed, allowed)),
        }
    }

    /// How long the current wait has lasted.
    pub fn waited(&self) -> Duration {
        self.since.elapsed()
    }
}

/// What did not come in time.
pub(super) enum Wanted<'a> {
    /// Room for what is said: the peer reads nothing.
    Room,
    /// The greeting; true when a part of it is there.
    Greeting(bool),
    /// The reply to this verb.
    Reply(&'a str),
    /// The end of the handshake.
    Handshake,
}

/// The error that ends a session.
pub(super) fn out_of_time(wanted: &Wanted<'_>, limit: Duration) -> Error {
    let (kind, what) = match wanted {
        Wanted::Room => (
            Kind::Lost,
            "the server stopped reading: nothing written".to_owned(),
        ),
        Wanted::Greeting(false) => (Kind::Lost, "no greeting".to_owned()),
        Wanted::Greeting(true) => (Kind::Lost, "no complete greeting".to_owned()),
        Wanted::Reply(verb) => (Kind::Lost, format!("no complete reply to {verb}")),
        Wanted::Handshake => (Kind::Tls, "the TLS handshake was not complete".to_owned()),
    };
    let text = format!("{what} within {}", seconds(limit));
    Error::new(kind, text).hint("longer", "--timeout SECS")
}

fn seconds(limit: Duration) -> String {
    let secs = limit.as_secs_f64();
    match secs {
        _ if secs >= 120.0 && secs % 60.0 == 0.0 => format!("{} minutes", secs / 60.0),
        _ => format!("{secs} s"),
    }
}
