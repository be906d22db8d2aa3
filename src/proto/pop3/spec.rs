//! The POP3 table: verbs in the RFCs' order.
//!
//! Rules: one row a verb; what the engine decides by stands here and nowhere else.

use std::time::Duration;

use crate::proto::spec::{Arg, ArgKind, Phase, Secrecy, Shape, Spec, Verb};

/// Connected, the greeting has not come.
pub const CONNECT: Phase = Phase("connect");
/// RFC 1939 4.
pub const AUTHORIZATION: Phase = Phase("authorization");
/// RFC 1939 5.
pub const TRANSACTION: Phase = Phase("transaction");
/// RFC 1939 6.
pub const UPDATE: Phase = Phase("update");

const BEFORE: &[Phase] = &[AUTHORIZATION];
const AFTER: &[Phase] = &[TRANSACTION];
const BOTH: &[Phase] = &[AUTHORIZATION, TRANSACTION];

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

const fn verb(
    name: &'static str,
    args: &'static [Arg],
    phases: &'static [Phase],
    reply: Shape,
    rfc: &'static str,
    example: &'static str,
    summary: &'static str,
) -> Verb {
    Verb {
        name,
        args,
        phases,
        needs: None,
        reply,
        patience: PATIENCE,
        secret: Secrecy::Nothing,
        danger: None,
        summary,
        example,
        rfc,
    }
}

const MESSAGE: Arg = arg("<message>", ArgKind::Message);
const ANY_MESSAGE: Arg = opt("<message>", ArgKind::Message);
const ATTRIBUTE: ArgKind =
    ArgKind::Words("ADDR= PORT= PROTO= LOGIN= SESSION= TTL= CLIENT-TRANSPORT=");

/// The table.
pub static SPEC: Spec = Spec { verbs: VERBS };

static VERBS: &[Verb] = &[
    Verb {
        needs: Some("USER"),
        ..verb(
            "USER",
            &[arg("<name>", ArgKind::Address)],
            BEFORE,
            Shape::Line,
            "RFC 1939 7",
            "USER alice",
            "names the mailbox; the +OK says nothing about whether it exists",
        )
    },
    Verb {
        needs: Some("USER"),
        secret: Secrecy::AfterWord(1),
        ..verb(
            "PASS",
            &[arg("<password>", ArgKind::Secret)],
            BEFORE,
            Shape::Line,
            "RFC 1939 7",
            "PASS secret",
            "gives the password, blanks and all, and logs in",
        )
    },
    Verb {
        secret: Secrecy::AfterWord(2),
        ..verb(
            "APOP",
            &[
                arg("<name>", ArgKind::Address),
                arg("<digest>", ArgKind::Secret),
            ],
            BEFORE,
            Shape::Line,
            "RFC 1939 7",
            "APOP alice c4c9334bac560ecc979e58001b3e22fb",
            "logs in by MD5 of the greeting's timestamp and the password; weak",
        )
    },
    Verb {
        secret: Secrecy::AfterWord(2),
        ..verb(
            "AUTH",
            &[
                opt("<mechanism>", ArgKind::Mechanism),
                opt("<initial-response>", ArgKind::Secret),
            ],
            BEFORE,
            Shape::Challenges,
            "RFC 5034 4",
            "AUTH PLAIN",
            "logs in: one base64 line for each +; a lone * cancels; bare, many servers list mechanisms",
        )
    },
    Verb {
        needs: Some("STLS"),
        ..verb(
            "STLS",
            &[],
            BEFORE,
            Shape::Tls,
            "RFC 2595 4",
            "STLS",
            "switches to TLS; what CAPA said before no longer counts",
        )
    },
    verb(
        "CAPA",
        &[],
        BOTH,
        Shape::Dotted,
        "RFC 2449 5",
        "CAPA",
        "lists what the server can do",
    ),
    Verb {
        needs: Some("UTF8"),
        ..verb(
            "UTF8",
            &[],
            BEFORE,
            Shape::Line,
            "RFC 6856 2.1",
            "UTF8",
            "switches the session to UTF-8, before the login",
        )
    },
    Verb {
        needs: Some("LANG"),
        ..verb(
            "LANG",
            &[opt("<language>", ArgKind::Text)],
            BOTH,
            Shape::DottedWithoutArgs,
            "RFC 6856 3",
            "LANG en",
            "chooses the language of the server's words, or lists them",
        )
    },
    verb(
        "STAT",
        &[],
        AFTER,
        Shape::Line,
        "RFC 1939 5",
        "STAT",
        "number and size of the messages that are not marked as deleted",
    ),
    verb(
        "LIST",
        &[ANY_MESSAGE],
        AFTER,
        Shape::DottedWithoutArgs,
        "RFC 1939 5",
        "LIST",
        "lists messages with their sizes",
    ),
    verb(
        "RETR",
        &[MESSAGE],
        AFTER,
        Shape::Dotted,
        "RFC 1939 5",
        "RETR 1",
        "fetches a message",
    ),
    Verb {
        danger: Some("marks the message for deletion; QUIT removes it, RSET takes it back"),
        ..verb(
            "DELE",
            &[MESSAGE],
            AFTER,
            Shape::Line,
            "RFC 1939 5",
            "DELE 1",
            "marks a message; QUIT removes what is marked",
        )
    },
    verb(
        "NOOP",
        &[],
        AFTER,
        Shape::Line,
        "RFC 1939 5",
        "NOOP",
        "does nothing, but the answer shows that the server is there",
    ),
    verb(
        "RSET",
        &[],
        AFTER,
        Shape::Line,
        "RFC 1939 5",
        "RSET",
        "takes all deletion marks back",
    ),
    Verb {
        needs: Some("TOP"),
        ..verb(
            "TOP",
            &[MESSAGE, arg("<lines>", ArgKind::Number)],
            AFTER,
            Shape::Dotted,
            "RFC 1939 7",
            "TOP 1 10",
            "fetches a message's header and its first lines",
        )
    },
    Verb {
        needs: Some("UIDL"),
        ..verb(
            "UIDL",
            &[ANY_MESSAGE],
            AFTER,
            Shape::DottedWithoutArgs,
            "RFC 1939 7",
            "UIDL",
            "lists ids that stay the same from session to session",
        )
    },
    Verb {
        danger: Some("removes the messages marked by DELE"),
        ..verb(
            "QUIT",
            &[],
            BOTH,
            Shape::Line,
            "RFC 1939 4, 6",
            "QUIT",
            "ends the session; after a login it removes what is marked",
        )
    },
    verb(
        "LAST",
        &[],
        AFTER,
        Shape::Line,
        "RFC 1460 5",
        "LAST",
        "was the highest message number touched; dropped in 1994",
    ),
    verb(
        "RPOP",
        &[arg("<user>", ArgKind::Text)],
        BEFORE,
        Shape::Line,
        "RFC 1081",
        "RPOP alice",
        "was a login that trusted the client's port; long gone",
    ),
    verb(
        "XTND XMIT",
        &[opt("<name>", ArgKind::Text)],
        AFTER,
        Shape::GoAheadThenBody,
        "Qpopper",
        "XTND XMIT",
        "sent mail over POP3: a message after the +OK, then a lone dot; use submission",
    ),
    Verb {
        needs: Some("XCLIENT"),
        ..verb(
            "XCLIENT",
            &[
                arg("<attribute>=<value>", ATTRIBUTE),
                Arg {
                    repeats: true,
                    ..opt("<attribute>=<value>", ATTRIBUTE)
                },
            ],
            BEFORE,
            Shape::Line,
            "Dovecot",
            "XCLIENT ADDR=192.0.2.1 PORT=4711",
            "tells a server that trusts you to believe something else about its client",
        )
    },
    verb(
        "XOIP",
        &[arg("<address>", ArgKind::Text)],
        BEFORE,
        Shape::Line,
        "Dovecot",
        "XOIP 192.0.2.1",
        "an older XCLIENT, for the address alone",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_finds_itself() {
        for row in SPEC.verbs {
            assert!(!row.summary.is_empty() && !row.rfc.is_empty() && !row.phases.is_empty());
            let found = SPEC.verb(row.example.as_bytes()).map(|v| v.name);
            assert_eq!(found, Some(row.name));
            let twins = SPEC.verbs.iter().filter(|v| v.name == row.name).count();
            assert_eq!(twins, 1, "{}", row.name);
        }
        // The bare AUTH of some lists is not another verb.
        assert_eq!(SPEC.verbs.len(), 22);
    }
}
