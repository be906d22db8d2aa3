//! The console: what happens between a key and a command.
//!
//! `complete` (candidates, hints, colours while typing) and `known` (what replies taught us) are
//! pure: they name neither a terminal nor a socket.

pub mod complete;
pub mod known;
