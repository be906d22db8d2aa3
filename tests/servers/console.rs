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

/// The console on Postfix, EHLO said.
fn postfix(url: &str, rows: u16) -> Console {
    let ca = env("CA");
    let args = ["--ca-file", &ca, "--name", "me.test", url];
    let mut console = Console::sized(&args, 80, rows, &[]);
    console.prompt("clear>");
    console.exchange("EHLO me.test", "250 CHUNKING");
    console
}

/// The console on Dovecot under TLS, alice logged in.
fn dovecot(rows: u16) -> Console {
    let (url, ca) = (format!("imaps://localhost:{}", env("IMAPS")), env("CA"));
    let mut console = Console::sized(&["--ca-file", &ca, &url], 80, rows, &[]);
    console.prompt("imap localhost tls a1>");
    console.exchange("login alice wonderland", "a1 OK");
    console
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn postfix_says_which_mechanisms_follow_auth() {
    let _turn = fresh();
    let mut console = postfix(&format!("smtp://localhost:{}", env("SUBMISSION")), 60);
    console.exchange("STARTTLS", "say EHLO again");
    console.exchange("EHLO me.test", "250 CHUNKING");
    console
        .keys("au\t")
        .prompt("tls> auth <mechanism> [<initial-response>]");
    console.keys("\t").shows("\nplain ");
    console.prompt("tls> auth <mechanism> [<initial-response>]");
    golden("real-auth.txt", &without_ports(&console.screen()));
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn caps_knows_what_changed_at_postfix() {
    let _turn = fresh();
    let mut console = postfix(&format!("smtp://localhost:{}", env("SUBMISSION")), 120);
    console.exchange("STARTTLS", "say EHLO again");
    console.exchange("EHLO me.test", "250 CHUNKING");
    console.exchange(":caps", "since TLS");
    console.line(":auth PLAIN alice").shows("password:");
    console.line("wonderland").shows("235 2.7.0");
    console.prompt("tls>");
    console.exchange("EHLO me.test", "250 CHUNKING");
    console.line(":caps").until("both lists", |screen| {
        screen.matches("BDAT sends the message in counted").count() == 2
    });
    console.prompt("tls>");
    golden("real-caps.txt", &without_ports(&console.screen()));
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn caps_knows_what_the_login_changed_at_dovecot() {
    let _turn = fresh();
    let mut console = dovecot(130);
    console.exchange(":caps", "since the login");
    golden("real-caps-imap.txt", &without_ports(&console.screen()));
}

const PARTS: &str = "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\n\
    To: alice@ehlo.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
    Date: Mon, 2 Feb 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
    hello\r\n--b\r\nContent-Type: application/pdf; name=\"plan.pdf\"\r\n\
    Content-Disposition: attachment; filename=\"plan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n\
    JVBERi0=\r\n--b--\r\n";

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn envelope_and_structure_of_dovecot_are_arranged() {
    let _turn = fresh();
    let mut console = dovecot(70);
    let file = console.home.path().join("parts.eml");
    std::fs::write(&file, PARTS).unwrap();
    console.exchange(&format!("append inbox {{@{}}}", file.display()), "a2 OK");
    console.exchange("select inbox", "a3 OK");
    console.keys("\u{c}").until("a bare prompt", |screen| {
        screen.trim_end() == "imap localhost tls INBOX a4>"
    });
    console.exchange(":set view both", "INBOX a4>");
    console.exchange("fetch 1 (envelope bodystructure)", "a4 OK");
    console.exchange(":set view pretty", "INBOX a5>");
    console.exchange("fetch 1 (envelope bodystructure)", "a5 OK");
    golden("real-views.txt", &without_ports(&console.screen()));
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn dovecot_is_guarded_too() {
    let _turn = fresh();
    crate::rig::deliver("alice", "first", "one line");
    crate::rig::deliver("alice", "second", "another line");
    let mut console = dovecot(60);
    console.exchange("select inbox", "a2 OK");
    console.exchange("store 1:2 +flags (\\Deleted)", "a3 OK");
    console.line("expunge").shows("type yes to do it:");
    console.line("").shows("not sent").prompt("a4>");
    console.line("expunge").shows("2 messages");
    console.until("the second question", |screen| {
        screen.matches("type yes to do it:").count() == 2
    });
    console.line("yes").shows("a4 OK").prompt("a5>");
    golden("real-guard.txt", &without_ports(&console.screen()));
}

/// Send by Postfix in one session, watch Dovecot's IDLE in the other.
#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn mail_sent_to_postfix_is_news_from_dovecot() {
    let _turn = fresh();
    let mut console = dovecot(60);
    console.exchange("select inbox", "a2 OK");
    console.line("idle").shows("idle>");
    console.line(&format!(":open smtp://localhost:{}", env("SMTP")));
    console.prompt("2 smtp localhost clear>");
    console.exchange("EHLO me.test", "250 CHUNKING");
    console.begins_body("samt@example.org", "alice@ehlo.test");
    console
        .line("Subject: news")
        .line("")
        .line("hello")
        .line(".");
    console.shows("queued as").shows("[1] <~  * 1 RECENT");
    console.prompt("2 smtp localhost clear>");
    console.line(":use 1").shows("\nidle>");
    console.line("DONE").shows("a3 OK").prompt("a4>");
    let news = console.screen();
    let from = news.find("2 smtp localhost clear> DATA").unwrap();
    golden("real-news.txt", &without_ports(&news[from..]));
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_relay_refusal_of_postfix_is_explained() {
    let _turn = fresh();
    let mut console = postfix(&format!("smtp://localhost:{}", env("SMTP")), 60);
    console.exchange("MAIL FROM:<samt@example.org>", "250 2.1.0");
    console.exchange("RCPT TO:<someone@elsewhere.example>", "554 5.7.1");
    console.exchange(":explain", "see ");
    console.exchange("RCPT TO:<nobody@ehlo.test>", "550 5.1.1");
    console.line(":explain").shows("550 5.1.1 after RCPT:");
    console.prompt("clear>");
    console.exchange("DATA", "554 5.5.1");
    console.line(":explain").shows("554 5.5.1 after DATA:");
    console.prompt("clear>");
    golden("real-refused.txt", &without_ports(&console.screen()));
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
