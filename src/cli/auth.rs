//! `ehlo encode` and `ehlo decode`.

use clap::Args;

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
