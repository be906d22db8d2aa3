//! What the store promises, step by step.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::date::Stamp;
use super::flags::Flags;
use super::maildrop::Maildrop;
use super::message::Content;
use super::view::{Lost, View};
use super::*;

fn letter(text: &str) -> Arc<Content> {
    Content::new(text.replace('\n', "\r\n").into_bytes())
}

fn filled(count: u32) -> (SharedStore, MailboxId) {
    let mut store = Store::new("ehlo.test", 7);
    store.add_user("alice", Secret::new("wonderland")).unwrap();
    let inbox = store.mailbox_id("alice", "inbox").unwrap();
    for n in 0..count {
        let text = format!("Subject: {n}\n\nbody\n");
        store
            .deliver("alice", "INBOX", &letter(&text), Stamp::utc(0))
            .unwrap();
    }
    (SharedStore::new(store), inbox)
}

fn open(store: &SharedStore, inbox: MailboxId) -> View {
    let mut held = store.lock();
    let session = held.session();
    View::open(&mut held, inbox, session, false, None).unwrap()
}

#[test]
fn logins() {
    let mut store = Store::practice(1);
    assert_eq!(
        store.log_in("alice", b"wonderland").as_deref(),
        Some("alice")
    );
    assert_eq!(
        store.log_in("Alice@EHLO.test", b"wonderland").as_deref(),
        Some("alice")
    );
    for (user, password) in [
        ("alice", "wonderlan"),
        ("alice", ""),
        ("alice@example.org", "wonderland"),
        ("dave", "x"),
    ] {
        assert_eq!(store.log_in(user, password.as_bytes()), None, "{user}");
    }
    store.set_accept_any(true);
    assert_eq!(store.log_in("dave", b"x").as_deref(), Some("dave"));
    assert!(store.mailbox_id("dave", "INBOX").is_ok());
}

#[test]
fn recipients() {
    let mut store = Store::practice(1);
    for address in [
        "bob@ehlo.test",
        "BOB@Ehlo.Test",
        "\"bob\"@ehlo.test",
        "bob+x@ehlo.test",
    ] {
        assert_eq!(
            store.recipient(address).as_deref(),
            Some("bob"),
            "{address}"
        );
    }
    for address in ["bob", "bob@example.org", "dave@ehlo.test", "@ehlo.test"] {
        assert_eq!(store.recipient(address), None, "{address}");
    }
}

#[test]
fn the_seed_is_there_and_whole() {
    let store = Store::practice(1);
    let inbox = store.mailbox_id("alice", "INBOX").unwrap();
    let messages = store.mailbox(inbox).unwrap().messages();
    assert_eq!(messages.len(), 9);
    for message in messages {
        let text = message.content.octets();
        assert!(text.ends_with(b"\r\n"));
        let bare = text.iter().enumerate().filter(|(_, b)| **b == b'\n');
        assert!(bare.clone().count() > 5);
        assert!(bare.into_iter().all(|(at, _)| text[at - 1] == b'\r'));
    }
    let names: Vec<_> = store.list("alice").into_iter().map(|l| l.name).collect();
    assert_eq!(names[0], "INBOX");
    assert!(names.contains(&"Projects/Café".to_owned()));
}

#[test]
fn the_quota_holds() {
    let (store, inbox) = filled(0);
    let mut store = store.lock();
    let limits = Limits {
        quota: 100,
        ..Limits::default()
    };
    store.set_limits(limits);
    let body = Content::new(vec![b'x'; 60]);
    let put = |store: &mut Store| store.deliver("alice", "INBOX", &body, Stamp::utc(0));
    assert!(put(&mut store).is_ok());
    assert_eq!(put(&mut store), Err(Refused::OverQuota));
    assert_eq!(
        store.copy(inbox, &[1], inbox, SessionId::NOBODY),
        Err(Refused::OverQuota)
    );
    assert_eq!(store.room_for("alice"), 40);
    store.expunge(inbox, &[1, 1, 2], SessionId::NOBODY);
    assert_eq!(store.used_by("alice"), 0);
    assert!(put(&mut store).is_ok());
}

#[test]
fn numbers_stay_true_until_the_expunge_is_told() {
    let (store, inbox) = filled(5);
    let (mut one, mut two) = (open(&store, inbox), open(&store, inbox));
    store.lock().expunge(inbox, &[2, 4], one.session());
    store
        .lock()
        .deliver("alice", "INBOX", &letter("Subject: new\n\n"), Stamp::utc(0))
        .unwrap();
    let mut held = store.lock();
    two.catch_up(&mut held).unwrap();
    let mailbox = held.mailbox(inbox).unwrap();
    assert_eq!(two.exists(mailbox), 5);
    for number in 1..=5 {
        assert_eq!(two.uid(mailbox, number), Some(number));
        assert_eq!(two.number(mailbox, number), Some(number));
    }
    assert_eq!(two.uid(mailbox, 6), None);
    assert_eq!(two.number(mailbox, 6), None);
    assert_eq!(two.number_at(mailbox, 2), 5);
    assert_eq!(two.last_uid(mailbox), Some(5));

    let news = two.news(&mut held, false).unwrap();
    assert!(news.expunged.is_empty());
    assert_eq!(news.exists, Some(6));
    let news = two.news(&mut held, true).unwrap();
    assert_eq!(news.expunged, [2, 3]);
    assert_eq!(news.exists, None);
    let mailbox = held.mailbox(inbox).unwrap();
    assert_eq!(two.exists(mailbox), 4);
    assert_eq!(two.uid(mailbox, 2), Some(3));
    assert_eq!(two.uid(mailbox, 4), Some(6));
    assert!(two.news(&mut held, true).unwrap().is_empty());

    let news = one.news(&mut held, true).unwrap();
    assert_eq!(news.expunged, [2, 3]);
    assert_eq!(news.exists, Some(4));
}

#[test]
fn flags_are_told_to_the_others_only() {
    let (store, inbox) = filled(3);
    let (mut one, mut two) = (open(&store, inbox), open(&store, inbox));
    let mut held = store.lock();
    let mailbox = held.mailbox_mut(inbox).unwrap();
    let modseq = mailbox.next_modseq();
    assert!(mailbox.set_flags(2, Flags::SEEN, modseq, one.session()));
    assert!(!mailbox.set_flags(2, Flags::SEEN, modseq, one.session()));
    assert!(!mailbox.set_flags(9, Flags::SEEN, modseq, one.session()));
    mailbox.ring(one.session());
    assert!(one.news(&mut held, false).unwrap().is_empty());
    assert_eq!(two.news(&mut held, false).unwrap().flags, [2]);
}

#[test]
fn recent_is_for_the_first_that_selects() {
    let (store, inbox) = filled(2);
    let mut one = open(&store, inbox);
    let two = open(&store, inbox);
    let mut held = store.lock();
    held.deliver("alice", "INBOX", &letter("a\n"), Stamp::utc(0))
        .unwrap();
    let news = one.news(&mut held, true).unwrap();
    assert_eq!((news.exists, news.recent), (Some(3), Some(3)));
    assert!(one.is_recent(1) && one.is_recent(3) && !two.is_recent(1));
    let mailbox = held.mailbox(inbox).unwrap();
    assert_eq!((one.recent(mailbox), two.recent(mailbox)), (3, 0));
}

#[test]
fn bells_ring_for_the_others() {
    let (store, inbox) = filled(1);
    let rung = Arc::new(AtomicUsize::new(0));
    let bell: Bell = {
        let rung = Arc::clone(&rung);
        Arc::new(move || {
            rung.fetch_add(1, Ordering::Relaxed);
        })
    };
    let mut held = store.lock();
    let session = held.session();
    let view = View::open(&mut held, inbox, session, false, Some(bell)).unwrap();
    held.expunge(inbox, &[1], session);
    assert_eq!(rung.load(Ordering::Relaxed), 0);
    held.deliver("alice", "INBOX", &letter("a\n"), Stamp::utc(0))
        .unwrap();
    assert_eq!(rung.load(Ordering::Relaxed), 1);
    drop(held);
    view.close(&store);
    store
        .lock()
        .deliver("alice", "INBOX", &letter("a\n"), Stamp::utc(0))
        .unwrap();
    assert_eq!(rung.load(Ordering::Relaxed), 1);
}

#[test]
fn a_view_of_a_deleted_mailbox_is_lost() {
    let (store, _) = filled(0);
    let box_id = store.lock().create("alice", "old", None).unwrap();
    let mut view = open(&store, box_id);
    let mut held = store.lock();
    held.delete("alice", "old", SessionId::NOBODY).unwrap();
    assert_eq!(view.news(&mut held, true), Err(Lost::Deleted));
}

#[test]
fn copies_keep_flags_and_keywords() {
    let (store, inbox) = filled(2);
    let mut held = store.lock();
    let target = held.create("alice", "a/b", None).unwrap();
    let mailbox = held.mailbox_mut(inbox).unwrap();
    let flags = mailbox.with_keywords(Flags::SEEN, &["$Work"]).unwrap();
    mailbox.set_flags(2, flags, 9, SessionId::NOBODY);
    let pairs = held.copy(inbox, &[2, 77], target, SessionId::NOBODY);
    assert_eq!(pairs, Ok(vec![(2, 1)]));
    let target = held.mailbox(target).unwrap();
    let mut out = Vec::new();
    target.write_flags(target.message(1).unwrap().flags, &mut out);
    assert_eq!(out, b"\\Seen $Work");
    assert!(held.mailbox_id("alice", "a").is_ok());
}

#[test]
fn renames_take_children_along() {
    let (store, inbox) = filled(2);
    let mut held = store.lock();
    for name in ["a/b/c", "ab"] {
        held.create("alice", name, None).unwrap();
    }
    let by = SessionId::NOBODY;
    assert_eq!(held.rename("alice", "a", "x/y", by), Ok(()));
    assert_eq!(
        held.rename("alice", "x", "x/z", by),
        Err(Refused::BadName("a mailbox cannot move below itself"))
    );
    assert_eq!(held.rename("alice", "ab", "x", by), Err(Refused::Exists));
    let names: Vec<_> = held.list("alice").into_iter().map(|l| l.name).collect();
    assert_eq!(names, ["INBOX", "ab", "x", "x/y", "x/y/b", "x/y/b/c"]);
    assert_eq!(held.rename("alice", "inbox", "old", by), Ok(()));
    assert_eq!(held.mailbox(inbox).unwrap().messages().len(), 0);
    let old = held.mailbox_id("alice", "old").unwrap();
    assert_eq!(held.mailbox(old).unwrap().messages().len(), 2);
}

#[test]
fn deleting_a_parent_leaves_its_name() {
    let (store, _) = filled(0);
    let mut held = store.lock();
    held.create("alice", "a/b", None).unwrap();
    let by = SessionId::NOBODY;
    assert_eq!(held.delete("alice", "a", by), Ok(()));
    assert_eq!(held.delete("alice", "a", by), Err(Refused::HasChildren));
    assert_eq!(held.mailbox_id("alice", "a"), Err(Refused::NotSelectable));
    assert_eq!(held.delete("alice", "INBOX", by), Err(Refused::Inbox));
    assert_eq!(held.delete("alice", "a/b", by), Ok(()));
    assert_eq!(held.delete("alice", "a", by), Ok(()));
    assert!(held.create("alice", "a", None).is_ok());
}

#[test]
fn one_maildrop_at_a_time() {
    let (store, inbox) = filled(3);
    let drop_one = Maildrop::open(&store, "alice").unwrap();
    assert_eq!(drop_one.letters().len(), 3);
    assert_eq!(Maildrop::open(&store, "alice").err(), Some(Refused::InUse));
    drop_one.remove(&[1, 3]);
    drop(drop_one);
    assert_eq!(store.lock().mailbox(inbox).unwrap().messages().len(), 1);
    assert!(Maildrop::open(&store, "alice").is_ok());
}
