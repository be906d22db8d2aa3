//! Where a report goes: files, and the text for people.

use std::path::Path;

use super::{Report, Tally};
use crate::error::{Error, Result};
use crate::ui::style::{Look, Role, Styled};
use crate::wire::show::Charset;

impl Report {
    /// Writes the files that were asked for.
    ///
    /// # Errors
    /// `Local`.
    pub fn save(
        &self,
        tally: &Tally,
        hdr: Option<&Path>,
        html: Option<&Path>,
        old: Option<&Self>,
    ) -> Result<()> {
        let write = |path: &Path, text: String| {
            std::fs::write(path, text).map_err(|e| Error::local(format!("{}: {e}", path.display())))
        };
        if hdr.is_none() && html.is_none() {
            return Ok(());
        }
        let whole = self.clone().with_buckets(tally);
        if let Some(path) = hdr {
            write(path, whole.json() + "\n")?;
        }
        html.map_or(Ok(()), |path| write(path, whole.html(old)))
    }

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
