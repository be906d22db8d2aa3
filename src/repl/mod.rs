//! The console and the batch: what happens between a person, or a pipe, and the sessions.
//!
//! `desk` owns all sessions on one task; `turn` takes a line; `meta` holds the console commands;
//! `front` is who asks, `editor` the terminal, `batch` the pipe. `complete` and `known` are pure.

pub mod batch;
mod below;
pub mod complete;
pub mod console;
pub mod desk;
mod dots;
pub mod editor;
pub mod external;
pub mod front;
pub mod guard;
pub mod history;
pub mod known;
pub mod login;
pub mod marked;
pub mod meta;
pub mod opening;
mod own;
pub mod prompt;
mod record;
pub mod redirect;
pub mod screen;
pub mod seat;
pub mod settings;
pub mod teach;
mod together;
pub mod turn;
pub mod upload;
mod waiting;

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
    new_file(name)?
        .write_all(text.as_bytes())
        .map_err(|e| Error::local(format!("{name}: {e}")))
}

/// A file that is to be written at the end can be made by then, as far as that can be known now.
///
/// # Errors
/// `Local` when it exists, or its folder does not.
pub fn can_be_made(name: &str) -> Result<()> {
    let path = std::path::Path::new(name);
    if path.symlink_metadata().is_ok() {
        return Err(taken(name));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder.map(std::fs::metadata) {
        Some(Err(e)) => Err(Error::local(format!("{name}: {e}"))),
        Some(Ok(folder)) if !folder.is_dir() => {
            Err(Error::local(format!("{name}: its folder is a file")))
        }
        _ => Ok(()),
    }
}

fn taken(name: &str) -> Error {
    Error::local(format!("{name} is there already and is not overwritten"))
}

/// Makes a file that its owner alone can read; one that is there is not touched.
///
/// # Errors
/// `Local` when it exists or cannot be made.
pub fn new_file(name: &str) -> Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(name);
    file.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => taken(name),
        _ => Error::local(format!("{name}: {e}")),
    })
}
