//! Bytes on the wire: lines, dots, counted octets, and how to show them.
//!
//! Rules of this layer: no verb of any protocol is known here, nothing does I/O, and every type
//! gives the same result however the bytes were cut into chunks.

pub mod b64;
pub mod dot;
pub mod escape;
pub mod line;
pub mod octets;
pub mod quote;
pub mod secret;
pub mod show;
