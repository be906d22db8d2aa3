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
    reads: usize,
    over: bool,
}

impl Console {
    /// A console on the practice server, on a terminal of this size, greeted.
    pub(crate) fn greeted(rows: u16) -> Self {
        let mut console = Self::sized(&["--name", "me.test"], 80, rows, &[]);
        console.prompt("smtp practice clear>");
        console.exchange("EHLO me.test", "250 STARTTLS");
        console
    }

    /// An IMAP session beside it, alice logged in, the inbox open, explanations off.
    pub(crate) fn inbox(rows: u16) -> Self {
        let mut console = Self::sized(&["--name", "me.test"], 80, rows, &[]);
        console.prompt("smtp practice clear>");
        console.exchange(":set explain off", "");
        console.exchange(":open imap", "* OK");
        console.exchange("login alice wonderland", "a1 OK");
        console.exchange("select inbox", "a2 OK");
        console.prompt("INBOX a3>");
        console
    }

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
                reads: 0,
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
                    state.reads += 1;
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

    /// A message begins, from one to another, as far as the body.
    #[track_caller]
    pub(crate) fn begins_body(&mut self, from: &str, to: &str) -> &mut Self {
        self.exchange(&format!("MAIL FROM:<{from}>"), "250 2.1.0");
        self.exchange(&format!("RCPT TO:<{to}>"), "250 2.1.5");
        self.exchange("DATA", "354").prompt("data>")
    }

    /// Types a line and waits until the screen shows this after it, below the line.
    #[track_caller]
    pub(crate) fn exchange(&mut self, line: &str, answer: &str) -> &mut Self {
        let answer = answer.to_owned();
        self.line(line);
        let typed = line.to_owned();
        self.until(&format!("{answer:?} after {line:?}"), move |screen| {
            // What is secret in the line is shown as dots: its first letters behind a prompt find it.
            let letters = if typed.starts_with("pass ") { 5 } else { 8 };
            let begun: String = "> ".chars().chain(typed.chars().take(letters)).collect();
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

    /// The screen with the role of each piece: `{red}554 …{}`.
    pub(crate) fn painted(&self) -> String {
        let state = self.state.0.lock().unwrap();
        let screen = state.parser.screen();
        let (rows, columns) = screen.size();
        let mut text = String::new();
        for row in 0..rows.get() {
            let mut now = "";
            for column in 0..columns.get() {
                let Some(cell) = screen.cell(row, column) else {
                    continue;
                };
                let paint = paint(cell);
                // A blank has no colour to be seen.
                if paint != now
                    && (cell.has_contents() && cell.contents() != " " || paint.is_empty())
                {
                    text.push_str(&format!("{{{paint}}}"));
                    now = paint;
                }
                text.push_str(if cell.has_contents() {
                    cell.contents()
                } else {
                    " "
                });
            }
            if !now.is_empty() {
                text.push_str("{}");
            }
            text.push('\n');
        }
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned() + "\n"
    }

    /// Everything the program wrote.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.state.0.lock().unwrap().raw.clone()
    }

    /// What the terminal was given so far: how often the line was drawn anew, and in how many bursts
    /// all of it came.
    pub(crate) fn traffic(&self) -> (usize, usize) {
        let state = self.state.0.lock().unwrap();
        let text = String::from_utf8_lossy(&state.raw);
        (text.matches("\x1b[?2026h").count(), state.reads)
    }

    /// Looks at the screen.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.state.0.lock().unwrap().parser.screen())
    }

    /// The column of the cursor.
    pub(crate) fn column(&self) -> u16 {
        self.state
            .0
            .lock()
            .unwrap()
            .parser
            .screen()
            .cursor_position()
            .1
    }

    /// Presses keys; the time until the screen is as wanted.
    #[track_caller]
    pub(crate) fn stroke(
        &mut self,
        keys: &str,
        wanted: impl Fn(&vt100::Screen) -> bool,
    ) -> Duration {
        let begun = Instant::now();
        self.keys(keys);
        let (lock, changed) = &*self.state;
        let state = lock.lock().unwrap();
        let waits = |state: &mut State| !wanted(state.parser.screen());
        let (state, waited) = changed.wait_timeout_while(state, LONGEST, waits).unwrap();
        let took = begun.elapsed();
        let screen = state.parser.screen().contents();
        assert!(
            !waited.timed_out(),
            "{keys:?} in vain; the screen:\n{screen}"
        );
        took
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).unwrap();
        let mut state = self.state.0.lock().unwrap();
        state
            .parser
            .screen_mut()
            .set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
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
        golden(name, &self.screen());
    }
}

/// Compares a screen with a golden file.
#[track_caller]
pub(crate) fn golden(name: &str, screen: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/console/screens")
        .join(name);
    let screen = steady(screen);
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

/// The role of a cell.
pub(crate) fn paint(cell: &vt100::Cell) -> &'static str {
    match (cell.fgcolor(), cell.bold(), cell.dim()) {
        (vt100::Color::Idx(1), ..) => "red",
        (vt100::Color::Idx(2), ..) => "green",
        (vt100::Color::Idx(3), true, _) => "bold yellow",
        (vt100::Color::Idx(3), ..) => "yellow",
        (vt100::Color::Idx(6), ..) => "cyan",
        (vt100::Color::Idx(_) | vt100::Color::Rgb(..), ..) => "other",
        (vt100::Color::Default, true, _) => "bold",
        (vt100::Color::Default, _, true) => "dim",
        (vt100::Color::Default, ..) => "",
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What varies from run to run is named instead: ports, times, ids, dates, fingerprints.
fn steady(screen: &str) -> String {
    let rules: &[(&str, &str)] = &[
        // A machine under load: the time at the right of a reply that took long.
        (r"(?m) {2,}\d+(\.\d+)? (ms|s)$", ""),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"port \d+", "port PORT"),
        (r"\d+(\.\d+)? (ms|s)\b", "N ms"),
        (r"queued as [0-9A-F]+", "queued as ID"),
        (r"[0-9A-F]+ is what to look for", "ID is what to look for"),
        (r"UIDVALIDITY \d+", "UIDVALIDITY N"),
        (r"APPENDUID \d+", "APPENDUID N"),
        (r"\w{3}, +\d+ \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "DATE"),
        (r"<[0-9a-f]{16}@", "<ID@"),
        (r"\d+ days left", "N days left"),
        (r"[0-9A-F]{2}:[0-9A-F]{2}:…:[0-9A-F]{2}", "PRINT"),
        (r"system's \d+ roots", "system's N roots"),
        (r"<\d+\.\d+@", "<STAMP@"),
        (r"/tmp/\S+/", "/TMP/"),
    ];
    steady_as(rules, screen)
}

/// Applies patterns and what stands for them.
pub(crate) fn steady_as(rules: &[(&str, &str)], screen: &str) -> String {
    rules.iter().fold(screen.to_owned(), |text, (pattern, by)| {
        regex::Regex::new(pattern)
            .unwrap()
            .replace_all(&text, *by)
            .into_owned()
    })
}
