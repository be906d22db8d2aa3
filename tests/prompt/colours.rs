//! Colours while typing, and what is masked.

use ehlo::repl::complete::{Class, paint};

use crate::scene::Stage;

fn painted(stage: &Stage, typed: &str) -> Vec<(Class, String)> {
    let spans = paint(stage.view(), typed);
    let ordered = spans.windows(2).all(|w| w[0].range.end <= w[1].range.start);
    assert!(ordered, "{typed}: {spans:?}");
    spans
        .into_iter()
        .map(|s| (s.class, typed[s.range].to_owned()))
        .collect()
}

fn secrets(stage: &Stage, typed: &str) -> String {
    let spans = painted(stage, typed).into_iter();
    spans
        .filter(|(class, _)| *class == Class::Secret)
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn verbs_are_legal_misplaced_or_unknown() {
    let mut stage = Stage::new("imap");
    stage.direct("phase not-authenticated");
    let class = |typed: &str| {
        painted(&stage, typed)
            .first()
            .map(|(class, text)| (*class, text.clone()))
    };
    assert_eq!(class("login"), Some((Class::Legal, "login".into())));
    assert_eq!(
        class("a1 capability"),
        Some((Class::Legal, "capability".into()))
    );
    assert_eq!(
        class("UID FETCH 1 FLAGS"),
        Some((Class::NotNow, "UID FETCH".into()))
    );
    assert_eq!(class("FETSH 1"), Some((Class::Unknown, "FETSH".into())));
    // What may still become a verb is left alone.
    assert_eq!(class("FET"), None);
    assert_eq!(class(":help"), Some((Class::Console, ":help".into())));
    assert_eq!(
        class(":nothing x"),
        Some((Class::Unknown, ":nothing".into()))
    );
}

#[test]
fn secrets_are_masked_wherever_they_stand() {
    let mut stage = Stage::new("imap");
    stage.direct("phase not-authenticated");
    assert_eq!(secrets(&stage, "LOGIN alice wonder land"), "wonder land");
    assert_eq!(
        secrets(&stage, "a1 login \"alice b\" \"wonder land"),
        "\"wonder land"
    );
    assert_eq!(secrets(&stage, "AUTHENTICATE PLAIN AGFsaWNl"), "AGFsaWNl");
    assert_eq!(
        secrets(&stage, ":repeat 2 login alice wonderland"),
        "wonderland"
    );
    assert_eq!(secrets(&stage, "LOGIN alice "), "");
    let long = format!("LOGIN alice {}", "x".repeat(500));
    assert_eq!(secrets(&stage, &long).len(), 500);
    assert_eq!(painted(&stage, &long).len(), 1);
    stage.direct("mode answer");
    assert_eq!(
        secrets(&stage, "AGFsaWNlAHdvbmRlcmxhbmQ="),
        "AGFsaWNlAHdvbmRlcmxhbmQ="
    );
    assert_eq!(secrets(&stage, "*"), "");
}
#[test]
fn smtp_and_pop3_mask_too() {
    let mut smtp = Stage::new("smtp");
    smtp.direct("phase idle");
    assert_eq!(secrets(&smtp, "auth plain AGFs"), "AGFs");
    assert_eq!(secrets(&smtp, "MAIL FROM:<a@b> AUTH=<>"), "");
    let mut pop3 = Stage::new("pop3");
    pop3.direct("phase authorization");
    assert_eq!(secrets(&pop3, "PASS wonder (land \"x"), "wonder (land \"x");
    assert_eq!(secrets(&pop3, "APOP alice c4c9"), "c4c9");
    assert_eq!(secrets(&pop3, "USER alice"), "");
}

/// Octets sent as they are hold commands like any other line.
#[test]
fn secrets_in_raw_octets_are_masked() {
    let smtp = Stage::new("smtp");
    for (typed, secret) in [
        (
            r#":raw "AUTH PLAIN AGFsaWNlAHdv\r\n""#,
            r#"AGFsaWNlAHdv\r\n""#,
        ),
        (r#":raw AUTH PLAIN AGFs"#, "AGFs"),
        (r#":raw "EHLO me\r\nAUTH PLAIN AGFs\r\n""#, r#"AGFs\r\n""#),
        (r#":raw "EHLO me\nNOOP\nauth plain AGFs"#, "AGFs"),
        (r#":raw "EHLO me\r\nNOOP\r\n""#, ""),
        (r#":| "less -R" AUTH PLAIN AGFs"#, "AGFs"),
    ] {
        assert_eq!(secrets(&smtp, typed), secret, "{typed}");
    }
    let imap = Stage::new("imap");
    let typed = r#":raw "a1 LOGIN alice wonderland\r\n""#;
    assert_eq!(secrets(&imap, typed), r#"wonderland\r\n""#);
}
