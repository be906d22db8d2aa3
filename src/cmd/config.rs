//! `ehlo config`: which options are in force, and who decided each.

use crate::cli;
use crate::config::file::File;
use crate::config::options::{InForce, OPTIONS, Options, Origin, Situation};
use crate::config::profile::Profile;
use crate::error::{Error, Result};
use crate::ui::look;
use crate::ui::meant::nearest;
use crate::ui::out;
use crate::wire::show::show;

/// Shows the options, or one, or a profile.
///
/// # Errors
/// `Local` when the file is wrong; `Usage` for a name it does not know.
pub fn run(args: &cli::Config) -> Result<()> {
    use std::io::IsTerminal as _;

    let file = File::load()?;
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let situation = Situation::of_environment(terminal)
        .with_color(args.color)
        .with(args.explain, "explain", "on", "--explain")
        .with(args.no_history, "history", "off", "--no-history")
        .with(args.simple_ui, "simple-ui", "on", "--simple-ui")
        .with(args.verbose > 0, "time", "all", "--verbose");
    let mut rows = Vec::new();
    match args.name.as_deref() {
        Some(name) if name.starts_with('@') => {
            let profile = file.profile(&name[1..])?;
            keys(&file, profile, &mut rows);
            let options = Options::decide(&file, Some(profile), &situation);
            rows.extend(options.0.iter().map(|option| row(&file, option)));
        }
        Some(name) => {
            let options = Options::decide(&file, None, &situation);
            let found = options.0.iter().find(|option| option.name == name);
            rows.push(row(&file, found.ok_or_else(|| unknown(name))?));
        }
        None => {
            let there = if file.exists { "" } else { "does not exist" };
            if file.path.is_some() {
                rows.push(["file".into(), place(&file), there.into()]);
            }
            let options = Options::decide(&file, None, &situation);
            rows.extend(options.0.iter().map(|option| row(&file, option)));
            for profile in &file.profiles {
                rows.push([
                    format!("@{}", profile.name),
                    profile.target().to_owned(),
                    at(&file, profile.line),
                ]);
            }
        }
    }
    print(&rows)
}

type Row = [String; 3];

fn row(file: &File, option: &InForce) -> Row {
    let origin = match &option.origin {
        Origin::Default => "default".to_owned(),
        Origin::Practice => "default on the practice server".to_owned(),
        Origin::File(line) => at(file, *line),
        Origin::Environment(name) => format!("environment: {name}"),
        Origin::CommandLine(option) => format!("command line: {option}"),
    };
    [option.name.to_owned(), option.value.clone(), origin]
}

/// What a profile says of its server. A command may hold what it should not: it is not shown.
fn keys(file: &File, profile: &Profile, rows: &mut Vec<Row>) {
    for key in &profile.keys {
        let value = match key.name {
            "password-command" => "(not shown)",
            _ => &key.value,
        };
        rows.push([key.name.to_owned(), value.to_owned(), at(file, key.line)]);
    }
}

fn place(file: &File) -> String {
    let path = file
        .path
        .as_deref()
        .unwrap_or_else(|| std::path::Path::new("config.toml"));
    path.display().to_string()
}

fn at(file: &File, line: u32) -> String {
    format!("{}:{line}", place(file))
}

fn unknown(name: &str) -> Error {
    let names = || OPTIONS.iter().map(|option| option.name);
    let error = Error::usage(format!("there is no option \"{}\"", name.escape_debug()));
    match nearest(name, names()) {
        Some(meant) => error.hint("meant", format!("{meant} ?")),
        None => error.hint("known", names().collect::<Vec<_>>().join(" ")),
    }
}

/// Three columns, the middle one as wide as most values need.
fn print(rows: &[Row]) -> Result<()> {
    let charset = look::decide(cli::When::Never, false).charset;
    let safe = |text: &str| show(text.as_bytes(), charset).into_owned();
    let mut text = String::new();
    let first = rows.iter().map(|row| row[0].chars().count()).max();
    let first = first.unwrap_or(0).max(9);
    for [name, value, origin] in rows {
        let line = format!(
            "{:first$}  {:<8}  {}",
            safe(name),
            safe(value),
            safe(origin)
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    out::print(&text)
}
