//! The kept replies themselves, as the remote sent them: WARC records, or lines of JSON. Both can be imported again.

mod jsonl;
mod warc;

use std::collections::BTreeMap;

use super::folder::Folder;
use super::tables::Job;
use super::{Error, Written, WrittenFile};
use crate::api::{Entry, endpoints};
use crate::replies::{Packer, reread};
use crate::store::read::{Period, RawCall};

/// How replies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawFormat {
    Warc,
    Jsonl,
}

/// A reply and its request.
struct Reply<'r> {
    call: &'r RawCall,
    entry: &'static Entry,
    parameters: BTreeMap<&'static str, String>,
    body: Vec<u8>,
}

/// Replies between two reports of progress.
const REPORT: u64 = 100;

/// Writes all kept replies of a period, oldest first.
pub(super) async fn write(
    job: &mut Job<'_>,
    format: RawFormat,
    period: Period,
    base_url: &str,
    folder: &Folder,
) -> Result<Written, Error> {
    let (packer, _) = Packer::new(&job.snapshot.dictionaries().await?);
    let (total, removed) = job.snapshot.count_raw(period).await?;
    job.progress.table("replies", total);
    let mut files = match format {
        RawFormat::Warc => Files::Warc(warc::Files::new(folder, base_url, &job.origin)),
        RawFormat::Jsonl => Files::Jsonl(jsonl::File::create(folder)?),
    };
    let (mut last, mut since_report) = (None, 0);
    loop {
        let calls = job.snapshot.raw_calls(period, last).await?;
        let Some(newest) = calls.last() else { break };
        last = Some((newest.kept_group, newest.id));
        for call in &calls {
            let reply = reply(call, &packer)?;
            match &mut files {
                Files::Warc(files) => files.add(&reply)?,
                Files::Jsonl(file) => file.add(&reply)?,
            }
            since_report += 1;
            if since_report == REPORT {
                job.progress.rows(since_report);
                job.watch_log();
                since_report = 0;
            }
        }
    }
    job.progress.rows(since_report);
    let files: Vec<WrittenFile> = match files {
        Files::Warc(files) => files.finish()?,
        Files::Jsonl(file) => vec![file.finish()?],
    };
    let about = match removed {
        0 => "The kept replies of the remote, without secrets".to_owned(),
        _ => format!(
            "The kept replies of the remote, without secrets. {removed} replies are missing, because they were removed \
             from the archive"
        ),
    };
    Ok(Written {
        name: "replies".to_owned(),
        about,
        columns: Vec::new(),
        files,
    })
}

enum Files<'f> {
    Warc(warc::Files<'f>),
    Jsonl(jsonl::File),
}

fn reply<'r>(call: &'r RawCall, packer: &Packer) -> Result<Reply<'r>, Error> {
    let failed = |why: String| Error::Reply { call: call.id, why };
    let entry = endpoints::find(&call.endpoint)
        .ok_or_else(|| failed(format!("its endpoint {} is unknown", call.endpoint)))?;
    let body = reread::unpack(packer, Some(&call.body)).map_err(failed)?;
    let subject = match call.is_of_job {
        true => call.subject.clone(),
        false => reread::by_hand(entry, &call.subject),
    };
    let mut parameters = BTreeMap::new();
    if let Some(name) = entry.subject {
        parameters.insert(name, subject);
    }
    if let Some(cursor) = &call.cursor {
        parameters.insert("cursor", cursor.clone());
    }
    Ok(Reply {
        call,
        entry,
        parameters,
        body,
    })
}
