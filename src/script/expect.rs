//! A reply against its `S` lines (docs/talk-format.md, "What is expected"). Pure.
//!
//! SMTP, LMTP and POP3: the lines of the reply contain the `S` lines in order. IMAP: whole untagged
//! responses in any order, the lines of one in theirs. First fit, no backtracking.

use std::time::Duration;

use super::ast::{Expect, ExpectKind};
use super::heard::{Heard, Response, ResponseKind, without_tag};
use super::pattern::Values;

/// How a reply fails its expectations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Which `S` line of the group.
    pub index: usize,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No line fits.
    Missing,
    /// `S!`: this line must not be there.
    Forbidden(Vec<u8>),
    /// The line came later than `within`.
    Late(Duration),
    /// The line came earlier than `after`.
    Early(Duration),
}

/// Compares a whole reply with a group. The captures, or the first mismatch.
///
/// # Errors
/// The first `S` line that does not hold.
pub fn compare(
    group: &[Expect],
    heard: &Heard,
    imap: bool,
    known: &Values,
) -> Result<Values, Mismatch> {
    let mut new = Values::new();
    if imap {
        any_order(group, heard, known, &mut new)?;
    } else {
        in_order(group, heard, known, &mut new)?;
    }
    for (index, expect) in group.iter().enumerate() {
        if expect.kind != ExpectKind::Never {
            continue;
        }
        for response in &heard.responses {
            for (at, line) in response.lines.iter().enumerate() {
                if line_fits(expect, response, at, known, &mut new.clone()) {
                    return Err(Mismatch {
                        index,
                        why: Why::Forbidden(line.text.clone()),
                    });
                }
            }
        }
    }
    Ok(new)
}

/// One line that came while nothing was due, against the `S` line that waits for it.
pub fn fits_alone(expect: &Expect, line: &[u8], known: &Values, new: &mut Values) -> bool {
    expect.shape.fits(line, known, new)
}

/// `within` and `after`.
///
/// # Errors
/// Why the time is wrong.
pub fn in_time(expect: &Expect, at: Duration) -> Result<(), Why> {
    match (expect.within, expect.after) {
        (Some(most), _) if at > most => Err(Why::Late(at)),
        (_, Some(least)) if at < least => Err(Why::Early(at)),
        _ => Ok(()),
    }
}

fn line_fits(
    expect: &Expect,
    response: &Response,
    at: usize,
    known: &Values,
    new: &mut Values,
) -> bool {
    let text = &response.lines[at].text;
    if expect.shape.fits(text, known, new) {
        return true;
    }
    at == 0
        && response.kind == ResponseKind::Completion
        && expect.shape.fits(without_tag(text), known, new)
}

fn in_order(
    group: &[Expect],
    heard: &Heard,
    known: &Values,
    new: &mut Values,
) -> Result<(), Mismatch> {
    let wanted: Vec<usize> = (0..group.len())
        .filter(|i| group[*i].kind != ExpectKind::Never)
        .collect();
    let mut next = 0;
    for line in heard.lines() {
        let mut ahead = next;
        while let Some(&index) = wanted.get(ahead) {
            if group[index].shape.fits(&line.text, known, new) {
                in_time(&group[index], line.at).map_err(|why| Mismatch { index, why })?;
                next = ahead + 1;
                break;
            }
            if group[index].kind == ExpectKind::Must {
                break;
            }
            ahead += 1;
        }
    }
    match wanted[next..]
        .iter()
        .find(|i| group[**i].kind == ExpectKind::Must)
    {
        Some(&index) => Err(Mismatch {
            index,
            why: Why::Missing,
        }),
        None => Ok(()),
    }
}

fn any_order(
    group: &[Expect],
    heard: &Heard,
    known: &Values,
    new: &mut Values,
) -> Result<(), Mismatch> {
    let mut used = vec![false; heard.responses.len()];
    // Responses before this one are used: the search for the usual order starts here.
    let mut first_unused = 0;
    let mut current: Option<(usize, usize)> = None;
    for (index, expect) in group.iter().enumerate() {
        if expect.kind == ExpectKind::Never {
            continue;
        }
        let start = expect.shape.literal_start();
        let begins = start.starts_with(b"* ") || start.starts_with(b"+");
        let inside = |new: &mut Values| {
            let (response, from) = current?;
            let lines = heard.responses[response].lines.len();
            (from..lines)
                .find(|at| line_fits(expect, &heard.responses[response], *at, known, new))
                .map(|at| (response, at))
        };
        let outside = |new: &mut Values| {
            (first_unused..heard.responses.len())
                .find(|r| !used[*r] && line_fits(expect, &heard.responses[*r], 0, known, new))
                .map(|response| (response, 0))
        };
        // A line of a literal whose response nobody named; behind a named one it would belong there.
        let within = |new: &mut Values| {
            if current.is_some() {
                return None;
            }
            (first_unused..heard.responses.len())
                .filter(|r| !used[*r])
                .find_map(|r| {
                    let response = &heard.responses[r];
                    (1..response.lines.len())
                        .find(|at| line_fits(expect, response, *at, known, new))
                        .map(|at| (r, at))
                })
        };
        let found = if begins {
            outside(new).or_else(|| inside(new))
        } else {
            inside(new).or_else(|| outside(new))
        }
        .or_else(|| within(new));
        match found {
            Some((response, at)) => {
                let line = &heard.responses[response].lines[at];
                in_time(expect, line.at).map_err(|why| Mismatch { index, why })?;
                used[response] = true;
                while used.get(first_unused) == Some(&true) {
                    first_unused += 1;
                }
                current = Some((response, at + 1));
            }
            None if expect.kind == ExpectKind::Must => {
                return Err(Mismatch {
                    index,
                    why: Why::Missing,
                });
            }
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::ast::Action;
    use super::super::heard::tests::heard;
    use super::super::parse::parse;
    use super::*;

    /// The groups of `S` lines behind one command.
    fn group(lines: &str) -> Vec<Expect> {
        let talk = parse(&format!("C: X\n{lines}"), "t").expect("a good talk");
        let step = talk.steps.last().expect("a step");
        assert!(matches!(step.action, Action::Say(_)));
        step.groups[0].clone()
    }

    fn try_it(imap: bool, expected: &str, lines: &[&str]) -> Result<Values, Mismatch> {
        compare(&group(expected), &heard(imap, lines), imap, &Values::new())
    }

    #[test]
    fn lines_in_order_with_others_between() {
        let reply = ["250-ehlo.test", "250-SIZE 1000", "250-STARTTLS", "250 HELP"];
        let got = try_it(false, "S: 250-{host}\nS: 250-STARTTLS\nS: 250 ...", &reply);
        assert_eq!(got.expect("fits")["host"], b"ehlo.test");
        assert!(try_it(false, "S: 250-STARTTLS\nS: 250-SIZE", &reply).is_err());
        let got = try_it(false, "S: 250-DSN", &reply);
        assert_eq!(
            got,
            Err(Mismatch {
                index: 0,
                why: Why::Missing
            })
        );
    }

    #[test]
    fn may_and_must_not() {
        let reply = ["250-a", "250-STARTTLS", "250 c"];
        assert!(try_it(false, "S: 250-a\nS? 250-DSN\nS: 250-STARTTLS", &reply).is_ok());
        assert!(try_it(false, "S? 250-STARTTLS\nS? 250-DSN", &reply).is_ok());
        assert!(
            try_it(false, "S? 250-STARTTLS\nS: 250-a\nS: 250-a", &reply).is_err(),
            "a line is taken once"
        );
        let got = try_it(false, "S: 250-a\nS! 250-STARTTLS", &reply);
        assert_eq!(
            got,
            Err(Mismatch {
                index: 1,
                why: Why::Forbidden(b"250-STARTTLS".to_vec())
            })
        );
        assert!(try_it(false, "S! 250-DSN", &reply).is_ok());
    }

    #[test]
    fn untagged_responses_come_in_any_order() {
        let reply = ["* FLAGS (\\Seen)", "* 3 EXISTS", "* 0 RECENT", "a7 OK done"];
        let expected = "S: * {n} EXISTS\nS: * FLAGS\nS: OK";
        assert_eq!(try_it(true, expected, &reply).expect("fits")["n"], b"3");
        assert!(try_it(true, "S: a7 OK\nS: * 3", &reply).is_ok());
        assert!(
            try_it(true, "S: * 3 EXISTS\nS: * 3 EXISTS", &reply).is_err(),
            "used once"
        );
        assert!(try_it(true, "S: NO", &reply).is_err());
        assert!(try_it(true, "S! * 3", &reply).is_err());
        assert!(try_it(true, "S! OK", &reply).is_err());
    }

    #[test]
    fn a_literal_stays_in_order_inside_its_response() {
        let reply = [
            "* 1 FETCH (BODY[] {9}",
            "|two",
            "|one",
            ")",
            "* 2 FETCH (BODY[] {9}",
            "|one",
            "|two",
            ")",
            "x OK done",
        ];
        assert!(
            try_it(
                true,
                "S: * 2 FETCH\nS: one\nS: two\nS: )\nS: * 1 FETCH\nS: two",
                &reply
            )
            .is_ok()
        );
        assert!(try_it(true, "S: * 1 FETCH\nS: one\nS: two\nS: OK", &reply).is_err());
    }

    #[test]
    fn times_bound_the_arrival() {
        let reply = ["250 ok"];
        assert!(try_it(false, "within 2s\nS: 250", &reply).is_ok());
        assert!(try_it(false, "after 1s\nS: 250", &reply).is_ok());
        let late = try_it(false, "within 500ms\nS: 250", &reply);
        assert_eq!(
            late,
            Err(Mismatch {
                index: 0,
                why: Why::Late(Duration::from_secs(1))
            })
        );
        let early = try_it(false, "after 5s\nS: 250", &reply);
        assert_eq!(
            early,
            Err(Mismatch {
                index: 0,
                why: Why::Early(Duration::from_secs(1))
            })
        );
    }
}
