//! Which imported pages are written as one. Each write costs much more than its rows, and most pages do not contradict those
//! beside them.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use super::merge::{Merged, PageRows};
use super::past;
use crate::model::Counts;
use crate::store::Result;
use crate::store::db::Statement;

/// A new name is written with the last page of a run. The first page that has it ended the old one.
const RENAMED: Statement = Statement {
    given: &["user_id", "last_call_id", "call_id"],
    sql: "update user_names set until_call_id = given.call_id from given join users u on u.user_id = given.user_id
        where user_names.user_id = u.id and user_names.until_call_id = given.last_call_id",
};

/// Lets the history of what a run shows begin with the first page that shows it. Its rows are already written.
pub(super) async fn begin_with_first(
    connection: &mut SqliteConnection,
    all: &Merged<'_>,
) -> Result<()> {
    past::begin_with_first(connection, all).await?;
    let named = all.users.list.iter().filter_map(|(id, of)| {
        let mut rows = of.rows.iter();
        let first = rows.find(|shown| shown.row.username.is_some())?;
        (first.call_id < of.last_call).then_some((*id, of.last_call, first.call_id))
    });
    let named: Vec<_> = named.collect();
    let write = RENAMED.write(connection, &named, |row, (id, last, first)| {
        row.set("user_id", *id)
            .set("last_call_id", *last)
            .set("call_id", *first);
    });
    write.await
}

/// Returns how many of the first pages leave the same rows and history if they are written as one: imported ones in the order of
/// their times that say the same of what more than one of them shows. At least 1.
pub(super) fn first(pages: &[PageRows<'_>]) -> usize {
    let (mut said, mut before) = (Said::default(), f64::NEG_INFINITY);
    let mut run = 0;
    for page in pages {
        if !page.is_imported || page.now < before || !said.agrees(page) {
            break;
        }
        before = page.now;
        run += 1;
    }
    run.max(1)
}

/// What pages say that has a history: the counts by the kind and the id of what they show, and the names of users.
#[derive(Default)]
struct Said<'a> {
    counts: HashMap<(u8, &'a str), &'a Counts>,
    names: HashMap<&'a str, &'a str>,
}

impl<'a> Said<'a> {
    /// Notes what a page says. Returns false if it says something else than those before.
    fn agrees(&mut self, page: &PageRows<'a>) -> bool {
        let harvest = page.harvest;
        let users = harvest.users.iter().map(|it| (0, &*it.user_id, &it.counts));
        let posts = harvest.posts.iter().map(|it| (1, &*it.post_id, &it.counts));
        let comments = harvest.comments.iter();
        let comments = comments.map(|it| (2, &*it.comment_id, &it.counts));
        let mut counted = users.chain(posts).chain(comments);
        let mut named = harvest.users.iter();
        counted.all(|(kind, id, counts)| {
            counts.is_empty() || *self.counts.entry((kind, id)).or_insert(counts) == counts
        }) && named.all(|user| {
            let name = user.username.as_deref();
            name.is_none_or(|name| *self.names.entry(&user.user_id).or_insert(name) == name)
        })
    }
}
