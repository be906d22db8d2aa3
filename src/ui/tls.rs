//! A handshake in words: the line after it, the verdict, `:tls`.

use crate::net::tls::{TlsReport, Verdict};

use super::render::Mark;
use super::style::Styled;

/// What follows a handshake: version, suite, group; the verdict.
pub fn short(report: &TlsReport) -> Vec<Styled> {
    vec![Mark::Info.line(one_line(report)), verdict(report)]
}

/// Why a certificate is not trusted.
pub fn untrusted(report: &TlsReport) -> Vec<Styled> {
    let mut lines = vec![Mark::Remark.line(format!(
        "the certificate of {} is not trusted",
        report.expected
    ))];
    lines.extend(
        report
            .faults()
            .iter()
            .map(|fault| Styled::plain(format!("    because   {fault}"))),
    );
    lines
}

/// All there is to tell.
pub fn full(report: &TlsReport) -> Vec<Styled> {
    short(report)
}

/// Version, suite and group.
pub fn one_line(report: &TlsReport) -> String {
    let group = report
        .group
        .as_deref()
        .map(|group| format!(", {group}"))
        .unwrap_or_default();
    format!("{}, {}{group}", report.version, report.suite)
}

fn verdict(report: &TlsReport) -> Styled {
    match &report.verdict {
        Verdict::Trusted { store } => {
            Mark::Info.line(format!("trusted: {} ({store})", report.expected))
        }
        Verdict::Pinned => Mark::Info.line("pinned"),
        Verdict::Untrusted(_) => Mark::Remark.line("not trusted"),
        Verdict::NotChecked => Mark::Info.line("not checked"),
    }
}
