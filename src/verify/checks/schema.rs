//! Whether the file has the tables that this version of the program works with.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use crate::store::archive::Scratch;
use crate::store::read::Snapshot;
use crate::store::{MIGRATIONS, Result};
use crate::verify::check::{Check, Finding, unreadable};

const VERSION: Check = Check {
    check: "version",
    promise: "file",
    proves: "the archive has the form that this version of soracrawl knows",
};
const SCHEMA: Check = Check {
    check: "schema",
    promise: "file",
    proves: "every table, index, view and trigger is as it was made",
};

impl Snapshot {
    /// Whether the archive's migrations are this program's. Where they are not, no other question makes sense.
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
                finding.add(format!("this is no archive of soracrawl: {error}"));
                return finding;
            }
        };
        let known: BTreeMap<i64, &[u8]> = MIGRATIONS
            .iter()
            .map(|migration| (migration.version, migration.checksum.as_ref()))
            .collect();
        for (version, checksum) in &applied {
            match known.get(version) {
                None => finding.add(format!(
                    "the archive was made by a newer version of soracrawl (its migration {version}); verify it with that"
                )),
                Some(own) if *own != checksum.as_slice() => {
                    finding.add(format!("migration {version} is not the one that this version knows"));
                }
                Some(_) => {}
            }
        }
        for version in known
            .keys()
            .filter(|version| !applied.contains_key(version))
        {
            finding.add(format!(
                "the archive was made by an older version of soracrawl, before migration {version}; `soracrawl run` \
                 brings it up to date"
            ));
        }
        finding
    }

    /// Compares the archive's tables with new ones. What somebody added is his business.
    pub async fn schema(&mut self, scratch: &mut Scratch) -> Finding {
        let mut finding = Finding::new(SCHEMA);
        match (
            objects(self.connection()).await,
            objects(scratch.connection()).await,
        ) {
            (Ok(found), Ok(due)) => {
                for (name, sql) in due {
                    match found.get(&name) {
                        None => finding.add(format!("there is no {name}")),
                        Some(other) if *other != sql => {
                            finding.add(format!("{name} is another one"))
                        }
                        Some(_) => {}
                    }
                }
            }
            (Err(error), _) | (_, Err(error)) => finding.add(unreadable(&error)),
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
