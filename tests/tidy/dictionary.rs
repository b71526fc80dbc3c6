//! Generates the second part of docs/archive.md from the comments of the schema, and compares both.

use std::fmt::Write;

use soracrawl::store::archive::schema::tables;
use soracrawl::store::read::schema_meaning;
use sqlx::{Row, SqlitePool};

use crate::{empty_archive, file, root};

const MARK: &str = "<!-- from here on made from the schema -->\n";

/// A table or view of the schema.
struct Relation {
    name: String,
    is_view: bool,
    sql: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    kind: String,
    is_required: bool,
}

async fn relations(pool: &SqlitePool) -> Vec<Relation> {
    let all = sqlx::query(
        "select name, type, sql from sqlite_master where type in ('table', 'view')
         and name not like 'sqlite_%' and name not like '_sqlx_%' order by type = 'view' desc, rowid",
    )
    .fetch_all(pool)
    .await
    .expect("a schema");
    let mut relations = Vec::new();
    for row in all {
        let name: String = row.get(0);
        let columns = sqlx::query(
            "select name, lower(type), \"notnull\" or pk > 0 from pragma_table_info(?)",
        )
        .bind(&name)
        .fetch_all(pool)
        .await
        .expect("columns");
        relations.push(Relation {
            name,
            is_view: row.get::<String, _>(1) == "view",
            sql: row.get(2),
            columns: columns
                .iter()
                .map(|column| Column {
                    name: column.get(0),
                    kind: column.get(1),
                    is_required: column.get(2),
                })
                .collect(),
        });
    }
    relations
}

/// Returns the comment lines before the first other line.
fn about(sql: &str) -> String {
    let lines = sql.lines().skip(1).map(str::trim);
    let comments: Vec<&str> = lines.map_while(|line| line.strip_prefix("-- ")).collect();
    comments.join(" ")
}

/// Describes a column from the schema, for a table of Markdown.
fn meaning(sql: &str, column: &str) -> String {
    schema_meaning(sql, column).replace('|', "\\|")
}

fn describe(relation: &Relation) -> String {
    let mut text = format!("\n### {}\n\n{}\n\n", relation.name, about(&relation.sql));
    if relation.is_view {
        let names: Vec<String> = relation
            .columns
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        writeln!(text, "{}", names.join(", ")).expect("text");
        return text;
    }
    let outline = tables().iter().find(|table| table.name == relation.name);
    let (more, line) = match outline {
        Some(_) => (" stated by | personal |", "---|---|"),
        None => ("", ""),
    };
    writeln!(
        text,
        "| column | type |{more} meaning |\n|---|---|{line}---|"
    )
    .expect("text");
    for column in &relation.columns {
        let null = if column.is_required { "" } else { ", or null" };
        let meaning = meaning(&relation.sql, &column.name);
        let more = outline.map_or(String::new(), |table| {
            let known = table.columns.iter().find(|known| known.name == column.name);
            known.map_or(" archive | no |".to_owned(), |known| {
                let by = if known.is_remote { "remote" } else { "archive" };
                let personal = if known.personal.is_some() {
                    "yes"
                } else {
                    "no"
                };
                format!(" {by} | {personal} |")
            })
        });
        writeln!(
            text,
            "| `{}` | {}{null} |{more} {meaning} |",
            column.name, column.kind
        )
        .expect("text");
    }
    text
}

async fn dictionary() -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let store = empty_archive(&folder).await;
    let all = relations(store.readers()).await;
    let mut text = String::from("\n## Views: what analysts ask first\n");
    for relation in all.iter().filter(|relation| relation.is_view) {
        text.push_str(&describe(relation));
    }
    text.push_str("\n## Tables\n");
    for relation in all.iter().filter(|relation| !relation.is_view) {
        text.push_str(&describe(relation));
    }
    text
}

#[tokio::test]
async fn the_dictionary_is_that_of_the_schema() {
    let document = file("docs/archive.md");
    let (_, made) = document.split_once(MARK).expect("a mark");
    let dictionary = dictionary().await;
    for (at, (made, dictionary)) in made.lines().zip(dictionary.lines()).enumerate() {
        assert_eq!(
            made, dictionary,
            "line {at} after the mark; see the end of docs/archive.md's first part"
        );
    }
    assert_eq!(made, dictionary);
}

#[tokio::test]
async fn every_table_and_view_says_what_it_is_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = empty_archive(&folder).await;
    for relation in relations(store.readers()).await {
        assert!(!about(&relation.sql).is_empty(), "{}", relation.name);
    }
}

/// Writes the dictionary: `cargo test --test tidy -- --ignored write_the_dictionary`.
#[tokio::test]
#[ignore = "it writes docs/archive.md: cargo test --test tidy -- --ignored write_the_dictionary"]
async fn write_the_dictionary_into_the_document() {
    let document = file("docs/archive.md");
    let (by_hand, _) = document.split_once(MARK).expect("a mark");
    let text = format!("{by_hand}{MARK}{}", dictionary().await);
    std::fs::write(root().join("docs/archive.md"), text).expect("a writable document");
}
