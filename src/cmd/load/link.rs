//! One connection of a run, below any protocol: dialled, secured, read and counted.
//!
//! Rule: all connections read into one buffer, and keep only what is not understood yet.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep};

use super::server::Server;
use super::wakes;
use crate::net::dial::{self, DialOptions};
use crate::net::{Conn, Turn};
use crate::proto::echoes::Echoes;
use crate::stats::{Stage, Tally};
use crate::wire::show::{Charset, show};

/// Octets read at once.
const READ: usize = 64 * 1024;
/// The most that is shown of a reply.
const SHOWN: usize = 120;
/// The most that is kept of it until it is known what must not be shown.
const KEPT: usize = 1024;
/// How long to wait before the next try after a connection that failed.
pub(super) const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(10);

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Where to.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// One of these addresses, resolved once.
    Tcp(Vec<SocketAddr>),
    /// A socket.
    Unix(PathBuf),
}

/// Why something went wrong, ready to be counted.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) stage: Stage,
    pub(super) reason: String,
    pub(super) example: String,
}

impl Trouble {
    pub(super) fn new(stage: Stage, reason: impl Into<String>) -> Self {
        Self {
            stage,
            reason: reason.into(),
            example: String::new(),
        }
    }

    /// The same with what the server said.
    pub(super) fn with(mut self, line: &[u8]) -> Self {
        self.example = shown(line);
        self
    }

    /// The same without the secret of the account, which a server may say back.
    pub(super) fn veiled(mut self, server: &Server, session: usize) -> Self {
        if let Some((user, secret)) = server.account(session) {
            let echoes = Echoes::of(user, secret);
            echoes.text(&mut self.reason);
            echoes.text(&mut self.example);
        }
        for text in [&mut self.reason, &mut self.example] {
            text.truncate(text.floor_char_boundary(SHOWN));
        }
        self
    }
}

/// A connection.
pub(super) struct Link<'a> {
    pub(super) conn: Conn,
    /// What came and is not used up.
    pub(super) heard: Vec<u8>,
    tally: &'a Mutex<Tally>,
    /// How long a reply may take.
    pub(super) patience: Duration,
    /// When something was written last, or the greeting began to be waited for.
    said: Instant,
    /// When what was read last arrived.
    pub(super) came: Instant,
    timer: Pin<Box<Sleep>>,
    /// Whom the timer wakes.
    armed: Option<Waker>,
    /// Octets that are not counted yet.
    sent: Cell<u64>,
    received: Cell<u64>,
    /// The connection is gone.
    pub(super) lost: bool,
}

impl<'a> Link<'a> {
    /// Connects, and secures the connection where TLS comes first.
    pub(super) async fn open(server: &Server, tally: &'a Mutex<Tally>) -> Result<Self, Trouble> {
        let start = Instant::now();
        let mut tries = 1;
        let conn = loop {
            match dial(&server.way, &server.dial).await {
                Err(_) if tries < server.tries => sleep(PAUSE_AFTER_FAILURE).await,
                outcome => break outcome?,
            }
            tries += 1;
        };
        let mut link = Self {
            conn,
            heard: Vec::new(),
            tally,
            patience: server.patience,
            said: Instant::now(),
            came: Instant::now(),
            timer: Box::pin(sleep(server.patience)),
            armed: None,
            sent: Cell::new(0),
            received: Cell::new(0),
            lost: false,
        };
        link.count(|t| {
            t.time(Stage::Connect, start.elapsed());
            t.connections += 1;
        });
        if server.implicit {
            link.secure(server).await?;
        }
        Ok(link)
    }

    /// How long after `start` what was read last arrived.
    pub(super) fn took(&self, start: Instant) -> Duration {
        self.came.saturating_duration_since(start)
    }

    /// Counts something.
    pub(super) fn count<R>(&self, what: impl FnOnce(&mut Tally) -> R) -> R {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.sent += self.sent.take();
        tally.received += self.received.take();
        what(&mut tally)
    }

    /// Puts octets into the queue and tells when.
    pub(super) fn queue(&mut self, octets: &[u8]) -> Instant {
        self.conn.queue(octets);
        self.said = Instant::now();
        self.said
    }

    /// Writes what is queued, and reads once.
    pub(super) async fn read(&mut self, stage: Stage) -> Result<(), Trouble> {
        let (conn, heard) = (&mut self.conn, &mut self.heard);
        let (timer, armed, patience) = (&mut self.timer, &mut self.armed, self.patience);
        let (queued, unsent) = (conn.queued(), conn.unsent());
        let asked = self.said;
        // A reply that goes on for ever is none, however fast it comes.
        if queued == 0 && self.said.elapsed() >= patience {
            self.lost = true;
            return Err(Trouble::new(stage, "no end of the reply in time"));
        }
        // What was queued was queued just now.
        let mut begun = match queued {
            0 => Instant::now(),
            _ => self.said,
        };
        let (mut slow, mut left) = (false, queued);
        let turn = poll_fn(|cx| {
            loop {
                let turn = SCRATCH.with_borrow_mut(|buffer| {
                    let turn = conn.poll_turn(cx, buffer);
                    if let Poll::Ready(Ok(Turn::Read(octets))) = turn {
                        heard.extend_from_slice(&buffer[..octets]);
                    }
                    turn
                });
                match turn {
                    Poll::Ready(Ok(Turn::Wrote)) => {}
                    Poll::Ready(turn) => return Poll::Ready(Some(turn)),
                    Poll::Pending => {
                        // What goes out slowly goes out: the reply is waited for from then on. A queue
                        // that is empty at once asks no clock.
                        let rest = conn.queued();
                        slow |= rest > 0;
                        if slow && rest < left {
                            left = rest;
                            begun = Instant::now();
                        }
                        // One timer that runs behind: setting or asking one for each reply costs more.
                        let knows_us = armed.as_ref().is_some_and(|w| w.will_wake(cx.waker()));
                        if knows_us && !timer.is_elapsed() {
                            return Poll::Pending;
                        }
                        *armed = Some(cx.waker().clone());
                        // Not within the budget that the reads may have used up: asked beyond it, the
                        // timer would say "not yet" and keep nobody in mind.
                        let timer_went_off = pin!(unconstrained(timer.as_mut())).poll(cx);
                        std::task::ready!(timer_went_off);
                        if begun.elapsed() >= patience {
                            return Poll::Ready(None);
                        }
                        timer.as_mut().reset((begun + patience).into());
                        *armed = None;
                    }
                }
            }
        });
        let why = match turn.await {
            Some(Ok(turn)) => {
                let sent = (unsent - self.conn.unsent()) as u64;
                if sent > 0 && slow {
                    self.said = Instant::now();
                }
                let received = match turn {
                    Turn::Read(octets) => octets as u64,
                    _ => 0,
                };
                self.received.set(self.received.get() + received);
                self.sent.set(self.sent.get() + sent);
                if received > 0 {
                    // An arrival before the command is told by a clock that was set meanwhile.
                    let arrived = self.conn.arrived().filter(|at| *at >= asked);
                    wakes::heard(arrived.is_some());
                    self.came = arrived.unwrap_or_else(Instant::now);
                    return Ok(());
                }
                "connection closed".to_owned()
            }
            Some(Err(e)) => lost(&e),
            None => "no reply in time".to_owned(),
        };
        self.lost = true;
        Err(Trouble::new(stage, why))
    }

    /// The TLS handshake.
    pub(super) async fn secure(&mut self, server: &Server) -> Result<(), Trouble> {
        let Some(tls) = &server.tls else {
            return Err(Trouble::new(Stage::Tls, "no TLS is set up"));
        };
        if !self.heard.is_empty() {
            let what = "text in the clear in front of the handshake";
            return Err(Trouble::new(Stage::Tls, what));
        }
        let start = Instant::now();
        let handshake = self.conn.start_tls(tls);
        match tokio::time::timeout(self.patience, handshake).await {
            Ok(Ok(report)) => {
                let took = start.elapsed();
                self.said = Instant::now();
                self.count(|t| {
                    t.time(Stage::Tls, took);
                    t.resumed += u64::from(report.resumed);
                });
                Ok(())
            }
            Ok(Err(fault)) => Err(Trouble::new(
                Stage::Tls,
                shown(fault.to_string().as_bytes()),
            )),
            Err(_) => Err(Trouble::new(Stage::Tls, "no end of the handshake in time")),
        }
    }
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        // What was not counted with a reply.
        self.count(|_| ());
    }
}

async fn dial(way: &Way, options: &DialOptions) -> Result<Conn, Trouble> {
    let addrs = match way {
        Way::Unix(path) => {
            let conn = dial::unix(path, options).await;
            return conn.map_err(|e| Trouble::new(Stage::Connect, e.what));
        }
        Way::Tcp(addrs) => addrs,
    };
    let mut trouble = Trouble::new(Stage::Connect, "no address");
    for addr in addrs {
        let mut why = String::new();
        let tell = |attempt: &dial::Attempt| why = attempt.outcome.to_string();
        match dial::tcp(&addr.ip().to_string(), addr.port(), options, tell).await {
            Ok(conn) => return Ok(conn),
            Err(e) => {
                let why = if why.is_empty() { e.what } else { why };
                trouble = Trouble::new(Stage::Connect, why);
            }
        }
    }
    Err(trouble)
}

fn lost(fault: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match fault.kind() {
        ErrorKind::ConnectionReset => "connection reset".into(),
        ErrorKind::BrokenPipe => "connection closed".into(),
        _ => shown(fault.to_string().as_bytes()),
    }
}

/// A line of the server, cut and safe to print.
pub(super) fn shown(octets: &[u8]) -> String {
    show(&octets[..octets.len().min(KEPT)], Charset::Unicode).into_owned()
}
