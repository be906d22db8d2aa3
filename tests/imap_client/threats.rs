//! What servers and those in between have tried.

use ehlo::proto::engine::{ClientOptions, Engine, Refusal};
use ehlo::proto::event::{Event, FailureKind, LineKind, Oddity};
use ehlo::proto::imap::spec::NOT_AUTHENTICATED;

use crate::drive::Drive;

fn strict() -> ClientOptions {
    ClientOptions {
        strict: true,
        starttls_required: true,
        ..ClientOptions::default()
    }
}

fn both() -> [ClientOptions; 2] {
    [ClientOptions::default(), strict()]
}

fn failed(drive: &Drive) -> FailureKind {
    assert_eq!(drive.closes, 1, "a failure closes once");
    drive.failure().expect("a failure").kind
}

#[test]
fn starttls_upgrades_and_forgets_what_was_learned_in_the_clear() {
    let mut drive = Drive::new(&ClientOptions::default());
    drive.server("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] hi\r\n");
    drive.line("STARTTLS");
    assert!(matches!(drive.refused("noop"), Refusal::NotNow(_)));
    drive.server("* LIST () \"/\" X\r\n* 1 EXISTS\r\na1 OK begin\r\n");
    assert_eq!(drive.tls, 1);
    assert!(matches!(drive.refused("noop"), Refusal::StartTlsNow(_)));
    drive.engine.secured();
    assert!(!drive.offers().known && drive.offers().items.is_empty());
    assert_eq!(drive.engine.facts().mailbox, None);
    assert_eq!(drive.engine.phase(), NOT_AUTHENTICATED);
    drive
        .line("CAPABILITY")
        .server("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\na2 OK\r\n");
    assert!(drive.offers().mechanisms().is_empty());
    assert!(
        matches!(drive.refused("STARTTLS"), Refusal::StartTlsNow(why) if why.contains("up already"))
    );
}

#[test]
fn octets_behind_the_go_ahead_are_dropped_unread() {
    let injected = "* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na2 OK x\r\n";
    let wire = format!("a1 OK go\r\n{injected}");
    let mut drive = Drive::greeted();
    drive.line("starttls").server(&wire);
    let oddity = Oddity::BytesAfterStartTls {
        octets: injected.len(),
    };
    assert!(drive.events.contains(&Event::Oddity(oddity.clone())));
    assert_eq!((drive.tls, drive.failure()), (1, None));
    assert!(
        !drive
            .lines()
            .iter()
            .any(|(_, text)| text.contains("CAPABILITY"))
    );
    drive.engine.secured();
    assert!(!drive.offers().known);

    let mut drive = Drive::new(&strict());
    drive.server("* OK hi\r\n").line("starttls").server(&wire);
    assert!(drive.events.contains(&Event::Oddity(oddity)));
    assert_eq!((drive.tls, failed(&drive)), (0, FailureKind::Tls));
    assert!(
        drive
            .failure()
            .unwrap()
            .what
            .starts_with(&injected.len().to_string())
    );
}

#[test]
fn odd_answers_to_starttls_end_a_policy() {
    for answer in ["a1 NO no", "a1 BAD what", "+ go on"] {
        let mut drive = Drive::new(&strict());
        drive
            .server("* OK hi\r\n")
            .line("STARTTLS")
            .server(format!("{answer}\r\n"));
        assert_eq!(
            (failed(&drive), drive.tls),
            (FailureKind::Tls, 0),
            "{answer}"
        );
        let mut drive = Drive::greeted();
        drive.line("STARTTLS").server(format!("{answer}\r\n"));
        assert_eq!((drive.failure(), drive.tls), (None, 0), "{answer}");
    }
}

/// A goodbye, another verdict before, or another's tag: no handshake begins.
#[test]
fn a_spoiled_agreement_to_starttls_starts_no_handshake() {
    for answer in [
        "* BYE no\r\na1 OK go",
        "a1 NO no\r\na1 OK go",
        "a1 BAD no\r\na1 OK go",
        "a2 OK go",
        "A1 OK go",
        "* OK go",
        "OK go",
        "what\r\na1 OK go",
        "a1 PREAUTH go",
        "+ go\r\na1 NO no",
    ] {
        for options in both() {
            let required = options.starttls_required;
            let mut drive = Drive::new(&options);
            drive
                .server("* OK hi\r\n")
                .line("STARTTLS")
                .server(format!("{answer}\r\n"));
            assert_eq!(drive.tls, 0, "{answer}");
            let waits = matches!(answer, "* OK go" | "OK go");
            assert!(!required || waits || drive.failure().is_some(), "{answer}");
        }
    }
}

#[test]
fn starttls_out_of_order_is_refused() {
    let mut drive = Drive::new(&ClientOptions::default());
    assert!(matches!(drive.refused("STARTTLS"), Refusal::StartTlsNow(_)));
    drive.server("* OK hi\r\n").line("NOOP");
    assert!(matches!(
        drive.refused("x STARTTLS"),
        Refusal::StartTlsNow(_)
    ));
    drive
        .server("a1 OK\r\n")
        .line("login a b")
        .server("a2 OK\r\n");
    assert!(
        matches!(drive.refused("STARTTLS"), Refusal::StartTlsNow(why) if why.contains("login"))
    );
    let mut drive = Drive::new(&ClientOptions {
        secured: true,
        ..ClientOptions::default()
    });
    drive.server("* OK hi\r\n");
    assert!(matches!(drive.refused("STARTTLS"), Refusal::StartTlsNow(_)));
}

#[test]
fn a_completion_before_its_command_ends_the_conversation() {
    for options in both() {
        let mut drive = Drive::new(&options);
        drive.server("* OK hi\r\na1 OK x\r\na2 OK x\r\na3 OK x\r\n");
        assert_eq!(failed(&drive), FailureKind::Protocol);
        assert!(matches!(
            drive.submit_line("STARTTLS"),
            Err(Refusal::Closed)
        ));

        let mut drive = Drive::new(&options);
        drive
            .server("* OK hi\r\n")
            .line("append inbox {10}")
            .server("a1 OK early\r\n");
        assert_eq!(failed(&drive), FailureKind::Protocol);

        let mut drive = Drive::new(&options);
        drive
            .server("* OK hi\r\n")
            .line("append inbox {10+}")
            .server("a1 NO early\r\n");
        assert_eq!(failed(&drive), FailureKind::Protocol);

        let mut drive = Drive::new(&options);
        drive
            .server("* OK hi\r\n")
            .line("idle")
            .server("+ \r\na1 OK early\r\n");
        assert_eq!(failed(&drive), FailureKind::Protocol);

        let mut drive = Drive::new(&options);
        drive
            .server("* OK hi\r\n")
            .line("noop")
            .server("a1 OK\r\na1 OK again\r\n");
        assert_eq!(failed(&drive), FailureKind::Protocol);
    }
}

#[test]
fn preauth_where_tls_is_required() {
    let greeting = "* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n";
    let mut drive = Drive::new(&strict());
    drive.server(greeting);
    assert_eq!(failed(&drive), FailureKind::Tls);
    let mut drive = Drive::new(&ClientOptions::default());
    drive.server(greeting);
    assert!(drive.failure().is_none() && drive.engine.facts().logged_in);
    assert!(matches!(drive.refused("STARTTLS"), Refusal::StartTlsNow(_)));
}

#[test]
fn only_an_imap_greeting_opens() {
    for greeting in [
        "garbage", "BAD", "* NO x", "a1 OK hi", "+OK pop", "220 smtp", "* BAD x", "", "*", "* ",
    ] {
        for options in both() {
            let mut drive = Drive::new(&options);
            drive.server(format!("{greeting}\r\n* OK hi\r\n"));
            assert_eq!(failed(&drive), FailureKind::Protocol, "{greeting}");
            assert!(drive.written.is_empty());
        }
    }
    for (greeting, who) in [
        (&b"+OK pop\r\n"[..], "POP3"),
        (b"220 h ESMTP\r\n", "SMTP"),
        (b"\x15\x03\x01\x00\x02", "TLS"),
    ] {
        let mut drive = Drive::new(&ClientOptions::default());
        drive.chunk = 1;
        drive.server(greeting);
        assert!(drive.failure().unwrap().what.contains(who));
    }
    let mut drive = Drive::new(&ClientOptions::default());
    drive.server("* BYE [UNAVAILABLE] too many\r\n");
    assert!(drive.failure().is_none() && drive.engine.facts().leaving);
}

#[test]
fn mailbox_data_before_tls_changes_nothing() {
    let mut drive = Drive::greeted();
    drive.server("* LIST () \"/\" X\r\n* 1 EXISTS\r\n* 1 FETCH (FLAGS ())\r\n* STATUS X (MESSAGES 1)\r\n* SEARCH 1\r\n* FLAGS (\\Seen)\r\n* 1 EXPUNGE\r\n");
    assert_eq!(drive.lines().len(), 7);
    assert!(
        drive
            .lines()
            .iter()
            .all(|(kind, _)| *kind == LineKind::Untagged)
    );
    assert_eq!(drive.engine.facts().mailbox, None);
    assert_eq!(drive.events.len(), 7);
}

#[test]
fn a_referral_is_text() {
    let mut drive = Drive::greeted();
    drive.line("login alice secret").forget();
    drive.server("* OK [REFERRAL imap://attacker.example/] go there\r\na1 NO [REFERRAL imap://;AUTH=*@attacker.example/] go there\r\n");
    assert_eq!(
        drive.reply().response_code.as_deref(),
        Some("REFERRAL imap://;AUTH=*@attacker.example/")
    );
    assert!(drive.written.is_empty() && drive.tls == 0 && drive.closes == 0);
}

#[test]
fn nothing_is_nested_in_here() {
    let mut drive = Drive::selected();
    let deep = "(".repeat(200_000);
    drive.server(format!(
        "* 1 FETCH {deep}\r\n* X {deep} {{3}}\r\nabc{deep}\r\n"
    ));
    assert!(drive.failure().is_none());
    assert_eq!(drive.lines().len(), 3);
}

#[test]
fn unknown_lines_end_the_conversation_and_are_quoted_safely() {
    let mut drive = Drive::greeted();
    drive.server(b"\x1b[2Jfoo bar\r\n");
    let failure = drive.failure().unwrap();
    assert!(failure.what.contains("␛[2Jfoo bar"), "{}", failure.what);
    assert_eq!(drive.lines().last().unwrap().0, LineKind::Unknown);
}

#[test]
fn odd_octets_are_named_once() {
    let mut drive = Drive::new(&ClientOptions::default());
    drive.server("* OK \u{202e}hi\n* OK \x1b\n");
    let oddities: Vec<_> = drive
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Oddity(oddity) => Some(oddity.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(oddities, [Oddity::BareLf, Oddity::Hostile("the greeting")]);
}

#[test]
fn a_go_ahead_that_nobody_asked_for() {
    let mut drive = Drive::greeted();
    drive.server("+ go\r\n");
    assert!(
        drive
            .events
            .iter()
            .any(|e| matches!(e, Event::Oddity(Oddity::Other(_))))
    );
    let mut drive = Drive::new(&ClientOptions {
        strict: true,
        ..ClientOptions::default()
    });
    drive.server("* OK hi\r\n+ go\r\n");
    assert_eq!(failed(&drive), FailureKind::Protocol);
}
