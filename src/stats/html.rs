//! The report as one self-contained page: figures, a chart for each stage, nothing from elsewhere.

use std::fmt::Write as _;

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
    svg { display: block; max-width: 100%; }\n\
    svg rect { fill: var(--more); }\n\
    svg text { fill: var(--dim); font: 11px system-ui, sans-serif; }\n\
    svg line { stroke: var(--line); }\n\
    .refused { color: var(--refused); }\n";
/// Bars of a chart, and its size in pixels.
const BARS: usize = 48;
const WIDTH: usize = 480;
const HEIGHT: usize = 120;

impl Report {
    /// The page. Its charts need the histograms.
    pub fn html(&self) -> String {
        let title = format!("ehlo {} {}", self.about.tool, self.about.target);
        let mut out = html::opened(&title, STYLE);
        let _ = writeln!(
            out,
            "<p class=\"summary\">{}</p>\n</header>\n<main>",
            html::text(&self.headline())
        );
        self.write_counts(&mut out);
        self.write_stages(&mut out);
        self.write_replies(&mut out);
        out.push_str("</main>\n</body>\n</html>\n");
        out
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
    if most == 0 || Stage::of(&row.stage).is_none() {
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
        tally.error(Stage::Rcpt, "550", "550 <script>alert(1)</script>");
        let about = About {
            target: "<b>x</b>".into(),
            ..About::default()
        };
        let page = Report::new(about, &tally).with_buckets(&tally).html();
        assert!(page.contains("<svg ") && page.matches("<rect ").count() > 10);
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains("http:"));
        assert!(page.contains("&lt;script&gt;") && page.ends_with("</html>\n"));
    }
}
