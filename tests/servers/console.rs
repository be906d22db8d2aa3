//! The console on a terminal, with real servers at the other end.

use crate::rig::{env, fresh};
use crate::screen::{Console, golden};

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_message_to_postfix_by_hand_under_tls() {
    let _turn = fresh();
    let (url, ca) = (format!("smtp://localhost:{}", env("SMTP")), env("CA"));
    let mut console = Console::sized(&["--ca-file", &ca, &url], 80, 60, &[]);
    console.prompt("smtp localhost clear>");
    console.exchange("EHLO me.test", "250 CHUNKING");
    console.exchange("STARTTLS", "say EHLO again");
    console.prompt("smtp localhost tls>");
    console.exchange("EHLO me.test", "250 CHUNKING");
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.exchange("RCPT TO:<someone@elsewhere.example>", "554 5.7.1");
    console.exchange(":explain", "see");
    console.exchange("RCPT TO:<charlie@ehlo.test>", "250 2.1.5");
    console.exchange("DATA", "354").prompt("data>");
    for line in ["Subject: hello", "", ".hidden"] {
        console.line(line);
    }
    console.shows("..hidden  (dot-stuffed)");
    console.exchange(".", "queued as");
    console.prompt("smtp localhost tls>");
    golden("real-postfix.txt", &without_ports(&console.screen()));
    console.line(":quit");
    assert_eq!(console.end(), 0);
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_mailbox_of_dovecot_by_hand() {
    let _turn = fresh();
    crate::rig::deliver("alice", "first", "one line");
    let (url, ca) = (format!("imaps://localhost:{}", env("IMAPS")), env("CA"));
    let mut console = Console::sized(&["--ca-file", &ca, &url], 80, 60, &[]);
    console.prompt("imap localhost tls a1>");
    console.exchange("a1 login alice wonderland", "a1 OK");
    console.exchange("select inbox", "OK [READ-WRITE]");
    console.prompt("imap localhost tls INBOX a3>");
    console.exchange("fetch 1 body[text]", "a3 OK");
    console.line("idle").shows("idle>");
    crate::rig::deliver("alice", "second", "another");
    console.shows("* 2 EXISTS");
    console.exchange("DONE", "a4 OK");
    console.exchange("nonsense", "a5 BAD");
    console.prompt("imap localhost tls INBOX a6>");
    golden("real-dovecot.txt", &without_ports(&console.screen()));
    console.line(":quit");
    assert_eq!(console.end(), 0);
}

fn without_ports(screen: &str) -> String {
    let rules: &[(&str, &str)] = &[
        (r"localhost:\d+", "localhost:PORT"),
        (r"250-SIZE \d+", "250-SIZE N"),
        (r"\(\d[^()]* secs\)", "(TIMES)"),
        (r"in \d+(\.\d+)? secs", "in N secs"),
        (r"completed \(.*\)\.", "completed (TIMES)."),
        (r"session=<[^>]*>", "session=<ID>"),
        (r"UIDNEXT \d+", "UIDNEXT N"),
        (r"HIGHESTMODSEQ \d+", "HIGHESTMODSEQ N"),
    ];
    crate::screen::steady_as(rules, screen)
}
