//! The person's own editor, for a message or a long command.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::Command;

use crate::error::{Error, Result};
use crate::wire::secret::PASSWORD_VARIABLE;

/// What an edited text may be at most.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Lets the person edit `text` in `$VISUAL`, `$EDITOR` or vi. The file is private and removed.
///
/// # Errors
/// `Local` when the editor fails or says so by its exit status.
pub fn edit(text: &str) -> Result<String> {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|editor| !editor.trim().is_empty())
        .unwrap_or_else(|| "vi".to_owned());
    let path = std::env::temp_dir().join(format!(
        "ehlo-{}-{}.eml",
        std::process::id(),
        crate::entropy::token()
    ));
    let failed = |e: std::io::Error| Error::local(format!("{}: {e}", path.display()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    drop(file);
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("sh")
        .arg(&path)
        .env_remove(PASSWORD_VARIABLE)
        .status();
    let outcome = match status {
        Ok(status) if status.success() => {
            let file = std::fs::File::open(&path).map_err(failed)?;
            let mut text = String::new();
            file.take(LARGEST)
                .read_to_string(&mut text)
                .map(|_| text)
                .map_err(failed)
        }
        Ok(status) => Err(Error::local(format!("{editor} ended with {status}"))),
        Err(e) => Err(Error::local(format!("{editor}: {e}"))),
    };
    let _ = std::fs::remove_file(&path);
    outcome
}

/// Names of files that begin as `typed` does, folders with a slash; at most a hundred.
pub fn files(typed: &str) -> Vec<String> {
    let (folder, begun) = typed
        .rsplit_once('/')
        .map_or(("", typed), |(f, b)| (&typed[..=f.len()], b));
    let place = if folder.is_empty() { "." } else { folder };
    let Ok(entries) = std::fs::read_dir(place) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .take(10_000)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !begun.starts_with('.');
            if hidden || !name.starts_with(begun) || name.chars().any(char::is_control) {
                return None;
            }
            let slash = if entry.path().is_dir() { "/" } else { "" };
            Some(format!("{folder}{name}{slash}"))
        })
        .collect();
    names.sort();
    names.truncate(100);
    names
}
