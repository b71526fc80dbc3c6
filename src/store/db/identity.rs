//! Whether a file is an archive of this program, and of a version that this program knows.

use std::path::Path;

use sqlx::{Executor, Sqlite};

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

/// The number of this version's schema: `pragma user_version` of an archive that is up to date.
fn newest() -> i64 {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions.max().unwrap_or(0)
}
