//! What a reply costs, and what of it goes into the ledger.

use crate::api::{Answer, Reply};
use crate::model::MicroUsd;
use crate::replies::Packer;
use crate::store::{Outcome, Settlement};

/// How much of an answer that was not paid for is kept: enough to see what it said.
const UNPAID_BODY_BYTES: usize = 16 << 10;

/// The settlement of a call by its reply. Without a status it is unknown whether the call was billed, so it is counted
/// as billed; of the answers, only a status of 200 is billed (api/README.md §4).
#[must_use]
pub fn settlement(
    packer: &Packer,
    endpoint: &str,
    reply: &Reply,
    price: MicroUsd,
    error: Option<String>,
) -> Settlement {
    match reply {
        Reply::Answered(answer) => answered(packer, endpoint, answer, price, error),
        Reply::NeverSent { .. } => unpaid(Outcome::NeverSent, error),
        Reply::Unknown { .. } => Settlement {
            charge: price,
            ..unpaid(Outcome::Unknown, error)
        },
    }
}

fn answered(
    packer: &Packer,
    endpoint: &str,
    answer: &Answer,
    price: MicroUsd,
    error: Option<String>,
) -> Settlement {
    let bytes = answer.bytes();
    let kept = if answer.is_billed() {
        bytes
    } else {
        &bytes[..bytes.len().min(UNPAID_BODY_BYTES)]
    };
    let body = match packer.pack(endpoint, kept) {
        Ok(body) => Some(body),
        Err(error) => {
            // Cannot happen with a buffer that zstd sizes itself; the rows are still worth keeping.
            tracing::error!(%error, "a reply could not be compressed and is not kept");
            None
        }
    };
    Settlement {
        outcome: Outcome::Answered,
        charge: if answer.is_billed() {
            price
        } else {
            MicroUsd(0)
        },
        http_status: Some(answer.status),
        error,
        request_id: answer.facts.request_id.clone(),
        body_bytes: Some(answer.body_bytes),
        body: body.filter(|_| !bytes.is_empty()),
    }
}

/// The settlement of a call that cost nothing and brought nothing.
#[must_use]
pub fn unpaid(outcome: Outcome, error: Option<String>) -> Settlement {
    Settlement {
        outcome,
        charge: MicroUsd(0),
        http_status: None,
        error,
        request_id: None,
        body_bytes: None,
        body: None,
    }
}
