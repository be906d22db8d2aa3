//! `:help` and `:caps`, as people read them.

use ehlo::proto::event::{Offer, Offers};
use ehlo::proto::spec::Phase;
use ehlo::proto::standing::Situation;
use ehlo::proto::{Protocol, protocol};
use ehlo::ui::Styled;
use ehlo::ui::help::{self, Stage};

const CONSOLE: &[(&str, &str, &str)] = &[
    ("caps", "", "what the server offers"),
    ("data", "FILE", "sends a file"),
];

fn offers(words: &[&str]) -> Offers {
    let items = words.iter().map(|said| {
        let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
        Offer {
            word: word.into(),
            rest: rest.into(),
        }
    });
    Offers {
        known: true,
        items: items.collect(),
    }
}

fn text(lines: &[Styled]) -> String {
    lines.iter().map(|line| line.text() + "\n").collect()
}

fn named(name: &str) -> &'static Protocol {
    protocol(name).expect("a protocol of the list")
}

fn topic(name: &str, phase: &'static str, offers: &Offers, asked: &str) -> String {
    let stage = Stage {
        protocol: named(name),
        situation: Situation {
            protocol: name,
            phase: Phase(phase),
            offers,
            secured: false,
            logged_in: false,
        },
        console: CONSOLE,
        width: Some(80),
    };
    match help::topic(&stage, asked) {
        Ok(lines) => text(&lines),
        Err(error) => error.to_string(),
    }
}

#[test]
fn offers_are_said_in_words() {
    let clear = offers(&["PIPELINING", "SIZE 10240000", "STARTTLS", "XODD \u{1b}[2J"]);
    let tls = offers(&["PIPELINING", "SIZE 10240000", "AUTH PLAIN LOGIN"]);
    let said = text(&help::caps(named("smtp"), &clear, None, Some(80)));
    assert!(said.contains("  SIZE 10240000  "), "{said}");
    assert!(said.contains("at most 10240000"), "{said}");
    assert!(said.contains("not a capability we know"), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
    assert!(
        said.contains("missing") && said.contains("8BITMIME"),
        "{said}"
    );
    let said = text(&help::caps(
        named("smtp"),
        &tls,
        Some(("TLS", &clear)),
        Some(80),
    ));
    assert!(
        said.contains("new       since TLS: AUTH PLAIN LOGIN"),
        "{said}"
    );
    assert!(said.contains("gone      since TLS: STARTTLS"), "{said}");
    let nothing = text(&help::caps(named("imap"), &Offers::default(), None, None));
    assert_eq!(nothing, "the server did not say yet; CAPABILITY asks\n");
}

#[test]
fn help_knows_verbs_groups_commands_and_words() {
    let none = Offers::default();
    let some = offers(&["SIZE 1000"]);
    let overview = topic("imap", "selected", &none, "");
    assert!(
        overview.starts_with("legal now (selected):\n"),
        "{overview}"
    );
    assert!(
        overview.contains("\n  FETCH ") && overview.contains(":data FILE"),
        "{overview}"
    );
    assert!(
        overview.contains("later") && overview.contains("@not-authenticated"),
        "{overview}"
    );
    assert!(topic("imap", "selected", &none, "uid fetch").starts_with("UID FETCH <uids>"));
    let card = topic("smtp", "rcpt", &some, "bdat");
    assert!(card.contains("CHUNKING (not offered here)"), "{card}");
    assert!(topic("smtp", "idle", &some, "MAIL").contains("takes     SIZE=<octets>\n"));
    assert!(topic("imap", "selected", &none, "@danger").contains("EXPUNGE"));
    assert!(topic("imap", "selected", &none, "@nothing").contains("@selected"));
    assert!(topic("imap", "selected", &none, ":data").starts_with(":data FILE\n"));
    assert!(topic("imap", "selected", &none, ":dta").contains("meant     :data"));
    assert!(topic("imap", "selected", &none, "OVERQUOTA").contains("response code"));
    assert!(topic("imap", "selected", &none, "FETSH").contains("FETCH"));
}

#[test]
fn help_knows_what_is_done_foreign_or_not_offered() {
    let offers = offers(&["SIZE 1000", "STARTTLS", "AUTH PLAIN"]);
    let overview = |name: &str, done: bool| {
        let stage = Stage {
            protocol: named(name),
            situation: Situation {
                protocol: name,
                phase: Phase("idle"),
                offers: &offers,
                secured: done,
                logged_in: done,
            },
            console: CONSOLE,
            width: Some(80),
        };
        text(&help::overview(&stage))
    };
    let fresh = overview("smtp", false);
    assert!(
        fresh.contains("\n  STARTTLS ") && fresh.contains("\n  AUTH "),
        "{fresh}"
    );
    assert!(!fresh.contains("LHLO"), "{fresh}");
    assert!(fresh.contains("not offered  EXPN ETRN ATRN"), "{fresh}");
    let done = overview("smtp", true);
    assert!(
        !done.contains("STARTTLS") && !done.contains("AUTH"),
        "{done}"
    );
    let lmtp = overview("lmtp", false);
    assert!(
        lmtp.contains("\n  LHLO ") && !lmtp.contains("\n  EHLO "),
        "{lmtp}"
    );
}

#[test]
fn every_card_is_whole() {
    for protocol in ehlo::proto::PROTOCOLS {
        for verb in protocol.spec.verbs {
            let card = text(&help::card(protocol.name, verb, None).lines(80));
            for label in ["legal", "reply", "example", "see"] {
                assert!(
                    card.contains(&format!("\n  {label} ")),
                    "{}: {card}",
                    verb.name
                );
            }
        }
    }
}
