//! Whether a file is an archive of this program, and of a version that this program knows.

use std::path::Path;

use sqlx::{Executor, Sqlite, SqliteConnection};

use crate::store::{Error, MIGRATIONS, Result};

/// 'sora': `pragma application_id` of every archive.
const APPLICATION_ID: i64 = 0x736f_7261;

/// Checks a file that is to be opened. A file without tables is a new archive.
///
/// # Errors
/// `Foreign`, `TooOld` or `TooNew`; or the file cannot be read.
pub(in crate::store) async fn check<'c>(
    connection: impl Executor<'c, Database = Sqlite>,
    path: &Path,
) -> Result<()> {
    let (id, version, tables, calls): (i64, i64, i64, i64) = sqlx::query_as(
        "select (select application_id from pragma_application_id), (select user_version from pragma_user_version),
             count(*), coalesce(sum(name = 'calls'), 0)
         from sqlite_master where type = 'table' and name not glob '_sqlx_*'",
    )
    .fetch_one(connection)
    .await
    .map_err(|error| Error::opening(path, &error))?;
    let path = path.display().to_string();
    match id {
        APPLICATION_ID if version > newest() => Err(Error::TooNew { path }),
        APPLICATION_ID => Ok(()),
        _ if tables == 0 => Ok(()),
        _ if calls > 0 => Err(Error::TooOld { path }),
        _ => Err(Error::Foreign { path }),
    }
}

/// Checks an archive that is to be read with the views of this version.
///
/// # Errors
/// `Foreign`, `TooOld`, `TooNew` or `Older`; or the file cannot be read.
pub(in crate::store) async fn check_current(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<()> {
    check(&mut *connection, path).await?;
    if is_current(connection).await? {
        return Ok(());
    }
    Err(Error::Older {
        path: path.display().to_string(),
    })
}

/// Returns whether the file is an archive with an older schema than that of this version.
pub(in crate::store) async fn is_older(connection: &mut SqliteConnection) -> Result<bool> {
    // A new archive has the number 0 and no tables.
    Ok((1..newest()).contains(&version(connection).await?))
}

/// Returns whether the file has the schema of this version.
pub(in crate::store) async fn is_current(connection: &mut SqliteConnection) -> Result<bool> {
    Ok(version(connection).await? == newest())
}

async fn version(connection: &mut SqliteConnection) -> Result<i64> {
    Ok(sqlx::query_scalar("pragma user_version")
        .fetch_one(connection)
        .await?)
}

/// The number of this version's schema: `pragma user_version` of an archive that is up to date.
pub(in crate::store) fn newest() -> i64 {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::store::{Error, Store};

    async fn changed(path: &Path, sql: &'static str) {
        let store = Store::open(path).await.unwrap();
        sqlx::raw_sql(sql)
            .execute(&mut **store.writing().await)
            .await
            .unwrap();
        store.close().await.unwrap();
    }

    async fn refused(path: &Path) -> [Error; 2] {
        let writer = Store::open(path)
            .await
            .err()
            .expect("it is refused for writing");
        let reader = Store::open_readers(path)
            .await
            .expect_err("it is refused for reading");
        [writer, reader]
    }

    #[tokio::test]
    async fn a_file_of_another_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        changed(&path, "pragma application_id = 7; drop table calls").await;
        for error in refused(&path).await {
            assert!(matches!(error, Error::Foreign { .. }), "{error}");
        }
    }

    #[tokio::test]
    async fn an_archive_of_before_the_first_schema_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        changed(&path, "pragma application_id = 0").await;
        for error in refused(&path).await {
            assert!(matches!(error, Error::TooOld { .. }), "{error}");
            assert!(error.to_string().contains("before 2026-12"), "{error}");
        }
    }

    #[tokio::test]
    async fn an_archive_of_a_newer_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        changed(&path, "pragma user_version = 999").await;
        for error in refused(&path).await {
            assert!(matches!(error, Error::TooNew { .. }), "{error}");
        }
    }

    #[tokio::test]
    async fn an_archive_has_the_number_of_the_newest_migration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = Store::open(&path).await.unwrap();
        let version: i64 = sqlx::query_scalar("pragma user_version")
            .fetch_one(store.readers())
            .await
            .unwrap();
        assert_eq!(version, super::newest());
    }
}
