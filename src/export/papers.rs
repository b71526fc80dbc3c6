//! The files that explain an export: `datapackage.json`, `ro-crate-metadata.json` and `codebook.csv`.

use serde_json::{Value, json};

use super::manifest::{self, Licence};
use super::text::iso;
use super::{Error, Export, Written};
use crate::store::read::{CellKind, EXPORT_TABLES, ExportTable, Snapshot, SnapshotFacts};

/// A file that explains an export, and its text.
pub(super) type Paper = (&'static str, String);

/// Returns the files that explain an export of these tables.
pub(super) async fn all(
    snapshot: &mut Snapshot,
    what: &Export,
    facts: &SnapshotFacts,
    tables: &[Written],
    pseudonyms: Option<&Value>,
) -> Result<Vec<Paper>, Error> {
    let completeness = snapshot.completeness_totals().await?;
    let mut all = vec![
        (
            "datapackage.json",
            manifest::datapackage(what, facts, tables, &completeness, pseudonyms),
        ),
        ("ro-crate-metadata.json", crate_of(what, facts, tables)),
    ];
    if tables.iter().any(|table| !table.columns.is_empty()) {
        all.push(("codebook.csv", codebook(snapshot, tables).await?));
    }
    Ok(all)
}

/// RO-Crate 1.1 (w3id.org/ro/crate/1.1).
fn crate_of(what: &Export, facts: &SnapshotFacts, tables: &[Written]) -> String {
    let files = tables.iter().flat_map(|table| {
        table.files.iter().map(|file| {
            json!({
                "@id": file.path,
                "@type": "File",
                "name": table.name,
                "description": table.about,
                "encodingFormat": media_type(&file.path),
                "contentSize": file.sum.bytes.to_string(),
                "sha256": file.sum.sha256,
            })
        })
    });
    let files: Vec<Value> = files.collect();
    let parts: Vec<Value> = files
        .iter()
        .map(|file| json!({"@id": file["@id"]}))
        .collect();
    let mut graph = vec![
        json!({
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        }),
        json!({
            "@id": "./",
            "@type": "Dataset",
            "name": "soracrawl export",
            "description": "Tables from one snapshot of an archive that soracrawl collected. codebook.csv describes the \
                columns, datapackage.json the snapshot.",
            "datePublished": iso(facts.taken_at),
            "temporalCoverage": format!(
                "{}/{}",
                iso(facts.first_call_at).unwrap_or_default(),
                iso(facts.taken_at).unwrap_or_default()
            ),
            "license": match &what.licence {
                Licence::Spdx(id) => json!({"@id": format!("https://spdx.org/licenses/{id}")}),
                Licence::Url(url) => json!({"@id": url}),
                Licence::None => json!("No licence is granted."),
            },
            "hasPart": parts,
            "mentions": {"@id": "#export"},
        }),
        json!({
            "@id": "#export",
            "@type": "CreateAction",
            "name": "export of an archive",
            "endTime": iso(facts.taken_at),
            "instrument": {"@id": "#soracrawl"},
            "result": {"@id": "./"},
        }),
        json!({
            "@id": "#soracrawl",
            "@type": "SoftwareApplication",
            "name": "soracrawl",
            "version": env!("CARGO_PKG_VERSION"),
        }),
    ];
    graph.extend(files);
    let document = json!({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph});
    format!("{document:#}\n")
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("jsonl") => "application/jsonl",
        Some("parquet") => "application/vnd.apache.parquet",
        Some("gexf") => "application/gexf+xml",
        Some("graphml") => "application/graphml+xml",
        Some("json") => "application/json",
        _ => "text/plain",
    }
}

/// A row for each column of each table.
async fn codebook(snapshot: &mut Snapshot, tables: &[Written]) -> Result<String, Error> {
    let mut text = "table,column,type,unit,meaning\n".to_owned();
    for written in tables {
        let Some(table) = EXPORT_TABLES
            .iter()
            .find(|table| table.name == written.name)
        else {
            continue;
        };
        let meanings = meanings(snapshot, table, written).await?;
        for (column, meaning) in written.columns.iter().zip(meanings) {
            let (kind, unit) = match column.kind {
                CellKind::Text => ("text", ""),
                CellKind::Integer if column.name.ends_with("micro_usd") => {
                    ("integer", "0.000001 USD")
                }
                CellKind::Integer => ("integer", ""),
                CellKind::Real if column.name.ends_with("_s") => ("number", "seconds"),
                CellKind::Real => ("number", ""),
                CellKind::Flag => ("boolean", ""),
                CellKind::Time => ("time", "UTC"),
                CellKind::List => ("list", ""),
            };
            text += &format!(
                "{},{},{kind},{unit},\"{}\"\n",
                written.name,
                column.name,
                meaning.replace('"', "\"\"")
            );
        }
    }
    Ok(text)
}

async fn meanings(
    snapshot: &mut Snapshot,
    table: &ExportTable,
    written: &Written,
) -> Result<Vec<String>, Error> {
    Ok(snapshot.export_meanings(table, &written.columns).await?)
}
