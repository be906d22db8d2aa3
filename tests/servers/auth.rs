//! Every mechanism that the servers offer, over each protocol.

use crate::rig::{ehlo_with, env, fresh};

const PASSWORD: &str = "wonderland";
const MECHANISMS: &[&str] = &[
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "DIGEST-MD5",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "XOAUTH2",
    "OAUTHBEARER",
];

/// Arguments, greeting and farewell for each protocol under TLS.
fn services() -> [(Vec<String>, &'static str, &'static str); 3] {
    let args = |scheme: &str, port: &str| {
        vec![
            "--ca-file".to_owned(),
            env("CA"),
            format!("{scheme}://localhost:{}", env(port)),
        ]
    };
    [
        (args("smtps", "SMTPS"), "EHLO me.example.net\n", "QUIT\n"),
        (args("pop3s", "POP3S"), "", "QUIT\n"),
        (args("imaps", "IMAPS"), "", "LOGOUT\n"),
    ]
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn every_mechanism_logs_in_and_shows_no_secret() {
    let _turn = fresh();
    for (args, hello, bye) in services() {
        for mechanism in MECHANISMS {
            // Dovecot takes the password for the token where it has no token service.
            let typed = format!("{hello}:auth {mechanism} alice@ehlo.test\n{bye}");
            let said = ehlo_with(&args, &typed, &[("EHLO_PASSWORD", PASSWORD)]);
            said.has(&["••••"]).ends(0);
            let all = format!("{}{}", said.out, said.err);
            assert!(
                !all.contains(PASSWORD) && !all.contains("d29uZGVybGFuZ"),
                "{mechanism}: {all}"
            );
        }
    }
}

/// The binding flag: none in the clear; `y` under TLS, where Dovecot offers no -PLUS.
#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn the_binding_flag_tells_the_truth() {
    let typed = ":auth SCRAM-SHA-256 alice\nLOGOUT\n";
    for (url, words) in [
        (
            format!("imap://localhost:{}", env("IMAP")),
            "binding n (nothing to bind to)",
        ),
        (
            format!("imaps://localhost:{}", env("IMAPS")),
            "binding y (we could, the server offers no -PLUS)",
        ),
    ] {
        let args = ["--ca-file".to_owned(), env("CA"), url];
        ehlo_with(&args, typed, &[("EHLO_PASSWORD", PASSWORD)])
            .has(&[words, "the server's signature is right", "Logged in"])
            .ends(0);
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_wrong_password_is_refused_with_its_own_exit_code() {
    let _turn = fresh();
    for (args, hello, bye) in services() {
        for mechanism in MECHANISMS {
            let typed = format!("{hello}:auth {mechanism} alice@ehlo.test\n{bye}");
            let said = ehlo_with(&args, &typed, &[("EHLO_PASSWORD", "not-her-password")]);
            // The session goes on: the farewell is answered.
            said.has(&["<~* ", bye.trim_end()]).ends(5);
        }
    }
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_certificate_logs_in() {
    let args = vec![
        "--ca-file".to_owned(),
        env("CA"),
        "--cert".to_owned(),
        env("CLIENT_CERT"),
        "--key".to_owned(),
        env("CLIENT_KEY"),
        format!("imaps://localhost:{}", env("IMAPS")),
    ];
    ehlo_with(&args, ":auth EXTERNAL\nlogout\n", &[])
        .has(&["AUTHENTICATE EXTERNAL", "Logged in"])
        .ends(0);
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn submission_by_hand_with_a_blob() {
    let _turn = fresh();
    // "\0alice\0wonderland", as `ehlo encode plain` prints it.
    let typed = "EHLO me.example.net\nSTARTTLS\nEHLO me.example.net\nAUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\nMAIL FROM:<alice@ehlo.test>\nRCPT TO:<someone@elsewhere.example>\nDATA\nSubject: hi\n\nout\n.\nQUIT\n";
    let args = [
        "--ca-file".to_owned(),
        env("CA"),
        format!("submission://localhost:{}", env("SUBMISSION")),
    ];
    let said = ehlo_with(&args, typed, &[]);
    said.has(&[
        "~>  AUTH PLAIN ••••",
        "<~  235 2.7.0",
        "<~  250 2.1.5 Ok",
        "<~  250 2.0.0 Ok: queued as",
        "221 2.0.0 Bye",
    ])
    .ends(0);
    assert!(!said.out.contains("AGFsaWNl"), "{}", said.out);
}

#[test]
#[ignore = "needs Postfix and Dovecot: tests/run starts them"]
fn a_refused_token_is_explained() {
    let _turn = fresh();
    let [_, _, (args, ..)] = services();
    let said = ehlo_with(
        &args,
        ":auth XOAUTH2 alice@ehlo.test\nlogout\n",
        &[("EHLO_PASSWORD", "no-token")],
    );
    // What the JSON of the challenge says, decoded; then the real refusal.
    said.has(&["401", "<~* a1 NO"]).ends(5);
}
