//! `ehlo explain`: a verb, code, capability or pasted reply, in words, without a server.

use std::io::{Read, Write};

use crate::cli::Explain;
use crate::error::{Error, Result};
use crate::ui::out;
use crate::ui::style::Look;
use crate::ui::{Styled, explain};

/// The most that is read of a pasted page.
const TEXT_MAX: u64 = 64 * 1024;

/// Explains the words; `-` stands for what `input` holds.
///
/// # Errors
/// `Usage` when nothing is known under a word, with the nearest name that is; `Local` when the
/// output cannot be written.
pub fn run(
    args: &Explain,
    input: &mut dyn Read,
    output: &mut dyn Write,
    look: &Look,
) -> Result<()> {
    let page;
    let words = match args.words.as_slice() {
        [word] if word == "-" => {
            let mut octets = Vec::new();
            input
                .take(TEXT_MAX)
                .read_to_end(&mut octets)
                .map_err(|e| Error::local(format!("standard input: {e}")))?;
            page = [String::from_utf8_lossy(&octets).into_owned()];
            &page[..]
        }
        words => words,
    };
    let lines = explain::words(words, args.after.as_deref())?;
    let text = lines.iter().map(|line: &Styled| line.render(look) + "\n");
    let text: String = text.collect();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|e| out::failed(&e))
}
