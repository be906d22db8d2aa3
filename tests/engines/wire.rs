//! A wire without a socket: the test is the server.

use ehlo::proto;
use ehlo::proto::engine::{ClientOptions, Engine, Input, Refusal, Step};
use ehlo::proto::event::{
    Advice, Closed, Event, Exchange, Failure, FailureKind, Oddity, Part, Reply,
};

/// An engine, and all that it did.
pub(crate) struct Wire {
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) events: Vec<Event>,
    pub(crate) written: Vec<u8>,
    pub(crate) handshakes: usize,
    pub(crate) closing: bool,
    /// Into how many octets what the server says is cut.
    pub(crate) cut: usize,
}

impl Wire {
    pub(crate) fn new(protocol: &str) -> Self {
        Self::with(protocol, &ClientOptions::default())
    }

    pub(crate) fn strict(protocol: &str) -> Self {
        let options = ClientOptions {
            strict: true,
            starttls_required: true,
            ..ClientOptions::default()
        };
        Self::with(protocol, &options)
    }

    pub(crate) fn with(protocol: &str, options: &ClientOptions) -> Self {
        let protocol = proto::protocol(protocol).expect("a protocol of the list");
        Self {
            engine: (protocol.client)(options),
            events: Vec::new(),
            written: Vec::new(),
            handshakes: 0,
            closing: false,
            cut: usize::MAX,
        }
    }

    /// The server says something.
    pub(crate) fn hear(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        for chunk in bytes.as_ref().chunks(self.cut) {
            self.engine.receive(chunk);
            self.drain();
        }
        self
    }

    /// A person types a line.
    pub(crate) fn say(&mut self, line: &str) -> &mut Self {
        self.input(Input::Line(line.as_bytes()))
            .unwrap_or_else(|refusal| panic!("{line:?}: {refusal}"));
        self
    }

    /// A line is typed, and the server answers.
    pub(crate) fn turn(&mut self, line: &str, answer: &str) -> &mut Self {
        self.say(line).hear(answer)
    }

    pub(crate) fn refused(&mut self, line: &str) -> Refusal {
        let before = self.written.len();
        let refusal = self
            .input(Input::Line(line.as_bytes()))
            .expect_err("a refusal");
        assert_eq!(self.written.len(), before, "nothing goes out");
        refusal
    }

    pub(crate) fn input(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        let taken = self.engine.submit(input);
        self.drain();
        taken
    }

    pub(crate) fn close(&mut self) -> Closed {
        self.engine.closed();
        self.drain();
        match self.events.last() {
            Some(Event::Closed(closed)) => closed.clone(),
            other => panic!("no Closed but {other:?}"),
        }
    }

    pub(crate) fn drain(&mut self) {
        loop {
            match self.engine.poll() {
                Step::Wait => return,
                Step::Write(bytes) => self.written.extend(bytes),
                Step::Event(event) => self.note(event),
                Step::Close => self.closing = true,
                Step::StartTls => {
                    self.handshakes += 1;
                    self.engine.secured();
                }
                Step::Pause(time) => panic!("a client pauses for {time:?}"),
            }
        }
    }

    /// Parts are one, however the octets were cut.
    fn note(&mut self, event: Event) {
        if let (Event::Part(new), Some(Event::Part(old))) = (&event, self.events.last_mut())
            && !old.last
        {
            old.bytes.extend_from_slice(&new.bytes);
            old.last = new.last;
            return;
        }
        self.events.push(event);
    }

    /// What went out since the last call.
    pub(crate) fn sent(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.written)).into_owned()
    }

    pub(crate) fn replies(&self) -> Vec<&Reply> {
        self.all(|event| match event {
            Event::Reply(reply) => Some(reply),
            _ => None,
        })
    }

    /// The last reply.
    pub(crate) fn reply(&self) -> &Reply {
        self.replies().pop().expect("a reply")
    }

    /// "MAIL 250" for each reply.
    pub(crate) fn answers(&self) -> Vec<String> {
        let replies = self.replies();
        let line = |r: &&Reply| format!("{} {}", r.to, r.code);
        replies.iter().map(line).collect()
    }

    pub(crate) fn parts(&self) -> Vec<&Part> {
        self.all(|event| match event {
            Event::Part(part) => Some(part),
            _ => None,
        })
    }

    pub(crate) fn advice(&self) -> Vec<&Advice> {
        self.all(|event| match event {
            Event::Advice(advice) => Some(advice),
            _ => None,
        })
    }

    pub(crate) fn oddities(&self) -> Vec<&Oddity> {
        self.all(|event| match event {
            Event::Oddity(oddity) => Some(oddity),
            _ => None,
        })
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.all(|event| match event {
            Event::Failed(failure) => Some(failure),
            _ => None,
        })
        .pop()
    }

    /// The conversation ended for a reason of this kind, and nothing more goes out.
    pub(crate) fn assert_failed(&mut self, kind: FailureKind, words: &str) {
        let failure = self.failure().expect("a failure");
        assert_eq!(failure.kind, kind, "{}", failure.what);
        assert!(failure.what.contains(words), "{}", failure.what);
        assert!(self.closing, "a close follows");
        let events = self.events.len();
        self.hear("220 2.0.0 more\r\n250 AUTH PLAIN\r\n+OK\r\n");
        assert_eq!(
            self.events.len(),
            events,
            "nothing is read behind a failure"
        );
        assert_eq!(self.refused("NOOP"), Refusal::Closed);
    }

    fn all<'a, T>(&'a self, pick: impl FnMut(&'a Event) -> Option<T>) -> Vec<T> {
        self.events.iter().filter_map(pick).collect()
    }
}
