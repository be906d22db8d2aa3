//! Greeting, capabilities, logins, STARTTLS, ID, ENABLE, IDLE, LOGOUT.

use ehlo::proto::engine::{Engine, Input};
use ehlo::proto::faults::{Effect, Fault};

use crate::bench::{Talk, lines, service, with_faults};

#[test]
fn greeting_and_capabilities() {
    let service = service();
    let mut talk = Talk::greeted(&service);
    let greeting = talk.heard();
    assert!(
        greeting.starts_with("* OK [CAPABILITY IMAP4rev1 IMAP4rev2 "),
        "{greeting}"
    );
    assert!(greeting.contains(" STARTTLS ") && greeting.contains(" AUTH=PLAIN"));
    assert!(!greeting.contains("LOGINDISABLED") && !greeting.contains(" IDLE"));
    let login = talk.say("a LOGIN alice@EHLO.test wonderland");
    assert!(login.starts_with("a OK [CAPABILITY "), "{login}");
    for word in [
        "IDLE",
        "UIDPLUS",
        "MOVE",
        "CONDSTORE",
        "UTF8=ACCEPT",
        "APPENDLIMIT=10485760",
    ] {
        assert!(login.contains(&format!(" {word}")), "{word}");
    }
    assert!(!login.contains("STARTTLS") && !login.contains("AUTH="));
    let again = talk.say("b CAPABILITY");
    assert!(again.starts_with("* CAPABILITY IMAP4rev1") && again.contains("\nb OK "));
}

#[test]
fn logins_of_every_spelling() {
    let service = service();
    for (line, good) in [
        ("a login alice wonderland", true),
        ("a LOGIN \"alice\" \"wonder\\\"land\"", false),
        ("a LOGIN {5+}\nalice {10+}\nwonderland", true),
        ("a LOGIN alice wrong", false),
        ("a LOGIN nobody wonderland", false),
        ("a AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=", true),
        ("a AUTHENTICATE PLAIN AGFsaWNlAHdyb25n", false),
    ] {
        let reply = Talk::new(&service).say(line);
        let expected = if good {
            "a OK [CAPABILITY"
        } else {
            "a NO [AUTHENTICATIONFAILED]"
        };
        assert!(reply.starts_with(expected), "{line}: {reply}");
    }
}

#[test]
fn a_literal_waits_for_its_go_ahead() {
    let service = service();
    let mut talk = Talk::new(&service);
    assert_eq!(talk.say("a LOGIN {5}"), "+ OK\n");
    assert_eq!(talk.say("alice {10}"), "+ OK\n");
    assert!(talk.say("wonderland").starts_with("a OK"));
}

#[test]
fn authenticate_in_steps() {
    let service = service();
    let mut talk = Talk::new(&service);
    assert_eq!(talk.say("a AUTHENTICATE PLAIN"), "+ \n");
    assert!(talk.say("AGFsaWNlAHdvbmRlcmxhbmQ=").starts_with("a OK"));
    let mut talk = Talk::new(&service);
    assert_eq!(talk.say("a AUTHENTICATE LOGIN"), "+ VXNlcm5hbWU6\n");
    assert_eq!(talk.say("YWxpY2U="), "+ UGFzc3dvcmQ6\n");
    assert!(talk.say("d29uZGVybGFuZA==").starts_with("a OK"));
    let mut talk = Talk::new(&service);
    talk.say("a AUTHENTICATE LOGIN");
    assert!(talk.say("*").starts_with("a BAD "));
    assert!(talk.say("b AUTHENTICATE PLAIN ###").starts_with("b BAD "));
    assert!(talk.say("c AUTHENTICATE NTLM").starts_with("c NO "));
    talk.say("d AUTHENTICATE PLAIN");
    assert!(talk.say("no base64!").starts_with("d BAD "));
    assert!(talk.say("e NOOP").starts_with("e OK"));
}

#[test]
fn passwords_in_the_clear_can_be_refused() {
    let mut service = service();
    service.clear_logins = false;
    let mut talk = Talk::greeted(&service);
    let greeting = talk.heard();
    assert!(greeting.contains(" LOGINDISABLED") && !greeting.contains("AUTH=PLAIN"));
    assert!(
        talk.say("a LOGIN alice wonderland")
            .starts_with("a NO [PRIVACYREQUIRED]")
    );
    assert!(talk.say("b AUTHENTICATE PLAIN").starts_with("b NO "));
    assert_eq!(
        talk.say("c STARTTLS\nd NOOP"),
        "c OK Begin TLS negotiation now.\n<tls>"
    );
    // What stood behind STARTTLS was dropped unread.
    assert!(talk.say("e LOGIN alice wonderland").starts_with("e OK"));
    assert!(talk.say("f STARTTLS").starts_with("f BAD "));
}

#[test]
fn commands_in_the_wrong_state() {
    let service = service();
    let mut talk = Talk::new(&service);
    for line in [
        "a SELECT INBOX",
        "a FETCH 1 FLAGS",
        "a IDLE",
        "a ENABLE CONDSTORE",
    ] {
        assert!(talk.say(line).starts_with("a BAD "), "{line}");
    }
    talk.say("a LOGIN alice wonderland");
    for line in [
        "b LOGIN alice wonderland",
        "b FETCH 1 FLAGS",
        "b CLOSE",
        "b STARTTLS",
    ] {
        assert!(talk.say(line).starts_with("b BAD "), "{line}");
    }
}

#[test]
fn id_enable_logout() {
    let service = service();
    let mut talk = Talk::new(&service);
    assert!(talk.say("a ID NIL").starts_with("* ID (\"name\" \"ehlo\""));
    assert!(
        talk.say("b ID (\"name\" \"x\" \"version\" NIL)")
            .contains("b OK")
    );
    assert!(talk.say("c ID (\"name\")").starts_with("c BAD"));
    talk.say("d LOGIN alice wonderland");
    assert!(
        talk.say("e ENABLE CONDSTORE X-NOTHING UTF8=ACCEPT")
            .starts_with("* ENABLED CONDSTORE UTF8=ACCEPT\n")
    );
    assert!(talk.say("f ENABLE X-NOTHING").starts_with("* ENABLED\n"));
    assert!(talk.say("g ENABLE").starts_with("g BAD"));
    assert_eq!(
        talk.say("h LOGOUT"),
        "* BYE Logging out\nh OK Logout completed.\n<close>"
    );
}

#[test]
fn idle_pushes_at_once() {
    let service = service();
    let (mut one, mut two) = (
        Talk::inside(&service, "Drafts"),
        Talk::inside(&service, "Drafts"),
    );
    assert_eq!(one.say("i IDLE"), "+ idling\n");
    assert_eq!(one.pushed(), "");
    two.append("Drafts", "", "Subject: x\n\ny\n");
    assert!(one.pushed().starts_with("* 2 EXISTS\n"));
    two.say("t STORE 1 +FLAGS (\\Deleted \\Flagged)");
    assert_eq!(
        one.pushed(),
        "* 1 FETCH (FLAGS (\\Flagged \\Deleted \\Draft \\Recent))\n"
    );
    two.say("u EXPUNGE");
    assert_eq!(one.pushed(), "* 1 EXPUNGE\n");
    assert_eq!(one.say("done"), "i OK Idle completed.\n");
    one.say("j IDLE");
    assert!(one.say("k NOOP").starts_with("j BAD "));
    assert!(one.say("l NOOP").starts_with("l OK"));
}

#[test]
fn mail_by_another_road_is_pushed_too() {
    let service = service();
    let mut talk = Talk::inside(&service, "INBOX");
    talk.say("i IDLE");
    let content = ehlo::store::message::Content::new(b"Subject: new\r\n\r\nhello\r\n".to_vec());
    let date = ehlo::store::date::Stamp::utc(crate::bench::NOW);
    let delivered = service
        .store
        .lock()
        .deliver("alice", "INBOX", &content, date);
    delivered.unwrap();
    assert_eq!(talk.pushed(), "* 10 EXISTS\n* 10 RECENT\n");
}

#[test]
fn syntax_errors_say_where_and_have_an_end() {
    let service = service();
    let mut talk = Talk::alice(&service);
    for (line, reply) in [
        (
            "b SELECT",
            "b BAD expected a blank at octet 9, found the end of the command\n",
        ),
        (
            "b SELECT  INBOX",
            "b BAD expected a mailbox name at octet 10, found a blank\n",
        ),
        ("b NONSENSE x", "b BAD an unknown command at octet 3\n"),
        (
            "b STATUS INBOX (NOTHING)",
            "b BAD an unknown item of STATUS at octet 17\n",
        ),
        ("(b) NOOP", "* BAD expected a tag at octet 1\n"),
        ("+ NOOP", "* BAD expected a tag at octet 1\n"),
        ("", "* BAD expected a tag at octet 1\n"),
        (
            "b",
            "b BAD expected a blank at octet 2, found the end of the command\n",
        ),
    ] {
        assert_eq!(talk.say(line), reply, "{line}");
    }
    // A good one in between, and the count begins anew.
    assert!(talk.say("c NOOP").starts_with("c OK"));
    for _ in 0..9 {
        assert!(!talk.say("x").contains("BYE"));
    }
    assert!(
        talk.say("x")
            .ends_with("* BYE too many syntax errors in a row\n<close>")
    );
}

#[test]
fn hostile_tags_are_not_said_back() {
    let service = service();
    let mut talk = Talk::new(&service);
    for tag in ["\u{1b}[2J", "a\u{7}", "*", "{5", "\"a\"", "é"] {
        let reply = talk.say(&format!("{tag} NOOP"));
        assert!(reply.contains(" BAD "), "{reply}");
        assert!(reply.trim_end().chars().all(|c| (' '..='~').contains(&c)));
    }
}

#[test]
fn goodbye_from_the_server() {
    let service = service();
    let mut talk = Talk::alice(&service);
    talk.engine.submit(Input::Line(b"server stops")).unwrap();
    assert_eq!(talk.heard(), "* BYE server stops\n<close>");
    assert!(talk.engine.submit(Input::Line(b"again")).is_err());
}

#[test]
fn faults_do_what_they_say() {
    let fault = |on: &str, act: Effect| Fault {
        on: on.into(),
        act,
        ..Fault::default()
    };
    let reply = |text: &str| Effect {
        reply: Some(text.into()),
        ..Effect::default()
    };
    let preauth = Effect {
        preauth: Some("alice".into()),
        hide: vec!["IDLE".into()],
        ..Effect::default()
    };
    let long = Effect {
        literal: Some(9_999_999),
        ..Effect::default()
    };
    let service = with_faults(vec![
        fault("greeting", preauth),
        fault("SELECT", reply("NO [UNAVAILABLE] later")),
        fault("NOOP", reply("OK and more")),
        fault("FETCH", long),
    ]);
    let mut talk = Talk::greeted(&service);
    let greeting = talk.heard();
    assert!(greeting.starts_with("* PREAUTH [CAPABILITY") && !greeting.contains("IDLE"));
    assert_eq!(talk.say("a SELECT INBOX"), "a NO [UNAVAILABLE] later\n");
    assert_eq!(talk.say("b NOOP"), "b OK and more\n");
    assert!(talk.say("c EXAMINE INBOX").contains("c OK"));
    let fetched = talk.say("d FETCH 1 BODY.PEEK[TEXT]<0.5>");
    assert!(
        fetched.starts_with("* 1 FETCH (BODY[TEXT]<0> {9999999}\nHello)"),
        "{fetched}"
    );
    assert!(fetched.ends_with("<close>"));
}

#[test]
fn watchers_see_lines_and_no_secret() {
    use ehlo::proto::event::Event;
    let mut service = service();
    service.events = true;
    let mut talk = Talk::new(&service);
    talk.say("a LOGIN alice wonderland");
    talk.say("b SELECT INBOX");
    talk.say("c FETCH 1 BODY.PEEK[HEADER]");
    let all = format!("{:?}", talk.events);
    assert!(!all.contains("wonderland"));
    let sent: Vec<String> = talk
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Sent(sent) => Some(String::from_utf8_lossy(&sent.shown).into_owned()),
            Event::Line(line) => Some(String::from_utf8_lossy(&line.text).into_owned()),
            _ => None,
        })
        .collect();
    assert!(sent.contains(&"a LOGIN alice ••••".to_owned()), "{sent:?}");
    assert!(
        sent.iter()
            .any(|line| line.starts_with("* 1 FETCH (BODY[HEADER] {"))
    );
    assert!(sent.contains(&"c OK Fetch completed.".to_owned()));
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let service = service();
    let mut talk = Talk::alice(&service);
    let reply = talk.say("b SELECT INBOX\nc FETCH 1:* UID\nd NOOP\ne CLOSE");
    let tagged: Vec<_> = reply.lines().filter(|l| !l.starts_with('*')).collect();
    let tags: Vec<_> = tagged.iter().map(|l| &l[..4]).collect();
    assert_eq!(tags, ["b OK", "c OK", "d OK", "e OK"]);
    assert_eq!(
        lines(&reply, "* ")
            .iter()
            .filter(|l| l.contains("FETCH (UID"))
            .count(),
        9
    );
}
