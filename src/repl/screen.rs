//! Where text goes: standard output, above the line being typed, or a log beside both.
//!
//! While the editor reads a line, text goes through one printer thread that draws it above the
//! prompt; otherwise it is written directly. Nothing waits for the printer. A log gets every line in
//! wire order, whatever the screen does.

use std::fs::File;
use std::io::Write as _;
use std::sync::mpsc::Sender;

use crate::error::{Error, Result};
use crate::private;
use crate::ui::out;

/// The screen.
#[derive(Debug, Default)]
pub struct Screen {
    above: Option<Sender<String>>,
    reading: bool,
}

impl Screen {
    /// A screen whose text is drawn above a prompt by the thread behind `above`.
    pub fn above(above: Option<Sender<String>>) -> Self {
        Self {
            above,
            reading: false,
        }
    }

    /// The editor begins or ends to read a line.
    pub fn reading(&mut self, reading: bool) {
        self.reading = reading;
    }

    /// Writes lines, each ended.
    ///
    /// # Errors
    /// `Local`, quietly when the reader went away.
    pub fn write(&mut self, text: impl AsRef<[u8]>) -> Result<()> {
        let text = text.as_ref();
        if text.is_empty() {
            return Ok(());
        }
        if let (true, Some(above)) = (self.reading, &self.above)
            && above
                .send(String::from_utf8_lossy(text).into_owned())
                .is_ok()
        {
            return Ok(());
        }
        out::write_bytes(text)
    }
}

/// A log file that conversations are appended to.
#[derive(Debug)]
pub struct LogFile {
    file: File,
    name: String,
    /// True for JSON lines.
    pub json: bool,
}

impl LogFile {
    /// Opens a log for appending, readable by its owner alone.
    ///
    /// # Errors
    /// `Local` with the file's name.
    pub fn open(path: &std::path::Path) -> Result<Self> {
        let name = path.display().to_string();
        let (file, json) = private::open_log(path)?;
        Ok(Self { file, name, json })
    }

    /// Appends text.
    ///
    /// # Errors
    /// `Local`: the disk is full, the folder gone.
    pub fn write(&mut self, text: &[u8]) -> Result<()> {
        self.file
            .write_all(text)
            .map_err(|e| Error::local(format!("{}: {e}", self.name)).doing("writing the log"))
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
