//! Records become talks that pass again.

use ehlo::script::outcome::{End, Outcome};
use ehlo::transcript::save;
use ehlo::wire::secret::Secret;
use proptest::prelude::*;

use super::random;
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

/// One conversation, or two at once that take turns.
fn conversation() -> impl Strategy<Value = String> {
    let one = || {
        prop_oneof![
            2 => random::smtp().prop_map(|talk| ("smtp", talk)),
            1 => random::lmtp().prop_map(|talk| ("lmtp", talk)),
            2 => random::imap().prop_map(|talk| ("imap", talk)),
            2 => random::pop3().prop_map(|talk| ("pop3", talk)),
        ]
    };
    let alone = one().prop_map(|(protocol, talk)| format!("on practice {protocol}\n{talk}"));
    let apart = |((first, _), (second, _)): &((&str, String), (&str, String))| {
        // A maildrop is one session's at a time.
        (*first, *second) != ("pop3", "pop3")
    };
    let both = (one(), one()).prop_filter("one maildrop", apart).prop_map(
        |((first, one), (second, two))| {
            format!("open {first}\n{one}session other\nopen {second}\n{two}session main\n")
        },
    );
    prop_oneof![3 => alone, 1 => both]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn any_conversation_is_saved_and_passes_again(talk in conversation()) {
        let mut options = on_practice();
        options.secrets.insert("password".into(), Secret::new("wonderland"));
        let first = run_text(&talk, "first.talk", &options);
        if let End::Failed { diag, .. } = &first.end {
            prop_assert!(false, "{}\n{}", diag.text(), said(&first));
        }
        match again(&first) {
            Ok(saved) => {
                // Each reply is expected, not only sent for.
                let expected = saved.lines().filter(|line| line.starts_with("S: ")).count();
                prop_assert!(expected as u64 >= first.exchanges, "{} of\n{saved}", first.exchanges);
            }
            Err(why) => prop_assert!(false, "{why}\nmade of:\n{talk}"),
        }
    }
}
