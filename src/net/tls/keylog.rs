//! `--keylog FILE`: the session keys, for a sniffer to read along. Only on demand, never because an
//! environment variable happens to be set, and for the owner's eyes only.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Mutex;

use tokio_rustls::rustls::KeyLog;

use crate::error::Error;

pub(super) struct KeyFile(Mutex<File>);

impl KeyFile {
    /// Opens the file to append to, with mode 0600 even when it was there before.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        let fault = |e| Error::local(format!("cannot write the key log {shown}: {e}"));
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(fault)?;
        let meta = file.metadata().map_err(fault)?;
        if meta.is_file() && meta.permissions().mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))
                .map_err(fault)?;
        }
        Ok(Self(Mutex::new(file)))
    }
}

impl KeyLog for KeyFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |octets: &[u8]| {
            octets
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect::<String>()
        };
        let line = format!("{label} {} {}\n", hex(client_random), hex(secret));
        if let Ok(mut file) = self.0.lock() {
            // A handshake cannot be ended from here; a sniffer will miss the line and say so.
            let _ = file.write_all(line.as_bytes());
        }
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFile")
    }
}
