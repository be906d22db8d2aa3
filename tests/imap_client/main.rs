//! The IMAP client engine against scripted servers: no sockets, no clock.

mod drive;

mod commands;
