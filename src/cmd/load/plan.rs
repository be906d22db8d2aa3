//! What a run is to be, read from the options and checked before anything is sent.

use std::time::Duration;

use super::message::{self, Header, Message, Sizes};
use super::mix::Mix;
use super::server::{MODEST, Server, lines};
use crate::cli;
use crate::error::{Error, Result};
use crate::stats::Stage;

/// Between the messages of a session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pause {
    None,
    Fixed(Duration),
    Random(Duration),
}

impl Pause {
    fn of(options: &cli::Load) -> Self {
        let seconds = Duration::from_secs_f64;
        match (options.wait, options.random_wait) {
            (Some(wait), _) => Self::Fixed(seconds(wait)),
            (None, Some(most)) => Self::Random(seconds(most)),
            (None, None) => Self::None,
        }
    }
}

/// Everything a session needs to know.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) server: Server,
    /// The rounds of reading; `None` when messages are sent.
    pub(super) mix: Option<Mix>,
    /// Where messages arrive, to see when.
    pub(super) watched: Option<(Server, String)>,
    pub(super) lmtp: bool,
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
    /// As before RFC 821 had its EHLO: nobody says who calls, and messages have no header.
    pub(super) old: bool,
    pub(super) sender: String,
    to: String,
    pub(super) listed: Vec<String>,
    pub(super) recipients: u64,
    pub(super) numbered: bool,
    pub(super) max_errors: Option<u64>,
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
        let server = Server::new(text, options, can_ask).await?;
        let mix = mix(&server, options)?;
        if options.old && (mix.is_some() || server.protocol == "lmtp") {
            return Err(Error::usage(
                "--old is for SMTP: nothing else works without a greeting",
            ));
        }
        if options.old && server.starttls {
            return Err(Error::usage("--old cannot know STARTTLS: it says no EHLO"));
        }
        let watched = match &options.until_visible {
            Some(_) if mix.is_some() => {
                return Err(Error::usage("--until-visible is for sending"));
            }
            Some(place) => Some(watched(place, options, can_ask).await?),
            None => None,
        };
        let rate = options.rate.or_else(|| (!server.local).then_some(MODEST));
        let seconds = Duration::from_secs_f64;
        let sender = address("--from", &options.from)?;
        let to = address("--to", &options.to)?;
        let listed = listed(options)?;
        let pool = pool(options, &sender, listed.first().unwrap_or(&to))?;
        let name = options.name.clone().unwrap_or_else(|| {
            let node = rustix::system::uname();
            node.nodename().to_string_lossy().into_owned()
        });
        Ok(Self {
            lmtp: server.protocol == "lmtp",
            server,
            mix,
            watched,
            name: address("--name", &name)?,
            run_id: message::run_id(),
            sessions: usize::try_from(options.sessions).unwrap_or(usize::MAX),
            messages: options
                .messages
                .or_else(|| options.duration.is_none().then_some(1)),
            duration: options.duration.map(seconds),
            rate,
            ramp: options.ramp.map(seconds).unwrap_or_default(),
            pause: Pause::of(options),
            seed: options.seed,
            per_connection: options.per_connection.unwrap_or(if options.keep {
                u64::MAX
            } else {
                1
            }),
            pipelining: options.pipelining,
            chunking: options.chunking,
            old: options.old,
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
            pool,
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

    /// What is counted: the row that a whole message, or a whole round of reading, is timed in.
    pub(super) fn whole(&self) -> Stage {
        match self.mix {
            Some(_) => Stage::Round,
            None => Stage::Message,
        }
    }

    /// "message" or "round".
    pub(super) fn unit(&self) -> &'static str {
        match self.mix {
            Some(_) => "round",
            None => "message",
        }
    }

    /// The plan in a few words.
    pub(super) fn how(&self) -> String {
        let mut text = format!(
            "{} session{}, {}",
            self.sessions,
            if self.sessions == 1 { "" } else { "s" },
            match self.per_connection {
                n if n > 1 && n < u64::MAX => format!("{n} {}s a connection", self.unit()),
                1 => "a new connection each".to_owned(),
                _ => "connections kept".to_owned(),
            }
        );
        for (on, word) in [
            (self.lmtp, ", LMTP"),
            (self.server.tls.is_some(), ", TLS"),
            (self.pipelining, ", PIPELINING"),
            (self.chunking, ", CHUNKING"),
            (self.old, ", no EHLO"),
            (!self.server.accounts.is_empty(), ", AUTH"),
        ] {
            if on {
                text.push_str(word);
            }
        }
        if let Some(rate) = self.rate {
            text.push_str(&format!(", {rate} {}s a second wanted", self.unit()));
        }
        text
    }
}

/// What is read, where the target is read from.
fn mix(server: &Server, options: &cli::Load) -> Result<Option<Mix>> {
    if !matches!(server.protocol, "imap" | "pop3") {
        if options.mix.is_some() {
            return Err(Error::usage(
                "--mix is for reading: imap:// and pop3:// targets",
            ));
        }
        return Ok(None);
    }
    let mix = Mix::new(server.protocol, options.mix.as_deref())?;
    if server.accounts.is_empty() {
        return Err(Error::usage("reading needs --user NAME or --accounts CSV"));
    }
    Ok(Some(mix))
}

/// The recipients of `--recipients-file`.
fn listed(options: &cli::Load) -> Result<Vec<String>> {
    let Some(path) = &options.recipients_file else {
        return Ok(Vec::new());
    };
    lines(path)?
        .iter()
        .map(|line| address("the list of recipients", line))
        .collect()
}

/// The messages that are sent in turn.
fn pool(options: &cli::Load, from: &str, to: &str) -> Result<Vec<Message>> {
    if let Some(path) = &options.file {
        return message::read(path);
    }
    if let Some(subject) = &options.subject {
        plain("--subject", subject)?;
    }
    let header = Header {
        from,
        to,
        subject: options.subject.as_deref(),
    };
    let sizes = Sizes::parse(options.length.as_deref())?;
    message::made(&sizes, (!options.old).then_some(header), options.seed)
}

/// `imap://USER@HOST/MAILBOX`: the server, and the mailbox, INBOX when none is named.
async fn watched(place: &str, options: &cli::Load, can_ask: bool) -> Result<(Server, String)> {
    let authority = place.find("://").map_or(0, |at| at + 3);
    let (server, mailbox) = match place[authority..].find('/') {
        Some(at) => (
            &place[..authority + at],
            place[authority + at + 1..].to_owned(),
        ),
        None => (place, String::new()),
    };
    plain("--until-visible", &mailbox)?;
    // Whom the load logs in as says nothing of whose mailbox it is.
    let own = cli::Load {
        accounts: None,
        lmtp: false,
        login: cli::Login {
            user: None,
            ..options.login.clone()
        },
        ..options.clone()
    };
    let server = Server::new(server, &own, can_ask).await?;
    if server.protocol != "imap" {
        return Err(Error::usage(
            "--until-visible wants an imap:// or imaps:// URL",
        ));
    }
    if server.accounts.is_empty() {
        return Err(Error::usage("--until-visible wants a user in its URL")
            .hint("such as", "imap://alice@localhost:2143"));
    }
    let mailbox = if mailbox.is_empty() {
        "INBOX".into()
    } else {
        mailbox
    };
    Ok((server, mailbox))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_leave_its_place() {
        assert_eq!(address("-f", "<>").unwrap(), "");
        assert_eq!(address("-f", "<a@b>").unwrap(), "a@b");
        for bad in ["a@b\r\nQUIT", "a@b> SIZE=1", "a b"] {
            assert!(address("-f", bad).is_err(), "{bad}");
        }
    }
}
