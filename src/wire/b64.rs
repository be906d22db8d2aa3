//! Base64 (RFC 4648): the one door to it, and words for what is wrong with a text that is none.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Which alphabet (RFC 4648 4 and 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alphabet {
    /// With `+` and `/`: what mail protocols use.
    #[default]
    Standard,
    /// With `-` and `_`: what OAuth tokens use.
    UrlSafe,
}

/// Base64 of `octets`, padded, without line breaks.
pub fn encode(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// Base64 of `octets` in the alphabet asked for, padded.
pub fn encode_in(alphabet: Alphabet, octets: &[u8]) -> String {
    match alphabet {
        Alphabet::Standard => STANDARD.encode(octets),
        Alphabet::UrlSafe => URL_SAFE.encode(octets),
    }
}

/// Why a text is not base64. Positions count from 1, as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBase64 {
    /// A line end inside or behind the text.
    LineEnd {
        /// Where.
        at: usize,
    },
    /// A blank inside the text.
    Blank {
        /// Where.
        at: usize,
    },
    /// A character of the other alphabet.
    OtherAlphabet {
        /// Where.
        at: usize,
        /// Which.
        octet: u8,
    },
    /// A character that is in no alphabet.
    Stranger {
        /// Where.
        at: usize,
        /// Which.
        octet: u8,
    },
    /// `=` with more text behind it.
    PaddingInside {
        /// Where.
        at: usize,
    },
    /// One character too many or three too few: no octets give this length.
    Length {
        /// Characters, padding not counted.
        characters: usize,
    },
    /// The padding is missing or of the wrong length.
    Padding {
        /// How many `=` there are.
        found: usize,
        /// How many there should be.
        needed: usize,
    },
    /// The last character holds bits that belong to no octet: cut off, or mistyped.
    LooseBits {
        /// Where.
        at: usize,
    },
}

impl fmt::Display for NotBase64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LineEnd { at } => write!(
                f,
                "not base64: a line end at character {at}; the text must stand on one line, \
                 without a newline behind it"
            ),
            Self::Blank { at } => write!(f, "not base64: a blank at character {at}"),
            Self::OtherAlphabet { at, octet } => write!(
                f,
                "not base64: {:?} at character {at} belongs to the {} alphabet (RFC 4648 5)",
                char::from(octet),
                if matches!(octet, b'-' | b'_') {
                    "URL-safe"
                } else {
                    "standard"
                }
            ),
            Self::Stranger { at, octet } if (0x21..0x7f).contains(&octet) => write!(
                f,
                "not base64: {:?} at character {at} is not in the alphabet",
                char::from(octet)
            ),
            Self::Stranger { at, octet } => write!(
                f,
                "not base64: the octet 0x{octet:02x} at character {at} is not in the alphabet"
            ),
            Self::PaddingInside { at } => write!(
                f,
                "not base64: \"=\" at character {at} has text behind it; two texts pasted together?"
            ),
            Self::Length { characters } => write!(
                f,
                "not base64: {characters} characters cannot be whole octets; one is missing or too \
                 many"
            ),
            Self::Padding { found, needed } => write!(
                f,
                "not base64: {needed} \"=\" must stand at the end, {found} found"
            ),
            Self::LooseBits { at } => write!(
                f,
                "not base64: the last character, {at}, holds bits of no octet; cut off or mistyped"
            ),
        }
    }
}

impl std::error::Error for NotBase64 {}

/// The octets that `text` stands for, strictly: padded, canonical, nothing around it.
///
/// # Errors
/// `NotBase64` names the first fault and its place.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, NotBase64> {
    decode_in(Alphabet::Standard, text)
}

/// As `decode`, in the alphabet asked for. The URL-safe form may come without padding, as tokens do.
///
/// # Errors
/// `NotBase64` names the first fault and its place.
pub fn decode_in(alphabet: Alphabet, text: &[u8]) -> Result<Vec<u8>, NotBase64> {
    let body = check(alphabet, text)?;
    let mut padded = text[..body].to_vec();
    padded.resize(body.next_multiple_of(4), b'=');
    let decoded = match alphabet {
        Alphabet::Standard => STANDARD.decode(&padded),
        Alphabet::UrlSafe => URL_SAFE.decode(&padded),
    };
    // All other faults were found by `check`.
    decoded.map_err(|_| NotBase64::LooseBits { at: body })
}

/// Finds the faults of alphabet, length and padding; returns the length without padding.
fn check(alphabet: Alphabet, text: &[u8]) -> Result<usize, NotBase64> {
    let extras = match alphabet {
        Alphabet::Standard => b"+/",
        Alphabet::UrlSafe => b"-_",
    };
    let mut padding = None;
    for (index, &octet) in text.iter().enumerate() {
        let at = index + 1;
        match octet {
            b'\r' | b'\n' => return Err(NotBase64::LineEnd { at }),
            b' ' | b'\t' => return Err(NotBase64::Blank { at }),
            b'=' => padding = padding.or(Some(index)),
            _ if octet.is_ascii_alphanumeric() || extras.contains(&octet) => {
                if let Some(first) = padding {
                    return Err(NotBase64::PaddingInside { at: first + 1 });
                }
            }
            b'+' | b'/' | b'-' | b'_' => return Err(NotBase64::OtherAlphabet { at, octet }),
            _ => return Err(NotBase64::Stranger { at, octet }),
        }
    }
    let body = padding.unwrap_or(text.len());
    let found = text.len() - body;
    let needed = match body % 4 {
        0 => 0,
        2 => 2,
        3 => 1,
        _ => return Err(NotBase64::Length { characters: body }),
    };
    let bare = alphabet == Alphabet::UrlSafe && found == 0;
    if found != needed && !bare {
        return Err(NotBase64::Padding { found, needed });
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_of_rfc_4648() {
        for (octets, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(octets.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()), Ok(octets.into()));
        }
        assert_eq!(encode_in(Alphabet::UrlSafe, b"\xfb\xff"), "-_8=");
        assert_eq!(
            decode_in(Alphabet::UrlSafe, b"-_8"),
            Ok(b"\xfb\xff".to_vec())
        );
    }

    #[test]
    fn each_fault_has_its_name_and_place() {
        use NotBase64::*;
        for (text, fault) in [
            (&b"Zm9v\n"[..], LineEnd { at: 5 }),
            (b"Zm9v Zm9v", Blank { at: 5 }),
            (b"-_8=", OtherAlphabet { at: 1, octet: b'-' }),
            (b"Zm9\xffv", Stranger { at: 4, octet: 255 }),
            (b"Zm*v", Stranger { at: 3, octet: b'*' }),
            (b"Zg==Zg==", PaddingInside { at: 3 }),
            (b"Zm9vY", Length { characters: 5 }),
            (b"Z===", Length { characters: 1 }),
            (
                b"Zg",
                Padding {
                    found: 0,
                    needed: 2,
                },
            ),
            (
                b"Zg=",
                Padding {
                    found: 1,
                    needed: 2,
                },
            ),
            (
                b"Zm9v=",
                Padding {
                    found: 1,
                    needed: 0,
                },
            ),
            (b"Zh==", LooseBits { at: 2 }),
        ] {
            assert_eq!(
                decode(text),
                Err(fault),
                "{}",
                String::from_utf8_lossy(text)
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(octets: Vec<u8>) {
            for alphabet in [Alphabet::Standard, Alphabet::UrlSafe] {
                let text = encode_in(alphabet, &octets);
                prop_assert_eq!(decode_in(alphabet, text.as_bytes()), Ok(octets.clone()));
            }
        }

        #[test]
        fn any_text_is_judged(text: Vec<u8>) {
            if let Ok(octets) = decode(&text) {
                prop_assert_eq!(encode(&octets).into_bytes(), text);
            }
        }
    }
}
