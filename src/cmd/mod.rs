//! The subcommands, one file or folder each. They never import each other.

pub mod config;
pub mod connect;
pub mod decode;
pub mod encode;
pub mod explain;
pub mod generate;
pub mod load;
pub mod run;
pub mod serve;
pub mod show;
pub mod sink;
pub mod talk;
