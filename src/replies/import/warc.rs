//! WARC files: `resource` and `response` records, as this program and other tools write them.

use std::io::BufRead;
use std::ops::ControlFlow;

use super::digest;
use super::http::response;
use super::received::{Received, When};
use super::unpack::may_go_on;
use super::value::checked;
use super::{Asked, Beside, Captured, Each, Entry, Found, Limits};
use crate::replies::warc::{Next, Record, Records};

/// The longest type of content that is named.
const TYPE: usize = 100;

/// Reads the records. A record that is too long and a damaged place are named and passed over.
pub(super) fn read(
    reader: impl BufRead,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<()> {
    let most = limits.body_bytes.saturating_add(64 << 10);
    let mut records = Records::new(reader, most, may_go_on);
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
    let kind = record.header("WARC-Type").unwrap_or_default();
    match kind {
        "resource" | "response" => {}
        // They describe others.
        "warcinfo" | "request" | "metadata" => return None,
        "revisit" => {
            return Some(Found::Foreign(
                "a revisit record, without a body".to_owned(),
            ));
        }
        _ => return Some(Found::Foreign("a record of another type".to_owned())),
    }
    let url = record.header("WARC-Target-URI").unwrap_or_default();
    let asked = Asked::of_url(url.trim_start_matches('<').trim_end_matches('>'));
    let is_ours = !asked.names_no_call();
    let mut captured = Captured {
        status: None,
        when: When::default(),
        request_id: record.header("Soracrawl-Request-Id").map(str::to_owned),
        body: Vec::new(),
        is_redacted: record.header("Soracrawl-Redacted").is_some(),
        beside: Beside::default(),
        asked,
    };
    let body = if kind == "resource" {
        let kind = record.header("Content-Type").unwrap_or_default();
        if !is_ours && !kind.contains("json") {
            let name: String = kind.chars().take(TYPE).collect();
            return Some(Found::Foreign(format!("{name}, not JSON")));
        }
        whole(record, &[&record.content]).map(|()| record.content.clone())
    } else {
        let response = match response(&record.content) {
            Ok(response) => response,
            Err(_) if !is_ours => return Some(Found::Foreign("no HTTP response".to_owned())),
            Err(why) => return Some(Found::Bad(why)),
        };
        if !is_ours && !response.is_json {
            return Some(Found::Foreign("not JSON".to_owned()));
        }
        captured.status = Some(response.status);
        let body = response.body(limits.body_bytes);
        // Tools take the digest before or after they decode the body.
        let mut payloads = vec![response.payload];
        payloads.extend(response.without_chunks.as_deref());
        payloads.extend(body.as_deref());
        match &body {
            // It has no more of it to compare.
            Ok(beginning) if beginning.len() > limits.body_bytes => body,
            _ => whole(record, &payloads).and(body),
        }
    };
    Some(match body {
        Ok(body) => {
            let date = record.header("WARC-Date").unwrap_or_default();
            let when = Received::of_text("WARC-Date", date).when();
            let captured = Captured {
                when,
                body,
                ..captured
            };
            checked(captured, limits)
        }
        Err(why) => Found::Bad(why),
    })
}

/// Checks that a record is as it was written.
fn whole(record: &Record, payloads: &[&[u8]]) -> Result<(), String> {
    if let Some(why) = record.header("WARC-Truncated") {
        let why: String = why.chars().take(TYPE).collect();
        return Err(format!("the record was cut when it was written: {why}"));
    }
    for (name, candidates) in [
        ("WARC-Block-Digest", &[&record.content[..]][..]),
        ("WARC-Payload-Digest", payloads),
    ] {
        let Some(stated) = record.header(name) else {
            continue;
        };
        let mut said = candidates.iter().map(|it| digest::is_of(stated, it));
        if said.all(|is_same| is_same == Some(false)) {
            return Err(format!(
                "the record is damaged: it does not match its {name}"
            ));
        }
    }
    Ok(())
}
