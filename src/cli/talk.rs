//! `ehlo show` and `ehlo talk`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
