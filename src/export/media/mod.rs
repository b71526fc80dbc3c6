//! Files of videos under readable names, each with a JSON file beside it.

mod name;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub use name::{FIELDS, Template};
use name::{Names, SIDECAR};

use super::Error;
use super::folder::Folder;
use super::pseudonyms::{Key, Of};
use crate::store::read::{MediaFile, media_files};

/// Videos that are read at once.
const VIDEOS: i64 = 1_000;

/// What is exported, and where to.
pub struct MediaExport<'a> {
    /// A folder that does not exist, or is empty.
    pub into: &'a Path,
    pub template: &'a Template,
    /// The key of pseudonyms, where people are not named.
    pub pseudonyms: Option<&'a Key>,
}

/// What was exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaExported {
    /// Files that share their bytes with the stored ones.
    pub linked: u64,
    /// Files on another file system.
    pub copied: u64,
    /// Stored files that are not there.
    pub missing: u64,
}

/// Writes all stored files. `place` returns the path of a hash with an extension, if a file is there.
///
/// # Errors
/// Returns an error if the archive cannot be read, or the folder cannot be written. Then nothing is left behind.
pub async fn export_media(
    readers: &sqlx::SqlitePool,
    what: &MediaExport<'_>,
    place: impl Fn(&str, &str) -> Option<PathBuf>,
) -> Result<MediaExported, Error> {
    let folder = Folder::begin(what.into, "")?;
    let (mut names, mut done) = (Names::default(), MediaExported::default());
    let mut after = 0;
    while let Some((files, last)) = media_files(readers, after, VIDEOS).await? {
        after = last;
        for file in files {
            let Some(from) = place(&file.sha256, &file.extension) else {
                done.missing += 1;
                continue;
            };
            let shown = Shown::of(&file, what.pseudonyms);
            let wanted = what.template.fill(|field| shown.field(field));
            let name = names.unique(&wanted, &file.extension);
            let to = folder.staging().join(&name);
            match fs::hard_link(&from, &to) {
                Ok(()) => done.linked += 1,
                Err(_) => {
                    let copied = fs::copy(&from, &to);
                    copied.map_err(|error| Error::File {
                        path: what.into.join(&name).display().to_string(),
                        error,
                    })?;
                    done.copied += 1;
                }
            }
            let text = format!("{:#}\n", shown.sidecar(&file));
            folder.text(&format!("{name}{SIDECAR}"), &text)?;
        }
    }
    folder.finish()?;
    Ok(done)
}

/// What is shown of a file: everything, or pseudonyms.
struct Shown {
    user_id: Option<String>,
    username: Option<String>,
    post_id: Option<String>,
    comment_id: Option<String>,
    attachment_id: String,
    rendition: String,
    date: Option<String>,
    /// None with pseudonyms: anyone who has the file could find it by its hash.
    sha256: Option<String>,
    url_path: Option<String>,
}

impl Shown {
    fn of(file: &MediaFile, key: Option<&Key>) -> Self {
        let id = |of: Of, id: &Option<String>| {
            let id = id.as_deref()?;
            Some(key.map_or_else(|| id.to_owned(), |key| key.pseudonym(of, id)))
        };
        let plain = |text: &str| key.is_none().then(|| text.to_owned());
        let user_id = id(Of::User, &file.user_id);
        let attachment = id(Of::Attachment, &Some(file.attachment_id.clone()));
        Self {
            username: match key {
                Some(_) => user_id.clone(),
                None => file.username.clone(),
            },
            user_id,
            post_id: id(Of::Post, &file.post_id),
            comment_id: id(Of::Comment, &file.comment_id),
            attachment_id: attachment.unwrap_or_default(),
            rendition: file.rendition.clone(),
            date: file.posted_on.clone(),
            sha256: plain(&file.sha256),
            url_path: plain(&file.url_path),
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        match name {
            "username" => self.username.as_deref(),
            "user_id" => self.user_id.as_deref(),
            "post_id" => self.post_id.as_deref(),
            "comment_id" => self.comment_id.as_deref(),
            "attachment_id" => Some(&self.attachment_id),
            "rendition" => Some(&self.rendition),
            "date" => self.date.as_deref(),
            "sha256" => self.sha256.as_deref(),
            _ => None,
        }
    }

    fn sidecar(&self, file: &MediaFile) -> Value {
        json!({
            "user_id": self.user_id,
            "username": self.username,
            "post_id": self.post_id,
            "comment_id": self.comment_id,
            "attachment_id": self.attachment_id,
            "rendition": self.rendition,
            "posted_on": self.date,
            "sha256": self.sha256,
            "url_path": self.url_path,
            "bytes": file.bytes,
            "width": file.width,
            "height": file.height,
            "duration_s": file.duration_s,
            "stored_on": file.stored_on,
        })
    }
}
