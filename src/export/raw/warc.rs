//! WARC files of at most about 1 GB: for each reply a `resource` record, and a `metadata` record about its call.
//!
//! The headers of requests and responses are not stored, so these are no `response` records. The specification names this
//! case: "the protocol information has been discarded".

use url::form_urlencoded::Serializer;

use super::Reply;
use crate::export::encode::Origin;
use crate::export::folder::Folder;
use crate::export::output::Output;
use crate::export::text::iso;
use crate::export::{Error, WrittenFile};
use crate::replies::warc::record;

/// Bytes after which another file begins.
const FILE_BYTES: u64 = 1_000_000_000;
const REDACTED: &str = "erased people were taken out of the reply";
const HEADERS: &str = "secrets; headers of request and response were not kept";

pub(super) struct Files<'f> {
    folder: &'f Folder,
    base_url: &'f str,
    archive: String,
    version: String,
    open: Option<(String, Output, u64, u64)>,
    written: Vec<WrittenFile>,
    most: u64,
}

impl<'f> Files<'f> {
    pub(super) fn new(folder: &'f Folder, base_url: &'f str, origin: &Origin) -> Self {
        Self {
            folder,
            base_url,
            archive: origin.archive.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            open: None,
            written: Vec::new(),
            most: FILE_BYTES,
        }
    }

    pub(super) fn add(&mut self, reply: &Reply<'_>) -> Result<(), Error> {
        if self
            .open
            .as_ref()
            .is_some_and(|(_, _, bytes, _)| *bytes >= self.most)
        {
            self.close()?;
        }
        if self.open.is_none() {
            self.begin(reply)?;
        }
        let Some((_, output, bytes, replies)) = &mut self.open else {
            return Ok(());
        };
        let call = reply.call;
        let address = address(self.base_url, reply);
        let date = iso(call.settled_at).unwrap_or_default();
        let mut headers = vec![
            ("WARC-Type", "resource".to_owned()),
            ("WARC-Target-URI", address.clone()),
            ("WARC-Date", date.clone()),
            ("Content-Type", "application/json".to_owned()),
        ];
        if let Some(id) = &call.request_id {
            headers.push(("Soracrawl-Request-Id", id.clone()));
        }
        let mut removed = HEADERS.to_owned();
        if call.is_redacted {
            headers.push(("Soracrawl-Redacted", "yes".to_owned()));
            removed = format!("{removed}; {REDACTED}");
        }
        let resource =
            record(output, &headers, &reply.body).map_err(|error| output.failed(error))?;
        let about = format!(
            "call: {}\r\nendpoint: {}\r\njob: {}\r\noutcome: {}\r\nhttp-status: {}\r\nprice-usd: {}\r\nremoved: {removed}\r\n",
            call.id,
            reply.entry.name,
            call.job_id.map_or("none".to_owned(), |id| id.to_string()),
            if call.is_imported {
                "imported"
            } else {
                "answered"
            },
            call.http_status
                .map_or("unknown".to_owned(), |status| status.to_string()),
            call.cost_micro_usd as f64 / 1e6,
        );
        let headers = [
            ("WARC-Type", "metadata".to_owned()),
            ("WARC-Target-URI", address),
            ("WARC-Refers-To", format!("<{}>", resource.id)),
            ("WARC-Date", date),
            ("Content-Type", "application/warc-fields".to_owned()),
        ];
        let metadata =
            record(output, &headers, about.as_bytes()).map_err(|error| output.failed(error))?;
        *bytes += resource.bytes + metadata.bytes;
        *replies += 1;
        Ok(())
    }

    /// Begins a file with the record that describes it.
    fn begin(&mut self, first: &Reply<'_>) -> Result<(), Error> {
        let name = format!("replies-{:05}.warc.gz", self.written.len() + 1);
        let mut output = self.folder.file(&name)?;
        let about = format!(
            "software: soracrawl {}\r\nformat: WARC File Format 1.1\r\narchive: {}\r\n",
            self.version, self.archive
        );
        let headers = [
            ("WARC-Type", "warcinfo".to_owned()),
            ("WARC-Date", iso(first.call.settled_at).unwrap_or_default()),
            ("WARC-Filename", name.clone()),
            ("Content-Type", "application/warc-fields".to_owned()),
        ];
        let info = record(&mut output, &headers, about.as_bytes())
            .map_err(|error| output.failed(error))?;
        self.open = Some((name, output, info.bytes, 0));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        if let Some((path, output, _, rows)) = self.open.take() {
            let sum = output.finish()?;
            self.written.push(WrittenFile { path, rows, sum });
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<WrittenFile>, Error> {
        self.close()?;
        Ok(self.written)
    }
}

/// Returns the address of a request with its parameters and cursor.
fn address(base_url: &str, reply: &Reply<'_>) -> String {
    let mut query = Serializer::new(String::new());
    for (name, value) in &reply.parameters {
        query.append_pair(name, value);
    }
    let query = query.finish();
    let path = reply.entry.path;
    let base = base_url.trim_end_matches('/');
    match query.is_empty() {
        true => format!("{base}{path}"),
        false => format!("{base}{path}?{query}"),
    }
}
