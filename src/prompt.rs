//! Questions on the terminal itself, whatever standard input and output are: the one door to
//! rpassword. A console asks through its editor where the answer may be seen.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Write};

use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::terminal::Saved;
use crate::wire::secret::Secret;

/// Asks for a secret; nothing of the answer is shown.
///
/// # Errors
/// Usage when there is no terminal; `Interrupted` on Ctrl-C; local when the terminal fails.
pub fn hidden(question: &str) -> Result<Secret> {
    let terminal = Saved::now();
    terminal.hand_over_keys();
    let answer = rpassword::prompt_password(question);
    if matches!(&answer, Err(e) if e.kind() == io::ErrorKind::UnexpectedEof) {
        // Ctrl-D leaves the cursor behind the question.
        let _ = OpenOptions::new()
            .write(true)
            .open("/dev/tty")
            .and_then(|mut tty| tty.write_all(b"\n"));
    }
    terminal.put_back();
    match answer {
        Ok(answer) => {
            let answer = Zeroizing::new(answer);
            Ok(Secret::new(answer.as_bytes()))
        }
        Err(e) => Err(failed(&e, question).hint(
            "else",
            "--password-command CMD, --password-fd N, EHLO_PASSWORD or a .netrc entry",
        )),
    }
}

/// Asks for a line that may be seen.
///
/// # Errors
/// As `hidden`; the end of input counts as `Interrupted`.
pub fn line(question: &str) -> Result<String> {
    ask(question).map_err(|e| failed(&e, question))
}

fn ask(question: &str) -> io::Result<String> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(question.as_bytes())?;
    let mut answer = String::new();
    if BufReader::new(terminal).read_line(&mut answer)? == 0 {
        return Err(io::ErrorKind::Interrupted.into());
    }
    Ok(answer.trim_end_matches(['\r', '\n']).to_owned())
}

fn failed(error: &io::Error, question: &str) -> Error {
    let asked = question.trim_end_matches([' ', ':']);
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => {
            Error::new(Kind::Interrupted, format!("no answer to \"{asked}\""))
        }
        // No controlling terminal: ENXIO, or no such device at all.
        io::ErrorKind::NotFound => no_terminal(asked),
        _ if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            no_terminal(asked)
        }
        _ => Error::local(format!("asking for \"{asked}\": {error}")),
    }
}

fn no_terminal(asked: &str) -> Error {
    Error::usage(format!("there is no terminal to ask for \"{asked}\" on"))
}
