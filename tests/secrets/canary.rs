//! A secret in every dress it could leak in.

use ehlo::sasl::digest::{Hash, hex};
use ehlo::wire::b64::{Alphabet, encode_in};

/// Holds what quoting and escaping would change.
pub(crate) const PASSWORD: &str = "Can\"ary\\Pa ss+7391";
pub(crate) const TOKEN: &str = "ya29.CanaryTok3n_7391";
pub(crate) const USER: &str = "alice";

/// Forms to look for.
#[derive(Default)]
pub(crate) struct Canaries(Vec<(String, String)>);

impl Canaries {
    /// A secret as it is, quoted, in base64 at three alignments and both alphabets, in hex, percent
    /// form, JSON form, and its digests.
    pub(crate) fn of(secrets: &[&[u8]]) -> Self {
        let mut found = Self::default();
        for secret in secrets {
            found.add_forms(secret);
        }
        found
    }

    fn add_forms(&mut self, secret: &[u8]) {
        let text = String::from_utf8_lossy(secret).into_owned();
        self.add("quoted", text.replace('\\', "\\\\").replace('"', "\\\""));
        self.add("debug", format!("{text:?}").trim_matches('"').to_owned());
        self.add(
            "octets",
            format!("{secret:?}").trim_matches(['[', ']']).to_owned(),
        );
        self.add("plain", text);
        for alphabet in [Alphabet::Standard, Alphabet::UrlSafe] {
            for before in 0..3 {
                let padded = [&vec![0; before], secret].concat();
                let encoded = encode_in(alphabet, &padded);
                // Only characters that depend on the secret alone.
                let from = (before * 8).div_ceil(6);
                let to = (before + secret.len()) * 8 / 6;
                self.add("base64", encoded[from..to].to_owned());
            }
        }
        self.add("hex", hex(secret));
        self.add("HEX", hex(secret).to_uppercase());
        let percent = |b: &u8| {
            if b.is_ascii_alphanumeric() {
                char::from(*b).to_string()
            } else {
                format!("%{b:02X}")
            }
        };
        self.add("percent", secret.iter().map(percent).collect());
        for hash in [Hash::Md5, Hash::Sha1, Hash::Sha256, Hash::Sha512] {
            let digest = hash.digest(secret);
            self.add("digest", hex(&digest));
            self.add("digest", encode_in(Alphabet::Standard, &digest));
        }
    }

    /// One more form, such as a proof seen on the wire.
    pub(crate) fn add(&mut self, form: &str, text: String) {
        // Shorter ones would be found by chance.
        if text.len() >= 8 && !self.0.iter().any(|(_, known)| *known == text) {
            self.0.push((form.to_owned(), text));
        }
    }

    /// A message of a login: whole and, where it has them, its proofs and password.
    pub(crate) fn add_message(&mut self, octets: &[u8]) {
        let text = String::from_utf8_lossy(octets).into_owned();
        if octets.len() >= 12 && text != USER {
            self.add("blob", encode_in(Alphabet::Standard, octets));
        }
        for mark in ["p=", "v=", "response=", "rspauth=", "auth="] {
            for part in text.split([',', '\x01']) {
                // `p=tls-exporter` names a type and proves nothing.
                if let Some(value) = part.strip_prefix(mark).filter(|v| !v.starts_with("tls-")) {
                    self.add(mark, value.to_owned());
                }
            }
        }
        if let Some((_, digest)) = text.rsplit_once(' ')
            && digest.len() == 32
        {
            self.add("cram", digest.to_owned());
        }
    }

    /// The forms found in `text`.
    pub(crate) fn in_text(&self, text: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(_, form)| text.contains(form.as_str()))
            .map(|(name, form)| format!("{name}: {form}"))
            .collect()
    }

    /// Fails when one is found.
    pub(crate) fn check(&self, what: &str, text: &str) {
        let found = self.in_text(text);
        assert!(found.is_empty(), "{what} leaks {found:?} in {text}");
    }
}

#[test]
fn every_dress_is_recognised() {
    let canaries = Canaries::of(&[PASSWORD.as_bytes()]);
    for text in [
        format!("PASS {PASSWORD}"),
        "LOGIN alice \"Can\\\"ary\\\\Pa ss+7391\"".to_owned(),
        ehlo::wire::b64::encode(format!("\0alice\0{PASSWORD}").as_bytes()),
        ehlo::wire::b64::encode(format!("\0bob\0{PASSWORD}").as_bytes()),
        ehlo::wire::b64::encode(format!("\0carol1\0{PASSWORD}\n").as_bytes()),
        format!("{:?}", PASSWORD.as_bytes()),
        hex(format!("x{PASSWORD}").as_bytes()),
    ] {
        assert!(!canaries.in_text(&text).is_empty(), "{text}");
    }
    assert!(canaries.in_text("AUTH PLAIN ••••").is_empty());
}
