//! Finding the API key: in the environment, or in a file of its own.

use std::fs;
use std::path::Path;

use super::{Api, Problem, Secret};

/// The key, where it came from, and what should be better about that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundKey {
    pub secret: Secret,
    /// `environment TIKHUB_API_KEY`, or the file's path.
    pub from: String,
    pub warning: Option<String>,
}

/// Looks into the variable first: it is what an operator sets to override a file.
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
            .map_err(|why| problem("api.key_env", format!("{why} (from the variable {name})")))?;
        return Ok(FoundKey {
            secret,
            from: format!("environment {name}"),
            warning: None,
        });
    }
    let Some(path) = &api.key_file else {
        let why = format!(
            "no API key: set the environment variable {}, or name a file that holds the key in api.key_file",
            api.key_env
        );
        return Err(problem("api.key_env", why));
    };
    let text = fs::read_to_string(path)
        .map_err(|error| problem("api.key_file", format!("the file cannot be read: {error}")))?;
    let secret = Secret::new(text.trim_end_matches(['\r', '\n']))
        .map_err(|why| problem("api.key_file", format!("{why} (from the file)")))?;
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
            "api.key_file: other users may read {} (mode {mode:04o}); chmod 600 it",
            path.display()
        )
    })
}

#[cfg(not(unix))]
fn too_open(_path: &Path) -> Option<String> {
    None
}
