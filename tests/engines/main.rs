//! The client engines of SMTP, LMTP and POP3 over a wire made of bytes: no socket, no clock.

mod chunks;
mod lmtp;
mod logins;
mod pop3;
mod rubbish;
mod secrets;
mod smtp;
mod tls;
mod wire;
