//! SASL mechanisms, without framing and without I/O (RFC 4422).
//!
//! A mechanism is asked for its next message and told what the server said; how that travels
//! (base64, `334`, `+`, an initial response) is the protocol's business.

use std::fmt;

use crate::wire::secret::Secret;

/// What a mechanism was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// Nothing yet: an initial response is asked for.
    Nothing,
    /// A decoded challenge.
    Challenge(&'a [u8]),
    /// The protocol's own success reply: the mechanism must agree that it is one.
    Success,
}

/// What a mechanism says next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// These octets, to be framed. May be empty (an empty answer is an answer).
    Send(Secret),
    /// Nothing: the server speaks first.
    Listen,
    /// The exchange is complete as far as the mechanism is concerned.
    Satisfied,
}

/// One step in words, for people who learn: no secret is ever in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told(pub String);

/// Why a mechanism cannot go on. The exchange must be cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaslError(pub String);

impl fmt::Display for SaslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SaslError {}

/// The client's side of a mechanism.
pub trait Mechanism: Send + fmt::Debug {
    /// The registered name, in capitals.
    fn name(&self) -> &'static str;

    /// True when the first message is the client's (it may travel as an initial response).
    fn client_first(&self) -> bool;

    /// The next message. After `Heard::Success` only `Satisfied` or an error may follow.
    ///
    /// # Errors
    /// `SaslError` when the server lied, or sent what the mechanism cannot take.
    fn step(&mut self, heard: Heard<'_>) -> Result<Say, SaslError>;

    /// What happened since the last call, in words.
    fn told(&mut self) -> Vec<Told>;
}
