//! What a run is to be, read from the options and checked before anything is sent.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::client::Way;
use super::message::{self, Header, Message};
use crate::cli;
use crate::credentials::{Keeper, Sources};
use crate::error::{Error, Result};
use crate::how;
use crate::net::dial::{self, DialOptions};
use crate::net::tls::TlsPlan;
use crate::prompt;
use crate::proto::TlsMode;
use crate::target::{self, Place};
use crate::wire::secret::Secret;

/// Messages a second to a server elsewhere, unless more is asked for.
const MODEST: f64 = 10.0;
/// Octets of a body.
const LENGTH: usize = 5120;
/// How long a reply may take (RFC 5321 4.5.3.2 has ten minutes for the longest).
const PATIENCE: Duration = Duration::from_secs(300);
/// The largest list of accounts or recipients.
const LIST: u64 = 64 * 1024 * 1024;

/// Between the messages of a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pause {
    None,
    Fixed(Duration),
    Random(Duration),
}

/// Everything a session needs to know.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) way: Way,
    pub(super) dial: DialOptions,
    /// As the person named it.
    pub(super) target: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// The server is on this machine.
    pub(super) local: bool,
    pub(super) lmtp: bool,
    pub(super) implicit: bool,
    pub(super) starttls: bool,
    pub(super) tls: Option<TlsPlan>,
    pub(super) name: String,
    pub(super) run_id: String,
    pub(super) sessions: usize,
    pub(super) messages: Option<u64>,
    pub(super) duration: Option<Duration>,
    pub(super) rate: Option<f64>,
    pub(super) ramp: Duration,
    pub(super) pause: Pause,
    pub(super) seed: u64,
    pub(super) per_connection: u64,
    pub(super) pipelining: bool,
    pub(super) chunking: bool,
    pub(super) sender: String,
    to: String,
    pub(super) listed: Vec<String>,
    pub(super) recipients: u64,
    pub(super) numbered: bool,
    pub(super) max_errors: Option<u64>,
    pub(super) patience: Duration,
    pub(super) mechanism: Option<String>,
    pub(super) clear_credentials: bool,
    accounts: Vec<(String, Secret)>,
    pool: Vec<Message>,
}

impl Plan {
    /// Reads the options.
    ///
    /// # Errors
    /// `Usage` for what cannot be or must not be, `Connect` for a host without address, `Local` for
    /// files.
    pub(super) async fn new(options: &cli::Load, can_ask: bool) -> Result<Self> {
        let text = options.target.as_deref().unwrap_or_default();
        let target = target::parse(text, None)?;
        let protocol = target.protocol.map_or("smtp", |p| p.name);
        if !matches!(protocol, "smtp" | "lmtp") {
            return Err(Error::usage(format!("load does not speak {protocol}"))
                .hint("known", "smtp smtps submission submissions lmtp unix:PATH"));
        }
        let mut dial = how::dial(&options.link, false)?;
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
        let rate = options.rate.or_else(|| (!local).then_some(MODEST));
        if !local {
            may_load(&host, options, rate.unwrap_or(MODEST), can_ask)?;
        }
        let implicit = !options.tls.no_tls && (options.tls.tls || target.tls == TlsMode::Implicit);
        let secured = implicit || options.tls.starttls;
        let tls = secured
            .then(|| {
                let mut tls = how::tls(&options.tls)?;
                tls.resume = options.resume;
                let name = matches!(target.place, Place::Tcp { .. }).then_some(&*host);
                TlsPlan::new(name, &tls)
            })
            .transpose()?;
        let seconds = Duration::from_secs_f64;
        let sender = address("--from", &options.from)?;
        let to = address("--to", &options.to)?;
        let listed = match &options.recipients_file {
            Some(path) => lines(path)?
                .iter()
                .map(|line| address("the list of recipients", line))
                .collect::<Result<_>>()?,
            None => Vec::new(),
        };
        let pool = match &options.file {
            Some(path) => message::read(path)?,
            None => {
                if let Some(subject) = &options.subject {
                    plain("--subject", subject)?;
                }
                let header = Header {
                    from: &sender,
                    to: listed.first().unwrap_or(&to),
                    subject: options.subject.as_deref(),
                };
                message::made(sizes(options.length.as_deref())?, header, options.seed)?
            }
        };
        let name = options.name.clone().unwrap_or_else(|| {
            let node = rustix::system::uname();
            node.nodename().to_string_lossy().into_owned()
        });
        Ok(Self {
            way,
            dial,
            target: text.to_owned(),
            local,
            lmtp: options.lmtp || protocol == "lmtp",
            implicit,
            starttls: options.tls.starttls,
            tls,
            name: address("--name", &name)?,
            run_id: message::run_id(),
            sessions: usize::try_from(options.sessions).unwrap_or(usize::MAX),
            messages: options
                .messages
                .or_else(|| options.duration.is_none().then_some(1)),
            duration: options.duration.map(seconds),
            rate,
            ramp: options.ramp.map(seconds).unwrap_or_default(),
            pause: match (options.wait, options.random_wait) {
                (Some(wait), _) => Pause::Fixed(seconds(wait)),
                (None, Some(most)) => Pause::Random(seconds(most)),
                (None, None) => Pause::None,
            },
            seed: options.seed,
            per_connection: options.per_connection.unwrap_or(if options.keep {
                u64::MAX
            } else {
                1
            }),
            pipelining: options.pipelining,
            chunking: options.chunking,
            sender,
            to,
            listed,
            recipients: u64::from(options.recipients),
            numbered: options.numbered,
            max_errors: if options.stop_on_error {
                Some(0)
            } else {
                options.max_errors
            },
            patience: options.link.timeout.map_or(PATIENCE, seconds),
            mechanism: options.login.login.clone().filter(|name| !name.is_empty()),
            clear_credentials: options.login.allow_cleartext_auth,
            accounts: accounts(options, target.user, &host)?,
            pool,
            host,
            port,
        })
    }

    /// Message `number`.
    pub(super) fn message(&self, number: u64) -> &Message {
        // The pool is never empty, and its length fits.
        &self.pool[(number % self.pool.len() as u64) as usize]
    }

    /// Recipient `at` of message `number`.
    pub(super) fn recipient(&self, number: u64, at: u64) -> &str {
        if self.listed.is_empty() {
            return &self.to;
        }
        let at = number.wrapping_mul(self.recipients).wrapping_add(at);
        &self.listed[(at % self.listed.len() as u64) as usize]
    }

    /// Who logs in on session `session`.
    pub(super) fn account(&self, session: usize) -> Option<(&str, &Secret)> {
        let at = session.checked_rem(self.accounts.len())?;
        self.accounts
            .get(at)
            .map(|(user, secret)| (&**user, secret))
    }

    /// The plan in a few words.
    pub(super) fn how(&self) -> String {
        let mut text = format!(
            "{} session{}, {}",
            self.sessions,
            if self.sessions == 1 { "" } else { "s" },
            match self.per_connection {
                1 => "a new connection each".to_owned(),
                u64::MAX => "connections kept".to_owned(),
                n => format!("{n} messages a connection"),
            }
        );
        for (on, word) in [
            (self.lmtp, ", LMTP"),
            (self.implicit || self.starttls, ", TLS"),
            (self.pipelining, ", PIPELINING"),
            (self.chunking, ", CHUNKING"),
            (!self.accounts.is_empty(), ", AUTH"),
        ] {
            if on {
                text.push_str(word);
            }
        }
        if let Some(rate) = self.rate {
            text.push_str(&format!(", {rate} messages a second wanted"));
        }
        text
    }
}

/// Nobody loads somebody else's server by mistake.
fn may_load(host: &str, options: &cli::Load, rate: f64, can_ask: bool) -> Result<()> {
    match &options.yes_load {
        Some(named) if named.eq_ignore_ascii_case(host) => return Ok(()),
        Some(named) => {
            return Err(Error::usage(format!(
                "--yes-load names {named}, but the target is {host}"
            )));
        }
        None => {}
    }
    if can_ask {
        let question = format!(
            "{host} is not this machine. {} sessions will send {rate} messages a second there.\n\
             Type its name if it is yours to load: ",
            options.sessions
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

fn lines(path: &Path) -> Result<Vec<String>> {
    let failed = |e: &dyn std::fmt::Display| Error::local(format!("{}: {e}", path.display()));
    if std::fs::metadata(path).map_err(|e| failed(&e))?.len() > LIST {
        return Err(failed(&"more than 64 MiB"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| failed(&e))?;
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

fn plain(option: &str, text: &str) -> Result<()> {
    if text.chars().any(char::is_control) {
        return Err(Error::usage(format!("{option} holds control characters")));
    }
    Ok(())
}

/// What stands between `<` and `>`, or as a word in a line.
fn address(option: &str, text: &str) -> Result<String> {
    plain(option, text)?;
    let bare = text.strip_prefix('<').and_then(|t| t.strip_suffix('>'));
    let bare = bare.unwrap_or(text);
    if bare.contains(['<', '>', ' ']) {
        return Err(Error::usage(format!(
            "{option}: \"{text}\" is no address or name"
        )));
    }
    Ok(bare.to_owned())
}

fn sizes(text: Option<&str>) -> Result<(usize, usize)> {
    let Some(text) = text else {
        return Ok((LENGTH, LENGTH));
    };
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (low.parse(), high.parse()) {
        (Ok(low), Ok(high)) if low <= high => Ok((low, high)),
        _ => Err(Error::usage(format!(
            "--length \"{text}\" is neither a number of octets nor a range"
        ))
        .hint("such as", "5120 or 1000-20000")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_one_number_or_two() {
        assert_eq!(sizes(None).unwrap(), (5120, 5120));
        assert_eq!(sizes(Some("7")).unwrap(), (7, 7));
        assert_eq!(sizes(Some("7-9")).unwrap(), (7, 9));
        assert!(sizes(Some("9-7")).is_err() && sizes(Some("-1")).is_err());
    }

    #[test]
    fn an_address_cannot_leave_its_place() {
        assert_eq!(address("-f", "<>").unwrap(), "");
        assert_eq!(address("-f", "<a@b>").unwrap(), "a@b");
        for bad in ["a@b\r\nQUIT", "a@b> SIZE=1", "a b"] {
            assert!(address("-f", bad).is_err(), "{bad}");
        }
    }
}
