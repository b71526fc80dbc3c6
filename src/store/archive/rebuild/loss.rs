//! Which old rows a lost call may have shown, and how they are copied. The temporary table `lost` has these calls.

use super::keys::{NEW, OLD, is_same, value};
use crate::store::archive::{Kind, Outline};

/// Whether a lost call may have shown the old row `o`.
pub(super) fn may_be_lost(table: &Outline) -> String {
    if has(table, "last_call_id") {
        return is_between("o.first_call_id", "o.last_call_id");
    }
    let call = table.columns.iter().find(|it| it.kind == Kind::Call);
    let call = call.map_or("call_id", |column| column.name);
    format!("exists (select 1 from temp.lost where call_id = o.{call})")
}

/// Whether a lost call may lie between two calls. The numbers of calls are the order of replies that were bought, and times are
/// the order of those that were imported.
pub(super) fn is_between(first: &str, last: &str) -> String {
    let time = |call: &str| format!("(select settled_at from main.calls where id = {call})");
    format!(
        "(exists (select 1 from temp.lost where call_id between {first} and {last})
             or exists (select 1 from main.calls where id in ({first}, {last}) and outcome = 'imported')
                 and exists (select 1 from temp.lost where at between {} and {}))",
        time(first),
        time(last)
    )
}

/// The statement that copies old rows that the new file lacks.
pub(super) fn missing(table: &Outline, condition: &str) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let values: Vec<String> = table
        .columns
        .iter()
        .map(|column| value(column, OLD, NEW))
        .collect();
    format!(
        "insert into main.{of} ({}) select {} from old.{of} o
         where {condition} and not exists (select 1 from main.{of} n where {}) on conflict do nothing",
        names.join(", "),
        values.join(", "),
        is_same(table, OLD, NEW),
        of = table.name
    )
}

pub(super) fn has(table: &Outline, name: &str) -> bool {
    table.columns.iter().any(|column| column.name == name)
}
