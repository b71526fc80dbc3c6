//! WARC files: `resource` and `response` records, as this program and other tools write them.

use std::io::BufRead;
use std::ops::ControlFlow;

use super::http::response;
use super::json::checked;
use super::{Asked, Captured, Each, Entry, Found, Limits};
use crate::clock::unix_seconds;
use crate::replies::warc::{Next, Record, Records};

/// Reads the records. A record that is too long is named and passed over.
pub(super) fn read(
    reader: impl BufRead,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<()> {
    let most = limits.body_bytes.saturating_add(64 << 10);
    let mut records = Records::new(reader, most);
    loop {
        let (at, found) = match records.read_next()? {
            Next::End => return Ok(()),
            Next::Record(record) => (record.at, found(&record, limits)),
            Next::TooLong { at, bytes } => (
                at,
                Some(Found::Bad(format!(
                    "the record has {bytes} bytes, more than {most}"
                ))),
            ),
            Next::Broken { at, why } => (at, Some(Found::Bad(why))),
        };
        let Some(found) = found else { continue };
        let place = format!("record at byte {at}");
        if each(Entry { place, found }) == ControlFlow::Break(()) {
            return Ok(());
        }
    }
}

/// Returns what a record holds; `None` for one that describes others.
fn found(record: &Record, limits: Limits) -> Option<Found> {
    let url = record.header("WARC-Target-URI").unwrap_or_default();
    let asked = Asked::of_url(url.trim_start_matches('<').trim_end_matches('>'));
    let mut captured = Captured {
        status: None,
        at: record
            .header("WARC-Date")
            .and_then(|time| unix_seconds(time).ok()),
        request_id: record.header("Soracrawl-Request-Id").map(str::to_owned),
        body: Vec::new(),
        is_redacted: record.header("Soracrawl-Redacted").is_some(),
        asked,
    };
    match record.header("WARC-Type").unwrap_or_default() {
        "resource" => {
            let kind = record.header("Content-Type").unwrap_or_default();
            if captured.asked.names_no_call() && !kind.contains("json") {
                return Some(Found::Foreign(format!("{kind}, not JSON")));
            }
            captured.body = record.content.clone();
        }
        "response" => {
            let response = match response(&record.content, limits.body_bytes) {
                Ok(response) => response,
                Err(_) if captured.asked.names_no_call() => {
                    return Some(Found::Foreign("no HTTP response".to_owned()));
                }
                Err(why) => return Some(Found::Bad(why)),
            };
            if captured.asked.names_no_call() && !response.is_json {
                return Some(Found::Foreign("not JSON".to_owned()));
            }
            captured.status = Some(response.status);
            match response.body {
                Ok(body) => captured.body = body,
                Err(why) => return Some(Found::Bad(why)),
            }
        }
        // What was sent, what a record means, and what was seen before.
        _ => return None,
    }
    Some(checked(captured, limits))
}
