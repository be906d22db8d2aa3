//! The record of a conversation: timed rows, kept for `:show` and `:save`, written as JSON lines.
//!
//! A row is one line or part of content with all that is known of it; screen, log, talk and HTML
//! page are made of rows. Rules: rows hold what events hold, which is masked: no secret is ever in
//! one. Memory is bounded: the last 1,000 exchanges, 64 KiB of each, 16 MiB in all; what is older
//! is gone, and what was cut says so.

mod json;
mod kept;
mod logins;
mod row;
pub mod save;
mod unit;
mod volatile;

pub use json::{BadRow, answer_to_json, from_json, to_json};
pub use kept::{EXCHANGE_MAX, EXCHANGES_MAX, Kept, TOTAL_MAX, Transcript};
pub use row::{Direction, ReplyRow, Row, RowKind, Rows, Stamp};
