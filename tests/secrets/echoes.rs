//! A server that says back what it was told, in every dress, and what is seen of that.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use ehlo::wire::b64;

use super::binary::PROGRAM;
use super::canary::Canaries;

const PASSWORD: &str = "Can\"ary\\Pa ss+7391";

/// Everything that was ever said here, in one line: as it is, decoded, quoted, and in base64.
fn parrot(heard: &str) -> String {
    let last = heard.rsplit(' ').next().unwrap_or_default();
    let decoded = b64::decode(last.as_bytes()).unwrap_or_default();
    let decoded = String::from_utf8_lossy(&decoded).replace(['\0', '\x01', '\r', '\n'], " ");
    let quoted = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    let shifted = b64::encode(format!("x{PASSWORD}y").as_bytes());
    let blob = b64::encode(format!("\0alice\0{PASSWORD}").as_bytes());
    let upper = PASSWORD.to_uppercase();
    let plain = b64::encode(PASSWORD.as_bytes());
    format!("[{heard}] [{decoded}] {PASSWORD} {upper} \"{quoted}\" {shifted} {blob} {plain}")
}

/// One connection after another, each answered in the scheme's words; what it is told comes back.
fn serve(scheme: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut known = String::new();
        for stream in listener.incoming().map_while(Result::ok) {
            let mut output = stream.try_clone().unwrap();
            // Another connection to the same server hears it in the greeting.
            let greeting = match scheme {
                "smtp" => format!("220 hi {known}\r\n"),
                "pop3" => format!("+OK hi {known}\r\n"),
                _ => format!("* OK hi {known}\r\n"),
            };
            let _ = output.write_all(greeting.as_bytes());
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let reply = match scheme {
                    "smtp" => smtp(&line, &mut known),
                    "pop3" => pop3(&line, &mut known),
                    _ => imap(&line, &mut known),
                };
                let _ = output.write_all(reply.as_bytes());
            }
        }
    });
    port
}

fn smtp(line: &str, known: &mut String) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["EHLO", ..] => {
            format!("250-here {known}\r\n250-X{known}\r\n250 AUTH PLAIN LOGIN XOAUTH2 CRAM-MD5\r\n")
        }
        ["QUIT"] => format!("221 bye {known}\r\n"),
        ["NOOP"] => format!("250-{known}\r\n250 2.0.0 {known}\r\n"),
        ["AUTH", _] => "334 \r\n".to_owned(),
        // LOGIN's user: the next question.
        ["YWxpY2U="] => "334 UGFzc3dvcmQ6\r\n".to_owned(),
        _ => {
            *known = parrot(line);
            format!("535-5.7.8 {known}\r\n535 5.7.8 {known}\r\n")
        }
    }
}

fn pop3(line: &str, known: &mut String) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["CAPA"] => "+OK\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n".to_owned(),
        ["QUIT" | "NOOP"] => format!("+OK {known}\r\n"),
        ["AUTH", _] => "+ \r\n".to_owned(),
        ["USER", ..] => "+OK\r\n".to_owned(),
        _ => {
            *known = parrot(line);
            format!("-ERR [AUTH] {known}\r\n")
        }
    }
}

fn imap(line: &str, known: &mut String) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        [tag, "CAPABILITY"] => {
            format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR X{known}\r\n{tag} OK\r\n")
        }
        [tag, "LOGOUT"] => format!("* BYE {known}\r\n{tag} OK {known}\r\n"),
        [tag, "NOOP"] => {
            format!("* OK [ALERT] {known}\r\n* X {known}\r\n{tag} OK [X {known}] {known}\r\n")
        }
        [_, "LOGIN", .., "{18}"] => "+ go on\r\n".to_owned(),
        [tag, ..] => {
            *known = parrot(line);
            let tag = if tag.starts_with('a') { tag } else { "a2" };
            format!("* NO {known}\r\n{tag} NO [AUTHENTICATIONFAILED] {known}\r\n")
        }
        [] => String::new(),
    }
}

#[test]
fn what_comes_back_is_masked_everywhere() {
    let mut canaries = Canaries::of(&[PASSWORD.as_bytes(), PASSWORD.to_uppercase().as_bytes()]);
    let blob = b64::encode(format!("\0alice\0{PASSWORD}").as_bytes());
    canaries.add("blob", blob.clone());
    let answer = b64::encode(PASSWORD.as_bytes());
    let quoted = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    let logins: Vec<(&'static str, String)> = vec![
        ("smtp", ":auth PLAIN alice".into()),
        ("smtp", ":auth LOGIN alice".into()),
        ("smtp", format!("AUTH PLAIN {blob}")),
        ("smtp", format!("AUTH PLAIN\n{blob}")),
        ("smtp", format!("AUTH LOGIN\nYWxpY2U=\n{answer}")),
        ("smtp", format!(r#":raw "AUTH PLAIN {blob}\r\n""#)),
        ("smtp", format!("AUHT PLAIN {blob}")),
        ("pop3", ":auth USER alice".into()),
        ("pop3", format!("USER alice\nPASS {PASSWORD}")),
        ("pop3", ":auth PLAIN alice".into()),
        ("imap", ":auth LOGIN alice".into()),
        ("imap", ":auth PLAIN alice".into()),
        ("imap", format!("LOGIN alice \"{quoted}\"")),
        ("imap", format!("LOGIN alice {{18}}\n{PASSWORD}\n")),
        ("imap", format!("AUTHENTICATE PLAIN {blob}")),
    ];
    for (scheme, login) in &logins {
        let folder = tempfile::tempdir().unwrap();
        let ask = match *scheme {
            "smtp" => "EHLO me.test",
            "pop3" => "CAPA",
            _ => "CAPABILITY",
        };
        let typed = format!(
            "{ask}\n{login}\nNOOP\n{ask}\n:caps\n:explain\n:show\n:show 2\n:status\n:sessions\n:history\n\
             :save half.talk\n:> reply.txt NOOP\n:reconnect\n{ask}\n:caps\nNOOP\n"
        );
        for more in [
            &["--explain", "--log", "text.log"][..],
            &["--json", "--log", "rows.jsonl"],
            &["-v", "-v", "--save", "whole.talk"],
        ] {
            let port = serve(scheme);
            let mut child = Command::new(PROGRAM)
                .args(["--no-history", "--allow-commands"])
                .args(more)
                .arg(format!("{scheme}://127.0.0.1:{port}"))
                .current_dir(folder.path())
                .env_clear()
                .env("HOME", folder.path())
                .env("EHLO_PASSWORD", PASSWORD)
                .env("LANG", "C.UTF-8")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut input = child.stdin.take().unwrap();
            input.write_all(typed.as_bytes()).unwrap();
            drop(input);
            let output = child.wait_with_output().unwrap();
            let mut all = String::from_utf8(output.stdout).unwrap();
            assert!(all.matches("••••").count() > 8, "{scheme} {login}: {all}");
            all.push_str(&String::from_utf8(output.stderr).unwrap());
            for file in fs::read_dir(folder.path()).unwrap() {
                let path = file.unwrap().path();
                if path.is_file() {
                    let text = fs::read_to_string(&path).unwrap();
                    // A reply of one status line has nothing else to be written.
                    assert!(path.ends_with("reply.txt") || !text.is_empty(), "{path:?}");
                    all.push_str(&text);
                    fs::remove_file(path).unwrap();
                }
            }
            canaries.check(&format!("{scheme} {login} {more:?}"), &all);
        }
    }
}

/// Asked for by name, they are on the screen, and in no file.
#[test]
fn echoes_are_shown_where_secrets_are() {
    let folder = tempfile::tempdir().unwrap();
    let port = serve("pop3");
    let mut child = Command::new(PROGRAM)
        .args(["--no-history", "--show-secrets", "--log", "text.log"])
        .arg(format!("pop3://127.0.0.1:{port}"))
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let typed = format!("USER alice\nPASS {PASSWORD}\n");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(typed.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let seen = String::from_utf8(output.stdout).unwrap();
    assert!(
        seen.contains(&format!("-ERR [AUTH] [PASS {PASSWORD}]")),
        "{seen}"
    );
    let log = fs::read_to_string(folder.path().join("text.log")).unwrap();
    Canaries::of(&[PASSWORD.as_bytes()]).check("the log", &log);
}
