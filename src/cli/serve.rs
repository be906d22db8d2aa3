//! `ehlo serve`.

use std::path::PathBuf;

use clap::Args;

use super::Output;
use super::shared::seconds;

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
