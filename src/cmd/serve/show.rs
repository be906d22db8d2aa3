//! The conversations as they are seen from the server: on the screen and in the log.
//!
//! The screen may be slow (a paused terminal must not stop the server): what it does not take in
//! time is counted, not shown. The log has everything.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::screen::Lines;
use crate::cli;
use crate::error::{Error, Result};
use crate::practice::{News, Observer, What};
use crate::private;
use crate::proto::event::{Event, Oddity, SentKind};
use crate::transcript::{Row, RowKind, Rows, Stamp, to_json};
use crate::ui::style::{Look, Role, Styled};
use crate::wire::show::show;

/// The session of what the server itself has to say.
const OWN: &str = "serve";

/// Where conversations go.
#[derive(Clone)]
pub(super) struct Shower(Arc<Inner>);

struct Inner {
    look: Look,
    json: bool,
    quiet: bool,
    screen: Lines,
    missed: AtomicU64,
    log: Option<Mutex<Log>>,
}

struct Log {
    file: BufWriter<File>,
    json: bool,
    name: String,
    failed: Option<Error>,
}

impl Shower {
    /// Shows on this screen, and keeps the log that the options name.
    pub(super) fn new(options: &cli::Serve, look: Look, screen: Lines) -> Result<Self> {
        let log = options.output.log.as_deref().map(Log::open).transpose()?;
        Ok(Self(Arc::new(Inner {
            look,
            json: options.output.json,
            quiet: options.output.quiet,
            screen,
            missed: AtomicU64::new(0),
            log: log.map(Mutex::new),
        })))
    }

    /// Puts lines of the server's own on the screen, whenever it takes them.
    pub(super) async fn say(&self, text: String) {
        // A screen that is gone ends the server, and is told then.
        let _ = self.0.screen.send(Some(text)).await;
    }

    /// Who looks on.
    pub(super) fn observer(&self) -> Observer {
        let shower = self.clone();
        Arc::new(move |news| shower.take(&news))
    }

    /// The addresses, as they are announced.
    pub(super) fn ready(&self, lines: &str) -> String {
        if !self.0.json {
            return lines.to_owned();
        }
        let object = |line: &str| match line.strip_prefix("ca ") {
            Some(file) => format!("{{\"ca\":{}}}\n", quoted(file)),
            None => format!("{{\"url\":{}}}\n", quoted(line)),
        };
        lines.lines().map(object).collect()
    }

    /// What to type to get there.
    pub(super) fn hints(&self, ready: &str, ca: &Path) -> String {
        let mut out = String::new();
        let tls = ready
            .lines()
            .find(|l| l.starts_with("imaps:") || l.starts_with("smtps:"));
        let clear = ready.lines().find(|l| l.starts_with("smtp:"));
        for (url, file) in [(clear, None), (tls, Some(ca))] {
            let Some(url) = url else { continue };
            let file = file.map_or_else(String::new, |f| format!("--ca-file {} ", f.display()));
            let line = Styled::new(Role::Dim, format!("==  ehlo {file}{url}"));
            out.push_str(&line.render(&self.0.look));
            out.push('\n');
        }
        let users =
            "==  users alice/wonderland, bob/builder, charlie/charlie @ehlo.test; Ctrl-C ends";
        out.push_str(&Styled::new(Role::Dim, users).render(&self.0.look));
        out.push('\n');
        out
    }

    /// Writes what is left of the log.
    pub(super) fn finish(&self) -> Result<()> {
        let Some(log) = &self.0.log else {
            return Ok(());
        };
        let mut log = lock(log);
        if let Err(e) = log.file.flush() {
            log.fail(&e);
        }
        log.failed.take().map_or(Ok(()), Err)
    }

    fn take(&self, news: &News) {
        let inner = &self.0;
        if let Some(log) = &inner.log {
            lock(log).write(news);
        }
        if inner.quiet {
            return;
        }
        let text = match inner.json {
            true => json(news),
            false => marked(news, &inner.look),
        };
        if text.is_empty() {
            return;
        }
        let missed = inner.missed.swap(0, Ordering::Relaxed);
        let text = match missed {
            0 => text,
            n => missing(n, inner.json) + &text,
        };
        if inner.screen.try_send(Some(text)).is_err() {
            inner.missed.fetch_add(missed + 1, Ordering::Relaxed);
        }
    }
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Log {
    fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let (file, json) = private::open_log(path)?;
        Ok(Self {
            file: BufWriter::new(file),
            json,
            name,
            failed: None,
        })
    }

    fn write(&mut self, news: &News) {
        if self.failed.is_some() {
            return;
        }
        let text = match self.json {
            true => json(news),
            false => marked(news, &Look::default()),
        };
        let ended = matches!(news.what, What::Closed);
        let written = self.file.write_all(text.as_bytes());
        let written = match ended {
            // Whoever reads along sees whole conversations.
            true => written.and_then(|()| self.file.flush()),
            false => written,
        };
        if let Err(e) = written {
            self.fail(&e);
        }
    }

    fn fail(&mut self, error: &std::io::Error) {
        let doing = format!("writing the log {}", self.name);
        self.failed = Some(Error::local(error.to_string()).doing(doing));
    }
}

/// What is said of lines that the screen did not take.
fn missing(lines: u64, json: bool) -> String {
    let words = format!("{lines} lines not shown: the screen was too slow");
    if !json {
        return format!("==  {words}\n");
    }
    let rows = Rows::new(OWN);
    let row = Row::note(now(), rows.session(), false, RowKind::Remark, &words);
    to_json(&row) + "\n"
}

fn now() -> Stamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Stamp::new(since.unwrap_or_default())
}

/// One line of the transcript's JSON (docs/json.md); the session's name is "smtp-7".
fn json(news: &News) -> String {
    let session = format!("{}-{}", news.door.protocol(), news.connection);
    let mut rows = Rows::new(&session);
    let time = now();
    let mut made = Vec::new();
    let note = |kind, text: &str| Row::note(time, rows.session(), news.secured, kind, text);
    match &news.what {
        What::Opened(peer) => made.push(note(RowKind::Connected, peer)),
        What::Tls(report) => {
            made.push(note(
                RowKind::Secured,
                &format!("{}, {}", report.version, report.suite),
            ));
        }
        What::TlsFailed(why) => made.push(note(RowKind::Failed, why)),
        What::Closed => made.push(note(RowKind::Closed, "")),
        What::Event(event) => {
            rows.take(time, news.secured, event.clone(), None, &mut made);
            rows.flush(&mut made);
        }
    }
    made.iter().map(|row| to_json(row) + "\n").collect()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// As marked text: the connection's number, the gutter, the words.
fn marked(news: &News, look: &Look) -> String {
    let mut out = String::new();
    let mut line = |mark: &str, role: Role, text: &str| {
        let number = format!("{:4} ", news.connection);
        let line = Styled::new(Role::Dim, number)
            .with(role, format!("{mark:4}"))
            .with(role, text);
        out.push_str(&line.render(look));
        out.push('\n');
    };
    let arrow = |clear, tls| if news.secured { tls } else { clear };
    let safe = |bytes: &[u8]| show(bytes, look.charset).into_owned();
    match &news.what {
        What::Opened(peer) => {
            line(
                "==",
                Role::Dim,
                &format!("{} from {peer}", news.door.protocol()),
            );
        }
        What::Closed => line("==", Role::Dim, "closed"),
        What::Tls(report) => line(
            "==",
            Role::Dim,
            &format!("{}, {}", report.version, report.suite),
        ),
        What::TlsFailed(why) => line("!!", Role::Warn, &format!("TLS failed: {why}")),
        What::Event(Event::Line(heard)) => {
            line(arrow("<-", "<~"), Role::Strong, &safe(&heard.text));
        }
        What::Event(Event::Part(part)) => {
            let content = part.bytes.strip_suffix(b"\r\n").unwrap_or(&part.bytes);
            for text in content.split(|b| *b == b'\n') {
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                line(arrow("<-", "<~"), Role::Plain, &format!("|{}", safe(text)));
            }
        }
        What::Event(Event::Sent(sent)) if sent.kind == SentKind::Content => {
            let text = format!("|{} octets of content", sent.octets);
            line(arrow("->", "~>"), Role::Dim, &text);
        }
        What::Event(Event::Sent(sent)) => {
            let role = verdict(&sent.shown);
            let refused = matches!(role, Role::Refused | Role::Later);
            let mark = match refused {
                true => arrow("->*", "~>*"),
                false => arrow("->", "~>"),
            };
            line(mark, role, &safe(&sent.shown));
        }
        What::Event(Event::Oddity(Oddity::BytesAfterStartTls { octets })) => {
            let text = format!("{octets} octets in the clear behind STARTTLS: dropped unread");
            line("!!", Role::Warn, &text);
        }
        What::Event(_) => {}
    }
    out
}

/// How a reply of any of the protocols reads.
fn verdict(reply: &[u8]) -> Role {
    let text = String::from_utf8_lossy(reply);
    let mut words = text.split(' ');
    let (first, second) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let digits = first.len() >= 3 && first.as_bytes()[..3].iter().all(u8::is_ascii_digit);
    match first.as_bytes().first() {
        Some(b'2') if digits => Role::Good,
        Some(b'3') if digits => Role::More,
        Some(b'4') if digits => Role::Later,
        Some(b'5') if digits => Role::Refused,
        _ => match (first, second) {
            ("+OK", _) | (_, "OK") => Role::Good,
            ("-ERR", _) | (_, "NO" | "BAD" | "BYE") => Role::Refused,
            ("+", _) => Role::More,
            _ => Role::Plain,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::Door;
    use crate::proto::event::{Exchange, Sent};

    fn sent(text: &[u8]) -> News {
        News {
            connection: 7,
            door: Door::Smtp,
            secured: true,
            what: What::Event(Event::Sent(Sent {
                exchange: Exchange(1),
                shown: text.to_vec(),
                clear: None,
                kind: SentKind::Reply,
                octets: 9,
                differs: false,
            })),
        }
    }

    #[test]
    fn what_a_slow_screen_misses_is_told_in_its_own_form() {
        for json in [false, true] {
            let (screen, mut shown) = tokio::sync::mpsc::channel(1);
            let shower = Shower(Arc::new(Inner {
                look: Look::default(),
                json,
                quiet: false,
                screen,
                missed: AtomicU64::new(0),
                log: None,
            }));
            for _ in 0..3 {
                shower.take(&sent(b"250 ok"));
            }
            let first = shown.try_recv().unwrap().unwrap();
            assert!(!first.contains("not shown"), "{first}");
            shower.take(&sent(b"250 ok"));
            let next = shown.try_recv().unwrap().unwrap();
            let (told, line) = next.split_once('\n').unwrap();
            assert!(
                told.contains("2 lines not shown: the screen was too slow"),
                "{told}"
            );
            assert!(line.contains("250 ok"), "{line}");
            if json {
                let note: serde_json::Value = serde_json::from_str(told).unwrap();
                assert_eq!(note["session"], "serve");
                assert_eq!(note["kind"], "remark");
            } else {
                assert!(told.starts_with("==  "), "{told}");
            }
        }
    }

    #[test]
    fn a_refusal_is_marked_and_hostile_text_is_safe() {
        let line = marked(&sent(b"550 5.1.1 <\x1b[2J>"), &Look::default());
        assert_eq!(line, "   7 ~>* 550 5.1.1 <␛[2J>\n");
        assert_eq!(
            marked(&sent(b"* 3 EXISTS"), &Look::default()),
            "   7 ~>  * 3 EXISTS\n"
        );
        assert!(json(&sent(b"250 ok")).contains("\"session\":\"smtp-7\""));
    }
}
