//! A crawl of the simulator inside this process, and copies of its archive.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use soracrawl::api::{Scrubber, Secret};
use soracrawl::clock::Clock;
use soracrawl::config::Config;
use soracrawl::crawl::{Engine, Plan, StopCause};
use soracrawl::daemon::{self, Archive, Signals};
use soracrawl::model::{Budget, ItemHash, Seed, SeedKind};
use soracrawl::replies::Reader;
use soracrawl::sim::{DEFAULT_KEY, Options, Shape, Sim};
use soracrawl::store::RunKind;
use soracrawl::verify::{Report, verify};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

pub fn key() -> Secret {
    Secret::new(DEFAULT_KEY).expect("a key")
}

/// Returns a small world in which every kind of list has more than one page somewhere.
pub fn world(seed: u64, faults: f64) -> Options {
    Options {
        seed,
        faults,
        shape: Shape::Wrapped,
        users: 6,
        audience: 12,
        characters: 2,
        posts: 4,
        remixes: 30,
        followers: 9,
        comments: 4,
        replies: 2,
        appearances: 3,
        feed: 12,
        leaderboard: 6,
        page_size_posts: 2,
        page_size_appearances: 2,
        page_size_follows: 3,
        page_size_comments: 3,
        page_size_remixes: 2,
        page_size_feed: 4,
        page_size_leaderboard: 3,
        nested_items: 1,
        ..Options::default()
    }
}

/// A simulator, a configuration for it, and a folder for archives.
pub struct Site {
    pub sim: Sim,
    pub config: Config,
    /// The reader of replies that crawls use.
    pub reader: Reader,
    folder: TempDir,
}

impl Site {
    pub async fn new(options: Options) -> Self {
        let sim = Sim::start(options).await.expect("a simulator");
        let mut config = Config::default();
        config.api.base_url = sim.base_url();
        config.limits.requests_per_second = 5000.0;
        config.limits.max_in_flight = 8;
        config.limits.max_attempts = 10;
        config.limits.max_paid_attempts = 10;
        config.limits.retry_base_seconds = 0.01;
        config.limits.retry_cap_seconds = 0.05;
        config.limits.breaker_cooldown_seconds = 0.05;
        Self {
            sim,
            config,
            reader: Reader::default(),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the seeds from which everything is reached: all users who post, the feed, the leaderboard, and a search.
    pub fn seeds(&self) -> Vec<Seed> {
        let users = self
            .sim
            .world()
            .seed_users()
            .into_iter()
            .map(|subject| Seed {
                kind: SeedKind::User,
                subject,
            });
        let lists = [SeedKind::Feed, SeedKind::Leaderboard].map(|kind| Seed {
            kind,
            subject: String::new(),
        });
        let search = Seed {
            kind: SeedKind::Search,
            subject: "a".to_owned(),
        };
        users.chain(lists).chain([search]).collect()
    }

    /// Opens an archive for a run and adds its seeds.
    pub async fn begin(&self, path: &Path) -> Archive {
        let archive = Archive::open(path, RunKind::Run, Clock::real())
            .await
            .expect("an archive");
        let plan = Plan::new(self.config.crawl.clone());
        daemon::prepare(&archive.store, &plan, &self.seeds(), archive.clock.now())
            .await
            .expect("the seeds are added");
        archive
    }

    /// Crawls until no job is pending. The archive stays open.
    pub async fn work(&self, archive: &Archive) -> StopCause {
        let mut parts = daemon::parts(archive, &self.config, &key(), true)
            .await
            .expect("the parts of a crawl");
        parts.reader = self.reader;
        parts.config.settings.workers = 8;
        let engine = Arc::new(Engine::new(parts));
        let mut signals = Signals::listen().expect("signals");
        daemon::crawl(
            &engine,
            &mut signals,
            &self.config,
            daemon::Steering::default(),
        )
        .await
        .expect("a crawl")
        .cause
    }

    /// Runs a complete crawl and closes the archive.
    pub async fn crawl(&self, path: &Path) {
        let archive = self.begin(path).await;
        let cause = self.work(&archive).await;
        assert_eq!(cause, StopCause::Idle);
        archive
            .close(cause.as_str(), None)
            .await
            .expect("the run ends");
    }
}

/// Verifies an archive without budgets.
pub async fn examine(path: &Path) -> Report {
    examine_within(path, &Budget::default()).await
}

/// Verifies an archive with budgets.
pub async fn examine_within(path: &Path, budget: &Budget) -> Report {
    verify(
        path,
        budget,
        &Scrubber::new(&key()),
        Reader::default(),
        &ItemHash::default(),
    )
    .await
    .expect("the file exists")
}

/// Returns the names of the failed checks.
pub fn broken(report: &Report) -> BTreeSet<&'static str> {
    report
        .findings
        .iter()
        .filter(|finding| finding.breaches > 0)
        .map(|finding| finding.check.check)
        .collect()
}

/// Returns all findings as one text.
pub fn report_text(report: &Report) -> String {
    report
        .findings
        .iter()
        .filter(|finding| finding.breaches > 0 || finding.unchecked.is_some())
        .map(|finding| {
            let unchecked = finding.unchecked.as_deref().unwrap_or_default();
            format!(
                "{}: {}{unchecked}\n",
                finding.check.check,
                finding.examples.join("; ")
            )
        })
        .collect()
}

/// Returns a connection without foreign keys and check constraints.
pub async fn connect_unchecked(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .pragma("ignore_check_constraints", "on");
    SqliteConnection::connect_with(&options)
        .await
        .expect("the archive opens")
}

/// Runs SQL without constraints. Closing the last connection moves the change into the database file.
pub async fn damage(path: &Path, sql: &str) {
    let mut connection = connect_unchecked(path).await;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.expect("a clean close");
}

/// Returns the first column of the first row.
pub async fn number(path: &Path, sql: &str) -> i64 {
    row(path, sql).await.get(0)
}

/// Returns the first column of the first row.
pub async fn text(path: &Path, sql: &str) -> String {
    row(path, sql).await.get(0)
}

async fn row(path: &Path, sql: &str) -> SqliteRow {
    let mut connection = connect_unchecked(path).await;
    let row = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .fetch_one(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.expect("a clean close");
    row
}

/// The bytes of a crawled archive whose walks ended in every way, made once.
static CRAWLED: OnceCell<Vec<u8>> = OnceCell::const_new();

/// Returns a copy of the crawled archive.
pub async fn copy() -> (TempDir, PathBuf) {
    let bytes = CRAWLED.get_or_init(crawled).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.db");
    std::fs::write(&path, bytes).expect("a copy");
    (folder, path)
}

async fn crawled() -> Vec<u8> {
    let mut site = Site::new(Options {
        exact: true,
        ..world(3, 0.05)
    })
    .await;
    let users = site.sim.world().seed_users();
    let script = [
        format!("get_user_followers@{}:2=has-more-no-cursor", users[0]),
        format!("get_user_followers@{}:2+=endless-new-cursors", users[1]),
        format!("get_user_followers@{}:1+=gone", users[2]),
        format!("get_user_followers@{}:1+=server-error", users[3]),
        format!("get_user_followers@{}:2=expired-cursor", users[4]),
        "get_feed:1=reset-after".to_owned(),
        "get_cameo_leaderboard:1=wrong-type".to_owned(),
    ];
    site.sim.script(&script.join("\n")).expect("a script");
    site.config.crawl.max_pages.feed = Some(2);
    let path = site.path("a.db");
    site.crawl(&path).await;
    std::fs::read(path).expect("the archive")
}
