//! A server of a run: the way there, TLS, and who logs in. Checked before anything is sent.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::link::Way;
use crate::bounded;
use crate::cli;
use crate::credentials::{Keeper, Sources};
use crate::error::{Error, Result};
use crate::how;
use crate::net::dial::{self, DialOptions};
use crate::net::tls::{TlsPlan, warm_up};
use crate::prompt;
use crate::proto::TlsMode;
use crate::target::{self, Place};
use crate::wire::secret::Secret;

/// Messages a second to a server elsewhere, unless more is asked for.
pub(super) const MODEST: f64 = 10.0;
/// How long a reply may take (RFC 5321 4.5.3.2 has ten minutes for the longest).
const PATIENCE: Duration = Duration::from_secs(300);
/// The largest list of accounts or recipients.
const LIST: u64 = 64 * 1024 * 1024;

/// Where to, and how.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) way: Way,
    pub(super) dial: DialOptions,
    /// As the person named it.
    pub(super) target: String,
    /// "smtp", "lmtp", "imap" or "pop3".
    pub(super) protocol: &'static str,
    pub(super) host: String,
    pub(super) port: u16,
    /// It is on this machine.
    pub(super) local: bool,
    pub(super) implicit: bool,
    pub(super) starttls: bool,
    /// Tries to connect before it counts as failed.
    pub(super) tries: u32,
    pub(super) tls: Option<TlsPlan>,
    pub(super) patience: Duration,
    pub(super) mechanism: Option<String>,
    pub(super) clear_credentials: bool,
    pub(super) accounts: Vec<(String, Secret)>,
}

impl Server {
    /// Reads where `text` leads, and makes sure that it may be loaded.
    ///
    /// # Errors
    /// `Usage` for what cannot be or must not be, `Connect` for a host without address, `Local` for
    /// files.
    pub(super) async fn new(text: &str, options: &cli::Load, can_ask: bool) -> Result<Self> {
        // smtp-source's word for what a target is anyway.
        let target = target::parse(text.strip_prefix("inet:").unwrap_or(text), None)?;
        let protocol = target.protocol.map_or("smtp", |p| p.name);
        let protocol = if options.lmtp && protocol == "smtp" {
            "lmtp"
        } else {
            protocol
        };
        let mut dial = how::dial(&options.link, false)?;
        dial.window = options.window;
        dial.reset = true;
        dial.stamps = true;
        let (way, host, port, local) = match &target.place {
            Place::Tcp { host, port } => {
                let addrs = dial::addresses(host, *port, &dial).await?;
                let here = |ip: IpAddr| ip.to_canonical().is_loopback();
                let local = addrs.iter().all(|addr| here(addr.ip()));
                (Way::Tcp(addrs), host.clone(), *port, local)
            }
            Place::Unix(path) => (Way::Unix(path.clone()), "localhost".into(), 0, true),
            Place::Exec(_) | Place::Practice => {
                return Err(Error::usage("load needs a server that many can connect to")
                    .hint("such as", "smtp://localhost:2025, or unix:PATH"));
            }
        };
        dial.resolve.clear();
        if !local {
            may_load(&host, options, can_ask)?;
        }
        let implicit = !options.tls.no_tls && (options.tls.tls || target.tls == TlsMode::Implicit);
        let secured = implicit || options.tls.starttls;
        let tls = secured
            .then(|| {
                let mut tls = how::tls(&options.tls)?;
                tls.resume = options.resume;
                warm_up(&tls);
                let name = matches!(target.place, Place::Tcp { .. }).then_some(&*host);
                TlsPlan::new(name, &tls)
            })
            .transpose()?;
        Ok(Self {
            way,
            dial,
            target: text.to_owned(),
            protocol,
            local,
            implicit,
            starttls: options.tls.starttls && !implicit,
            tries: options.tries,
            tls,
            patience: options
                .link
                .timeout
                .map_or(PATIENCE, Duration::from_secs_f64),
            mechanism: how::mechanism(&options.login)?.filter(|name| !name.is_empty()),
            clear_credentials: options.login.allow_cleartext_auth,
            accounts: accounts(options, target.user, &host)?,
            host,
            port,
        })
    }

    /// Who logs in on session `session`.
    pub(super) fn account(&self, session: usize) -> Option<(&str, &Secret)> {
        let at = session.checked_rem(self.accounts.len())?;
        self.accounts
            .get(at)
            .map(|(user, secret)| (&**user, secret))
    }
}

/// Nobody loads somebody else's server by mistake.
fn may_load(host: &str, options: &cli::Load, can_ask: bool) -> Result<()> {
    let named = &options.yes_load;
    if named.iter().any(|name| name.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    if !named.is_empty() {
        return Err(Error::usage(format!(
            "--yes-load names {}, but the target is {host}",
            named.join(" and ")
        )));
    }
    if can_ask {
        let question = format!(
            "{host} is not this machine. {} sessions will ask it {} times a second.\n\
             Type its name if it is yours to load: ",
            options.sessions,
            options.rate.unwrap_or(MODEST)
        );
        if prompt::line(&question)?.trim().eq_ignore_ascii_case(host) {
            return Ok(());
        }
        return Err(Error::usage(format!("{host} is not loaded")));
    }
    Err(Error::usage(format!(
        "{host} is not this machine, and load is no attack tool"
    ))
    .hint("say", format!("--yes-load {host} if that server is yours")))
}

fn accounts(
    options: &cli::Load,
    user: Option<String>,
    host: &str,
) -> Result<Vec<(String, Secret)>> {
    if let Some(path) = &options.accounts {
        let mut all = Vec::new();
        for (at, line) in lines(path)?.iter().enumerate() {
            let Some((user, secret)) = line.split_once(',').filter(|(user, _)| !user.is_empty())
            else {
                return Err(Error::local(format!(
                    "{} line {}: not name,password",
                    path.display(),
                    at + 1
                )));
            };
            all.push((user.to_owned(), Secret::new(secret)));
        }
        return Ok(all);
    }
    let login = &options.login;
    let Some(user) = login.user.clone().or(user) else {
        if login.login.is_some() {
            return Err(Error::usage("--login needs --user NAME or --accounts CSV"));
        }
        return Ok(Vec::new());
    };
    let mut keeper = Keeper::new(Sources {
        ask: login.ask_password,
        command: login.password_command.clone(),
        fd: login.password_fd,
        ..Sources::from_environment(host)
    });
    let found = keeper.secret(Some(&user), "Password: ", &mut |question| {
        prompt::hidden(question)
    })?;
    Ok(vec![(user, found.secret)])
}

/// The lines of a file that hold something.
pub(super) fn lines(path: &Path) -> Result<Vec<String>> {
    let failed = |e: &dyn std::fmt::Display| Error::local(format!("{}: {e}", path.display()));
    let text = bounded::read_text(path, LIST).map_err(|e| failed(&e))?;
    let all: Vec<String> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(str::to_owned)
        .collect();
    if all.is_empty() {
        return Err(failed(&"nothing in it"));
    }
    Ok(all)
}
