//! A finished run as figures: what `--json`, `--hdr`, `--merge` and `--compare` write and read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Series, Stage, Tally};
use crate::error::{Error, Result};
use crate::wire::show::{Charset, show};

/// What was run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// "load" or "sink".
    pub tool: String,
    /// Whom it was run against, or where it listened.
    pub target: String,
    /// What is counted: "message" or "round".
    #[serde(default = "message")]
    pub unit: String,
    /// How, in a few words: "20 sessions, connections kept".
    pub how: String,
    /// How long it took.
    pub seconds: f64,
    /// True when it was ended before its time.
    #[serde(default)]
    pub interrupted: bool,
}

fn message() -> String {
    "message".into()
}

/// One stage, in microseconds. A percentile that the sample is too small for is missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The stage's name.
    pub stage: String,
    /// How many times were counted.
    pub count: u64,
    /// The shortest.
    pub min: u64,
    /// Half did not take longer.
    pub p50: Option<u64>,
    /// Nine in ten did not.
    pub p90: Option<u64>,
    /// 99 in a hundred did not.
    pub p99: Option<u64>,
    /// 999 in a thousand did not.
    pub p999: Option<u64>,
    /// The longest.
    pub max: u64,
    /// The histogram: upper end and count of each filled bucket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<(u64, u64)>,
}

/// An error by stage and reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Where.
    pub stage: String,
    /// Why, in few words.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// The first one seen.
    pub example: String,
}

/// Everything that is told of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was run.
    pub about: About,
    /// Messages accepted.
    pub accepted: u64,
    /// Messages not accepted.
    pub failed: u64,
    /// Messages sent whole whose reply never came.
    pub in_doubt: u64,
    /// Accepted messages a second.
    pub rate: f64,
    /// Recipients of the accepted messages.
    pub recipients: u64,
    /// Recipients refused.
    pub refused_recipients: u64,
    /// Connections made.
    pub connections: u64,
    /// TLS sessions resumed.
    pub resumed: u64,
    /// Octets sent.
    pub octets_sent: u64,
    /// Octets received.
    pub octets_received: u64,
    /// Times by stage.
    pub stages: Vec<Row>,
    /// Replies by code.
    pub replies: BTreeMap<u16, u64>,
    /// Errors by stage and reason.
    pub errors: Vec<Fault>,
    /// Messages and errors by time; older reports have none.
    #[serde(default)]
    pub over_time: Series,
}

impl Report {
    /// The report of a tally.
    pub fn new(about: About, tally: &Tally) -> Self {
        let seconds = about.seconds.max(1e-6);
        Self {
            rate: tally.accepted as f64 / seconds,
            about,
            accepted: tally.accepted,
            failed: tally.failed,
            in_doubt: tally.in_doubt,
            recipients: tally.recipients,
            refused_recipients: tally.refused_recipients,
            connections: tally.connections,
            resumed: tally.resumed,
            octets_sent: tally.sent,
            octets_received: tally.received,
            stages: Stage::ALL
                .into_iter()
                .filter_map(|s| row(s, tally))
                .collect(),
            replies: tally.replies().collect(),
            errors: tally
                .errors
                .iter()
                .map(|((stage, reason), (count, example))| Fault {
                    stage: stage.name().to_owned(),
                    reason: reason.clone(),
                    count: *count,
                    example: example.clone(),
                })
                .collect(),
            over_time: tally.over_time.clone(),
        }
    }

    /// Reads a report. What is in it came from elsewhere: its text is made safe.
    ///
    /// # Errors
    /// `Local` when it is none.
    pub fn read(text: &str, name: &str) -> Result<Self> {
        let mut report: Self = serde_json::from_str(text).map_err(|e| {
            Error::local(format!("{name} is no report: {e}"))
                .hint("such as", "ehlo load … --hdr FILE, or --json, writes")
        })?;
        if !report.over_time.is_sound() {
            let what = format!("{name} is no report: its counts by time do not fit each other");
            return Err(Error::local(what));
        }
        let about = &mut report.about;
        for text in [
            &mut about.tool,
            &mut about.target,
            &mut about.unit,
            &mut about.how,
        ] {
            *text = safe(text);
        }
        for fault in &mut report.errors {
            fault.reason = safe(&fault.reason);
            fault.example = safe(&fault.example);
        }
        Ok(report)
    }

    /// The counts behind the report, where its histograms are in it.
    ///
    /// # Errors
    /// `Local` when the histograms were left out, or do not add up.
    pub fn tally(&self, name: &str) -> Result<Tally> {
        let mut tally = Tally {
            accepted: self.accepted,
            failed: self.failed,
            in_doubt: self.in_doubt,
            recipients: self.recipients,
            refused_recipients: self.refused_recipients,
            sent: self.octets_sent,
            received: self.octets_received,
            connections: self.connections,
            resumed: self.resumed,
            over_time: self.over_time.clone(),
            ..Tally::default()
        };
        for row in &self.stages {
            let Some(stage) = Stage::of(&row.stage) else {
                return Err(Error::local(format!(
                    "{name} has times of \"{}\", which is no stage",
                    safe(&row.stage)
                )));
            };
            let sum = row
                .buckets
                .iter()
                .try_fold(0u64, |sum, (_, count)| sum.checked_add(*count));
            if sum != Some(row.count) {
                return Err(Error::local(format!(
                    "{name} has no whole histogram of {}: percentiles cannot be added",
                    stage.name()
                ))
                .hint("write", "the reports to merge with --hdr FILE"));
            }
            for (micros, count) in &row.buckets {
                tally.fill(stage, *micros, *count);
            }
        }
        for (code, count) in &self.replies {
            tally.replies_of(*code, *count);
        }
        for fault in &self.errors {
            if let Some(stage) = Stage::of(&fault.stage) {
                tally.errors_of(stage, &fault.reason, fault.count, &fault.example);
            }
        }
        Ok(tally)
    }

    /// Joins the reports of several processes that ran at the same time.
    ///
    /// # Errors
    /// `Local` when one has no histograms.
    pub fn merge(parts: &[(String, Self)]) -> Result<Self> {
        let mut sum = Tally::default();
        let mut about = About {
            how: format!("{} reports together", parts.len()),
            ..About::default()
        };
        for (name, part) in parts {
            sum.add(&part.tally(name)?);
            about.seconds = about.seconds.max(part.about.seconds);
            about.interrupted |= part.about.interrupted;
            about.tool.clone_from(&part.about.tool);
            about.unit.clone_from(&part.about.unit);
            if !about.target.split(' ').any(|t| t == part.about.target) {
                if !about.target.is_empty() {
                    about.target.push(' ');
                }
                about.target.push_str(&part.about.target);
            }
        }
        Ok(Self::new(about, &sum))
    }

    /// The same with the histograms of `tally`, so that it can be merged later.
    #[must_use]
    pub fn with_buckets(mut self, tally: &Tally) -> Self {
        for row in &mut self.stages {
            if let Some(stage) = Stage::of(&row.stage) {
                row.buckets = tally.buckets(stage);
            }
        }
        self
    }

    /// As one line of JSON.
    pub fn json(&self) -> String {
        crate::wire::show::json_safe(serde_json::to_string(self).unwrap_or_default())
    }
}

fn safe(text: &str) -> String {
    show(text.as_bytes(), Charset::Unicode).into_owned()
}

fn row(stage: Stage, tally: &Tally) -> Option<Row> {
    let (min, max) = tally.ends(stage)?;
    let count = tally.count(stage);
    // One time in ten, a hundred or a thousand must be there to speak of it.
    let at = |quantile: f64, least: u64| {
        (count >= least)
            .then(|| tally.at(stage, quantile))
            .flatten()
            .map(|at| at.min(max))
    };
    Some(Row {
        stage: stage.name().to_owned(),
        count,
        min,
        p50: at(0.5, 2),
        p90: at(0.9, 10),
        p99: at(0.99, 100),
        p999: at(0.999, 1000),
        max,
        buckets: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn filled(from: u64, count: u64) -> Tally {
        let mut tally = Tally::default();
        for i in 0..count {
            tally.time(Stage::Mail, Duration::from_micros(from + i * 37));
            tally.reply(250);
        }
        tally.accepted = count;
        tally.error(Stage::Rcpt, "550 5.1.1", "550 5.1.1 nobody");
        tally
    }

    #[test]
    fn merged_reports_are_what_one_run_would_have_told() {
        let (a, b) = (filled(10, 700), filled(90_000, 900));
        let mut whole = a.clone();
        whole.add(&b);
        let part = |tally: &Tally| {
            let report = Report::new(About::default(), tally).with_buckets(tally);
            ("x".to_owned(), Report::read(&report.json(), "x").unwrap())
        };
        let merged = Report::merge(&[part(&a), part(&b)]).unwrap();
        let expected = Report::new(merged.about.clone(), &whole);
        assert_eq!(merged, expected);
        assert_eq!((merged.accepted, merged.stages[0].count), (1600, 1600));
        assert_eq!(merged.errors[0].count, 2);
    }

    #[test]
    fn without_histograms_nothing_is_merged() {
        let report = Report::new(About::default(), &filled(10, 20));
        assert!(Report::merge(&[("x".into(), report)]).is_err());
    }

    #[test]
    fn a_percentile_needs_its_sample() {
        let row = |count| {
            Report::new(About::default(), &filled(10, count))
                .stages
                .remove(0)
        };
        let told = |r: Row| {
            [
                r.p50.is_some(),
                r.p90.is_some(),
                r.p99.is_some(),
                r.p999.is_some(),
            ]
        };
        assert_eq!(told(row(1)), [false; 4]);
        assert_eq!(told(row(20)), [true, true, false, false]);
        assert_eq!(told(row(999)), [true, true, true, false]);
        assert_eq!(told(row(1000)), [true; 4]);
    }

    #[test]
    fn reasons_do_not_grow_without_end() {
        let mut tally = Tally::default();
        for i in 0..10_000 {
            tally.error(Stage::Data, &format!("reason {i}"), "");
        }
        assert_eq!(tally.error_count(), 10_000);
        assert!(tally.errors.len() <= 201);
    }
}
