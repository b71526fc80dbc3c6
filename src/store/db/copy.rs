//! Copies of an archive, and the digest of all of its rows that tells whether a copy has them.

use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Decode, Row, SqliteConnection, TypeInfo, ValueRef,
};

use super::partial::Partial;
use crate::store::{Error, Result};

/// Rows that SQLite reads ahead of the reader. Fewer cost a switch of threads more often.
const ROWS_AHEAD: usize = 512;
/// Bytes that are hashed at once.
const CHUNK: usize = 1 << 16;

/// What all rows of an archive have in common with those of a copy, and with nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Digest {
    pub(in crate::store) rows: u64,
    /// SHA-256 of the definition of every table, and of every value of its rows.
    pub(in crate::store) sha256: [u8; 32],
}

/// How long an abandoned copy waits before its file is removed.
const BEGUN: Duration = Duration::from_millis(100);

/// A statement that makes a file. If it is abandoned, SQLite's thread may begin it a moment later, and make the file again
/// after it was removed.
struct Unfinished;

impl Drop for Unfinished {
    fn drop(&mut self) {
        std::thread::sleep(BEGUN);
    }
}

/// Copies an archive into an empty file, without its free pages. The copy shows one moment, and a daemon may go on writing.
///
/// # Errors
/// Returns an error if the archive cannot be read or the copy cannot be written.
pub(in crate::store) async fn vacuum_into(
    connection: &mut SqliteConnection,
    copy: &Path,
) -> Result<()> {
    let unfinished = Unfinished;
    let copied = sqlx::query("vacuum into ?")
        .bind(copy.to_string_lossy().into_owned())
        .execute(connection)
        .await;
    std::mem::forget(unfinished);
    copied.map(drop).map_err(|error| match error.into() {
        Error::Unwritable(why) => Error::uncopied(copy, why),
        other => other,
    })
}

/// Copies an archive into an empty file, and proves that the copy has each of its rows.
///
/// `vacuum into` reads in a transaction of its own, and cannot run in another. So two connections share one cache of pages.
/// SQLite then gives both the same transaction: what the second copies is the state that the first sees. If they did not
/// share it, the digests would differ, and the copy would be refused.
///
/// # Errors
/// Returns an error if the archive cannot be read, the copy cannot be written, or it is not the same.
pub(in crate::store) async fn copy_and_check(
    archive: SqliteConnectOptions,
    copy: &Partial,
) -> Result<Digest> {
    let archive = archive
        .shared_cache(true)
        .row_buffer_size(ROWS_AHEAD)
        .pragma("cache_size", "-32000");
    let mut reader = SqliteConnection::connect_with(&archive).await?;
    sqlx::query("begin").execute(&mut reader).await?;
    // The first query takes the snapshot.
    sqlx::query("select count(*) from sqlite_schema")
        .execute(&mut reader)
        .await?;
    let mut copier = SqliteConnection::connect_with(&archive).await?;
    vacuum_into(&mut copier, copy.path()).await?;
    copier.close().await?;
    let wanted = digest(&mut reader).await?;
    // From here on, the daemon's log can be emptied again.
    reader.close().await?;
    check(copy.path(), &wanted).await?;
    Ok(wanted)
}

/// Checks that a file is sound and has these rows.
async fn check(copy: &Path, wanted: &Digest) -> Result<()> {
    let differs = |why: String| Error::Unequal {
        path: copy.display().to_string(),
        why,
    };
    let mut connection = open(copy).await?;
    let said: Vec<String> = sqlx::query_scalar("pragma quick_check(1)")
        .fetch_all(&mut connection)
        .await?;
    if said != ["ok"] {
        return Err(differs(said.join("; ")));
    }
    let found = digest(&mut connection).await?;
    connection.close().await?;
    if found != *wanted {
        return Err(differs(format!(
            "it has {} rows, and the archive has {}, or their values differ",
            found.rows, wanted.rows
        )));
    }
    Ok(())
}

/// Returns the bytes that a copy needs at most.
pub(in crate::store) async fn bytes_needed(connection: &mut SqliteConnection) -> Result<u64> {
    let (pages, free, bytes): (i64, i64, i64) = sqlx::query_as(
        "select (select page_count from pragma_page_count), (select freelist_count from pragma_freelist_count),
             (select page_size from pragma_page_size)",
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from((pages - free) * bytes).unwrap_or(0))
}

/// Megabytes for people.
pub(in crate::store) fn mb(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

/// Returns the digest of a file that no process writes.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub(in crate::store) async fn digest_of(path: &Path) -> Result<Digest> {
    let mut connection = open(path).await?;
    let digest = digest(&mut connection).await?;
    connection.close().await?;
    Ok(digest)
}

async fn open(path: &Path) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .row_buffer_size(ROWS_AHEAD)
        .disable_statement_logging();
    Ok(SqliteConnection::connect_with(&options).await?)
}

/// Returns the digest of all rows that a connection sees, in one snapshot if it is in a transaction.
pub(in crate::store) async fn digest(connection: &mut SqliteConnection) -> Result<Digest> {
    // A virtual table has no rows of its own; those of its shadow tables count.
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select name, sql from sqlite_schema where type = 'table' and rootpage > 0 order by name",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut hash = Hasher::default();
    let mut count = 0;
    for (name, sql) in tables {
        hash.value(b'd', sql.as_bytes());
        // The order of the primary key, which `vacuum into` keeps. An index would have another one.
        let name = name.replace('"', "\"\"");
        let text = format!("select * from \"{name}\" not indexed");
        // Only a name of the schema is in the text, and it is quoted.
        let mut rows = sqlx::query(AssertSqlSafe(text)).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            count += 1;
            for at in 0..row.len() {
                hash.column(row.try_get_raw(at)?)?;
            }
        }
    }
    Ok(Digest {
        rows: count,
        sha256: hash.end(),
    })
}

#[derive(Default)]
struct Hasher {
    hash: Sha256,
    buffer: Vec<u8>,
}

impl Hasher {
    /// Adds a value with its type. Integers and reals are exact; a real never equals an integer.
    fn column(&mut self, value: sqlx::sqlite::SqliteValueRef<'_>) -> Result<()> {
        let decoded = |error| Error::Database(format!("a value cannot be read: {error}"));
        if value.is_null() {
            self.value(b'n', &[]);
            return Ok(());
        }
        let kind = value.type_info().into_owned();
        match kind.name() {
            "INTEGER" => {
                let number = <i64 as Decode<sqlx::Sqlite>>::decode(value).map_err(decoded)?;
                self.value(b'i', &number.to_le_bytes());
            }
            "REAL" => {
                let number = <f64 as Decode<sqlx::Sqlite>>::decode(value).map_err(decoded)?;
                self.value(b'r', &number.to_bits().to_le_bytes());
            }
            name => {
                let bytes = <&[u8] as Decode<sqlx::Sqlite>>::decode(value).map_err(decoded)?;
                self.value(if name == "TEXT" { b't' } else { b'b' }, bytes);
            }
        }
        Ok(())
    }

    fn value(&mut self, kind: u8, bytes: &[u8]) {
        self.buffer.push(kind);
        self.buffer
            .extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.hash.update(&self.buffer);
            self.buffer.clear();
        }
    }

    fn end(mut self) -> [u8; 32] {
        self.hash.update(&self.buffer);
        self.hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use sqlx::{Connection, SqliteConnection};

    use super::{Digest, check, copy_and_check, digest_of};
    use crate::store::db::Partial;
    use crate::store::{Error, Store, read};

    async fn write(store: &Store, sql: &'static str) {
        let mut writing = store.writing().await;
        let written = sqlx::raw_sql(sql).execute(&mut **writing).await;
        written.unwrap();
    }

    async fn copied(archive: &Path, copy: PathBuf) -> (Digest, Partial) {
        let partial = Partial::alone(copy).unwrap();
        let options = read::options(archive).await.unwrap();
        let digest = copy_and_check(options, &partial).await.unwrap();
        (digest, partial)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_copy_beside_a_busy_writer_is_that_of_the_state_which_is_compared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = Store::open(&path).await.unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn({
            let (store, is_over) = (store.clone(), is_over.clone());
            async move {
                let mut writes = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let one = "insert into seeds (kind, subject, added_at)
                        select 'user', coalesce(max(id), 0), 0 from seeds";
                    write(&store, one).await;
                    writes += 1;
                }
                writes
            }
        });
        let mut before = 0;
        for number in 0..30 {
            let (digest, _copy) = copied(&path, folder.path().join(format!("{number}.db"))).await;
            assert!(digest.rows > before, "the writer is busy");
            before = digest.rows;
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(writer.await.unwrap() > 30);
    }

    #[tokio::test]
    async fn a_copy_that_differs_in_one_value_or_one_row_or_is_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = Store::open(&path).await.unwrap();
        write(
            &store,
            "insert into seeds (kind, subject, added_at) values ('user', 'one', 1.5), ('user', 'two', 2)",
        )
        .await;
        let (digest, copy) = copied(&path, folder.path().join("b.db")).await;
        assert_eq!(digest_of(copy.path()).await.unwrap(), digest);
        for change in [
            "update seeds set added_at = 1.5000000000000002 where id = 1",
            "update seeds set subject = 'onE' where id = 1",
            "update seeds set subject = cast('one' as blob) where id = 1",
            "delete from seeds where id = 2",
            "insert into seeds (kind, subject, added_at) values ('user', 'three', 3)",
            "alter table seeds rename column subject to object",
        ] {
            let other = folder.path().join("c.db");
            std::fs::copy(copy.path(), &other).unwrap();
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&other);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            let changed = sqlx::raw_sql(change).execute(&mut connection).await;
            if changed.is_err() {
                // A strict table has no blob where a text belongs.
                assert!(change.contains("blob"), "{change}");
                continue;
            }
            connection.close().await.unwrap();
            let refused = check(&other, &digest).await;
            assert!(
                matches!(refused, Err(Error::Unequal { .. })),
                "{change}: {refused:?}"
            );
        }
        let mut bytes = std::fs::read(copy.path()).unwrap();
        let at = bytes.len() - 2 * 4096;
        bytes[at..].fill(7);
        let other = folder.path().join("d.db");
        std::fs::write(&other, bytes).unwrap();
        assert!(check(&other, &digest).await.is_err());
    }
}
