//! Talks: the parser against good and broken files, every talk of the tree run for real, what fails
//! and how it is said, and records that are saved and run again.

#[path = "../common/random.rs"]
mod random;
#[path = "../common/running.rs"]
mod running;

mod cli;
mod commands;
mod documents;
mod failures;
mod links;
mod page;
mod parse;
mod run;
mod save;
mod support;
mod terminal;
mod wire;
