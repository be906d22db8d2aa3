//! A practice server in this process, and the program beside it.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use ehlo::config::faults;
use ehlo::net::listen::Listener;
use ehlo::practice::{Door, Options, Practice};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) struct Lab {
    runtime: Runtime,
    practice: Practice,
    dir: TempDir,
    before: u64,
}

impl Lab {
    pub(crate) fn new(table: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("faults.toml");
        std::fs::write(&file, table).unwrap();
        let options = Options {
            faults: faults::read_file(&file).unwrap(),
            ..Options::default()
        };
        let mut lab = Self {
            runtime: Runtime::new().unwrap(),
            practice: Practice::new(options).unwrap(),
            dir,
            before: 0,
        };
        lab.before = lab.arrived();
        lab
    }

    /// Messages for alice that came since the beginning.
    pub(crate) fn arrived(&self) -> u64 {
        let store = self.practice.store().lock();
        let inbox = store.mailbox_id("alice", "INBOX").unwrap();
        store.mailbox(inbox).unwrap().messages().len() as u64 - self.before
    }

    fn port(&self, door: Door, tls: bool) -> u16 {
        let _guard = self.runtime.enter();
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = listener.addr().unwrap().port();
        let practice = self.practice.clone();
        self.runtime.spawn(async move {
            while let Ok(conn) = listener.accept().await {
                let practice = practice.clone();
                tokio::spawn(async move { practice.serve(conn, door, tls, None).await });
            }
        });
        port
    }

    pub(crate) fn smtp(&self) -> String {
        format!("smtp://localhost:{}", self.port(Door::Smtp, false))
    }

    pub(crate) fn smtps(&self) -> String {
        format!("smtps://localhost:{}", self.port(Door::Smtp, true))
    }

    pub(crate) fn imap(&self) -> String {
        format!("imap://localhost:{}", self.port(Door::Imap, false))
    }

    pub(crate) fn pop3(&self) -> String {
        format!("pop3://localhost:{}", self.port(Door::Pop3, false))
    }

    pub(crate) fn lmtp(&self) -> String {
        format!("lmtp://localhost:{}", self.port(Door::Lmtp, false))
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(crate) fn ca(&self) -> String {
        self.file("ca.pem", &self.practice.ca().pem())
    }
}

pub(crate) fn load(target: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
    command.arg("load").arg(target).args(args);
    command.stdin(Stdio::null()).env_remove("EHLO_PASSWORD");
    command
}

/// Runs it to the end and reads what it reports.
pub(crate) fn report(target: &str, args: &[&str], code: i32) -> Value {
    let out = load(target, args).args(["--json", "-4"]).output().unwrap();
    assert_eq!(out.status.code(), Some(code), "{args:?}: {out:?}");
    serde_json::from_slice(&out.stdout).unwrap()
}

/// A server whose connections are all given to `serve`, each in a thread of its own.
pub(crate) fn server(scheme: &str, serve: impl Fn(TcpStream) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("{scheme}://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

/// Takes what comes, says nothing, and stays until the other side goes.
pub(crate) fn listen_in_silence(mut stream: TcpStream) {
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}
