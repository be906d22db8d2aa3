//! The fault table, seen from the client's side.

use std::time::Duration;

use ehlo::proto::faults::{CloseWhen, Effect, Fault, Per, Times};
use ehlo::proto::smtp::server::Role;

use crate::bench::{Talk, mail, service};

fn row(on: &str, act: Effect) -> Fault {
    Fault {
        on: on.into(),
        act,
        ..Fault::default()
    }
}

fn answer(reply: &str) -> Effect {
    Effect {
        reply: Some(reply.into()),
        ..Effect::default()
    }
}

fn once() -> Times {
    Times {
        first: 1,
        last: Some(1),
    }
}

#[test]
fn a_recipient_is_greylisted_by_triple() {
    let service = service(vec![Fault {
        per: Per::Triple,
        times: once(),
        ..row("RCPT", answer("451 4.7.1 Greylisted"))
    }]);
    for (n, code) in [(1, "451 4.7.1"), (2, "250 2.1.5")] {
        let mut talk = Talk::smtp(&service, Role::Mx);
        let reply = talk.say("EHLO me\nMAIL FROM:<a@b.test>\nRCPT TO:<bob@ehlo.test>");
        assert!(
            reply.lines().last().unwrap().starts_with(code),
            "{n}: {reply}"
        );
    }
}

#[test]
fn a_refused_command_is_not_carried_out() {
    let service = service(vec![
        row("MAIL", answer("451 4.3.0 not now")),
        row("DATA", answer("250 2.0.0 what body")),
    ]);
    let mut talk = Talk::smtp(&service, Role::Mx);
    let reply = talk.say("EHLO me\nMAIL FROM:<a@b.test>\nRCPT TO:<bob@ehlo.test>");
    assert!(reply.ends_with("451 4.3.0 not now\n503 5.5.1 Error: need MAIL command\n"));
    service
        .faults
        .replace(vec![row("DATA", answer("250 2.0.0 what body"))]);
    let reply = talk.say("MAIL FROM:<a@b.test>\nRCPT TO:<bob@ehlo.test>\nDATA\nNOOP");
    assert!(
        reply.ends_with("250 2.0.0 what body\n250 2.0.0 Ok\n"),
        "{reply}"
    );
}

#[test]
fn the_reply_to_the_dot_is_lost_and_the_message_is_there() {
    for (act, kept) in [
        (
            Effect {
                cut: Some(5),
                ..Effect::default()
            },
            1,
        ),
        (
            Effect {
                close: Some(CloseWhen::Before),
                ..Effect::default()
            },
            0,
        ),
        (
            Effect {
                close: Some(CloseWhen::After),
                ..Effect::default()
            },
            1,
        ),
    ] {
        let service = service(vec![row(".", act)]);
        let mut talk = Talk::smtp(&service, Role::Mx);
        talk.say("EHLO me\nMAIL FROM:<a@b.test>\nRCPT TO:<bob@ehlo.test>\nDATA");
        let reply = talk.say("x\n.");
        assert!(
            reply.ends_with("<close>") && !reply.contains("500"),
            "{reply}"
        );
        assert_eq!(mail(&service, "bob", "INBOX").len(), kept);
    }
}

#[test]
fn bytes_behind_the_go_ahead_and_starttls_taken_away() {
    let extra = Effect {
        extra: Some(b"250-evil\r\n".to_vec()),
        ..Effect::default()
    };
    let behind = service(vec![row("STARTTLS", extra)]);
    let mut talk = Talk::smtp(&behind, Role::Mx);
    let reply = talk.say("EHLO me\nSTARTTLS");
    assert!(
        reply.ends_with("Ready to start TLS\n250-evil\n<tls>"),
        "{reply}"
    );
    let hide = Effect {
        hide: vec!["starttls".into()],
        ..Effect::default()
    };
    let stripped = service(vec![row("EHLO", hide)]);
    let mut talk = Talk::smtp(&stripped, Role::Mx);
    let reply = talk.say("EHLO me\nSTARTTLS");
    assert!(
        !reply.contains("STARTTLS")
            && reply.ends_with("502 5.5.1 Error: command not implemented\n")
    );
}

#[test]
fn a_tarpit_and_an_end_after_so_many_commands() {
    let slow = Effect {
        delay: Some(Duration::from_secs(2)),
        ..Effect::default()
    };
    let tarpit = Fault {
        after_errors: 2,
        ..row("*", slow)
    };
    let service = service(vec![
        tarpit,
        Fault {
            after_commands: 4,
            ..row("*", answer("421 4.7.0 enough"))
        },
    ]);
    let mut talk = Talk::smtp(&service, Role::Mx);
    assert!(!talk.say("EHLO me\nBOO\nBOO").contains("pause"));
    assert_eq!(talk.say("NOOP"), "<pause 2000>250 2.0.0 Ok\n");
    assert_eq!(talk.say("NOOP"), "<pause 2000>421 4.7.0 enough\n<close>");
}

#[test]
fn a_login_is_refused_for_one_user() {
    let service = service(vec![Fault {
        user: Some("alice*".into()),
        ..row("AUTH", answer("454 4.7.0 Temporary authentication failure"))
    }]);
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.say("EHLO me");
    assert!(
        talk.say("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")
            .starts_with("454 4.7.0")
    );
    assert!(!talk.engine.facts().logged_in);
    assert!(
        talk.say("AUTH PLAIN AGJvYgBidWlsZGVy")
            .starts_with("235 2.7.0")
    );
}

#[test]
fn pop3_faults() {
    let service = service(vec![
        Fault {
            times: once(),
            ..row("PASS", answer("-ERR [SYS/TEMP] come back"))
        },
        row(
            "STAT",
            Effect {
                drip: Some(Duration::from_millis(1)),
                cut: Some(2),
                ..Effect::default()
            },
        ),
        row("greeting", answer("+OK ****")),
    ]);
    let mut talk = Talk::pop3(&service);
    assert_eq!(talk.heard(), "+OK ****\n");
    assert!(
        talk.say("USER bob\nPASS builder")
            .ends_with("-ERR [SYS/TEMP] come back\n")
    );
    assert!(
        talk.say("USER bob\nPASS builder")
            .ends_with("+OK 0 messages, 0 octets\n")
    );
    assert_eq!(talk.say("STAT"), "+<pause 1>O<pause 1><close>");
}
