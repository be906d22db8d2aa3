//! No secret in any event or in Debug, whatever the mechanism and protocol: only on the wire.

use std::sync::Arc;

use ehlo::proto::engine::{ClientOptions, Input};
use ehlo::proto::event::Event;
use ehlo::sasl::server::{Accounts, Ask, Setup, server};
use ehlo::sasl::{Binding, Credentials, MECHANISMS, client};
use ehlo::wire::b64;
use ehlo::wire::secret::{MASK, Secret};

use super::wire::Wire;

const CANARY: &str = "kanarienvogel";
/// What the canary looks like in base64, at each of its three alignments, less the edges.
const TRACES: &[&str] = &[
    CANARY,
    "a2FuYXJpZW52b2",
    "thbmFyaWVudm9nZW",
    "rYW5hcmllbnZvZ2",
];

struct People;

impl Accounts for People {
    fn password(&self, user: &str) -> Option<Secret> {
        (user == "alice").then(|| Secret::new(CANARY))
    }

    fn may_act_as(&self, user: &str, other: &str) -> bool {
        user == other
    }
}

fn assert_clean(wire: &Wire, place: &str) {
    let said: Vec<String> = wire.events.iter().map(|e| format!("{e:?}")).collect();
    let bytes: Vec<Vec<u8>> = wire
        .events
        .iter()
        .flat_map(|e| match e {
            Event::Sent(sent) => vec![sent.shown.clone()],
            Event::Line(line) => vec![line.text.clone()],
            Event::Reply(reply) => vec![reply.text.clone()],
            _ => Vec::new(),
        })
        .collect();
    let texts = bytes
        .iter()
        .map(|b| String::from_utf8_lossy(b).into_owned());
    for text in said.into_iter().chain(texts) {
        for trace in TRACES {
            assert!(!text.contains(trace), "{place}: {text}");
        }
    }
    let mode = format!("{:?}", wire.engine.mode());
    assert!(!mode.contains(CANARY), "{place}: {mode}");
}

fn greeted(protocol: &str) -> Wire {
    let mut wire = Wire::new(protocol);
    wire.hear(if protocol == "pop3" {
        "+OK <1@h>\r\n"
    } else {
        "220 h\r\n"
    });
    wire
}

/// The last line that went out, as the verifier hears it: behind the mechanism's name or alone.
fn heard(line: &str) -> Option<Vec<u8>> {
    let text = match line.strip_prefix("AUTH ") {
        Some(command) => command.split(' ').nth(1)?,
        None => line,
    };
    let text = if text == "=" { "" } else { text };
    Some(b64::decode(text.as_bytes()).expect("base64"))
}

#[test]
fn every_mechanism_logs_in_and_leaves_no_trace() {
    for row in MECHANISMS.iter().filter(|row| row.spoken()) {
        for protocol in ["smtp", "lmtp", "pop3"] {
            let place = format!("{} over {protocol}", row.name);
            let binding = Binding {
                exporter: Some(Secret::new([7; 32])),
                end_point: None,
                plus_offered: true,
                ..Binding::default()
            };
            let setup = Setup {
                accounts: Arc::new(People),
                binding: binding.clone(),
                nonce: "3rfcNHYJY1ZVvWVs7jABCDEF".into(),
                host: "ehlo.test".into(),
                service: "smtp".into(),
                external: Some("alice".into()),
            };
            let who = Credentials::new("alice", Secret::new(CANARY)).at("smtp", "ehlo.test", 25);
            let mechanism = client(row.name, &who, &binding, "rOprNGfwEbeRWgbNEkqO0123").unwrap();
            let mut verifier = server(row.name, &setup).unwrap();
            let mut wire = greeted(protocol);
            wire.sent();
            wire.input(Input::Auth(mechanism)).unwrap();
            let mut out = String::new();
            let accepted = loop {
                let line = wire.sent();
                out.push_str(&line);
                let message = heard(line.trim_end_matches("\r\n"));
                let pop3 = protocol == "pop3";
                match verifier.step(message.as_deref()) {
                    Ask::Challenge(challenge) => {
                        let go = if pop3 { "+" } else { "334" };
                        wire.hear(format!("{go} {}\r\n", b64::encode(&challenge)));
                    }
                    Ask::Accept { .. } => {
                        wire.hear(if pop3 {
                            "+OK in\r\n"
                        } else {
                            "235 2.7.0 in\r\n"
                        });
                        break true;
                    }
                    Ask::Reject(_) | Ask::Malformed(_) => break false,
                }
                assert!(wire.failure().is_none(), "{place}: {:?}", wire.failure());
            };
            // The practice accounts know no guest; all others must succeed.
            assert!(accepted || row.name == "ANONYMOUS", "{place}");
            assert_eq!(wire.engine.facts().logged_in, accepted, "{place}");
            let named = wire.engine.facts().user;
            assert!(
                !accepted || named.as_deref() == Some("alice"),
                "{place}: {named:?}"
            );
            assert_clean(&wire, &place);
            if ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"].contains(&row.name) {
                let on_the_wire = TRACES.iter().any(|t| out.contains(t));
                assert!(on_the_wire, "{place}: the test would see it");
            }
        }
    }
}

#[test]
fn typed_secrets_are_masked_and_the_verb_is_kept() {
    let blob = b64::encode(format!("\0alice\0{CANARY}").as_bytes());
    let typed: &[(&str, String, String)] = &[
        (
            "smtp",
            format!("AUTH PLAIN {blob}"),
            format!("AUTH PLAIN {MASK}"),
        ),
        (
            "smtp",
            format!(" auth  plain\t{blob}"),
            format!(" auth  plain\t{MASK}"),
        ),
        (
            "lmtp",
            format!("AUTH NOSUCH {CANARY} x"),
            format!("AUTH NOSUCH {MASK}"),
        ),
        (
            "smtp",
            format!("X-EXPS NTLM {blob}"),
            format!("X-EXPS NTLM {MASK}"),
        ),
        ("pop3", format!("PASS {CANARY} x"), format!("PASS {MASK}")),
        ("pop3", format!("pass\t{CANARY}"), format!("pass\t{MASK}")),
        (
            "pop3",
            format!("APOP alice {CANARY}"),
            format!("APOP alice {MASK}"),
        ),
        (
            "smtp",
            format!("a1 LOGIN alice {CANARY}"),
            format!("a1 LOGIN {MASK}"),
        ),
        ("smtp", blob.clone(), MASK.to_owned()),
        (
            "pop3",
            format!("AUTH PLAIN {blob}"),
            format!("AUTH PLAIN {MASK}"),
        ),
    ];
    for (protocol, line, shown) in typed {
        let mut wire = greeted(protocol);
        wire.say(line);
        assert_eq!(wire.sent(), format!("{line}\r\n"), "as typed");
        let sent = wire.events.iter().find_map(|e| match e {
            Event::Sent(sent) => Some(sent),
            _ => None,
        });
        let sent = sent.expect("a sent line");
        assert_eq!(String::from_utf8_lossy(&sent.shown), *shown);
        assert_eq!(sent.clear, None);
        assert_clean(&wire, line);
    }
    let mut wire = greeted("smtp");
    wire.say("AUTH EXTERNAL =");
    assert!(format!("{:?}", wire.events).contains(&format!("{:?}", b"AUTH EXTERNAL =")));
}

#[test]
fn answers_and_challenges_are_masked() {
    for (protocol, go) in [("smtp", "334"), ("pop3", "+")] {
        let mut wire = greeted(protocol);
        let challenge = b64::encode(CANARY.as_bytes());
        wire.turn("AUTH LOGIN", &format!("{go} VXNlcm5hbWU6\r\n"));
        let prompt = format!("{go} VXNlcm5hbWU6");
        let line = |wire: &Wire| {
            let mut lines = wire.events.iter().rev().filter_map(|e| match e {
                Event::Line(line) => Some(String::from_utf8_lossy(&line.text).into_owned()),
                _ => None,
            });
            lines.next().unwrap()
        };
        assert_eq!(line(&wire), prompt, "a prompt is no secret");
        wire.turn(&challenge, &format!("{go} {challenge}\r\n"));
        assert_eq!(line(&wire), format!("{go} {MASK}"));
        assert_clean(&wire, "answers");
        // Even a challenge that its end cuts off.
        wire.turn(&challenge, &format!("{go} {challenge}"));
        wire.close();
        assert_clean(&wire, "a cut challenge");
    }
}

#[test]
fn logins_of_pop3_are_masked() {
    let password = Secret::new(CANARY);
    let mut wire = greeted("pop3");
    let login = Input::Login {
        user: "alice",
        password: &password,
    };
    wire.input(login).unwrap();
    wire.hear("+OK\r\n");
    assert!(wire.sent().contains(CANARY));
    wire.hear("-ERR\r\n");
    let apop = Input::Apop {
        user: "alice",
        password: &password,
    };
    wire.input(apop).unwrap();
    let digest = wire.sent().split_off("APOP alice ".len());
    assert!(!format!("{:?}", wire.events).contains(digest.trim_end()));
    assert_clean(&wire, "USER, PASS and APOP");
}

#[test]
fn secrets_are_handed_out_beside_the_text_when_asked_for() {
    let options = ClientOptions {
        show_secrets: true,
        ..ClientOptions::default()
    };
    let mut wire = Wire::with("pop3", &options);
    wire.hear("+OK\r\n").say(&format!("PASS {CANARY}"));
    let clear = wire.events.iter().find_map(|e| match e {
        Event::Sent(sent) => sent.clear.clone(),
        _ => None,
    });
    let whole = format!("PASS {CANARY}");
    assert_eq!(clear.expect("the line").expose(), whole.as_bytes());
    assert_clean(&wire, "beside, not inside");
}
