//! Calls are written down before they are sent, and their prices reserved.

use std::collections::HashMap;

use sqlx::{Row, SqliteConnection};

use super::{Budget, OpenCall};
use crate::model::MicroUsd;
use crate::store::error::{Scope, Spent};
use crate::store::upsert::Statement;
use crate::store::{Error, Result};

const CALLS: Statement = Statement {
    head: "insert into calls (run_id, job_id, seed_id, endpoint, subject, cursor, day, outcome, cost_micro_usd, opened_at)
        select column1, column2, column4, column5, column6, column7, column8, 'open', column9, column10 from (values",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tail: ") where column1 is not null and (column2 is null
        or exists (select 1 from jobs where id = column2 and fence = column3 and state = 'leased'))
        returning id, job_id",
};

/// Writes calls down and reserves their prices, in their order; gives the id of each, or why there is none:
/// `LeaseLost`, or `BudgetSpent` where a budget has no room for the price. No two are of one job.
pub(in crate::store) async fn open_calls(
    connection: &mut SqliteConnection,
    calls: &[&OpenCall],
) -> Result<Vec<Result<i64>>> {
    let mut opened: Vec<Option<i64>> = vec![None; calls.len()];
    let mut wanting: Vec<usize> = (0..calls.len()).collect();
    loop {
        let mut charges = Charges::read(connection, calls).await?;
        let mut refused = HashMap::new();
        wanting.retain(|at| match charges.reserve(calls[*at]) {
            Ok(()) => true,
            Err(spent) => {
                refused.insert(*at, spent);
                false
            }
        });
        let written = write(connection, calls, &wanting).await?;
        for at in &wanting {
            opened[*at] = written.get(&job_of(calls[*at])).copied();
        }
        // Whoever has lost his lease reserves nothing: then there may be room for those who were refused.
        let is_room = wanting.iter().any(|at| opened[*at].is_none());
        if refused.is_empty() || !is_room {
            let answers = opened.into_iter().enumerate();
            return Ok(answers
                .map(|(at, id)| match refused.remove(&at) {
                    Some(spent) => Err(Error::BudgetSpent(spent)),
                    None => id.ok_or(Error::LeaseLost),
                })
                .collect());
        }
        wanting = refused.into_keys().collect();
        wanting.sort_unstable();
    }
}

fn job_of(call: &OpenCall) -> Option<i64> {
    call.lease.map(|(job_id, _)| job_id)
}

/// The ids of those calls that were written, by their jobs.
async fn write(
    connection: &mut SqliteConnection,
    calls: &[&OpenCall],
    which: &[usize],
) -> Result<HashMap<Option<i64>, i64>> {
    let rows = CALLS
        .write_and_read(connection, which, |query, at| {
            let call = calls[*at];
            query
                .bind(call.run_id)
                .bind(call.lease.map(|(job_id, _)| job_id))
                .bind(call.lease.map(|(_, fence)| fence))
                .bind(call.seed_id)
                .bind(call.endpoint)
                .bind(&call.subject)
                .bind(call.cursor.as_deref())
                .bind(&call.day)
                .bind(call.price.0)
                .bind(call.now)
        })
        .await?;
    let mut written = HashMap::new();
    for row in rows {
        written.insert(row.try_get(1)?, row.try_get(0)?);
    }
    Ok(written)
}

/// What the budgets that matter to some calls have been charged, with what is reserved.
struct Charges(HashMap<(String, String), MicroUsd>);

impl Charges {
    async fn read(connection: &mut SqliteConnection, calls: &[&OpenCall]) -> Result<Self> {
        let names: Vec<[String; 2]> = calls
            .iter()
            .filter(|call| is_limited(call))
            .flat_map(|call| limits(call).map(|(scope, name, _)| [scope.as_str().to_owned(), name]))
            .collect();
        if names.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let rows = sqlx::query(
            "select scope, name, micro_usd from spend where (scope, name) in
             (select value ->> 0, value ->> 1 from json_each(?))",
        )
        .bind(serde_json::json!(names).to_string())
        .fetch_all(connection)
        .await?;
        let mut charged = HashMap::new();
        for row in rows {
            charged.insert(
                (row.try_get(0)?, row.try_get(1)?),
                MicroUsd(row.try_get(2)?),
            );
        }
        Ok(Self(charged))
    }

    /// Sets the price of a call aside, or says which budget has no room for it.
    fn reserve(&mut self, call: &OpenCall) -> std::result::Result<(), Spent> {
        if !is_limited(call) {
            return Ok(());
        }
        let limits = limits(call).map(|(scope, name, limit)| {
            let key = (scope.as_str().to_owned(), name);
            (scope, key, limit)
        });
        for (scope, key, limit) in &limits {
            let Some(limit) = *limit else { continue };
            let charged = self.0.get(key).copied().unwrap_or(MicroUsd(0));
            if charged.0.saturating_add(call.price.0) > limit.0 {
                return Err(Spent {
                    scope: *scope,
                    limit,
                    charged,
                    price: call.price,
                });
            }
        }
        for (_, key, _) in limits {
            let charged = self.0.entry(key).or_insert(MicroUsd(0));
            charged.0 = charged.0.saturating_add(call.price.0);
        }
        Ok(())
    }
}

fn is_limited(call: &OpenCall) -> bool {
    call.price.0 > 0 && call.budget != Budget::default()
}

/// The budgets that a call counts against, by their names in `spend`, with their limits.
fn limits(call: &OpenCall) -> [(Scope, String, Option<MicroUsd>); 4] {
    let budget = &call.budget;
    [
        (Scope::Total, String::new(), budget.total),
        (Scope::Run, call.run_id.to_string(), budget.run),
        (Scope::Day, call.day.clone(), budget.day),
        (
            Scope::Seed,
            call.seed_id.unwrap_or(0).to_string(),
            budget.seed.filter(|_| call.seed_id.is_some()),
        ),
    ]
}
