//! STARTTLS and STLS: what may come before, what may stand behind, what is forgotten.

use ehlo::proto::engine::{ClientOptions, Refusal, Step};
use ehlo::proto::event::{Event, FailureKind, Oddity};

use super::wire::Wire;

struct Case {
    protocol: &'static str,
    before: &'static str,
    ask: &'static str,
    offers: &'static str,
    starttls: &'static str,
    go: &'static str,
}

const CASES: &[Case] = &[
    Case {
        protocol: "smtp",
        before: "220 h\r\n",
        ask: "EHLO me",
        offers: "250-h\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
        starttls: "STARTTLS",
        go: "220 go\r\n",
    },
    Case {
        protocol: "lmtp",
        before: "220 h\r\n",
        ask: "LHLO me",
        offers: "250-h\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
        starttls: "starttls",
        go: "220-two\r\n220 lines\r\n",
    },
    Case {
        protocol: "pop3",
        before: "+OK h\r\n",
        ask: "CAPA",
        offers: "+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n",
        starttls: "STLS",
        go: "+OK go\r\n",
    },
];

impl Case {
    fn ready(&self, mut wire: Wire) -> Wire {
        wire.hear(self.before).turn(self.ask, self.offers);
        wire
    }
}

#[test]
fn what_was_learned_in_the_clear_is_forgotten() {
    for case in CASES {
        let mut wire = case.ready(Wire::new(case.protocol));
        assert!(wire.engine.offers().known);
        wire.turn(case.starttls, case.go);
        assert_eq!(wire.handshakes, 1);
        assert!(!wire.engine.offers().known && wire.engine.offers().items.is_empty());
        assert!(wire.oddities().is_empty());
        assert!(
            matches!(wire.refused(case.starttls), Refusal::StartTlsNow(_)),
            "twice"
        );
    }
}

#[test]
fn octets_behind_the_go_ahead_are_dropped_and_reported() {
    for case in CASES {
        let injected = "250-h\r\n250 AUTH PLAIN\r\n+OK\r\nevil\r\n.\r\n";
        let text = format!("{}{injected}", case.go);
        let mut wire = case.ready(Wire::new(case.protocol));
        wire.turn(case.starttls, &text);
        let octets = injected.len();
        assert_eq!(wire.oddities(), [&Oddity::BytesAfterStartTls { octets }]);
        assert_eq!((wire.handshakes, wire.failure()), (1, None));
        assert!(matches!(
            wire.events.last(),
            Some(Event::Phase(_) | Event::Oddity(_))
        ));
        assert!(!wire.engine.offers().known, "nothing of it was parsed");

        let mut wire = case.ready(Wire::strict(case.protocol));
        wire.turn(case.starttls, &text);
        assert_eq!(wire.handshakes, 0);
        wire.assert_failed(FailureKind::Tls, "behind the go-ahead");
    }
}

#[test]
fn octets_before_the_handshake_are_never_parsed() {
    for case in CASES {
        let mut wire = case.ready(Wire::new(case.protocol));
        wire.say(case.starttls);
        wire.engine.receive(case.go.as_bytes());
        while !matches!(wire.engine.poll(), Step::StartTls) {}
        wire.engine.receive(b"250 injected\r\n+OK\r\n");
        wire.drain();
        assert_eq!(
            wire.oddities(),
            [&Oddity::BytesAfterStartTls { octets: 19 }]
        );
        assert!(matches!(wire.refused("NOOP"), Refusal::NotNow(_)));
        wire.engine.secured();
        wire.drain();
        wire.say("NOOP");
    }
}

#[test]
fn a_negative_or_odd_answer_ends_a_required_upgrade() {
    for case in CASES {
        let answers: &[&str] = match case.protocol {
            "pop3" => &["-ERR no\r\n", "+ go on\r\n", "220 go\r\n"],
            _ => &[
                "454 4.7.0 no\r\n",
                "502 no\r\n",
                "354 go\r\n",
                "250 ok\r\n",
                "+OK\r\n",
            ],
        };
        for answer in answers {
            let mut wire = case.ready(Wire::strict(case.protocol));
            wire.turn(case.starttls, answer);
            wire.assert_failed(FailureKind::Tls, "");
            assert_eq!(wire.handshakes, 0);
        }
        let mut wire = case.ready(Wire::new(case.protocol));
        wire.turn(case.starttls, answers[0]);
        assert!(
            wire.failure().is_none(),
            "a person typing goes on, and sees it"
        );
        assert_eq!(wire.handshakes, 0);
    }
}

/// A reply that says yes and no, or has something else inside, is no go-ahead: for a policy it is the
/// end, and nobody's handshake begins.
#[test]
fn a_malformed_answer_starts_no_handshake() {
    for case in CASES {
        let answers: &[&str] = match case.protocol {
            "pop3" => &[
                "go on\r\n+OK go\r\n",
                "-ERR no\r\n+OK go\r\n",
                "220 go\r\n+OK go\r\n",
                "+ \r\n+OK go\r\n",
            ],
            _ => &[
                "454-no\r\n220 go\r\n",
                "220-go\r\n454-no\r\n220 go\r\n",
                "250-go\r\n220 go\r\n",
                "220-go\r\nwhat\r\n220 go\r\n",
                "what\r\n220 go\r\n",
                "454 no\r\n220 go\r\n",
                "220-go\r\n454 no\r\n",
            ],
        };
        for answer in answers {
            let mut wire = case.ready(Wire::strict(case.protocol));
            wire.turn(case.starttls, answer);
            wire.assert_failed(FailureKind::Tls, "");
            assert_eq!(wire.handshakes, 0, "{answer}");
            let mut wire = case.ready(Wire::new(case.protocol));
            wire.turn(case.starttls, answer);
            assert_eq!(wire.handshakes, 0, "{answer}");
            assert!(wire.failure().is_none(), "{answer}");
        }
        // And the next one is judged by itself.
        let mut wire = case.ready(Wire::new(case.protocol));
        wire.turn(case.starttls, answers[0]);
        wire.turn(case.starttls, case.go);
        assert_eq!(wire.handshakes, 1, "{}", case.protocol);
    }
}

#[test]
fn out_of_order_it_is_refused() {
    for case in CASES {
        let mut wire = Wire::new(case.protocol);
        let refusal = wire.refused(case.starttls);
        assert!(matches!(refusal, Refusal::StartTlsNow(why) if why.contains("due")));
        let mut wire = case.ready(Wire::new(case.protocol));
        wire.say("NOOP");
        assert!(matches!(
            wire.refused(&format!("  {}", case.starttls)),
            Refusal::StartTlsNow(_)
        ));
        let mut wire = case.ready(Wire::new(case.protocol));
        wire.say(case.starttls);
        assert!(
            matches!(wire.refused("NOOP"), Refusal::NotNow(_)),
            "nothing behind it"
        );

        let mut wire = case.ready(Wire::new(case.protocol));
        let yes = if case.protocol == "pop3" {
            "+OK\r\n"
        } else {
            "235 ok\r\n"
        };
        wire.turn("AUTH PLAIN AGEAYg==", yes);
        assert!(wire.engine.facts().logged_in);
        let refusal = wire.refused(case.starttls);
        assert!(matches!(refusal, Refusal::StartTlsNow(why) if why.contains("login")));
        let options = ClientOptions {
            secured: true,
            ..ClientOptions::default()
        };
        let mut wire = case.ready(Wire::with(case.protocol, &options));
        assert!(matches!(
            wire.refused(case.starttls),
            Refusal::StartTlsNow(_)
        ));
    }
}
