//! The parser: faults with their places, and no panic whatever the text.

use std::path::{Path, PathBuf};

use ehlo::script::ast::{Action, ExpectKind};
use ehlo::script::{Spoken, exchange, parse};
use proptest::prelude::*;

fn place(text: &str) -> (u32, u32, String) {
    match parse(text, "t.talk") {
        Ok(talk) => panic!("{text:?} parsed: {:?}", talk.steps),
        Err(diag) => (diag.span.line, diag.span.column, diag.what),
    }
}

fn talks() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["tests/talks", "docs/talks"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "talk") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

#[test]
fn every_talk_of_the_tree_parses() {
    for path in talks() {
        let text = std::fs::read_to_string(&path).expect("readable");
        if let Err(diag) = parse(&text, &path.display().to_string()) {
            panic!("{}", diag.text());
        }
    }
}

#[test]
fn the_example_is_what_it_says() {
    let text = include_str!("../talks/smtp-message.talk");
    let talk = parse(text, "x").expect("good");
    assert!(!talk.practice);
    let spoken = exchange(&talk, &Default::default()).expect("no names are sent");
    let said: Vec<&[u8]> = spoken
        .iter()
        .filter_map(|s| match s {
            Spoken::Client { bytes, .. } => Some(bytes.as_slice()),
            _ => None,
        })
        .collect();
    assert_eq!(said.len(), 9);
    assert_eq!(said[5], b"", "C: alone is an empty line");
    let expected = spoken
        .iter()
        .filter(|s| matches!(s, Spoken::Server(e) if e.kind == ExpectKind::Must))
        .count();
    assert_eq!(expected, 8);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, line, column, what) in [
        (
            "open smtp://h\nfoo bar\n",
            2,
            1,
            "this is no directive of a talk",
        ),
        (
            "open smtp://h\n  Q: x\n",
            2,
            3,
            "this is no directive of a talk",
        ),
        ("open\n", 1, 5, "a target is missing"),
        ("open smtp://h\nwait 2\n", 2, 6, "this is no time"),
        (
            "open smtp://h\nwait 2s now\n",
            2,
            9,
            "there is more on this line than the directive takes",
        ),
        (
            "open smtp://h\nS~ 25(\n",
            2,
            4,
            "this is no regular expression",
        ),
        ("C: a\nraw \"x\n", 2, 5, "the quotation mark is not closed"),
        ("C: a\nraw \"\\q\"\n", 2, 6, "no such escape"),
        (
            "C: EHLO \0x\n",
            1,
            9,
            "a line of a talk cannot hold CR or NUL",
        ),
        ("C: x\ngo\n", 2, 1, "go has no block to end"),
        ("together\nC: x\n", 1, 1, "this block is not closed"),
        ("together\ngo\n", 1, 1, "this block is empty"),
        (
            "together\nwait 1s\ngo\n",
            2,
            1,
            "only C: and raw stand in this block",
        ),
        (
            "within 2s\nC: x\n",
            1,
            1,
            "within and after stand before an S: line",
        ),
        (
            "C: x\nwithin 2s",
            2,
            1,
            "within and after stand before an S: line",
        ),
        (
            "retry 3 every 1s\nS: x\n",
            1,
            1,
            "retry stands before a C: line",
        ),
        ("retry 3 each 1s\n", 1, 9, "retry needs its pause"),
        (
            "retry 0 every 1s\n",
            1,
            7,
            "this is no number that fits here",
        ),
        (
            "C: EHLO x\nset a b\nS: 250\n",
            3,
            1,
            "there is nothing before it that this could answer",
        ),
        (
            "C: x\nexpect-close\nC: y\n",
            3,
            1,
            "the connection was dropped above",
        ),
        ("C: x\nopen smtp://h\n", 1, 1, "nothing is open yet"),
        (
            "C: x\nearly-talk y\n",
            2,
            1,
            "early-talk comes before the greeting",
        ),
        ("on tuesday\n", 1, 4, "a talk can only be on practice"),
        ("no-dot-stuffing .\n", 1, 17, "a lone dot ends the body"),
        ("session a/b\n", 1, 9, "this is no name of a session"),
        (
            "on practice imap\nC: a login {5}\nC: abc\n",
            2,
            12,
            "this announces 5 octets, the lines behind it hold 3",
        ),
        (
            "on practice imap\nC: a login {4}\nC: abc\n",
            2,
            12,
            "this count ends between CR and LF",
        ),
        (
            "open imap://h\nC: a login {99999999999999999999}\n",
            2,
            4,
            "this is no octet count",
        ),
    ] {
        let (got_line, got_column, got_what) = place(text);
        assert_eq!(
            (got_line, got_column, got_what.as_str()),
            (line, column, what),
            "{text:?}"
        );
    }
}

#[test]
fn a_slip_is_met_with_the_word_that_was_meant() {
    let diag = parse("open smtp://h\nstrattls\n", "t.talk").expect_err("no directive");
    assert_eq!(
        diag.text(),
        "error: this is no directive of a talk\n  --> t.talk:2:1\n  2 | strattls\n    | ^^^^^^^^ did you mean starttls?"
    );
}

#[test]
fn literals_that_fit_pass() {
    for text in [
        "on practice imap\nC: a LOGIN {5}\nS: +\nC: alice {10}\nC: wonderland\nS: OK\n",
        "on practice imap\nC: a APPEND x {7+}\nC: ab\nC: cde\nC: NOOP\n",
        "on practice imap\nC: a APPEND x {4+}\nC: ab\nC: (rest)\n",
        "on practice imap\nC: APPEND x {9}\nS: NO\nC: NOOP\n",
        "on practice imap\nwrong-literal-size\nC: APPEND x {9}\nC: ab\nS: BAD\n",
        "on practice imap\nC: APPEND x {9}\nabandon-literal\n",
        "open smtp://h\nC: a body line with {9}\nC: NOOP\n",
    ] {
        if let Err(diag) = parse(text, "t") {
            panic!("{}", diag.text());
        }
    }
}

#[test]
fn practice_is_opened_for_who_names_no_server() {
    let talk = parse("C: EHLO x\n", "t").expect("good");
    assert!(talk.practice);
    assert!(matches!(
        &talk.steps[0].action,
        Action::Open { target: None, .. }
    ));
    let talk = parse("S: 220\nsession b\nS: 220\n", "t").expect("good");
    let opened = talk
        .steps
        .iter()
        .filter(|s| matches!(s.action, Action::Open { .. }))
        .count();
    assert_eq!(opened, 2);
}

#[test]
fn long_chains_and_long_lines_end_soon() {
    let mut chain = String::from("on practice imap\nC: x {0}\n");
    for _ in 0..100_000 {
        chain.push_str("C:  {0}\n");
    }
    chain.push_str("C: end\n");
    assert!(parse(&chain, "t").is_ok());
    let names = format!("C: x\nraw \"{}\"\n", "{a}".repeat(300_000));
    assert!(parse(&names, "t").is_ok());
    assert!(parse(&format!("C: {}\n", "{a".repeat(400_000)), "t").is_ok());
    assert!(parse(&format!("C: {}", "x".repeat(2_000_000)), "t").is_err());
    assert!(parse(&"\n".repeat(600_000), "t").is_err());
}

/// A change to a talk's octets.
#[derive(Clone, Debug)]
enum Change {
    Cut(usize, usize),
    Put(usize, String),
    SwapLines(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let scrap = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("\"".to_owned()),
        Just("...".to_owned()),
        Just("\\".to_owned()),
        Just("\r".to_owned()),
        Just("\n--\n".to_owned()),
        Just("\nS~ (\n".to_owned()),
        Just("\ntogether\n".to_owned()),
        Just("{18446744073709551615}\n".to_owned()),
        "\\PC{0,8}",
    ];
    prop_oneof![
        (any::<usize>(), 0..40_usize).prop_map(|(at, n)| Change::Cut(at, n)),
        (any::<usize>(), scrap).prop_map(|(at, text)| Change::Put(at, text)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Change::SwapLines(a, b)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    for change in changes {
        let floor = |text: &str, at: usize| {
            let mut at = at % (text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        match change {
            Change::Cut(at, n) => {
                let from = floor(&text, *at);
                let mut to = (from + n).min(text.len());
                while !text.is_char_boundary(to) {
                    to += 1;
                }
                text.replace_range(from..to, "");
            }
            Change::Put(at, more) => {
                let at = floor(&text, *at);
                text.insert_str(at, more);
            }
            Change::SwapLines(a, b) => {
                let mut lines: Vec<&str> = text.split('\n').collect();
                let count = lines.len();
                lines.swap(a % count, b % count);
                text = lines.join("\n");
            }
        }
    }
    text
}

proptest! {
    #[test]
    fn broken_talks_give_a_place_and_never_a_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let all = talks();
        let path = &all[which.index(all.len())];
        let text = changed(&std::fs::read_to_string(path).expect("readable"), &changes);
        match parse(&text, "broken.talk") {
            Ok(talk) => {
                let _ = exchange(&talk, &Default::default());
            }
            Err(diag) => {
                prop_assert!(diag.span.line >= 1 && diag.span.column >= 1);
                let lines = text.split('\n').count();
                prop_assert!(diag.span.line as usize <= lines, "{} of {}", diag.span.line, lines);
                prop_assert!(diag.text().contains("broken.talk:"));
            }
        }
    }

    #[test]
    fn any_text_gives_a_place_and_never_a_panic(text in "(?s).{0,400}") {
        if let Err(diag) = parse(&text, "any.talk") {
            prop_assert!(diag.span.line >= 1 && diag.span.column >= 1);
            prop_assert!(!diag.text().is_empty());
        }
    }
}
