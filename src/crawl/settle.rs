//! Charge of a call, and the part of its reply that the ledger stores.

use crate::api::{Answer, Reply};
use crate::model::MicroUsd;
use crate::replies::Packer;
use crate::store::{Outcome, Settlement};

/// Maximum stored bytes of an unbilled answer: enough to diagnose it.
const UNPAID_BODY_BYTES: usize = 16 << 10;

/// Returns the settlement of a call from its reply.
///
/// Of the answers, only status 200 is billed (api/README.md §4). A sent call without a status may have been billed, so
/// it is charged.
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
            // Unexpected, because zstd sizes its own buffer. The rows are committed without the raw reply.
            tracing::error!(%error, "compression failed; the raw reply is not stored");
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

/// Returns the settlement of a call that was not charged and has no reply.
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
