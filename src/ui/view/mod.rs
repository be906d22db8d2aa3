//! Structured views: what a response says, arranged for people.
//!
//! Rules: a view is made of one whole response (of a whole LIST: all its lines), by pure functions;
//! everything from the server has passed `wire::show`; depth, width and number have limits, so that
//! any octets give a view of bounded size; what cannot be arranged is shown as it came.
//!
//! `Views` collects responses from events and says which of them it took; the files beside it
//! arrange one kind each.

mod body;
mod collect;
mod envelope;
mod fetch;
mod list;
mod maildrop;
mod text;

pub use collect::{Seen, Views};

use super::style::{Role, Styled};

/// Lines of one view; what comes behind them is counted.
const LINES_MAX: usize = 2_000;

/// A label in a column of its own, and what it labels.
fn field(indent: usize, label: &str, value: impl Into<String>) -> Styled {
    Styled::plain(" ".repeat(indent))
        .with(Role::Dim, format!("{label:<12}"))
        .with(Role::Plain, value)
}
