//! How output is to look, and where files of ours lie: what the environment decides.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

use crate::cli::When;
use crate::ui::style::Look;
use crate::wire::show::Charset;

/// One decision about colours, characters and width, for the whole run.
pub fn decide(when: When, terminal: bool) -> Look {
    let color = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            // Set and empty counts as not set (no-color.org).
            let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
            terminal && !unwanted && !is_dumb()
        }
    };
    Look {
        color,
        charset: charset(),
        width: if terminal {
            crate::terminal::width()
        } else {
            None
        },
    }
}

/// True on a terminal that can only print.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}

/// The characters that the locale allows.
fn charset() -> Charset {
    let set = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
    let locale = set("LC_ALL")
        .or_else(|| set("LC_CTYPE"))
        .or_else(|| set("LANG"));
    match locale {
        Some(name) if name.to_ascii_uppercase().replace('-', "").contains("UTF8") => {
            Charset::Unicode
        }
        Some(_) => Charset::Ascii,
        // No locale at all, as under cron or in a container: UTF-8 is the safer guess today.
        None => Charset::Unicode,
    }
}

/// Where histories are kept.
pub fn state_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(
        base.state_dir()
            .unwrap_or_else(|| base.data_dir())
            .join("ehlo"),
    )
}

/// Where the configuration lies.
pub fn config_folder() -> Option<PathBuf> {
    Some(
        etcetera::choose_base_strategy()
            .ok()?
            .config_dir()
            .join("ehlo"),
    )
}
