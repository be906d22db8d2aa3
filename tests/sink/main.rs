//! `ehlo sink` as a program, spoken to over sockets: what it answers, and what it counts.

mod program;
mod rig;
#[path = "../common/running.rs"]
mod running;
mod smtp;

use serde_json::Value;

/// Both ends count the same: `report` is what the sink says of itself.
fn counted(report: &Value, name: &str) -> u64 {
    report[name]
        .as_u64()
        .unwrap_or_else(|| panic!("no {name} in {report}"))
}
