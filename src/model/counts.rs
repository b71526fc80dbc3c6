//! The counted columns of a row: numbers that have a history.

/// The counts that a reply states, by the name of their column in the archive.
#[derive(Debug, Clone, Default)]
pub struct Counts(Vec<(&'static str, i64)>);

impl Counts {
    /// Returns the counts among `columns` that have a value. Each column is named once.
    #[must_use]
    pub fn of<const N: usize>(columns: [(&'static str, Option<i64>); N]) -> Self {
        let mut stated = Vec::new();
        for (column, count) in columns {
            if let Some(count) = count {
                // One allocation for a row: most rows state most of their counts.
                if stated.is_empty() {
                    stated.reserve_exact(N);
                }
                stated.push((column, count));
            }
        }
        Self(stated)
    }

    /// Returns the count of a column; `None` if the reply does not state it.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<i64> {
        let stated = self.0.iter().find(|(name, _)| *name == column);
        stated.map(|(_, count)| *count)
    }

    /// Returns whether the reply states no count at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of the stated columns.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

impl PartialEq for Counts {
    /// The order in which a reader names the columns does not matter.
    fn eq(&self, other: &Self) -> bool {
        let has = |(name, count): &(&'static str, i64)| other.get(name) == Some(*count);
        self.0.len() == other.0.len() && self.0.iter().all(has)
    }
}

impl Eq for Counts {}
