//! A session: an engine and a connection, joined by the one pump.
//!
//! Rules: `poll_next` may be dropped at any time and loses nothing (a handshake under way lives in
//! the session, not in the future of its caller). After `submit` the caller drives `next` until the
//! replies it waits for have come. Nothing is sent or read over TLS that is not trusted until
//! `trust` was called.

pub mod detect;
mod door;
mod ends;
mod facts;
pub mod feed;
pub mod happening;
mod odd;
pub mod open;
pub mod policy;
mod setup;
pub mod watch;

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::error::{Error, Kind};
use crate::net::conn::{Conn, Turn};
use crate::net::tls::{TlsFault, TlsReport, fault_of, legacy};
use crate::proto::Protocol;
use crate::proto::echoes::Echoes;
use crate::proto::engine::{ClientOptions, Engine, Input, Refusal, Step};
use crate::proto::event::{Event, Exchange, FailureKind, LineKind};

pub use happening::{Happening, Timed};
pub use setup::{RootsLater, TlsSetup};
pub use watch::Patience;

use door::Door;
use watch::{Wanted, Watch};

const READ_BUFFER: usize = 64 * 1024;
/// What may still be read when the time for a reply is over: it may have come in time, while this
/// program was kept from reading. A server that goes on for ever does not get more.
const OVERTIME: usize = 8 * 1024 * 1024;
/// A handshake may take so long where a program waits.
const HANDSHAKE: Duration = Duration::from_secs(60);
/// Silence for so long before the greeting is commented.
const SILENCE: Duration = Duration::from_secs(3);

type Handshake = Pin<Box<dyn Future<Output = (Conn, Result<Arc<TlsReport>, TlsFault>)> + Send>>;

/// Where the connection is.
enum Link {
    Open(Conn),
    Shaking(Handshake, Instant),
    Distrusted(Conn),
    Over,
}

/// How a session behaves beyond what its engine does.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// What the engine is made with.
    pub engine: ClientOptions,
    /// How to shake hands, now or at STARTTLS.
    pub tls: TlsSetup,
    /// Who waits.
    pub patience: Patience,
    /// True where a person can be asked about an untrusted certificate.
    pub can_ask: bool,
    /// True when trust was waived beforehand.
    pub insecure: bool,
}

/// A conversation with a server.
pub struct Session {
    link: Link,
    engine: Option<Box<dyn Engine>>,
    protocol: Option<&'static Protocol>,
    options: SessionOptions,
    ready: VecDeque<Timed>,
    buf: Vec<u8>,
    greeting: Vec<u8>,
    in_flight: VecDeque<(Exchange, Option<Instant>)>,
    watch: Watch,
    timer: Pin<Box<Sleep>>,
    silence_told: bool,
    door: Door,
    greeted: bool,
    /// Something came.
    heard: bool,
    tls: Option<Arc<TlsReport>>,
    failure: Option<Error>,
    tell_drained: bool,
    overtime: usize,
    echoes: Echoes,
    /// Written last, until it is known what is shown of it.
    written: Option<Vec<u8>>,
}

impl Session {
    /// A session on an open connection. `protocol` is `None` when the greeting must tell.
    pub fn new(conn: Conn, protocol: Option<&'static Protocol>, options: SessionOptions) -> Self {
        let engine = protocol.map(|p| (p.client)(&options.engine));
        Self {
            link: Link::Open(conn),
            engine,
            protocol,
            ready: VecDeque::new(),
            buf: vec![0; READ_BUFFER],
            greeting: Vec::new(),
            in_flight: VecDeque::from([(Exchange(0), Some(Instant::now()))]),
            watch: Watch::new(options.patience),
            timer: Box::pin(tokio::time::sleep(SILENCE)),
            silence_told: false,
            door: Door::default(),
            greeted: false,
            heard: false,
            tls: None,
            failure: None,
            tell_drained: false,
            overtime: 0,
            echoes: Echoes::new(options.engine.show_secrets),
            written: None,
            options,
        }
    }

    /// Takes an input for the engine.
    ///
    /// # Errors
    /// As `Engine::submit`; also while no engine is chosen or trust is undecided.
    pub fn submit(&mut self, input: Input<'_>) -> Result<Exchange, Refusal> {
        match &self.link {
            Link::Open(_) => {}
            Link::Shaking(..) => return Err(Refusal::NotNow("TLS is being negotiated")),
            Link::Distrusted(_) => return Err(Refusal::NotNow("the certificate is not trusted")),
            Link::Over => return Err(Refusal::Closed),
        }
        let Some(engine) = &mut self.engine else {
            return Err(Refusal::NotNow(
                "the server has not said yet what it speaks",
            ));
        };
        self.tell_drained |= matches!(input, Input::Content { .. } | Input::Chunk { .. });
        let outcome = engine.submit(input);
        self.drain_engine();
        outcome
    }

    /// True while something that happened waits to be told.
    pub fn has_news(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The next thing that happens. Cancel-safe.
    pub async fn next(&mut self) -> Timed {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As `next`, for those who wait on several sessions. Pending for ever once the session is over.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Timed> {
        loop {
            self.drain_engine();
            if let Some(timed) = self.ready.pop_front() {
                return Poll::Ready(timed);
            }
            match &mut self.link {
                Link::Over | Link::Distrusted(_) => return Poll::Pending,
                Link::Shaking(..) => std::task::ready!(self.poll_shaking(cx)),
                Link::Open(_) => std::task::ready!(self.poll_open(cx)),
            }
        }
    }

    /// One turn of an open connection; ready when something changed.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Link::Open(conn) = &mut self.link else {
            return Poll::Ready(());
        };
        let queued = conn.queued();
        let turn = pin!(conn.turn(&mut self.buf)).poll(cx);
        if queued > 0 && conn.queued() < queued {
            self.wrote(queued);
        }
        match turn {
            Poll::Ready(Ok(Turn::Read(count))) => {
                self.read(count);
                self.count_overtime(count);
            }
            Poll::Ready(Ok(Turn::Wrote)) => {}
            Poll::Ready(Ok(Turn::Eof)) => self.closed(None),
            Poll::Ready(Err(e)) => match fault_of(&e) {
                // An alert that came after the handshake: a client certificate that is missing.
                Some(fault) => self.end(Some(fault.to_error())),
                None => self.closed(Some(e.to_string())),
            },
            Poll::Pending if self.door.poll(cx) => self.wrong_door(),
            Poll::Pending => return self.poll_timer(cx),
        }
        Poll::Ready(())
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline();
        let silence = (!self.heard && !self.silence_told).then(|| {
            let since = self.in_flight.front().and_then(|(_, at)| *at);
            since.unwrap_or_else(Instant::now) + SILENCE
        });
        let Some(next) = [deadline.map(|(at, _)| at), silence]
            .into_iter()
            .flatten()
            .min()
        else {
            return Poll::Pending;
        };
        // A timer that rings too early is set anew then: most waits end before it, and setting it
        // for each of them costs more than they do.
        if self.timer.deadline() > next {
            self.timer.as_mut().reset(next);
        }
        loop {
            std::task::ready!(self.timer.as_mut().poll(cx));
            if self.timer.deadline() >= next {
                break;
            }
            self.timer.as_mut().reset(next);
        }
        let now = Instant::now();
        if let Some((at, limit)) = deadline
            && at <= now
        {
            self.out_of_time(limit);
        } else {
            self.silence_told = true;
            if let Link::Open(conn) = &self.link
                && !conn.is_tls()
            {
                self.door.knock(conn);
            }
            self.tell(Happening::Silence(SILENCE));
        }
        Poll::Ready(())
    }

    fn count_overtime(&mut self, count: usize) {
        match self.deadline() {
            Some((at, limit)) if at <= Instant::now() => {
                self.overtime += count;
                if self.overtime > OVERTIME {
                    self.out_of_time(limit);
                }
            }
            _ => self.overtime = 0,
        }
    }

    fn wrong_door(&mut self) {
        let program = matches!(self.options.patience, Patience::Program(_));
        match (self.greeted, program) {
            (true, _) => {}
            (false, true) => self.end(Some(door::error())),
            (false, false) => self.tell(Happening::SpeaksTls(door::error())),
        }
    }

    fn deadline(&self) -> Option<(Instant, Duration)> {
        let allowed = match &self.engine {
            Some(engine) => engine.patience(),
            None => Some(Duration::from_secs(300)),
        };
        self.watch.deadline(allowed, self.is_writing())
    }

    fn is_writing(&self) -> bool {
        matches!(&self.link, Link::Open(conn) if conn.queued() > 0)
    }

    fn out_of_time(&mut self, limit: Duration) {
        let waited_for = self
            .engine
            .as_ref()
            .and_then(|e| e.due().first().map(|due| due.to.clone()));
        let wanted = match waited_for.as_deref() {
            None if self.is_writing() => Wanted::Room,
            Some("greeting") | None => Wanted::Greeting(self.heard),
            Some(verb) => Wanted::Reply(verb),
        };
        self.end(Some(watch::out_of_time(&wanted, limit)));
    }

    fn wrote(&mut self, before: usize) {
        self.watch.begin();
        let Link::Open(conn) = &self.link else { return };
        if conn.queued() > 0 || before == 0 {
            return;
        }
        let now = Instant::now();
        for (_, at) in &mut self.in_flight {
            at.get_or_insert(now);
        }
        if std::mem::take(&mut self.tell_drained) {
            self.tell(Happening::Drained);
        }
    }

    fn read(&mut self, count: usize) {
        self.heard |= count > 0;
        if self.engine.is_none() {
            let (protocol, enough) = detect::from_greeting(&mut self.greeting, &self.buf[..count]);
            if !enough {
                return;
            }
            self.protocol = Some(protocol);
            let mut engine = (protocol.client)(&self.options.engine);
            engine.receive(&self.greeting);
            self.greeting = Vec::new();
            self.engine = Some(engine);
            return;
        }
        if let Some(engine) = &mut self.engine {
            engine.receive(&self.buf[..count]);
        }
    }

    /// Takes every step the engine has, up to a handshake or the end.
    fn drain_engine(&mut self) {
        while let (Link::Open(conn), Some(engine)) = (&mut self.link, &mut self.engine) {
            // Content is passed on before more of it is made.
            if self.ready.len() > 64 && self.written.is_none() {
                return;
            }
            let step = engine.poll();
            // What is shown of octets stands before or behind them.
            if let Some(bytes) = self.written.take() {
                if let Step::Event(Event::Sent(sent)) = &step {
                    self.echoes.sent(sent, Some(&bytes));
                }
                queue(conn, &mut self.watch, bytes);
            } else if let Step::Event(Event::Sent(sent)) = &step {
                self.echoes.sent(sent, None);
            }
            match step {
                Step::Wait => return,
                Step::Write(bytes) if self.echoes.wrote(&bytes) => {
                    queue(conn, &mut self.watch, bytes);
                }
                Step::Write(bytes) => self.written = Some(bytes),
                Step::Pause(_) => {}
                Step::StartTls => self.start_handshake(false),
                Step::Close => {
                    let error = self.failure.take();
                    self.end(error);
                }
                Step::Event(event) => self.note(event),
            }
        }
    }

    /// TLS from the first octet: the handshake comes before the greeting.
    pub fn start_tls_at_once(&mut self) {
        self.start_handshake(true);
    }

    fn start_handshake(&mut self, at_once: bool) {
        let plan = match self.options.tls.plan() {
            Ok(plan) => plan,
            Err(error) => return self.end(Some(error)),
        };
        let Link::Open(mut conn) = std::mem::replace(&mut self.link, Link::Over) else {
            return;
        };
        let handshake = Box::pin(async move {
            let outcome = match conn.start_tls(&plan).await {
                Err(fault) if !at_once => Err(fault.behind_go_ahead()),
                // Nothing was said in the clear, so the same door can be tried again.
                Err(fault) if at_once => {
                    let sni = plan.sni();
                    Err(legacy::explain(fault, conn.remote(), sni.as_deref()).await)
                }
                outcome => outcome,
            };
            (conn, outcome)
        });
        self.watch.begin();
        self.link = Link::Shaking(handshake, Instant::now());
    }

    /// Waits for the handshake, as long as for a greeting.
    fn poll_shaking(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Link::Shaking(handshake, since) = &mut self.link else {
            return Poll::Ready(());
        };
        let took = since.elapsed();
        if let Poll::Ready((conn, outcome)) = handshake.as_mut().poll(cx) {
            self.shaken(conn, outcome, took);
            return Poll::Ready(());
        }
        let Some((at, limit)) = self.watch.deadline(Some(HANDSHAKE), false) else {
            return Poll::Pending;
        };
        if self.timer.deadline() != at {
            self.timer.as_mut().reset(at);
        }
        std::task::ready!(self.timer.as_mut().poll(cx));
        self.end(Some(watch::out_of_time(&Wanted::Handshake, limit)));
        Poll::Ready(())
    }

    fn shaken(&mut self, conn: Conn, outcome: Result<Arc<TlsReport>, TlsFault>, took: Duration) {
        let report = match outcome {
            Ok(report) => report,
            Err(TlsFault::Untrusted(report)) => Arc::new(*report),
            Err(fault) => return self.end(Some(fault.to_error())),
        };
        self.tls = Some(Arc::clone(&report));
        if report.is_trusted() || self.options.insecure {
            self.link = Link::Open(conn);
            self.secured(report, took);
            return;
        }
        let held = conn.is_held();
        self.link = Link::Distrusted(conn);
        self.push(Some(took), Happening::Untrusted(report));
        // With a client certificate the handshake was ended at once: there is nothing to go on with.
        if !(self.options.can_ask && held) {
            self.end(Some(Error::silent(Kind::Tls)));
        }
    }

    fn secured(&mut self, report: Arc<TlsReport>, took: Duration) {
        if let Some(engine) = &mut self.engine {
            engine.secured();
        }
        self.watch.begin();
        self.push(Some(took), Happening::Tls(report));
    }

    /// Goes on without trust, as the person decided.
    pub fn trust(&mut self) {
        if !self.is_distrusted() {
            return;
        }
        let Link::Distrusted(mut conn) = std::mem::replace(&mut self.link, Link::Over) else {
            return;
        };
        conn.go_on_untrusted();
        self.link = Link::Open(conn);
        if let Some(report) = self.tls.clone() {
            self.secured(report, Duration::ZERO);
        }
    }

    fn note(&mut self, mut event: Event) {
        let mut took = None;
        self.echoes.veil(&mut event);
        match &event {
            Event::Sent(sent) => {
                if self
                    .in_flight
                    .back()
                    .is_none_or(|(last, _)| *last != sent.exchange)
                {
                    self.in_flight.push_back((sent.exchange, None));
                } else if let Some((_, at)) = self.in_flight.back_mut() {
                    *at = None;
                }
            }
            Event::Part(part) => self.watch.content(part.bytes.len() as u64),
            Event::Line(line) if matches!(line.kind, LineKind::Untagged | LineKind::Rest) => {
                self.watch.content(line.text.len() as u64 + 2);
            }
            Event::Reply(reply) => {
                self.greeted = true;
                took = self.took(reply.exchange, reply.intermediate);
                self.watch.content_ended();
            }
            Event::Failed(failure) => {
                let kind = match failure.kind {
                    FailureKind::Protocol => Kind::Lost,
                    FailureKind::Tls => Kind::Tls,
                    FailureKind::Auth => Kind::Auth,
                };
                self.failure = Some(Error::new(kind, failure.what.clone()));
            }
            Event::Closed(closed) => self.remember_end(closed),
            _ => {}
        }
        self.push(took, Happening::Engine(event));
    }

    /// The time since the last octet of the exchange went out.
    fn took(&mut self, exchange: Option<Exchange>, intermediate: bool) -> Option<Duration> {
        let exchange = exchange?;
        let at = self.in_flight.iter().position(|(id, _)| *id == exchange)?;
        let since = self.in_flight[at].1?;
        if !intermediate && self.in_flight.len() > 1 {
            self.in_flight.remove(at);
        }
        Some(since.elapsed())
    }

    fn tell(&mut self, what: Happening) {
        self.push(None, what);
    }

    fn push(&mut self, took: Option<Duration>, what: Happening) {
        let secured = self.is_secured();
        self.ready.push_back(Timed {
            took,
            ..Timed::now(secured, what)
        });
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("protocol", &self.protocol.map(|p| p.name))
            .field("secured", &self.is_secured())
            .finish_non_exhaustive()
    }
}

/// What is queued behind nothing starts the wait for its way out.
fn queue(conn: &mut Conn, watch: &mut Watch, bytes: Vec<u8>) {
    if conn.queued() == 0 {
        watch.begin();
    }
    conn.queue_owned(bytes);
}
