//! The client engines against the server engines, without a socket, in chunks of any size.

use ehlo::proto::engine::{ClientOptions, Engine, Input, Mode, Step};
use ehlo::proto::event::{Event, Verdict};
use ehlo::proto::smtp::server::Role;
use ehlo::proto::{Protocol, protocol};
use ehlo::sasl::{Binding, Credentials, client};
use ehlo::wire::secret::Secret;

use crate::bench::{Talk, mail, service};

/// Both ends, and what the client made of it.
struct Pair {
    client: Box<dyn Engine>,
    server: Box<dyn Engine>,
    chunk: usize,
    /// "EHLO 250 Good" …
    replies: Vec<String>,
    other: Vec<Event>,
}

impl Pair {
    fn new(protocol: &Protocol, server: Talk, chunk: usize) -> Self {
        let mut pair = Self {
            client: (protocol.client)(&ClientOptions::default()),
            server: server.engine,
            chunk,
            replies: Vec::new(),
            other: Vec::new(),
        };
        pair.settle();
        pair
    }

    /// Carries octets to and fro until both wait.
    fn settle(&mut self) {
        let (mut client_tls, mut server_tls) = (false, false);
        loop {
            let mut moved = false;
            loop {
                match self.server.poll() {
                    Step::Write(bytes) => {
                        moved = true;
                        for part in bytes.chunks(self.chunk) {
                            self.client.receive(part);
                            moved |= self.hear(&mut client_tls);
                        }
                    }
                    Step::StartTls => server_tls = true,
                    Step::Close => self.client.closed(),
                    Step::Wait => break,
                    Step::Event(_) | Step::Pause(_) => {}
                }
            }
            moved |= self.hear(&mut client_tls);
            if client_tls && server_tls {
                self.server.secured();
                self.client.secured();
                (client_tls, server_tls, moved) = (false, false, true);
            }
            if !moved {
                return;
            }
        }
    }

    fn hear(&mut self, tls: &mut bool) -> bool {
        let mut moved = false;
        loop {
            match self.client.poll() {
                Step::Write(bytes) => {
                    moved = true;
                    for part in bytes.chunks(self.chunk) {
                        self.server.receive(part);
                    }
                }
                Step::StartTls => {
                    *tls = true;
                    return true;
                }
                Step::Event(Event::Reply(reply)) => {
                    let line = format!("{} {} {:?}", reply.to, reply.code, reply.verdict);
                    self.replies.push(line);
                }
                Step::Event(event) => self.other.push(event),
                Step::Close | Step::Pause(_) => {}
                Step::Wait => return moved,
            }
        }
    }

    fn say(&mut self, line: &str) {
        self.client.submit(Input::Line(line.as_bytes())).unwrap();
        self.settle();
    }

    fn log_in(&mut self, mechanism: &str, service: &str) {
        let who = Credentials::new("alice", Secret::new("wonderland"));
        let who = who.at(service, "ehlo.test", 2025);
        let mechanism = client(mechanism, &who, &Binding::default(), "fyko+d2lbbFgONRv").unwrap();
        self.client.submit(Input::Auth(mechanism)).unwrap();
        self.settle();
    }

    fn last(&self) -> &str {
        self.replies.last().map_or("", String::as_str)
    }
}

const CHUNKS: [usize; 4] = [1, 2, 7, 100_000];

#[test]
fn a_message_is_sent_and_fetched() {
    for chunk in CHUNKS {
        let service = service(Vec::new());
        let smtp = protocol("smtp").unwrap();
        let mut pair = Pair::new(smtp, Talk::smtp(&service, Role::Mx), chunk);
        for line in [
            "EHLO client.example.org",
            "STARTTLS",
            "EHLO client.example.org",
            "MAIL FROM:<samt@example.org>",
            "RCPT TO:<alice@ehlo.test>",
            "RCPT TO:<x@elsewhere.example>",
            "DATA",
            "Subject: hello",
            "",
            ".dots and all",
            ".",
            "QUIT",
        ] {
            pair.say(line);
        }
        assert_eq!(
            pair.replies,
            [
                "greeting 220 Good",
                "EHLO 250 Good",
                "STARTTLS 220 Good",
                "EHLO 250 Good",
                "MAIL 250 Good",
                "RCPT 250 Good",
                "RCPT 554 Refused",
                "DATA 354 More",
                ". 250 Good",
                "QUIT 221 Good"
            ],
            "{chunk}"
        );
        let odd: Vec<&Event> = pair
            .other
            .iter()
            .filter(|e| matches!(e, Event::Oddity(_) | Event::Failed(_)))
            .collect();
        assert!(odd.is_empty(), "{odd:?}");
        assert!(mail(&service, "alice", "INBOX")[0].ends_with("\r\n\r\n.dots and all\r\n"));

        let pop3 = protocol("pop3").unwrap();
        let mut pair = Pair::new(pop3, Talk::pop3(&service), chunk);
        for line in [
            "CAPA",
            "STLS",
            "USER alice",
            "PASS wonderland",
            "STAT",
            "LIST",
            "UIDL",
            "RETR 1",
            "TOP 1 0",
            "DELE 1",
            "QUIT",
        ] {
            pair.say(line);
            assert!(pair.last().ends_with("Good"), "{line}: {}", pair.last());
        }
        let odd = |e: &&Event| matches!(e, Event::Oddity(_) | Event::Failed(_));
        assert!(!pair.other.iter().any(|e| odd(&e)), "{:?}", pair.other);
        assert!(mail(&service, "alice", "INBOX").is_empty());
    }
}

#[test]
fn every_mechanism_logs_in_and_none_with_a_wrong_password() {
    for name in [
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "CRAM-MD5",
        "XOAUTH2",
        "OAUTHBEARER",
        "PLAIN",
        "LOGIN",
        "SCRAM-SHA-512",
        "DIGEST-MD5",
    ] {
        let service = service(Vec::new());
        let smtp = protocol("smtp").unwrap();
        let mut pair = Pair::new(smtp, Talk::smtp(&service, Role::Submission), 7);
        pair.say("EHLO me");
        pair.log_in(name, "smtp");
        assert_eq!(pair.last(), "AUTH 235 Good", "{name}: {:?}", pair.other);
        let pop3 = protocol("pop3").unwrap();
        let mut pair = Pair::new(pop3, Talk::pop3(&service), 7);
        pair.log_in(name, "pop");
        assert!(
            pair.last().ends_with("+OK Good"),
            "{name}: {} {:?}",
            pair.last(),
            pair.other
        );
        let log = format!("{:?}", pair.other);
        assert!(!log.contains("wonderland"), "{name}");

        service
            .store
            .lock()
            .add_user("alice", Secret::new("other"))
            .unwrap();
        let mut pair = Pair::new(smtp, Talk::smtp(&service, Role::Submission), 7);
        pair.say("EHLO me");
        pair.log_in(name, "smtp");
        assert!(
            pair.last().contains("Refused") || pair.last().contains("501"),
            "{name}: {}",
            pair.last()
        );
        assert!(!pair.server.facts().logged_in, "{name}");
    }
}

#[test]
fn lmtp_replies_reach_their_recipients() {
    for chunk in CHUNKS {
        let service = service(Vec::new());
        let lmtp = protocol("lmtp").unwrap();
        let mut pair = Pair::new(lmtp, Talk::smtp(&service, Role::Lmtp), chunk);
        for line in [
            "LHLO me",
            "MAIL FROM:<>",
            "RCPT TO:<alice@ehlo.test>",
            "RCPT TO:<bob@ehlo.test>",
            "DATA",
            "x",
            ".",
        ] {
            pair.say(line);
        }
        assert_eq!(
            pair.replies[pair.replies.len() - 2..],
            [". 250 Good", ". 250 Good"]
        );
        assert_eq!(pair.client.mode(), Mode::Command);
    }
}

#[test]
fn a_refused_chunk_leaves_both_in_step() {
    let service = service(Vec::new());
    let smtp = protocol("smtp").unwrap();
    let mut pair = Pair::new(smtp, Talk::smtp(&service, Role::Mx), 3);
    pair.say("EHLO me");
    let chunk = Input::Chunk {
        line: b"BDAT 6 LAST",
        bytes: b"QUIT\r\n",
    };
    pair.client.submit(chunk).unwrap();
    pair.settle();
    assert_eq!(pair.last(), "BDAT 503 Refused");
    pair.say("NOOP");
    assert!(pair.last().ends_with(&format!("250 {:?}", Verdict::Good)));
}
