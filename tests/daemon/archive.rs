//! Queries and assertions on an archive.

use std::collections::{BTreeMap, BTreeSet};

use soracrawl::store::Store;
use soracrawl::store::read::views;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use crate::support::{Place, Site, soon};

/// A row of `jobs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub state: String,
    /// Empty until the job ends.
    pub reason: String,
    pub note: String,
    pub pages: i64,
    pub attempts: i64,
    pub restarts: i64,
}

/// A row of `calls`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub id: i64,
    pub endpoint: String,
    pub subject: String,
    pub cursor: String,
    pub next_cursor: String,
    pub outcome: String,
    pub kept: bool,
    pub cost: i64,
    pub status: i64,
    pub error: String,
    pub odd_items: i64,
}

impl Place {
    pub async fn readers(&self) -> SqlitePool {
        Store::open_readers(&self.archive())
            .await
            .expect("the archive opens")
    }

    /// Runs a statement over a connection of its own, as another process would.
    pub async fn execute(&self, sql: &str) {
        let options = SqliteConnectOptions::new().filename(self.archive());
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .expect("the archive opens");
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .expect("valid SQL");
        connection.close().await.expect("a clean close");
    }

    /// Keeps other processes from writing until the returned connection is closed, as a stuck writer would.
    pub async fn lock(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.archive());
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .expect("the archive opens");
        let begun =
            sqlx::raw_sql("pragma busy_timeout = 10000; begin immediate").execute(&mut connection);
        begun.await.expect("the lock");
        connection
    }

    pub async fn rows(&self, sql: &str) -> Vec<SqliteRow> {
        let pool = self.readers().await;
        let rows = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&pool)
            .await;
        pool.close().await;
        rows.expect("valid SQL")
    }

    /// Waits until a query returns 1. The archive exists.
    pub async fn until(&self, sql: &str) {
        soon(sql, async { while self.number(sql).await != 1 {} }).await;
    }

    pub async fn number(&self, sql: &str) -> i64 {
        self.rows(sql).await[0].get(0)
    }

    /// Returns the strings of the first column.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        self.rows(sql).await.iter().map(|row| row.get(0)).collect()
    }

    pub async fn job(&self, endpoint: &str, subject: &str) -> Job {
        let sql = format!(
            "select state, coalesce(stop_reason, ''), coalesce(note, ''), pages, attempts, restarts from jobs
             where endpoint = '{endpoint}' and subject = '{subject}'"
        );
        let rows = self.rows(&sql).await;
        let row = rows
            .first()
            .unwrap_or_else(|| panic!("no job {endpoint} {subject}"));
        Job {
            state: row.get(0),
            reason: row.get(1),
            note: row.get(2),
            pages: row.get(3),
            attempts: row.get(4),
            restarts: row.get(5),
        }
    }

    /// Returns all calls of the crawl, oldest first, without those to the account endpoint.
    pub async fn calls(&self) -> Vec<Call> {
        let sql = "select id, endpoint, subject, coalesce(cursor, ''), coalesce(next_cursor, ''), outcome, kept,
             cost_micro_usd, coalesce(http_status, 0), coalesce(error, ''), coalesce(odd_items, 0)
             from calls where endpoint <> 'get_user_info' order by id";
        let rows = self.rows(sql).await;
        let call = |row: &SqliteRow| Call {
            id: row.get(0),
            endpoint: row.get(1),
            subject: row.get(2),
            cursor: row.get(3),
            next_cursor: row.get(4),
            outcome: row.get(5),
            kept: row.get(6),
            cost: row.get(7),
            status: row.get(8),
            error: row.get(9),
            odd_items: row.get(10),
        };
        rows.iter().map(call).collect()
    }

    /// Returns the sum that the ledger has charged or reserved, in micro-dollars.
    pub async fn charged(&self) -> u64 {
        let sum = self
            .number("select coalesce(sum(micro_usd), 0) from spend where scope = 'total'")
            .await;
        u64::try_from(sum).expect("a sum")
    }

    /// Fails if a call is open, a job is leased, a foreign key is broken, the account's page is archived, or the ledger differs
    /// from its sums.
    #[track_caller]
    pub fn assert_settled(&self) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            let open = self
                .number("select count(*) from calls where outcome = 'open'")
                .await;
            let leased = self
                .number("select count(*) from jobs where state = 'leased'")
                .await;
            let sum = self
                .number("select coalesce(sum(cost_micro_usd), 0) from calls")
                .await;
            assert_eq!((open, leased), (0, 0), "open calls and leased jobs, {at}");
            assert_eq!(
                self.charged().await,
                u64::try_from(sum).expect("a sum"),
                "{at}"
            );
            let owners = self
                .number("select count(body) from calls where endpoint = 'get_user_info'")
                .await;
            assert_eq!(owners, 0, "archived pages of the account, {at}");
            let broken = self.rows("pragma foreign_key_check").await.len();
            assert_eq!(broken, 0, "broken foreign keys, {at}");
        }
    }

    /// Fails unless each walk's cursors form one chain: the next cursor of a page is the cursor of the following page.
    pub async fn assert_unbroken_walks(&self) {
        let mut chains: BTreeMap<(String, String), String> = BTreeMap::new();
        for call in self.calls().await.into_iter().filter(|call| call.kept) {
            let walk = (call.endpoint.clone(), call.subject.clone());
            if let Some(expected) = chains.get(&walk) {
                assert_eq!(
                    *expected, call.cursor,
                    "a gap or a fork before call {}",
                    call.id
                );
            }
            chains.insert(walk, call.next_cursor);
        }
    }
}

impl Site {
    /// Returns the missing and the superfluous rows of the archive, compared with the world; empty if both are equal.
    pub async fn differences(&self) -> Vec<String> {
        let pool = self.readers().await;
        let mut found = Vec::new();
        for truth in self.sim.truth() {
            let shown = views::shown(&pool, truth.kind, &truth.columns)
                .await
                .expect("a known kind of row");
            let mut name = |what: &str, rows: Vec<&Vec<String>>| {
                if let Some(first) = rows.first() {
                    found.push(format!(
                        "{} {} {what}, as {first:?}",
                        rows.len(),
                        truth.kind
                    ));
                }
            };
            name("missing", truth.rows.difference(&shown).collect());
            name("superfluous", shown.difference(&truth.rows).collect());
        }
        pool.close().await;
        found
    }

    /// Compares the archived followers of a user with the world. Returns the counts of missing and superfluous ones.
    pub async fn follower_differences(&self, user_id: &str) -> (usize, usize) {
        let sql = format!(
            "select follower_user_id from follow_edges where followed_user_id = '{user_id}'"
        );
        let archived: BTreeSet<String> = self.texts(&sql).await.into_iter().collect();
        let world = self
            .sim
            .world()
            .ids(soracrawl::sim::Endpoint::Followers, user_id);
        let truth: BTreeSet<String> = world.expect("a user").into_iter().collect();
        (
            truth.difference(&archived).count(),
            archived.difference(&truth).count(),
        )
    }

    #[track_caller]
    pub fn assert_whole(&self) -> impl Future<Output = ()> {
        let at = std::panic::Location::caller();
        async move {
            let found = self.differences().await;
            assert!(found.is_empty(), "{at}\n{}", found.join("\n"));
        }
    }
}
