//! `ehlo show FILE.jsonl`: a recorded log as people, talks or a browser read it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::cli::{Show, ShowForm};
use crate::error::{Error, Result};
use crate::transcript::{Row, from_json, save};
use crate::ui::html::{Chapter, page};
use crate::ui::{Look, out, rows};

/// The longest line of a log: a line of a server has up to 1 MiB, each octet up to six as `\u001b`,
/// and the reply is parsed beside it.
const LINE_MAX: u64 = 16 * 1024 * 1024;

/// Octets of a log that are held at once, for talks and pages.
const HELD_MAX: usize = 256 * 1024 * 1024;

/// Shows the log.
///
/// # Errors
/// Local when the file cannot be read; usage when a line of it is no row.
pub fn run(args: &Show, look: &Look) -> Result<()> {
    let name = args.file.display().to_string();
    if args.form == ShowForm::Human {
        let mut marker = rows::Marker::default();
        return each(&args.file, &name, |row| {
            for line in marker.lines(&row, look) {
                out::line(&line.render(look))?;
            }
            Ok(())
        });
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut held = 0;
    each(&args.file, &name, |row| {
        held += row.text.len() + size_of::<Row>();
        if held > HELD_MAX {
            let error = Error::usage(format!("{name}: too long to be shown in this form"));
            return Err(error.hint("else", "ehlo show reads any length as marked text"));
        }
        rows.push(row);
        Ok(())
    })?;
    if args.form == ShowForm::Talk {
        return out::print(&save::talk(&rows));
    }
    let chapter = Chapter {
        title: &name,
        ended: None,
        rows: rows.iter().collect(),
    };
    out::print(&page(&name, "", &[chapter]))
}

/// Reads a log row by row.
fn each(path: &Path, name: &str, mut take: impl FnMut(Row) -> Result<()>) -> Result<()> {
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(|e| Error::local(format!("{name}: {e}")))?)
    };
    let mut input = BufReader::new(input);
    let mut number = 0_u64;
    let mut line = Vec::new();
    loop {
        line.clear();
        number += 1;
        let read = input
            .by_ref()
            .take(LINE_MAX)
            .read_until(b'\n', &mut line)
            .map_err(|e| Error::local(format!("{name}: {e}")))?;
        if read == 0 {
            return Ok(());
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text =
            std::str::from_utf8(&line).map_err(|_| no_row(name, number, "it is not UTF-8"))?;
        if read as u64 == LINE_MAX && !text.ends_with('\n') {
            return Err(no_row(name, number, "it is longer than 16 MiB"));
        }
        let row = from_json(text.trim_end()).map_err(|e| no_row(name, number, &e.0))?;
        take(row)?;
    }
}

fn no_row(name: &str, line: u64, why: &str) -> Error {
    Error::usage(format!("{name}:{line}: this is no line of a log: {why}")).hint(
        "known",
        "logs written with --log FILE.jsonl or --json (docs/json.md)",
    )
}
