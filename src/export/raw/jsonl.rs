//! One reply on each line, with its request.

use std::io::Write;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Reply;
use crate::export::folder::Folder;
use crate::export::output::Output;
use crate::export::text::iso;
use crate::export::{Error, WrittenFile};

const NAME: &str = "replies.jsonl";

/// A line.
#[derive(Serialize)]
struct Line<'r> {
    call: i64,
    endpoint: &'static str,
    params: &'r std::collections::BTreeMap<&'static str, String>,
    /// ISO 8601, UTC.
    time: Option<String>,
    http_status: Option<i64>,
    request_id: Option<&'r str>,
    price_usd: f64,
    imported: bool,
    /// Erased people were taken out.
    redacted: bool,
    /// The reply itself. A string if it is not exactly one JSON text on one line.
    body: Body<'r>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Body<'r> {
    Json(&'r RawValue),
    Text(std::borrow::Cow<'r, str>),
}

pub(super) struct File {
    output: Output,
    lines: u64,
}

impl File {
    pub(super) fn create(folder: &Folder) -> Result<Self, Error> {
        Ok(Self {
            output: folder.file(NAME)?,
            lines: 0,
        })
    }

    pub(super) fn add(&mut self, reply: &Reply<'_>) -> Result<(), Error> {
        let call = reply.call;
        let line = Line {
            call: call.id,
            endpoint: reply.entry.name,
            params: &reply.parameters,
            time: iso(call.settled_at),
            http_status: call.http_status,
            request_id: call.request_id.as_deref(),
            price_usd: call.cost_micro_usd as f64 / 1e6,
            imported: call.is_imported,
            redacted: call.is_redacted,
            body: body(&reply.body),
        };
        let written = serde_json::to_writer(&mut self.output, &line)
            .map_err(std::io::Error::from)
            .and_then(|()| self.output.write_all(b"\n"));
        self.lines += 1;
        written.map_err(|error| self.output.failed(error))
    }

    pub(super) fn finish(self) -> Result<WrittenFile, Error> {
        Ok(WrittenFile {
            path: NAME.to_owned(),
            rows: self.lines,
            sum: self.output.finish()?,
        })
    }
}

fn body(bytes: &[u8]) -> Body<'_> {
    let is_one_line = !bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(raw) if is_one_line && raw.get().len() == bytes.len() && !raw.get().starts_with('"') => {
            Body::Json(raw)
        }
        _ => Body::Text(String::from_utf8_lossy(bytes)),
    }
}
