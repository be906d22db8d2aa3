//! A server engine on the bench: text in, text out, no socket.

use std::sync::Arc;

use ehlo::proto::engine::{Engine, Input, Step};
use ehlo::proto::event::Event;
use ehlo::proto::faults::{Fault, Faults};
use ehlo::proto::pop3::server::Pop3Server;
use ehlo::proto::server::{Limits, Service, Visitor};
use ehlo::proto::smtp::server::{Role, SmtpServer};
use ehlo::sasl::Binding;
use ehlo::store::{SharedStore, Store};

/// 2026-11-21 02:00:00 UTC.
pub(crate) const NOW: i64 = 1_795_226_400;

/// A service over an empty alice, bob and charlie.
pub(crate) fn service(faults: Vec<Fault>) -> Service {
    let mut store = Store::new("ehlo.test", NOW);
    for (user, password) in [("alice", "wonderland"), ("bob", "builder")] {
        store
            .add_user(user, ehlo::wire::secret::Secret::new(password))
            .unwrap();
    }
    Service {
        store: SharedStore::new(store),
        faults: Faults::new(faults),
        host: "ehlo.test".into(),
        clock: Arc::new(|| NOW),
        random: Arc::new(|buf| buf.fill(0xa5)),
        starttls: true,
        clear_logins: true,
        limits: Limits::default(),
        patience: None,
        events: true,
    }
}

pub(crate) fn visitor() -> Visitor {
    Visitor {
        number: 1,
        address: Some("127.0.0.1".into()),
        secured: false,
        bell: Arc::new(|| {}),
        bindings: Arc::new(Binding::default),
    }
}

/// One conversation.
pub(crate) struct Talk {
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) events: Vec<Event>,
}

impl Talk {
    pub(crate) fn smtp(service: &Service, role: Role) -> Self {
        Self::new(Box::new(SmtpServer::new(
            Arc::new(service.clone()),
            visitor(),
            role,
        )))
    }

    pub(crate) fn pop3(service: &Service) -> Self {
        Self::new(Box::new(Pop3Server::new(
            Arc::new(service.clone()),
            visitor(),
        )))
    }

    pub(crate) fn new(engine: Box<dyn Engine>) -> Self {
        Self {
            engine,
            events: Vec::new(),
        }
    }

    /// Everything there is to say; `<pause n>`, `<tls>` and `<close>` stand for steps.
    pub(crate) fn heard(&mut self) -> String {
        let mut out = Vec::new();
        loop {
            match self.engine.poll() {
                Step::Write(bytes) => out.extend_from_slice(&bytes),
                Step::Pause(time) => out.extend(format!("<pause {}>", time.as_millis()).bytes()),
                Step::StartTls => {
                    out.extend_from_slice(b"<tls>");
                    self.engine.secured();
                }
                Step::Close => out.extend_from_slice(b"<close>"),
                Step::Event(event) => self.events.push(event),
                Step::Wait => return String::from_utf8_lossy(&out).replace("\r\n", "\n"),
            }
        }
    }

    /// Sends lines (LF becomes CRLF) and answers what comes back.
    pub(crate) fn say(&mut self, lines: &str) -> String {
        self.raw(format!("{}\r\n", lines.replace('\n', "\r\n")).as_bytes())
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> String {
        self.engine.receive(bytes);
        self.heard()
    }

    pub(crate) fn goodbye(&mut self, reason: &str) -> String {
        self.engine.submit(Input::Line(reason.as_bytes())).unwrap();
        self.heard()
    }
}

/// The messages of a mailbox as text.
pub(crate) fn mail(service: &Service, user: &str, mailbox: &str) -> Vec<String> {
    let store = service.store.lock();
    let Ok(id) = store.mailbox_id(user, mailbox) else {
        return Vec::new();
    };
    let messages = store.mailbox(id).unwrap().messages();
    let text = |m: &ehlo::store::message::Message| {
        String::from_utf8_lossy(m.content.octets()).into_owned()
    };
    messages.iter().map(text).collect()
}
