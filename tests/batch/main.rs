//! The batch: the program on a pipe, against scripted servers and the practice server.

#[path = "../common/mod.rs"]
mod common;
mod conversation;
mod cuts;
mod ends;
mod hostile;
mod logins;
mod mistakes;
mod surroundings;
