//! A value that no reply contained is reported in every column of the archive.

use std::path::Path;

use sqlx::Row;

use crate::site::{connect_unchecked, copy, damage, examine, report_text};

/// Tables without rows of replies: the queue, the ledger, and their counters.
const OTHER_TABLES: [&str; 28] = [
    // No crawl of one pass has rows of these; tests/verify/absent.rs and names.rs have.
    "absences",
    "user_names",
    "erasures",
    "media",
    "attachment_media",
    "erased_hashes",
    "erasing",
    "imports",
    "sources",
    "alerts",
    "call_hours",
    "controls",
    "paths",
    "pauses",
    "call_totals",
    "calls",
    "dictionaries",
    "job_counts",
    "jobs",
    "cooldowns",
    "odd_items",
    "refreshes",
    "refusals",
    "runs",
    "seeds",
    "settings",
    "spans",
    "spend",
];

/// A column of an archive table, and the SQL of a value that no reply contained.
struct Column {
    table: String,
    name: String,
    forged: String,
    is_key: bool,
    /// The primary key of the table, as SQL.
    primary_key: String,
}

/// Returns every column of every archive table, as the file itself lists them.
async fn columns(path: &Path) -> Vec<Column> {
    let mut connection = connect_unchecked(path).await;
    let rows = sqlx::query(
        "select m.name as \"table\", c.name, c.type,
             c.pk > 0 or exists (
                 select 1 from pragma_index_list(m.name) i, pragma_index_info(i.name) o
                 where i.\"unique\" and o.name = c.name) as is_key,
             (select f.\"table\" from pragma_foreign_key_list(m.name) f where f.\"from\" = c.name) as target,
             (select group_concat(name) from (select name from pragma_table_info(m.name) where pk > 0 order by pk)) as pk
         from sqlite_master m, pragma_table_info(m.name) c
         where m.type = 'table' and m.name not glob 'sqlite_*' and m.name not glob '_sqlx_*'
         order by m.name, c.cid",
    )
    .fetch_all(&mut connection)
    .await
    .expect("a schema");
    let of_replies = rows
        .iter()
        .filter(|row| !OTHER_TABLES.contains(&row.get::<&str, _>("table")));
    let all = of_replies.map(|row| {
        let (table, name): (String, String) = (row.get("table"), row.get("name"));
        let kind: String = row.get("type");
        let forged = match (row.get::<Option<String>, _>("target"), kind.as_str()) {
            // The id of an existing row might collide with another key.
            (Some(target), _) if row.get::<bool, _>("is_key") => {
                format!("(select max(o.id) + 1 from {target} o)")
            }
            (Some(target), _) => {
                format!("(select min(o.id) from {target} o where o.id is not {table}.{name})")
            }
            (None, "TEXT") => "'FORGED'".to_owned(),
            (None, "INTEGER") => format!("coalesce({name}, 0) + 1000003"),
            (None, "REAL") => format!("coalesce({name}, 0) + 1000003.5"),
            (None, other) => panic!("no forgery for the type {other}"),
        };
        Column {
            table,
            name,
            forged,
            is_key: row.get("is_key"),
            primary_key: row.get("pk"),
        }
    });
    // The integer ids are internal to the archive and never shown.
    all.filter(|column| column.name != "id").collect()
}

/// Forges one value of each column. Returns the columns that the check `rows` does not report.
async fn forge(columns: &[Column]) -> Vec<String> {
    let (_folder, path) = copy().await;
    for Column {
        table,
        name,
        forged,
        primary_key,
        ..
    } in columns
    {
        damage(
            &path,
            &format!(
                "update {table} set {name} = {forged}
                 where ({primary_key}) = (select {primary_key} from {table} limit 1)"
            ),
        )
        .await;
    }
    let report = examine(&path).await;
    let rows = report.findings.iter();
    let rows = rows.clone().find(|finding| finding.check.check == "rows");
    let examples = &rows.expect("the check of rows").examples;
    let unnamed = columns.iter().filter(|column| {
        !examples.iter().any(|example| {
            example.starts_with(&format!("{}: ", column.table))
                && (column.is_key || example.contains(&format!(": {} is ", column.name)))
        })
    });
    unnamed
        .map(|column| format!("{}.{}: {}", column.table, column.name, report_text(&report)))
        .collect()
}

#[tokio::test]
async fn a_forged_value_is_reported_in_every_column_of_the_archive() {
    let (_folder, path) = copy().await;
    let columns = columns(&path).await;
    assert!(columns.len() > 150, "only {} columns", columns.len());
    // Values that are not keys can be forged together, one per table, because the check shows five examples.
    let (keys, values): (Vec<Column>, Vec<Column>) =
        columns.into_iter().partition(|column| column.is_key);
    let mut rounds: Vec<Vec<Column>> = keys.into_iter().map(|key| vec![key]).collect();
    let alone = rounds.len();
    for value in values {
        let round = rounds[alone..]
            .iter_mut()
            .find(|round| round.len() < 5 && round.iter().all(|other| other.table != value.table));
        match round {
            Some(round) => round.push(value),
            None => rounds.push(vec![value]),
        }
    }
    let mut unnamed = Vec::new();
    for round in rounds {
        unnamed.extend(forge(&round).await);
    }
    assert!(unnamed.is_empty(), "{}", unnamed.join("\n"));
}
