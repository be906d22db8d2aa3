//! Host names as people write them, in the form that DNS and certificates have (RFC 5891, UTS 46
//! non-transitional: `faß` is not `fass`).
//!
//! It is stricter than the tables of UTS 46 allow: letters, marks, digits and hyphens, no joiners.
//! What it refuses can still be typed as `xn--…`. The dots of other scripts are dots before anything
//! is compared.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::error::{Error, Result};
use crate::wire::show::{Charset, show};

/// DNS allows labels of so many octets (RFC 1035 2.3.4).
const LABEL_MAX: usize = 63;

/// The A-labels of a name; a name in ASCII is left alone.
///
/// # Errors
/// `Usage`, when a label holds what no host name can.
pub fn to_ascii(name: &str) -> Result<Cow<'_, str>> {
    if name.is_ascii() {
        return Ok(Cow::Borrowed(name));
    }
    let mapped: String = name
        .chars()
        .map(|c| {
            if matches!(c, '\u{3002}' | '\u{ff0e}' | '\u{ff61}') {
                '.'
            } else {
                c
            }
        })
        .flat_map(char::to_lowercase)
        .nfkc()
        .flat_map(char::to_lowercase)
        .nfc()
        .collect();
    let labels: Option<Vec<String>> = mapped.split('.').map(label).collect();
    labels
        .map(|labels| Cow::Owned(labels.join(".")))
        .ok_or_else(|| {
            Error::usage(format!(
                "\"{}\" is no host name",
                show(name.as_bytes(), Charset::Unicode)
            ))
            .hint(
                "write",
                "the name as DNS has it, with labels that begin xn--",
            )
        })
}

fn label(text: &str) -> Option<String> {
    if text.is_ascii() {
        return Some(text.to_owned());
    }
    let fits = |c: char| c == '-' || c.is_alphanumeric() || is_combining_mark(c);
    let odd = !text.chars().all(fits)
        || text.starts_with('-')
        || text.ends_with('-')
        || text.chars().next().is_some_and(is_combining_mark)
        || text.get(2..4) == Some("--");
    if odd {
        return None;
    }
    let encoded = format!("xn--{}", punycode(text)?);
    (encoded.len() <= LABEL_MAX).then_some(encoded)
}

/// RFC 3492 6.3.
fn punycode(text: &str) -> Option<String> {
    const BASE: u32 = 36;
    const T_MIN: u32 = 1;
    const T_MAX: u32 = 26;
    let chars: Vec<u32> = text.chars().map(u32::from).collect();
    let mut out: String = text.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(out.len()).ok()?;
    if basic > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut handled) = (128_u32, 0_u32, 72_u32, basic);
    while (handled as usize) < chars.len() {
        let next = *chars.iter().filter(|c| **c >= n).min()?;
        delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
        n = next;
        for c in &chars {
            if *c < n {
                delta = delta.checked_add(1)?;
            }
            if *c != n {
                continue;
            }
            let mut q = delta;
            let mut k = BASE;
            loop {
                let t = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
                if q < t {
                    break;
                }
                out.push(digit(t + (q - t) % (BASE - t))?);
                q = (q - t) / (BASE - t);
                k += BASE;
            }
            out.push(digit(q)?);
            bias = adapt(delta, handled + 1, handled == basic);
            delta = 0;
            handled += 1;
        }
        delta = delta.checked_add(1)?;
        n += 1;
    }
    Some(out)
}

/// RFC 3492 6.1.
fn adapt(delta: u32, points: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / points;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

fn digit(value: u32) -> Option<char> {
    char::from_digit(value, 36).map(|_| {
        let value = u8::try_from(value).unwrap_or(0);
        char::from(if value < 26 {
            b'a' + value
        } else {
            b'0' + value - 26
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_scripts() {
        let table = [
            ("mail.example.org", "mail.example.org"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("bu\u{308}cher.example", "xn--bcher-kva.example"),
            ("faß.de", "xn--fa-hia.de"),
            ("日本語。jp", "xn--wgv71a119e.jp"),
            ("ｍａｉｌ．example", "mail.example"),
            ("παράδειγμα.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp"),
            ("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f"),
        ];
        for (typed, want) in table {
            assert_eq!(to_ascii(typed).unwrap(), want, "{typed}");
        }
        let long = format!("{}.example", "ü".repeat(64));
        for bad in [
            "ü b",
            "a\u{200d}ü",
            "\u{202e}ü",
            "-ü",
            "ü-",
            "\u{301}ü",
            "ü\u{0}",
            "xn--ü",
            long.as_str(),
        ] {
            let error = to_ascii(bad).unwrap_err().to_string();
            assert!(!error.contains(['\u{202e}', '\0']), "{error}");
        }
    }
}
