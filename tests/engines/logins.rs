//! AUTH by hand and by mechanism, in the framings of SMTP and POP3.

use ehlo::proto::engine::{ClientOptions, Input, Mode, Refusal, Setting};
use ehlo::proto::event::{Content, FailureKind, Verdict};
use ehlo::sasl::{Heard, Mechanism, SaslError, Say, Told};
use ehlo::wire::b64;
use ehlo::wire::secret::Secret;

use super::wire::Wire;

/// A mechanism that says what it is told to.
#[derive(Debug)]
struct Scripted {
    name: &'static str,
    client_first: bool,
    says: Vec<Result<Say, SaslError>>,
}

impl Mechanism for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }
    fn client_first(&self) -> bool {
        self.client_first
    }
    fn step(&mut self, _: Heard<'_>) -> Result<Say, SaslError> {
        self.says.remove(0)
    }
    fn told(&mut self) -> Vec<Told> {
        Vec::new()
    }
}

fn send(text: &str) -> Result<Say, SaslError> {
    Ok(Say::Send(Secret::new(text)))
}

fn scripted(name: &'static str, first: bool, says: &[Result<Say, SaslError>]) -> Input<'static> {
    Input::Auth(Box::new(Scripted {
        name,
        client_first: first,
        says: says.to_vec(),
    }))
}

/// Both framings: challenge prefix, success, refusal.
const FRAMINGS: &[(&str, &str, &str, &str)] = &[
    ("smtp", "334", "235 2.7.0 in\r\n", "535 5.7.8 no\r\n"),
    ("pop3", "+", "+OK in\r\n", "-ERR [AUTH] no\r\n"),
];

fn greeted(protocol: &str) -> Wire {
    let mut wire = Wire::new(protocol);
    match protocol {
        "pop3" => wire.hear("+OK hi\r\n"),
        _ => wire
            .hear("220 h\r\n")
            .turn("EHLO me", "250-h\r\n250 AUTH PLAIN LOGIN\r\n"),
    };
    wire.sent();
    wire
}

#[test]
fn by_hand_the_challenge_waits_for_its_answer() {
    for (protocol, go, yes, no) in FRAMINGS {
        let mut wire = greeted(protocol);
        wire.turn("AUTH LOGIN", &format!("{go} VXNlcm5hbWU6\r\n"));
        assert!(wire.reply().intermediate);
        let Mode::Answer {
            mechanism,
            challenge,
        } = wire.engine.mode()
        else {
            panic!("{:?}", wire.engine.mode());
        };
        assert_eq!(
            (mechanism.as_str(), challenge.expose()),
            ("LOGIN", &b"Username:"[..])
        );
        wire.turn("YWxpY2U=", &format!("{go} UGFzc3dvcmQ6\r\n"))
            .turn("eA==", yes);
        assert_eq!(wire.engine.facts().user.as_deref(), Some("alice"));
        assert_eq!(wire.sent(), "AUTH LOGIN\r\nYWxpY2U=\r\neA==\r\n");

        let mut wire = greeted(protocol);
        wire.turn("AUTH LOGIN", &format!("{go} VXNlcm5hbWU6\r\n"))
            .turn("YWxpY2U=", no);
        let still = Content::Answers {
            mechanism: "LOGIN".into(),
            sent: 1,
        };
        assert_eq!(wire.reply().unsent, Some(still));
        assert_eq!(wire.engine.mode(), Mode::Command);

        let mut wire = greeted(protocol);
        wire.turn("AUTH login", no);
        let still = Content::Answers {
            mechanism: "login".into(),
            sent: 0,
        };
        assert_eq!(wire.reply().unsent, Some(still));
        wire.turn("AUTH PLAIN AGEAYg==", no);
        assert_eq!(wire.reply().unsent, None, "one message was all there was");
    }
}

#[test]
fn a_star_cancels() {
    for (protocol, go, yes, no) in FRAMINGS {
        let mut wire = greeted(protocol);
        wire.turn("AUTH PLAIN", &format!("{go} \r\n"));
        wire.input(Input::Cancel).unwrap();
        assert_eq!(wire.sent(), "AUTH PLAIN\r\n*\r\n");
        wire.hear(no);
        assert_eq!(
            (wire.reply().verdict, &wire.reply().unsent),
            (Verdict::Refused, &None)
        );
        let mut wire = greeted(protocol);
        wire.turn("AUTH PLAIN", &format!("{go} \r\n"))
            .turn("*", yes);
        wire.assert_failed(FailureKind::Auth, "cancelled");
    }
}

#[test]
fn initial_responses() {
    for (protocol, go, yes, _) in FRAMINGS {
        let mut wire = greeted(protocol);
        wire.input(scripted(
            "PLAIN",
            true,
            &[send("\0a\0b"), Ok(Say::Satisfied)],
        ))
        .unwrap();
        assert_eq!(wire.sent(), "AUTH PLAIN AGEAYg==\r\n");
        wire.hear(yes);
        assert_eq!(wire.engine.facts().user.as_deref(), Some("a"));

        let mut wire = greeted(protocol);
        wire.input(scripted("EXTERNAL", true, &[send(""), Ok(Say::Satisfied)]))
            .unwrap();
        assert_eq!(wire.sent(), "AUTH EXTERNAL =\r\n");

        let long = "x".repeat(400);
        let mut wire = greeted(protocol);
        wire.input(scripted(
            "XOAUTH2",
            true,
            &[send(&long), Ok(Say::Satisfied)],
        ))
        .unwrap();
        assert_eq!(
            wire.sent(),
            "AUTH XOAUTH2\r\n",
            "too long for a command line"
        );
        wire.hear(format!("{go} \r\n"));
        assert_eq!(wire.sent(), format!("{}\r\n", b64::encode(long.as_bytes())));
        wire.hear(yes);
        assert!(wire.engine.facts().logged_in);

        let mut wire = greeted(protocol);
        let says = [send("alice 0011"), Ok(Say::Satisfied)];
        wire.input(scripted("CRAM-MD5", false, &says)).unwrap();
        assert_eq!(wire.sent(), "AUTH CRAM-MD5\r\n");
        wire.hear(format!("{go} PDE+\r\n"));
        assert_eq!(wire.sent(), "YWxpY2UgMDAxMQ==\r\n");
    }
}

#[test]
fn a_success_must_be_one_for_the_mechanism_too() {
    for (protocol, _, yes, _) in FRAMINGS {
        let mut wire = greeted(protocol);
        let lied = Err(SaslError("the server did not prove itself".into()));
        wire.input(scripted("SCRAM-SHA-256", true, &[send("n,,n=a,r=b"), lied]))
            .unwrap();
        wire.hear(yes);
        assert!(!wire.engine.facts().logged_in);
        wire.assert_failed(FailureKind::Auth, "prove itself");
    }
}

#[test]
fn a_challenge_that_cannot_be_taken_is_cancelled() {
    for (protocol, go, _, no) in FRAMINGS {
        for challenge in ["@@@", "YmFk"] {
            let mut wire = greeted(protocol);
            let says = [send("n,,n=a,r=b"), Err(SaslError("bad nonce".into()))];
            wire.input(scripted("SCRAM-SHA-1", true, &says)).unwrap();
            wire.sent();
            wire.hear(format!("{go} {challenge}\r\n"));
            assert_eq!(wire.sent(), "*\r\n");
            assert!(format!("{:?}", wire.oddities()).contains("cancelled"));
            wire.hear(no);
            assert!(wire.failure().is_none(), "the session goes on");
            wire.say("NOOP");
        }
        let mut wire = greeted(protocol);
        wire.input(scripted("SCRAM-SHA-1", true, &[send("n,,n=a,r=b")]))
            .unwrap();
        wire.hear(format!("{go} @\r\n")).hear(format!("{go} @\r\n"));
        wire.assert_failed(FailureKind::Protocol, "goes on with a login");
    }
}

#[test]
fn a_refused_token_is_answered_before_the_verdict_comes() {
    for (protocol, go, _, no) in FRAMINGS {
        let mut wire = greeted(protocol);
        let says = [send("user=a\x01auth=Bearer t\x01\x01"), send("")];
        wire.input(scripted("XOAUTH2", true, &says)).unwrap();
        wire.sent();
        wire.hear(format!("{go} eyJzdGF0dXMiOiI0MDAifQ==\r\n"));
        assert_eq!(
            wire.sent(),
            "\r\n",
            "the empty line that brings the real refusal"
        );
        wire.hear(no);
        assert_eq!(wire.reply().verdict, Verdict::Refused);
    }
}

#[test]
fn a_mechanism_takes_over_what_was_begun_by_hand() {
    for (protocol, go, yes, _) in FRAMINGS {
        let mut wire = greeted(protocol);
        wire.turn("AUTH PLAIN", &format!("{go} \r\n")).sent();
        wire.input(scripted(
            "PLAIN",
            true,
            &[send("\0a\0b"), Ok(Say::Satisfied)],
        ))
        .unwrap();
        assert_eq!(wire.sent(), "AGEAYg==\r\n");
        wire.hear(yes);
        assert!(wire.engine.facts().logged_in);
        assert_eq!(
            wire.reply().exchange,
            wire.replies()[wire.replies().len() - 2].exchange
        );
    }
}

#[test]
fn credentials_need_consent_in_the_clear() {
    let guarded = ClientOptions {
        clear_credentials: false,
        ..ClientOptions::default()
    };
    for (protocol, _, _, no) in FRAMINGS {
        let mut wire = Wire::with(protocol, &guarded);
        wire.hear(if *protocol == "pop3" {
            "+OK <1@h>\r\n"
        } else {
            "220 h\r\n"
        });
        for line in [
            "AUTH PLAIN AGEAYg==",
            "auth plain",
            " AUTH\tLOGIN",
            "AUTH XOAUTH2 x",
            "AUTH NEW",
        ] {
            assert_eq!(wire.refused(line), Refusal::ClearCredential, "{line}");
        }
        let plain = scripted("PLAIN", true, &[send("x")]);
        assert_eq!(wire.input(plain), Err(Refusal::ClearCredential));
        for safe in [
            "SCRAM-SHA-256",
            "CRAM-MD5",
            "DIGEST-MD5",
            "EXTERNAL",
            "ANONYMOUS",
        ] {
            wire.turn(&format!("AUTH {safe}"), no);
        }
        if *protocol == "pop3" {
            let password = Secret::new("x");
            assert_eq!(wire.refused("PASS x"), Refusal::ClearCredential);
            let login = Input::Login {
                user: "a",
                password: &password,
            };
            assert_eq!(wire.input(login), Err(Refusal::ClearCredential));
            wire.input(Input::Apop {
                user: "a",
                password: &password,
            })
            .unwrap();
            wire.hear("-ERR\r\n");
        }
        wire.engine.set(Setting::ClearCredentials(true));
        wire.turn("AUTH PLAIN AGEAYg==", no);
        let under_tls = ClientOptions {
            secured: true,
            ..guarded.clone()
        };
        let mut wire = Wire::with(protocol, &under_tls);
        wire.hear("220 h\r\n");
        if *protocol == "smtp" {
            wire.say("AUTH PLAIN AGEAYg==");
        }
    }
}

#[test]
fn nothing_follows_auth_before_its_reply() {
    for (protocol, _, _, no) in FRAMINGS {
        let mut wire = greeted(protocol);
        wire.say("AUTH PLAIN");
        assert!(matches!(wire.refused("NOOP"), Refusal::NotNow(_)));
        wire.hear(no).say("NOOP");
    }
}
