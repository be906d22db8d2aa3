//! The servers that run, and the program in batch.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One conversation at a time: tests share mailboxes.
static TURN: Mutex<()> = Mutex::new(());

/// What `tests/servers/up` wrote down under this name.
pub(crate) fn env(name: &str) -> String {
    std::env::var(format!("EHLO_TEST_{name}")).unwrap_or_else(|_| {
        panic!(
            "EHLO_TEST_{name} is not set: tests/run starts the servers, or tests/servers/up by hand"
        )
    })
}

/// Waits for the turn and empties all mailboxes.
pub(crate) fn fresh() -> MutexGuard<'static, ()> {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let up = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/up");
    let out = Command::new(up)
        .args(["--reset", &env("STATE")])
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    turn
}

/// A way to a service: the arguments of the program, what is said first, the mark of what it sends.
pub(crate) struct Way {
    pub(crate) args: Vec<String>,
    pub(crate) first: &'static str,
    pub(crate) tls: bool,
}

/// The three ways to a service: in the clear, STARTTLS by hand, TLS from the first octet.
pub(crate) fn ways(scheme: &str) -> Vec<Way> {
    let upper = scheme.to_ascii_uppercase();
    let (clear, secure) = (env(&upper), env(&format!("{upper}S")));
    let first = match scheme {
        "smtp" => "EHLO me.example.net\nSTARTTLS\n",
        "pop3" => "STLS\n",
        _ => "STARTTLS\n",
    };
    let ca = ["--ca-file".to_owned(), env("CA")];
    let way = |url: String, first, tls| Way {
        args: ca.iter().cloned().chain([url]).collect(),
        first,
        tls,
    };
    vec![
        way(format!("{scheme}://localhost:{clear}"), "", false),
        way(format!("{scheme}://localhost:{clear}"), first, true),
        way(format!("{scheme}s://localhost:{secure}"), "", true),
    ]
}

/// What the program wrote, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Said {
    /// Insists on lines that hold these texts, in this order.
    #[track_caller]
    pub(crate) fn has(&self, texts: &[&str]) -> &Self {
        let mut lines = self.out.lines();
        for text in texts {
            assert!(
                lines.any(|line| line.contains(text)),
                "no (further) line with {text:?} in\n{}{}",
                self.out,
                self.err
            );
        }
        self
    }

    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "\n{}{}", self.out, self.err);
        self
    }
}

/// Runs the program with these lines typed into its pipe.
pub(crate) fn ehlo(args: &[String], typed: &str) -> Said {
    ehlo_with(args, typed, &[])
}

pub(crate) fn ehlo_with(args: &[String], typed: &str, vars: &[(&str, &str)]) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(["--timeout", "30"])
        .args(args)
        .env_remove("EHLO_PASSWORD")
        .envs(vars.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Small enough for the pipe, whatever the program does. It may have ended already.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let out = child.wait_with_output().unwrap();
    Said {
        out: String::from_utf8_lossy(&out.stdout).into_owned(),
        err: String::from_utf8_lossy(&out.stderr).into_owned(),
        code: out.status.code().unwrap_or(-1),
    }
}

/// Puts a message into a mailbox, through LMTP.
pub(crate) fn deliver(user: &str, subject: &str, body: &str) {
    let url = format!("lmtp://localhost:{}", env("LMTP"));
    let typed = format!(
        "LHLO me\nMAIL FROM:<samt@example.org>\nRCPT TO:<{user}@ehlo.test>\nDATA\nSubject: {subject}\n\n{body}\n.\nQUIT\n"
    );
    ehlo(&[url], &typed).has(&["250 2.0.0 <"]).ends(0);
}
