//! Rights that are given up once the port is open: another user, another root.
//!
//! Rules: all or nothing, and before anything of a client is read. One thread runs the sink, so what
//! is given up for it is given up for all.

use std::path::PathBuf;

use rustix::process::{Gid, Uid};
use rustix::process::{chdir, chroot};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::cli;
use crate::error::{Error, Result};

/// Who the sink goes on as, looked up before the root changes.
pub(super) struct Identity {
    user: Option<(String, Uid, Gid)>,
    root: Option<PathBuf>,
}

/// Reads the options.
///
/// # Errors
/// `Local` for a user whom /etc/passwd does not know.
pub(super) fn identity(options: &cli::Sink) -> Result<Identity> {
    let user = options.run_as.as_deref().map(user).transpose()?;
    Ok(Identity {
        user,
        root: options.chroot.clone(),
    })
}

fn user(name: &str) -> Result<(String, Uid, Gid)> {
    let shown = name.escape_debug();
    let file = std::fs::read_to_string("/etc/passwd")
        .map_err(|e| Error::local(format!("/etc/passwd: {e}")))?;
    let found = file.lines().find_map(|line| {
        let mut fields = line.split(':');
        let known = fields.next()? == name;
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        known.then_some((uid, gid))
    });
    let (uid, gid): (u32, u32) =
        found.ok_or_else(|| Error::local(format!("/etc/passwd has no user \"{shown}\"")))?;
    Ok((name.to_owned(), Uid::from_raw(uid), Gid::from_raw(gid)))
}

impl Identity {
    /// Becomes who was asked for.
    ///
    /// # Errors
    /// `Local` when the system does not allow it.
    pub(super) fn take(&self) -> Result<()> {
        if let Some(root) = &self.root {
            chroot(root).and_then(|()| chdir("/")).map_err(|e| {
                let shown = root.display().to_string();
                Error::local(format!("the root cannot be {}: {e}", shown.escape_debug()))
            })?;
        }
        if let Some((name, uid, gid)) = &self.user {
            set_thread_groups(&[*gid])
                .and_then(|()| set_thread_gid(*gid))
                .and_then(|()| set_thread_uid(*uid))
                .map_err(|e| {
                    let shown = name.escape_debug();
                    Error::local(format!("cannot go on as user \"{shown}\": {e}"))
                })?;
        }
        Ok(())
    }
}
