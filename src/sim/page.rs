//! Renders one page of a list: selects its items and cursor, and applies the faults that edit a page.

use std::ops::Range;

use serde_json::{Value, json};

use super::cursor::Cursor;
use super::endpoint::Endpoint;
use super::faults::Fault;
use super::hash::hash;
use super::options::{Options, Shape};
use super::shape::Shaper;
use super::timeline::Timeline;
use super::world::Items;

/// Number of items that an overlapping page repeats from the previous page.
const OVERLAP: usize = 3;

/// Content of a page.
struct Plan {
    items: Range<usize>,
    next: Option<Cursor>,
    /// Overrides `has_more`, which otherwise means "there is a cursor", even in the shape without that field.
    has_more: Option<bool>,
}

impl Shaper<'_> {
    /// Renders the data of a page; `None` if the subject of the list does not exist.
    pub(super) fn page(
        &self,
        endpoint: Endpoint,
        subject: &str,
        cursor: Option<&Cursor>,
        epoch: u32,
        fault: Option<Fault>,
    ) -> Option<Value> {
        let list = self.shown(endpoint, subject)?;
        let timeline = self.timeline(endpoint, subject);
        let list = timeline.as_ref().map_or(list, Timeline::list);
        let total = list.len();
        let size = page_size(endpoint, self.options);
        let (start, size) = match &timeline {
            Some(it) => it.place(cursor, size),
            None => (cursor.map_or(0, |it| it.offset).min(total), size),
        };
        let to = |offset, variant| Cursor {
            variant,
            before: timeline.as_ref().and_then(|it| it.before(offset)),
            ..self.cursor(endpoint, subject, offset, epoch)
        };
        let plan = plan(cursor, fault, total, start, size, to);
        let mut items: Vec<Value> = match list {
            Items::People(list) => list[plan.items]
                .iter()
                .map(|it| self.listed_person(endpoint, *it))
                .collect(),
            Items::Posts(list) => list[plan.items]
                .iter()
                .map(|it| self.listed_post(endpoint, *it))
                .collect(),
            Items::Comments(list) => list[plan.items]
                .iter()
                .map(|it| self.listed_comment(*it))
                .collect(),
        };
        if let Some(it) =
            timeline.filter(|it| it.is_head(cursor) && fault != Some(Fault::EmptyPage))
        {
            self.rearrange(subject, &mut items);
            let pinned = it.pinned().map(|post| self.listed_post(endpoint, post));
            items.splice(0..0, pinned);
        }
        if fault == Some(Fault::WrongType) {
            spoil(&mut items, subject);
        }
        let mut page = json!({"items": items, "cursor": plan.next.as_ref().map(Cursor::encode)});
        let documented = self.options.shape == Shape::Flat
            && !matches!(endpoint, Endpoint::RemixList | Endpoint::Leaderboard);
        if documented || plan.has_more.is_some() {
            page["has_more"] = json!(plan.has_more.unwrap_or(plan.next.is_some()));
        }
        if !matches!(endpoint, Endpoint::PostComments | Endpoint::CommentReplies) {
            if endpoint == Endpoint::Feed && self.options.shape == Shape::Wrapped {
                page["debug_info"] = Value::Null;
            }
            return Some(page);
        }
        let mut data = self.comments_around(endpoint, subject);
        data["children"] = page;
        Some(data)
    }

    /// Returns the list as this shape shows it. The vendor's documentation has no replies to replies.
    fn shown(&self, endpoint: Endpoint, subject: &str) -> Option<Items<'_>> {
        let list = self.world.items(endpoint, subject)?;
        let is_too_deep = endpoint == Endpoint::CommentReplies
            && self.options.shape == Shape::Flat
            && self
                .world
                .comment(subject)
                .is_some_and(|it| self.world.comments[it].depth > 0);
        Some(if is_too_deep {
            Items::Comments(&[])
        } else {
            list
        })
    }
}

fn page_size(endpoint: Endpoint, options: &Options) -> usize {
    let size = match endpoint {
        Endpoint::UserPosts => options.page_size_posts,
        Endpoint::Appearances => options.page_size_appearances,
        Endpoint::Followers | Endpoint::Following => options.page_size_follows,
        Endpoint::PostComments | Endpoint::CommentReplies => options.page_size_comments,
        Endpoint::RemixList => options.page_size_remixes,
        Endpoint::Feed => options.page_size_feed,
        _ => options.page_size_leaderboard,
    };
    size.max(1)
}

fn plan(
    cursor: Option<&Cursor>,
    fault: Option<Fault>,
    total: usize,
    start: usize,
    size: usize,
    to: impl Fn(usize, u32) -> Cursor,
) -> Plan {
    let variant = cursor.map_or(0, |it| it.variant);
    let end = (start + size).min(total);
    // Also mark the page after a repeated page, so that ratios skip it.
    let after = if variant == 1 { 2 } else { 0 };
    let mut plan = Plan {
        items: start..end,
        next: (end < total).then(|| to(end, after)),
        has_more: None,
    };
    if cursor.is_some_and(|it| it.is_endless) || fault == Some(Fault::EndlessNewCursors) {
        plan.next = Some(Cursor {
            is_endless: true,
            ..to(start, variant + 1)
        });
        return plan;
    }
    match fault {
        Some(Fault::RepeatedPage) => plan.next = Some(to(start, variant + 1)),
        Some(Fault::EmptyPage) => {
            plan.items = 0..0;
            plan.next = Some(to(start, variant + 1));
        }
        Some(Fault::OverlappingPage) => plan.items.start = start.saturating_sub(OVERLAP),
        Some(Fault::OwnCursor) => plan.next = cursor.cloned(),
        Some(Fault::CursorLoop) if start > size => plan.next = Some(to(start - size, 0)),
        Some(Fault::CursorLoop) => plan.next = cursor.cloned(),
        Some(Fault::HasMoreNoCursor) => {
            plan.next = None;
            plan.has_more = Some(true);
        }
        Some(Fault::HasMoreFalseWithCursor) => {
            plan.next = Some(plan.next.unwrap_or_else(|| to(end, 0)));
            plan.has_more = Some(false);
        }
        Some(Fault::ItemsInserted) if start > 0 && end > start => {
            plan.items = start - 1..end - 1;
            plan.next = Some(to(end - 1, 1));
        }
        Some(Fault::ItemsDeleted) if end > start => {
            let end = (end + 1).min(total);
            plan.items = start + 1..end;
            plan.next = (end < total).then(|| to(end, 0));
        }
        _ => {}
    }
    plan
}

/// Inserts values that are not items. The items themselves stay complete and in order.
fn spoil(items: &mut Vec<Value>, subject: &str) {
    let junk = [
        json!(null),
        json!(42),
        json!("an item?"),
        json!([1, 2]),
        json!({}),
        json!(true),
    ];
    let start = hash(29, &[subject]) as usize;
    for (n, wrong) in junk.into_iter().enumerate() {
        let place = (start / (n + 1)) % (items.len() + 1);
        items.insert(place, wrong);
    }
}
