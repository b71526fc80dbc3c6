//! Which files an archive wants: one for each rendition of each video.

use super::key::url_path;
use crate::model::Rendition;
use crate::store::{Result, Store};

/// Videos that are looked at in one transaction.
const VIDEOS: u32 = 1_000;

/// Notes which files are wanted of the videos that have none yet, or whose file has another address now. Returns how many
/// were noted.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub async fn want(store: &Store, renditions: &[Rendition]) -> Result<u64> {
    let mut noted = 0;
    for rendition in renditions {
        let mut after = 0;
        loop {
            let videos = store
                .videos_without_media(*rendition, after, VIDEOS)
                .await?;
            let Some((last, _)) = videos.last() else {
                break;
            };
            after = *last;
            let addressed = videos.iter();
            let addressed = addressed.filter_map(|(id, url)| Some((*id, url_path(url)?)));
            let addressed: Vec<(i64, String)> = addressed.collect();
            noted += store.want_media(*rendition, &addressed).await?;
        }
    }
    Ok(noted)
}
