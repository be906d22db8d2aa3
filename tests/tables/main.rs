//! The tables are complete, consistent, and agree with the typed verb tables.

mod explain;
mod generated;
mod help;
mod knowledge;
mod verbs;
