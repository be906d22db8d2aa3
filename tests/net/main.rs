//! Connections and TLS on loopback: nothing here leaves the machine.

mod duplex;
