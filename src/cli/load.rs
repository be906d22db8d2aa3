//! `ehlo load`.

use std::path::PathBuf;

use clap::Args;

use super::shared::{positive, seconds};
use super::{Link, Login, Tls, When};

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
