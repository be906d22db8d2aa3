//! Each command that README and docs show does what its page says: run by a shell, against servers of
//! our own on loopback. Only names of hosts, ports and files are put in.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::documents::{blocks, pages};
use super::links::Served;
use crate::running::{Running, Signal};

/// What stands for something of the reader's, and what is put there. `{smtp}` is a port.
const PUT_IN: &[(&str, &str)] = &[
    // Hosts and ports, as the pages name them.
    (
        "submission://HOST:587",
        "submission://localhost:{submission}",
    ),
    ("smtp://localhost:2025", "smtp://localhost:{smtp}"),
    (
        "imap://alice@localhost:2143",
        "imap://alice@localhost:{imap}",
    ),
    ("imaps://localhost:2993", "imaps://alice@localhost:{imaps}"),
    ("smtp://HOST:PORT", "smtp://localhost:{smtp}"),
    ("smtp://HOST", "smtp://localhost:{smtp}"),
    ("smtps://HOST", "smtps://localhost:{smtps}"),
    ("imaps://HOST", "imaps://localhost:{imaps}"),
    ("imap://HOST", "imap://localhost:{imap}"),
    ("pop3://HOST", "pop3://localhost:{pop3}"),
    ("imaps://mail.example.org", "imaps://localhost:{imaps}"),
    ("mail.example.org 587", "localhost {submission}"),
    ("mail.example.org 25", "localhost {smtp}"),
    ("mail.example.org smtp", "localhost {smtp}"),
    ("ehlo mail 25", "ehlo localhost {smtp}"),
    ("unix:/run/lmtp", "unix:lmtp"),
    ("unix:/tmp/lmtp", "unix:new"),
    ("ehlo load TARGET", "ehlo load smtp://localhost:{smtp}"),
    ("ehlo TARGET", "ehlo smtp://localhost:{smtp}"),
    // Files, names, sizes.
    ("FILE.talk", "a.talk"),
    ("FILE.jsonl", "a.jsonl"),
    ("first.talk", "a.talk"),
    ("FILE.toml", "a.toml"),
    ("--merge FILE...", "--merge hdr hdr"),
    ("import FILE", "import a.txt"),
    ("--ca-file CA", "--ca-file ca.pem"),
    ("ME@EXAMPLE", "alice@ehlo.test"),
    ("user=ME", "user=alice"),
    ("password=COMMAND", "password='echo wonderland'"),
    ("explain WORD", "explain 550"),
    ("completions SHELL", "completions bash"),
    ("sink PORT", "sink 127.0.0.1:0"),
    (" -m 20000", " -m 40"),
    ("--duration 60", "--duration 0.3"),
    ("encode login user", "encode login alice"),
    ("encode plain user", "encode plain alice"),
    ("| man -l -", "| grep -q '^.TH'"),
];

/// Words of the prose that name a command and are none by themselves.
const NO_COMMANDS: &[&str] = &["ehlo load", "ehlo load --merge", "ehlo", "ehlo.1"];

/// Commands of blocks, of a talk's prose, and between backticks.
fn commands(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("readable");
    let mut lines: Vec<String> = Vec::new();
    if page.extension().is_some_and(|e| e == "talk") {
        let prose = text.lines().filter_map(|line| line.strip_prefix("#   "));
        lines.extend(prose.map(str::to_owned));
    } else {
        let (fenced, indented) = blocks(&text);
        lines.extend(fenced.iter().flat_map(|b| b.lines()).map(str::to_owned));
        lines.extend(indented);
    }
    let joined = lines.join("\n").replace("\\\n", " ");
    let shown = joined
        .lines()
        .map(|line| line.trim_start().trim_start_matches("$ "));
    let prose = text.lines().filter(|line| !line.starts_with("```"));
    let inline = prose.flat_map(|line| line.split('`').skip(1).step_by(2));
    shown
        .chain(inline)
        .filter(|command| command.starts_with("ehlo ") && !NO_COMMANDS.contains(command))
        .map(str::to_owned)
        .collect()
}

struct Place {
    served: Served,
    folder: PathBuf,
}

impl Place {
    fn new() -> Self {
        let served = Served::start(&["--submission", "0", "--client-cert", "alice:alice.pem"]);
        let folder = served.file("");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).expect("written");
        };
        write("commands", "EHLO me.test\nQUIT\n");
        write("script", "EHLO me.test\nQUIT\n");
        write("pasted-login.txt", "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\n");
        write("a.talk", "C: NOOP\n");
        write("a.txt", "S: 220 x\nC: NOOP\nS: 250 ok\n");
        write(
            "a.toml",
            "[[fault]]\non = \"DATA\"\nreply = \"451 4.3.0 later\"\n",
        );
        std::fs::create_dir_all(folder.join("bin")).expect("a folder");
        for (name, text) in [
            ("get-token", "#!/bin/sh\necho a-token\n"),
            (
                "sendmail",
                "#!/bin/sh\nprintf '220 hi\\r\\n'; read -r line; printf '221 bye\\r\\n'\n",
            ),
        ] {
            write(&format!("bin/{name}"), text);
            let path = folder.join("bin").join(name);
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(path, mode).expect("set");
        }
        symlink(env!("CARGO_BIN_EXE_ehlo"), folder.join("bin/ehlo")).expect("a link");
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/talks/round-trip.talk");
        std::fs::copy(shipped, folder.join("round-trip.talk")).expect("copied");
        std::fs::create_dir_all(folder.join("config/ehlo")).expect("a folder");
        let profile = format!(
            "[profile.work]\ntarget = \"{}\"\n",
            served.url("smtp", "smtp")
        );
        write("config/ehlo/config.toml", &profile);
        let place = Self { served, folder };
        let target = place.served.url("smtp", "smtp");
        for line in [
            "ehlo run a.talk --log a.jsonl".to_owned(),
            format!("ehlo load {target} -m 5 --hdr hdr"),
        ] {
            let out = place.shell(&line, Stdio::null()).output().expect("it runs");
            assert!(out.status.success(), "{line}: {out:?}");
        }
        place
    }

    fn shell(&self, line: &str, input: Stdio) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(&self.folder)
            .env(
                "PATH",
                format!("{}:{path}", self.folder.join("bin").display()),
            )
            .env("HOME", &self.folder)
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env("SSL_CERT_FILE", self.folder.join("ca.pem"))
            .env("EHLO_PASSWORD", "wonderland")
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn filled(&self, command: &str) -> String {
        let mut line = command.to_owned();
        for (from, to) in PUT_IN {
            line = line.replace(from, to);
        }
        for (scheme, port) in &self.served.ports {
            line = line.replace(&format!("{{{scheme}}}"), port);
        }
        line
    }

    /// A server that a command starts: it says that it is ready, and ends when told to.
    fn serves(&self, line: &str) {
        let line = line.split(" #").next().unwrap_or_default().trim_end();
        // A free port instead of the usual ones.
        let has_place = line.contains(":0") || line.contains("unix:");
        let line = match line.starts_with("ehlo sink") {
            true if has_place => line.to_owned(),
            true => line.replacen("ehlo sink", "ehlo sink 127.0.0.1:0", 1),
            false => line.replacen("ehlo serve", "ehlo serve --smtp 0", 1),
        };
        let ready = self.folder.join("is-ready");
        let line = if line.contains("--ready-file") || !line.contains("-q") {
            line
        } else {
            format!("{line} --ready-file is-ready")
        };
        let mut child = Running::start(&mut self.shell(&format!("exec {line}"), Stdio::null()));
        let mut said = BufReader::new(child.stdout.take().expect("piped"));
        if line.contains("-q") {
            while !ready.exists() {
                assert!(child.try_wait().expect("its state").is_none(), "{line}");
                std::thread::yield_now();
            }
        } else {
            let mut first = String::new();
            said.read_line(&mut first).expect("readable");
            assert!(first.contains(':'), "{line}: {first:?}");
        }
        child.signal(Signal::TERM);
        let mut rest = String::new();
        said.read_to_string(&mut rest).expect("readable");
        let out = child.finish();
        let errors = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{line}: {} {errors}", out.status);
    }

    fn runs(&self, page: &Path, command: &str) -> Result<(), String> {
        let line = self.filled(command);
        if line.starts_with("ehlo serve") || line.starts_with("ehlo sink") {
            self.serves(&line);
            return Ok(());
        }
        let waiting = line.contains("unix:lmtp").then(|| {
            let ready = self.folder.join("lmtp-ready");
            let sink = "exec ehlo sink -L -q unix:lmtp --ready-file lmtp-ready";
            let mut child = Running::start(&mut self.shell(sink, Stdio::null()));
            while !ready.exists() {
                assert!(child.try_wait().expect("its state").is_none());
                std::thread::yield_now();
            }
            child
        });
        let mut child = self.shell(&line, Stdio::piped()).spawn().expect("it runs");
        let said: &[u8] = if line.contains("encode") {
            b""
        } else if line.contains("imap") {
            b"LOGOUT\r\n"
        } else {
            b"QUIT\r\n"
        };
        let mut input = child.stdin.take().expect("piped");
        // Whoever takes no input may be gone.
        let _ = input.write_all(said);
        drop(input);
        let out = child.wait_with_output().expect("it ends");
        drop(waiting);
        if out.status.success() {
            return Ok(());
        }
        Err(format!(
            "{}: {command}\nrun as {line}: {}\n{}{}",
            page.display(),
            out.status,
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        ))
    }
}

#[test]
fn every_command_does_what_its_page_says() {
    let place = Place::new();
    let mut found = 0;
    let mut failures = Vec::new();
    for page in pages() {
        for command in commands(&page) {
            failures.extend(place.runs(&page, &command).err());
            found += 1;
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(found >= 40, "{found}");
}
