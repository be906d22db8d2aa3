//! News of the selected mailbox: what other sessions did to it.

use std::sync::Arc;

use super::fetch::FetchFlow;
use super::{CHUNK, ImapServer, select, write};
use crate::proto::outbox::Flow;
use crate::store::Store;
use crate::store::view::{Lost, View};

impl ImapServer {
    /// Tells the news of the selected mailbox, as part of the answer.
    pub(super) fn tell(&mut self, expunges: bool) -> Result<(), Lost> {
        self.told = true;
        let Some(mut view) = self.view.take() else {
            return Ok(());
        };
        let service = Arc::clone(&self.service);
        let mut held = service.store.lock();
        let news = view.news(&mut held, expunges);
        self.rung &= !expunges;
        self.tell_keywords(&held, &view);
        let told = news.map(|news| {
            if news.is_empty() {
                return;
            }
            let numbers = |uids: &[u32]| -> Vec<(u32, u32)> {
                let Some(mailbox) = held.mailbox(view.mailbox()) else {
                    return Vec::new();
                };
                let number = |uid| view.number(mailbox, uid).map(|number| (number, uid));
                uids.iter().filter_map(|uid| number(*uid)).collect()
            };
            let flagged = numbers(&news.flags);
            if !news.expunged.is_empty() {
                self.say_flow(lines(news.expunged, "EXPUNGE"));
            }
            if let Some(exists) = news.exists {
                self.untagged(&format!("{exists} EXISTS"));
            }
            if let (Some(recent), false) = (news.recent, self.enabled.rev2) {
                self.untagged(&format!("{recent} RECENT"));
            }
            if !flagged.is_empty() {
                let flow = FetchFlow::flags(self, &view, flagged, self.enabled.condstore);
                self.say_flow(Box::new(flow));
            }
        });
        drop(held);
        match told {
            Ok(()) => {
                self.view = Some(view);
                Ok(())
            }
            Err(lost) => {
                view.close(&self.service.store);
                self.answer.clear();
                self.bye(match lost {
                    Lost::Deleted => "the selected mailbox was deleted",
                    Lost::TooFarBehind => "too much happened to tell it all, please come again",
                });
                Err(lost)
            }
        }
    }

    /// Tells the flags that there are, when keywords were added.
    pub(super) fn tell_keywords(&mut self, store: &Store, view: &View) {
        let Some(mailbox) = store.mailbox(view.mailbox()) else {
            return;
        };
        if mailbox.keywords().len() > self.keywords {
            self.keywords = mailbox.keywords().len();
            let lines = select::flag_lines(mailbox, view.read_only);
            self.say(lines);
        }
    }

    /// Runs `f` with the store and the view brought up to date with it.
    pub(super) fn with_view<T>(&mut self, f: impl FnOnce(&mut Store, &mut View) -> T) -> Option<T> {
        let view = self.view.as_mut()?;
        let mut held = self.service.store.lock();
        view.catch_up(&mut held).ok()?;
        Some(f(&mut held, view))
    }

    pub(super) fn deselect(&mut self) {
        if let Some(view) = self.view.take() {
            view.close(&self.service.store);
        }
        self.saved = Vec::new();
        self.mailbox_name.clear();
    }
}

/// `* 3 EXPUNGE` and the like, a line a number.
fn lines(numbers: Vec<u32>, word: &'static str) -> Flow {
    let mut numbers = numbers.into_iter().peekable();
    Box::new(std::iter::from_fn(move || {
        numbers.peek()?;
        let mut out = Vec::with_capacity(CHUNK + 64);
        for number in numbers.by_ref() {
            out.extend_from_slice(b"* ");
            write::number(&mut out, number);
            out.push(b' ');
            out.extend_from_slice(word.as_bytes());
            out.extend_from_slice(b"\r\n");
            if out.len() >= CHUNK {
                break;
            }
        }
        Some(out)
    }))
}

impl Drop for ImapServer {
    fn drop(&mut self) {
        self.deselect();
    }
}
