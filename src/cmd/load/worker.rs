//! Sessions: each takes messages from the schedule and sends them over connections of its own.
//!
//! Rules: a message taken from the schedule is counted exactly once, as accepted, failed or in
//! doubt, or is given back to be sent over another connection; accepted means that the server said
//! so with a 250 behind the content.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::task::JoinSet;

use super::client::Client;
use super::link::{PAUSE_AFTER_FAILURE, Trouble};
use super::message::Random;
use super::pace::{Job, Pace, Phase};
use super::plan::{Pause, Plan};
use super::wakes;
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::stats::{Stage, Tally};

/// Why messages failed, or are in doubt, that a run did not wait for.
pub(super) const UNSENT: &str = "ended before it was sent whole";
pub(super) const UNANSWERED: &str = "ended before the server had answered";

/// What all workers share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) plan: Plan,
    pub(super) pace: Pace,
    /// Taken and not counted yet.
    pub(super) in_flight: AtomicU64,
    /// A server greeted, whatever became of it.
    pub(super) reached: AtomicBool,
    /// Connections that did not come about while nobody greeted.
    pub(super) unreached: AtomicU64,
    /// All errors so far.
    pub(super) errors: AtomicU64,
    /// Who waits for messages to be visible.
    pub(super) watch: Option<Watch>,
    /// One for each worker; the last one is of those who do not send.
    pub(super) tallies: Vec<Mutex<Tally>>,
}

impl Shared {
    /// All tallies together.
    pub(super) fn sum(&self) -> Tally {
        let mut sum = Tally::default();
        for tally in &self.tallies {
            sum.add(&tally.lock().unwrap_or_else(PoisonError::into_inner));
        }
        sum
    }

    /// The tally of those who do not send.
    pub(super) fn aside(&self) -> &Mutex<Tally> {
        &self.tallies[self.tallies.len() - 1]
    }
}

/// Runs worker number `worker` with its share of the sessions, to the end.
///
/// # Errors
/// `Local` when there is no runtime.
pub(super) fn run(shared: &Arc<Shared>, worker: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(wakes::before_waiting)
        .build();
    let runtime = runtime.map_err(|e| Error::local(format!("no runtime: {e}")))?;
    runtime.block_on(async {
        let mut sessions = JoinSet::new();
        let numbers = (worker..shared.plan.sessions).step_by(shared.tallies.len() - 1);
        let plan = &shared.plan;
        let one_by_one = plan.rate.is_none() && !plan.pipelining && !plan.lmtp;
        wakes::begin(if one_by_one { numbers.len() } else { 0 });
        for number in numbers {
            let shared = Arc::clone(shared);
            sessions.spawn(async move {
                Session::new(&shared, worker, number).run().await;
            });
        }
        let mut phases = shared.pace.watch();
        tokio::select! {
            () = async { while sessions.join_next().await.is_some() {} } => {}
            _ = phases.wait_for(|phase| *phase == Phase::Kill) => sessions.shutdown().await,
        }
    });
    Ok(())
}

pub(super) struct Session<'a> {
    pub(super) shared: &'a Shared,
    pub(super) tally: &'a Mutex<Tally>,
    pub(super) number: usize,
    pub(super) random: Random,
    line: String,
}

/// What became of a message.
pub(super) enum Outcome {
    /// With the moment at which the last reply to it arrived.
    Accepted {
        recipients: u64,
        came: Instant,
    },
    Failed,
    InDoubt,
}

/// How a chain of messages over one connection ended.
struct Chain {
    /// Messages of it that were counted.
    sent: u64,
    /// The connection can be used on.
    usable: bool,
    /// Taken, but not begun: for the next connection.
    left: Option<Job>,
}

impl<'a> Session<'a> {
    fn new(shared: &'a Shared, worker: usize, number: usize) -> Self {
        Self {
            shared,
            tally: &shared.tallies[worker],
            number,
            random: Random::new(shared.plan.seed.wrapping_add(number as u64)),
            line: String::new(),
        }
    }

    async fn run(&mut self) {
        let (plan, pace) = (&self.shared.plan, &self.shared.pace);
        if plan.rate.is_none() && !plan.ramp.is_zero() {
            let part = self.number as f64 / plan.sessions as f64;
            pace.sleep_until(pace.start() + plan.ramp.mul_f64(part))
                .await;
        }
        if let Some(mix) = &plan.mix {
            return Box::pin(self.read(mix)).await;
        }
        let mut client: Option<Client<'_>> = None;
        let mut sent_here = 0;
        let mut left: Option<Job> = None;
        let mut first = true;
        loop {
            let job = match left.take() {
                Some(job) => job,
                None => {
                    if !std::mem::take(&mut first) {
                        self.pause().await;
                    }
                    let Some(job) = pace.claim().await else { break };
                    self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
                    job
                }
            };
            let mut usable = match client.take() {
                Some(client) => client,
                // Apart: what a handshake needs is not held for as long as a session lasts.
                None => match Box::pin(Client::open(plan, self.tally, self.number)).await {
                    Ok(client) => {
                        self.is_open();
                        sent_here = 0;
                        client
                    }
                    Err(trouble) => {
                        self.not_open(trouble);
                        self.outcome(job, &Outcome::Failed);
                        pace.sleep_until(Instant::now() + PAUSE_AFTER_FAILURE).await;
                        continue;
                    }
                },
            };
            let chain = self.send(&mut usable, job, sent_here).await;
            sent_here += chain.sent;
            left = chain.left;
            if !chain.usable {
                continue;
            }
            if sent_here >= plan.per_connection {
                self.quit(usable).await;
            } else {
                client = Some(usable);
            }
        }
        if let Some(client) = client {
            self.quit(client).await;
        }
    }

    async fn quit(&self, client: Client<'_>) {
        if let Err(trouble) = client.quit().await {
            self.trouble(trouble);
        }
    }

    pub(super) async fn pause(&mut self) {
        let wait = match self.shared.plan.pause {
            Pause::None => return,
            Pause::Fixed(wait) => wait,
            Pause::Random(most) => most.mul_f64(self.random.part()),
        };
        self.shared.pace.sleep_until(Instant::now() + wait).await;
    }

    /// Somebody is there.
    pub(super) fn is_open(&self) {
        self.shared.reached.store(true, Ordering::Relaxed);
    }

    /// A connection that did not come about. Where nobody ever greeted, a try for each session is
    /// enough: the rest of the run would be the same again.
    pub(super) fn not_open(&self, trouble: Trouble) {
        self.trouble(trouble);
        if self.lock(|t| t.count(Stage::Greeting)) > 0 {
            self.is_open();
        }
        if self.shared.reached.load(Ordering::Relaxed) {
            return;
        }
        let tries = self.shared.unreached.fetch_add(1, Ordering::Relaxed) + 1;
        if tries >= self.shared.plan.sessions as u64 {
            self.shared.pace.enter(Phase::Stop);
        }
    }

    pub(super) fn trouble(&self, trouble: Trouble) {
        let trouble = trouble.veiled(&self.shared.plan.server, self.number);
        let at = self.shared.pace.start().elapsed();
        self.lock(|t| {
            t.error(trouble.stage, &trouble.reason, &trouble.example);
            t.over_time.count(at, 0, 1);
        });
        let errors = self.shared.errors.fetch_add(1, Ordering::Relaxed) + 1;
        if self
            .shared
            .plan
            .max_errors
            .is_some_and(|most| errors > most)
        {
            self.shared.pace.enter(Phase::Stop);
        }
    }

    fn lock<R>(&self, what: impl FnOnce(&mut Tally) -> R) -> R {
        what(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn outcome(&self, job: Job, outcome: &Outcome) {
        self.lock(|t| match outcome {
            Outcome::Accepted { recipients, came } => {
                t.accepted += 1;
                let at = came.saturating_duration_since(self.shared.pace.start());
                t.over_time.count(at, 1, 0);
                t.recipients += recipients;
                let took = came.saturating_duration_since(job.due);
                t.time(self.shared.plan.whole(), took);
                if let Some(watch) = &self.shared.watch {
                    watch.accepted(job.number, *came, t);
                }
            }
            Outcome::Failed => t.failed += 1,
            Outcome::InDoubt => t.in_doubt += 1,
        });
        self.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Sends a message, and with PIPELINING those that are due behind it: the content of one and the
    /// envelope of the next go out in one write (RFC 2920 3.1).
    async fn send(&mut self, client: &mut Client<'_>, first: Job, sent_before: u64) -> Chain {
        let plan = &self.shared.plan;
        let mut chain = Chain {
            sent: 0,
            usable: true,
            left: None,
        };
        let mut job = first;
        let mut begun = None;
        loop {
            let ready = match begun {
                Some(start) => self.hear_envelope(client, start).await,
                None => self.envelope(client, job).await,
            };
            let recipients = match ready {
                Ok(0) => {
                    self.outcome(job, &Outcome::Failed);
                    chain.sent += 1;
                    chain.usable = !client.is_closing();
                    return chain;
                }
                Ok(recipients) => recipients,
                Err(trouble) => {
                    self.trouble(trouble);
                    self.outcome(job, &Outcome::Failed);
                    chain.usable = false;
                    return chain;
                }
            };
            let start = self.content(client, job);
            let room = sent_before + chain.sent + 1 < plan.per_connection;
            let next = (plan.pipelining && !plan.chunking && plan.pause == Pause::None && room)
                .then(|| self.shared.pace.claim_now())
                .flatten();
            let mut behind = 0;
            begun = None;
            if let Some(next) = next {
                self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
                self.envelope_text(next, client.eight_bit);
                begun = Some(client.queue(self.line.as_bytes()));
                behind = self.line.len();
            }
            let mut awaited = Awaited {
                session: self,
                client,
                job,
                behind,
                good: 0,
                over: false,
            };
            if !awaited.verdict(start, recipients).await {
                chain.usable = false;
                chain.left = next;
                return chain;
            }
            drop(awaited);
            chain.sent += 1;
            if client.is_closing() {
                chain.usable = false;
                chain.left = next;
                return chain;
            }
            let Some(next) = next else { return chain };
            job = next;
        }
    }

    /// The whole envelope in `line`, as PIPELINING sends it.
    fn envelope_text(&mut self, job: Job, eight_bit: bool) {
        let plan = &self.shared.plan;
        self.line.clear();
        mail(&mut self.line, plan, job, eight_bit);
        for at in 0..plan.recipients {
            rcpt(&mut self.line, plan, job, at);
        }
        if !plan.chunking {
            self.line.push_str("DATA\r\n");
        }
    }

    /// Sends the envelope; answers how many recipients wait for the content, 0 when nobody does.
    async fn envelope(&mut self, client: &mut Client<'_>, job: Job) -> Result<u64, Trouble> {
        let plan = &self.shared.plan;
        if plan.pipelining {
            self.envelope_text(job, client.eight_bit);
            let start = client.queue(self.line.as_bytes());
            return self.hear_envelope(client, start).await;
        }
        self.line.clear();
        mail(&mut self.line, plan, job, client.eight_bit);
        let start = client.queue(self.line.as_bytes());
        if client.reply(Stage::Mail, start).await? != 250 {
            self.trouble(client.refused(Stage::Mail));
            self.reset(client).await?;
            return Ok(0);
        }
        let mut taken = 0;
        for at in 0..plan.recipients {
            self.line.clear();
            rcpt(&mut self.line, plan, job, at);
            let start = client.queue(self.line.as_bytes());
            let code = client.reply(Stage::Rcpt, start).await?;
            taken += u64::from(self.is_taken(client, code));
            if client.is_closing() {
                return Ok(0);
            }
        }
        if taken == 0 {
            self.reset(client).await?;
            return Ok(0);
        }
        if plan.chunking {
            return Ok(taken);
        }
        let start = client.queue(b"DATA\r\n");
        if client.reply(Stage::Data, start).await? != 354 {
            self.trouble(client.refused(Stage::Data));
            self.reset(client).await?;
            return Ok(0);
        }
        Ok(taken)
    }

    /// The replies to an envelope that was sent at once.
    async fn hear_envelope(
        &mut self,
        client: &mut Client<'_>,
        start: Instant,
    ) -> Result<u64, Trouble> {
        let plan = &self.shared.plan;
        let mail = client.reply(Stage::Mail, start).await?;
        if mail != 250 {
            self.trouble(client.refused(Stage::Mail));
            if client.is_closing() {
                return Ok(0);
            }
        }
        let mut taken = 0;
        for _ in 0..plan.recipients {
            let code = client.reply(Stage::Rcpt, start).await?;
            // Behind a refused MAIL the rest is refused, too: one error is enough.
            if mail == 250 {
                taken += u64::from(self.is_taken(client, code));
            }
            if client.is_closing() {
                return Ok(0);
            }
        }
        if !plan.chunking {
            let code = client.reply(Stage::Data, start).await?;
            if code == 354 && taken == 0 {
                // A server that takes content for nobody gets none (RFC 2920 3.1).
                let start = client.queue(b".\r\n");
                client.reply(Stage::Dot, start).await?;
            } else if code != 354 && taken > 0 {
                self.trouble(client.refused(Stage::Data));
                taken = 0;
            }
        }
        if taken == 0 {
            self.reset(client).await?;
        }
        Ok(taken)
    }

    fn is_taken(&self, client: &Client<'_>, code: u16) -> bool {
        if matches!(code, 250 | 251) {
            return true;
        }
        self.lock(|t| t.refused_recipients += 1);
        self.trouble(client.refused(Stage::Rcpt));
        false
    }

    /// Forgets the envelope, unless the server is closing.
    async fn reset(&self, client: &mut Client<'_>) -> Result<(), Trouble> {
        if client.is_closing() {
            return Ok(());
        }
        let start = client.queue(b"RSET\r\n");
        if client.reply(Stage::Rset, start).await? != 250 {
            return Err(client.refused(Stage::Rset));
        }
        Ok(())
    }

    /// Queues the content.
    fn content(&mut self, client: &mut Client<'_>, job: Job) -> Instant {
        let plan = &self.shared.plan;
        let message = plan.message(job.number);
        self.line.clear();
        if message.wants_id {
            let _ = write!(
                self.line,
                "Message-ID: <{}.{}@{}>\r\n",
                job.number, plan.run_id, plan.name
            );
        }
        if !plan.chunking {
            client.queue(self.line.as_bytes());
            return client.queue(&message.dotted);
        }
        let size = self.line.len() + message.plain.len();
        client.queue(format!("BDAT {size} LAST\r\n").as_bytes());
        client.queue(self.line.as_bytes());
        client.queue(&message.plain)
    }
}

/// A message whose content is queued. If it is dropped before the verdict, as where a run does not
/// wait any longer, it is counted as what is known by then.
struct Awaited<'s, 'c, 'l> {
    session: &'s Session<'s>,
    client: &'c mut Client<'l>,
    job: Job,
    /// Octets queued behind the content.
    behind: usize,
    /// Replies so far that say yes.
    good: u64,
    /// It is counted.
    over: bool,
}

impl Awaited<'_, '_, '_> {
    /// The reply to the content; LMTP has one for each recipient that was taken (RFC 2033 4.2).
    /// Counts the message, and answers whether the connection was not lost over it.
    async fn verdict(&mut self, start: Instant, recipients: u64) -> bool {
        let plan = &self.session.shared.plan;
        let stage = if plan.chunking {
            Stage::Bdat
        } else {
            Stage::Dot
        };
        let replies = if plan.lmtp { recipients } else { 1 };
        for _ in 0..replies {
            match self.client.reply(stage, start).await {
                Ok(250) => self.good += 1,
                Ok(code) => {
                    self.session.trouble(self.client.refused(stage));
                    if code == 421 {
                        break;
                    }
                }
                Err(trouble) => {
                    self.session.trouble(trouble);
                    self.count(&self.known());
                    return false;
                }
            }
        }
        let came = self.client.came();
        self.count(&match (self.good, plan.lmtp) {
            (0, _) => Outcome::Failed,
            (good, lmtp) => Outcome::Accepted {
                recipients: if lmtp { good } else { recipients },
                came,
            },
        });
        true
    }

    /// What is known without all replies.
    fn known(&self) -> Outcome {
        if self.good > 0 {
            // LMTP: somebody has it already.
            return Outcome::Accepted {
                recipients: self.good,
                came: self.client.came(),
            };
        }
        if self.client.unsent() > self.behind {
            return Outcome::Failed;
        }
        Outcome::InDoubt
    }

    fn count(&mut self, outcome: &Outcome) {
        self.over = true;
        self.session.outcome(self.job, outcome);
    }
}

impl Drop for Awaited<'_, '_, '_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let outcome = self.known();
        let why = match outcome {
            Outcome::Failed => UNSENT,
            _ => UNANSWERED,
        };
        let whole = self.session.shared.plan.whole();
        self.session.trouble(Trouble::new(whole, why));
        self.count(&outcome);
    }
}

fn mail(line: &mut String, plan: &Plan, job: Job, eight_bit: bool) {
    let body = if eight_bit && plan.message(job.number).eight_bit {
        " BODY=8BITMIME"
    } else {
        ""
    };
    for part in ["MAIL FROM:<", &plan.sender, ">", body, "\r\n"] {
        line.push_str(part);
    }
}

/// As smtp-source names them: several recipients and numbered ones have a number in front.
fn rcpt(line: &mut String, plan: &Plan, job: Job, at: u64) {
    let to = plan.recipient(job.number, at);
    line.push_str("RCPT TO:<");
    if plan.numbered {
        let number = job.number.wrapping_mul(plan.recipients).wrapping_add(at);
        let _ = write!(line, "{number}");
    } else if plan.recipients > 1 && plan.listed.is_empty() {
        let _ = write!(line, "{at}");
    }
    line.push_str(to);
    line.push_str(">\r\n");
}
