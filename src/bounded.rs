//! Files that a person names are read whole, but never without end: `/dev/zero` is a file, too.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Reads a file of at most `most` octets.
///
/// # Errors
/// Those of the file, and one for a file with more in it.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut octets)?;
    if octets.len() as u64 > most {
        let what = format!("more than {} MiB in it", most >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, what));
    }
    Ok(octets)
}

/// The same for text.
///
/// # Errors
/// As `read`, and for what is no UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused() {
        let endless = read(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(endless.to_string(), "more than 1 MiB in it");
        assert_eq!(read(Path::new("/dev/null"), 0).unwrap(), b"");
    }
}
