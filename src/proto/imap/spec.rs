//! The IMAP verb table: RFC 9051, RFC 3501 and the extensions that add commands.
//!
//! Rules: one row a command, in the RFC's order; the two-word `UID …` forms are rows of their own.
//! What the engine decides by (phases, shape, secrecy, patience) stands here and nowhere else.

use std::time::Duration;

use crate::proto::spec::{Arg, ArgKind, Phase, Secrecy, Shape, Spec, Verb};

/// Before a login (RFC 9051 3.1).
pub const NOT_AUTHENTICATED: Phase = Phase("not-authenticated");
/// After a login (RFC 9051 3.2).
pub const AUTHENTICATED: Phase = Phase("authenticated");
/// With a mailbox open (RFC 9051 3.3).
pub const SELECTED: Phase = Phase("selected");
/// After LOGOUT or BYE (RFC 9051 3.4).
pub const LOGOUT: Phase = Phase("logout");

const ANY: &[Phase] = &[NOT_AUTHENTICATED, AUTHENTICATED, SELECTED, LOGOUT];
const NOT_AUTH: &[Phase] = &[NOT_AUTHENTICATED];
const AUTH: &[Phase] = &[AUTHENTICATED, SELECTED];
const AUTH_ONLY: &[Phase] = &[AUTHENTICATED];
const SELECT: &[Phase] = &[SELECTED];

/// How long a status line may take in batch.
pub const PATIENCE: Duration = Duration::from_secs(60);

const fn arg(hint: &'static str, kind: ArgKind) -> Arg {
    Arg {
        hint,
        kind,
        optional: false,
        repeats: false,
    }
}

const fn opt(hint: &'static str, kind: ArgKind) -> Arg {
    Arg {
        optional: true,
        ..arg(hint, kind)
    }
}

const fn many(hint: &'static str, kind: ArgKind) -> Arg {
    Arg {
        repeats: true,
        ..arg(hint, kind)
    }
}

const fn verb(
    name: &'static str,
    args: &'static [Arg],
    phases: &'static [Phase],
    rfc: &'static str,
    example: &'static str,
    summary: &'static str,
) -> Verb {
    Verb {
        name,
        args,
        phases,
        needs: None,
        reply: Shape::Tagged,
        patience: PATIENCE,
        secret: Secrecy::Nothing,
        danger: None,
        summary,
        example,
        rfc,
    }
}

const fn needs(words: &'static str, verb: Verb) -> Verb {
    Verb {
        needs: Some(words),
        ..verb
    }
}

const fn danger(why: &'static str, verb: Verb) -> Verb {
    Verb {
        danger: Some(why),
        ..verb
    }
}

const fn shaped(reply: Shape, verb: Verb) -> Verb {
    Verb { reply, ..verb }
}

const fn secret(words: usize, verb: Verb) -> Verb {
    Verb {
        secret: Secrecy::AfterWord(words),
        ..verb
    }
}

const MAILBOX: Arg = arg("<mailbox>", ArgKind::Mailbox);
const SET: Arg = arg("<set>", ArgKind::Set);
const UIDS: Arg = arg("<uids>", ArgKind::Set);
const MESSAGE: Arg = arg("<number>", ArgKind::Message);
const UID: Arg = arg("<uid>", ArgKind::Message);
const TEXT_FLAGS: Arg = opt("(<flags>)", ArgKind::Flags);
const DATE: Arg = opt("<date-time>", ArgKind::Text);
const LITERAL: Arg = arg("{<octets>}", ArgKind::Literal);
const SEARCH_RETURN: Arg = opt(
    "RETURN (<options>)",
    ArgKind::Words("MIN MAX ALL COUNT SAVE PARTIAL UPDATE CONTEXT"),
);
const SEARCH_CHARSET: Arg = opt("CHARSET <charset>", ArgKind::Words("UTF-8 US-ASCII"));
const KEYS: Arg = many("<search-keys>", ArgKind::SearchKeys);
const SEARCH_ARGS: &[Arg] = &[SEARCH_RETURN, SEARCH_CHARSET, KEYS];
const ITEMS: Arg = arg("<items>", ArgKind::FetchItems);
const FETCH_MODIFIERS: Arg = opt(
    "(<modifiers>)",
    ArgKind::Words("CHANGEDSINCE VANISHED PARTIAL"),
);
const STORE_MODIFIERS: Arg = opt("(<modifiers>)", ArgKind::Words("UNCHANGEDSINCE"));
const STORE_ITEM: Arg = arg("<item>", ArgKind::StoreItem);
const FLAGS: Arg = arg("(<flags>)", ArgKind::Flags);
const SORT_KEYS: Arg = arg(
    "(<sort-keys>)",
    ArgKind::Words("ARRIVAL CC DATE DISPLAYFROM DISPLAYTO FROM REVERSE SIZE SUBJECT TO"),
);
const CHARSET: Arg = arg("<charset>", ArgKind::Words("UTF-8 US-ASCII"));
const SORT_ARGS: &[Arg] = &[SEARCH_RETURN, SORT_KEYS, CHARSET, KEYS];
const THREAD_ARGS: &[Arg] = &[
    arg(
        "<algorithm>",
        ArgKind::Words("REFERENCES ORDEREDSUBJECT REFS"),
    ),
    CHARSET,
    KEYS,
];
const REFERENCE: Arg = arg("<reference>", ArgKind::Text);
const PATTERN: Arg = arg("<pattern>", ArgKind::Pattern);
const SELECT_PARAMETERS: Arg = opt(
    "(<parameters>)",
    ArgKind::Words("CONDSTORE QRESYNC ANNOTATE"),
);
const CONVERT_ARGS: &[Arg] = &[
    SET,
    arg("(<type> [<parameters>])", ArgKind::Text),
    many("<convert-item>", ArgKind::Text),
];
const FILTER_KIND: Arg = arg(
    "SIEVE <script>",
    ArgKind::Words("SIEVE DELIVERY PERSONAL GLOBAL SCRIPT"),
);
const ANY_TEXT: Arg = many("<text>", ArgKind::Text);

/// The IMAP table.
// A row reads as a row: name, arguments, phases, RFC; example; summary.
#[rustfmt::skip]
pub static SPEC: Spec = Spec {
    verbs: &[
        verb("CAPABILITY", &[], ANY, "RFC 9051 6.1.1",
            "CAPABILITY",
            "lists what the server can do; the list changes after STARTTLS and login"),
        verb("NOOP", &[], ANY, "RFC 9051 6.1.2",
            "NOOP",
            "does nothing; lets the server report what changed"),
        verb("LOGOUT", &[], ANY, "RFC 9051 6.1.3",
            "LOGOUT",
            "ends the session"),
        needs("STARTTLS", shaped(Shape::Tls, verb("STARTTLS", &[], NOT_AUTH, "RFC 9051 6.2.1",
            "STARTTLS",
            "switches to TLS; what the server offered before no longer counts"))),
        secret(2, shaped(Shape::Challenges, verb("AUTHENTICATE",
            &[arg("<mechanism>", ArgKind::Mechanism), opt("<initial-response>", ArgKind::Secret)], NOT_AUTH, "RFC 9051 6.2.2",
            "AUTHENTICATE PLAIN",
            "logs in by a SASL mechanism; a line of * cancels"))),
        secret(2, verb("LOGIN",
            &[arg("<user>", ArgKind::Address), arg("<password>", ArgKind::Secret)], NOT_AUTH, "RFC 9051 6.2.3",
            "LOGIN alice@example.org wonderland",
            "logs in with a name and a password, sent as they are")),
        needs("ENABLE IMAP4rev2", verb("ENABLE",
            &[many("<capability>", ArgKind::Enable)], AUTH_ONLY, "RFC 9051 6.3.1",
            "ENABLE CONDSTORE UTF8=ACCEPT",
            "switches on extensions that change how the server behaves")),
        verb("SELECT", &[MAILBOX, SELECT_PARAMETERS], AUTH, "RFC 9051 6.3.2",
            "SELECT INBOX",
            "opens a mailbox for reading and writing"),
        verb("EXAMINE", &[MAILBOX, SELECT_PARAMETERS], AUTH, "RFC 9051 6.3.3",
            "EXAMINE INBOX",
            "opens a mailbox for reading only: nothing is marked seen"),
        verb("CREATE",
            &[MAILBOX, opt("(USE (<attribute>))", ArgKind::Words("USE \\All \\Archive \\Drafts \\Flagged \\Junk \\Sent \\Trash \\Important"))], AUTH, "RFC 9051 6.3.4",
            "CREATE Archive",
            "makes a mailbox"),
        danger("removes the mailbox with every message in it, for good", verb("DELETE",
            &[MAILBOX], AUTH, "RFC 9051 6.3.5",
            "DELETE Archive",
            "removes a mailbox")),
        verb("RENAME", &[MAILBOX, arg("<new-mailbox>", ArgKind::Mailbox)], AUTH, "RFC 9051 6.3.6",
            "RENAME Archive Archive-2026",
            "renames a mailbox; renaming INBOX moves its messages"),
        verb("SUBSCRIBE", &[MAILBOX], AUTH, "RFC 9051 6.3.7",
            "SUBSCRIBE Archive",
            "adds a mailbox to the subscription list"),
        verb("UNSUBSCRIBE", &[MAILBOX], AUTH, "RFC 9051 6.3.8",
            "UNSUBSCRIBE Archive",
            "takes a mailbox off the subscription list"),
        verb("LIST",
            &[opt("(<selection>)", ArgKind::Words("SUBSCRIBED REMOTE RECURSIVEMATCH SPECIAL-USE")), REFERENCE, PATTERN, opt("RETURN (<options>)", ArgKind::Words("SUBSCRIBED CHILDREN SPECIAL-USE STATUS MYRIGHTS METADATA"))], AUTH, "RFC 9051 6.3.9",
            "LIST \"\" *",
            "lists mailboxes; LIST \"\" \"\" shows the hierarchy separator"),
        verb("LSUB", &[REFERENCE, PATTERN], AUTH, "RFC 3501 6.3.9",
            "LSUB \"\" *",
            "lists subscriptions; IMAP4rev2 says LIST (SUBSCRIBED)"),
        needs("NAMESPACE IMAP4rev2", verb("NAMESPACE", &[], AUTH, "RFC 9051 6.3.10",
            "NAMESPACE",
            "shows the prefixes of personal, other users' and shared mailboxes")),
        verb("STATUS",
            &[MAILBOX, arg("(<items>)", ArgKind::StatusItems)], AUTH, "RFC 9051 6.3.11",
            "STATUS INBOX (MESSAGES UNSEEN)",
            "shows the counters of a mailbox without opening it"),
        shaped(Shape::GoAheadThenBody, verb("APPEND",
            &[MAILBOX, TEXT_FLAGS, DATE, LITERAL], AUTH, "RFC 9051 6.3.12",
            "APPEND INBOX (\\Seen) {310}",
            "stores a message in a mailbox")),
        needs("IDLE IMAP4rev2", shaped(Shape::Idle, verb("IDLE", &[], AUTH, "RFC 9051 6.3.13",
            "IDLE",
            "waits for changes; DONE ends it, and it is to be renewed within 29 minutes"))),
        danger("removes every message marked \\Deleted for good; UNSELECT leaves without removing", verb("CLOSE",
            &[], SELECT, "RFC 9051 6.4.1",
            "CLOSE",
            "removes messages marked \\Deleted without a word and leaves the mailbox")),
        needs("UNSELECT IMAP4rev2", verb("UNSELECT", &[], SELECT, "RFC 9051 6.4.2",
            "UNSELECT",
            "leaves the mailbox and removes nothing")),
        danger("removes every message marked \\Deleted for good", verb("EXPUNGE",
            &[], SELECT, "RFC 9051 6.4.3",
            "EXPUNGE",
            "removes all messages marked \\Deleted")),
        needs("UIDPLUS IMAP4rev2", danger("removes the messages marked \\Deleted among these UIDs for good", verb("UID EXPUNGE",
            &[UIDS], SELECT, "RFC 9051 6.4.9",
            "UID EXPUNGE 3:5",
            "removes the messages marked \\Deleted among these UIDs"))),
        verb("SEARCH", SEARCH_ARGS, SELECT, "RFC 9051 6.4.4",
            "SEARCH UNSEEN FROM alice",
            "finds messages"),
        verb("UID SEARCH", SEARCH_ARGS, SELECT, "RFC 9051 6.4.9",
            "UID SEARCH UNSEEN",
            "finds messages and answers with UIDs"),
        verb("FETCH", &[SET, ITEMS, FETCH_MODIFIERS], SELECT, "RFC 9051 6.4.5",
            "FETCH 1:* (FLAGS ENVELOPE)",
            "reads messages or parts of them"),
        verb("UID FETCH", &[UIDS, ITEMS, FETCH_MODIFIERS], SELECT, "RFC 9051 6.4.9",
            "UID FETCH 3 BODY.PEEK[TEXT]",
            "reads messages by UID"),
        verb("STORE", &[SET, STORE_MODIFIERS, STORE_ITEM, FLAGS], SELECT, "RFC 9051 6.4.6",
            "STORE 3 +FLAGS (\\Seen)",
            "changes flags"),
        verb("UID STORE", &[UIDS, STORE_MODIFIERS, STORE_ITEM, FLAGS], SELECT, "RFC 9051 6.4.9",
            "UID STORE 3 +FLAGS (\\Seen)",
            "changes flags by UID"),
        verb("COPY", &[SET, MAILBOX], SELECT, "RFC 9051 6.4.7",
            "COPY 3 Archive",
            "copies messages to a mailbox"),
        verb("UID COPY", &[UIDS, MAILBOX], SELECT, "RFC 9051 6.4.9",
            "UID COPY 3 Archive",
            "copies messages to a mailbox by UID"),
        needs("MOVE IMAP4rev2", verb("MOVE", &[SET, MAILBOX], SELECT, "RFC 9051 6.4.8",
            "MOVE 3 Archive",
            "moves messages to a mailbox")),
        needs("MOVE IMAP4rev2", verb("UID MOVE", &[UIDS, MAILBOX], SELECT, "RFC 9051 6.4.9",
            "UID MOVE 3 Archive",
            "moves messages to a mailbox by UID")),
        verb("CHECK", &[], SELECT, "RFC 3501 6.4.1",
            "CHECK",
            "asks for a checkpoint; IMAP4rev2 dropped it, NOOP does as well"),
        needs("IMAP4", verb("PARTIAL",
            &[MESSAGE, ITEMS, arg("<start>", ArgKind::Number), arg("<count>", ArgKind::Number)], SELECT, "RFC 1730 6.4.6",
            "PARTIAL 1 RFC822 1 1024",
            "reads a piece of a message; FETCH BODY[]<start.count> replaced it")),
        needs("ID", verb("ID", &[arg("(<name> <value> …)", ArgKind::Text)], ANY, "RFC 2971 3.1",
            "ID (\"name\" \"ehlo\")",
            "tells name and version, and asks for the server's; NIL tells nothing")),
        needs("LANGUAGE", verb("LANGUAGE",
            &[Arg { optional: true, ..many("<language>", ArgKind::Text) }], ANY, "RFC 5255 3.2",
            "LANGUAGE de",
            "chooses the language of texts; alone it lists the languages")),
        needs("I18NLEVEL=2", verb("COMPARATOR",
            &[Arg { optional: true, ..many("<comparator>", ArgKind::Text) }], AUTH, "RFC 5255 4.7",
            "COMPARATOR \"i;ascii-casemap\"",
            "chooses or shows how texts are compared")),
        needs("COMPRESS=DEFLATE", verb("COMPRESS",
            &[arg("DEFLATE", ArgKind::Words("DEFLATE"))], AUTH, "RFC 4978 3",
            "COMPRESS DEFLATE",
            "compresses everything after the OK")),
        needs("NOTIFY", verb("NOTIFY",
            &[many("<NONE | SET …>", ArgKind::Words("NONE SET STATUS SELECTED SELECTED-DELAYED INBOXES PERSONAL SUBSCRIBED SUBTREE MAILBOXES MessageNew MessageExpunge FlagChange MailboxName"))], AUTH, "RFC 5465 3",
            "NOTIFY SET (PERSONAL (MessageNew MessageExpunge))",
            "has the server report chosen events of many mailboxes")),
        needs("SORT", verb("SORT", SORT_ARGS, SELECT, "RFC 5256 3",
            "SORT (REVERSE DATE) UTF-8 ALL",
            "finds messages and sorts them")),
        needs("SORT", verb("UID SORT", SORT_ARGS, SELECT, "RFC 5256 3",
            "UID SORT (SUBJECT) UTF-8 ALL",
            "finds messages, sorts them and answers with UIDs")),
        needs("THREAD=", verb("THREAD", THREAD_ARGS, SELECT, "RFC 5256 3",
            "THREAD REFERENCES UTF-8 ALL",
            "finds messages and arranges them in threads")),
        needs("THREAD=", verb("UID THREAD", THREAD_ARGS, SELECT, "RFC 5256 3",
            "UID THREAD REFERENCES UTF-8 ALL",
            "finds messages and arranges their UIDs in threads")),
        needs("CONTEXT=SEARCH CONTEXT=SORT", verb("CANCELUPDATE",
            &[many("\"<tag>\"", ArgKind::Text)], SELECT, "RFC 5267 4.3.5",
            "CANCELUPDATE \"a7\"",
            "stops the updates of a live search")),
        needs("MULTISEARCH", verb("ESEARCH",
            &[opt("IN (<mailboxes>)", ArgKind::Words("IN selected inboxes personal subscribed subtree mailboxes")), SEARCH_RETURN, KEYS], AUTH, "RFC 7377 2.1",
            "ESEARCH IN (personal) RETURN (COUNT) UNSEEN",
            "finds messages in several mailboxes")),
        needs("UIDBATCHES", verb("UIDBATCHES",
            &[arg("<size>", ArgKind::Number), opt("<first:last>", ArgKind::Text)], SELECT, "RFC 10022 3",
            "UIDBATCHES 2000",
            "shows the UID ranges that cut the mailbox into equal batches, newest first")),
        needs("QUOTA", verb("GETQUOTA",
            &[arg("<quota-root>", ArgKind::Text)], AUTH, "RFC 9208 4.1.1",
            "GETQUOTA \"\"",
            "shows use and limits of a quota root")),
        needs("QUOTA", verb("GETQUOTAROOT", &[MAILBOX], AUTH, "RFC 9208 4.1.2",
            "GETQUOTAROOT INBOX",
            "shows the quota roots of a mailbox")),
        needs("QUOTASET QUOTA", verb("SETQUOTA",
            &[arg("<quota-root>", ArgKind::Text), arg("(<resource> <limit> …)", ArgKind::Words("STORAGE MESSAGE MAILBOX ANNOTATION-STORAGE"))], AUTH, "RFC 9208 4.1.3",
            "SETQUOTA \"\" (STORAGE 512)",
            "sets limits; mostly for administrators")),
        needs("ACL", verb("SETACL",
            &[MAILBOX, arg("<identifier>", ArgKind::Address), arg("<rights>", ArgKind::Text)], AUTH, "RFC 4314 3.1",
            "SETACL Archive bob +lrs",
            "grants or takes rights")),
        needs("ACL", verb("DELETEACL",
            &[MAILBOX, arg("<identifier>", ArgKind::Address)], AUTH, "RFC 4314 3.2",
            "DELETEACL Archive bob",
            "takes all rights of somebody away")),
        needs("ACL", verb("GETACL", &[MAILBOX], AUTH, "RFC 4314 3.3",
            "GETACL Archive",
            "shows who may do what")),
        needs("ACL", verb("LISTRIGHTS",
            &[MAILBOX, arg("<identifier>", ArgKind::Address)], AUTH, "RFC 4314 3.4",
            "LISTRIGHTS Archive bob",
            "shows the rights that could be granted")),
        needs("ACL", verb("MYRIGHTS", &[MAILBOX], AUTH, "RFC 4314 3.5",
            "MYRIGHTS Archive",
            "shows your own rights")),
        needs("METADATA METADATA-SERVER", verb("GETMETADATA",
            &[opt("(<options>)", ArgKind::Words("MAXSIZE DEPTH")), MAILBOX, arg("(<entries>)", ArgKind::Text)], AUTH, "RFC 5464 4.2",
            "GETMETADATA INBOX /private/comment",
            "reads annotations; mailbox \"\" means the server")),
        needs("METADATA METADATA-SERVER", verb("SETMETADATA",
            &[MAILBOX, arg("(<entry> <value> …)", ArgKind::Text)], AUTH, "RFC 5464 4.3",
            "SETMETADATA INBOX (/private/comment \"mine\")",
            "writes annotations; NIL removes one")),
        needs("ANNOTATEMORE", verb("GETANNOTATION",
            &[MAILBOX, arg("<entries>", ArgKind::Text), arg("<attributes>", ArgKind::Text)], AUTH, "draft-daboo-imap-annotatemore-08 4.2",
            "GETANNOTATION INBOX \"/comment\" \"value.priv\"",
            "the forerunner of GETMETADATA")),
        needs("ANNOTATEMORE", verb("SETANNOTATION",
            &[MAILBOX, many("<entries>", ArgKind::Text)], AUTH, "draft-daboo-imap-annotatemore-08 4.3",
            "SETANNOTATION INBOX \"/comment\" (\"value.priv\" \"mine\")",
            "the forerunner of SETMETADATA")),
        needs("URLAUTH", verb("GENURLAUTH",
            &[many("<url> <mechanism>", ArgKind::Text)], AUTH, "RFC 4467 7",
            "GENURLAUTH \"imap://alice@example.org/INBOX/;uid=20;urlauth=anonymous\" INTERNAL",
            "makes URLs that others may read with")),
        needs("URLAUTH URLAUTH=BINARY", verb("URLFETCH",
            &[many("<url>", ArgKind::Text)], AUTH, "RFC 4467 7",
            "URLFETCH \"imap://alice@example.org/INBOX/;uid=20;urlauth=anonymous:internal:00\"",
            "fetches what stands behind such URLs")),
        needs("URLAUTH", verb("RESETKEY",
            &[opt("<mailbox>", ArgKind::Mailbox), Arg { optional: true, ..many("<mechanism>", ArgKind::Text) }], AUTH, "RFC 4467 7",
            "RESETKEY INBOX",
            "makes all such URLs worthless")),
        needs("CONVERT", verb("CONVERT", CONVERT_ARGS, SELECT, "RFC 5259 6",
            "CONVERT 2 (\"text/plain\" (\"charset\" \"utf-8\")) BINARY[1]",
            "has the server convert a part to another type")),
        needs("CONVERT", verb("UID CONVERT", CONVERT_ARGS, SELECT, "RFC 5259 6",
            "UID CONVERT 2 (\"text/plain\") BINARY[1]",
            "has the server convert a part, by UID")),
        needs("CONVERT", verb("CONVERSIONS",
            &[arg("<from-type>", ArgKind::Text), arg("<to-type>", ArgKind::Text)], AUTH, "RFC 5259 5",
            "CONVERSIONS \"text/html\" \"text/plain\"",
            "lists the conversions the server can do")),
        needs("REPLACE", shaped(Shape::GoAheadThenBody, verb("REPLACE",
            &[MESSAGE, MAILBOX, TEXT_FLAGS, DATE, LITERAL], SELECT, "RFC 8508 3.1",
            "REPLACE 4 Drafts (\\Seen) {310}",
            "stores a new version of a message and removes the old one"))),
        needs("REPLACE", shaped(Shape::GoAheadThenBody, verb("UID REPLACE",
            &[UID, MAILBOX, TEXT_FLAGS, DATE, LITERAL], SELECT, "RFC 8508 3.2",
            "UID REPLACE 2000 Drafts (\\Seen) {310}",
            "stores a new version of a message by UID and removes the old one"))),
        needs("UNAUTHENTICATE", verb("UNAUTHENTICATE", &[], AUTH, "RFC 8437 2",
            "UNAUTHENTICATE",
            "goes back to before the login on the same connection")),
        needs("JMAPACCESS", verb("GETJMAPACCESS", &[], AUTH, "RFC 9698 4",
            "GETJMAPACCESS",
            "tells the URL of the same mail over JMAP")),
        needs("MAILBOX-REFERRALS", verb("RLIST", &[REFERENCE, PATTERN], AUTH, "RFC 2193 5.1",
            "RLIST \"\" *",
            "lists mailboxes, those on other servers included")),
        needs("MAILBOX-REFERRALS", verb("RLSUB", &[REFERENCE, PATTERN], AUTH, "RFC 2193 5.2",
            "RLSUB \"\" *",
            "lists subscriptions, those on other servers included")),
        needs("XLIST", verb("XLIST",
            &[REFERENCE, PATTERN], AUTH, "Gmail; Dovecot and Cyrus sources",
            "XLIST \"\" *",
            "lists mailboxes with Gmail's old special-use names; LIST (SPECIAL-USE) replaced it")),
        needs("XAPPLEPUSHSERVICE", verb("XAPPLEPUSHSERVICE",
            &[ANY_TEXT], AUTH_ONLY, "Cyrus imapd",
            "XAPPLEPUSHSERVICE aps-version 2 aps-account-id A aps-device-token T aps-subtopic com.apple.mobilemail mailboxes (INBOX)",
            "registers an Apple device for push")),
        verb("XFER",
            &[MAILBOX, arg("<server>", ArgKind::Text), opt("<partition>", ArgKind::Text)], AUTH_ONLY, "Cyrus imapd",
            "XFER user.bob backend2.example.org",
            "moves a mailbox to another server, for administrators"),
        verb("PROXYAUTH",
            &[arg("<user>", ArgKind::Address)], AUTH_ONLY, "Oracle Messaging Server; Dovecot imapc",
            "PROXYAUTH bob",
            "lets an administrator act as somebody else"),
        needs("FILTER=SIEVE", verb("FILTER",
            &[FILTER_KIND, SEARCH_CHARSET, KEYS], SELECT, "draft-bosch-imap-filter-sieve-00",
            "FILTER SIEVE DELIVERY UNSEEN",
            "runs a Sieve script over stored messages")),
        needs("FILTER=SIEVE", verb("UID FILTER",
            &[FILTER_KIND, SEARCH_CHARSET, KEYS], SELECT, "draft-bosch-imap-filter-sieve-00",
            "UID FILTER SIEVE DELIVERY UNSEEN",
            "runs a Sieve script over stored messages, by UID")),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_finds_itself_by_its_example() {
        let mut names = Vec::new();
        for verb in SPEC.verbs {
            assert!(!names.contains(&verb.name), "{} twice", verb.name);
            names.push(verb.name);
            let found = SPEC.verb(verb.example.as_bytes()).unwrap();
            assert_eq!(found.name, verb.name, "example of {}", verb.name);
            assert!(!verb.summary.is_empty() && !verb.rfc.is_empty());
        }
        assert_eq!(names.len(), 78);
    }

    #[test]
    fn secrets_and_dangers_are_marked() {
        let verb = |name| SPEC.verb_named(name).unwrap();
        for name in ["LOGIN", "AUTHENTICATE"] {
            assert_eq!(verb(name).secret, Secrecy::AfterWord(2));
        }
        for name in ["EXPUNGE", "UID EXPUNGE", "CLOSE", "DELETE"] {
            assert!(verb(name).danger.is_some(), "{name}");
        }
        assert!(verb("UNSELECT").danger.is_none());
    }
}
