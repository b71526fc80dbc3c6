//! Users and characters.

use sqlx::SqliteConnection;

use super::stubs;
use crate::model::{User, UserCounts};
use crate::store::Result;
use crate::store::archive::merge::{Entities, Observed};
use crate::store::db::Statement;

/// Users that a reply described.
const USERS: Statement = Statement {
    head: "insert into users (
        user_id, username, display_name, description, profile_picture_url, cover_photo_url,
        permalink, location, website, plan_type, verified, can_cameo, is_public_figure,
        created_at, updated_at, banned_at, follower_count, following_count, post_count,
        cameo_count, likes_received_count, view_count, reply_count, remix_count,
        character_count, counted_at, counted_call_id, first_call_id, last_call_id)
        select * from (values",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tail: ") where column1 is not null on conflict (user_id) do update set
        username = coalesce(excluded.username, username),
        display_name = coalesce(excluded.display_name, display_name),
        description = coalesce(excluded.description, description),
        profile_picture_url = coalesce(excluded.profile_picture_url, profile_picture_url),
        cover_photo_url = coalesce(excluded.cover_photo_url, cover_photo_url),
        permalink = coalesce(excluded.permalink, permalink),
        location = coalesce(excluded.location, location),
        website = coalesce(excluded.website, website),
        plan_type = coalesce(excluded.plan_type, plan_type),
        verified = coalesce(excluded.verified, verified),
        can_cameo = coalesce(excluded.can_cameo, can_cameo),
        is_public_figure = coalesce(excluded.is_public_figure, is_public_figure),
        created_at = coalesce(excluded.created_at, created_at),
        updated_at = coalesce(excluded.updated_at, updated_at),
        banned_at = coalesce(excluded.banned_at, banned_at),
        follower_count = coalesce(excluded.follower_count, follower_count),
        following_count = coalesce(excluded.following_count, following_count),
        post_count = coalesce(excluded.post_count, post_count),
        cameo_count = coalesce(excluded.cameo_count, cameo_count),
        likes_received_count = coalesce(excluded.likes_received_count, likes_received_count),
        view_count = coalesce(excluded.view_count, view_count),
        reply_count = coalesce(excluded.reply_count, reply_count),
        remix_count = coalesce(excluded.remix_count, remix_count),
        character_count = coalesce(excluded.character_count, character_count),
        counted_at = coalesce(excluded.counted_at, counted_at),
        counted_call_id = coalesce(excluded.counted_call_id, counted_call_id),
        first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};

/// Users known by their id only: somebody's follower, an author who was not described.
const STUB: Statement = Statement {
    head: "insert into users (user_id, first_call_id, last_call_id)
        select * from (values",
    row: "(?, ?, ?)",
    tail: ") where column1 is not null on conflict (user_id) do update set first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};

/// Writes the users.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    users: &Entities<'_, &str, User>,
) -> Result<()> {
    let (described, stubs): (Vec<_>, Vec<_>) = users
        .list
        .iter()
        .partition(|(_, said)| !said.rows.is_empty());
    stubs::write(connection, &STUB, &stubs).await?;
    USERS
        .write(connection, &described, |query, (user_id, said)| {
            query
                .bind(*user_id)
                .bind(said.newest(|row| row.username.as_deref()))
                .bind(said.newest(|row| row.display_name.as_deref()))
                .bind(said.newest(|row| row.description.as_deref()))
                .bind(said.newest(|row| row.profile_picture_url.as_deref()))
                .bind(said.newest(|row| row.cover_photo_url.as_deref()))
                .bind(said.newest(|row| row.permalink.as_deref()))
                .bind(said.newest(|row| row.location.as_deref()))
                .bind(said.newest(|row| row.website.as_deref()))
                .bind(said.newest(|row| row.plan_type.as_deref()))
                .bind(said.newest(|row| row.verified))
                .bind(said.newest(|row| row.can_cameo))
                .bind(said.newest(|row| row.is_public_figure))
                .bind(said.newest(|row| row.created_at))
                .bind(said.newest(|row| row.updated_at))
                .bind(said.newest(|row| row.banned_at))
                .bind(said.newest(|row| row.counts.follower_count))
                .bind(said.newest(|row| row.counts.following_count))
                .bind(said.newest(|row| row.counts.post_count))
                .bind(said.newest(|row| row.counts.cameo_count))
                .bind(said.newest(|row| row.counts.likes_received_count))
                .bind(said.newest(|row| row.counts.view_count))
                .bind(said.newest(|row| row.counts.reply_count))
                .bind(said.newest(|row| row.counts.remix_count))
                .bind(said.newest(|row| row.counts.character_count))
                .bind(counted(said).map(|_| said.now))
                .bind(counted(said))
                .bind(said.first_call)
                .bind(said.last_call)
        })
        .await?;
    write_owners(connection, &described).await
}

/// The call that last told one of the numbers.
fn counted(said: &Observed<'_, User>) -> Option<i64> {
    said.newest_call(|row| row.counts != UserCounts::default())
}

const OWNERS: Statement = Statement {
    head: "update users set owner_id = owner.id from (select column1 as user_id, u.id from (values",
    row: "(?, ?)",
    tail: ") join users u on u.user_id = column2) as owner where users.user_id = owner.user_id",
};

/// A character's owner, once both are written.
async fn write_owners(
    connection: &mut SqliteConnection,
    described: &[&(&str, Observed<'_, User>)],
) -> Result<()> {
    let owned: Vec<(&str, &str)> = described
        .iter()
        .filter_map(|(user_id, said)| {
            Some((*user_id, said.newest(|row| row.owner_user_id.as_deref())?))
        })
        .collect();
    OWNERS
        .write(connection, &owned, |query, (user_id, owner)| {
            query.bind(*user_id).bind(*owner)
        })
        .await
}
