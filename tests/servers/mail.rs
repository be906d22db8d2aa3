//! Mail sent and read by hand.

use crate::rig::{deliver, ehlo, env, fresh, ways};

const MESSAGE: &str = "EHLO me.example.net
MAIL FROM:<samt@example.org>
RCPT TO:<charlie@ehlo.test>
DATA
From: <samt@example.org>
Subject: This is my subject line

I continue writing until I'm out of interesting things to say
.which is not that far away
.
QUIT
";

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_message_by_hand() {
    for way in ways("smtp") {
        let _turn = fresh();
        let said = ehlo(&way.args, &format!("{}{MESSAGE}", way.first));
        let received = if way.tls { "<~  " } else { "<-  " };
        let line = |text: &str| format!("{received}{text}");
        said.has(&[
            &line("250 2.1.0 Ok"),
            &line("250 2.1.5 Ok"),
            &line("354 End data with <CR><LF>.<CR><LF>"),
            "..which is not that far away",
            &line("250 2.0.0 Ok: queued as "),
            &line("221 2.0.0 Bye"),
        ])
        .ends(0);
        // It arrives as it was meant: the dot that was added is gone.
        let args = [format!("pop3://localhost:{}", env("POP3"))];
        let read = (0..100).find_map(|_| {
            let said = ehlo(&args, "USER charlie\nPASS charlie\nRETR 1\nQUIT\n");
            if said.code == 0 {
                return Some(said);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
            None
        });
        let read = read.expect("the message must arrive within 10 s");
        read.has(&[
            "|Subject: This is my subject line",
            "|I continue writing",
            "|.which is not that far away",
        ]);
        assert!(!read.out.contains("PASS charlie"), "{}", read.out);
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn relay_is_refused() {
    for way in ways("smtp") {
        let typed = "EHLO me.example.net\nMAIL FROM:<a@b.example>\nRCPT TO:<someone@elsewhere.example>\nQUIT\n";
        let said = ehlo(&way.args, &format!("{}{typed}", way.first));
        let refused = if way.tls { "<~* " } else { "<-* " };
        said.has(&[
            &format!("{refused}554 5.7.1 <someone@elsewhere.example>: Relay access denied"),
            "221 2.0.0 Bye",
        ])
        .ends(1);
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_body_that_is_refused_is_not_sent_as_commands() {
    let url = format!("smtp://localhost:{}", env("SMTP"));
    let typed = "EHLO me.example.net\nMAIL FROM:<a@b.example>\nRCPT TO:<nobody@ehlo.test>\nDATA\nSubject: x\n\nQUIT\n.\nNOOP\nQUIT\n";
    let said = ehlo(&[url], typed);
    said.has(&[
        "<-* 550 5.1.1 ",
        "<-* 554 5.5.1 Error: no valid recipients",
        "not sent: DATA was refused",
        "250 2.0.0 Ok",
        "221 2.0.0 Bye",
    ])
    .ends(1);
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn lmtp_answers_for_each_recipient() {
    let _turn = fresh();
    let url = format!("lmtp://localhost:{}", env("LMTP"));
    let typed = "LHLO me\nMAIL FROM:<a@b.example>\nRCPT TO:<alice@ehlo.test>\nRCPT TO:<nobody@ehlo.test>\nRCPT TO:<bob@ehlo.test>\nDATA\nSubject: x\n\nhi\n.\nQUIT\n";
    ehlo(&[url], typed)
        .has(&[
            "<-* 550 5.1.1 <nobody@ehlo.test>",
            "250 2.0.0 <alice@ehlo.test>",
            "250 2.0.0 <bob@ehlo.test>",
        ])
        .ends(1);
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_mailbox_by_pop3() {
    let _turn = fresh();
    for n in 1..=3 {
        deliver(
            "charlie",
            &format!("Welcome {n}"),
            "Hopefully you've received this email message without fault ?",
        );
    }
    for way in ways("pop3") {
        let typed = format!(
            "{}user charlie@ehlo.test\npass charlie\nlist\nretr 3\nquit\n",
            way.first
        );
        let said = ehlo(&way.args, &typed);
        said.has(&[
            "+OK Logged in.",
            "+OK 3 messages",
            "|1 ",
            "|2 ",
            "|3 ",
            "|Subject: Welcome 3",
            "|Hopefully you've",
            "+OK Logging out.",
        ])
        .ends(0);
        assert!(
            said.out.contains("••••") && !said.out.contains("pass charlie"),
            "{}",
            said.out
        );
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_mailbox_by_imap_with_and_without_own_tags() {
    let _turn = fresh();
    for n in 1..=3 {
        deliver(
            "charlie",
            &format!("Welcome {n}"),
            "Hopefully you've received this email message without fault ?",
        );
    }
    let commands = [
        "login charlie charlie",
        "select inbox",
        "fetch 3 body[text]",
        "close",
        "logout",
    ];
    for own in [true, false] {
        for way in ways("imap") {
            let typed: String = commands
                .iter()
                .enumerate()
                .map(|(n, command)| {
                    if own {
                        format!("x{n} {command}\n")
                    } else {
                        format!("{command}\n")
                    }
                })
                .collect();
            let said = ehlo(&way.args, &format!("{}{typed}", way.first));
            said.has(&[
                "Logged in",
                "* 3 EXISTS",
                "OK [READ-WRITE] Select completed",
                "* 3 FETCH (",
                "|Hopefully you've received",
                "OK Fetch completed",
                "OK Close completed",
                "* BYE Logging out",
            ])
            .ends(0);
            assert_eq!(said.out.contains("x4 OK Logout"), own, "{}", said.out);
            assert!(!said.out.contains("login charlie charlie"), "{}", said.out);
        }
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_literal_goes_out_when_the_server_says_so() {
    let _turn = fresh();
    for way in ways("imap") {
        let typed = format!(
            "{}login alice wonderland\nappend inbox (\\Seen) {{26}}\nSubject: appended\n\nhello\nselect inbox\nfetch 1 body.peek[header.fields (subject)]\nstore 1:* +flags (\\Deleted)\nclose\nlogout\n",
            way.first
        );
        ehlo(&way.args, &typed)
            .has(&[
                "+ OK",
                "APPENDUID",
                "* 1 EXISTS",
                "|Subject: appended",
                "OK Fetch completed",
                "OK Close completed",
            ])
            .ends(0);
    }
}
