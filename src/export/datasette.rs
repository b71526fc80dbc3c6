//! `metadata.json` for datasette (docs.datasette.io): what tables, views and columns are, and questions to ask.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::folder::Folder;
use super::manifest::Licence;
use super::tables::Job;
use super::{Error, Export, Written, WrittenFile};
use crate::store::read::{QUESTIONS, Relation};

/// The name of the file.
pub(super) const FILE: &str = "metadata.json";
/// The column that names a row, where it is not the key.
const LABELS: [(&str, &str); 4] = [
    ("users", "username"),
    ("posts", "post_id"),
    ("comments", "comment_id"),
    ("attachments", "attachment_id"),
];
/// Tables that only the crawl needs.
const HIDDEN: [&str; 7] = [
    "settings",
    "dictionaries",
    "cooldowns",
    "call_totals",
    "spend",
    "odd_items",
    "_sqlx_migrations",
];

/// Writes the description of an archive.
pub(super) async fn write(
    job: &mut Job<'_>,
    what: &Export,
    archive: &Path,
    folder: &Folder,
) -> Result<Written, Error> {
    let relations = job.snapshot.relations().await?;
    let mut tables = Map::new();
    for relation in &relations {
        tables.insert(relation.name.clone(), described(relation));
    }
    for name in HIDDEN {
        tables.insert(name.to_owned(), json!({"hidden": true}));
    }
    let queries = QUESTIONS.map(|it| {
        (
            it.name.to_owned(),
            json!({"title": it.title, "sql": it.sql}),
        )
    });
    let queries = Map::from_iter(queries);
    let database = json!({"tables": tables, "queries": queries});
    // The name of a database is that of its file.
    let name = archive.file_stem().map_or("sora".to_owned(), |name| {
        name.to_string_lossy().into_owned()
    });
    let mut metadata = json!({
        "title": "Archive of soracrawl",
        "description": "Rows that a crawl collected. docs/archive.md describes them, and the view completeness what is missing.",
        "databases": {name: database},
    });
    match &what.licence {
        Licence::Spdx(id) => metadata["license"] = json!(id),
        Licence::Url(url) => metadata["license_url"] = json!(url),
        Licence::None => {}
    }
    let sum = folder.text(FILE, &format!("{metadata:#}\n"))?;
    Ok(Written {
        name: "datasette".to_owned(),
        about: "Descriptions and questions for datasette.".to_owned(),
        columns: Vec::new(),
        files: vec![WrittenFile {
            path: FILE.to_owned(),
            rows: relations.len() as u64,
            sum,
        }],
    })
}

fn described(relation: &Relation) -> Value {
    let columns: Map<String, Value> = relation
        .columns
        .iter()
        .filter(|(_, meaning)| !meaning.is_empty())
        .map(|(name, meaning)| (name.clone(), json!(meaning)))
        .collect();
    let mut table = json!({"description": relation.about, "columns": columns});
    if let Some((_, label)) = LABELS.iter().find(|(name, _)| *name == relation.name) {
        table["label_column"] = json!(label);
    }
    table
}
