//! What a second run, a restart, a budget or another seed may change of a job.

use std::path::Path;

use crate::clock::Clock;
use crate::model::{
    Budget, Harvest, Lease, MicroUsd, NewJob, Refusals, Seed, SeedKind, StopReason, User,
    item_hashes,
};
use crate::store::{
    Error, Failure, LeaseRequest, Leased, Next, OpenCall, Outcome, PageCommit, Requeue, Retry, Run,
    RunKind, Settlement, Store, Writer,
};

const WALK: &str = "get_user_followers";
const FIRST: &str = "get_user_posts";

struct Site {
    _folder: tempfile::TempDir,
    store: Store,
    writer: Writer,
    run: Run,
}

fn job(endpoint: &'static str, subject: &str) -> NewJob {
    NewJob {
        endpoint,
        subject: subject.to_owned(),
        depth: 0,
        cursor: None,
        after: None,
        resolves_name: false,
    }
}

fn seed(subject: &str) -> Seed {
    Seed {
        kind: SeedKind::User,
        subject: subject.to_owned(),
    }
}

fn settlement() -> Settlement {
    Settlement {
        outcome: Outcome::Answered,
        charge: MicroUsd(5),
        http_status: Some(200),
        error: None,
        request_id: Some("request-1".to_owned()),
        body_bytes: Some(3),
        body: Some(b"raw".to_vec()),
    }
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Path::join(folder.path(), "a.db"))
            .await
            .unwrap();
        let writer = Writer::start(&store, Clock::manual(|| 100.0));
        let run = store.start_run(RunKind::Run, 1, 1.0).await.unwrap();
        Self {
            _folder: folder,
            store,
            writer,
            run,
        }
    }

    async fn plant(&self, subject: &str, jobs: Vec<NewJob>) {
        let planted = [(seed(subject), jobs)];
        self.store.plant(&planted, 2.0).await.unwrap();
    }

    async fn lease(&self, endpoint: &'static str) -> Option<Lease> {
        let request = LeaseRequest {
            endpoints: vec![endpoint],
            sampled: Vec::new(),
            may_be_unneeded: Vec::new(),
            max_depth: 9,
            paused_seeds: Vec::new(),
            imported_only: false,
            lease_seconds: 60.0,
            call_of: None,
        };
        match self.writer.lease(request).await.unwrap() {
            Leased::Job(lease, _) => Some(*lease),
            Leased::Nothing { .. } => None,
        }
    }

    async fn open(&self, lease: &Lease) -> i64 {
        let call = OpenCall {
            run_id: self.run.id,
            lease: Some(lease.token),
            seed_id: Some(lease.seed_id),
            endpoint: lease.endpoint,
            subject: lease.subject.clone(),
            cursor: lease.cursor.clone(),
            price: MicroUsd(5),
            budget: Budget::default(),
            day: "2026-01-01".to_owned(),
            now: 3.0,
            imported_from: None,
        };
        self.writer.open_call(call).await.unwrap()
    }

    async fn page(&self, lease: &Lease, users: &[&str], next: Next) -> PageCommit {
        let items: Vec<String> = users.iter().map(|user| (*user).to_owned()).collect();
        let harvest = Harvest {
            users: items
                .iter()
                .map(|id| User {
                    user_id: id.clone(),
                    ..User::default()
                })
                .collect(),
            items: items.clone(),
            ..Harvest::default()
        };
        PageCommit {
            own_time: None,
            span_change: None,
            passes: Vec::new(),
            call_id: self.open(lease).await,
            settlement: settlement(),
            item_hashes: item_hashes(&items),
            row_count: harvest.row_count(),
            harvest,
            next,
            follow_ups: Vec::new(),
            nested: Vec::new(),
            led_to: 0,
            refused: Refusals::new(),
            lease_seconds: 60.0,
            lease: lease.clone(),
        }
    }

    async fn fail(&self, lease: &Lease, retry: Retry) {
        let failure = Failure {
            gone: None,
            token: lease.token,
            call: None,
            retry,
            cooling: Vec::new(),
            error: "an error".to_owned(),
            now: 4.0,
        };
        self.writer.fail(failure).await.unwrap();
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(self.store.readers())
            .await
            .unwrap()
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql)
            .fetch_all(self.store.readers())
            .await
            .unwrap()
    }
}

fn goes_on(cursor: &str, stale_pages: u32) -> Next {
    Next::Page {
        cursor: cursor.to_owned(),
        stale_pages,
        repeated_pages: stale_pages,
    }
}

fn complete() -> Next {
    Next::End {
        reason: StopReason::Complete,
        note: String::new(),
        cursor: None,
    }
}

#[tokio::test]
async fn after_a_kept_page_a_walk_has_all_its_attempts_again() {
    let site = Site::new().await;
    site.plant("user-1", vec![job(WALK, "user-1")]).await;
    for attempts in 0..3 {
        let lease = site.lease(WALK).await.unwrap();
        assert_eq!(lease.attempts, attempts);
        site.fail(&lease, Retry::At(0.0)).await;
        site.store.release_due(50.0, &[]).await.unwrap();
    }
    let lease = site.lease(WALK).await.unwrap();
    let page = site.page(&lease, &["user-2"], goes_on("c1", 0)).await;
    site.writer.commit_page(page).await.unwrap();
    assert_eq!(site.number("select attempts from jobs").await, 0);
    assert_eq!(site.number("select last_error is null from jobs").await, 1);
}

#[tokio::test]
async fn a_restart_forgets_the_pages_of_the_walk_and_a_requeue_gives_the_restart_back() {
    let site = Site::new().await;
    site.plant("user-1", vec![job(WALK, "user-1")]).await;
    let lease = site.lease(WALK).await.unwrap();
    let page = site.page(&lease, &["user-2"], goes_on("c1", 1)).await;
    site.writer.commit_page(page).await.unwrap();
    let lease = Lease { pages: 1, ..lease };
    site.fail(&lease, Retry::Restart).await;
    let lease = site.lease(WALK).await.unwrap();
    let state = (
        lease.pages,
        lease.items,
        lease.stale_pages,
        lease.repeated_pages,
    );
    assert_eq!(state, (0, 0, 0, 0));
    assert_eq!((lease.restarts, lease.cursor.clone()), (1, None));
    let seen = site.store.seen(lease.token.job_id).await.unwrap();
    assert!(
        seen.item_hashes.is_empty(),
        "pages before the restart are not seen"
    );
    let note = "given up".to_owned();
    site.fail(&lease, Retry::End(StopReason::Failed, note))
        .await;
    let which = Requeue {
        state: Some("failed".to_owned()),
        ..Requeue::default()
    };
    assert_eq!(site.store.requeue(&which).await.unwrap(), 1);
    assert_eq!(site.lease(WALK).await.unwrap().restarts, 0);
}

#[tokio::test]
async fn a_page_of_a_lost_lease_is_refused_settled_and_keeps_its_raw_reply() {
    let site = Site::new().await;
    site.plant("user-1", vec![job(WALK, "user-1")]).await;
    let lease = site.lease(WALK).await.unwrap();
    let late = site.page(&lease, &["user-2"], goes_on("c1", 0)).await;
    // The lease expires, and another worker takes the job.
    site.store.release_due(1e9, &[]).await.unwrap();
    let other = site.lease(WALK).await.unwrap();
    assert!(other.token.fence > lease.token.fence);
    let answer = site.writer.commit_page(late).await;
    assert!(matches!(answer, Err(Error::LeaseLost)), "{answer:?}");
    assert_eq!(site.number("select count(*) from users").await, 0);
    let call = "select outcome || ' ' || kept || ' ' || cost_micro_usd || ' ' || cast(body as text) from calls";
    assert_eq!(site.texts(call).await, ["answered 0 5 raw"]);
    assert_eq!(site.number("select pages from jobs").await, 0);
}

#[tokio::test]
async fn a_page_that_the_archive_refuses_leaves_the_pages_of_its_group_kept() {
    let site = Site::new().await;
    let subjects = ["user-1", "user-2", "user-3", "user-4"];
    for subject in subjects {
        site.plant(subject, vec![job(WALK, subject)]).await;
    }
    sqlx::raw_sql(
        "create trigger refuse before insert on users when new.user_id = 'bad' begin select raise(abort, 'no'); end",
    )
    .execute(&mut **site.store.writing().await)
    .await
    .unwrap();
    let mut pages = Vec::new();
    for subject in subjects {
        let lease = site.lease(WALK).await.unwrap();
        let user = if subject == "user-3" { "bad" } else { subject };
        pages.push(site.page(&lease, &[user], goes_on("c1", 0)).await);
    }
    // While the connection is held, all four wait for it and form one group.
    let held = site.store.writing().await;
    let writers = pages.into_iter().map(|page| site.writer.commit_page(page));
    let all = futures_util::future::join_all(writers);
    let release = async {
        tokio::task::yield_now().await;
        drop(held);
    };
    let (answers, ()) = futures_util::future::join(all, release).await;
    let kept: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(kept, [true, true, false, true]);
    assert_eq!(
        site.number("select count(*) from calls where kept = 1")
            .await,
        3
    );
    assert_eq!(site.number("select count(*) from users").await, 3);
}

#[tokio::test]
async fn after_a_budget_stop_a_waiting_job_still_waits_for_the_first_page() {
    let site = Site::new().await;
    let waits = NewJob {
        after: Some(FIRST),
        ..job(WALK, "user-1")
    };
    site.plant("user-1", vec![job(FIRST, "user-1"), waits])
        .await;
    assert_eq!(site.lease(WALK).await, None);
    site.store.stop_all("spent", 5.0).await.unwrap();
    assert_eq!(
        site.number("select count(*) from jobs where stop_reason = 'budget'")
            .await,
        2
    );
    assert_eq!(site.store.resume_budget_stops().await.unwrap(), 2);
    assert_eq!(site.lease(WALK).await, None, "it waits again");
    let first = site.lease(FIRST).await.unwrap();
    let page = site.page(&first, &["user-1"], complete()).await;
    site.writer.commit_page(page).await.unwrap();
    assert!(site.lease(WALK).await.is_some());
}

#[tokio::test]
async fn jobs_that_are_found_together_wait_in_a_chain_whatever_their_order() {
    const LAST: &str = "get_user_following";
    let after = |endpoint, after| NewJob {
        after: Some(after),
        ..job(endpoint, "user-1")
    };
    let chain = || vec![after(LAST, WALK), after(WALK, FIRST), job(FIRST, "user-1")];
    let site = Site::new().await;
    site.plant("user-1", chain()).await;
    let chained = "select count(*) from jobs j join jobs other on other.id = j.after_job_id
        where j.state = 'waiting' and (j.endpoint, other.endpoint) in
            (values ('get_user_following', 'get_user_followers'), ('get_user_followers', 'get_user_posts'))";
    assert_eq!(site.number(chained).await, 2);
    // A plan that changes gives jobs that were ready something to wait for.
    site.plant("user-2", vec![job(LAST, "user-2"), job(WALK, "user-2")])
        .await;
    let again = chain().into_iter().map(|job| NewJob {
        subject: "user-2".to_owned(),
        ..job
    });
    site.plant("user-2", again.collect()).await;
    assert_eq!(site.number(chained).await, 4);
    // Jobs that wait for each other are added once, and the queue does not hang.
    let circle = |endpoint, other| NewJob {
        subject: "user-3".to_owned(),
        ..after(endpoint, other)
    };
    site.plant("user-3", vec![circle(WALK, FIRST), circle(FIRST, WALK)])
        .await;
    let of_user_3 = "select count(*) from jobs where subject = 'user-3'";
    assert_eq!(site.number(of_user_3).await, 2);
}

#[tokio::test]
async fn a_nested_list_applies_to_a_waiting_job_too() {
    let site = Site::new().await;
    let waits = NewJob {
        after: Some(FIRST),
        ..job(WALK, "user-1")
    };
    site.plant("user-1", vec![job(FIRST, "user-1"), waits])
        .await;
    let first = site.lease(FIRST).await.unwrap();
    let mut page = site.page(&first, &["user-1"], goes_on("c1", 0)).await;
    page.nested = vec![NewJob {
        cursor: Some("rest".to_owned()),
        ..job(WALK, "user-1")
    }];
    site.writer.commit_page(page).await.unwrap();
    assert_eq!(
        site.lease(WALK).await.unwrap().cursor.as_deref(),
        Some("rest")
    );
}

#[tokio::test]
async fn a_seed_never_takes_over_the_job_or_the_bill_of_another_seed() {
    let site = Site::new().await;
    site.plant("user-1", vec![job(WALK, "user-1")]).await;
    site.plant("user-2", vec![job(WALK, "user-2"), job(WALK, "user-1")])
        .await;
    let seeds = "select s.subject from jobs j join seeds s on s.id = j.seed_id order by j.subject";
    assert_eq!(site.texts(seeds).await, ["user-1", "user-2"]);
    let lease = site.lease(WALK).await.unwrap();
    assert_eq!(lease.subject, "user-1");
    let page = site.page(&lease, &["user-3"], goes_on("c1", 0)).await;
    site.writer.commit_page(page).await.unwrap();
    site.plant("user-2", vec![job(WALK, "user-1")]).await;
    let bills = "select s.subject || ' ' || p.micro_usd from spend p join seeds s on s.id = cast(p.name as integer)
        where p.scope = 'seed'";
    assert_eq!(site.texts(bills).await, ["user-1 5"]);
}

#[tokio::test]
async fn a_job_that_is_found_nearer_while_it_is_leased_is_planned_again() {
    let site = Site::new().await;
    let far = NewJob {
        depth: 3,
        ..job(WALK, "user-1")
    };
    site.plant("user-9", vec![far]).await;
    let lease = site.lease(WALK).await.unwrap();
    site.plant("user-1", vec![job(WALK, "user-1")]).await;
    assert_eq!(
        site.number("select replan from jobs where pages = 0").await,
        0
    );
    let page = site.page(&lease, &["user-2"], goes_on("c1", 0)).await;
    site.writer.commit_page(page).await.unwrap();
    assert_eq!(site.number("select replan from jobs").await, 1);
    assert_eq!(site.number("select depth from jobs").await, 0);
}

#[tokio::test]
async fn the_same_cap_twice_buys_nothing_and_bought_pages_are_no_known_objects() {
    let site = Site::new().await;
    site.plant("user-1", vec![job(WALK, "user-1"), job(FIRST, "user-1")])
        .await;
    let lease = site.lease(WALK).await.unwrap();
    let capped = Next::End {
        reason: StopReason::Capped,
        note: "cap".to_owned(),
        cursor: Some("c1".to_owned()),
    };
    let page = site.page(&lease, &["user-2"], capped).await;
    site.writer.commit_page(page).await.unwrap();
    assert_eq!(site.store.lift_cap(WALK, Some(1)).await.unwrap(), 0);
    assert_eq!(site.store.lift_cap(FIRST, None).await.unwrap(), 0);
    assert_eq!(site.store.lift_cap(WALK, Some(2)).await.unwrap(), 1);
    let lease = site.lease(FIRST).await.unwrap();
    let page = site.page(&lease, &["user-3"], complete()).await;
    site.writer.commit_page(page).await.unwrap();
    assert_eq!(
        site.store.want_known(FIRST).await.unwrap(),
        0,
        "its page was bought"
    );
}

#[tokio::test]
async fn the_request_id_of_the_remote_is_kept() {
    let site = Site::new().await;
    site.plant("user-1", vec![job(WALK, "user-1")]).await;
    let lease = site.lease(WALK).await.unwrap();
    let page = site.page(&lease, &["user-2"], goes_on("c1", 0)).await;
    site.writer.commit_page(page).await.unwrap();
    assert_eq!(
        site.texts("select request_id from calls").await,
        ["request-1"]
    );
}

#[tokio::test]
async fn a_job_that_ends_without_a_page_releases_the_jobs_that_waited_for_it() {
    let site = Site::new().await;
    let waits = NewJob {
        after: Some(FIRST),
        ..job(WALK, "user-1")
    };
    site.plant("user-1", vec![job(FIRST, "user-1"), waits])
        .await;
    let first = site.lease(FIRST).await.unwrap();
    let gone = Retry::End(StopReason::Gone, "gone".to_owned());
    site.fail(&first, gone).await;
    assert!(site.lease(WALK).await.is_some());
}
