//! The terminal's state: kept at the start and put back at every end, signals and panics included.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// The terminal as it was found.
#[derive(Clone, Debug)]
pub struct Saved(Option<Termios>);

impl Saved {
    /// Keeps the present state; nothing when standard input is no terminal.
    pub fn now() -> Self {
        Self(tcgetattr(rustix::stdio::stdin()).ok())
    }

    /// From now on the terminal itself echoes nothing: what is typed ahead, while the editor does not
    /// read, may be a secret, and only the editor can tell.
    pub fn hide_typing(&self) {
        let Some(mut state) = self.0.clone() else {
            return;
        };
        state.local_modes.remove(LocalModes::ECHO);
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &state);
    }

    /// From now on every key is handed over as it is typed, Ctrl-C included: a key that comes between
    /// a hidden question and the reading of its answer belongs to the answer.
    pub fn hand_over_keys(&self) {
        let Some(mut state) = self.0.clone() else {
            return;
        };
        let modes = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        state.local_modes.remove(modes);
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &state);
    }

    /// Puts it back: modes, cursor, bracketed paste.
    pub fn put_back(&self) {
        let Some(state) = &self.0 else { return };
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, state);
    }

    /// Puts it back from a signal or a panic, where the editor had no chance to.
    pub fn put_back_hard(&self) {
        if self.0.is_some() {
            self.put_back();
            let _ = crate::ui::out::print("\x1b[?2004l\x1b[?25h");
        }
    }
}

/// Columns of the terminal on standard output.
pub fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}

/// Rows of the terminal on standard output.
pub fn height() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
    (size.ws_row > 0).then(|| usize::from(size.ws_row))
}
