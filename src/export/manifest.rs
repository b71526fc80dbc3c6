//! `datapackage.json`: what an export contains and where it comes from (specs.frictionlessdata.io).

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use super::text::iso;
use super::{Content, Export, Written};
use crate::store::read::{CellKind, Known, Period, SnapshotFacts};

/// The licence of an export. The user must choose, because nobody else knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Licence {
    /// An identifier of the SPDX list, such as CC-BY-4.0.
    Spdx(String),
    Url(String),
    /// None is granted.
    None,
}

impl FromStr for Licence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_id = !text.is_empty()
            && text
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || ".-+".contains(it));
        match text {
            "none" => Ok(Self::None),
            _ if text.starts_with("https://") || text.starts_with("http://") => {
                Ok(Self::Url(text.to_owned()))
            }
            _ if is_id => Ok(Self::Spdx(text.to_owned())),
            _ => Err("expected an SPDX identifier such as CC-BY-4.0, a URL, or none".to_owned()),
        }
    }
}

impl fmt::Display for Licence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spdx(text) | Self::Url(text) => out.write_str(text),
            Self::None => out.write_str("none"),
        }
    }
}

pub(super) fn datapackage(
    what: &Export,
    facts: &SnapshotFacts,
    tables: &[Written],
    completeness: &[Known],
    pseudonyms: Option<&Value>,
) -> String {
    let (period, seed, sample) = match &what.content {
        Content::Tables { rows, .. } | Content::Lake(rows) => (
            rows.which.period,
            rows.which.seed.as_deref(),
            rows.sample.as_ref(),
        ),
        Content::Graph(graph) => (graph.of.period, None, None),
        Content::Datasette => (Period::default(), None, None),
        Content::Raw { period, .. } => (*period, None, None),
    };
    let as_of = match &what.content {
        Content::Tables { rows, .. } => rows.which.as_of,
        _ => None,
    };
    let Period { since, until } = period;
    let mut package = json!({
        "profile": "data-package",
        "name": "soracrawl-export",
        "created": iso(facts.taken_at),
        "resources": tables.iter().map(resource).collect::<Vec<_>>(),
        "soracrawl": {
            "version": env!("CARGO_PKG_VERSION"),
            "schema_version": facts.schema_version,
            "snapshot_at": iso(facts.taken_at),
            "first_call_at": iso(facts.first_call_at),
            "calls": facts.calls,
            "cost_micro_usd": facts.cost_micro_usd,
            "since": since.and_then(iso),
            "until": until.and_then(iso),
            "as_of": as_of.and_then(iso),
            // A seed may be a name.
            "seed": seed.map(|seed| if pseudonyms.is_some() { "withheld" } else { seed }),
            "sample": sample.map(|sample| json!({
                "rows": sample.rows,
                "stratify": sample.stratify,
                "random_seed": sample.random_seed,
            })),
            "plan": facts.plan.as_deref().and_then(|plan| serde_json::from_str::<Value>(plan).ok()),
            "completeness": completeness,
            "signed_links": "cut before their query",
            "pseudonyms": pseudonyms,
        },
    });
    match &what.licence {
        Licence::Spdx(id) => package["licenses"] = json!([{"name": id}]),
        Licence::Url(url) => package["licenses"] = json!([{"path": url}]),
        Licence::None => {}
    }
    format!("{package:#}\n")
}

fn resource(table: &Written) -> Value {
    let paths: Vec<&str> = table.files.iter().map(|it| it.path.as_str()).collect();
    let first = paths.first().copied().unwrap_or_default();
    let format = first.rsplit('.').next().unwrap_or_default();
    let is_text = format == "csv" || format == "jsonl";
    let mut fields = Vec::new();
    for column in &table.columns {
        let kind = match column.kind {
            CellKind::Text => "string",
            CellKind::Integer => "integer",
            CellKind::Real => "number",
            CellKind::Flag => "boolean",
            CellKind::Time => "datetime",
            CellKind::List => "array",
        };
        fields.push(json!({"name": column.name, "type": kind}));
        if column.kind == CellKind::Time && is_text {
            fields.push(json!({"name": format!("{}_unix", column.name), "type": "number"}));
        }
    }
    let mut resource = json!({
        "name": table.name,
        "description": table.about,
        "path": paths,
        "format": format,
        "bytes": table.bytes(),
        "rows": table.rows(),
    });
    if let [file] = &table.files[..] {
        resource["path"] = json!(file.path);
        resource["hash"] = json!(format!("sha256:{}", file.sum.sha256));
    }
    if format != "parquet" {
        resource["encoding"] = json!("utf-8");
    }
    if !fields.is_empty() {
        resource["schema"] = json!({"fields": fields});
    }
    if format == "csv" {
        resource["dialect"] = json!({"delimiter": ",", "lineTerminator": "\n", "quoteChar": "\"", "doubleQuote": true});
        // A null is an unquoted empty cell. Readers that cannot tell it from "" read both as missing.
        resource["schema"]["missingValues"] = json!([""]);
    }
    resource
}
