//! A terminal with the program in it.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Nothing on a loaded machine takes longer.
const LONGEST: Duration = Duration::from_secs(20);

/// A running console.
pub(crate) struct Console {
    state: Arc<(Mutex<State>, Condvar)>,
    input: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    /// Kept open: the terminal lives as long as this.
    master: Box<dyn MasterPty + Send>,
    /// The home of this run: history, configuration.
    pub home: tempfile::TempDir,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
    over: bool,
}

impl Console {
    /// Starts the program on an 80×24 terminal.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::sized(args, 80, 24, &[])
    }

    /// Starts it on a terminal of this size, with these variables.
    pub(crate) fn sized(
        args: &[&str],
        columns: u16,
        rows: u16,
        variables: &[(&str, &str)],
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_ehlo"));
        command.args(args);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("PATH", std::env::var("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let input = pair.master.take_writer().unwrap();
        let parser = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 500);
        let state = Arc::new((
            Mutex::new(State {
                parser,
                raw: Vec::new(),
                over: false,
            }),
            Condvar::new(),
        ));
        let fed = Arc::clone(&state);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let count = reader.read(&mut buffer).unwrap_or(0);
                let mut state = fed.0.lock().unwrap_or_else(PoisonError::into_inner);
                if count == 0 {
                    state.over = true;
                } else {
                    state.parser.process(&buffer[..count]);
                    state.raw.extend_from_slice(&buffer[..count]);
                }
                fed.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self {
            state,
            input,
            child,
            master: pair.master,
            home,
        }
    }

    /// Types keys.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        self.input.write_all(keys.as_bytes()).unwrap();
        self.input.flush().unwrap();
        self
    }

    /// Types a line and Enter, once the prompt that ends in `>` is there.
    pub(crate) fn line(&mut self, line: &str) -> &mut Self {
        self.keys(line).keys("\r")
    }

    /// Types a line and waits until the screen shows this after it, below the line.
    #[track_caller]
    pub(crate) fn exchange(&mut self, line: &str, answer: &str) -> &mut Self {
        let answer = answer.to_owned();
        self.line(line);
        let typed = line.to_owned();
        self.until(&format!("{answer:?} after {line:?}"), move |screen| {
            // What is secret in the line is shown as dots: its first words find it.
            let begun: String = typed.chars().take(8).collect();
            screen
                .rfind(&begun)
                .is_some_and(|at| screen[at..].contains(&answer))
                && screen.trim_end().ends_with('>')
        })
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) -> &mut Self {
        let wanted = text.to_owned();
        self.until(&format!("{text:?}"), move |screen| screen.contains(&wanted))
    }

    /// Waits until the last line is this prompt, blanks at its end aside.
    #[track_caller]
    pub(crate) fn prompt(&mut self, prompt: &str) -> &mut Self {
        let wanted = prompt.trim_end().to_owned();
        self.until(&format!("the prompt {prompt:?}"), move |screen| {
            screen.trim_end().ends_with(&wanted)
        })
    }

    /// Presses a key until the screen shows this: a key may come before what it is meant for.
    #[track_caller]
    pub(crate) fn press_until(&mut self, key: &str, text: &str) -> &mut Self {
        for _ in 0..LONGEST.as_millis() / 250 {
            self.keys(key);
            let (lock, changed) = &*self.state;
            let state = lock.lock().unwrap();
            let shown = |state: &mut State| !state.parser.screen().contents().contains(text);
            let (state, waited) = changed
                .wait_timeout_while(state, Duration::from_millis(250), shown)
                .unwrap();
            drop(state);
            if !waited.timed_out() {
                return self;
            }
        }
        self.shows(text)
    }

    /// Waits until a condition on the screen holds.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> &mut Self {
        let begun = Instant::now();
        let (lock, changed) = &*self.state;
        let mut state = lock.lock().unwrap();
        loop {
            let screen = state.parser.screen().contents();
            if holds(&screen) {
                break;
            }
            let left = LONGEST.checked_sub(begun.elapsed());
            let over = state.over;
            match left {
                Some(left) if !over => state = changed.wait_timeout(state, left).unwrap().0,
                _ => panic!(
                    "waited in vain for {what}; the program {}; the screen:\n{screen}\n--",
                    if over { "ended" } else { "runs" }
                ),
            }
        }
        drop(state);
        self
    }

    /// The screen as text, blanks at line ends taken off.
    pub(crate) fn screen(&self) -> String {
        let state = self.state.0.lock().unwrap();
        let text = state.parser.screen().contents();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned() + "\n"
    }

    /// Everything the program wrote.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.state.0.lock().unwrap().raw.clone()
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// True while the terminal itself edits lines and echoes, as a shell leaves it.
    pub(crate) fn is_cooked(&self) -> bool {
        let flags = self.master.get_termios().unwrap().local_flags;
        // ICANON and ECHO.
        flags.bits() & 0o12 == 0o12
    }

    /// Waits for the end and for all that was written before it; the exit code.
    #[track_caller]
    pub(crate) fn end(&mut self) -> u32 {
        let (lock, changed) = &*self.state;
        let state = lock.lock().unwrap();
        let (state, _) = changed
            .wait_timeout_while(state, LONGEST, |state| !state.over)
            .unwrap();
        let (over, screen) = (state.over, state.parser.screen().contents());
        drop(state);
        assert!(over, "the program still runs; the screen:\n{screen}");
        self.child.wait().unwrap().exit_code()
    }

    /// Compares the screen with a golden file; volatile parts are named first.
    #[track_caller]
    pub(crate) fn golden(&self, name: &str) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/console/screens")
            .join(name);
        let screen = steady(&self.screen());
        if std::env::var_os("UPDATE_SCREENS").is_some() {
            std::fs::write(&path, &screen).unwrap();
        }
        let wanted = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            screen,
            wanted,
            "{} differs; the screen is:\n{screen}",
            path.display()
        );
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports, times and queue ids vary from run to run.
fn steady(screen: &str) -> String {
    let rules: [(&str, &str); 4] = [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"port \d+", "port PORT"),
        (r"\d+(\.\d+)? (ms|s)\b", "N ms"),
        (r"queued as \w+", "queued as ID"),
    ];
    rules.iter().fold(screen.to_owned(), |text, (pattern, by)| {
        regex::Regex::new(pattern)
            .unwrap()
            .replace_all(&text, *by)
            .into_owned()
    })
}
