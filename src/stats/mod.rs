//! What a run measured: times by stage, replies by code, errors by stage and reason, and the report.
//!
//! Rules: a figure is counted once, where it happened; tallies of several workers, processes or
//! machines add without loss; text from a peer is made safe before it gets in; nothing here grows
//! with the number of messages. Nothing here measures, waits or prints;
//! only `save` writes files.

mod html;
mod report;
mod save;
mod series;
mod stage;
mod table;
mod tally;

pub use report::{About, Fault, Report, Row};
pub use save::Files;
pub use series::Series;
pub use stage::Stage;
pub use tally::Tally;
