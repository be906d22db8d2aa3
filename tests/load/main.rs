//! `ehlo load` as a program, against the practice server and against a server that writes down what
//! it hears: the counts of both ends agree, whatever goes wrong.

mod ends;
mod lab;
mod late;
mod lines;
mod reading;
mod reports;
#[path = "../common/running.rs"]
mod running;

use lab::{Lab, load, report};

#[test]
fn both_ends_count_the_same() {
    let ways: [&[&str]; 6] = [
        &["-d"],
        &[],
        &["-d", "--pipelining"],
        &["--pipelining"],
        &["-d", "--chunking"],
        &["-d", "--chunking", "--pipelining", "--per-connection", "7"],
    ];
    for way in ways {
        let lab = Lab::new("");
        let args = [&["-s", "4", "-m", "60", "-l", "300"], way].concat();
        let told = report(&lab.smtp(), &args, 0);
        assert_eq!(told["accepted"], 60, "{way:?}: {told}");
        assert_eq!(lab.arrived(), 60, "{way:?}");
        assert_eq!(told["errors"].as_array().unwrap().len(), 0, "{told}");
        let connections = told["connections"].as_u64().unwrap();
        match way {
            ["-d", ..] if way.len() < 4 => assert!(connections <= 4, "{told}"),
            [.., "7"] => assert!((9..=12).contains(&connections), "{told}"),
            _ => assert_eq!(connections, 60, "{told}"),
        }
    }
}

#[test]
fn both_ends_count_the_same_with_faults() {
    let faults = r#"
[[fault]]
on = "RCPT"
times = "3-6"
reply = "450 4.2.1 later"
[[fault]]
on = "."
times = "5"
reply = "554 5.6.0 no"
[[fault]]
on = "MAIL"
times = "11"
reply = "421 4.3.2 going"
[[fault]]
on = "MAIL"
times = "20"
close = "before"
[[fault]]
on = "DATA"
times = "15"
reply = "451 4.3.0 no data"
[[fault]]
on = "."
times = "12"
reply = "421 4.3.2 enough"
"#;
    for way in [&["-d"][..], &[], &["-d", "--pipelining"]] {
        let lab = Lab::new(faults);
        let args = [&["-s", "3", "-m", "80", "-l", "200"], way].concat();
        let told = report(&lab.smtp(), &args, 1);
        let number = |name: &str| told[name].as_u64().unwrap();
        assert_eq!(number("accepted"), lab.arrived(), "{way:?}: {told}");
        assert_eq!(number("in_doubt"), 0, "{told}");
        assert_eq!(number("accepted") + number("failed"), 80, "{told}");
        assert!(number("failed") >= 8, "{told}");
        assert!(told["errors"].to_string().contains("450 4.2.1"), "{told}");
    }
}

#[test]
fn a_lost_reply_leaves_a_message_in_doubt() {
    let lab = Lab::new("[[fault]]\non = \".\"\ntimes = 4\ncut = 2\n");
    let told = report(&lab.smtp(), &["-d", "-m", "10", "-l", "100"], 1);
    assert_eq!(told["accepted"], 9, "{told}");
    assert_eq!(told["in_doubt"], 1, "{told}");
    assert_eq!(lab.arrived(), 10);
}

#[test]
fn errors_end_the_run_only_when_asked() {
    let faults = "[[fault]]\non = \"RCPT\"\nreply = \"550 5.1.1 nobody\"\n";
    let failed = |more: &[&str]| {
        let lab = Lab::new(faults);
        let args = [&["-d", "-m", "30", "-l", "10"], more].concat();
        let told = report(&lab.smtp(), &args, 1);
        assert_eq!(lab.arrived(), 0);
        told["failed"].as_u64().unwrap()
    };
    assert_eq!(failed(&[]), 30);
    assert_eq!(failed(&["--stop-on-error"]), 1);
    assert_eq!(failed(&["--max-errors", "4"]), 5);
}

#[test]
fn lmtp_has_a_verdict_for_each_recipient() {
    let lab = Lab::new("[[fault]]\non = \".\"\nto = \"bob@*\"\nreply = \"452 4.2.2 full\"\n");
    let list = lab.file("to", "alice@ehlo.test\nbob@ehlo.test\n");
    let args = ["-d", "-r", "2", "-m", "5", "--recipients-file", &list];
    let told = report(&lab.lmtp(), &args, 1);
    assert_eq!(told["accepted"], 5, "{told}");
    assert_eq!(told["recipients"], 5, "{told}");
    assert_eq!(told["replies"]["452"], 5, "{told}");
    assert_eq!(lab.arrived(), 5);
}

#[test]
fn tls_and_logins() {
    let lab = Lab::new("");
    let ca = lab.ca();
    let accounts = lab.file("accounts", "alice,wonderland\nbob,builder\n");
    let args = [
        "-m",
        "6",
        "-s",
        "2",
        "--ca-file",
        &ca,
        "--accounts",
        &accounts,
    ];
    for (url, more) in [(lab.smtp(), "--starttls"), (lab.smtps(), "--resume")] {
        let before = lab.arrived();
        let told = report(&url, &[&args[..], &[more]].concat(), 0);
        assert_eq!(told["accepted"], 6, "{told}");
        assert_eq!(lab.arrived() - before, 6);
        assert_eq!(told["replies"]["235"], 6, "{told}");
        if more == "--resume" {
            assert!(told["resumed"].as_u64().unwrap() >= 4, "{told}");
        } else {
            assert_eq!(told["resumed"], 0, "{told}");
        }
    }
    let out = load(&lab.smtps(), &["-m", "1", "--json"]).output().unwrap();
    assert_eq!(out.status.code(), Some(4));
    assert!(
        String::from_utf8_lossy(&out.stdout).contains("not trusted"),
        "{out:?}"
    );
}

#[test]
fn nobody_elses_server_is_loaded_by_mistake() {
    for (args, words) in [
        (vec![], "--yes-load 192.0.2.1"),
        (vec!["--yes-load", "192.0.2.2"], "the target is 192.0.2.1"),
    ] {
        let out = load("192.0.2.1:25", &args).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{out:?}");
        assert!(
            String::from_utf8_lossy(&out.stderr).contains(words),
            "{out:?}"
        );
    }
}
