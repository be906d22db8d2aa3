//! The console and the batch: what happens between a person, or a pipe, and the sessions.
//!
//! `desk` owns all sessions on one task; `turn` takes a line; `meta` holds the console commands;
//! `front` is who asks, `editor` the terminal, `batch` the pipe. `complete` and `known` are pure.

pub mod batch;
mod below;
pub mod complete;
pub mod console;
pub mod desk;
pub mod editor;
pub mod external;
pub mod front;
pub mod guard;
pub mod history;
pub mod known;
pub mod login;
pub mod meta;
pub mod opening;
pub mod prompt;
pub mod redirect;
pub mod screen;
pub mod seat;
pub mod settings;
pub mod teach;
pub mod turn;
pub mod upload;

pub use editor::EditorOptions;
pub use screen::{LogFile, Screen};
pub use seat::Seat;

use crate::error::{Error, Result};

/// Writes a new file that its owner alone can read.
///
/// # Errors
/// `Local` when it exists or cannot be written.
pub fn private_file(name: &str, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(name);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|e| Error::local(format!("{name}: {e}")))
}
