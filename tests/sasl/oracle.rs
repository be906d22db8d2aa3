//! Against rsasl, which was written by others.

use std::io::Cursor;

use ehlo::sasl::digest::Hash;
use ehlo::sasl::server::{Ask, server};
use ehlo::sasl::{Heard, Say, client};
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::prelude::*;
use rsasl::property::{
    AuthId, AuthzId, ChannelBindings, OAuthBearerToken, OverrideCBType, Password,
};
use rsasl::validate::{Validate, ValidationError};

use super::support::*;

/// Both sides of rsasl ask this.
struct Answers {
    stored: Vec<u8>,
    server: Vec<u8>,
    plus: bool,
    /// OAUTHBEARER carries the user as the identity to act as.
    authzid: bool,
}

const SALT: &[u8] = b"a salt of 16 oct";

impl Answers {
    fn new(name: &str) -> Self {
        let hash = match name.trim_end_matches("-PLUS") {
            "SCRAM-SHA-1" => Hash::Sha1,
            "SCRAM-SHA-512" => Hash::Sha512,
            _ => Hash::Sha256,
        };
        let salted = hash.pbkdf2(b"wonderland", SALT, 4096);
        Self {
            stored: hash.digest(&hash.hmac(&salted, b"Client Key")),
            server: hash.hmac(&salted, b"Server Key").to_vec(),
            plus: name.ends_with("-PLUS"),
            authzid: name == "OAUTHBEARER",
        }
    }
}

impl SessionCallback for Answers {
    fn callback(
        &self,
        _: &SessionData,
        _: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        request
            .satisfy::<ScramStoredPassword<'_>>(&ScramStoredPassword::new(
                4096,
                SALT,
                &self.stored,
                &self.server,
            ))?
            .satisfy::<AuthId>("alice")?
            .satisfy::<Password>(b"wonderland")?
            .satisfy::<OAuthBearerToken>("wonderland")?;
        if self.authzid {
            request.satisfy::<AuthzId>("alice")?;
        }
        if self.plus {
            request
                .satisfy::<OverrideCBType>("tls-exporter")?
                .satisfy::<ChannelBindings>(&[7; 32])?;
        }
        Ok(())
    }

    fn enable_channel_binding(&self) -> bool {
        self.plus
    }

    fn validate(
        &self,
        _: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        validate.with::<Verdict, _>(|| {
            let user = context.get_ref::<AuthId>() == Some("alice");
            // SCRAM validates the user only: the proof was checked before.
            let password = context
                .get_ref::<Password>()
                .is_none_or(|p| p == b"wonderland");
            Ok(user && password)
        })?;
        Ok(())
    }
}

struct Verdict;

impl Validation for Verdict {
    type Value = bool;
}

static SCRAM: &[Mechanism] = &[
    rsasl::mechanisms::scram::SCRAM_SHA1,
    rsasl::mechanisms::scram::SCRAM_SHA1_PLUS,
    rsasl::mechanisms::scram::SCRAM_SHA256,
    rsasl::mechanisms::scram::SCRAM_SHA256_PLUS,
    rsasl::mechanisms::scram::SCRAM_SHA512,
    rsasl::mechanisms::scram::SCRAM_SHA512_PLUS,
    rsasl::mechanisms::plain::PLAIN,
    rsasl::mechanisms::login::LOGIN,
    rsasl::mechanisms::xoauth2::XOAUTH2,
    rsasl::mechanisms::oauthbearer::OAUTHBEARER,
];

fn config(name: &str) -> std::sync::Arc<SASLConfig> {
    SASLConfig::builder()
        .with_registry(Registry::with_mechanisms(SCRAM))
        .with_callback(Answers::new(name))
        .unwrap()
}

#[test]
fn their_client_our_verifier() {
    for name in [
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
        "SCRAM-SHA-512",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-512-PLUS",
        "PLAIN",
        "LOGIN",
        "XOAUTH2",
        "OAUTHBEARER",
    ] {
        let mechname = Mechname::parse(name.as_bytes()).unwrap();
        let mut theirs = SASLClient::new(config(name))
            .start_suggested(&[mechname])
            .unwrap();
        let mut ours = server(name, &setup()).unwrap();
        let mut answer = None;
        if theirs.are_we_first() {
            let mut out = Cursor::new(Vec::new());
            theirs.step(None, &mut out).unwrap();
            answer = Some(out.into_inner());
        }
        let mut messages = 0;
        let user = loop {
            match ours.step(answer.as_deref()) {
                Ask::Challenge(challenge) => {
                    let mut out = Cursor::new(Vec::new());
                    theirs.step(Some(&challenge), &mut out).unwrap();
                    answer = Some(out.into_inner());
                }
                Ask::Accept { user } => break user,
                other => panic!("{name}: {other:?}"),
            }
            messages += 1;
            assert!(messages < 5, "{name}");
        };
        assert_eq!(user, "alice", "{name}");
    }
}

#[test]
fn our_client_their_server() {
    for name in [
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
        "SCRAM-SHA-512",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-512-PLUS",
        "PLAIN",
        "LOGIN",
    ] {
        let mechname = Mechname::parse(name.as_bytes()).unwrap();
        let mut theirs = SASLServer::<Verdict>::new(config(name))
            .start_suggested(mechname)
            .unwrap();
        let mut ours = client(name, &alice(), &binding(true), CLIENT_NONCE).unwrap();
        let mut say = ours.step(Heard::Nothing).unwrap();
        let mut running = true;
        for _ in 0..5 {
            let mut out = Cursor::new(Vec::new());
            let state = match &say {
                Say::Send(message) => theirs.step(Some(message.expose()), &mut out),
                _ => theirs.step(None, &mut out),
            }
            .unwrap_or_else(|e| panic!("{name}: {e}"));
            running = state.is_running();
            let challenge = out.into_inner();
            // What comes with the end is the server's proof.
            if running || !challenge.is_empty() {
                say = ours.step(Heard::Challenge(&challenge)).unwrap();
            }
            if !running {
                break;
            }
        }
        assert!(!running, "{name} has no end");
        assert_eq!(ours.step(Heard::Success), Ok(Say::Satisfied), "{name}");
        assert_eq!(theirs.validation(), Some(true), "{name}");
    }
}
