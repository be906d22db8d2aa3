//! POP3 on the bench.

use ehlo::proto::smtp::server::Role;

use crate::bench::{Talk, mail, service};
use ehlo::proto::server::{Service, TIME_IS_UP};

fn with_mail(messages: &[&str]) -> Service {
    let service = service(Vec::new());
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.say("EHLO me");
    for message in messages {
        let reply = talk.say(&format!(
            "MAIL FROM:<a@b.test>\nRCPT TO:<alice@ehlo.test>\nDATA\n{message}\n."
        ));
        assert!(reply.contains("queued as"), "{reply}");
    }
    service
}

fn in_as_alice(service: &Service) -> Talk {
    let mut talk = Talk::pop3(service);
    let reply = talk.say("USER alice\nPASS wonderland");
    assert!(reply.lines().all(|l| l.starts_with("+OK")), "{reply}");
    talk
}

#[test]
fn a_maildrop_is_read_and_emptied() {
    let service = with_mail(&["Subject: one\n\n..first\nsecond\n", "Subject: two\n\nx"]);
    let mut talk = in_as_alice(&service);
    let stat = talk.say("STAT");
    let size: usize = mail(&service, "alice", "INBOX")
        .iter()
        .map(String::len)
        .sum();
    assert_eq!(stat, format!("+OK 2 {size}\n"));
    assert_eq!(talk.say("LIST").lines().count(), 4);
    let uidl = talk.say("UIDL 2");
    assert!(uidl.starts_with("+OK 2 "), "{uidl}");
    let whole = talk.say("RETR 1");
    assert!(whole.ends_with("\n\n..first\nsecond\n\n.\n"), "{whole}");
    let top = talk.say("TOP 1 1");
    assert!(top.ends_with("Subject: one\n\n..first\n.\n"), "{top}");
    assert!(talk.say("DELE 1").starts_with("+OK"));
    for line in [
        "DELE 1", "RETR 1", "LIST 1", "RETR 3", "RETR", "TOP 1", "RETR x", "USER a", "BOO",
    ] {
        assert!(talk.say(line).starts_with("-ERR"), "{line}");
    }
    assert_eq!(talk.say("LIST").lines().count(), 3);
    assert_eq!(mail(&service, "alice", "INBOX").len(), 2, "not before QUIT");
    assert!(talk.say("RSET").starts_with("+OK 2"));
    talk.say("DELE 2");
    assert!(talk.say("QUIT").ends_with("<close>"));
    let left = mail(&service, "alice", "INBOX");
    assert!(left.len() == 1 && left[0].contains("Subject: one"));
}

#[test]
fn an_end_without_quit_removes_nothing() {
    let service = with_mail(&["x"]);
    let mut talk = in_as_alice(&service);
    talk.say("DELE 1");
    talk.engine.closed();
    assert_eq!(mail(&service, "alice", "INBOX").len(), 1);
    let mut talk = in_as_alice(&service);
    talk.say("DELE 1");
    assert_eq!(talk.goodbye(TIME_IS_UP), "<close>");
    assert_eq!(mail(&service, "alice", "INBOX").len(), 1);
}

#[test]
fn sizes_are_of_what_is_sent() {
    let service = service(Vec::new());
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.say("EHLO me\nMAIL FROM:<a@b.test>\nRCPT TO:<alice@ehlo.test>");
    let reply = talk.raw(b"BDAT 18 LAST\r\nA: b\n\nbare\nlines\n.");
    assert!(reply.contains("queued as"), "{reply}");
    let mut talk = in_as_alice(&service);
    let sent = talk.say("RETR 1");
    let (status, body) = sent.split_once('\n').unwrap();
    let body = body.strip_suffix(".\n").unwrap();
    let body = body
        .strip_suffix("..\n")
        .map(|b| format!("{b}.\n"))
        .unwrap();
    // Line ends are shown as LF here.
    let octets = body.len() + body.matches('\n').count();
    assert_eq!(status, format!("+OK {octets} octets"));
    assert_eq!(talk.say("LIST 1"), format!("+OK 1 {octets}\n"));
    assert_eq!(talk.say("STAT"), format!("+OK 1 {octets}\n"));
}

#[test]
fn one_session_at_a_time() {
    let service = with_mail(&[]);
    let first = in_as_alice(&service);
    let mut second = Talk::pop3(&service);
    let reply = second.say("USER alice\nPASS wonderland");
    assert!(reply.contains("-ERR [IN-USE]"), "{reply}");
    drop(first);
    assert!(
        second
            .say("USER alice\nPASS wonderland")
            .ends_with("octets\n")
    );
}

#[test]
fn logins() {
    let service = with_mail(&[]);
    let mut talk = Talk::pop3(&service);
    let greeting = talk.heard();
    let stamp = &greeting[greeting.find('<').unwrap()..=greeting.find('>').unwrap()];
    assert!(talk.say("STAT").starts_with("-ERR"));
    assert!(talk.say("PASS wonderland").starts_with("-ERR say USER"));
    assert!(talk.say("USER alice\nPASS wrong").contains("-ERR [AUTH]"));
    let capa = talk.say("CAPA");
    for word in [
        "TOP",
        "UIDL",
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "PIPELINING",
        "STLS",
        "UTF8",
        "USER",
        "SASL SCRAM",
        "EXPIRE NEVER",
        "IMPLEMENTATION",
    ] {
        assert!(capa.contains(word), "{word}: {capa}");
    }
    assert!(talk.say("AUTH").contains("\nPLAIN\n"));
    assert!(talk.say("AUTH BOO").starts_with("-ERR"));
    assert_eq!(talk.say("AUTH PLAIN"), "+ \n");
    assert!(talk.say("*").starts_with("-ERR"));
    assert!(
        talk.say("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")
            .starts_with("+OK 0")
    );
    drop(talk);
    let secret = ehlo::wire::secret::Secret::new("wonderland");
    let digest = ehlo::sasl::apop::digest(stamp.as_bytes(), &secret);
    let digest = String::from_utf8_lossy(digest.expose()).into_owned();
    let mut talk = Talk::pop3(&service);
    assert!(
        talk.heard().contains(stamp),
        "the bench's randomness is fixed"
    );
    assert!(talk.say("APOP alice 00").starts_with("-ERR [AUTH]"));
    assert!(
        talk.say(&format!("APOP alice {digest}"))
            .starts_with("+OK 0")
    );
    let log = format!("{:?}", talk.events);
    assert!(!log.contains(&digest));
}

#[test]
fn stls_forgets_what_was_said() {
    let service = with_mail(&[]);
    let mut talk = Talk::pop3(&service);
    talk.say("USER alice");
    assert_eq!(talk.say("STLS\nPASS wonderland"), "+OK begin TLS\n<tls>");
    assert!(talk.say("PASS wonderland").starts_with("-ERR say USER"));
    assert!(!talk.say("CAPA").contains("STLS"));
}

#[test]
fn passwords_in_the_clear_are_refused_where_others_can_listen() {
    let mut service = with_mail(&[]);
    service.clear_logins = false;
    let mut talk = Talk::pop3(&service);
    for line in [
        "USER alice",
        "PASS wonderland",
        "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=",
    ] {
        let reply = talk.say(line);
        let last = reply.lines().last().unwrap_or_default();
        assert!(last.starts_with("-ERR"), "{line}: {reply}");
    }
    assert!(talk.say("STAT").starts_with("-ERR"));
}
