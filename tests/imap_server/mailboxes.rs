//! SELECT, LIST, CREATE, DELETE, RENAME, STATUS, namespaces and quotas.

use crate::bench::{Talk, lines, service};

#[test]
fn select_tells_everything() {
    let service = service();
    let mut talk = Talk::alice(&service);
    assert_eq!(
        talk.say("a SELECT inbox"),
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Important $Forwarded)\n\
         * OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Important $Forwarded \\*)] Flags permitted.\n\
         * 9 EXISTS\n\
         * 9 RECENT\n\
         * OK [UNSEEN 2] First unseen.\n\
         * OK [UIDVALIDITY 1000] UIDs valid\n\
         * OK [UIDNEXT 10] Predicted next UID\n\
         * OK [HIGHESTMODSEQ 10] Highest\n\
         a OK [READ-WRITE] Select completed.\n"
    );
    let again = talk.say("b EXAMINE INBOX (CONDSTORE)");
    assert!(again.starts_with("* OK [CLOSED] "), "{again}");
    assert!(again.contains("* 0 RECENT\n") && again.contains("[PERMANENTFLAGS ()]"));
    assert!(again.ends_with("b OK [READ-ONLY] Examine completed.\n"));
    assert!(
        talk.say("c STORE 1 +FLAGS (\\Seen)")
            .starts_with("c NO [READ-ONLY]")
    );
    assert!(talk.say("d EXPUNGE").starts_with("d NO [READ-ONLY]"));
    // A SELECT that fails leaves nothing selected (RFC 9051 6.3.2).
    assert!(talk.say("e SELECT nothing").contains("e NO [NONEXISTENT]"));
    assert!(talk.say("f FETCH 1 FLAGS").starts_with("f BAD"));
    assert!(talk.say("g SELECT INBOX (NOTHING)").starts_with("g BAD"));
}

#[test]
fn list_and_lsub() {
    let service = service();
    let mut talk = Talk::alice(&service);
    assert_eq!(
        talk.say("a LIST \"\" %"),
        "* LIST (\\HasNoChildren) \"/\" INBOX\n\
         * LIST (\\HasNoChildren \\Archive) \"/\" Archive\n\
         * LIST (\\HasNoChildren \\Drafts) \"/\" Drafts\n\
         * LIST (\\HasNoChildren \\Junk) \"/\" Junk\n\
         * LIST (\\HasChildren) \"/\" Projects\n\
         * LIST (\\HasNoChildren \\Sent) \"/\" Sent\n\
         * LIST (\\HasNoChildren \\Trash) \"/\" Trash\n\
         a OK List completed.\n"
    );
    assert_eq!(
        talk.say("b LIST \"\" \"\""),
        "* LIST (\\Noselect) \"/\" \"\"\nb OK List completed.\n"
    );
    assert_eq!(
        talk.say("c LIST Projects/ %"),
        "* LIST (\\HasNoChildren) \"/\" Projects/Caf&AOk-\n* LIST (\\HasNoChildren) \"/\" Projects/ehlo\nc OK List completed.\n"
    );
    assert!(talk.say("d LIST \"\" inbox").contains("\"/\" INBOX\n"));
    assert_eq!(
        lines(&talk.say("e LIST (SPECIAL-USE) \"\" *"), "* LIST").len(),
        5
    );
    let status = talk.say("f LIST \"\" (INBOX Sent) RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN))");
    assert_eq!(
        status,
        "* LIST (\\Subscribed \\HasNoChildren) \"/\" INBOX\n* STATUS INBOX (MESSAGES 9 UNSEEN 8)\n\
         * LIST (\\Subscribed \\HasNoChildren \\Sent) \"/\" Sent\n* STATUS Sent (MESSAGES 1 UNSEEN 0)\nf OK List completed.\n"
    );
    assert_eq!(lines(&talk.say("g LSUB \"\" *"), "* LSUB ()").len(), 8);
    assert!(
        talk.say("h LSUB \"\" %")
            .contains("* LSUB (\\Noselect) \"/\" Projects\n")
    );
    talk.say("i SUBSCRIBE gone");
    assert!(
        talk.say("j LIST (SUBSCRIBED) \"\" *")
            .contains("* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" gone\n")
    );
    assert!(!talk.say("k LIST \"\" *").contains("gone"));
    let above = talk.say("l LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %");
    assert!(
        above.contains("\"/\" Projects (\"CHILDINFO\" (\"SUBSCRIBED\"))\n"),
        "{above}"
    );
    for line in [
        "m LIST",
        "m LIST \"\"",
        "m LIST (RECURSIVEMATCH) \"\" *",
        "m LIST \"\" * RETURN (NOTHING)",
    ] {
        assert!(talk.say(line).starts_with("m BAD"), "{line}");
    }
}

/// RFC 3501 6.3.9 and RFC 5258's example 8: what is above stands for what is hidden below it.
#[test]
fn parents_that_do_not_exist_stand_for_what_is_subscribed() {
    let service = service();
    let mut talk = Talk::new(&service);
    talk.say("a LOGIN bob builder");
    talk.say("a UNSUBSCRIBE INBOX");
    for line in talk.say("a LSUB \"\" *").lines() {
        let name = line.rsplit(' ').next().unwrap();
        talk.say(&format!("a UNSUBSCRIBE {name}"));
    }
    talk.say("a SUBSCRIBE foo/bar/baz");
    assert_eq!(
        talk.say("b LSUB \"\" %"),
        "* LSUB (\\Noselect) \"/\" foo\nb OK Lsub completed.\n"
    );
    assert_eq!(
        talk.say("c LSUB \"\" foo/%"),
        "* LSUB (\\Noselect) \"/\" foo/bar\nc OK Lsub completed.\n"
    );
    assert_eq!(
        talk.say("d LSUB \"\" *"),
        "* LSUB () \"/\" foo/bar/baz\nd OK Lsub completed.\n"
    );
    assert_eq!(
        talk.say("e LIST (SUBSCRIBED RECURSIVEMATCH) \"\" %"),
        "* LIST (\\NonExistent \\HasNoChildren) \"/\" foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\n\
         e OK List completed.\n"
    );
    assert_eq!(
        talk.say("f LIST (SUBSCRIBED) \"\" %"),
        "f OK List completed.\n"
    );
}

/// CHILDINFO tells of what was asked for and of nothing else (RFC 5258 3).
#[test]
fn recursive_matches_are_by_what_was_asked_for() {
    let service = service();
    let mut talk = Talk::alice(&service);
    assert!(
        talk.say("a CREATE Old/Mail/All (USE (\\All))")
            .starts_with("a NO [USEATTR]")
    );
    talk.say("a DELETE Archive");
    assert!(
        talk.say("a CREATE Old/Archive (USE (\\Archive))")
            .starts_with("a OK")
    );
    // Projects has subscribed children, and none of a special use.
    let special = talk.say("b LIST (SPECIAL-USE RECURSIVEMATCH) \"\" %");
    assert!(!special.contains("Projects"), "{special}");
    assert!(
        special.contains("(\\HasChildren) \"/\" Old (\"CHILDINFO\" (\"SPECIAL-USE\"))\n"),
        "{special}"
    );
    let both = "c LIST (SUBSCRIBED SPECIAL-USE RECURSIVEMATCH) \"\" %";
    assert!(!talk.say(both).contains("\"/\" Old"));
    talk.say("d SUBSCRIBE Old/Archive");
    let heard = talk.say(both);
    assert!(
        heard.contains(" Old (\"CHILDINFO\" (\"SUBSCRIBED\" \"SPECIAL-USE\"))\n")
            && !heard.contains("Projects"),
        "{heard}"
    );
}

#[test]
fn names_in_utf8_once_enabled() {
    let service = service();
    let mut talk = Talk::alice(&service);
    assert!(talk.say("a SELECT Projects/Caf&AOk-").contains("a OK"));
    assert!(talk.say("b CREATE Tom&Jerry").starts_with("b NO [CANNOT]"));
    talk.say("c ENABLE UTF8=ACCEPT");
    assert!(talk.say("d SELECT \"Projects/Café\"").contains("d OK"));
    assert!(
        talk.say("e LIST \"\" *Caf*")
            .contains("\"Projects/Café\"\n")
    );
    assert!(talk.say("f CREATE Tom&Jerry").starts_with("f OK"));
}

#[test]
fn create_delete_rename() {
    let service = service();
    let mut talk = Talk::alice(&service);
    for (line, reply) in [
        ("a CREATE x/y/z/", "a OK Create completed.\n"),
        ("a CREATE x/y", "a NO [ALREADYEXISTS]"),
        ("a CREATE INBOX", "a NO [ALREADYEXISTS]"),
        ("a CREATE \"a*b\"", "a NO [CANNOT]"),
        ("a CREATE Spam (USE (\\Junk))", "a NO [USEATTR]"),
        ("a CREATE All (USE (\\All))", "a NO [USEATTR]"),
        ("a DELETE x", "a OK Delete completed.\n"),
        ("a DELETE x", "a NO [HASCHILDREN]"),
        ("a DELETE INBOX", "a NO [CANNOT]"),
        ("a DELETE nothing", "a NO [NONEXISTENT]"),
        ("a SELECT x", "a NO [NONEXISTENT]"),
        ("a RENAME x/y renamed/deep", "a OK Rename completed.\n"),
        ("a RENAME nothing other", "a NO [NONEXISTENT]"),
        ("a RENAME Sent Drafts", "a NO [ALREADYEXISTS]"),
        ("a SUBSCRIBE renamed", "a OK Subscribe completed.\n"),
        ("a UNSUBSCRIBE renamed", "a OK Unsubscribe completed.\n"),
        ("a CREATE", "a BAD"),
    ] {
        let heard = talk.say(line);
        assert!(heard.starts_with(reply), "{line}: {heard}");
    }
    let list = talk.say("b LIST \"\" *");
    assert!(list.contains("(\\HasChildren) \"/\" renamed\n") && list.contains("renamed/deep/z"));
    talk.say("c DELETE Junk");
    assert!(talk.say("d CREATE Spam (USE (\\Junk))").starts_with("d OK"));
    assert!(
        talk.say("e LIST (SPECIAL-USE) \"\" Spam")
            .contains("(\\HasNoChildren \\Junk) \"/\" Spam\n")
    );
}

#[test]
fn the_selected_mailbox_can_be_deleted() {
    let service = service();
    let (mut one, mut two) = (
        Talk::inside(&service, "Junk"),
        Talk::inside(&service, "Junk"),
    );
    assert_eq!(
        one.say("a DELETE Junk"),
        "* OK [CLOSED] that was the selected mailbox\na OK Delete completed.\n"
    );
    assert!(one.say("b FETCH 1 FLAGS").starts_with("b BAD"));
    assert_eq!(
        two.say("c NOOP"),
        "* BYE the selected mailbox was deleted\n<close>"
    );
}

#[test]
fn renaming_inbox_empties_it() {
    let service = service();
    let mut talk = Talk::alice(&service);
    assert!(talk.say("a RENAME INBOX old").starts_with("a OK"));
    assert!(
        talk.say("b STATUS INBOX (MESSAGES)")
            .starts_with("* STATUS INBOX (MESSAGES 0)")
    );
    assert!(
        talk.say("c STATUS old (MESSAGES)")
            .starts_with("* STATUS old (MESSAGES 9)")
    );
}

#[test]
fn status_namespace_quota() {
    let service = service();
    let mut talk = Talk::alice(&service);
    let status = talk.say(
        "a STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ APPENDLIMIT)",
    );
    assert!(
        status.starts_with(
            "* STATUS INBOX (MESSAGES 9 RECENT 9 UIDNEXT 10 UIDVALIDITY 1000 UNSEEN 8 DELETED 0 SIZE "
        ),
        "{status}"
    );
    assert!(status.contains(" HIGHESTMODSEQ 10 APPENDLIMIT 10485760)\n"));
    assert!(talk.say("b STATUS INBOX ()").starts_with("b BAD"));
    assert!(
        talk.say("c STATUS nothing (UNSEEN)")
            .starts_with("c NO [NONEXISTENT]")
    );
    assert_eq!(
        talk.say("d NAMESPACE"),
        "* NAMESPACE ((\"\" \"/\")) NIL NIL\nd OK Namespace completed.\n"
    );
    let root = talk.say("e GETQUOTAROOT INBOX");
    assert!(
        root.starts_with("* QUOTAROOT INBOX \"\"\n* QUOTA \"\" (STORAGE "),
        "{root}"
    );
    assert!(root.contains(" 1048576)\ne OK"));
    assert!(
        talk.say("f GETQUOTA \"\"")
            .contains("* QUOTA \"\" (STORAGE")
    );
    assert!(
        talk.say("g GETQUOTA other")
            .starts_with("g NO [NONEXISTENT]")
    );
    assert!(
        talk.say("h SETQUOTA \"\" (STORAGE 5)")
            .starts_with("h NO [NOPERM]")
    );
}

#[test]
fn rev2_speaks_rev2() {
    let service = service();
    let mut talk = Talk::alice(&service);
    assert!(
        talk.say("a ENABLE IMAP4rev2")
            .starts_with("* ENABLED IMAP4rev2\n")
    );
    let select = talk.say("b SELECT INBOX");
    assert!(!select.contains("RECENT") && !select.contains("[UNSEEN"));
    assert!(select.contains("* LIST () \"/\" INBOX\n"));
    assert_eq!(
        talk.say("c SEARCH ALL"),
        "* ESEARCH (TAG \"c\") ALL 1:9\nc OK Search completed.\n"
    );
    assert!(!talk.say("d FETCH 1 FLAGS").contains("Recent"));
}
