//! POP3.

pub mod server;
