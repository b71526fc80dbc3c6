//! The counted columns of a row: numbers that have a history.

use std::collections::BTreeMap;

/// The counts that a reply states, by the name of their column in the archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<&'static str, i64>);

impl Counts {
    /// Returns the counts among `columns` that have a value.
    #[must_use]
    pub fn of<const N: usize>(columns: [(&'static str, Option<i64>); N]) -> Self {
        let stated = columns.into_iter();
        Self(
            stated
                .filter_map(|(column, count)| Some((column, count?)))
                .collect(),
        )
    }

    /// Returns the count of a column; `None` if the reply does not state it.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<i64> {
        self.0.get(column).copied()
    }

    /// Returns whether the reply states no count at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of the stated columns.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}
