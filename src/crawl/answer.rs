//! What a reply costs, and what of it goes into the ledger.

use std::cell::RefCell;
use std::io::Read;

use zstd::bulk::Compressor;
use zstd::stream::read::Decoder;

use crate::api::{Answer, Reply};
use crate::model::MicroUsd;
use crate::store::{Outcome, Settlement};

/// zstd's own default: a page shrinks to about a tenth in a tenth of a millisecond.
const LEVEL: i32 = 3;
/// The largest reply that is read again; larger than any that the client accepts by default.
const REPLY_BYTES: u64 = 256 << 20;
/// How much of an answer that was not paid for is kept: enough to see what it said.
const UNPAID_BODY_BYTES: usize = 16 << 10;

/// The settlement of a call by its reply. Without a status it is unknown whether the call was billed, so it is counted
/// as billed; of the answers, only a status of 200 is billed (api/README.md §4).
#[must_use]
pub fn settlement(reply: &Reply, price: MicroUsd, error: Option<String>) -> Settlement {
    match reply {
        Reply::Answered(answer) => answered(answer, price, error),
        Reply::NeverSent { .. } => unpaid(Outcome::NeverSent, error),
        Reply::Unknown { .. } => Settlement {
            cost: price,
            ..unpaid(Outcome::Unknown, error)
        },
    }
}

thread_local! {
    /// A compressor's tables cost more to make than a page costs to compress.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// With a checksum: a bit that turns over on the disk must not pass for another reply.
fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let mut compressor = match kept.take() {
            Some(compressor) => compressor,
            None => {
                let mut fresh = Compressor::new(LEVEL)?;
                fresh.include_checksum(true)?;
                fresh
            }
        };
        let compressed = compressor.compress(bytes);
        *kept = Some(compressor);
        compressed
    })
}

/// A reply as it was kept; its checksum is looked at.
///
/// # Errors
/// Where the bytes are not what was written.
pub fn unpack(body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    Decoder::new(body)?
        .take(REPLY_BYTES)
        .read_to_end(&mut reply)?;
    Ok(reply)
}

fn answered(answer: &Answer, price: MicroUsd, error: Option<String>) -> Settlement {
    let bytes = answer.bytes();
    let kept = if answer.is_billed() {
        bytes
    } else {
        &bytes[..bytes.len().min(UNPAID_BODY_BYTES)]
    };
    let body = match compress(kept) {
        Ok(body) => Some(body),
        Err(error) => {
            // Cannot happen with a buffer that zstd sizes itself; the rows are still worth keeping.
            tracing::error!(%error, "a reply could not be compressed and is not kept");
            None
        }
    };
    Settlement {
        outcome: Outcome::Answered,
        cost: if answer.is_billed() {
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
        cost: MicroUsd(0),
        http_status: None,
        error,
        request_id: None,
        body_bytes: None,
        body: None,
    }
}
