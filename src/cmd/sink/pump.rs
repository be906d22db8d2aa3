//! The sink's pump: one engine and one connection each, and what they share.
//!
//! Rules: one read, one parse, one write. All connections read into one buffer, so an idle one costs
//! little. Nothing is read while the peer does not take what was written.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::time::{Sleep, sleep, sleep_until, timeout};

use super::meter::Meter;
use super::place::Door;
use crate::cli;
use crate::net::tls::ServerTls;
use crate::net::{Conn, Turn};
use crate::practice;
use crate::proto::engine::Step;
use crate::proto::server::{Bindings, STOPPING, TIME_IS_UP, Visitor};
use crate::proto::smtp::sink::{Plan, Sink};
use crate::sasl::Binding;
use crate::stats::{Stage, Tally};
use crate::store::Bell;
use crate::wire::show::{Charset, show};

/// Read at once.
const BUFFER: usize = 64 * 1024;
/// With more than this waiting to be written, writing comes first.
const HIGH: usize = 64 * 1024;
/// For a handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// How long a peer that we hung up on may take to notice.
const LINGER: Duration = Duration::from_secs(2);

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
}

/// What all connections share.
pub(super) struct Hall {
    pub(super) plan: Arc<Plan>,
    tls: ServerTls,
    implicit: bool,
    patience: Duration,
    most: usize,
    stop_after_connections: Option<u64>,
    stop: watch::Sender<bool>,
    last: AtomicU64,
    open: AtomicUsize,
    highest: AtomicUsize,
    gone: AtomicU64,
    freed: Notify,
    pub(super) failed_handshakes: AtomicU64,
    /// What all connections measured.
    pub(super) tally: Mutex<Tally>,
    began: Instant,
    /// Nanoseconds from `began` to the first connection and to the latest message, plus one.
    first_at: AtomicU64,
    latest_at: AtomicU64,
    /// Messages that stand in the counts by time.
    charted: AtomicU64,
    bell: Bell,
    unbound: Bindings,
}

impl Hall {
    pub(super) fn new(
        options: &cli::Sink,
        plan: Plan,
        tls: ServerTls,
        stop: watch::Sender<bool>,
    ) -> Self {
        Self {
            plan: Arc::new(plan),
            tls,
            implicit: options.tls,
            patience: Duration::from_secs_f64(options.timeout),
            most: options.max_connections.max(1),
            stop_after_connections: options.stop_after_connections.map(Into::into),
            stop,
            last: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            highest: AtomicUsize::new(0),
            gone: AtomicU64::new(0),
            freed: Notify::new(),
            failed_handshakes: AtomicU64::new(0),
            tally: Mutex::default(),
            began: Instant::now(),
            first_at: AtomicU64::new(0),
            latest_at: AtomicU64::new(0),
            charted: AtomicU64::new(0),
            bell: Arc::new(|| {}),
            unbound: Arc::new(Binding::default),
        }
    }

    /// Ends every connection with a goodbye.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Answers when nobody is left.
    pub(super) async fn empty(&self) {
        loop {
            let freed = self.freed.notified();
            if self.open.load(Relaxed) == 0 {
                return;
            }
            freed.await;
        }
    }

    /// Connections that are open.
    pub(super) fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// The most that were open at once.
    pub(super) fn highest(&self) -> usize {
        self.highest.load(Relaxed)
    }

    /// From the first connection to the latest message, or to `now` while there is none.
    pub(super) fn span(&self, now: Instant) -> Duration {
        let first = self.first_at.load(Relaxed);
        if first == 0 {
            return Duration::ZERO;
        }
        let end = match self.latest_at.load(Relaxed) {
            0 => nanos(now.saturating_duration_since(self.began)),
            latest => latest,
        };
        Duration::from_nanos(end.saturating_sub(first))
    }

    /// When the first connection came.
    fn first(&self) -> Instant {
        self.began + Duration::from_nanos(self.first_at.load(Relaxed))
    }

    /// Counts something.
    pub(super) fn count<R>(&self, what: impl FnOnce(&mut Tally) -> R) -> R {
        what(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks whether messages were accepted since `seen`.
    fn notice(&self, seen: &mut u64, at: Instant) {
        let now = self.plan.board.messages.value();
        if std::mem::replace(seen, now) == now {
            return;
        }
        let fresh = now.saturating_sub(self.charted.fetch_max(now, Relaxed));
        if fresh > 0 {
            let since = at.saturating_duration_since(self.first());
            self.count(|tally| tally.over_time.count(since, fresh, 0));
        }
        let at = nanos(at.saturating_duration_since(self.began));
        self.latest_at.fetch_max(at, Relaxed);
        if self.plan.stop_after.is_some_and(|most| now >= most) {
            self.stop();
        }
    }

    fn enter(&self) {
        let open = self.open.fetch_add(1, Relaxed) + 1;
        self.highest.fetch_max(open, Relaxed);
        if self.first_at.load(Relaxed) == 0 {
            self.first_at.store(nanos(self.began.elapsed()), Relaxed);
        }
    }

    fn leave(&self) {
        self.open.fetch_sub(1, Relaxed);
        let gone = self.gone.fetch_add(1, Relaxed) + 1;
        if self.stop_after_connections.is_some_and(|most| gone >= most) {
            self.stop();
        }
        self.freed.notify_waiters();
    }
}

/// Never 0, which stands for "not yet".
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// Accepts connections, as many at a time as there may be.
pub(super) async fn accept(door: Door, hall: Arc<Hall>) {
    loop {
        let freed = hall.freed.notified();
        if hall.open() >= hall.most {
            freed.await;
            continue;
        }
        match door.accept().await {
            Ok(conn) => {
                tokio::spawn(guest(conn, Seat::take(&hall)));
            }
            // No descriptor left, or the peer was gone before it was accepted: the next may do.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

/// A connection among those that may be open; given back however it ends, be it by a panic.
struct Seat(Arc<Hall>);

impl Seat {
    fn take(hall: &Arc<Hall>) -> Self {
        hall.enter();
        Self(Arc::clone(hall))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.leave();
    }
}

async fn guest(conn: Conn, seat: Seat) {
    // The connection goes first.
    let (seat, mut conn) = (seat, conn);
    // Why it ended is in the counters; there is nobody to tell.
    let _ = converse(&mut conn, &seat.0).await;
}

/// Why a connection is not served any longer.
struct Over;

/// What ended a wait.
enum Woken {
    Came(usize),
    Wrote,
    Gone,
    Stop,
    Silent,
}

/// What the engine hears of TLS.
type Held = Option<Arc<Mutex<Binding>>>;

fn visitor(conn: &Conn, hall: &Hall, held: &Held) -> Visitor {
    Visitor {
        number: hall.last.fetch_add(1, Relaxed) + 1,
        address: conn.remote().map(|a| a.ip().to_canonical().to_string()),
        secured: hall.implicit,
        bell: Arc::clone(&hall.bell),
        bindings: match held.clone() {
            None => Arc::clone(&hall.unbound),
            Some(held) => Arc::new(move || {
                let held = held.lock().unwrap_or_else(PoisonError::into_inner);
                held.clone()
            }),
        },
    }
}

async fn converse(conn: &mut Conn, hall: &Hall) -> Result<(), Over> {
    let held: Held =
        (hall.plan.auth && (hall.implicit || hall.plan.service.starttls)).then(Arc::default);
    let mut meter = Meter::new(hall.first(), Instant::now());
    if hall.implicit {
        handshake(conn, hall, held.as_ref(), &mut meter).await?;
    }
    let mut engine = Sink::new(Arc::clone(&hall.plan), visitor(conn, hall, &held));
    let mut stop = hall.stop.subscribe();
    let mut stop = pin!(stop.wait_for(|stop| *stop));
    let mut since = Instant::now();
    let mut timer = pin!(sleep_until((since + hall.patience).into()));
    let mut ending = false;
    let mut seen = hall.plan.board.messages.value();
    loop {
        let mut done = since;
        while let Some(step) = engine.poll() {
            let acted = act(step, conn, hall, &mut engine, held.as_ref(), &mut meter).await;
            done = Instant::now();
            if acted.is_err() {
                let marks = engine.marks().drain(..);
                hall.count(|tally| meter.note(marks, since, done, tally));
                hall.notice(&mut seen, done);
                return acted;
            }
        }
        if !engine.marks().is_empty() {
            let sent = engine.replies().len() as u64;
            let marks = engine.marks().drain(..);
            hall.count(|tally| {
                tally.sent += sent;
                meter.note(marks, since, done, tally);
            });
        }
        let replies = engine.replies();
        conn.queue(replies);
        replies.clear();
        if conn.queued() > HIGH {
            flush(conn, hall).await?;
        }
        hall.notice(&mut seen, done);
        let stop = (!ending).then_some(stop.as_mut());
        match wait(conn, &mut engine, stop, timer.as_mut()).await {
            Woken::Came(octets) => {
                since = Instant::now();
                hall.count(|tally| tally.received += octets as u64);
            }
            Woken::Wrote => {}
            Woken::Gone => {
                hall.count(|tally| meter.lost(gone(&engine), tally));
                return Err(Over);
            }
            Woken::Stop => {
                ending = true;
                engine.goodbye("4.3.2", STOPPING);
            }
            Woken::Silent => {
                if since + hall.patience <= Instant::now() {
                    hall.count(|tally| meter.lost("silent for too long", tally));
                    engine.goodbye("4.4.2", TIME_IS_UP);
                    since = Instant::now();
                }
                timer.as_mut().reset((since + hall.patience).into());
            }
        }
    }
}

/// How a connection ended that the peer ended.
fn gone(engine: &Sink) -> &'static str {
    if engine.in_message() {
        return "connection lost in the middle of a message";
    }
    "connection ended without QUIT"
}

/// Waits until something comes, into the buffer that all share, or until there is another reason.
async fn wait(
    conn: &mut Conn,
    engine: &mut Sink,
    mut stop: Option<Pin<&mut impl Future>>,
    mut timer: Pin<&mut Sleep>,
) -> Woken {
    poll_fn(|cx| {
        let turn = SCRATCH.with_borrow_mut(|buffer| {
            let turn = conn.poll_turn(cx, buffer);
            if let Poll::Ready(Ok(Turn::Read(octets))) = turn {
                engine.receive(&buffer[..octets]);
            }
            turn
        });
        match turn {
            Poll::Ready(Ok(Turn::Read(octets))) => return Poll::Ready(Woken::Came(octets)),
            Poll::Ready(Ok(Turn::Wrote)) => return Poll::Ready(Woken::Wrote),
            Poll::Ready(Ok(Turn::Eof) | Err(_)) => return Poll::Ready(Woken::Gone),
            Poll::Pending => {}
        }
        // Whoever has something to say is heard first: these are asked in silence alone.
        if let Some(stop) = &mut stop
            && stop.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Woken::Stop);
        }
        timer.as_mut().poll(cx).map(|()| Woken::Silent)
    })
    .await
}

async fn act(
    step: Step,
    conn: &mut Conn,
    hall: &Hall,
    engine: &mut Sink,
    held: Option<&Arc<Mutex<Binding>>>,
    meter: &mut Meter,
) -> Result<(), Over> {
    match step {
        Step::Write(bytes) => {
            hall.count(|tally| tally.sent += bytes.len() as u64);
            conn.queue_owned(bytes);
        }
        Step::Pause(time) => {
            flush(conn, hall).await?;
            let mut stop = hall.stop.subscribe();
            tokio::select! {
                () = sleep(time) => {}
                _ = stop.wait_for(|stop| *stop) => return Err(Over),
            }
        }
        Step::StartTls => {
            handshake(conn, hall, held, meter).await?;
            engine.secured();
        }
        Step::Close => {
            if engine.has_quit() && !conn.is_tls() {
                flush(conn, hall).await?;
            } else {
                hang_up(conn).await;
            }
            return Err(Over);
        }
        Step::Event(_) | Step::Wait => {}
    }
    Ok(())
}

async fn flush(conn: &mut Conn, hall: &Hall) -> Result<(), Over> {
    match timeout(hall.patience, conn.flush()).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Over),
    }
}

/// Says that nothing follows, and takes what is still under way: a socket that is closed with
/// something unread in it takes back what the peer has not read yet.
async fn hang_up(conn: &mut Conn) {
    let going = async {
        conn.shutdown().await?;
        let mut rest = vec![0; 4096];
        while let Turn::Read(_) | Turn::Wrote = conn.turn(&mut rest).await? {}
        Ok::<(), std::io::Error>(())
    };
    // Whoever does not notice in time is cut off.
    let _ = timeout(LINGER, going).await;
}

async fn handshake(
    conn: &mut Conn,
    hall: &Hall,
    held: Option<&Arc<Mutex<Binding>>>,
    meter: &mut Meter,
) -> Result<(), Over> {
    let start = Instant::now();
    let why = match timeout(HANDSHAKE, conn.accept_tls(&hall.tls)).await {
        Ok(Ok(_)) => None,
        Ok(Err(fault)) => Some(show(fault.to_string().as_bytes(), Charset::Unicode).into_owned()),
        Err(_) => Some("no end of the handshake in time".to_owned()),
    };
    if let Some(why) = why {
        hall.failed_handshakes.fetch_add(1, Relaxed);
        let told = ("handshake failed", &*why);
        hall.count(|tally| meter.error(Stage::Tls, told, Instant::now(), tally));
        return Err(Over);
    }
    hall.count(|tally| meter.secured(start.elapsed(), tally));
    if let Some(held) = held {
        *held.lock().unwrap_or_else(PoisonError::into_inner) = practice::binding(conn);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::ca::Ca;

    #[test]
    fn a_seat_is_given_back_whatever_happens() {
        let options = cli::Sink {
            name: "h".into(),
            reject_reply: "500 x".into(),
            soft_reject_reply: "450 x".into(),
            ..cli::Sink::default()
        };
        let plan = crate::cmd::sink::plan(&options).unwrap();
        let tls = ServerTls::new(Arc::new(Ca::new()), false);
        let hall = Arc::new(Hall::new(&options, plan, tls, watch::Sender::new(false)));
        let seat = Seat::take(&hall);
        assert_eq!(hall.open(), 1);
        let died = std::thread::spawn(move || {
            let _seat = seat;
            panic!("on purpose");
        });
        assert!(died.join().is_err());
        assert_eq!(hall.open(), 0);
    }
}
