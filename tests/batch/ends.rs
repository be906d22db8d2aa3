//! How a batch ends: the end of input, dropped connections, time limits, closed pipes.

use std::process::Stdio;

use crate::common::{Do, Fake, Gate, program, run, run_with, say};

#[test]
fn the_end_of_input_inside_a_body_never_sends_the_dot() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("354 go\r\n"),
        Do::Hold,
    ]);
    run(&[&fake.url("smtp")], "DATA\nSubject: x\n")
        .code(2)
        .says("the dot was not sent");
    assert_eq!(fake.heard(), ["DATA", "Subject: x"]);
}

#[test]
fn pending_dele_is_not_committed_by_the_end_of_input() {
    let fake = Fake::new(vec![
        say("+OK hi\r\n"),
        Do::Hear,
        say("+OK\r\n"),
        Do::Hear,
        say("+OK\r\n"),
        Do::Hear,
        say("+OK\r\n"),
        Do::Hold,
    ]);
    run(&[&fake.url("pop3")], "USER a\nPASS b\nDELE 1\n").says("1 pending DELE not committed");
    assert!(!fake.heard().contains(&"QUIT".to_owned()));
}

#[test]
fn a_lost_connection_is_6() {
    for (script, text) in [
        (vec![], "without a greeting"),
        (
            vec![say("220 hi\r\n"), Do::Hear],
            "the server closed the connection",
        ),
        (
            vec![say("220 hi\r\n"), Do::Hear, say("250-half")],
            "inside a reply",
        ),
        (vec![say("220 hi\r\n"), Do::Hear, Do::Reset], "connection"),
    ] {
        let fake = Fake::new(script);
        run(&[&fake.url("smtp")], "EHLO a\nNOOP\n")
            .code(6)
            .says(text);
    }
}

/// How much of the input was left is said, once; a goodbye that was asked for leaves nothing to say.
#[test]
fn lines_left_by_a_lost_connection_are_counted() {
    let script = || vec![say("220 hi\r\n"), Do::Hear, say("250 ok\r\n"), Do::Hear];
    let told = "2 lines of the input not sent: the connection was lost";
    for json in [false, true] {
        let fake = Fake::new(script());
        let url = fake.url("smtp");
        let mut args = vec![url.as_str()];
        args.extend(json.then_some("--json"));
        let ran = run(&args, "EHLO a\nNOOP\nMAIL FROM:<a@b>\nQUIT\n").code(6);
        let wanted = match json {
            true => format!("\"kind\":\"remark\",\"text\":\"{told}\""),
            false => format!("!!  {told}\n"),
        };
        assert_eq!(ran.out.matches(&wanted).count(), 1, "{}", ran.out);
    }
    let fake = Fake::new(script());
    run(&[&fake.url("smtp")], "EHLO a\nNOOP\n")
        .code(6)
        .never_says("not sent");
    let fake = Fake::new(script());
    run(&[&fake.url("smtp")], "EHLO a\nQUIT\nNOOP\n").never_says("not sent");
}

/// A server that says goodbye by itself leaves lines unsent: that is said, and no advice is given
/// as if the conversation went on.
#[test]
fn a_goodbye_of_the_server_is_told() {
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("421 4.3.2 going down\r\n"),
    ]);
    let ran = run(&[&fake.url("smtp")], "EHLO a\nMAIL FROM:<a@b>\nNOOP\n");
    ran.code(8).says("the server closed the connection");

    let fake = Fake::new(vec![say("220 hi\r\n421 4.3.2 going down\r\n"), Do::Hear]);
    let ran = run(&[&fake.url("smtp")], "NOOP\n");
    ran.says("NOOP comes behind the goodbye")
        .never_says("at any time");
}

#[test]
fn a_missing_221_is_no_error_but_a_cut_reply_is() {
    let fake = Fake::new(vec![say("220 hi\r\n"), Do::Hear]);
    run(&[&fake.url("smtp")], "QUIT\n").code(0);
    let fake = Fake::new(vec![say("220 hi\r\n"), Do::Hear, say("250-x\r\n")]);
    run(&[&fake.url("smtp")], "EHLO a\nQUIT\n").code(6);
}

#[test]
fn time_limits_name_what_was_waited_for() {
    let fake = Fake::new(vec![Do::Hold]);
    run(&[&fake.url("smtp"), "--timeout", "0.3"], "")
        .code(6)
        .says("no greeting within 0.3 s");
    let fake = Fake::new(vec![say("220-hi\r\n"), Do::Hold]);
    run(&[&fake.url("smtp"), "--timeout", "0.3"], "")
        .code(6)
        .says("no complete greeting within 0.3 s");
    let fake = Fake::new(vec![say("220 hi\r\n"), Do::Hear, Do::Hold]);
    run(&[&fake.url("smtp"), "--timeout", "0.3"], "NOOP\n")
        .code(6)
        .says("no complete reply to NOOP within 0.3 s");
    let fake = Fake::new(vec![
        say("220 hi\r\n"),
        Do::Hear,
        say("250-x\r\n"),
        Do::Hold,
    ]);
    run(&[&fake.url("smtp"), "--timeout", "0.3"], "EHLO a\n")
        .code(6)
        .says("no complete reply to EHLO");
}

/// What the server said is shown, though it never ended the line: on the screen and as JSON, when
/// it hangs up and when nobody waits any longer, whatever it speaks.
#[test]
fn a_line_without_its_end_is_shown() {
    let begun = "the server closed the connection in the middle of its greeting";
    let cases = [
        ("", "220 hal", vec![], begun),
        ("smtp://", "220 hal", vec![], begun),
        ("", "+OK hal", vec![], begun),
        ("imap://", "* OK hal", vec![], begun),
        ("", "220 hal", vec![Do::Hold], "no complete greeting within"),
        ("pop3://", "+OK hal", vec![Do::Hold], "no complete greeting"),
        (
            "imap://",
            "* OK hal",
            vec![Do::Hold],
            "no complete greeting",
        ),
    ];
    for (scheme, piece, then, text) in cases {
        for json in [false, true] {
            let mut script = vec![say(piece)];
            script.extend(then.iter().cloned());
            let fake = Fake::new(script);
            let url = format!("{scheme}{}", fake.addr);
            let mut args = vec![url.as_str(), "--timeout", "1"];
            args.extend(json.then_some("--json"));
            let ran = run(&args, "QUIT\n").code(6).says(text);
            let shown = match json {
                true => format!("\"kind\":\"unknown\",\"exchange\":0,\"text\":\"{piece}\""),
                false => format!("<-  {piece}\n"),
            };
            assert_eq!(ran.out.matches(&shown).count(), 1, "{url}: {}", ran.out);
        }
    }
}

/// What no pair of socket buffers holds.
const MORE_THAN_BUFFERS: usize = 32 * 1024 * 1024;

#[test]
fn a_server_that_stops_reading_is_given_up() {
    let home = tempfile::tempdir().unwrap();
    let line = format!("{}\n", "x".repeat(70));
    let body = line.repeat(MORE_THAN_BUFFERS / line.len());
    std::fs::write(home.path().join("big.eml"), &body).unwrap();
    let talk = "open smtp://localhost\nC: DATA\ndata big.eml\nS: 250\n";
    std::fs::write(home.path().join("big.talk"), talk).unwrap();
    for run_talk in [false, true] {
        let gate = Gate::default();
        let fake = Fake::new(vec![
            say("220 hi\r\n"),
            Do::Hear,
            say("354 go\r\n"),
            Do::Wait(gate.clone()),
        ]);
        let url = fake.url("smtp");
        let mut ehlo = program(home.path());
        ehlo.current_dir(home.path());
        let ran = match run_talk {
            true => run_with(
                &mut ehlo,
                &["run", "big.talk", "--target", &url, "--timeout", "0.5"],
                "",
            ),
            false => run_with(&mut ehlo, &[&url, "--timeout", "0.5"], ":data big.eml\n"),
        };
        gate.open();
        ran.code(6)
            .says("the server stopped reading: nothing written within 0.5 s");
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let home = tempfile::tempdir().unwrap();
    let mut child = program(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.code().is_some(), "it was killed");
}

#[test]
fn a_full_disk_under_the_log_is_7() {
    run(&["--log", "/dev/full"], "NOOP\n")
        .code(7)
        .says("/dev/full");
    run(&["--log", "/nowhere/at/all"], "NOOP\n")
        .code(7)
        .says("/nowhere/at/all");
}

/// A line that would end a literal between its CR and LF is not sent: neither are the next ones,
/// which would stand in its place.
#[test]
fn lines_behind_one_that_does_not_fit_fill_no_literal() {
    let fake = Fake::new(vec![
        say("* OK hi\r\n"),
        Do::Hear,
        say("+ go\r\n"),
        Do::Hold,
    ]);
    let ran = run(
        &[&fake.url("imap")],
        "APPEND INBOX {11}\nSubject: x\nSTORE 1 +FLAGS (\\Deleted)\nLOGOUT\n",
    );
    ran.code(2)
        .says("one octet more or less")
        .says("the connection was dropped, nothing was completed");
    assert_eq!(fake.heard(), ["a1 APPEND INBOX {11}"]);
}
