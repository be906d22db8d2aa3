//! A file on its way to the server, a part at a time, each only when the one before is written.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::error::{Error, Result};
use crate::proto::engine::{Input, PART_MAX};
use crate::session::Session;

/// A file being sent as a body, a literal or a chunk.
#[derive(Debug)]
pub struct Upload {
    file: File,
    name: String,
    left: u64,
    size: u64,
}

impl Upload {
    /// Opens a file and measures it.
    ///
    /// # Errors
    /// `Local`, naming the file, when it is missing, unreadable or not a plain file.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let failed = |e: std::io::Error| Error::local(format!("{name}: {e}"));
        let file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        if !meta.is_file() {
            return Err(Error::local(format!("{name} is not a plain file")));
        }
        Ok(Self {
            file,
            left: meta.len(),
            size: meta.len(),
            name,
        })
    }

    /// Octets in all.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Only the next `octets` of it go now; returns how many that will be.
    pub fn octets_left(&self) -> u64 {
        self.left
    }

    /// Reads the next part, at most `most` octets.
    ///
    /// # Errors
    /// `Local` when the file shrank or cannot be read.
    pub fn part(&mut self, most: u64) -> Result<Vec<u8>> {
        let wanted = self.left.min(most).min(PART_MAX as u64);
        let mut part = vec![0; usize::try_from(wanted).unwrap_or(PART_MAX)];
        self.file
            .read_exact(&mut part)
            .map_err(|e| Error::local(format!("{}: {e} (did it shrink?)", self.name)))?;
        self.left -= wanted;
        Ok(part)
    }

    /// Submits the next part. True when that was the last.
    ///
    /// # Errors
    /// As `part`; or what the engine refused.
    pub fn send(&mut self, session: &mut Session) -> Result<bool> {
        let bytes = self.part(u64::MAX)?;
        let last = self.left == 0;
        session
            .submit(Input::Content {
                bytes: &bytes,
                last,
            })
            .map_err(|refusal| Error::local(format!("{}: not sent: {refusal}", self.name)))?;
        Ok(last)
    }
}
