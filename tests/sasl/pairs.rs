//! Every mechanism that is spoken, client against verifier.

use ehlo::sasl::server::{Ask, Setup, server};
use ehlo::sasl::table::{Asks, MECHANISMS, Row};
use ehlo::sasl::{Binding, Credentials, client};
use ehlo::wire::secret::Secret;

use super::support::*;

fn spoken() -> impl Iterator<Item = &'static Row> {
    MECHANISMS.iter().filter(|row| row.spoken())
}

#[test]
fn every_mechanism_logs_in() {
    assert_eq!(spoken().count(), 14);
    for row in spoken() {
        let expected = match row.asks {
            Asks::Trace => "guest",
            _ => "alice",
        };
        for initial in [false, true] {
            assert_eq!(
                login(row.name, &alice(), initial),
                End::In(expected.into()),
                "{} initial {initial}",
                row.name
            );
        }
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let wrong = Credentials {
        secret: Secret::new("wonderlane"),
        ..alice()
    };
    let unknown = Credentials {
        user: "nobody".into(),
        ..alice()
    };
    for row in spoken().filter(|row| matches!(row.asks, Asks::Password | Asks::Token)) {
        for who in [&wrong, &unknown] {
            assert_eq!(login(row.name, who, true), End::Rejected, "{}", row.name);
        }
    }
}

#[test]
fn identities_to_act_as() {
    let postmaster = Credentials {
        authzid: Some("postmaster".into()),
        ..alice()
    };
    let root = Credentials {
        authzid: Some("root".into()),
        ..alice()
    };
    for name in [
        "PLAIN",
        "DIGEST-MD5",
        "SCRAM-SHA-1",
        "SCRAM-SHA-256-PLUS",
        "EXTERNAL",
    ] {
        assert_eq!(
            login(name, &postmaster, true),
            End::In("postmaster".into()),
            "{name}"
        );
        assert_eq!(login(name, &root, true), End::Rejected, "{name}");
    }
}

#[test]
fn names_and_passwords_beyond_ascii_are_prepared() {
    // Typed in another form than stored: "ª" and "a", no-break space and space.
    let zoe = Credentials::new("zoë,=", Secret::new("paß w rd")).at("smtp", "ehlo.test", 25);
    for name in [
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
        "SCRAM-SHA-512-PLUS",
        "PLAIN",
        "LOGIN",
    ] {
        assert_eq!(login(name, &zoe, true), End::In("zoë,=".into()), "{name}");
    }
    let stored = Credentials {
        secret: Secret::new("p\u{aa}ß w\u{a0}rd"),
        ..zoe
    };
    for name in ["CRAM-MD5", "DIGEST-MD5"] {
        assert_eq!(
            login(name, &stored, true),
            End::In("zoë,=".into()),
            "{name}"
        );
    }
}

#[test]
fn line_breaks_and_separators_never_leave() {
    for row in spoken() {
        for bad in ["a\rb", "a\nb", "a\0b", "a\x01b"] {
            let by_user = Credentials {
                user: bad.into(),
                ..alice()
            };
            let by_authzid = Credentials {
                authzid: Some(bad.into()),
                ..alice()
            };
            for who in [by_user, by_authzid] {
                let made = client(row.name, &who, &binding(true), CLIENT_NONCE);
                let error = made.expect_err(row.name);
                assert!(error.0.contains("break out"), "{error}");
            }
            if row.asks == Asks::Token {
                let who = Credentials {
                    secret: Secret::new(bad),
                    ..alice()
                };
                assert!(client(row.name, &who, &binding(true), CLIENT_NONCE).is_err());
            }
        }
    }
}

#[test]
fn refused_tokens_are_explained_and_the_refusal_is_heard() {
    let wrong = Credentials {
        secret: Secret::new("expired"),
        ..alice()
    };
    for (name, last) in [("XOAUTH2", &b""[..]), ("OAUTHBEARER", b"\x01")] {
        let mut mechanism = client(name, &wrong, &Binding::default(), CLIENT_NONCE).unwrap();
        let (end, record) = run(&mut *mechanism, name, &setup(), true, |_, _| {});
        assert_eq!(end, End::Rejected, "{name}");
        assert_eq!(record.from_client.last().map(Vec::as_slice), Some(last));
        let told: Vec<_> = record.told.iter().map(|t| t.text.as_str()).collect();
        assert!(
            told[1].starts_with("the server refuses the token: status"),
            "{told:?}"
        );
    }
}

#[test]
fn bindings_must_match_and_flags_be_true() {
    let other = Setup {
        binding: Binding {
            exporter: Some(Secret::new([9; 32])),
            ..binding(true)
        },
        ..setup()
    };
    let name = "SCRAM-SHA-256-PLUS";
    let mut mechanism = client(name, &alice(), &binding(true), CLIENT_NONCE).unwrap();
    let (end, _) = run(&mut *mechanism, name, &other, true, |_, _| {});
    assert_eq!(end, End::Rejected, "something stands between");

    // The list was shortened on the way: the client says y, the server knows better.
    let name = "SCRAM-SHA-256";
    let mut mechanism = client(name, &alice(), &binding(false), CLIENT_NONCE).unwrap();
    let (end, _) = run(&mut *mechanism, name, &setup(), true, |_, _| {});
    assert_eq!(end, End::Rejected);

    // The server indeed has no -PLUS: y is accepted.
    let without = Setup {
        binding: Binding::default(),
        ..setup()
    };
    let mut mechanism = client(name, &alice(), &binding(false), CLIENT_NONCE).unwrap();
    let (end, _) = run(&mut *mechanism, name, &without, true, |_, _| {});
    assert_eq!(end, End::In("alice".into()));

    // The other binding type.
    let name = "SCRAM-SHA-1-PLUS";
    let end_point = Binding {
        exporter: None,
        ..binding(true)
    };
    let mut mechanism = client(name, &alice(), &end_point, CLIENT_NONCE).unwrap();
    let (end, _) = run(&mut *mechanism, name, &setup(), true, |_, _| {});
    assert_eq!(end, End::In("alice".into()));
}

#[test]
fn answers_that_are_none_are_malformed() {
    for (name, answer) in [
        ("PLAIN", &b"alice"[..]),
        ("PLAIN", b"\0alice"),
        ("PLAIN", b"\0\0x"),
        ("PLAIN", b"\0\xff\0x"),
        ("PLAIN", b"a\0b\0c\0d"),
        ("CRAM-MD5", b"alice 00"),
        ("DIGEST-MD5", b"x"),
        ("SCRAM-SHA-1", b"alice"),
        ("SCRAM-SHA-1", b"n,,r=x,n=alice"),
        ("SCRAM-SHA-1", b"n,,n=,r=x"),
        ("SCRAM-SHA-1", b"n,,n=a=b,r=x"),
        ("SCRAM-SHA-1", b"n,,m=1,n=a,r=x"),
        ("SCRAM-SHA-1", b"p=tls-exporter,,n=a,r=x"),
        ("SCRAM-SHA-1-PLUS", b"n,,n=a,r=x"),
        ("XOAUTH2", b"user=alice"),
        ("XOAUTH2", b"user=alice\x01auth=Basic x\x01\x01"),
        ("OAUTHBEARER", b"n,,\x01\x01"),
        ("OAUTHBEARER", b"n,a=alice\x01auth=Bearer x\x01\x01"),
        ("EXTERNAL", b"\xff"),
        ("ANONYMOUS", b"\xff"),
    ] {
        let mut verifier = server(name, &setup()).expect("spoken");
        if matches!(name, "CRAM-MD5" | "DIGEST-MD5") {
            assert!(matches!(verifier.step(None), Ask::Challenge(_)));
        }
        let ask = verifier.step(Some(answer));
        assert!(
            matches!(ask, Ask::Malformed(_)),
            "{name} {answer:?}: {ask:?}"
        );
    }
    // Mechanisms in which the server speaks first take no initial response.
    for name in ["CRAM-MD5", "DIGEST-MD5"] {
        let mut verifier = server(name, &setup()).expect("spoken");
        assert!(matches!(verifier.step(Some(b"")), Ask::Malformed(_)));
    }
    assert!(server("NTLM", &setup()).is_none());
}
