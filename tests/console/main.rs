//! The console as people meet it: the real program in a pseudo-terminal, its screen in an emulator.
//!
//! A golden screen is a text file under `screens/`; `UPDATE_SCREENS=1` writes them anew, to be read.

mod annoyances;
#[path = "../common/mod.rs"]
mod common;
mod ends;
mod keys;
mod keystrokes;
mod latency;
mod learning;
mod mail;
mod pictures;
mod plain;
mod practice;
#[path = "../common/running.rs"]
mod running;
mod screen;
mod secure;
mod sending;
mod waiting;
