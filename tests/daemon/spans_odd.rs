//! Lists whose cursors, pins, ends and counts mislead: a later pass may cost more there, but misses nothing.

use crate::listed::{Expired, LISTED, again, archived, bought, listed, look_again};

#[tokio::test]
async fn after_a_cursor_that_leads_to_nothing_a_walk_goes_through_what_it_has_and_nothing_is_missing()
 {
    for expired in [Expired::Refusal, Expired::EmptyPage, Expired::NotFound] {
        let (mut place, list) = listed().await;
        place.set("crawl.max_pages.posts", "3");
        place.crawl().await.with(0);
        // Two more passes at the head, so that the last one meets a span that met a span.
        place.set("crawl.max_pages.posts", "4");
        for more in [3, 3] {
            list.lock().expect("a list").newest += more;
            again(&place).await;
            place.crawl().await.with(0);
        }
        let before = bought(&place).await.0;
        look_again(&mut place, &list, |list| {
            list.newest += 2;
            (list.era, list.expired) = (1, expired);
            // A count that the archive reaches, because what it has may be deleted.
            list.count = Some(45);
        })
        .await;
        let (pages, end) = bought(&place).await;
        assert_eq!(archived(&place).await, 48, "{expired:?}: {end}");
        assert!(end.starts_with("complete "), "{expired:?}: {end}");
        let answers = i64::from(matches!(expired, Expired::EmptyPage));
        assert_eq!(
            pages - before,
            6 + answers,
            "the head once, and no page twice in a pass"
        );
        let restarts = place
            .number("select restarts from jobs where endpoint = 'get_user_posts'")
            .await;
        assert_eq!(restarts, 0);
        place.run(&["verify"]).await.with(0);
        look_again(&mut place, &list, |_| {}).await;
        assert_eq!(bought(&place).await.0, pages + 1);
        place.run(&["verify"]).await.with(0);
    }
}

#[tokio::test]
async fn a_pinned_post_alone_on_the_first_page_is_no_meeting() {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    look_again(&mut place, &list, |list| {
        (list.pinned, list.is_pin_alone, list.newest) = (Some(3), true, LISTED + 10);
    })
    .await;
    let (pages, end) = bought(&place).await;
    assert_eq!(archived(&place).await, 50, "{end}");
    assert_eq!(pages, 5 + 3, "{end}");
    place.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn what_an_earlier_pass_saw_ends_no_walk_if_the_count_says_that_far_more_is_there() {
    let (mut place, list) = listed().await;
    // The first pass sees a list that is cut off, and knows no count.
    list.lock().expect("a list").deleted = (1..=30).collect();
    place.crawl().await.with(0);
    assert_eq!(bought(&place).await, (2, "complete ".to_owned()));
    look_again(&mut place, &list, |list| {
        (list.deleted, list.count) = (Vec::new(), Some(LISTED));
    })
    .await;
    assert_eq!(archived(&place).await, 40);
    assert_eq!(bought(&place).await, (2 + 5, "complete ".to_owned()));
    place.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn a_page_of_pinned_posts_is_no_meeting() {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    look_again(&mut place, &list, |list| {
        (list.pinned_page, list.newest) = (vec![39, 9, 31, 2, 17], LISTED + 10);
    })
    .await;
    let (pages, end) = bought(&place).await;
    assert_eq!(archived(&place).await, 50, "{end}");
    assert_eq!(pages, 5 + 3, "{end}");
}

#[tokio::test]
async fn a_false_end_is_refuted_by_a_later_pass() {
    let (mut place, list) = listed().await;
    list.lock().expect("a list").is_cut = true;
    place.crawl().await.with(0);
    assert_eq!(bought(&place).await, (1, "complete ".to_owned()));
    look_again(&mut place, &list, |list| list.is_cut = false).await;
    assert_eq!(archived(&place).await, 40);
    assert_eq!(bought(&place).await, (1 + 5, "complete ".to_owned()));
    place.run(&["verify"]).await.with(0);
    look_again(&mut place, &list, |list| list.newest += 1).await;
    assert_eq!(bought(&place).await.0, 7, "the true end is met");
}

#[tokio::test]
async fn an_interrupted_pass_and_a_false_end_are_not_complete() {
    let (mut place, list) = listed().await;
    list.lock().expect("a list").count = Some(LISTED);
    place.set("crawl.max_pages.posts", "3");
    place.crawl().await.with(0);
    list.lock().expect("a list").is_cut = true;
    again(&place).await;
    place.unset("crawl.max_pages.posts");
    place.crawl().await.with(3);
    assert!(bought(&place).await.1.starts_with("truncated "));
}
