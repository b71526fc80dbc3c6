//! The list of a lake's files, with the options that made it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;

/// The list of the lake's files. Spark and pyarrow ignore names that begin with `_`.
pub(super) const LIST: &str = "_lake.json";

/// Checks that a folder in use is a lake with these options. Returns its files.
pub(super) fn check(root: &Path, options: &Value) -> Result<Vec<String>, String> {
    let list = match fs::read_to_string(root.join(LIST)) {
        Ok(list) => list,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err("the folder is not empty and is not a lake. Name a new one".to_owned());
        }
        Err(error) => return Err(format!("{LIST}: {error}")),
    };
    let list: Value = serde_json::from_str(&list)
        .map_err(|error| format!("{LIST} cannot be read: {error}. Name a new folder"))?;
    let was = &list["options"];
    if was["archive"] != options["archive"] {
        return Err("this is the lake of another archive. Name a new folder".to_owned());
    }
    let differ = options
        .as_object()
        .into_iter()
        .flatten()
        .find(|(name, value)| was[name] != **value);
    match differ {
        Some((name, value)) => Err(format!(
            "this lake was made with other options: {name} was {}, and is {value}. Name a new folder",
            was[name]
        )),
        None => {
            let files = list["files"].as_object().into_iter().flatten();
            Ok(files.map(|(path, _)| path.clone()).collect())
        }
    }
}
