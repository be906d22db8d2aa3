//! Drives an IMAP client engine by hand: what goes in, what comes out.

use ehlo::proto::engine::{ClientOptions, Engine, Input, Refusal, Step};
use ehlo::proto::event::{Event, Exchange, Failure, Line, LineKind, Offers, Reply, Sent};
use ehlo::proto::imap::client::Client;
use ehlo::wire::secret::Secret;

/// An engine with everything it said so far.
pub(crate) struct Drive {
    pub(crate) engine: Client,
    pub(crate) events: Vec<Event>,
    pub(crate) written: Vec<u8>,
    pub(crate) tls: usize,
    pub(crate) closes: usize,
    /// Feed in chunks of so many octets.
    pub(crate) chunk: usize,
}

impl Drive {
    pub(crate) fn new(options: &ClientOptions) -> Self {
        Self {
            engine: Client::new(options),
            events: Vec::new(),
            written: Vec::new(),
            tls: 0,
            closes: 0,
            chunk: usize::MAX,
        }
    }

    /// One that has had a plain greeting.
    pub(crate) fn greeted() -> Self {
        let mut drive = Self::new(&ClientOptions::default());
        drive.server("* OK ready\r\n");
        drive.forget();
        drive
    }

    /// One that is logged in with INBOX open.
    pub(crate) fn selected() -> Self {
        let mut drive = Self::greeted();
        drive.line("LOGIN alice secret");
        drive.server("a1 OK in\r\n");
        drive.line("SELECT INBOX");
        drive.server("* 3 EXISTS\r\na2 OK [READ-WRITE] done\r\n");
        drive.forget();
        drive
    }

    pub(crate) fn drain(&mut self) {
        loop {
            match self.engine.poll() {
                Step::Write(bytes) => self.written.extend_from_slice(&bytes),
                Step::Event(event) => self.events.push(event),
                Step::StartTls => self.tls += 1,
                Step::Close => self.closes += 1,
                Step::Pause(_) => panic!("a client never pauses"),
                Step::Wait => return,
            }
        }
    }

    /// Feeds bytes, as a session would: not behind a go-ahead for TLS.
    pub(crate) fn server(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        let size = self.chunk.min(bytes.len().max(1));
        for chunk in bytes.chunks(size) {
            self.engine.receive(chunk);
            self.drain();
        }
        self
    }

    pub(crate) fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        let result = self.engine.submit(input);
        self.drain();
        result
    }

    pub(crate) fn submit_line(&mut self, line: &str) -> Result<Exchange, Refusal> {
        self.submit(Input::Line(line.as_bytes()))
    }

    pub(crate) fn line(&mut self, line: &str) -> &mut Self {
        let result = self.submit_line(line);
        assert!(result.is_ok(), "{line}: {result:?}");
        self
    }

    pub(crate) fn refused(&mut self, line: &str) -> Refusal {
        let before = self.written.len();
        let refusal = self.submit_line(line).unwrap_err();
        assert_eq!(self.written.len(), before, "a refused line was sent");
        refusal
    }

    pub(crate) fn login(&mut self, user: &str, password: &str) -> Result<Exchange, Refusal> {
        self.submit(Input::Login {
            user,
            password: &Secret::new(password),
        })
    }

    pub(crate) fn eof(&mut self) {
        self.engine.closed();
        self.drain();
    }

    pub(crate) fn forget(&mut self) {
        self.events.clear();
        self.written.clear();
    }

    pub(crate) fn wrote(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.written)).unwrap()
    }

    pub(crate) fn sent(&self) -> Vec<&Sent> {
        pick(&self.events, |event| match event {
            Event::Sent(sent) => Some(sent),
            _ => None,
        })
    }

    /// The texts of `Sent`, in order.
    pub(crate) fn shown(&self) -> Vec<String> {
        self.sent()
            .iter()
            .map(|sent| String::from_utf8_lossy(&sent.shown).into_owned())
            .collect()
    }

    pub(crate) fn replies(&self) -> Vec<&Reply> {
        pick(&self.events, |event| match event {
            Event::Reply(reply) => Some(reply),
            _ => None,
        })
    }

    pub(crate) fn reply(&self) -> &Reply {
        self.replies().last().copied().expect("a reply")
    }

    pub(crate) fn lines(&self) -> Vec<(LineKind, String)> {
        pick(&self.events, |event| match event {
            Event::Line(line) => Some(line),
            _ => None,
        })
        .into_iter()
        .map(|line: &Line| (line.kind, String::from_utf8_lossy(&line.text).into_owned()))
        .collect()
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.events.iter().find_map(|event| match event {
            Event::Failed(failure) => Some(failure),
            _ => None,
        })
    }

    pub(crate) fn offers(&self) -> &Offers {
        self.engine.offers()
    }

    /// Literal content that came in, joined.
    pub(crate) fn content(&self) -> Vec<u8> {
        pick(&self.events, |event| match event {
            Event::Part(part) => Some(part),
            _ => None,
        })
        .into_iter()
        .flat_map(|part| part.bytes.clone())
        .collect()
    }
}

fn pick<'a, T: ?Sized>(events: &'a [Event], f: impl Fn(&'a Event) -> Option<&'a T>) -> Vec<&'a T> {
    events.iter().filter_map(f).collect()
}

/// Joins neighbouring parts: where they are cut depends on how the octets came, and only that.
pub(crate) fn joined(events: &[Event]) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    for event in events {
        if let (Some(Event::Part(before)), Event::Part(part)) = (out.last_mut(), event)
            && !before.last
            && before.exchange == part.exchange
        {
            before.bytes.extend_from_slice(&part.bytes);
            before.last = part.last;
            continue;
        }
        out.push(event.clone());
    }
    out
}
