//! Fuzzes walks: for any cursors, a walk ends for a stated reason or continues with a cursor that it never sent.
//!
//! The input is a sequence of pages separated by the byte 0xff, which never occurs in JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use soracrawl::api::{endpoints, harvest};
use soracrawl::crawl::decide::{WalkFacts, after_page};
use soracrawl::crawl::seen::Seen;
use soracrawl::store::Next;

fuzz_target!(|data: &[u8]| {
    let entry = endpoints::find("get_feed").expect("an endpoint");
    let (mut seen, mut sent, mut stale) = (Seen::default(), Vec::<String>::new(), 0);
    for (pages, body) in (1..).zip(data.split(|byte| *byte == 0xff)) {
        let Ok(page) = harvest(entry, "", body) else {
            return;
        };
        let cursor = page.cursor.as_deref();
        let next = after_page(&WalkFacts {
            is_paged: true,
            cursor,
            has_more: page.has_more,
            cursor_came_before: cursor.is_some_and(|cursor| seen.has_cursor(cursor))
                || sent.last().map(String::as_str) == cursor && cursor.is_some(),
            has_new_id: seen.has_new(&page.items),
            stale_pages: stale,
            pages,
            max_pages: Some(50),
        });
        seen.add(sent.last().map(String::as_str), &page.items);
        match next {
            Next::End { .. } => return,
            Next::Page { cursor, stale_pages } => {
                assert!(!cursor.is_empty() && !sent.contains(&cursor) && stale_pages < 2);
                assert!(pages < 50);
                stale = stale_pages;
                sent.push(cursor);
            }
        }
    }
});
