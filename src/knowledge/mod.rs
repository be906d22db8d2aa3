//! What people read about mail protocols: every verb, parameter, extension, code, capability, item,
//! flag, mechanism and port, as tab-separated tables compiled in.
//!
//! Rules:
//! 1. Nothing is parsed before somebody asks; a table is parsed whole, once (`Table::rows`).
//! 2. What engines decide by is not here but typed, in each protocol's `spec.rs`; `tests/tables`
//!    compares the names both ways.
//! 3. Files are UTF-8 with LF; one header row; no quoting; no TAB inside a field; an empty field
//!    means "none". Texts are clauses in lower case without a full stop.

mod fact;
mod hints;
mod replies;
mod table;
mod tables;

pub use fact::{Fact, Kind, all, find, is_enhanced, names, port, verb_status};
pub use hints::{Hint, hint_for};
pub use replies::{Moment, moment};
pub use table::{Row, Table};
pub use tables::*;
