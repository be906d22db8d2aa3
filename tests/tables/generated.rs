//! Generated files are those that the program makes now. `EHLO_UPDATE=1 cargo test --test tables`
//! writes them anew.

use std::path::Path;

#[test]
fn generated_files_are_up_to_date() {
    let files = ehlo::cmd::generate::files().expect("they can be made");
    assert!(files.len() >= 10);
    for (path, text) in files {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
        if std::env::var_os("EHLO_UPDATE").is_some() {
            std::fs::create_dir_all(file.parent().expect("a folder"))
                .expect("the folder can be made");
            std::fs::write(&file, &text).expect("the file can be written");
        }
        let there = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            there == text,
            "{path} is stale: EHLO_UPDATE=1 cargo test --test tables"
        );
    }
}

#[test]
fn every_verb_has_its_place_in_the_reference() {
    for (path, text) in ehlo::cmd::generate::files().expect("they can be made") {
        let protocol = path
            .strip_prefix("docs/reference/")
            .and_then(|p| p.strip_suffix(".md"));
        let Some(protocol) = protocol.and_then(ehlo::proto::protocol) else {
            continue;
        };
        for verb in protocol.spec.verbs {
            assert!(
                text.contains(&format!("\n### {}\n", verb.name)),
                "{path}: {}",
                verb.name
            );
        }
    }
}
