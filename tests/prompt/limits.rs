//! Completion stays safe and quick, whatever a server said or a person types.

use ehlo::repl::complete::{CANDIDATES_MAX, complete, hint, paint};

use crate::scene::Stage;

fn selected() -> Stage {
    let mut stage = Stage::new("imap");
    stage.direct("phase selected");
    stage
}

#[test]
fn a_hundred_thousand_names_stay_a_short_list() {
    let mut stage = selected();
    for n in 0..100_000 {
        stage.direct(&format!("heard * LIST () \"/\" box/{}/{n:06}", n % 50));
    }
    let (_, top) = complete(stage.view(), "SELECT b", 8);
    assert_eq!(
        top.iter().map(|c| c.text.as_str()).collect::<Vec<_>>(),
        ["box/"]
    );
    let (_, below) = complete(stage.view(), "SELECT box/", 11);
    assert_eq!(below.len(), 50);
    let (_, leaf) = complete(stage.view(), "SELECT box/7/00000", 18);
    assert_eq!(leaf.len(), 1);
    let (_, all) = complete(stage.view(), "SELECT box/7/", 13);
    assert!(!all.is_empty() && all.len() <= CANDIDATES_MAX);
}

#[test]
fn a_hundred_thousand_messages_stay_a_short_list() {
    let mut stage = selected();
    stage.direct("heard * 100000 EXISTS");
    stage.direct("sent a2 FETCH 77777 (ENVELOPE)");
    stage
        .direct("heard * 77777 FETCH (ENVELOPE (\"d\" \"Lunch\" NIL NIL NIL NIL NIL NIL NIL NIL))");
    let numbers = |typed: &str| {
        let (_, found) = complete(stage.view(), typed, typed.len());
        assert!(found.len() <= CANDIDATES_MAX);
        found.into_iter().map(|c| c.text).collect::<Vec<_>>()
    };
    assert_eq!(numbers("FETCH ")[..5], ["1:*", "*", "77777", "1", "2"]);
    assert_eq!(numbers("FETCH 7")[..3], ["77777", "7", "70"]);
    assert_eq!(numbers("FETCH 9999").len(), 11);
    assert_eq!(numbers("FETCH 10000"), ["10000", "100000"]);
    assert!(numbers("FETCH 100001").is_empty());
    assert!(numbers("FETCH 0").is_empty());
    // As many as the protocol can count.
    stage.direct("heard * 4294967295 EXISTS");
    let (_, found) = complete(stage.view(), "FETCH 4", 7);
    assert_eq!(found.len(), CANDIDATES_MAX);
}

#[test]
fn hostile_names_never_reach_the_line() {
    let mut stage = selected();
    for name in [
        "\"a\u{1b}[2J\"",
        "\"b\rQUIT\"",
        "\"c\u{9b}31m\"",
        "\"d\u{202e}exe\"",
        "\"e\\\"f\\\\g\"",
    ] {
        stage.direct(&format!("heard * LIST (\\X\u{1b}) \"/\" {name}"));
    }
    let (_, found) = complete(stage.view(), "SELECT ", 7);
    for candidate in &found {
        let text = format!("{}{}", candidate.text, candidate.description);
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
    assert!(found.iter().any(|c| c.text == "\"e\\\"f\\\\g\""));
}

#[test]
fn what_follows_is_not_added_where_it_stands_already() {
    let mut stage = Stage::new("smtp");
    stage.direct("phase idle");
    let text = |typed: &str, cursor| complete(stage.view(), typed, cursor).1[0].text.clone();
    assert_eq!(text("mai", 3), "mail from:<");
    assert_eq!(text("mai from:<a@b>", 3), "mail");
}

#[test]
fn nothing_that_is_typed_panics() {
    let lines = [
        "",
        " ",
        "  ",
        "(",
        "((((",
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        "ü",
        "üü ü",
        "UID",
        "UID  FETCH",
        "FETCH  1",
        "FETCH (((",
        "FETCH 1 (BODY[HEADER.FIELDS (",
        "FETCH 1 BODY[ü",
        "SELECT \"ü",
        "SELECT \"\\",
        "a1  x",
        ":",
        "::",
        ": ",
        ":repeat",
        ":repeat  ",
        ":repeat ü ü",
        "MAIL FROM:<ü",
        "MAIL FRÖM:",
        "mail from:<a@b> size=ü",
        "STORE 1 (",
        "SEARCH (((FROM",
        "SEARCH OR",
        "LIST () (",
        "APPEND x {@",
        "APPEND x {ü",
        "AUTH ü",
        "\u{1b}[A",
        "\u{feff}LIST",
        "SELECT 😀",
        ":help ü",
        "SEARCH RETURN (ü",
        "XCLIENT ü=",
        "RETR 99999999999999999999",
        "BDAT -1 L",
    ];
    for protocol in ehlo::proto::PROTOCOLS {
        let mut stage = Stage::new(protocol.name);
        stage.direct("offers SIZE 1000, AUTH PLAIN, SASL PLAIN, IMAP4rev1");
        for phase in stage.view().spec.verbs[0].phases {
            stage.direct(&format!("phase {phase}"));
            for line in lines {
                for cursor in 0..=line.len() + 1 {
                    let (start, _) = complete(stage.view(), line, cursor);
                    assert!(
                        start <= line.len() && line.is_char_boundary(start),
                        "{line:?} at {cursor}: {start}"
                    );
                }
                hint(stage.view(), line);
                for span in paint(stage.view(), line) {
                    assert!(line.get(span.range).is_some(), "{line:?}");
                }
            }
        }
    }
}

#[test]
fn long_lines_are_left_alone() {
    let stage = selected();
    assert!(hint(stage.view(), &format!("SELECT {}", "x".repeat(300))).is_none());
    let deep = format!("FETCH 1 {}", "(".repeat(100_000));
    complete(stage.view(), &deep, deep.len());
    assert!(paint(stage.view(), &deep).is_empty());
}
