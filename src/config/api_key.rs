//! Finds the API key: in an environment variable or in a key file.

use std::fs;
use std::path::Path;

use super::{Api, Problem, Secret};

/// The API key and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    pub secret: Secret,
    /// `environment <VARIABLE>` or `file <path>`.
    pub from: String,
    /// Set if other users can read the key file.
    pub warning: Option<String>,
}

/// Finds the key. The variable takes precedence: operators set it to override the file.
pub(super) fn find(
    api: &Api,
    mut env: impl Iterator<Item = (String, String)>,
) -> Result<FoundKey, Problem> {
    let problem = |key: &str, why: String| Problem {
        key: key.to_owned(),
        at: None,
        why,
    };
    let found = env.find(|(name, value)| *name == api.key_env && !value.trim().is_empty());
    if let Some((name, value)) = found {
        let secret = Secret::new(value.trim_end_matches(['\r', '\n']))
            .map_err(|why| problem("api.key_env", format!("{why} (in the variable {name})")))?;
        return Ok(FoundKey {
            secret,
            from: format!("environment {name}"),
            warning: None,
        });
    }
    let Some(path) = &api.key_file else {
        let why = format!(
            "no API key: set the environment variable {}, or set api.key_file to a file that contains the key",
            api.key_env
        );
        return Err(problem("api.key_env", why));
    };
    let text = fs::read_to_string(path)
        .map_err(|error| problem("api.key_file", format!("cannot read the file: {error}")))?;
    let secret = Secret::new(text.trim_end_matches(['\r', '\n']))
        .map_err(|why| problem("api.key_file", format!("{why} (in the file)")))?;
    Ok(FoundKey {
        secret,
        from: format!("file {}", path.display()),
        warning: too_open(path),
    })
}

#[cfg(unix)]
fn too_open(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        format!(
            "api.key_file: other users can read {} (mode {mode:04o}). Run `chmod 600` on it",
            path.display()
        )
    })
}

#[cfg(not(unix))]
fn too_open(_path: &Path) -> Option<String> {
    None
}
