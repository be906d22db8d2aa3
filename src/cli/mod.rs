//! The command line: clap types only, no behaviour.
//!
//! `ehlo TARGET` is `ehlo connect TARGET`: `arguments` puts the word in when the first one is no
//! subcommand, so that one definition serves both.

mod auth;
mod load;
mod run;
mod serve;
mod shared;
mod sink;
mod talk;

use std::ffi::OsString;
use std::path::PathBuf;

/// The words an option takes, for those who read them from elsewhere.
pub use clap::ValueEnum;
use clap::{Args, CommandFactory, Parser, Subcommand};

pub use auth::{Decode, Encode};
pub use load::Load;
pub use run::{ReportFormat, Run};
pub use serve::Serve;
pub use shared::{Link, Login, Output, ProxyVersion, Tls, TlsVersion, When};
pub use sink::{Sink, SinkAuth};
pub use talk::{Show, ShowForm, Talk, TalkAction};

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
                  ehlo connect run              a host named like a command\n\n\
                  A connection's options (--tls, --starttls, --login, --json and more) need no word before\n\
                  them: ehlo connect --help lists them.",
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
    #[allow(rustdoc::broken_intra_doc_links)] // the help's text, where [v6] is no link
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

/// `ehlo explain`.
#[derive(Debug, Args, Default)]
pub struct Explain {
    /// Codes, verbs, capabilities, a pasted reply or line of a bounce; -: what standard input holds
    #[arg(required = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
    /// The verb that was answered
    #[arg(long, value_name = "VERB")]
    pub after: Option<String>,
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
    let named = |word: &OsString| {
        let word = word.to_str()?;
        let command = Cli::command();
        let mut names = command.get_subcommands().map(clap::Command::get_name);
        names.find(|name| *name == word).map(OsString::from)
    };
    if first.as_deref() == Some("help") {
        // "help 25" is a host and its port.
        match args.get(2).map(named) {
            None => return vec![args.swap_remove(0), "--help".into()],
            Some(Some(about)) if args.len() == 3 => {
                return vec![args.swap_remove(0), about, "--help".into()];
            }
            Some(_) => {}
        }
    }
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
    fn help_is_a_host_only_with_more_to_it() {
        let words = |line: &str| arguments(line.split(' ').map(OsString::from)).join(" ".as_ref());
        assert_eq!(words("ehlo help"), "ehlo --help");
        assert_eq!(words("ehlo help load"), "ehlo load --help");
        assert_eq!(words("ehlo help 25"), "ehlo connect help 25");
        assert_eq!(words("ehlo help --tls"), "ehlo connect help --tls");
        assert_eq!(words("ehlo connect help"), "ehlo connect help");
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
