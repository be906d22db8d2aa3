//! Commands, tags, completions, and what they change.

use ehlo::proto::engine::{ClientOptions, Engine, Input, Mode, Refusal, Setting};
use ehlo::proto::event::{Advice, Event, Exchange, LineKind, Verdict};
use ehlo::proto::imap::spec::{AUTHENTICATED, LOGOUT, NOT_AUTHENTICATED, SELECTED};

use crate::drive::Drive;

fn advice(drive: &Drive) -> Vec<Advice> {
    drive
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Advice(advice) => Some(advice.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_conversation_of_every_manual() {
    let mut drive = Drive::new(&ClientOptions::default());
    assert_eq!(drive.engine.due()[0].to, "greeting");
    drive.server("* OK [CAPABILITY IMAP4rev1 SASL-IR IDLE AUTH=PLAIN] Dovecot ready.\r\n");
    let greeting = drive.reply();
    assert_eq!(
        (greeting.to.as_str(), greeting.verdict),
        ("greeting", Verdict::Good)
    );
    assert_eq!(greeting.exchange, Some(Exchange(0)));
    assert_eq!(drive.offers().mechanisms(), ["PLAIN"]);
    drive.forget();

    drive.line("a1 login charlie charlie");
    assert_eq!(drive.wrote(), "a1 login charlie charlie\r\n");
    assert_eq!(drive.shown(), ["a1 login charlie ••••"]);
    assert!(!drive.sent()[0].differs);
    assert_eq!(advice(&drive), [Advice::TagKept { tag: "a1".into() }]);
    drive.server("a1 OK Logged in.\r\n");
    assert_eq!(drive.engine.phase(), AUTHENTICATED);
    assert_eq!(drive.engine.facts().user.as_deref(), Some("charlie"));
    drive.forget();

    drive.line("select inbox");
    assert_eq!(drive.wrote(), "a2 select inbox\r\n");
    assert!(drive.sent()[0].differs);
    assert_eq!(drive.engine.due()[0].to, "SELECT");
    drive.server(
        "* 3 EXISTS\r\n* OK [UIDNEXT 4] Predicted next UID\r\na2 OK [READ-WRITE] done.\r\n",
    );
    let reply = drive.reply();
    assert_eq!(
        (reply.to.as_str(), reply.tag.as_deref()),
        ("SELECT", Some("a2"))
    );
    assert_eq!(reply.response_code.as_deref(), Some("READ-WRITE"));
    assert_eq!(
        (reply.lines, reply.text.as_slice()),
        (3, b"done.".as_slice())
    );
    assert_eq!(drive.engine.phase(), SELECTED);
    assert_eq!(drive.engine.facts().mailbox.as_deref(), Some("INBOX"));
    assert!(drive.engine.due().is_empty() && drive.engine.patience().is_none());
    drive.forget();

    drive.line("fetch 3 body[text]");
    drive.server("* 3 FETCH (BODY[TEXT] {66}\r\nHopefully you've received this email message without fault ?\r\n\r\n\r\n)\r\na3 OK Fetch completed.\r\n");
    assert_eq!(
        drive
            .lines()
            .iter()
            .map(|(kind, _)| *kind)
            .collect::<Vec<_>>(),
        [LineKind::Untagged, LineKind::Rest, LineKind::Status]
    );
    assert_eq!(drive.content().len(), 66);
    assert_eq!(drive.reply().content, 66);
    assert_eq!(
        drive.events.last(),
        Some(&Event::Advice(Advice::Remark(
            "BODY[] marks the message seen; BODY.PEEK[] does not".into()
        )))
    );
    drive.forget();

    drive.line("close");
    drive.server("a4 OK Close completed.\r\n");
    assert_eq!(
        (drive.engine.phase(), drive.engine.facts().mailbox),
        (AUTHENTICATED, None)
    );
    drive.line("logout");
    drive.server("* BYE Logging out\r\na5 OK Logout completed.\r\n");
    assert!(drive.engine.facts().leaving);
    assert_eq!(drive.engine.phase(), LOGOUT);
    drive.eof();
    let Some(Event::Closed(closed)) = drive.events.last() else {
        panic!("{:?}", drive.events);
    };
    assert!(closed.expected && !closed.inside_reply);
    assert_eq!(closed.reason.as_deref(), Some(b"Logging out".as_slice()));
    assert_eq!(drive.submit(Input::Line(b"NOOP")), Err(Refusal::Closed));
}

#[test]
fn completions_are_matched_by_tag_in_any_order() {
    let mut drive = Drive::selected();
    drive
        .line("search all")
        .line("x9 noop")
        .line("status inbox (messages)");
    assert_eq!(
        drive.wrote(),
        "a3 search all\r\nx9 noop\r\na4 status inbox (messages)\r\n"
    );
    assert_eq!(drive.engine.due().len(), 3);
    drive.server("a4 OK c\r\n* SEARCH 1\r\nx9 NO b\r\na3 OK a\r\n");
    let order: Vec<_> = drive
        .replies()
        .iter()
        .map(|reply| (reply.to.clone(), reply.exchange.unwrap().0, reply.lines))
        .collect();
    assert_eq!(
        order,
        [
            ("STATUS".into(), 5, 1),
            ("NOOP".into(), 4, 1),
            ("SEARCH".into(), 3, 2)
        ]
    );
    assert!(drive.failure().is_none());
}

#[test]
fn automatic_tags_skip_typed_ones_and_can_be_switched_off() {
    let mut drive = Drive::selected();
    drive.line("a3 noop").line("noop");
    assert_eq!(drive.wrote(), "a3 noop\r\na4 noop\r\n");
    drive.engine.set(Setting::Tags(false));
    assert_eq!(drive.engine.facts().next_tag, None);
    drive.line("zz search all");
    assert_eq!(drive.wrote(), "zz search all\r\n");
    drive.server("zz OK done\r\na4 OK\r\na3 OK\r\n");
    assert_eq!(drive.reply().to, "NOOP");
    assert!(drive.failure().is_none() && drive.engine.due().is_empty());
    assert_eq!(
        drive
            .engine
            .verb_of(b"zz uid fetch 1 flags")
            .map(|verb| verb.name),
        Some("UID FETCH")
    );
}

#[test]
fn a_line_without_a_usable_tag_is_answered_without_one() {
    let mut drive = Drive::greeted();
    drive.engine.set(Setting::Tags(false));
    drive.line("* noop");
    drive.server("* BAD invalid tag\r\n");
    assert_eq!(drive.reply().verdict, Verdict::Refused);
    assert!(drive.engine.due().is_empty());
}

#[test]
fn advice_never_stops_a_line() {
    let mut drive = Drive::greeted();
    drive.line("CAPABILITY");
    drive.server("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\na1 OK\r\n");
    drive.forget();
    drive.line("frobnicate now");
    assert_eq!(
        advice(&drive),
        [Advice::UnknownVerb {
            word: "frobnicate".into()
        }]
    );
    drive.forget();
    drive.line("expunge");
    assert_eq!(
        advice(&drive),
        [Advice::WrongPhase {
            verb: "EXPUNGE",
            phases: &[SELECTED]
        }]
    );
    drive.forget();
    drive.line("starttls-not").line("login a b");
    assert!(matches!(&advice(&drive)[1], Advice::Remark(text) if text.contains("LOGINDISABLED")));
    drive.forget();
    drive.line("authenticate plain");
    assert_eq!(
        advice(&drive),
        [Advice::NotAdvertised {
            what: "AUTHENTICATE plain".into(),
            needs: "AUTH="
        }]
    );
    assert_eq!(drive.wrote(), "a6 authenticate plain\r\n");
    assert_eq!(drive.engine.phase(), NOT_AUTHENTICATED);
}

#[test]
fn eight_bit_names_are_sent_as_typed_and_explained() {
    let mut drive = Drive::selected();
    drive.line("create \"Entwürfe\"");
    assert_eq!(drive.wrote(), "a3 create \"Entwürfe\"\r\n");
    assert_eq!(
        advice(&drive),
        [Advice::Remark(
            "8-bit mailbox name, sent as typed; here it is \"Entw&APw-rfe\"".into()
        )]
    );
    drive.server("a3 OK\r\n");
    drive.line("enable utf8=accept");
    drive.server("* ENABLED UTF8=ACCEPT\r\na4 OK\r\n");
    drive.forget();
    drive.line("create Entwürfe");
    assert!(advice(&drive).is_empty());
}

#[test]
fn a_refused_select_leaves_no_mailbox_and_a_misunderstood_one_changes_nothing() {
    let mut drive = Drive::selected();
    drive.line("select").server("a3 BAD syntax\r\n");
    assert_eq!(drive.engine.facts().mailbox.as_deref(), Some("INBOX"));
    drive
        .line("select \"no such\"")
        .server("a4 NO [NONEXISTENT] none\r\n");
    assert_eq!(
        (drive.engine.facts().mailbox, drive.engine.phase()),
        (None, AUTHENTICATED)
    );
    drive
        .line("examine \"my box\"")
        .server("a5 OK [READ-ONLY] x\r\n");
    assert_eq!(drive.engine.facts().mailbox.as_deref(), Some("my box"));
    drive.line("unselect").server("a6 OK\r\n");
    assert_eq!(drive.engine.facts().mailbox, None);
}

#[test]
fn verdicts_follow_status_and_code() {
    let mut drive = Drive::greeted();
    for (reply, verdict) in [
        ("OK done", Verdict::Good),
        ("NO [AUTHENTICATIONFAILED] no", Verdict::Refused),
        ("NO [UNAVAILABLE] later", Verdict::TryLater),
        ("NO [INUSE] locked", Verdict::TryLater),
        ("BAD what", Verdict::Refused),
    ] {
        let tag = drive.engine.facts().next_tag.unwrap();
        drive.line("NOOP").server(format!("{tag} {reply}\r\n"));
        assert_eq!(drive.reply().verdict, verdict, "{reply}");
    }
}

#[test]
fn idle_runs_until_done() {
    let mut drive = Drive::selected();
    drive.line("idle");
    assert!(matches!(drive.refused("noop"), Refusal::NotNow(_)));
    drive.server("+ idling\r\n");
    assert_eq!(drive.engine.mode(), Mode::Idle);
    assert!(drive.reply().intermediate && drive.engine.due().is_empty());
    assert!(matches!(drive.refused("noop"), Refusal::NotNow(_)));
    drive.server("* 4 EXISTS\r\n");
    assert_eq!(drive.lines().last().unwrap().1, "* 4 EXISTS");
    drive.forget();
    drive.line("done");
    assert_eq!(drive.wrote(), "done\r\n");
    assert_eq!(drive.engine.due()[0].to, "IDLE");
    drive.server("a3 OK Idle completed.\r\n");
    drive.line("IDLE").server("+ \r\n");
    drive.forget();
    assert!(drive.submit(Input::Cancel).is_ok());
    assert_eq!(drive.wrote(), "DONE\r\n");
    assert!(drive.sent()[0].differs);
    drive.server("a4 OK\r\n");
    drive.line("IDLE").server("a5 BAD no such\r\n");
    assert_eq!(drive.engine.mode(), Mode::Command);
    assert!(matches!(
        drive.submit(Input::Cancel),
        Err(Refusal::NotNow(_))
    ));
}

#[test]
fn a_server_may_leave_at_any_time() {
    let mut drive = Drive::selected();
    drive.server("* BYE [UNAVAILABLE] going down\r\n");
    let reply = drive.reply();
    assert_eq!((reply.exchange, reply.code.as_str()), (None, "BYE"));
    assert_eq!(reply.verdict, Verdict::TryLater);
    assert!(drive.engine.facts().leaving);
    drive.eof();
    assert!(matches!(drive.events.last(), Some(Event::Closed(c)) if c.expected));
}

#[test]
fn raw_octets_have_no_meaning() {
    let mut drive = Drive::selected();
    let raw = drive
        .submit(Input::Raw(b"q1 LOGIN alice secret\r\nq2 NOOP\r\n"))
        .unwrap();
    assert_eq!(drive.wrote(), "q1 LOGIN alice secret\r\nq2 NOOP\r\n");
    assert!(!drive.shown()[0].contains("secret"));
    drive.server("q2 OK done\r\n");
    assert_eq!(
        (drive.reply().exchange, drive.reply().to.as_str()),
        (Some(raw), "")
    );
    assert!(drive.failure().is_none());
}

#[test]
fn line_breaks_inside_are_refused() {
    let mut drive = Drive::selected();
    for line in ["a\r", "a\nb", "a\0"] {
        assert_eq!(drive.refused(line), Refusal::LineBreakInside);
    }
}
