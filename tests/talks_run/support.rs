//! Running talks within a test.

use std::path::{Path, PathBuf};

use ehlo::script::outcome::{End, Outcome};
use ehlo::script::parse;
use ehlo::script::run::{self, Options};

/// Options that put every talk on the practice server.
pub(crate) fn on_practice() -> Options {
    Options {
        targets: vec!["practice".to_owned()],
        name: "client.example.org".to_owned(),
        keep_all: true,
        ..Options::default()
    }
}

/// Runs a talk's text.
pub(crate) fn run_text(text: &str, name: &str, options: &Options) -> Outcome {
    let talk = match parse(text, name) {
        Ok(talk) => talk,
        Err(diag) => panic!("{}\n{text}", diag.text()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run::run(&talk, options, None))
}

/// Runs a talk that must fail; the diagnostic's text and the exit code.
pub(crate) fn failure(text: &str) -> (String, u8) {
    failure_with(text, &on_practice())
}

/// As `failure`, with other options.
pub(crate) fn failure_with(text: &str, options: &Options) -> (String, u8) {
    match run_text(text, "t.talk", options).end {
        End::Failed { kind, diag } => (diag.text(), kind.code()),
        other => panic!("{other:?}:\n{text}"),
    }
}

/// Every talk under these folders of the tree.
pub(crate) fn talks(folders: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "talk") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

/// What was said, as text: for a test's message.
pub(crate) fn said(outcome: &Outcome) -> String {
    let look = ehlo::ui::Look::default();
    let lines = outcome
        .rows
        .iter()
        .flat_map(|row| ehlo::ui::rows::lines(row, &look));
    lines.map(|line| line.text() + "\n").collect()
}
