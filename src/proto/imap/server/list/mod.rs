//! LIST in all its forms, and LSUB (RFC 9051 6.3.9, RFC 5258, 5819, 6154; RFC 3501 6.3.9): what is
//! asked for (here), which names a pattern fits (`pattern`), and the flow of the answers.

mod flow;
mod pattern;

use self::flow::ListFlow;
use self::pattern::Pattern;
use super::mailboxes::{Item, status_items};
use super::parse::{Parsed, Parser};
use super::table::Call;
use super::{Done, ImapServer};
use crate::store::name::canonical;

/// Patterns of one LIST.
const PATTERNS: usize = 100;

/// Wildcards that a pattern can have.
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
    patterns: Vec<Pattern>,
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
        self.say_flow(Box::new(ListFlow::new(self, query)));
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
        self.say_flow(Box::new(ListFlow::new(self, query)));
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
            let whole = canonical(&format!("{reference}{pattern}"));
            query.patterns.extend(Pattern::new(&whole));
        }
        Ok(())
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
