//! A handshake in words: the lines after it, the verdict, `:tls`.
//!
//! What came from the other side is safe already: `net::x509` lets nothing else through.

use crate::net::tls::{ClientAuth, TlsReport, Verdict};
use crate::net::x509::{CertInfo, day, expired};

use super::render::Mark;
use super::style::{Role, Styled};

/// Text is broken before this column, so that 80 suffice.
const COLUMNS: usize = 79;
/// Where the text behind a label begins: the gutter, the label, a blank.
const TEXT: usize = 14;
/// A certificate that ends so soon is worth a second look.
const SOON_DAYS: i64 = 14;

/// What follows a handshake: version, suite, group; the verdict.
pub fn short(report: &TlsReport) -> Vec<Styled> {
    let mut lines = vec![Mark::Info.line(one_line(report)), verdict(report)];
    lines.extend(report.keylog.iter().map(|file| {
        Mark::Remark.line(format!(
            "the session keys go to {file}: whoever has it can read this conversation"
        ))
    }));
    lines.extend(
        report
            .note
            .iter()
            .map(|note| Mark::Remark.line(note.clone())),
    );
    lines
}

/// Why a certificate is not trusted, what was shown, and the ways on.
pub fn untrusted(report: &TlsReport) -> Vec<Styled> {
    let mut lines = vec![Styled::plain("!!  ").with(
        Role::Refused,
        format!("the certificate of {} is not trusted", report.expected),
    )];
    let faults = report.faults();
    for (n, fault) in faults.iter().enumerate() {
        let label = if n == 0 { "because" } else { "" };
        let and = if n + 1 < faults.len() { ", and" } else { "" };
        wrap(&mut lines, label, &format!("{fault}{and}"));
    }
    if let Some(leaf) = report.leaf() {
        let shown = format!(
            "{}, {}, {}, {}",
            leaf.subject,
            names(leaf),
            together(&leaf.key),
            together(&short_print(leaf))
        );
        wrap(&mut lines, "shown", &shown);
    }
    if let Some(note) = &report.note {
        wrap(&mut lines, "note", note);
    }
    for (n, way) in report.ways_on().iter().enumerate() {
        wrap(&mut lines, if n == 0 { "to go on" } else { "" }, way);
    }
    lines
}

/// All there is to tell: `:tls`.
pub fn full(report: &TlsReport) -> Vec<Styled> {
    let mut lines = short(report);
    for fault in report.faults() {
        wrap(&mut lines, "because", &fault.to_string());
    }
    if let Verdict::Trusted { store } = &report.verdict {
        labelled(&mut lines, "judged by", store);
    }
    let quantum = if report.is_post_quantum() {
        "withstands a quantum computer"
    } else {
        "would not withstand a quantum computer"
    };
    labelled(&mut lines, "exchange", quantum);
    let sni = report.sni.as_deref().unwrap_or("none (SNI)");
    labelled(&mut lines, "name sent", sni);
    let alpn = report.alpn.as_deref().unwrap_or("none agreed on");
    labelled(&mut lines, "ALPN", alpn);
    let session = if report.resumed {
        "resumed, without a new proof of the server's key"
    } else {
        "new"
    };
    labelled(&mut lines, "session", session);
    let client = match report.client_auth {
        ClientAuth::NotAsked => "not asked for",
        ClientAuth::AskedInVain => "asked for; there was none to send (--cert, --key)",
        ClientAuth::Sent => "asked for and sent",
    };
    labelled(&mut lines, "your cert", client);
    for (n, cert) in report.chain.iter().enumerate() {
        certificate(&mut lines, n, cert, report.at);
    }
    lines
}

fn certificate(lines: &mut Vec<Styled>, number: usize, cert: &CertInfo, now: i64) {
    let role = if number == 0 {
        "the server's own"
    } else {
        "sent along"
    };
    lines.push(
        Styled::plain(format!("{number:>2}  "))
            .with(Role::Strong, cert.subject.clone())
            .with(Role::Dim, format!("  ({role})")),
    );
    if !cert.unreadable {
        if !cert.names.is_empty() {
            wrap(lines, "names", &cert.names.join(" "));
        }
        wrap(lines, "issuer", &cert.issuer);
        let key = format!("{}, signed with {}", cert.key, cert.signature);
        labelled(lines, "key", &key);
        let life = format!(
            "{} to {}, {}",
            day(cert.not_before),
            day(cert.not_after),
            left(cert, now)
        );
        labelled(lines, "valid", &life);
    }
    let print = cert.fingerprint_text();
    // Two halves of 16 octets: the whole is wider than a screen.
    let (first, second) = print.split_at(48);
    labelled(lines, "SHA-256", first);
    labelled(lines, "", second);
    if !cert.unreadable {
        lines.push(Styled::plain(format!(
            "    {:<9} {}",
            "pin",
            cert.pin_text()
        )));
    }
}

/// Version, suite and group.
pub fn one_line(report: &TlsReport) -> String {
    let mut line = report.version.to_owned();
    for part in [Some(&report.suite), report.group.as_ref()]
        .into_iter()
        .flatten()
    {
        line.push_str(", ");
        line.push_str(part);
    }
    if report.resumed {
        line.push_str(", resumed");
    }
    line
}

/// The handshake and its verdict in one line, for records.
pub fn recorded(report: &TlsReport) -> String {
    let verdict = match &report.verdict {
        Verdict::Untrusted(_) => distrust(report),
        Verdict::Trusted { store } => format!("trusted: {} by {store}", report.expected),
        Verdict::Pinned => "pinned".to_owned(),
        Verdict::NotChecked => "no certificate".to_owned(),
    };
    format!("{}; {verdict}", one_line(report))
}

/// Why nothing goes over this connection, in one line.
pub fn distrust(report: &TlsReport) -> String {
    let faults: Vec<String> = report.faults().iter().map(ToString::to_string).collect();
    let name = &report.expected;
    format!(
        "the certificate of {name} is not trusted: {}",
        faults.join(", and ")
    )
}

fn verdict(report: &TlsReport) -> Styled {
    let name = &report.expected;
    let now = report.at;
    match &report.verdict {
        Verdict::Trusted { .. } => {
            let line = Styled::plain("==  ").with(Role::Good, "trusted");
            let line = line.with(Role::Plain, format!(": {name}"));
            let line = match report.leaf() {
                Some(leaf) if leaf.days_left(now) < SOON_DAYS => line
                    .with(Role::Plain, ", ")
                    .with(Role::Later, left(leaf, now)),
                Some(leaf) => line.with(Role::Plain, format!(", {}", left(leaf, now))),
                None => line,
            };
            line.with(Role::Dim, " (:tls for more)")
        }
        Verdict::Pinned => Styled::plain("==  ").with(Role::Good, "pinned").with(
            Role::Plain,
            ": this key is the one that --pin names; nothing else was checked",
        ),
        Verdict::Untrusted(faults) => {
            let why: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let so = match report.insecure {
                true => "going on all the same",
                false => "so nothing goes over it",
            };
            Styled::plain("!!  ").with(
                Role::Refused,
                format!("NOT trusted, {so}: {name}: {}", why.join(", and ")),
            )
        }
        Verdict::NotChecked => Mark::Info.line("the other side showed no certificate"),
    }
}

fn left(cert: &CertInfo, now: i64) -> String {
    if let Some(days) = cert.days_over(now) {
        return expired(days);
    }
    match cert.days_left(now) {
        0 => "expires today".to_owned(),
        1 => "1 day left".to_owned(),
        n => format!("{n} days left"),
    }
}

fn names(cert: &CertInfo) -> String {
    const SHOWN: usize = 6;
    match cert.names.len() {
        0 => "no names".to_owned(),
        n if n > SHOWN => format!(
            "names {} and {} more",
            cert.names[..SHOWN].join(" "),
            n - SHOWN
        ),
        _ => format!("names {}", cert.names.join(" ")),
    }
}

/// Enough of a fingerprint to compare at a glance.
fn short_print(cert: &CertInfo) -> String {
    let print = cert.fingerprint_text();
    format!("SHA-256 {}:…:{}", &print[..5], &print[print.len() - 2..])
}

/// Words that are not to be parted at the end of a line: `wrap` makes blanks of the marks again.
fn together(words: &str) -> String {
    words.replace(' ', GLUE)
}

/// Never in text that passed `wire::show`, which leaves no control character.
const GLUE: &str = "\u{1}";

fn labelled(lines: &mut Vec<Styled>, label: &str, text: &str) {
    lines.push(
        Styled::plain("    ")
            .with(Role::Dim, format!("{label:<9} "))
            .with(Role::Plain, text),
    );
}

/// A label and text that is broken at blanks where it does not fit.
fn wrap(lines: &mut Vec<Styled>, label: &str, text: &str) {
    let mut label = label;
    let mut line = String::new();
    for word in text.split(' ') {
        let wide = super::units::columns(&line) + 1 + super::units::columns(word);
        if !line.is_empty() && wide > COLUMNS - TEXT {
            labelled(lines, label, &line);
            label = "";
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word.replace(GLUE, " "));
    }
    labelled(lines, label, &line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tls::CertFault;

    fn report(verdict: Verdict) -> TlsReport {
        TlsReport {
            version: "TLS 1.3",
            suite: "TLS_AES_256_GCM_SHA384".into(),
            group: Some("X25519MLKEM768".into()),
            alpn: None,
            sni: Some("mail.example.org".into()),
            expected: "mail.example.org".into(),
            resumed: false,
            verdict,
            insecure: false,
            client_auth: ClientAuth::NotAsked,
            keylog: Some("keys.log".into()),
            note: None,
            chain: vec![CertInfo {
                subject: "CN=mail.example.org".into(),
                names: vec!["mail.example.org".into(), "smtp.example.org".into()],
                issuer: "CN=Example Test CA".into(),
                key: "RSA 2048".into(),
                signature: "RSA with SHA-256".into(),
                not_before: 1_700_000_000,
                not_after: 1_700_000_000 + 63 * 86_400 + 5,
                fingerprint: [0x5f; 32],
                ..CertInfo::default()
            }],
            at: 1_700_000_000,
        }
    }

    fn text(lines: &[Styled]) -> String {
        lines.iter().map(|line| line.text() + "\n").collect()
    }

    #[test]
    fn a_good_handshake_takes_two_lines() {
        let store = "the system's 145 roots".to_owned();
        let lines = short(&report(Verdict::Trusted { store }));
        assert_eq!(
            text(&lines),
            "==  TLS 1.3, TLS_AES_256_GCM_SHA384, X25519MLKEM768\n\
             ==  trusted: mail.example.org, 63 days left (:tls for more)\n\
             !!  the session keys go to keys.log: whoever has it can read this conversation\n"
        );
    }

    #[test]
    fn the_untrusted_block_says_why_what_and_the_ways_on() {
        let faults = vec![
            CertFault::Expired {
                days: 12,
                on: 1_794_096_000,
            },
            CertFault::UnknownIssuer {
                issuer: "Example Test CA".into(),
                store: "the system's 145 roots".into(),
                alone: false,
                url: None,
            },
        ];
        let lines = untrusted(&report(Verdict::Untrusted(faults)));
        assert_eq!(
            text(&lines),
            "!!  the certificate of mail.example.org is not trusted\n    \
             because   it expired 12 days ago (2026-11-08), and\n              \
             its issuer \"Example Test CA\" is not among the system's 145 roots\n    \
             shown     CN=mail.example.org, names mail.example.org smtp.example.org,\n              \
             RSA 2048, SHA-256 5F:5F:…:5F\n    \
             to go on  --ca-file FILE if you have the issuer's certificate,\n              \
             --insecure to look without trust\n"
        );
    }

    #[test]
    fn the_end_of_validity_is_told_in_one_way() {
        for (over, words) in [
            (5, "expired today"),
            (86_400, "expired yesterday"),
            (293 * 86_400 + 77, "expired 293 days ago"),
        ] {
            let mut report = report(Verdict::NotChecked);
            let on = report.chain[0].not_after;
            report.at = on + over;
            let days = over / 86_400;
            report.verdict = Verdict::Untrusted(vec![CertFault::Expired { days, on }]);
            let text = text(&full(&report));
            let said = text.matches(words).count();
            assert!(
                said > 1 && text.matches("expired").count() == said,
                "{text}"
            );
        }
    }

    #[test]
    fn all_of_it_fits_the_screen_but_the_pin() {
        let lines = full(&report(Verdict::Pinned));
        let text = text(&lines);
        for needed in [
            "pinned",
            "name sent mail.example.org",
            "RSA 2048, signed with RSA with SHA-256",
            "63 days left",
            "5F:5F:5F",
            "sha256:",
        ] {
            assert!(text.contains(needed), "{needed}: {text}");
        }
        assert!(
            text.lines().all(|l| l.len() <= 80 || l.contains("sha256:")),
            "{text}"
        );
    }
}
