//! One moment of an archive: a read-only connection inside a transaction.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use super::{Check, EXAMPLES, Finding, Question, chain, jobs, money, parents};
use crate::store::{BUSY_TIMEOUT, Budget, Error, Result, canonical};

const INTEGRITY: Check = Check {
    check: "integrity",
    promise: "file",
    proves: "SQLite finds no damage in the file",
};
const FOREIGN_KEYS: Check = Check {
    check: "foreign keys",
    promise: "P8",
    proves: "what a row refers to is there",
};

/// An archive at one moment, whoever goes on writing to it.
pub struct Snapshot {
    pub(in crate::store) connection: SqliteConnection,
}

impl Snapshot {
    /// Opens an existing archive; never writes to it.
    ///
    /// # Errors
    /// Where there is no such file.
    pub async fn open(path: &Path) -> Result<Self> {
        crate::store::must_exist(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", "-16000");
        let mut connection = SqliteConnection::connect_with(&options).await?;
        // The moment is that of the first question.
        sqlx::query("begin").execute(&mut connection).await?;
        Ok(Self { connection })
    }

    /// What is said of a file that cannot even be opened.
    #[must_use]
    pub fn unopened(error: &Error) -> Finding {
        let mut finding = Finding::new(INTEGRITY);
        finding.add(unreadable(error));
        finding
    }

    /// What SQLite itself says of the file.
    pub async fn integrity(&mut self) -> Finding {
        let mut finding = Finding::new(INTEGRITY);
        let said: std::result::Result<Vec<String>, _> =
            sqlx::query_scalar("pragma integrity_check")
                .fetch_all(&mut self.connection)
                .await;
        match said {
            Ok(lines) => lines
                .into_iter()
                .filter(|line| line != "ok")
                .for_each(|line| finding.add(line)),
            Err(error) => finding.add(unreadable(&error)),
        }
        finding
    }

    /// Everything that can be asked in SQL. `free` are the endpoints that cost nothing.
    pub async fn facts(&mut self, budget: &Budget, free: &[&str]) -> Vec<Finding> {
        let mut findings = vec![self.foreign_keys().await];
        let without_values = chain::QUESTIONS
            .iter()
            .chain(&jobs::QUESTIONS)
            .chain(&money::QUESTIONS)
            .chain(&parents::QUESTIONS);
        for question in without_values {
            findings.push(self.ask(question, &[]).await);
        }
        let free = Some(serde_json::json!(free).to_string());
        findings.push(self.ask(&money::COST, &[free]).await);
        let limits = [budget.total, budget.day, budget.run, budget.seed]
            .map(|limit| limit.map(|limit| limit.0.to_string()));
        findings.push(self.ask(&money::BUDGETS, &limits).await);
        findings
    }

    async fn foreign_keys(&mut self) -> Finding {
        let mut finding = Finding::new(FOREIGN_KEYS);
        match sqlx::query("pragma foreign_key_check")
            .fetch_all(&mut self.connection)
            .await
        {
            Ok(rows) => {
                for row in rows {
                    let name = |at| row.try_get::<String, usize>(at).unwrap_or_default();
                    let id = row.try_get::<Option<i64>, _>(1).ok().flatten();
                    let id = id.map(|id| format!(" {id}")).unwrap_or_default();
                    finding.add(format!(
                        "{}{id} refers to one of {} that is not there",
                        name(0),
                        name(2)
                    ));
                }
            }
            Err(error) => finding.add(unreadable(&error)),
        }
        finding
    }

    async fn ask(&mut self, question: &Question, values: &[Option<String>]) -> Finding {
        let mut finding = Finding::new(question.check);
        // The questions are constants of this program; what they are asked about is bound.
        let text = format!(
            "select cast(what as text), count(*) over () from (select null as what where 0 union all select * from ({})) limit {EXAMPLES}",
            question.sql
        );
        let mut query = sqlx::query_as(AssertSqlSafe(text));
        for value in values {
            query = query.bind(value);
        }
        let told: std::result::Result<Vec<(Option<String>, i64)>, _> =
            query.fetch_all(&mut self.connection).await;
        match told {
            Ok(told) => {
                for (what, breaches) in told {
                    finding.add(what.unwrap_or_default());
                    finding.breaches = breaches.unsigned_abs();
                }
            }
            Err(error) => finding.add(unreadable(&error)),
        }
        finding
    }

    /// What the archive holds, as one number: the same for any two crawls of the same world.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub async fn contents(&mut self) -> Result<String> {
        canonical::canonical_hash(&mut self.connection).await
    }

    /// Whether a run has begun and not ended: a daemon that works, or one that died.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub async fn has_unfinished_run(&mut self) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "select exists (select 1 from runs where kind = 'run' and ended_at is null)",
        )
        .fetch_one(&mut self.connection)
        .await?)
    }

    /// Lets go of the file.
    pub async fn close(self) {
        // It was read only; there is nothing to lose.
        let _ = self.connection.close().await;
    }
}

pub(super) fn unreadable(error: &dyn std::fmt::Display) -> String {
    format!("cannot be read: {error}")
}
