//! Files that are nobody else's business: whole or not at all, 0600, in folders of 0700.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Writes a file by way of another beside it: a reader sees all of it or none.
///
/// # Errors
/// `Local`, when the folder is missing, full or not ours to write in.
pub fn write_whole(path: &Path, text: &[u8]) -> Result<()> {
    let failed = |e: std::io::Error| {
        let doing = format!("writing {}", path.display().to_string().escape_debug());
        Error::local(e.to_string()).doing(doing)
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    // What an ended process of our number left behind.
    let _ = fs::remove_file(&beside);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|e| {
        let _ = fs::remove_file(&beside);
        failed(e)
    })
}

/// Opens a log for appending. True beside it when it is of JSON lines.
///
/// # Errors
/// `Local`, with the file's name.
pub fn open_log(path: &Path) -> Result<(File, bool)> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| {
            let name = path.display().to_string();
            Error::local(format!("{}: {e}", name.escape_debug())).doing("opening the log")
        })?;
    Ok((file, path.extension().is_some_and(|e| e == "jsonl")))
}

/// The user's runtime folder for this program: under `$XDG_RUNTIME_DIR`, else under the system's
/// temporary folder, with the user's number in its name.
///
/// # Errors
/// `Local` when it cannot be made or belongs to somebody else.
pub fn runtime_folder() -> Result<PathBuf> {
    let given = std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| Path::new(dir).is_absolute());
    let user = rustix::process::getuid().as_raw();
    let folder = match given {
        Some(dir) => PathBuf::from(dir).join("ehlo"),
        None => std::env::temp_dir().join(format!("ehlo-{user}")),
    };
    let doing = format!("making the folder {}", folder.display());
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Error::local(e.to_string()).doing(doing));
        }
        _ => {}
    }
    // In a folder that anybody may write to, somebody may have been faster.
    let found =
        fs::symlink_metadata(&folder).map_err(|e| Error::local(e.to_string()).doing(&doing))?;
    if !found.is_dir() || found.uid() != user {
        return Err(Error::local("it is there and belongs to somebody else")
            .doing(doing)
            .hint("try", "--ca-out FILE"));
    }
    Ok(folder)
}

/// A file that tells others about a server; removed when the server ends.
#[derive(Debug)]
pub struct Announced {
    path: PathBuf,
    ours: bool,
}

impl Announced {
    /// Writes the file complete or not at all, readable by its owner alone. `ours`: it goes with us.
    ///
    /// # Errors
    /// As `write_whole`.
    pub fn write(path: PathBuf, text: &[u8], ours: bool) -> Result<Self> {
        write_whole(&path, text)?;
        Ok(Self { path, ours })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        if self.ours {
            // Gone already is as good.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_private_and_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(write_whole(&dir.path().join("no/file"), b"x").is_err());
    }
}
