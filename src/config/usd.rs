//! Serializes dollar amounts as decimal strings, so that no amount passes through a float.

use serde::{Deserialize, Deserializer, Serializer, de};

use crate::model::MicroUsd;

/// Formats $12.50 as `12.5`, which [`MicroUsd::parse_usd`] parses to the same amount.
pub(super) fn plain(amount: MicroUsd) -> String {
    amount.to_string().replace('$', "")
}

pub(super) fn serialize<S: Serializer>(amount: &MicroUsd, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&plain(*amount))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MicroUsd, D::Error> {
    MicroUsd::parse_usd(&String::deserialize(from)?).map_err(de::Error::custom)
}

/// Serializes optional amounts.
pub(super) mod optional {
    use super::{Deserializer, MicroUsd, Serializer};

    pub(in crate::config) fn serialize<S: Serializer>(
        amount: &Option<MicroUsd>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match amount {
            Some(amount) => super::serialize(amount, to),
            None => to.serialize_none(),
        }
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<MicroUsd>, D::Error> {
        super::deserialize(from).map(Some)
    }
}
