//! Which rows are together in a file of a lake, and where the file is.

use crate::store::read::{ExportTable, LakePlace, Split};

/// Where Hive puts rows whose partition is null.
const NO_MONTH: &str = "__HIVE_DEFAULT_PARTITION__";
/// Rows of a file that are worth a file of their own.
const FILE_ROWS: u64 = 1_024;
/// Files of a month at most. A hundredth more pages fill two of them; rows that they show again change older files too.
const FILES: u64 = 128;

/// Divides a table so that its files have enough rows, and there are not too many.
pub(super) fn split(rows: u64, last_call: u64) -> Split {
    let files = (rows / FILE_ROWS).clamp(1, FILES);
    Split {
        calls: (last_call + 1).div_ceil(files).next_power_of_two(),
    }
}

/// The place of a file. An empty table has no months, because readers cannot tell the type of none.
pub(super) fn path_of(table: &ExportTable, at: &LakePlace, rows: u64) -> String {
    let folder = match table.month() {
        Some(key) if rows > 0 => format!("/{key}={}", at.month.as_deref().unwrap_or(NO_MONTH)),
        _ => String::new(),
    };
    format!("{}{folder}/part-{:05}.parquet", table.name, at.part)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_hundredth_more_calls_touches_two_files_of_a_month_at_most() {
        for calls in [40_000_u64, 65_000, 1_000_000, 20_000_000] {
            let size = split(calls * 6, calls).calls;
            let more = calls + calls / 100;
            assert!(calls / size <= 128, "{calls}");
            assert!(more / size - calls / size <= 2, "{calls}");
        }
        assert_eq!(split(10, 1_000_000).calls, 1 << 20);
    }
}
