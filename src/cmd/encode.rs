//! `ehlo encode`: what goes on each line of a login, without a server.
//!
//! Lines go to standard output and nothing else does. What they mean is told on standard error
//! when standard output is a terminal.

use std::io::{self, BufRead, IsTerminal as _, Write};

use crate::cli::{Encode, When};
use crate::credentials::{Keeper, Sources};
use crate::entropy;
use crate::error::{Error, Kind, Result};
use crate::prompt;
use crate::sasl::paste;
use crate::sasl::table::{Asks, Row, client, find, usable};
use crate::sasl::{Binding, Credentials, Heard, Mechanism, SaslError, Say, apop};
use crate::ui::style::{Role, Styled};
use crate::ui::{look, out};
use crate::wire::b64::{Alphabet, encode_in};
use crate::wire::secret::Secret;
use crate::wire::show::{Charset, show};

/// The longest challenge line taken (RFC 4954 4 allows 12,288 octets).
const LINE_MAX: u64 = 64 * 1024;

/// Where questions and answers go.
pub struct Io<'a> {
    /// Challenges, one a line.
    pub input: &'a mut dyn BufRead,
    /// The lines to send.
    pub output: &'a mut dyn Write,
    /// Words beside them; nothing of it may reach `output`.
    pub tell: &'a mut dyn FnMut(&str),
    /// Asks what may be seen.
    pub ask: &'a mut dyn FnMut(&str) -> Result<String>,
    /// Asks what may not.
    pub hidden: &'a mut dyn FnMut(&str) -> Result<Secret>,
}

impl std::fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Io").finish_non_exhaustive()
    }
}

/// The subcommand, on the program's own input and output.
///
/// # Errors
/// As `run`.
pub fn start(args: &Encode) -> Result<()> {
    let look = look::decide(When::Auto, io::stderr().is_terminal());
    let explains = io::stdout().is_terminal() && io::stderr().is_terminal();
    let sources = Sources::from_environment(args.host.clone().unwrap_or_default());
    let mut io = Io {
        input: &mut io::stdin().lock(),
        output: &mut io::stdout().lock(),
        tell: &mut |words| {
            if explains {
                let line = show(words.as_bytes(), look.charset);
                out::complain(&Styled::new(Role::Dim, format!("  = {line}")).render(&look));
            }
        },
        ask: &mut prompt::line,
        hidden: &mut prompt::hidden,
    };
    run(args, sources, &mut io)
}

/// Prints what goes on each line.
///
/// # Errors
/// Usage for a mechanism that is not spoken or a challenge that is missing or none; `Auth` when a
/// server's proof is wrong; local when the password cannot be had.
pub fn run(args: &Encode, sources: Sources, io: &mut Io<'_>) -> Result<()> {
    let name = args.mechanism.to_ascii_uppercase();
    if name == "APOP" {
        return pop(args, sources, io);
    }
    let Some(row) = find(&name) else {
        let known: Vec<_> = crate::sasl::MECHANISMS
            .iter()
            .filter(|row| row.spoken() && !row.plus)
            .map(|row| row.name.to_ascii_lowercase())
            .collect();
        return Err(Error::usage(format!(
            "{:?} is no mechanism",
            show(args.mechanism.as_bytes(), Charset::Unicode)
        ))
        .hint("known", format!("{} apop", known.join(" "))));
    };
    let row = usable(row.name).map_err(usage)?;
    if row.plus {
        return Err(Error::usage(format!(
            "{} binds to a TLS connection, and there is none here",
            row.name
        ))
        .hint("instead", ":auth in a console under TLS"));
    }
    let who = who(args, row, sources, io)?;
    let nonce = match &args.nonce {
        Some(nonce) => checked_nonce(nonce)?,
        None => entropy::nonce()?,
    };
    let binding = Binding::default();
    let mechanism = client(row.name, &who, &binding, &nonce).map_err(usage)?;
    let mut lines = Lines {
        args,
        io,
        given: args.challenge.as_deref(),
    };
    lines.exchange(mechanism, row)
}

fn usage(error: SaslError) -> Error {
    Error::usage(error.0)
}

fn checked_nonce(nonce: &str) -> Result<String> {
    let fine = !nonce.is_empty() && nonce.bytes().all(|b| b.is_ascii_graphic() && b != b',');
    if fine {
        Ok(nonce.to_owned())
    } else {
        Err(Error::usage(
            "--nonce takes printable ASCII without blanks and commas",
        ))
    }
}

fn who(args: &Encode, row: &Row, sources: Sources, io: &mut Io<'_>) -> Result<Credentials> {
    let ask_user = matches!(row.asks, Asks::Password | Asks::Token);
    let user = match &args.user {
        Some(user) => user.clone(),
        None if ask_user => (io.ask)("user: ")?,
        None => String::new(),
    };
    let question = match row.asks {
        Asks::Password => Some("password: "),
        Asks::Token => Some("token: "),
        Asks::Certificate | Asks::Trace => None,
    };
    let secret = match question {
        Some(question) => password(args, sources, &user, question, io)?,
        None => Secret::new(""),
    };
    let mut who = Credentials::new(user, secret).at(
        args.service.as_str(),
        args.host.clone().unwrap_or_default(),
        args.port.unwrap_or_default(),
    );
    who.authzid.clone_from(&args.authzid);
    Ok(who)
}

fn password(
    args: &Encode,
    mut sources: Sources,
    user: &str,
    question: &str,
    io: &mut Io<'_>,
) -> Result<Secret> {
    sources.command = args.password_command.clone().or(sources.command);
    sources.fd = args.password_fd.or(sources.fd);
    let user = (!user.is_empty()).then_some(user);
    let found = Keeper::new(sources).secret(user, question, io.hidden)?;
    Ok(found.secret)
}

/// `APOP user digest`: a command of POP3, not a mechanism.
fn pop(args: &Encode, sources: Sources, io: &mut Io<'_>) -> Result<()> {
    let user = match &args.user {
        Some(user) => user.clone(),
        None => (io.ask)("user: ")?,
    };
    let greeting = match &args.challenge {
        Some(text) => text.clone(),
        None => {
            (io.tell)("the server's greeting, with its <timestamp>:");
            read_line(io)?.ok_or_else(missing)?
        }
    };
    let timestamp = apop::timestamp(greeting.as_bytes()).ok_or_else(|| {
        Error::usage("the greeting holds no <timestamp> as RFC 1939 7 wants it: <…@…>")
    })?;
    // The same rules for the name as in every mechanism.
    let secret = password(args, sources, &user, "password: ", io)?;
    client(
        "CRAM-MD5",
        &Credentials::new(user.as_str(), secret.clone()),
        &Binding::default(),
        "",
    )
    .map_err(usage)?;
    let digest = apop::digest(timestamp, &secret);
    let line = [b"APOP ", user.as_bytes(), b" ", digest.expose()].concat();
    write_line(io, &Secret::new(line))?;
    (io.tell)("MD5 of the timestamp and the password; the password is not sent");
    Ok(())
}

fn missing() -> Error {
    Error::usage("the server's challenge is missing")
        .hint("give it", "--challenge TEXT, or on standard input")
}

fn read_line(io: &mut Io<'_>) -> Result<Option<String>> {
    let mut line = Vec::new();
    let mut limited = io::Read::take(&mut *io.input, LINE_MAX);
    let read = limited
        .read_until(b'\n', &mut line)
        .map_err(|e| Error::local(format!("standard input: {e}")))?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
}

fn write_line(io: &mut Io<'_>, line: &Secret) -> Result<()> {
    io.output
        .write_all(line.expose())
        .and_then(|()| io.output.write_all(b"\n"))
        .and_then(|()| io.output.flush())
        .map_err(|e| out::failed(&e))
}

/// Drives a mechanism with challenges that people give.
struct Lines<'a, 'b> {
    args: &'a Encode,
    io: &'a mut Io<'b>,
    /// `--challenge`, until it is used.
    given: Option<&'a str>,
}

impl Lines<'_, '_> {
    fn exchange(&mut self, mut mechanism: Box<dyn Mechanism>, row: &Row) -> Result<()> {
        let first = self.step(&mut *mechanism, Heard::Nothing, true)?;
        match row.name {
            // The questions of LOGIN say nothing that matters.
            "LOGIN" => {
                self.step(&mut *mechanism, Heard::Challenge(b"Username:"), false)?;
                self.step(&mut *mechanism, Heard::Challenge(b"Password:"), false)?;
                return Ok(());
            }
            "CRAM-MD5" | "DIGEST-MD5" => {
                let challenge = self.challenge()?.ok_or_else(missing)?;
                self.step(&mut *mechanism, Heard::Challenge(&challenge), false)?;
                if row.name == "CRAM-MD5" {
                    return Ok(());
                }
            }
            _ if row.name.starts_with("SCRAM-") => {
                if self.given.is_some() && self.args.nonce.is_none() {
                    return Err(Error::usage(
                        "the challenge extends a nonce: name it with --nonce, or give the \
                         challenge on standard input",
                    ));
                }
                let Some(challenge) = self.challenge()? else {
                    return Ok(());
                };
                self.step(&mut *mechanism, Heard::Challenge(&challenge), false)?;
            }
            _ => {
                debug_assert!(first, "one message, and it is out");
                return Ok(());
            }
        }
        // What the server proves, when somebody gives it.
        if self.args.challenge.is_none()
            && let Some(proof) = self.challenge()?
        {
            self.step(&mut *mechanism, Heard::Challenge(&proof), false)?;
        }
        Ok(())
    }

    /// The next challenge, decoded; `None` at the end of input.
    fn challenge(&mut self) -> Result<Option<Vec<u8>>> {
        let line = match self.given.take() {
            Some(line) => line.to_owned(),
            None => {
                (self.io.tell)("the server's challenge, as it came (the end of input stops here):");
                match read_line(self.io)? {
                    Some(line) => line,
                    None => return Ok(None),
                }
            }
        };
        let decoded = paste::challenge(&line);
        decoded
            .map(Some)
            .map_err(|fault| Error::usage(format!("the challenge is {fault}")))
    }

    /// One step; true when it gave a line.
    fn step(
        &mut self,
        mechanism: &mut dyn Mechanism,
        heard: Heard<'_>,
        initial: bool,
    ) -> Result<bool> {
        let say = mechanism.step(heard);
        let told = mechanism.told();
        let alphabet = if self.args.url_safe {
            Alphabet::UrlSafe
        } else {
            Alphabet::Standard
        };
        let sent = match say {
            Err(e) => return Err(Error::new(Kind::Auth, e.0)),
            Ok(Say::Listen | Say::Satisfied) => false,
            Ok(Say::Send(message)) => {
                let line = if message.is_empty() && initial {
                    // RFC 4954 4: an empty initial response.
                    "=".to_owned()
                } else {
                    encode_in(alphabet, message.expose())
                };
                write_line(self.io, &Secret::new(line))?;
                true
            }
        };
        for told in told {
            (self.io.tell)(&told.text);
        }
        Ok(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(args: &Encode, input: &str) -> Result<String> {
        let mut output = Vec::new();
        let mut told = String::new();
        let sources = Sources {
            environment: Some(Secret::new("wonderland")),
            ..Sources::default()
        };
        run(
            args,
            sources,
            &mut Io {
                input: &mut input.as_bytes(),
                output: &mut output,
                tell: &mut |words| told.push_str(words),
                ask: &mut |question| {
                    assert_eq!(question, "user: ");
                    Ok("alice".into())
                },
                hidden: &mut |_| panic!("asked"),
            },
        )?;
        assert!(!told.contains("wonderland"));
        Ok(String::from_utf8(output).unwrap())
    }

    fn args(mechanism: &str) -> Encode {
        Encode {
            mechanism: mechanism.into(),
            service: "smtp".into(),
            ..Encode::default()
        }
    }

    #[test]
    fn one_line_a_message() {
        for (mechanism, lines) in [
            ("plain", "AGFsaWNlAHdvbmRlcmxhbmQ=\n"),
            ("login", "YWxpY2U=\nd29uZGVybGFuZA==\n"),
            (
                "xoauth2",
                "dXNlcj1hbGljZQFhdXRoPUJlYXJlciB3b25kZXJsYW5kAQE=\n",
            ),
            (
                "oauthbearer",
                "bixhPWFsaWNlLAFhdXRoPUJlYXJlciB3b25kZXJsYW5kAQE=\n",
            ),
            ("external", "=\n"),
        ] {
            assert_eq!(encoded(&args(mechanism), "").unwrap(), lines, "{mechanism}");
        }
        let anonymous = Encode {
            user: Some("me@x".into()),
            ..args("ANONYMOUS")
        };
        assert_eq!(encoded(&anonymous, "").unwrap(), "bWVAeA==\n");
    }

    #[test]
    fn challenges_by_option_or_input() {
        let cram = Encode {
            challenge: Some("334 PDFAeD4=".into()),
            ..args("cram-md5")
        };
        let by_option = encoded(&cram, "").unwrap();
        assert_eq!(by_option, encoded(&args("cram-md5"), "<1@x>\n").unwrap());
        assert!(
            encoded(&args("cram-md5"), "")
                .unwrap_err()
                .what
                .contains("missing")
        );
        let bad = encoded(&args("cram-md5"), "334 PDFA*D4=\n").unwrap_err();
        assert!(bad.what.starts_with("the challenge is not base64"), "{bad}");
        let apop = Encode {
            challenge: Some("+OK ready <1896.697170952@dbc.mtview.ca.us>".into()),
            ..args("apop")
        };
        let line = encoded(&apop, "").unwrap();
        assert!(
            line.starts_with("APOP alice ") && line.len() == 11 + 32 + 1,
            "{line}"
        );
    }

    #[test]
    fn scram_in_three_lines_and_a_server_that_lies() {
        let scram = Encode {
            user: Some("user".into()),
            nonce: Some("rOprNGfwEbeRWgbNEkqO".into()),
            password_command: Some("echo pencil".into()),
            ..args("scram-sha-256")
        };
        let first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                     s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let right = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        let lines = encoded(&scram, &format!("{first}\n{right}\n")).unwrap();
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines.len(), 3, "the last answer is an empty line");
        assert_eq!(lines[0], "biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=");
        assert_eq!(lines[2], "");
        let lie = encoded(&scram, &format!("{first}\nv=AAAA\n")).unwrap_err();
        assert_eq!(lie.kind, Kind::Auth);
        assert_eq!(encoded(&scram, "").unwrap().lines().count(), 1);
        let no_nonce = Encode {
            nonce: None,
            challenge: Some(first.into()),
            ..scram
        };
        assert!(encoded(&no_nonce, "").unwrap_err().what.contains("--nonce"));
    }

    #[test]
    fn what_cannot_be_encoded_is_explained() {
        assert!(
            encoded(&args("plian"), "")
                .unwrap_err()
                .to_string()
                .contains("plain")
        );
        assert!(
            encoded(&args("ntlm"), "")
                .unwrap_err()
                .what
                .contains("Windows")
        );
        assert!(
            encoded(&args("scram-sha-1-plus"), "")
                .unwrap_err()
                .what
                .contains("binds")
        );
        let broken = Encode {
            user: Some("a\r\nDATA".into()),
            ..args("plain")
        };
        assert!(encoded(&broken, "").unwrap_err().what.contains("a CR"));
        let nonce = Encode {
            nonce: Some("a,b".into()),
            ..args("scram-sha-1")
        };
        assert!(encoded(&nonce, "").is_err());
    }
}
