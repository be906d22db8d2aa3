//! Records become talks that pass again.

use ehlo::script::outcome::{End, Outcome};
use ehlo::transcript::save;
use ehlo::wire::secret::Secret;
use proptest::prelude::*;

use super::support::{on_practice, run_text, said, talks};

/// Saves what was said and runs it against a fresh practice server.
fn again(outcome: &Outcome) -> Result<String, String> {
    let saved = save::talk(&outcome.rows);
    let mut options = on_practice();
    options
        .secrets
        .insert("password".into(), Secret::new("wonderland"));
    options.values.insert("user".into(), b"alice".to_vec());
    let second = run_text(&saved, "saved.talk", &options);
    match &second.end {
        End::Passed => Ok(saved),
        End::Skipped(reason) => Err(format!("skipped: {reason}")),
        End::Failed { diag, .. } => Err(format!("{}\n{}\n{saved}", diag.text(), said(&second))),
    }
}

#[test]
fn talks_of_the_tree_are_saved_and_pass_again() {
    // Not those that need another user's password, a fault, or that break rules.
    let leave_out = [
        "fault",
        "drip",
        "cut",
        "raw",
        "bare",
        "abandoned",
        "early",
        "no-wait",
        "half",
        "injection",
        "auth-mechanisms",
        "auth-refused",
        "wrong-literal",
        "no-dot",
        "lmtp",
        "dots",
        "pop3-auth",
        "imap-authenticate",
        "pop3-refused",
        "imap-idle",
        "long-line",
        "smtp-retry",
        "append-file",
        "unadvertised",
    ];
    let mut tried = 0;
    for path in talks(&["tests/talks"]) {
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if leave_out.iter().any(|word| name.contains(word)) {
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .expect("readable")
            .replace("LOGIN bob", "LOGIN alice")
            .replace("LOGIN charlie", "LOGIN alice")
            .replace("USER bob", "USER alice");
        let mut options = on_practice();
        options.folder = path.parent().expect("a folder").to_path_buf();
        let first = run_text(&text, &name, &options);
        if !matches!(first.end, End::Passed) {
            continue;
        }
        if let Err(why) = again(&first) {
            panic!("{name}: {why}");
        }
        tried += 1;
    }
    assert!(tried >= 20, "{tried}");
}

/// One thing said in a conversation that ends well or with a refusal, never with a hang.
fn smtp_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("C: NOOP\nS: 2".to_owned()),
        Just("C: RSET\nS: 250".to_owned()),
        Just("C: EHLO me.example.org\nS: 250".to_owned()),
        Just("C: VRFY bob\nS~".to_owned()),
        Just("C: HELP\nS: 214".to_owned()),
        Just("C: MAIL FROM:<a@b.example>\nS~".to_owned()),
        Just("C: RCPT TO:<bob@ehlo.test>\nS~".to_owned()),
        Just("C: RCPT TO:<{run_id}@ehlo.test>\nS~".to_owned()),
        Just("together\nC: NOOP\nC: RSET\ngo".to_owned()),
        "[a-zA-Z ]{1,12}".prop_map(|word| format!("C: X{word}\nS: 5")),
        "[a-z .{}]{0,30}".prop_map(|text| {
            let text = text.replace('{', "{{");
            format!(
                "C: RSET\nC: MAIL FROM:<a@b.example>\nC: RCPT TO:<bob@ehlo.test>\nC: DATA\n\
                 C: x{text}\nC: ..{text}\nC:\nC: .\nS: 250"
            )
        }),
    ]
}

fn imap_line() -> impl Strategy<Value = String> {
    let name = "[a-z]{1,8}";
    prop_oneof![
        Just("C: NOOP\nS: OK".to_owned()),
        Just("C: x1 CAPABILITY\nS: x1 OK".to_owned()),
        Just("C: SELECT INBOX\nS: OK".to_owned()),
        Just("C: EXAMINE INBOX\nS: OK".to_owned()),
        Just("C: LIST \"\" \"*\"\nS: OK".to_owned()),
        Just("C: FETCH 1 (FLAGS)\nS~".to_owned()),
        Just("C: FETCH 1 BODY.PEEK[TEXT]\nS~".to_owned()),
        Just("C: STATUS INBOX (MESSAGES UIDNEXT)\nS: OK".to_owned()),
        Just("C: UNSELECT\nS~".to_owned()),
        name.prop_map(|n| format!("C: CREATE {n}\nS~")),
        name.prop_map(|n| format!("C: DELETE {n}\nS~")),
        name.prop_map(|n| format!("C: APPEND INBOX {{{}+}}\nC: {n}\nS: OK", n.len())),
        name.prop_map(|n| format!("C: CREATE {{{}}}\nS: +\nC: {n}\nS~", n.len())),
        Just("C: FROBNICATE\nS: BAD".to_owned()),
    ]
}

fn pop3_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("C: NOOP\nS: +OK".to_owned()),
        Just("C: STAT\nS: +OK".to_owned()),
        Just("C: LIST\nS: +OK".to_owned()),
        Just("C: UIDL\nS: +OK".to_owned()),
        Just("C: CAPA\nS: +OK".to_owned()),
        Just("C: RSET\nS: +OK".to_owned()),
        (1..12u8).prop_map(|n| format!("C: RETR {n}\nS~")),
        (1..12u8).prop_map(|n| format!("C: TOP {n} 1\nS~")),
        (1..12u8).prop_map(|n| format!("C: DELE {n}\nS~")),
    ]
}

fn conversation() -> impl Strategy<Value = String> {
    let smtp = prop::collection::vec(smtp_line(), 1..12).prop_map(|lines| {
        format!(
            "on practice smtp\nC: EHLO me.example.org\n{}\n",
            lines.join("\n")
        )
    });
    let imap = prop::collection::vec(imap_line(), 1..12)
        .prop_map(|lines| format!("on practice imap\nauth LOGIN alice\n{}\n", lines.join("\n")));
    let pop3 = prop::collection::vec(pop3_line(), 1..12)
        .prop_map(|lines| format!("on practice pop3\nauth USER alice\n{}\n", lines.join("\n")));
    prop_oneof![smtp, imap, pop3]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn any_conversation_is_saved_and_passes_again(talk in conversation()) {
        let first = run_text(&talk, "first.talk", &on_practice());
        prop_assume!(matches!(first.end, End::Passed));
        if let Err(why) = again(&first) {
            prop_assert!(false, "{why}\nmade of:\n{talk}");
        }
    }
}
