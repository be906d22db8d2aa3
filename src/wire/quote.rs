//! Quoted strings: a backslash stands before a quote and before itself (RFC 9051 4.3, RFC 2831 7.2).

/// The text in quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_escaped() {
        assert_eq!(quoted(""), "\"\"");
        assert_eq!(quoted("a \"b\" \\ é"), "\"a \\\"b\\\" \\\\ é\"");
    }
}
