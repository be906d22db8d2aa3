//! What `:set` shows and changes.

use crate::error::{Error, Result};
use crate::ui::meant::nearest;
use crate::ui::render::Times;
use crate::ui::style::Look;

/// How structured replies are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// As the server sent them.
    #[default]
    Raw,
    /// Parsed, in place of the raw lines.
    Pretty,
    /// Both.
    Both,
}

/// The settings of a desk.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Colours, characters, width.
    pub look: Look,
    /// Which times are shown.
    pub times: Times,
    /// A dim line under each reply.
    pub explain: bool,
    /// Secrets on the screen.
    pub show_secrets: bool,
    /// Only what the server says.
    pub quiet: bool,
    /// JSON lines instead of marked text.
    pub json: bool,
    /// Remarks about odd servers.
    pub lint: bool,
    /// IMAP tags are added.
    pub tags: bool,
    /// Destruction is asked about.
    pub guard: bool,
    /// The prompt without host and mailbox.
    pub short_prompt: bool,
    /// Structured views.
    pub view: View,
    /// Lines of a content shown on a terminal; `None` for all.
    pub long: Option<u64>,
    /// True when content is kept for `:show`.
    pub record_content: bool,
    /// Programs may be started and files written.
    pub allow_commands: bool,
    /// Credentials may travel in the clear.
    pub allow_cleartext_auth: bool,
    /// Batch ends at the first refusal.
    pub fail_fast: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            look: Look::default(),
            times: Times::Slow,
            explain: false,
            show_secrets: false,
            quiet: false,
            json: false,
            lint: true,
            tags: true,
            guard: true,
            short_prompt: false,
            view: View::Raw,
            long: Some(200),
            record_content: true,
            allow_commands: true,
            allow_cleartext_auth: false,
            fail_fast: false,
        }
    }
}

/// Name, values, and what it is for.
pub const NAMES: &[(&str, &str, &str)] = &[
    ("color", "on|off", "colours"),
    (
        "explain",
        "on|off",
        "a dim line under each reply that says what it means",
    ),
    ("guard", "ask|off", "ask before stored mail is destroyed"),
    (
        "lint",
        "on|off",
        "remarks about what is odd about the server",
    ),
    (
        "long",
        "LINES|off",
        "how many lines of a content the screen shows",
    ),
    (
        "prompt",
        "full|short",
        "the whole prompt, or one without host and mailbox",
    ),
    ("tags", "on|off", "add tags to IMAP commands"),
    ("time", "all|slow|off", "times at the right of replies"),
    (
        "view",
        "raw|pretty|both",
        "structured replies as sent, parsed, or both",
    ),
];

impl Settings {
    /// Changes a setting.
    ///
    /// # Errors
    /// `Usage` with what is known and what was perhaps meant.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let Some((name, values, _)) = NAMES.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name))
        else {
            let names = NAMES.iter().map(|(name, ..)| *name);
            let mut error = Error::usage(format!("there is no setting \"{name}\""));
            if let Some(meant) = nearest(name, names.clone()) {
                error = error.hint("meant", meant);
            }
            return Err(error.hint("known", names.collect::<Vec<_>>().join(" ")));
        };
        let bad =
            || Error::usage(format!("\"{value}\" is no value of {name}")).hint("known", *values);
        let switch = || match value {
            "on" | "yes" | "ask" => Ok(true),
            "off" | "no" => Ok(false),
            _ => Err(bad()),
        };
        match *name {
            "color" => self.look.color = switch()?,
            "explain" => self.explain = switch()?,
            "guard" => self.guard = switch()?,
            "lint" => self.lint = switch()?,
            "tags" => self.tags = switch()?,
            "long" => {
                self.long = match value {
                    "off" => None,
                    lines => Some(lines.parse().map_err(|_| bad())?),
                };
            }
            "prompt" => {
                self.short_prompt = match value {
                    "full" => false,
                    "short" => true,
                    _ => return Err(bad()),
                };
            }
            "time" => {
                self.times = match value {
                    "all" => Times::All,
                    "slow" => Times::Slow,
                    "off" => Times::Off,
                    _ => return Err(bad()),
                };
            }
            _ => {
                self.view = match value {
                    "raw" => View::Raw,
                    "pretty" => View::Pretty,
                    "both" => View::Both,
                    _ => return Err(bad()),
                };
            }
        }
        Ok(())
    }

    /// The value of a setting, as `set` takes it.
    pub fn value(&self, name: &str) -> String {
        let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
        match name {
            "color" => switch(self.look.color),
            "explain" => switch(self.explain),
            "guard" => if self.guard { "ask" } else { "off" }.to_owned(),
            "lint" => switch(self.lint),
            "tags" => switch(self.tags),
            "long" => self
                .long
                .map_or_else(|| "off".to_owned(), |lines| lines.to_string()),
            "prompt" => match self.short_prompt {
                true => "short",
                false => "full",
            }
            .to_owned(),
            "time" => match self.times {
                Times::All => "all",
                Times::Slow => "slow",
                Times::Off => "off",
            }
            .to_owned(),
            _ => match self.view {
                View::Raw => "raw",
                View::Pretty => "pretty",
                View::Both => "both",
            }
            .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_takes_each_value_it_lists_and_tells_it() {
        let mut settings = Settings::default();
        for (name, values, _) in NAMES {
            for value in values.split('|') {
                let value = if value == "LINES" { "12" } else { value };
                settings.set(name, value).unwrap();
                assert_eq!(settings.value(name), value, "{name}");
            }
            assert!(settings.set(name, "nonsense").is_err(), "{name}");
        }
        assert!(
            settings
                .set("tims", "all")
                .unwrap_err()
                .to_string()
                .contains("time")
        );
    }
}
