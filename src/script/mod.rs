//! Talks: conversations in files that record, teach and test (docs/talk-format.md).
//!
//! `parse` makes a talk of text, `exchange` tells its lines to whoever replays it without a socket,
//! `expect` compares a reply with what was expected, `run` drives sessions with it. Everything but
//! `run` is pure.

pub mod ast;
mod cursor;
pub mod exchange;
pub mod expect;
pub mod format;
pub mod heard;
pub mod import;
mod literals;
pub mod outcome;
pub mod parse;
pub mod pattern;
pub mod run;
pub mod source;
pub mod template;

pub use ast::Talk;
pub use exchange::{Spoken, exchange};
pub use parse::parse;
