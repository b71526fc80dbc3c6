//! How much of what the remote counts is archived.

use sqlx::sqlite::SqlitePool;

use super::Snapshot;
use crate::store::Result;

/// What the remote counts of one kind of list, over all subjects, and what is archived of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct Known {
    pub kind: String,
    pub collected: i64,
    pub known: i64,
}

/// Users and posts of an archive whose lists are counted quickly: some tenths of a second.
const FEW: i64 = 20_000;

/// Returns the sums of each kind of list like [`known`]. `None` for an archive that is too large to count them by the way.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn known_of_few(pool: &SqlitePool) -> Result<Option<Vec<Known>>> {
    let subjects: i64 = sqlx::query_scalar(
        "select (select coalesce(max(id), 0) from users) + (select coalesce(max(id), 0) from posts)",
    )
    .fetch_one(pool)
    .await?;
    match subjects <= FEW {
        true => Ok(Some(known(pool).await?)),
        false => Ok(None),
    }
}

/// Returns the sums of each kind of list; none for an archive of an earlier version. Reads every list.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn known(pool: &SqlitePool) -> Result<Vec<Known>> {
    let views: i64 = sqlx::query_scalar(
        "select count(*) from sqlite_master where type = 'view' and name = 'completeness'",
    )
    .fetch_one(pool)
    .await?;
    if views == 0 {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(SUMS).fetch_all(pool).await?)
}

const SUMS: &str =
    "select kind, sum(collected_count) as collected, sum(known_count) as known from completeness
    where known_count is not null group by kind order by kind";

impl Snapshot {
    /// Returns the sums of each kind of list.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn completeness_totals(&mut self) -> Result<Vec<Known>> {
        Ok(sqlx::query_as(SUMS).fetch_all(self.connection()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, known_of_few};
    use crate::store::Store;

    #[tokio::test]
    async fn the_lists_of_a_large_archive_are_not_counted_by_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let mut writing = store.writing().await;
        sqlx::raw_sql(
            "insert into runs (id, kind, pid, version, started_at) values (1, 'run', 1, '0', 1);
             insert into calls (id, run_id, endpoint, subject, day, outcome, cost_micro_usd, opened_at)
             values (1, 1, 'get_user_posts', 'user', '2026-01-01', 'open', 0, 1)",
        )
        .execute(&mut **writing)
        .await
        .unwrap();
        for (id, is_counted) in [(FEW, true), (FEW + 1, false)] {
            sqlx::query(
                "insert into users (id, user_id, post_count, first_call_id, last_call_id) values (?1, 'user-' || ?1, 3, 1, 1)",
            )
            .bind(id)
            .execute(&mut **writing)
            .await
            .unwrap();
            let known = known_of_few(store.readers()).await.unwrap();
            assert_eq!(known.is_some_and(|all| all[0].known == 3), is_counted);
        }
    }
}
