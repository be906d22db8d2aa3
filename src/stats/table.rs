//! The report as people read it.

use super::series::Span;
use super::{Report, Row};
use crate::ui::style::{Role, Styled};
use crate::ui::units::grouped;

/// Bars of the chart.
const BARS: usize = 12;
/// Columns of the longest bar.
const BAR: u64 = 40;
/// Parts of a run in a line.
const LINE: usize = 60;
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Report {
    /// The whole report.
    pub fn lines(&self) -> Vec<Styled> {
        let mut lines = vec![Styled::new(Role::Strong, self.headline())];
        if self.failed > 0 || self.in_doubt > 0 {
            let what = if self.about.unit == "message" {
                "not accepted"
            } else {
                "failed"
            };
            let mut text = format!("{} {what}", grouped(self.failed));
            if self.in_doubt > 0 {
                text.push_str(&format!(
                    ", {} in doubt (sent whole, the reply never came)",
                    grouped(self.in_doubt)
                ));
            }
            lines.push(Styled::new(Role::Refused, text));
        }
        if !self.stages.is_empty() {
            lines.push(Styled::new(
                Role::Dim,
                format!(
                    "{:<10}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
                    " ms", "min", "p50", "p90", "p99", "p99.9", "max"
                ),
            ));
        }
        lines.extend(self.stages.iter().map(|row| Styled::plain(stage(row))));
        let replies: Vec<String> = self
            .replies
            .iter()
            .map(|(code, count)| format!("{code:03} × {}", grouped(*count)))
            .collect();
        if !replies.is_empty() {
            lines.push(Styled::plain(format!(
                "replies     {}",
                replies.join(" · ")
            )));
        }
        let rates: Vec<f64> = self.steady().iter().map(|span| span.rate).collect();
        if let [low, high] = ends(&rates)[..] {
            lines.push(Styled::plain(format!(
                "by second   {}/s at least, {}/s at most",
                rate(low),
                rate(high)
            )));
        }
        if self.refused_recipients > 0 {
            lines.push(Styled::plain(format!(
                "recipients  {} accepted, {} refused",
                grouped(self.recipients),
                grouped(self.refused_recipients)
            )));
        }
        if self.errors.is_empty() {
            lines.push(Styled::plain("errors      none"));
        }
        for (at, fault) in self.errors.iter().enumerate() {
            let label = if at == 0 { "errors" } else { "" };
            let text = format!(
                "{label:<12}{} × {} at {}",
                grouped(fault.count),
                fault.reason,
                fault.stage
            );
            let line = Styled::new(Role::Refused, text);
            lines.push(if fault.example.is_empty() {
                line
            } else {
                line.with(Role::Dim, format!("  {}", fault.example))
            });
        }
        lines
    }

    pub(super) fn headline(&self) -> String {
        let about = &self.about;
        let seconds = about.seconds.max(1e-6);
        let moved = self.octets_sent.max(self.octets_received) as f64 / seconds;
        let plural = if self.accepted == 1 { "" } else { "s" };
        let mut text = format!(
            "{} {}{plural} in {:.3} s: {}/s, {}/s, {}",
            grouped(self.accepted),
            about.unit,
            about.seconds,
            rate(self.rate),
            octets(moved),
            about.how
        );
        if self.resumed > 0 {
            text.push_str(&format!(", {} TLS sessions resumed", grouped(self.resumed)));
        }
        if about.interrupted {
            text.push_str(" (ended early)");
        }
        text
    }

    /// The run second by second, where it lasted long enough to tell.
    fn steady(&self) -> Vec<Span> {
        self.over_time.spans(self.about.seconds, LINE)
    }

    /// The rate over time, as one line.
    fn course(&self, unicode: bool) -> Option<Styled> {
        const LOW: [char; 8] = ['_', '.', '-', '=', '+', '*', '%', '#'];
        let spans = self.steady();
        let most = spans.iter().map(|span| span.rate).fold(0.0, f64::max);
        if most <= 0.0 {
            return None;
        }
        let levels = if unicode { BLOCKS } else { LOW };
        let line: String = spans
            .iter()
            .map(|span| match span.rate {
                0.0 => ' ',
                rate => levels[((rate / most * 8.0).ceil() as usize).clamp(1, 8) - 1],
            })
            .collect();
        let lasted = spans.last().map_or(0.0, |span| span.to);
        Some(Styled::new(Role::Dim, " over time  ").with(
            Role::Plain,
            format!("{line} {}/s, {lasted:.0} s", rate(most)),
        ))
    }

    /// How long the messages took, as bars; nothing when there are none. Needs the histograms.
    pub fn chart(&self, unicode: bool) -> Vec<Styled> {
        let Some(row) = self
            .stages
            .iter()
            .find(|r| r.stage == "message" || r.stage == "round")
        else {
            return Vec::new();
        };
        let (bars, upto) = row.bars(BARS);
        let most = bars.iter().copied().max().unwrap_or(0);
        if most == 0 {
            return Vec::new();
        }
        let mut lines: Vec<Styled> = self.course(unicode).into_iter().collect();
        let title = format!(" ms up to  {}s", self.about.unit);
        lines.push(Styled::new(Role::Dim, title));
        for (at, count) in bars.into_iter().enumerate() {
            let upto = upto[at] as f64 / 1000.0;
            let long =
                usize::try_from((u128::from(count) * u128::from(BAR)).div_ceil(u128::from(most)))
                    .unwrap_or(0);
            let bar = if unicode { "█" } else { "#" }.repeat(long);
            lines.push(Styled::plain(format!(
                "{upto:>9.2}  {bar} {}",
                grouped(count)
            )));
        }
        lines
    }

    /// What changed since `old`.
    pub fn compared(&self, old: &Self) -> Vec<Styled> {
        let change = |now: f64, then: f64| match then {
            0.0 => "–".to_owned(),
            _ => format!("{:+.1} %", (now - then) / then * 100.0),
        };
        let mut lines = vec![
            Styled::new(Role::Strong, "compared"),
            Styled::plain(format!(
                "rate        {}/s, was {}/s: {}",
                rate(self.rate),
                rate(old.rate),
                change(self.rate, old.rate)
            )),
        ];
        let slowest = |report: &Self| {
            let rates = report.steady().into_iter().map(|span| span.rate);
            rates.reduce(f64::min)
        };
        if let (Some(now), Some(then)) = (slowest(self), slowest(old)) {
            lines.push(Styled::plain(format!(
                "slowest     {}/s, was {}/s: {}",
                rate(now),
                rate(then),
                change(now, then)
            )));
        }
        for now in &self.stages {
            let Some(then) = old.stages.iter().find(|r| r.stage == now.stage) else {
                continue;
            };
            let pairs = [
                ("p50", now.p50, then.p50),
                ("p99", now.p99, then.p99),
                ("max", Some(now.max), Some(then.max)),
            ];
            let told: Vec<String> = pairs
                .into_iter()
                .filter_map(|(name, now, then)| {
                    let (now, then) = (now?, then?);
                    let change = change(now as f64, then as f64);
                    Some(format!("{name} {} was {} ({change})", ms(now), ms(then)))
                })
                .collect();
            lines.push(Styled::plain(format!(
                "{:<12}{}",
                now.stage,
                told.join("  ")
            )));
        }
        lines
    }
}

impl Row {
    /// The histogram in so many bars, each reaching further by the same factor: counts, and the time
    /// up to which each bar goes.
    pub(super) fn bars(&self, count: usize) -> (Vec<u64>, Vec<u64>) {
        let (low, high) = (self.min.max(1) as f64, self.max.max(2) as f64);
        let step = (high / low).powf(1.0 / count as f64).max(1.01);
        let mut bars = vec![0u64; count];
        for (micros, times) in &self.buckets {
            let at = ((*micros as f64 / low).ln() / step.ln()).max(0.0) as usize;
            if let Some(bar) = bars.get_mut(at.min(count.saturating_sub(1))) {
                *bar = bar.saturating_add(*times);
            }
        }
        let upto = (1..=count).map(|at| (low * step.powf(at as f64)) as u64);
        (bars, upto.collect())
    }
}

/// The least and the greatest; nothing where there is nothing.
fn ends(rates: &[f64]) -> Vec<f64> {
    let all = || rates.iter().copied();
    let ends = [all().reduce(f64::min), all().reduce(f64::max)];
    ends.into_iter().flatten().collect()
}

fn stage(row: &Row) -> String {
    let cell = |micros: Option<u64>| micros.map_or_else(|| "–".to_owned(), ms);
    format!(
        "{:<10}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        row.stage,
        ms(row.min),
        cell(row.p50),
        cell(row.p90),
        cell(row.p99),
        cell(row.p999),
        ms(row.max)
    )
}

fn ms(micros: u64) -> String {
    format!("{:.2}", micros as f64 / 1000.0)
}

fn rate(rate: f64) -> String {
    if rate < 100.0 {
        return format!("{rate:.1}");
    }
    grouped(rate.round() as u64)
}

fn octets(count: f64) -> String {
    const KIB: f64 = 1024.0;
    match count {
        c if c < KIB => format!("{c:.0} B"),
        c if c < KIB * KIB => format!("{:.1} KiB", c / KIB),
        c if c < KIB * KIB * KIB => format!("{:.1} MiB", c / KIB / KIB),
        c => format!("{:.2} GiB", c / KIB / KIB / KIB),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{About, Report, Stage, Tally};
    use std::time::Duration;

    #[test]
    fn the_report_reads_as_meant() {
        let mut tally = Tally::default();
        for _ in 0..20 {
            tally.time(Stage::Connect, Duration::from_micros(50));
            tally.reply(220);
        }
        tally.accepted = 20_000;
        let about = About {
            unit: "message".into(),
            how: "20 sessions, connections kept".into(),
            seconds: 0.913,
            ..About::default()
        };
        let report = Report::new(about, &tally);
        let text: Vec<String> = report.lines().iter().map(super::Styled::text).collect();
        assert!(
            text[0].starts_with("20,000 messages in 0.913 s: 21,906/s, "),
            "{}",
            text[0]
        );
        assert_eq!(
            text[2],
            "connect        0.05     0.05     0.05        –        –     0.05"
        );
        assert_eq!(text[3], "replies     220 × 20");
        assert_eq!(text[4], "errors      none");
        let later = report.compared(&report);
        assert!(later[1].text().ends_with("+0.0 %"), "{}", later[1].text());
    }
}
