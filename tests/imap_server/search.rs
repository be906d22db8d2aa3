//! SEARCH: every key, charsets, ESEARCH, saved results.

use crate::bench::{Talk, service};

fn found(talk: &mut Talk, keys: &str) -> String {
    let reply = talk.say(&format!("a SEARCH {keys}"));
    let line = reply.lines().next().unwrap_or_default();
    match line.strip_prefix("* SEARCH") {
        Some(numbers) if reply.ends_with("a OK Search completed.\n") => numbers.trim().to_owned(),
        _ => reply,
    }
}

#[test]
fn every_key() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    talk.say("s STORE 3 +FLAGS (\\Deleted \\Draft)");
    for (keys, numbers) in [
        ("ALL", "1 2 3 4 5 6 7 8 9"),
        ("ANSWERED", "7"),
        ("DELETED", "3"),
        ("DRAFT", "3"),
        ("FLAGGED", "4"),
        ("SEEN", "1"),
        ("UNSEEN 2:4", "2 3 4"),
        ("UNANSWERED 6:8", "6 8"),
        ("UNDELETED UNDRAFT UNFLAGGED 1:5", "1 2 5"),
        ("KEYWORD $important", "4"),
        ("KEYWORD nothing", ""),
        ("UNKEYWORD $Important 3:5", "3 5"),
        ("RECENT SEEN", "1"),
        ("NEW 1:2", "2"),
        ("OLD", ""),
        ("BEFORE 4-Nov-2026", "1 2"),
        ("ON 4-Nov-2026", "3 4"),
        ("SINCE \"6-Nov-2026\"", "7 8 9"),
        ("SENTBEFORE 3-Nov-2026", "1"),
        ("SENTON 5-Nov-2026", "5 6"),
        ("SENTSINCE 7-Nov-2026", "9"),
        ("YOUNGER 1296000", "7 8 9"),
        ("OLDER 1500000 1:2", "1 2"),
        ("LARGER 1200", "6"),
        ("SMALLER 250", "7"),
        ("UID 2:3", "2 3"),
        ("UID 100:*", "9"),
        ("1,5:*", "1 5 6 7 8 9"),
        ("100:200", ""),
        ("FROM bob", "4 9"),
        ("FROM \"Andr\u{e9} P\"", "2"),
        ("TO charlie@ehlo", "4 9"),
        ("CC builder", "2"),
        ("BCC x", ""),
        ("SUBJECT lunch", "7 8"),
        ("SUBJECT \"gr\u{fc}\u{df}e aus l\u{fc}ttich\"", "2"),
        ("SUBJECT \"\u{fc}ber smtputf8\"", "5"),
        ("HEADER Message-ID lunch-3", "8"),
        ("HEADER List-Unsubscribe \"\"", "3"),
        ("BODY \"\u{c8}re alice\"", "2"),
        ("BODY \"ch\u{e8}re alice\"", "2"),
        ("BODY \"green door\"", "8"),
        ("BODY euro", "3"),
        ("BODY \"architect@example\"", "9"),
        ("BODY \"lunch on\"", ""),
        ("TEXT \"lunch on\"", "7 8"),
        ("TEXT higher", "9"),
        ("TEXT \"red,120\"", "4"),
        ("NOT 2:9", "1"),
        ("OR FROM bob SUBJECT lunch", "4 7 8 9"),
        ("(OR 1 2) NOT (SEEN)", "2"),
        ("OR (1:3 UNSEEN) (FROM charlie NOT ANSWERED)", "2 3 8"),
        ("MODSEQ 1 1:2", "1 2 (MODSEQ 3)"),
        ("CHARSET UTF-8 SUBJECT lunch", "7 8"),
        ("CHARSET ISO-8859-1 FROM bob", "4 9"),
    ] {
        let heard = found(&mut talk, keys);
        // What a command switched on is told before its answer.
        let heard = heard.trim_start_matches("* OK [HIGHESTMODSEQ 11] Highest\n");
        let heard = heard
            .strip_prefix("* SEARCH ")
            .map_or(heard, |h| h.trim_end_matches("\na OK Search completed.\n"));
        assert_eq!(heard, numbers, "{keys}");
    }
    assert!(talk.say("b UID SEARCH 2").starts_with("* SEARCH 2\n"));
}

#[test]
fn faults_of_searches() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    assert!(
        talk.say("a SEARCH CHARSET X-NONE SUBJECT x")
            .starts_with("a NO [BADCHARSET (UTF-8 US-ASCII)]")
    );
    for keys in [
        "",
        " NOTHING",
        " SUBJECT",
        " NOT",
        " OR 1",
        " ()",
        " (ALL",
        " SINCE yesterday",
        " LARGER -1",
        " SENTON 32-Jan-2020",
        " RETURN (NOTHING) ALL",
        "  ALL",
        " 0",
    ] {
        assert!(
            talk.say(&format!("b SEARCH{keys}")).starts_with("b BAD"),
            "{keys}"
        );
        talk.say("c NOOP");
    }
    let deep = format!("d SEARCH {}ALL", "NOT ".repeat(1_000));
    assert!(talk.say(&deep).starts_with("d BAD"));
    let deep = format!("e SEARCH {}ALL{}", "(".repeat(5_000), ")".repeat(5_000));
    assert!(talk.say(&deep).starts_with("e BAD"));
}

#[test]
fn text_in_another_charset() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    use ehlo::proto::engine::Engine;
    talk.engine
        .receive(b"a SEARCH CHARSET ISO-8859-1 FROM {5+}\r\nAndr\xe9\r\n");
    assert_eq!(talk.heard(), "* SEARCH 2\na OK Search completed.\n");
}

#[test]
fn extended_results() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    for (line, answer) in [
        (
            "a SEARCH RETURN () UNSEEN",
            "* ESEARCH (TAG \"a\") ALL 2:9\n",
        ),
        (
            "a SEARCH RETURN (MIN MAX COUNT) UNSEEN",
            "* ESEARCH (TAG \"a\") MIN 2 MAX 9 COUNT 8\n",
        ),
        (
            "a UID SEARCH RETURN (ALL) 1,3:4",
            "* ESEARCH (TAG \"a\") UID ALL 1,3:4\n",
        ),
        (
            "a SEARCH RETURN (ALL COUNT) 77",
            "* ESEARCH (TAG \"a\") COUNT 0\n",
        ),
        (
            "a UID SEARCH RETURN (MIN) 77",
            "* ESEARCH (TAG \"a\") UID\n",
        ),
    ] {
        assert_eq!(
            talk.say(line),
            format!("{answer}a OK Search completed.\n"),
            "{line}"
        );
    }
    assert!(
        talk.say("b SEARCH RETURN (MIN) MODSEQ 3")
            .contains("* ESEARCH (TAG \"b\") MIN 2 MODSEQ 3\n")
    );
}

#[test]
fn saved_results() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    assert_eq!(
        talk.say("a SEARCH RETURN (SAVE) SUBJECT lunch"),
        "a OK Search completed.\n"
    );
    assert!(
        talk.say("b FETCH $ UID")
            .starts_with("* 7 FETCH (UID 7)\n* 8 FETCH (UID 8)\n")
    );
    assert_eq!(found(&mut talk, "$ UNANSWERED"), "8");
    assert_eq!(found(&mut talk, "UID $"), "7 8");
    talk.say("c STORE 1 +FLAGS (\\Deleted)\nd EXPUNGE");
    assert!(
        talk.say("e UID STORE $ +FLAGS (\\Flagged)")
            .contains("* 6 FETCH (UID 7 FLAGS (\\Answered \\Flagged \\Recent))\n")
    );
    assert!(
        talk.say("f COPY $ Archive")
            .contains("[COPYUID 1001 7:8 1:2]")
    );
    talk.say("g SEARCH RETURN (SAVE MIN) ALL");
    assert!(
        talk.say("h FETCH $ UID")
            .starts_with("* 1 FETCH (UID 2)\nh OK")
    );
    talk.say("i SEARCH RETURN (SAVE) CHARSET X-NONE TEXT x");
    assert_eq!(talk.say("j FETCH $ UID"), "j OK Fetch completed.\n");
}
