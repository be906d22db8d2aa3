//! The tables are complete, consistent, and agree with the typed verb tables.

mod explain;
mod knowledge;
mod verbs;
