//! Rows that hold an id and nothing else, so that what refers to them has a parent.

use sqlx::SqliteConnection;

use crate::store::Result;
use crate::store::archive::merge::Observed;
use crate::store::db::Statement;

/// Writes the ids with `statement`, which takes (id, first call, last call).
pub(super) async fn write<R: Sync>(
    connection: &mut SqliteConnection,
    statement: &Statement,
    things: &[&(&str, Observed<'_, R>)],
) -> Result<()> {
    statement
        .write(connection, things, |query, (id, said)| {
            query.bind(*id).bind(said.first_call).bind(said.last_call)
        })
        .await
}
