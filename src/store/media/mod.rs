//! Files of videos: which are wanted, what is stored, and what is removed. The files themselves are the room `media`'s.

mod damaged;
mod remove;
mod rows;
mod sizes;
mod want;

pub use damaged::DamagedMedia;
pub use remove::{OldMedia, RemovedMedia};
pub use rows::{Given, MediaPart, MediaTurn, StoredMedia};
pub use sizes::ShowingReply;

use crate::model::Rendition;

/// Returns the URL of a rendition as SQL, for a row `a` of `attachments`.
fn url_of(rendition: Rendition) -> String {
    let columns: Vec<String> = rendition
        .columns
        .iter()
        .map(|column| format!("a.{column}"))
        .collect();
    match columns.as_slice() {
        [one] => one.clone(),
        several => format!("coalesce({})", several.join(", ")),
    }
}
