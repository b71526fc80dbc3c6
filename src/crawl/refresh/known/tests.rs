use super::{Change, HOUR, curve, lists, posts};
use crate::api::{Entry, endpoints};
use crate::config::{Config, Refresh};
use crate::store::read::{CountPair, KnownList, KnownPosts};

fn entry(is_wanted: impl Fn(&Entry) -> bool) -> &'static Entry {
    let found = endpoints::ALL.iter().find(|entry| is_wanted(entry));
    found.expect("an endpoint")
}

fn refresh() -> Refresh {
    Config::default().refresh
}

/// A user's posts at these hours, whose list was seen at these hours.
fn known(looks: &[f64], dates: &[f64]) -> KnownPosts {
    let (last, before) = looks.split_last().expect("a look");
    let before: Vec<f64> = before.iter().map(|hour| hour * HOUR).collect();
    let posts: Vec<(f64, f64, i64)> = dates
        .iter()
        .map(|hour| (hour * HOUR, last * HOUR, 100))
        .collect();
    KnownPosts {
        job_id: 7,
        subject: "user-1".to_owned(),
        looked_at: last * HOUR,
        pages: 3,
        items: 90,
        looks: serde_json::json!(before).to_string(),
        posts: serde_json::json!(posts).to_string(),
    }
}

fn per_hour(of: &KnownPosts, now: f64) -> f64 {
    let entry = entry(|entry| entry.items == crate::model::Items::OwnPosts);
    let candidates = posts(entry, &refresh(), std::slice::from_ref(of), now * HOUR);
    match candidates[0].change {
        Change::Head { per_hour } => per_hour,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_list_has_a_rate_after_one_look_and_a_faster_one_after_more_posts() {
    let hourly: Vec<f64> = (0..30).rev().map(f64::from).collect();
    let once = per_hour(&known(&[30.0], &hourly), 40.0);
    assert!((0.8..1.3).contains(&once), "{once}");
    let mut woken: Vec<f64> = (0..60).rev().map(|n| 30.0 + f64::from(n) / 10.0).collect();
    woken.extend(&hourly);
    let later = per_hour(&known(&[30.0, 36.0], &woken), 40.0);
    assert!(later > 4.0, "{later}");
    let slept = per_hour(&known(&[30.0, 130.0, 230.0, 330.0], &hourly), 340.0);
    assert!(slept < 0.3, "{slept}");
}

#[test]
fn looks_before_the_oldest_known_post_tell_nothing() {
    // 100 posts are known, all of the last hours; the looks before them must not count as looks without a post.
    let dates: Vec<f64> = (0..100)
        .rev()
        .map(|n| 1_000.0 + f64::from(n) / 10.0)
        .collect();
    let rate = per_hour(&known(&[100.0, 500.0, 900.0, 1_010.0], &dates), 1_010.0);
    assert!(rate > 0.1, "{rate}");
}

#[test]
fn a_page_of_posts_renews_the_counters_of_its_posts() {
    let entry = entry(|entry| entry.items == crate::model::Items::OwnPosts);
    let dates: Vec<f64> = (0..80).rev().map(f64::from).collect();
    let list = known(&[100.0], &dates);
    let candidates = posts(entry, &refresh(), std::slice::from_ref(&list), 124.0 * HOUR);
    let counters = &candidates[0].counters;
    assert_eq!((counters.len(), candidates[0].unseen_hours), (30, 24.0));
    assert_eq!(
        (counters[0].seen_age_hours, counters[0].age_hours),
        (21.0, 45.0)
    );
    let only_lists = Refresh {
        counters: false,
        ..refresh()
    };
    let list = std::slice::from_ref(&list);
    assert!(posts(entry, &only_lists, list, 1e6)[0].counters.is_empty());
}

#[test]
fn an_unordered_list_has_changed_by_its_count_since_it_was_seen() {
    let entry = entry(|entry| entry.items == crate::model::Items::Users && entry.is_paged());
    let list = KnownList {
        job_id: 1,
        subject: "user-1".to_owned(),
        looked_at: 100.0 * HOUR,
        pages: 3,
        items: 142,
        size: 130,
        size_then: Some(142),
        first_size: Some(150),
        first_at: Some(0.0),
    };
    let candidates = lists(entry, std::slice::from_ref(&list), 200.0 * HOUR);
    let expected = Change::Anywhere {
        size: 130,
        known: 12,
        per_hour: 0.1,
    };
    assert_eq!(candidates[0].change, expected);
    assert_eq!(candidates[0].pages(), 3, "it is bought whole");
    let small = KnownList {
        pages: 15,
        ..list.clone()
    };
    let small = lists(entry, &[small], 200.0 * HOUR);
    assert_eq!(small[0].pages(), 13, "the remote gave ten a page");
    let unknown = KnownList {
        size_then: None,
        first_size: None,
        first_at: None,
        ..list
    };
    let candidates = lists(entry, &[unknown], 200.0 * HOUR);
    assert_eq!(candidates[0].unseen_items(), 0.0);
}

#[test]
fn the_curve_follows_the_histories_of_posts() {
    let pair = |from: f64, to: f64, counts: (i64, i64)| CountPair {
        post_id: 1,
        posted_at: 0.0,
        from_at: from * HOUR,
        from_count: counts.0,
        to_at: to * HOUR,
        to_count: counts.1,
    };
    let usual = curve(&[]).log_growth(64.0, 128.0);
    let fast = curve(&[pair(64.0, 128.0, (100, 800)); 50]).log_growth(64.0, 128.0);
    let still = curve(&[pair(64.0, 128.0, (100, 100)); 50]).log_growth(64.0, 128.0);
    assert!(fast > 1.5 && usual > still, "{fast} {usual} {still}");
}
