//! `soracrawl endpoints`: lists the endpoints of the remote with their prices.

use super::Exit;
use super::out::{self, outln};
use super::table::layout;
use crate::api::endpoint::Paging;
use crate::api::{Entry, endpoints};

/// Arguments of `endpoints`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    if args.json {
        let all: Vec<serde_json::Value> = endpoints::ALL.iter().map(json).collect();
        out::json(&all)?;
    } else {
        outln!("{}", text());
        outln!(
            "\n* required; of parameters joined by |, one is required. + only for `soracrawl call`, not crawled."
        );
    }
    Ok(Exit::Done)
}

/// Formats the table, which docs/usage.md shows too.
fn text() -> String {
    let rows: Vec<Vec<String>> = endpoints::ALL.iter().map(row).collect();
    layout(
        &[
            "name",
            "method",
            "path",
            "parameters",
            ">page",
            ">price",
            "yields",
            "leads to",
            "deprecated",
        ],
        &rows,
    )
}

fn row(entry: &Entry) -> Vec<String> {
    let by_hand = entry.creates || entry.deprecated;
    let leads_to = match endpoints::leads_to(entry)[..] {
        [] => "-".to_owned(),
        ref names => names.join(", "),
    };
    vec![
        format!("{}{}", entry.name, if by_hand { "+" } else { "" }),
        entry.method.as_str().to_owned(),
        entry.path.to_owned(),
        parameters(entry),
        page(entry).map_or("-".to_owned(), |size| {
            size.map_or("?".to_owned(), |size| size.to_string())
        }),
        if entry.price.0 == 0 {
            "free".to_owned()
        } else {
            entry.price.to_string()
        },
        entry.yields.to_owned(),
        leads_to,
        if entry.deprecated { "yes" } else { "no" }.to_owned(),
    ]
}

fn parameters(entry: &Entry) -> String {
    let single = entry
        .params
        .iter()
        .filter(|param| !entry.one_of.contains(&param.name));
    let mut texts: Vec<String> = Vec::new();
    if !entry.one_of.is_empty() {
        texts.push(format!("{}*", entry.one_of.join("|")));
    }
    texts.extend(
        single.map(|param| format!("{}{}", param.name, if param.required { "*" } else { "" })),
    );
    if texts.is_empty() {
        "-".to_owned()
    } else {
        texts.join(" ")
    }
}

/// `None`: no paging; `Some(None)`: pages of a size that the vendor does not state.
fn page(entry: &Entry) -> Option<Option<u32>> {
    match entry.paging {
        Paging::Once => None,
        Paging::Cursor { page_size } => Some(page_size),
    }
}

fn json(entry: &Entry) -> serde_json::Value {
    let parameters: Vec<serde_json::Value> = entry
        .params
        .iter()
        .map(|param| serde_json::json!({"name": param.name, "required": param.required, "what": param.what}))
        .collect();
    serde_json::json!({
        "name": entry.name,
        "method": entry.method.as_str(),
        "path": entry.path,
        "parameters": parameters,
        "one_of": entry.one_of,
        "paged": page(entry).is_some(),
        "page_size": page(entry).flatten(),
        "price_micro_usd": entry.price.0,
        "calls_per_second": entry.calls_per_second,
        "yields": entry.yields,
        "leads_to": endpoints::leads_to(entry),
        "creates": entry.creates,
        "deprecated": entry.deprecated,
    })
}
