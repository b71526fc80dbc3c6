//! Which users a file means.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::key::KeyFile;
use super::survey::names_in_replies;
use crate::model::{EraseKey, Erased, Seed, SeedKind};
use crate::store::Store;

/// Users of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Users of the archive.
    pub user_ids: Vec<String>,
    /// Entries whose users were erased before.
    pub erased: usize,
}

/// An entry of a file that means nobody, or more than one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    pub line: u64,
    pub why: String,
}

/// Returns the users that the lines of a file mean. A name means a user if no other one ever had it in this archive.
///
/// # Errors
/// Returns an error if the archive cannot be read. The second list has the lines that mean nobody.
pub async fn resolve(
    store: &Store,
    key: Option<&EraseKey>,
    lines: &[(u64, Seed)],
) -> Result<(Named, Vec<Unresolved>), String> {
    let failed = |why: crate::store::Error| why.to_string();
    let of_kind = |kind| {
        lines
            .iter()
            .filter(move |(_, seed)| seed.kind == kind)
            .map(|(_, seed)| seed.subject.clone())
    };
    let ids: Vec<String> = of_kind(SeedKind::User).collect();
    let names: BTreeSet<String> = of_kind(SeedKind::Name)
        .map(|it| it.to_lowercase())
        .collect();
    let known = store.names_of(&ids).await.map_err(failed)?;
    let known: HashSet<String> = known.into_iter().map(|(id, ..)| id).collect();
    let holders = holders(store, &names).await?;
    let erased = store.erased_hashes().await.map_err(failed)?;
    let was_erased =
        |what, value: &str| key.is_some_and(|key| erased.contains(&key.hash(what, value)));
    let (mut named, mut wrong) = (Named::default(), Vec::new());
    let mut users = BTreeSet::new();
    for (line, seed) in lines {
        let (line, subject) = (*line, seed.subject.as_str());
        let mut refuse = |why: String| wrong.push(Unresolved { line, why });
        match seed.kind {
            SeedKind::User if known.contains(subject) => {
                users.insert(subject.to_owned());
            }
            SeedKind::User if was_erased(Erased::User, subject) => named.erased += 1,
            SeedKind::User => refuse(format!("the archive has no user {subject}")),
            SeedKind::Name => match holders.get(&subject.to_lowercase()) {
                Some(ids) if ids.len() == 1 => users.extend(ids.iter().cloned()),
                Some(ids) => refuse(format!(
                    "{} users had the name {subject}: give the id of the one",
                    ids.len()
                )),
                None if was_erased(Erased::Name, &subject.to_lowercase()) => named.erased += 1,
                None => refuse(format!("no user of the archive had the name {subject}")),
            },
            _ => refuse("it is no user".to_owned()),
        }
    }
    named.user_ids = users.into_iter().collect();
    Ok((named, wrong))
}

/// Returns the users who ever had each name.
async fn holders(
    store: &Store,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if names.is_empty() {
        return Ok(holders);
    }
    let list: Vec<String> = names.iter().cloned().collect();
    let now = store
        .users_with_names(&list)
        .await
        .map_err(|why| why.to_string())?;
    for (name, user_id) in now {
        holders.entry(name).or_default().insert(user_id);
    }
    let found = names_in_replies(
        store,
        &HashSet::new(),
        &list.into_iter().collect(),
        |_, _| {},
    )
    .await?;
    for profile in found.profiles {
        holders
            .entry(profile.name)
            .or_default()
            .insert(profile.user_id);
    }
    Ok(holders)
}

/// Returns the users of an archive whose erasure the key file names and the archive does not know.
pub(super) async fn named_by_key(store: &Store, key: &KeyFile) -> Result<Vec<String>, String> {
    let people: HashSet<&[u8; 32]> = key.people.iter().collect();
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let ids = store
            .user_ids(&after, 10_000)
            .await
            .map_err(|why| why.to_string())?;
        let Some(last) = ids.last() else { break };
        after.clone_from(last);
        let is_named = |id: &String| people.contains(&key.key.hash(Erased::User, id));
        found.extend(ids.into_iter().filter(is_named));
    }
    Ok(found)
}
