//! Where a password or token comes from. Never from the command line, which others can read.
//!
//! In this order, the first that is given decides, and one that fails is an error, not a reason to
//! try the next:
//! 1. `--ask-password`: a hidden question on the terminal;
//! 2. `--password-command CMD`: the first line that `sh -c CMD` prints;
//! 3. `--password-fd N`: the first line from that file descriptor;
//! 4. `EHLO_PASSWORD`;
//! 5. the profile's `password-command`;
//! 6. `.netrc`, by host and user;
//! 7. a hidden question, where there is somebody to ask.
//!
//! A command is run anew for every login, so that it may refresh a token; the rest is kept.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::netrc;
use crate::wire::secret::Secret;

/// The variable that may hold the password.
pub const VARIABLE: &str = crate::wire::secret::PASSWORD_VARIABLE;

/// The longest secret, in octets: tokens reach some kilobytes.
const SECRET_MAX: usize = 64 * 1024;

/// How long a password command may take, which may ask a person: unless `--timeout` says so.
pub const COMMAND_PATIENCE: Duration = Duration::from_secs(300);

/// Between two looks whether a command that closed its output has ended.
const BETWEEN: Duration = Duration::from_millis(2);

/// Where a secret may come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Ask, even when it could be found elsewhere.
    pub ask: bool,
    /// `--password-command`.
    pub command: Option<String>,
    /// `--password-fd`.
    pub fd: Option<i32>,
    /// The value of `EHLO_PASSWORD`.
    pub environment: Option<Secret>,
    /// The profile's `password-command`.
    pub profile_command: Option<String>,
    /// The `.netrc` to look into.
    pub netrc: Option<PathBuf>,
    /// The host to look for in it.
    pub host: String,
    /// How long a command may take; `None` is `COMMAND_PATIENCE`.
    pub patience: Option<Duration>,
}

impl Sources {
    /// What the environment gives: `EHLO_PASSWORD` and the place of `.netrc`.
    pub fn from_environment(host: impl Into<String>) -> Self {
        use std::os::unix::ffi::OsStringExt;

        let value = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
        Self {
            environment: value.map(|value| Secret::new(value.into_vec())),
            netrc: netrc::place(),
            host: host.into(),
            ..Self::default()
        }
    }
}

/// Where a secret came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody typed it.
    Typed,
    /// `--password-command`.
    Command,
    /// `--password-fd`.
    Descriptor,
    /// `EHLO_PASSWORD`.
    Environment,
    /// The profile's command.
    Profile,
    /// `.netrc`.
    Netrc,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Typed => "typed",
            Self::Command => "from --password-command",
            Self::Descriptor => "from --password-fd",
            Self::Environment => "from EHLO_PASSWORD",
            Self::Profile => "from the profile's password-command",
            Self::Netrc => "from .netrc",
        })
    }
}

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The secret.
    pub secret: Secret,
    /// The user that `.netrc` names beside it.
    pub user: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// Finds secrets and keeps those that can be had only once.
#[derive(Clone, Debug, Default)]
pub struct Keeper {
    sources: Sources,
    /// For whom, and what.
    kept: Option<(Option<String>, Found)>,
}

impl Keeper {
    /// A keeper that has asked nobody yet.
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            kept: None,
        }
    }

    /// A keeper for another host, to which nothing of this one's goes: what was found or typed, the
    /// profile's command, the descriptor that was read. What is for whoever logs in stays.
    pub fn for_host(&self, host: impl Into<String>) -> Self {
        Self::new(Sources {
            host: host.into(),
            profile_command: None,
            fd: None,
            ..self.sources.clone()
        })
    }

    /// Reads a descriptor now. It may be standard input, whose other lines are a batch's.
    ///
    /// # Errors
    /// As `find`.
    pub fn read_ahead(&mut self) -> Result<()> {
        if self.sources.fd.is_some() && self.sources.command.is_none() {
            self.find(None)?;
        }
        Ok(())
    }

    /// The secret for a user, without asking anybody; `None` when a question is all that is left.
    ///
    /// # Errors
    /// When the source that was named fails: the command, the descriptor, the file.
    pub fn find(&mut self, user: Option<&str>) -> Result<Option<Found>> {
        if let Some((whose, found)) = &self.kept
            // A descriptor can be read once, and is for whoever logs in.
            && (whose.as_deref() == user || user.is_none() || found.origin == Origin::Descriptor)
        {
            return Ok(Some(found.clone()));
        }
        let sources = &self.sources;
        let patience = sources.patience.unwrap_or(COMMAND_PATIENCE);
        if sources.ask {
            return Ok(None);
        }
        let plain = |secret, origin| Found {
            secret,
            user: None,
            origin,
        };
        if let Some(command) = &sources.command {
            return Ok(Some(plain(
                from_command(command, patience)?,
                Origin::Command,
            )));
        }
        let found = if let Some(fd) = sources.fd {
            Some(plain(from_descriptor(fd)?, Origin::Descriptor))
        } else if let Some(secret) = &sources.environment {
            Some(plain(secret.clone(), Origin::Environment))
        } else if let Some(command) = &sources.profile_command {
            return Ok(Some(plain(
                from_command(command, patience)?,
                Origin::Profile,
            )));
        } else if let (Some(path), false) = (&sources.netrc, sources.host.is_empty()) {
            netrc::entry(path, &sources.host, user)?.map(|entry| Found {
                secret: entry.password,
                user: entry.user,
                origin: Origin::Netrc,
            })
        } else {
            None
        };
        if let Some(found) = &found {
            let whose = user.map(str::to_owned).or_else(|| found.user.clone());
            self.kept = Some((whose, found.clone()));
        }
        Ok(found)
    }

    /// The user that `.netrc` names for the host, where the password would come from there too.
    ///
    /// # Errors
    /// When the file cannot be read, or may be read by others.
    pub fn user(&self) -> Result<Option<String>> {
        let sources = &self.sources;
        let elsewhere = sources.ask
            || sources.command.is_some()
            || sources.fd.is_some()
            || sources.environment.is_some()
            || sources.profile_command.is_some();
        match &sources.netrc {
            Some(path) if !elsewhere && !sources.host.is_empty() => {
                Ok(netrc::entry(path, &sources.host, None)?.and_then(|entry| entry.user))
            }
            _ => Ok(None),
        }
    }

    /// The secret for a user; `ask` is put the question when no source has it.
    ///
    /// # Errors
    /// As `find`, and what `ask` gives.
    pub fn secret(
        &mut self,
        user: Option<&str>,
        question: &str,
        ask: &mut dyn FnMut(&str) -> Result<Secret>,
    ) -> Result<Found> {
        if let Some(found) = self.find(user)? {
            return Ok(found);
        }
        let found = Found {
            secret: ask(question)?,
            user: None,
            origin: Origin::Typed,
        };
        self.kept = Some((user.map(str::to_owned), found.clone()));
        Ok(found)
    }
}

/// The first line that `sh -c command` prints.
///
/// # Errors
/// When it cannot be started, fails (its exit status is reported), prints nothing, or takes longer
/// than `patience`.
pub fn from_command(command: &str, patience: Duration) -> Result<Secret> {
    let fault = |e: io::Error| Error::local(format!("the password command: {e}"));
    let end = Instant::now() + patience;
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .env_remove(VARIABLE)
        .spawn()
        .map_err(fault)?;
    let (done, printed) = channel();
    if let Some(out) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut printed = Zeroizing::new(Vec::with_capacity(4096));
            let mut limited = out.take(SECRET_MAX as u64 + 2);
            let outcome = limited.read_to_end(&mut printed).map(|_| printed);
            // Nobody waits any more when it took too long.
            let _ = done.send(outcome);
        });
    }
    let too_long = |child: &mut Child| {
        let _ = child.kill();
        let _ = child.wait();
        let text = format!(
            "the password command was not done within {} s",
            patience.as_secs_f64()
        );
        Error::local(text).hint("longer", "--timeout SECS")
    };
    let printed = match printed.recv_timeout(patience) {
        Ok(outcome) => outcome.map_err(fault)?,
        Err(_) => return Err(too_long(&mut child)),
    };
    // The pipe is closed by now: a command that prints without end meets SIGPIPE.
    let status = loop {
        match child.try_wait().map_err(fault)? {
            Some(status) => break status,
            None if Instant::now() >= end => return Err(too_long(&mut child)),
            None => std::thread::sleep(BETWEEN),
        }
    };
    let line = first_line(&printed);
    let cut_off = printed.len() > SECRET_MAX;
    if !status.success() && !cut_off {
        return Err(Error::local(format!(
            "the password command failed: {status}"
        )));
    }
    checked(line, "the password command printed")
}

/// The first line from a file descriptor, read octet by octet: what follows is left for others.
///
/// # Errors
/// When it is not open for reading, or gives nothing.
pub fn from_descriptor(fd: i32) -> Result<Secret> {
    let fault = |e: &dyn fmt::Display| Error::local(format!("--password-fd {fd}: {e}"));
    let mut line = Zeroizing::new(Vec::with_capacity(4096));
    // Standard input is read past its buffer, and never opened anew: a batch goes on behind.
    let mut file = match fd {
        0 => None,
        _ => match File::open(format!("/dev/fd/{fd}")) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(fault(&"it is not open for reading"));
            }
            opened => Some(opened.map_err(|e| fault(&e))?),
        },
    };
    while line.len() <= SECRET_MAX {
        let mut octet = [0];
        let read = match &mut file {
            Some(file) => file.read(&mut octet),
            None => rustix::io::read(rustix::stdio::stdin(), &mut octet).map_err(Into::into),
        };
        match read {
            Ok(0) => break,
            Ok(_) if octet[0] == b'\n' => break,
            Ok(_) => line.push(octet[0]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(fault(&e)),
        }
    }
    checked(first_line(&line), &format!("--password-fd {fd} gave"))
}

/// Up to the first LF, without the CR before it.
fn first_line(text: &[u8]) -> &[u8] {
    let line = text.split(|&b| b == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn checked(line: &[u8], whence: &str) -> Result<Secret> {
    if line.is_empty() {
        return Err(Error::local(format!("{whence} nothing on its first line")));
    }
    if line.len() > SECRET_MAX {
        return Err(Error::local(format!(
            "{whence} a first line of more than {SECRET_MAX} octets"
        )));
    }
    Ok(Secret::new(line))
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions, write};
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn nobody(_: &str) -> Result<Secret> {
        panic!("asked");
    }

    #[test]
    fn commands_give_their_first_line() {
        let line = |command| from_command(command, COMMAND_PATIENCE).map(|s| s.expose().to_vec());
        assert_eq!(
            line("printf 'wonder land\\r\\nmore'"),
            Ok(b"wonder land".to_vec())
        );
        assert_eq!(line("echo ' x '"), Ok(b" x ".to_vec()));
        let error = from_command("echo secret; exit 3", COMMAND_PATIENCE).unwrap_err();
        assert_eq!(error.what, "the password command failed: exit status: 3");
        assert!(
            from_command("true", COMMAND_PATIENCE)
                .unwrap_err()
                .what
                .contains("nothing")
        );
        let endless = from_command("yes | tr -d '\\n'", COMMAND_PATIENCE).unwrap_err();
        assert!(endless.what.contains("more than"), "{endless}");
        // It reads nothing of a batch's input.
        assert!(
            from_command("cat", COMMAND_PATIENCE)
                .unwrap_err()
                .what
                .contains("nothing")
        );
    }

    #[test]
    fn descriptors_give_their_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write(&path, "wonderland\nnext\n").unwrap();
        let file = File::open(&path).unwrap();
        let secret = from_descriptor(file.as_raw_fd()).unwrap();
        assert_eq!(secret.expose(), b"wonderland");
        assert!(from_descriptor(9999).is_err());
    }

    #[test]
    fn the_order_of_sources() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("netrc");
        write(&path, "machine mail.test login alice password from-netrc").unwrap();
        set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let mut sources = Sources {
            ask: true,
            command: Some("echo from-command".into()),
            environment: Some(Secret::new("from-environment")),
            profile_command: Some("echo from-profile".into()),
            netrc: Some(path),
            host: "mail.test".into(),
            ..Sources::default()
        };
        let mut typed = |question: &str| {
            assert_eq!(question, "password: ");
            Ok(Secret::new("typed"))
        };
        let mut next = |sources: &Sources| {
            let found = Keeper::new(sources.clone()).secret(None, "password: ", &mut typed);
            let found = found.unwrap();
            (
                String::from_utf8(found.secret.expose().to_vec()).unwrap(),
                found.user,
            )
        };
        assert_eq!(next(&sources).0, "typed");
        sources.ask = false;
        assert_eq!(next(&sources).0, "from-command");
        sources.command = None;
        assert_eq!(next(&sources).0, "from-environment");
        sources.environment = None;
        assert_eq!(next(&sources).0, "from-profile");
        sources.profile_command = None;
        assert_eq!(next(&sources), ("from-netrc".into(), Some("alice".into())));
        let user = |sources: &Sources| Keeper::new(sources.clone()).user().unwrap();
        assert_eq!(user(&sources).as_deref(), Some("alice"));
        sources.environment = Some(Secret::new("x"));
        assert_eq!(user(&sources), None, "the password is for somebody else");
        sources.environment = None;
        sources.host = "elsewhere.test".into();
        assert_eq!(next(&sources).0, "typed");
    }

    #[test]
    fn another_host_gets_nothing_of_this_one() {
        let mut keeper = Keeper::new(Sources {
            fd: Some(9999),
            profile_command: Some("echo from-profile".into()),
            host: "mail.test".into(),
            ..Sources::default()
        });
        keeper.kept = Some((
            Some("alice".into()),
            Found {
                secret: Secret::new("typed"),
                user: None,
                origin: Origin::Typed,
            },
        ));
        let mut other = keeper.for_host("other.test");
        assert_eq!(other.find(Some("alice")), Ok(None));
        assert_eq!(other.sources.host, "other.test");
    }

    #[test]
    fn commands_run_anew_and_the_rest_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let command = format!("echo x >> {0}; wc -l < {0}", count.display());
        let mut keeper = Keeper::new(Sources {
            command: Some(command),
            ..Sources::default()
        });
        for expected in ["1", "2"] {
            let found = keeper.secret(None, "", &mut nobody).unwrap();
            assert_eq!(found.secret.expose().trim_ascii(), expected.as_bytes());
        }
        let mut keeper = Keeper::default();
        let mut typed = |_: &str| Ok(Secret::new("typed"));
        keeper.secret(Some("alice"), "", &mut typed).unwrap();
        let again = keeper.secret(Some("alice"), "", &mut nobody).unwrap();
        assert_eq!(again.origin, Origin::Typed);
        assert_eq!(
            keeper.find(Some("bob")),
            Ok(None),
            "another user's is not given away"
        );
    }
}
