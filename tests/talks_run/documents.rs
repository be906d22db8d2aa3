//! What README and docs show: each command is one that the program takes, each conversation is a talk.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use ehlo::cli::{Cli, arguments};
use ehlo::script::import::import;
use ehlo::script::parse;

pub(crate) fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/talks"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|e| e == "md" || e == "talk") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The fenced blocks of a page, and its indented lines.
pub(crate) fn blocks(text: &str) -> (Vec<String>, Vec<String>) {
    let mut fenced: Vec<String> = Vec::new();
    let mut indented = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
            if inside {
                fenced.push(String::new());
            }
        } else if inside {
            let block = fenced.last_mut().expect("one was begun");
            block.push_str(line);
            block.push('\n');
        } else if let Some(line) = line.strip_prefix("    ") {
            indented.push(line.to_owned());
        }
    }
    (fenced, indented)
}

/// The words of a shell command up to what the shell does with it.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = command.trim();
    while !rest.is_empty() && !rest.starts_with(['#', '|', '<', '>', ';', '&']) {
        let mut word = String::new();
        let mut quote = None;
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            match (quote, c) {
                (Some(q), c) if c == q => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                (None, ' ') => {
                    end = at;
                    break;
                }
                _ => word.push(c),
            }
        }
        words.push(word);
        rest = rest[end..].trim_start();
    }
    words
}

#[test]
fn every_command_is_one_that_the_program_takes() {
    let mut found = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("readable");
        let lines: Vec<String> = if page.extension().is_some_and(|e| e == "talk") {
            let prose = text.lines().filter_map(|line| line.strip_prefix("#   "));
            prose.map(str::to_owned).collect()
        } else {
            let (fenced, indented) = blocks(&text);
            let fenced = fenced.iter().flat_map(|block| block.lines());
            fenced.map(str::to_owned).chain(indented).collect()
        };
        let joined = lines.join("\n").replace("\\\n", " ");
        for line in joined.lines() {
            let command = line.trim_start().trim_start_matches("$ ");
            if !command.starts_with("ehlo ") {
                continue;
            }
            let given = words(command).into_iter().map(OsString::from);
            if let Err(why) = Cli::try_parse_from(arguments(given)) {
                panic!("{}: {command}\n{why}", page.display());
            }
            found += 1;
        }
    }
    assert!(found >= 15, "{found}");
}

#[test]
fn every_conversation_at_a_prompt_is_a_talk() {
    let mut found = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("readable");
        for block in blocks(&text).0 {
            let typed = block
                .lines()
                .filter(|line| line.contains(" clear> "))
                .count();
            if typed == 0 {
                continue;
            }
            found += 1;
            let name = page.display().to_string();
            let talk = import(&block).unwrap_or_else(|_| panic!("{name}: {block}"));
            if let Err(diag) = parse(&talk, &name) {
                panic!("{}\n{talk}", diag.text());
            }
            let said = talk.lines().filter(|line| line.starts_with("C:")).count();
            assert!(said >= typed, "{name}:\n{talk}");
        }
    }
    assert!(found >= 1, "README has one");
}

/// On Postfix it runs as it stands (tests/servers); here EHLO's keywords come in another order.
#[test]
fn the_conversation_of_the_readme_passes_on_practice() {
    let readme = include_str!("../../README.md");
    let block = readme
        .split("```")
        .find(|block| block.contains(" clear> EHLO"))
        .expect("a conversation");
    let talk = import(block).expect("a conversation");
    let mut offers = 0;
    let lines = talk.lines().map(|line| {
        let keyword = line
            .strip_prefix("S: 250-")
            .or_else(|| line.strip_prefix("S: 250 CHUNKING").map(|_| "CHUNKING"));
        match keyword {
            Some(word) if word.bytes().all(|b| b.is_ascii_uppercase()) => {
                offers += 1;
                format!("requires: {word}\n")
            }
            _ => format!("{line}\n"),
        }
    });
    let talk: String = lines.collect();
    assert!(offers >= 3, "{talk}");
    let outcome = super::support::run_text(&talk, "README.md", &super::support::on_practice());
    assert!(
        matches!(outcome.end, ehlo::script::outcome::End::Passed),
        "{talk}\n{}",
        super::support::said(&outcome)
    );
}
