//! The report as one self-contained page: figures, a chart for each stage, nothing from elsewhere.

use std::fmt::Write as _;

use super::series::Span;
use super::{Report, Row, Stage};
use crate::ui::html;
use crate::ui::units::grouped;

const STYLE: &str = "table { border-collapse: collapse; margin: 0.5rem 0; }\n\
    th, td { padding: 0.15rem 0.75rem 0.15rem 0; text-align: right; border-bottom: 1px solid var(--line);\n\
      font-variant-numeric: tabular-nums; }\n\
    th:first-child, td:first-child, .left { text-align: left; }\n\
    td { overflow-wrap: anywhere; }\n\
    figure { display: inline-block; margin: 0.5rem 1.5rem 0.5rem 0; }\n\
    figcaption { font-weight: 600; }\n\
    svg { display: block; max-width: 100%; height: auto; }\n\
    svg rect { fill: var(--more); }\n\
    svg text { fill: var(--dim); font: 11px system-ui, sans-serif; }\n\
    svg line { stroke: var(--line); }\n\
    svg .bad { fill: var(--refused); }\n\
    svg .old { fill: none; stroke: var(--later); stroke-width: 1.5; }\n\
    .was { color: var(--later); }\n\
    .refused { color: var(--refused); }\n";
/// Bars of a chart, and its size in pixels.
const BARS: usize = 48;
const WIDTH: usize = 480;
const HEIGHT: usize = 120;
/// The chart over time is as wide as the page, with room for errors below.
const LONG: usize = 960;
const PARTS: usize = 240;
const BELOW: usize = 40;
/// Fewer times than this make no histogram.
const FEW: u64 = 20;

impl Report {
    /// The page, and what changed since `old`. Its charts need the histograms.
    pub fn html(&self, old: Option<&Self>) -> String {
        let title = format!("ehlo {} {}", self.about.tool, self.about.target);
        let mut out = html::opened(&title, STYLE);
        let _ = writeln!(
            out,
            "<p class=\"summary\">{}</p>\n</header>\n<main>",
            html::text(&self.headline())
        );
        self.write_course(&mut out, old);
        if let Some(old) = old {
            out.push_str("<section>\n<h2>Compared</h2>\n<pre>");
            for line in self.compared(old).iter().skip(1) {
                let _ = writeln!(out, "{}", html::text(&line.text()));
            }
            out.push_str("</pre>\n</section>\n");
        }
        self.write_counts(&mut out);
        self.write_stages(&mut out);
        self.write_replies(&mut out);
        out.push_str("</main>\n</body>\n</html>\n");
        out
    }

    /// How the rate went over time, with errors hanging below, and the older run as a line.
    fn write_course(&self, out: &mut String, old: Option<&Self>) {
        let spans = self.over_time.spans(self.about.seconds, PARTS);
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else {
            return;
        };
        let before = old.map(|old| old.over_time.spans(old.about.seconds, PARTS));
        let before = before.unwrap_or_default();
        let end = |spans: &[Span]| spans.last().map_or(0.0, |span| span.to);
        let lasted = last.to.max(end(&before));
        let rates = spans.iter().chain(&before).map(|span| span.rate);
        let most = rates.fold(0.0, f64::max).max(1e-9);
        let worst = spans.iter().map(|span| span.errors).max().unwrap_or(0);
        let below = if worst > 0 { BELOW } else { 0 };
        let unit = html::text(&self.about.unit);
        let _ = write!(
            out,
            "<section>\n<h2>Over time</h2>\n<figure>\n<figcaption>{unit}s a second, in parts of \
             {:.0} s{}{}</figcaption>\n<svg width=\"{LONG}\" height=\"{total}\" viewBox=\"0 -14 {LONG} \
             {total}\" role=\"img\" aria-label=\"{unit}s a second over time\">\n<text x=\"0\" \
             y=\"-3\">{}/s</text>\n",
            first.to - first.from,
            if worst > 0 {
                "; <span class=\"refused\">errors hang below</span>"
            } else {
                ""
            },
            if before.is_empty() {
                ""
            } else {
                "; <span class=\"was\">the line is the older run</span>"
            },
            grouped(most.round() as u64),
            total = HEIGHT + below + 30,
        );
        let scale = LONG as f64 / lasted;
        for span in &spans {
            let (x, wide) = (span.from * scale, (span.to - span.from) * scale);
            let wide = (wide - 1.0).max(wide * 0.7);
            let tell = |out: &mut String, class: &str, y: f64, high: f64| {
                let _ = writeln!(
                    out,
                    "<rect{class} x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" \
                     height=\"{high:.1}\"><title>{:.1} to {:.1} s: {}/s, {} errors</title></rect>",
                    span.from,
                    span.to,
                    grouped(span.rate.round() as u64),
                    grouped(span.errors)
                );
            };
            if span.rate > 0.0 {
                let high = (span.rate / most * HEIGHT as f64).max(1.0);
                tell(out, "", HEIGHT as f64 - high, high);
            }
            if span.errors > 0 {
                let high = (span.errors as f64 / worst as f64 * below as f64).max(1.0);
                tell(out, " class=\"bad\"", HEIGHT as f64 + 1.0, high);
            }
        }
        if !before.is_empty() {
            out.push_str("<polyline class=\"old\" points=\"");
            for span in &before {
                let y = HEIGHT as f64 - span.rate / most * HEIGHT as f64;
                let (from, to) = (span.from * scale, span.to * scale);
                let _ = write!(out, "{from:.1},{y:.1} {to:.1},{y:.1} ");
            }
            out.push_str("\"/>\n");
        }
        let base = HEIGHT + below + 13;
        let _ = writeln!(
            out,
            "<line x1=\"0\" y1=\"{HEIGHT}\" x2=\"{LONG}\" y2=\"{HEIGHT}\"/>\n\
             <text x=\"0\" y=\"{base}\">0 s</text>\n\
             <text x=\"{LONG}\" y=\"{base}\" text-anchor=\"end\">{lasted:.1} s</text>"
        );
        if worst > 0 {
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{base}\" text-anchor=\"middle\">at most {} errors in a part\
                 </text>",
                LONG / 2,
                grouped(worst)
            );
        }
        out.push_str("</svg>\n</figure>\n</section>\n");
    }

    fn write_counts(&self, out: &mut String) {
        out.push_str("<section>\n<h2>Counts</h2>\n<table>\n");
        for (name, count) in [
            ("accepted", self.accepted),
            ("not accepted", self.failed),
            ("in doubt", self.in_doubt),
            ("recipients", self.recipients),
            ("recipients refused", self.refused_recipients),
            ("connections", self.connections),
            ("TLS sessions resumed", self.resumed),
            ("octets sent", self.octets_sent),
            ("octets received", self.octets_received),
        ] {
            let _ = writeln!(out, "<tr><th>{name}</th><td>{}</td></tr>", grouped(count));
        }
        out.push_str("</table>\n</section>\n");
    }

    fn write_stages(&self, out: &mut String) {
        out.push_str(
            "<section>\n<h2>Times in milliseconds</h2>\n<table>\n<tr><th>stage</th><th>count</th>\
             <th>min</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>max</th></tr>\n",
        );
        for row in &self.stages {
            let _ = write!(
                out,
                "<tr><td>{}</td><td>{}</td>",
                html::text(&row.stage),
                grouped(row.count)
            );
            for time in [
                Some(row.min),
                row.p50,
                row.p90,
                row.p99,
                row.p999,
                Some(row.max),
            ] {
                let _ = write!(out, "<td>{}</td>", time.map_or_else(|| "–".into(), ms));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table>\n");
        for row in &self.stages {
            write_chart(out, row);
        }
        out.push_str("</section>\n");
    }

    fn write_replies(&self, out: &mut String) {
        if !self.replies.is_empty() {
            out.push_str("<section>\n<h2>Replies</h2>\n<table>\n");
            for (code, count) in &self.replies {
                let _ = writeln!(
                    out,
                    "<tr><th>{code:03}</th><td>{}</td></tr>",
                    grouped(*count)
                );
            }
            out.push_str("</table>\n</section>\n");
        }
        out.push_str("<section>\n<h2>Errors</h2>\n");
        if self.errors.is_empty() {
            out.push_str("<p>none</p>\n</section>\n");
            return;
        }
        out.push_str(
            "<table>\n<tr><th>stage</th><th>count</th><th class=\"left\">reason</th>\
             <th class=\"left\">for example</th></tr>\n",
        );
        for fault in &self.errors {
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td class=\"left refused\">{}</td>\
                 <td class=\"left\"><code>{}</code></td></tr>",
                html::text(&fault.stage),
                grouped(fault.count),
                html::text(&fault.reason),
                html::text(&fault.example)
            );
        }
        out.push_str("</table>\n</section>\n");
    }
}

/// How often which time was seen; both axes begin at the left and at the bottom, time grows by
/// factors.
fn write_chart(out: &mut String, row: &Row) {
    let (bars, upto) = row.bars(BARS);
    let most = bars.iter().copied().max().unwrap_or(0);
    // Of a few times the table tells more.
    if most == 0 || row.count < FEW || Stage::of(&row.stage).is_none() {
        return;
    }
    let _ = write!(
        out,
        "<figure>\n<figcaption>{stage}</figcaption>\n<svg width=\"{WIDTH}\" height=\"{total}\" \
         viewBox=\"0 0 {WIDTH} {total}\" role=\"img\" aria-label=\"Histogram of {stage}\">\n",
        stage = html::text(&row.stage),
        total = HEIGHT + 16
    );
    let wide = WIDTH / BARS;
    for (at, count) in bars.iter().enumerate().filter(|(_, count)| **count > 0) {
        let high = (*count as f64 / most as f64 * HEIGHT as f64).max(1.0);
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{:.1}\" width=\"{}\" height=\"{high:.1}\"><title>up to {} ms: {}\
             </title></rect>",
            at * wide,
            HEIGHT as f64 - high,
            wide - 1,
            ms(upto[at]),
            grouped(*count)
        );
    }
    let _ = writeln!(
        out,
        "<line x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>\n\
         <text x=\"0\" y=\"{base}\">{} ms</text>\n\
         <text x=\"{WIDTH}\" y=\"{base}\" text-anchor=\"end\">{} ms</text>\n</svg>\n</figure>",
        ms(row.min),
        ms(row.max),
        base = HEIGHT + 13
    );
}

fn ms(micros: u64) -> String {
    format!("{:.2}", micros as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::super::{About, Tally};
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_page_stands_by_itself_and_believes_nobody() {
        let mut tally = Tally::default();
        for i in 0..500 {
            tally.time(Stage::Message, Duration::from_micros(40 + i * i));
        }
        tally.accepted = 500;
        for second in 0..10 {
            let at = Duration::from_secs(second);
            tally.over_time.count(at, 50, u64::from(second == 3));
        }
        tally.error(Stage::Rcpt, "550", "550 <script>alert(1)</script>");
        let about = About {
            target: "<b>x</b>".into(),
            seconds: 10.0,
            ..About::default()
        };
        let report = Report::new(about, &tally).with_buckets(&tally);
        let page = report.html(None);
        let bars = page.matches("height=\"120.0\"><title>").count();
        assert!(bars >= 10 && page.contains("3.0 to 4.0 s: 50/s, 1 errors"));
        assert_eq!(page.matches("class=\"bad\"").count(), 1);
        assert!(!page.contains("<polyline"));
        let both = report.html(Some(&report));
        assert!(both.contains("<polyline") && both.contains("<h2>Compared</h2>"));
        assert!(page.contains("<svg ") && page.matches("<rect ").count() > 10);
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("http:"));
        assert!(page.contains("&lt;script&gt;") && page.ends_with("</html>\n"));
    }
}
