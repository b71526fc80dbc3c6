//! A sample of a table's rows: the same seed always takes the same rows of the same archive.

use std::collections::{BTreeMap, BinaryHeap};

use sha2::{Digest, Sha256};

use super::Error;
use crate::store::read::{Cell, ExportColumn, ExportTable};

/// How many rows of each table are taken, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Rows of each table; with a column, of each value of the column.
    pub rows: usize,
    /// The column whose values divide the rows.
    pub stratify: Option<String>,
    pub random_seed: u64,
}

impl Sample {
    /// Begins to choose rows of a table.
    pub(super) fn of(
        &self,
        table: &ExportTable,
        columns: &[ExportColumn],
    ) -> Result<Threshold, Error> {
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        let stratum = match &self.stratify {
            Some(name) => Some(place(name).ok_or_else(|| {
                let known: Vec<&str> = columns.iter().map(|it| it.name.as_str()).collect();
                Error::Column {
                    table: table.name,
                    column: name.clone(),
                    known: known.join(", "),
                }
            })?),
            None => None,
        };
        Ok(Threshold {
            rows: self.rows,
            random_seed: self.random_seed,
            key: table.key().filter_map(place).collect(),
            stratum,
            least: BTreeMap::new(),
        })
    }
}

/// The ranks up to which rows are taken. A rank is a hash of the row's key and the seed, so it is random, and does not
/// depend on the other rows.
pub(super) struct Threshold {
    rows: usize,
    random_seed: u64,
    /// The columns that tell rows apart.
    key: Vec<usize>,
    stratum: Option<usize>,
    /// The least ranks of each stratum.
    least: BTreeMap<String, BinaryHeap<u64>>,
}

impl Threshold {
    /// Shows a row. All rows must be shown before the first is taken.
    pub(super) fn offer(&mut self, cells: &[Cell<'_>]) {
        let rank = self.rank(cells);
        let least = self.least.entry(self.stratum(cells)).or_default();
        least.push(rank);
        if least.len() > self.rows {
            least.pop();
        }
    }

    /// Returns whether a row is in the sample.
    pub(super) fn takes(&self, cells: &[Cell<'_>]) -> bool {
        let least = self.least.get(&self.stratum(cells));
        let last = least.and_then(BinaryHeap::peek);
        last.is_some_and(|last| self.rank(cells) <= *last)
    }

    fn stratum(&self, cells: &[Cell<'_>]) -> String {
        match self.stratum {
            Some(at) => format!("{:?}", cells[at]),
            None => String::new(),
        }
    }

    fn rank(&self, cells: &[Cell<'_>]) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.random_seed.to_be_bytes());
        for at in &self.key {
            hash.update(format!("{:?}", cells[*at]));
            hash.update([0]);
        }
        let digest: [u8; 32] = hash.finalize().into();
        digest[..8]
            .iter()
            .fold(0, |rank, byte| (rank << 8) | u64::from(*byte))
    }
}
