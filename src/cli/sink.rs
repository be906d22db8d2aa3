//! `ehlo sink`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared::seconds;

/// `ehlo sink`.
#[derive(Debug, Args, Default)]
pub struct Sink {
    /// Where to listen: host:port (port 0: any free one), port, or unix:PATH [default: localhost:2525]
    pub listen: Option<String>,
    /// How many connections may wait to be accepted on a port, where smtp-sink has it [default: 4096]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub backlog: Option<u32>,
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
