//! Load against sink, with faults on: both ends tell the same, to the message.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc;

use crate::lab::{Lab, listen_in_silence, load, report, server};
use crate::running::{Running, Signal};
use serde_json::Value;

struct Sink {
    child: Running,
    lines: BufReader<ChildStdout>,
    url: String,
}

impl Sink {
    fn start(args: &[&str]) -> Self {
        let mut child = Running::start(
            Command::new(env!("CARGO_BIN_EXE_ehlo"))
                .args(["sink", "127.0.0.1:0", "--json"])
                .args(args)
                .stdout(Stdio::piped()),
        );
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["urls"][0].as_str().unwrap().to_owned();
        Self { child, lines, url }
    }

    fn end(mut self) -> Value {
        self.child.signal(Signal::TERM);
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(&line).unwrap()
    }
}

const FAULTS: &str = r#"
[[fault]]
on = "MAIL"
times = "7-9"
reply = "421 4.3.2 going"
[[fault]]
on = "MAIL"
times = "40"
close = "before"
[[fault]]
on = "RCPT"
times = "11-19"
reply = "450 4.2.1 later"
[[fault]]
on = "DATA"
times = "21-23"
reply = "451 4.3.0 no data"
[[fault]]
on = "DATA"
times = "50"
close = "after"
[[fault]]
on = "."
times = "25-27"
reply = "554 5.6.0 no"
[[fault]]
on = "."
times = "31-32"
reply = "421 4.3.2 enough"
[[fault]]
on = "."
times = "60"
cut = 2
[[fault]]
on = "."
times = "70"
close = "before"
[[fault]]
on = "greeting"
times = "6"
reply = "554 5.3.2 no"
[[fault]]
on = "EHLO"
times = "8"
close = "before"
"#;

#[test]
fn both_ends_agree_whatever_goes_wrong() {
    let lab = Lab::new("");
    let table = lab.file("table", FAULTS);
    for way in [
        &["-d"][..],
        &[],
        &["-d", "--pipelining"],
        &["--pipelining"],
        &["-d", "--per-connection", "3", "-r", "3"],
        &["-d", "--pipelining", "-r", "2", "-R", "0.001"],
    ] {
        let sink = Sink::start(&["--fault", &table]);
        let args = [&["-s", "4", "-m", "150", "-l", "2000"], way].concat();
        let told = report(&sink.url, &args, 1);
        let seen = sink.end();
        for name in ["accepted", "recipients", "connections"] {
            assert_eq!(told[name], seen[name], "{name} {way:?}:\n{told}\n{seen}");
        }
        let number = |name: &str| told[name].as_u64().unwrap();
        let all = number("accepted") + number("failed") + number("in_doubt");
        assert_eq!(all, 150, "{way:?}: {told}");
        // Two whose last reply never came whole, and one sent into a connection that was closed.
        assert!((2..=3).contains(&number("in_doubt")), "{way:?}: {told}");
        assert!(number("failed") >= 9, "{way:?}: {told}");
    }
}

#[test]
fn chunks_and_lmtp_agree_too() {
    let lab = Lab::new("");
    let table = lab.file(
        "table",
        "[[fault]]\non = \".\"\ntimes = \"5-9\"\nreply = \"452 4.2.2 full\"\n\
         [[fault]]\non = \"BDAT\"\ntimes = \"30-31\"\nreply = \"451 4.3.0 later\"\n",
    );
    for (sink, way) in [
        (&["--lmtp"][..], &["-r", "3", "-d"][..]),
        (&["--lmtp"], &["-r", "2", "--chunking", "-d"]),
        (&[], &["--chunking"]),
        (&[], &["--chunking", "--pipelining", "-d", "-s", "3"]),
    ] {
        let sink = Sink::start(&[&["--fault", &table], sink].concat());
        let told = report(&sink.url, &[&["-m", "60", "-l", "100"], way].concat(), 1);
        let seen = sink.end();
        for name in ["accepted", "failed", "recipients"] {
            assert_eq!(told[name], seen[name], "{name} {way:?}:\n{told}\n{seen}");
        }
        assert_eq!(told["in_doubt"], 0, "{told}");
    }
}

#[test]
fn a_run_that_is_ended_loses_no_count() {
    let sink = Sink::start(&[]);
    let mut child = Running::start(
        load(&sink.url, &["-s", "8", "-l", "3000", "--duration", "60"])
            .args(["-d", "--pipelining", "--json", "-c"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    );
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        lines.next().unwrap().unwrap();
    }
    child.signal(Signal::INT);
    let out = child.finish();
    assert_eq!(out.status.code(), Some(130));
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    let seen = sink.end();
    assert!(told["accepted"].as_u64().unwrap() > 0, "{told}");
    assert_eq!(told["accepted"], seen["accepted"]);
    assert_eq!(told["in_doubt"], 0, "{told}");
}

/// Where a server stops answering.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mute {
    Greeting,
    Content,
    Verdict,
}

/// Says yes up to there, tells when it is there, and then nothing any more.
fn mute(mut stream: TcpStream, at: Mute, there: &mpsc::Sender<()>) {
    let mut content = false;
    if at != Mute::Greeting {
        stream.write_all(b"220 hi\r\n").unwrap();
        for line in BufReader::new(stream.try_clone().unwrap()).lines() {
            let line = line.unwrap();
            let reply = match &*line {
                "DATA" => "354 go\r\n",
                "." => break,
                _ if content => continue,
                _ => "250 ok\r\n",
            };
            content |= line == "DATA";
            stream.write_all(reply.as_bytes()).unwrap();
            if content && at == Mute::Content {
                break;
            }
        }
    }
    there.send(()).unwrap();
    if at == Mute::Content {
        // Nothing is read as long as this test runs.
        loop {
            std::thread::park();
        }
    }
    listen_in_silence(stream);
}

/// Only what was sent whole is in doubt.
#[test]
fn a_run_that_does_not_wait_knows_what_was_sent() {
    for (at, failed, in_doubt) in [
        (Mute::Greeting, 2, 0),
        (Mute::Content, 2, 0),
        (Mute::Verdict, 0, 2),
    ] {
        let (there, reached) = mpsc::channel();
        let url = server("smtp", move |stream| mute(stream, at, &there));
        let length = if at == Mute::Content {
            "30000000"
        } else {
            "1000"
        };
        let mut child = Running::start(
            load(
                &url,
                &["-s", "2", "-m", "9", "-l", length, "-d", "-q", "--json"],
            )
            .stdout(Stdio::piped()),
        );
        for _ in 0..2 {
            reached.recv().unwrap();
        }
        // Two that come at once may be heard as one.
        while child.try_wait().unwrap().is_none() {
            child.signal(Signal::INT);
            std::thread::yield_now();
        }
        let out = child.finish();
        assert_eq!(out.status.code(), Some(130));
        let told: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(told["accepted"], 0, "{at:?}: {told}");
        assert_eq!(told["failed"], failed, "{at:?}: {told}");
        assert_eq!(told["in_doubt"], in_doubt, "{at:?}: {told}");
    }
}

/// What the sink took was accepted or is in doubt, and nothing else is.
#[test]
fn a_run_that_is_cut_off_loses_no_count() {
    for (kind, way) in [
        (&[][..], &["--pipelining"][..]),
        (&[], &["--chunking"]),
        (&["--lmtp"], &["-r", "3"]),
    ] {
        let sink = Sink::start(kind);
        let mut child = Running::start(
            load(
                &sink.url,
                &["-s", "8", "-l", "20000", "--duration", "60", "-d"],
            )
            .args(way)
            .args(["--json", "-c"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
        );
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(" in flight")));
        while child.try_wait().unwrap().is_none() {
            child.signal(Signal::INT);
            std::thread::yield_now();
        }
        let told: Value = serde_json::from_slice(&child.finish().stdout).unwrap();
        let seen = sink.end();
        let number = |value: &Value, name: &str| value[name].as_u64().unwrap();
        let least = number(&told, "accepted");
        let most = least + number(&told, "in_doubt");
        assert!(
            (least..=most).contains(&number(&seen, "accepted")),
            "{way:?}:\n{told}\n{seen}"
        );
        assert!(
            number(&told, "failed") + number(&told, "in_doubt") <= 16,
            "{told}"
        );
    }
}

/// Its time is up, whatever the server does not say; that is no early end.
#[test]
fn a_run_lasts_as_long_as_it_was_given() {
    let url = server("smtp", listen_in_silence);
    let told = report(&url, &["-d", "-s", "2", "--duration", "0.2"], 1);
    assert_eq!(told["failed"], 2, "{told}");
    assert_eq!(told["in_doubt"], 0, "{told}");
    assert_eq!(told["about"]["interrupted"], false, "{told}");
    // Who idles is woken.
    let lab = Lab::new("");
    let mix = lab.file("mix", "1 IDLE 1000\n");
    let accounts = lab.file("accounts", "alice,wonderland\n");
    let args = ["--mix", &mix, "--accounts", &accounts, "--duration", "0.5"];
    let told = report(&lab.imap(), &[&args[..], &["-d"]].concat(), 0);
    assert_eq!(told["accepted"], 1, "{told}");
}

/// A worker that cannot begin ends the run with the report, and nobody waits for what it would have sent.
#[test]
fn a_worker_that_fails_ends_the_run() {
    let lab = Lab::new("");
    let mailbox = lab.imap().replace("://", "://alice@");
    // So few descriptors are not enough for so many threads.
    let out = Command::new("sh")
        .args(["-c", "ulimit -n 24; exec \"$@\"", "sh"])
        .args([env!("CARGO_BIN_EXE_ehlo"), "load", &lab.smtp()])
        .args(["--until-visible", &mailbox, "--threads", "50", "-s", "50"])
        .args(["-m", "1000000", "--json", "-4"])
        .env("EHLO_PASSWORD", "wonderland")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(7), "{out:?}");
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told["about"]["interrupted"], true, "{told}");
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(errors.contains("no runtime: "), "{errors}");
}

/// Ctrl-C ends looking as well.
#[test]
fn looking_ends_with_the_run() {
    let lab = Lab::new("");
    let mailbox = lab.imap().replace("://", "://alice@");
    let mut child = Running::start(
        // What goes elsewhere is never seen.
        load(
            &lab.smtp(),
            &["-m", "2", "-t", "bob@ehlo.test", "-c", "--json", "-4"],
        )
        .args(["--until-visible", &mailbox, "--timeout", "100000"])
        .env("EHLO_PASSWORD", "wonderland")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped()),
    );
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_sent = |line: String| line.contains("  2 of 2 · ");
    assert!(lines.any(|line| is_sent(line.unwrap())));
    while child.try_wait().unwrap().is_none() {
        child.signal(Signal::INT);
        std::thread::yield_now();
    }
    let out = child.finish();
    assert_eq!(out.status.code(), Some(130));
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told["accepted"], 2, "{told}");
    assert!(
        told["errors"].to_string().contains("not visible in time"),
        "{told}"
    );
}

/// Behind something that is no reply nobody knows where the next one begins.
#[test]
fn a_connection_out_of_step_is_not_used_again() {
    let long = "x".repeat(20_000);
    for nonsense in [&*long, "what?\r\n"] {
        let said = nonsense.to_owned();
        let url = server("lmtp", move |mut stream| {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut content = false;
            stream.write_all(b"220 hi\r\n").unwrap();
            for line in lines.map_while(Result::ok) {
                let reply = match &*line {
                    "DATA" => "354 go\r\n",
                    "." => &*format!("250 ok\r\n{said}"),
                    _ if content => continue,
                    _ => "250 ok\r\n",
                };
                content = line == "DATA";
                // Whoever does not understand hangs up.
                if stream.write_all(reply.as_bytes()).is_err() {
                    break;
                }
            }
        });
        let told = report(&url, &["-d", "-m", "3", "-r", "2", "-l", "10"], 1);
        assert_eq!(told["accepted"], 3, "{told}");
        assert_eq!(told["recipients"], 3, "{told}");
        assert_eq!(told["connections"], 3, "{told}");
        let errors = told["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{told}");
        assert_eq!(errors[0]["count"], 3, "{told}");
    }
}

/// Every message that is late because of one before it counts its waiting, as its stages do not.
#[test]
fn late_messages_count_their_waiting() {
    // One reply holds up all that are due behind it.
    let lab = Lab::new("[[fault]]\non = \".\"\ntimes = 5\ndelay = \"300ms\"\n");
    let args = ["-d", "-s", "1", "-m", "200", "--rate", "1000", "-l", "10"];
    let told = report(&lab.smtp(), &args, 0);
    let rows = told["stages"].as_array().unwrap();
    // Half of the times took at least this together.
    let least = |stage: &str| {
        let row = rows.iter().find(|row| row["stage"] == stage).unwrap();
        assert_eq!(row["count"], 200);
        row["p50"].as_u64().unwrap() * 100
    };
    let run = told["about"]["seconds"].as_f64().unwrap() * 1e6;
    // One session's dots stand one behind the other in the run; the waiting messages overlap.
    assert!((least("dot") as f64) < run, "{told}");
    assert!((least("message") as f64) > run, "{told}");
}
