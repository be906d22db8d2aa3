//! The sessions of a talk, and the one that it speaks in: at hand, since every line asks for it.

use std::collections::BTreeMap;

use super::link::Link;

/// Sessions by name; at most one is current.
pub(super) struct Links {
    name: String,
    current: Option<Link>,
    others: BTreeMap<String, Link>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            name: "main".to_owned(),
            current: None,
            others: BTreeMap::new(),
        }
    }
}

impl Links {
    /// The name of the session that the talk speaks in, open or not.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The session that the talk speaks in, if it is open.
    pub(super) fn current(&self) -> Option<&Link> {
        self.current.as_ref()
    }

    /// The same, to speak in.
    pub(super) fn current_mut(&mut self) -> Option<&mut Link> {
        self.current.as_mut()
    }

    /// Goes to the session of this name.
    pub(super) fn switch(&mut self, name: &str) {
        let left = std::mem::replace(&mut self.name, name.to_owned());
        if let Some(link) = self.current.take() {
            self.others.insert(left, link);
        }
        self.current = self.others.remove(name);
    }

    /// Opens the current session; what was open under its name is dropped.
    pub(super) fn open(&mut self, link: Link) {
        self.current = Some(link);
    }

    /// Drops the current session.
    pub(super) fn close(&mut self) {
        self.current = None;
    }
}
