//! A sink that runs, and a client that says exactly what it is told.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::running::{Running, Signal};
use serde_json::Value;

/// For hangs: no test waits so long when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Sink {
    child: Running,
    lines: BufReader<std::process::ChildStdout>,
    pub(crate) ready: Value,
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("sink").args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Sink {
    /// A sink on any free port of 127.0.0.1, or where the arguments say.
    pub(crate) fn start(args: &[&str]) -> Self {
        let place = args
            .iter()
            .any(|a| a.starts_with("unix:") || a.contains("]:") || a.ends_with(":0"));
        let mut command = command(args);
        command.arg("--json");
        if !place {
            command.arg("127.0.0.1:0");
        }
        let mut child = Running::start(&mut command);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        Self {
            child,
            lines,
            ready,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> String {
        let url = self.ready["urls"][0].as_str().unwrap();
        url.split_once("://").unwrap().1.to_owned()
    }

    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address()).unwrap();
        let mut client = Client::new(stream);
        client.expect("220");
        client
    }

    /// A client behind its EHLO.
    pub(crate) fn greeted(&self) -> Client {
        let mut client = self.client();
        client.ask("EHLO client.test\r\n", "250");
        client
    }

    /// Ends the sink by SIGTERM.
    pub(crate) fn report(self) -> Value {
        self.child.signal(Signal::TERM);
        self.last()
    }

    /// The report of a sink that ends by itself.
    pub(crate) fn last(mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert!(self.child.wait().unwrap().success());
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"))
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Self { stream, reader }
    }

    /// The replies to so many pipelined messages, or all up to the end of the connection.
    pub(crate) fn rest_until_over(mut self, messages: usize) -> Vec<String> {
        let replies = (0..messages * 4).map(|_| self.reply());
        replies.take_while(|reply| !reply.is_empty()).collect()
    }

    pub(crate) fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).unwrap();
    }

    /// A whole reply, its lines joined by LF.
    pub(crate) fn reply(&mut self) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).unwrap();
            if line.is_empty() {
                return text;
            }
            assert!(line.ends_with("\r\n"), "{line:?}");
            text.push_str(line.trim_end());
            if line.as_bytes().get(3) != Some(&b'-') {
                return text;
            }
            text.push('\n');
        }
    }

    pub(crate) fn expect(&mut self, start: &str) -> String {
        let reply = self.reply();
        assert!(reply.starts_with(start), "{start} wanted, {reply:?} got");
        reply
    }

    pub(crate) fn ask(&mut self, text: impl AsRef<[u8]>, start: &str) -> String {
        self.send(text);
        self.expect(start)
    }

    /// Everything that still comes.
    pub(crate) fn rest(mut self) -> String {
        let mut text = String::new();
        self.reader.read_to_string(&mut text).unwrap();
        text
    }
}

pub(crate) const ENVELOPE: &str = "MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n";

/// Whole messages, pipelined to the dot.
pub(crate) fn message(body: &str) -> String {
    format!("{ENVELOPE}DATA\r\n{body}\r\n.\r\n")
}

pub(crate) fn text_of(path: &std::path::Path) -> String {
    fs::read_to_string(path).unwrap()
}
