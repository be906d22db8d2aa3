//! `ehlo run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared::at_least_one;
use super::{Link, Login, Output, Tls};

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
    #[arg(long, short, value_name = "N", default_value = "1", value_parser = at_least_one)]
    pub jobs: usize,
    /// Run each talk so often
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one)]
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
