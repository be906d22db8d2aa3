//! Connections and TLS on loopback: nothing here leaves the machine.

mod arrival;
#[path = "../common/mod.rs"]
mod common;
mod dial;
mod duplex;
mod handshake;
mod hostile;
mod lab;
mod program;
#[path = "../common/running.rs"]
mod running;
mod trust;
