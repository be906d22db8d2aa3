//! FETCH: what is asked for (`items`), what the parts of a message are (`section`), how a message
//! is described (`structure`), and the flow of the answers.

mod items;
mod section;
mod structure;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use self::items::{Heavy, Items};
use self::section::Got;
use super::parse::Parsed;
use super::table::Call;
use super::{CHUNK, Done, Enabled, ImapServer, write};
use crate::store::date::Stamp;
use crate::store::flags::Flags;
use crate::store::mailbox::Mailbox;
use crate::store::message::Content;
use crate::store::view::View;
use crate::store::{MailboxId, SessionId, SharedStore};

/// Messages that are looked up under one lock.
const BATCH: usize = 64;

/// The most content in one part of the flow.
const PART: usize = 64 * 1024;

impl ImapServer {
    pub(super) fn fetch(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let start = p.at();
        let set = p.set()?;
        p.space()?;
        let mut items = Items::parse(p)?;
        let mut changed_since = None;
        if p.take(b' ') {
            p.list(1, |p| {
                let at = p.at();
                if !p.keyword("CHANGEDSINCE") {
                    return p.bad_at(at, "an unknown modifier of FETCH");
                }
                p.space()?;
                changed_since = Some(p.number64("a mod-sequence")?);
                Ok(())
            })?;
        }
        p.end()?;
        // News first: with UID they may change what numbers mean.
        if self.tell(call.uid).is_err() {
            return Ok(None);
        }
        let messages = self.messages(p, start, &set, call.uid)?;
        items.uid |= call.uid;
        items.modseq |= changed_since.is_some();
        if items.modseq {
            self.condstore();
        }
        let Some(view) = self.view.take() else {
            return Ok(Some(Done::ok("nothing is selected")));
        };
        let mut flow = FetchFlow::new(self, &view, messages, items);
        flow.changed_since = changed_since;
        flow.announce = call.effect.literal;
        let outcome = Arc::clone(&flow.outcome);
        self.view = Some(view);
        self.say_flow(Box::new(flow));
        let (tag, reply) = (call.tag.to_owned(), call.effect.reply.clone());
        let numbers = !call.uid;
        self.say_flow(Box::new(std::iter::once_with(move || {
            let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
            outcome.done(numbers).line(&tag, reply.as_deref())
        })));
        Ok(Some(Done::deferred()))
    }
}

/// How a flow went.
#[derive(Debug, Default)]
struct Outcome {
    /// Messages that exist, whether there was something to show of them or not.
    there: usize,
    missing: usize,
    unknown_encoding: bool,
}

impl Outcome {
    fn done(&self, numbers: bool) -> Done {
        if self.unknown_encoding {
            return Done::no("a part is damaged or encoded in a way nobody knows")
                .code("UNKNOWN-CTE");
        }
        match (numbers && self.missing > 0, self.there) {
            (false, _) => Done::ok("Fetch completed."),
            (true, 0) => Done::no("those messages no longer exist").code("EXPUNGEISSUED"),
            (true, _) => Done::ok("fetched, less what is gone").code("EXPUNGEISSUED"),
        }
    }
}

/// FETCH answers, made while they are sent.
pub(super) struct FetchFlow {
    store: SharedStore,
    mailbox: MailboxId,
    session: SessionId,
    read_only: bool,
    enabled: Enabled,
    items: Items,
    /// Ranges of UIDs that are shown as recent.
    recent: Vec<(u32, u32)>,
    messages: std::vec::IntoIter<(u32, u32)>,
    changed_since: Option<u64>,
    /// A fault: the length that literals are said to have.
    announce: Option<u64>,
    outcome: Arc<Mutex<Outcome>>,
    /// Messages looked up and not written yet: the start of the answer, and the octets.
    ready: VecDeque<(Vec<u8>, Arc<Content>)>,
    pieces: VecDeque<Piece>,
}

enum Piece {
    Bytes(Vec<u8>),
    Slice(Arc<Content>, Range<usize>),
}

impl FetchFlow {
    fn new(server: &ImapServer, view: &View, messages: Vec<(u32, u32)>, items: Items) -> Self {
        Self {
            store: server.service.store.clone(),
            mailbox: view.mailbox(),
            session: server.session,
            read_only: view.read_only,
            enabled: server.enabled,
            items,
            recent: view.recent_ranges().to_vec(),
            messages: messages.into_iter(),
            changed_since: None,
            announce: None,
            outcome: Arc::default(),
            ready: VecDeque::new(),
            pieces: VecDeque::new(),
        }
    }

    /// The flags of messages, for news and STORE.
    pub(super) fn flags(
        server: &ImapServer,
        view: &View,
        messages: Vec<(u32, u32)>,
        uid: bool,
    ) -> Self {
        let items = Items {
            flags: true,
            uid,
            modseq: server.enabled.condstore,
            ..Items::default()
        };
        Self::new(server, view, messages, items)
    }

    /// The mod-sequences of messages, after a silent STORE.
    pub(super) fn modseqs(
        server: &ImapServer,
        view: &View,
        messages: Vec<(u32, u32)>,
        uid: bool,
    ) -> Self {
        let items = Items {
            uid,
            modseq: true,
            ..Items::default()
        };
        Self::new(server, view, messages, items)
    }

    fn note(&self, note: impl FnOnce(&mut Outcome)) {
        note(&mut self.outcome.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Looks messages up, under one lock. Where nothing else is asked for, whole answers come out.
    fn look_up(&mut self) -> Vec<u8> {
        let shared = self.store.clone();
        let mut store = shared.lock();
        let mut out = Vec::new();
        let (mut missing, mut there, mut rings) = (0, 0, false);
        let Some(mailbox) = store.mailbox_mut(self.mailbox) else {
            missing = self.messages.len();
            self.messages = Vec::new().into_iter();
            self.note(|outcome| outcome.missing += missing);
            return out;
        };
        let mut modseq = None;
        while out.len() < CHUNK && self.ready.len() < BATCH {
            let Some((number, uid)) = self.messages.next() else {
                break;
            };
            let Ok(at) = mailbox.position(uid) else {
                missing += 1;
                continue;
            };
            there += 1;
            let message = &mailbox.messages()[at];
            if self
                .changed_since
                .is_some_and(|since| message.modseq <= since)
            {
                continue;
            }
            let marks = self.items.sets_seen && !self.read_only && !message.flags.has(Flags::SEEN);
            if marks {
                let flags = message.flags.with(Flags::SEEN);
                let modseq = *modseq.get_or_insert_with(|| mailbox.next_modseq());
                rings |= mailbox.set_flags(uid, flags, modseq, self.session);
            }
            let start = out.len();
            self.light(mailbox, at, number, marks, &mut out);
            if self.items.heavy.is_empty() {
                out.extend_from_slice(b")\r\n");
            } else {
                let content = Arc::clone(&mailbox.messages()[at].content);
                self.ready.push_back((out.split_off(start), content));
            }
        }
        if rings {
            mailbox.ring(self.session);
        }
        drop(store);
        self.note(|outcome| {
            outcome.missing += missing;
            outcome.there += there;
        });
        out
    }

    /// `* 3 FETCH (` and what the mailbox knows of the message.
    fn light(&self, mailbox: &Mailbox, at: usize, number: u32, marked: bool, out: &mut Vec<u8>) {
        let message = &mailbox.messages()[at];
        out.extend_from_slice(b"* ");
        write::number(out, number);
        out.extend_from_slice(b" FETCH (");
        let start = out.len();
        let label = |out: &mut Vec<u8>, text: &[u8]| {
            if out.len() > start {
                out.push(b' ');
            }
            out.extend_from_slice(text);
        };
        if self.items.uid {
            label(out, b"UID ");
            write::number(out, message.uid);
        }
        if self.items.flags || marked {
            label(out, b"FLAGS (");
            let before = out.len();
            mailbox.write_flags(message.flags, out);
            if !self.enabled.rev2 && super::parse::holds(&self.recent, message.uid) {
                if out.len() > before {
                    out.push(b' ');
                }
                out.extend_from_slice(b"\\Recent");
            }
            out.push(b')');
        }
        if self.items.modseq || marked && self.enabled.condstore {
            label(out, b"MODSEQ (");
            write::number(out, message.modseq);
            out.push(b')');
        }
        if self.items.date {
            label(out, b"INTERNALDATE \"");
            date(message.date, out);
            out.push(b'"');
        }
        if self.items.size {
            label(out, b"RFC822.SIZE ");
            write::number(out, message.content.octets().len() as u64);
        }
    }

    /// Takes one message apart into pieces.
    fn write(&mut self, start: Vec<u8>, content: &Arc<Content>) {
        let mut out = start;
        let utf8 = self.enabled.utf8;
        for heavy in &self.items.heavy {
            if !out.ends_with(b"(") {
                out.push(b' ');
            }
            match heavy {
                Heavy::Envelope => {
                    out.extend_from_slice(b"ENVELOPE ");
                    structure::envelope_of(content, utf8, &mut out);
                }
                Heavy::Body => {
                    out.extend_from_slice(b"BODY ");
                    structure::body_of(content, false, utf8, &mut out);
                }
                Heavy::BodyStructure => {
                    out.extend_from_slice(b"BODYSTRUCTURE ");
                    structure::body_of(content, true, utf8, &mut out);
                }
                Heavy::Section(wanted) => {
                    out.extend_from_slice(wanted.label.as_bytes());
                    out.push(b' ');
                    let got = section::find(content, wanted).cut(wanted.partial);
                    self.pieces
                        .extend(literal(got, content, b"", self.announce, &mut out));
                }
                Heavy::Binary { path, partial } => {
                    section::binary_label("BINARY", path, partial.as_ref(), &mut out);
                    let Some(got) = section::binary(content, path) else {
                        out.extend_from_slice(b"NIL");
                        self.note(|outcome| outcome.unknown_encoding = true);
                        continue;
                    };
                    let got = got.cut(*partial);
                    let mark: &[u8] = if got.has_nul(content) { b"~" } else { b"" };
                    self.pieces
                        .extend(literal(got, content, mark, self.announce, &mut out));
                }
                Heavy::BinarySize(path) => {
                    section::binary_label("BINARY.SIZE", path, None, &mut out);
                    match section::binary(content, path) {
                        Some(got) => write::number(&mut out, got.len() as u64),
                        None => {
                            out.push(b'0');
                            self.note(|outcome| outcome.unknown_encoding = true);
                        }
                    }
                }
            }
        }
        out.extend_from_slice(b")\r\n");
        self.pieces.push_back(Piece::Bytes(out));
    }
}

/// The announcement of a literal, and its content where that is a part of the message.
fn literal(
    got: Got,
    content: &Arc<Content>,
    mark: &[u8],
    announce: Option<u64>,
    out: &mut Vec<u8>,
) -> Vec<Piece> {
    if let Got::Nil = got {
        out.extend_from_slice(b"NIL");
        return Vec::new();
    }
    out.extend_from_slice(mark);
    out.push(b'{');
    write::number(out, announce.unwrap_or(got.len() as u64));
    out.extend_from_slice(b"}\r\n");
    match got {
        Got::Nil => Vec::new(),
        Got::Bytes(bytes) => {
            out.extend_from_slice(&bytes);
            Vec::new()
        }
        // A NUL stands in no literal but a literal8: others read 0x80 there.
        Got::Range(range) if mark.is_empty() && content.has_nul() => {
            let octets = &content.octets()[range];
            out.extend(octets.iter().map(|b| if *b == 0 { 0x80 } else { *b }));
            Vec::new()
        }
        Got::Range(range) => vec![
            Piece::Bytes(std::mem::take(out)),
            Piece::Slice(Arc::clone(content), range),
        ],
    }
}

fn date(stamp: Stamp, out: &mut Vec<u8>) {
    use std::io::Write as _;
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{}", stamp.imap());
}

impl Iterator for FetchFlow {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut part = Vec::new();
        loop {
            while let Some(piece) = self.pieces.front_mut() {
                let room = PART.saturating_sub(part.len());
                if room == 0 {
                    return Some(part);
                }
                match piece {
                    Piece::Bytes(bytes) if bytes.len() <= room => {
                        part.append(bytes);
                    }
                    Piece::Bytes(bytes) => {
                        let rest = bytes.split_off(room);
                        part.append(bytes);
                        *bytes = rest;
                        continue;
                    }
                    Piece::Slice(content, range) => {
                        let end = range.end.min(range.start + room);
                        part.extend_from_slice(&content.octets()[range.start..end]);
                        range.start = end;
                        if range.start < range.end {
                            continue;
                        }
                    }
                }
                self.pieces.pop_front();
            }
            if part.len() >= CHUNK {
                return Some(part);
            }
            if let Some((start, content)) = self.ready.pop_front() {
                self.write(start, &content);
                continue;
            }
            if self.messages.len() == 0 {
                return (!part.is_empty()).then_some(part);
            }
            let whole = self.look_up();
            part.extend_from_slice(&whole);
        }
    }
}
