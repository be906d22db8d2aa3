//! The typed verb tables and the tables that people read name the same verbs, and every typed row
//! is whole.

use std::collections::BTreeSet;

use ehlo::knowledge;
use ehlo::proto::PROTOCOLS;

/// The names of a protocol's verbs in the tables that people read.
fn told(protocol: &str) -> BTreeSet<&'static str> {
    match protocol {
        "smtp" | "lmtp" => knowledge::SMTP_VERBS
            .rows()
            .iter()
            .map(|r| r.verb)
            .collect(),
        // The bare AUTH that lists mechanisms is a form of AUTH, not another verb.
        "pop3" => knowledge::POP3_VERBS
            .rows()
            .iter()
            .map(|r| r.verb)
            .filter(|v| !v.contains('('))
            .collect(),
        "imap" => knowledge::IMAP_COMMANDS
            .rows()
            .iter()
            .map(|r| r.command)
            .collect(),
        other => panic!("no table for {other}"),
    }
}

#[test]
fn names_are_the_same_both_ways() {
    assert!(PROTOCOLS.len() >= 4);
    for protocol in PROTOCOLS {
        let typed: BTreeSet<_> = protocol.spec.verbs.iter().map(|v| v.name).collect();
        assert_eq!(typed, told(protocol.name), "{}", protocol.name);
        assert_eq!(
            typed.len(),
            protocol.spec.verbs.len(),
            "{}: a verb twice",
            protocol.name
        );
    }
}

#[test]
fn every_row_is_whole() {
    for protocol in PROTOCOLS {
        for verb in protocol.spec.verbs {
            let who = format!("{} {}", protocol.name, verb.name);
            assert_eq!(verb.name, verb.name.to_uppercase(), "{who}");
            assert!(!verb.phases.is_empty(), "{who}: legal nowhere");
            assert!(
                !verb.summary.is_empty() && !verb.summary.ends_with('.'),
                "{who}: summary"
            );
            assert!(!verb.rfc.is_empty(), "{who}: no source");
            assert!(!verb.patience.is_zero(), "{who}: no patience");
            let found = protocol.spec.verb(verb.example.as_bytes()).map(|v| v.name);
            assert_eq!(found, Some(verb.name), "{who}: example {}", verb.example);
            let must = verb.args.iter().rposition(|a| !a.optional);
            let first_many = verb.args.iter().position(|a| a.repeats);
            assert!(verb.args.iter().all(|a| !a.hint.is_empty()), "{who}: hint");
            if let (Some(must), Some(many)) = (must, first_many) {
                assert!(must <= many, "{who}: nothing can follow what repeats");
            }
        }
    }
}

#[test]
fn what_verbs_need_is_a_capability_somebody_knows() {
    for protocol in PROTOCOLS {
        for verb in protocol.spec.verbs {
            for need in verb
                .needs
                .unwrap_or_default()
                .split(' ')
                .filter(|n| !n.is_empty())
            {
                let known = knowledge::find(need);
                assert!(
                    known.iter().any(|f| f.kind == knowledge::Kind::Capability),
                    "{} {} needs {need}, which no table has",
                    protocol.name,
                    verb.name
                );
            }
        }
    }
}
