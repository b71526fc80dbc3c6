//! What a crawl says about things that are no longer there, against the truth of a world that changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use soracrawl::clock::Clock;
use soracrawl::crawl::{Plan, StopCause};
use soracrawl::daemon::{self, Archive};
use soracrawl::sim::{Options, Shape, Thing, World};
use soracrawl::store::{Requeue, RunKind};
use sqlx::{AssertSqlSafe, Connection, Row};

use crate::site::{Site, connect_unchecked, examine, report_text, world};

/// When the world and the archive begin, in Unix seconds.
pub const BEGIN: i64 = 1_763_000_000;
const DAY: u64 = 86_400;

/// A site whose world grows. The simulator's clock and the archive's move only together.
pub struct Growing {
    pub site: Site,
    pub path: PathBuf,
    /// Seconds since the start.
    passed: Arc<AtomicU64>,
    begun: Instant,
}

impl Growing {
    pub async fn new(options: Options) -> Self {
        let mut site = Site::new(options).await;
        site.sim.steer("hold").expect("a command");
        site.config.limits.max_attempts = 3;
        let path = site.path("a.db");
        Self {
            site,
            path,
            passed: Arc::default(),
            begun: Instant::now(),
        }
    }

    pub fn advance(&self, seconds: u64) {
        let command = format!("advance {seconds}");
        self.site.sim.steer(&command).expect("a command");
        self.passed.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Returns the world as it is now.
    pub fn world(&self) -> Arc<World> {
        let passed = self.passed.load(Ordering::SeqCst);
        self.site.sim.world_at(Duration::from_secs(passed))
    }

    /// Crawls everything from its head, also where that meets what is archived.
    pub async fn pass(&self) {
        let all = Requeue {
            from_head: true,
            ..Requeue::default()
        };
        self.walk(&all).await;
    }

    /// Crawls after these jobs were made ready.
    pub async fn walk(&self, which: &Requeue) {
        let (begun, passed) = (self.begun, self.passed.clone());
        #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
        let wall = move || {
            let passed = passed.load(Ordering::SeqCst) as f64;
            BEGIN as f64 + passed + begun.elapsed().as_secs_f64()
        };
        let real = Clock::real();
        let clock = Clock::split(wall, move || real.steady());
        let archive = Archive::open(&self.path, RunKind::Run, clock)
            .await
            .expect("an archive");
        let plan = Plan::new(self.site.config.crawl.clone());
        daemon::prepare(
            &archive.store,
            &plan,
            &self.site.seeds(),
            archive.clock.now(),
        )
        .await
        .expect("the seeds are added");
        let requeued = archive.store.requeue(which);
        requeued.await.expect("the jobs are ready");
        let cause = self.site.work(&archive).await;
        assert_eq!(cause, StopCause::Idle);
        archive
            .close(cause.as_str(), None)
            .await
            .expect("the run ends");
    }
}

/// Returns the texts of the columns of a query.
pub async fn rows(path: &Path, sql: &str) -> Vec<Vec<String>> {
    let mut connection = connect_unchecked(path).await;
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .fetch_all(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().await.expect("a clean close");
    let text = |row: &sqlx::sqlite::SqliteRow| {
        let columns = 0..row.len();
        let text = |at| row.get::<Option<String>, _>(at).unwrap_or_default();
        columns.map(text).collect()
    };
    rows.iter().map(text).collect()
}

/// A world with every kind of change, and gateways that answer 404 for what is there.
fn changing(shape: Shape, seed: u64) -> Options {
    Options {
        shape,
        growth: 3.0,
        users: 16,
        audience: 30,
        fault: vec!["gateway-404=0.03".parse().expect("a fault")],
        ..world(seed, 0.0)
    }
}

/// Returns whether the remote no longer has a thing that it had: it was deleted, or its owner left.
fn is_gone(world: &World, id: &str) -> bool {
    match world.find(id).expect("a thing of the world") {
        Thing::Person(person) => world.people[person].is_gone,
        Thing::Post(post) => {
            let it = &world.posts[post];
            it.is_gone || world.people[it.author].is_gone
        }
        Thing::Comment(comment) => {
            let it = &world.comments[comment];
            it.is_gone
                || world.people[it.author].is_gone
                || is_gone(world, &world.posts[it.post].id)
                || it
                    .parent
                    .is_some_and(|above| is_gone(world, &world.comments[above].id))
        }
    }
}

/// Returns whether a thing belongs to a user who hides their posts and lists.
fn is_private(world: &World, id: &str) -> bool {
    let owner = match world.find(id).expect("a thing of the world") {
        Thing::Person(person) => person,
        Thing::Post(post) => world.posts[post].author,
        Thing::Comment(comment) => world.posts[world.comments[comment].post].author,
    };
    world.people[owner].is_private
}

/// Returns every follow that a world has, as (follower, followed).
fn follows(world: &World) -> BTreeSet<(String, String)> {
    let people = world.people.iter().filter(|it| !it.is_gone);
    let edges = people.flat_map(|followed| {
        let follower = |it: &usize| (world.people[*it].id.clone(), followed.id.clone());
        followed.followers.iter().map(follower)
    });
    edges.collect()
}

/// Verdicts of things by id, and of follows by both ids.
async fn verdicts(path: &Path) -> BTreeMap<(String, String), String> {
    let sql =
        "select id, coalesce(iif(kind = 'follow', of_id, ''), ''), verdict from absence_history
        where seen_again_at is null and kind in ('user', 'post', 'comment', 'follow')";
    let rows = rows(path, sql).await.into_iter();
    rows.map(|row| ((row[0].clone(), row[1].clone()), row[2].clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_is_never_wrong_and_two_passes_find_what_disappeared() {
    for (shape, seed) in [(Shape::Wrapped, 5), (Shape::Flat, 6)] {
        let growing = Growing::new(changing(shape, seed)).await;
        growing.pass().await;
        let known = rows(
            &growing.path,
            "select user_id, 'user' from users where counted_call_id is not null
             union all select post_id, 'post' from posts where counted_call_id is not null
             union all select comment_id, 'comment' from comments where counted_call_id is not null",
        )
        .await;
        let seeds = growing.site.sim.world().seed_users();
        let before = follows(&growing.world());
        growing.advance(3 * DAY);
        // A gateway answers for a user who is there, until the job gives up. If it answered for two, they could be the last
        // jobs of their endpoint, and nothing would say whether the endpoint is the cause.
        let there = |id: &&String| !is_gone(&growing.world(), id);
        let user = seeds.iter().find(there).expect("a user who is there");
        let script = format!("get_user_posts@{user}:1+=gateway-404");
        growing.site.sim.script(&script).expect("a script");
        growing.pass().await;
        let given_up =
            "select subject from jobs where stop_reason = 'gone' and endpoint = 'get_user_posts'
            and note not like '%was not found%'";
        assert_eq!(rows(&growing.path, given_up).await.len(), 1);
        let first = growing.world();
        growing.advance(25 * 3_600);
        growing.pass().await;
        let last = growing.world();

        let verdicts = verdicts(&growing.path).await;
        let of = |id: &str, of: &str| {
            let verdict = verdicts.get(&(id.to_owned(), of.to_owned()));
            verdict.map_or("", String::as_str)
        };
        // Also what was shown again later.
        let said_gone = "select id from absence_history where verdict = 'gone'";
        let said_gone = rows(&growing.path, said_gone).await.concat();
        let wrong: Vec<_> = said_gone.iter().filter(|id| !is_gone(&last, id)).collect();
        assert!(said_gone.len() > 10 && wrong.is_empty(), "{wrong:?}");

        // People of the audience have no list that is crawled: only their follows are missed. What a private user hides
        // cannot be told from what they deleted, so it is not counted.
        let is_shown = |id: &str| [&first, &last].iter().all(|world| !is_private(world, id));
        let lost = known.iter().filter(|row| {
            (row[1] != "user" || seeds.contains(&row[0]))
                && is_gone(&first, &row[0])
                && is_shown(&row[0])
        });
        let lost = lost.map(|row| (row[0].as_str(), ""));
        let now = [follows(&first), follows(&last)];
        let ended = before.iter().filter(|(follower, followed)| {
            let edge = (follower.clone(), followed.clone());
            seeds.contains(followed)
                && is_shown(followed)
                && now.iter().all(|now| !now.contains(&edge))
        });
        let ended = ended.map(|(follower, followed)| (follower.as_str(), followed.as_str()));
        let lost: Vec<_> = lost.chain(ended).collect();
        let missed: Vec<_> = lost
            .iter()
            .filter(|(id, other)| !["gone", "unseen"].contains(&of(id, other)))
            .collect();
        let recall = 1.0 - missed.len() as f64 / lost.len() as f64;
        assert!(
            lost.len() > 60 && recall >= 0.95,
            "{shape:?}: recall {recall} of {}: {missed:?}",
            lost.len()
        );
        // Nothing that is shown was unseen twice.
        let unseen = verdicts.iter().filter(|(_, verdict)| *verdict == "unseen");
        let shown = unseen.filter(|((id, other), _)| match other.is_empty() {
            true => !is_gone(&last, id) && is_shown(id),
            false => now[1].contains(&(id.clone(), other.clone())) && is_shown(other),
        });
        let shown: Vec<_> = shown.collect();
        assert!(shown.is_empty(), "{shape:?}: {shown:?}");
        let report = examine(&growing.path).await;
        assert!(report.is_sound(), "{}", report_text(&report));
    }
}
