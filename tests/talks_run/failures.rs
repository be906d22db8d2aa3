//! What fails, where it is pointed at, and with which exit code.

use ehlo::script::run::Options;
use ehlo::wire::secret::Secret;

use super::support::{failure, failure_with, on_practice, run_text, said};

#[test]
fn a_reply_that_is_not_the_one_expected() {
    let (text, code) = failure(
        "C: EHLO a\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<nobody@ehlo.test>\nS: 250 2.1.5\n",
    );
    assert_eq!(
        text,
        "error: the reply is not the one expected\n  --> t.talk:4:4\n  \
         3 | C: RCPT TO:<nobody@ehlo.test>\n  4 | S: 250 2.1.5\n    |    ^^^^^^^^^ expected\n    \
         | 550 5.1.1 <nobody@ehlo.test>: no such mailbox\n  \
         = 550 5.1.1 after RCPT: no such mailbox here"
    );
    assert_eq!(code, 1);
}

#[test]
fn a_turn_without_expectations_must_not_be_refused() {
    let (text, code) = failure("C: EHLO a\nC: FROBNICATE\n");
    assert!(
        text.contains("t.talk:2:1") && text.contains("the server refuses this"),
        "{text}"
    );
    assert_eq!(code, 1);
    let fault = "fault on = \"NOOP\", reply = \"450 4.3.2 later\"\nC: NOOP\n";
    assert_eq!(failure(fault).1, 8, "refused for now only");
    let greeting = "fault on = \"greeting\", reply = \"554 5.7.1 go away\"\nC: NOOP\n";
    assert_eq!(failure(greeting).1, 1);
    assert_eq!(
        failure("on practice pop3\nC: USER alice\nC: PASS wrong\n").1,
        5
    );
}

/// A few lines can ask for more memory than there is: they are told where, before it is taken.
#[test]
fn values_that_double_come_to_an_end() {
    let doubled = format!(
        "set a xxxxxxxxxxxxxxxx\n{}C: NOOP {{a}}\n",
        "set a {a}{a}\n".repeat(64)
    );
    let (text, code) = failure(&doubled);
    assert!(text.contains("longer than 16 MiB"), "{text}");
    assert_eq!(code, 2);
    let many = format!(
        "set a {}\n{}C: NOOP\n",
        "x".repeat(1_000_000),
        (0..64)
            .map(|n| format!("set b{n} {{a}}\n"))
            .collect::<String>()
    );
    let (text, code) = failure(&many);
    assert!(
        text.contains("the values of this talk are longer than 16 MiB"),
        "{text}"
    );
    assert_eq!(code, 2);
    let wide = format!(
        "set a {}\nC: NOOP {}\n",
        "x".repeat(1_000_000),
        "{a}".repeat(64)
    );
    let (text, code) = failure(&wide);
    assert!(
        text.contains("with its values filled in, this is longer than 16 MiB"),
        "{text}"
    );
    assert_eq!(code, 2);
}

#[test]
fn what_must_not_be_there_and_what_differs_in_case() {
    let (text, _) = failure("C: EHLO a\nS! 250-SIZE\n");
    assert!(text.contains("a line that must not be there"), "{text}");
    assert!(text.contains("250-SIZE 10485760"), "{text}");
    let (text, _) = failure("on practice imap\nC: NOOP\nS: ok\n");
    assert!(text.contains("the reply is not the one expected"), "{text}");
    let (text, _) = failure("on practice imap\nS: * ok\n");
    assert!(text.contains("case counts in S: lines"), "{text}");
}

#[test]
fn times_that_are_not_kept() {
    let slow = "fault on = \"NOOP\", delay = \"400ms\"\nC: NOOP\nwithin 50ms\nS: 250\n";
    let (text, code) = failure(slow);
    assert!(
        text.contains("t.talk:4:4") && text.contains("within 50 ms"),
        "{text}"
    );
    assert_eq!(code, 1);
    let (text, _) = failure("C: NOOP\nafter 60s\nS: 250\n");
    assert!(text.contains("earlier than 1 min"), "{text}");
}

#[test]
fn a_connection_that_is_lost() {
    let (text, code) = failure("fault on = \"NOOP\", close = \"before\"\nC: NOOP\nS: 250\n");
    assert!(text.contains("closed the connection"), "{text}");
    assert_eq!(code, 6);
    let (text, code) = failure("C: QUIT\nS: 221\nC: NOOP\n");
    assert!(text.contains("t.talk:3:1"), "{text}");
    assert_eq!(code, 6);
    let (_, code) =
        failure("on practice imap\nC: NOOP\nwithin 20ms\nS: OK\nwait 1ms\nwithin 20ms\nS: * BYE\n");
    assert_eq!(code, 1, "nothing came");
}

#[test]
fn content_never_becomes_commands() {
    let talk = "C: EHLO a\nC: DATA\nS: 503\nC: QUIT\nC: Subject: x\nC: .\nS: 250\n";
    let outcome = run_text(talk, "t.talk", &on_practice());
    assert!(!said(&outcome).contains("QUIT"), "{}", said(&outcome));
    let (text, _) = failure(talk);
    assert!(
        text.contains("t.talk:4:1") && text.contains("no go-ahead for the body"),
        "{text}"
    );
    // Without a body behind it, a refused DATA is a reply like any other.
    let outcome = run_text(
        "C: EHLO a\nC: DATA\nS: 503\nC: QUIT\nS: 221\n",
        "t",
        &on_practice(),
    );
    assert!(matches!(outcome.end, ehlo::script::outcome::End::Passed));
    let talk = "C: EHLO a\nC: AUTH XYZZY\nS: 504\nC: c2VjcmV0\nS: 500\n";
    let outcome = run_text(talk, "t", &on_practice());
    assert!(!said(&outcome).contains("c2VjcmV0"));
}

#[test]
fn names_without_a_value_are_told_before_anything_is_opened() {
    let mut options = Options {
        targets: vec!["smtp://127.0.0.1:1".to_owned()],
        ..Options::default()
    };
    options.values.insert("user".into(), b"x".to_vec());
    let (text, code) = failure_with("open smtp://h\nC: EHLO {usre}\n", &options);
    assert!(
        text.contains("t.talk:2:9") && text.contains("did you mean {user}?"),
        "{text}"
    );
    assert_eq!(code, 2);
}

#[test]
fn values_cannot_break_lines() {
    for bad in ["a\r\nRSET", "a\nb", "a\0b"] {
        let mut options = on_practice();
        options.values.insert("x".into(), bad.as_bytes().to_vec());
        let (text, code) = failure_with("C: EHLO {x}\nS: 250\n", &options);
        assert!(text.contains("holds CR, LF or NUL"), "{text}");
        assert_eq!(code, 2);
    }
}

#[test]
fn files_lie_in_the_talks_own_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let outside = folder.path().join("secret.txt");
    std::fs::write(&outside, "x\r\n").expect("written");
    let own = folder.path().join("own");
    std::fs::create_dir(&own).expect("a folder");
    std::os::unix::fs::symlink(&outside, own.join("link")).expect("a link");
    let mut options = on_practice();
    options.folder = own;
    let begin = "C: EHLO a\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<bob@ehlo.test>\n";
    for named in ["../secret.txt", "link", outside.to_str().expect("UTF-8")] {
        let talk = format!("{begin}data {named}\n");
        let (text, code) = failure_with(&talk, &options);
        assert!(text.contains("lie in its own folder"), "{text}");
        assert_eq!(code, 2);
    }
    let (text, code) = failure_with(&format!("{begin}data none\n"), &options);
    assert_eq!(code, 7, "{text}");
    options.allow_commands = true;
    let outcome = run_text(
        &format!("{begin}data ../secret.txt\nS: 250\n"),
        "t",
        &options,
    );
    assert!(
        matches!(outcome.end, ehlo::script::outcome::End::Passed),
        "{:?}",
        outcome.end
    );
}

#[test]
fn programs_are_not_started_without_leave() {
    let folder = tempfile::tempdir().expect("a folder");
    let mark = folder.path().join("mark");
    let talk = format!("open exec:touch {}\nS: 220\n", mark.display());
    let (text, code) = failure_with(&talk, &Options::default());
    assert!(text.contains("a talk starts no programs"), "{text}");
    assert_eq!(code, 2);
    assert!(!mark.exists());
}

#[test]
fn secrets_stay_out_of_sight() {
    let mut options = on_practice();
    options
        .secrets
        .insert("password".into(), Secret::new("wonderland"));
    options
        .secrets
        .insert("token".into(), Secret::new("s3cr3t-t0ken"));
    // An echo of the secret by the server, a body that holds it, a login, and a failure at the end.
    let talk = "C: EHLO a\nC: VRFY {token}\nS? 2\nS? 5\nauth PLAIN alice\nS: 235\n\
                C: MAIL FROM:<a@b.example>\nC: RCPT TO:<bob@ehlo.test>\nC: DATA\nC: {token}\nC: .\n\
                C: RCPT TO:<{token}@nowhere>\nS: 999\n";
    let outcome = run_text(talk, "t.talk", &options);
    let all = format!("{}{outcome:?}", said(&outcome));
    for secret in ["wonderland", "s3cr3t-t0ken", "AGFsaWNlAHdvbmRlcmxhbmQ"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    assert!(all.contains("••••"));
    // One secret may begin as another, or end in it.
    for (name, secret) in [("a", "pass"), ("b", "passphrase99"), ("c", "99rest")] {
        options.secrets.insert(name.into(), Secret::new(secret));
    }
    let talk = "C: EHLO a\nC: VRFY {b} {b}rest\nS: 999\n";
    let nested = said(&run_text(talk, "t.talk", &options));
    assert!(nested.contains("VRFY •••• ••••\n"), "{nested}");
    let page = ehlo::ui::html::page(
        "t",
        "",
        &[ehlo::ui::html::Chapter {
            title: "t",
            ended: None,
            rows: outcome.rows.iter().collect(),
        }],
    );
    assert!(!page.contains("s3cr3t-t0ken"));
    let json: String = outcome.rows.iter().map(ehlo::transcript::to_json).collect();
    assert!(!json.contains("s3cr3t-t0ken") && !json.contains("wonderland"));
}

#[test]
fn settings_and_counts() {
    assert!(
        failure("set Tags off\nC: x\n")
            .0
            .contains("did you mean tags?")
    );
    assert!(
        failure("C: EHLO a\nset tags maybe\n")
            .0
            .contains("on or off")
    );
    let mut options = on_practice();
    options.values.insert("n".into(), b"9".to_vec());
    let talk = "on practice imap\nC: LOGIN {{{n}}\nS: +\nC: bob\nS: OK\n";
    // {{ is a brace: the count is known only now.
    let (text, code) = failure_with(talk, &options);
    assert!(text.contains("the literal has 9 octets left"), "{text}");
    assert_eq!(code, 2);
}

#[test]
fn too_many_groups_are_told() {
    let (text, _) = failure("C: NOOP\nS: 250\n--\nS: 250\n");
    assert!(text.contains("there was one reply and no more"), "{text}");
}

#[test]
fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let talk = format!("open smtp://127.0.0.1:{port}\nS: 220\n");
    let (text, code) = failure_with(&talk, &Options::default());
    assert!(text.contains("t.talk:1:6"), "{text}");
    assert_eq!(code, 3);
    let (_, code) = failure_with("open smpt://h\n", &Options::default());
    assert_eq!(code, 2);
}

#[test]
fn a_broken_rule_is_broken_once() {
    let talk = "on practice imap\nauth LOGIN alice\nset v ab\nwrong-literal-size\nC: CREATE {2+}\nC: abc\nS~\n";
    let again = format!("{talk}C: CREATE {{9}}\nS: +\nC: {{v}}\nS: OK\n");
    let (text, code) = failure(&again);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("t.talk:10:") && text.contains("9 octets left"),
        "{text}"
    );
}

#[test]
fn a_talk_that_does_nothing_does_not_pass() {
    for text in [
        "",
        "\n",
        "# prose\n",
        "on practice\n",
        "requires: X\nset a b\nwait 1ms\n",
    ] {
        let Err(diag) = ehlo::script::parse(text, "t.talk") else {
            panic!("{text:?} is a talk");
        };
        let diag = diag.text();
        assert!(
            diag.contains("nothing to do") && diag.contains("t.talk:1:1"),
            "{diag}"
        );
    }
    for text in ["open smtp\n", "on practice\nS: 220\n", "C: NOOP\n"] {
        assert!(ehlo::script::parse(text, "t.talk").is_ok(), "{text:?}");
    }
}
