//! Profiles: `[profile.NAME]` in the file, used as `ehlo @NAME`.
//!
//! A profile gives what the command line leaves open. It can say nothing that takes trust away:
//! neither `insecure` nor a password has a key.

use std::path::{Path, PathBuf};

use crate::cli::ValueEnum as _;

use super::file::Setting;
use crate::cli;

/// A key of a profile, what it takes and what it is for. Options of the file may stand there too.
pub const KEYS: &[(&str, &str, &str)] = &[
    ("target", "TARGET", "where to: as on the command line"),
    (
        "name",
        "TEXT",
        "the name ehlo says where it says EHLO itself",
    ),
    ("user", "TEXT", "user name"),
    (
        "password-command",
        "CMD",
        "password or token: first line that the command prints",
    ),
    (
        "login",
        "on|off|MECH",
        "log in at once, with the strongest mechanism or the one named",
    ),
    ("starttls", "on|off", "STARTTLS at once, or fail"),
    (
        "ca-file",
        "FILE",
        "trust the certificates in this PEM file instead of the system's",
    ),
    (
        "pin",
        "PIN",
        "trust a certificate with this fingerprint or key pin only (one, or a list)",
    ),
    ("sni", "TEXT", "name sent in the handshake"),
    ("expect-name", "TEXT", "name that the certificate must bear"),
    ("tls-min", "1.2|1.3", "lowest TLS version"),
    ("tls-max", "1.2|1.3", "highest TLS version"),
    ("cert", "FILE", "client certificate chain, PEM; needs key"),
    ("key", "FILE", "client key, PEM; needs cert"),
    ("timeout", "SECS", "time limit for each step"),
];

/// A profile.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The line it begins at.
    pub line: u32,
    /// What it says of the server, in the file's order; a list has one entry for each item.
    pub keys: Vec<Setting>,
    /// Options of its own.
    pub options: Vec<Setting>,
}

impl Profile {
    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        let found = self.keys.iter().find(|setting| setting.name == key);
        found.map(|setting| setting.value.as_str())
    }

    fn owned(&self, key: &str) -> Option<String> {
        self.value(key).map(str::to_owned)
    }

    /// Where to.
    pub fn target(&self) -> &str {
        self.value("target").unwrap_or_default()
    }

    /// Puts the profile's values where the command line says nothing. `password-command` is left to
    /// the order of the sources (`credentials`). Files are named from `folder`.
    pub fn fill(&self, folder: &Path, options: &mut cli::Connect) {
        let file = |key| self.value(key).map(|name| placed(folder, name));
        let version = |key| {
            let value = self.value(key)?;
            cli::TlsVersion::from_str(value, false).ok()
        };
        options.name = options.name.take().or_else(|| self.owned("name"));
        let login = &mut options.login;
        login.user = login.user.take().or_else(|| self.owned("user"));
        login.login = login.login.take().or_else(|| match self.value("login")? {
            "off" => None,
            "on" => Some(String::new()),
            mechanism => Some(mechanism.to_owned()),
        });
        let tls = &mut options.tls;
        tls.starttls |= self.value("starttls") == Some("on") && !tls.tls && !tls.no_tls;
        tls.ca_file = tls.ca_file.take().or_else(|| file("ca-file"));
        tls.sni = tls.sni.take().or_else(|| self.owned("sni"));
        tls.expect_name = tls.expect_name.take().or_else(|| self.owned("expect-name"));
        tls.tls_min = tls.tls_min.or_else(|| version("tls-min"));
        tls.tls_max = tls.tls_max.or_else(|| version("tls-max"));
        if tls.cert.is_none() {
            tls.cert = file("cert");
            tls.key = file("key");
        }
        if tls.pin.is_empty() {
            let pins = self.keys.iter().filter(|setting| setting.name == "pin");
            tls.pin = pins.map(|setting| setting.value.clone()).collect();
        }
        let timeout = self.value("timeout").and_then(|secs| secs.parse().ok());
        options.link.timeout = options.link.timeout.or(timeout);
    }
}

/// `~/` is the home, and what is relative begins at the configuration's folder.
fn placed(folder: &Path, name: &str) -> PathBuf {
    match (name.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.join(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::File;

    #[test]
    fn the_command_line_stands_above_the_profile() {
        let text = "[profile.work]\ntarget = \"imap://h\"\nuser = \"a\"\nname = \"me.test\"\n\
                    starttls = true\nca-file = \"ca.pem\"\npin = [\"x\", \"y\"]\ntls-min = \"1.3\"\n\
                    timeout = 1.5\nlogin = true\n";
        let file = File::read("config.toml", text).unwrap();
        let profile = &file.profiles[0];
        let mut options = cli::Connect::default();
        profile.fill(Path::new("/etc/x"), &mut options);
        assert_eq!(options.login.user.as_deref(), Some("a"));
        assert_eq!(options.login.login.as_deref(), Some(""));
        assert_eq!(
            options.tls.ca_file.as_deref(),
            Some(Path::new("/etc/x/ca.pem"))
        );
        assert_eq!(options.tls.pin, ["x", "y"]);
        assert_eq!(options.tls.tls_min, Some(cli::TlsVersion::V13));
        assert_eq!(options.link.timeout, Some(1.5));
        assert!(options.tls.starttls);

        let mut options = cli::Connect::default();
        options.login.user = Some("b".into());
        options.tls.no_tls = true;
        options.tls.ca_file = Some("other.pem".into());
        options.tls.pin = vec!["z".into()];
        profile.fill(Path::new("/etc/x"), &mut options);
        assert_eq!(options.login.user.as_deref(), Some("b"));
        assert_eq!(options.tls.ca_file.as_deref(), Some(Path::new("other.pem")));
        assert_eq!(options.tls.pin, ["z"]);
        assert!(!options.tls.starttls);
    }
}
