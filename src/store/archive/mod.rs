//! Rows into tables. A value that a reply does not state never overwrites a known one; parents are written before
//! children.
//!
//! Nothing is read back: rows are joined to those that they refer to by their text ids, inside their own statement. A
//! row that comes back through the driver costs more than that, and a sub-select for each value opens a cursor for each.

pub(in crate::store) mod absences;
mod column;
mod conflict;
mod derive;
#[rustfmt::skip] // One line for each column.
mod edges;
mod fts;
pub(in crate::store) mod merge;
mod rebuild;
#[rustfmt::skip] // One line for each column.
pub mod schema;
mod past;
mod runs;
mod scratch;
mod table;
mod threads;
mod unread;

use std::collections::HashSet;

use sqlx::SqliteConnection;

use crate::store::Result;
use column::Entry;
use edges::{
    APPEARANCES, COMMENT_ENTITIES, FEED, FOLLOWS, LEADERBOARD, POST_ENTITIES, REMIXES, REPOSTS,
    SEARCH,
};
use merge::{Entities, Merged, Observed, PageRows, Shown, merge};
use schema::{ATTACHMENTS, COMMENTS, POSTS, USERS};
use table::{Order, Table};

pub use column::{ColumnOutline, Kind, Personal, Target};
pub(in crate::store) use derive::derive;
pub(in crate::store) use fts::exists as fts_exists;
pub use fts::{INDEXED, Indexed};
pub use rebuild::{NewNumbers, Rebuild, TableChange};
pub use scratch::{Scratch, ScratchPage};
pub use table::Outline;
pub use unread::UnreadReply;

/// What an archive contains that writing pages must look at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// Replies whose post is unknown.
    pub(super) has_orphans: bool,
    /// Things that are absent now.
    pub(super) has_absences: bool,
    /// When the newest call was settled. `None`: rows must be looked at.
    pub(super) newest_at: Option<f64>,
}

/// Writes all rows of the pages, as a part of the caller's transaction. The pages come in the order of their calls, and the
/// calls of imported ones are already recorded with their times.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    pages: &[PageRows<'_>],
    known: Known,
) -> Result<()> {
    if pages.iter().all(|page| !page.is_imported) {
        return write_together(connection, pages, &merge(pages), known, Order::OfCalls).await;
    }
    // Imported pages have times of their own, so they are written one by one, unless that makes no difference.
    let (mut rest, mut known) = (pages, known);
    while let [first, ..] = rest {
        let is_newer = known.newest_at.is_some_and(|newest| first.now > newest);
        let together = match is_newer && !known.has_absences {
            true => runs::first(rest),
            false => 1,
        };
        let (run, after) = rest.split_at(together);
        rest = after;
        match run {
            [page] => write_one(connection, page, known).await?,
            _ => write_run(connection, run, known).await?,
        }
        let times = run.iter().map(|page| page.now);
        known.newest_at = known.newest_at.map(|newest| times.fold(newest, f64::max));
        let mut comments = run.iter().flat_map(|page| &page.harvest.comments);
        known.has_orphans |= comments.any(|it| it.post_id.is_none());
    }
    Ok(())
}

/// Writes imported pages as one. All of them are newer than the archive.
async fn write_run(
    connection: &mut SqliteConnection,
    pages: &[PageRows<'_>],
    known: Known,
) -> Result<()> {
    let all = merge(pages);
    write_together(connection, pages, &all, known, Order::OfCalls).await?;
    runs::begin_with_first(connection, &all).await
}

async fn write_one(
    connection: &mut SqliteConnection,
    page: &PageRows<'_>,
    known: Known,
) -> Result<()> {
    let pages = std::slice::from_ref(page);
    let all = merge(pages);
    // If each row of an imported page is newer than what the archive has of it, it is as in a crawl.
    let is_newest = known.newest_at.is_some_and(|newest| page.now >= newest);
    let order = match page.is_imported && !is_newest && has_newer(connection, &all).await? {
        true => Order::OfTimes,
        false => Order::OfCalls,
    };
    if order == Order::OfTimes {
        past::note(connection, &all).await?;
    }
    write_together(connection, pages, &all, known, order).await
}

async fn write_together(
    connection: &mut SqliteConnection,
    pages: &[PageRows<'_>],
    all: &Merged<'_>,
    known: Known,
    order: Order,
) -> Result<()> {
    write_entities(connection, &USERS, &all.users, &all.parent_users, order).await?;
    write_entities(connection, &POSTS, &all.posts, &all.parent_posts, order).await?;
    write_entities(
        connection,
        &COMMENTS,
        &all.comments,
        &all.parent_comments,
        order,
    )
    .await?;
    threads::assign_posts(connection, &all.comments, known.has_orphans).await?;
    write_rows(connection, &ATTACHMENTS, &all.attachments, order).await?;
    write_rows(connection, &FOLLOWS, &all.follows, order).await?;
    write_rows(connection, &APPEARANCES, &all.appearances, order).await?;
    write_rows(connection, &REMIXES, &all.remixes, order).await?;
    write_rows(connection, &POST_ENTITIES, &all.post_entities, order).await?;
    write_rows(connection, &COMMENT_ENTITIES, &all.comment_entities, order).await?;
    write_rows(connection, &REPOSTS, &all.reposts, order).await?;
    for page in pages {
        write_entries(connection, page).await?;
    }
    match known.has_absences {
        true => absences::clear(connection, all).await,
        false => Ok(()),
    }
}

/// Returns whether the archive has a newer row of something that an imported page shows.
async fn has_newer(connection: &mut SqliteConnection, all: &Merged<'_>) -> Result<bool> {
    let has = newer_entities(connection, &USERS, &all.users).await?
        || newer_entities(connection, &POSTS, &all.posts).await?
        || newer_entities(connection, &COMMENTS, &all.comments).await?
        || newer_rows(connection, &ATTACHMENTS, &all.attachments).await?
        || newer_rows(connection, &FOLLOWS, &all.follows).await?
        || newer_rows(connection, &APPEARANCES, &all.appearances).await?
        || newer_rows(connection, &REMIXES, &all.remixes).await?;
    Ok(has || newer_rows(connection, &REPOSTS, &all.reposts).await?)
}

/// Looks for newer entities, also those that are only mentioned.
async fn newer_entities<R: Sync>(
    connection: &mut SqliteConnection,
    table: &'static Table<R>,
    entities: &Entities<'_, &str, R>,
) -> Result<bool> {
    let [key] = table.keys()[..] else {
        return Ok(true);
    };
    let newer = table.newer();
    let found = newer.write_and_read(connection, &entities.list, |row, (id, of)| {
        row.set(key, *id).set("at", of.now);
    });
    Ok(!found.await?.is_empty())
}

async fn newer_rows<K: Sync, R: Sync>(
    connection: &mut SqliteConnection,
    table: &'static Table<R>,
    rows: &Entities<'_, K, R>,
) -> Result<bool> {
    if !table.is_merged() {
        return Ok(false);
    }
    let newer = table.newer();
    let found = newer.write_and_read(connection, &rows.list, |row, (_, of)| {
        table.fill_keys(row, of);
    });
    Ok(!found.await?.is_empty())
}

/// Writes entities. First come those that are known only by their id, and those that another row of the pages refers to.
async fn write_entities<R: Sync>(
    connection: &mut SqliteConnection,
    table: &'static Table<R>,
    entities: &Entities<'_, &str, R>,
    parents: &HashSet<&str>,
    order: Order,
) -> Result<()> {
    let stubs: Vec<_> = entities
        .list
        .iter()
        .filter(|(id, of)| of.rows.is_empty() || parents.contains(id))
        .collect();
    let [key] = table.keys()[..] else {
        return Ok(());
    };
    table
        .stub(order)
        .write(connection, &stubs, |row, (id, of)| {
            row.set(key, *id)
                .set("first_call_id", of.first_call)
                .set("last_call_id", of.last_call);
        })
        .await?;
    write_rows(connection, table, entities, order).await
}

/// Writes the rows that a reply described.
async fn write_rows<K: Sync, R: Sync>(
    connection: &mut SqliteConnection,
    table: &'static Table<R>,
    rows: &Entities<'_, K, R>,
    order: Order,
) -> Result<()> {
    let described: Vec<&Observed<'_, R>> = rows
        .list
        .iter()
        .map(|(_, of)| of)
        .filter(|of| !of.rows.is_empty())
        .collect();
    table
        .upsert(order)
        .write(connection, &described, |row, of| table.fill(row, of))
        .await
}

/// Writes what a list showed at this moment, in its order.
async fn write_entries(connection: &mut SqliteConnection, page: &PageRows<'_>) -> Result<()> {
    let entry = |position: u32, id: &str| Entry {
        position: position.into(),
        rank: i64::from(page.items_before) + i64::from(position) + 1,
        id: id.to_owned(),
        query: String::new(),
        token: None,
    };
    let harvest = page.harvest;
    for (table, list) in [(&FEED, &harvest.feed), (&LEADERBOARD, &harvest.leaderboard)] {
        let entries: Vec<Entry> = list
            .iter()
            .map(|one| entry(one.position, &one.id))
            .collect();
        write_of_call(connection, table, page, &entries).await?;
    }
    let hits = harvest.search.iter().map(|hit| Entry {
        query: page.subject.to_owned(),
        token: hit.token.clone(),
        ..entry(hit.position, &hit.user_id)
    });
    write_of_call(connection, &SEARCH, page, &hits.collect::<Vec<_>>()).await
}

async fn write_of_call(
    connection: &mut SqliteConnection,
    table: &'static Table<Entry>,
    page: &PageRows<'_>,
    entries: &[Entry],
) -> Result<()> {
    let observed: Vec<Observed<'_, Entry>> = entries
        .iter()
        .map(|entry| Observed {
            rows: vec![Shown {
                call_id: page.call_id,
                at: page.now,
                row: entry,
            }],
            first_call: page.call_id,
            last_call: page.call_id,
            now: page.now,
        })
        .collect();
    table
        .upsert(Order::OfCalls)
        .write(connection, &observed, |row, of| table.fill(row, of))
        .await
}

#[cfg(test)]
mod tests;
