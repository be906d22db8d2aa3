//! Directives that break the rules, seen from the other side: which octets came, and when; and what
//! the transcript says of it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use ehlo::script::outcome::{End, Outcome};
use ehlo::script::run::Options;
use ehlo::wire::secret::Secret;

use super::support::{run_text, said};

/// The other side: what it read so far, and in how many pieces.
struct Peer {
    stream: TcpStream,
    heard: Vec<u8>,
    pieces: usize,
}

impl Peer {
    fn say(&mut self, text: &str) {
        // Who is gone hears nothing: that is for the talk to judge.
        let _ = self.stream.write_all(text.as_bytes());
    }

    /// Reads until these octets have come; they and what is before them.
    #[track_caller]
    fn hear(&mut self, end: &[u8]) -> String {
        loop {
            if let Some(at) = self.heard.windows(end.len()).position(|w| w == end) {
                let rest = self.heard.split_off(at + end.len());
                let heard = std::mem::replace(&mut self.heard, rest);
                return String::from_utf8_lossy(&heard).into_owned();
            }
            let mut buffer = [0; 4096];
            let count = self.stream.read(&mut buffer).expect("octets");
            assert!(count > 0, "closed after {:?}", self.heard);
            self.pieces += 1;
            self.heard.extend_from_slice(&buffer[..count]);
        }
    }

    /// All that comes until the other side sends no more.
    fn rest(&mut self) -> String {
        let mut rest = std::mem::take(&mut self.heard);
        // A reset ends it as well as a close does.
        let _ = self.stream.read_to_end(&mut rest);
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// A server for one connection; what it saw comes back from its thread.
fn server<T: Send + 'static>(
    play: impl FnOnce(&mut Peer) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a limit");
        stream.set_nodelay(true).expect("a socket");
        let mut peer = Peer {
            stream,
            heard: Vec::new(),
            pieces: 0,
        };
        play(&mut peer)
    });
    (place, thread)
}

/// Runs a talk, `{place}` being the server's, against a server that plays its part.
#[track_caller]
fn talk<T: Send + 'static>(
    text: &str,
    play: impl FnOnce(&mut Peer) -> T + Send + 'static,
) -> (Outcome, T) {
    let (place, thread) = server(play);
    let mut options = Options {
        keep_all: true,
        ..Options::default()
    };
    options.values.insert("place".into(), place.into_bytes());
    options
        .secrets
        .insert("password".into(), Secret::new("s3cr3t"));
    let outcome = run_text(text, "t.talk", &options);
    (outcome, thread.join().expect("the server's part"))
}

#[track_caller]
fn passes<T: Send + 'static>(
    text: &str,
    remark: &str,
    play: impl FnOnce(&mut Peer) -> T + Send + 'static,
) -> T {
    let (outcome, saw) = talk(text, play);
    let said = said(&outcome);
    match &outcome.end {
        End::Passed => {}
        End::Failed { diag, .. } => panic!("{}\n{said}", diag.text()),
        End::Skipped(why) => panic!("skipped: {why}"),
    }
    let told = said
        .lines()
        .any(|l| l.starts_with("== ") && l.contains(remark));
    assert!(told, "{remark:?} is not in\n{said}");
    saw
}

const GREETING: &str = "220 mail.example.org ESMTP\r\n";
const OK: &str = "250 2.0.0 Ok\r\n";

#[test]
fn early_talk_goes_out_before_the_greeting() {
    passes(
        "open smtp://{place}\nearly-talk EHLO me.test\nS: 220\n--\nS: 250\n",
        "said before the greeting was read",
        |peer| {
            // Nothing was said yet, and still it comes.
            assert_eq!(peer.hear(b"\r\n"), "EHLO me.test\r\n");
            peer.say(GREETING);
            peer.say(OK);
        },
    );
}

#[test]
fn bare_lf_and_bare_cr_end_the_line_alone() {
    passes(
        "open smtp://{place}\nbare-lf NOOP \nS: 250\nbare-cr NOOP\nC: RSET\nS: 250\n",
        "the next line ends in a bare LF",
        |peer| {
            peer.say(GREETING);
            assert_eq!(peer.hear(b"\n"), "NOOP \n");
            peer.say(OK);
            assert_eq!(peer.hear(b"\r\n"), "NOOP\rRSET\r\n");
            peer.say(OK);
        },
    );
    passes(
        "open smtp://{place}\nbare-cr NOOP\nS: 500\n",
        "the next line ends in a bare CR",
        |peer| {
            peer.say(GREETING);
            assert_eq!(peer.hear(b"\r"), "NOOP\r");
            peer.say("500 5.5.2 what was that\r\n");
        },
    );
}

#[test]
fn no_wait_does_not_wait() {
    passes(
        "open smtp://{place}\nno-wait\nC: HELO me.test\nC: NOOP\nraw \"RSET\\r\\n\"\ngo\nS: 250\n--\nS: 250\n",
        "3 lines without waiting for replies",
        |peer| {
            peer.say(GREETING);
            // No reply before the last of them is here.
            let all = peer.hear(b"RSET\r\n");
            assert_eq!(all, "HELO me.test\r\nNOOP\r\nRSET\r\n");
            peer.say(&OK.repeat(3));
        },
    );
}

#[test]
fn dots_are_doubled_unless_told_not_to() {
    passes(
        "open smtp://{place}\nC: DATA\nS: 354\nC: .one\nno-dot-stuffing .two\nC: .\nS: 250\n",
        "the dot of the next line is not doubled",
        |peer| {
            peer.say(GREETING);
            peer.hear(b"DATA\r\n");
            peer.say("354 go on\r\n");
            assert_eq!(peer.hear(b"\r\n.\r\n"), "..one\r\n.two\r\n.\r\n");
            peer.say(OK);
        },
    );
}

#[test]
fn a_long_line_is_as_long_as_asked_for() {
    passes(
        "open smtp://{place}\nlong-line 70000 NOOP \nS: 500\n",
        "a line of 70000 octets follows",
        |peer| {
            peer.say(GREETING);
            let line = peer.hear(b"\r\n");
            assert_eq!(line.len(), 70_002);
            assert!(line.starts_with("NOOP xx") && line.ends_with("xx\r\n"));
            peer.say("500 5.5.6 too long\r\n");
        },
    );
}

#[test]
fn a_wrong_literal_size_goes_out_as_it_stands() {
    let text = "open imap://{place}\nwrong-literal-size\nC: x LOGIN {3}\nS: +\nC: alice secret\nS: x BAD\n";
    let (outcome, ()) = talk(text, |peer| {
        peer.say("* OK hello\r\n");
        peer.hear(b"x LOGIN {3}\r\n");
        peer.say("+ go on\r\n");
        assert_eq!(peer.hear(b"\r\n"), "alice secret\r\n");
        peer.say("x BAD what was that\r\n");
    });
    assert!(matches!(outcome.end, End::Passed), "{:?}", outcome.end);
    let said = said(&outcome);
    assert!(
        said.contains("==  the next literal's count need not fit what follows"),
        "{said}"
    );
}

#[test]
fn an_abandoned_literal_never_comes() {
    passes(
        "open imap://{place}\nC: x APPEND INBOX {500}\nS: +\nabandon-literal\n",
        "500 octets of a literal never come, connection dropped",
        |peer| {
            peer.say("* OK hello\r\n");
            peer.hear(b"{500}\r\n");
            peer.say("+ go on\r\n");
            assert_eq!(peer.rest(), "", "nothing of it");
        },
    );
}

#[test]
fn a_half_closed_connection_is_still_read() {
    passes(
        "open smtp://{place}\nC: NOOP\nS: 250\nhalf-close\nS: 421\nexpect-close\n",
        "our side is closed, reading goes on",
        |peer| {
            peer.say(GREETING);
            peer.hear(b"NOOP\r\n");
            peer.say(OK);
            assert_eq!(peer.rest(), "", "the end came first");
            peer.say("421 4.4.2 you said no more\r\n");
            let _ = peer.stream.shutdown(Shutdown::Both);
        },
    );
}

#[test]
fn drip_sends_an_octet_at_a_time() {
    let pieces = passes(
        "open smtp://{place}\ndrip 5ms NOOP slowly\nS: 250\n",
        "an octet every 5 ms",
        |peer| {
            peer.say(GREETING);
            assert_eq!(peer.hear(b"\r\n"), "NOOP slowly\r\n");
            peer.say(OK);
            peer.pieces
        },
    );
    assert!(pieces > 1, "14 octets came in {pieces} piece");
}

#[test]
fn octets_behind_starttls_travel_with_it() {
    let pieces = passes(
        "open smtp://{place}\nstarttls-with \"RSET\\r\\n\"\nS: 454\n",
        "STARTTLS and 6 octets behind it in one write",
        |peer| {
            peer.say(GREETING);
            assert_eq!(peer.hear(b"RSET\r\n"), "STARTTLS\r\nRSET\r\n");
            peer.say("454 4.7.0 not now\r\n");
            peer.pieces
        },
    );
    assert_eq!(pieces, 1, "one write");
}

#[test]
fn a_cut_comes_after_so_many_octets() {
    for (octets, line) in [
        (1, "M"),
        (9, "MAIL FROM"),
        (29, "MAIL FROM:<samt@example.org>\r"),
        (99, "MAIL FROM:<samt@example.org>\r\n"),
    ] {
        let text =
            format!("open smtp://{{place}}\ncut-after {octets} MAIL FROM:<samt@example.org>\n");
        passes(&text, "octets, connection dropped", move |peer| {
            peer.say(GREETING);
            assert_eq!(peer.rest(), line);
        });
    }
}

#[test]
fn auth_that_is_not_offered_needs_its_own_word() {
    let hello = |peer: &mut Peer| {
        peer.say(GREETING);
        peer.hear(b"EHLO me.test\r\n");
        peer.say("250-mail.example.org\r\n250 AUTH PLAIN\r\n");
    };
    let (outcome, saw) = talk(
        "open smtp://{place}\nC: EHLO me.test\nauth CRAM-MD5 alice\n",
        move |peer| {
            hello(peer);
            peer.rest()
        },
    );
    assert_eq!(saw, "", "nothing is sent");
    let End::Failed { diag, .. } = &outcome.end else {
        panic!("{:?}", outcome.end)
    };
    let text = diag.text();
    assert!(
        text.contains("does not offer CRAM-MD5") && text.contains("offered: PLAIN"),
        "{text}"
    );
    assert!(text.contains("unadvertised-auth does not ask"), "{text}");

    passes(
        "open smtp://{place}\nC: EHLO me.test\nunadvertised-auth CRAM-MD5 alice\nS: 504\n",
        "CRAM-MD5 is not offered, and tried all the same",
        move |peer| {
            hello(peer);
            assert_eq!(peer.hear(b"\r\n"), "AUTH CRAM-MD5\r\n");
            peer.say("504 5.5.4 no\r\n");
        },
    );
}
