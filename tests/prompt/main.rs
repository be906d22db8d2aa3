//! What the prompt offers: "typed ▏hint" and "typed → candidates" pairs, a file for each protocol.
//! ␣ is a blank at the end.
//!
//! A file has scenes. `scene` sets the stage with `phase`, `offers` (one line a capability), `tls`,
//! `login`, `sent` and `heard` lines; the pairs follow. `EHLO_UPDATE=1 cargo test --test prompt`
//! writes the files anew: read the difference before you keep it.

mod colours;
mod limits;
mod scene;

use std::fmt::Write as _;

use ehlo::repl::complete::{complete, hint};
use scene::Stage;

const CURSOR: char = '▏';
const ARROW: &str = " → ";
/// Candidates shown of a list.
const SHOWN: usize = 8;

#[test]
fn smtp() {
    golden("smtp");
}

#[test]
fn pop3() {
    golden("pop3");
}

#[test]
fn imap() {
    golden("imap");
}

fn golden(protocol: &str) {
    let path = format!("{}/tests/prompt/{protocol}.txt", env!("CARGO_MANIFEST_DIR"));
    let wanted = std::fs::read_to_string(&path).expect("the golden file is there");
    let mut stage = Stage::new(protocol);
    let mut got = String::new();
    let (mut hints, mut lists) = (0, 0);
    for line in wanted.lines() {
        if line.starts_with('#') {
            let _ = writeln!(got, "{line}");
        } else if let Some((typed, _)) = line
            .split_once(ARROW)
            .filter(|(typed, _)| !typed.contains(CURSOR))
        {
            lists += 1;
            let _ = writeln!(got, "{typed}{ARROW}{}", candidates(&stage, typed));
        } else if let Some((typed, _)) = line.split_once(CURSOR) {
            hints += 1;
            let _ = writeln!(
                got,
                "{typed}{CURSOR}{}",
                hint(stage.view(), typed).unwrap_or_default()
            );
        } else {
            stage.direct(line);
            let _ = writeln!(got, "{line}");
        }
    }
    if std::env::var_os("EHLO_UPDATE").is_some() {
        std::fs::write(&path, &got).expect("the golden file can be written");
    } else {
        for (number, (wanted, got)) in wanted.lines().zip(got.lines()).enumerate() {
            assert_eq!(got, wanted, "{protocol}.txt:{}", number + 1);
        }
    }
    assert!(hints >= 60, "{protocol}: {hints} hints");
    assert!(lists >= 60, "{protocol}: {lists} lists");
}

/// The candidates with the part of the line that they replace: `at "partial": a, b, c`.
fn candidates(stage: &Stage, typed: &str) -> String {
    // A blank at the end of the line would be invisible.
    let typed = typed.strip_suffix('␣').unwrap_or(typed).to_owned()
        + if typed.ends_with('␣') { " " } else { "" };
    let (start, found) = complete(stage.view(), &typed, typed.len());
    assert!(typed.is_char_boundary(start), "{typed:?}: {start}");
    let mut text: Vec<_> = found
        .iter()
        .take(SHOWN)
        .map(|c| format!("{}{}", &typed[..start], c.text))
        .collect();
    // What stays as it is, is not repeated.
    for shown in &mut text {
        *shown = shown[typed[..start].len()..].to_owned();
        if shown.ends_with(' ') {
            *shown = shown.trim_end().to_owned() + "␣";
        }
    }
    if found.len() > SHOWN {
        text.push(format!("… {} in all", found.len()));
    }
    if found.is_empty() {
        "nothing".to_owned()
    } else {
        text.join(" · ")
    }
}
