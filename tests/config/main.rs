//! The configuration file, through the program itself: errors, who decides, profiles.

#![allow(missing_docs)] // a test binary

#[path = "../common/mod.rs"]
mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{Do, Fake, Ran, program, run_with, say};
use tempfile::TempDir;

struct Home(TempDir);

impl Home {
    fn with(text: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(home.folder()).unwrap();
        fs::write(home.file(), text).unwrap();
        home.mode(0o644);
        home
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join(".config/ehlo")
    }

    fn file(&self) -> PathBuf {
        self.folder().join("config.toml")
    }

    fn mode(&self, mode: u32) {
        fs::set_permissions(self.file(), Permissions::from_mode(mode)).unwrap();
    }

    fn ehlo(&self, args: &[&str], input: &str) -> Ran {
        run_with(&mut program(self.0.path()), args, input)
    }

    /// The row that `ehlo config` shows of one option.
    fn row(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let mut command = program(self.0.path());
        command.envs(variables.iter().copied());
        let ran = run_with(command.arg("config"), args, "").code(0);
        let words: Vec<&str> = ran.out.split_whitespace().collect();
        words
            .join(" ")
            .replace(&self.file().display().to_string(), "FILE")
    }
}

#[test]
fn an_unknown_key_is_pointed_at_and_nothing_starts() {
    let home = Home::with("explain = true\n\ncolour = \"never\"\n");
    for args in [&["config"][..], &["127.0.0.1:1"], &["explain", "550"]] {
        let ran = home.ehlo(args, "").code(7);
        assert_eq!(ran.out, "");
        let wanted = format!(
            "error: there is no option \"colour\"\n  --> {}:3:1\n  3 | colour = \"never\"\n    \
             | ^^^^^^ meant: color ?\n",
            home.file().display()
        );
        assert_eq!(ran.err, wanted, "{args:?}");
    }
    // What needs no configuration does not ask for it.
    home.ehlo(&["man"], "").code(0);
}

#[test]
fn each_mistake_says_how_to_mend_it() {
    for (text, told) in [
        ("view = \"prety\"", "config.toml:1:8\n"),
        ("view = \"prety\"", "meant: \"pretty\" ?"),
        ("long = -1", "long takes a number of lines, \"off\""),
        ("explain = on", "config.toml:1:"),
        ("explain = true\nexplain = true", "config.toml:2:"),
        ("[profile.a]\nuser = \"a\"", "has no target"),
        ("[profile.a]\ntarget = \"smpt://h\"", "smtp://h ?"),
        (
            "[profile.a]\ntarget = \"h\"\ninsecure = true",
            "ca-file or pin",
        ),
        (
            "[profile.a]\ntarget = \"h\"\nuser = \"a\\nQUIT\"",
            "control characters",
        ),
        ("[profile.\"a b\"]\ntarget = \"h\"", "letters, digits"),
        ("color = \"\u{1b}[2J\"", "config.toml:1:"),
    ] {
        let ran = Home::with(text).ehlo(&["config"], "").code(7);
        let ran = ran.says(told).never_says("\u{1b}");
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
    }
}

#[test]
fn passwords_have_no_place_and_are_not_repeated() {
    for text in [
        "[profile.a]\ntarget = \"h\"\npassword = \"wonderland\"",
        "[profile.a]\ntarget = \"h\"\npasswd = \"wonderland\"",
        "[profile.a]\ntarget = \"imap://alice:wonderland@h\"",
    ] {
        Home::with(text)
            .ehlo(&["config"], "")
            .code(7)
            .says("password")
            .never_says("wonderland");
    }
    let text = "[profile.a]\ntarget = \"h\"\npassword-command = \"echo wonderland\"";
    let home = Home::with(text);
    home.ehlo(&["config", "@a"], "")
        .code(0)
        .says("(not shown)")
        .never_says("wonderland");
}

#[test]
fn a_file_that_others_can_write_is_refused() {
    let home = Home::with("explain = true");
    for mode in [0o664, 0o646] {
        home.mode(mode);
        home.ehlo(&["config"], "").code(7).says("chmod go-w");
    }
    home.mode(0o600);
    home.ehlo(&["config"], "").code(0);
    fs::write(home.file(), b"explain = true\n# \xff\n").unwrap();
    home.ehlo(&["config"], "")
        .code(7)
        .says("line 2: this is not UTF-8");
    fs::write(home.file(), "#".repeat(1024 * 1024 + 1)).unwrap();
    home.ehlo(&["config"], "").code(7).says("longer than 1 MiB");
    fs::remove_file(home.file()).unwrap();
    fs::create_dir(home.file()).unwrap();
    home.ehlo(&["config"], "").code(7).says("this is no file");
}

#[test]
fn it_shows_what_is_in_force_and_from_where() {
    let home = Home::with(
        "explain = true\ncolor = \"auto\"\n[profile.a]\ntarget = \"h\"\nexplain = false\n",
    );
    let none: &[(&str, &str)] = &[];
    assert_eq!(home.row(&["guard"], none), "guard ask default");
    assert_eq!(home.row(&["explain"], none), "explain on FILE:1");
    assert!(home.row(&["@a"], none).contains("explain off FILE:5"));
    assert_eq!(home.row(&["color"], none), "color auto FILE:2");
    assert_eq!(
        home.row(&["color"], &[("NO_COLOR", "1")]),
        "color never environment: NO_COLOR"
    );
    assert_eq!(
        home.row(&["color", "--color", "always"], &[("NO_COLOR", "1")]),
        "color always command line: --color"
    );
    let all = home.ehlo(&["config"], "").code(0).says("@a");
    assert_eq!(all.out.lines().count(), 1 + 12 + 1, "{}", all.out);
    home.ehlo(&["config", "colour"], "").code(2).says("color ?");
    home.ehlo(&["config", "@b"], "").code(2).says("known     a");
    let bare = tempfile::tempdir().unwrap();
    let ran = run_with(&mut program(bare.path()), &["config"], "").code(0);
    ran.says("does not exist");
    let ran = run_with(&mut program(bare.path()), &["@work"], "").code(2);
    ran.says("does not exist");
}

#[test]
fn the_file_colours_every_command() {
    let home = Home::with("color = \"always\"");
    home.ehlo(&["explain", "550"], "").code(0).says("\u{1b}[");
    home.ehlo(&[], "NOOP\n").code(0).says("\u{1b}[");
    home.ehlo(&["--color", "never"], "NOOP\n")
        .code(0)
        .never_says("\u{1b}[");
}

#[test]
fn the_file_explains_and_the_profile_decides_otherwise() {
    let server = || {
        Fake::new(vec![
            say("220 h ESMTP\r\n"),
            Do::Hear,
            say("250 2.0.0 ok\r\n"),
            Do::Hear,
            say("221 2.0.0 bye\r\n"),
        ])
    };
    let (first, second) = (server(), server());
    let text = format!(
        "explain = true\n[profile.a]\ntarget = \"{}\"\nexplain = false\n",
        second.url("smtp")
    );
    let home = Home::with(&text);
    let loud = home.ehlo(&[&first.url("smtp")], "NOOP\n").code(0);
    let quiet = home.ehlo(&["@a"], "NOOP\n").code(0);
    assert!(
        loud.out.lines().count() > quiet.out.lines().count(),
        "{loud:?} {quiet:?}"
    );
    assert_eq!(first.heard(), second.heard());
}

/// A server that takes AUTH PLAIN once.
fn auth() -> Fake {
    Fake::new(vec![
        say("220 h ESMTP\r\n"),
        Do::Hear,
        say("250-h\r\n250 AUTH PLAIN\r\n"),
        Do::Hear,
        say("235 2.7.0 in\r\n"),
        Do::Hear,
        say("221 2.0.0 bye\r\n"),
    ])
}

#[test]
fn a_profile_logs_in_with_its_user_and_command() {
    let server = auth();
    let home = Home::with(&format!(
        "[profile.work]\ntarget = \"{}\"\nname = \"me.test\"\nuser = \"alice\"\n\
         password-command = \"echo wonderland\"\nlogin = \"PLAIN\"\n",
        server.url("smtp")
    ));
    home.ehlo(&["@work"], "").code(0).never_says("wonderland");
    // base64 of NUL alice NUL wonderland.
    let blob = "AGFsaWNlAHdvbmRlcmxhbmQ=";
    let heard = [
        "EHLO me.test".to_owned(),
        format!("AUTH PLAIN {blob}"),
        "QUIT".to_owned(),
    ];
    assert_eq!(server.heard(), heard);
}

#[test]
fn the_command_line_stands_above_the_profile() {
    let server = auth();
    let home = Home::with(&format!(
        "[profile.work]\ntarget = \"{}\"\nname = \"me.test\"\nuser = \"alice\"\n\
         password-command = \"exit 1\"\nlogin = true\n",
        server.url("smtp")
    ));
    let args = [
        "@work",
        "--name",
        "you.test",
        "--user",
        "bob",
        "--password-command",
        "echo builder",
    ];
    home.ehlo(&args, "").code(0);
    let heard = server.heard();
    assert_eq!(heard[0], "EHLO you.test");
    // base64 of NUL bob NUL builder.
    assert_eq!(heard[1], "AUTH PLAIN AGJvYgBidWlsZGVy");
}

#[test]
fn a_profiles_files_are_named_from_its_folder() {
    let server = Fake::new(vec![say("220 h ESMTP\r\n"), Do::Hear]);
    let home = Home::with(&format!(
        "[profile.work]\ntarget = \"{}\"\nca-file = \"no.pem\"\nstarttls = true\n",
        server.url("smtp")
    ));
    let missing = home.folder().join("no.pem");
    let ran = home.ehlo(&["@work"], "");
    assert_ne!(ran.code, 0);
    ran.says(&missing.display().to_string());
}

#[test]
fn every_key_stands_in_the_document() {
    let document = include_str!("../../docs/configuration.md");
    let options = ehlo::config::options::OPTIONS
        .iter()
        .map(|option| option.name);
    let keys = ehlo::config::profile::KEYS.iter().map(|(key, ..)| *key);
    for key in options.chain(keys) {
        let rows = document.lines().filter(|line| line.starts_with("| `"));
        let named = format!("`{key}`");
        assert!(
            rows.filter_map(|row| row.split(" | ").next())
                .any(|first| first.contains(&named)),
            "{key}"
        );
    }
    let example = document
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let file = ehlo::config::file::File::read("example", example.unwrap()).unwrap();
    assert_eq!(file.profiles.len(), 2);
}
