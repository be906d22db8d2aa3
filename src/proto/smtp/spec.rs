//! The SMTP and LMTP table: verbs in the RFCs' order, and the parameters that need an extension.
//!
//! Rules: one row a verb; what the engine decides by stands here and nowhere else. One table serves
//! both flavours: which of HELO, EHLO and LHLO is in place is a remark, not another list.

use std::time::Duration;

use crate::proto::spec::{Arg, ArgKind, Phase, Secrecy, Shape, Spec, Verb};

/// Connected, the greeting has not come.
pub const CONNECT: Phase = Phase("connect");
/// After the greeting, before EHLO or HELO.
pub const START: Phase = Phase("start");
/// Greeted, no transaction open.
pub const IDLE: Phase = Phase("idle");
/// After an accepted MAIL.
pub const MAIL: Phase = Phase("mail");
/// After an accepted RCPT.
pub const RCPT: Phase = Phase("rcpt");
/// Between 354 and the lone dot.
pub const DATA: Phase = Phase("data");
/// After 221 or 421.
pub const QUIT: Phase = Phase("quit");

const ANY: &[Phase] = &[START, IDLE, MAIL, RCPT];
const GREETED: &[Phase] = &[IDLE];
const EARLY: &[Phase] = &[START, IDLE];
const OPEN: &[Phase] = &[MAIL, RCPT];
const READY: &[Phase] = &[RCPT];

const MINUTE: u64 = 60;
/// RFC 5321 4.5.3.2.1 to 3: the greeting, MAIL, RCPT, and what has no limit of its own.
pub const PATIENCE: Duration = Duration::from_secs(5 * MINUTE);
/// RFC 5321 4.5.3.2.4: the reply to DATA.
pub const PATIENCE_DATA: Duration = Duration::from_secs(2 * MINUTE);
/// RFC 5321 4.5.3.2.6: the reply to the lone dot.
pub const PATIENCE_DOT: Duration = Duration::from_secs(10 * MINUTE);

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

const fn more(hint: &'static str, kind: ArgKind) -> Arg {
    Arg {
        repeats: true,
        ..opt(hint, kind)
    }
}

const fn verb(
    name: &'static str,
    args: &'static [Arg],
    phases: &'static [Phase],
    needs: Option<&'static str>,
    rfc: &'static str,
    example: &'static str,
    summary: &'static str,
) -> Verb {
    Verb {
        name,
        args,
        phases,
        needs,
        reply: Shape::Line,
        patience: PATIENCE,
        secret: Secrecy::Nothing,
        danger: None,
        summary,
        example,
        rfc,
    }
}

const PARAMS: Arg = more("<parameter>", ArgKind::MailParameters);
const LAST: Arg = opt("LAST", ArgKind::Words("LAST"));
const UTF8: Arg = opt("SMTPUTF8", ArgKind::Words("SMTPUTF8"));
const ORIGINATOR: &[Arg] = &[arg("FROM:<reverse-path>", ArgKind::Path("FROM"))];
const EXCHANGE: Arg = opt("<initial-response>", ArgKind::Secret);

/// The table.
pub static SPEC: Spec = Spec { verbs: VERBS };

static VERBS: &[Verb] = &[
    verb(
        "HELO",
        &[arg("<domain>", ArgKind::HostName)],
        ANY,
        None,
        "RFC 5321 4.1.1.1",
        "HELO client.example.org",
        "says who you are without asking what the server can do; for servers that refuse EHLO",
    ),
    verb(
        "EHLO",
        &[arg("<domain>", ArgKind::HostName)],
        ANY,
        None,
        "RFC 5321 4.1.1.1",
        "EHLO client.example.org",
        "says who you are and asks the server to list its extensions",
    ),
    verb(
        "LHLO",
        &[arg("<domain>", ArgKind::HostName)],
        ANY,
        None,
        "RFC 2033 4.1",
        "LHLO client.example.org",
        "LMTP's EHLO, under another name so that an SMTP server is noticed at once",
    ),
    verb(
        "MAIL",
        &[arg("FROM:<reverse-path>", ArgKind::Path("FROM")), PARAMS],
        GREETED,
        None,
        "RFC 5321 4.1.1.2",
        "MAIL FROM:<samt@example.org>",
        "opens a transaction and names the envelope sender; no blank behind the colon",
    ),
    verb(
        "RCPT",
        &[
            arg("TO:<forward-path>", ArgKind::Path("TO")),
            more("<parameter>", ArgKind::RcptParameters),
        ],
        OPEN,
        None,
        "RFC 5321 4.1.1.3",
        "RCPT TO:<charlie@example.org>",
        "adds one recipient to the open transaction; may come again",
    ),
    Verb {
        reply: Shape::GoAheadThenBody,
        patience: PATIENCE_DATA,
        ..verb(
            "DATA",
            &[],
            READY,
            None,
            "RFC 5321 4.1.1.4",
            "DATA",
            "sends the message after a 354: lines, then a lone dot; only the reply to the dot counts",
        )
    },
    Verb {
        patience: PATIENCE_DOT,
        ..verb(
            "BDAT",
            &[arg("<octets>", ArgKind::Number), LAST],
            READY,
            Some("CHUNKING"),
            "RFC 3030 2",
            "BDAT 86 LAST",
            "sends a counted chunk of the message right behind the command; no dots are doubled",
        )
    },
    Verb {
        patience: PATIENCE_DOT,
        ..verb(
            "BURL",
            &[arg("<imap-url>", ArgKind::Text), LAST],
            READY,
            Some("BURL"),
            "RFC 4468 3",
            "BURL imap://alice@imap.example.org/Sent;uidvalidity=1/;uid=4;urlauth=submit+alice:internal:91354a LAST",
            "has a submission server fetch a part of the message by IMAP",
        )
    },
    verb(
        "RSET",
        &[],
        ANY,
        None,
        "RFC 5321 4.1.1.5",
        "RSET",
        "gives up the open transaction; the session goes on",
    ),
    verb(
        "VRFY",
        &[arg("<user-or-address>", ArgKind::Address), UTF8],
        ANY,
        None,
        "RFC 5321 4.1.1.6",
        "VRFY charlie",
        "asks whether a name is a mailbox; 252 says neither yes nor no",
    ),
    verb(
        "EXPN",
        &[arg("<list>", ArgKind::Text), UTF8],
        ANY,
        Some("EXPN"),
        "RFC 5321 4.1.1.7",
        "EXPN staff",
        "asks for the members of a mailing list; usually switched off",
    ),
    verb(
        "HELP",
        &[opt("<verb>", ArgKind::Verb)],
        ANY,
        None,
        "RFC 5321 4.1.1.8",
        "HELP MAIL",
        "asks the server for words about itself or a verb",
    ),
    verb(
        "NOOP",
        &[opt("<text>", ArgKind::Text)],
        ANY,
        None,
        "RFC 5321 4.1.1.9",
        "NOOP",
        "does nothing, but the answer shows that the server is there",
    ),
    verb(
        "QUIT",
        &[],
        ANY,
        None,
        "RFC 5321 4.1.1.10",
        "QUIT",
        "ends the session; the server says 221 and closes",
    ),
    Verb {
        reply: Shape::Tls,
        ..verb(
            "STARTTLS",
            &[],
            GREETED,
            Some("STARTTLS"),
            "RFC 3207 4",
            "STARTTLS",
            "switches to TLS after a 220; what was said before no longer counts, EHLO comes again",
        )
    },
    Verb {
        reply: Shape::Challenges,
        secret: Secrecy::AfterWord(2),
        ..verb(
            "AUTH",
            &[arg("<mechanism>", ArgKind::Mechanism), EXCHANGE],
            GREETED,
            Some("AUTH"),
            "RFC 4954 4",
            "AUTH PLAIN",
            "logs in: one base64 line for each 334; a lone * cancels",
        )
    },
    verb(
        "ETRN",
        &[arg("<domain>", ArgKind::Text)],
        GREETED,
        Some("ETRN"),
        "RFC 1985 5",
        "ETRN example.org",
        "asks the server to start delivering what it queues for a domain",
    ),
    verb(
        "ATRN",
        &[opt("<domain>[,<domain>]", ArgKind::Text)],
        GREETED,
        Some("ATRN"),
        "RFC 2645 5.2.1",
        "ATRN example.org",
        "turns the roles round after a login, to collect a domain's mail over this connection",
    ),
    verb(
        "TURN",
        &[],
        GREETED,
        Some("TURN"),
        "RFC 821 3.8",
        "TURN",
        "turned the roles round without any proof of identity; servers refuse it",
    ),
    verb(
        "SEND",
        ORIGINATOR,
        GREETED,
        Some("SEND"),
        "RFC 821 3.4",
        "SEND FROM:<samt@example.org>",
        "was MAIL for a user's terminal; long gone",
    ),
    verb(
        "SOML",
        ORIGINATOR,
        GREETED,
        Some("SOML"),
        "RFC 821 3.4",
        "SOML FROM:<samt@example.org>",
        "was SEND or MAIL, whichever was possible; long gone",
    ),
    verb(
        "SAML",
        ORIGINATOR,
        GREETED,
        Some("SAML"),
        "RFC 821 3.4",
        "SAML FROM:<samt@example.org>",
        "was SEND and MAIL at once; long gone",
    ),
    verb(
        "XCLIENT",
        &[
            arg(
                "<attribute>=<value>",
                ArgKind::Words(
                    "NAME= ADDR= PORT= PROTO= HELO= LOGIN= DESTADDR= DESTPORT= DESTNAME= SESSION= \
                     CLIENT-TRANSPORT= TIMEOUT= TTL=",
                ),
            ),
            more(
                "<attribute>=<value>",
                ArgKind::Words(
                    "NAME= ADDR= PORT= PROTO= HELO= LOGIN= DESTADDR= DESTPORT= DESTNAME= SESSION= \
                     CLIENT-TRANSPORT= TIMEOUT= TTL=",
                ),
            ),
        ],
        EARLY,
        Some("XCLIENT"),
        "Postfix XCLIENT_README",
        "XCLIENT NAME=client.example.org ADDR=192.0.2.1",
        "tells a server that trusts you to believe something else about its client",
    ),
    verb(
        "XFORWARD",
        &[
            arg(
                "<attribute>=<value>",
                ArgKind::Words("NAME= ADDR= PORT= PROTO= HELO= IDENT= SOURCE="),
            ),
            more(
                "<attribute>=<value>",
                ArgKind::Words("NAME= ADDR= PORT= PROTO= HELO= IDENT= SOURCE="),
            ),
        ],
        EARLY,
        Some("XFORWARD"),
        "Postfix XFORWARD_README",
        "XFORWARD NAME=client.example.org ADDR=192.0.2.1",
        "passes on who the first client was, for the log of a server behind a filter",
    ),
    verb(
        "VERB",
        &[],
        GREETED,
        Some("VERB"),
        "Sendmail",
        "VERB",
        "asked old Sendmail for 050 lines about its progress",
    ),
    verb(
        "ONEX",
        &[],
        GREETED,
        Some("ONEX"),
        "Sendmail",
        "ONEX",
        "told old Sendmail that only one transaction would follow",
    ),
    verb(
        "WELLKNOWN",
        &[arg("<key>", ArgKind::Text)],
        GREETED,
        Some("WELLKNOWN"),
        "Exim id-wellknown",
        "WELLKNOWN security.txt",
        "fetches a published fact about the mail host from Exim",
    ),
    verb(
        "TRACE",
        &[arg("<id>", ArgKind::Text)],
        GREETED,
        Some("TRACE"),
        "Cyrus lmtpd",
        "TRACE 5f3a",
        "gives the session an id for Cyrus' log; LMTP only",
    ),
    Verb {
        reply: Shape::Challenges,
        secret: Secrecy::AfterWord(2),
        ..verb(
            "X-EXPS",
            &[arg("<mechanism>", ArgKind::Text), EXCHANGE],
            GREETED,
            Some("X-EXPS"),
            "Microsoft KB 812455",
            "X-EXPS NTLM",
            "AUTH between Exchange servers; not for other clients",
        )
    },
    verb(
        "X-ANONYMOUSTLS",
        &[],
        GREETED,
        Some("X-ANONYMOUSTLS"),
        "Microsoft Exchange",
        "X-ANONYMOUSTLS",
        "TLS between Exchange servers without certificates; not for other clients",
    ),
    verb(
        "XEXCH50",
        &[
            arg("<octets>", ArgKind::Number),
            more("<number>", ArgKind::Number),
        ],
        OPEN,
        Some("XEXCH50"),
        "Microsoft KB 812455",
        "XEXCH50 1024 2",
        "carries a block of Exchange's own message properties",
    ),
    verb(
        "X-LINK2STATE",
        &[more("<text>", ArgKind::Text)],
        GREETED,
        Some("X-LINK2STATE"),
        "Microsoft KB 812455",
        "X-LINK2STATE LAST CHUNK={00000010} MULTI (5) ({00000000} DONE)",
        "exchanges routing tables between old Exchange servers",
    ),
];

/// A parameter of MAIL or RCPT, and the extension that allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, in capitals.
    pub name: &'static str,
    /// The verbs it belongs to.
    pub verbs: &'static [&'static str],
    /// The EHLO keyword that allows it.
    pub needs: &'static str,
}

const fn on(verbs: &'static [&'static str], name: &'static str, needs: &'static str) -> Parameter {
    Parameter { name, verbs, needs }
}

const FROM: &[&str] = &["MAIL"];
const TO: &[&str] = &["RCPT"];

/// The parameters of MAIL and RCPT, as registered and as found in the field.
pub static PARAMETERS: &[Parameter] = &[
    on(&["MAIL", "RCPT"], "ALT-ADDRESS", "UTF8SMTP"),
    on(FROM, "AUTH", "AUTH"),
    on(FROM, "BODY", "8BITMIME"),
    on(FROM, "BY", "DELIVERBY"),
    on(FROM, "CONPERM", "CONPERM"),
    on(FROM, "EXDATA", "XEXDATA"),
    on(FROM, "ENVID", "DSN"),
    on(FROM, "HOLDFOR", "FUTURERELEASE"),
    on(FROM, "HOLDUNTIL", "FUTURERELEASE"),
    on(FROM, "MT-PRIORITY", "MT-PRIORITY"),
    on(FROM, "MTRK", "MTRK"),
    on(FROM, "PRDR", "PRDR"),
    on(FROM, "REQUIRETLS", "REQUIRETLS"),
    on(FROM, "RET", "DSN"),
    on(FROM, "SIZE", "SIZE"),
    on(FROM, "SECURITY", "XSECURITY"),
    on(FROM, "SMTPUTF8", "SMTPUTF8"),
    on(FROM, "SOLICIT", "NO-SOLICITING"),
    on(FROM, "SUBMITTER", "SUBMITTER"),
    on(FROM, "TRANSID", "CHECKPOINT"),
    on(FROM, "VERP", "XVERP"),
    on(FROM, "XVERP", "XVERP"),
    on(TO, "CONNEG", "CONNEG"),
    on(TO, "IGNOREQUOTA", "IGNOREQUOTA"),
    on(TO, "NOTIFY", "DSN"),
    on(TO, "ORCPT", "DSN"),
    on(TO, "RRVS", "RRVS"),
    on(TO, "XRCPTFORWARD", "XRCPTFORWARD"),
    on(TO, "XRDST", "XRDST"),
];

/// A parameter by its name, where it belongs to the verb.
pub fn parameter(verb: &str, name: &str) -> Option<&'static Parameter> {
    PARAMETERS
        .iter()
        .find(|p| p.name.eq_ignore_ascii_case(name) && p.verbs.contains(&verb))
}

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
        assert_eq!(SPEC.verbs.len(), 32);
    }
}
