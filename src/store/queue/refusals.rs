//! What the plan did not follow: a count for each job, kind of subject and reason.

use sqlx::SqliteConnection;

use crate::model::{RefusalReason, Refusals, SubjectKind};
use crate::store::Result;
use crate::store::db::Statement;

const REFUSALS: Statement = Statement {
    given: &["job_id", "kind", "reason", "subjects"],
    sql: "insert into refusals (job_id, kind, reason, subjects) select job_id, kind, reason, subjects from given
        where job_id is not null
        on conflict (job_id, kind, reason) do update set subjects = subjects + excluded.subjects",
};

/// Adds to the counts of some jobs.
pub(in crate::store) async fn note_refusals(
    connection: &mut SqliteConnection,
    refused: &[(i64, &Refusals)],
) -> Result<()> {
    let counts: Vec<(i64, SubjectKind, RefusalReason, u32)> = refused
        .iter()
        .flat_map(|(job_id, refused)| {
            refused
                .iter()
                .map(move |((kind, reason), subjects)| (*job_id, *kind, *reason, *subjects))
        })
        .collect();
    REFUSALS
        .write(
            connection,
            &counts,
            |row, (job_id, kind, reason, subjects)| {
                row.set("job_id", *job_id)
                    .set("kind", kind.as_str())
                    .set("reason", reason.as_str())
                    .set("subjects", *subjects);
            },
        )
        .await
}
