//! What is made from the command line's definition and from the tables: shell completions, the
//! manual page, and the reference pages. The copies in the project are compared with this by a test.

use std::io::Write;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::error::{Error, Result};
use crate::proto::PROTOCOLS;
use crate::ui::{out, reference};

/// Columns of help texts in the reference.
const COLUMNS: usize = 90;

/// Shells, and the names of their files.
const SHELLS: &[(Shell, &str)] = &[
    (Shell::Bash, "completions/ehlo.bash"),
    (Shell::Zsh, "completions/_ehlo"),
    (Shell::Fish, "completions/ehlo.fish"),
    (Shell::Elvish, "completions/ehlo.elv"),
    (Shell::PowerShell, "completions/_ehlo.ps1"),
];

/// Writes the completions for a shell.
///
/// # Errors
/// `Local` when they cannot be written.
pub fn completions(shell: Shell, output: &mut dyn Write) -> Result<()> {
    write(output, &shell_script(shell))
}

/// Writes the manual page.
///
/// # Errors
/// `Local` when it cannot be written.
pub fn man(output: &mut dyn Write) -> Result<()> {
    write(output, &manual()?)
}

/// Every generated file of the project: its path and its text.
///
/// # Errors
/// `Local` when a page cannot be made.
pub fn files() -> Result<Vec<(String, String)>> {
    let scripts = SHELLS.iter();
    let mut files: Vec<_> = scripts
        .map(|(shell, path)| ((*path).to_owned(), shell_script(*shell)))
        .collect();
    files.push(("docs/ehlo.1".to_owned(), manual()?));
    files.push(("docs/reference/cli.md".to_owned(), command_line()));
    for protocol in PROTOCOLS.iter().filter(|p| p.name != "lmtp") {
        let path = format!("docs/reference/{}.md", protocol.name);
        files.push((path, reference::page(protocol)));
    }
    Ok(files)
}

fn write(output: &mut dyn Write, text: &str) -> Result<()> {
    let written = output.write_all(text.as_bytes());
    written
        .and_then(|()| output.flush())
        .map_err(|e| out::failed(&e))
}

fn shell_script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ehlo", &mut script);
    tidy(&String::from_utf8_lossy(&script))
}

/// One page for all: the program, then each subcommand's synopsis and options.
fn manual() -> Result<String> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let mut render = || -> std::io::Result<()> {
        let top = Man::new(command.clone());
        top.render_title(&mut page)?;
        top.render_name_section(&mut page)?;
        top.render_synopsis_section(&mut page)?;
        top.render_description_section(&mut page)?;
        for sub in visible(&command) {
            let name = format!("ehlo {}", sub.get_name());
            writeln!(page, ".SH \"{}\"", name.to_uppercase())?;
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            writeln!(page, "{about}")?;
            let sub = Man::new(sub.clone().bin_name(name));
            let mut inner = Vec::new();
            sub.render_synopsis_section(&mut inner)?;
            sub.render_options_section(&mut inner)?;
            // Sections of a subcommand are subsections of the page.
            page.extend_from_slice(
                String::from_utf8_lossy(&inner)
                    .replace(".SH ", ".SS ")
                    .as_bytes(),
            );
        }
        writeln!(page, ".SH \"EXIT STATUS\"")?;
        for (code, meaning) in EXIT_CODES {
            writeln!(page, ".TP\n{code}\n{meaning}")?;
        }
        Ok(())
    };
    render().map_err(|e| Error::local(format!("the manual page: {e}")))?;
    let page = String::from_utf8_lossy(&page);
    // Each part brings the same two lines that define an apostrophe: once is enough.
    let prologue = |line: &&str| line.starts_with(".ie \\n(.g") || line.starts_with(".el .ds Aq");
    let head = page.lines().take_while(prologue);
    let body = page.lines().filter(|line| !prologue(line));
    Ok(tidy(&head.chain(body).collect::<Vec<_>>().join("\n")))
}

/// The exit codes, as `error::Kind` has them.
const EXIT_CODES: &[(u8, &str)] = &[
    (0, "all as expected"),
    (1, "a reply was negative or an expectation failed"),
    (2, "the command line or a script is wrong"),
    (3, "could not connect"),
    (4, "TLS failed, was not offered or was not trusted"),
    (5, "authentication refused"),
    (
        6,
        "the connection was lost, a reply timed out or the server broke the protocol",
    ),
    (7, "a local file or the configuration"),
    (
        8,
        "refused for now only (4xx, [UNAVAILABLE], [IN-USE], [SYS/TEMP])",
    ),
    (130, "interrupted"),
];

/// Every subcommand's help, in one page.
fn command_line() -> String {
    let mut page = String::from(
        "# Command line\n\nMade from the program's own definition by `cargo test --test tables` with \
         `EHLO_UPDATE=1`; edits here are lost.\n",
    );
    let mut command = Cli::command().term_width(COLUMNS);
    command.build();
    section(
        &mut page,
        "ehlo",
        command.render_long_help().to_string().as_str(),
    );
    for sub in visible(&command) {
        let name = format!("ehlo {}", sub.get_name());
        let mut sub = sub.clone().term_width(COLUMNS).bin_name(&name);
        section(
            &mut page,
            &name,
            sub.render_long_help().to_string().as_str(),
        );
    }
    page.push_str("\n## Exit codes\n\n| Code | Meaning |\n|---|---|\n");
    for (code, meaning) in EXIT_CODES {
        page.push_str(&format!("| {code} | {meaning} |\n"));
    }
    tidy(&page)
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set())
}

fn section(page: &mut String, name: &str, help: &str) {
    page.push_str(&format!("\n## {name}\n\n```\n{}\n```\n", help.trim_end()));
}

/// No blanks at line ends, one line end at the end.
fn tidy(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn the_table_of_exit_codes_is_the_one_in_force() {
        let kinds = [
            Kind::Refused,
            Kind::Usage,
            Kind::Connect,
            Kind::Tls,
            Kind::Auth,
            Kind::Lost,
            Kind::Local,
            Kind::TryLater,
            Kind::Interrupted,
        ];
        let listed: Vec<_> = EXIT_CODES.iter().skip(1).map(|(code, _)| *code).collect();
        assert_eq!(listed, kinds.map(Kind::code));
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
