//! What became of each address that was tried, in words.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// What became of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which.
    pub addr: SocketAddr,
    /// How it went.
    pub outcome: Outcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// How an attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A connection, from this address of ours.
    Connected(SocketAddr),
    /// Nobody listens there.
    Refused,
    /// No answer within the time limit.
    TimedOut,
    /// The network cannot take us there.
    Unreachable,
    /// Anything else, in the system's words.
    Failed(String),
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} port {}: {} ({})",
            self.addr.ip(),
            self.addr.port(),
            self.outcome,
            Took(self.elapsed)
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected(local) => write!(f, "connected from {local}"),
            Self::Refused => f.write_str("refused"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

/// A time in the unit that people read it in.
pub(super) struct Took(pub(super) Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_micros() {
            us @ 0..1_000 => write!(f, "0.{} ms", us / 100),
            us @ 1_000..1_000_000 => write!(f, "{} ms", us / 1_000),
            us => write!(f, "{}.{} s", us / 1_000_000, us / 100_000 % 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        let told = |us| Took(Duration::from_micros(us)).to_string();
        assert_eq!(
            [told(40), told(400), told(12_900), told(1_290_000)],
            ["0.0 ms", "0.4 ms", "12 ms", "1.2 s"]
        );
    }
}
