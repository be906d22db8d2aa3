//! Messages of the other mechanisms that tell by their form what they are.

use super::Blob;
use super::scram::flag;
use crate::sasl::digest_md5::Directives;
use crate::sasl::oauth::error_words;
use crate::sasl::scram::message::gs2;
use crate::sasl::shown;

pub(super) fn binary(octets: &[u8]) -> Option<Blob> {
    if octets == [1] {
        return Some(Blob::new(
            "OAUTHBEARER, the refusal was read; now the server can say it",
        ));
    }
    if let Some(rest) = octets.strip_prefix(b"NTLMSSP\0") {
        let kind = match rest.first() {
            Some(1) => "NTLM, type 1: what the client can do (not spoken here)",
            Some(2) => "NTLM, type 2: the server's challenge (not spoken here)",
            Some(3) => "NTLM, type 3: the client's answer (not spoken here)",
            _ => "NTLM, of no known type (not spoken here)",
        };
        return Some(Blob::new(kind));
    }
    // DER: [APPLICATION 0], then an object identifier (RFC 2743 3.1).
    let oid = octets.windows(11).take(8).find_map(|w| match w {
        b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" => Some("GSSAPI, a Kerberos V5 token"),
        [0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02, ..] => Some("GSS-SPNEGO, a token"),
        _ => None,
    });
    (octets[0] == 0x60).then_some(())?;
    oid.map(|what| Blob::new(format!("{what} (not spoken here)")))
}

pub(super) fn plain(octets: &[u8]) -> Option<Blob> {
    let parts: Vec<&[u8]> = octets.split(|&b| b == 0).collect();
    let &[authzid, user, password] = parts.as_slice() else {
        return None;
    };
    if user.is_empty() {
        return None;
    }
    let what = if password.ends_with(b"\n") {
        "PLAIN, user and password; a newline slipped in behind the password"
    } else {
        "PLAIN, user and password"
    };
    Some(
        Blob::new(what)
            .field("authorise as", authzid, "empty leaves it to the server")
            .field("user", user, "")
            .secret("password", password, "as it is"),
    )
}

/// What becomes of PLAIN in hands that quote too little or too much: it holds the password still.
pub(super) fn damaged_plain(octets: &[u8]) -> Option<Blob> {
    let text = std::str::from_utf8(octets).ok()?;
    if text.contains(|c: char| c.is_control() && !matches!(c, '\0' | '\r' | '\n')) {
        return None;
    }
    let nuls = text.matches('\0').count();
    let written = ["\\000", "\\x00", "\\0"]
        .into_iter()
        .find(|w| text.contains(w));
    let what = match (nuls, written) {
        (0, None) => return None,
        (0 | 1, Some(written)) => format!(
            "PLAIN, damaged: {written} stands there as text, where an octet of zero belongs"
        ),
        (1, None) if !text.starts_with('\0') => {
            "PLAIN, damaged: one NUL where two belong, none before the user".to_owned()
        }
        (1, None) => "PLAIN, damaged: one NUL where two belong, none behind the user".to_owned(),
        (nuls, _) => format!("PLAIN, damaged: {nuls} NULs where two belong"),
    };
    let what = format!("{what} (ehlo encode plain makes it right)");
    Some(Blob::new(what).secret("octets", octets, "user and password are in it"))
}

pub(super) fn xoauth2(octets: &[u8]) -> Option<Blob> {
    let rest = octets.strip_prefix(b"user=")?;
    let mut fields = rest.split(|&b| b == 1);
    let user = fields.next()?;
    let blob = Blob::new("XOAUTH2, user and token").field("user", user, "");
    Some(bearer_fields(blob, fields))
}

pub(super) fn oauthbearer(octets: &[u8]) -> Option<Blob> {
    let at = octets.iter().position(|&b| b == 1)?;
    let head = std::str::from_utf8(&octets[..at]).ok()?;
    let head = gs2(head).ok()?;
    let blob = Blob::new("OAUTHBEARER, user and token");
    let blob = flag(blob, &head.flag).field(
        "user",
        head.authzid.unwrap_or_default(),
        "empty leaves it to the token",
    );
    Some(bearer_fields(blob, octets[at + 1..].split(|&b| b == 1)))
}

fn bearer_fields<'a>(mut blob: Blob, fields: impl Iterator<Item = &'a [u8]>) -> Blob {
    for field in fields.filter(|field| !field.is_empty()).take(20) {
        let equals = field.iter().position(|&b| b == b'=');
        let (name, value) = equals.map_or((field, &b""[..]), |at| (&field[..at], &field[at + 1..]));
        blob = match name {
            b"auth" => blob.secret("auth", value, "the access token"),
            b"host" => blob.field("host", value, "where the client believes it is"),
            b"port" => blob.field("port", value, ""),
            // Nobody knows what an unknown field holds.
            _ => blob.secret(&shown(name), value, ""),
        };
    }
    blob
}

pub(super) fn json(octets: &[u8]) -> Option<Blob> {
    let (text, lines) = (octets.first() == Some(&b'{')).then(|| error_words(octets))?;
    let mut blob = Blob::new(format!("a refused token: {text}"));
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
        blob = blob.field(name, value, "");
    }
    Some(blob)
}

pub(super) fn digest_md5(octets: &[u8]) -> Option<Blob> {
    let found = Directives::parse(octets).ok()?;
    let has = |name: &str| found.all(name).next().is_some();
    let what = if has("rspauth") {
        "DIGEST-MD5, the server's proof"
    } else if has("response") && has("username") {
        "DIGEST-MD5, the client's answer"
    } else if has("nonce") && (has("algorithm") || has("realm")) {
        "DIGEST-MD5, the challenge"
    } else {
        return None;
    };
    Some(
        found
            .iter()
            .fold(Blob::new(what), |blob, (name, value)| match name {
                "response" => blob.secret(
                    name,
                    value,
                    "made from password and nonces; can be guessed at",
                ),
                "rspauth" => blob.secret(name, value, "made from the same password"),
                "nonce" => blob.field(name, value, "the server's, new each time"),
                "cnonce" => blob.field(name, value, "the client's, new each time"),
                "realm" => blob.field(name, value, "which set of accounts"),
                "digest-uri" => blob.field(name, value, "service and host it is meant for"),
                "qop" => blob.field(name, value, "auth: login only"),
                _ => blob.field(name, value, ""),
            }),
    )
}

pub(super) fn cram(octets: &[u8]) -> Option<Blob> {
    if octets.first() == Some(&b'<') && crate::sasl::apop::timestamp(octets) == Some(octets) {
        return Some(Blob::new("CRAM-MD5, the challenge").field(
            "challenge",
            octets,
            "new each time",
        ));
    }
    let at = octets.iter().rposition(|&b| b == b' ')?;
    let (user, digest) = (&octets[..at], &octets[at + 1..]);
    let is_digest = digest.len() == 32 && digest.iter().all(u8::is_ascii_hexdigit);
    (is_digest && !user.is_empty()).then(|| {
        Blob::new("CRAM-MD5, the answer")
            .field("user", user, "")
            .secret(
                "proof",
                digest,
                "HMAC-MD5 of the challenge; can be guessed at",
            )
    })
}
