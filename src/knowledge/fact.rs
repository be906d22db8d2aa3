//! One shape for what all tables say about a name, and the lookup over all of them.

use super::tables::*;

/// What sort of thing a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A command.
    Verb,
    /// An EHLO keyword, CAPA tag or IMAP capability.
    Capability,
    /// A parameter of a command.
    Parameter,
    /// A limit of the LIMITS extension.
    Limit,
    /// A three-digit reply code.
    ReplyCode,
    /// An enhanced status code.
    EnhancedCode,
    /// A code in brackets.
    ResponseCode,
    /// A FETCH item or modifier.
    FetchItem,
    /// A SEARCH key.
    SearchKey,
    /// A STATUS item.
    StatusItem,
    /// A STORE item.
    StoreItem,
    /// A flag or keyword.
    Flag,
    /// An attribute in LIST.
    MailboxAttribute,
    /// An option inside a command.
    CommandOption,
    /// A letter of an access right.
    AclRight,
    /// A quota resource.
    QuotaResource,
    /// A METADATA or ANNOTATE entry.
    Entry,
    /// A SASL mechanism.
    Mechanism,
    /// A TCP port.
    Port,
    /// A URL scheme.
    Scheme,
    /// A word of a Received field.
    Received,
    /// A method of Authentication-Results.
    AuthResult,
    /// A Sieve extension.
    SieveExtension,
}

impl Kind {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verb => "command",
            Self::Capability => "capability",
            Self::Parameter => "parameter",
            Self::Limit => "limit",
            Self::ReplyCode => "reply code",
            Self::EnhancedCode => "enhanced code",
            Self::ResponseCode => "response code",
            Self::FetchItem => "FETCH item",
            Self::SearchKey => "SEARCH key",
            Self::StatusItem => "STATUS item",
            Self::StoreItem => "STORE item",
            Self::Flag => "flag",
            Self::MailboxAttribute => "mailbox attribute",
            Self::CommandOption => "option",
            Self::AclRight => "access right",
            Self::QuotaResource => "quota resource",
            Self::Entry => "annotation entry",
            Self::Mechanism => "SASL mechanism",
            Self::Port => "port",
            Self::Scheme => "URL scheme",
            Self::Received => "word of a Received field",
            Self::AuthResult => "method of Authentication-Results",
            Self::SieveExtension => "Sieve extension",
        }
    }
}

/// What a table says about a name. Empty fields say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What sort of thing it is.
    pub kind: Kind,
    /// "smtp", "pop3", "imap", "sieve", or "mail" for what belongs to all.
    pub protocol: &'static str,
    /// The name as registered.
    pub name: &'static str,
    /// The command it belongs to, for parameters and options.
    pub of: &'static str,
    /// How it is written.
    pub syntax: &'static str,
    /// What it means.
    pub means: &'static str,
    /// The usual cause.
    pub cause: &'static str,
    /// What to try.
    pub next: &'static str,
    /// What must be offered.
    pub needs: &'static str,
    /// The defining documents.
    pub source: &'static str,
    /// Standard, obsolete, vendor …
    pub status: &'static str,
}

const EMPTY: Fact = Fact {
    kind: Kind::Verb,
    protocol: "",
    name: "",
    of: "",
    syntax: "",
    means: "",
    cause: "",
    next: "",
    needs: "",
    source: "",
    status: "",
};

/// Makes facts of a table's rows: kind, protocol, then `fact field = row column`.
macro_rules! facts {
    ($into:ident, $table:ident, $kind:ident, $protocol:literal, $($field:ident = $column:ident),+) => {
        $into.extend($table.rows().iter().map(|row| Fact {
            kind: Kind::$kind,
            protocol: $protocol,
            source: row.source,
            status: row.status,
            $($field: row.$column,)+
            ..EMPTY
        }));
    };
}

/// Every fact, in the tables' order. Protocols' verbs come first.
#[rustfmt::skip] // one table a line reads as a list
pub fn all() -> Vec<Fact> {
    let mut f = Vec::with_capacity(1200);
    verbs_and_offers(&mut f);
    codes(&mut f);
    imap(&mut f);
    facts!(f, SASL_MECHANISMS, Mechanism, "mail", name = mechanism, means = summary, needs = tls_advice);
    facts!(f, PORTS, Port, "mail", name = port, of = protocol, syntax = tls_mode, means = summary);
    facts!(f, URI_SCHEMES, Scheme, "mail", name = scheme, syntax = syntax, means = map_to);
    facts!(f, RECEIVED_WITH_TYPES, Received, "mail", name = name, means = summary);
    facts!(f, RECEIVED_CLAUSES, Received, "mail", name = clause, syntax = syntax, means = summary);
    facts!(f, AUTH_RESULTS_METHODS, AuthResult, "mail", name = method, syntax = results, means = summary);
    facts!(f, SIEVE_EXTENSIONS, SieveExtension, "sieve", name = extension, means = summary);
    f
}

#[rustfmt::skip] // as above
fn verbs_and_offers(f: &mut Vec<Fact>) {
    facts!(f, SMTP_VERBS, Verb, "smtp", name = verb, syntax = syntax, means = summary, needs = ehlo_keyword);
    facts!(f, POP3_VERBS, Verb, "pop3", name = verb, syntax = syntax, means = summary, needs = capability);
    facts!(f, IMAP_COMMANDS, Verb, "imap", name = command, syntax = syntax, means = summary, needs = capability);
    facts!(f, SIEVE_COMMANDS, Verb, "sieve", name = command, syntax = syntax, means = summary, needs = capability);
    facts!(f, SMTP_EXTENSIONS, Capability, "smtp", name = keyword, syntax = parameters, means = summary);
    facts!(f, POP3_CAPABILITIES, Capability, "pop3", name = tag, syntax = arguments, means = summary);
    facts!(f, IMAP_CAPABILITIES, Capability, "imap", name = capability, syntax = parameters, means = summary);
    facts!(f, SIEVE_CAPABILITIES, Capability, "sieve", name = capability, syntax = value, means = summary);
    facts!(f, SMTP_PARAMETERS, Parameter, "smtp", name = parameter, of = command, syntax = value_syntax, means = summary, needs = required_keyword);
    facts!(f, SMTP_LIMITS, Limit, "smtp", name = name, syntax = value_syntax, means = summary);
}

#[rustfmt::skip] // as above
fn codes(f: &mut Vec<Fact>) {
    facts!(f, SMTP_REPLY_CODES, ReplyCode, "smtp", name = code, means = meaning, cause = typical_cause, next = next_step);
    facts!(f, ENHANCED_STATUS_CODES, EnhancedCode, "smtp", name = code, means = meaning, cause = typical_cause, next = next_step);
    facts!(f, POP3_RESPONSE_CODES, ResponseCode, "pop3", name = code, of = commands, means = meaning, cause = cause, next = next_step);
    facts!(f, IMAP_RESPONSE_CODES, ResponseCode, "imap", name = code, syntax = arguments, means = meaning, cause = cause, next = next_step);
    facts!(f, SIEVE_RESPONSE_CODES, ResponseCode, "sieve", name = code, syntax = arguments, means = meaning, next = next_step);
}

#[rustfmt::skip] // as above
fn imap(f: &mut Vec<Fact>) {
    facts!(f, IMAP_FETCH_ITEMS, FetchItem, "imap", name = item, syntax = syntax, means = summary, needs = capability);
    facts!(f, IMAP_SEARCH_KEYS, SearchKey, "imap", name = key, syntax = argument, means = summary, needs = capability);
    facts!(f, IMAP_STATUS_ITEMS, StatusItem, "imap", name = item, syntax = value, means = summary, needs = capability);
    facts!(f, IMAP_STORE_ITEMS, StoreItem, "imap", name = item, syntax = argument, means = summary, needs = capability);
    facts!(f, IMAP_FLAGS, Flag, "imap", name = flag, means = summary);
    facts!(f, IMAP_MAILBOX_ATTRIBUTES, MailboxAttribute, "imap", name = attribute, means = summary);
    facts!(f, IMAP_COMMAND_OPTIONS, CommandOption, "imap", name = option, of = command, syntax = syntax, means = summary, needs = capability);
    facts!(f, IMAP_ACL_RIGHTS, AclRight, "imap", name = right, of = name, means = summary);
    facts!(f, IMAP_QUOTA_RESOURCES, QuotaResource, "imap", name = resource, syntax = unit, means = summary, needs = capability);
    facts!(f, IMAP_METADATA_ENTRIES, Entry, "imap", name = entry, syntax = content_type, means = summary);
    facts!(f, IMAP_ANNOTATION_ENTRIES, Entry, "imap", name = entry, syntax = content_type, means = summary);
}

/// What is known under a name, in any case; what a family row covers ("AUTH=PLAIN", "5.7.1",
/// `BODY[TEXT]<0.100>`, `SIZE=1000`) counts where the whole name is not known.
pub fn find(word: &str) -> Vec<Fact> {
    let bare = bare_item(word);
    let before_value = word.split_once('=').map_or(word, |(name, _)| name);
    let mut whole = Vec::new();
    let mut families = Vec::new();
    for fact in all() {
        let name = fact.name;
        if name.eq_ignore_ascii_case(word)
            || fact.kind == Kind::FetchItem && name.eq_ignore_ascii_case(&bare)
        {
            // A letter of a right counts its case; there is no other name of one letter.
            if fact.kind != Kind::AclRight || name == word {
                whole.push(fact);
            }
            continue;
        }
        let covered = match fact.kind {
            Kind::EnhancedCode => is_enhanced(word) && covers_enhanced(name, word),
            Kind::Capability | Kind::Parameter if word.contains('=') => name
                .trim_end_matches('=')
                .eq_ignore_ascii_case(before_value),
            Kind::Capability => name
                .strip_suffix('=')
                .is_some_and(|family| family.eq_ignore_ascii_case(word)),
            Kind::Verb => name
                .strip_suffix(" (no argument)")
                .is_some_and(|verb| verb.eq_ignore_ascii_case(word)),
            _ => false,
        };
        if covered {
            families.push(fact);
        }
    }
    if whole.is_empty() { families } else { whole }
}

/// A port's row.
pub fn port(number: u16) -> Option<&'static Port> {
    PORTS
        .rows()
        .iter()
        .find(|row| row.port.parse() == Ok(number))
}

/// The status of a protocol's verb ("standard", "obsolete", "vendor (…)"); empty when there is none
/// of that name. LMTP's verbs stand with SMTP's.
pub fn verb_status(protocol: &str, name: &str) -> &'static str {
    let status = match protocol {
        "smtp" | "lmtp" => SMTP_VERBS
            .rows()
            .iter()
            .find(|r| r.verb == name)
            .map(|r| r.status),
        "pop3" => POP3_VERBS
            .rows()
            .iter()
            .find(|r| r.verb == name)
            .map(|r| r.status),
        "imap" => IMAP_COMMANDS
            .rows()
            .iter()
            .find(|r| r.command == name)
            .map(|r| r.status),
        _ => None,
    };
    status.unwrap_or_default()
}

/// Every name, for did-you-mean: no letters, no patterns.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = all()
        .into_iter()
        .map(|fact| fact.name)
        .filter(|name| name.len() > 1 && !name.contains(['(', '*']))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// "BODY[TEXT]<0.9>" without what stands in the brackets.
fn bare_item(word: &str) -> String {
    match word.split_once('[') {
        Some((name, rest)) if rest.contains(']') => format!("{name}[]"),
        _ => word.to_owned(),
    }
}

/// True for "2.1.5", and nothing else.
pub fn is_enhanced(word: &str) -> bool {
    let parts: Vec<_> = word.split('.').collect();
    parts.len() == 3
        && matches!(parts[0], "2" | "4" | "5")
        && parts[1..]
            .iter()
            .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

/// True when the row "X.7.1" is about "5.7.1". Class and subject rows cover nothing.
fn covers_enhanced(row: &str, code: &str) -> bool {
    match (row.strip_prefix("X."), code.split_once('.')) {
        (Some(row), Some((_, code))) => row == code,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(word: &str) -> Vec<(Kind, &'static str)> {
        find(word).iter().map(|f| (f.kind, f.protocol)).collect()
    }

    #[test]
    fn a_name_is_found_wherever_it_stands() {
        assert_eq!(kinds("expunge"), [(Kind::Verb, "imap")]);
        assert!(kinds("AUTH").contains(&(Kind::Capability, "smtp")));
        assert!(kinds("AUTH").contains(&(Kind::ResponseCode, "pop3")));
        assert_eq!(find("5.7.1")[0].name, "X.7.1");
        assert_eq!(find("body[header.fields (to)]<0.9>")[0].name, "BODY[]");
        assert_eq!(find("AUTH=PLAIN")[0].kind, Kind::Capability);
        assert!(find("SIZE=1000").iter().any(|f| f.kind == Kind::Parameter));
        assert_eq!(find("\\seen")[0].kind, Kind::Flag);
        assert_eq!(port(465).map(|p| p.tls_mode), Some("implicit TLS"));
        assert!(find("nonsense").is_empty() && find("").is_empty());
    }
}
