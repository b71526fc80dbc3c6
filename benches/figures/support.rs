//! What the figures share: how they are printed, and questions to an archive.

use std::cell::OnceCell;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, FromRow, SqliteConnection};
use tokio::runtime::Runtime;

use crate::world::{self, Crawled};

/// What the figures of one run have in common.
pub struct Bench {
    runtime: Runtime,
    job: OnceCell<Crawled>,
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

    /// The crawl that `job` measures, and whose archive others look into; done once.
    pub fn job(&self) -> Result<&Crawled> {
        if let Some(crawled) = self.job.get() {
            return Ok(crawled);
        }
        let crawled = world::crawl(self, 20)?;
        Ok(self.job.get_or_init(|| crawled))
    }

    /// Asks an archive for some rows.
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

    /// Asks an archive for one row.
    pub fn ask_one<T>(&self, archive: &Path, question: &str) -> Result<T>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let rows = self.ask(archive, question)?;
        rows.into_iter().next().context("no row")
    }
}

/// What a figure must not exceed, or must reach.
#[derive(Clone, Copy)]
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// Prints a figure beside its limit.
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

/// Prints what explains a figure.
pub fn note(figure: &str, text: &str) {
    line(&format!("{figure:<12}   {text}"));
}

pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever reads no more wants no more.
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

fn number(value: f64) -> String {
    match value.abs() {
        0.0..100.0 => format!("{value:.3}"),
        _ => format!("{value:.0}"),
    }
}

/// A count as a factor; none is so large that it would matter.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn float(count: i64) -> f64 {
    count as f64
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
