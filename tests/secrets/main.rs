//! Canaries: recognisable secrets go through every mechanism and protocol, and no output sings.

#![allow(missing_docs)] // a test binary

mod binary;
mod canary;
mod echoes;
mod engines;
mod helpers;
mod mechanisms;
mod panics;
#[path = "../common/running.rs"]
mod running;
mod terminal;
