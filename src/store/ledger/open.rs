//! Calls are recorded before they are sent, and their prices are reserved.

use std::collections::HashMap;

use sqlx::{Row, SqliteConnection};

use super::OpenCall;
use crate::model::{Budget, MicroUsd};
use crate::store::db::Statement;
use crate::store::error::{Scope, Spent};
use crate::store::{Error, Result};

const CALLS: Statement = Statement {
    given: &[
        "run_id", "job_id", "fence", "seed_id", "endpoint", "subject", "cursor", "day", "price", "opened_at", "is_imported",
    ],
    sql: "insert into calls
            (run_id, job_id, seed_id, endpoint, subject, cursor, day, outcome, cost_micro_usd, opened_at,
             settled_at, refreshes)
        select run_id, job_id, seed_id, endpoint, subject, cursor, day, iif(is_imported, 'imported', 'open'), price,
            opened_at, iif(is_imported, opened_at, null),
            coalesce((select refreshes from jobs where id = given.job_id), 0)
        from given
        where run_id is not null and (job_id is null or exists (
            select 1 from jobs where id = given.job_id and fence = given.fence and state = 'leased'))
        returning id, job_id",
};

/// Records calls and reserves their prices, in order. Returns the id of each, or why there is none: `LeaseLost`, or
/// `BudgetSpent` if the price does not fit a budget. No two calls are of one job.
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
        // A lost lease reserves nothing, so a call that was refused may fit after all.
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
    call.lease.map(|token| token.job_id)
}

/// The ids of the recorded calls, by job.
async fn write(
    connection: &mut SqliteConnection,
    calls: &[&OpenCall],
    which: &[usize],
) -> Result<HashMap<Option<i64>, i64>> {
    let rows = CALLS
        .write_and_read(connection, which, |row, at| {
            let call = calls[*at];
            row.set("run_id", call.run_id)
                .set("job_id", call.lease.map(|token| token.job_id))
                .set("fence", call.lease.map(|token| token.fence))
                .set("seed_id", call.seed_id)
                .set("endpoint", call.endpoint)
                .set("subject", call.subject.as_str())
                .set("cursor", call.cursor.as_deref())
                .set("day", call.day.as_str())
                .set("price", call.price.0)
                .set("opened_at", call.now)
                .set("is_imported", call.imported_from.is_some());
        })
        .await?;
    let mut written = HashMap::new();
    for row in rows {
        written.insert(row.try_get(1)?, row.try_get(0)?);
    }
    let imported = which.iter().filter_map(|at| {
        let call = calls[*at];
        Some((*written.get(&job_of(call))?, call.imported_from?))
    });
    super::import::copy_sources(connection, &imported.collect::<Vec<_>>()).await?;
    Ok(written)
}

/// What is charged and reserved in the budgets that apply to some calls.
struct Charges(HashMap<(String, String), MicroUsd>);

impl Charges {
    async fn read(connection: &mut SqliteConnection, calls: &[&OpenCall]) -> Result<Self> {
        let names: Vec<[String; 2]> = calls
            .iter()
            .filter(|call| is_limited(call))
            .flat_map(|call| limits(call))
            .map(|(scope, name, _)| [scope.as_str().to_owned(), name])
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

    /// Reserves the price of a call, or returns the budget that it does not fit.
    fn reserve(&mut self, call: &OpenCall) -> std::result::Result<(), Spent> {
        if !is_limited(call) {
            return Ok(());
        }
        let limits: Vec<_> = limits(call)
            .into_iter()
            .map(|(scope, name, limit)| (scope, (scope.as_str().to_owned(), name), limit))
            .collect();
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

/// The budgets that apply to a call, by their names in `spend`, with their limits.
fn limits(call: &OpenCall) -> Vec<(Scope, String, Option<MicroUsd>)> {
    let budget = &call.budget;
    let refresh = budget.refresh.is_some();
    let refresh = refresh.then(|| (Scope::Refresh, call.day.clone(), budget.refresh));
    let all = [
        (Scope::Total, String::new(), budget.total),
        (Scope::Run, call.run_id.to_string(), budget.run),
        (Scope::Day, call.day.clone(), budget.day),
        (
            Scope::Seed,
            call.seed_id.unwrap_or(0).to_string(),
            budget.seed.filter(|_| call.seed_id.is_some()),
        ),
    ];
    all.into_iter().chain(refresh).collect()
}

#[cfg(test)]
mod tests {
    use super::open_calls;
    use crate::model::{Budget, LeaseToken, MicroUsd, NewJob, Seed, SeedKind};
    use crate::store::queue::{LeaseRequest, lease};
    use crate::store::{Error, OpenCall, RunKind, Store};

    const FOLLOWERS: &str = "get_user_followers";

    fn budget(total: i64) -> Budget {
        Budget {
            total: Some(MicroUsd(total)),
            ..Budget::default()
        }
    }

    /// An archive with five leased jobs, and their calls at ten micro-dollars each.
    async fn five(folder: &std::path::Path, budget: Budget) -> (Store, Vec<OpenCall>) {
        let store = Store::open(&folder.join("a.db")).await.unwrap();
        let seeds: Vec<(Seed, Vec<NewJob>)> = (0..5)
            .map(|n| {
                let seed = Seed {
                    kind: SeedKind::User,
                    subject: format!("user-{n}"),
                };
                let job = NewJob {
                    endpoint: FOLLOWERS,
                    subject: seed.subject.clone(),
                    depth: 0,
                    cursor: None,
                    after: None,
                    resolves_name: false,
                };
                (seed, vec![job])
            })
            .collect();
        store.plant(&seeds, 1.0).await.unwrap();
        let run = store.start_run(RunKind::Run, 1, 1.0).await.unwrap();
        let request = LeaseRequest {
            endpoints: vec![FOLLOWERS],
            sampled: Vec::new(),
            may_be_unneeded: Vec::new(),
            max_depth: 0,
            paused_seeds: Vec::new(),
            imported_only: false,
            lease_seconds: 60.0,
            call_of: None,
        };
        let mut transaction = store.begin().await.unwrap();
        let (leases, settled) = lease(&mut transaction, &request, 9, 1.0).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!((leases.len(), settled), (5, 0), "each job once");
        let calls = leases.into_iter().map(|lease| OpenCall {
            run_id: run.id,
            lease: Some(lease.token),
            seed_id: Some(lease.seed_id),
            endpoint: FOLLOWERS,
            subject: lease.subject,
            cursor: None,
            price: MicroUsd(10),
            budget,
            day: "2026-01-01".to_owned(),
            now: 2.0,
            imported_from: None,
        });
        (store, calls.collect())
    }

    /// The result of each: an id, `lost`, or `spent`.
    async fn open(store: &Store, calls: &[OpenCall]) -> Vec<String> {
        let mut transaction = store.begin().await.unwrap();
        let calls: Vec<&OpenCall> = calls.iter().collect();
        let opened = open_calls(&mut transaction, &calls).await.unwrap();
        transaction.commit().await.unwrap();
        let words = opened.into_iter().map(|answer| match answer {
            Ok(id) => id.to_string(),
            Err(Error::LeaseLost) => "lost".to_owned(),
            Err(Error::BudgetSpent(_)) => "spent".to_owned(),
            Err(error) => panic!("{error}"),
        });
        words.collect()
    }

    async fn reserved(store: &Store) -> i64 {
        sqlx::query_scalar("select coalesce(sum(micro_usd), 0) from spend where scope = 'total'")
            .fetch_one(store.readers())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn calls_that_are_opened_together_fit_into_the_budget_together() {
        let folder = tempfile::tempdir().unwrap();
        let (store, calls) = five(folder.path(), budget(39)).await;
        let opened = open(&store, &calls).await;
        assert_eq!(opened, ["1", "2", "3", "spent", "spent"]);
        assert_eq!(reserved(&store).await, 30);
    }

    #[tokio::test]
    async fn each_seed_has_its_own_budget_among_calls_that_are_opened_together() {
        let folder = tempfile::tempdir().unwrap();
        let limit = Budget {
            seed: Some(MicroUsd(10)),
            ..Budget::default()
        };
        let (store, mut calls) = five(folder.path(), limit).await;
        calls[1].seed_id = calls[0].seed_id;
        let opened = open(&store, &calls).await;
        assert_eq!(opened, ["1", "spent", "2", "3", "4"]);
    }

    #[tokio::test]
    async fn a_lost_lease_takes_no_money_from_other_calls() {
        let folder = tempfile::tempdir().unwrap();
        let (store, mut calls) = five(folder.path(), budget(30)).await;
        for at in [0, 2] {
            calls[at].lease = calls[at].lease.map(|token| LeaseToken {
                fence: token.fence - 1,
                ..token
            });
        }
        let opened = open(&store, &calls).await;
        assert_eq!(opened, ["lost", "1", "lost", "2", "3"]);
        assert_eq!(reserved(&store).await, 30);
    }
}
