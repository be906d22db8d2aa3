//! The tables themselves: a row type and a static for each file.

use super::table::{Row, Table, tables};

tables! {
    /// SMTP and LMTP commands.
    SMTP_VERBS: SmtpVerb = "smtp_verbs.tsv" {
        verb syntax phase phase_note success intermediate failure ehlo_keyword source status summary
    }
    /// EHLO keywords.
    SMTP_EXTENSIONS: SmtpExtension = "smtp_extensions.tsv" {
        keyword parameters mail_parameters rcpt_parameters verbs submission source status summary
    }
    /// Parameters of MAIL, RCPT, VRFY, EXPN, XCLIENT and XFORWARD; `hint` as it stands at the prompt, `values` separated by blanks.
    SMTP_PARAMETERS: SmtpParameter = "smtp_parameters.tsv" {
        parameter command value_syntax required_keyword limits source status summary hint values
    }
    /// Names of the LIMITS extension.
    SMTP_LIMITS: SmtpLimit = "smtp_limits.tsv" {
        name value_syntax source status summary
    }
    /// Three-digit reply codes.
    SMTP_REPLY_CODES: SmtpReplyCode = "smtp_reply_codes.tsv" {
        code meaning given_to typical_cause next_step source status
    }
    /// X.n.n codes; class rows are "2.X.X", subject rows "X.1.X".
    ENHANCED_STATUS_CODES: EnhancedStatusCode = "enhanced_status_codes.tsv" {
        code meaning basic_codes classes typical_cause next_step source status
    }
    /// What a reply means after a command; the first row that fits wins. Empty `after`: after anything. `{domain}`, `{login}` and `{offered}` are filled in.
    REPLIES: ReplyMoment = "replies.tsv" {
        protocol code enhanced after meaning cause next_step source
    }
    /// Words of the "with" clause of Received.
    RECEIVED_WITH_TYPES: ReceivedWithType = "received_with_types.tsv" {
        name summary source status
    }
    /// Clauses of Received.
    RECEIVED_CLAUSES: ReceivedClause = "received_clauses.tsv" {
        clause kind syntax source status summary
    }
    /// Methods of Authentication-Results.
    AUTH_RESULTS_METHODS: AuthResultsMethod = "auth_results_methods.tsv" {
        method results properties source status summary
    }
    /// POP3 commands.
    POP3_VERBS: Pop3Verb = "pop3_verbs.tsv" {
        verb syntax state multi_line_reply success failure capability source status summary
    }
    /// CAPA tags.
    POP3_CAPABILITIES: Pop3Capability = "pop3_capabilities.tsv" {
        tag arguments commands_added commands_affected announced_in source status summary
    }
    /// Codes in brackets after +OK and -ERR.
    POP3_RESPONSE_CODES: Pop3ResponseCode = "pop3_response_codes.tsv" {
        code reply commands meaning cause next_step source status
    }
    /// IMAP commands.
    IMAP_COMMANDS: ImapCommand = "imap_commands.tsv" {
        command syntax states capability untagged_responses source status summary
    }
    /// Options inside IMAP commands.
    IMAP_COMMAND_OPTIONS: ImapCommandOption = "imap_command_options.tsv" {
        command option kind syntax capability source status summary
    }
    /// IMAP capabilities; a name that ends in "=" stands for a family.
    IMAP_CAPABILITIES: ImapCapability = "imap_capabilities.tsv" {
        capability parameters adds in_rev2 enable_needed source status summary
    }
    /// Codes in brackets after OK, NO, BAD, BYE.
    IMAP_RESPONSE_CODES: ImapResponseCode = "imap_response_codes.tsv" {
        code arguments appears_in meaning cause next_step source status
    }
    /// FETCH items and modifiers.
    IMAP_FETCH_ITEMS: ImapFetchItem = "imap_fetch_items.tsv" {
        item kind syntax response capability sets_seen source status summary
    }
    /// SEARCH keys.
    IMAP_SEARCH_KEYS: ImapSearchKey = "imap_search_keys.tsv" {
        key argument capability source status summary hint
    }
    /// System flags and registered keywords.
    IMAP_FLAGS: ImapFlag = "imap_flags.tsv" {
        flag kind scope source status summary
    }
    /// LIST attributes.
    IMAP_MAILBOX_ATTRIBUTES: ImapMailboxAttribute = "imap_mailbox_attributes.tsv" {
        attribute kind source status summary
    }
    /// STATUS items.
    IMAP_STATUS_ITEMS: ImapStatusItem = "imap_status_items.tsv" {
        item value capability source status summary
    }
    /// STORE items.
    IMAP_STORE_ITEMS: ImapStoreItem = "imap_store_items.tsv" {
        item argument capability source status summary
    }
    /// Letters of access rights.
    IMAP_ACL_RIGHTS: ImapAclRight = "imap_acl_rights.tsv" {
        right name source status summary
    }
    /// Quota resources.
    IMAP_QUOTA_RESOURCES: ImapQuotaResource = "imap_quota_resources.tsv" {
        resource unit capability source status summary
    }
    /// METADATA entries.
    IMAP_METADATA_ENTRIES: ImapMetadataEntry = "imap_metadata_entries.tsv" {
        entry place content_type source status summary
    }
    /// ANNOTATE entries and attributes.
    IMAP_ANNOTATION_ENTRIES: ImapAnnotationEntry = "imap_annotation_entries.tsv" {
        entry kind content_type source status summary
    }
    /// ManageSieve commands.
    SIEVE_COMMANDS: SieveCommand = "sieve_commands.tsv" {
        command syntax states capability source status summary
    }
    /// ManageSieve capabilities.
    SIEVE_CAPABILITIES: SieveCapability = "sieve_capabilities.tsv" {
        capability value required source status summary
    }
    /// ManageSieve response codes.
    SIEVE_RESPONSE_CODES: SieveResponseCode = "sieve_response_codes.tsv" {
        code arguments appears_in source status meaning next_step
    }
    /// Sieve extensions, for "require".
    SIEVE_EXTENSIONS: SieveExtension = "sieve_extensions.tsv" {
        extension source status summary
    }
    /// SASL mechanisms; "GS2-*" stands for a family.
    SASL_MECHANISMS: SaslMechanism = "sasl_mechanisms.tsv" {
        mechanism client_first tls_advice channel_binding iana_usage source status summary
    }
    /// TCP ports.
    PORTS: Port = "ports.tsv" {
        port service protocol tls_mode alpn srv_name source status summary
    }
    /// URL schemes.
    URI_SCHEMES: UriScheme = "uri_schemes.tsv" {
        scheme default_port protocol tls_mode source status syntax map_to
    }
    /// Texts of real servers and clients; the first row that fits wins.
    HINTS: HintRow = "hints.tsv" {
        id protocol stage pattern server cause next_step example source
    }
}
