//! What is known of people before they are erased: all names that they had, and what they wrote.

use std::collections::HashSet;

use crate::model::EraseKey;
use crate::replies::{Packer, People, Profile, Terms, profiles_in};
use crate::store::{RowCount, Store};

/// Raw replies that are read at once.
pub(super) const AT_ONCE: u32 = 128;

/// What an erasure would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub people: usize,
    pub rows: Vec<RowCount>,
    /// Raw replies that name them.
    pub replies: u64,
    /// Usernames that somebody else has too. Mentions by them stay.
    pub shared_names: Vec<String>,
}

/// What replies show.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) profiles: HashSet<Profile>,
    pub(super) replies: u64,
}

/// Returns what an erasure of these users would change. Changes nothing.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn plan(
    store: &Store,
    user_ids: &[String],
    progress: impl FnMut(i64, i64),
) -> Result<Planned, String> {
    let rows = store
        .rows_to_erase(user_ids)
        .await
        .map_err(|why| why.to_string())?;
    let (terms, shared_names, replies) = terms_of(store, user_ids, progress).await?;
    Ok(Planned {
        people: terms.users.len(),
        rows,
        replies,
        shared_names,
    })
}

/// Returns what to search for, the names that are not searched for because somebody else has them, and the number of
/// replies that name the users.
pub(super) async fn terms_of(
    store: &Store,
    user_ids: &[String],
    progress: impl FnMut(i64, i64),
) -> Result<(Terms, Vec<String>, u64), String> {
    let failed = |why: crate::store::Error| why.to_string();
    let users: HashSet<String> = user_ids.iter().cloned().collect();
    let known = store.names_of(user_ids).await.map_err(failed)?;
    let mut names: HashSet<String> = known
        .into_iter()
        .filter_map(|(_, name, _)| name.map(|name| name.to_lowercase()))
        .collect();
    let found = names_in_replies(store, &users, &names, progress).await?;
    let is_theirs = |profile: &&Profile| users.contains(&profile.user_id);
    names.extend(
        found
            .profiles
            .iter()
            .filter(is_theirs)
            .map(|it| it.name.clone()),
    );
    names.remove("");
    let list: Vec<String> = names.iter().cloned().collect();
    let now = store.users_with_names(&list).await.map_err(failed)?;
    let others = now
        .into_iter()
        .filter(|(_, id)| !users.contains(id))
        .map(|(name, _)| name);
    let mut shared: Vec<String> = others.collect();
    let others = found
        .profiles
        .into_iter()
        .filter(|it| !users.contains(&it.user_id));
    shared.extend(others.map(|it| it.name).filter(|name| names.contains(name)));
    shared.sort();
    shared.dedup();
    names.retain(|name| !shared.contains(name));
    let items = store.written_by(user_ids).await.map_err(failed)?;
    let items = items
        .iter()
        .map(|id| id.strip_prefix("s_").unwrap_or(id).to_owned());
    let terms = Terms {
        users,
        names,
        items: items.collect(),
    };
    Ok((terms, shared, found.replies))
}

/// Reads all raw replies for the names of users, and for the users of names.
pub(super) async fn names_in_replies(
    store: &Store,
    users: &HashSet<String>,
    names: &HashSet<String>,
    mut progress: impl FnMut(i64, i64),
) -> Result<Found, String> {
    let failed = |why: crate::store::Error| why.to_string();
    let terms = Terms {
        users: users.clone(),
        names: names.clone(),
        ..Terms::default()
    };
    // Nothing is hashed.
    let people = People::named(EraseKey::new(&[0; 32]), terms)?;
    let packer = Packer::new(&store.dictionaries().await.map_err(failed)?).0;
    let (mut found, mut after) = (Found::default(), 0);
    let last = store.last_call().await.map_err(failed)?;
    loop {
        let frames = store.frames(after, AT_ONCE).await.map_err(failed)?;
        let Some(end) = frames.last() else { break };
        after = end.id;
        for frame in &frames {
            // `verify` reports a damaged reply.
            let Some(Ok(body)) = frame.body.as_ref().map(|body| packer.unpack(body)) else {
                continue;
            };
            if !people.may_be_in(&body) {
                continue;
            }
            found.replies += 1;
            let profiles = profiles_in(&body).into_iter();
            found.profiles.extend(profiles.filter(|profile| {
                users.contains(&profile.user_id) || names.contains(&profile.name)
            }));
        }
        progress(after, last);
        tokio::task::yield_now().await;
    }
    Ok(found)
}
