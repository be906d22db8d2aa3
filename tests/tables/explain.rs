//! Explanations, as people read them: `explain.txt` holds `$ words` and what is said.
//! `EHLO_UPDATE=1 cargo test --test tables` writes it anew: read the difference.

use std::fmt::Write as _;

use ehlo::knowledge;
use ehlo::ui::explain;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tables/explain.txt");

fn said(asked: &str) -> String {
    let mut words: Vec<String> = asked.split(' ').map(str::to_owned).collect();
    let mut after = None;
    if words[0] == "--after" {
        after = Some(words.remove(1));
        words.remove(0);
    }
    match explain::words(&words, after.as_deref()) {
        Ok(lines) => lines.iter().map(|line| line.text() + "\n").collect(),
        Err(error) => format!("{error}\n"),
    }
}

#[test]
fn explanations_read_as_written() {
    let wanted = std::fs::read_to_string(PATH).expect("the golden file is there");
    let mut got = String::new();
    for line in wanted.lines().filter(|l| l.starts_with('#')) {
        let _ = writeln!(got, "{line}");
    }
    let asked: Vec<_> = wanted
        .lines()
        .filter_map(|l| l.strip_prefix("$ "))
        .collect();
    for asked in &asked {
        let _ = write!(got, "\n$ {asked}\n{}", said(asked));
    }
    if std::env::var_os("EHLO_UPDATE").is_some() {
        std::fs::write(PATH, &got).expect("the golden file can be written");
    } else {
        assert_eq!(got, wanted);
    }
    assert!(asked.len() >= 60, "{}", asked.len());
}

#[test]
fn every_name_of_every_table_is_explained() {
    for fact in knowledge::all() {
        let name = fact.name.to_owned();
        if name.contains(" (") {
            continue;
        }
        let lines = explain::words(std::slice::from_ref(&name), None)
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let text: String = lines.iter().map(|l| l.text() + "\n").collect();
        assert!(text.len() > name.len() + 10, "{name}: {text}");
        for line in lines {
            let line = line.text();
            let long = line.chars().count() > 80
                && line.trim().contains(' ')
                && !line.trim_start().starts_with("see");
            assert!(
                !long || line.split(' ').any(|w| w.len() > 60),
                "{name}: {line}"
            );
        }
    }
}

#[test]
fn any_code_has_a_meaning() {
    for code in 200..=599 {
        let code = code.to_string();
        assert!(
            explain::words(std::slice::from_ref(&code), None).is_ok(),
            "{code}"
        );
    }
    for code in ["2.0.0", "4.9.9", "5.999.999", "5.7.509"] {
        assert!(explain::words(&[code.to_owned()], None).is_ok(), "{code}");
    }
}

#[test]
fn odd_words_are_errors_or_answers_but_never_a_panic() {
    for odd in [
        "",
        " ",
        "\u{1b}[2J",
        "250",
        "250-",
        "250 ",
        "- ",
        "* ",
        "* OK",
        "a1 OK [",
        "+",
        "+OK",
        "ü",
        "5.7.",
        "99999",
        "*",
        "[]",
        "[",
        "(",
        "BODY[",
        "=",
        "AUTH=",
        "\r\n",
        "a\nb",
    ] {
        for after in [None, Some("RCPT"), Some("."), Some("ü"), Some("")] {
            let said = match explain::words(&[odd.to_owned()], after) {
                Ok(lines) => lines.iter().map(ehlo::ui::Styled::text).collect(),
                Err(error) => error.to_string(),
            };
            assert!(!said.contains('\u{1b}'), "{odd:?}: {said:?}");
        }
    }
}
