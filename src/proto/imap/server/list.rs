//! LIST in all its forms, and LSUB (RFC 9051 6.3.9, RFC 5258, 5819, 6154; RFC 3501 6.3.9).

use std::collections::BTreeMap;

use super::mailboxes::{Item, status_items};
use super::parse::{Parsed, Parser};
use super::table::Call;
use super::{Done, ImapServer, write};
use crate::store::account::Listed;
use crate::store::name::canonical;

/// Patterns of one LIST.
const PATTERNS: usize = 100;

/// Stars that a pattern can have; each costs a pass over the names.
const STARS: usize = 20;

/// What a LIST asks for.
#[derive(Debug, Default)]
struct Query {
    /// Only what is subscribed to.
    subscribed: bool,
    /// Only what has a special use.
    special: bool,
    /// Names above a match too.
    recursive: bool,
    /// Attributes that were asked for.
    show: Show,
    patterns: Vec<String>,
    status: Vec<Item>,
    /// RFC 3501's LSUB.
    lsub: bool,
}

#[derive(Debug, Default)]
struct Show {
    subscribed: bool,
}

impl ImapServer {
    pub(super) fn list(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let mut query = Query::default();
        let mut extended = false;
        if p.peek() == Some(b'(') {
            extended = true;
            selection(p, &mut query)?;
            p.space()?;
        }
        let reference = p.astring("a reference name, mostly \"\"")?.into_owned();
        p.space()?;
        let patterns: Vec<Vec<u8>> = if p.peek() == Some(b'(') {
            extended = true;
            p.list(1, |p| Ok(p.pattern()?.into_owned()))?
        } else {
            vec![p.pattern()?.into_owned()]
        };
        if p.take(b' ') {
            extended = true;
            returns(p, &mut query)?;
        }
        p.end()?;
        if !extended && patterns[0].is_empty() {
            self.untagged("LIST (\\Noselect) \"/\" \"\"");
            return Ok(Some(Done::ok("List completed.")));
        }
        if let Err(done) = self.patterns(&mut query, &reference, &patterns) {
            return Ok(Some(done));
        }
        self.listed(&query);
        Ok(Some(Done::ok("List completed.")))
    }

    pub(super) fn lsub(&mut self, call: &mut Call<'_, '_>) -> Parsed<Option<Done>> {
        let p = &mut *call.parser;
        p.space()?;
        let reference = p.astring("a reference name, mostly \"\"")?.into_owned();
        p.space()?;
        let pattern = p.pattern()?.into_owned();
        p.end()?;
        let mut query = Query {
            subscribed: true,
            lsub: true,
            ..Query::default()
        };
        if let Err(done) = self.patterns(&mut query, &reference, &[pattern]) {
            return Ok(Some(done));
        }
        self.listed(&query);
        Ok(Some(Done::ok("Lsub completed.")))
    }

    /// Reference and pattern, joined; a pattern that begins at the root stands alone.
    fn patterns(
        &self,
        query: &mut Query,
        reference: &[u8],
        patterns: &[Vec<u8>],
    ) -> Result<(), Done> {
        let reference = self.name_of(reference)?;
        if patterns.len() > PATTERNS {
            return Err(Done::no("more than 100 patterns").code("LIMIT"));
        }
        for pattern in patterns {
            // A pattern that is no modified UTF-7 matches nothing rather than being refused.
            let Ok(pattern) = self.name_of(pattern) else {
                continue;
            };
            if pattern.matches(['*', '%']).count() > STARS {
                return Err(Done::no("more than 20 wildcards in a pattern").code("LIMIT"));
            }
            query
                .patterns
                .push(canonical(&format!("{reference}{pattern}")));
        }
        Ok(())
    }

    fn listed(&mut self, query: &Query) {
        let user = self.user.clone().unwrap_or_default();
        let all = self.service.store.lock().list(&user);
        let matched: Vec<(Listed, bool)> = all
            .iter()
            .filter_map(|entry| query.verdict(entry, &all))
            .collect();
        let mut lines = Vec::new();
        let mut counted = Vec::new();
        for (entry, child_info) in matched.iter().map(|(entry, info)| (entry, *info)) {
            lines.extend_from_slice(if query.lsub { b"* LSUB (" } else { b"* LIST (" });
            lines.extend_from_slice(attributes(entry, query).join(" ").as_bytes());
            lines.extend_from_slice(b") \"/\" ");
            write::mailbox(&mut lines, &entry.name, self.enabled.utf8);
            if child_info {
                lines.extend_from_slice(b" (\"CHILDINFO\" (\"SUBSCRIBED\"))");
            }
            lines.extend_from_slice(b"\r\n");
            if entry.id.is_some() && !query.status.is_empty() {
                counted.push((entry.name.clone(), lines.len()));
            }
        }
        // Each STATUS stands behind its LIST.
        let mut from = 0;
        for (name, to) in counted {
            self.say(lines[from..to].to_vec());
            from = to;
            // A mailbox that went in the meantime has no status.
            let _ = self.status_of(&name, &query.status);
        }
        self.say(lines[from..].to_vec());
    }
}

/// `(SUBSCRIBED RECURSIVEMATCH …)`
fn selection(p: &mut Parser<'_>, query: &mut Query) -> Parsed<()> {
    let start = p.at();
    p.list(0, |p| {
        let at = p.at();
        match p.word("a selection option")?.as_str() {
            "SUBSCRIBED" => query.subscribed = true,
            "RECURSIVEMATCH" => query.recursive = true,
            "SPECIAL-USE" => query.special = true,
            "REMOTE" => {}
            _ => return p.bad_at(at, "an unknown selection option of LIST"),
        }
        Ok(())
    })?;
    if query.recursive && !query.subscribed && !query.special {
        return p.bad_at(start, "RECURSIVEMATCH without another option to match by");
    }
    query.show.subscribed |= query.subscribed;
    Ok(())
}

/// `RETURN (CHILDREN STATUS (…) …)`
fn returns(p: &mut Parser<'_>, query: &mut Query) -> Parsed<()> {
    if !p.keyword("RETURN") {
        return p.bad("RETURN");
    }
    p.space()?;
    p.list(0, |p| {
        let at = p.at();
        match p.word("a return option")?.as_str() {
            "SUBSCRIBED" => query.show.subscribed = true,
            // Children and special uses are always shown.
            "CHILDREN" | "SPECIAL-USE" => {}
            "STATUS" => {
                p.space()?;
                query.status = status_items(p)?;
            }
            _ => return p.bad_at(at, "an unknown return option of LIST"),
        }
        Ok(())
    })?;
    Ok(())
}

impl Query {
    fn matches(&self, name: &str) -> bool {
        let any_case = name == "INBOX";
        self.patterns.iter().any(|pattern| {
            matches(pattern, name) || any_case && matches(&pattern.to_ascii_uppercase(), name)
        })
    }

    fn selects(&self, entry: &Listed) -> bool {
        (entry.exists || self.subscribed)
            && (!self.subscribed || entry.subscribed)
            && (!self.special || entry.special.is_some())
    }

    /// The entry as it is shown, and whether CHILDINFO stands behind it.
    fn verdict(&self, entry: &Listed, all: &[Listed]) -> Option<(Listed, bool)> {
        if !self.matches(&entry.name) {
            return None;
        }
        let selected = self.selects(entry);
        if self.lsub {
            // RFC 3501 6.3.9: with %, a name above a subscribed one stands for it.
            let hidden = entry.subscribed_below && self.hides_children(entry, all);
            return (selected || hidden).then(|| (entry.clone(), false));
        }
        let child_info =
            self.recursive && entry.subscribed_below && self.hides_children(entry, all);
        (selected || child_info).then(|| (entry.clone(), child_info))
    }

    /// True when a subscribed name below this one does not match by itself.
    fn hides_children(&self, entry: &Listed, all: &[Listed]) -> bool {
        let prefix = format!("{}/", entry.name);
        all.iter()
            .filter(|other| other.subscribed && other.name.starts_with(&prefix))
            .any(|other| !self.matches(&other.name))
    }
}

fn attributes(entry: &Listed, query: &Query) -> Vec<&'static str> {
    let mut shown = Vec::new();
    if query.lsub {
        if !entry.subscribed || entry.id.is_none() && entry.exists {
            shown.push("\\Noselect");
        }
        return shown;
    }
    if !entry.exists {
        shown.push("\\NonExistent");
    } else if entry.id.is_none() {
        shown.push("\\Noselect");
    }
    if query.show.subscribed && entry.subscribed {
        shown.push("\\Subscribed");
    }
    shown.push(if entry.children {
        "\\HasChildren"
    } else {
        "\\HasNoChildren"
    });
    shown.extend(
        entry
            .special
            .map(crate::store::mailbox::SpecialUse::attribute),
    );
    shown
}

/// `*` stands for anything, `%` for anything without a separator. INBOX is canonical already.
fn matches(pattern: &str, name: &str) -> bool {
    let mut known = BTreeMap::new();
    matches_from(pattern.as_bytes(), name.as_bytes(), 0, 0, &mut known)
}

/// Remembers what it found, so that many wildcards cost no more than their product with the name.
fn matches_from(
    pattern: &[u8],
    name: &[u8],
    p: usize,
    n: usize,
    known: &mut BTreeMap<(usize, usize), bool>,
) -> bool {
    let (mut p, mut n) = (p, n);
    loop {
        let Some(byte) = pattern.get(p) else {
            return n == name.len();
        };
        if !matches!(byte, b'*' | b'%') {
            if name.get(n) != Some(byte) {
                return false;
            }
            p += 1;
            n += 1;
            continue;
        }
        if let Some(found) = known.get(&(p, n)) {
            return *found;
        }
        let reach = match byte {
            b'*' => name.len(),
            _ => memchr::memchr(b'/', &name[n..]).map_or(name.len(), |at| n + at),
        };
        let found = (n..=reach).any(|next| matches_from(pattern, name, p + 1, next, known));
        known.insert((p, n), found);
        return found;
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("*", "a/b", true),
            ("%", "a/b", false),
            ("%", "a", true),
            ("a/%", "a/b", true),
            ("a/%", "a/b/c", false),
            ("a/%/c", "a/b/c", true),
            ("*c", "a/b/c", true),
            ("%3/%", "test3/x", true),
            ("%t*4", "mytest/4", true),
            ("a*b*c", "abxc", true),
            ("", "", true),
            ("a", "ab", false),
            ("ab%", "ab", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        let slow = "*a".repeat(20);
        assert!(!matches(&slow, &"a/b".repeat(300)));
    }
}
