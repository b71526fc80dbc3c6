//! Secrets that must not have reached the archive: the key, bearer tokens, signatures of cached replies.

use super::check::{Check, Finding};
use crate::api::Scrubber;
use crate::replies::Packer;
use crate::replies::reread::unpack;
use crate::store::Result;
use crate::store::read::Snapshot;

pub(super) const SECRETS: Check = Check {
    check: "secrets",
    promise: "secrets",
    proves: "no key, bearer token or signature of a cached reply is in a raw reply, an error or a note",
};

/// Whether a stored body still has something that the scrubber would have removed.
pub(super) fn are_in_body(scrubber: &Scrubber, body: &[u8]) -> bool {
    *scrubber.scrub_body(body) != *body
}

fn are_in_text(scrubber: &Scrubber, text: Option<&str>) -> bool {
    text.is_some_and(|text| scrubber.scrub_text(text) != text)
}

/// Looks through what is no page: errors, notes, and replies that were not kept as pages.
pub(super) async fn in_texts(
    snapshot: &mut Snapshot,
    scrubber: &Scrubber,
    packer: &Packer,
    finding: &mut Finding,
) -> Result<()> {
    let mut after = 0;
    loop {
        let calls = snapshot.call_texts(after).await?;
        let Some(last) = calls.last() else { break };
        after = last.id;
        for call in &calls {
            if [&call.one, &call.other]
                .into_iter()
                .any(|text| are_in_text(scrubber, text.as_deref()))
            {
                finding.add(format!("call {}: its error or its name", call.id));
            }
            let Some(body) = &call.body else { continue };
            match unpack(packer, Some(body)) {
                Ok(body) if are_in_body(scrubber, &body) => {
                    finding.add(format!("call {}: its raw reply", call.id))
                }
                Ok(_) => {}
                Err(why) => finding.add(format!("call {}: {why}", call.id)),
            }
        }
    }
    after = 0;
    loop {
        let jobs = snapshot.job_texts(after).await?;
        let Some(last) = jobs.last() else { break };
        after = last.id;
        for job in &jobs {
            if [&job.one, &job.other]
                .into_iter()
                .any(|text| are_in_text(scrubber, text.as_deref()))
            {
                finding.add(format!("job {}: its note or its last error", job.id));
            }
        }
    }
    Ok(())
}
