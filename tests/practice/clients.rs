//! Clients that nobody here wrote, against `ehlo serve`: in the clear, with STARTTLS, under TLS.
//!
//! A client that is not installed is passed over, unless EHLO_TEST_CLIENTS is set: then it is a
//! failure (tests/run sets it, and installs tests/practice/clients/packages on Debian).

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::running::Running;
use tempfile::TempDir;

/// A running `ehlo serve`, ended when dropped.
pub(crate) struct Server {
    _running: Running,
    /// (scheme, port).
    ports: Vec<(String, u16)>,
    pub(crate) ca: PathBuf,
    pub(crate) home: TempDir,
}

impl Server {
    pub(crate) fn start(more: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let ca = home.path().join("ca.pem");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ehlo"));
        command.arg("serve").arg("-q").arg("--ca-out").arg(&ca);
        for scheme in SCHEMES {
            command.arg(format!("--{scheme}")).arg("0");
        }
        command
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = Running::start(&mut command);
        let mut ports = Vec::new();
        let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
        let ready = loop {
            match lines.next() {
                Some(Ok(line)) if line.starts_with("ca ") => break true,
                Some(Ok(line)) => {
                    let (scheme, rest) = line.split_once("://localhost:").unwrap();
                    ports.push((scheme.to_owned(), rest.parse().unwrap()));
                }
                _ => break false,
            }
        };
        assert!(ready, "{:?}", running.finish());
        Self {
            _running: running,
            ports,
            ca,
            home,
        }
    }

    pub(crate) fn port(&self, scheme: &str) -> u16 {
        let found = self.ports.iter().find(|(name, _)| name == scheme);
        found
            .unwrap_or_else(|| panic!("no {scheme} in {:?}", self.ports))
            .1
    }

    fn ports_as_json(&self) -> String {
        let pairs: Vec<String> = self
            .ports
            .iter()
            .map(|(scheme, port)| format!("\"{scheme}\":{port}"))
            .collect();
        format!("{{{}}}", pairs.join(","))
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Runs a client in the scratch folder and answers what it printed; it must end well.
    pub(crate) fn run(&self, program: &str, args: &[&str]) -> String {
        let (ok, text) = self.try_run(program, args);
        assert!(ok, "{program} {args:?}\n{text}");
        text
    }

    pub(crate) fn try_run(&self, program: &str, args: &[&str]) -> (bool, String) {
        let output = Command::new(program)
            .args(args)
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        (output.status.success(), text)
    }

    /// How many messages a user has, by POP3's count.
    pub(crate) fn count(&self, user: &str, password: &str) -> usize {
        let script = format!(
            "import poplib\np=poplib.POP3('localhost',{})\np.user('{user}')\np.pass_('{password}')\nprint(p.stat()[0])\np.quit()",
            self.port("pop3")
        );
        self.run("python3", &["-c", &script])
            .trim()
            .parse()
            .unwrap()
    }

    fn python(&self, script: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/practice/clients")
            .join(script);
        let (script, ca) = (script.display().to_string(), self.ca.display().to_string());
        self.run("python3", &[&script, &self.ports_as_json(), &ca]);
    }
}

const SCHEMES: [&str; 8] = [
    "smtp",
    "submission",
    "smtps",
    "lmtp",
    "pop3",
    "pop3s",
    "imap",
    "imaps",
];

/// True when a client is installed; a failure when it must be.
pub(crate) fn have(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
    let wanted = std::env::var_os("EHLO_TEST_CLIENTS").is_some();
    assert!(found || !wanted, "{program} is not installed");
    if !found {
        // Past the harness, which keeps to itself what tests that pass have to say.
        let _ = writeln!(
            std::io::stderr(),
            "{program} is not installed: its tests are passed over"
        );
    }
    found
}

#[test]
fn python() {
    if !have("python3") {
        return;
    }
    let server = Server::start(&[]);
    server.python("smtp.py");
    server.python("pop3.py");
    server.python("imap.py");
}

#[test]
fn curl() {
    if !have("curl") {
        return;
    }
    let server = Server::start(&[]);
    let ca = server.ca.display().to_string();
    let message = server.file("message", "Subject: from curl\r\n\r\n.hello\r\n");
    let message = message.display().to_string();
    let url =
        |scheme: &str, rest: &str| format!("{scheme}://localhost:{}/{rest}", server.port(scheme));
    let smtp = url("smtp", "client.example.org");
    let smtps = url("smtps", "client.example.org");
    let send = [
        "-sS",
        "--mail-from",
        "a@b.test",
        "--mail-rcpt",
        "bob@ehlo.test",
        "-T",
        &message,
        "--cacert",
        &ca,
    ];
    server.run("curl", &[&send[..], &[&smtp]].concat());
    server.run("curl", &[&send[..], &["--ssl-reqd", &smtp]].concat());
    server.run("curl", &[&send[..], &[&smtps]].concat());
    for how in ["PLAIN", "LOGIN", "CRAM-MD5"] {
        let login = format!("AUTH={how}");
        server.run(
            "curl",
            &[
                &send[..],
                &["-u", "alice:wonderland", "--login-options", &login, &smtp],
            ]
            .concat(),
        );
    }
    let bearer = ["-u", "alice:", "--oauth2-bearer", "wonderland"];
    server.run("curl", &[&send[..], &bearer, &[&smtps]].concat());
    let (ok, text) = server.try_run("curl", &[&send[..], &["-u", "alice:wrong", &smtp]].concat());
    assert!(!ok && text.contains("67"), "{text}");
    let read = ["-sS", "--cacert", &ca, "-u", "bob:builder"];
    for (scheme, more) in [
        ("pop3", None),
        ("pop3", Some("--ssl-reqd")),
        ("pop3s", None),
    ] {
        let text = server.run(
            "curl",
            &[&read[..], more.as_slice(), &[&url(scheme, "1")]].concat(),
        );
        assert!(text.ends_with("\r\n\r\n.hello\r\n"), "{text}");
    }
    for (scheme, more) in [
        ("imap", None),
        ("imap", Some("--ssl-reqd")),
        ("imaps", None),
    ] {
        let one = url(scheme, "INBOX;MAILINDEX=1");
        let text = server.run("curl", &[&read[..], more.as_slice(), &[&one]].concat());
        assert!(text.ends_with("\r\n\r\n.hello\r\n"), "{text}");
        let inbox = url(scheme, "INBOX");
        let text = server.run(
            "curl",
            &[
                &read[..],
                more.as_slice(),
                &["-X", "SEARCH SUBJECT curl", &inbox],
            ]
            .concat(),
        );
        assert!(text.starts_with("* SEARCH 1 2"), "{text}");
        server.run(
            "curl",
            &[&read[..], more.as_slice(), &["-T", &message, &inbox]].concat(),
        );
    }
}

#[test]
fn swaks() {
    if !have("swaks") {
        return;
    }
    let server = Server::start(&[]);
    let ca = server.ca.display().to_string();
    let at = |scheme: &str| format!("localhost:{}", server.port(scheme));
    let base = ["-n", "--helo", "client.example.org", "--from", "a@b.test"];
    let verify = ["--tls-verify", "--tls-ca-path", &ca];
    let to_bob = ["--to", "bob@ehlo.test"];
    server.run(
        "swaks",
        &[&base[..], &to_bob, &["-s", &at("smtp")]].concat(),
    );
    server.run(
        "swaks",
        &[&base[..], &to_bob, &["-s", &at("smtp"), "--tls"], &verify].concat(),
    );
    server.run(
        "swaks",
        &[&base[..], &to_bob, &["-s", &at("smtps"), "--tlsc"], &verify].concat(),
    );
    server.run(
        "swaks",
        &[
            &base[..],
            &to_bob,
            &["-s", &at("lmtp"), "--protocol", "LMTP"],
        ]
        .concat(),
    );
    server.run(
        "swaks",
        &[&base[..], &to_bob, &["-s", &at("smtp"), "--pipeline"]].concat(),
    );
    for how in ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"] {
        for tls in [&[][..], &["--tls"]] {
            let login = [
                "-s",
                &at("submission"),
                "--auth",
                how,
                "-au",
                "alice",
                "-ap",
                "wonderland",
            ];
            let to = ["--to", "x@elsewhere.example"];
            let (ok, text) = server.try_run("swaks", &[&base[..], &to, &login, tls].concat());
            if how == "DIGEST-MD5" {
                // It is for those who ask by name, and this client takes what is offered.
                let refused = !ok && text.contains("requested type not available");
                assert!(refused || text.contains("requires the"), "{text}");
                continue;
            }
            // What it needs a module of Perl for, which tests/practice/clients/packages brings.
            let cannot = how == "CRAM-MD5"
                && std::env::var_os("EHLO_TEST_CLIENTS").is_none()
                && text.contains("requires the");
            assert!(ok || cannot, "{how}: {text}");
        }
    }
    let login = [
        "-s",
        &at("smtp"),
        "--auth",
        "PLAIN",
        "-au",
        "alice",
        "-ap",
        "wrong",
    ];
    let (ok, text) = server.try_run("swaks", &[&base[..], &to_bob, &login].concat());
    assert!(!ok && text.contains("535 5.7.8"), "{text}");
    assert_eq!(server.count("bob", "builder"), 5);
}

#[test]
fn msmtp() {
    if !have("msmtp") {
        return;
    }
    let server = Server::start(&[]);
    let ca = server.ca.display();
    let ways = [
        ("smtp", "tls off"),
        ("submission", "tls on\ntls_starttls on"),
        ("smtps", "tls on\ntls_starttls off"),
    ];
    let mut sent = 0;
    for (scheme, tls) in ways {
        for how in [
            "plain",
            "login",
            "cram-md5",
            "scram-sha-1",
            "scram-sha-256",
            "scram-sha-256-plus",
        ] {
            let plus = how.ends_with("plus");
            if plus && tls == "tls off" {
                continue;
            }
            let config = format!(
                "account default\nhost localhost\nport {}\nfrom alice@ehlo.test\ndomain client.example.org\n\
                 auth {how}\nuser alice\npassword wonderland\n{tls}\ntls_trust_file {ca}\n",
                server.port(scheme)
            );
            let config = server.file("msmtprc", &config).display().to_string();
            let message = server.file("message", "Subject: from msmtp\n\nhello\n");
            let script = format!(
                "msmtp -C '{config}' bob@ehlo.test x@elsewhere.example < '{}'",
                message.display()
            );
            let (ok, text) = server.try_run("sh", &["-c", &script]);
            // What it was built with decides on SCRAM.
            let unknown = text.contains("not supported") || text.contains("not compiled in");
            let cannot = plus || how.starts_with("scram") && unknown;
            assert!(ok || cannot, "{scheme} {how}: {text}");
            sent += usize::from(ok);
        }
    }
    assert_eq!(server.count("bob", "builder"), sent);
    assert!(sent >= 9, "{sent}");
}

#[test]
fn fetchmail() {
    if !have("fetchmail") {
        return;
    }
    let server = Server::start(&[]);
    let ca = server.ca.display();
    let message = server.file("message", "Subject: for fetchmail\r\n\r\n.x\r\n");
    let message = message.display().to_string();
    let smtp = format!("smtp://localhost:{}/me", server.port("smtp"));
    let ways = [
        ("pop3", "pop3", "sslproto ''"),
        ("pop3", "pop3", "sslproto 'auto' sslcertck"),
        ("pop3s", "pop3", "ssl sslcertck"),
        ("imap", "imap", "sslproto ''"),
        ("imap", "imap", "sslproto 'auto' sslcertck"),
        ("imaps", "imap", "ssl sslcertck"),
    ];
    for (n, (scheme, protocol, tls)) in ways.into_iter().enumerate() {
        let send = [
            "-sS",
            "--mail-from",
            "a@b.test",
            "--mail-rcpt",
            "bob@ehlo.test",
            "-T",
            &message,
            &smtp,
        ];
        server.run("curl", &send);
        let config = format!(
            "poll localhost protocol {protocol} port {}\n user 'bob' password 'builder' {tls}\n \
             sslcertfile '{ca}' no rewrite mda 'cat >> {}/got'\n",
            server.port(scheme),
            server.home.path().display()
        );
        let config = server.file("fetchmailrc", &config).display().to_string();
        server.run(
            "fetchmail",
            &["-f", &config, "--nosyslog", "--pidfile", "pid", "-v"],
        );
        let got = std::fs::read_to_string(server.home.path().join("got")).unwrap();
        assert_eq!(
            got.matches("Subject: for fetchmail").count(),
            n + 1,
            "{scheme} {tls}"
        );
    }
    assert_eq!(server.count("bob", "builder"), 0);
}

fn listing(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The server's log, read as it is written: a pipe with a name.
struct Log {
    path: PathBuf,
    lines: Receiver<String>,
    closed: usize,
    said: String,
}

impl Log {
    fn new(folder: &Path) -> Self {
        let path = folder.join("log");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let (send, lines) = channel();
        let pipe = path.clone();
        std::thread::spawn(move || {
            // It opens when the server opens its end.
            let pipe = BufReader::new(std::fs::File::open(pipe).unwrap());
            for line in pipe.lines() {
                if send.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self {
            path,
            lines,
            closed: 0,
            said: String::new(),
        }
    }

    /// What clients said so far, once this many conversations have ended and are written out.
    fn said(&mut self, conversations: usize) -> String {
        while self.closed < conversations {
            let line = self.lines.recv().expect("the server ended");
            self.closed += usize::from(line.contains("==  closed"));
            if line.contains(" <-  ") || line.contains(" <~  ") {
                self.said += &line;
                self.said.push('\n');
            }
        }
        self.said.clone()
    }
}

#[test]
fn mbsync() {
    if !have("mbsync") {
        return;
    }
    const MESSAGES: usize = 1_000;
    let scratch = tempfile::tempdir().unwrap();
    let mut log = Log::new(scratch.path());
    let server = Server::start(&["--log", &log.path.display().to_string()]);
    let fill = format!(
        "import smtplib\ns=smtplib.SMTP('localhost',{})\nfor n in range({MESSAGES}):\n \
         s.sendmail('a@b.test',['bob@ehlo.test'],f'Subject: number {{n}}\\r\\nMessage-ID: <{{n}}@b.test>\\r\\n\\r\\n.{{n}}\\r\\n')\ns.quit()",
        server.port("smtp")
    );
    server.run("python3", &["-c", &fill]);
    let ca = server.ca.display();
    let home = server.home.path().display().to_string();
    // The one that filled the mailbox.
    let mut conversations = 1;
    for (scheme, tls) in [("imap", "None"), ("imap", "STARTTLS"), ("imaps", "IMAPS")] {
        let config = format!(
            "IMAPStore far\nHost localhost\nPort {}\nUser bob\nPass builder\nSSLType {tls}\nCertificateFile {ca}\n\
             AuthMechs *\n\nMaildirStore near\nPath {home}/{tls}/\nInbox {home}/{tls}/INBOX\nSubFolders Verbatim\n\n\
             Channel both\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Both\nExpunge Both\nSyncState *\n",
            server.port(scheme)
        );
        std::fs::create_dir_all(server.home.path().join(tls)).unwrap();
        let config = server.file("mbsyncrc", &config).display().to_string();
        server.run("mbsync", &["-c", &config, "both"]);
        let new = server.home.path().join(tls).join("INBOX/new");
        let cur = server.home.path().join(tls).join("INBOX/cur");
        let files = |dir: &Path| std::fs::read_dir(dir).map_or(0, Iterator::count);
        assert_eq!(files(&new) + files(&cur), MESSAGES, "{tls}");
        conversations += 1;
        let before = (listing(&cur), listing(&new), log.said(conversations));
        server.run("mbsync", &["-c", &config, "both"]);
        conversations += 1;
        let after = (listing(&cur), listing(&new), log.said(conversations));
        assert_eq!((&after.0, &after.1), (&before.0, &before.1), "{tls}");
        let second = &after.2[before.2.len()..];
        let changes = ["APPEND", "STORE", "EXPUNGE", "COPY", "BODY.PEEK[]"];
        assert!(
            second.contains("LOGOUT") && !changes.iter().any(|c| second.contains(c)),
            "{second}"
        );
        if tls == "None" {
            // The other way: a message of ours goes to the server, and away again.
            std::fs::write(cur.join("1.ours:2,S"), "Subject: ours\n\nx\n").unwrap();
            server.run("mbsync", &["-c", &config, "both"]);
            assert_eq!(server.count("bob", "builder"), MESSAGES + 1);
            server.run("sh", &["-c", &format!("rm {home}/{tls}/INBOX/cur/1.ours*")]);
            server.run("mbsync", &["-c", &config, "both"]);
            conversations += 3;
        }
    }
    assert_eq!(server.count("bob", "builder"), MESSAGES);
}

#[test]
fn mutt() {
    if !have("mutt") || !have("python3") {
        return;
    }
    let server = Server::start(&[]);
    let ca = server.ca.display();
    for (scheme, starttls) in [
        ("imap", "no"),
        ("imap", "yes"),
        ("imaps", "no"),
        ("pop3", "no"),
        ("pop3s", "no"),
    ] {
        let rc = format!(
            "set imap_user=alice\nset imap_pass=wonderland\nset pop_user=alice\nset pop_pass=wonderland\n\
             set ssl_starttls={starttls}\nset ssl_force_tls=no\nset certificate_file={ca}\n\
             set folder={}\nset move=no\nset quit=yes\nset pop_delete=no\nset pop_authenticators=scram-sha-256\nset wait_key=no\nset pager=cat\nset prompt_after=no\nset sleep_time=0\n\
             push \"<display-message><quit>\"\n",
            server.home.path().display()
        );
        let rc = server.file("muttrc", &rc).display().to_string();
        let name = scheme.replace("pop3", "pop");
        let url = format!("{name}://alice@localhost:{}/", server.port(scheme));
        let url = if scheme.starts_with("imap") {
            url + "INBOX"
        } else {
            url
        };
        // A terminal, since mutt wants one. One mechanism for POP3: mutt does not read the reply to
        // the `*` by which it cancels another, and takes it for the answer to its next command.
        let script = format!(
            "import pty,sys\nsys.exit(pty.spawn(['mutt','-n','-F','{rc}','-f','{url}'], lambda fd: __import__('os').read(fd, 4096)) >> 8)"
        );
        let (_, text) = server.try_run(
            "timeout",
            &["20", "env", "TERM=xterm", "python3", "-c", &script],
        );
        assert!(
            text.contains("Subject:"),
            "{scheme} starttls={starttls}: {text}"
        );
    }
}
