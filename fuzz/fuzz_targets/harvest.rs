//! Fuzzes the envelope and each list shape: any bytes become rows, odd items, or a failure that names its place.
//!
//! The first byte selects the endpoint; the rest is the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use soracrawl::api::{endpoints, harvest, payload_json};

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else {
        return;
    };
    let entry = &endpoints::ALL[usize::from(*choice) % endpoints::ALL.len()];
    // Printed JSON has its control characters escaped, so that it cannot send commands to a terminal.
    if let Ok(text) = payload_json(body) {
        assert!(!text.chars().any(|letter| letter < ' ' && letter != '\n'));
    }
    let Ok(page) = harvest(entry, "user-1", body) else {
        return;
    };
    assert!(page.odd.len() <= 110, "{} odd items", page.odd.len());
    assert_ne!(page.cursor.as_deref(), Some(""));
    let users = page.users.iter().map(|row| &row.user_id);
    let posts = page.posts.iter().map(|row| &row.post_id);
    let comments = page.comments.iter().map(|row| &row.comment_id);
    for id in users.chain(posts).chain(comments).chain(&page.items) {
        assert!(!id.is_empty() && id.len() <= 200 && !id.chars().any(char::is_control));
    }
    assert!(
        page.attachments
            .iter()
            .all(|row| row.post_id.is_some() != row.comment_id.is_some())
    );
    // The number of rows is bounded by the size of the page.
    assert!(page.row_count() <= 8 * body.len());
    assert_eq!(harvest(entry, "user-1", body), Ok(page));
});
