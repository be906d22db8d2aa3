//! A lean IMAP and POP3 client that measures: it knows where a reply ends, and little else.
//!
//! Rules: content is passed over as it comes; of a line that is too long only its two ends are kept.
//! A reply that was not read to its end makes the connection useless.

use std::pin::pin;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use memchr::memchr;

use super::client::LINE;
use super::link::{Link, PAUSE_AFTER_FAILURE, Trouble, shown};
use super::login::{Login, may_be_clear};
use super::message::Random;
use super::mix::Action;
use super::pace::Pace;
use super::server::Server;
use super::wakes::OwnClock;
use crate::stats::{Stage, Tally};
use crate::wire::octets::announced;
use crate::wire::quote::quoted;
use crate::wire::secret::Secret;

/// Literals up to this size are shown to who looks for something in them.
const SMALL: usize = 4096;

/// Of a longer line this much is kept, and behind it its last octets, which may announce a literal.
const HEAD: usize = LINE;
const TAIL: usize = 32;

/// A connection that has logged in.
pub(super) struct Reader<'a> {
    link: Link<'a>,
    /// So much of what the link heard is used up.
    used: usize,
    imap: bool,
    last_tag: u64,
    /// What was said last is answered, to the end.
    answered: bool,
    /// The line that was read.
    line: Vec<u8>,
    /// What came of the next one.
    part: Vec<u8>,
    /// Messages in the mailbox.
    pub(super) messages: u64,
    /// The server said goodbye.
    closing: bool,
}

/// What the server offers.
#[derive(Default)]
struct Offers {
    starttls: bool,
    initial: bool,
    no_login: bool,
    auth: Vec<String>,
}

impl Offers {
    fn note(&mut self, imap: bool, line: &[u8]) {
        let line = String::from_utf8_lossy(line).to_ascii_uppercase();
        if imap {
            for word in line.split_ascii_whitespace() {
                match word.split_once('=') {
                    Some(("AUTH", name)) => self.auth.push(name.to_owned()),
                    _ if word == "STARTTLS" => self.starttls = true,
                    _ if word == "SASL-IR" => self.initial = true,
                    _ if word == "LOGINDISABLED" => self.no_login = true,
                    _ => {}
                }
            }
            return;
        }
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("STLS") => self.starttls = true,
            Some("SASL") => self.auth.extend(words.map(str::to_owned)),
            _ => {}
        }
    }
}

impl<'a> Reader<'a> {
    /// Connects and logs in.
    pub(super) async fn open(
        server: &Server,
        tally: &'a Mutex<Tally>,
        session: usize,
    ) -> Result<Self, Trouble> {
        let _own_clock = OwnClock::start();
        let mut reader = Self {
            link: Link::open(server, tally).await?,
            used: 0,
            imap: server.protocol == "imap",
            last_tag: 0,
            answered: true,
            line: Vec::new(),
            part: Vec::new(),
            messages: 0,
            closing: false,
        };
        let start = Instant::now();
        reader.line(Stage::Greeting).await?;
        reader.time(Stage::Greeting, start);
        let hello: &[&[u8]] = if reader.imap {
            &[b"* OK", b"* PREAUTH"]
        } else {
            &[b"+OK"]
        };
        if !hello.iter().any(|hello| reader.line.starts_with(hello)) {
            return Err(reader.refused(Stage::Greeting));
        }
        let known = reader.line.starts_with(b"* PREAUTH");
        let mut offers = reader.offers().await?;
        if server.starttls {
            if !offers.starttls {
                return Err(Trouble::new(Stage::StartTls, "STARTTLS is not offered"));
            }
            let verb = if reader.imap { "STARTTLS" } else { "STLS" };
            reader.ask(Stage::StartTls, verb, false, |_| {}).await?;
            reader.forget();
            reader.link.secure(server).await?;
            offers = reader.offers().await?;
        }
        if let Some(account) = server.account(session).filter(|_| !known) {
            reader.log_in(server, &offers, account).await?;
        }
        if !reader.imap {
            reader.ask(Stage::Poll, "STAT", false, |_| {}).await?;
            let count = reader.line.split(|b| *b == b' ').nth(1);
            reader.messages = count.map_or(0, number);
        }
        Ok(reader)
    }

    /// Carries out a command of a mix.
    pub(super) async fn act(
        &mut self,
        action: &Action,
        random: &mut Random,
        pace: &Pace,
    ) -> Result<(), Trouble> {
        let Some(command) = action.command(self.messages, random) else {
            // Nobody is asked: without a pause this would only spin.
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            return Err(Trouble::new(action.stage, "no message in the mailbox"));
        };
        match action.idle {
            Some(time) => self.idle(time, pace).await,
            None => self.ask(action.stage, &command, action.lines, |_| {}).await,
        }
    }

    /// Says a command and reads its whole answer; `each` sees lines and small literals.
    pub(super) async fn ask(
        &mut self,
        stage: Stage,
        command: &str,
        lines: bool,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Trouble> {
        let start = self.say(command);
        if self.imap {
            self.tagged(stage, &mut each).await?;
        } else {
            self.line(stage).await?;
            let good = self.line.starts_with(b"+OK");
            self.answered = (good && !lines) || self.line.starts_with(b"-ERR");
            if !good {
                return Err(self.refused(stage));
            }
            let mut first = lines.then(|| self.line.clone());
            while first.is_some() {
                self.line(stage).await?;
                match &*self.line {
                    b"." => {
                        // What STAT says stands in the first line.
                        self.line = first.take().unwrap_or_default();
                        self.answered = true;
                    }
                    line => each(line),
                }
            }
        }
        self.time(stage, start);
        Ok(())
    }

    /// Queues a command with its tag.
    fn say(&mut self, command: &str) -> Instant {
        self.answered = false;
        if self.imap {
            self.last_tag += 1;
            return self
                .link
                .queue(format!("a{} {command}\r\n", self.last_tag).as_bytes());
        }
        self.link.queue(format!("{command}\r\n").as_bytes())
    }

    fn time(&self, stage: Stage, start: Instant) {
        let took = self.link.took(start);
        self.link.count(|t| t.time(stage, took));
    }

    /// IDLE (RFC 2177), no longer than the run lasts; what is counted is the time from DONE to the
    /// answer.
    async fn idle(&mut self, time: Duration, pace: &Pace) -> Result<(), Trouble> {
        self.say("IDLE");
        self.continued(Stage::Idle).await?;
        let mut over = pin!(pace.sleep_until(Instant::now() + time));
        // Silence is what it is for.
        let patience = self.link.patience;
        self.link.patience = patience.saturating_add(time);
        loop {
            tokio::select! {
                biased;
                () = &mut over => break,
                came = self.line(Stage::Idle) => came?,
            }
            // What comes meanwhile is news of the mailbox.
            self.news();
        }
        self.link.patience = patience;
        let start = self.link.queue(b"DONE\r\n");
        self.tagged(Stage::Idle, &mut |_| {}).await?;
        self.time(Stage::Idle, start);
        Ok(())
    }

    /// Waits for the server to ask for more.
    async fn continued(&mut self, stage: Stage) -> Result<(), Trouble> {
        loop {
            self.line(stage).await?;
            match self.line.first() {
                Some(b'+') => return Ok(()),
                Some(b'*') => self.news(),
                _ => {
                    self.is_end();
                    return Err(self.refused(stage));
                }
            }
        }
    }

    /// Whether the line is the tagged reply. It loses its tag then.
    fn is_end(&mut self) -> bool {
        let tag = format!("a{} ", self.last_tag);
        if self.line.starts_with(tag.as_bytes()) {
            self.line.drain(..tag.len());
            self.answered = true;
        }
        self.answered
    }

    /// Reads up to the tagged reply, which must be OK.
    async fn tagged(&mut self, stage: Stage, each: &mut impl FnMut(&[u8])) -> Result<(), Trouble> {
        loop {
            self.line(stage).await?;
            if self.is_end() {
                let good = self.line.get(..2);
                if good.is_some_and(|word| word.eq_ignore_ascii_case(b"OK")) {
                    return Ok(());
                }
                return Err(self.refused(stage));
            }
            each(&self.line);
            self.news();
            while let Some(octets) = literal(&self.line) {
                self.pass(stage, octets, each).await?;
                self.line(stage).await?;
                each(&self.line);
            }
        }
    }

    /// Passes over a literal.
    async fn pass(
        &mut self,
        stage: Stage,
        mut octets: u64,
        each: &mut impl FnMut(&[u8]),
    ) -> Result<(), Trouble> {
        while octets > 0 {
            let have = self.link.heard.len() - self.used;
            let whole = octets <= SMALL as u64;
            if have == 0 || (whole && (have as u64) < octets) {
                self.more(stage).await?;
                continue;
            }
            let part = usize::try_from(octets).map_or(have, |octets| octets.min(have));
            if whole {
                each(&self.link.heard[self.used..][..part]);
            }
            self.used += part;
            octets -= part as u64;
        }
        Ok(())
    }

    /// Hears more, behind what is not used up.
    async fn more(&mut self, stage: Stage) -> Result<(), Trouble> {
        self.forget();
        self.link.read(stage).await
    }

    /// Forgets what is used up.
    fn forget(&mut self) {
        self.link.heard.drain(..std::mem::take(&mut self.used));
    }

    /// Untagged replies that change what we know.
    fn news(&mut self) {
        let mut words = self.line.split(|b| *b == b' ');
        let (Some(b"*"), Some(first)) = (words.next(), words.next()) else {
            return;
        };
        let second = words.next().unwrap_or_default();
        if second.eq_ignore_ascii_case(b"EXISTS") {
            self.messages = number(first);
        } else if second.eq_ignore_ascii_case(b"EXPUNGE") {
            self.messages = self.messages.saturating_sub(1);
        } else if first.eq_ignore_ascii_case(b"BYE") {
            self.closing = true;
        }
    }

    /// Reads a line into `self.line`, without its end. Cancel-safe.
    async fn line(&mut self, stage: Stage) -> Result<(), Trouble> {
        loop {
            let fresh = &self.link.heard[self.used..];
            let end = memchr(b'\n', fresh);
            let octets = end.unwrap_or(fresh.len());
            keep(&mut self.part, &fresh[..octets]);
            self.used += octets;
            if end.is_some() {
                self.used += 1;
                std::mem::swap(&mut self.line, &mut self.part);
                self.part.clear();
                if self.line.last() == Some(&b'\r') {
                    self.line.pop();
                }
                return Ok(());
            }
            self.more(stage).await?;
        }
    }

    async fn offers(&mut self) -> Result<Offers, Trouble> {
        let mut offers = Offers::default();
        let imap = self.imap;
        let (stage, verb) = if imap {
            (Stage::Capability, "CAPABILITY")
        } else {
            (Stage::Capa, "CAPA")
        };
        let asked = self.ask(stage, verb, true, |line| offers.note(imap, line));
        match asked.await {
            // A POP3 server may know no CAPA (RFC 2449).
            Err(trouble) if imap || self.is_over() => Err(trouble),
            _ => Ok(offers),
        }
    }

    async fn log_in(
        &mut self,
        server: &Server,
        offers: &Offers,
        account: (&str, &Secret),
    ) -> Result<(), Trouble> {
        if offers.auth.is_empty() && server.mechanism.is_none() && !offers.no_login {
            may_be_clear(&self.link, server)?;
            return self.password(account).await;
        }
        let mut login = Login::new(&self.link, server, &offers.auth, account)?;
        let verb = if self.imap { "AUTHENTICATE" } else { "AUTH" };
        let mut command = format!("{verb} {}", login.name);
        let mut first = login.first()?;
        if (offers.initial || !self.imap)
            && let Some(first) = first.take()
        {
            command.push(' ');
            command.push_str(&first);
        }
        let start = self.say(&command);
        loop {
            self.line(Stage::Auth).await?;
            match self.line.first() {
                Some(b'+') if !self.line.starts_with(b"+OK") => {
                    let challenge = self.line.get(2..).unwrap_or_default();
                    let answer = match first.take() {
                        // The server could not take it earlier; RFC 3501 6.2.2: an empty one is "".
                        Some(first) if first == "=" => b"\r\n".to_vec(),
                        Some(first) => (first + "\r\n").into_bytes(),
                        None => login.answer(challenge)?,
                    };
                    self.link.queue(&answer);
                }
                Some(b'*') => self.news(),
                _ => {
                    let good = if self.imap { "OK" } else { "+OK" };
                    let known = !self.imap || self.is_end();
                    if known && self.line.starts_with(good.as_bytes()) {
                        break;
                    }
                    return Err(self.refused(Stage::Auth));
                }
            }
        }
        self.answered = true;
        login.done()?;
        self.time(Stage::Auth, start);
        Ok(())
    }

    /// LOGIN, or USER and PASS.
    async fn password(&mut self, (user, secret): (&str, &Secret)) -> Result<(), Trouble> {
        let password = String::from_utf8_lossy(secret.expose()).into_owned();
        if [user, &password]
            .iter()
            .any(|text| text.chars().any(char::is_control))
        {
            let what = "a name or password with control characters cannot be a word";
            return Err(Trouble::new(Stage::Auth, what));
        }
        if self.imap {
            let command = format!("LOGIN {} {}", quoted(user), quoted(&password));
            return self.ask(Stage::Auth, &command, false, |_| {}).await;
        }
        let user = format!("USER {user}");
        self.ask(Stage::Other, &user, false, |_| {}).await?;
        let pass = format!("PASS {password}");
        self.ask(Stage::Auth, &pass, false, |_| {}).await
    }

    /// When what was read last arrived.
    pub(super) fn came(&self) -> Instant {
        self.link.came
    }

    /// The connection is gone, or goes, or nobody knows where the next reply begins.
    pub(super) fn is_over(&self) -> bool {
        self.link.lost || self.closing || !self.answered
    }

    fn refused(&self, stage: Stage) -> Trouble {
        // "NO [CODE] text", "-ERR [CODE] text", "* BYE text": the words up to the text.
        let words = self.line.split(|b| *b == b' ').take(2);
        let mut reason = Vec::new();
        for word in words {
            if reason.is_empty() || word.starts_with(b"[") {
                reason.extend_from_slice(if reason.is_empty() { b"" } else { b" " });
                reason.extend_from_slice(word);
            }
        }
        Trouble::new(stage, shown(&reason)).with(&self.line)
    }

    /// Says goodbye and hears the answer.
    pub(super) async fn quit(mut self) -> Result<(), Trouble> {
        let (stage, verb) = if self.imap {
            (Stage::Logout, "LOGOUT")
        } else {
            (Stage::Quit, "QUIT")
        };
        self.ask(stage, verb, false, |_| {}).await
    }
}

/// Appends to a line; where that makes it too long, its middle is given up.
fn keep(line: &mut Vec<u8>, more: &[u8]) {
    line.extend_from_slice(more);
    if line.len() > HEAD + TAIL {
        line.drain(HEAD..line.len() - TAIL);
    }
}

fn number(word: &[u8]) -> u64 {
    std::str::from_utf8(word).map_or(0, |word| word.parse().unwrap_or(0))
}

/// The octets that a line announces at its end.
fn literal(line: &[u8]) -> Option<u64> {
    Some(announced(line).ok()??.octets)
}
