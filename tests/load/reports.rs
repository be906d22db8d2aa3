//! The report: joined, compared, and given even when the run is ended.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::lab::{Lab, listen_in_silence, load, report, server};
use crate::running::{Running, Signal};
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
fn where_nobody_is_it_says_so_and_does_not_go_on() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("smtp://{}", gone.local_addr().unwrap());
    drop(gone);
    // A try for each session, not a million.
    let out = load(&target, &["-s", "3", "-m", "1000000"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(3), "{out:?}");
    assert!(
        errors.contains(&format!(
            "error: no connection to {target}: refused\n  perhaps "
        )),
        "{errors}"
    );
    let report = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(report.contains("3 × refused at connect"), "{report}");
    for (args, code) in [
        (&["-m", "0"][..], 2),
        (&["--old", "--pipelining"], 2),
        (&["-C", "0"], 2),
    ] {
        let out = load(&target, args).output().unwrap();
        assert_eq!(out.status.code(), Some(code), "{args:?}: {out:?}");
    }
    // Whoever is there, but never lets anybody in, gives the reason as well.
    let lab = Lab::new("");
    let args = ["-m", "2", "-4", "--json", "--user", "alice"];
    let out = load(&lab.smtp(), &args)
        .env("EHLO_PASSWORD", "wrong")
        .output();
    let out = out.unwrap();
    assert_eq!(out.status.code(), Some(5), "{out:?}");
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told["failed"], 2, "{told}");
    let out = load(&lab.smtps(), &["-m", "2", "-4", "-q"])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(4), "{out:?}");
}

/// A name that cannot be written to costs no run, and a disk that is full no report.
#[test]
fn what_cannot_be_saved_is_told_all_the_same() {
    let lab = Lab::new("");
    for option in ["--hdr", "--html"] {
        let out = load(&lab.smtp(), &["-4", option, "/no/such/folder/x"])
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(7), "{out:?}");
        assert_eq!(lab.arrived(), 0);
    }
    let out = load(&lab.smtp(), &["-4", "--json", "--hdr", "/dev/full"])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(7), "{out:?}");
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told["accepted"], 1, "{told}");
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(errors.contains("/dev/full: "), "{errors}");
    // What a file held is gone, however long it was.
    let old = lab.file("old", &"x".repeat(100_000));
    report(&lab.smtp(), &["--hdr", &old], 0);
    let text = std::fs::read_to_string(&old).unwrap();
    serde_json::from_str::<Value>(&text).unwrap();
}

#[test]
fn a_report_without_end_is_none() {
    for option in ["--compare", "--merge"] {
        let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
            .args(["load", option, "/dev/zero"])
            .args((option == "--compare").then_some("localhost:1"))
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(7), "{out:?}");
        let errors = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(errors.contains("/dev/zero: more than 64 MiB"), "{errors}");
    }
}

/// Somebody listens and never greets: a try for each session is enough there, too.
#[test]
fn where_nobody_greets_it_says_so_and_does_not_go_on() {
    let scheme_of = [("smtp", "-d"), ("imap", "-d"), ("smtps", "--insecure")];
    for (scheme, way) in scheme_of {
        let url = server(scheme, listen_in_silence).replace("://", "://alice@");
        let out = load(
            &url,
            &["-s", "3", "-m", "1000000", "--timeout", "0.3", "--json"],
        )
        .arg(way)
        .env("EHLO_PASSWORD", "wonderland")
        .output()
        .unwrap();
        let told: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(told["failed"], 3, "{told}");
        assert_eq!(told["about"]["interrupted"], true, "{told}");
    }
    for (args, words) in [
        (&["-c"][..], " · no greeting yet"),
        (&[], "no greeting yet: some servers wait on purpose"),
    ] {
        let mut child = Running::start(
            load(&server("smtp", listen_in_silence), args)
                .stdout(Stdio::null())
                .stderr(Stdio::piped()),
        );
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(words)), "{words}");
    }
}

#[test]
fn the_course_of_a_run_is_told() {
    let lab = Lab::new("[[fault]]\non = \"RCPT\"\ntimes = \"5-7\"\nreply = \"450 4.2.1 later\"\n");
    let hdr = lab.file("hdr", "");
    let told = report(
        &lab.smtp(),
        &["-d", "-m", "40", "--rate", "18", "--hdr", &hdr],
        1,
    );
    let sums = |told: &Value| {
        ["accepted", "errors"].map(|name| {
            let slots = told["over_time"][name].as_array().unwrap();
            assert!(slots.len() >= 2, "{told}");
            slots.iter().map(|n| n.as_u64().unwrap()).sum::<u64>()
        })
    };
    assert_eq!(told["over_time"]["seconds"], 1);
    assert_eq!(sums(&told), [37, 3]);
    let page = lab.file("page.html", "");
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args([
            "load",
            "--merge",
            &hdr,
            &hdr,
            "--json",
            "--html",
            &page,
            "--compare",
            &hdr,
        ])
        .output()
        .unwrap();
    let merged: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(sums(&merged), [74, 6]);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("<h2>Over time</h2>") && page.contains("<polyline class=\"old\""));
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["load", "--merge", &hdr, "--compare", &hdr])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        text.contains("\nby second   ") && text.contains("\nslowest     "),
        "{text}"
    );
    let lies = lab.file(
        "lies",
        &told.to_string().replace("\"seconds\":1,", "\"seconds\":3,"),
    );
    let out = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["load", "--merge", &lies])
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(7), "{out:?}");
}

#[test]
fn colours_follow_the_configuration() {
    let lab = Lab::new("");
    let config = lab.file("config.toml", "color = \"always\"\n");
    let folder = std::path::Path::new(&config).parent().unwrap();
    std::fs::create_dir(folder.join("ehlo")).unwrap();
    std::fs::rename(&config, folder.join("ehlo/config.toml")).unwrap();
    for (args, coloured) in [(&[][..], true), (&["--color", "never"], false)] {
        let out = load(&lab.smtp(), &["-4"])
            .args(args)
            .env("XDG_CONFIG_HOME", folder)
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
        assert_eq!(out.stdout.contains(&0x1b), coloured, "{args:?}");
    }
}

#[test]
fn an_interrupted_run_reports() {
    let lab = Lab::new("");
    let mut child = Running::start(
        load(
            &lab.smtp(),
            &["-d", "-s", "2", "-l", "10", "--duration", "600"],
        )
        .args(["--rate", "50", "-c", "--json", "-4"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped()),
    );
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
    child.signal(Signal::INT);
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
