//! TOML files: the one door to serde's and toml's parsing, with errors that say line and remedy.

pub mod faults;
