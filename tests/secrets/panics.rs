//! A panic prints what its message was made of: the Debug of everything that can hold a secret, in the
//! words of a real panic.

use std::sync::{Arc, Mutex};

use ehlo::credentials::{Found, Keeper, Origin, Sources};
use ehlo::netrc::Entry;
use ehlo::proto::engine::{ClientOptions, Input, Step};
use ehlo::proto::event::{Event, Exchange, Line, LineKind, Sent, SentKind, Verdict};
use ehlo::repl::front::FromEditor;
use ehlo::sasl::{Credentials, Heard};
use ehlo::wire::b64;
use ehlo::wire::line::LineBuf;
use ehlo::wire::secret::Secret;

use super::canary::{PASSWORD, USER};
use super::helpers::{canaries, mechanism, setup, spoken};

/// What a panic of `thread` says, by the hook that the program's console puts its own before.
fn panics_with(thread: &'static str, words: String) -> String {
    let heard = Arc::new(Mutex::new(String::new()));
    let hook = Arc::clone(&heard);
    let before = std::panic::take_hook();
    let before = Arc::new(before);
    let others = Arc::clone(&before);
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(thread) {
            return others(panic);
        }
        hook.lock().unwrap().push_str(&panic.to_string());
    }));
    let ended = std::thread::Builder::new()
        .name(thread.to_owned())
        .spawn(move || panic!("{words}"))
        .unwrap()
        .join();
    assert!(ended.is_err());
    std::panic::set_hook(Box::new(move |panic| before(panic)));
    let heard = heard.lock().unwrap();
    heard.clone()
}

/// The Debug of everything that holds a canary.
fn everything() -> Vec<String> {
    let secret = || Secret::new(PASSWORD);
    let blob = b64::encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
    let line = format!("PASS {PASSWORD}");
    let found = Found {
        secret: secret(),
        user: Some(USER.into()),
        origin: Origin::Netrc,
    };
    let sources = Sources {
        environment: Some(secret()),
        ..Sources::default()
    };
    let mut keeper = Keeper::new(sources.clone());
    keeper.find(Some(USER)).unwrap();
    let sent = Event::Sent(Sent {
        exchange: Exchange(1),
        shown: "PASS ••••".into(),
        clear: Some(Secret::new(line.as_bytes())),
        kind: SentKind::Command,
        octets: 9,
        differs: false,
    });
    let heard = Event::Line(Line {
        exchange: None,
        text: "-ERR ••••".into(),
        clear: Some(Secret::new(line.as_bytes())),
        verdict: Verdict::Refused,
        kind: LineKind::Status,
    });
    let mut buffer = LineBuf::default();
    buffer.push(line.as_bytes());
    let mut all = vec![
        format!("{:?} {:#?}", secret(), secret()),
        format!("{found:?} {found:#?}"),
        format!("{sources:?} {keeper:#?}"),
        format!(
            "{:?}",
            Entry {
                user: Some(USER.into()),
                password: secret()
            }
        ),
        format!("{:#?}", Credentials::new(USER, secret())),
        format!("{sent:?} {heard:#?}"),
        format!("{:?}", Step::Event(sent.clone())),
        format!("{:?}", Step::Write(line.clone().into_bytes())),
        format!("{buffer:?}"),
        format!(
            "{:?} {:?}",
            FromEditor::Line(line.clone()),
            FromEditor::Secret(secret())
        ),
        format!("{:#?}", setup("smtp")),
    ];
    for input in [
        Input::Line(line.as_bytes()),
        Input::Raw(blob.as_bytes()),
        Input::Content {
            bytes: line.as_bytes(),
            last: true,
        },
        Input::Chunk {
            line: line.as_bytes(),
            bytes: blob.as_bytes(),
        },
        Input::Login {
            user: USER,
            password: &secret(),
        },
        Input::Apop {
            user: USER,
            password: &secret(),
        },
    ] {
        all.push(format!("{input:?} {input:#?}"));
    }
    for row in spoken() {
        let mut client = mechanism(row, "smtp", true);
        let say = client.step(Heard::Nothing);
        all.push(format!("{say:?} {client:?} {:?}", client.told()));
        all.push(format!("{:?}", Input::Auth(client)));
    }
    // Engines that have sent it, and what they have to do next.
    for (protocol, greeting) in [
        ("smtp", "220 h\r\n"),
        ("pop3", "+OK h\r\n"),
        ("imap", "* OK h\r\n"),
    ] {
        let options = ClientOptions {
            clear_credentials: true,
            show_secrets: true,
            ..ClientOptions::default()
        };
        let mut engine = (ehlo::proto::protocol(protocol).unwrap().client)(&options);
        engine.receive(greeting.as_bytes());
        let refused = engine.submit(Input::Line(
            match protocol {
                "smtp" => format!("AUTH PLAIN {blob}"),
                "pop3" => line.clone(),
                _ => format!("LOGIN {USER} {PASSWORD}"),
            }
            .as_bytes(),
        ));
        all.push(format!(
            "{refused:?} {:?} {:?}",
            engine.facts(),
            engine.due()
        ));
        loop {
            match engine.poll() {
                Step::Wait => break,
                step => all.push(format!("{step:?} {step:#?}")),
            }
        }
    }
    all
}

#[test]
fn a_panic_tells_no_secret() {
    let mut canaries = canaries();
    let blob = b64::encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
    canaries.add("blob", blob);
    for words in everything() {
        let message = panics_with("panic-canary", words.clone());
        assert!(message.contains(&words), "{message}");
        canaries.check("a panic", &message);
    }
    // The test itself hears a secret that is there.
    let told = panics_with("panic-canary", format!("PASS {PASSWORD}"));
    assert!(!canaries.in_text(&told).is_empty(), "{told}");
}
