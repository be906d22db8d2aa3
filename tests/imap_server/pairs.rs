//! The client engine against the server engine, without a socket, in chunks of any size.

use ehlo::proto::engine::{ClientOptions, Engine, Input, Mode, Step};
use ehlo::proto::event::{Event, Verdict};
use ehlo::proto::protocol;
use ehlo::sasl::{Binding, Credentials, client};
use ehlo::wire::secret::Secret;

use crate::bench::{Talk, service};

const CHUNKS: [usize; 4] = [1, 2, 7, 100_000];

struct Pair {
    client: Box<dyn Engine>,
    server: Talk,
    chunk: usize,
    /// "SELECT OK Good" …
    replies: Vec<String>,
    content: Vec<u8>,
    odd: Vec<String>,
}

impl Pair {
    fn new(server: Talk, chunk: usize) -> Self {
        let imap = protocol("imap").unwrap();
        let mut pair = Self {
            client: (imap.client)(&ClientOptions::default()),
            server,
            chunk,
            replies: Vec::new(),
            content: Vec::new(),
            odd: Vec::new(),
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
                match self.server.engine.poll() {
                    Step::Write(bytes) => {
                        for part in bytes.chunks(self.chunk) {
                            self.client.receive(part);
                            self.hear(&mut client_tls);
                        }
                        moved = true;
                    }
                    Step::StartTls => server_tls = true,
                    Step::Close => self.client.closed(),
                    Step::Wait => break,
                    Step::Event(_) | Step::Pause(_) => {}
                }
            }
            moved |= self.hear(&mut client_tls);
            if client_tls && server_tls {
                self.server.engine.secured();
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
                        self.server.engine.receive(part);
                    }
                }
                Step::StartTls => {
                    *tls = true;
                    return true;
                }
                Step::Event(Event::Reply(reply)) => {
                    assert_ne!((&*reply.to, reply.verdict), ("", Verdict::Refused));
                    self.replies
                        .push(format!("{} {} {:?}", reply.to, reply.code, reply.verdict));
                }
                Step::Event(Event::Part(part)) => self.content.extend(part.bytes),
                Step::Event(Event::Oddity(oddity)) => self.odd.push(format!("{oddity:?}")),
                Step::Event(_) | Step::Close | Step::Pause(_) => {}
                Step::Wait => return moved,
            }
        }
    }

    fn say(&mut self, line: &str) {
        self.client.submit(Input::Line(line.as_bytes())).unwrap();
        self.settle();
    }

    fn last(&self) -> &str {
        self.replies.last().map_or("", String::as_str)
    }
}

#[test]
fn a_session_from_greeting_to_goodbye() {
    for chunk in CHUNKS {
        let service = service();
        let mut pair = Pair::new(Talk::greeted(&service), chunk);
        for (line, last) in [
            ("CAPABILITY", "CAPABILITY OK Good"),
            ("STARTTLS", "STARTTLS OK Good"),
            ("LOGIN alice wrong", "LOGIN NO Refused"),
            ("LOGIN alice wonderland", "LOGIN OK Good"),
            ("SELECT INBOX", "SELECT OK Good"),
            ("FETCH 7 BODY[TEXT]", "FETCH OK Good"),
            ("FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE)", "FETCH OK Good"),
            ("SEARCH SUBJECT lunch", "SEARCH OK Good"),
            ("NONSENSE", "NONSENSE BAD Refused"),
            ("COPY 1 nowhere", "COPY NO Refused"),
            ("CLOSE", "CLOSE OK Good"),
            ("LOGOUT", "LOGOUT OK Good"),
        ] {
            if line.starts_with("SEARCH") {
                assert!(pair.content.starts_with(b"Shall we meet at noon?\r\n"));
            }
            pair.say(line);
            assert_eq!(pair.last(), last, "{line} in chunks of {chunk}");
        }
        assert!(pair.odd.is_empty(), "{:?}", pair.odd);
    }
}

#[test]
fn literals_both_ways() {
    for chunk in CHUNKS {
        let service = service();
        let mut pair = Pair::new(Talk::greeted(&service), chunk);
        pair.say("LOGIN alice wonderland");
        pair.say("APPEND Archive (\\Seen) {26}");
        assert!(matches!(
            pair.client.mode(),
            Mode::Literal { octets_left: 26 }
        ));
        let bytes = b"Subject: typed\r\n\r\nby hand\r\n";
        pair.client
            .submit(Input::Content {
                bytes: &bytes[..26],
                last: true,
            })
            .unwrap();
        pair.settle();
        pair.say("");
        assert_eq!(pair.last(), "APPEND OK Good", "chunks of {chunk}");
        pair.say("SELECT Archive");
        pair.say("FETCH 1 BODY[]");
        assert_eq!(pair.content, &bytes[..26]);
    }
}

#[test]
fn logins_by_mechanism() {
    for mechanism in ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"] {
        for chunk in [1, 100_000] {
            let service = service();
            let mut pair = Pair::new(Talk::greeted(&service), chunk);
            let who = Credentials::new("alice", Secret::new("wonderland"));
            let who = who.at("imap", "ehlo.test", 2143);
            let login = client(mechanism, &who, &Binding::default(), "fyko+d2lbbFgONRv").unwrap();
            pair.client.submit(Input::Auth(login)).unwrap();
            pair.settle();
            assert_eq!(pair.last(), "AUTHENTICATE OK Good", "{mechanism}");
        }
    }
}

#[test]
fn idle_hears_of_other_sessions() {
    for chunk in CHUNKS {
        let service = service();
        let mut pair = Pair::new(Talk::greeted(&service), chunk);
        pair.say("LOGIN alice wonderland");
        pair.say("SELECT Drafts");
        pair.say("IDLE");
        assert!(matches!(pair.client.mode(), Mode::Idle));
        Talk::alice(&service).append("Drafts", "", "Subject: x\n\ny\n");
        pair.server.engine.wake();
        pair.settle();
        pair.client.submit(Input::Cancel).unwrap();
        pair.settle();
        assert_eq!(pair.last(), "IDLE OK Good", "chunks of {chunk}");
    }
}
