//! What a reply or a word means here: in one sentence, the usual cause, what to try, where to read.
//!
//! Rules:
//! 1. An explanation never replaces the server's words; it stands beside them.
//! 2. The most special source speaks: a response code, then what the reply means after this
//!    command, then the enhanced code, then the plain code, then its class.
//! 3. Text from a server or a person passes `wire::show` before it is used.

mod bounce;
mod line;
mod lookup;

use super::block::{Block, WIDTH};
use super::{Role, Styled, meant};
use crate::knowledge::{self, Kind};
use crate::proto::event::{Offers, Reply, Verdict};
use crate::proto::imap::spec::NOT_AUTHENTICATED;
use crate::proto::pop3::spec::AUTHORIZATION;
use crate::proto::protocol;
use crate::proto::spec::Phase;
use crate::wire::show::{Charset, show};

pub use lookup::{words, words_in};

/// What surrounds a reply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// "smtp", "lmtp", "pop3", "imap".
    pub protocol: &'a str,
    /// The command that was answered, secrets masked; may be empty.
    pub command: &'a str,
    /// What the server offers.
    pub offers: Option<&'a Offers>,
    /// True under TLS.
    pub secured: bool,
    /// True after a login.
    pub logged_in: bool,
}

/// What a reply means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// "554 5.7.1 after RCPT".
    pub of: String,
    /// What it means, a clause.
    pub means: String,
    /// The usual cause.
    pub usually: String,
    /// What to try.
    pub try_: String,
    /// Where it is written.
    pub see: String,
}

impl Explanation {
    /// "554 5.7.1 after RCPT: the server will not …".
    pub fn headline(&self) -> String {
        format!("{}: {}.", self.of, self.means)
    }

    /// All of it, in lines of at most `width` columns.
    pub fn lines(&self, width: Option<usize>) -> Vec<Styled> {
        self.block().lines(width.unwrap_or(WIDTH))
    }

    /// One line for the teaching mode: what it means and, where there is room, what comes next.
    pub fn sentence(&self, width: Option<usize>) -> Styled {
        let room = width.unwrap_or(WIDTH).saturating_sub(4);
        let both = format!("{}; {}", self.means, self.try_);
        let fits = !self.try_.is_empty() && both.chars().count() <= room;
        Styled::new(Role::Dim, if fits { both } else { self.means.clone() })
    }

    fn block(&self) -> Block {
        Block::new(self.headline())
            .row("usually", &*self.usually)
            .row("try", &*self.try_)
            .row("see", &*self.see)
    }
}

/// What there is to say about a refusal of a word that is no verb, unless the server knows more.
fn no_verb(reply: &Reply, context: &Context<'_>) -> Option<Explanation> {
    let spec = protocol(context.protocol)?.spec;
    let word = reply.to.as_str();
    let special = word.is_empty() || word == "." || word == "greeting";
    if reply.verdict != Verdict::Refused || special || spec.verb_named(word).is_some() {
        return None;
    }
    let near = meant::nearest(word, spec.verbs.iter().map(|v| v.name));
    Some(Explanation {
        of: label(reply),
        means: format!(
            "{} is no {} command",
            safe(word),
            context.protocol.to_uppercase()
        ),
        usually: "a typo, or a command of another protocol".to_owned(),
        try_: near.map_or_else(
            || ":help lists the commands".to_owned(),
            |near| format!("{near}, if that is what you meant"),
        ),
        see: String::new(),
    })
}

/// What there is to say about a refusal of a verb that is not for those who are not logged in,
/// unless the server says why.
fn before_login(reply: &Reply, context: &Context<'_>) -> Option<Explanation> {
    let known = protocol(context.protocol)?;
    let verb = known.spec.verb_named(&reply.to)?;
    let refused = reply.verdict == Verdict::Refused && reply.response_code.is_none();
    let asks_for_login = |phase: &Phase| [AUTHORIZATION, NOT_AUTHENTICATED].contains(phase);
    if context.logged_in || !refused || verb.phases.iter().any(asks_for_login) {
        return None;
    }
    let wanted = matches!(context.protocol, "pop3" | "imap");
    wanted.then(|| Explanation {
        of: label(reply),
        means: format!("{} is only for those who are logged in", verb.name),
        usually: "the login was left out, or was refused".to_owned(),
        try_: ":auth logs in".to_owned(),
        see: verb.rfc.to_owned(),
    })
}

fn safe(text: &str) -> String {
    show(text.as_bytes(), Charset::Unicode).into_owned()
}

/// A source of meaning, the tables' texts.
#[derive(Clone, Copy, Debug, Default)]
struct Source {
    means: &'static str,
    cause: &'static str,
    next: &'static str,
    see: &'static str,
}

/// Explains a reply.
pub fn reply(reply: &Reply, context: &Context<'_>) -> Explanation {
    let sources = sources(reply, context.protocol);
    let best = sources.first().copied().unwrap_or_default();
    let hint = hint(reply, context.protocol);
    // A hint knows this very text; a meaning bound to command and enhanced code knows as much.
    let (cause, next) = match hint {
        Some(hint) => (hint.cause, hint.next_step),
        None => (best.cause, best.next),
    };
    let known_from = hint.filter(|h| !h.server.starts_with("any"));
    let known_from = known_from.map(|h| format!("; known from {}", h.server));
    let fill = |text: &str| fill(text, reply, context);
    if let Some(told) = no_verb(reply, context).or_else(|| before_login(reply, context)) {
        return told;
    }
    Explanation {
        of: label(reply),
        means: fill(best.means),
        // Why something went well needs no words.
        usually: if reply.verdict == Verdict::Good {
            String::new()
        } else {
            fill(cause)
        },
        try_: fill(next),
        see: format!(
            "{}{}",
            best.see.replace("; ", ", "),
            known_from.unwrap_or_default()
        ),
    }
}

/// "554 5.7.1 after RCPT", "NO [OVERQUOTA] after APPEND", "220 as greeting".
fn label(reply: &Reply) -> String {
    let mut label = safe(&reply.code);
    if let Some(enhanced) = &reply.enhanced {
        label.push(' ');
        label.push_str(&safe(enhanced));
    }
    if let Some(code) = &reply.response_code {
        let word = code.split(' ').next().unwrap_or_default();
        label.push_str(&format!(" [{}]", safe(word)));
    }
    match reply.to.as_str() {
        "" => {}
        "greeting" => label.push_str(" as greeting"),
        "." => label.push_str(" after the message"),
        verb => label.push_str(&format!(" after {}", safe(verb))),
    }
    label
}

/// Where the meaning can come from, the most special first.
fn sources(reply: &Reply, protocol: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let refused =
        matches!(reply.verdict, Verdict::Refused | Verdict::TryLater) || reply.code == "BYE";
    let coded = response_code(reply, protocol);
    let moment = knowledge::moment(protocol, &reply.code, reply.enhanced.as_deref(), &reply.to);
    let enhanced = reply.enhanced.as_deref().and_then(enhanced);
    let detailed = reply
        .enhanced
        .as_deref()
        .is_some_and(|e| !e.ends_with(".0"));
    let moment_source = moment.map(|row| Source {
        means: row.meaning,
        cause: row.cause,
        next: row.next_step,
        see: row.source,
    });
    if refused {
        found.extend(coded);
        // An enhanced code that says why beats a meaning that does not know it.
        if detailed && moment.is_none_or(|row| row.enhanced.is_empty()) && !knows_no_ehlo(reply) {
            found.extend(enhanced);
        }
    }
    // A code that nobody asked for says all there is to say.
    if reply.to.is_empty() {
        found.extend(coded);
    }
    found.extend(moment_source);
    if refused && detailed {
        found.extend(enhanced);
    }
    found.extend(coded);
    found.extend(plain(&reply.code));
    found.extend(enhanced);
    found.extend(class(&reply.code, protocol));
    found
}

fn of_fact(fact: knowledge::Fact) -> Source {
    Source {
        means: fact.means,
        cause: fact.cause,
        next: fact.next,
        see: fact.source,
    }
}

fn response_code(reply: &Reply, protocol: &str) -> Option<Source> {
    let word = reply.response_code.as_deref()?.split(' ').next()?;
    knowledge::find(word)
        .into_iter()
        .find(|f| f.kind == Kind::ResponseCode && f.protocol == protocol)
        .map(of_fact)
}

/// The row of an enhanced code; of an unknown one, its subject or class.
fn enhanced(code: &str) -> Option<Source> {
    let of = |code: &str| {
        let rows = knowledge::find(code).into_iter();
        rows.into_iter()
            .find(|f| f.kind == Kind::EnhancedCode)
            .map(of_fact)
    };
    let mut parts = code.split('.');
    let (class, subject) = (parts.next()?, parts.next()?);
    of(code)
        .or_else(|| of(&format!("X.{subject}.X")))
        .or_else(|| of(&format!("{class}.X.X")))
}

fn plain(code: &str) -> Option<Source> {
    let rows = knowledge::find(code).into_iter();
    rows.into_iter()
        .find(|f| f.kind == Kind::ReplyCode)
        .map(of_fact)
}

/// What the first digit of a code says (RFC 5321 4.2.1), whoever made the code up.
fn class(code: &str, protocol: &str) -> Option<Source> {
    if !matches!(protocol, "smtp" | "lmtp") {
        return None;
    }
    let (means, cause, next) = match code.bytes().next()? {
        b'2' => ("accepted", "all well", "go on"),
        b'3' => (
            "go on: the server waits for the rest",
            "all well",
            "send what it asks for",
        ),
        b'4' => (
            "refused for now",
            "something that should pass",
            "the same again later",
        ),
        b'5' => (
            "refused for good",
            "what the text says",
            "change something before you try again",
        ),
        _ => return None,
    };
    Some(Source {
        means,
        cause,
        next,
        see: "RFC 5321 4.2.1",
    })
}

/// Who does not know EHLO has no list of it to look at, and no other syntax to try: the table of
/// replies knows more than an enhanced code or the text.
fn knows_no_ehlo(reply: &Reply) -> bool {
    reply.to == "EHLO" && matches!(reply.code.as_str(), "500" | "502")
}

/// The hint that knows this text. Only where something is refused, asked for or greeted.
fn hint(reply: &Reply, protocol: &str) -> Option<knowledge::Hint> {
    let worth = matches!(
        reply.verdict,
        Verdict::Refused | Verdict::TryLater | Verdict::More
    );
    if !worth && reply.to != "greeting" && reply.code != "BYE" {
        return None;
    }
    if knows_no_ehlo(reply) {
        return None;
    }
    let line = as_received(reply);
    knowledge::hint_for(protocol, &line)
}

/// The reply's last line as it came, from its parts.
fn as_received(reply: &Reply) -> Vec<u8> {
    let mut line = Vec::new();
    match &reply.tag {
        Some(tag) => line.extend_from_slice(format!("{tag} ").as_bytes()),
        None if matches!(reply.code.as_str(), "OK" | "NO" | "BAD" | "BYE" | "PREAUTH") => {
            line.extend_from_slice(b"* ");
        }
        None => {}
    }
    line.extend_from_slice(reply.code.as_bytes());
    line.push(b' ');
    if let Some(enhanced) = reply
        .enhanced
        .as_ref()
        .filter(|e| !reply.text.starts_with(e.as_bytes()))
    {
        line.extend_from_slice(format!("{enhanced} ").as_bytes());
    }
    if let Some(code) = &reply.response_code
        && !reply.text.starts_with(b"[")
    {
        line.extend_from_slice(format!("[{code}] ").as_bytes());
    }
    line.extend_from_slice(&reply.text);
    line
}

/// Fills `{domain}`, `{offered}` and `{login}` in.
fn fill(text: &str, reply: &Reply, context: &Context<'_>) -> String {
    if !text.contains('{') {
        return text.to_owned();
    }
    let address = reply.recipient.as_deref().unwrap_or(context.command);
    let domain = domain(address).unwrap_or_else(|| "that domain".to_owned());
    let login = if context.logged_in {
        ""
    } else {
        " and you have not logged in"
    };
    text.replace("{domain}", &domain)
        .replace("{offered}", &offered(context))
        .replace("{login}", login)
}

fn domain(text: &str) -> Option<String> {
    let path = match text.split_once('<') {
        Some((_, rest)) => rest.rsplit_once('>').map_or(rest, |(path, _)| path),
        None => text.split(' ').next_back()?,
    };
    let domain = path.rsplit_once('@')?.1;
    (!domain.is_empty()).then(|| show(domain.as_bytes(), Charset::Unicode).into_owned())
}

/// What can be logged in with, behind "AUTH".
fn offered(context: &Context<'_>) -> String {
    let Some(offers) = context.offers.filter(|offers| offers.known) else {
        return String::new();
    };
    let mechanisms = offers.mechanisms();
    if !mechanisms.is_empty() {
        let listed = show(mechanisms.join(" ").as_bytes(), Charset::Unicode).into_owned();
        return format!(" (offered: {listed})");
    }
    let tls = ["STARTTLS", "STLS"].iter().any(|word| offers.has(word));
    if tls && !context.secured {
        " (not offered in the clear: STARTTLS first)".to_owned()
    } else {
        " (not offered here)".to_owned()
    }
}

#[cfg(test)]
mod tests;
