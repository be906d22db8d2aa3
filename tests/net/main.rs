//! Connections and TLS on loopback: nothing here leaves the machine.

mod dial;
mod duplex;
mod handshake;
mod lab;
mod trust;
