//! Who was erased, as hashes.

use std::collections::HashSet;

use sqlx::sqlite::SqlitePool;

use crate::store::Result;

/// Returns the hashes by which erased people are recognised.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn erased_hashes(pool: &SqlitePool) -> Result<HashSet<[u8; 32]>> {
    let hashes: Vec<Vec<u8>> = sqlx::query_scalar("select hash from erased_hashes")
        .fetch_all(pool)
        .await?;
    let hashes = hashes.into_iter().filter_map(|hash| hash.try_into().ok());
    Ok(hashes.collect())
}

/// Returns the hashes of the people whose erasure was requested, and whether it is completed.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn erasures(pool: &SqlitePool) -> Result<Vec<([u8; 32], bool)>> {
    let rows: Vec<(Vec<u8>, bool)> =
        sqlx::query_as("select person_hash, completed_at is not null from erasures order by id")
            .fetch_all(pool)
            .await?;
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(hash, done)| Some((hash.try_into().ok()?, done)))
        .collect())
}
