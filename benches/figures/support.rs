//! Helpers of all figures: output, and queries on an archive.

use std::cell::OnceCell;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, FromRow, SqliteConnection};
use tokio::runtime::Runtime;

use crate::process::Crawled;

/// State shared by the figures of one run.
pub struct Bench {
    runtime: Runtime,
    /// The crawl that `job` measures. Other figures read its archive.
    pub job: OnceCell<Crawled>,
}

impl Bench {
    pub fn new() -> Result<Self> {
        Ok(Self {
            runtime: Runtime::new()?,
            job: OnceCell::new(),
        })
    }

    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Runs a query on an archive and returns all rows.
    pub fn ask<T>(&self, archive: &Path, question: &str) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        self.wait(async {
            let options = SqliteConnectOptions::new()
                .filename(archive)
                .read_only(true);
            let mut connection = SqliteConnection::connect_with(&options).await?;
            let rows = sqlx::query_as(AssertSqlSafe(question))
                .fetch_all(&mut connection)
                .await
                .with_context(|| question.to_owned())?;
            connection.close().await?;
            Ok(rows)
        })
    }

    /// Runs a query on an archive and returns the first row.
    pub fn ask_one<T>(&self, archive: &Path, question: &str) -> Result<T>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let rows = self.ask(archive, question)?;
        rows.into_iter().next().context("no row")
    }
}

/// The upper or lower limit of a figure.
#[derive(Clone, Copy)]
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// Prints a figure and its limit.
pub fn say(figure: &str, what: &str, value: f64, unit: &str, limit: Limit) {
    let (sign, limit, is_met) = match limit {
        Limit::AtMost(limit) => ("<=", limit, value <= limit),
        Limit::AtLeast(limit) => (">=", limit, value >= limit),
    };
    line(&format!(
        "{figure:<12} {what:<44} {:>10} {unit:<8} limit {sign} {:>8}  ratio {:.2}  {}",
        number(value),
        number(limit),
        value / limit,
        if is_met { "met" } else { "MISSED" }
    ));
}

/// Prints a note that explains a figure.
pub fn note(figure: &str, text: &str) {
    line(&format!("{figure:<12}   {text}"));
}

pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that closes the pipe early is not an error.
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

fn number(value: f64) -> String {
    match value.abs() {
        0.0..100.0 => format!("{value:.3}"),
        _ => format!("{value:.0}"),
    }
}

/// Converts a count to a float. All counts are small enough to be exact.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn float(count: i64) -> f64 {
    count as f64
}

/// Returns the median, or NaN for no values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
