//! Faults that edit pages or cursors of a walk.

use serde_json::Value;
use soracrawl::sim::{Options, Ratio, Shape, Sim};

use crate::client::{call, cursor, exact, get, ids, items, list, path};
use crate::faults::{LIST, all, second_page};

#[tokio::test]
async fn values_of_wrong_types_are_added_and_no_item_is_lost() {
    for shape in [Shape::Flat, Shape::Wrapped] {
        let (sim, user) = second_page("wrong-type", Options { shape, ..exact() }).await;
        let at = cursor(&call(&sim, LIST, &user, "").await.data());
        let page = call(&sim, LIST, &user, &at).await.data();
        assert_eq!(ids(&page), all(&sim, &user)[10..20]);
        let items = items(&page);
        assert!(items.iter().any(Value::is_null) && items.iter().any(Value::is_number));
        assert!(items.iter().any(Value::is_string));
    }
}

/// Walks a list with `fault` at the second call, for at most `most` pages or until a cursor repeats.
///
/// Returns the ids of each page, the cursors, the simulator and the user.
async fn disturbed(fault: &str, most: usize) -> (Vec<Vec<String>>, Vec<String>, Sim, String) {
    let (sim, user) = second_page(fault, exact()).await;
    let (mut pages, mut cursors) = (Vec::new(), vec![String::new()]);
    while pages.len() < most {
        let page = call(&sim, LIST, &user, &cursors[cursors.len() - 1])
            .await
            .data();
        pages.push(ids(&page));
        let next = cursor(&page);
        let is_end = next.is_empty() || cursors.contains(&next);
        cursors.push(next);
        if is_end {
            break;
        }
    }
    (pages, cursors, sim, user)
}

#[tokio::test]
async fn each_fault_edits_pages_as_documented() {
    let sizes = |pages: &[Vec<String>]| pages.iter().map(Vec::len).collect::<Vec<_>>();
    let (pages, _, sim, user) = disturbed("repeated-page", 9).await;
    let all = all(&sim, &user);
    assert_eq!(pages, [&all[..10], &all[10..20], &all[10..20], &all[20..]]);
    let (pages, ..) = disturbed("empty-page", 9).await;
    assert_eq!(sizes(&pages), [10, 0, 10, 5]);
    let (pages, ..) = disturbed("overlapping-page", 9).await;
    assert_eq!(pages, [&all[..10], &all[7..20], &all[20..]]);
    let (pages, ..) = disturbed("items-inserted", 9).await;
    assert_eq!(pages, [&all[..10], &all[9..19], &all[19..]]);
    let (pages, ..) = disturbed("items-deleted", 9).await;
    assert_eq!(pages, [&all[..10], &all[11..21], &all[21..]]);
    let (pages, cursors, ..) = disturbed("own-cursor", 9).await;
    assert_eq!((sizes(&pages), &cursors[1]), (vec![10, 10], &cursors[2]));
    let (pages, cursors, ..) = disturbed("endless-new-cursors", 9).await;
    assert_eq!((sizes(&pages), cursors.len()), (vec![10; 9], 10));
    assert!(pages[2..].iter().all(|page| page == &pages[1]));
    let (pages, _, sim, user) = disturbed("", 9).await;
    assert_eq!(pages.concat(), all);
    let at = cursor(&call(&sim, LIST, &user, "").await.data());
    sim.script(&format!("{}@{user}:5=cursor-loop", LIST.name()))
        .expect("a rule");
    let third = cursor(&call(&sim, LIST, &user, &at).await.data());
    // Calls 1 to 3 were the walk, calls 4 and 5 are above. Call 5 is the second page, whose loop points to itself.
    assert_eq!(third, at);
}

#[tokio::test]
async fn a_cursor_loop_leads_back_by_one_page() {
    let (sim, user) = second_page("", exact()).await;
    let first = cursor(&call(&sim, LIST, &user, "").await.data());
    let second = cursor(&call(&sim, LIST, &user, &first).await.data());
    sim.script("*:3=cursor-loop").expect("a rule");
    assert_eq!(
        cursor(&call(&sim, LIST, &user, &second).await.data()),
        first
    );
}

#[tokio::test]
async fn has_more_and_the_cursor_can_contradict_each_other_in_both_shapes() {
    for shape in [Shape::Flat, Shape::Wrapped] {
        for (fault, has_more) in [
            ("has-more-no-cursor", true),
            ("has-more-false-with-cursor", false),
        ] {
            let (sim, user) = second_page(fault, Options { shape, ..exact() }).await;
            let at = cursor(&call(&sim, LIST, &user, "").await.data());
            let page = call(&sim, LIST, &user, &at).await.data();
            assert_eq!(list(&page)["has_more"], has_more, "{fault}");
            assert_eq!(cursor(&page).is_empty(), has_more, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_client_that_retries_sees_every_item_despite_recoverable_faults() {
    let tampered = ["empty-page=0.3", "repeated-page=0.3", "items-inserted=0.2"];
    let tampered: Vec<Ratio> = tampered
        .iter()
        .map(|it| it.parse().expect("a ratio"))
        .collect();
    for (faults, fault, seed) in [
        (0.5, vec![], 1),
        (0.5, vec![], 2),
        (0.0, tampered.clone(), 3),
        (0.0, tampered, 4),
    ] {
        let options = Options {
            faults,
            fault,
            seed,
            retry_after_seconds: 0,
            page_size_follows: 4,
            ..exact()
        };
        recovers(Sim::start(options).await.expect("a simulator")).await;
    }
}

async fn recovers(sim: Sim) {
    for user in sim.world().seed_users() {
        let (mut seen, mut at, mut stale) = (std::collections::BTreeSet::new(), String::new(), 0);
        let mut cursors = std::collections::BTreeSet::new();
        loop {
            let Ok(answer) = get(&sim, &path(LIST, &user, &at)).await else {
                continue;
            };
            let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
                continue;
            };
            if answer.status != 200 || body.pointer("/data/items").is_none() {
                continue;
            }
            let before = seen.len();
            seen.extend(ids(&body["data"]));
            stale = if seen.len() == before { stale + 1 } else { 0 };
            assert!(stale < 2, "two consecutive pages without a new item");
            at = cursor(&body["data"]);
            if at.is_empty() {
                break;
            }
            assert!(cursors.insert(at.clone()), "a cursor was repeated");
        }
        assert_eq!(seen, all(&sim, &user).into_iter().collect());
    }
    assert!(sim.log().iter().filter(|it| it.fault.is_some()).count() > 3);
}
