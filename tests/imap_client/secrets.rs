//! No password in any event, whichever way it was given.

use ehlo::proto::engine::{ClientOptions, Input};
use ehlo::proto::event::Event;
use ehlo::sasl::{self, Binding, Credentials};
use ehlo::wire::b64;
use ehlo::wire::secret::Secret;

use crate::drive::Drive;

const CANARY: &str = "canary-c4n4ry";

/// Everything the engine said or could be made to say, the octets for the wire left out.
fn said(drive: &Drive) -> String {
    let texts: Vec<String> = drive
        .events
        .iter()
        .flat_map(|event| match event {
            Event::Sent(sent) => vec![String::from_utf8_lossy(&sent.shown).into_owned()],
            Event::Line(line) => vec![String::from_utf8_lossy(&line.text).into_owned()],
            Event::Reply(reply) => vec![String::from_utf8_lossy(&reply.text).into_owned()],
            _ => Vec::new(),
        })
        .collect();
    format!("{texts:?} {:?} {:?}", drive.events, drive.engine)
}

fn check(drive: &Drive, how: &str) {
    let said = said(drive);
    let blobs = (0..3).map(|shift| {
        let text = [&"xy"[..shift], CANARY].concat();
        // The octets of the middle are the same whatever stands around them.
        b64::encode(text.as_bytes())[4..12].to_owned()
    });
    for form in blobs.chain([CANARY.to_owned()]) {
        assert!(!said.contains(&form), "{form} seen: {how}: {said}");
    }
}

#[test]
fn typed_logins_are_masked() {
    for show_secrets in [false, true] {
        let options = ClientOptions {
            show_secrets,
            ..ClientOptions::default()
        };
        let blob = b64::encode(format!("\0alice\0{CANARY}").as_bytes());
        let n = CANARY.len();
        for (name, steps) in [
            ("atom", vec![format!("login alice {CANARY}")]),
            ("own tag", vec![format!("x1 LOGIN alice {CANARY}")]),
            ("quoted", vec![format!("LOGIN \"al ice\" \"{CANARY}\"")]),
            ("open quote", vec![format!("LOGIN \"alice {CANARY}")]),
            ("two tags", vec![format!("x1 x2 LOGIN alice {CANARY}")]),
            (
                "literal",
                vec![format!("LOGIN alice {{{n}}}"), "+".into(), CANARY.into()],
            ),
            (
                "literals",
                vec![
                    "LOGIN {5}".into(),
                    "+".into(),
                    format!("alice {{{n}}}"),
                    "+".into(),
                    CANARY.into(),
                ],
            ),
            (
                "at once",
                vec![
                    format!("LOGIN {{5+}}"),
                    format!("alice {{{n}+}}"),
                    CANARY.into(),
                ],
            ),
            ("initial", vec![format!("AUTHENTICATE PLAIN {blob}")]),
            (
                "answer",
                vec!["AUTHENTICATE PLAIN".into(), "+".into(), blob.clone()],
            ),
            (
                "plain answer",
                vec!["AUTHENTICATE LOGIN".into(), "+".into(), CANARY.into()],
            ),
        ] {
            let mut drive = Drive::new(&options);
            drive.server("* OK hi\r\n");
            for step in steps {
                if step == "+" {
                    drive.server("+ \r\n");
                } else {
                    drive.line(&step);
                }
            }
            let wire = String::from_utf8_lossy(&drive.written).into_owned();
            assert!(
                wire.contains(CANARY) || wire.contains(&blob),
                "{name} went out"
            );
            check(&drive, name);
            let clear = drive.sent().iter().any(|sent| sent.clear.is_some());
            assert_eq!(clear, show_secrets, "{name}");
        }
    }
}

#[test]
fn logins_of_the_engine_are_masked() {
    for password in [
        CANARY.to_owned(),
        format!("{CANARY} \"x"),
        format!("ü{CANARY}"),
    ] {
        let mut drive = Drive::greeted();
        drive.login("alice", &password).unwrap();
        drive.server("+ \r\n");
        check(&drive, "LOGIN");
    }
    for name in [
        "PLAIN",
        "LOGIN",
        "CRAM-MD5",
        "SCRAM-SHA-256",
        "XOAUTH2",
        "OAUTHBEARER",
    ] {
        for ir in ["", "SASL-IR"] {
            let who = Credentials::new("alice", Secret::new(CANARY)).at("imap", "h", 143);
            let helper =
                sasl::client(name, &who, &Binding::default(), "fyko+d2lbbFgONRv9qkxdawL").unwrap();
            let mut drive = Drive::new(&ClientOptions::default());
            drive.server(format!("* OK [CAPABILITY IMAP4rev1 {ir}] hi\r\n"));
            drive.submit(Input::Auth(helper)).unwrap();
            for challenge in ["", "VXNlcm5hbWU6", "UGFzc3dvcmQ6"] {
                drive.server(format!("+ {challenge}\r\n"));
            }
            check(&drive, name);
        }
    }
}

#[test]
fn content_that_is_cut_off_in_an_exchange_is_masked() {
    let mut drive = Drive::greeted();
    drive
        .line("authenticate cram-md5")
        .server(format!("+ {}", b64::encode(CANARY.as_bytes())));
    drive.eof();
    check(&drive, "cut challenge");
}
