//! Runs the checks in SQL on a snapshot of the archive.

use sqlx::{AssertSqlSafe, Row};

use super::check::{Check, EXAMPLES, Finding, Question};
use super::checks::{absences, chain, jobs, money, parents};
use crate::model::Budget;
use crate::store::Error;
use crate::store::read::Snapshot;

const INTEGRITY: Check = Check {
    check: "integrity",
    promise: "file",
    proves: "SQLite finds no damage in the file",
};
const FOREIGN_KEYS: Check = Check {
    check: "foreign keys",
    promise: "P8",
    proves: "every referenced row exists",
};

/// The endpoints that some questions are about.
pub(super) struct Endpoints {
    /// Those that cost nothing.
    pub(super) free: Vec<&'static str>,
    /// By kind of seed, those that a seed of this kind has jobs of.
    pub(super) of_seeds: serde_json::Value,
}

impl Snapshot {
    /// Returns the finding for a file that cannot be opened.
    #[must_use]
    pub fn unopened(error: Error) -> Finding {
        let mut finding = Finding::new(INTEGRITY);
        finding.fail("", error);
        finding
    }

    /// Runs SQLite's integrity check.
    pub async fn integrity(&mut self) -> Finding {
        let mut finding = Finding::new(INTEGRITY);
        let said: std::result::Result<Vec<String>, _> =
            sqlx::query_scalar("pragma integrity_check")
                .fetch_all(self.connection())
                .await;
        match said {
            Ok(lines) => lines
                .into_iter()
                .filter(|line| line != "ok")
                .for_each(|line| finding.add(line)),
            Err(error) => finding.fail("", error),
        }
        finding
    }

    /// Runs all checks in SQL.
    pub(super) async fn facts(&mut self, budget: &Budget, endpoints: &Endpoints) -> Vec<Finding> {
        let mut findings = vec![self.foreign_keys().await];
        let without_values = chain::QUESTIONS
            .iter()
            .chain(&jobs::QUESTIONS)
            .chain(&money::QUESTIONS)
            .chain(&parents::QUESTIONS)
            .chain(&absences::QUESTIONS);
        for question in without_values {
            findings.push(self.ask(question, &[]).await);
        }
        let seeds = Some(endpoints.of_seeds.to_string());
        findings.push(self.ask(&jobs::SEEDS, &[seeds]).await);
        let free = Some(serde_json::json!(endpoints.free).to_string());
        findings.push(self.ask(&money::COST, &[free]).await);
        let limits = [
            budget.total,
            budget.day,
            budget.run,
            budget.seed,
            budget.refresh,
        ]
        .map(|limit| limit.map(|limit| limit.0.to_string()));
        findings.push(self.ask(&money::BUDGETS, &limits).await);
        findings
    }

    async fn foreign_keys(&mut self) -> Finding {
        let mut finding = Finding::new(FOREIGN_KEYS);
        match sqlx::query("pragma foreign_key_check")
            .fetch_all(self.connection())
            .await
        {
            Ok(rows) => {
                for row in rows {
                    let name = |at| row.try_get::<String, usize>(at).unwrap_or_default();
                    let id = row.try_get::<Option<i64>, _>(1).ok().flatten();
                    let id = id.map(|id| format!(" {id}")).unwrap_or_default();
                    finding.add(format!(
                        "{}{id} refers to a missing row of {}",
                        name(0),
                        name(2)
                    ));
                }
            }
            Err(error) => finding.fail("", error),
        }
        finding
    }

    async fn ask(&mut self, question: &Question, values: &[Option<String>]) -> Finding {
        let mut finding = Finding::new(question.check);
        // The statements are constants of this program, and their parameters are bound.
        let text = format!(
            "select cast(what as text), count(*) over () from (select null as what where 0 union all select * from ({})) limit {EXAMPLES}",
            question.sql
        );
        let mut query = sqlx::query_as(AssertSqlSafe(text));
        for value in values {
            query = query.bind(value);
        }
        let told: std::result::Result<Vec<(Option<String>, i64)>, _> =
            query.fetch_all(self.connection()).await;
        match told {
            Ok(told) => {
                for (what, breaches) in told {
                    finding.add(what.unwrap_or_default());
                    finding.breaches = breaches.unsigned_abs();
                }
            }
            Err(error) => finding.fail("", error),
        }
        finding
    }
}
