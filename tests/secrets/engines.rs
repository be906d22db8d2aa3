//! Every mechanism through the client engine of every protocol: events, facts, modes, refusals.

use ehlo::proto::engine::{ClientOptions, Engine, Input, Step};
use ehlo::proto::event::Event;
use ehlo::proto::{Protocol, protocol};
use ehlo::sasl::server::{Ask, Verifier, server};
use ehlo::sasl::table::Row;
use ehlo::wire::b64;
use ehlo::wire::secret::Secret;

use super::canary::{Canaries, PASSWORD, USER};
use super::helpers::{canaries, mechanism, setup, spoken};

/// A client engine, what it wrote, and everything that could be seen of it.
struct Bench {
    protocol: &'static Protocol,
    engine: Box<dyn Engine>,
    wire: Vec<u8>,
    seen: String,
    accepted: bool,
}

impl Bench {
    fn new(name: &str, initial: bool) -> Self {
        let protocol = protocol(name).expect("a protocol");
        let options = ClientOptions {
            show_secrets: true,
            ..ClientOptions::default()
        };
        let mut bench = Self {
            protocol,
            engine: (protocol.client)(&options),
            wire: Vec::new(),
            seen: String::new(),
            accepted: false,
        };
        let names: Vec<_> = spoken().map(|row| row.name).collect();
        match name {
            "smtp" => {
                bench.receive("220 ehlo.test ESMTP\r\n");
                bench.line("EHLO me.test");
                bench.receive(&format!(
                    "250-ehlo.test\r\n250 AUTH {}\r\n",
                    names.join(" ")
                ));
            }
            "pop3" => {
                bench.receive("+OK ready <1896.697170952@ehlo.test>\r\n");
                bench.line("CAPA");
                bench.receive(&format!("+OK\r\nSASL {}\r\n.\r\n", names.join(" ")));
            }
            _ => {
                let ir = if initial { " SASL-IR" } else { "" };
                bench.receive(&format!(
                    "* OK [CAPABILITY IMAP4rev1{ir} AUTH={}] ready\r\n",
                    names.join(" AUTH=")
                ));
            }
        }
        bench.wire.clear();
        bench
    }

    fn look(&mut self) {
        loop {
            match self.engine.poll() {
                Step::Write(bytes) => self.wire.extend_from_slice(&bytes),
                Step::Event(event) => {
                    self.seen.push_str(&format!("{event:?}\n"));
                    // Octets are a list of numbers in Debug: text as well.
                    let text: &[u8] = match &event {
                        Event::Sent(sent) => &sent.shown,
                        Event::Line(line) => &line.text,
                        Event::Reply(reply) => &reply.text,
                        Event::Part(part) => &part.bytes,
                        Event::Closed(closed) => closed.reason.as_deref().unwrap_or_default(),
                        _ => b"",
                    };
                    self.seen.push_str(&String::from_utf8_lossy(text));
                    self.seen.push('\n');
                    if let Event::Failed(failure) = event {
                        self.seen.push_str(&failure.what);
                    }
                }
                Step::Wait => break,
                other => self.seen.push_str(&format!("{other:?}")),
            }
        }
        let state = format!(
            "{:?} {:?} {:?} {:?} {:?}\n",
            self.engine.mode(),
            self.engine.facts(),
            self.engine.offers(),
            self.engine.due(),
            self.engine.phase()
        );
        self.seen.push_str(&state);
    }

    fn submit(&mut self, input: Input<'_>) {
        let debug = format!("{input:?}");
        // What a person typed is the person's; what came by helpers must mask itself.
        if matches!(
            input,
            Input::Auth(_) | Input::Login { .. } | Input::Apop { .. }
        ) {
            self.seen.push_str(&debug);
        }
        let result = self.engine.submit(input);
        self.seen.push_str(&format!("{result:?}\n"));
        self.look();
    }

    fn line(&mut self, line: &str) {
        self.submit(Input::Line(line.as_bytes()));
    }

    fn receive(&mut self, text: &str) {
        self.engine.receive(text.as_bytes());
        self.look();
    }

    /// The lines written since the last call.
    fn written(&mut self) -> Vec<String> {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.wire)).into_owned();
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }

    /// Plays the server with a verifier until the login ends.
    fn serve(&mut self, mut verifier: Box<dyn Verifier>, canaries: &mut Canaries) {
        let mut tag = String::new();
        let mut cancelled = false;
        for _ in 0..8 {
            let lines = self.written();
            assert!(!lines.is_empty(), "the client says nothing");
            for line in lines {
                let words: Vec<&str> = line.split(' ').collect();
                let at = words.iter().position(|w| *w == self.protocol.sasl.verb);
                let text = match at {
                    Some(at) => {
                        tag = words[0].to_owned();
                        words.get(at + 2).copied()
                    }
                    None => Some(line.as_str()),
                };
                if text == Some("*") {
                    cancelled = true;
                    continue;
                }
                let answer = text.map(|text| {
                    let text = if text == "=" { "" } else { text };
                    b64::decode(text.as_bytes()).expect("base64")
                });
                if let Some(answer) = &answer {
                    canaries.add_message(answer);
                }
                let reply = match verifier.step(answer.as_deref()) {
                    Ask::Challenge(challenge) => {
                        canaries.add_message(&challenge);
                        self.framed(&b64::encode(&challenge))
                    }
                    Ask::Accept { .. } => {
                        self.accepted = true;
                        self.verdict(&tag, true)
                    }
                    Ask::Reject(_) | Ask::Malformed(_) => self.verdict(&tag, false),
                };
                let done = !reply.starts_with("334") && !reply.starts_with("+ ");
                self.receive(&reply);
                if done {
                    return;
                }
            }
            if cancelled {
                let reply = self.verdict(&tag, false);
                return self.receive(&reply);
            }
        }
        panic!("no end");
    }

    fn framed(&self, challenge: &str) -> String {
        let mark = if self.protocol.name == "smtp" {
            "334"
        } else {
            "+"
        };
        format!("{mark} {challenge}\r\n")
    }

    fn verdict(&self, tag: &str, good: bool) -> String {
        match (self.protocol.name, good) {
            ("smtp", true) => "235 2.7.0 in\r\n".into(),
            ("smtp", false) => "535 5.7.8 no\r\n".into(),
            ("pop3", true) => "+OK in\r\n".into(),
            ("pop3", false) => "-ERR [AUTH] no\r\n".into(),
            (_, true) => format!("{tag} OK in\r\n"),
            (_, false) => format!("{tag} NO [AUTHENTICATIONFAILED] no\r\n"),
        }
    }
}

fn login(protocol: &str, row: &'static Row, initial: bool, right: bool) -> Bench {
    let mut canaries = canaries();
    let mut bench = Bench::new(protocol, initial);
    let service = bench.protocol.sasl.service;
    bench.submit(Input::Auth(mechanism(row, service, right)));
    let verifier = server(row.name, &setup(service)).expect("spoken");
    bench.serve(verifier, &mut canaries);
    canaries.check(&format!("{protocol} {}", row.name), &bench.seen);
    bench
}

#[test]
fn logins_by_mechanism() {
    for protocol in ["smtp", "pop3", "imap"] {
        for row in spoken() {
            for initial in [true, false] {
                // Only IMAP's initial response depends on what the server offers.
                if !initial && protocol != "imap" {
                    continue;
                }
                let bench = login(protocol, row, initial, true);
                assert!(bench.accepted, "{protocol} {}", row.name);
                assert!(bench.engine.facts().logged_in, "{protocol} {}", row.name);
            }
        }
    }
}

#[test]
fn refused_logins() {
    for protocol in ["smtp", "pop3", "imap"] {
        for row in spoken().filter(|row| !matches!(row.name, "EXTERNAL" | "ANONYMOUS")) {
            let bench = login(protocol, row, true, false);
            assert!(
                !bench.accepted && !bench.engine.facts().logged_in,
                "{protocol} {}",
                row.name
            );
        }
    }
}

#[test]
fn a_server_that_skips_its_proof_logs_nobody_in() {
    for protocol in ["smtp", "pop3", "imap"] {
        for name in ["SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "DIGEST-MD5"] {
            let row = ehlo::sasl::find(name).expect("known");
            let mut canaries = canaries();
            let mut bench = Bench::new(protocol, true);
            let service = bench.protocol.sasl.service;
            bench.submit(Input::Auth(mechanism(row, service, true)));
            let mut verifier = server(name, &setup(service)).expect("spoken");
            let line = bench.written().remove(0);
            let tag = line.split(' ').next().unwrap_or_default().to_owned();
            let initial = line.rsplit(' ').next().filter(|text| *text != name);
            let initial = initial.map(|text| b64::decode(text.as_bytes()).expect("base64"));
            let Ask::Challenge(challenge) = verifier.step(initial.as_deref()) else {
                panic!("{name}: no challenge");
            };
            let challenge = bench.framed(&b64::encode(&challenge));
            bench.receive(&challenge);
            let answer = bench.written().remove(0);
            canaries.add_message(&b64::decode(answer.as_bytes()).expect("base64"));
            let verdict = bench.verdict(&tag, true);
            bench.receive(&verdict);
            assert!(
                bench.seen.contains("impostor"),
                "{protocol} {name}: {}",
                bench.seen
            );
            assert!(!bench.engine.facts().logged_in, "{protocol} {name}");
            canaries.check(name, &bench.seen);
        }
    }
}

#[test]
fn junk_challenges_are_cancelled() {
    for protocol in ["smtp", "pop3", "imap"] {
        for name in ["CRAM-MD5", "SCRAM-SHA-1", "PLAIN", "XOAUTH2"] {
            let row = ehlo::sasl::find(name).expect("known");
            let mut bench = Bench::new(protocol, true);
            bench.submit(Input::Auth(mechanism(row, "smtp", true)));
            bench.wire.clear();
            let challenge = bench.framed("no*base64");
            bench.receive(&challenge);
            assert_eq!(bench.written(), ["*"], "{protocol} {name}");
            canaries().check(name, &bench.seen);
        }
    }
}

#[test]
fn what_is_typed_is_masked() {
    let plain = b64::encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
    let password = b64::encode(PASSWORD.as_bytes());
    let user = b64::encode(USER.as_bytes());
    let mut canaries = canaries();
    canaries.add("typed", plain.clone());
    canaries.add("typed", password.clone());
    for (protocol, lines) in [
        ("smtp", vec![format!("AUTH PLAIN {plain}")]),
        ("smtp", vec![format!("auth  plain  {plain}")]),
        ("smtp", vec!["AUTH PLAIN".into(), plain.clone()]),
        (
            "smtp",
            vec!["AUTH LOGIN".into(), user.clone(), password.clone()],
        ),
        ("smtp", vec![format!("AUTH LOGIN {user}"), password.clone()]),
        (
            "smtp",
            vec!["AUTH X-NEW".into(), plain.clone(), password.clone()],
        ),
        ("pop3", vec![format!("AUTH PLAIN {plain}")]),
        (
            "pop3",
            vec!["AUTH LOGIN".into(), user.clone(), password.clone()],
        ),
        (
            "pop3",
            vec![format!("USER {USER}"), format!("PASS {PASSWORD}")],
        ),
        ("pop3", vec![format!("pass {PASSWORD}")]),
        ("imap", vec![format!("AUTHENTICATE PLAIN {plain}")]),
        (
            "imap",
            vec!["AUTHENTICATE LOGIN".into(), user.clone(), password],
        ),
        ("imap", vec![format!("LOGIN {USER} {}", quoted(PASSWORD))]),
        (
            "imap",
            vec![format!("x7 login {USER} {}", quoted(PASSWORD))],
        ),
        (
            "imap",
            vec![
                format!("LOGIN {USER} {{{}}}", PASSWORD.len()),
                PASSWORD.to_owned(),
            ],
        ),
    ] {
        let mut bench = Bench::new(protocol, true);
        for line in &lines {
            bench.line(line);
            assert!(!bench.wire.is_empty(), "{line} was not sent");
            if Some(line) == lines.last() {
                continue;
            }
            let go_on = match protocol {
                "smtp" => "334 \r\n",
                "pop3" if line.starts_with("USER") => "+OK\r\n",
                _ => "+ \r\n",
            };
            bench.receive(go_on);
        }
        bench.engine.closed();
        bench.look();
        canaries.check(&format!("{protocol} {lines:?}"), &bench.seen);
        let wire = String::from_utf8_lossy(&bench.wire).into_owned();
        assert!(
            !canaries.in_text(&wire).is_empty(),
            "the wire must hold it: {wire}"
        );
    }
}

/// Raw octets have no meaning, and the answers of a login among them are secrets all the same.
#[test]
fn logins_in_raw_octets() {
    let password = b64::encode(PASSWORD.as_bytes());
    let mut canaries = canaries();
    canaries.add("raw", password.clone());
    for (protocol, begins, go_on, ends) in [
        ("smtp", "AUTH LOGIN", "334 \r\n", "235 in\r\n"),
        ("pop3", "AUTH LOGIN", "+ \r\n", "+OK in\r\n"),
        ("imap", "r1 AUTHENTICATE LOGIN", "+ \r\n", "r1 OK in\r\n"),
    ] {
        for at_once in [false, true] {
            let mut bench = Bench::new(protocol, true);
            let answer = format!("{password}\r\n");
            if at_once {
                let all = format!("{begins}\r\n{answer}");
                bench.submit(Input::Raw(all.as_bytes()));
                bench.receive(go_on);
            } else {
                bench.submit(Input::Raw(format!("{begins}\r\n").as_bytes()));
                bench.receive(go_on);
                assert!(bench.engine.facts().hidden, "{protocol}");
                bench.submit(Input::Raw(answer.as_bytes()));
                bench.receive(go_on);
                if protocol != "imap" {
                    bench.line(&password);
                }
            }
            canaries.check(&format!("{protocol}, at once: {at_once}"), &bench.seen);
            bench.receive(ends);
            assert!(!bench.engine.facts().hidden, "{protocol}");
            bench.submit(Input::Raw(b"NOOP\r\n"));
            assert!(bench.seen.contains("NOOP"), "{}", bench.seen);
        }
    }
}

#[test]
fn logins_by_command() {
    let canaries = canaries();
    let secret = Secret::new(PASSWORD);
    for protocol in ["pop3", "imap"] {
        let mut bench = Bench::new(protocol, true);
        bench.submit(Input::Login {
            user: USER,
            password: &secret,
        });
        bench.receive("+OK\r\n");
        let wire = String::from_utf8_lossy(&bench.wire).into_owned();
        assert!(!canaries.in_text(&wire).is_empty(), "{wire}");
        bench.engine.closed();
        bench.look();
        canaries.check(protocol, &bench.seen);
    }
    let mut canaries = super::helpers::canaries();
    let mut bench = Bench::new("pop3", true);
    bench.submit(Input::Apop {
        user: USER,
        password: &secret,
    });
    let line = bench.written().remove(0);
    let digest = line.rsplit(' ').next().unwrap_or_default();
    assert_eq!(digest.len(), 32);
    canaries.add("apop", digest.to_owned());
    bench.receive("-ERR no\r\n");
    canaries.check("APOP", &bench.seen);
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
