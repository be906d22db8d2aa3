//! Every row of `src/knowledge/tables` is whole, said once and in one style; hints catch their own
//! examples; codes resolve.

use std::collections::HashSet;

use ehlo::knowledge::{self, Kind};
use ehlo::pattern::Pattern;

#[test]
fn every_row_has_every_column() {
    assert_eq!(knowledge::faults(), Vec::<String>::new());
    let sizes = knowledge::sizes();
    assert_eq!(sizes.len(), 35);
    assert!(sizes.iter().all(|(_, rows)| *rows > 0), "{sizes:?}");
}

#[test]
fn nothing_is_left_unsaid() {
    for fact in knowledge::all() {
        let who = format!("{:?} {}", fact.kind, fact.name);
        assert!(!fact.name.is_empty(), "{who}: no name");
        assert!(!fact.means.is_empty(), "{who}: no meaning");
        assert!(!fact.source.is_empty(), "{who}: no source");
        let code = matches!(
            fact.kind,
            Kind::ReplyCode | Kind::EnhancedCode | Kind::ResponseCode
        );
        if code {
            assert!(!fact.next.is_empty(), "{who}: no next step");
        }
        if code && fact.protocol != "sieve" {
            assert!(!fact.cause.is_empty(), "{who}: no cause");
        }
    }
    for row in knowledge::REPLIES.rows() {
        let who = format!("{} {} after {}", row.protocol, row.code, row.after);
        assert!(!row.meaning.is_empty() && !row.cause.is_empty(), "{who}");
        assert!(!row.next_step.is_empty() && !row.source.is_empty(), "{who}");
    }
}

#[test]
fn texts_are_clauses() {
    for fact in knowledge::all() {
        for text in [fact.means, fact.cause, fact.next] {
            let dots = text.ends_with('.') && !text.ends_with("...");
            assert!(
                !dots,
                "{:?} {}: full stop in {text:?}",
                fact.kind, fact.name
            );
            assert_eq!(text.trim(), text, "{:?} {}", fact.kind, fact.name);
        }
    }
}

#[test]
fn nothing_is_said_twice() {
    let mut seen = HashSet::new();
    for fact in knowledge::all() {
        // "UIDL" and "RELEVANCY" stand for several things of the same kind only where they belong
        // to different commands.
        let key = (fact.kind, fact.protocol, fact.of, fact.name, fact.syntax);
        assert!(seen.insert(key), "twice: {key:?}");
    }
    let mut moments = HashSet::new();
    for row in knowledge::REPLIES.rows() {
        for code in row.code.split(' ') {
            let afters: Vec<_> = row.after.split(' ').collect();
            for after in afters {
                let key = (row.protocol, code, row.enhanced, after);
                assert!(moments.insert(key), "twice: {key:?}");
            }
        }
    }
}

#[test]
fn every_hint_catches_its_own_example() {
    for row in knowledge::HINTS.rows() {
        Pattern::any_case(row.pattern).unwrap_or_else(|e| panic!("{}: {e}", row.id));
        // The row for raw TLS octets shows them in words.
        let example = if row.id == "port-tls-bytes" {
            b"\x15\x03\x03\x00\x02".to_vec()
        } else {
            row.example.as_bytes().to_vec()
        };
        let protocol = match row.protocol {
            "any" => "smtp",
            protocol => protocol,
        };
        let hint = knowledge::hint_for(protocol, &example);
        assert_eq!(hint.map(|h| h.id), Some(row.id), "{}", row.example);
    }
}

#[test]
fn codes_resolve() {
    let known: HashSet<_> = knowledge::SMTP_REPLY_CODES
        .rows()
        .iter()
        .map(|r| r.code)
        .collect();
    let is_code = |word: &str| word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit());
    let words = |text: &'static str| {
        text.split(|c: char| !c.is_ascii_digit())
            .filter(|w| is_code(w))
            .collect::<Vec<_>>()
    };
    for row in knowledge::SMTP_VERBS.rows() {
        // "050" is sendmail's progress line and no reply; sizes in remarks are not codes either.
        for code in words(row.success)
            .iter()
            .chain(&words(row.intermediate))
            .chain(&words(row.failure))
        {
            assert!(
                known.contains(code),
                "{}: {code} is explained nowhere",
                row.verb
            );
        }
    }
    for row in knowledge::REPLIES
        .rows()
        .iter()
        .filter(|r| r.protocol == "smtp")
    {
        for code in row.code.split(' ') {
            assert!(known.contains(code), "{code} after {}", row.after);
        }
    }
    for row in knowledge::ENHANCED_STATUS_CODES.rows() {
        if !row.code.ends_with('X') {
            let example = row.code.replacen('X', "5", 1);
            assert_eq!(knowledge::find(&example)[0].name, row.code);
        }
    }
}

#[test]
fn capabilities_that_commands_need_are_known() {
    let offers: HashSet<_> = knowledge::all()
        .into_iter()
        .filter(|f| f.kind == Kind::Capability && f.protocol == "smtp")
        .map(|f| f.name)
        .collect();
    for row in knowledge::SMTP_PARAMETERS.rows() {
        let needed = row
            .required_keyword
            .split([' ', ','])
            .next()
            .unwrap_or_default();
        assert!(offers.contains(needed), "{} needs {needed}", row.parameter);
        assert!(row.hint.starts_with(row.parameter), "{}", row.parameter);
    }
}
