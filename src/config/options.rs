//! The options that the configuration file may set, and which value of each is in force.
//!
//! The later of these decides: built-in default, top of the file, profile, environment, command line.
//! One exception, which no-color.org asks for: a colour decided in the file stands above `NO_COLOR`.

use crate::cli::ValueEnum as _;

use super::file::{File, Setting};
use super::profile::Profile;
use crate::cli::When;
use crate::ui::look;

/// An option of the file.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its key.
    pub name: &'static str,
    /// What it takes: words, and in capitals what stands for a value.
    pub values: &'static str,
    /// The value without a file.
    pub default: &'static str,
    /// What it is for.
    pub about: &'static str,
}

const fn known(
    name: &'static str,
    values: &'static str,
    default: &'static str,
    about: &'static str,
) -> Known {
    Known {
        name,
        values,
        default,
        about,
    }
}

/// Every option, by name.
pub const OPTIONS: &[Known] = &[
    known("color", "auto|always|never", "auto", "colours"),
    known(
        "explain",
        "on|off",
        "off",
        "a dim line under each reply that says what it means",
    ),
    known(
        "guard",
        "ask|off",
        "ask",
        "ask before stored mail is destroyed",
    ),
    known("history", "on|off", "on", "keep what is typed"),
    known("keys", "emacs|vi", "emacs", "the keys that edit a line"),
    known(
        "lint",
        "on|off",
        "on",
        "remarks about what is odd about the server",
    ),
    known(
        "long",
        "LINES|off",
        "200",
        "how many lines of a content the screen shows",
    ),
    known(
        "prompt",
        "full|short",
        "full",
        "the whole prompt, or one without host and mailbox",
    ),
    known(
        "simple-ui",
        "on|off",
        "off",
        "no redraw, no colour: for screen readers",
    ),
    known("tags", "on|off", "on", "add tags to IMAP commands"),
    known(
        "time",
        "all|slow|off",
        "slow",
        "times at the right of replies",
    ),
    known(
        "view",
        "raw|pretty|both",
        "raw",
        "structured replies as sent, parsed, or both",
    ),
];

/// Who decided a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody.
    Default,
    /// Nobody, and the practice server is a place for learning.
    Practice,
    /// The file, at this line.
    File(u32),
    /// A variable.
    Environment(&'static str),
    /// An option of the command line.
    CommandLine(&'static str),
}

/// An option with the value in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The option.
    pub name: &'static str,
    /// The value, as the file would have it.
    pub value: String,
    /// Who decided.
    pub origin: Origin,
}

/// What else decides, beside the file.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// Option of the file, value, and the option of the command line that gave it.
    pub given: Vec<(&'static str, String, &'static str)>,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// The terminal can only print.
    pub dumb: bool,
    /// A session with the practice server inside.
    pub practice: bool,
    /// A person is there.
    pub terminal: bool,
}

/// Everything that is in force.
#[derive(Clone, Debug)]
pub struct Options(pub Vec<InForce>);

impl Situation {
    /// What the environment says; `terminal` tells whether a person is at a console.
    pub fn of_environment(terminal: bool) -> Self {
        Self {
            no_color: std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()),
            dumb: terminal && look::is_dumb(),
            terminal,
            ..Self::default()
        }
    }

    /// Notes an option of the command line.
    #[must_use]
    pub fn with(
        mut self,
        given: bool,
        name: &'static str,
        value: &str,
        option: &'static str,
    ) -> Self {
        if given {
            self.given.push((name, value.to_owned(), option));
        }
        self
    }

    /// Notes `--color`.
    #[must_use]
    pub fn with_color(self, when: Option<When>) -> Self {
        let value = match when {
            Some(When::Always) => "always",
            Some(When::Never) => "never",
            Some(When::Auto) | None => "auto",
        };
        self.with(when.is_some(), "color", value, "--color")
    }
}

impl Options {
    /// Decides each option.
    pub fn decide(file: &File, profile: Option<&Profile>, situation: &Situation) -> Self {
        let one = |known: &Known| {
            let (value, origin) = decide(known, file, profile, situation);
            InForce {
                name: known.name,
                value,
                origin,
            }
        };
        Self(OPTIONS.iter().map(one).collect())
    }

    /// The value of an option; empty when there is none of that name.
    pub fn value(&self, name: &str) -> &str {
        let found = self.0.iter().find(|option| option.name == name);
        found.map_or("", |option| &option.value)
    }

    /// When to colour.
    pub fn color(&self) -> When {
        When::from_str(self.value("color"), true).unwrap_or_default()
    }

    /// True when a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.value(name) == "on"
    }
}

fn decide(
    known: &Known,
    file: &File,
    profile: Option<&Profile>,
    situation: &Situation,
) -> (String, Origin) {
    let name = known.name;
    if let Some((_, value, option)) = situation.given.iter().find(|(n, ..)| *n == name) {
        return (value.clone(), Origin::CommandLine(option));
    }
    let set = |settings: &[Setting]| settings.iter().find(|s| s.name == name).cloned();
    let in_file = profile
        .and_then(|profile| set(&profile.options))
        .or_else(|| set(&file.options));
    if name == "simple-ui" && situation.dumb {
        return ("on".to_owned(), Origin::Environment("TERM"));
    }
    let undecided = in_file.as_ref().is_none_or(|s| s.value == "auto");
    if name == "color" && situation.no_color && undecided {
        return ("never".to_owned(), Origin::Environment("NO_COLOR"));
    }
    if let Some(setting) = in_file {
        return (setting.value, Origin::File(setting.line));
    }
    match (situation.practice, name) {
        (true, "explain") if situation.terminal => ("on".to_owned(), Origin::Practice),
        (true, "guard") => ("off".to_owned(), Origin::Practice),
        _ => (known.default.to_owned(), Origin::Default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File::read("config.toml", text).unwrap()
    }

    #[test]
    fn the_later_decides() {
        let file = file(
            "explain = true\ncolor = \"auto\"\n[profile.a]\ntarget = \"h\"\nexplain = false\n",
        );
        let mut situation = Situation::default();
        let decided = |profile, situation: &Situation| {
            let options = Options::decide(&file, profile, situation);
            let found = options.0.iter().find(|o| o.name == "explain").unwrap();
            (found.value.clone(), found.origin.clone())
        };
        assert_eq!(
            decided(None, &situation),
            ("on".to_owned(), Origin::File(1))
        );
        let profile = file.profiles.first();
        assert_eq!(
            decided(profile, &situation),
            ("off".to_owned(), Origin::File(5))
        );
        situation.given = vec![("explain", "on".to_owned(), "--explain")];
        assert_eq!(
            decided(profile, &situation),
            ("on".to_owned(), Origin::CommandLine("--explain"))
        );
        situation.no_color = true;
        let options = Options::decide(&file, None, &situation);
        assert_eq!(options.value("color"), "never");
    }

    #[test]
    fn a_colour_in_the_file_stands_above_no_color() {
        let situation = Situation {
            no_color: true,
            practice: true,
            terminal: true,
            dumb: true,
            ..Situation::default()
        };
        let options = Options::decide(&file("color = \"always\""), None, &situation);
        assert_eq!(options.value("color"), "always");
        assert_eq!(options.value("guard"), "off");
        assert!(options.is_on("explain") && options.is_on("simple-ui"));
    }

    #[test]
    fn the_console_takes_each_of_its_own() {
        use crate::repl::settings::{NAMES, Settings};

        let options = Options::decide(&File::default(), None, &Situation::default());
        let settings = Settings::default();
        for (name, values, _) in NAMES.iter().filter(|(name, ..)| *name != "color") {
            let known = OPTIONS.iter().find(|o| o.name == *name).expect(name);
            assert_eq!(known.values, *values, "{name}");
            assert_eq!(options.value(name), settings.value(name), "{name}");
        }
    }
}
