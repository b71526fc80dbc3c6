//! The token that opens the pages, in a file that only its owner can read.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use rand::random;

/// Number of hexadecimal digits of a token that this program makes.
const DIGITS: usize = 64;
/// A shorter token could be guessed.
const LEAST: usize = 32;

/// Returns the token in a file. Makes the file if it is absent.
///
/// # Errors
/// Returns the reason if the file cannot be read or made, if others can read it, or if the token is too short.
pub fn token(path: &Path) -> Result<String, String> {
    let shown = path.display();
    match fs::read_to_string(path) {
        Ok(text) => {
            private(path)?;
            let token = text.trim();
            let is_plain = token.bytes().all(|byte| byte.is_ascii_graphic());
            match token.len() >= LEAST && is_plain {
                true => Ok(token.to_owned()),
                false => Err(format!(
                    "{shown} must contain a token of at least {LEAST} printable characters. Remove the file, and a new one is made"
                )),
            }
        }
        Err(why) if why.kind() == ErrorKind::NotFound => {
            let token: String = (0..DIGITS / 16)
                .map(|_| format!("{:016x}", random::<u64>()))
                .collect();
            make(path, &token).map_err(|why| format!("cannot make {shown}: {why}"))?;
            Ok(token)
        }
        Err(why) => Err(format!("cannot read {shown}: {why}")),
    }
}

fn make(path: &Path, token: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(token.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(unix)]
fn private(path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)
        .map_err(|why| format!("cannot read {}: {why}", path.display()))?
        .permissions()
        .mode();
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(format!(
            "others can read {} (mode {:04o}): run `chmod 600` on it",
            path.display(),
            mode & 0o777
        )),
    }
}

#[cfg(not(unix))]
fn private(_path: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::token;

    #[test]
    fn a_token_is_made_once_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let made = token(&path).unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!(token(&path), Ok(made));
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path) & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(token(&path).unwrap_err().contains("chmod 600"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "short\n").unwrap();
        assert!(token(&path).unwrap_err().contains("at least 32"));
        assert!(
            token(&folder.path().join("none/token"))
                .unwrap_err()
                .contains("cannot make")
        );
    }
}
