//! Search for secrets in the archive: the API key, bearer tokens, and signatures of cached replies.

use super::check::{Check, Finding};
use crate::api::Scrubber;
use crate::replies::Packer;
use crate::replies::reread::unpack;
use crate::store::Result;
use crate::store::read::Snapshot;

pub(super) const SECRETS: Check = Check {
    check: "secrets",
    promise: "secrets",
    proves: "no raw reply, error or note contains a key, bearer token or signature of a cached reply",
};

/// Returns whether a stored body contains a secret that the scrubber would remove.
pub(super) fn are_in_body(scrubber: &Scrubber, body: &[u8]) -> bool {
    *scrubber.scrub_body(body) != *body
}

fn are_in_text(scrubber: &Scrubber, text: Option<&str>) -> bool {
    text.is_some_and(|text| scrubber.scrub_text(text) != text)
}

/// Searches errors, notes, and raw replies that are no pages.
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
                finding.add(format!(
                    "call {}: error or request id contains a secret",
                    call.id
                ));
            }
            let Some(body) = &call.body else { continue };
            match unpack(packer, Some(body)) {
                Ok(body) if are_in_body(scrubber, &body) => {
                    finding.add(format!("call {}: raw reply contains a secret", call.id))
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
                finding.add(format!(
                    "job {}: note or last error contains a secret",
                    job.id
                ));
            }
        }
    }
    Ok(())
}
