//! Every talk of the tree passes against the practice server.

use ehlo::script::outcome::{End, Outcome};

use super::support::{on_practice, run_text, said, talks};

fn passes(outcome: &Outcome) {
    match &outcome.end {
        End::Passed => {}
        End::Skipped(reason) => panic!("{} was skipped: {reason}", outcome.name),
        End::Failed { diag, .. } => panic!("{}\n{}", diag.text(), said(outcome)),
    }
}

#[test]
fn every_talk_passes_on_practice() {
    for path in talks(&["tests/talks"]) {
        let text = std::fs::read_to_string(&path).expect("readable");
        let mut options = on_practice();
        options.folder = path.parent().expect("a folder").to_path_buf();
        passes(&run_text(&text, &path.display().to_string(), &options));
    }
}

#[test]
fn the_round_trip_passes_on_practice() {
    let text = include_str!("../../docs/talks/round-trip.talk");
    let mut options = on_practice();
    for (name, value) in [
        ("from", "bob@ehlo.test"),
        ("to", "bob@ehlo.test"),
        ("user", "bob"),
    ] {
        options
            .values
            .insert(name.to_owned(), value.as_bytes().to_vec());
    }
    passes(&run_text(text, "round-trip.talk", &options));
}

#[test]
fn examples_in_the_documents_pass() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = 0;
    let mut pages = vec![root.join("README.md")];
    for entry in std::fs::read_dir(root.join("docs")).expect("docs") {
        pages.push(entry.expect("an entry").path());
    }
    for page in pages {
        let Ok(text) = std::fs::read_to_string(&page) else {
            continue;
        };
        for block in text.split("```talk\n").skip(1) {
            let talk = block.split("```").next().unwrap_or_default();
            passes(&run_text(talk, &page.display().to_string(), &on_practice()));
            found += 1;
        }
    }
    assert!(found >= 1, "docs/talk-format.md has one");
}

#[test]
fn a_talk_of_one_line_is_on_practice() {
    let outcome = run_text(
        "C: NOOP\nS: 250\n",
        "t",
        &ehlo::script::run::Options::default(),
    );
    passes(&outcome);
    assert_eq!(outcome.exchanges, 2, "the greeting and one command");
    assert!(outcome.rows.is_empty(), "what passed is not kept");
}

#[test]
fn what_is_required_and_not_offered_skips() {
    for talk in [
        "requires: XYZZY\nC: EHLO a\nC: NOOP\nS: 999\n",
        "C: EHLO a\nrequires: AUTH NTLM\nS: 250\n"
            .replace("S: 250\n", "")
            .as_str(),
        "on practice imap\nrequires: AUTH=GSSAPI\nC: NOOP\nS: NO\n",
    ] {
        let outcome = run_text(talk, "t", &on_practice());
        assert!(matches!(outcome.end, End::Skipped(_)), "{:?}", outcome.end);
    }
    passes(&run_text(
        "requires: AUTH PLAIN LOGIN\nC: EHLO a\nS: 250\n",
        "t",
        &on_practice(),
    ));
}

#[test]
fn captures_are_shared_and_compared() {
    let talk = "on practice\nS: 220 {host} \nC: EHLO a\nS: 250-{host}\nset greeting hello {host}\n\
                session b\nopen smtp\nS: 220 {host}\nC: VRFY <nobody@{host}>\nS: 5\n";
    passes(&run_text(talk, "t", &on_practice()));
}

#[test]
fn values_come_from_outside() {
    let mut options = on_practice();
    options
        .values
        .insert("me".into(), b"me.example.org".to_vec());
    let outcome = run_text(
        "C: EHLO {me}\nS: 250\nC: NOOP {run_id}\nS: 250\n",
        "t",
        &options,
    );
    passes(&outcome);
    assert!(said(&outcome).contains("EHLO me.example.org"));
    assert!(!said(&outcome).contains("{run_id}"));
}
