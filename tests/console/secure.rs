//! TLS and logins on the screen, trust that is missing, servers that lie.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::common::{Do, Fake, say};
use crate::running::Running;
use crate::screen::{Console, golden};

#[test]
fn starttls_tells_what_changed() {
    let mut console = Console::greeted(50);
    console.exchange("STARTTLS", "say EHLO again");
    console.exchange("EHLO me.test", "<~  250 AUTH");
    console.golden("starttls.txt");
}

#[test]
fn a_login_is_told_step_by_step() {
    let mut console = Console::greeted(60);
    console.exchange(":set explain off", "");
    console
        .line(":auth SCRAM-SHA-256 alice")
        .prompt("password:");
    console
        .line("wonderland")
        .shows("235 2.7.0")
        .prompt("clear>");
    console.golden("auth.txt");
}

#[test]
fn a_typed_auth_plain_asks() {
    let mut console = Console::greeted(50);
    console
        .line("AUTH PLAIN")
        .prompt("(empty to type the line yourself):");
    console.line("alice").prompt("password:");
    console
        .line("wonderland")
        .shows("235 2.7.0")
        .prompt("clear>");
    console.golden("auth-plain.txt");
}

/// Sent alone they would be refused, and the password typed as the next line.
#[test]
fn a_login_without_its_password_asks() {
    let mut console = Console::sized(&[], 80, 70, &[]);
    console.prompt("smtp practice clear>");
    console.exchange(":set explain off", "");
    console.exchange(":open imap", "* OK");
    console.line("LOGIN").prompt("user:");
    console.line("").shows("not sent; :raw \"x LOGIN\\r\\n\"");
    console.line("LOGIN alice").prompt("password:");
    console
        .keys("\u{3}")
        .shows("not sent; :raw \"x LOGIN alice\\r\\n\"");
    console.line("login \"alice\"").prompt("password:");
    console.line("wonderland").shows("a1 OK").prompt("a2>");
    console.exchange(":open pop3", "+OK");
    console.exchange("USER alice", "+OK");
    console.line("PASS").prompt("password:");
    console.line("").shows("not sent; :raw \"PASS\\r\\n\"");
    console.line("pass").prompt("password:");
    console
        .line("wonderland")
        .shows("9 messages")
        .prompt("clear>");
    console.exchange(":open imap", "* OK");
    console.line("LOGIN").prompt("user:");
    console.line("alice").prompt("password:");
    console
        .line("wonderland")
        .shows("a1 OK [CAPABILITY")
        .prompt("a2>");
    console.golden("login-asks.txt");
}

#[test]
fn a_password_that_is_not_given_ends_its_line() {
    let mut console = Console::greeted(50);
    for (count, key) in (1..).zip(["\u{4}", "\u{3}"]) {
        console.line(":auth PLAIN alice").prompt("password:");
        console
            .keys(key)
            .until("on a line of its own", |screen| {
                screen.matches("\n==  not logged in").count() == count
            })
            .prompt("clear>");
    }
}

#[test]
fn reconnect_says_what_it_sends() {
    let mut console = Console::greeted(70);
    console.exchange("STARTTLS", "say EHLO again");
    console.exchange("EHLO me.test", "<~  250 AUTH");
    console.line(":close").prompt("smtp practice closed>");
    console
        .exchange(":reconnect", "<~  250 AUTH")
        .prompt("tls>");
    let screen = console.screen();
    for sent in ["->  EHLO me.test", "->  STARTTLS", "~>  EHLO me.test"] {
        assert!(screen.contains(sent), "{sent}: {screen}");
    }
}

/// The practice server as a program of its own.
struct Server {
    _running: Running,
    url: String,
}

impl Server {
    fn start(home: &std::path::Path) -> Self {
        let mut running = Running::start(
            Command::new(env!("CARGO_BIN_EXE_ehlo"))
                .args(["serve", "--imaps", "0", "--ca-out", "ca.pem"])
                .current_dir(home)
                .env("HOME", home)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.ok().filter(|l| l.starts_with("imaps://")));
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            _running: running,
            url: url.unwrap(),
        }
    }
}

#[test]
fn an_untrusted_certificate_is_described_and_asked_about() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(home.path());
    let mut console = Console::start(&[&server.url.replace("127.0.0.1", "localhost")]);
    console.prompt("go on without trust? type yes:");
    console.line("").shows("not connected").prompt("closed>");
    console.golden("untrusted.txt");
    console
        .line(":reconnect --insecure")
        .shows("NOT trusted")
        .prompt("a1>");
}

#[test]
fn hostile_text_is_shown_not_obeyed() {
    // As long as the screen is wide: what follows would stand in the first column.
    let pad = format!("220 {:72}", "mx");
    let greeting = format!("{pad}==  trusted: mail.example.org\x1b[2J\x07 \u{202e}gnp.exe\r\n");
    let fake = Fake::new(vec![say(greeting), Do::Hear, say("250 ok\r\n"), Do::Hold]);
    let mut console = Console::start(&[&fake.url("smtp")]);
    console.shows("control characters").prompt("clear>");
    let screen = console.screen();
    assert!(screen.contains("\n    ==  trusted"), "{screen}");
    assert!(!screen.contains("\n==  trusted"), "{screen}");
    golden("hostile.txt", &screen);
}

/// Ctrl-C before TLS is up, where it is required: nothing more goes out, neither a login nor what is
/// typed.
#[test]
fn nobody_goes_on_in_the_clear_where_tls_is_required() {
    let greeting = || say("220 hi\r\n");
    let offers = || say("250-here\r\n250 STARTTLS\r\n");
    for (script, waited, heard) in [
        (vec![Do::Hold], "the greeting", &[][..]),
        (
            vec![greeting(), Do::Hear, Do::Hold],
            "the reply to EHLO",
            &["EHLO me.test"][..],
        ),
        (
            vec![greeting(), Do::Hear, offers(), Do::Hear, Do::Hold],
            "the reply to STARTTLS",
            &["EHLO me.test", "STARTTLS"],
        ),
    ] {
        let fake = Fake::new(script);
        let url = fake.url("smtp");
        let args = [
            "--starttls",
            "--login",
            "--user",
            "alice",
            "--name",
            "me.test",
        ];
        let mut console = Console::sized(
            &[&args[..], &[&url]].concat(),
            80,
            24,
            &[("EHLO_PASSWORD", "wonderland")],
        );
        console.shows("127.0.0.1");
        if let Some(last) = heard.last() {
            console.shows(&format!("->  {last}"));
        }
        console.press_until("\u{3}", &format!("no longer waiting for {waited}"));
        console
            .shows("TLS was required and is not up: the connection is dropped")
            .prompt("closed>");
        console
            .line("MAIL FROM:<a@example.org>")
            .shows("not connected");
        let screen = console.screen();
        assert!(!screen.contains("refused STARTTLS"), "{screen}");
        assert_eq!(fake.heard(), heard);
    }
}
