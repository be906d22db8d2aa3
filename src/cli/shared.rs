//! Options of more than one subcommand, and the values they take.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How to reach a server.
#[derive(Debug, Args, Default, Clone)]
#[command(next_help_heading = "Connecting")]
pub struct Link {
    /// IPv4 only
    #[arg(short = '4', conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// IPv6 only
    #[arg(short = '6')]
    pub ipv6: bool,
    /// Local address to connect from
    #[arg(long, value_name = "ADDR")]
    pub source: Option<IpAddr>,
    /// Use this address for a host and port instead of asking the resolver
    #[arg(long, value_name = "HOST:PORT:ADDR")]
    pub resolve: Vec<String>,
    /// Send a PROXY header first, for servers behind HAProxy
    #[arg(long, value_name = "VERSION")]
    pub proxy_header: Option<ProxyVersion>,
    /// Time limit for each step: connecting, TLS, a reply
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub timeout: Option<f64>,
}

/// PROXY protocol versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProxyVersion {
    /// Text header
    V1,
    /// Binary header
    V2,
}

/// TLS options.
#[derive(Debug, Args, Default, Clone)]
#[command(next_help_heading = "TLS")]
pub struct Tls {
    /// TLS from the first octet
    #[arg(long, conflicts_with_all = ["starttls", "no_tls"])]
    pub tls: bool,
    /// STARTTLS at once, or fail
    #[arg(long, conflicts_with = "no_tls")]
    pub starttls: bool,
    /// No TLS, whatever scheme or port say
    #[arg(long)]
    pub no_tls: bool,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Go on without trust (the verdict is still shown)
    #[arg(long)]
    pub insecure: bool,
    /// Trust a certificate with this fingerprint or key pin only
    #[arg(long, value_name = "sha256:HEX|BASE64")]
    pub pin: Vec<String>,
    /// Name sent in the handshake [default: the target]
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    /// Name that the certificate must bear [default: the target]
    #[arg(long, value_name = "NAME")]
    pub expect_name: Option<String>,
    /// ALPN protocol id to offer [default: none]
    #[arg(long, value_name = "ID")]
    pub alpn: Option<String>,
    /// Lowest TLS version
    #[arg(long, value_name = "VERSION")]
    pub tls_min: Option<TlsVersion>,
    /// Highest TLS version
    #[arg(long, value_name = "VERSION")]
    pub tls_max: Option<TlsVersion>,
    /// Client certificate chain, PEM
    #[arg(long, value_name = "FILE")]
    pub cert: Option<PathBuf>,
    /// Client key, PEM [default: in the certificate's file]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Write TLS session keys for a sniffer [default file: $SSLKEYLOGFILE]
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "", value_parser = maybe_path())]
    pub keylog: Option<PathBuf>,
}

/// TLS versions that can be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum TlsVersion {
    /// TLS 1.2
    #[value(name = "1.2")]
    V12,
    /// TLS 1.3
    #[value(name = "1.3")]
    V13,
}

/// Who logs in, and where the password comes from. Never from the command line.
#[derive(Debug, Args, Default, Clone)]
#[command(next_help_heading = "Login")]
pub struct Login {
    /// User name (fills the question; with --login logs in)
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Log in at once, with the strongest mechanism or the one named
    #[arg(long, value_name = "MECH", num_args = 0..=1, default_missing_value = "")]
    pub login: Option<String>,
    /// Password or token: first line that the command prints
    #[arg(long, value_name = "CMD")]
    pub password_command: Option<String>,
    /// Password or token: first line from this file descriptor
    #[arg(long, value_name = "N")]
    pub password_fd: Option<i32>,
    /// Ask for the password, even when it could be found elsewhere
    #[arg(long)]
    pub ask_password: bool,
    /// In batch: let credentials travel in the clear to a host that is not loopback
    #[arg(long)]
    pub allow_cleartext_auth: bool,
}

/// What is shown and kept.
#[derive(Debug, Args, Default, Clone)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Colours [default: auto]
    #[arg(long, value_name = "WHEN")]
    pub color: Option<When>,
    /// One dim line after each reply that says what it means
    #[arg(long)]
    pub explain: bool,
    /// Show secrets on the screen (never in files)
    #[arg(long)]
    pub show_secrets: bool,
    /// One JSON object a line instead of marked text
    #[arg(long)]
    pub json: bool,
    /// Append the conversation to a file: JSON lines when it ends in .jsonl, else marked text
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Only what the server says
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// More: times of all replies, TLS details (twice: engine state)
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A path that may be empty, where an option stands by itself: the usual parser of paths refuses it.
fn maybe_path() -> impl clap::builder::TypedValueParser<Value = PathBuf> {
    clap::builder::TypedValueParser::map(clap::builder::OsStringValueParser::new(), PathBuf::from)
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(secs) if secs > 0.0 && secs <= 86_400.0 * 365.0 => Ok(secs),
        _ => Err("a number of seconds above 0".to_owned()),
    }
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("a number from 1 on".to_owned()),
    }
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.001..=1e9).contains(&number) => Ok(number),
        _ => Err("a number above 0".to_owned()),
    }
}
