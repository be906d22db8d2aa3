//! What a decoded AUTH message holds, field by field, told from its form or from its place.

mod forms;
mod scram;

use super::shown;

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// Where a message stands in an exchange, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The mechanism, in capitals.
    pub mechanism: Option<String>,
    /// Who said it.
    pub side: Option<Side>,
    /// How many messages of that side came before.
    pub before: usize,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// In words: "PLAIN, user and password".
    pub what: String,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a message. Everything in it is safe to print, except that a secret is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value; a secret must be masked unless it was asked for.
    pub value: String,
    /// True for passwords, tokens and proofs that passwords can be guessed from.
    pub secret: bool,
    /// What it is for; may be empty.
    pub note: &'static str,
}

impl Blob {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            fields: Vec::new(),
        }
    }

    fn field(mut self, name: &str, value: impl AsRef<[u8]>, note: &'static str) -> Self {
        let value = value.as_ref();
        self.fields.push(Field {
            name: name.into(),
            value: if value.is_empty() {
                "(empty)".into()
            } else {
                shown(value)
            },
            secret: false,
            note,
        });
        self
    }

    fn secret(self, name: &str, value: impl AsRef<[u8]>, note: &'static str) -> Self {
        let mut blob = self.field(name, value, note);
        if let Some(last) = blob.fields.last_mut() {
            last.secret = true;
        }
        blob
    }
}

/// What `octets` hold.
pub fn describe(octets: &[u8], place: &Place) -> Blob {
    recognised(octets, place).unwrap_or_else(|| unknown(octets))
}

/// As `describe`, for a paste of which nobody knows what it is: what the server did not say and
/// nothing explains may be a password.
pub fn describe_guarded(octets: &[u8], place: &Place) -> Blob {
    let server = place.side == Some(Side::Server);
    recognised(octets, place).unwrap_or_else(|| match server {
        true => unknown(octets),
        false => unknown_secret(octets),
    })
}

fn recognised(octets: &[u8], place: &Place) -> Option<Blob> {
    by_place(octets, place).or_else(|| by_form(octets))
}

/// Messages that only their place can tell.
fn by_place(octets: &[u8], place: &Place) -> Option<Blob> {
    let mechanism = place.mechanism.as_deref()?;
    let client = place.side == Some(Side::Client);
    match (mechanism, client, place.before) {
        ("LOGIN", true, 0) => Some(Blob::new("LOGIN, first answer").field("user", octets, "")),
        ("LOGIN", true, 1) => {
            Some(Blob::new("LOGIN, second answer").secret("password", octets, "as it is"))
        }
        ("LOGIN", true, _) => {
            Some(Blob::new("LOGIN, an answer too many").secret("answer", octets, "as it is"))
        }
        ("LOGIN", false, _) => prompt(octets)
            .or_else(|| Some(Blob::new("LOGIN, a question").field("question", octets, ""))),
        ("EXTERNAL", true, 0) => Some(Blob::new("EXTERNAL").field(
            "authorise as",
            octets,
            "empty takes the identity in the certificate",
        )),
        ("ANONYMOUS", true, 0) => {
            Some(Blob::new("ANONYMOUS").field("trace", octets, "nobody checks it"))
        }
        ("XOAUTH2" | "OAUTHBEARER", true, 1..) if matches!(octets, b"" | b"\x01") => {
            Some(Blob::new("the refusal was read; now the server can say it"))
        }
        (_, true, 1..) if octets.is_empty() && mechanism.starts_with("SCRAM-") => {
            Some(Blob::new("the server's signature was accepted"))
        }
        ("PLAIN" | "XOAUTH2" | "OAUTHBEARER", true, 0) if !octets.is_empty() => {
            // A damaged one still holds a secret.
            by_form(octets).or_else(|| {
                Some(Blob::new(format!("no message of {mechanism}")).secret("octets", octets, ""))
            })
        }
        _ => None,
    }
}

/// Messages that tell by their form what they are.
fn by_form(octets: &[u8]) -> Option<Blob> {
    if octets.is_empty() {
        return Some(Blob::new("an empty message"));
    }
    forms::binary(octets)
        .or_else(|| forms::plain(octets))
        .or_else(|| forms::xoauth2(octets))
        .or_else(|| forms::oauthbearer(octets))
        .or_else(|| forms::json(octets))
        .or_else(|| forms::digest_md5(octets))
        .or_else(|| scram::message(octets))
        .or_else(|| forms::cram(octets))
        .or_else(|| prompt(octets))
        .or_else(|| forms::damaged_plain(octets))
}

fn is_text(octets: &[u8]) -> bool {
    std::str::from_utf8(octets).is_ok_and(|text| !text.chars().any(char::is_control))
}

fn unknown_secret(octets: &[u8]) -> Blob {
    let size = super::octets(octets.len());
    let note = "may be a password; shown with --show-secrets";
    if is_text(octets) {
        return Blob::new(format!("text of {size}, no AUTH message by its form"))
            .secret("text", octets, note);
    }
    Blob::new(format!("{size}, no AUTH message by their form")).secret("octets", octets, note)
}

fn unknown(octets: &[u8]) -> Blob {
    if is_text(octets) {
        return Blob::new("text, no AUTH message by its form").field(
            "text",
            octets,
            "an answer of LOGIN, EXTERNAL or ANONYMOUS looks so",
        );
    }
    Blob::new("octets, no AUTH message by their form").field("octets", octets, "")
}

/// What a question of LOGIN wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The user name.
    User,
    /// The password.
    Password,
}

/// What these octets ask for, when they are a question of LOGIN.
pub fn question(octets: &[u8]) -> Option<Wanted> {
    let text = String::from_utf8_lossy(octets).to_ascii_lowercase();
    match text.trim_end_matches(['\0', ':', ' ']) {
        "username" | "user name" | "user" | "login" => Some(Wanted::User),
        "password" | "pass" => Some(Wanted::Password),
        _ => None,
    }
}

fn prompt(octets: &[u8]) -> Option<Blob> {
    let wants = match question(octets)? {
        Wanted::User => "the user name is wanted",
        Wanted::Password => "the password is wanted",
    };
    Some(Blob::new(format!("LOGIN, a question: {wants}")).field("question", octets, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn what(octets: &[u8]) -> String {
        describe(octets, &Place::default()).what
    }

    #[test]
    fn messages_tell_what_they_are() {
        for (octets, expected) in [
            (&b"\0alice\0wonderland"[..], "PLAIN, user and password"),
            (
                b"\0a\0b\n",
                "PLAIN, user and password; a newline slipped in behind the password",
            ),
            (
                b"user=a\x01auth=Bearer t\x01\x01",
                "XOAUTH2, user and token",
            ),
            (
                b"n,a=a,\x01auth=Bearer t\x01\x01",
                "OAUTHBEARER, user and token",
            ),
            (b"n,,n=user,r=abc", "SCRAM, the client's first message"),
            (b"r=abc,s=QQ==,i=4096", "SCRAM, the server's first message"),
            (b"c=biws,r=abc,p=QQ==", "SCRAM, the client's last message"),
            (b"v=QQ==", "SCRAM, the server's last message"),
            (b"e=invalid-proof", "SCRAM, the server refuses"),
            (b"<1@x>", "CRAM-MD5, the challenge"),
            (
                b"tim b913a602c7eda7a495b4e6e7334d3890",
                "CRAM-MD5, the answer",
            ),
            (
                b"nonce=\"x\",algorithm=md5-sess",
                "DIGEST-MD5, the challenge",
            ),
            (
                b"username=\"a\",response=00",
                "DIGEST-MD5, the client's answer",
            ),
            (b"rspauth=00", "DIGEST-MD5, the server's proof"),
            (b"User Name\0", "LOGIN, a question: the user name is wanted"),
            (b"Password:", "LOGIN, a question: the password is wanted"),
            (
                b"\x01",
                "OAUTHBEARER, the refusal was read; now the server can say it",
            ),
            (b"", "an empty message"),
            (
                b"\0username\\000password",
                "PLAIN, damaged: \\000 stands there as text, where an octet of zero belongs (ehlo encode plain makes it right)",
            ),
            (
                b"\\0alice\\0wonderland",
                "PLAIN, damaged: \\0 stands there as text, where an octet of zero belongs (ehlo encode plain makes it right)",
            ),
            (
                b"alice\0wonderland",
                "PLAIN, damaged: one NUL where two belong, none before the user (ehlo encode plain makes it right)",
            ),
            (
                b"\0alice wonderland",
                "PLAIN, damaged: one NUL where two belong, none behind the user (ehlo encode plain makes it right)",
            ),
            (
                b"\0alice\0won\0der",
                "PLAIN, damaged: 3 NULs where two belong (ehlo encode plain makes it right)",
            ),
            (b"hello", "text, no AUTH message by its form"),
            (b"\xff\x00", "octets, no AUTH message by their form"),
            (
                b"NTLMSSP\0\x02\0\0\0",
                "NTLM, type 2: the server's challenge (not spoken here)",
            ),
            (
                b"\x60\x48\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01",
                "GSSAPI, a Kerberos V5 token (not spoken here)",
            ),
        ] {
            assert_eq!(what(octets), expected);
        }
        assert!(what(br#"{"status":"401"}"#).starts_with("a refused token: status 401"));
    }

    #[test]
    fn secrets_are_marked() {
        let mut place = Place {
            mechanism: Some("LOGIN".into()),
            side: Some(Side::Client),
            before: 1,
        };
        let secrets = |octets: &[u8], place: &Place| -> Vec<String> {
            let blob = describe(octets, place);
            blob.fields
                .into_iter()
                .filter(|f| f.secret)
                .map(|f| f.name)
                .collect()
        };
        assert_eq!(secrets(b"wonderland", &place), ["password"]);
        assert_eq!(
            secrets(b"\0alice\0wonderland", &Place::default()),
            ["password"]
        );
        for damaged in [
            &b"\0alice\\000wonderland"[..],
            b"alice\0wonderland",
            b"\0alice",
            b"a\0b\0c\0",
        ] {
            assert_eq!(secrets(damaged, &Place::default()), ["octets"]);
        }
        assert_eq!(
            secrets(b"user=a\x01auth=Bearer t\x01\x01", &Place::default()),
            ["auth"]
        );
        // A PLAIN message with a NUL too few is still a secret.
        place = Place {
            mechanism: Some("PLAIN".into()),
            before: 0,
            ..place
        };
        assert_eq!(secrets(b"alice\0wonderland", &place), ["octets"]);
    }

    proptest! {
        #[test]
        fn anything_can_be_described(octets: Vec<u8>, before in 0..3_usize, which in 0..6_usize) {
            let names = ["PLAIN", "LOGIN", "SCRAM-SHA-1", "XOAUTH2", "EXTERNAL", "X"];
            let place = Place {
                mechanism: Some(names[which].into()),
                side: Some(Side::Client),
                before,
            };
            for place in [Place::default(), place] {
                for field in describe(&octets, &place).fields {
                    prop_assert!(!field.value.chars().any(char::is_control));
                    prop_assert!(!field.name.chars().any(char::is_control));
                }
            }
        }
    }
}
