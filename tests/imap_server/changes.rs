//! STORE, EXPUNGE, COPY, MOVE, and what other sessions hear of them.

use crate::bench::{Talk, lines, service};

#[test]
fn store_in_all_forms() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    for (line, answer) in [
        (
            "a STORE 2 FLAGS (\\Seen $Work)",
            "* 2 FETCH (FLAGS (\\Seen $Work \\Recent))\na OK Store completed.\n",
        ),
        (
            "a STORE 2 +FLAGS \\Flagged",
            "* 2 FETCH (FLAGS (\\Flagged \\Seen $Work \\Recent))\na OK Store completed.\n",
        ),
        (
            "a STORE 2 -FLAGS (\\Seen $WORK nothing)",
            "* 2 FETCH (FLAGS (\\Flagged \\Recent))\na OK Store completed.\n",
        ),
        (
            "a STORE 2 FLAGS ()",
            "* 2 FETCH (FLAGS (\\Recent))\na OK Store completed.\n",
        ),
        (
            "a STORE 2 +FLAGS.SILENT (\\Draft)",
            "a OK Store completed.\n",
        ),
        (
            "a UID STORE 2 +FLAGS (\\Seen)",
            "* 2 FETCH (UID 2 FLAGS (\\Seen \\Draft \\Recent))\na OK Store completed.\n",
        ),
        ("a UID STORE 77 +FLAGS (\\Seen)", "a OK Store completed.\n"),
    ] {
        let heard = talk.say(line);
        // A new keyword is announced first.
        let fetch = heard
            .find("FETCH")
            .map_or(0, |at| heard[..at].rfind('*').unwrap_or(0));
        assert_eq!(&heard[fetch..], answer, "{line}");
    }
    for line in [
        "b STORE 1 +FLAGS (\\Recent)",
        "b STORE 1 +FLAGS (\\Nothing)",
        "b STORE 1 LABELS (x)",
        "b STORE 1 FLAGS",
        "b STORE 77 FLAGS ()",
    ] {
        assert!(talk.say(line).starts_with("b BAD"), "{line}");
    }
}

#[test]
fn keywords_have_a_limit_and_others_hear_of_them() {
    let service = service();
    let (mut one, mut two) = (
        Talk::inside(&service, "INBOX"),
        Talk::inside(&service, "INBOX"),
    );
    let heard = one.say("a STORE 1 +FLAGS (new1)");
    assert!(
        heard.starts_with(
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Important $Forwarded new1)\n"
        ),
        "{heard}"
    );
    assert!(two.say("b NOOP").contains(" new1)\n* OK [PERMANENTFLAGS"));
    let many: Vec<String> = (0..62).map(|n| format!("k{n}")).collect();
    let refused = one.say(&format!("c STORE 1 +FLAGS ({})", many.join(" ")));
    assert!(refused.starts_with("c NO [LIMIT]"), "{refused}");
    assert!(
        one.say(&format!("d STORE 1 +FLAGS ({})", many[..61].join(" ")))
            .contains("d OK")
    );
    assert!(one.say("e EXAMINE INBOX").contains("[PERMANENTFLAGS ()]"));
    assert!(!one.say("f SELECT INBOX").contains("\\*"));
}

#[test]
fn conditional_store() {
    let service = service();
    let (mut one, mut two) = (
        Talk::inside(&service, "INBOX"),
        Talk::inside(&service, "INBOX"),
    );
    let first = one.say("a FETCH 1 MODSEQ");
    assert!(
        first.starts_with("* OK [HIGHESTMODSEQ 10] Highest\n* 1 FETCH (MODSEQ (2))\n"),
        "{first}"
    );
    two.say("b STORE 3 +FLAGS (\\Flagged)");
    let stored = one.say("c STORE 2:4 (UNCHANGEDSINCE 10) +FLAGS.SILENT (\\Deleted)");
    assert!(
        stored.contains("* 3 FETCH (UID 3 FLAGS (\\Flagged \\Recent) MODSEQ (11))\n"),
        "{stored}"
    );
    assert!(
        stored.contains("* 2 FETCH (MODSEQ (12))\n* 4 FETCH (MODSEQ (12))\n"),
        "{stored}"
    );
    assert!(stored.ends_with("c OK [MODIFIED 3] stored, except where somebody was faster\n"));
    let since = one.say("d FETCH 1:* (FLAGS) (CHANGEDSINCE 11)");
    assert_eq!(lines(&since, "* ").len(), 2);
    assert!(since.contains("MODSEQ (12)"));
    assert!(one.say("e EXPUNGE").contains("e OK [HIGHESTMODSEQ 13]"));
    assert!(
        one.say("f STATUS INBOX (HIGHESTMODSEQ)")
            .starts_with("* STATUS INBOX (HIGHESTMODSEQ 13)")
    );
    assert!(one.say("g FETCH 1 FLAGS (VANISHED)").starts_with("g BAD"));
}

#[test]
fn numbers_stay_true_while_another_session_expunges() {
    let service = service();
    let (mut one, mut two) = (
        Talk::inside(&service, "INBOX"),
        Talk::inside(&service, "INBOX"),
    );
    one.say("a STORE 1,3 +FLAGS.SILENT (\\Deleted)");
    assert_eq!(
        one.say("b EXPUNGE"),
        "* 1 EXPUNGE\n* 2 EXPUNGE\nb OK Expunge completed.\n"
    );
    // No expunge is told in answer to these, and numbers mean what they meant.
    let fetched = two.say("c FETCH 2,4 UID");
    assert_eq!(
        fetched,
        "* 2 FETCH (UID 2)\n* 4 FETCH (UID 4)\nc OK Fetch completed.\n"
    );
    assert_eq!(
        two.say("d SEARCH ALL"),
        "* SEARCH 2 4 5 6 7 8 9\nd OK [EXPUNGEISSUED] Search completed.\n"
    );
    assert!(
        two.say("e STORE 4 +FLAGS (\\Seen)")
            .starts_with("* 4 FETCH ")
    );
    assert!(two.say("f FETCH 1 UID").starts_with("f NO [EXPUNGEISSUED]"));
    assert!(
        two.say("g FETCH 1:2 UID")
            .ends_with("* 2 FETCH (UID 2)\ng OK [EXPUNGEISSUED] fetched, less what is gone\n")
    );
    // With UID they may be, and then numbers are new.
    let with_uid = two.say("h UID FETCH 4 FLAGS");
    assert!(
        with_uid.starts_with("* 1 EXPUNGE\n* 2 EXPUNGE\n* 2 FETCH (UID 4 "),
        "{with_uid}"
    );
    assert_eq!(two.say("i NOOP"), "i OK NOOP completed.\n");
}

#[test]
fn close_expunges_silently_and_unselect_does_not() {
    let service = service();
    let (mut one, mut two) = (
        Talk::inside(&service, "INBOX"),
        Talk::inside(&service, "INBOX"),
    );
    one.say("a STORE 9 +FLAGS (\\Deleted)");
    assert_eq!(one.say("b UNSELECT"), "b OK Unselect completed.\n");
    one.say("c SELECT INBOX");
    assert_eq!(one.say("d CLOSE"), "d OK Close completed.\n");
    assert!(two.say("e NOOP").contains("* 9 EXPUNGE\n"));
}

#[test]
fn uid_expunge_takes_only_its_own() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    talk.say("a STORE 1:3 +FLAGS.SILENT (\\Deleted)");
    assert_eq!(
        talk.say("b UID EXPUNGE 2:9"),
        "* 2 EXPUNGE\n* 2 EXPUNGE\nb OK Expunge completed.\n"
    );
    assert_eq!(
        talk.say("c SEARCH DELETED"),
        "* SEARCH 1\nc OK Search completed.\n"
    );
}

#[test]
fn copy_and_move() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    assert_eq!(
        talk.say("a COPY 2,4 Archive"),
        "a OK [COPYUID 1001 2,4 1:2] Copy completed.\n"
    );
    assert_eq!(talk.say("b UID COPY 77 Archive"), "b OK no such messages\n");
    assert!(talk.say("c COPY 1 nowhere").starts_with("c NO [TRYCREATE]"));
    assert!(talk.say("d COPY 77 Archive").starts_with("d BAD"));
    assert_eq!(
        talk.say("e MOVE 1:2 Archive"),
        "* OK [COPYUID 1001 1:2 3:4] Moved UIDs.\n* 1 EXPUNGE\n* 1 EXPUNGE\ne OK Move completed.\n"
    );
    assert_eq!(
        talk.say("f UID MOVE 9 INBOX"),
        "* OK [COPYUID 1000 9 10] Moved UIDs.\n* 7 EXPUNGE\n* 7 EXISTS\n* 7 RECENT\nf OK Move completed.\n"
    );
    talk.say("g SELECT Archive");
    assert!(
        talk.say("h FETCH 2 (FLAGS)")
            .starts_with("* 2 FETCH (FLAGS (\\Flagged $Important \\Recent))")
    );
    talk.say("i EXAMINE Archive");
    assert!(talk.say("j MOVE 1 INBOX").starts_with("j NO [READ-ONLY]"));
}

#[test]
fn the_quota_stops_copies() {
    let service = service();
    let used = service.store.lock().used_by("alice");
    let limits = ehlo::store::Limits {
        quota: used + 10,
        ..Default::default()
    };
    service.store.lock().set_limits(limits);
    let mut talk = Talk::inside(&service, "INBOX");
    assert!(talk.say("a COPY 1 Archive").starts_with("a NO [OVERQUOTA]"));
    assert!(
        talk.append("Archive", "", "Subject: x\n\nlong enough\n")
            .starts_with("app NO [OVERQUOTA]")
    );
    // What is moved takes no more room than before, wherever it goes, and however full it is.
    let moved = talk.say("b MOVE 1 Archive");
    assert!(moved.contains(" EXPUNGE\nb OK "), "{moved}");
    let full = ehlo::store::Limits { quota: 1, ..limits };
    service.store.lock().set_limits(full);
    assert!(
        talk.say("c UID MOVE 2 INBOX")
            .contains("c OK Move completed.")
    );
    assert!(
        talk.say("d UID MOVE 3 Archive")
            .contains("d OK Move completed.")
    );
    assert_eq!(service.store.lock().used_by("alice"), used);
    assert!(talk.say("e COPY 1 Archive").starts_with("e NO [OVERQUOTA]"));
}

#[test]
fn silent_changes_are_silent_for_oneself_only() {
    let service = service();
    let (mut one, mut two) = (
        Talk::inside(&service, "INBOX"),
        Talk::inside(&service, "INBOX"),
    );
    assert_eq!(
        one.say("a STORE 1:9 +FLAGS.SILENT (\\Seen)"),
        "a OK Store completed.\n"
    );
    assert_eq!(one.say("b NOOP"), "b OK NOOP completed.\n");
    // The first was seen before.
    assert_eq!(lines(&two.say("c NOOP"), "* ").len(), 8);
}

/// A message that is there and unchanged is not gone, though nothing is shown of it.
#[test]
fn unchanged_is_not_gone() {
    let service = service();
    let (mut one, mut two) = (
        Talk::inside(&service, "INBOX"),
        Talk::inside(&service, "INBOX"),
    );
    two.say("a ENABLE CONDSTORE");
    one.say("a STORE 2 +FLAGS.SILENT (\\Deleted)\nb EXPUNGE");
    assert_eq!(
        two.say("b FETCH 1:2 (FLAGS) (CHANGEDSINCE 1000)"),
        "b OK [EXPUNGEISSUED] fetched, less what is gone\n"
    );
    assert!(
        two.say("c FETCH 2 (FLAGS) (CHANGEDSINCE 1000)")
            .starts_with("c NO [EXPUNGEISSUED] those messages no longer exist\n")
    );
}
