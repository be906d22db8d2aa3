//! The command line: clap types only, no behaviour.
//!
//! `ehlo TARGET` is `ehlo connect TARGET`: `arguments` puts the word in when the first one is no
//! subcommand, so that one definition serves both.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

/// The words an option takes, for those who read them from elsewhere.
pub use clap::ValueEnum;
use clap::{Args, CommandFactory, Parser, Subcommand};

/// One console for SMTP, POP3 and IMAP.
#[derive(Debug, Parser)]
#[command(
    name = "ehlo",
    version,
    about = "One console for SMTP, POP3 and IMAP",
    long_about = "One console for SMTP, POP3 and IMAP: plain, STARTTLS and implicit TLS, with history, \
                  completion and explanations. Without a target it opens the practice server inside.",
    after_help = "ehlo                          the practice server inside this program\n\
                  ehlo mail.example.org 25      a console, or a batch when standard input is no terminal\n\
                  ehlo imaps://mail.example.org\n\
                  ehlo connect run              a host named like a command",
    override_usage = "ehlo [OPTIONS] [TARGET [PORT]]\n       ehlo COMMAND ...",
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open a console on a server, or a batch conversation when stdin is no terminal
    Connect(Box<Connect>),
    /// Run recorded conversations with expectations
    Run(Box<Run>),
    /// The practice server by itself, for other clients and for tests
    Serve(Box<Serve>),
    /// AUTH credentials, line by line, without a server
    Encode(Encode),
    /// What a base64 blob or a pasted AUTH exchange holds
    Decode(Decode),
    /// A verb, reply code, enhanced code, capability or pasted reply, offline
    Explain(Explain),
    /// Load generator (smtp-source's job)
    Load(Box<Load>),
    /// Accepts and discards mail (smtp-sink's job)
    Sink(Box<Sink>),
    /// A recorded log, as people, talks or a browser read it
    Show(Show),
    /// Look after talk files
    Talk(Talk),
    /// What configuration is in force, and from where
    Config(Config),
    /// Shell completions, as in completions/
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// The manual page
    Man,
}

/// `ehlo TARGET`.
#[derive(Debug, Args, Default, Clone)]
pub struct Connect {
    /// URL, host, host:port, [v6]:port, @profile, unix:PATH or exec:COMMAND; none: the practice server
    pub target: Option<String>,
    /// Port or service name, as telnet takes it
    pub port: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened: each field is documented there
    pub link: Link,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub tls: Tls,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub login: Login,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub output: Output,
    /// Name that ehlo says where it says EHLO itself [default: the host name, else an address literal]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Write the conversation as a talk when it ends
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Keep nothing of this console in the history
    #[arg(long)]
    pub no_history: bool,
    /// Let a batch start programs and write files (:|, :>, :edit, :run)
    #[arg(long)]
    pub allow_commands: bool,
    /// In batch: say QUIT and end at the first refusal
    #[arg(long)]
    pub fail_fast: bool,
    /// No redraw, no colour, nothing that relies on position: for screen readers
    #[arg(long)]
    pub simple_ui: bool,
}

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

/// `ehlo run`.
#[derive(Debug, Args, Default)]
pub struct Run {
    /// Talk files; - reads standard input
    #[arg(required = true, value_name = "FILE.talk")]
    pub files: Vec<PathBuf>,
    /// Give a variable a value
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub vars: Vec<String>,
    /// Give a variable a secret value: the first line that the command prints
    #[arg(long = "secret", value_name = "NAME=COMMAND")]
    pub secrets: Vec<String>,
    /// Run against this target instead of those of its protocol that the talk opens; practice: the
    /// practice server
    #[arg(long = "target", value_name = "URL")]
    pub targets: Vec<String>,
    /// How many talks at once
    #[arg(long, short, value_name = "N", default_value_t = 1)]
    pub jobs: usize,
    /// Run each talk so often
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub repeat: usize,
    /// Show each step and wait for Enter
    #[arg(long, conflicts_with = "jobs")]
    pub step: bool,
    /// Report format
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: ReportFormat,
    /// Write a self-contained HTML report
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Let talks start programs and name files outside their own folder
    #[arg(long)]
    pub allow_commands: bool,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub link: Link,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub tls: Tls,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub login: Login,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub output: Output,
}

/// How `run` reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    #[default]
    Human,
    /// Test Anything Protocol
    Tap,
    /// JUnit XML
    Junit,
    /// JSON
    Json,
}

/// `ehlo serve`.
#[derive(Debug, Args, Default)]
pub struct Serve {
    /// First of the ports: N+25, +465, +587, +24, +110, +995, +143, +993 [default: 2000]
    #[arg(long, value_name = "N")]
    pub port_base: Option<u16>,
    /// Port for smtp (0: any free one); naming one port leaves out the others that are not named
    #[arg(long, value_name = "PORT")]
    pub smtp: Option<u16>,
    /// Port for smtps
    #[arg(long, value_name = "PORT")]
    pub smtps: Option<u16>,
    /// Port for submission
    #[arg(long, value_name = "PORT")]
    pub submission: Option<u16>,
    /// Port for lmtp
    #[arg(long, value_name = "PORT")]
    pub lmtp: Option<u16>,
    /// Port for pop3
    #[arg(long, value_name = "PORT")]
    pub pop3: Option<u16>,
    /// Port for pop3s
    #[arg(long, value_name = "PORT")]
    pub pop3s: Option<u16>,
    /// Port for imap
    #[arg(long, value_name = "PORT")]
    pub imap: Option<u16>,
    /// Port for imaps
    #[arg(long, value_name = "PORT")]
    pub imaps: Option<u16>,
    /// Write the addresses to this file when ready, complete or not at all
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// Write the CA certificate here [default: in the user's runtime folder]
    #[arg(long, value_name = "FILE")]
    pub ca_out: Option<PathBuf>,
    /// Faults to commit, a TOML table
    #[arg(long, value_name = "FILE")]
    pub fault: Option<PathBuf>,
    /// Take any login
    #[arg(long)]
    pub accept_any: bool,
    /// Admit guests: ANONYMOUS is offered, and logs in as the user anonymous
    #[arg(long)]
    pub anonymous: bool,
    /// Write a certificate with its key for this user, which logs in with EXTERNAL; clients are then asked for one
    #[arg(long, value_name = "USER:FILE")]
    pub client_cert: Vec<String>,
    /// Add a user (of the practice server: the password is no secret)
    #[arg(long = "user", value_name = "NAME:PASSWORD")]
    pub users: Vec<String>,
    /// Listen on all addresses, not on loopback alone
    #[arg(long)]
    pub listen_publicly: bool,
    /// Drop a silent client after so long [default: the RFC's times]
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub timeout: Option<f64>,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub output: Output,
}

/// `ehlo encode`.
#[derive(Debug, Args, Default)]
pub struct Encode {
    /// plain login cram-md5 digest-md5 scram-sha-1 scram-sha-256 scram-sha-512 xoauth2 oauthbearer apop external anonymous
    #[arg(value_name = "MECH")]
    pub mechanism: String,
    /// User name (asked for when missing)
    pub user: Option<String>,
    /// Identity to act as
    #[arg(long, value_name = "NAME")]
    pub authzid: Option<String>,
    /// The server's challenge, as it came (else read from standard input where one is needed)
    #[arg(long, value_name = "TEXT")]
    pub challenge: Option<String>,
    /// The client nonce, for exact repeats
    #[arg(long, value_name = "TEXT")]
    pub nonce: Option<String>,
    /// Host name, where the mechanism names it
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Port, where the mechanism names it
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Service, where the mechanism names it
    #[arg(long, value_name = "NAME", default_value = "smtp")]
    pub service: String,
    /// Base64 with - and _
    #[arg(long)]
    pub url_safe: bool,
    /// Password or token: first line that the command prints
    #[arg(long, value_name = "CMD")]
    pub password_command: Option<String>,
    /// Password or token: first line from this file descriptor
    #[arg(long, value_name = "N")]
    pub password_fd: Option<i32>,
}

/// `ehlo decode`.
#[derive(Debug, Args, Default)]
pub struct Decode {
    /// A blob, or lines of an exchange; none: standard input
    pub text: Vec<String>,
    /// Show passwords and tokens
    #[arg(long)]
    pub show_secrets: bool,
    /// Base64 with - and _
    #[arg(long)]
    pub url_safe: bool,
}

/// `ehlo explain`.
#[derive(Debug, Args, Default)]
pub struct Explain {
    /// Codes, verbs, capabilities, or a pasted reply
    #[arg(required = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
    /// The verb that was answered
    #[arg(long, value_name = "VERB")]
    pub after: Option<String>,
}

/// `ehlo load`. The short options are those of smtp-source.
#[derive(Debug, Args, Default, Clone)]
pub struct Load {
    /// Where to: smtp:// smtps:// submission:// submissions:// lmtp:// HOST, host:port or unix:PATH;
    /// imap:// imaps:// pop3:// pop3s:// USER@HOST to read
    #[arg(required_unless_present = "merge")]
    pub target: Option<String>,
    /// Sessions at a time
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub sessions: u32,
    /// Messages in all [default: 1; with --duration, as many as fit]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub messages: Option<u64>,
    /// Octets of each body, a range to choose from, as in 1000-20000, or a distribution with weights,
    /// as in 2000:70,8000-90000:29,5000000:1 [default: 5120]
    #[arg(
        short = 'l',
        long,
        value_name = "N[-M][:WEIGHT],...",
        conflicts_with = "file"
    )]
    pub length: Option<String>,
    /// Send this message, or in turn the .eml files of this folder
    #[arg(short = 'F', long, value_name = "PATH")]
    pub file: Option<PathBuf>,
    /// Sender
    #[arg(short, long, value_name = "ADDR", default_value = "sender@ehlo.test")]
    pub from: String,
    /// Recipient
    #[arg(short, long, value_name = "ADDR", default_value = "alice@ehlo.test")]
    pub to: String,
    /// Recipients in turn, one a line, instead of --to
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pub recipients_file: Option<PathBuf>,
    /// Recipients of each message; a number goes in front of the address
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub recipients: u32,
    /// Put a number that does not repeat in front of each recipient
    #[arg(short = 'N', long)]
    pub numbered: bool,
    /// Subject
    #[arg(short = 'S', long, value_name = "TEXT")]
    pub subject: Option<String>,
    /// Name said in EHLO [default: the host name]
    #[arg(short = 'M', long, value_name = "NAME")]
    pub name: Option<String>,
    /// Keep connections: the next message goes over the same one
    #[arg(short = 'd', long)]
    pub keep: bool,
    /// Keep a connection for so many messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub per_connection: Option<u64>,
    /// Speak LMTP
    #[arg(short = 'L', long)]
    pub lmtp: bool,
    /// Send the envelope at once, and with the content before it where the connection is kept
    #[arg(long)]
    pub pipelining: bool,
    /// Send content with BDAT
    #[arg(long)]
    pub chunking: bool,
    /// Old mode: say no EHLO, and send bodies without a header
    #[arg(short, long, conflicts_with_all = ["lmtp", "pipelining", "chunking", "accounts", "user", "login", "starttls", "file", "subject", "until_visible"])]
    pub old: bool,
    /// Try so often to make a connection, before it counts as failed
    #[arg(short = 'C', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub tries: u32,
    /// Resume TLS sessions
    #[arg(long)]
    pub resume: bool,
    /// End after so long
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub duration: Option<f64>,
    /// Messages a second, due at fixed times however slow the server is [default: as fast as it goes;
    /// 10 where the server is not on this machine]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub rate: Option<f64>,
    /// Take so long to reach the rate; without a rate, to open the sessions
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub ramp: Option<f64>,
    /// Wait a random time up to this between the messages of a session
    #[arg(short = 'R', long, value_name = "SECS", value_parser = seconds, conflicts_with = "wait")]
    pub random_wait: Option<f64>,
    /// Wait this long between the messages of a session
    #[arg(short, long, value_name = "SECS", value_parser = seconds)]
    pub wait: Option<f64>,
    /// Where random sizes and times begin: the same seed gives the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Log in with the accounts of this file in turn: name,password a line
    #[arg(long, value_name = "CSV", conflicts_with_all = ["user", "login"])]
    pub accounts: Option<PathBuf>,
    /// What sessions do that read: a command a line, with its weight in front
    #[arg(long, value_name = "FILE")]
    pub mix: Option<PathBuf>,
    /// Measure the time until each message is visible in this mailbox, too
    #[arg(long, value_name = "imap://USER@HOST/MAILBOX", conflicts_with = "file")]
    pub until_visible: Option<String>,
    /// End at the first error
    #[arg(long, conflicts_with = "max_errors")]
    pub stop_on_error: bool,
    /// End when there are more errors than this
    #[arg(long, value_name = "N")]
    pub max_errors: Option<u64>,
    /// The server at HOST is mine to load: needed for any host but this machine, in batch
    #[arg(long, value_name = "HOST")]
    pub yes_load: Vec<String>,
    /// Receive window of about so many octets
    #[arg(short = 'T', long, value_name = "OCTETS", value_parser = clap::value_parser!(u32).range(1..))]
    pub window: Option<u32>,
    /// Threads [default: half the cores, all where the server is elsewhere]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// A line a second on how far it is, also where the output is no terminal
    #[arg(short, long)]
    pub counter: bool,
    /// The report as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// Write the report as a page, with charts
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write the report with its histograms, for --merge and --compare
    #[arg(long, value_name = "FILE")]
    pub hdr: Option<PathBuf>,
    /// Run nothing: join the reports of several machines, written with --hdr
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "target")]
    pub merge: Vec<PathBuf>,
    /// Show what changed since this report (of --json or --hdr)
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// Colours
    #[arg(long, value_name = "WHEN")]
    pub color: Option<When>,
    /// Only the report
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub link: Link,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub tls: Tls,
    #[command(flatten)]
    #[allow(missing_docs)] // flattened
    pub login: Login,
}

/// `ehlo sink`.
#[derive(Debug, Args, Default)]
pub struct Sink {
    /// Where to listen: host:port (port 0: any free one), port, or unix:PATH [default: localhost:2525]
    pub listen: Option<String>,
    /// Speak LMTP: a reply for each recipient
    #[arg(short = 'L', long)]
    pub lmtp: bool,
    /// Own name in greetings
    #[arg(long, value_name = "NAME", default_value = "ehlo.test")]
    pub name: String,
    /// IPv4 only
    #[arg(short = '4', conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// IPv6 only
    #[arg(short = '6')]
    pub ipv6: bool,
    /// Listen on addresses that are not loopback, too
    #[arg(long)]
    pub listen_publicly: bool,
    /// Receive window of about so many octets
    #[arg(short = 'T', long, value_name = "OCTETS", value_parser = clap::value_parser!(u32).range(1..))]
    pub window: Option<u32>,
    /// Go on with the rights of this user, once the port is open
    #[arg(short = 'u', long, value_name = "NAME")]
    pub run_as: Option<String>,
    /// Go on with this folder as the root of all paths, once the port is open
    #[arg(short = 'R', long, value_name = "FOLDER")]
    pub chroot: Option<PathBuf>,
    /// Connections at a time; others wait to be accepted
    #[arg(short, long, value_name = "N", default_value_t = 20_000)]
    pub max_connections: usize,
    /// Drop a silent client after so long
    #[arg(short, long, value_name = "SECS", value_parser = seconds, default_value = "300")]
    pub timeout: f64,
    /// End after so many accepted messages
    #[arg(short = 'M', long, value_name = "N")]
    pub stop_after: Option<std::num::NonZeroU64>,
    /// End after so many connections
    #[arg(short = 'n', long, value_name = "N")]
    pub stop_after_connections: Option<std::num::NonZeroU64>,
    /// TLS from the first octet
    #[arg(long, conflicts_with = "starttls", help_heading = "TLS and login")]
    pub tls: bool,
    /// Offer STARTTLS
    #[arg(long, help_heading = "TLS and login")]
    pub starttls: bool,
    /// Write the CA certificate here [default: in the user's runtime folder]
    #[arg(long, value_name = "FILE", help_heading = "TLS and login")]
    pub ca_out: Option<PathBuf>,
    /// Offer AUTH and take any login
    #[arg(long, value_name = "WHO", help_heading = "TLS and login")]
    pub auth: Option<SinkAuth>,
    /// Offer AUTH for this account (of the sink: the password is no secret)
    #[arg(
        long = "user",
        value_name = "NAME:PASSWORD",
        help_heading = "TLS and login"
    )]
    pub users: Vec<String>,
    /// Refuse these commands for good: verbs, "connect" or "." for the end of the message
    #[arg(
        short = 'f',
        long,
        value_name = "VERB,...",
        value_delimiter = ',',
        help_heading = "Faults"
    )]
    pub reject: Vec<String>,
    /// What a refusal for good says
    #[arg(
        short = 'B',
        long,
        value_name = "REPLY",
        default_value = "500 5.3.0 Error: command failed",
        help_heading = "Faults"
    )]
    pub reject_reply: String,
    /// Refuse these commands for now
    #[arg(
        short = 'r',
        long,
        value_name = "VERB,...",
        value_delimiter = ',',
        help_heading = "Faults"
    )]
    pub soft_reject: Vec<String>,
    /// What a refusal for now says
    #[arg(
        short = 'b',
        long,
        value_name = "REPLY",
        default_value = "450 4.3.0 Error: command failed",
        help_heading = "Faults"
    )]
    pub soft_reject_reply: String,
    /// Answer these commands with 421 and disconnect
    #[arg(
        short = 'Q',
        long,
        value_name = "VERB,...",
        value_delimiter = ',',
        help_heading = "Faults"
    )]
    pub bye: Vec<String>,
    /// Disconnect without an answer to these commands
    #[arg(
        long,
        value_name = "VERB,...",
        value_delimiter = ',',
        help_heading = "Faults"
    )]
    pub disconnect: Vec<String>,
    /// Wait before the answer: VERB:2, VERB:50ms; with odds (1 to 99) a random multiple of the time,
    /// once more for each throw below the odds
    #[arg(
        short = 'W',
        long,
        value_name = "VERB:TIME[:ODDS]",
        help_heading = "Faults"
    )]
    pub delay: Vec<String>,
    /// Where the dice of --delay begin: the same seed gives the same
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Faults")]
    pub seed: u64,
    /// Wait behind the go-ahead of DATA before reading on
    #[arg(short = 'H', long, value_name = "SECS", value_parser = seconds, help_heading = "Faults")]
    pub read_delay: Option<f64>,
    /// Wait so long behind the go-ahead of DATA, reading nothing, then refuse with 550 and disconnect
    #[arg(short = 'A', long, value_name = "SECS", value_parser = seconds, help_heading = "Faults")]
    pub abort: Option<f64>,
    /// Do not offer these extensions, such as PIPELINING,CHUNKING
    #[arg(
        long,
        value_name = "KEYWORD,...",
        value_delimiter = ',',
        help_heading = "Faults"
    )]
    pub hide: Vec<String>,
    /// More faults, a TOML table
    #[arg(long, value_name = "FILE", help_heading = "Faults")]
    pub fault: Option<PathBuf>,
    /// Keep each message as a file named by strftime(3), with eight hex digits behind: %Y%m%d/%H%M.
    #[arg(
        short = 'd',
        long,
        value_name = "TEMPLATE",
        group = "kept",
        help_heading = "Output"
    )]
    pub dump: Option<String>,
    /// Append messages to the file named by strftime(3)
    #[arg(
        short = 'D',
        long,
        value_name = "TEMPLATE",
        group = "kept",
        help_heading = "Output"
    )]
    pub dump_all: Option<String>,
    /// Keep each message as a file in this folder, with its envelope
    #[arg(long, value_name = "FOLDER", group = "kept", help_heading = "Output")]
    pub dump_dir: Option<PathBuf>,
    /// Begin each message of a dump with this text; C's escapes are understood
    #[arg(
        short = 'S',
        long,
        value_name = "TEXT",
        conflicts_with_all = ["mbox", "maildir"],
        requires = "kept",
        help_heading = "Output"
    )]
    pub dump_start: Option<String>,
    /// Append messages to this mbox file
    #[arg(long, value_name = "FILE", group = "kept", help_heading = "Output")]
    pub mbox: Option<PathBuf>,
    /// Deliver messages to this Maildir
    #[arg(long, value_name = "FOLDER", group = "kept", help_heading = "Output")]
    pub maildir: Option<PathBuf>,
    /// Write the addresses to this file when ready, complete or not at all
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub ready_file: Option<PathBuf>,
    /// One JSON object a line: ready, then the report
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Write the report as a page
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub html: Option<PathBuf>,
    /// Write the report with its histograms, for ehlo load --merge and --compare
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub hdr: Option<PathBuf>,
    /// A line twice a second on how far it is, also where the output is no terminal
    #[arg(short, long, help_heading = "Output")]
    pub counter: bool,
    /// Neither live counter nor addresses: the report alone
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// Who may log in at a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SinkAuth {
    /// Anybody
    Any,
}

/// `ehlo show`.
#[derive(Debug, Args, Default)]
pub struct Show {
    /// A log written with --log FILE.jsonl
    pub file: PathBuf,
    /// As what
    #[arg(long = "as", value_name = "FORM", default_value = "human")]
    pub form: ShowForm,
}

/// What a log can be shown as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ShowForm {
    /// Marked text
    #[default]
    Human,
    /// A talk
    Talk,
    /// A self-contained page
    Html,
}

/// `ehlo talk`.
#[derive(Debug, Args)]
pub struct Talk {
    /// What to do
    #[command(subcommand)]
    pub action: TalkAction,
}

/// What can be done with talk files.
#[derive(Debug, Subcommand)]
pub enum TalkAction {
    /// Parse only
    Check {
        /// Talk files; - reads standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Format in place (- from standard input to standard output)
    Fmt {
        /// Talk files
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Only tell which files would change
        #[arg(long)]
        check: bool,
    },
    /// Make a talk of an RFC transcript or a swaks transcript
    Import {
        /// The transcript; - reads standard input
        file: PathBuf,
    },
}

/// `ehlo config`.
#[derive(Debug, Args, Default)]
pub struct Config {
    /// Only this option; or @NAME: a profile, and the options in force with it
    pub name: Option<String>,
    /// As if this were given: colours
    #[arg(long, value_name = "WHEN")]
    pub color: Option<When>,
    /// As if this were given: explanations
    #[arg(long)]
    pub explain: bool,
    /// As if this were given: no history
    #[arg(long)]
    pub no_history: bool,
    /// As if this were given: the simple console
    #[arg(long)]
    pub simple_ui: bool,
    /// As if this were given: all times
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The words that later releases will use: a target of that name needs `connect`.
pub const RESERVED: &[&str] = &["check", "dns", "learn", "roundtrip", "send", "sieve", "tap"];

/// The arguments with `connect` put in where the first word is no subcommand.
pub fn arguments(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = given.into_iter().collect();
    let first = args.get(1).and_then(|a| a.to_str()).map(str::to_owned);
    let is_ours = |word: &str| {
        matches!(word, "-h" | "--help" | "-V" | "--version")
            || Cli::command()
                .get_subcommands()
                .any(|c| c.get_name() == word)
    };
    if !first.is_some_and(|word| is_ours(&word)) {
        args.insert(1, "connect".into());
    }
    args
}

/// The subcommand that a host's name may have been meant for.
pub fn misspelt(host: &str) -> Option<String> {
    let command = Cli::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    crate::ui::meant::nearest(host, names).map(str::to_owned)
}

/// A path that may be empty, where an option stands by itself: the usual parser of paths refuses it.
fn maybe_path() -> impl clap::builder::TypedValueParser<Value = PathBuf> {
    clap::builder::TypedValueParser::map(clap::builder::OsStringValueParser::new(), PathBuf::from)
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(secs) if secs > 0.0 && secs <= 86_400.0 * 365.0 => Ok(secs),
        _ => Err("a number of seconds above 0".to_owned()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.001..=1e9).contains(&number) => Ok(number),
        _ => Err("a number above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_host_may_be_a_misspelt_command() {
        assert_eq!(misspelt("lod").as_deref(), Some("load"));
        assert_eq!(misspelt("srve").as_deref(), Some("serve"));
        assert_eq!(misspelt("mail.example.org"), None);
        assert_eq!(misspelt(""), None);
    }

    #[test]
    fn the_usage_names_a_target() {
        let usage = Cli::command().render_usage().to_string();
        assert!(usage.contains("[TARGET [PORT]]"), "{usage}");
    }

    #[test]
    fn a_target_is_a_connect() {
        let words = |line: &str| arguments(line.split(' ').map(OsString::from));
        assert_eq!(words("ehlo mail.example.org 25")[1], "connect");
        assert_eq!(words("ehlo --json imaps://h")[1], "connect");
        assert_eq!(words("ehlo explain 550")[1], "explain");
        assert_eq!(arguments(["ehlo".into()])[1], "connect");
    }
}
