//! Dollars in a table of values: a decimal number in text, so that no float comes in between.

use serde::{Deserialize, Deserializer, Serializer, de};

use crate::model::MicroUsd;

/// `12.5` for $12.50: what [`MicroUsd::parse_usd`] reads back exactly.
pub(super) fn plain(amount: MicroUsd) -> String {
    amount.to_string().replace('$', "")
}

pub(super) fn serialize<S: Serializer>(amount: &MicroUsd, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&plain(*amount))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<MicroUsd, D::Error> {
    MicroUsd::parse_usd(&String::deserialize(from)?).map_err(de::Error::custom)
}

/// The same where an amount may be absent.
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
