//! One session at the desk, with what belongs to it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, RwLock};

use super::opening::Opening;
use crate::error::Kind;
use crate::net::Conn;
use crate::proto::engine::{Input, Mode, Refusal};
use crate::proto::event::{
    Event, Exchange, Line, LineKind, Offers, Reply, Sent, SentKind, Verdict,
};
use crate::session::feed::Feed;
use crate::session::{Happening, Session, Timed};
use crate::transcript::{Row, RowKind, Rows, Stamp, Transcript};
use crate::ui::render::{Renderer, Style};
use crate::ui::tls;
use crate::ui::view::Views;

use super::known::Known;
use super::marked::Marked;
use super::together::Together;
use super::upload::Upload;

/// A session and its place at the desk.
pub struct Seat {
    /// Its number, from 1, for `:use`.
    pub number: usize,
    /// Which of its connections this is, from 1.
    connection: usize,
    /// The conversation.
    pub session: Session,
    /// How it was opened, for `:reconnect`.
    pub opening: Opening,
    /// For the screen.
    pub renderer: Renderer,
    /// Arranges responses, where `:set view` asks for it.
    pub views: Views,
    /// For the log: everything, without colour.
    pub log: Renderer,
    /// Makes rows of events.
    pub rows: Rows,
    /// The last exchanges, for `:show`, `:save`, `:explain n`.
    pub record: Transcript,
    /// Watches over prepared lines.
    pub feed: Feed,
    /// What completion knows of this server.
    pub known: Arc<RwLock<Known>>,
    /// Replies nobody waits for any more, until their first line comes.
    pub late: BTreeMap<Exchange, String>,
    /// Exchanges that the person gave up waiting for, until they are complete.
    pub given_up: BTreeSet<Exchange>,
    /// Exchanges that ehlo began by itself to learn what it needs. A refusal there (a POP3 server
    /// without CAPA) is nobody's failure: what depends on the answer tells its own.
    pub own: BTreeSet<Exchange>,
    /// True when content was asked for after the person had stopped waiting: what is typed at the
    /// old prompt is not meant as that.
    pub late_go_ahead: bool,
    /// A file on its way.
    pub upload: Option<Upload>,
    /// What was offered before TLS or login, to tell what changed.
    pub offers: Offers,
    /// IMAP: messages marked \Deleted in the selected mailbox, where this console can know.
    pub deleted: Marked,
    /// What explanations remember.
    pub memory: super::teach::Memory,
    /// The latest complete reply.
    pub last_reply: Option<Reply>,
    /// The first failure, for a batch's exit code.
    pub failure: Option<Kind>,
    /// Where content and lines go instead of the screen.
    pub redirect: Option<super::redirect::Redirect>,
    /// Lines held back by `:together`.
    pub together: Option<Together>,
    /// True once QUIT or LOGOUT was sent.
    pub said_goodbye: bool,
    /// True once the person dropped the connection.
    pub closed: bool,
    /// True once the person stopped waiting for the TLS handshake that is under way.
    pub handshake_left: bool,
    /// The mechanism that the person named for a login here, and whether by force, for `:reconnect`.
    pub mechanism: Option<(String, bool)>,
    /// True once the person would not go on without trust.
    pub untrusted: bool,
    /// Why the session ended, when it did not end as it should.
    pub ended: Option<Kind>,
    /// What the person said yes to, once per session.
    pub consents: BTreeSet<&'static str>,
}

impl fmt::Debug for Seat {
    /// Lines held back may hold anything, passwords included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat")
            .field("number", &self.number)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl Seat {
    /// True when the next line is the person's to say: nothing is owed, or content is asked for.
    pub fn is_our_turn(&self) -> bool {
        self.upload.is_none() && (self.mode() != Mode::Command || !self.waits())
    }

    /// True while a reply that somebody waits for is owed.
    pub fn waits(&self) -> bool {
        if self.session.is_over() || self.session.is_distrusted() {
            return false;
        }
        let Some(engine) = self.session.engine() else {
            return !self.late.contains_key(&Exchange(0));
        };
        match self.session.conn() {
            None => !self.handshake_left,
            Some(_) => engine
                .due()
                .iter()
                .any(|due| !self.late.contains_key(&due.exchange)),
        }
    }

    /// What the next line will be taken for.
    pub fn mode(&self) -> Mode {
        match self.session.engine() {
            Some(engine) if !self.session.is_over() => engine.mode(),
            _ => Mode::Command,
        }
    }

    /// True while TLS is being negotiated: there is nothing to talk over.
    pub fn is_shaking_hands(&self) -> bool {
        let begun = self.session.engine().is_some() && self.session.conn().is_none();
        begun && !self.session.is_over()
    }

    /// Sends a line that nobody typed, to learn what the server can do.
    ///
    /// # Errors
    /// When it cannot be sent now.
    pub fn ask(&mut self, line: &str) -> Result<(), Refusal> {
        let exchange = self.session.submit(Input::Line(line.as_bytes()))?;
        self.own.insert(exchange);
        Ok(())
    }

    /// Ends the connection from this side.
    pub fn drop_connection(&mut self) {
        self.closed = true;
        self.session.drop_connection();
    }

    /// Marks every owed reply as late.
    pub fn stop_waiting(&mut self) {
        self.handshake_left = self.is_shaking_hands();
        match self.session.engine() {
            Some(engine) => {
                let due = engine.due();
                self.given_up.extend(due.iter().map(|due| due.exchange));
                self.late
                    .extend(due.into_iter().map(|due| (due.exchange, due.to)));
            }
            None => {
                self.late.insert(Exchange(0), "greeting".to_owned());
            }
        }
    }

    /// A place at the desk for a session just opened.
    pub fn new(
        number: usize,
        session: Session,
        opening: Opening,
        style: Style,
        log: Style,
    ) -> Self {
        Self {
            number,
            connection: 1,
            session,
            opening,
            renderer: Renderer::new(style),
            views: Views::default(),
            log: Renderer::new(log),
            rows: Rows::new(&number.to_string()),
            record: Transcript::default(),
            feed: Feed::default(),
            known: Arc::default(),
            late: BTreeMap::new(),
            given_up: BTreeSet::new(),
            own: BTreeSet::new(),
            late_go_ahead: false,
            upload: None,
            offers: Offers::default(),
            deleted: Marked::default(),
            memory: super::teach::Memory::default(),
            last_reply: None,
            failure: None,
            redirect: None,
            together: None,
            said_goodbye: false,
            closed: false,
            handshake_left: false,
            mechanism: None,
            untrusted: false,
            ended: None,
            consents: BTreeSet::new(),
        }
    }

    /// Goes on where another connection of this session ended: with its record and its failure. Rows
    /// have a new name, as exchanges are counted anew.
    pub fn take_over(&mut self, before: &mut Self) {
        self.record = std::mem::take(&mut before.record);
        self.failure = before.failure;
        self.connection = before.connection + 1;
        self.rows = Rows::new(&format!("{}-{}", self.number, self.connection));
    }

    /// What EHLO says when ehlo says it.
    pub fn ehlo_name(&self) -> String {
        self.opening
            .name(self.session.conn().and_then(Conn::local).map(|a| a.ip()))
    }

    /// The row that stands for the connection, first in the record.
    pub fn connected_row(&self) -> Row {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let mut target = self.opening.target.clone();
        target.protocol = target.protocol.or_else(|| self.session.protocol());
        Row::note(
            Stamp::new(since),
            self.rows.session(),
            false,
            RowKind::Connected,
            &target.to_string(),
        )
    }

    /// False for content that the record has no room for: no row is made of it.
    pub fn has_room(&mut self, timed: &Timed) -> bool {
        let Happening::Engine(Event::Part(part)) = &timed.what else {
            return true;
        };
        let exchange = part.exchange.map(|e| e.0);
        self.record
            .has_room(self.rows.session(), exchange, part.bytes.len())
    }

    /// The rows that `timed` adds to record, log and JSON.
    pub fn rows_of(&mut self, timed: &Timed) -> Vec<Row> {
        let mut rows = Vec::new();
        let since = timed
            .when
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let stamp = Stamp::new(since);
        let session = Arc::clone(self.rows.session());
        let mut note =
            |kind, text: &str| rows.push(Row::note(stamp, &session, timed.secured, kind, text));
        match &timed.what {
            Happening::Tls(report) => note(RowKind::Secured, &tls::recorded(report)),
            Happening::Untrusted(report) => note(RowKind::Failed, &tls::distrust(report)),
            Happening::Ended(Some(error)) if !error.shown => note(RowKind::Failed, &error.what),
            Happening::Engine(event) => {
                self.rows
                    .take(stamp, timed.secured, event.clone(), timed.took, &mut rows);
            }
            _ => {}
        }
        // Whoever saves the record wants to know who logged in by a challenge exchange.
        if let Happening::Engine(Event::Reply(reply)) = &timed.what
            && matches!(reply.to.as_str(), "AUTH" | "AUTHENTICATE" | "APOP")
            && reply.verdict == Verdict::Good
            && let Some(user) = self.session.engine().and_then(|e| e.facts().user)
        {
            rows.push(Row::note(
                stamp,
                &session,
                timed.secured,
                RowKind::User,
                &user,
            ));
        }
        rows
    }

    fn known(&self, change: impl FnOnce(&mut Known)) {
        if let Ok(mut known) = self.known.write() {
            change(&mut known);
        }
    }

    /// Keeps what later commands ask for, and the first failure.
    pub fn note(&mut self, timed: &Timed) {
        if let Some((protocol, event)) = self.session.protocol().zip(timed.event()) {
            self.known(|known| known.learn(protocol.name, event));
        }
        match &timed.what {
            Happening::Engine(Event::Reply(reply)) => {
                self.count_deleted(reply);
                // Nobody waited any more: no line was written with this answer in mind.
                if reply.exchange.is_some_and(|e| self.given_up.contains(&e)) {
                    self.late_go_ahead |= reply.intermediate;
                } else {
                    self.feed.reply(reply);
                }
                let own = reply.exchange.is_some_and(|e| self.own.remove(&e));
                if let Some(kind) = failure_of(reply)
                    && !(own && kind == Kind::Refused)
                {
                    self.fail(kind);
                }
                self.last_reply = Some(reply.clone());
            }
            Happening::Engine(Event::Line(line)) if line.kind == LineKind::Untagged => {
                self.learn_deleted(line);
            }
            Happening::Engine(Event::Sent(sent)) => self.said_goodbye |= self.is_goodbye(sent),
            Happening::Tls(_) => {
                self.handshake_left = false;
                self.known(Known::secured);
            }
            Happening::Ended(Some(error)) => {
                self.ended = Some(error.kind);
                self.fail(error.kind);
            }
            _ => {}
        }
    }

    /// True for QUIT and LOGOUT, as a command or as raw octets that end in one.
    fn is_goodbye(&self, sent: &Sent) -> bool {
        let line = match sent.kind {
            SentKind::Command => Some(&*sent.shown),
            SentKind::Raw if self.mode() == Mode::Command => {
                let whole = sent.shown.strip_suffix(b"\n");
                // Without the line end that was on the wire, or with it.
                let cut = (sent.octets > sent.shown.len() as u64).then_some(&*sent.shown);
                let lines = whole.or(cut);
                lines.and_then(|lines| lines.split(|b| *b == b'\n').next_back())
            }
            _ => None,
        };
        let verb = line.zip(self.session.engine()).and_then(|(line, engine)| {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            engine.verb_of(line)
        });
        verb.is_some_and(|verb| matches!(verb.name, "QUIT" | "LOGOUT"))
    }

    /// A mailbox that is newly selected or emptied of its \Deleted has none that we know of.
    fn count_deleted(&mut self, reply: &Reply) {
        if matches!(
            reply.to.as_str(),
            "SELECT" | "EXAMINE" | "EXPUNGE" | "CLOSE" | "UNSELECT"
        ) {
            self.deleted.clear();
        }
        if reply.verdict == Verdict::Good && reply.to == "STORE" {
            let (set, marked) = silent_store(self.memory.command(reply.exchange));
            for (low, high) in set {
                match marked {
                    true => self.deleted.mark(low, high),
                    false => self.deleted.unmark(low, high),
                }
            }
        }
    }

    /// Keeps count of the messages that the server said are marked \Deleted.
    fn learn_deleted(&mut self, line: &Line) {
        let text = String::from_utf8_lossy(&line.text).to_ascii_uppercase();
        let mut words = text.split_ascii_whitespace();
        let (Some("*"), Some(number), Some(what)) = (words.next(), words.next(), words.next())
        else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match what {
            "FETCH" if text.contains("\\DELETED") => self.deleted.mark(number, number),
            "FETCH" if text.contains("FLAGS (") => self.deleted.unmark(number, number),
            "EXPUNGE" => self.deleted.expunge(number),
            _ => {}
        }
    }

    /// Remembers a failure, if it is the first.
    pub fn fail(&mut self, kind: Kind) {
        self.failure.get_or_insert(kind);
    }
}

/// The runs of messages that a `STORE … FLAGS.SILENT` marked as \Deleted (true) or took the mark
/// from: no FETCH tells of them. A set with "*" names nobody knows whom.
fn silent_store(command: &str) -> (Vec<(u64, u64)>, bool) {
    let upper = command.to_ascii_uppercase();
    let mut words = upper
        .split_ascii_whitespace()
        .skip_while(|word| *word != "STORE");
    let (set, item) = (words.nth(1), words.next());
    let flags: Vec<_> = words.collect();
    let named = flags
        .iter()
        .any(|flag| flag.trim_matches(['(', ')']) == "\\DELETED");
    let marked = match item {
        Some("+FLAGS.SILENT") if named => true,
        Some("-FLAGS.SILENT") if named => false,
        Some("FLAGS.SILENT") => named,
        _ => return (Vec::new(), false),
    };
    let run = |part: &str| {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
        Some((first.min(last), first.max(last)))
    };
    let runs: Option<Vec<_>> = set.unwrap_or_default().split(',').map(run).collect();
    (runs.unwrap_or_default(), marked)
}

/// Which failure a reply is, if it is one.
pub fn failure_of(reply: &Reply) -> Option<Kind> {
    match reply.verdict {
        Verdict::TryLater => Some(Kind::TryLater),
        Verdict::Refused if reply.is_to_login() => Some(Kind::Auth),
        Verdict::Refused => Some(Kind::Refused),
        // A code of no class: whatever it means, it is not what the protocol has.
        Verdict::Note if reply.code.starts_with(|c: char| c.is_ascii_digit()) => Some(Kind::Lost),
        Verdict::Good | Verdict::More | Verdict::Note => None,
    }
}

#[cfg(test)]
mod tests {
    use super::silent_store;

    #[test]
    fn silent_stores_are_counted() {
        let of = |command| silent_store(command);
        assert_eq!(
            of("a3 store 1:2,5 +flags.silent (\\Deleted)"),
            (vec![(1, 2), (5, 5)], true)
        );
        assert_eq!(
            of("a3 STORE 4 -FLAGS.SILENT (\\Seen \\Deleted)"),
            (vec![(4, 4)], false)
        );
        assert_eq!(
            of("a3 STORE 4 FLAGS.SILENT (\\Seen)"),
            (vec![(4, 4)], false)
        );
        assert_eq!(of("a3 STORE 4 +FLAGS.SILENT (\\Seen)"), (vec![], false));
        assert_eq!(of("a3 STORE 1:* +FLAGS.SILENT (\\Deleted)"), (vec![], true));
        assert_eq!(of("a3 STORE 1 +FLAGS (\\Deleted)"), (vec![], false));
        assert_eq!(of(""), (vec![], false));
    }
}
