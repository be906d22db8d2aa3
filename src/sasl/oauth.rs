//! Bearer tokens: XOAUTH2 (vendors' documents) and OAUTHBEARER (RFC 7628).
//!
//! A refusal comes as a challenge in JSON. It must be answered (empty for XOAUTH2, ^A for
//! OAUTHBEARER), else the server's real refusal never comes.

use serde_json::Value;

use super::scram::message::{escape, gs2};
use super::server::{Ask, Setup, Verifier, utf8};
use super::{Credentials, Heard, Mechanism, SaslError, Say, Told, shown, shown_or_empty};
use crate::wire::secret::{MASK, Secret};

const OAUTHBEARER: &str = "OAUTHBEARER";

/// The most of a JSON challenge that is read.
const JSON_MAX: usize = 16 * 1024;

/// The client's side of both.
#[derive(Debug)]
pub struct Bearer {
    name: &'static str,
    message: Option<Secret>,
    token: Secret,
    meaning: Told,
    refused: bool,
    told: Vec<Told>,
}

impl Bearer {
    /// `user=NAME ^A auth=Bearer TOKEN ^A ^A`.
    pub fn xoauth2(who: &Credentials) -> Self {
        let user = shown_or_empty(&who.user);
        Self::new(
            "XOAUTH2",
            who,
            [
                b"user=",
                who.user.as_bytes(),
                b"\x01auth=Bearer ",
                who.secret.expose(),
                b"\x01\x01",
            ]
            .concat(),
            Told::sent(format!("user {user}, bearer token {MASK}"))
                .field(format!("user={user}: whose mailbox"))
                .field(format!(
                    "auth=Bearer {MASK}: the access token; who has it is let in until it expires"
                ))
                .field("^A ends each field, and the message once more"),
        )
    }

    /// `n,a=NAME, ^A host=… ^A port=… ^A auth=Bearer TOKEN ^A ^A`.
    pub fn oauthbearer(who: &Credentials) -> Self {
        let mut message = b"n,".to_vec();
        if !who.user.is_empty() {
            message.extend_from_slice(format!("a={}", escape(&who.user)).as_bytes());
        }
        message.extend_from_slice(b",\x01");
        let mut place = String::new();
        if !who.host.is_empty() {
            message.extend_from_slice(format!("host={}\x01", who.host).as_bytes());
            place = format!(", host {}", shown(&who.host));
        }
        if who.port != 0 {
            message.extend_from_slice(format!("port={}\x01", who.port).as_bytes());
            place.push_str(&format!(", port {}", who.port));
        }
        let user = shown_or_empty(&who.user);
        Self::new(
            OAUTHBEARER,
            who,
            [
                &message,
                &b"auth=Bearer "[..],
                who.secret.expose(),
                b"\x01\x01",
            ]
            .concat(),
            Told::sent(format!("user {user}{place}, bearer token {MASK}"))
                .field("n: no channel binding (RFC 5801 4)")
                .field(format!("a={user}: whose mailbox"))
                .field("host and port: where the client believes it is")
                .field(format!(
                    "auth=Bearer {MASK}: the access token; who has it is let in until it expires"
                )),
        )
    }

    fn new(name: &'static str, who: &Credentials, message: Vec<u8>, meaning: Told) -> Self {
        Self {
            name,
            message: Some(Secret::new(message)),
            token: who.secret.clone(),
            meaning,
            refused: false,
            told: Vec::new(),
        }
    }

    fn refusal(&mut self, challenge: &[u8]) -> Say {
        self.refused = true;
        let (text, fields) = error_words(challenge);
        // A server can send back the token that it was given.
        let token = shown(self.token.expose());
        let masked = |text: String| match token.as_str() {
            "" => text,
            token => text.replace(token, MASK),
        };
        let mut told = Told::heard(masked(format!("the server refuses the token: {text}")));
        told.fields = fields.into_iter().map(masked).collect();
        self.told.push(told);
        if self.name == OAUTHBEARER {
            self.told.push(Told::sent(
                "^A (AQ==), so that the server can say its refusal (RFC 7628 3.2.3)",
            ));
            return Say::Send(Secret::new([1]));
        }
        self.told.push(Told::sent(
            "an empty line, so that the server can say its refusal",
        ));
        Say::Send(Secret::new(""))
    }
}

impl Mechanism for Bearer {
    fn name(&self) -> &'static str {
        self.name
    }

    fn client_first(&self) -> bool {
        true
    }

    fn step(&mut self, heard: Heard<'_>) -> Result<Say, SaslError> {
        match (heard, self.message.take()) {
            (Heard::Nothing | Heard::Challenge(b""), Some(message)) => {
                self.told.push(self.meaning.clone());
                Ok(Say::Send(message))
            }
            (Heard::Challenge(_), Some(_)) => Err(SaslError::new(format!(
                "the server sent a challenge where {} begins with an empty one",
                self.name
            ))),
            (Heard::Success, Some(_)) => Err(SaslError::new(
                "the server said yes before it was told who is asking",
            )),
            (Heard::Success, None) if self.refused => Err(SaslError::new(
                "the server refused the token and then said yes",
            )),
            (Heard::Success, None) => Ok(Say::Satisfied),
            (Heard::Challenge(challenge), None) if !self.refused => Ok(self.refusal(challenge)),
            (_, None) => Err(SaslError::new(format!(
                "{} is over, and the server asks for more",
                self.name
            ))),
        }
    }

    fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }
}

/// What a JSON refusal says, in one clause and field by field (RFC 7628 3.2.2, RFC 6750 3.1).
pub fn error_words(challenge: &[u8]) -> (String, Vec<String>) {
    let parsed = if challenge.len() > JSON_MAX {
        None
    } else {
        serde_json::from_slice::<Value>(challenge).ok()
    };
    let Some(Value::Object(fields)) = parsed else {
        let what = if challenge.is_empty() {
            "it does not say why".to_owned()
        } else {
            format!("its reason is no JSON: {}", super::plain::brief(challenge))
        };
        return (what, Vec::new());
    };
    let value = |name: &str| fields.get(name).map(plain_value);
    let mut clauses = Vec::new();
    if let Some(status) = value("status") {
        let meaning = status_meaning(&status);
        clauses.push(format!("status {}{meaning}", shown(&status)));
    }
    for name in ["error", "error_description", "scope", "schemes"] {
        if let Some(text) = value(name).filter(|text| !text.is_empty()) {
            clauses.push(format!("{} {}", name.replace('_', " "), shown(&text)));
        }
    }
    if clauses.is_empty() {
        clauses.push("it does not say why".into());
    }
    let lines = fields
        .iter()
        .take(20)
        .map(|(name, value)| {
            let meaning = field_meaning(name);
            format!("{}: {}{meaning}", shown(name), shown(plain_value(value)))
        })
        .collect();
    (clauses.join(", "), lines)
}

fn plain_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn status_meaning(status: &str) -> &'static str {
    match status {
        "400" => " (the request is malformed)",
        "401" | "invalid_token" => " (the token is expired, revoked or for something else)",
        "403" | "insufficient_scope" => " (the token does not allow this)",
        "invalid_request" => " (the message is malformed)",
        _ => "",
    }
}

fn field_meaning(name: &str) -> &'static str {
    match name {
        "status" => " (an HTTP status or an error name)",
        "schemes" => " (token types it takes)",
        "scope" => " (what a token must allow)",
        "openid-configuration" => " (where to learn how to get a token)",
        _ => "",
    }
}

/// The server's side of both.
#[derive(Debug)]
pub struct BearerVerifier {
    name: &'static str,
    setup: Setup,
    refused: bool,
}

impl BearerVerifier {
    /// Waits for `user=…`.
    pub fn xoauth2(setup: &Setup) -> Self {
        Self::new("XOAUTH2", setup)
    }

    /// Waits for `n,a=…`.
    pub fn oauthbearer(setup: &Setup) -> Self {
        Self::new(OAUTHBEARER, setup)
    }

    fn new(name: &'static str, setup: &Setup) -> Self {
        Self {
            name,
            setup: setup.clone(),
            refused: false,
        }
    }

    fn judge(&mut self, message: &str) -> Result<Ask, Ask> {
        let wrong = |what: &str| Ask::Malformed(what.to_owned());
        let Some(fields) = message.strip_suffix("\x01\x01") else {
            return Err(wrong("two ^A must end the message"));
        };
        let (mut user, fields) = if self.name == OAUTHBEARER {
            let head = gs2(message).map_err(Ask::Malformed)?;
            let rest = fields
                .get(head.octets..)
                .and_then(|rest| rest.strip_prefix('\x01'))
                .ok_or_else(|| wrong("^A must follow the header"))?;
            (head.authzid, rest)
        } else {
            (None, fields)
        };
        let mut token = None;
        for field in fields.split('\x01') {
            match field.split_once('=') {
                Some(("user", name)) if self.name != OAUTHBEARER => user = Some(name.to_owned()),
                Some(("auth", value)) => token = Some(value),
                Some(_) => {}
                None => return Err(wrong("a field without \"=\"")),
            }
        }
        let token = token
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
            .map(|(_, token)| token);
        let (Some(user), Some(token)) = (user, token) else {
            return Err(wrong("a user and auth=Bearer TOKEN are needed"));
        };
        if self.setup.accounts.token(&user, token.as_bytes()) {
            return Ok(Ask::Accept { user });
        }
        self.refused = true;
        Ok(Ask::Challenge(if self.name == OAUTHBEARER {
            br#"{"status":"invalid_token","scope":"mail","schemes":"bearer"}"#.to_vec()
        } else {
            br#"{"status":"401","schemes":"bearer","scope":"mail"}"#.to_vec()
        }))
    }
}

impl Verifier for BearerVerifier {
    fn step(&mut self, from_client: Option<&[u8]>) -> Ask {
        let Some(answer) = from_client else {
            return Ask::Challenge(Vec::new());
        };
        if self.refused {
            // RFC 7628 3.2.3 wants ^A, vendors an empty line; both mean that it was read.
            return if matches!(answer, b"" | b"\x01") {
                Ask::Reject("wrong user or token".into())
            } else {
                Ask::Malformed("after a refusal only an empty answer or ^A may follow".into())
            };
        }
        match utf8(answer) {
            Ok(text) => self.judge(text).unwrap_or_else(|ask| ask),
            Err(ask) => ask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

    #[test]
    fn example_of_rfc_7628() {
        let who = Credentials::new("user@example.com", Secret::new(TOKEN)).at(
            "imap",
            "server.example.com",
            143,
        );
        let mut bearer = Bearer::oauthbearer(&who);
        let message = format!(
            "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer {TOKEN}\x01\x01"
        );
        assert_eq!(
            bearer.step(Heard::Nothing),
            Ok(Say::Send(Secret::new(message)))
        );
        let error = br#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/.well-known/openid-configuration"}"#;
        assert_eq!(
            bearer.step(Heard::Challenge(error)),
            Ok(Say::Send(Secret::new([1])))
        );
        let told = bearer.told();
        assert_eq!(
            told[1].text,
            "the server refuses the token: status invalid_token (the token is expired, revoked or \
             for something else), scope example_scope"
        );
        assert!(
            told[1]
                .fields
                .iter()
                .any(|f| f.contains("how to get a token"))
        );
        assert!(bearer.step(Heard::Success).is_err());
    }

    #[test]
    fn xoauth2_as_vendors_document_it() {
        let who = Credentials::new("someuser@example.com", Secret::new("ya29.vF9dft4"));
        let mut bearer = Bearer::xoauth2(&who);
        assert_eq!(
            bearer.step(Heard::Challenge(b"")),
            Ok(Say::Send(Secret::new(
                "user=someuser@example.com\x01auth=Bearer ya29.vF9dft4\x01\x01"
            )))
        );
        let error =
            br#"{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}"#;
        assert_eq!(
            bearer.step(Heard::Challenge(error)),
            Ok(Say::Send(Secret::new("")))
        );
        assert!(bearer.step(Heard::Challenge(b"more")).is_err());
    }

    #[test]
    fn refusals_that_are_no_json_or_hostile() {
        for challenge in [&b"no\x1b[2J"[..], b"[1]", b"{\"status\":", b"\xff"] {
            let (text, _) = error_words(challenge);
            assert!(text.starts_with("its reason is no JSON"), "{text}");
            assert!(!text.contains('\x1b'));
        }
        let (text, fields) = error_words(br#"{"status":"\u001b[2J","x":{"y":1}}"#);
        assert!(!text.contains('\x1b') && fields.len() == 2);
        let deep = "[".repeat(10_000);
        assert!(error_words(deep.as_bytes()).0.contains("no JSON"));
    }
}
