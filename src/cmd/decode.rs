//! `ehlo decode`: what a base64 blob or a pasted AUTH exchange holds, or why it is none.

use std::io::{self, IsTerminal as _, Read, Write};

use crate::cli::{Decode, When};
use crate::error::{Error, Kind, Result};
use crate::sasl::blob::{Blob, Side};
use crate::sasl::paste::{Item, read};
use crate::ui::style::{Look, Role, Styled};
use crate::ui::{look, out};
use crate::wire::b64::Alphabet;
use crate::wire::secret::MASK;
use crate::wire::show::{Charset, show};

/// The most that is read from standard input.
const TEXT_MAX: u64 = 4 * 1024 * 1024;

/// The subcommand, on the program's own input and output.
///
/// # Errors
/// As `run`.
pub fn start(args: &Decode) -> Result<()> {
    let look = look::decide(When::Auto, io::stdout().is_terminal());
    if args.text.is_empty() && io::stdin().is_terminal() {
        out::complain("paste the lines of a login, then Ctrl-D:");
    }
    run(
        args,
        &mut io::stdin().lock(),
        &mut io::stdout().lock(),
        &look,
    )
}

/// Decodes the arguments, or what `input` holds when there are none.
///
/// # Errors
/// Usage when nothing of it is base64; `Refused` when a part of an exchange is not.
pub fn run(args: &Decode, input: &mut dyn Read, output: &mut dyn Write, look: &Look) -> Result<()> {
    let text = if args.text.is_empty() {
        let mut octets = Vec::new();
        input
            .take(TEXT_MAX)
            .read_to_end(&mut octets)
            .map_err(|e| Error::local(format!("standard input: {e}")))?;
        String::from_utf8_lossy(&octets).into_owned()
    } else {
        args.text.join(" ")
    };
    let found = read(&text, args.url_safe.then_some(Alphabet::UrlSafe));
    if let [
        Item {
            holds: Err(fault), ..
        },
    ] = found.as_slice()
    {
        return Err(Error::usage(fault.to_string()));
    }
    if found.is_empty() {
        return Err(Error::usage("the text holds no AUTH message")
            .hint("expected", "a base64 text, or the lines of a login"));
    }
    let mut page = String::new();
    let mut damaged = 0;
    for item in &found {
        damaged += usize::from(item.holds.is_err());
        for line in lines(item, args.show_secrets) {
            page.push_str(&safe(line, look).render(look));
            page.push('\n');
        }
    }
    output
        .write_all(page.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|e| out::failed(&e))?;
    if damaged > 0 {
        return Err(Error::silent(Kind::Refused));
    }
    Ok(())
}

/// The line in the characters that the output may use.
fn safe(line: Styled, look: &Look) -> Styled {
    let mask = if look.charset == Charset::Ascii {
        "****"
    } else {
        MASK
    };
    let piece = |(role, text): (Role, String)| {
        let text = text.replace(MASK, mask);
        (role, show(text.as_bytes(), look.charset).into_owned())
    };
    Styled(line.0.into_iter().map(piece).collect())
}

/// One found message as text: what it is, then a line for each field.
fn lines(item: &Item, show_secrets: bool) -> Vec<Styled> {
    let who = match item.side {
        Some(Side::Client) => "C: ",
        Some(Side::Server) => "S: ",
        None => "",
    };
    match &item.holds {
        Err(fault) => {
            vec![Styled::plain(who).with(Role::Refused, format!("line {}: {fault}", item.line))]
        }
        Ok(blob) => {
            let mut out = vec![Styled::plain(who).with(Role::Strong, blob.what.as_str())];
            out.extend(fields(blob, show_secrets));
            out
        }
    }
}

fn fields(blob: &Blob, show_secrets: bool) -> impl Iterator<Item = Styled> {
    let width = |text: &str| text.chars().count();
    let names = blob
        .fields
        .iter()
        .map(|f| width(&f.name))
        .max()
        .unwrap_or(0);
    blob.fields.iter().map(move |field| {
        let value = if field.secret && !show_secrets {
            MASK
        } else {
            &field.value
        };
        let pad = " ".repeat(names - width(&field.name));
        let line = Styled::plain(format!("    {}{pad}  {value}", field.name));
        if field.note.is_empty() {
            line
        } else {
            line.with(Role::Dim, format!("  ({})", field.note))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &[&str], input: &str, show_secrets: bool) -> Result<String> {
        let args = Decode {
            text: text.iter().map(|&t| t.to_owned()).collect(),
            show_secrets,
            url_safe: false,
        };
        let mut output = Vec::new();
        run(&args, &mut input.as_bytes(), &mut output, &Look::default())?;
        Ok(String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_blob_field_by_field() {
        assert_eq!(
            decoded(&["AGFsaWNlAHdvbmRlcmxhbmQ="], "", false).unwrap(),
            "PLAIN, user and password\n    \
             authorise as  (empty)  (empty leaves it to the server)\n    \
             user          alice\n    \
             password      ••••  (as it is)\n"
        );
        let shown = decoded(&["AUTH", "PLAIN", "AGFsaWNlAHdvbmRlcmxhbmQ="], "", true).unwrap();
        assert!(shown.starts_with("C: PLAIN") && shown.contains("wonderland"));
    }

    #[test]
    fn an_exchange_from_standard_input() {
        let text = "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\n\
                    C: d29uZGVybGFuZA==\nS: 235 2.7.0 ok\n";
        let page = decoded(&[], text, false).unwrap();
        assert!(
            page.contains("C: LOGIN, first answer\n    user  alice\n"),
            "{page}"
        );
        assert!(page.contains("password  ••••"), "{page}");
        assert!(!page.contains("wonderland"));
    }

    #[test]
    fn a_lone_word_may_be_a_password() {
        assert_eq!(
            decoded(&["d29uZGVybGFuZA=="], "", false).unwrap(),
            "text of 10 octets, no AUTH message by its form\n    \
             text  ••••  (may be a password; shown with --show-secrets)\n"
        );
        let shown = decoded(&["d29uZGVybGFuZA=="], "", true).unwrap();
        assert!(shown.contains("text  wonderland"), "{shown}");
    }

    #[test]
    fn what_is_no_base64_is_said() {
        let error = decoded(&[], "EHLO x\n250 HELP\n", false).unwrap_err();
        assert_eq!(error.what, "the text holds no AUTH message");
        let error = decoded(&["AGFs*WNl"], "", false).unwrap_err();
        assert_eq!(
            error.what,
            "not base64: '*' at character 5 is not in the alphabet"
        );
        let error = decoded(&[], "", false).unwrap_err();
        assert_eq!(error.kind, Kind::Usage);
        let error = decoded(
            &[],
            "C: AUTH PLAIN AGF*\nS: 501 no\nC: AUTH PLAIN AGEAYg==\n",
            false,
        );
        assert_eq!(error.unwrap_err().kind, Kind::Refused);
    }

    #[test]
    fn hostile_content_is_shown_and_not_obeyed() {
        let blob = crate::wire::b64::encode(b"\0al\x1b[2Jice\0pw\x07");
        let page = decoded(&[&blob], "", true).unwrap();
        assert!(page.contains("al␛[2Jice") && page.contains("pw␇"), "{page}");
    }
}
