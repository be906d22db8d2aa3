//! `:help`: what can be typed now, a card for each verb, groups, and what the server offers.

use super::block::{Block, WIDTH};
use super::{Role, Styled, explain, meant};
use crate::error::Error;
use crate::knowledge::{self, Fact, Kind};
use crate::proto::Protocol;
use crate::proto::event::Offers;
use crate::proto::spec::{ArgKind, Phase, Shape, Verb};
use crate::proto::standing::{Situation, Standing, is_rare};
use crate::wire::show::{Charset, show};

/// Extensions that a server of today has; which of them are missing is worth a line.
const COMMON: &[(&str, &[&str])] = &[
    (
        "smtp",
        &[
            "PIPELINING",
            "SIZE",
            "8BITMIME",
            "STARTTLS",
            "ENHANCEDSTATUSCODES",
            "DSN",
            "CHUNKING",
            "SMTPUTF8",
        ],
    ),
    ("lmtp", &["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"]),
    (
        "pop3",
        &["STLS", "TOP", "UIDL", "RESP-CODES", "PIPELINING", "SASL"],
    ),
    (
        "imap",
        &[
            "STARTTLS",
            "IDLE",
            "UIDPLUS",
            "MOVE",
            "ENABLE",
            "CONDSTORE",
            "SPECIAL-USE",
            "NAMESPACE",
            "ID",
            "ESEARCH",
        ],
    ),
];

/// Where the console stands.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Which protocol.
    pub protocol: &'static Protocol,
    /// Where the conversation stands.
    pub situation: Situation<'a>,
    /// The console's commands: name, arguments, summary.
    pub console: &'a [(&'static str, &'static str, &'static str)],
    /// Columns of the screen.
    pub width: Option<usize>,
}

/// `:help TOPIC`: nothing, `@group`, a verb, a console command, or anything `:explain` knows.
///
/// # Errors
/// `Usage` when nothing is known under the topic.
pub fn topic(stage: &Stage<'_>, topic: &str) -> Result<Vec<Styled>, Error> {
    let width = stage.width.unwrap_or(WIDTH);
    let topic = topic.trim();
    if topic.is_empty() {
        return Ok(overview(stage));
    }
    if let Some(group) = topic.strip_prefix('@') {
        return self::group(stage, group);
    }
    let command = topic.strip_prefix(':').unwrap_or(topic);
    let verb = stage.protocol.spec.verb_named(topic);
    if let Some(verb) = verb.filter(|_| !topic.starts_with(':')) {
        return Ok(card(stage.protocol.name, verb, Some(stage.situation.offers)).lines(width));
    }
    if let Some((name, args, summary)) = stage.console.iter().find(|(name, ..)| *name == command) {
        let head = format!(":{name} {args}").trim_end().to_owned();
        return Ok(Block::new(head).row("does", *summary).lines(width));
    }
    if topic.starts_with(':') {
        let error = Error::usage(format!("{} is no console command", safe(topic)));
        let near = meant::nearest(command, stage.console.iter().map(|(name, ..)| *name));
        return Err(match near {
            Some(near) => error.hint("meant", format!(":{near}")),
            None => error.hint("known", ":help lists them"),
        });
    }
    explain::words_in(Some(stage.protocol.name), &[topic.to_owned()], None)
}

/// What can be typed: verbs that are legal now, the names of the others, the console's commands.
pub fn overview(stage: &Stage<'_>) -> Vec<Styled> {
    let width = stage.width.unwrap_or(WIDTH);
    let situation = stage.situation;
    let common = |verb: &&Verb| !situation.is_rare(verb);
    let standing = |wanted: Standing| {
        let verbs = stage.protocol.spec.verbs.iter().filter(common);
        verbs.filter(move |verb| situation.standing(verb) == wanted)
    };
    let names = |wanted| standing(wanted).map(|v| v.name).collect::<Vec<_>>();
    let mut now = Block::new(format!("legal now ({}):", stage.situation.phase));
    for verb in standing(Standing::Legal) {
        now = now.row(verb.name, verb.summary);
    }
    let now = now
        .row("later", names(Standing::NotNow).join(" "))
        .row("not offered", names(Standing::NotOffered).join(" "));
    let groups = groups(stage.protocol);
    let mut console = Block::new("of the console, behind a colon:");
    for (name, args, summary) in stage.console {
        console = console.row(format!(":{name} {args}").trim_end(), *summary);
    }
    let mut lines = now.lines(width);
    if !console.rows.is_empty() {
        lines.push(Styled::default());
        lines.extend(console.lines(width));
    }
    lines.push(Styled::default());
    let more = format!(
        ":help VERB is its card; groups: {}; :caps is what the server offers",
        groups.join(" ")
    );
    lines.extend(
        super::block::wrap(&more, width)
            .into_iter()
            .map(|l| Styled::new(Role::Dim, l)),
    );
    lines
}

/// The groups of a protocol's verbs: its states, and two by purpose.
fn groups(protocol: &Protocol) -> Vec<String> {
    let mut phases: Vec<String> = Vec::new();
    for phase in protocol.spec.verbs.iter().flat_map(|v| v.phases) {
        let name = format!("@{phase}");
        if !phases.contains(&name) {
            phases.push(name);
        }
    }
    let verbs = || protocol.spec.verbs.iter();
    if verbs().any(|v| v.danger.is_some()) {
        phases.push("@danger".to_owned());
    }
    if verbs().any(|v| is_rare(protocol.name, v)) {
        phases.push("@rare".to_owned());
    }
    phases
}

/// `:help @group`: the verbs of a state, those that destroy something, or the rare ones.
///
/// # Errors
/// `Usage` for a group that is none.
pub fn group(stage: &Stage<'_>, name: &str) -> Result<Vec<Styled>, Error> {
    let rare = |verb: &Verb| is_rare(stage.protocol.name, verb);
    let fits = |verb: &&Verb| match name {
        "danger" => verb.danger.is_some(),
        "rare" => rare(verb),
        _ => verb.phases.iter().any(|p| p.0.eq_ignore_ascii_case(name)) && !rare(verb),
    };
    let mut block = Block::new(format!("@{}:", safe(name)));
    for verb in stage.protocol.spec.verbs.iter().filter(fits) {
        block = block.row(
            verb.name,
            verb.danger
                .filter(|_| name == "danger")
                .unwrap_or(verb.summary),
        );
    }
    if block.rows.is_empty() {
        let known = groups(stage.protocol).join(" ");
        return Err(Error::usage(format!("@{} is no group", safe(name))).hint("known", known));
    }
    Ok(block.lines(stage.width.unwrap_or(WIDTH)))
}

const ALWAYS: &str = "at any time";

/// Sets of phases that tables name, in the words of people who type.
const WHEN: &[(&[&str], &str)] = &[
    (&["start", "idle", "mail", "rcpt"], ALWAYS),
    (&["authorization", "transaction"], ALWAYS),
    (
        &["not-authenticated", "authenticated", "selected", "logout"],
        ALWAYS,
    ),
    (&["start", "idle"], "outside a transaction"),
    (&["idle"], "after EHLO, outside a transaction"),
    (&["mail", "rcpt"], "after MAIL FROM"),
    (&["rcpt"], "after RCPT TO"),
    (&["authorization"], "before the login"),
    (&["transaction"], "after the login"),
    (&["not-authenticated"], "before the login"),
    (&["authenticated", "selected"], "after the login"),
    (
        &["authenticated"],
        "after the login, with no mailbox selected",
    ),
    (&["selected"], "after SELECT"),
];

/// When a verb is in place.
pub fn when(phases: &[Phase]) -> String {
    let names: Vec<_> = phases.iter().map(|phase| phase.0).collect();
    let known = WHEN.iter().find(|(set, _)| *set == names.as_slice());
    known.map_or_else(|| names.join(", "), |(_, words)| (*words).to_owned())
}

/// True for the set of a verb that is in place as long as there is a conversation.
pub fn is_always(phases: &[Phase]) -> bool {
    when(phases) == ALWAYS
}

/// A verb's card. With `offers`, what it needs is compared with what there is.
pub fn card(protocol: &str, verb: &Verb, offers: Option<&Offers>) -> Block {
    let mut syntax = verb.name.to_owned();
    for arg in verb.args {
        let dots = if arg.repeats { "..." } else { "" };
        let hint = if arg.optional {
            format!("[{}]", arg.hint)
        } else {
            arg.hint.to_owned()
        };
        syntax.push_str(&format!(" {hint}{dots}"));
    }
    let needs = verb.needs.unwrap_or_default().replace(' ', " or ");
    let needs = match offers.filter(|o| o.known && !needs.is_empty()) {
        Some(offers) if is_missing(verb, offers) => format!("{needs} (not offered here)"),
        Some(_) => format!("{needs} (offered here)"),
        None => needs,
    };
    let status = knowledge::verb_status(protocol, verb.name);
    Block::new(format!("{syntax}: {}.", verb.summary))
        .row("protocol", protocol.to_ascii_uppercase())
        .row("legal", when(verb.phases))
        .row("needs", needs)
        .row("takes", parameters(verb, offers))
        .row("reply", reply_shape(protocol, verb))
        .row("example", verb.example)
        .row("danger", verb.danger.unwrap_or_default())
        .row(
            "status",
            if status.starts_with("standard") {
                ""
            } else {
                status
            },
        )
        .row("see", verb.rfc)
}

/// The parameters that a verb takes, for those that have any.
fn parameters(verb: &Verb, offers: Option<&Offers>) -> String {
    let takes = verb
        .args
        .iter()
        .any(|a| matches!(a.kind, ArgKind::MailParameters | ArgKind::RcptParameters));
    if !takes {
        return String::new();
    }
    let offered = |row: &&knowledge::SmtpParameter| {
        let keyword = row
            .required_keyword
            .split([' ', ','])
            .next()
            .unwrap_or_default();
        match offers.filter(|o| o.known) {
            Some(offers) => offers.has(keyword),
            None => row.status == "standard",
        }
    };
    let rows = knowledge::SMTP_PARAMETERS.rows().iter();
    let rows = rows
        .filter(|row| row.command.split(", ").any(|c| c == verb.name))
        .filter(offered);
    rows.map(|row| row.hint).collect::<Vec<_>>().join(" ")
}

fn reply_shape(protocol: &str, verb: &Verb) -> String {
    let shape = match verb.reply {
        Shape::Line if protocol == "pop3" => "one line",
        Shape::Line => "a code, in one line or several",
        Shape::Dotted => "a line, and when it is +OK more lines up to a lone dot",
        Shape::DottedWithoutArgs => "without arguments lines up to a lone dot, else one line",
        Shape::Tagged => "untagged data, then OK, NO or BAD with the command's tag",
        Shape::GoAheadThenBody => "a go-ahead, then you send the content, then the verdict",
        Shape::Challenges => "a challenge for each step, then the verdict",
        Shape::Idle => "a go-ahead, then news until DONE, then the verdict",
        Shape::Tls => "a go-ahead, then the TLS handshake",
    };
    let codes = match protocol {
        "smtp" | "lmtp" => knowledge::SMTP_VERBS
            .rows()
            .iter()
            .find(|r| r.verb == verb.name)
            .map(|r| {
                let middle = if r.intermediate.is_empty() {
                    String::new()
                } else {
                    format!(", {} to go on", r.intermediate)
                };
                format!(": {}{middle}; refusals {}", r.success, r.failure)
            }),
        "imap" => knowledge::IMAP_COMMANDS
            .rows()
            .iter()
            .find(|r| r.command == verb.name)
            .map(|r| {
                if r.untagged_responses.is_empty() {
                    String::new()
                } else {
                    format!(": {}", r.untagged_responses)
                }
            }),
        _ => None,
    };
    format!("{shape}{}", codes.unwrap_or_default())
}

/// True when a verb needs what the server does not offer.
fn is_missing(verb: &Verb, offers: &Offers) -> bool {
    offers.known && verb.needs.is_some_and(|needs| !offers.has_any(needs))
}

/// `:caps`: what the server offers, a sentence each; what changed since `before` ("STARTTLS",
/// "the login"), and what a server of today would have too.
pub fn caps(
    protocol: &'static Protocol,
    now: &Offers,
    before: Option<(&str, &Offers)>,
    width: Option<usize>,
) -> Vec<Styled> {
    let width = width.unwrap_or(WIDTH);
    if !now.known {
        let ask = protocol.ask_offers.replace("{name}", "NAME");
        return vec![Styled::new(
            Role::Dim,
            format!("the server did not say yet; {ask} asks"),
        )];
    }
    let mut block = Block::new("the server offers:");
    for offer in &now.items {
        let mut label = safe(format!("{} {}", offer.word, offer.rest).trim_end());
        // A word that is none (RFC 5321 4.1.1.1) could look like a mark of ours.
        if !label.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            label = format!("\"{label}\"");
        }
        block = block.row(label, sentence(protocol.name, &offer.word, &offer.rest));
    }
    let mut notes = Block::default();
    if let Some((event, before)) = before.filter(|(_, before)| before.known) {
        notes = notes.row("new", changed(event, now, before));
        notes = notes.row("gone", changed(event, before, now));
    }
    notes = notes.row(
        "missing",
        absent(protocol.name, now, before.map(|(_, b)| b)),
    );
    let mut lines = block.lines(width);
    if !notes.rows.is_empty() {
        lines.push(Styled::default());
        lines.extend(notes.lines(width).split_off(1));
    }
    lines
}

/// What `now` has and `before` has not, in words.
fn changed(event: &str, now: &Offers, before: &Offers) -> String {
    let fresh = fresh(now, before);
    if fresh.is_empty() {
        return String::new();
    }
    format!("since {event}: {}", fresh.join(", "))
}

/// What `now` offers and `before` did not: whole lines, and of a line that was there the new words.
pub fn fresh(now: &Offers, before: &Offers) -> Vec<String> {
    let news = now.items.iter().filter_map(|offer| {
        let mut same = before
            .items
            .iter()
            .filter(|o| o.word == offer.word)
            .peekable();
        if same.peek().is_none() {
            return Some(format!("{} {}", offer.word, offer.rest));
        }
        let known: Vec<_> = same.flat_map(|o| o.rest.split_ascii_whitespace()).collect();
        let words = offer.rest.split_ascii_whitespace();
        let words: Vec<_> = words.filter(|w| !known.contains(w)).collect();
        (!words.is_empty()).then(|| format!("{} {}", offer.word, words.join(" ")))
    });
    news.map(|line| safe(line.trim_end())).collect()
}

/// Common extensions that are not offered. STARTTLS vanishes under TLS, and rightly.
fn absent(protocol: &str, now: &Offers, before: Option<&Offers>) -> String {
    let common = COMMON
        .iter()
        .find(|(p, _)| *p == protocol)
        .map_or(&[][..], |(_, words)| words);
    // Before a login an IMAP server may keep most of its list to itself.
    if protocol == "imap" && !now.mechanisms().is_empty() {
        return String::new();
    }
    let before_had = |word: &str| before.is_some_and(|b| b.has(word));
    let rev2 = now.has("IMAP4rev2");
    let absent: Vec<_> = common
        .iter()
        .filter(|word| !now.has(word) && !before_had(word))
        .filter(|word| !(is_tls(word) || rev2 && in_rev2(word)))
        .copied()
        .collect();
    if absent.is_empty() {
        return String::new();
    }
    format!("{} (which most servers have)", absent.join(" "))
}

fn is_tls(word: &str) -> bool {
    // Under TLS from the first octet it is never offered: its absence says nothing by itself.
    matches!(word, "STARTTLS" | "STLS")
}

fn in_rev2(word: &str) -> bool {
    let rows = knowledge::IMAP_CAPABILITIES.rows();
    rows.iter()
        .any(|row| row.capability == word && row.in_rev2.starts_with("yes"))
}

/// One sentence about an offer.
fn sentence(protocol: &str, word: &str, rest: &str) -> String {
    let facts = knowledge::find(word);
    let protocol = if protocol == "lmtp" { "smtp" } else { protocol };
    let fact: Option<&Fact> = facts
        .iter()
        .find(|f| f.kind == Kind::Capability && f.protocol == protocol);
    let here = offer_in_words(protocol, word, rest);
    match (fact, here.is_empty()) {
        // Of a mechanism's offer, what the mechanism does.
        (Some(fact), false) if fact.name == "AUTH=" => here,
        (Some(fact), true) => fact.means.to_owned(),
        (Some(fact), false) => format!("{}; {here}", fact.means),
        (None, _) => "not a capability we know".to_owned(),
    }
}

/// What the values behind a capability say, where they say more than they show.
pub fn offer_in_words(protocol: &str, word: &str, rest: &str) -> String {
    let number = rest.split(' ').next().and_then(|n| n.parse::<u64>().ok());
    let (family, value) = word.split_once('=').unwrap_or((word, ""));
    match (protocol, family.to_ascii_uppercase().as_str(), number) {
        ("smtp", "SIZE", Some(0)) => "no fixed limit here".to_owned(),
        ("smtp", "SIZE", Some(octets)) => format!("at most {octets} octets ({})", units(octets)),
        ("imap", "APPENDLIMIT", _) => value.parse().map_or_else(
            |_| String::new(),
            |octets| format!("at most {octets} octets ({})", units(octets)),
        ),
        ("pop3", "LOGIN-DELAY", Some(seconds)) => format!("wait {seconds} s between logins"),
        ("pop3", "EXPIRE", Some(days)) => format!("messages are kept for {days} days"),
        ("imap", "AUTH", _) if !value.is_empty() => mechanism(value),
        _ => String::new(),
    }
}

fn mechanism(name: &str) -> String {
    let rows = knowledge::SASL_MECHANISMS.rows();
    let row = rows
        .iter()
        .find(|row| row.mechanism.eq_ignore_ascii_case(name));
    row.map_or_else(String::new, |row| row.summary.to_owned())
}

fn units(octets: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if octets >= MIB {
        // One decimal, rounded down: a limit must not look larger than it is.
        format!("{}.{} MiB", octets / MIB, octets % MIB * 10 / MIB)
    } else {
        format!("{} KiB", octets / 1024)
    }
}

fn safe(text: &str) -> String {
    show(text.as_bytes(), Charset::Unicode).into_owned()
}
