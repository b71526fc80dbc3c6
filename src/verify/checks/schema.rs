//! Checks that the file has the schema of this version of soracrawl.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use crate::store::archive::Scratch;
use crate::store::read::Snapshot;
use crate::store::{MIGRATIONS, Result};
use crate::verify::check::{Check, Finding};

const VERSION: Check = Check {
    check: "version",
    promise: "file",
    proves: "the archive has the schema version of this soracrawl",
};
const SCHEMA: Check = Check {
    check: "schema",
    promise: "file",
    proves: "every table, index, view and trigger has its original definition",
};

impl Snapshot {
    /// Compares the archive's migrations with those of this program. If they differ, other checks make no sense.
    pub async fn version(&mut self) -> Finding {
        let mut finding = Finding::new(VERSION);
        let applied: std::result::Result<Vec<(i64, Vec<u8>)>, _> = sqlx::query_as(
            "select version, checksum from _sqlx_migrations where success order by version",
        )
        .fetch_all(self.connection())
        .await;
        let applied: BTreeMap<i64, Vec<u8>> = match applied {
            Ok(applied) => applied.into_iter().collect(),
            Err(error) => {
                finding.add(format!("not an archive of soracrawl: {error}"));
                return finding;
            }
        };
        let known: BTreeMap<i64, &[u8]> = MIGRATIONS
            .iter()
            .map(|migration| (migration.version, migration.checksum.as_ref()))
            .collect();
        for (version, checksum) in &applied {
            match known.get(version) {
                None => {
                    finding.unchecked = Some(format!(
                        "the archive has migration {version} of a newer version of soracrawl; verify it with that version"
                    ))
                }
                Some(own) if *own != checksum.as_slice() => {
                    finding.add(format!(
                        "migration {version} differs from the one of this version"
                    ));
                }
                Some(_) => {}
            }
        }
        for version in known
            .keys()
            .filter(|version| !applied.contains_key(version))
        {
            finding.unchecked = Some(format!(
                "the archive has an older version of the schema, without migration {version}; run `soracrawl run` to \
                 migrate it"
            ));
        }
        finding
    }

    /// Compares the archive's tables with those of an empty archive. Additional objects are allowed.
    pub async fn schema(&mut self, scratch: &mut Scratch) -> Finding {
        let mut finding = Finding::new(SCHEMA);
        match (
            objects(self.connection()).await,
            objects(scratch.connection()).await,
        ) {
            (Ok(found), Ok(due)) => {
                for (name, sql) in due {
                    match found.get(&name) {
                        None => finding.add(format!("{name} is missing")),
                        Some(other) if *other != sql => {
                            finding.add(format!("{name} has another definition"))
                        }
                        Some(_) => {}
                    }
                }
            }
            (Err(error), _) | (_, Err(error)) => finding.fail("", error),
        }
        finding
    }
}

async fn objects(connection: &mut SqliteConnection) -> Result<BTreeMap<String, String>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "select type || ' ' || name, sql from sqlite_master where sql is not null and name not glob 'sqlite_*'
         and name not glob '_sqlx_*'",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}
