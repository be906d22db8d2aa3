//! The wall clock: the only file that names jiff.

use jiff::Zoned;

/// Now, as a Date header has it (RFC 5322 3.3).
pub fn rfc5322() -> String {
    Zoned::now()
        .strftime("%a, %d %b %Y %H:%M:%S %z")
        .to_string()
}

/// Now, here, as strftime(3) would write it; `None` where it knows no such conversion.
pub fn strftime(template: &str) -> Option<String> {
    jiff::fmt::strtime::format(template, &Zoned::now()).ok()
}
