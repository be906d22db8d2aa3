//! SEARCH in all its forms (RFC 9051 6.4.4, RFC 4731, RFC 5182): what is asked for (`keys`), what is
//! looked for (`needle`), what fits (`matching`), the search itself (`flow`), and the answer.

mod flow;
mod keys;
mod matching;
mod needle;

use std::sync::{Arc, PoisonError};

pub(super) use self::flow::Saved;
use self::flow::{SearchFlow, Waiting};
use self::keys::NoSearch;
use self::matching::{Fits, Known, Search};
use super::parse::{Parsed, Parser};
use super::table::Call;
use super::{CHUNK, Done, ImapServer, write};
use crate::proto::outbox::Flow;
use crate::store::message::Message;

/// What RETURN asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// There was a RETURN: the answer is ESEARCH.
    extended: bool,
    min: bool,
    max: bool,
    all: bool,
    count: bool,
    save: bool,
}

/// A message that fits.
#[derive(Clone, Copy)]
struct Hit {
    number: u32,
    uid: u32,
    modseq: u64,
}

impl ImapServer {
    pub(super) fn search(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let mut wanted = Wanted::default();
        if p.keyword("RETURN") {
            wanted = returns(p)?;
            p.space()?;
        }
        // RFC 6855 3: the charset is settled then.
        if self.enabled.utf8 && !self.enabled.rev2 && p.clone().keyword("CHARSET") {
            return p.bad_at(p.at(), "a charset behind ENABLE UTF8=ACCEPT");
        }
        let program = match keys::parse(p)? {
            Ok(program) => program,
            Err(NoSearch::BadCharset) => {
                if wanted.save {
                    self.saved = Vec::new();
                }
                let text = "that charset is not known here";
                return Ok(Some(Done::no(text).code("BADCHARSET (UTF-8 US-ASCII)")));
            }
        };
        if self.tell(call.uid).is_err() {
            return Ok(None);
        }
        if program.modseq {
            self.condstore();
        }
        let report = Report {
            tag: call.tag.to_owned(),
            uid: call.uid,
            wanted,
            modseq: program.modseq,
            extended: wanted.extended || self.enabled.rev2,
        };
        let saved = Arc::clone(&self.searched);
        let flow: Flow = match self.look_up(program) {
            Some((search, waiting)) => Box::new(SearchFlow::new(search, waiting, report, saved)),
            None => report.answer(&[]),
        };
        self.say_flow(flow);
        // RFC 5530 3: what is gone and not announced yet was not searched.
        let done = Done::ok("Search completed.");
        let unannounced = self.view.as_ref().is_some_and(|view| view.misses_some());
        Ok(Some(if unannounced {
            done.code("EXPUNGEISSUED")
        } else {
            done
        }))
    }

    /// The messages that fit, as far as the mailbox alone can tell, and those that must be read:
    /// that happens later, and without the lock.
    fn look_up(&mut self, program: keys::Program) -> Option<(Search, Vec<Waiting>)> {
        let saved = std::mem::take(&mut self.saved);
        let now = (self.service.clock)();
        let found = self.with_view(|store, view| {
            let mailbox = store.mailbox(view.mailbox())?;
            let known = Known {
                mailbox,
                exists: view.exists(mailbox),
                last_uid: view.last_uid(mailbox).unwrap_or(0),
                saved: &saved,
                recent: view.recent_ranges(),
                now,
            };
            let search = Search::new(program, &known);
            let mut waiting = Vec::new();
            let messages = &mailbox.messages()[..view.known(mailbox)];
            for (at, message) in messages.iter().enumerate() {
                let number = view.number_at(mailbox, at);
                match search.glance(number, message) {
                    Fits::Yes => waiting.push(Waiting::Fits(hit(number, message))),
                    Fits::No => {}
                    Fits::Unknown => waiting.push(Waiting::Unread(number, message.clone())),
                }
            }
            Some((search, waiting))
        });
        self.saved = saved;
        found.flatten()
    }

    /// Takes over what the last search saved. It has ended by now: a command is read only when the
    /// answer to the one before it was made.
    pub(super) fn take_searched(&mut self) {
        let mut searched = self.searched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(uids) = searched.take() {
            self.saved = uids;
        }
    }
}

/// What is told of a search.
struct Report {
    tag: String,
    uid: bool,
    wanted: Wanted,
    modseq: bool,
    /// As ESEARCH.
    extended: bool,
}

impl Report {
    /// What `$` stands for from now on, where that was asked for.
    fn saved(&self, hits: &[Hit]) -> Option<Vec<u32>> {
        self.wanted.save.then(|| saved(hits, self.wanted))
    }

    fn answer(&self, hits: &[Hit]) -> Flow {
        let Wanted {
            min,
            max,
            all,
            count,
            save,
            ..
        } = self.wanted;
        let number = |hit: &Hit| if self.uid { hit.uid } else { hit.number };
        if !self.extended {
            let highest = hits.iter().map(|hit| hit.modseq).max();
            let numbers: Vec<u32> = hits.iter().map(number).collect();
            return plain(numbers, highest.filter(|_| self.modseq));
        }
        if save && !(min || max || all || count) {
            return Box::new(std::iter::empty());
        }
        in_chunks(self.esearch(hits, number))
    }

    /// `* ESEARCH (TAG "a1") UID MIN 1 …`
    fn esearch(&self, hits: &[Hit], number: impl Fn(&Hit) -> u32) -> Vec<u8> {
        let wanted = self.wanted;
        let mut line = b"* ESEARCH (TAG ".to_vec();
        write::string(&mut line, self.tag.as_bytes(), false);
        line.push(b')');
        let mut word = |text: String| {
            line.push(b' ');
            line.extend_from_slice(text.as_bytes());
        };
        if self.uid {
            word("UID".into());
        }
        let (first, last) = (hits.first(), hits.last());
        if let (true, Some(first)) = (wanted.min, first) {
            word(format!("MIN {}", number(first)));
        }
        if let (true, Some(last)) = (wanted.max, last) {
            word(format!("MAX {}", number(last)));
        }
        if wanted.count {
            word(format!("COUNT {}", hits.len()));
        }
        if (wanted.all || !wanted.extended) && !hits.is_empty() {
            let numbers: Vec<u32> = hits.iter().map(&number).collect();
            word(format!("ALL {}", write::set(&numbers)));
        }
        // RFC 7162 3.1.10: of the messages that are named.
        let highest = if wanted.all || wanted.count || !wanted.extended {
            hits.iter().map(|hit| hit.modseq).max()
        } else {
            let named = first.filter(|_| wanted.min).into_iter();
            let named = named.chain(last.filter(|_| wanted.max));
            named.map(|hit| hit.modseq).max()
        };
        if let Some(highest) = highest.filter(|_| self.modseq) {
            word(format!("MODSEQ {highest}"));
        }
        line.extend_from_slice(b"\r\n");
        line
    }
}

fn hit(number: u32, message: &Message) -> Hit {
    Hit {
        number,
        uid: message.uid,
        modseq: message.modseq,
    }
}

/// `(MIN MAX ALL COUNT SAVE)`
fn returns(p: &mut Parser<'_>) -> Parsed<Wanted> {
    p.space()?;
    let mut wanted = Wanted {
        extended: true,
        ..Wanted::default()
    };
    let options = p.list(0, |p| {
        let start = p.at();
        match p.word("a result option")?.as_str() {
            "MIN" => wanted.min = true,
            "MAX" => wanted.max = true,
            "ALL" => wanted.all = true,
            "COUNT" => wanted.count = true,
            "SAVE" => wanted.save = true,
            _ => return p.bad_at(start, "an unknown result option of SEARCH"),
        }
        Ok(())
    })?;
    wanted.all |= options.is_empty();
    Ok(wanted)
}

/// What `$` stands for from now on (RFC 5182 2.4).
fn saved(hits: &[Hit], wanted: Wanted) -> Vec<u32> {
    let everything = wanted.all || wanted.count || !(wanted.min || wanted.max);
    if everything {
        return hits.iter().map(|hit| hit.uid).collect();
    }
    let mut uids = Vec::new();
    uids.extend(hits.first().filter(|_| wanted.min).map(|hit| hit.uid));
    uids.extend(hits.last().filter(|_| wanted.max).map(|hit| hit.uid));
    uids.dedup();
    uids
}

fn in_chunks(line: Vec<u8>) -> Flow {
    let mut rest = line;
    Box::new(std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let after = rest.split_off(rest.len().min(CHUNK));
        Some(std::mem::replace(&mut rest, after))
    }))
}

/// `* SEARCH 1 2 3 (MODSEQ 9)`
fn plain(numbers: Vec<u32>, highest: Option<u64>) -> Flow {
    let mut numbers = numbers.into_iter();
    let mut begun = false;
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let mut out = Vec::new();
        if !std::mem::replace(&mut begun, true) {
            out.extend_from_slice(b"* SEARCH");
        }
        while out.len() < CHUNK {
            let Some(number) = numbers.next() else {
                if let Some(highest) = highest {
                    out.extend_from_slice(format!(" (MODSEQ {highest})").as_bytes());
                }
                out.extend_from_slice(b"\r\n");
                ended = true;
                break;
            };
            out.push(b' ');
            write::number(&mut out, number);
        }
        Some(out)
    }))
}
