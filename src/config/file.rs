//! The configuration file: where it lies, who may write it, what it says.
//!
//! It may name commands to run, so a file that others can write is refused, as ssh does.

use std::fs;
use std::io::ErrorKind;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::profile::Profile;
use crate::error::{Error, Kind, Result};
use crate::ui::diag::Diag;
use crate::ui::{look, meant, out};

/// The longest file that is read, in octets.
const LONGEST: u64 = 1024 * 1024;

/// A key with its value and place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key.
    pub name: &'static str,
    /// The value: words as they stand, switches as `on` and `off`, numbers as digits.
    pub value: String,
    /// The line.
    pub line: u32,
}

/// What a configuration file says.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Where it lies, or would lie; `None` where there is no home.
    pub path: Option<PathBuf>,
    /// True when it is there.
    pub exists: bool,
    /// Options at its top.
    pub options: Vec<Setting>,
    /// Profiles.
    pub profiles: Vec<Profile>,
}

impl File {
    /// Reads the user's file; it need not exist.
    ///
    /// # Errors
    /// `Local`. What is wrong inside the file is drawn on standard error first.
    pub fn load() -> Result<Self> {
        let Some(path) = look::config_folder().map(|folder| folder.join("config.toml")) else {
            return Ok(Self::default());
        };
        let name = path.display().to_string().escape_debug().to_string();
        let doing = |error: Error| error.doing(format!("reading {name}"));
        let Some(text) = text(&path).map_err(doing)? else {
            return Ok(Self {
                path: Some(path),
                ..Self::default()
            });
        };
        let mut file = Self::read(&name, &text).map_err(|diag| shown(&diag))?;
        file.path = Some(path);
        file.exists = true;
        Ok(file)
    }

    /// Reads the text of a file called `name`.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(name: &str, text: &str) -> Result<Self, Box<Diag>> {
        super::read::file(name, text)
    }

    /// The profile of a name.
    ///
    /// # Errors
    /// `Usage`, with what is known and what was perhaps meant.
    pub fn profile(&self, name: &str) -> Result<&Profile> {
        if let Some(found) = self.profiles.iter().find(|profile| profile.name == name) {
            return Ok(found);
        }
        let error = Error::usage(format!("there is no profile \"{}\"", name.escape_debug()));
        let path = || {
            let path = self
                .path
                .as_deref()
                .unwrap_or_else(|| Path::new("config.toml"));
            path.display().to_string().escape_debug().to_string()
        };
        if !self.exists {
            return Err(error.hint("because", format!("{} does not exist", path())));
        }
        let names = || self.profiles.iter().map(|profile| profile.name.as_str());
        if let Some(meant) = meant::nearest(name, names()) {
            return Err(error.hint("meant", format!("@{meant} ?")));
        }
        if self.profiles.is_empty() {
            return Err(error.hint("because", format!("{} holds none", path())));
        }
        Err(error.hint("known", names().collect::<Vec<_>>().join(" ")))
    }

    /// The folder it lies in.
    pub fn folder(&self) -> &Path {
        let folder = self.path.as_deref().and_then(Path::parent);
        folder.unwrap_or_else(|| Path::new(""))
    }
}

/// The text, if there is a file.
fn text(path: &Path) -> Result<Option<String>> {
    let local = |e: std::io::Error| Error::local(e.to_string());
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(e) => return Err(local(e)),
    };
    if !about.is_file() {
        return Err(Error::local("this is no file"));
    }
    if about.permissions().mode() & 0o022 != 0 {
        return Err(
            Error::local("others may write this file, and it can name commands to run")
                .hint("mend", format!("chmod go-w '{}'", path.display())),
        );
    }
    if ![0, rustix::process::geteuid().as_raw()].contains(&about.uid()) {
        return Err(Error::local("this file belongs to another user"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(local)?;
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(local)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::local("the file is longer than 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        Error::local(format!("line {line}: this is not UTF-8"))
    })?;
    Ok(Some(text))
}

/// Draws a diagnostic on standard error; what is left is the exit code.
fn shown(diag: &Diag) -> Error {
    use std::io::IsTerminal as _;

    let look = look::decide(crate::cli::When::Auto, std::io::stderr().is_terminal());
    for line in diag.lines(&look) {
        out::complain(&line.render(&look));
    }
    Error::silent(Kind::Local)
}
