//! What is in the practice server's mailboxes at the start: a few messages to learn from.
//!
//! They are the same at every start, so that lessons and talks can name them by number and text.

use super::date::{Day, Stamp};
use super::flags::Flags;
use super::mailbox::SpecialUse;
use super::message::Content;
use super::{SessionId, Store};
use crate::wire::secret::Secret;

const USERS: [(&str, &str); 3] = [
    ("alice", "wonderland"),
    ("bob", "builder"),
    ("charlie", "charlie"),
];

const SPECIAL: [(&str, SpecialUse); 5] = [
    ("Archive", SpecialUse::Archive),
    ("Drafts", SpecialUse::Drafts),
    ("Junk", SpecialUse::Junk),
    ("Sent", SpecialUse::Sent),
    ("Trash", SpecialUse::Trash),
];

struct Seed {
    mailbox: &'static str,
    /// Day of November 2026, hour, minute.
    at: (u8, u8, u8),
    flags: Flags,
    keywords: &'static [&'static str],
    text: &'static str,
}

static SEEDS: &[Seed] = &[
    Seed {
        mailbox: "INBOX",
        at: (2, 9, 0),
        flags: Flags::SEEN,
        keywords: &[],
        text: include_str!("welcome.eml"),
    },
    Seed {
        mailbox: "INBOX",
        at: (3, 10, 15),
        flags: Flags::NONE,
        keywords: &[],
        text: include_str!("encoded.eml"),
    },
    Seed {
        mailbox: "INBOX",
        at: (4, 8, 30),
        flags: Flags::NONE,
        keywords: &[],
        text: include_str!("alternative.eml"),
    },
    Seed {
        mailbox: "INBOX",
        at: (4, 16, 42),
        flags: Flags::FLAGGED,
        keywords: &["$Important"],
        text: include_str!("attachment.eml"),
    },
    Seed {
        mailbox: "INBOX",
        at: (5, 7, 5),
        flags: Flags::NONE,
        keywords: &[],
        text: include_str!("utf8.eml"),
    },
    Seed {
        mailbox: "INBOX",
        at: (5, 11, 59),
        flags: Flags::NONE,
        keywords: &[],
        text: include_str!("bounce.eml"),
    },
    Seed {
        mailbox: "INBOX",
        at: (6, 9, 1),
        flags: Flags::ANSWERED,
        keywords: &[],
        text: include_str!("thread-1.eml"),
    },
    Seed {
        mailbox: "INBOX",
        at: (6, 9, 20),
        flags: Flags::NONE,
        keywords: &[],
        text: include_str!("thread-3.eml"),
    },
    Seed {
        mailbox: "INBOX",
        at: (7, 18, 0),
        flags: Flags::NONE,
        keywords: &["$Forwarded"],
        text: include_str!("forward.eml"),
    },
    Seed {
        mailbox: "Sent",
        at: (6, 9, 10),
        flags: Flags::SEEN,
        keywords: &[],
        text: include_str!("thread-2.eml"),
    },
    Seed {
        mailbox: "Drafts",
        at: (8, 20, 0),
        flags: Flags::DRAFT,
        keywords: &[],
        text: include_str!("draft.eml"),
    },
];

/// Makes the users and their mail. Nothing here can be refused: the limits are far away.
pub(super) fn fill(store: &mut Store) {
    for (user, password) in USERS {
        let made = store.add_user(user, Secret::new(password));
        debug_assert_eq!(made, Ok(()));
        for (name, special) in SPECIAL {
            let made = store.create(user, name, Some(special));
            debug_assert!(made.is_ok());
            let subscribed = store.subscribe(user, name, true);
            debug_assert!(subscribed.is_ok());
        }
    }
    for name in ["Projects/Café", "Projects/ehlo"] {
        let made = store.create("alice", name, None);
        debug_assert!(made.is_ok());
        let subscribed = store.subscribe("alice", name, true);
        debug_assert!(subscribed.is_ok());
    }
    for seed in SEEDS {
        let (day, hour, minute) = seed.at;
        let date = Day::new(2026, 11, day)
            .and_then(|day| Stamp::new(day, (hour, minute, 0), 60))
            .unwrap_or(Stamp { unix: 0, zone: 0 });
        let content = Content::new(seed.text.replace('\n', "\r\n").into_bytes());
        let stored = store.mailbox_id("alice", seed.mailbox).and_then(|id| {
            let nobody = SessionId::NOBODY;
            store.append(id, &content, seed.flags, seed.keywords, date, nobody)
        });
        debug_assert!(stored.is_ok());
    }
}
