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
    /// The last octet that was read.
    last: u8,
    /// True once a line ended in LF alone.
    bare: bool,
    /// True when it goes out octet for octet, as literals and chunks do.
    exact: bool,
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
            last: 0,
            bare: false,
            exact: false,
            name,
        })
    }

    /// The same, to go out octet for octet: a line end of LF alone stays what it is.
    #[must_use]
    pub fn exactly(self) -> Self {
        Self {
            exact: true,
            ..self
        }
    }

    /// Octets in all.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Octets of it that have not gone yet.
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
        for &b in &part {
            self.bare |= b == b'\n' && self.last != b'\r';
            self.last = b;
        }
        Ok(part)
    }

    /// What to say of a file that went out octet for octet, where mail has CR LF (RFC 5322 2.1) and
    /// it has not.
    pub fn remark(&self) -> Option<String> {
        (self.bare && self.exact).then(|| {
            format!(
                "{} has lines that end in LF alone, sent as they are; unix2dos makes CR LF of them",
                self.name
            )
        })
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
