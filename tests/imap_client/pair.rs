//! The client engine and the practice server's, octets carried between them in chunks of any size.

use std::sync::Arc;

use ehlo::proto::engine::{ClientOptions, Engine, Input, Mode, Step};
use ehlo::proto::event::{Event, Verdict};
use ehlo::proto::faults::Faults;
use ehlo::proto::imap::server::ImapServer;
use ehlo::proto::imap::spec::SPEC;
use ehlo::proto::server::{Limits, Service, Visitor};
use ehlo::sasl::{self, Binding, Credentials};
use ehlo::store::{SharedStore, Store};
use ehlo::ui::Styled;
use ehlo::ui::view::Views;
use ehlo::wire::secret::Secret;
use ehlo::wire::show::Charset;

use crate::drive::{Drive, joined};

/// 2026-11-21 02:00:00 UTC.
const NOW: i64 = 1_795_226_400;

const MESSAGE: &str = "From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.org>\r\nTo: alice@ehlo.test, bob@ehlo.test\r\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\nDate: Sat, 21 Nov 2026 02:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n--b\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";

fn service() -> Arc<Service> {
    let mut store = Store::new("ehlo.test", NOW);
    store.add_user("alice", Secret::new("wonderland")).unwrap();
    Arc::new(Service {
        store: SharedStore::new(store),
        faults: Faults::new(Vec::new()),
        host: "ehlo.test".into(),
        clock: Arc::new(|| NOW),
        random: Arc::new(|buf| buf.fill(0xa5)),
        starttls: true,
        clear_logins: true,
        limits: Limits::default(),
        patience: None,
        events: false,
    })
}

struct Pair {
    drive: Drive,
    server: ImapServer,
}

impl Pair {
    fn new(service: &Arc<Service>, chunk: usize) -> Self {
        let visitor = Visitor {
            number: 1,
            address: Some("127.0.0.1".into()),
            secured: false,
            bell: Arc::new(|| {}),
            bindings: Arc::new(Binding::default),
        };
        let mut pair = Self {
            drive: Drive::new(&ClientOptions::default()),
            server: ImapServer::new(Arc::clone(service), visitor),
        };
        pair.drive.chunk = chunk;
        pair.settle();
        pair
    }

    fn settle(&mut self) {
        let chunk = self.drive.chunk;
        loop {
            let wrote = std::mem::take(&mut self.drive.written);
            for part in wrote.chunks(chunk.min(wrote.len().max(1))) {
                self.server.receive(part);
            }
            let mut heard = Vec::new();
            let mut tls = false;
            loop {
                match self.server.poll() {
                    Step::Write(bytes) => heard.extend_from_slice(&bytes),
                    Step::StartTls => tls = true,
                    Step::Wait => break,
                    Step::Close | Step::Event(_) | Step::Pause(_) => {}
                }
            }
            if wrote.is_empty() && heard.is_empty() {
                return;
            }
            self.drive.server(&heard);
            if tls {
                self.server.secured();
                self.drive.engine.secured();
            }
        }
    }

    fn line(&mut self, line: &str) -> Verdict {
        self.drive.line(line);
        self.settle();
        self.verdict()
    }

    fn input(&mut self, input: Input<'_>) -> Verdict {
        self.drive.submit(input).unwrap();
        self.settle();
        self.verdict()
    }

    fn verdict(&self) -> Verdict {
        assert_eq!(self.drive.failure(), None);
        self.drive.reply().verdict
    }

    /// What the views make of the events since the last time.
    fn view(&mut self) -> Vec<String> {
        let mut views = Views::new(Charset::Unicode);
        let lines = self.drive.events.iter().flat_map(|e| views.feed(e).lines);
        let lines = lines.map(|line: Styled| line.text()).collect();
        self.drive.forget();
        lines
    }
}

/// One life, from greeting to farewell; what the client saw of it.
fn life(chunk: usize) -> Vec<Event> {
    let mut pair = Pair::new(&service(), chunk);
    assert_eq!(pair.line("STARTTLS"), Verdict::Good);
    assert_eq!(pair.drive.tls, 1);
    assert_eq!(pair.line("CAPABILITY"), Verdict::Good);
    assert_eq!(pair.line("x1 LOGIN alice wrong"), Verdict::Refused);
    let secret = Secret::new("wonderland");
    let login = Input::Login {
        user: "alice",
        password: &secret,
    };
    assert_eq!(pair.input(login), Verdict::Good);
    assert_eq!(pair.line("CREATE \"Entw&APw-rfe\""), Verdict::Good);
    let length = MESSAGE.len();
    pair.line(&format!("APPEND INBOX (\\Seen) {{{length}}}"));
    for line in MESSAGE.lines() {
        pair.line(line);
    }
    assert_eq!(pair.drive.engine.mode(), Mode::Literal { octets_left: 0 });
    assert_eq!(pair.line(""), Verdict::Good);
    pair.line(&format!("APPEND INBOX {{{length}+}}"));
    pair.input(Input::Content {
        bytes: MESSAGE.as_bytes(),
        last: true,
    });
    assert_eq!(pair.line(""), Verdict::Good);
    assert_eq!(pair.line("APPEND Nowhere {5}"), Verdict::Refused);
    assert!(pair.drive.reply().unsent.is_some());
    assert_eq!(pair.line("SELECT {5}"), Verdict::More);
    assert_eq!(pair.line("INBOX"), Verdict::Good);
    assert_eq!(
        pair.line("FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[] BODY.PEEK[1])"),
        Verdict::Good
    );
    assert!(
        pair.drive
            .content()
            .windows(length)
            .any(|w| w == MESSAGE.as_bytes())
    );
    pair.drive
        .line("NOOP")
        .line("UID SEARCH ALL")
        .line("LIST \"\" *");
    pair.settle();
    assert!(pair.drive.engine.due().is_empty());
    assert_eq!(pair.line("IDLE"), Verdict::More);
    assert_eq!(pair.line("DONE"), Verdict::Good);
    assert_eq!(pair.line("LOGOUT"), Verdict::Good);
    assert!(pair.drive.engine.facts().leaving);
    let odd = |event: &Event| matches!(event, Event::Oddity(_));
    assert!(
        !pair.drive.events.iter().any(odd),
        "{:?}",
        pair.drive.events
    );
    joined(&pair.drive.events)
}

#[test]
fn a_whole_life_in_any_chunks() {
    let whole = life(usize::MAX);
    for chunk in [1, 2, 7, 4096] {
        assert_eq!(life(chunk), whole, "chunks of {chunk}");
    }
}

#[test]
fn every_mechanism_logs_in() {
    let service = service();
    for name in [
        "PLAIN",
        "LOGIN",
        "CRAM-MD5",
        "DIGEST-MD5",
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
    ] {
        for (password, verdict) in [("wonderland", Verdict::Good), ("wrong", Verdict::Refused)] {
            let mut pair = Pair::new(&service, usize::MAX);
            let who = Credentials::new("alice", Secret::new(password)).at("imap", "ehlo.test", 143);
            let helper =
                sasl::client(name, &who, &Binding::default(), "rOprNGfwEbeRWgbNEkqO").unwrap();
            assert_eq!(
                pair.input(Input::Auth(helper)),
                verdict,
                "{name} {password}"
            );
            let user = pair.drive.engine.facts().user;
            assert_eq!(user.is_some(), verdict == Verdict::Good, "{name} {user:?}");
        }
    }
}

#[test]
fn every_example_of_the_table_is_answered() {
    for verb in SPEC.verbs {
        let mut pair = Pair::new(&service(), usize::MAX);
        pair.line("LOGIN alice wonderland");
        pair.line("SELECT INBOX");
        pair.drive.forget();
        // Refusals of the client itself are not under test here.
        if pair.drive.submit_line(verb.example).is_ok() {
            pair.settle();
            let _ = pair.verdict();
        }
    }
}

#[test]
fn views_of_what_the_practice_server_says() {
    let mut pair = Pair::new(&service(), usize::MAX);
    pair.line("LOGIN alice wonderland");
    pair.line("CREATE \"Entw&APw-rfe/2026\"");
    pair.line(&format!("APPEND INBOX (\\Seen) {{{}+}}", MESSAGE.len()));
    pair.input(Input::Content {
        bytes: MESSAGE.as_bytes(),
        last: true,
    });
    pair.line("");
    pair.line("SELECT INBOX");
    pair.drive.forget();
    pair.line("FETCH 1 (FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[1])");
    let size = MESSAGE.len();
    assert_eq!(
        pair.view(),
        [
            &format!("message 1 · \\Seen \\Recent · {size} octets"),
            "  Date        Sat, 21 Nov 2026 02:00:00 +0000",
            "  Subject     Grüße",
            "  From        Jürgen <juergen@example.org>",
            "  To          alice@ehlo.test, bob@ehlo.test",
            "  Message-ID  <1@example.org>",
            "  multipart/mixed",
            "  ├ 1 text/plain · utf-8 · 7bit · 5 octets · 0 lines",
            "  └ 2 application/pdf · \"x.pdf\" · base64 · 4 octets",
            "  BODY[1], 5 octets",
            "  |hello",
        ]
    );
    pair.line("LIST \"\" Entw*");
    assert_eq!(pair.view(), ["Entwürfe  Entw&APw-rfe", "└ 2026"]);
    pair.line("STATUS INBOX (MESSAGES UNSEEN)");
    assert_eq!(pair.view(), ["INBOX         messages 1 · unseen 0"]);
}
