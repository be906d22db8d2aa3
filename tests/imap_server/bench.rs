//! An engine on the bench: lines in, text out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ehlo::proto::engine::{Engine, Step};
use ehlo::proto::event::Event;
use ehlo::proto::faults::{Fault, Faults};
use ehlo::proto::imap::server::ImapServer;
use ehlo::proto::server::{Limits, Service, Visitor};
use ehlo::sasl::Binding;
use ehlo::store::{SharedStore, Store};

/// 2026-11-21 02:00:00 UTC.
pub(crate) const NOW: i64 = 1_795_226_400;

/// A service over the practice store.
pub(crate) fn service() -> Service {
    with_faults(Vec::new())
}

pub(crate) fn with_faults(faults: Vec<Fault>) -> Service {
    Service {
        store: SharedStore::new(Store::practice(1_000)),
        faults: Faults::new(faults),
        host: "ehlo.test".into(),
        clock: Arc::new(|| NOW),
        random: Arc::new(|buf| buf.fill(0xa5)),
        starttls: true,
        clear_logins: true,
        limits: Limits::default(),
        patience: None,
        events: false,
    }
}

/// One conversation.
pub(crate) struct Talk {
    pub(crate) engine: ImapServer,
    pub(crate) events: Vec<Event>,
    rung: Arc<AtomicBool>,
}

impl Talk {
    /// A connection with its greeting read.
    pub(crate) fn new(service: &Service) -> Self {
        let mut talk = Self::greeted(service);
        talk.heard();
        talk
    }

    /// A connection with its greeting unread.
    pub(crate) fn greeted(service: &Service) -> Self {
        let rung = Arc::new(AtomicBool::new(false));
        let bell = Arc::clone(&rung);
        let visitor = Visitor {
            number: 1,
            address: Some("127.0.0.1".into()),
            secured: false,
            bell: Arc::new(move || bell.store(true, Ordering::Relaxed)),
            bindings: Arc::new(Binding::default),
        };
        Self {
            engine: ImapServer::new(Arc::new(service.clone()), visitor),
            events: Vec::new(),
            rung,
        }
    }

    /// Logged in as alice.
    pub(crate) fn alice(service: &Service) -> Self {
        let mut talk = Self::new(service);
        assert!(talk.say("a LOGIN alice wonderland").starts_with("a OK"));
        talk
    }

    /// Logged in as alice, with a mailbox selected.
    pub(crate) fn inside(service: &Service, mailbox: &str) -> Self {
        let mut talk = Self::alice(service);
        let reply = talk.say(&format!("s SELECT {mailbox}"));
        assert!(reply.contains("s OK [READ-WRITE]"), "{reply}");
        talk
    }

    /// Everything there is to say, with LF for CRLF; `<tls>` and `<close>` stand for steps.
    pub(crate) fn heard(&mut self) -> String {
        String::from_utf8_lossy(&self.octets()).replace("\r\n", "\n")
    }

    /// Everything there is to say, as it is.
    pub(crate) fn octets(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            match self.engine.poll() {
                Step::Write(bytes) => {
                    assert!(bytes.len() <= 66 * 1024, "a part of {} octets", bytes.len());
                    out.extend_from_slice(&bytes);
                }
                Step::StartTls => {
                    out.extend_from_slice(b"<tls>");
                    self.engine.secured();
                }
                Step::Close => out.extend_from_slice(b"<close>"),
                Step::Event(event) => self.events.push(event),
                Step::Pause(_) => {}
                Step::Wait => return out,
            }
        }
    }

    /// Sends lines (LF becomes CRLF) and answers what comes back.
    pub(crate) fn say(&mut self, lines: &str) -> String {
        self.engine
            .receive(format!("{}\r\n", lines.replace('\n', "\r\n")).as_bytes());
        self.heard()
    }

    /// What comes when the bell was rung; nothing otherwise.
    pub(crate) fn pushed(&mut self) -> String {
        if self.rung.swap(false, Ordering::Relaxed) {
            self.engine.wake();
        }
        self.heard()
    }

    /// Appends a message (LF becomes CRLF) to a mailbox.
    pub(crate) fn append(&mut self, mailbox: &str, options: &str, text: &str) -> String {
        let octets = text.len() + text.matches('\n').count();
        self.say(&format!(
            "app APPEND {mailbox} {options}{{{octets}+}}\n{text}"
        ))
    }
}

/// The lines of an answer that begin with `start`.
pub(crate) fn lines<'a>(answer: &'a str, start: &str) -> Vec<&'a str> {
    answer.lines().filter(|l| l.starts_with(start)).collect()
}
