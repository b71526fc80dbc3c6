//! Tests of the harvest: a reply becomes rows, odd items, or a failure that names its place.

mod any;
mod columns;
mod comments;
mod hostile;
mod kin;
mod odd_items;
mod posts;
mod users;

use serde_json::Value;
use soracrawl::api::{Malformed, endpoints};
use soracrawl::model::Harvest;

/// Loads a recorded or documented reply.
macro_rules! fixture {
    ($name:literal) => {
        serde_json::from_str::<serde_json::Value>(include_str!(concat!(
            "../fixtures/",
            $name,
            ".json"
        )))
        .expect("JSON")
    };
}
use fixture;

fn try_read(name: &str, subject: &str, body: &str) -> Result<Harvest, Malformed> {
    let entry = endpoints::find(name).expect("an endpoint of this name");
    soracrawl::api::harvest(entry, subject, body.as_bytes())
}

fn read(name: &str, subject: &str, data: &Value) -> Harvest {
    try_read(name, subject, &data.to_string()).expect("a page")
}

fn ids<T>(rows: &[T], id: impl Fn(&T) -> &String) -> Vec<&str> {
    rows.iter().map(|row| id(row).as_str()).collect()
}
