//! The console on a terminal: what the screen shows and what the history keeps.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use ehlo::wire::b64;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use super::binary::{PASSWORD, PROGRAM, Server, USER};
use super::canary::Canaries;

/// Everything in files under a folder.
fn files(folder: &Path, out: &mut String) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_none_or(|e| e != "pem") {
            out.push_str(&String::from_utf8_lossy(
                &std::fs::read(&path).unwrap_or_default(),
            ));
        }
    }
}

/// Types `steps`, each after its sign was seen on the screen; gives all that was shown.
fn console(server: &Server, scheme: &str, steps: &[(&str, &str)]) -> String {
    let size = PtySize {
        rows: 50,
        cols: 160,
        ..PtySize::default()
    };
    let pty = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(PROGRAM);
    command.arg(server.url(scheme));
    command.args(["--ca-file", "ca.pem", "--color", "never"]);
    command.cwd(server.folder.path());
    command.env("HOME", server.folder.path());
    command.env("TERM", "xterm");
    command.env("LC_ALL", "C.UTF-8");
    command.env_remove("EHLO_PASSWORD");
    command.env_remove("XDG_STATE_HOME");
    let mut child = pty.slave.spawn_command(command).expect("it starts");
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().expect("its screen");
    let mut writer = pty.master.take_writer().expect("its keyboard");
    let (send, chunks) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if send.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut screen = String::new();
    let mut from = 0;
    for (sign, typed) in steps {
        loop {
            if let Some(at) = screen[from..].find(sign) {
                from += at + sign.len();
                break;
            }
            // A guard against waiting for ever, no measurement.
            let Ok(chunk) = chunks.recv_timeout(Duration::from_secs(60)) else {
                let _ = child.kill();
                panic!("no {sign:?} on {screen}");
            };
            screen.push_str(&String::from_utf8_lossy(&chunk));
        }
        writer.write_all(typed.as_bytes()).expect("it listens");
    }
    while let Ok(chunk) = chunks.recv_timeout(Duration::from_secs(60)) {
        screen.push_str(&String::from_utf8_lossy(&chunk));
    }
    child.wait().expect("it ends");
    screen
}

/// Ctrl-C at the hidden question gives the login up, and nothing else: the next reply is waited for.
#[test]
fn ctrl_c_at_the_password_ends_the_question_only() {
    let server = Server::start();
    let screen = console(
        &server,
        "smtp",
        &[
            ("> ", &format!(":auth PLAIN {USER}\r")),
            ("password: ", "\x03"),
            ("not logged in", ""),
            ("clear> ", "VRFY alice\r"),
            ("250 2.1.5", ":quit\r"),
        ],
    );
    assert!(!screen.contains("no longer waiting"), "{screen}");
}

/// After a login that `:raw` began no verb tells what an answer is.
#[test]
fn a_raw_answer_is_masked_while_typed_and_in_the_history() {
    let server = Server::start();
    let (user, password) = (
        b64::encode(USER.as_bytes()),
        b64::encode(PASSWORD.as_bytes()),
    );
    let mut canaries = Canaries::of(&[PASSWORD.as_bytes()]);
    canaries.add("raw", password.clone());
    let screen = console(
        &server,
        "smtp",
        &[
            ("> ", "EHLO me.test\r"),
            ("250 ", ":raw \"AUTH LOGIN\\r\\n\"\r"),
            ("334 ", &format!(":raw \"{user}\\r\\n\"\r")),
            ("334 ", &format!(":raw \"{password}\\r\\n\"\r")),
            ("235 ", ":history\r"),
            ("•", ":quit\r"),
        ],
    );
    canaries.check("the screen", &screen);
    let mut kept = String::new();
    files(server.folder.path(), &mut kept);
    canaries.check("files", &kept);
    assert!(kept.contains(":raw ••••"), "{kept}");
}

/// Ctrl-] opens a line for it.
#[test]
fn a_raw_answer_behind_a_key_is_masked() {
    let server = Server::start();
    let password = b64::encode(PASSWORD.as_bytes());
    let mut canaries = Canaries::of(&[PASSWORD.as_bytes()]);
    canaries.add("raw", password.clone());
    let screen = console(
        &server,
        "smtp",
        &[
            ("> ", "EHLO me.test\r"),
            ("250 ", ":raw \"AUTH LOGIN\\r\\n\"\r"),
            ("334 ", "\x1d"),
            ("ehlo: ", &format!("raw \"{password}\\r\\n\"\r")),
            ("334 ", ":quit\r"),
        ],
    );
    canaries.check("the screen", &screen);
}

#[test]
fn the_history_keeps_verb_and_mechanism_only() {
    let server = Server::start();
    let blob = b64::encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
    let password = b64::encode(PASSWORD.as_bytes());
    // Longer than what is coloured and hinted.
    let long = b64::encode(format!("{}{PASSWORD}", "x".repeat(300)).as_bytes());
    let mut canaries = Canaries::of(&[PASSWORD.as_bytes()]);
    canaries.add("blob", blob.clone());
    let quoted = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    let smtp = console(
        &server,
        "smtp",
        &[
            ("> ", "EHLO me.test\r"),
            ("250 ", &format!("AUTH PLAIN {blob}\r")),
            ("235 ", ""),
            (
                "clear> ",
                &format!("\x1b[200~AUTH LOGIN\r{password}\r{long}\r\x1b[201~"),
            ),
            ("lines pasted", "\x03"),
            ("clear> ", "QUIT\r"),
            ("221 ", ":quit\r"),
        ],
    );
    let imap = console(
        &server,
        "imap",
        &[
            ("> ", &format!("LOGIN {USER} \"{quoted}\"\r")),
            ("OK", ":quit\r"),
        ],
    );
    let hidden = console(
        &server,
        "pop3",
        &[
            ("> ", &format!(":auth USER {USER}\r")),
            ("password: ", &format!("{PASSWORD}\r")),
            ("+OK", ":quit\r"),
        ],
    );
    canaries.check("the hidden question", &hidden);
    let mut kept = String::new();
    files(server.folder.path(), &mut kept);
    canaries.check("files", &kept);
    assert!(kept.contains("EHLO me.test"), "a history was kept: {kept}");
    // What is typed on a terminal is masked there too; redraws may cut lines anywhere.
    canaries.check("the screen", &(smtp + &imap));
}
