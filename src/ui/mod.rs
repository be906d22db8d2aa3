//! Data to styled text. Nothing here decides, calls back or prints.
//!
//! Text is built with roles, not colours; `Look` turns it into plain text or ANSI at the very end,
//! so the same code is tested plain and seen coloured. Text from a peer must have passed
//! `wire::show` before it gets here.

pub mod block;
pub mod diag;
pub mod escape;
pub mod explain;
pub mod help;
pub mod html;
pub mod look;
pub mod marks;
pub mod meant;
pub mod out;
pub mod reference;
pub mod render;
pub mod rows;
pub mod style;
pub mod tls;
pub mod units;
pub mod view;

pub use style::{Look, Role, Styled};
