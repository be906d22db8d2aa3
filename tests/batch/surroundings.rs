//! Odd surroundings: closed inputs, full outputs, no home; and floods that must not fill memory.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;

use crate::common::{Do, Fake, program, run, run_with, say};

#[test]
fn a_full_output_is_7_and_said() {
    let home = tempfile::tempdir().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full");
    let output = program(home.path())
        .stdin(Stdio::null())
        .stdout(full.unwrap())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(7), "{told}");
    assert!(told.contains("standard output"), "{told}");
}

#[test]
fn no_home_and_an_unusable_one_are_no_hindrance() {
    let home = tempfile::tempdir().unwrap();
    run_with(program(home.path()).env_remove("HOME"), &[], "NOOP\n").code(0);
    for odd in ["/dev/null", "/nowhere/at/all", "", "relative"] {
        run_with(program(home.path()).env("HOME", odd), &[], "NOOP\n").code(0);
    }
}

#[test]
fn a_log_is_safe_to_print() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["log.txt", "log.jsonl"] {
        let log = folder.path().join(name);
        let fake = Fake::new(vec![
            say("220 hi\r\n"),
            Do::Hear,
            say(b"250 \x1b]0;t\x07 \xc2\x9b31m \xe2\x80\xae \xff\r\n"),
            Do::Hear,
        ]);
        let path = log.display().to_string();
        run(&[&fake.url("smtp"), "--log", &path], "NOOP\n").code(0);
        let text = std::fs::read_to_string(&log).unwrap();
        assert!(text.contains("NOOP"), "{text}");
        let bad = text
            .chars()
            .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(bad, None, "{text:?}");
    }
}

/// `openssl s_client` takes the first letter of such lines for itself, telnet a Ctrl-].
#[test]
fn no_first_letter_is_magic() {
    let lines = [
        "R",
        "Q",
        "k",
        "K",
        "B",
        "RCPT TO:<a@b>",
        "Quit-not",
        "\u{1d}x",
        ":: :colon",
    ];
    let mut script = vec![say("220 hi\r\n")];
    for _ in lines {
        script.extend([Do::Hear, say("250 ok\r\n")]);
    }
    script.push(Do::Hear);
    let fake = Fake::new(script);
    let typed = lines.join("\n").replace(":: :", "::") + "\n";
    run(&[&fake.url("smtp")], typed).code(0);
    let heard = fake.heard();
    assert_eq!(heard[..8], lines[..8]);
    assert_eq!(heard[8], ":colon");
    assert_eq!(heard[9], "QUIT");
}

#[test]
fn lines_without_end_do_not_fill_memory() {
    let count = 200_000;
    for (scheme, first, head, line, typed) in [
        (
            "pop3",
            "+OK hi\r\n",
            "+OK\r\n",
            "1 whqtswO00WBw418f9t5JxYwZ\r\n",
            "UIDL\n",
        ),
        (
            "imap",
            "* OK hi\r\n",
            "",
            "* 1 FETCH (FLAGS (\\Seen))\r\n",
            "fetch 1:* flags\n",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut input = BufReader::new(stream.try_clone().unwrap());
            stream.write_all(first.as_bytes()).unwrap();
            input.read_line(&mut String::new()).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            let many = line.repeat(1_000);
            for _ in 0..count / 1_000 {
                stream.write_all(many.as_bytes()).unwrap();
            }
            stream.write_all(b"* that was all\r\n").unwrap();
            let _ = input.read_line(&mut String::new());
        });
        let home = tempfile::tempdir().unwrap();
        let mut child = program(home.path())
            .arg(&url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(typed.as_bytes()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("that was all")));
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let peak: u64 = peak
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        server.join().unwrap();
        // Kept as rows they would take over 30 MiB more than the program has without them.
        assert!(peak < 36 * 1024, "{scheme}: {peak} KiB");
    }
}

#[test]
fn no_key_log_without_its_option() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("keys");
    let with_variable = || {
        let mut command = program(home.path());
        command.env("SSLKEYLOGFILE", &file);
        command
    };
    let typed = "EHLO me.test\nSTARTTLS\nQUIT\n";
    run_with(&mut with_variable(), &[], typed)
        .code(0)
        .says("~>  QUIT");
    assert!(!file.exists());
    run_with(&mut with_variable(), &["--keylog"], typed).code(0);
    assert!(file.exists());
}

/// What was pasted into a file is explained line by line, where a line holds a code.
#[test]
fn standard_input_is_explained() {
    let bounce = "Reporting-MTA: dns; mail.example\r\nArrival-Date: Fri, 21 Nov 2025 18:22:40 +0200\r\n\r\n\
                  Final-Recipient: rfc822; x@y\r\nStatus: 5.2.2\r\n\
                  Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\r\n";
    let ran = run(&["explain", "-"], bounce).code(0);
    assert_eq!(
        ran.out.matches("5.2.2: mailbox full.").count(),
        2,
        "{}",
        ran.out
    );
    run(&["explain", "-"], "nothing at all\n")
        .code(2)
        .says("nothing is known under");
}
