//! Histories of rows that lost replies showed: what the archive noted at the time stays, and what only seems to be a change
//! because a reply is lost goes.

use sqlx::SqliteConnection;

use super::keys::{NEW, OLD, is_same};
use super::loss::{is_between, may_be_lost, missing};
use super::rows::run;
use crate::store::Result;
use crate::store::archive::schema::tables;
use crate::store::archive::{Kind, Outline};

/// Completes one history, if the table is one. Returns the number of entries that were copied.
pub(super) async fn copy(connection: &mut SqliteConnection, history: &Outline) -> Result<u64> {
    let parent = history.history_of;
    let Some(parent) = tables().iter().find(|table| Some(table.name) == parent) else {
        return Ok(0);
    };
    let key = history.columns[0].name;
    run(
        connection,
        format!(
            "create temp table touched as select n.id as new_id, o.id as old_id
             from old.{of} o join main.{of} n on {} where {}",
            is_same(parent, OLD, NEW),
            may_be_lost(parent),
            of = parent.name
        ),
    )
    .await?;
    for column in ["new_id", "old_id"] {
        run(
            connection,
            format!("create index temp.touched_{column} on touched ({column})"),
        )
        .await?;
    }
    let calls = history.columns.iter().filter(|it| it.kind == Kind::Call);
    let call = calls.map(|it| it.name).next().unwrap_or("call_id");
    let condition = format!(
        "exists (select 1 from old.{} p where p.id = o.{key} and {})",
        parent.name,
        is_between("p.first_call_id", &format!("o.{call}")),
    );
    let counts: Vec<&str> = counts(history).collect();
    let before = match counts.is_empty() {
        true => vec![without_seeming_names(history, key, call)],
        false => vec![with_older_counts(history, key, &counts)],
    };
    for text in before {
        run(connection, text).await?;
    }
    let copied = run(connection, missing(history, &condition)).await?;
    if !counts.is_empty() {
        for text in [
            newest_entry(parent, history, &counts),
            without_seeming_changes(history, key, &counts),
            last_observed(history, key),
        ] {
            run(connection, text).await?;
        }
    }
    run(connection, "drop table temp.touched".to_owned()).await?;
    Ok(copied)
}

fn counts(table: &Outline) -> impl Iterator<Item = &'static str> {
    let counts = table
        .columns
        .iter()
        .filter(|column| column.kind == Kind::Count);
    counts.map(|column| column.name)
}

/// The entry `e` of the archive that is the entry `h`.
fn same_entry(history: &Outline, key: &str) -> String {
    format!(
        "old.{} e join temp.touched t on e.{key} = t.old_id where t.new_id = h.{key} and e.observed_at = h.observed_at",
        history.name
    )
}

/// An entry has the counts that earlier replies stated, also lost ones.
fn with_older_counts(history: &Outline, key: &str, counts: &[&str]) -> String {
    let is_lost = "e.call_id in (select call_id from temp.lost where is_gone)";
    let columns = counts.iter().chain(&["call_id"]);
    let changes = columns.map(|name| {
        format!(
            "{name} = iif({is_lost}, coalesce(e.{name}, h.{name}), coalesce(h.{name}, e.{name}))"
        )
    });
    format!(
        "update main.{entries} as h set {} from old.{entries} e join temp.touched t on e.{key} = t.old_id
         where t.new_id = h.{key} and e.observed_at = h.observed_at",
        changes.collect::<Vec<_>>().join(", "),
        entries = history.name
    )
}

/// The newest entry of a history has the counts of its row. A lost reply may have stated some of them.
fn newest_entry(parent: &Outline, history: &Outline, counts: &[&str]) -> String {
    let key = history.columns[0].name;
    let changes = counts.iter().map(|name| format!("{name} = n.{name}"));
    format!(
        "update main.{entries} as h set {} from main.{of} n join temp.touched t on t.new_id = n.id
         where h.{key} = n.id and h.observed_at = (select max(observed_at) from main.{entries} where {key} = n.id)",
        changes.collect::<Vec<_>>().join(", "),
        entries = history.name,
        of = parent.name
    )
}

/// Removes new entries that repeat the counts of the one before. Among imported replies, which may be older than what is
/// known, a new entry only says that the replies between them are lost.
fn without_seeming_changes(history: &Outline, key: &str, counts: &[&str]) -> String {
    let equal = counts
        .iter()
        .map(|name| format!("coalesce(h.{name}, p.{name}) is p.{name}"));
    format!(
        "delete from main.{entries} as h where {key} in (select new_id from temp.touched)
             and not exists (select 1 from {})
             and (exists (select 1 from main.calls where outcome = 'imported')
                 or exists (select 1 from main.{entries} p where p.{key} = h.{key}
                     and p.observed_at = (select max(q.observed_at) from main.{entries} q
                         where q.{key} = h.{key} and q.observed_at < h.observed_at)
                     and {}))",
        same_entry(history, key),
        equal.collect::<Vec<_>>().join(" and "),
        entries = history.name
    )
}

/// The time until which the counts of an entry were observed, also by lost replies.
fn last_observed(history: &Outline, key: &str) -> String {
    format!(
        "update main.{entries} as h set last_observed_at = iif(
             not exists (select 1 from main.{entries} q where q.{key} = h.{key} and q.observed_at > h.observed_at),
             null,
             coalesce((select e.last_observed_at from {}), h.last_observed_at, h.observed_at))
         where {key} in (select new_id from temp.touched)",
        same_entry(history, key),
        entries = history.name
    )
}

/// Removes names that seem to have ended later, because the replies that showed the next name are lost.
fn without_seeming_names(history: &Outline, key: &str, call: &str) -> String {
    let of = history.name;
    format!(
        "delete from main.{of} as h where exists (
             select 1 from temp.touched t where t.new_id = h.{key}
                 and exists (select 1 from old.{of} e where e.{key} = t.old_id and e.username = h.username)
                 and not exists (select 1 from old.{of} e where e.{key} = t.old_id and e.{call} = h.{call}))"
    )
}
