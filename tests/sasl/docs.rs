//! docs/auth.md: every command line in it is run, and the notes that reach for Perl say the same.

use std::path::Path;
use std::process::{Command, Stdio};

const PAGE: &str = include_str!("../../docs/auth.md");
const PASSWORD: &str = "wonderland";

/// Runs a line of the page as a shell would, in a folder that has what the page speaks of; what it
/// wrote to standard output. With nothing to read, so that no question can be waited for.
fn shell(line: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_ehlo")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let out = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env_clear()
        .env(
            "PATH",
            format!("{}:{}:{path}", program.display(), folder.display()),
        )
        .env("HOME", folder)
        .env("LANG", "C.UTF-8")
        .env("EHLO_PASSWORD", PASSWORD)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{line}: {error}");
    String::from_utf8(out.stdout).unwrap()
}

/// The `code` pieces of a line.
fn code(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_notes_that_reach_for_perl_are_one_line_here() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<Vec<&str>> = PAGE
        .lines()
        .filter(|line| line.starts_with("| `perl "))
        .map(code)
        .collect();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let (theirs, ours) = (row[0], row[row.len() - 1]);
        let said = shell(theirs, folder.path());
        let here = shell(ours, folder.path());
        match ours.starts_with("ehlo encode") {
            true => assert_eq!(here, said, "{ours}"),
            false => assert!(here.contains(&said), "{ours}: {here}"),
        }
    }
}

/// Blocks: lines that begin with `$` show their output, the others only have to work.
#[test]
fn every_command_line_of_the_page_works() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("get-token");
    std::fs::write(&token, "#!/bin/sh\necho a-token\n").unwrap();
    let runs = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&token, runs).unwrap();
    let pasted = "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\n";
    std::fs::write(folder.path().join("pasted-login.txt"), pasted).unwrap();
    let mut ran = 0;
    for block in PAGE.split("```").skip(1).step_by(2) {
        let lines: Vec<&str> = block.lines().skip(1).collect();
        if let Some(command) = lines.first().and_then(|line| line.strip_prefix("$ ")) {
            let shown: String = lines[1..].iter().map(|line| format!("{line}\n")).collect();
            assert_eq!(shell(command, folder.path()), shown, "{command}");
            ran += 1;
            continue;
        }
        for line in lines.iter().filter(|line| line.starts_with("ehlo ")) {
            let said = shell(line, folder.path());
            assert!(!said.is_empty(), "{line}");
            ran += 1;
        }
    }
    assert!(ran >= 8, "only {ran} lines were found");
}

/// docs/coming-from.md: each option of s_client that people are told to use has its row, and the
/// notes with Perl stand there, too, and say the same.
#[test]
fn what_s_client_has_is_in_the_table() {
    let page = include_str!("../../docs/coming-from.md");
    let section = page
        .split("\n## ")
        .find(|s| s.starts_with("openssl s_client"));
    let section = section.expect("a section on s_client");
    for option in [
        "-connect",
        "-starttls",
        "-crlf",
        "-quiet",
        "-ign_eof",
        "-nocommands",
        "-name",
        "-servername",
        "-alpn",
        "-CAfile",
        "-verify",
        "-verify_hostname",
        "-verify_return_error",
        "-tls1_2",
        "-tls1_3",
        "-ciphers",
        "-cert",
        "-key",
        "-keylogfile",
        "-showcerts",
        "-brief",
        "-status",
        "-msg",
        "-debug",
        "-trace",
        "-adv",
        "-reconnect",
        "-sess_in",
        "-sess_out",
        "-proxy",
        "-unix",
    ] {
        let named = section
            .lines()
            .filter(|line| line.starts_with("| `"))
            .any(|line| {
                let there = line.split(" | ").next().unwrap_or_default();
                there.split(['`', ' ', ',']).any(|word| word == option)
            });
        assert!(named, "{option} has no row");
    }
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `perl "))
        .collect();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let (theirs, ours) = (code(row)[0], code(row)[1]);
        // The page's example password stands for the one that is asked for.
        let said = shell(&theirs.replace("pass", PASSWORD), folder.path());
        let here = shell(ours, folder.path());
        assert!(
            here.contains(said.trim_end()),
            "{ours}: {here} is not {said}"
        );
    }
}
