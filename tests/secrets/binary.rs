//! The program itself, in batch: screen, logs, JSON, errors, and the practice server's own log.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ehlo::wire::b64;
use tempfile::TempDir;

use super::canary::Canaries;
use crate::running::{Running, Signal};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ehlo");
pub(crate) const USER: &str = "canary";
/// `NAME:PASSWORD` takes no blank at its end and no line break; all else may stand in it.
pub(crate) const PASSWORD: &str = "Can\"ary\\Pa ss+7391";

/// A practice server with a user whose password is a canary.
pub(crate) struct Server {
    child: Running,
    pub(crate) folder: TempDir,
    ready: Vec<String>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Running::start(
            Command::new(PROGRAM)
                .args(["serve", "--ca-out", "ca.pem", "--log", "serve.log"])
                .args(["--smtp", "0", "--smtps", "0", "--pop3", "0", "--pop3s", "0"])
                .args(["--imap", "0", "--imaps", "0"])
                .args(["--user", &format!("{USER}:{PASSWORD}")])
                .current_dir(folder.path())
                .env("HOME", folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut ready = Vec::new();
        for line in lines.by_ref() {
            let line = line.expect("text");
            let last = line.starts_with("ca ");
            ready.push(line);
            if last {
                break;
            }
        }
        // Read to the end, so that it never waits for us; what it prints stands in the log too.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            folder,
            ready,
        }
    }

    pub(crate) fn url(&self, scheme: &str) -> &str {
        let prefix = format!("{scheme}://");
        let found = self.ready.iter().find(|line| line.starts_with(&prefix));
        found.expect("a port for the scheme")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Ends it and gives what it logged.
    fn end(mut self) -> String {
        self.child.signal(Signal::TERM);
        self.child.wait().expect("it ends");
        fs::read_to_string(self.path("serve.log")).expect("its log")
    }
}

/// One batch. Gives everything that could be seen of it.
fn batch(
    server: &Server,
    scheme: &str,
    lines: &str,
    password: &str,
    options: &[&str],
) -> (String, Output) {
    let mut child = Command::new(PROGRAM)
        .arg(server.url(scheme))
        .args(["--ca-file", "ca.pem", "--no-history"])
        .args(options)
        .current_dir(server.folder.path())
        .env("HOME", server.folder.path())
        .env("EHLO_PASSWORD", password)
        .env("RUST_BACKTRACE", "full")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let seen = text(&output.stdout) + &text(&output.stderr);
    (seen, output)
}

fn forget(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let _ = fs::remove_file(path);
    text
}

fn canaries() -> Canaries {
    let mut canaries = Canaries::of(&[PASSWORD.as_bytes()]);
    canaries.add(
        "blob",
        b64::encode(format!("\0{USER}\0{PASSWORD}").as_bytes()),
    );
    canaries
}

const LOGINS: &[(&str, &str)] = &[
    ("smtp", "PLAIN"),
    ("smtp", "LOGIN"),
    ("smtp", "CRAM-MD5"),
    ("smtp", "SCRAM-SHA-1"),
    ("smtp", "XOAUTH2"),
    ("smtps", "OAUTHBEARER"),
    ("smtps", "SCRAM-SHA-256-PLUS"),
    ("smtps", "--force SCRAM-SHA-512"),
    ("smtps", "--force DIGEST-MD5"),
    ("pop3", "USER"),
    ("pop3", "APOP"),
    ("pop3", "PLAIN"),
    ("pop3s", "SCRAM-SHA-1-PLUS"),
    ("imap", "LOGIN"),
    ("imap", "PLAIN"),
    ("imaps", "SCRAM-SHA-256"),
    ("imaps", "XOAUTH2"),
];

#[test]
fn logins_leave_no_trace_of_the_secret() {
    let server = Server::start();
    let canaries = canaries();
    for (scheme, mechanism) in LOGINS {
        let what = format!("{scheme} {mechanism}");
        let lines = format!(
            ":auth {mechanism} {USER}\n:status\n:show\n:history\n:save half.talk\n:log more.jsonl\n:reconnect\n"
        );
        let options = [
            "--explain",
            "-v",
            "-v",
            "--log",
            "text.log",
            "--save",
            "whole.talk",
            "--allow-commands",
        ];
        let (seen, output) = batch(&server, scheme, &lines, PASSWORD, &options);
        assert!(seen.contains("••••"), "{what}: {seen}");
        assert_eq!(output.status.code(), Some(0), "{what}: {seen}");
        let saved = "ehlo run half.talk --secret password=COMMAND plays it again";
        assert!(seen.contains(saved), "{what}: {seen}");
        let mut all = seen;
        for file in ["text.log", "half.talk", "more.jsonl", "whole.talk"] {
            let kept = forget(&server.path(file));
            assert!(!kept.is_empty(), "{what}: {file} is empty");
            all.push_str(&kept);
        }
        canaries.check(&what, &all);
    }
    // JSON, and refused ones.
    for (scheme, mechanism) in LOGINS.iter().step_by(3) {
        let what = format!("{scheme} {mechanism} refused");
        let wrong = format!("{PASSWORD}!");
        let lines = format!(":auth {mechanism} {USER}\n");
        let options = ["--json", "--log", "rows.jsonl"];
        let (seen, output) = batch(&server, scheme, &lines, &wrong, &options);
        let rows = forget(&server.path("rows.jsonl"));
        assert!(rows.contains("\"direction\""), "{what}: {rows}");
        assert_ne!(output.status.code(), Some(0), "{what}: {seen}");
        canaries.check(&what, &(seen + &rows));
    }
    canaries.check("the server's log", &server.end());
}

#[test]
fn what_is_typed_leaves_no_trace_of_the_secret() {
    let server = Server::start();
    let canaries = canaries();
    let blob = b64::encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
    let (user, password) = (
        b64::encode(USER.as_bytes()),
        b64::encode(PASSWORD.as_bytes()),
    );
    let quoted = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    for (scheme, lines) in [
        ("smtp", format!("EHLO me.test\nAUTH PLAIN {blob}\n")),
        ("smtp", format!("EHLO me.test\nAUTH PLAIN\n{blob}\n")),
        (
            "smtp",
            format!("EHLO me.test\nAUTH LOGIN\n{user}\n{password}\n"),
        ),
        // No such mechanism: the answers must not become commands.
        (
            "smtp",
            format!("EHLO me.test\nAUTH X-NONE\n{user}\n{password}\nQUIT\n"),
        ),
        // Out of order and mistyped.
        ("smtp", format!("auth plain {blob}\nAUTH  PLAIN  {blob}\n")),
        ("pop3", format!("USER {USER}\nPASS {PASSWORD}\n")),
        ("pop3", format!("AUTH PLAIN {blob}\n")),
        ("imap", format!("LOGIN {USER} \"{quoted}\"\n")),
        (
            "imap",
            format!("x1 LOGIN {USER} {{{}}}\n{PASSWORD}\n", PASSWORD.len()),
        ),
        ("imap", format!("AUTHENTICATE PLAIN\n{blob}\n")),
        // By way of console commands.
        (
            "smtp",
            format!("EHLO me.test\n:raw \"AUTH PLAIN {blob}\\r\\n\"\nNOOP\n"),
        ),
        (
            "smtp",
            format!("EHLO me.test\nAUTH LOGIN\n:raw \"{user}\\r\\n{password}\\r\\n\"\n"),
        ),
        (
            "pop3",
            format!(":raw \"USER {USER}\\r\\nPASS {quoted}\\r\\n\"\nNOOP\n"),
        ),
        (
            "imap",
            format!(":raw \"x LOGIN {USER} \\\"x\\\"\\r\\n\"\nAUTHENTICATE PLAIN {blob}\n"),
        ),
        (
            "smtp",
            format!("EHLO me.test\n:together\nNOOP\nAUTH PLAIN {blob}\n:go\n"),
        ),
        (
            "smtp",
            format!("EHLO me.test\n:repeat 2 AUTH PLAIN {blob}\n:multi AUTH PLAIN {blob}\n"),
        ),
        (
            "smtp",
            format!(":> out.txt AUTH PLAIN {blob}\n:| \"cat\" AUTH PLAIN {blob}\n"),
        ),
        (
            "smtp",
            format!("NOOP\n:explain AUTH PLAIN {blob}\n:unb64 {blob}\nAUTH PLAIN {blob}\n"),
        ),
        (
            "smtp",
            format!("AUTH PLAIN {blob}\n:show\n:show 1\n:history\n:explain 1\n"),
        ),
    ] {
        for options in [
            &["--log", "text.log", "--save", "it.talk", "--allow-commands"][..],
            &["--json", "--log", "text.log", "--allow-commands"],
        ] {
            let (seen, _) = batch(&server, scheme, &lines, "", options);
            let log = forget(&server.path("text.log"))
                + &forget(&server.path("it.talk"))
                + &forget(&server.path("out.txt"));
            // JSON has no remarks: only text says that answers were not sent.
            let silent = options.contains(&"--json") && lines.contains("X-NONE");
            assert!(
                silent || seen.contains("••••") || seen.contains("not sent"),
                "{lines}: {seen}"
            );
            canaries.check(&lines, &(seen + &log));
        }
    }
    canaries.check("the server's log", &server.end());
}

#[test]
fn errors_and_decode_mask() {
    let canaries = canaries();
    let blob = b64::encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(args)
            .env("EHLO_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let decoded = run(&["decode", &blob]);
    assert!(decoded.contains("••••"), "{decoded}");
    canaries.check("decode", &decoded);
    assert!(run(&["decode", "--show-secrets", &blob]).contains(PASSWORD));
    let word = b64::encode(PASSWORD.as_bytes());
    for pasted in [word.clone(), format!("334 UGFzc3dvcmQ6\n{word}\n235 ok")] {
        let decoded = run(&["decode", &pasted]);
        assert!(decoded.contains("••••"), "{decoded}");
        canaries.check("decode", &decoded);
    }
    canaries.check("explain", &run(&["explain", "AUTH", "PLAIN", &blob]));
    canaries.check("explain", &run(&["explain", &format!("PASS {PASSWORD}")]));
    canaries.check("explain", &run(&["explain", &blob]));
    canaries.check("a damaged blob", &run(&["decode", &format!("{blob}*")]));
    let url = format!("smtp://{USER}:7391pass@localhost:1/");
    assert!(
        !run(&[&url]).contains("7391pass"),
        "a password in a URL is not echoed"
    );
    canaries.check("nobody there", &run(&["smtp://127.0.0.1:1", "--login"]));
    assert_eq!(run(&["encode", "plain", USER]), format!("{blob}\n"));
}

/// What other programs on the machine can see: the arguments of the program and of those it starts.
#[test]
fn no_argument_of_a_process_holds_the_secret() {
    let server = Server::start();
    fs::write(server.path("secret"), format!("{PASSWORD}\n")).expect("a file");
    let mut child = Command::new(PROGRAM)
        .arg(server.url("smtp"))
        .args(["--password-command", "cat secret", "--allow-commands"])
        .env("EHLO_PASSWORD", PASSWORD)
        .current_dir(server.folder.path())
        .env("HOME", server.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("its input");
    // Programs that it starts see neither the password's variable nor the password.
    let lines = format!(":auth PLAIN {USER}\n:| \"cat /proc/$PPID/cmdline; env\" NOOP\n");
    input.write_all(lines.as_bytes()).expect("it reads");
    let mut seen = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    while !seen.contains("given to cat") {
        assert_ne!(output.read_line(&mut seen).expect("text"), 0, "{seen}");
    }
    let arguments = fs::read(format!("/proc/{}/cmdline", child.id())).expect("arguments");
    seen.push_str(&String::from_utf8_lossy(&arguments));
    drop(input);
    assert!(child.wait().expect("it ends").success());
    assert!(
        seen.contains("cat secret") && seen.contains("HOME="),
        "{seen}"
    );
    canaries().check("arguments", &seen);
}

/// Whatever the umask: what is written of a conversation is for its owner alone.
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::MetadataExt as _;

    let server = Server::start();
    let folder = server.path("home");
    fs::create_dir(&folder).expect("a folder");
    let mut child = Command::new("sh")
        .args([
            "-c",
            "umask 000; exec \"$0\" \"$@\"",
            PROGRAM,
            server.url("smtp"),
        ])
        .args(["--log", "a.log", "--save", "a.talk", "--allow-commands"])
        .current_dir(&folder)
        .env("HOME", &folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    let lines = "EHLO me.test\n:save b.talk\n:log b.jsonl\n:> c.txt NOOP\nQUIT\n";
    let mut input = child.stdin.take().expect("its input");
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    assert!(child.wait().expect("it ends").success());
    for name in ["a.log", "a.talk", "b.talk", "b.jsonl", "c.txt"] {
        let found = fs::metadata(folder.join(name)).expect(name);
        assert_eq!(found.mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_refused_login_is_never_followed_by_a_weaker_one() {
    let server = Server::start();
    let (seen, output) = batch(
        &server,
        "smtp",
        &format!(":auth {USER}\nNOOP\n"),
        "wrong",
        &[],
    );
    assert!(
        seen.contains("->  AUTH SCRAM-SHA-256 "),
        "the strongest: {seen}"
    );
    assert_eq!(seen.matches("->  AUTH").count(), 1, "{seen}");
    assert!(
        seen.contains("<-* 535") && seen.contains("<-  250 2.0.0"),
        "the session goes on: {seen}"
    );
    assert_eq!(output.status.code(), Some(5), "{seen}");
}

#[test]
fn no_option_takes_a_password() {
    fn check(command: &clap::Command) {
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            let secret = ["password", "token", "secret"]
                .iter()
                .any(|w| name.contains(w));
            // These name a source, or say whether to ask or to show.
            let sources = [
                "password_command",
                "password_fd",
                "ask_password",
                "show_secrets",
                "secrets",
            ];
            assert!(
                !secret || sources.contains(&name),
                "{} --{name}",
                command.get_name()
            );
        }
        command.get_subcommands().for_each(check);
    }
    check(&<ehlo::cli::Cli as clap::CommandFactory>::command());
}

#[test]
fn passwords_come_from_every_source() {
    use std::os::unix::fs::PermissionsExt as _;

    let server = Server::start();
    let netrc = server.path(".netrc");
    let quoted = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    let entry = format!("machine localhost login {USER} password \"{quoted}\"\n");
    fs::write(&netrc, entry).expect("a file");
    fs::set_permissions(&netrc, fs::Permissions::from_mode(0o600)).expect("a mode");
    fs::write(server.path("secret"), format!("{PASSWORD}\n")).expect("a file");
    let canaries = canaries();
    let logged_in = |lines: &str, options: &[&str]| {
        let (seen, output) = batch(&server, "smtp", lines, "", options);
        assert!(seen.contains("<-  235"), "{options:?}: {seen}");
        assert_eq!(output.status.code(), Some(0), "{options:?}: {seen}");
        canaries.check("a source", &seen);
    };
    // .netrc names the user too.
    logged_in(":auth\n", &[]);
    logged_in(
        ":auth\n",
        &["--user", USER, "--password-command", "cat secret"],
    );
    logged_in(
        &format!("{PASSWORD}\n:auth {USER}\n"),
        &["--password-fd", "0"],
    );
    fs::set_permissions(&netrc, fs::Permissions::from_mode(0o644)).expect("a mode");
    let (seen, output) = batch(&server, "smtp", ":auth\n", "", &[]);
    assert!(
        seen.contains("may be read by others") && seen.contains("chmod 600"),
        "{seen}"
    );
    assert_eq!(output.status.code(), Some(7), "{seen}");
    canaries.check("the refused file", &seen);
}
