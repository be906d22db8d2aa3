//! Words that somebody wants explained: names of any table, codes, pasted lines.

use super::bounce;
use super::line::{self, Pasted};
use super::{Context, reply};
use crate::error::Error;
use crate::knowledge::{self, Fact, Kind};
use crate::proto::PROTOCOLS;
use crate::sasl::plain;
use crate::ui::block::{Block, WIDTH};
use crate::ui::{Styled, help, meant};
use crate::wire::show::{Charset, show};

/// Meanings of one word that are shown.
const FACTS_MAX: usize = 8;

/// Explains words, whatever protocol they belong to. `after` is the verb a code answers.
///
/// # Errors
/// `Usage` when nothing is known under a word, with the nearest name that is.
pub fn words(words: &[String], after: Option<&str>) -> Result<Vec<Styled>, Error> {
    words_in(None, words, after)
}

/// Explains words; what they mean in `protocol` comes first.
///
/// # Errors
/// As `words`.
pub fn words_in(
    protocol: Option<&str>,
    words: &[String],
    after: Option<&str>,
) -> Result<Vec<Styled>, Error> {
    let after = after.map(verb_answered).transpose()?;
    let whole = words.join(" ");
    if whole.trim().is_empty() {
        return Err(Error::usage("nothing to explain").hint("try", "ehlo explain 550 5.7.1"));
    }
    let mut blocks = Vec::new();
    let mut nothing = None;
    for part in whole.lines().filter(|l| !l.trim().is_empty()) {
        match explain_line(protocol, part.trim(), after.as_deref()) {
            Ok(more) => blocks.extend(more),
            Err(error) => nothing = nothing.or(Some(error)),
        }
    }
    // Of a pasted page, only some lines hold a code.
    if let Some(error) = nothing.filter(|_| blocks.is_empty()) {
        return Err(error);
    }
    let mut lines = Vec::new();
    for block in blocks {
        if !lines.is_empty() {
            lines.push(Styled::default());
        }
        lines.extend(block.lines(WIDTH));
    }
    Ok(lines)
}

/// The verb as replies name it.
fn verb_answered(verb: &str) -> Result<String, Error> {
    let name = verb.to_ascii_uppercase();
    let special = ["GREETING", "."];
    if special.contains(&name.as_str()) {
        return Ok(name.to_ascii_lowercase());
    }
    let known = PROTOCOLS.iter().any(|p| p.spec.verb_named(&name).is_some());
    if known {
        return Ok(name);
    }
    let all = PROTOCOLS.iter().flat_map(|p| p.spec.verbs).map(|v| v.name);
    let error = Error::usage(format!("{} is no verb of any protocol here", safe(verb)));
    Err(match meant::nearest(&name, all) {
        Some(near) => error.hint("meant", near),
        None => error,
    })
}

fn explain_line(
    protocol: Option<&str>,
    text: &str,
    after: Option<&str>,
) -> Result<Vec<Block>, Error> {
    let (text, blob) = without_secret(bounce::without_mark(text));
    if text.is_empty() {
        return Err(Error::usage("that is a message of a login in base64")
            .hint("ehlo decode", "says what it holds, its secret masked"));
    }
    if blob && text.split(' ').count() == 1 {
        return Ok(of_facts(&facts(protocol, text)));
    }
    // A name of several words, or one word of a table.
    let known = facts(protocol, text);
    if let Some(offer) = offer_line(text) {
        return Ok(offer);
    }
    const LIST: &str = "* CAPABILITY ";
    if text
        .get(..LIST.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(LIST))
    {
        let list = &text[LIST.len()..];
        return Ok(list
            .split_ascii_whitespace()
            .map(|word| capability("imap", word))
            .collect());
    }
    if let Some(pasted) = line::read(text) {
        let registered = known.iter().any(|f| f.kind == Kind::ReplyCode);
        // "220" is a code and a port; "587" is a port, and no code that anybody registered.
        let ports = known
            .iter()
            .filter(|f| f.kind == Kind::Port && after.is_none());
        let mut blocks: Vec<_> = ports.map(of_fact).collect();
        if registered || blocks.is_empty() {
            blocks.insert(0, of_reply(pasted, after));
        }
        return Ok(blocks);
    }
    if knowledge::is_enhanced(text) {
        let pasted = Pasted {
            protocol: "smtp",
            reply: enhanced_reply(text),
            more: false,
        };
        return Ok(vec![of_reply(pasted, after)]);
    }
    // "dsn=5.1.1" is no DSN capability, though its name begins so.
    if !known.is_empty() && !bounce::enhanced_in(text) {
        return Ok(of_facts(&known));
    }
    let mut words = text.split(' ').filter(|w| !w.is_empty());
    let strange = |word: &str| {
        facts(protocol, word).is_empty()
            && line::read(word).is_none()
            && !knowledge::is_enhanced(word)
    };
    if (!known.is_empty() || words.any(strange))
        && let Some(found) = bounce::find(text)
    {
        return Ok(of_found(protocol, found, after));
    }
    // An enhanced code among the words belongs to the code before it; the rest stands alone.
    let mut blocks = Vec::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let known = facts(protocol, word);
        if known.is_empty() && line::read(word).is_none() && !knowledge::is_enhanced(word) {
            return Err(unknown(word));
        }
        if text.contains(' ') {
            blocks.extend(explain_line(protocol, word, after)?);
        }
    }
    Ok(blocks)
}

/// The words before a credential, and whether there is one: nobody's password is explained or
/// repeated.
fn without_secret(text: &str) -> (&str, bool) {
    let mut end = 0;
    let mut secret_after = None;
    for (at, word) in text.split(' ').enumerate() {
        // Some names read as base64 too.
        let known = || {
            knowledge::names()
                .iter()
                .any(|n| n.eq_ignore_ascii_case(word))
        };
        let blob = plain::is_message(word.as_bytes()) && !known();
        if blob || secret_after.is_some_and(|n| at >= n) {
            return (text[..end].trim_end(), true);
        }
        end += word.len() + 1;
        end = end.min(text.len());
        let upper = word.to_ascii_uppercase();
        secret_after = secret_after.or(match (at, upper.as_str()) {
            (0, "AUTH" | "AUTHENTICATE") => Some(2),
            (1, "AUTHENTICATE") => Some(3),
            (0, "PASS" | "APOP") => Some(1),
            _ => None,
        });
    }
    (text, false)
}

fn unknown(word: &str) -> Error {
    let error = Error::usage(format!("nothing is known under \"{}\"", safe(word)));
    let names = knowledge::names();
    match meant::nearest(word, names.iter().copied()) {
        Some(near) => error.hint("meant", near),
        None => error.hint(
            "known",
            "verbs, reply codes, enhanced codes, capabilities, items, flags, ports, pasted replies",
        ),
    }
}

/// What is known of a name: this protocol's meanings first, and none from the margins while
/// something nearer is known.
fn facts(protocol: Option<&str>, text: &str) -> Vec<Fact> {
    let mut found = knowledge::find(text);
    let marginal = |f: &Fact| {
        f.protocol == "sieve" || matches!(f.kind, Kind::Received | Kind::AuthResult | Kind::Scheme)
    };
    if found.iter().any(|f| !marginal(f)) {
        found.retain(|f| !marginal(f));
    }
    let protocol = if protocol == Some("lmtp") {
        Some("smtp")
    } else {
        protocol
    };
    found.sort_by_key(|f| protocol.is_some_and(|p| f.protocol != p));
    found.truncate(FACTS_MAX);
    found
}

fn of_facts(facts: &[Fact]) -> Vec<Block> {
    facts.iter().map(of_fact).collect()
}

/// "EXPUNGE, IMAP command: …" with what else the table says.
fn of_fact(fact: &Fact) -> Block {
    if fact.kind == Kind::Verb
        && let Some(verb) = PROTOCOLS
            .iter()
            .find(|p| p.name == fact.protocol)
            .and_then(|p| p.spec.verb_named(fact.name))
    {
        return help::card(fact.protocol, verb, None);
    }
    let protocol = match fact.protocol {
        "mail" => String::new(),
        "sieve" => "ManageSieve ".to_owned(),
        other => format!("{} ", other.to_ascii_uppercase()),
    };
    let of = match fact.kind {
        Kind::Parameter | Kind::CommandOption => format!(" of {}", fact.of.replace(", ", " and ")),
        _ => String::new(),
    };
    let what = format!("{protocol}{}{of}", fact.kind.name());
    let head = match fact.kind {
        Kind::Port => format!("port {}, {}: {}.", fact.name, fact.of, fact.means),
        _ => format!("{}, {what}: {}.", fact.name, fact.means),
    };
    let written = if fact.syntax == "none" {
        ""
    } else {
        fact.syntax
    };
    let label = match fact.kind {
        Kind::Port => "TLS",
        Kind::Mechanism | Kind::Scheme => "",
        _ => "written",
    };
    let needs = match fact.kind {
        Kind::Mechanism => format!("TLS {}", fact.needs),
        _ if fact.needs == "base" => String::new(),
        _ => fact.needs.to_owned(),
    };
    let status = if fact.status.starts_with("standard") || fact.status == "current" {
        ""
    } else {
        fact.status
    };
    Block::new(head)
        .row(label, if label.is_empty() { "" } else { written })
        .row("needs", needs)
        .row("usually", fact.cause)
        .row("try", fact.next)
        .row("status", status)
        .row("see", fact.source)
}

/// What stood among words that nobody knows.
fn of_found(protocol: Option<&str>, found: bounce::Found<'_>, after: Option<&str>) -> Vec<Block> {
    match found {
        bounce::Found::Reply(text) => {
            let pasted = line::read(text).into_iter();
            pasted.map(|pasted| of_reply(pasted, after)).collect()
        }
        bounce::Found::Enhanced(code) => vec![of_reply(
            Pasted {
                protocol: "smtp",
                reply: enhanced_reply(code),
                more: false,
            },
            after,
        )],
        bounce::Found::Bracketed(code) => {
            let mut known = facts(protocol, code);
            known.retain(|f| f.kind == Kind::ResponseCode);
            of_facts(&known)
        }
    }
}

fn of_reply(mut pasted: Pasted, after: Option<&str>) -> Block {
    let verb = after.map(str::to_owned);
    pasted.reply.to = verb.unwrap_or_else(|| guess(&pasted).to_owned());
    let context = Context {
        protocol: pasted.protocol,
        // The address stands in the text of most refusals.
        command: std::str::from_utf8(&pasted.reply.text).unwrap_or_default(),
        // Nothing is known about a login: say nothing about it.
        logged_in: true,
        ..Context::default()
    };
    let mut told = reply(&pasted.reply, &context);
    if pasted.reply.code.is_empty() {
        pasted
            .reply
            .enhanced
            .unwrap_or_default()
            .clone_into(&mut told.of);
        if let Some(verb) = after {
            told.of.push_str(&format!(" after {verb}"));
        }
    }
    told.block()
}

/// What a pasted reply most likely answers: only what can be nothing else.
fn guess(pasted: &Pasted) -> &'static str {
    let text = String::from_utf8_lossy(&pasted.reply.text).to_ascii_lowercase();
    // As Postfix says it in logs and bounces.
    let said_to = text.split_once("(in reply to ").map(|(_, command)| command);
    if let Some(command) = said_to.filter(|_| pasted.protocol == "smtp") {
        let known = [
            ("rcpt to", "RCPT"),
            ("mail from", "MAIL"),
            ("end of data", "."),
            ("data", "DATA"),
            ("ehlo", "EHLO"),
            ("helo", "HELO"),
        ];
        let said = known.iter().find(|(words, _)| command.starts_with(words));
        if let Some((_, verb)) = said {
            return verb;
        }
    }
    match (pasted.protocol, pasted.reply.code.as_str()) {
        ("smtp", "354") => "DATA",
        ("smtp", "221") => "QUIT",
        ("smtp", "235" | "334" | "535" | "534" | "538") => "AUTH",
        ("smtp", _)
            if text.contains("relay")
                && pasted.reply.verdict != crate::proto::event::Verdict::Good =>
        {
            "RCPT"
        }
        ("smtp", _) if text.contains("recipient address") => "RCPT",
        ("smtp", _) if text.contains("sender address") => "MAIL",
        ("smtp", "250") if text.contains("queued as") => ".",
        ("smtp", "250") if pasted.more => "EHLO",
        _ => "",
    }
}

/// A reply that is only an enhanced code; its class stands for the code.
fn enhanced_reply(code: &str) -> crate::proto::event::Reply {
    crate::proto::event::Reply {
        enhanced: Some(code.to_owned()),
        verdict: match code.as_bytes()[0] {
            b'4' => crate::proto::event::Verdict::TryLater,
            b'5' => crate::proto::event::Verdict::Refused,
            _ => crate::proto::event::Verdict::Refused,
        },
        ..Default::default()
    }
}

/// "250-SIZE 10240000": a line of EHLO's answer.
fn offer_line(text: &str) -> Option<Vec<Block>> {
    let rest = text
        .strip_prefix("250-")
        .or_else(|| text.strip_prefix("250 "))?;
    let (word, values) = rest.split_once(' ').unwrap_or((rest, ""));
    let known = |f: &Fact| f.kind == Kind::Capability && f.protocol == "smtp";
    if word.is_empty() || !knowledge::find(word).iter().any(known) {
        return None;
    }
    let mut blocks = vec![capability("smtp", rest)];
    if word.eq_ignore_ascii_case("AUTH") || word.to_ascii_uppercase().starts_with("AUTH=") {
        let mechanisms = word
            .split_once('=')
            .map(|(_, first)| first)
            .into_iter()
            .chain(values.split(' '));
        for mechanism in mechanisms.filter(|m| !m.is_empty()) {
            let facts = knowledge::find(mechanism);
            blocks.extend(
                facts
                    .iter()
                    .filter(|f| f.kind == Kind::Mechanism)
                    .map(of_fact),
            );
        }
    }
    Some(blocks)
}

/// A capability as a server says it, with its values.
fn capability(protocol: &str, said: &str) -> Block {
    let (word, values) = said.split_once(' ').unwrap_or((said, ""));
    let facts = knowledge::find(word);
    let fact = facts
        .iter()
        .find(|f| f.kind == Kind::Capability && f.protocol == protocol);
    let here = help::offer_in_words(protocol, word, values);
    match fact {
        Some(fact) => {
            let mut block = of_fact(fact);
            // "AUTH=PLAIN", not the family's "AUTH=".
            if let Some(rest) = block.head.strip_prefix(fact.name) {
                block.head = format!("{}{rest}", safe(word));
            }
            if !here.is_empty() {
                block.rows.insert(0, ("here".to_owned(), here));
            }
            block
        }
        None => Block::new(format!("{}: not a capability we know.", safe(word))),
    }
}

fn safe(text: &str) -> String {
    show(text.as_bytes(), Charset::Unicode).into_owned()
}
