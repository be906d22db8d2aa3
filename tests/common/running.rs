//! A program that a test started, and ends with the test, however that goes.
//!
//! Signals are sent without a `kill`, which not every machine has.

// Each test binary uses its part of this.
#![allow(dead_code)]

use std::io::Read;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, Output};

pub(crate) use rustix::process::Signal;

/// It is killed when this is dropped, unless it was waited for.
#[derive(Debug)]
pub(crate) struct Running(Child);

impl Running {
    #[track_caller]
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(
            command
                .spawn()
                .unwrap_or_else(|e| panic!("{command:?}: {e}")),
        )
    }

    /// Sends it a signal.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).expect("it lives");
    }

    /// Waits for its end, and reads what it says until then on the pipes that are still here.
    pub(crate) fn finish(mut self) -> Output {
        let errors = self.0.stderr.take();
        let errors = std::thread::spawn(move || errors.map(all).unwrap_or_default());
        let stdout = self.0.stdout.take().map(all).unwrap_or_default();
        Output {
            stdout,
            stderr: errors.join().expect("no panic"),
            status: self.0.wait().expect("it is ours"),
        }
    }
}

fn all(mut from: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    from.read_to_end(&mut all).expect("a pipe");
    all
}

impl Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
