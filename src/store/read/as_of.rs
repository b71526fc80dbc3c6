//! The rows of a table as they were known at a time.
//!
//! Counts and names come from their histories. What a reply stated first after the time is left out, and so are follows
//! that had ended by then. Other values have no history: they are the present ones.

use super::export_columns::ExportColumn;
use super::export_tables::ExportTable;
use crate::store::archive::Kind;
use crate::store::archive::schema::tables;

/// The parameter with the time, in Unix seconds.
const TIME: &str = "?4";
/// Beginning of the names of columns that replace those of a view.
const REPLACED: &str = "as_of_";

/// Histories of counts: the exported table, its table and key, and the history.
const HISTORIES: [(&str, &str, &str, &str); 3] = [
    ("users", "users", "user_id", "user_stats"),
    ("posts", "posts", "post_id", "post_stats"),
    ("comments", "comments", "comment_id", "comment_stats"),
];

/// The condition that a row was known at the time, as SQL; `None` for a table whose rows no call stated.
pub(super) fn known(table: &ExportTable) -> Option<String> {
    let call = table.call?;
    Some(format!(
        "(select settled_at from calls where calls.id = {call}) <= {TIME}"
    ))
}

/// The rows of a table with the values of the time beside the present ones, as SQL.
pub(super) fn source(table: &ExportTable) -> String {
    let view = table.source;
    if table.name == "follows" {
        return format!(
            "(select v.* from {view} v
              join users a on a.user_id = v.follower_user_id join users b on b.user_id = v.followed_user_id
              where not exists (
                  select 1 from absences x
                  join calls m on m.id = x.first_missed_call_id left join calls c on c.id = x.cleared_call_id
                  where x.kind = 'follow' and x.item_id = a.id and x.of_id = b.id and x.verdict <> 'missed'
                      and m.settled_at <= {TIME} and coalesce(c.settled_at > {TIME}, true)))"
        );
    }
    let Some((_, rows, key, history)) = HISTORIES.iter().find(|it| it.0 == table.name) else {
        return view.to_owned();
    };
    let mut values: Vec<String> = counts(history)
        .map(|count| format!("h.{count} as {REPLACED}{count}"))
        .collect();
    let last = "coalesce(h.last_observed_at, v.counted_at)";
    values.push(format!(
        "iif({last} <= {TIME}, {last}, h.observed_at) as {REPLACED}counted_at"
    ));
    if table.name == "users" {
        values.push(format!(
            "coalesce((select n.username from user_names n join calls c on c.id = n.until_call_id
                 where n.user_id = r.id and c.settled_at > {TIME} order by n.until_call_id limit 1), v.username)
             as {REPLACED}username"
        ));
    }
    format!(
        "(select v.*, {} from {view} v join {rows} r on r.{key} = v.{key}
          left join {history} h on h.{key} = r.id and h.observed_at =
              (select max(observed_at) from {history} where {key} = r.id and observed_at <= {TIME}))",
        values.join(", ")
    )
}

/// A column as it was known at the time, as SQL.
pub(super) fn selected(table: &ExportTable, column: &ExportColumn) -> String {
    let name = column.name.as_str();
    let history = HISTORIES.iter().find(|it| it.0 == table.name);
    let is_replaced = history.is_some_and(|(_, _, _, history)| {
        name == "counted_at"
            || name == "username" && table.name == "users"
            || counts(history).any(|count| count == name)
    });
    match name {
        _ if is_replaced => format!("{REPLACED}{name}"),
        // It contains the name.
        "permalink" if table.name == "users" => {
            format!("iif({REPLACED}username is username, {name}, null)")
        }
        // What happened later was not known.
        "ended_after_at" => format!("iif(ended_before_at <= {TIME}, {name}, null)"),
        "last_call_id" => {
            format!(
                "iif((select settled_at from calls where calls.id = {name}) <= {TIME}, {name}, null)"
            )
        }
        "last_seen_at" | "last_observed_at" | "ended_before_at" | "gone_at" | "tombstoned_at"
        | "banned_at" => format!("iif({name} <= {TIME}, {name}, null)"),
        _ => name.to_owned(),
    }
}

fn counts(history: &str) -> impl Iterator<Item = &'static str> {
    let table = tables().iter().find(|table| table.name == history);
    let columns = table.into_iter().flat_map(|table| &table.columns);
    let counts = columns.filter(|column| column.kind == Kind::Count);
    counts.map(|column| column.name)
}
