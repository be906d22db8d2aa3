//! "Did you mean": the nearest word of a table.

/// The candidate nearest to `word`, if one is near enough to be meant: a third of its letters
/// wrong at most, a swap of neighbours counting once. Case does not count.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A wrong number is no slip of the finger.
    if word.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let wanted: Vec<char> = word.chars().flat_map(char::to_lowercase).take(64).collect();
    let limit = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 64)
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|(far, candidate)| *far <= limit && *far < candidate.len())
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut older: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (above[j] + 1)
                .min(row[j - 1] + 1)
                .min(above[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(older[j - 2] + 1);
            }
            row.push(best);
        }
        older = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let verbs = ["MAIL", "RCPT", "EHLO", "QUIT", "STARTTLS"];
        assert_eq!(nearest("MIAL", verbs), Some("MAIL"));
        assert_eq!(nearest("strattls", verbs), Some("STARTTLS"));
        assert_eq!(nearest("smpt", ["smtp", "imap"]), Some("smtp"));
        assert_eq!(nearest("FETCH", verbs), None);
        assert_eq!(nearest("", verbs), None);
        assert_eq!(nearest("999", ["993", "995"]), None);
    }
}
