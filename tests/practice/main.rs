//! The practice server: engines without sockets, faults, and clients that nobody here wrote.

mod bench;
mod certified;
mod clients;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod more_clients;
mod pairs;
mod pop3;
mod rubbish;
#[path = "../common/running.rs"]
mod running;
mod serve;
mod smtp;
