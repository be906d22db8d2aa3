//! A lean SMTP and LMTP client that measures.
//!
//! It shares sockets, TLS, SASL and the reply reader with the rest of the program, but makes no
//! events: at these rates that would be most of the work.

use std::sync::Mutex;
use std::time::Instant;

use memchr::memchr;

use super::link::{Link, Trouble, shown};
use super::login::Login;
use super::plan::Plan;
use super::wakes::OwnClock;
use crate::proto::smtp::reply;
use crate::stats::{Stage, Tally};
use crate::wire::secret::Secret;

/// The longest line of a reply.
pub(super) const LINE: usize = 16 * 1024;
/// The most lines of a reply.
const LINES: usize = 1000;

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
    link: Link<'a>,
    /// The last line of the last reply.
    last: Vec<u8>,
    plan: &'a Plan,
    /// 8BITMIME (RFC 6152) is offered.
    pub(super) eight_bit: bool,
}

impl<'a> Client<'a> {
    /// Connects and goes on to where messages can be sent.
    pub(super) async fn open(
        plan: &'a Plan,
        tally: &'a Mutex<Tally>,
        session: usize,
    ) -> Result<Self, Trouble> {
        let server = &plan.server;
        let _own_clock = OwnClock::start();
        let mut client = Self {
            link: Link::open(server, tally).await?,
            last: Vec::new(),
            plan,
            eight_bit: false,
        };
        let start = Instant::now();
        let code = client.reply(Stage::Greeting, start).await?;
        client.expect(code == 220, Stage::Greeting)?;
        if plan.old {
            return Ok(client);
        }
        let mut offers = client.hello().await?;
        if server.starttls {
            if !offers.starttls {
                return Err(Trouble::new(Stage::StartTls, "STARTTLS is not offered"));
            }
            let start = client.queue(b"STARTTLS\r\n");
            let code = client.reply(Stage::StartTls, start).await?;
            client.expect(code == 220, Stage::StartTls)?;
            client.link.secure(server).await?;
            offers = client.hello().await?;
        }
        if plan.pipelining && !offers.pipelining {
            return Err(Trouble::new(Stage::Hello, "PIPELINING is not offered"));
        }
        if plan.chunking && !offers.chunking {
            return Err(Trouble::new(Stage::Hello, "CHUNKING is not offered"));
        }
        client.eight_bit = offers.eight_bit;
        if let Some((user, secret)) = server.account(session) {
            client.log_in(&offers.auth, user, secret).await?;
        }
        Ok(client)
    }

    /// Puts octets into the queue and tells when.
    pub(super) fn queue(&mut self, octets: &[u8]) -> Instant {
        self.link.queue(octets)
    }

    /// Octets that were not written.
    pub(super) fn unsent(&self) -> usize {
        self.link.conn.unsent()
    }

    /// Reads a reply and counts its code; its time is counted as that of `stage`.
    pub(super) async fn reply(&mut self, stage: Stage, start: Instant) -> Result<u16, Trouble> {
        self.reply_lines(stage, start, |_| {}).await
    }

    /// After trouble nobody knows where the next reply begins: the connection is lost.
    async fn reply_lines(
        &mut self,
        stage: Stage,
        start: Instant,
        mut each: impl FnMut(&[u8]),
    ) -> Result<u16, Trouble> {
        let mut lines = 0;
        let (mut used, mut seen) = (0, 0);
        let mut first = None;
        loop {
            let Some(end) = memchr(b'\n', &self.link.heard[seen..]).map(|at| seen + at) else {
                if self.link.heard.len() - used > LINE {
                    self.link.lost = true;
                    return Err(Trouble::new(stage, "a line of a reply is too long"));
                }
                self.link.heard.drain(..used);
                (used, seen) = (0, self.link.heard.len());
                self.link.read(stage).await?;
                continue;
            };
            let line = &self.link.heard[used..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(parts) = reply::line(line) else {
                self.link.lost = true;
                return Err(Trouble::new(stage, "no reply, but other text").with(line));
            };
            each(parts.text);
            lines += 1;
            let more = parts.more;
            let code = parts.code.parse().unwrap_or(0);
            // Yes and no in one would open the way to TLS for whoever put a line in between.
            if *first.get_or_insert(code) != code && stage == Stage::StartTls {
                let what = "the codes within the reply to STARTTLS differ";
                return Err(Trouble::new(stage, what).with(line));
            }
            if !more {
                self.last.clear();
                self.last.extend_from_slice(line);
            }
            used = end + 1;
            seen = used;
            if more && lines >= LINES {
                self.link.lost = true;
                return Err(Trouble::new(stage, "a reply has too many lines"));
            }
            if !more {
                self.link.heard.drain(..used);
                let took = self.link.took(start);
                self.link.count(|t| {
                    t.reply(code);
                    t.time(stage, took);
                });
                return Ok(code);
            }
        }
    }

    /// When the last reply arrived.
    pub(super) fn came(&self) -> Instant {
        self.link.came
    }

    /// The connection is gone, or goes: a 421 says that the server closes (RFC 5321 3.8).
    pub(super) fn is_closing(&self) -> bool {
        self.link.lost || self.last.starts_with(b"421")
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

    /// AUTH (RFC 4954), with the mechanism named or the strongest that is offered.
    async fn log_in(
        &mut self,
        offered: &[String],
        user: &str,
        secret: &Secret,
    ) -> Result<(), Trouble> {
        let mut login = Login::new(&self.link, &self.plan.server, offered, (user, secret))?;
        let mut line = format!("AUTH {}", login.name);
        if let Some(first) = login.first()? {
            line.push(' ');
            line.push_str(&first);
        }
        line.push_str("\r\n");
        let begun = self.queue(line.as_bytes());
        // One time for the whole exchange: rounds are not counted by themselves.
        while self.reply_untimed(Stage::Auth).await? == 334 {
            let answer = login.answer(self.last.get(4..).unwrap_or_default())?;
            self.queue(&answer);
        }
        self.expect(self.last.starts_with(b"235"), Stage::Auth)?;
        login.done()?;
        self.link
            .count(|t| t.time(Stage::Auth, self.link.took(begun)));
        Ok(())
    }

    async fn reply_untimed(&mut self, stage: Stage) -> Result<u16, Trouble> {
        loop {
            while let Some(end) = memchr(b'\n', &self.link.heard) {
                let mut line: Vec<u8> = self.link.heard.drain(..=end).collect();
                while line.last().is_some_and(|b| matches!(b, b'\r' | b'\n')) {
                    line.pop();
                }
                let Some(parts) = reply::line(&line) else {
                    return Err(Trouble::new(stage, "no reply, but other text"));
                };
                if !parts.more {
                    let code = parts.code.parse().unwrap_or(0);
                    self.last = line;
                    self.link.count(|t| t.reply(code));
                    return Ok(code);
                }
            }
            if self.link.heard.len() > LINE {
                return Err(Trouble::new(stage, "a line of a reply is too long"));
            }
            self.link.read(stage).await?;
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
