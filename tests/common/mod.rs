//! What the tests of the program share: servers that follow a script, and the program run on a pipe.

// Each test binary uses its part of this.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// What a scripted server does next.
#[derive(Clone, Debug)]
pub(crate) enum Do {
    /// Sends these octets.
    Say(Vec<u8>),
    /// Reads a line and keeps it.
    Hear,
    /// Reads lines up to and including the one that is just this.
    HearTo(&'static str),
    /// Reads so many octets, whatever they are.
    Octets(usize),
    /// Sends these octets one at a time.
    Drip(Vec<u8>),
    /// Waits until the test opens the gate.
    Wait(Gate),
    /// Sends this again and again, for as long as anybody listens.
    Repeat(&'static str),
    /// Sends one octet so many times, for as long as anybody listens.
    Flood(u8, u64),
    /// Holds the connection open, silent, until the client goes.
    Hold,
    /// Resets the connection.
    Reset,
}

/// What a scripted server waits at, and a test opens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }
}

/// Sends text.
pub(crate) fn say(text: impl AsRef<[u8]>) -> Do {
    Do::Say(text.as_ref().to_vec())
}

/// A server on a free loopback port that follows one script for one connection.
#[derive(Debug)]
pub(crate) struct Fake {
    /// Where it listens.
    pub addr: SocketAddr,
    thread: JoinHandle<Vec<String>>,
}

impl Fake {
    /// Starts it.
    pub(crate) fn new(script: Vec<Do>) -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), script)
    }

    /// Starts it on this address.
    pub(crate) fn at(address: IpAddr, script: Vec<Do>) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || match listener.accept() {
            Ok((stream, _)) => follow(stream, &script),
            Err(_) => Vec::new(),
        });
        Self { addr, thread }
    }

    /// A server of the caller's own making: where it listens, and what it will have heard.
    pub(crate) fn on(addr: SocketAddr, thread: JoinHandle<Vec<String>>) -> Self {
        Self { addr, thread }
    }

    /// `scheme://address:port`.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.addr)
    }

    /// The lines it heard.
    pub(crate) fn heard(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn follow(stream: TcpStream, script: &[Do]) -> Vec<String> {
    let mut heard = Vec::new();
    let mut input = BufReader::new(stream.try_clone().unwrap());
    let mut output = stream;
    output.set_nodelay(true).unwrap();
    let mut hear = |input: &mut BufReader<TcpStream>| -> Option<String> {
        let mut line = Vec::new();
        match input.read_until(b'\n', &mut line) {
            Ok(n) if n > 0 => {
                let text = String::from_utf8_lossy(&line)
                    .trim_end_matches(['\r', '\n'])
                    .to_owned();
                heard.push(text.clone());
                Some(text)
            }
            _ => None,
        }
    };
    for step in script {
        match step {
            Do::Say(bytes) => {
                if output.write_all(bytes).is_err() {
                    break;
                }
            }
            Do::Drip(bytes) => {
                for byte in bytes {
                    if output
                        .write_all(&[*byte])
                        .and_then(|()| output.flush())
                        .is_err()
                    {
                        break;
                    }
                }
            }
            Do::Repeat(text) => {
                let many = text.repeat(1000);
                while output.write_all(many.as_bytes()).is_ok() {}
            }
            Do::Flood(octet, count) => {
                let part = vec![*octet; 64 * 1024];
                for _ in 0..count / part.len() as u64 {
                    if output.write_all(&part).is_err() {
                        break;
                    }
                }
            }
            Do::Hear => {
                hear(&mut input);
            }
            Do::Octets(count) => {
                let _ = input.read_exact(&mut vec![0; *count]);
            }
            Do::Wait(gate) => gate.pass(),
            Do::HearTo(end) => while hear(&mut input).is_some_and(|line| line != *end) {},
            Do::Hold => while hear(&mut input).is_some() {},
            Do::Reset => {
                let socket = socket2::Socket::from(output.try_clone().unwrap());
                let _ = socket.set_linger(Some(std::time::Duration::ZERO));
                return heard;
            }
        }
    }
    let _ = output.shutdown(std::net::Shutdown::Write);
    while hear(&mut input).is_some() {}
    heard
}

/// The program, with a home of its own and nothing of ours in its environment.
pub(crate) fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::var("PATH").unwrap_or_default());
    command.env("LANG", "C.UTF-8").env("TERM", "xterm");
    command
}

/// Runs the program with arguments and lines on its standard input.
pub(crate) fn run(args: &[&str], input: impl AsRef<[u8]>) -> Ran {
    let home = tempfile::tempdir().unwrap();
    run_with(&mut program(home.path()), args, input)
}

/// The same, for a program prepared by the caller.
pub(crate) fn run_with(command: &mut Command, args: &[&str], input: impl AsRef<[u8]>) -> Ran {
    let mut child = command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_vec();
    // A program that ends early closes its input: that is no fault of the test's.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran::from(output)
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            err: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }
}

impl Ran {
    /// Fails unless the code is this.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "out:\n{}\nerr:\n{}", self.out, self.err);
        self
    }

    /// Fails unless either output holds this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.out.contains(text) || self.err.contains(text),
            "\"{text}\" is missing\nout:\n{}\nerr:\n{}",
            self.out,
            self.err
        );
        self
    }

    /// Fails if either output holds this.
    #[track_caller]
    pub(crate) fn never_says(self, text: &str) -> Self {
        assert!(
            !self.out.contains(text) && !self.err.contains(text),
            "\"{text}\" is there\nout:\n{}\nerr:\n{}",
            self.out,
            self.err
        );
        self
    }
}

/// Reads everything of a reader, for threads.
pub(crate) fn slurp(mut from: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = from.read_to_end(&mut all);
    all
}

/// An address of this machine that is not loopback, for a test that needs one; nothing leaves the
/// machine. Where there is no network, the test `name` runs again in a network of its own, whose
/// loopback interface has such an address, and this gives `None` when it has passed there.
pub(crate) fn not_loopback(name: &str) -> Option<IpAddr> {
    const GIVEN: &str = "EHLO_TEST_OWN_ADDRESS";
    if let Ok(address) = std::env::var(GIVEN) {
        return Some(address.parse().unwrap());
    }
    let routed = || {
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
        // No packet is sent by this.
        socket.connect("198.51.100.1:9").ok()?;
        let address = socket.local_addr().ok()?.ip();
        (!address.is_loopback() && !address.is_unspecified()).then_some(address)
    };
    if let Some(address) = routed() {
        return Some(address);
    }
    let inside = "ip link set lo up && ip address add 192.0.2.1/32 dev lo && exec \"$0\" \"$@\"";
    let ran = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "sh", "-c", inside])
        .arg(std::env::current_exe().unwrap())
        .args([name, "--exact"])
        .env(GIVEN, "192.0.2.1")
        .output()
        .expect("without a network this test needs unshare (util-linux) and ip (iproute2)");
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    assert!(
        ran.status.success() && said.contains("1 passed"),
        "{name} in a network of its own:\n{said}"
    );
    None
}
