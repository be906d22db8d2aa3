//! What is told of talks that were run: for people, TAP, JUnit, JSON, and the page.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use crate::cli::{ReportFormat, Run};
use crate::error::{Kind, Result};
use crate::private;
use crate::script::outcome::{self, End, Outcome, Tally};
use crate::transcript::Row;
use crate::ui::html::{Chapter, Ended, page};
use crate::ui::{Look, Role, Styled, out, rows, units};

/// Octets of rows that are held for a page.
const HELD_MAX: usize = 256 * 1024 * 1024;

/// What is told of the talks.
pub(super) struct Report {
    format: ReportFormat,
    look: Look,
    quiet: bool,
    verbose: bool,
    json: bool,
    total: usize,
    number: usize,
    tally: Tally,
    /// The kind of the first failure.
    pub(super) first: Option<Kind>,
    /// Kept where the report is written at the end.
    kept: Vec<Outcome>,
    held: usize,
    keep: bool,
    progress: bool,
    began: Instant,
}

impl Report {
    pub(super) fn new(args: &Run, look: Look, total: usize) -> Self {
        let human = args.format == ReportFormat::Human;
        Self {
            format: args.format,
            look,
            quiet: args.output.quiet,
            verbose: args.output.verbose > 0,
            json: args.output.json,
            total,
            number: 0,
            tally: Tally::default(),
            first: None,
            kept: Vec::new(),
            held: 0,
            keep: args.format == ReportFormat::Junit || args.html.is_some(),
            progress: human
                && total > 1
                && !args.step
                && !args.output.json
                && std::io::stderr().is_terminal(),
            began: Instant::now(),
        }
    }

    pub(super) fn add(&mut self, mut outcome: Outcome) -> Result<()> {
        self.number += 1;
        self.tally.add(&outcome);
        if let Some(kind) = outcome.kind() {
            self.first.get_or_insert(kind);
        }
        self.clear_progress();
        match self.format {
            ReportFormat::Human if !self.json => self.human(&outcome)?,
            ReportFormat::Tap => {
                if self.number == 1 {
                    out::line("TAP version 14")?;
                }
                out::print(&outcome::tap(self.number, &outcome))?;
            }
            ReportFormat::Json => out::line(&outcome::json(&outcome))?,
            ReportFormat::Junit | ReportFormat::Human => {}
        }
        if self.keep {
            let size: usize = outcome
                .rows
                .iter()
                .map(|row| row.text.len() + size_of::<Row>())
                .sum();
            self.held += size;
            if self.held > HELD_MAX {
                outcome.rows = Vec::new();
            }
            self.kept.push(outcome);
        }
        self.show_progress();
        Ok(())
    }

    fn human(&self, outcome: &Outcome) -> Result<()> {
        let role = match outcome.end {
            End::Passed => Role::Good,
            End::Skipped(_) => Role::Later,
            End::Failed { .. } => Role::Refused,
        };
        let failed = matches!(outcome.end, End::Failed { .. });
        if self.quiet && !failed {
            return Ok(());
        }
        let title =
            crate::wire::show::show(outcome.title().as_bytes(), self.look.charset).into_owned();
        let head = Styled::new(Role::Strong, title)
            .with(Role::Plain, "  ")
            .with(role, outcome.words());
        out::line(&head.render(&self.look))?;
        if (failed || self.verbose) && !self.quiet && !outcome.rows.is_empty() {
            out::line("")?;
            let from = if self.verbose { 0 } else { outcome.tail };
            let mut marker = rows::Marker::default();
            for row in &outcome.rows[from..] {
                for line in marker.lines(row, &self.look) {
                    out::line(&line.render(&self.look))?;
                }
            }
        }
        if let End::Failed { diag, .. } = &outcome.end {
            out::line("")?;
            for line in diag.lines(&self.look) {
                out::line(&line.render(&self.look))?;
            }
        }
        Ok(())
    }

    fn show_progress(&self) {
        if self.progress && self.number < self.total {
            let text = format!(
                "  {} of {}, {}",
                self.number,
                self.total,
                self.tally.words()
            );
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r{text}\x1b[K").and_then(|()| stderr.flush());
        }
    }

    fn clear_progress(&self) {
        if self.progress && self.number > 1 {
            let mut stderr = std::io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
        }
    }

    pub(super) fn finish(&mut self, args: &Run) -> Result<()> {
        match self.format {
            ReportFormat::Human if !self.json => {
                let words = format!(
                    "{}, {}",
                    self.tally.words(),
                    units::millis(self.began.elapsed().as_secs_f64() * 1000.0)
                );
                out::line(&words)?;
            }
            ReportFormat::Tap => out::line(&format!("1..{}", self.number))?,
            ReportFormat::Junit => out::print(&outcome::junit(&self.kept))?,
            ReportFormat::Json | ReportFormat::Human => {}
        }
        let Some(path) = &args.html else {
            return Ok(());
        };
        let texts: Vec<(String, String, String)> = self.kept.iter().map(texts).collect();
        let chapters: Vec<Chapter<'_>> = self
            .kept
            .iter()
            .zip(&texts)
            .map(|(outcome, (title, words, diag))| Chapter {
                title,
                ended: Some(match outcome.end {
                    End::Passed => Ended::Passed(words),
                    End::Skipped(_) => Ended::Skipped(words),
                    End::Failed { .. } => Ended::Failed(words, diag),
                }),
                rows: outcome.rows.iter().collect(),
            })
            .collect();
        let text = page("ehlo run", &self.tally.words(), &chapters);
        private::write_whole(path, text.as_bytes())
    }
}

/// What a page says of an outcome: title, words, diagnostic.
fn texts(outcome: &Outcome) -> (String, String, String) {
    let words = outcome.words();
    let words = words
        .strip_prefix("passed, ")
        .or_else(|| words.strip_prefix("skipped: "))
        .or_else(|| words.strip_prefix("failed "))
        .unwrap_or(&words)
        .to_owned();
    let diag = match &outcome.end {
        End::Failed { diag, .. } => diag.text(),
        _ => String::new(),
    };
    (outcome.title(), words, diag)
}
