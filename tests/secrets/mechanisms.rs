//! Every mechanism by itself: Debug of both sides, tellings and errors.

use ehlo::sasl::server::{Ask, server};
use ehlo::sasl::{Heard, Say};

use super::canary::{PASSWORD, TOKEN};
use super::helpers::{canaries, mechanism, setup, spoken};

#[test]
fn mechanisms_tell_and_debug_without_secrets() {
    for (row, right) in spoken().flat_map(|row| [(row, true), (row, false)]) {
        let mut canaries = canaries();
        let mut client = mechanism(row, "smtp", right);
        let mut verifier = server(row.name, &setup("smtp")).expect("spoken");
        let mut outputs = format!("{:?}\n", setup("smtp"));
        let mut wire = Vec::new();
        let mut say = client.step(Heard::Nothing);
        for _ in 0..6 {
            outputs.push_str(&format!(
                "{say:?} {client:?} {verifier:?} {:?}\n",
                client.told()
            ));
            let answer = match &say {
                Ok(Say::Send(message)) => Some(message.expose().to_vec()),
                Ok(Say::Listen) => None,
                _ => break,
            };
            if let Some(answer) = &answer {
                canaries.add_message(answer);
                wire.extend_from_slice(answer);
            }
            say = match verifier.step(answer.as_deref()) {
                Ask::Challenge(challenge) => {
                    canaries.add_message(&challenge);
                    client.step(Heard::Challenge(&challenge))
                }
                Ask::Accept { .. } => client.step(Heard::Success),
                Ask::Reject(why) | Ask::Malformed(why) => {
                    outputs.push_str(&why);
                    assert!(!right, "{}: {why}", row.name);
                    break;
                }
            };
        }
        canaries.check(row.name, &outputs);
        let clear = !canaries.in_text(&String::from_utf8_lossy(&wire)).is_empty();
        let certificate = matches!(row.name, "EXTERNAL" | "ANONYMOUS");
        assert!(
            clear || certificate,
            "{}: the wire itself must hold one",
            row.name
        );
    }
}

#[test]
fn errors_of_a_lying_server_hold_no_secret() {
    for row in spoken() {
        let mut canaries = canaries();
        for lie in [
            &b"r=rOprNGfwEbeRWgbNEkqO0123x,s=QQ==,i=4096"[..],
            b"nonce=\"x\",algorithm=md5-sess",
            b"<1@x>",
            b"{\"status\":\"401\"}",
            b"v=AAAA",
            b"",
            // What it was told, sent back.
            PASSWORD.as_bytes(),
            format!("{{\"status\":\"{TOKEN}\",\"x\":\"{TOKEN}\"}}").as_bytes(),
        ] {
            // Before anything was sent it cannot know: such a text is its own.
            let echo = lie == PASSWORD.as_bytes();
            let told = match row.name {
                "LOGIN" => echo,
                "XOAUTH2" | "OAUTHBEARER" => lie.ends_with(b"7391\"}"),
                _ => false,
            };
            let knows = lie.windows(4).any(|w| w == b"7391");
            if knows && !told {
                continue;
            }
            let mut client = mechanism(row, "smtp", true);
            let mut outputs = String::new();
            let mut heard = Heard::Nothing;
            for round in 0..5 {
                let say = client.step(heard);
                outputs.push_str(&format!("{say:?} {client:?} {:?}", client.told()));
                if let Ok(Say::Send(message)) = say {
                    canaries.add_message(message.expose());
                }
                heard = match (row.name, echo, round) {
                    ("LOGIN", true, 0 | 1) => Heard::Challenge(b"?"),
                    _ => Heard::Challenge(lie),
                };
            }
            outputs.push_str(&format!("{:?}", client.step(Heard::Success)));
            canaries.check(row.name, &outputs);
        }
    }
}
