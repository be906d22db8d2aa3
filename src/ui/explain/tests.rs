//! Explanations of replies and words, in full sentences.

use super::*;
use crate::proto::event::Offer;

fn offers(words: &[(&str, &str)]) -> Offers {
    let items = words.iter().map(|(word, rest)| Offer {
        word: (*word).into(),
        rest: (*rest).into(),
    });
    Offers {
        known: true,
        items: items.collect(),
    }
}

fn refusal(code: &str, enhanced: &str, to: &str, text: &str) -> Reply {
    Reply {
        code: code.into(),
        enhanced: (!enhanced.is_empty()).then(|| enhanced.into()),
        to: to.into(),
        text: text.into(),
        verdict: if code.starts_with('4') {
            Verdict::TryLater
        } else {
            Verdict::Refused
        },
        ..Reply::default()
    }
}

#[test]
fn a_relay_refusal_reads_as_the_page_says() {
    let offers = offers(&[("AUTH", "PLAIN LOGIN SCRAM-SHA-256")]);
    let context = Context {
        protocol: "smtp",
        command: "RCPT TO:<someone@elsewhere.example>",
        offers: Some(&offers),
        secured: true,
        logged_in: false,
    };
    let text = "<someone@elsewhere.example>: Relay access denied";
    let told = reply(&refusal("554", "5.7.1", "RCPT", text), &context);
    let lines: Vec<_> = told.lines(Some(76)).iter().map(Styled::text).collect();
    assert_eq!(
        lines,
        [
            "554 5.7.1 after RCPT: the server will not carry mail for elsewhere.example",
            "from you.",
            "  usually   it is not the destination's server and you have not logged in",
            "  try       AUTH (offered: PLAIN LOGIN SCRAM-SHA-256), or connect to the MX",
            "            of elsewhere.example",
            "  see       RFC 5321 3.6.2, RFC 3463 3.8; known from Postfix, Exim,",
            "            sendmail, qmail, Courier, Exchange",
        ]
    );
    assert_eq!(
        told.sentence(None).text(),
        "the server will not carry mail for elsewhere.example from you"
    );
}

#[test]
fn the_context_speaks() {
    let clear = offers(&[("STARTTLS", "")]);
    let context = Context {
        protocol: "smtp",
        offers: Some(&clear),
        ..Context::default()
    };
    let told = reply(
        &refusal("530", "5.7.0", "MAIL", "Authentication required"),
        &context,
    );
    assert!(told.try_.contains("AUTH"), "{told:?}");
    let refused = reply(&refusal("504", "", "AUTH", "no"), &context);
    assert_eq!(
        refused.try_,
        "AUTH (not offered in the clear: STARTTLS first)"
    );
    // An enhanced code that says why beats a meaning that does not.
    let full = reply(&refusal("550", "5.2.2", "RCPT", "no"), &context);
    assert_eq!(full.means, "mailbox full");
    // What nobody registered falls back on its class.
    let odd = reply(&refusal("599", "", "MAIL", "no"), &context);
    assert_eq!(odd.means, "refused for good");
    let odd = reply(&refusal("550", "5.7.999", "MAIL", "no"), &context);
    assert_eq!(odd.means, "subject: security or policy");
}

#[test]
fn a_word_that_is_no_verb_is_called_so() {
    let context = Context {
        protocol: "smtp",
        ..Context::default()
    };
    let told = reply(&refusal("500", "5.5.2", "MIAL", "unknown"), &context);
    assert_eq!(
        (told.means.as_str(), told.try_.as_str()),
        ("MIAL is no SMTP command", "MAIL, if that is what you meant")
    );
}

#[test]
fn imap_and_pop3_codes_speak_first() {
    let context = Context {
        protocol: "imap",
        ..Context::default()
    };
    let no = Reply {
        code: "NO".into(),
        response_code: Some("OVERQUOTA".into()),
        to: "APPEND".into(),
        verdict: Verdict::Refused,
        ..Reply::default()
    };
    let told = reply(&no, &context);
    assert_eq!(told.of, "NO [OVERQUOTA] after APPEND");
    assert!(told.means.contains("quota"), "{told:?}");
    let ok = Reply {
        code: "OK".into(),
        response_code: Some("READ-WRITE".into()),
        to: "SELECT".into(),
        verdict: Verdict::Good,
        ..Reply::default()
    };
    assert_eq!(reply(&ok, &context).means, "the mailbox is open");
    let err = Reply {
        code: "-ERR".into(),
        response_code: Some("IN-USE".into()),
        to: "PASS".into(),
        verdict: Verdict::Refused,
        ..Reply::default()
    };
    let pop3 = Context {
        protocol: "pop3",
        ..Context::default()
    };
    assert!(reply(&err, &pop3).means.contains("maildrop"));
}

#[test]
fn hostile_text_is_shown_not_obeyed() {
    let context = Context {
        protocol: "smtp",
        command: "RCPT TO:<a@evil\u{1b}[2J>",
        ..Context::default()
    };
    let mut hostile = refusal("554", "5.7.1", "RC\u{7}PT", "x");
    hostile.response_code = Some("\u{9b}31m".into());
    for line in reply(&hostile, &context).lines(None) {
        assert!(!line.text().chars().any(char::is_control), "{line:?}");
    }
}

/// Whoever is not logged in is told that, and not that there is no such message.
#[test]
fn a_verb_for_those_who_are_logged_in_says_so() {
    let refused = Reply {
        verdict: Verdict::Refused,
        code: "-ERR".to_owned(),
        to: "LIST".to_owned(),
        text: b"Unknown command.".to_vec(),
        ..Reply::default()
    };
    let mut context = Context {
        protocol: "pop3",
        command: "LIST",
        ..Context::default()
    };
    let told = reply(&refused, &context).sentence(None).text();
    assert!(told.contains("only for those who are logged in"), "{told}");
    context.logged_in = true;
    let told = reply(&refused, &context).sentence(None).text();
    assert!(told.contains("no such message"), "{told}");
}
