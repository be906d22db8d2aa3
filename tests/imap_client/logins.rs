//! LOGIN and AUTHENTICATE.

use ehlo::proto::engine::{ClientOptions, Engine, Input, Mode, Refusal, Setting};
use ehlo::proto::event::{Advice, Content, Event, FailureKind, Oddity, Verdict};
use ehlo::proto::imap::spec::{AUTHENTICATED, NOT_AUTHENTICATED};
use ehlo::sasl::{self, Binding, Credentials, Mechanism};
use ehlo::wire::b64;
use ehlo::wire::secret::Secret;

use crate::drive::Drive;

fn helper(name: &str) -> Box<dyn Mechanism> {
    let who = Credentials::new("alice", Secret::new("wonderland"));
    sasl::client(name, &who, &Binding::default(), "fyko+d2lbbFgONRv9qkxdawL").unwrap()
}

fn offering(list: &str) -> Drive {
    let mut drive = Drive::new(&ClientOptions::default());
    drive.server(format!("* OK [CAPABILITY IMAP4rev1 {list}] hi\r\n"));
    drive.forget();
    drive
}

#[test]
fn login_quotes_what_needs_quotes() {
    for (user, password, wire) in [
        (
            "alice@example.org",
            "wonderland",
            "LOGIN alice@example.org wonderland",
        ),
        ("al ice", "a\"b\\c", "LOGIN \"al ice\" \"a\\\"b\\\\c\""),
        ("nil", "", "LOGIN \"nil\" \"\""),
        ("alice", "p)w", "LOGIN alice \"p)w\""),
    ] {
        let mut drive = Drive::greeted();
        drive.login(user, password).unwrap();
        assert_eq!(drive.wrote(), format!("a1 {wire}\r\n"));
        assert!(drive.sent()[0].differs);
        assert!(drive.shown()[0].ends_with(" ••••"), "{:?}", drive.shown());
        drive.server("a1 OK in\r\n");
        assert_eq!(drive.engine.facts().user.as_deref(), Some(user));
    }
}

#[test]
fn login_sends_eight_bit_words_as_literals_when_asked() {
    let mut drive = Drive::greeted();
    drive.login("älice", "wönderland").unwrap();
    assert_eq!(drive.wrote(), "a1 LOGIN {6}\r\n");
    drive.server("+ \r\n");
    assert_eq!(drive.wrote(), "älice {11}\r\n");
    drive.server("+ \r\n");
    assert_eq!(drive.wrote(), "wönderland\r\n");
    assert_eq!(drive.shown(), ["a1 LOGIN {6}", "älice", " {11}", "••••"]);
    drive.server("a1 OK in\r\n");
    assert_eq!(drive.engine.facts().user.as_deref(), Some("älice"));

    let mut drive = offering("LITERAL+");
    drive.login("alice", "wönderland").unwrap();
    assert_eq!(drive.wrote(), "a1 LOGIN alice {11+}\r\nwönderland\r\n");

    let mut drive = Drive::greeted();
    drive.login("älice", "x").unwrap();
    drive.server("a1 NO no\r\n");
    assert_eq!(drive.reply().unsent, None);
    assert_eq!(drive.engine.mode(), Mode::Command);
}

#[test]
fn login_refuses_what_no_server_could_take() {
    let mut drive = Drive::greeted();
    for (user, password) in [("a\r\nb", "x"), ("a", "x\n"), ("a\0", "x")] {
        assert_eq!(drive.login(user, password), Err(Refusal::LineBreakInside));
    }
    let secret = Secret::new("x");
    let apop = drive.submit(Input::Apop {
        user: "a",
        password: &secret,
    });
    assert!(matches!(apop, Err(Refusal::NoSuchLogin(_))));
    assert!(drive.written.is_empty());
}

#[test]
fn a_typed_exchange_asks_for_answers() {
    let mut drive = Drive::greeted();
    drive.line("authenticate login");
    assert!(matches!(drive.refused("noop"), Refusal::NotNow(_)));
    drive.server("+ VXNlcm5hbWU6\r\n");
    assert_eq!(drive.lines()[0].1, "+ VXNlcm5hbWU6");
    assert_eq!(
        drive.engine.mode(),
        Mode::Answer {
            mechanism: "login".into(),
            challenge: Secret::new("Username:")
        }
    );
    drive.forget();
    drive.line("YWxpY2U=");
    assert_eq!(
        (drive.shown(), drive.wrote()),
        (vec!["••••".into()], "YWxpY2U=\r\n".into())
    );
    drive.server("+ UGFzc3dvcmQ6\r\n").line("d29uZGVybGFuZA==");
    drive.server("a1 OK in\r\n");
    assert_eq!(drive.engine.facts().user.as_deref(), Some("alice"));
    assert_eq!(drive.engine.phase(), AUTHENTICATED);
}

#[test]
fn answers_that_were_not_asked_for_are_named() {
    let refused = |list: &[(&str, &str)]| {
        let mut drive = Drive::greeted();
        for (line, reply) in list {
            drive.line(line).server(format!("{reply}\r\n"));
        }
        drive.reply().unsent.clone()
    };
    let answers = |mechanism: &str, sent| {
        Some(Content::Answers {
            mechanism: mechanism.into(),
            sent,
        })
    };
    assert_eq!(
        refused(&[("authenticate plain", "a1 NO no")]),
        answers("plain", 0)
    );
    assert_eq!(
        refused(&[("authenticate plain", "+ "), ("AGEAYg==", "a1 NO no")]),
        None
    );
    assert_eq!(
        refused(&[("authenticate plain AGEAYg==", "a1 NO no")]),
        None
    );
    assert_eq!(
        refused(&[
            ("authenticate login", "+ VXNlcm5hbWU6"),
            ("YQ==", "a1 NO no")
        ]),
        answers("login", 1)
    );
}

#[test]
fn an_exchange_can_be_cancelled() {
    let mut drive = Drive::greeted();
    drive.line("authenticate cram-md5").server("+ PDFAaD4=\r\n");
    assert_eq!(drive.lines()[0].1, "+ ••••");
    drive.forget();
    drive.submit(Input::Cancel).unwrap();
    assert_eq!(
        (drive.wrote(), drive.shown()),
        ("*\r\n".into(), vec!["*".into()])
    );
    drive.server("a1 BAD cancelled\r\n");
    assert_eq!(drive.engine.mode(), Mode::Command);
    assert_eq!(drive.reply().unsent, None);
}

#[test]
fn a_mechanism_sends_its_first_message_where_it_may() {
    let mut drive = offering("SASL-IR AUTH=PLAIN");
    drive.submit(Input::Auth(helper("PLAIN"))).unwrap();
    let blob = b64::encode(b"\0alice\0wonderland");
    assert_eq!(drive.wrote(), format!("a1 AUTHENTICATE PLAIN {blob}\r\n"));
    assert_eq!(drive.shown(), ["a1 AUTHENTICATE PLAIN ••••"]);
    assert!(matches!(&drive.events[1], Event::Told(told) if told[0].text.contains("alice")));
    drive.server("a1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n");
    assert_eq!(drive.engine.facts().user.as_deref(), Some("alice"));
    assert!(drive.offers().has("IDLE"));

    let mut drive = offering("AUTH=PLAIN");
    drive.submit(Input::Auth(helper("PLAIN"))).unwrap();
    assert_eq!(drive.wrote(), "a1 AUTHENTICATE PLAIN\r\n");
    drive.server("+ \r\n");
    assert_eq!(drive.wrote(), format!("{blob}\r\n"));
    assert_eq!(drive.engine.mode(), Mode::Command);
    drive.server("a1 NO [AUTHENTICATIONFAILED] no\r\n");
    assert_eq!(
        (drive.reply().verdict, drive.reply().unsent.clone()),
        (Verdict::Refused, None)
    );
    assert_eq!(drive.engine.phase(), NOT_AUTHENTICATED);

    let mut drive = offering("SASL-IR AUTH=EXTERNAL");
    let nobody = Credentials::new("", Secret::new(""));
    let external = sasl::client("EXTERNAL", &nobody, &Binding::default(), "").unwrap();
    drive.submit(Input::Auth(external)).unwrap();
    assert_eq!(drive.wrote(), "a1 AUTHENTICATE EXTERNAL =\r\n");
}

#[test]
fn a_helper_takes_over_what_was_typed() {
    let mut drive = offering("AUTH=PLAIN");
    drive.line("AUTHENTICATE PLAIN").server("+ \r\n");
    assert!(matches!(
        drive.submit(Input::Auth(helper("LOGIN"))),
        Err(Refusal::NotNow(_))
    ));
    drive.forget();
    drive.submit(Input::Auth(helper("PLAIN"))).unwrap();
    assert_eq!(
        drive.wrote(),
        format!("{}\r\n", b64::encode(b"\0alice\0wonderland"))
    );
    drive.server("a1 OK in\r\n");
    assert!(drive.engine.facts().logged_in);
}

#[test]
fn the_server_must_prove_itself_where_the_mechanism_says_so() {
    let mut drive = offering("SASL-IR AUTH=SCRAM-SHA-1");
    drive.submit(Input::Auth(helper("SCRAM-SHA-1"))).unwrap();
    drive.server("a1 OK in\r\n");
    assert_eq!(drive.failure().unwrap().kind, FailureKind::Auth);
    assert!(!drive.engine.facts().logged_in);
    assert_eq!(drive.closes, 1);
}

#[test]
fn a_bad_challenge_is_answered_with_a_star() {
    let mut drive = offering("AUTH=SCRAM-SHA-1 SASL-IR");
    drive.submit(Input::Auth(helper("SCRAM-SHA-1"))).unwrap();
    drive.forget();
    drive.server("+ not base64!\r\n");
    assert_eq!(drive.wrote(), "*\r\n");
    assert!(drive.events.iter().any(
        |event| matches!(event, Event::Oddity(Oddity::Other(what)) if what.contains("cancelled"))
    ));
    // Whoever accepts a cancelled login lies.
    drive.server("a1 OK in\r\n");
    assert_eq!(drive.failure().unwrap().kind, FailureKind::Auth);
}

#[test]
fn the_error_challenge_of_xoauth2_is_answered() {
    let mut drive = offering("SASL-IR AUTH=XOAUTH2");
    drive.submit(Input::Auth(helper("XOAUTH2"))).unwrap();
    drive.forget();
    let error = b64::encode(br#"{"status":"400","schemes":"Bearer"}"#);
    drive.server(format!("+ {error}\r\n"));
    assert_eq!(drive.wrote(), "\r\n");
    drive.server("a1 NO no\r\n");
    assert_eq!(drive.reply().verdict, Verdict::Refused);
    assert!(drive.failure().is_none());
}

#[test]
fn credentials_in_the_clear_need_consent() {
    let options = ClientOptions {
        clear_credentials: false,
        ..ClientOptions::default()
    };
    let mut drive = Drive::new(&options);
    drive.server("* OK hi\r\n").forget();
    assert_eq!(drive.refused("login alice x"), Refusal::ClearCredential);
    assert_eq!(
        drive.refused("authenticate plain"),
        Refusal::ClearCredential
    );
    assert_eq!(drive.login("alice", "x"), Err(Refusal::ClearCredential));
    let plain = drive.submit(Input::Auth(helper("PLAIN")));
    assert_eq!(plain, Err(Refusal::ClearCredential));
    assert_eq!(drive.engine.facts().next_tag.as_deref(), Some("a1"));
    drive
        .line("authenticate scram-sha-256")
        .server("a1 NO no\r\n");
    drive.engine.set(Setting::ClearCredentials(true));
    drive.line("login alice x");
}

#[test]
fn a_login_makes_what_was_offered_before_doubtful() {
    let mut drive = offering("AUTH=PLAIN");
    drive.line("login a b").server("a1 OK in\r\n").forget();
    drive.line("namespace");
    assert!(!drive.events.iter().any(|e| matches!(e, Event::Advice(_))));
    drive.server("* CAPABILITY IMAP4rev1\r\na2 OK\r\n").forget();
    drive.line("namespace");
    assert_eq!(
        drive.events.last(),
        Some(&Event::Advice(Advice::NotAdvertised {
            what: "NAMESPACE".into(),
            needs: "NAMESPACE IMAP4rev2"
        }))
    );
}
