//! The reference page of a protocol, in Markdown, from its tables.

use crate::knowledge;
use crate::proto::Protocol;
use crate::ui::help;

/// A protocol's page.
pub fn page(protocol: &Protocol) -> String {
    let title = match protocol.name {
        "smtp" => "SMTP and LMTP".to_owned(),
        other => other.to_uppercase(),
    };
    let mut page = format!(
        "# {title}\n\nMade from the tables by `cargo test --test tables` with `EHLO_UPDATE=1`; edits here \
         are lost. `ehlo explain WORD` says the same at the prompt.\n"
    );
    verbs(&mut page, protocol);
    match protocol.name {
        "smtp" => smtp(&mut page),
        "pop3" => pop3(&mut page),
        "imap" => imap(&mut page),
        _ => {}
    }
    page
}

fn verbs(page: &mut String, protocol: &Protocol) {
    page.push_str("\n## Commands\n");
    for verb in protocol.spec.verbs {
        let block = help::card(protocol.name, verb, None);
        let (syntax, summary) = block.head.split_once(": ").unwrap_or((&block.head, ""));
        page.push_str(&format!(
            "\n### {}\n\n`{syntax}`\n\n{}\n\n",
            verb.name,
            text(&capital(summary))
        ));
        for (label, value) in block.rows.iter().filter(|(label, _)| label != "protocol") {
            let value = if matches!(label.as_str(), "example" | "takes") {
                format!("`{value}`")
            } else {
                text(value)
            };
            page.push_str(&format!("- {label}: {value}\n"));
        }
    }
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A table; cells of the first column stand as code.
fn table<const N: usize>(
    page: &mut String,
    title: &str,
    heads: [&str; N],
    rows: impl Iterator<Item = [&'static str; N]>,
) {
    page.push_str(&format!(
        "\n## {title}\n\n| {} |\n|{}\n",
        heads.join(" | "),
        "---|".repeat(N)
    ));
    for row in rows {
        let mut cells = row
            .iter()
            .enumerate()
            .map(|(n, cell)| match (n, cell.is_empty()) {
                (0, false) => format!("`{}`", cell.replace('|', "\\|")),
                _ => text(cell),
            });
        let line: Vec<_> = cells.by_ref().collect();
        page.push_str(&format!("| {} |\n", line.join(" | ")));
    }
}

/// Text that Markdown leaves alone.
fn text(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len());
    for c in cell.chars() {
        if matches!(c, '|' | '<' | '*' | '_' | '[' | ']' | '\\' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn smtp(page: &mut String) {
    table(
        page,
        "Extensions",
        ["Keyword", "Meaning", "Source"],
        knowledge::SMTP_EXTENSIONS
            .rows()
            .iter()
            .map(|r| [r.keyword, r.summary, r.source]),
    );
    table(
        page,
        "Parameters",
        ["Parameter", "Of", "Meaning", "Needs", "Source"],
        knowledge::SMTP_PARAMETERS
            .rows()
            .iter()
            .map(|r| [r.hint, r.command, r.summary, r.required_keyword, r.source]),
    );
    table(
        page,
        "Reply codes",
        ["Code", "Meaning", "Usual cause", "What to try", "Source"],
        knowledge::SMTP_REPLY_CODES
            .rows()
            .iter()
            .map(|r| [r.code, r.meaning, r.typical_cause, r.next_step, r.source]),
    );
    table(
        page,
        "Enhanced status codes",
        ["Code", "Meaning", "Usual cause", "What to try", "Source"],
        knowledge::ENHANCED_STATUS_CODES
            .rows()
            .iter()
            .map(|r| [r.code, r.meaning, r.typical_cause, r.next_step, r.source]),
    );
    mechanisms(page);
}

fn pop3(page: &mut String) {
    table(
        page,
        "Capabilities",
        ["Tag", "Meaning", "Source"],
        knowledge::POP3_CAPABILITIES
            .rows()
            .iter()
            .map(|r| [r.tag, r.summary, r.source]),
    );
    table(
        page,
        "Response codes",
        ["Code", "Meaning", "Usual cause", "What to try", "Source"],
        knowledge::POP3_RESPONSE_CODES
            .rows()
            .iter()
            .map(|r| [r.code, r.meaning, r.cause, r.next_step, r.source]),
    );
}

fn imap(page: &mut String) {
    table(
        page,
        "Capabilities",
        ["Capability", "Meaning", "Source"],
        knowledge::IMAP_CAPABILITIES
            .rows()
            .iter()
            .map(|r| [r.capability, r.summary, r.source]),
    );
    table(
        page,
        "Response codes",
        ["Code", "Meaning", "Usual cause", "What to try", "Source"],
        knowledge::IMAP_RESPONSE_CODES
            .rows()
            .iter()
            .map(|r| [r.code, r.meaning, r.cause, r.next_step, r.source]),
    );
    table(
        page,
        "FETCH items",
        ["Item", "Meaning", "Needs", "Marks as read", "Source"],
        knowledge::IMAP_FETCH_ITEMS
            .rows()
            .iter()
            .map(|r| [r.item, r.summary, r.capability, r.sets_seen, r.source]),
    );
    table(
        page,
        "SEARCH keys",
        ["Key", "Argument", "Meaning", "Needs", "Source"],
        knowledge::IMAP_SEARCH_KEYS
            .rows()
            .iter()
            .map(|r| [r.key, r.argument, r.summary, r.capability, r.source]),
    );
    table(
        page,
        "STATUS items",
        ["Item", "Meaning", "Needs", "Source"],
        knowledge::IMAP_STATUS_ITEMS
            .rows()
            .iter()
            .map(|r| [r.item, r.summary, r.capability, r.source]),
    );
    table(
        page,
        "STORE items",
        ["Item", "Argument", "Meaning", "Source"],
        knowledge::IMAP_STORE_ITEMS
            .rows()
            .iter()
            .map(|r| [r.item, r.argument, r.summary, r.source]),
    );
    table(
        page,
        "Options inside commands",
        ["Option", "Of", "Meaning", "Needs", "Source"],
        knowledge::IMAP_COMMAND_OPTIONS
            .rows()
            .iter()
            .map(|r| [r.option, r.command, r.summary, r.capability, r.source]),
    );
    table(
        page,
        "Flags",
        ["Flag", "Meaning", "Source"],
        knowledge::IMAP_FLAGS
            .rows()
            .iter()
            .map(|r| [r.flag, r.summary, r.source]),
    );
    table(
        page,
        "Mailbox attributes",
        ["Attribute", "Meaning", "Source"],
        knowledge::IMAP_MAILBOX_ATTRIBUTES
            .rows()
            .iter()
            .map(|r| [r.attribute, r.summary, r.source]),
    );
}

fn mechanisms(page: &mut String) {
    table(
        page,
        "SASL mechanisms",
        [
            "Mechanism",
            "Meaning",
            "Client speaks first",
            "TLS",
            "Source",
        ],
        knowledge::SASL_MECHANISMS.rows().iter().map(|r| {
            [
                r.mechanism,
                r.summary,
                r.client_first,
                r.tls_advice,
                r.source,
            ]
        }),
    );
}
