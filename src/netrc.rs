//! `.netrc`: machine, login, password (the file that ftp and curl read).
//!
//! A file that others may read is refused once an entry of it would be used: whoever reads it has
//! the password.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::wire::secret::Secret;

/// The most of a file that is read.
const FILE_MAX: u64 = 1024 * 1024;

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The user, where one is named.
    pub user: Option<String>,
    /// The password.
    pub password: Secret,
}

/// `$NETRC`, else `.netrc` in the home folder.
pub fn place() -> Option<PathBuf> {
    let named = std::env::var_os("NETRC").filter(|name| !name.is_empty());
    named.map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
        Some(PathBuf::from(home).join(".netrc"))
    })
}

/// The entry for a host, and for a user where one is known. A file that is not there has none.
///
/// # Errors
/// When the file cannot be read, or holds the entry and may be read by others.
pub fn entry(path: &Path, host: &str, user: Option<&str>) -> Result<Option<Entry>> {
    let fault = |e: &std::io::Error| Error::local(format!("{}: {e}", path.display()));
    let file = match File::open(path) {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        other => other.map_err(|e| fault(&e))?,
    };
    let metadata = file.metadata().map_err(|e| fault(&e))?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let mut text = Zeroizing::new(Vec::new());
    file.take(FILE_MAX)
        .read_to_end(&mut text)
        .map_err(|e| fault(&e))?;
    let text = Zeroizing::new(String::from_utf8_lossy(&text).into_owned());
    let found = find(&text, host, user);
    if found.is_some() && open_to_others(&metadata) {
        return Err(Error::local(format!(
            "{} holds a password and may be read by others",
            path.display()
        ))
        .hint("mend", format!("chmod 600 {}", quoted(path))));
    }
    Ok(found)
}

fn open_to_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    metadata.mode() & 0o077 != 0
}

/// The path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-+~".contains(c));
    if plain {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The first entry that fits.
fn find(text: &str, host: &str, user: Option<&str>) -> Option<Entry> {
    let mut found = None;
    let mut current: Option<(bool, Draft)> = None;
    let mut words = Words { rest: text };
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" | "default" => {
                found = found.or_else(|| finish(current.take(), user));
                let fits = word.as_str() == "default"
                    || words
                        .next()
                        .is_some_and(|name| name.eq_ignore_ascii_case(host));
                current = Some((fits, Draft::default()));
            }
            "login" => {
                let value = words.next();
                if let Some((_, draft)) = &mut current {
                    draft.user = value.map(|v| v.to_string());
                }
            }
            "password" => {
                let value = words.next();
                if let Some((_, draft)) = &mut current {
                    draft.password = value.map(|v| Secret::new(v.as_bytes()));
                }
            }
            "account" => {
                words.next();
            }
            // A macro runs up to an empty line.
            "macdef" => words.skip_macro(),
            _ => {}
        }
    }
    found.or_else(|| finish(current, user))
}

#[derive(Default)]
struct Draft {
    user: Option<String>,
    password: Option<Secret>,
}

fn finish(current: Option<(bool, Draft)>, wanted: Option<&str>) -> Option<Entry> {
    let (true, draft) = current? else {
        return None;
    };
    let other_user = match (wanted, &draft.user) {
        (Some(wanted), Some(user)) => wanted != user,
        _ => false,
    };
    if other_user {
        return None;
    }
    Some(Entry {
        user: draft.user,
        password: draft.password?,
    })
}

/// Words parted by blanks; a word in double quotes may hold blanks and `\` escapes; `#` at the
/// start of a word makes the rest of the line a comment.
struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn skip_macro(&mut self) {
        self.rest = self.rest.find("\n\n").map_or("", |at| &self.rest[at..]);
    }

    fn next(&mut self) -> Option<Zeroizing<String>> {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                break;
            }
            self.rest = self.rest.find('\n').map_or("", |at| &self.rest[at..]);
        }
        let mut word = Zeroizing::new(String::new());
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let mut chars = quoted.char_indices();
            self.rest = "";
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        self.rest = &quoted[at + 1..];
                        break;
                    }
                    '\\' => match chars.next() {
                        Some((_, 'n')) => word.push('\n'),
                        Some((_, 't')) => word.push('\t'),
                        Some((_, escaped)) => word.push(escaped),
                        None => break,
                    },
                    _ => word.push(c),
                }
            }
            return Some(word);
        }
        let end = self
            .rest
            .find(char::is_whitespace)
            .unwrap_or(self.rest.len());
        if end == 0 {
            return None;
        }
        word.push_str(&self.rest[..end]);
        self.rest = &self.rest[end..];
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const TEXT: &str = "# a comment\n\
        machine imap.example.org login alice password wonder#land\n\
        machine imap.example.org\n  login bob\n  password \"two words \\\"quoted\\\"\"\n\
        macdef init\ncd /pub\nmachine imap.example.org login evil password evil\n\n\
        machine nothing.example.org login carol\n\
        default login anyone password guest\n";

    fn password(host: &str, user: Option<&str>) -> Option<(Option<String>, Vec<u8>)> {
        find(TEXT, host, user).map(|e| (e.user, e.password.expose().to_vec()))
    }

    #[test]
    fn entries() {
        let alice = Some((Some("alice".to_owned()), b"wonder#land".to_vec()));
        assert_eq!(password("imap.example.org", None), alice);
        assert_eq!(password("IMAP.example.org", Some("alice")), alice);
        assert_eq!(
            password("imap.example.org", Some("bob")),
            Some((Some("bob".into()), b"two words \"quoted\"".to_vec()))
        );
        assert_eq!(
            password("other.example.org", None),
            Some((Some("anyone".into()), b"guest".to_vec()))
        );
        assert_eq!(password("other.example.org", Some("dave")), None);
        assert_eq!(find("machine a login b", "a", None), None);
        assert_eq!(find("machine", "a", None), None);
        assert_eq!(find("password \"x", "a", None), None);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_way_to_mend_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my netrc");
        write(&path, TEXT).unwrap();
        for mode in [0o640, 0o604, 0o660] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = entry(&path, "imap.example.org", None).unwrap_err();
            assert!(error.what.ends_with("may be read by others"), "{error}");
            assert_eq!(error.hints[0].1, format!("chmod 600 '{}'", path.display()));
            assert!(!error.to_string().contains("wonder"));
            // Nothing of it would be used: no reason to refuse.
            assert_eq!(entry(&path, "other.example.org", Some("dave")), Ok(None));
        }
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(entry(&path, "imap.example.org", None).unwrap().is_some());
        assert_eq!(entry(&folder.path().join("none"), "a", None), Ok(None));
    }
}
