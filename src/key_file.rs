//! Files with a key of 32 bytes as 64 hexadecimal digits, which only their owner may read.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::model::KEY_BYTES;
use crate::model::hex::{from_hex, hex};

/// Returns a new key.
#[must_use]
pub fn new_key() -> [u8; KEY_BYTES] {
    rand::random()
}

/// Writes a key to a file that does not exist. It is on the disk afterwards.
///
/// # Errors
/// Returns why the file cannot be written. A file that exists stays as it is: `AlreadyExists`.
pub fn create_key(path: &Path, key: &[u8; KEY_BYTES]) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let written = file
        .write_all((hex(key) + "\n").as_bytes())
        .and_then(|()| file.sync_all());
    written.inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

/// Reads a file that only its owner may read; `None` if there is no such file.
///
/// # Errors
/// Returns why it cannot be read, or that others may read it.
pub fn read_private(path: &Path) -> Result<Option<String>, String> {
    let mode = match fs::metadata(path) {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if mode & 0o077 != 0 {
        return Err(format!(
            "others may read it (mode {mode:03o}). Give it mode 0600, or make a new key if somebody did"
        ));
    }
    let text = fs::read(path).map_err(|error| error.to_string())?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

/// Returns the key of a line.
///
/// # Errors
/// Returns what a key is.
pub fn key_of(line: &str) -> Result<[u8; KEY_BYTES], String> {
    let bytes = from_hex(line.trim()).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "it is not a key: expected 64 hexadecimal digits".to_owned())
}
