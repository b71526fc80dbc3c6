//! A part that has all its bytes becomes a file: fsync, hash, rename, fsync of the folders.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::failure::Failure;
use super::folder::Folder;
use super::kind::{FileKind, HEAD_BYTES};
use crate::model::hex;
use crate::store::StoredMedia;

const BUFFER_BYTES: usize = 1 << 16;

/// What a file contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) sha256: String,
    pub(super) bytes: u64,
    pub(super) kind: Option<FileKind>,
    /// Bytes that it must have, as its first ones say.
    least_bytes: u64,
}

/// Reads a whole file.
pub(super) fn contents(mut file: File) -> io::Result<Contents> {
    let (mut hash, mut bytes, mut head) = (Sha256::new(), 0, Vec::new());
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        let some = &buffer[..read];
        head.extend_from_slice(&some[..read.min(HEAD_BYTES.saturating_sub(head.len()))]);
        hash.update(some);
        bytes += read as u64;
    }
    let kind = FileKind::of(&head);
    Ok(Contents {
        sha256: hex::hex(&hash.finalize()),
        bytes,
        kind,
        least_bytes: kind.map_or(0, |kind| kind.least_bytes(&head)),
    })
}

/// Writes a part to the disk and reads it. Returns what is stored, if it is a whole file.
pub(super) fn examine(
    folder: &Folder,
    part: &Path,
    total: Option<u64>,
    content_type: Option<&str>,
) -> Result<StoredMedia, Failure> {
    let file = folder.open(part)?;
    file.sync_all()?;
    let contents = contents(file)?;
    if let Some(total) = total
        && contents.bytes != total
    {
        return Err(Failure::NotTheRest("it has another size".to_owned()));
    }
    if contents.bytes < contents.least_bytes {
        return Err(Failure::NotTheRest(
            "its beginning says that it is longer".to_owned(),
        ));
    }
    let stated = content_type.unwrap_or("");
    let kind = contents.kind.filter(|kind| kind.fits(stated));
    let kind = kind.ok_or_else(|| wrong(contents.kind))?;
    Ok(StoredMedia {
        sha256: contents.sha256,
        extension: kind.extension(),
        bytes: contents.bytes,
    })
}

/// Moves a whole part to its place. If an equal file is there, one of them stays.
pub(super) fn place(folder: &Folder, part: &Path, stored: &StoredMedia) -> Result<(), Failure> {
    let place = folder.file(&stored.sha256, stored.extension);
    let place = place.ok_or_else(|| Failure::Unwritable("it has no place".to_owned()))?;
    Ok(folder.rename(part, &place)?)
}

/// Runs what waits for the disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|why| Err(Failure::Unwritable(why.to_string())))
}

/// Returns the failure of a file of a kind that is not stored, or not the stated one.
pub(super) fn wrong(kind: Option<FileKind>) -> Failure {
    Failure::WrongType(match kind {
        Some(kind) => format!("{}, which the remote does not say", kind.extension()),
        None => "something else".to_owned(),
    })
}
