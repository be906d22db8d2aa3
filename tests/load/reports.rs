//! The report: joined, compared, and given even when the run is ended.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::lab::{Lab, load, report};
use serde_json::Value;

#[test]
fn reports_add_exactly() {
    let lab = Lab::new("");
    let files: Vec<String> = ["a", "b"].iter().map(|name| lab.file(name, "")).collect();
    for (file, count) in files.iter().zip(["150", "70"]) {
        report(
            &lab.smtp(),
            &["-d", "-s", "2", "-m", count, "-l", "50", "--hdr", file],
            0,
        );
    }
    let merged = lab.file("merged", "");
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args([
            "load", "--merge", &files[0], &files[1], "--json", "--hdr", &merged,
        ])
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
    let sum: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(sum["accepted"], 220);
    let buckets = |file: &str| {
        let text = std::fs::read_to_string(file).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        let stages = report["stages"].as_array().unwrap().clone();
        let mut all = std::collections::BTreeMap::new();
        for stage in stages {
            for pair in stage["buckets"].as_array().unwrap() {
                let key = (stage["stage"].to_string(), pair[0].as_u64().unwrap());
                *all.entry(key).or_insert(0) += pair[1].as_u64().unwrap();
            }
        }
        all
    };
    let mut expected = buckets(&files[0]);
    for (key, count) in buckets(&files[1]) {
        *expected.entry(key).or_insert(0) += count;
    }
    assert!(expected.len() > 20);
    assert_eq!(buckets(&merged), expected);
    let out = load(&lab.smtp(), &["-m", "3", "--compare", &files[0], "-4"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        out.status.success() && text.contains("compared\nrate "),
        "{text}"
    );
}

#[test]
fn an_interrupted_run_reports() {
    let lab = Lab::new("");
    let mut child = load(
        &lab.smtp(),
        &["-d", "-s", "2", "-l", "10", "--duration", "600"],
    )
    .args(["--rate", "50", "-c", "--json", "-4"])
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(
        lines
            .next()
            .unwrap()
            .unwrap()
            .starts_with("load: 600 s to smtp://")
    );
    // The counter runs: so do the sessions.
    assert!(lines.next().unwrap().unwrap().contains(" in flight"));
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let mut text = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["about"]["interrupted"], true);
    assert_eq!(told["in_doubt"], 0, "{told}");
    assert_eq!(told["accepted"].as_u64().unwrap(), lab.arrived());
}

#[test]
fn the_report_for_people() {
    let lab = Lab::new("");
    let out = load(&lab.smtp(), &["-d", "-m", "20", "-l", "10", "-4"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("20 messages in ") && lines[0].ends_with("connections kept"));
    assert_eq!(
        lines[1],
        " ms             min      p50      p90      p99    p99.9      max"
    );
    assert!(
        lines[2].starts_with("connect ") && lines[2].contains('–'),
        "{text}"
    );
    assert!(
        text.contains("\nreplies     220 × 1 · 221 × 1 · 250 × 61 · 354 × 20\n"),
        "{text}"
    );
    assert!(text.ends_with("errors      none\n"), "{text}");
}
