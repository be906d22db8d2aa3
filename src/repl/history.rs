//! Which lines are kept, and which never reach the disk.
//!
//! One file a protocol in the user's state folder, mode 0600, appended at every line and trimmed at
//! start. A line that carries a secret is kept without it: verb and mechanism only. A file that is a
//! symbolic link, or not ours alone, is left untouched and the console goes on without history.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::complete;
use crate::proto::engine::Engine;
use crate::proto::spec::Secrecy;
use crate::sasl::plain;
use crate::wire::secret::MASK;

/// Lines kept; older ones go at the next start.
const KEEP: usize = 10_000;
/// Of a larger history file only the end is read, and kept.
const LARGEST: u64 = 8 * 1024 * 1024;
/// A longer line is not kept.
const LONGEST: usize = 4096;

/// The lines of one protocol, oldest first.
#[derive(Debug, Default)]
pub struct History {
    path: Option<PathBuf>,
    lines: Vec<String>,
}

impl History {
    /// Reads the protocol's history. The message says why there is none on disk, if so.
    pub fn load(folder: Option<&Path>, protocol: &str) -> (Self, Option<String>) {
        let Some(folder) = folder else {
            return (Self::default(), None);
        };
        let path = folder.join(format!("history-{protocol}"));
        match read(folder, &path) {
            Ok(lines) => (
                Self {
                    path: Some(path),
                    lines,
                },
                None,
            ),
            Err(e) => {
                let why = format!("no history is kept: {}: {e}", path.display());
                let why = crate::error::without_number(why);
                (Self::default(), Some(why))
            }
        }
    }

    /// Keeps a line, in memory and at the end of the file.
    ///
    /// # Errors
    /// What the file system said; the line is kept in memory all the same.
    pub fn add(&mut self, line: &str) -> io::Result<()> {
        if line.trim().is_empty() || line.len() > LONGEST || line.contains(['\n', '\r', '\0']) {
            return Ok(());
        }
        if self.lines.last().is_some_and(|last| last == line) {
            return Ok(());
        }
        self.lines.push(line.to_owned());
        let Some(path) = &self.path else {
            return Ok(());
        };
        let mut file = open(path, true)?;
        file.write_all(format!("{line}\n").as_bytes())
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// What of a typed line may be kept: all of it, or the part before its secret and a mask.
pub fn keepable(line: &str, engine: Option<&dyn Engine>) -> String {
    if line.starts_with(':') {
        let secrets = complete::secrets(line, engine.is_some_and(|e| e.facts().hidden));
        return cut(&complete::without(line, &secrets, MASK), engine);
    }
    cut(line, engine)
}

fn cut(line: &str, engine: Option<&dyn Engine>) -> String {
    let verb = engine.and_then(|e| e.verb_of(line.as_bytes()));
    let hidden = engine.is_some_and(|e| e.facts().hidden);
    if hidden && verb.is_none() && !line.starts_with(':') && line != "*" {
        return MASK.to_owned();
    }
    let after = match verb.map(|v| v.secret) {
        Some(Secrecy::AfterWord(n)) => n,
        Some(Secrecy::Nothing) => return line.to_owned(),
        None => match sensitive_word(line) {
            Some(n) => n,
            None => return line.to_owned(),
        },
    };
    // The verb may stand behind a tag of the person's own; its words count from the verb.
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let verb_at = verb.map_or(0, |v| {
        let first = v.name.split(' ').next().unwrap_or_default();
        words
            .iter()
            .position(|w| w.eq_ignore_ascii_case(first))
            .unwrap_or(0)
    });
    let keep = verb_at + after;
    if words.len() <= keep {
        return line.to_owned();
    }
    [&words[..keep], &[MASK]].concat().join(" ")
}

/// A second net, for lines no engine knows: the words that carry secrets in any mail protocol, and
/// blobs by themselves. Gives how many words may be kept.
fn sensitive_word(line: &str) -> Option<usize> {
    // A console command holds a protocol's line somewhere behind its own words.
    let depth = if line.trim_start().starts_with(':') {
        12
    } else {
        3
    };
    let words = || line.split_ascii_whitespace();
    if words().next() == Some(":auth") {
        // It takes a mechanism and a user; what stands behind them has no business there.
        return Some(3 + words().filter(|word| *word == "--force").count());
    }
    for (at, word) in words().take(depth).enumerate() {
        // Behind a line end that `:raw` has written out begins another line.
        let begun = word.rsplit("\\n").next().unwrap_or_default();
        let upper = begun.trim_start_matches([':', '"']).to_ascii_uppercase();
        let keep = match upper.as_str() {
            "AUTH" | "AUTHENTICATE" | "LOGIN" | "APOP" => 2,
            "PASS" | "B64" | "UNB64" => 1,
            _ => continue,
        };
        return Some(at + keep);
    }
    words().position(|word| plain::is_message(word.trim_matches('"').as_bytes()))
}

fn read(folder: &Path, path: &Path) -> io::Result<Vec<String>> {
    if !folder.exists() {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    let file = open(path, false)?;
    let before = file.metadata()?.len().saturating_sub(LARGEST);
    (&file).seek(SeekFrom::Start(before))?;
    let mut bytes = Vec::new();
    (&file).take(LARGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line is one that was cut.
    let whole = text.lines().skip(usize::from(before > 0));
    let mut lines: Vec<String> = whole.map(str::to_owned).collect();
    if lines.len() > KEEP || before > 0 {
        lines.drain(..lines.len().saturating_sub(KEEP));
        replace(path, &lines)?;
    }
    Ok(lines)
}

/// Opens the file for appending, makes it 0600, and refuses what is not a plain file of ours.
fn open(path: &Path, append: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    options.custom_flags(
        (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK)
            .bits()
            .cast_signed(),
    );
    let file = options.open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if !append && meta.mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Writes a shorter history beside the old one and puts it in its place at once.
fn replace(path: &Path, lines: &[String]) -> io::Result<()> {
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all((lines.join("\n") + "\n").as_bytes())?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_and_the_file_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("state");
        let (mut history, why) = History::load(Some(&folder), "smtp");
        assert_eq!(why, None);
        history.add("EHLO me").unwrap();
        history.add("EHLO me").unwrap();
        history.add("QUIT").unwrap();
        let (again, _) = History::load(Some(&folder), "smtp");
        assert_eq!(again.lines(), ["EHLO me", "QUIT"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&folder.join("history-smtp")), 0o600);
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("precious");
        fs::write(&target, "keep me").unwrap();
        std::os::unix::fs::symlink(&target, dir.path().join("history-imap")).unwrap();
        let (mut history, why) = History::load(Some(dir.path()), "imap");
        assert!(why.unwrap().contains("no history is kept"));
        history.add("NOOP").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "keep me");
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history-pop3");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let (mut history, why) = History::load(Some(dir.path()), "pop3");
        assert!(why.unwrap().contains("not a plain file"));
        history.add("NOOP").unwrap();
        assert_eq!(history.lines(), ["NOOP"]);
    }

    #[test]
    fn the_end_of_a_large_file_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history-smtp");
        let long = format!("NOOP {}\n", "x".repeat(4000)).repeat(2200);
        fs::write(&path, format!("{long}EHLO me\nQUIT\n")).unwrap();
        let (mut history, why) = History::load(Some(dir.path()), "smtp");
        assert_eq!(why, None);
        let (long, typed) = history.lines().split_last_chunk::<2>().unwrap();
        assert_eq!(typed, &["EHLO me", "QUIT"]);
        assert!(long.iter().all(|line| line.len() == 4005), "one is cut");
        assert!(fs::metadata(&path).unwrap().len() <= LARGEST);
        history.add("NOOP").unwrap();
        let (again, _) = History::load(Some(dir.path()), "smtp");
        assert_eq!(again.lines(), history.lines());
        let mode = fs::metadata(&path).unwrap().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }

    #[test]
    fn two_at_once_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (mut one, _) = History::load(Some(dir.path()), "imap");
        let (mut two, _) = History::load(Some(dir.path()), "imap");
        one.add("a").unwrap();
        two.add("b").unwrap();
        one.add("c").unwrap();
        let (again, _) = History::load(Some(dir.path()), "imap");
        assert_eq!(again.lines(), ["a", "b", "c"]);
    }

    #[test]
    fn secrets_are_cut_off() {
        assert_eq!(keepable("AUTH PLAIN AGFsaWNl", None), "AUTH PLAIN ••••");
        assert_eq!(keepable("PASS secret word", None), "PASS ••••");
        assert_eq!(
            keepable("a1 login alice secret", None),
            "a1 login alice ••••"
        );
        assert_eq!(keepable("AUTH PLAIN", None), "AUTH PLAIN");
        for (line, kept) in [
            (
                ":raw \"AUTH PLAIN AGFsaWNl\\r\\n\"",
                ":raw \"AUTH PLAIN ••••",
            ),
            (
                ":raw \"EHLO me\\r\\nPASS secret\\r\\n\"",
                ":raw \"EHLO me\\r\\nPASS ••••",
            ),
            (
                ":| \"less -R\" AUTH PLAIN AGFsaWNl",
                ":| \"less -R\" AUTH PLAIN ••••",
            ),
            (":watch 5 PASS secret", ":watch 5 PASS ••••"),
            (":b64 secret", ":b64 ••••"),
            (":unb64 AGFsaWNl", ":unb64 ••••"),
            (":auth PLAIN alice", ":auth PLAIN alice"),
            (
                ":auth --force PLAIN alice secret",
                ":auth --force PLAIN alice ••••",
            ),
            ("AGFsaWNlAHdvbmRlcmxhbmQ=", "••••"),
            (
                ":open imap://bob:hunter22@mail.test",
                ":open imap://bob:••••@mail.test",
            ),
            (
                ":raw \"AUTH LOGIN\\r\\nYm9i\\r\\n\"",
                ":raw \"AUTH LOGIN\\r\\n••••",
            ),
        ] {
            assert_eq!(keepable(line, None), kept);
        }
        assert_eq!(keepable("MAIL FROM:<a@b>", None), "MAIL FROM:<a@b>");
    }
}
