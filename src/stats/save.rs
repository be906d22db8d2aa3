//! Where a report goes: files, and the text for people.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Report, Tally};
use crate::error::{Error, Result};
use crate::ui::style::{Look, Role, Styled};
use crate::wire::show::Charset;

/// The files that a report goes to. They are opened before there is anything to report, so that a
/// name that cannot be written to costs no run; what they held stays until then.
#[derive(Debug)]
pub struct Files {
    hdr: Option<Sheet>,
    html: Option<Sheet>,
}

#[derive(Debug)]
struct Sheet {
    path: PathBuf,
    file: File,
}

impl Sheet {
    fn open(path: &Path) -> Result<Self> {
        let mut how = OpenOptions::new();
        let file = how.write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|e| Error::local(format!("{}: {e}", path.display())))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    fn write(mut self, text: &str) -> Result<()> {
        let mut write = || {
            // Neither a pipe nor a device has a length.
            if self.file.metadata()?.is_file() {
                self.file.set_len(0)?;
            }
            self.file.write_all(text.as_bytes())
        };
        write().map_err(|e| Error::local(format!("{}: {e}", self.path.display())))
    }
}

impl Files {
    /// Opens those that were asked for.
    ///
    /// # Errors
    /// `Local`.
    pub fn open(hdr: Option<&Path>, html: Option<&Path>) -> Result<Self> {
        Ok(Self {
            hdr: hdr.map(Sheet::open).transpose()?,
            html: html.map(Sheet::open).transpose()?,
        })
    }

    /// Writes the report into each; the page shows what changed since `old`.
    ///
    /// # Errors
    /// `Local`: the first of what went wrong.
    pub fn save(self, report: &Report, tally: &Tally, old: Option<&Report>) -> Result<()> {
        if self.hdr.is_none() && self.html.is_none() {
            return Ok(());
        }
        let whole = report.clone().with_buckets(tally);
        let hdr = self
            .hdr
            .map_or(Ok(()), |to| to.write(&(whole.json() + "\n")));
        let html = self.html.map_or(Ok(()), |to| to.write(&whole.html(old)));
        hdr.and(html)
    }
}

impl Report {
    /// All that people are shown: the report, the chart on a terminal, what changed since `old`.
    pub fn text(&self, tally: &Tally, look: &Look, old: Option<&Self>) -> String {
        let mut lines = self.lines();
        if look.width.is_some() {
            lines.push(Styled::new(Role::Plain, ""));
            let whole = self.clone().with_buckets(tally);
            lines.extend(whole.chart(look.charset == Charset::Unicode));
        }
        if let Some(old) = old {
            lines.extend(self.compared(old));
        }
        lines.iter().map(|line| line.render(look) + "\n").collect()
    }
}
