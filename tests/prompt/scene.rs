//! The stage of a golden file: a view built from a few words.

use std::sync::{Arc, RwLock};

use ehlo::proto::engine::{Facts, Mode};
use ehlo::proto::event::{
    Event, Exchange, Line, LineKind, Offer, Offers, Part, PartKind, Sent, SentKind, Verdict,
};
use ehlo::proto::spec::Phase;
use ehlo::proto::{self};
use ehlo::repl::complete::{ConsoleCommand, View};
use ehlo::repl::known::Known;
use ehlo::wire::secret::Secret;

/// A view and how to change it.
pub(crate) struct Stage {
    view: View,
    exchange: u64,
}

static CONSOLE: &[ConsoleCommand] = &[
    ConsoleCommand {
        name: "auth",
        args: "[MECH] [user]",
        summary: "logs in",
    },
    ConsoleCommand {
        name: "data",
        args: "FILE",
        summary: "sends a file as the message",
    },
    ConsoleCommand {
        name: "explain",
        args: "[word|n]",
        summary: "what a reply or word means",
    },
    ConsoleCommand {
        name: "help",
        args: "[VERB]",
        summary: "what can be typed",
    },
    ConsoleCommand {
        name: "open",
        args: "TARGET",
        summary: "opens another session",
    },
    ConsoleCommand {
        name: "quit",
        args: "",
        summary: "leaves",
    },
    ConsoleCommand {
        name: "repeat",
        args: "N COMMAND",
        summary: "says a command N times",
    },
    ConsoleCommand {
        name: "set",
        args: "[name value]",
        summary: "settings",
    },
    ConsoleCommand {
        name: "tls",
        args: "",
        summary: "the TLS verdict",
    },
];

fn files(prefix: &str) -> Vec<String> {
    ["message.eml", "messages/", "notes.txt"]
        .iter()
        .filter(|name| name.starts_with(prefix))
        .map(ToString::to_string)
        .collect()
}

impl Stage {
    pub(crate) fn new(protocol: &str) -> Self {
        let protocol = proto::protocol(protocol).expect("a protocol of the list");
        let view = View {
            protocol: protocol.name,
            spec: protocol.spec,
            mode: Mode::Command,
            phase: Phase("none"),
            offers: Arc::default(),
            facts: Arc::default(),
            secured: false,
            known: Arc::new(RwLock::new(Known::default())),
            console: CONSOLE,
            files,
        };
        Self { view, exchange: 0 }
    }

    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// Obeys a line of stage direction; blank lines and `#` are prose.
    pub(crate) fn direct(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" | "#" => {}
            "scene" => {
                let fresh = Self::new(self.view.protocol);
                *self = fresh;
            }
            "phase" => {
                let phases = self.view.spec.verbs.iter().flat_map(|v| v.phases);
                self.view.phase = *phases
                    .into_iter()
                    .find(|p| p.0 == rest)
                    .expect("a phase of the table");
            }
            "mode" => {
                self.view.mode = match rest {
                    "answer" => Mode::Answer {
                        mechanism: "PLAIN".into(),
                        challenge: Secret::new(""),
                    },
                    "idle" => Mode::Idle,
                    "body" => Mode::Body,
                    _ => panic!("mode {rest}"),
                }
            }
            "offers" => {
                let items = rest.split(", ").map(|offer| {
                    let (word, rest) = offer.split_once(' ').unwrap_or((offer, ""));
                    Offer {
                        word: word.into(),
                        rest: rest.into(),
                    }
                });
                self.view.offers = Arc::new(Offers {
                    known: true,
                    items: items.collect(),
                });
            }
            "tls" => self.view.secured = true,
            "login" => {
                self.view.facts = Arc::new(Facts {
                    logged_in: true,
                    ..Facts::default()
                });
            }
            "sent" => {
                self.exchange += 1;
                self.learn(&Event::Sent(Sent {
                    exchange: Exchange(self.exchange),
                    shown: rest.into(),
                    clear: None,
                    kind: SentKind::Command,
                    octets: 0,
                    differs: false,
                }));
            }
            "heard" => self.learn(&Event::Line(Line {
                exchange: None,
                text: rest.into(),
                clear: None,
                verdict: Verdict::Note,
                kind: LineKind::Untagged,
            })),
            "body" => self.learn(&Event::Part(Part {
                exchange: None,
                bytes: format!("{rest}\r\n").into_bytes(),
                last: false,
                kind: PartKind::Dotted,
            })),
            _ => panic!("not a stage direction: {line}"),
        }
    }

    pub(crate) fn learn(&mut self, event: &Event) {
        self.view
            .known
            .write()
            .expect("nobody panicked")
            .learn(self.view.protocol, event);
    }
}
