//! Random conversations, each a talk without `open`: any reply is as expected, since it is what the
//! server said that a saved talk must expect.

// Each test binary uses its part of this.
#![allow(dead_code)]

use proptest::prelude::*;
use proptest::strategy::Union;

/// Text of a body's line: blanks, dots, braces, marks of the talk format, other scripts.
fn text() -> impl Strategy<Value = String> {
    let odd = [
        ".",
        "..",
        "...",
        ".dotted",
        "",
        " led by a blank",
        "trailing blanks  ",
        "{name} and {66} and {{",
        "S: 250 not said by the server",
        "# no prose",
        "Date: Sat, 21 Nov 2026 10:11:12 +0000",
        "caf\u{e9} \u{2192} \u{4f60}\u{597d}",
        "From here on",
        "\ttabbed\t",
    ];
    prop_oneof![
        prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
        "[a-zA-Z0-9 .,{}:=\"'-]{0,60}",
        "[a-z]{200,300}",
    ]
}

/// Content as a template says it.
fn escaped(text: &str) -> String {
    text.replace('{', "{{")
}

/// A line of content; a lone dot would end a body.
fn content(text: &str) -> String {
    let text = if text == "." { ".." } else { text };
    format!("C: {}\n", escaped(text))
}

fn any_reply(line: &str) -> String {
    format!("C: {line}\nS~\n")
}

fn one_of(lines: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(lines).prop_map(any_reply)
}

fn unknown() -> impl Strategy<Value = String> {
    "X[A-Z]{2,9}( [a-z0-9]{1,8}){0,2}".prop_map(|line| any_reply(&line))
}

/// A message to users that are there, from MAIL to the dot.
fn message() -> impl Strategy<Value = String> {
    let to = prop::sample::subsequence(vec!["alice", "bob", "charlie"], 1..3);
    (to, prop::collection::vec(text(), 0..6)).prop_map(|(to, lines)| {
        let mut talk = "C: RSET\nS: 250\nC: MAIL FROM:<samt@example.org>\nS: 250\n".to_owned();
        for user in &to {
            talk += &format!("C: RCPT TO:<{user}@ehlo.test>\nS: 250\n");
        }
        talk += "C: DATA\nS: 354\nC: Subject: random\nC:\n";
        talk.extend(lines.iter().map(|line| content(line)));
        talk + "C: .\nS~\n"
    })
}

fn smtp_line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => one_of(&[
            "NOOP",
            "NOOP {run_id}",
            "RSET",
            "EHLO me.example.org",
            "HELO me.example.org",
            "VRFY bob",
            "VRFY {run_id}",
            "EXPN staff",
            "HELP",
            "MAIL FROM:<samt@example.org>",
            "MAIL FROM:<samt@example.org> SIZE=100",
            "MAIL FROM:<>",
            "MAIL FROM:samt",
            "RCPT TO:<bob@ehlo.test>",
            "RCPT TO:<{run_id}@ehlo.test>",
            "RCPT TO:<someone@elsewhere.example>",
            "RCPT TO:<bob@ehlo.test> NOTIFY=NEVER",
            "mail from:<samt@example.org>",
            "noop",
        ]),
        1 => unknown(),
        1 => Just("together\nC: NOOP\nC: RSET\nC: NOOP {run_id}\ngo\nS~\n--\nS~\n--\nS~\n".to_owned()),
        1 => Just("together\nC: RSET\nC: MAIL FROM:<samt@example.org>\nC: RCPT TO:<nobody@ehlo.test>\ngo\n\
                   S~\n--\nS~\n--\nS~\n".to_owned()),
        2 => message(),
    ]
}

const HELLO: &str = "C: EHLO me.example.org\nS: 250\n";

/// SMTP, the head included: in the clear, under TLS, logged in.
pub(crate) fn smtp() -> impl Strategy<Value = String> {
    let login = prop::sample::select(vec!["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]);
    let head = prop_oneof![
        Just(HELLO.to_owned()),
        Just(format!("{HELLO}starttls\nS: 220\n{HELLO}")),
        login.prop_map(|mechanism| {
            format!("{HELLO}C: STARTTLS\nS: 220\n{HELLO}auth {mechanism} alice\nS: 235\n")
        }),
    ];
    (
        head,
        prop::collection::vec(smtp_line(), 1..9),
        any::<bool>(),
    )
        .prop_map(|(head, lines, quit)| {
            let end = if quit { "C: QUIT\nS: 221\n" } else { "" };
            format!("{head}{}{end}", lines.concat())
        })
}

/// LMTP: a verdict for each recipient.
pub(crate) fn lmtp() -> impl Strategy<Value = String> {
    let to = prop::sample::subsequence(vec!["alice", "bob", "charlie", "nobody"], 1..4);
    let message = (to, prop::collection::vec(text(), 0..4)).prop_filter_map(
        "somebody is there",
        |(to, lines)| {
            let there = to.iter().filter(|user| **user != "nobody").count();
            let mut talk = "C: RSET\nS: 250\nC: MAIL FROM:<samt@example.org>\nS: 250\n".to_owned();
            for user in &to {
                talk += &any_reply(&format!("RCPT TO:<{user}@ehlo.test>"));
            }
            talk += "C: DATA\nS: 354\nC: Subject: random\nC:\n";
            talk.extend(lines.iter().map(|line| content(line)));
            let verdicts = vec!["S~\n"; there].join("--\n");
            (there > 0).then(|| format!("{talk}C: .\n{verdicts}"))
        },
    );
    prop::collection::vec(message, 1..4)
        .prop_map(|messages| format!("C: LHLO me.example.org\nS: 250\n{}", messages.concat()))
}

fn literal() -> impl Strategy<Value = String> {
    (prop::collection::vec(text(), 1..5), any::<bool>()).prop_map(|(lines, wait)| {
        let lines: Vec<String> = ["Subject: random".to_owned(), String::new()]
            .into_iter()
            .chain(lines)
            .collect();
        let octets: usize = lines.iter().map(|line| line.len() + 2).sum::<usize>() - 2;
        let mut talk = match wait {
            true => format!("C: APPEND INBOX (\\Seen) {{{octets}}}\nS: +\n"),
            false => format!("C: APPEND INBOX {{{octets}+}}\n"),
        };
        talk.extend(lines.iter().map(|line| format!("C: {}\n", escaped(line))));
        talk + "S~\n"
    })
}

fn imap_line() -> impl Strategy<Value = String> {
    let named = (
        prop::sample::select(vec![
            "CREATE",
            "DELETE",
            "SUBSCRIBE",
            "UNSUBSCRIBE",
            "EXAMINE",
        ]),
        "[a-z]{1,3}",
    );
    prop_oneof![
        6 => one_of(&[
            "NOOP",
            "CAPABILITY",
            "SELECT INBOX",
            "EXAMINE INBOX",
            "LIST \"\" \"*\"",
            "LIST \"\" \"\"",
            "LSUB \"\" \"*\"",
            "STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)",
            "NAMESPACE",
            "ID NIL",
            "FETCH 1 (FLAGS UID)",
            "FETCH 1:* (FLAGS RFC822.SIZE INTERNALDATE)",
            "FETCH 1 BODY.PEEK[TEXT]",
            "FETCH 1 BODY[]",
            "FETCH 1:* (ENVELOPE BODYSTRUCTURE)",
            "FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT DATE)]",
            "UID FETCH 1:* FLAGS",
            "STORE 1 +FLAGS (\\Flagged)",
            "STORE 1:* +FLAGS.SILENT (\\Deleted)",
            "SEARCH ALL",
            "SEARCH FLAGGED",
            "UID SEARCH SUBJECT random",
            "COPY 1 INBOX",
            "EXPUNGE",
            "CLOSE",
            "UNSELECT",
            "CHECK",
            "GETQUOTAROOT",
            "SELECT {run_id}",
            "x1 NOOP",
            "noop",
        ]),
        1 => unknown(),
        1 => named.prop_map(|(verb, name)| any_reply(&format!("{verb} {name}"))),
        1 => "[a-z]{1,8}".prop_map(|n| format!("C: CREATE {{{}}}\nS: +\nC: {n}\nS~\n", n.len())),
        1 => Just("together\nC: NOOP\nC: STATUS INBOX (MESSAGES)\ngo\nS~\n--\nS~\n".to_owned()),
        1 => Just("C: SELECT INBOX\nS: OK\nC: IDLE\nS: +\nC: DONE\nS: OK\n".to_owned()),
        2 => literal(),
    ]
}

/// IMAP, the login included.
pub(crate) fn imap() -> impl Strategy<Value = String> {
    let login = prop::sample::select(vec!["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-256"])
        .prop_map(|mechanism| format!("auth {mechanism} alice\nS: OK\n"));
    let tls = prop_oneof![
        Just(""),
        Just("C: STARTTLS\nS: OK\n"),
        Just("starttls\nS: OK\n")
    ];
    let by_hand = Just("C: LOGIN alice {password}\nS: OK\n".to_owned());
    let login = Union::new([login.boxed(), by_hand.boxed()]);
    (
        tls,
        login,
        prop::collection::vec(imap_line(), 1..12),
        any::<bool>(),
    )
        .prop_map(|(tls, login, lines, bye)| {
            let end = if bye {
                "C: LOGOUT\nS: * BYE\nS: OK\n"
            } else {
                ""
            };
            format!("{tls}{login}{}{end}", lines.concat())
        })
}

fn pop3_line() -> impl Strategy<Value = String> {
    let numbered = (
        prop::sample::select(vec!["RETR", "DELE", "LIST", "UIDL"]),
        1..5_u8,
    );
    prop_oneof![
        2 => one_of(&["NOOP", "STAT", "LIST", "UIDL", "CAPA", "RSET", "noop", "RETR", "DELE 0"]),
        2 => numbered.prop_map(|(verb, n)| any_reply(&format!("{verb} {n}"))),
        1 => (1..5_u8, 0..4_u8).prop_map(|(n, lines)| any_reply(&format!("TOP {n} {lines}"))),
        1 => unknown(),
        1 => Just("together\nC: NOOP\nC: STAT\ngo\nS~\n--\nS~\n".to_owned()),
    ]
}

/// POP3, the login included.
pub(crate) fn pop3() -> impl Strategy<Value = String> {
    let login = prop_oneof![
        Just("auth USER alice\nS: +OK\n".to_owned()),
        Just("C: USER alice\nS: +OK\nC: PASS {password}\nS: +OK\n".to_owned()),
        Just("auth PLAIN alice\nS: +OK\n".to_owned()),
        Just("auth CRAM-MD5 alice\nS: +OK\n".to_owned()),
    ];
    let tls = prop_oneof![
        Just(""),
        Just("C: STLS\nS: +OK\n"),
        Just("starttls\nS: +OK\n")
    ];
    (
        tls,
        login,
        prop::collection::vec(pop3_line(), 1..12),
        any::<bool>(),
    )
        .prop_map(|(tls, login, lines, quit)| {
            let end = if quit { "C: QUIT\nS: +OK\n" } else { "" };
            format!("{tls}{login}{}{end}", lines.concat())
        })
}
