//! SMTP, submission and LMTP on the bench.

use ehlo::proto::server::{Limits, STOPPING, TIME_IS_UP};
use ehlo::proto::smtp::server::Role;

use crate::bench::{Talk, mail, service};

const ENVELOPE: &str = "MAIL FROM:<samt@example.org>\nRCPT TO:<alice@ehlo.test>";

#[test]
fn the_first_conversation_of_every_manual() {
    let service = service(Vec::new());
    let mut talk = Talk::smtp(&service, Role::Mx);
    assert_eq!(talk.heard(), "220 ehlo.test ESMTP practice\n");
    let offers = talk.say("EHLO client.example.org");
    assert!(
        offers.starts_with("250-ehlo.test\n250-SIZE 10485760\n"),
        "{offers}"
    );
    assert!(offers.ends_with("250 STARTTLS\n"), "{offers}");
    for word in [
        "PIPELINING",
        "8BITMIME",
        "SMTPUTF8",
        "CHUNKING",
        "DSN",
        "AUTH ",
        "VRFY",
    ] {
        assert!(offers.contains(word), "{word}");
    }
    assert_eq!(talk.say(ENVELOPE), "250 2.1.0 Ok\n250 2.1.5 Ok\n");
    assert_eq!(talk.say("DATA"), "354 End data with <CR><LF>.<CR><LF>\n");
    let reply = talk.say("Subject: hello\n\n..dots\n.");
    assert_eq!(reply, "250 2.0.0 Ok: queued as A5A5A5A5A5\n");
    assert_eq!(talk.say("QUIT"), "221 2.0.0 Bye\n<close>");
    assert_eq!(
        mail(&service, "alice", "INBOX"),
        ["Return-Path: <samt@example.org>\r\n\
          Received: from client.example.org ([127.0.0.1])\r\n\
          \tby ehlo.test with ESMTP id A5A5A5A5A5\r\n\
          \tfor <alice@ehlo.test>;\r\n\
          \tSat, 21 Nov 2026 02:00:00 +0000\r\n\
          Subject: hello\r\n\r\n.dots\r\n"]
    );
}

#[test]
fn each_command_in_the_wrong_place_or_form() {
    let mut service = service(Vec::new());
    service.limits.errors = 1_000;
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.heard();
    for (line, reply) in [
        ("MAIL FROM:<a@b.test>", "503 5.5.1"),
        ("RCPT TO:<a@b.test>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("AUTH PLAIN", "503 5.5.1"),
        ("EHLO", "501 "),
        ("LHLO me", "500 5.5.1"),
        ("HELO me", "250 ehlo.test"),
        ("MAIL FROM:<a@b.test> SIZE=1", "555 5.5.4"),
        ("EHLO me", "250-"),
        ("MIAL FROM:<a@b.test>", "500 5.5.2"),
        ("MAIL", "501 5.5.4"),
        ("MAIL FROM:<a>", "501 5.1.7"),
        ("MAIL FROM:<grün@b.test>", "553 5.6.7"),
        ("MAIL FROM:<a@b.test> SIZE=99999999", "552 5.3.4"),
        ("MAIL FROM:<a@b.test> X=1", "555 5.5.4"),
        ("XCLIENT ADDR=1.2.3.4", "550 5.7.0"),
        ("EXPN list", "502 5.5.1"),
        ("VRFY alice", "250 2.1.5 <alice@ehlo.test>"),
        ("VRFY nobody", "550 5.1.1"),
        ("NOOP at all", "250 2.0.0"),
        ("RSET x", "501 5.5.4"),
        ("HELP", "214-2.0.0"),
    ] {
        let got = talk.say(line);
        assert!(got.starts_with(reply), "{line}: {got}");
    }
    assert!(talk.say("MAIL FROM:<>").starts_with("250"));
    for (line, reply) in [
        ("MAIL FROM:<>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        (
            "RCPT TO:<someone@elsewhere.example>",
            "554 5.7.1 <someone@elsewhere.example>: Relay",
        ),
        (
            "RCPT TO:<nobody@ehlo.test>",
            "550 5.1.1 <nobody@ehlo.test>: no such mailbox",
        ),
        ("RCPT TO:<>", "501 5.1.3"),
        ("RCPT TO:<alice@ehlo.test> NOTIFY=NEVER", "250 2.1.5"),
        ("RCPT TO:<Postmaster>", "250 2.1.5"),
        ("RCPT TO:<bob@localhost>", "250 2.1.5"),
        ("RSET", "250 2.0.0"),
        ("RCPT TO:<alice@ehlo.test>", "503 5.5.1"),
    ] {
        let got = talk.say(line);
        assert!(got.starts_with(reply), "{line}: {got}");
    }
}

#[test]
fn smuggled_ends_are_no_ends() {
    for inside in [
        "\n.\n",
        "\n.\r\n",
        "\r.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r\n\0.\r\n",
        "\r\n.\r\r\n",
    ] {
        let service = service(Vec::new());
        let mut talk = Talk::smtp(&service, Role::Mx);
        talk.say(&format!("EHLO me\n{ENVELOPE}\nDATA"));
        let body = format!("before{inside}MAIL FROM:<evil@x.test>\r\nafter\r\n.\r\n");
        let reply = talk.raw(body.as_bytes());
        assert_eq!(reply.lines().count(), 1, "{inside:?}: {reply}");
        let inbox = mail(&service, "alice", "INBOX");
        assert_eq!(inbox.len(), 1, "{inside:?}");
        assert!(inbox[0].contains("MAIL FROM:<evil@x.test>\r\nafter\r\n"));
        let bare = inbox[0].replace("\r\n", "");
        assert!(!bare.contains(['\r', '\n']), "{inside:?}");
    }
}

#[test]
fn who_logs_in_may_send_to_anyone() {
    let service = service(Vec::new());
    let mut talk = Talk::smtp(&service, Role::Submission);
    talk.say("EHLO me");
    assert!(
        talk.say("MAIL FROM:<alice@ehlo.test>")
            .starts_with("530 5.7.0")
    );
    assert!(
        talk.say("AUTH PLAIN AGFsaWNlAHdyb25n")
            .starts_with("535 5.7.8")
    );
    assert_eq!(talk.say("AUTH LOGIN"), "334 VXNlcm5hbWU6\n");
    assert_eq!(talk.say("*"), "501 5.7.0 Authentication aborted\n");
    assert!(talk.say("AUTH PLAIN not-base-64").starts_with("501 5.5.2"));
    assert!(talk.say("AUTH NTLM").starts_with("504 5.5.4"));
    // alice@ehlo.test / wonderland
    let blob = "AGFsaWNlQGVobG8udGVzdAB3b25kZXJsYW5k";
    assert!(
        talk.say(&format!("AUTH PLAIN {blob}"))
            .starts_with("235 2.7.0")
    );
    assert!(talk.say("AUTH PLAIN").starts_with("503 5.5.1"));
    let log = format!("{:?} {:?}", talk.events, talk.engine.facts());
    assert!(!log.contains(blob) && !log.contains("wonderland"));
    let reply = talk.say(
        "MAIL FROM:<alice@ehlo.test>\nRCPT TO:<x@elsewhere.example>\nRCPT TO:<bob@ehlo.test>\nDATA",
    );
    assert!(
        reply.ends_with("354 End data with <CR><LF>.<CR><LF>\n"),
        "{reply}"
    );
    assert!(talk.say("hi\n.").starts_with("250 2.0.0 Ok: queued as"));
    let outbound = mail(&service, "alice", "Outbound");
    assert!(outbound[0].starts_with("Received: "), "{outbound:?}");
    assert!(outbound[0].contains("with ESMTPA id"));
    assert!(mail(&service, "bob", "INBOX")[0].starts_with("Return-Path: <alice@ehlo.test>"));
}

#[test]
fn what_is_pipelined_behind_starttls_is_dropped() {
    let service = service(Vec::new());
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.say("EHLO me");
    let reply = talk.say(&format!("STARTTLS\nEHLO evil\n{ENVELOPE}"));
    assert_eq!(reply, "220 2.0.0 Ready to start TLS\n<tls>");
    assert!(format!("{:?}", talk.events).contains("BytesAfterStartTls"));
    assert!(
        talk.say("MAIL FROM:<>").starts_with("503 5.5.1"),
        "the hello is forgotten"
    );
    assert!(!talk.say("EHLO me").contains("STARTTLS"));
    assert!(talk.say("STARTTLS").starts_with("503 5.5.1"));
}

#[test]
fn chunks() {
    let service = service(Vec::new());
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.say("EHLO me");
    assert_eq!(
        talk.raw(b"BDAT 9\r\nQUIT\r\nxyz").lines().count(),
        1,
        "the octets of a refused chunk are no commands"
    );
    talk.say(ENVELOPE);
    assert_eq!(
        talk.raw(b"BDAT 6\r\none\r\n."),
        "250 2.0.0 Ok: 6 octets received\n"
    );
    assert!(talk.say("DATA").starts_with("503 5.5.1"));
    assert!(
        talk.raw(b"BDAT 5 LAST\r\n\r\n.\r\n")
            .starts_with("250 2.0.0 Ok: queued")
    );
    assert!(mail(&service, "alice", "INBOX")[0].ends_with("\r\none\r\n.\r\n.\r\n"));
    for line in ["BDAT", "BDAT x", "BDAT -1 LAST"] {
        assert!(talk.say(line).starts_with("501 5.5.4"), "{line}");
    }
    for line in ["BDAT 6 LAST x", "BDAT 6 FIRST"] {
        let reply = talk.raw(format!("{line}\r\nQUIT\r\n").as_bytes());
        assert_eq!(reply, "501 5.5.4 Syntax: BDAT count [LAST]\n", "{line}");
    }
}

/// What would be swallowed for hours is refused at once, and what follows is no command.
#[test]
fn a_chunk_of_absurd_size_is_not_waited_for() {
    let service = service(Vec::new());
    for size in [
        "268435457",
        "4294967296",
        "9999999999999999999",
        "99999999999999999999",
    ] {
        for last in ["", " LAST"] {
            for before in ["", ENVELOPE] {
                let mut talk = Talk::smtp(&service, Role::Mx);
                talk.say(&format!("EHLO me\n{before}"));
                let reply = talk.raw(format!("BDAT {size}{last}\r\nNOOP\r\n").as_bytes());
                let want = "552 5.3.4 Error: a chunk of that size will not be read\n<close>";
                assert!(reply.starts_with(want), "{size}: {reply}");
                assert_eq!(reply.lines().count(), 2, "{reply}");
            }
        }
    }
    // Within reason it is read and dropped, and the session goes on.
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.say(&format!("EHLO me\n{ENVELOPE}"));
    let chunk = [b"BDAT 10485761 LAST\r\n".to_vec(), vec![b'x'; 10_485_761]].concat();
    assert!(talk.raw(&chunk).starts_with("552 5.3.4"));
    assert!(talk.say("NOOP").starts_with("250"));
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let service = service(Vec::new());
    let mut talk = Talk::smtp(&service, Role::Lmtp);
    assert_eq!(talk.heard(), "220 ehlo.test LMTP practice\n");
    assert!(talk.say("EHLO me").starts_with("500 5.5.1"));
    assert!(talk.say("LHLO me").starts_with("250-"));
    let reply = talk.say(&format!(
        "{ENVELOPE}\nRCPT TO:<no@ehlo.test>\nRCPT TO:<bob@ehlo.test>\nDATA\nhi\n."
    ));
    let codes: Vec<&str> = reply.lines().map(|l| &l[..9]).collect();
    assert_eq!(codes[2], "550 5.1.1");
    assert_eq!(codes[5..], ["250 2.1.5", "250 2.1.5"]);
    assert!(mail(&service, "bob", "INBOX")[0].contains("with LMTP id"));
    assert!(talk.say("DATA").starts_with("503"));
    // RFC 2033 4.3: as many replies as recipients, and here are none.
    assert_eq!(talk.raw(b"BDAT 3 LAST\r\nxyzNOOP\r\n"), "250 2.0.0 Ok\n");
}

#[test]
fn limits_end_in_a_reply() {
    let mut service = service(Vec::new());
    service.limits = Limits {
        message: 100,
        recipients: 1,
        errors: 3,
        ..Limits::default()
    };
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.say(&format!("EHLO me\n{ENVELOPE}"));
    assert!(talk.say("RCPT TO:<bob@ehlo.test>").starts_with("452 4.5.3"));
    talk.say("DATA");
    let reply = talk.raw(format!("{}\r\n.\r\n", "x".repeat(200)).as_bytes());
    assert!(reply.starts_with("552 5.3.4"), "{reply}");
    let reply = talk.raw(&[b'x'; 40_000]);
    assert!(
        reply.starts_with("500 5.5.2 Error: line too long\n421 4.7.0"),
        "{reply}"
    );
    assert!(reply.ends_with("<close>"));
}

#[test]
fn a_full_mailbox_takes_no_more() {
    let service = service(Vec::new());
    let limits = ehlo::store::Limits {
        quota: 400,
        ..ehlo::store::Limits::default()
    };
    service.store.lock().set_limits(limits);
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.say("EHLO me\nMAIL FROM:<a@b.test> SIZE=500");
    assert!(
        talk.say("RCPT TO:<alice@ehlo.test>")
            .starts_with("452 4.2.2 <alice@ehlo.test>")
    );
    talk.say(&format!("RSET\n{ENVELOPE}\nDATA"));
    let reply = talk.raw(format!("{}\r\n.\r\n", "x".repeat(400)).as_bytes());
    assert!(reply.starts_with("452 4.2.2"), "{reply}");
    assert!(mail(&service, "alice", "INBOX").is_empty());
}

#[test]
fn goodbyes() {
    let service = service(Vec::new());
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.heard();
    assert_eq!(
        talk.goodbye(TIME_IS_UP),
        "421 4.4.2 ehlo.test Error: timeout exceeded\n<close>"
    );
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.heard();
    assert!(talk.goodbye(STOPPING).starts_with("421 4.3.2 ehlo.test"));
}

/// Any name is taken, and none can say more in the trace than a name.
#[test]
fn names_of_clients_in_the_trace() {
    let long = "n".repeat(3_000);
    for (name, traced) in [
        ("client.example.org", "client.example.org"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
        ("[", "?"),
        ("my_host", "my_host"),
        ("bücher.test", "b?cher.test"),
        ("(a)b;c<d>", "?a?b?c?d?"),
        (&long, &long[..255]),
    ] {
        let service = service(Vec::new());
        let mut talk = Talk::smtp(&service, Role::Mx);
        talk.heard();
        assert!(
            talk.say(&format!("EHLO {name}")).starts_with("250-"),
            "{name}"
        );
        talk.say(ENVELOPE);
        talk.say("DATA");
        assert!(talk.say("Subject: x\n\nx\n.").starts_with("250 "));
        let stored = mail(&service, "alice", "INBOX").concat();
        let line = format!("\r\nReceived: from {traced} ([127.0.0.1])\r\n");
        assert!(stored.contains(&line), "{stored}");
    }
}

#[test]
fn no_utf8_to_whom_did_not_ask_for_it() {
    let service = service(Vec::new());
    let password = ehlo::wire::secret::Secret::new("x");
    service.store.lock().add_user("pé", password).unwrap();
    let mut talk = Talk::smtp(&service, Role::Mx);
    talk.heard();
    talk.say("EHLO me");
    let refused = talk.say("VRFY é");
    assert!(refused.starts_with("550 5.1.1 <?@ehlo.test>"), "{refused}");
    assert_eq!(
        talk.say("VRFY pé"),
        "252 2.6.8 Say VRFY with SMTPUTF8 to be told the address\n"
    );
    assert_eq!(talk.say("VRFY pé SMTPUTF8"), "250 2.1.5 <pé@ehlo.test>\n");
}
