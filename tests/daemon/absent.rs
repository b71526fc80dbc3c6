//! What later passes over a list no longer show.

use crate::listed::{LISTED, listed, look_again};
use crate::support::Place;

/// Returns the posts that are missing, by their numbers.
async fn missing(place: &Place) -> Vec<u32> {
    let ids = place
        .texts("select id || ' ' || verdict from absent order by id")
        .await;
    let number = |text: &String| {
        let (id, verdict) = text.split_once(' ').expect("two words");
        assert_eq!(verdict, "missed");
        u32::from_str_radix(&id[2..], 16).expect("a number")
    };
    ids.iter().map(number).collect()
}

#[tokio::test]
async fn a_pass_that_meets_an_earlier_one_misses_only_what_it_would_have_shown() {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    look_again(&mut place, &list, |list| {
        // One in the part that is seen again, and one behind it.
        (list.deleted, list.newest) = (vec![38, 5], LISTED + 1);
    })
    .await;
    assert_eq!(missing(&place).await, [38]);
    look_again(&mut place, &list, |list| list.deleted = vec![5]).await;
    assert_eq!(missing(&place).await, [0; 0], "it is there again");
    let history = "select count(*) from absence_history where seen_again_at is not null";
    assert_eq!(place.number(history).await, 1);
    place
        .run(&["jobs", "requeue", "--id", "1", "--whole"])
        .await
        .with(0);
    place.crawl().await.with(0);
    assert_eq!(missing(&place).await, [5], "a whole pass saw everything");
    place.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn a_pass_that_went_on_after_an_interrupted_one_misses_nothing_of_that_one() {
    let (mut place, list) = listed().await;
    place.set("crawl.max_pages.posts", "3");
    place.crawl().await.with(0);
    look_again(&mut place, &list, |list| list.newest += 1).await;
    assert_eq!(place.number("select count(*) from posts").await, 41);
    assert_eq!(missing(&place).await, [0; 0]);
    place.run(&["verify"]).await.with(0);
}
