//! The house rules that a compiler does not check: who may import whom, one door for each
//! dependency, no I/O in the pure layers, no file that outgrew its room, no word of the workplace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a folder or file of `src` may name of the others. What is not listed may name anything.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("pattern", &[]),
    ("knowledge", &["pattern"]),
    ("sasl", &["wire"]),
    ("store", &["wire"]),
    ("proto", &["wire", "sasl", "store", "knowledge"]),
    ("net", &["wire", "error", "bounded"]),
    ("session", &["wire", "error", "net", "proto", "target"]),
    ("transcript", &["wire", "proto"]),
    (
        "ui",
        &[
            "wire",
            "error",
            "net",
            "proto",
            "sasl",
            "store",
            "session",
            "transcript",
            "knowledge",
            "cli",
            "terminal",
            "stats",
        ],
    ),
];

/// Folders that do no I/O, read no clock and draw no random numbers.
const PURE: &[&str] = &["wire", "sasl", "store", "proto", "knowledge", "transcript"];
const IMPURE: &[&str] = &[
    "tokio::",
    "std::net",
    "std::fs",
    "std::thread",
    "std::process",
    "Instant::now",
    "SystemTime::now",
    "getrandom",
    "println!",
    "eprintln!",
    "std::env",
];

/// Each dependency and the files that may name it.
const DOORS: &[(&str, &[&str])] = &[
    ("base64", &["wire/b64.rs"]),
    ("clap", &["cli/", "cmd/generate.rs", "lib.rs"]),
    ("etcetera", &["ui/look.rs"]),
    ("getrandom", &["entropy.rs"]),
    ("hmac", &["sasl/digest.rs"]),
    ("jiff", &["clock.rs"]),
    ("mail_parser", &["store/mime/decode.rs"]),
    ("nix", &["net/stamped.rs"]),
    ("owo_colors", &["ui/style.rs"]),
    ("pbkdf2", &["sasl/digest.rs"]),
    ("rcgen", &["net/ca.rs"]),
    ("regex", &["pattern.rs"]),
    ("rpassword", &["prompt.rs"]),
    ("rustls_native_certs", &["net/tls/roots.rs"]),
    ("rustyline", &["repl/editor.rs"]),
    ("socket2", &["net/listen.rs"]),
    ("stringprep", &["sasl/prep.rs"]),
    ("tokio_rustls", &["net/tls/"]),
    ("webpki_roots", &["net/tls/roots.rs"]),
    ("x509_parser", &["net/x509.rs"]),
];

/// Logic may not grow past this; tables and tests may.
const LONGEST: usize = 600;

fn sources() -> BTreeMap<String, String> {
    sources_of("src")
}

/// The Rust files of a folder, by their names in it.
fn sources_of(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(name, text);
            }
        }
    }
    assert!(found.len() > 30, "the sources are not where they should be");
    found
}

/// The code of a file: without its unit tests and its comments.
fn code(text: &str) -> String {
    let logic = text.split("#[cfg(test)]").next().unwrap_or_default();
    logic
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn room(name: &str) -> &str {
    name.split('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".rs")
}

#[test]
fn layers_import_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(folder, _)| *folder == room(&name))
        else {
            continue;
        };
        for part in code(&text).split("crate::").skip(1) {
            let word: String = part
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if word != room(&name) && !allowed.contains(&word.as_str()) && !word.is_empty() {
                wrong.push(format!("{name} imports {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pure_layers_do_no_io() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        if !PURE.contains(&room(&name)) {
            continue;
        }
        let code = code(&text);
        wrong.extend(
            IMPURE
                .iter()
                .filter(|word| code.contains(**word))
                .map(|word| format!("{name}: {word}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_dependency_has_one_door() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let code = code(&text);
        for (dependency, doors) in DOORS {
            let path = format!("{dependency}::");
            // Not a module of another crate that bears the same name, and not the end of a longer one.
            let longer = |c: char| c.is_alphanumeric() || matches!(c, ':' | '_');
            let named = code
                .match_indices(&path)
                .any(|(at, _)| !code[..at].ends_with(longer));
            if named && !doors.iter().any(|door| name.starts_with(door)) {
                wrong.push(format!(
                    "{name} names {dependency}, whose door is {doors:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_outgrew_its_room() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let lines = text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .lines()
            .count();
        let table = name.ends_with("spec.rs") || name.starts_with("knowledge/");
        if lines > LONGEST && !table {
            wrong.push(format!("{name}: {lines} lines"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.trim_start().starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn nothing_is_left_unfinished() {
    let words = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
    ];
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        wrong.extend(
            words
                .iter()
                .filter(|word| text.contains(**word))
                .map(|word| format!("{name}: {word}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_threat_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known: String = ["src", "tests"]
        .into_iter()
        .flat_map(|folder| sources_of(folder).into_values())
        .collect();
    let page = std::fs::read_to_string(root.join("docs/threats.md")).unwrap();
    let rows = page
        .lines()
        .filter(|l| l.starts_with("| ") && !l.starts_with("| -"));
    for row in rows {
        let tests = row.rsplit('|').nth(1).unwrap_or_default();
        for name in tests.split('`').skip(1).step_by(2) {
            assert!(
                known.contains(&format!("fn {name}(")),
                "no test is called {name}"
            );
        }
    }
}
