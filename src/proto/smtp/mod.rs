//! SMTP, submission and LMTP.

pub mod server;
