//! Checks the parameters of a call by hand before it is sent.

use std::path::Path;

use anyhow::Context;

use crate::api::endpoint::Body as Carrier;
use crate::api::{Body, Entry};
use crate::cli::Usage;

/// The largest image that the vendor accepts.
const IMAGE_BYTES: usize = 10 << 20;
const PROMPT_LETTERS: usize = 2000;

/// Checks the parameters against the endpoint, so that a mistake costs nothing.
pub(super) fn check<'a>(
    entry: &'a Entry,
    given: &[String],
) -> Result<Vec<(&'a str, String)>, Usage> {
    let known = || {
        entry
            .params
            .iter()
            .map(|param| param.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut all = Vec::new();
    for text in given {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Usage(format!("expected KEY=VALUE, found `{text}`")));
        };
        let Some(param) = entry.params.iter().find(|param| param.name == name) else {
            return Err(Usage(format!(
                "{} has no parameter `{name}`. Its parameters: {}",
                entry.name,
                known()
            )));
        };
        all.push((param.name, value.to_owned()));
    }
    let is_given = |name: &str| {
        all.iter()
            .any(|(given, value): &(&str, String)| *given == name && !value.is_empty())
    };
    let is_file = |name: &str| entry.body == Carrier::Multipart && name == "file";
    for param in entry
        .params
        .iter()
        .filter(|param| param.required && !is_file(param.name))
    {
        if !is_given(param.name) {
            return Err(Usage(format!(
                "{} requires {}=…: {}",
                entry.name, param.name, param.what
            )));
        }
    }
    if !entry.one_of.is_empty() && !entry.one_of.iter().any(|name| is_given(name)) {
        return Err(Usage(format!(
            "{} requires one of: {}",
            entry.name,
            entry.one_of.join(", ")
        )));
    }
    Ok(all)
}

/// Builds the body and the query of the call, checked by the vendor's rules.
pub(super) fn carried<'a>(
    entry: &Entry,
    parameters: &[(&'a str, String)],
    file: Option<&Path>,
) -> anyhow::Result<(Body, Vec<(&'a str, String)>)> {
    if file.is_some() && entry.body != Carrier::Multipart {
        return Err(Usage(format!("{} accepts no --file", entry.name)).into());
    }
    match entry.body {
        Carrier::Query => Ok((Body::None, parameters.to_vec())),
        Carrier::Json => {
            for (name, value) in parameters {
                check_creation(name, value)?;
            }
            let fields = parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone().into()));
            Ok((
                Body::Json(serde_json::Value::Object(fields.collect())),
                Vec::new(),
            ))
        }
        Carrier::Multipart => {
            let path =
                file.ok_or_else(|| Usage(format!("{} requires --file IMAGE", entry.name)))?;
            Ok((image(path)?, Vec::new()))
        }
    }
}

/// Checks the limits of the vendor (api/README.md §2).
fn check_creation(name: &str, value: &str) -> Result<(), Usage> {
    match name {
        "prompt" if value.chars().count() > PROMPT_LETTERS => Err(Usage(format!(
            "the prompt has more than {PROMPT_LETTERS} characters"
        ))),
        "orientation" if !["portrait", "landscape"].contains(&value) => Err(Usage(
            "expected orientation=portrait or orientation=landscape".to_owned(),
        )),
        "media_id" if !value.starts_with("media_") => Err(Usage(
            "expected a media_id that begins with media_, as the upload of an image returns it"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

fn image(path: &Path) -> anyhow::Result<Body> {
    let size = std::fs::metadata(path)
        .with_context(|| format!("cannot read {}", path.display()))?
        .len();
    if size > u64::try_from(IMAGE_BYTES).unwrap_or(u64::MAX) {
        return Err(Usage(format!("{} is larger than 10 MB", path.display())).into());
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mime = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        "image/jpeg"
    } else {
        return Err(Usage(format!(
            "{} is neither a PNG nor a JPEG image",
            path.display()
        ))
        .into());
    };
    let file_name = path.file_name().map_or_else(
        || "image".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    Ok(Body::Multipart {
        field: "file".to_owned(),
        file_name,
        mime: mime.to_owned(),
        bytes,
    })
}
