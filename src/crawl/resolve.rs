//! Whom a name stands for, if the search for it finds nobody.

use super::admit::{Admitted, Place};
use super::engine::Engine;
use crate::clock::day;
use crate::model::seed::seed;
use crate::model::{NewJob, SeedKind};
use crate::store::Result;

/// Takes the user whom the archive saw under the name, if the search found nobody and there is exactly one.
/// Returns a note that says whom, and since when that is known.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub(super) async fn resolve_from_archive(
    engine: &Engine,
    place: &Place<'_>,
    admitted: &mut Admitted,
) -> Result<Option<String>> {
    if !place.resolves_name || admitted.found.is_some() {
        return Ok(None);
    }
    let users = engine.parts.store.users_named(place.subject).await?;
    let [user] = &users[..] else {
        return Ok(None);
    };
    let known: Vec<NewJob> = engine
        .config()
        .plan
        .seed_jobs(&seed(SeedKind::User, &user.user_id));
    admitted.jobs.extend(known);
    admitted.found = Some(user.user_id.clone());
    Ok(Some(format!(
        "the search found nobody of this name; taking {}, whom the archive saw under it from {} to {}",
        user.user_id,
        day(user.first_seen_at),
        day(user.last_seen_at)
    )))
}
