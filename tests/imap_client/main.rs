//! The IMAP client engine against scripted servers: no sockets, no clock.

mod drive;

mod commands;
mod conversations;
mod literals;
mod logins;
mod pair;
mod secrets;
mod threats;
