//! Imported pages that no job asked for: their cursors chain, as those of a pass do.

use std::collections::HashSet;

use super::app::App;
use crate::store::Result;
use crate::store::read::{ImportedPage, Wanted, replay_imported};

/// Imported pages with the same cursor that are tried.
const TRIED: u32 = 20;
/// Pages of a list that are followed.
const FOLLOWED: usize = 10_000;

/// Returns the imported page that answers a request: the newest one from which the list goes on to its end, else the newest one.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub(super) async fn imported(app: &App, wanted: Wanted<'_>) -> Result<Option<i64>> {
    let pages = replay_imported(&app.readers, wanted, app.options.at, TRIED).await?;
    let newest = pages.first().map(|page| page.id);
    if pages.len() > 1 {
        for page in pages {
            let id = page.id;
            if reaches_end(app, wanted, page).await? {
                return Ok(Some(id));
            }
        }
    }
    Ok(newest)
}

async fn reaches_end(app: &App, wanted: Wanted<'_>, first: ImportedPage) -> Result<bool> {
    let (mut page, mut seen) = (first, HashSet::new());
    while let Some(next) = page.next_cursor {
        if seen.len() >= FOLLOWED || !seen.insert(next.clone()) {
            return Ok(false);
        }
        let wanted = Wanted {
            cursor: Some(&next),
            ..wanted
        };
        let pages = replay_imported(&app.readers, wanted, app.options.at, 1).await?;
        match pages.into_iter().next() {
            Some(following) => page = following,
            None => return Ok(false),
        }
    }
    Ok(true)
}
