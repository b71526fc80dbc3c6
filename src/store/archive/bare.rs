//! Rows that hold an id and nothing else, so that what refers to them has a parent.

use sqlx::{Row, SqliteConnection};

use super::Ids;
use crate::store::Result;
use crate::store::rows::Said;
use crate::store::upsert::Statement;

/// Writes the ids with `statement`, which takes (id, first call, last call) and returns (key, id).
pub(super) async fn write<R: Sync>(
    connection: &mut SqliteConnection,
    statement: &Statement,
    things: &[&(&str, Said<'_, R>)],
    ids: &mut Ids,
) -> Result<()> {
    let written = statement
        .write_returning(connection, things, |query, (id, said)| {
            query.bind(*id).bind(said.first_call).bind(said.last_call)
        })
        .await?;
    for row in written {
        ids.insert(row.try_get(1)?, row.try_get(0)?);
    }
    Ok(())
}
