//! How a talk ended, and the reports made of it: TAP, JUnit, JSON. Pure.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::error::Kind;
use crate::transcript::Row;
use crate::ui::diag::Diag;
use crate::wire::quote::quoted;
use crate::wire::show::{Charset, show};

/// How a talk ended.
#[derive(Debug)]
pub struct Outcome {
    /// The talk's name.
    pub name: String,
    /// Which run of it, from 1, where it is run repeatedly.
    pub run: usize,
    /// How it ended.
    pub end: End,
    /// How long it took.
    pub took: Duration,
    /// Exchanges that were as expected.
    pub exchanges: u64,
    /// Lines of the talk.
    pub lines: usize,
    /// What was said: of a failure the exchange, all of it where a page is made.
    pub rows: Vec<Row>,
    /// Where in the rows the last two exchanges begin.
    pub tail: usize,
}

/// Ways to end.
#[derive(Debug)]
pub enum End {
    /// As expected.
    Passed,
    /// Not run, for this reason.
    Skipped(String),
    /// Not as expected.
    Failed {
        /// Decides the exit code.
        kind: Kind,
        /// What and where.
        diag: Box<Diag>,
    },
}

impl Outcome {
    /// The name, with the run where there are several.
    pub fn title(&self) -> String {
        if self.run > 1 {
            format!("{} (run {})", self.name, self.run)
        } else {
            self.name.clone()
        }
    }

    /// The kind of the failure.
    pub fn kind(&self) -> Option<Kind> {
        match &self.end {
            End::Failed { kind, .. } => Some(*kind),
            _ => None,
        }
    }

    /// "failed at line 9 of 19, after 4 exchanges, 41 ms".
    pub fn words(&self) -> String {
        let exchanges = match self.exchanges {
            1 => "1 exchange".to_owned(),
            n => format!("{n} exchanges"),
        };
        let took = time(self.took);
        match &self.end {
            End::Passed => format!("passed, {exchanges}, {took}"),
            End::Skipped(reason) => format!("skipped: {reason}"),
            End::Failed { diag, .. } => format!(
                "failed at line {} of {}, after {exchanges}, {took}",
                diag.span.line, self.lines
            ),
        }
    }
}

fn time(took: Duration) -> String {
    crate::ui::units::millis(took.as_secs_f64() * 1000.0)
}

/// How many ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As expected.
    pub passed: u64,
    /// Not as expected.
    pub failed: u64,
    /// Not run.
    pub skipped: u64,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, outcome: &Outcome) {
        match outcome.end {
            End::Passed => self.passed += 1,
            End::Skipped(_) => self.skipped += 1,
            End::Failed { .. } => self.failed += 1,
        }
    }

    /// "2 passed, 1 failed, 1 skipped".
    pub fn words(&self) -> String {
        let mut words = format!("{} passed, {} failed", self.passed, self.failed);
        if self.skipped > 0 {
            let _ = write!(words, ", {} skipped", self.skipped);
        }
        words
    }
}

/// One talk's lines of a TAP report (version 14); the plan stands at its end.
pub fn tap(number: usize, outcome: &Outcome) -> String {
    let title = safe(&outcome.title()).replace('#', "\\#");
    match &outcome.end {
        End::Passed => format!("ok {number} - {title}\n"),
        End::Skipped(reason) => format!("ok {number} - {title} # SKIP {}\n", safe(reason)),
        End::Failed { diag, .. } => {
            let mut out = format!("not ok {number} - {title}\n  ---\n  message: |\n");
            for line in diag.text().lines() {
                let _ = writeln!(out, "    {line}");
            }
            let _ = writeln!(out, "  at: {}\n  ...", quoted(&diag.place()));
            out
        }
    }
}

/// A JUnit report of all talks.
pub fn junit(outcomes: &[Outcome]) -> String {
    let mut tally = Tally::default();
    outcomes.iter().for_each(|o| tally.add(o));
    let seconds: f64 = outcomes.iter().map(|o| o.took.as_secs_f64()).sum();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"ehlo run\" \
         tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\" time=\"{seconds:.3}\">\n",
        outcomes.len(),
        tally.failed,
        tally.skipped
    );
    for outcome in outcomes {
        let _ = write!(
            out,
            "<testcase classname=\"talk\" name=\"{}\" time=\"{:.3}\"",
            xml(&outcome.title()),
            outcome.took.as_secs_f64()
        );
        match &outcome.end {
            End::Passed => out.push_str("/>\n"),
            End::Skipped(reason) => {
                let _ = writeln!(out, "><skipped message=\"{}\"/></testcase>", xml(reason));
            }
            End::Failed { diag, kind } => {
                let _ = writeln!(
                    out,
                    "><failure message=\"{}\" type=\"{kind:?}\">{}</failure></testcase>",
                    xml(&diag.what),
                    xml(&diag.text())
                );
            }
        }
    }
    out.push_str("</testsuite>\n</testsuites>\n");
    out
}

#[derive(Serialize)]
struct Form<'a> {
    talk: &'a str,
    run: usize,
    outcome: &'static str,
    ms: f64,
    exchanges: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure<'a>>,
}

#[derive(Serialize)]
struct Failure<'a> {
    what: &'a str,
    file: &'a str,
    line: u32,
    column: u32,
    expected: Option<&'a str>,
    got: Vec<String>,
    notes: &'a [String],
    exit: u8,
}

/// One talk as a line of JSON (docs/json.md).
pub fn json(outcome: &Outcome) -> String {
    let (word, reason, failure) = match &outcome.end {
        End::Passed => ("passed", None, None),
        End::Skipped(reason) => ("skipped", Some(reason.as_str()), None),
        End::Failed { kind, diag } => {
            let source = diag.source.iter().find(|(n, _)| *n == diag.span.line);
            let failure = Failure {
                what: &diag.what,
                file: &diag.file,
                line: diag.span.line,
                column: diag.span.column,
                expected: source.map(|(_, text)| text.as_str()),
                got: diag
                    .got
                    .iter()
                    .map(|line| String::from_utf8_lossy(line).into_owned())
                    .collect(),
                notes: &diag.notes,
                exit: kind.code(),
            };
            ("failed", None, Some(failure))
        }
    };
    let form = Form {
        talk: &outcome.name,
        run: outcome.run,
        outcome: word,
        ms: (outcome.took.as_secs_f64() * 1_000_000.0).round() / 1000.0,
        exchanges: outcome.exchanges,
        reason,
        failure,
    };
    // A form of strings, numbers and lists of them always has its JSON.
    crate::wire::show::json_safe(serde_json::to_string(&form).unwrap_or_default())
}

fn safe(text: &str) -> String {
    show(text.as_bytes(), Charset::Unicode).into_owned()
}

/// Text for XML 1.0: what it cannot hold is shown, line ends stay.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        for c in safe(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::diag::Span;

    fn outcomes() -> Vec<Outcome> {
        let span = Span {
            line: 2,
            column: 4,
            length: 3,
        };
        let diag = Diag::new("b.talk", "C: X\nS: 250\n", span, "not the one expected")
            .label("expected")
            .got("550 <no> & \"never\"");
        let outcome = |name: &str, end| Outcome {
            name: name.to_owned(),
            run: 1,
            end,
            took: Duration::from_millis(41),
            exchanges: 4,
            lines: 19,
            rows: Vec::new(),
            tail: 0,
        };
        vec![
            outcome("a.talk", End::Passed),
            outcome(
                "b.talk",
                End::Failed {
                    kind: Kind::Refused,
                    diag: Box::new(diag),
                },
            ),
            outcome("c.talk", End::Skipped("no CHUNKING".to_owned())),
        ]
    }

    #[test]
    fn words_and_tally() {
        let all = outcomes();
        assert_eq!(
            all[1].words(),
            "failed at line 2 of 19, after 4 exchanges, 41 ms"
        );
        let mut tally = Tally::default();
        all.iter().for_each(|o| tally.add(o));
        assert_eq!(tally.words(), "1 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn tap_names_the_place() {
        let all = outcomes();
        assert_eq!(tap(1, &all[0]), "ok 1 - a.talk\n");
        assert_eq!(tap(3, &all[2]), "ok 3 - c.talk # SKIP no CHUNKING\n");
        let failed = tap(2, &all[1]);
        assert!(failed.starts_with("not ok 2 - b.talk\n  ---\n  message: |\n    error: "));
        assert!(failed.ends_with("  at: \"b.talk:2:4\"\n  ...\n"));
    }

    #[test]
    fn junit_escapes() {
        let report = junit(&outcomes());
        assert!(report.contains("tests=\"3\" failures=\"1\" skipped=\"1\""));
        assert!(report.contains("550 &lt;no&gt; &amp; &quot;never&quot;"));
        assert!(report.contains("time=\"0.041\"/>"));
    }

    #[test]
    fn json_has_got_and_expected() {
        let line = json(&outcomes()[1]);
        assert!(line.contains("\"expected\":\"S: 250\""));
        assert!(line.contains("\"got\":[\"550 <no> & \\\"never\\\"\"]"));
        assert!(line.contains("\"exit\":1"));
    }
}
