//! TOML files: the one door to serde's and toml's parsing, with errors that say line and remedy.
//!
//! `file` reads the configuration, `options` decides what of it is in force, `profile` puts a profile
//! under the options of a command line; `faults` reads the practice server's fault tables.

pub mod faults;
pub mod file;
pub mod options;
pub mod profile;
mod read;
