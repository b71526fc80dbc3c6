//! Searches files that are larger than memory should be.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes that are searched at once. Parts overlap by `OVERLAP`.
const PART: usize = 4 << 20;
const OVERLAP: usize = 4 << 10;

/// Returns whether a part of a file is found. Adds the bytes that were read to `bytes`.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn any_part(
    path: &Path,
    bytes: &mut u64,
    is_found: impl Fn(&[u8]) -> bool,
) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let mut part = Vec::with_capacity(PART + OVERLAP);
    loop {
        let read = (&mut file).take(PART as u64).read_to_end(&mut part)?;
        *bytes += read as u64;
        if read == 0 {
            return Ok(false);
        }
        if is_found(&part) {
            return Ok(true);
        }
        part.drain(..part.len().saturating_sub(OVERLAP));
    }
}

#[cfg(test)]
mod tests {
    use super::{PART, any_part};

    #[test]
    fn what_lies_across_two_parts_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut bytes = vec![b'.'; PART - 3];
        bytes.extend(b"needle and more");
        std::fs::write(&path, &bytes).unwrap();
        let has = |text: &'static [u8]| {
            let mut read = 0;
            let is_in = |part: &[u8]| part.windows(text.len()).any(|it| it == text);
            (any_part(&path, &mut read, is_in).unwrap(), read)
        };
        assert!(has(b"needle").0);
        assert_eq!(has(b"needles"), (false, bytes.len() as u64));
    }
}
