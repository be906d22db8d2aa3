//! The server's pump: one engine, one connection, and what can happen beside them.
//!
//! Rules: nothing is read while the peer does not take what was written (no memory grows with a peer
//! that only talks); a pause is slept before anything else happens; whoever is silent too long, does
//! not come to the end of a command, or takes nothing too long, is shown the door; a handshake has a time limit of its own.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Door, Inner, News, Observer, STOPPING, What, binding};
use crate::net::{Conn, Turn};
use crate::proto::engine::{Engine, Input, Mode, Step};
use crate::proto::server::{TIME_IS_UP, Visitor};
use crate::sasl::Binding;

/// Read at once. Idle connections hold as much: 5,000 of them must fit.
const BUFFER: usize = 8 * 1024;
/// With more than this waiting to be written, writing comes first.
const HIGH: usize = 64 * 1024;
/// For a handshake and for a farewell.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection while it is served.
struct Pump<'a> {
    inner: &'a Inner,
    conn: Conn,
    door: Door,
    number: u64,
    observer: Option<Observer>,
    bindings: Arc<Mutex<Binding>>,
    /// When the client last said something whole, sent content, or took what was written.
    moved: Instant,
}

/// Why a connection is not served any longer.
struct Over;

pub(super) async fn run(
    inner: &Inner,
    conn: Conn,
    door: Door,
    tls: bool,
    observer: Option<Observer>,
) {
    let number = inner.last.fetch_add(1, Ordering::Relaxed) + 1;
    let mut pump = Pump {
        inner,
        conn,
        door,
        number,
        observer,
        bindings: Arc::default(),
        moved: Instant::now(),
    };
    if pump.observer.is_some() {
        pump.tell(What::Opened(pump.conn.peer().to_string()));
    }
    // Why it ended was told by then: by the engine's events, or as a failed handshake.
    let _ = pump.serve(tls).await;
    pump.tell(What::Closed);
}

impl Pump<'_> {
    async fn serve(&mut self, tls: bool) -> Result<(), Over> {
        if tls {
            self.handshake().await?;
        }
        if self.inner.is_full() {
            let text = self.door.full(&self.inner.service.host);
            self.conn.queue(text.as_bytes());
            return self.farewell().await;
        }
        let bell = Arc::new(Notify::new());
        let (ring, bindings) = (Arc::clone(&bell), Arc::clone(&self.bindings));
        let visitor = Visitor {
            number: self.number,
            address: self
                .conn
                .remote()
                .map(|a| a.ip().to_canonical().to_string()),
            secured: tls,
            bell: Arc::new(move || ring.notify_one()),
            bindings: Arc::new(move || {
                let held = bindings.lock().unwrap_or_else(PoisonError::into_inner);
                held.clone()
            }),
        };
        let mut engine = self.inner.engine(self.door, visitor);
        let stop = self.inner.stop.subscribe();
        self.converse(engine.as_mut(), &bell, stop).await
    }

    async fn converse(
        &mut self,
        engine: &mut dyn Engine,
        bell: &Notify,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), Over> {
        let mut buf = vec![0; BUFFER];
        self.moved = Instant::now();
        let mut timer = Box::pin(sleep_until(self.moved));
        let mut told = false;
        loop {
            self.drain(engine, &mut stop).await?;
            let due = engine.patience().map(|allowed| self.moved + allowed);
            // The timer is moved only when it rings too early: most never ring.
            tokio::select! {
                biased;
                turn = self.conn.turn(&mut buf) => match turn {
                    Ok(Turn::Read(octets)) => {
                        // Who drips a command, octet by octet, does not gain time by it.
                        let flows = matches!(engine.mode(), Mode::Body | Mode::Literal { .. });
                        if flows || memchr::memchr(b'\n', &buf[..octets]).is_some() {
                            self.moved = Instant::now();
                        }
                        engine.receive(&buf[..octets]);
                        if octets == buf.len() && buf.len() < HIGH {
                            buf.resize(HIGH, 0);
                        }
                    }
                    Ok(Turn::Wrote) => self.moved = Instant::now(),
                    Ok(Turn::Eof) | Err(_) => {
                        engine.closed();
                        return Err(Over);
                    }
                },
                () = bell.notified() => engine.wake(),
                () = timer.as_mut(), if due.is_some() => {
                    let now = Instant::now();
                    match due {
                        Some(due) if due <= now && told => return Err(Over),
                        Some(due) if due <= now => {
                            told = true;
                            self.moved = now;
                            say_goodbye(engine, TIME_IS_UP);
                        }
                        Some(due) => timer.as_mut().reset(due),
                        None => {}
                    }
                }
                _ = stop.wait_for(|stop| *stop), if !told => {
                    told = true;
                    say_goodbye(engine, STOPPING);
                }
            }
        }
    }

    /// Does what the engine wants done, until it waits.
    async fn drain(
        &mut self,
        engine: &mut dyn Engine,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), Over> {
        loop {
            match engine.poll() {
                // A long answer in the making: what was said before it need not wait for it, and
                // whoever else waits for this thread comes first.
                Step::Write(bytes) if bytes.is_empty() => {
                    if self.conn.queued() > 0 {
                        self.flush(engine.patience()).await?;
                    }
                    yield_now().await;
                }
                Step::Write(bytes) => {
                    self.conn.queue_owned(bytes);
                    if self.conn.queued() > HIGH {
                        self.flush(engine.patience()).await?;
                    }
                }
                Step::Event(event) => self.tell(What::Event(event)),
                Step::StartTls => {
                    self.handshake().await?;
                    engine.secured();
                }
                Step::Pause(time) => {
                    self.flush(engine.patience()).await?;
                    tokio::select! {
                        () = sleep(time) => {}
                        _ = stop.wait_for(|stop| *stop) => {}
                    }
                    engine.wake();
                }
                Step::Close => {
                    engine.closed();
                    return self.farewell().await;
                }
                Step::Wait => {
                    if self.conn.queued() > HIGH {
                        self.flush(engine.patience()).await?;
                    }
                    return Ok(());
                }
            }
        }
    }

    async fn flush(&mut self, allowed: Option<Duration>) -> Result<(), Over> {
        let allowed = allowed.unwrap_or(PATIENCE);
        match timeout(allowed, self.conn.flush()).await {
            Ok(Ok(())) => {
                self.moved = Instant::now();
                Ok(())
            }
            Ok(Err(_)) | Err(_) => Err(Over),
        }
    }

    async fn handshake(&mut self) -> Result<(), Over> {
        let outcome = match timeout(PATIENCE, self.conn.accept_tls(&self.inner.tls)).await {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(fault)) => Err(fault.to_string()),
            Err(_) => Err("the client did not finish the handshake in time".into()),
        };
        match outcome {
            Ok(report) => {
                let mut held = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
                *held = binding(&self.conn);
                drop(held);
                self.tell(What::Tls(report));
                Ok(())
            }
            Err(why) => {
                self.tell(What::TlsFailed(why));
                Err(Over)
            }
        }
    }

    /// Writes what is left, says that nothing follows, and ends. What the peer still says is read
    /// for a moment: a socket closed with unread octets would take the last reply back.
    async fn farewell(&mut self) -> Result<(), Over> {
        let last = async {
            self.conn.shutdown().await.map_err(|_| Over)?;
            let mut buf = [0; 1024];
            while let Ok(Turn::Read(_) | Turn::Wrote) = self.conn.turn(&mut buf).await {}
            Ok(())
        };
        timeout(LINGER, last).await.unwrap_or(Err(Over))
    }

    fn tell(&self, what: What) {
        if let Some(observer) = &self.observer {
            observer(News {
                connection: self.number,
                door: self.door,
                secured: self.conn.is_tls(),
                what,
            });
        }
    }
}

/// How long a peer is listened to that was told goodbye.
const LINGER: Duration = Duration::from_secs(2);

fn say_goodbye(engine: &mut dyn Engine, reason: &str) {
    // Refused only when it is leaving already.
    let _ = engine.submit(Input::Line(reason.as_bytes()));
}
