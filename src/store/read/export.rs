//! The tables that are exported: views with the remote's text ids, their columns with types, and their rows.

use futures_util::stream::{BoxStream, StreamExt};
use sqlx::AssertSqlSafe;

use super::export_columns::{ExportColumn, ExportRow};
use super::export_tables::{ExportTable, TABLES};
use super::nested;
use super::{Snapshot, as_of};
use crate::store::Result;

/// What an export says about its source.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct SnapshotFacts {
    /// When the latest call of the archive ended: the time of the snapshot, in Unix seconds.
    pub taken_at: f64,
    pub first_call_at: f64,
    pub calls: i64,
    pub cost_micro_usd: i64,
    pub schema_version: i64,
    pub last_call: i64,
    /// When the first run of the archive started. It never changes, and tells archives apart.
    pub first_run_at: Option<f64>,
    /// The plan of the latest run, as JSON.
    pub plan: Option<String>,
}

impl ExportTable {
    /// Returns the table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TABLES.into_iter().find(|table| table.name == name)
    }

    /// Returns the names of the columns that tell rows apart.
    pub fn key(&self) -> impl Iterator<Item = &'static str> {
        self.order.split(", ")
    }

    /// Returns the name of the months that divide the table in a lake; `None` if its rows have no time.
    #[must_use]
    pub fn month(&self) -> Option<&'static str> {
        match self.time? {
            "posted_at" => Some("posted_month"),
            _ => Some("observed_month"),
        }
    }

    /// Returns whether the archive can tell what its rows were at a time: a call stated each of them.
    #[must_use]
    pub fn has_past(&self) -> bool {
        self.call.is_some()
    }

    /// The view with its rows, or their state at a time, as SQL.
    fn rows(&self, which: &Selection) -> String {
        match which.as_of {
            Some(_) => as_of::source(self),
            None => self.source.to_owned(),
        }
    }

    /// The condition of a selection, as SQL. Its parameters are two times, a seed, and the time of the state.
    fn within(&self) -> String {
        let time = self.time.unwrap_or("null");
        // A table without a time, or without calls, has all its rows in each period and under each seed.
        let seed = match self.call {
            Some(call) => format!(
                "{call} in (select c.id from calls c join jobs j on j.id = c.job_id join seeds s on s.id = j.seed_id
                            where s.subject = ?3 collate nocase or (s.subject = '' and s.kind = ?3))"
            ),
            None => "true".to_owned(),
        };
        format!(
            "(?1 is null or coalesce({time} >= ?1, {untimed})) and (?2 is null or coalesce({time} < ?2, {untimed}))
             and (?3 is null or {seed}) and (?4 is null or {known})",
            known = as_of::known(self).unwrap_or("true".to_owned()),
            untimed = self.time.is_none()
        )
    }

    /// The month and the part of a row in a lake, as SQL.
    fn place(&self, split: Split) -> String {
        let month = match self.time {
            // Whole seconds of the time in microseconds, rounded down: `strftime` rounds to milliseconds.
            Some(time) => {
                let micros = format!("cast(round({time} * 1000000) as integer)");
                format!(
                    "strftime('%Y-%m', ({micros} - ({micros} % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')"
                )
            }
            None => "null".to_owned(),
        };
        let part = match self.call {
            Some(call) => format!("{call} / {}", split.calls.max(1)),
            None => "0".to_owned(),
        };
        format!("{month} as lake_month, {part} as lake_part")
    }
}

/// A period, in Unix seconds. The end is not part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Period {
    pub since: Option<f64>,
    pub until: Option<f64>,
}

/// Which rows are exported.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    pub period: Period,
    /// Only rows that the calls of this seed stated first: an id, a name, a search text, `feed` or `leaderboard`.
    pub seed: Option<String>,
    /// Rows and values as they were known at this time, in Unix seconds.
    pub as_of: Option<f64>,
}

/// How a lake divides the rows of a table: by month, then by the call that stated them first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Calls whose rows are together in a file.
    pub calls: u64,
}

impl Snapshot {
    /// Returns the number of rows of an exported table. It is about right for a table without a selection, whose view
    /// would take long to count.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn export_count(&mut self, table: &ExportTable, which: &Selection) -> Result<u64> {
        let text = match *which == Selection::default() {
            true => {
                let counts = table.counted.iter();
                let counts = counts.map(|table| format!("(select count(*) from {table})"));
                format!(
                    "select {} where ?1 is null and ?2 is null and ?3 is null and ?4 is null",
                    counts.collect::<Vec<_>>().join(" + ")
                )
            }
            false => format!(
                "select count(*) from {} where {}",
                table.rows(which),
                table.within()
            ),
        };
        // Only names of this file are in the text.
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(text))
            .bind(which.period.since)
            .bind(which.period.until)
            .bind(which.seed.clone())
            .bind(which.as_of)
            .fetch_one(self.connection())
            .await?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// Returns the rows of an exported table, in order. In a lake, rows of one place follow each other.
    pub fn export_rows<'s>(
        &'s mut self,
        table: &ExportTable,
        columns: &[ExportColumn],
        which: &Selection,
        split: Option<Split>,
    ) -> BoxStream<'s, Result<ExportRow>> {
        let names: Vec<String> = columns
            .iter()
            .map(|column| match which.as_of {
                Some(_) => as_of::selected(table, column),
                None => nested::selected(table, column),
            })
            .collect();
        let (place, order) = match split {
            Some(split) => (
                format!("{}, ", table.place(split)),
                "lake_month, lake_part, ",
            ),
            None => (String::new(), ""),
        };
        let text = format!(
            "select {place}{} from {} where {} order by {order}{}",
            names.join(", "),
            table.rows(which),
            table.within(),
            self.order(table.order)
        );
        let skipped = if split.is_some() { 2 } else { 0 };
        // Only names of this file and of the schema are in the text.
        sqlx::query(AssertSqlSafe(text))
            .bind(which.period.since)
            .bind(which.period.until)
            .bind(which.seed.clone())
            .bind(which.as_of)
            .fetch(self.connection())
            .map(move |row| Ok(ExportRow { row: row?, skipped }))
            .boxed()
    }

    /// Returns whether there is a seed that a selection names.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn has_seed(&mut self, seed: &str) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "select exists (select 1 from seeds
                            where subject = ?1 collate nocase or (subject = '' and kind = ?1))",
        )
        .bind(seed)
        .fetch_one(self.connection())
        .await?)
    }

    /// Returns what an export says about its source.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn export_facts(&mut self) -> Result<SnapshotFacts> {
        Ok(sqlx::query_as(
            "select coalesce(max(settled_at), 0.0) as taken_at, coalesce(min(opened_at), 0.0) as first_call_at,
                 count(*) as calls, coalesce(sum(cost_micro_usd), 0) as cost_micro_usd,
                 (select user_version from pragma_user_version) as schema_version,
                 coalesce((select max(id) from calls), 0) as last_call,
                 (select started_at from runs order by id limit 1) as first_run_at,
                 (select plan from runs where plan is not null order by id desc limit 1) as plan
             from calls",
        )
        .fetch_one(self.connection())
        .await?)
    }
}
