//! One connection of a load run: a lean SMTP and LMTP client that measures.
//!
//! It shares sockets, TLS, SASL and the reply reader with the rest of the program, but makes no
//! events: at these rates that would be most of the work.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use memchr::memchr;

use super::plan::Plan;
use crate::entropy;
use crate::net::dial::{self, DialOptions};
use crate::net::{Conn, Turn};
use crate::proto::smtp::reply;
use crate::sasl::{self, Credentials, Have, Heard, Say};
use crate::stats::{Stage, Tally};
use crate::wire::b64;
use crate::wire::secret::Secret;
use crate::wire::show::{Charset, show};

/// The longest line of a reply.
const LINE: usize = 16 * 1024;
/// The most lines of a reply.
const LINES: usize = 1000;
/// Octets read at once: replies are short, and sessions many.
const READ: usize = 512;
/// The most that is kept of a reply to show it.
const SHOWN: usize = 120;

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
    fn new(stage: Stage, reason: impl Into<String>) -> Self {
        Self {
            stage,
            reason: reason.into(),
            example: String::new(),
        }
    }
}

/// What the server offers.
#[derive(Debug, Default)]
struct Offers {
    pipelining: bool,
    chunking: bool,
    starttls: bool,
    eight_bit: bool,
    auth: Vec<String>,
}

/// A connection that is ready for messages.
pub(super) struct Client<'a> {
    conn: Conn,
    heard: Vec<u8>,
    /// The last line of the last reply.
    last: Vec<u8>,
    plan: &'a Plan,
    tally: &'a Mutex<Tally>,
    /// The connection is gone.
    lost: bool,
    /// 8BITMIME (RFC 6152) is offered.
    pub(super) eight_bit: bool,
}

impl<'a> Client<'a> {
    /// Counts something.
    pub(super) fn count<R>(&self, what: impl FnOnce(&mut Tally) -> R) -> R {
        what(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connects and goes on to where messages can be sent.
    pub(super) async fn open(
        plan: &'a Plan,
        tally: &'a Mutex<Tally>,
        session: usize,
    ) -> Result<Self, Trouble> {
        let start = Instant::now();
        let conn = dial(&plan.way, &plan.dial).await?;
        let mut client = Self {
            conn,
            heard: Vec::new(),
            last: Vec::new(),
            plan,
            tally,
            lost: false,
            eight_bit: false,
        };
        client.count(|t| {
            t.time(Stage::Connect, start.elapsed());
            t.connections += 1;
        });
        if plan.implicit {
            client.secure().await?;
        }
        let start = Instant::now();
        let code = client.reply(Stage::Greeting, start).await?;
        client.expect(code == 220, Stage::Greeting)?;
        let mut offers = client.hello().await?;
        if plan.starttls {
            if !offers.starttls {
                return Err(Trouble::new(Stage::StartTls, "STARTTLS is not offered"));
            }
            let start = client.queue(b"STARTTLS\r\n");
            let code = client.reply(Stage::StartTls, start).await?;
            client.expect(code == 220, Stage::StartTls)?;
            if !client.heard.is_empty() {
                let what = "text in the clear behind the reply to STARTTLS";
                return Err(Trouble::new(Stage::StartTls, what));
            }
            client.secure().await?;
            offers = client.hello().await?;
        }
        if plan.pipelining && !offers.pipelining {
            return Err(Trouble::new(Stage::Hello, "PIPELINING is not offered"));
        }
        if plan.chunking && !offers.chunking {
            return Err(Trouble::new(Stage::Hello, "CHUNKING is not offered"));
        }
        client.eight_bit = offers.eight_bit;
        if let Some((user, secret)) = plan.account(session) {
            client.log_in(&offers.auth, user, secret).await?;
        }
        Ok(client)
    }

    /// Puts octets into the queue and tells when.
    pub(super) fn queue(&mut self, octets: &[u8]) -> Instant {
        self.conn.queue(octets);
        self.count(|t| t.sent += octets.len() as u64);
        Instant::now()
    }

    /// Octets that are not written yet.
    pub(super) fn queued(&self) -> usize {
        self.conn.queued()
    }

    /// Reads a reply and counts its code; its time is counted as that of `stage`.
    pub(super) async fn reply(&mut self, stage: Stage, start: Instant) -> Result<u16, Trouble> {
        self.reply_lines(stage, start, |_| {}).await
    }

    async fn reply_lines(
        &mut self,
        stage: Stage,
        start: Instant,
        mut each: impl FnMut(&[u8]),
    ) -> Result<u16, Trouble> {
        let mut lines = 0;
        let (mut used, mut seen) = (0, 0);
        loop {
            let Some(end) = memchr(b'\n', &self.heard[seen..]).map(|at| seen + at) else {
                if self.heard.len() - used > LINE {
                    return Err(Trouble::new(stage, "a line of a reply is too long"));
                }
                self.heard.drain(..used);
                (used, seen) = (0, self.heard.len());
                self.read(stage).await?;
                continue;
            };
            let line = &self.heard[used..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(parts) = reply::line(line) else {
                let mut trouble = Trouble::new(stage, "no reply, but other text");
                trouble.example = shown(line);
                return Err(trouble);
            };
            each(parts.text);
            lines += 1;
            let more = parts.more;
            let code = parts.code.parse().unwrap_or(0);
            if !more {
                self.last.clear();
                self.last.extend_from_slice(line);
            }
            used = end + 1;
            seen = used;
            if more && lines >= LINES {
                return Err(Trouble::new(stage, "a reply has too many lines"));
            }
            if !more {
                self.heard.drain(..used);
                let took = start.elapsed();
                self.count(|t| {
                    t.reply(code);
                    t.time(stage, took);
                });
                return Ok(code);
            }
        }
    }

    async fn read(&mut self, stage: Stage) -> Result<(), Trouble> {
        let mut buf = [0; READ];
        let turn = async {
            loop {
                match self.conn.turn(&mut buf).await {
                    Ok(Turn::Wrote) => {}
                    other => return other,
                }
            }
        };
        match tokio::time::timeout(self.plan.patience, turn).await {
            Ok(Ok(Turn::Read(n))) => {
                self.heard.extend_from_slice(&buf[..n]);
                self.count(|t| t.received += n as u64);
                Ok(())
            }
            outcome => {
                self.lost = true;
                let why = match outcome {
                    Ok(Ok(_)) => "connection closed".to_owned(),
                    Ok(Err(e)) => lost(&e),
                    Err(_) => "no reply in time".to_owned(),
                };
                Err(Trouble::new(stage, why))
            }
        }
    }

    /// The connection is gone, or goes: a 421 says that the server closes (RFC 5321 3.8).
    pub(super) fn is_closing(&self) -> bool {
        self.lost || self.last.starts_with(b"421")
    }

    /// The last reply as trouble at `stage`.
    pub(super) fn refused(&self, stage: Stage) -> Trouble {
        let (code, text) = self.last.split_at(self.last.len().min(3));
        let mut reason = shown(code);
        if let Some((enhanced, _)) = reply::enhanced(text.get(1..).unwrap_or_default()) {
            reason.push(' ');
            reason.push_str(enhanced);
        }
        Trouble {
            stage,
            reason,
            example: shown(&self.last),
        }
    }

    fn expect(&self, good: bool, stage: Stage) -> Result<(), Trouble> {
        if good {
            return Ok(());
        }
        Err(self.refused(stage))
    }

    /// EHLO, or HELO where that is unknown; LHLO for LMTP.
    async fn hello(&mut self) -> Result<Offers, Trouble> {
        let mut offers = Offers::default();
        let name = &self.plan.name;
        let verb = if self.plan.lmtp { "LHLO" } else { "EHLO" };
        let line = format!("{verb} {name}\r\n");
        let start = self.queue(line.as_bytes());
        let code = self
            .reply_lines(Stage::Hello, start, |text| offers.note(text))
            .await?;
        if !self.plan.lmtp && matches!(code, 500 | 502) {
            let line = format!("HELO {name}\r\n");
            let start = self.queue(line.as_bytes());
            let code = self.reply(Stage::Hello, start).await?;
            self.expect(code == 250, Stage::Hello)?;
            return Ok(Offers::default());
        }
        self.expect(code == 250, Stage::Hello)?;
        Ok(offers)
    }

    async fn secure(&mut self) -> Result<(), Trouble> {
        let Some(tls) = &self.plan.tls else {
            return Err(Trouble::new(Stage::Tls, "no TLS is set up"));
        };
        let start = Instant::now();
        let handshake = self.conn.start_tls(tls);
        match tokio::time::timeout(self.plan.patience, handshake).await {
            Ok(Ok(report)) => {
                let took = start.elapsed();
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

    /// AUTH (RFC 4954), with the mechanism named or the strongest that is offered.
    async fn log_in(
        &mut self,
        offered: &[String],
        user: &str,
        secret: &Secret,
    ) -> Result<(), Trouble> {
        let failed =
            |e: &dyn std::fmt::Display| Trouble::new(Stage::Auth, shown(e.to_string().as_bytes()));
        let found = self.conn.binding();
        let binding = sasl::Binding {
            exporter: found.and_then(|b| b.exporter).map(Secret::new),
            end_point: found
                .and_then(|b| b.server_end_point.clone())
                .map(Secret::new),
            plus_offered: offered.iter().any(|name| name.ends_with("-PLUS")),
            ..sasl::Binding::default()
        };
        let row = match &self.plan.mechanism {
            Some(name) => sasl::usable(name),
            None => sasl::choose(
                offered,
                self.conn.is_tls(),
                Have {
                    password: true,
                    binding: binding.chosen().is_some(),
                    ..Have::default()
                },
            ),
        };
        let row = row.map_err(|e| failed(&e))?;
        let covered = self.conn.is_tls() || self.conn.is_local() || self.plan.clear_credentials;
        if row.clear_credential && !covered {
            let what = "a password in the clear is not sent without --allow-cleartext-auth";
            return Err(Trouble::new(Stage::Auth, what));
        }
        let service = if self.plan.lmtp { "lmtp" } else { "smtp" };
        let credentials =
            Credentials::new(user, secret.clone()).at(service, &*self.plan.host, self.plan.port);
        let nonce = entropy::nonce().map_err(|e| failed(&e.what))?;
        let mut mechanism =
            sasl::client(row.name, &credentials, &binding, &nonce).map_err(|e| failed(&e))?;
        let mut line = format!("AUTH {}", row.name).into_bytes();
        if mechanism.client_first()
            && let Say::Send(first) = mechanism.step(Heard::Nothing).map_err(|e| failed(&e))?
        {
            let first = b64::encode(first.expose());
            line.push(b' ');
            line.extend_from_slice(if first.is_empty() {
                b"="
            } else {
                first.as_bytes()
            });
        }
        line.extend_from_slice(b"\r\n");
        let begun = self.queue(&line);
        loop {
            // One time for the whole exchange: rounds are not counted by themselves.
            let code = self.reply_untimed(Stage::Auth).await?;
            if code != 334 {
                break;
            }
            let challenge = self.last.get(4..).unwrap_or_default();
            let challenge = b64::decode(challenge).map_err(|e| failed(&e))?;
            let said = mechanism
                .step(Heard::Challenge(&challenge))
                .map_err(|e| failed(&e))?;
            let mut line = match said {
                Say::Send(answer) => b64::encode(answer.expose()).into_bytes(),
                Say::Listen | Say::Satisfied => Vec::new(),
            };
            line.extend_from_slice(b"\r\n");
            self.queue(&line);
        }
        self.expect(self.last.starts_with(b"235"), Stage::Auth)?;
        mechanism.step(Heard::Success).map_err(|e| failed(&e))?;
        self.count(|t| t.time(Stage::Auth, begun.elapsed()));
        Ok(())
    }

    async fn reply_untimed(&mut self, stage: Stage) -> Result<u16, Trouble> {
        loop {
            while let Some(end) = memchr(b'\n', &self.heard) {
                let mut line: Vec<u8> = self.heard.drain(..=end).collect();
                while line.last().is_some_and(|b| matches!(b, b'\r' | b'\n')) {
                    line.pop();
                }
                let Some(parts) = reply::line(&line) else {
                    return Err(Trouble::new(stage, "no reply, but other text"));
                };
                if !parts.more {
                    let code = parts.code.parse().unwrap_or(0);
                    self.last = line;
                    self.count(|t| t.reply(code));
                    return Ok(code);
                }
            }
            if self.heard.len() > LINE {
                return Err(Trouble::new(stage, "a line of a reply is too long"));
            }
            self.read(stage).await?;
        }
    }

    /// Says QUIT and hears the answer.
    pub(super) async fn quit(mut self) -> Result<(), Trouble> {
        let start = self.queue(b"QUIT\r\n");
        let code = self.reply(Stage::Quit, start).await?;
        self.expect(code == 221, Stage::Quit)
    }
}

impl Offers {
    fn note(&mut self, text: &[u8]) {
        let Ok(text) = std::str::from_utf8(text) else {
            return;
        };
        let mut words = text.split_ascii_whitespace();
        match words
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase()
            .as_str()
        {
            "PIPELINING" => self.pipelining = true,
            "CHUNKING" => self.chunking = true,
            "STARTTLS" => self.starttls = true,
            "8BITMIME" => self.eight_bit = true,
            "AUTH" => self.auth.extend(words.map(str::to_ascii_uppercase)),
            _ => {}
        }
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

fn shown(octets: &[u8]) -> String {
    show(&octets[..octets.len().min(SHOWN)], Charset::Unicode).into_owned()
}

/// How long to wait before the next try after a connection that failed.
pub(super) const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(10);
