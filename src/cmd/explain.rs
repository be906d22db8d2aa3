//! `ehlo explain`: a verb, code, capability or pasted reply, in words, without a server.

use std::io::Write;

use crate::cli::Explain;
use crate::error::Result;
use crate::ui::out;
use crate::ui::style::Look;
use crate::ui::{Styled, explain};

/// Explains the words.
///
/// # Errors
/// `Usage` when nothing is known under a word, with the nearest name that is; `Local` when the
/// output cannot be written.
pub fn run(args: &Explain, output: &mut dyn Write, look: &Look) -> Result<()> {
    let lines = explain::words(&args.words, args.after.as_deref())?;
    let text = lines.iter().map(|line: &Styled| line.render(look) + "\n");
    let text: String = text.collect();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|e| out::failed(&e))
}
