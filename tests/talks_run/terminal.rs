//! What only a terminal sees: `--step`, and the line that says how far a run is.

use std::io::{Read as _, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Nothing on a loaded machine takes longer.
const LONGEST: Duration = Duration::from_secs(20);

/// The program on a terminal of its own.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    shown: String,
    /// Kept open: the terminal lives as long as this.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        // A terminal drops what is on its way to the screen when Ctrl-C comes, unless told not to.
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", "stty noflsh && exec \"$0\" \"$@\""]);
        command.arg(env!("CARGO_BIN_EXE_ehlo"));
        command.args(args);
        command.cwd(folder);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm");
        command.env("LANG", "C.UTF-8");
        command.env("NO_COLOR", "1");
        let child = pair.slave.spawn_command(command).expect("it runs");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("readable");
        let input = pair.master.take_writer().expect("writable");
        let (send, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer)
                && count > 0
                && send.send(buffer[..count].to_vec()).is_ok()
            {}
        });
        Self {
            child,
            input,
            output,
            shown: String::new(),
            _master: pair.master,
        }
    }

    /// Waits until this was shown, and forgets what was shown up to it.
    #[track_caller]
    fn shows(&mut self, text: &str) -> &mut Self {
        loop {
            if let Some(at) = self.shown.find(text) {
                self.shown.drain(..at + text.len());
                return self;
            }
            match self.output.recv_timeout(LONGEST) {
                Ok(octets) => self.shown += &String::from_utf8_lossy(&octets),
                Err(_) => panic!("{text:?} is not in {:?}", self.shown),
            }
        }
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        self.input.write_all(keys.as_bytes()).expect("written");
        self
    }

    /// Waits for the end; the exit code, and what was shown since.
    fn end(mut self) -> (u32, String) {
        while let Ok(octets) = self.output.recv_timeout(LONGEST) {
            self.shown += &String::from_utf8_lossy(&octets);
        }
        let status = self.child.wait().expect("it ended");
        (status.exit_code(), self.shown)
    }
}

const TALK: &str = "# Prose is not a step.\nC: EHLO a\nS: 250\nC: NOOP\nC: QUIT\nS: 221\n";
const QUESTION: &str = "Enter goes on, q ends: ";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.talk"), TALK).expect("written");
    std::fs::write(folder.path().join("bad.talk"), "C: NOOP\nS: 999\n").expect("written");
    folder
}

#[test]
fn each_step_waits_for_enter() {
    let folder = folder();
    let mut terminal = Terminal::start(folder.path(), &["run", "--step", "a.talk"]);
    for (line, then) in [
        ("line 2: C: EHLO a", "<-  220 "),
        ("line 2: C: EHLO a", "<-  250 STARTTLS"),
        ("line 4: C: NOOP", "<-  250 2.0.0 Ok"),
        ("line 5: C: QUIT", "<-  221 "),
    ] {
        terminal.shows(line).shows(QUESTION).keys("\r").shows(then);
    }
    let (code, shown) = terminal.end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("1 passed, 0 failed"), "{shown}");
}

#[test]
fn nothing_is_sent_before_enter_and_q_ends_it() {
    let folder = folder();
    let mut terminal = Terminal::start(folder.path(), &["run", "--step", "a.talk"]);
    terminal.shows(QUESTION).keys("\r");
    terminal.shows("<-  220 ").shows(QUESTION).keys("q\r");
    let (code, shown) = terminal.end();
    assert_eq!(code, 130, "{shown}");
    assert!(!shown.contains("->  EHLO"), "{shown}");
    assert!(shown.contains("stopped here"), "{shown}");
}

#[test]
fn ctrl_c_and_the_end_of_input_end_it_too() {
    let folder = folder();
    for (keys, words) in [("\x03", "interrupted"), ("\x04", "no answer to")] {
        let mut terminal = Terminal::start(folder.path(), &["run", "--step", "a.talk"]);
        terminal.shows(QUESTION).keys("\r");
        terminal.shows("<-  220 ").shows(QUESTION).keys(keys);
        let (code, shown) = terminal.end();
        assert_eq!(code, 130, "{shown}");
        assert!(shown.contains(words), "{keys:?}: {shown}");
        assert!(!shown.contains("->  EHLO"), "{shown}");
    }
}

#[test]
fn a_run_of_several_says_how_far_it_is_on_a_terminal_only() {
    let folder = folder();
    let args = ["run", "a.talk", "bad.talk", "a.talk"];
    let mut terminal = Terminal::start(folder.path(), &args);
    terminal.shows("a.talk  passed");
    terminal.shows("1 of 3, 1 passed, 0 failed");
    // The line is taken away before the next outcome stands there.
    terminal.shows("\r\u{1b}[K").shows("bad.talk  failed");
    terminal.shows("2 of 3, 1 passed, 1 failed");
    terminal.shows("a.talk  passed").shows("2 passed, 1 failed");
    let (code, shown) = terminal.end();
    assert_eq!(code, 1, "{shown}");
    assert!(!shown.contains("3 of 3"), "{shown}");

    let piped = std::process::Command::new(env!("CARGO_BIN_EXE_ehlo"))
        .args(args)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said = [piped.stdout, piped.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(!said.contains(" of 3") && !said.contains('\r'), "{said}");
    // Nor where one talk makes the whole run, or a program reads.
    for args in [
        &["run", "a.talk"][..],
        &["run", "--format", "tap", "a.talk", "a.talk"],
    ] {
        let (_, shown) = Terminal::start(folder.path(), args).end();
        assert!(!shown.contains("1 of "), "{args:?}: {shown}");
    }
}

#[test]
fn steps_without_a_terminal_are_refused() {
    let folder = folder();
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new("setsid");
        command.arg("-w").arg(env!("CARGO_BIN_EXE_ehlo")).args(args);
        let command = command.current_dir(folder.path()).stdin(Stdio::null());
        let out = command.output().expect("setsid runs it");
        let said = [out.stdout, out.stderr].concat();
        (
            out.status.code(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    };
    let (code, said) = run(&["run", "--step", "a.talk"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("there is no terminal to ask for"), "{said}");
    assert!(!said.contains("<-  220"), "nothing was opened: {said}");
    let (code, said) = run(&["run", "--step", "--jobs", "2", "a.talk"]);
    assert_eq!(code, Some(2), "{said}");
}
