//! Lists: a page's own items, and lists nested in an object.

use super::fields::{Fields, is_erased, is_id};
use super::gather::{Gather, gather};
use super::ids::same;
use super::place::{Odds, Place};
use crate::api::endpoint::Malformed;
use crate::api::json::Json;
use crate::model::{Harvest, ListKind, Nested};

/// 2^53. A float below it represents every integer exactly; a larger one may have been rounded.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A list that was read: the ids of its usable items, the number of all items, and how it continues.
struct Walked {
    ids: Vec<String>,
    count: usize,
    tail: Tail,
}

/// How a list continues.
#[derive(Debug, Default)]
struct Tail {
    cursor: Option<String>,
    has_more: Option<bool>,
}

/// Reads a page. `item` returns the item's id, or `None` after it has noted why there is none.
///
/// `keys` are the possible names of the list, the documented one first. The list is an array or an object with `items`.
/// A payload that is an array is the list itself.
///
/// # Errors
/// Returns an error if the payload has no list, which is different from an empty page.
pub fn page(
    data: &Json<'_>,
    keys: &[&'static str],
    item: impl FnMut(&mut Gather<'_>, &Json<'_>, &Place<'_>, u32) -> Option<String>,
) -> Result<Harvest, Malformed> {
    gather(|gather| page_into(gather, data, keys, item))
}

/// Reads a page like [`page`], into an existing `gather`.
///
/// # Errors
/// Returns an error if the payload has no list.
pub fn page_into(
    gather: &mut Gather<'_>,
    data: &Json<'_>,
    keys: &[&'static str],
    mut item: impl FnMut(&mut Gather<'_>, &Json<'_>, &Place<'_>, u32) -> Option<String>,
) -> Result<(), Malformed> {
    let walked = match keys.iter().copied().find(|key| data.get(key).is_some()) {
        Some(key) if key != "items" => inner_page(gather, data, key, &mut item)?,
        None if !matches!(data, Json::Array(_)) && keys.first() == Some(&"children") => {
            return Err(Malformed::new("data.children.items", "missing"));
        }
        _ => walk(gather, data, &Place::DATA, &mut item)?,
    };
    let Walked { ids, count, tail } = walked;
    if ids.is_empty() && count > 0 {
        // The next page would be as unreadable, and cost as much.
        return Err(Malformed::new(
            "data.items",
            format!("none of {count} items is usable"),
        ));
    }
    gather.rows.items = ids;
    gather.rows.cursor = tail.cursor;
    gather.rows.has_more = tail.has_more;
    Ok(())
}

/// Reads a list one level deeper. If it has no cursor of its own, the payload's cursor applies.
fn inner_page(
    gather: &mut Gather<'_>,
    data: &Json<'_>,
    key: &'static str,
    item: &mut impl FnMut(&mut Gather<'_>, &Json<'_>, &Place<'_>, u32) -> Option<String>,
) -> Result<Walked, Malformed> {
    let place = Place::DATA.key(key);
    let list = data.get(key).unwrap_or(&Json::Null);
    let walked = walk(gather, list, &place, item)?;
    let outer = || tail_of(data, &Place::DATA, gather.odds);
    Ok(Walked {
        tail: around(walked.tail, list, outer),
        ..walked
    })
}

/// Returns whether a thread has no list because it has no replies.
///
/// This requires that `children` is null and that the head object is the subject with a reply count of 0. Any other
/// payload without a list is malformed.
pub fn is_unanswered(data: &Json<'_>, subject: &str) -> bool {
    let (odds, place) = (Odds::default(), Place::DATA.key("post"));
    let is_null = data.has("children")
        && ["children", "items"]
            .iter()
            .all(|key| data.get(key).is_none());
    let tail = tail_of(data, &Place::DATA, &odds);
    let goes_on = tail.cursor.is_some() || tail.has_more == Some(true);
    let head = data
        .get("post")
        .and_then(|post| Fields::new(post, &place, &odds));
    is_null
        && !goes_on
        && head.is_some_and(|head| {
            head.id("id").is_some_and(|id| same(&id, subject))
                && head.count("reply_count") == Some(0)
        })
}

/// Reads a list nested in an object: an array, `{items, cursor}` or null.
///
/// `walk_of` is the endpoint and subject that serve the list. If it is set, the list counts as the first page of that
/// walk, unless the list is empty or truncated.
pub fn nested(
    gather: &mut Gather<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    walk_of: Option<(ListKind, &str)>,
    mut item: impl FnMut(&mut Gather<'_>, &Json<'_>, &Place<'_>) -> Option<String>,
) {
    let Some(json) = fields.get(key) else { return };
    let place = fields.place.key(key);
    let walked = walk(gather, json, &place, &mut |gather, json, place, _| {
        item(gather, json, place)
    });
    let Walked { ids, tail, .. } = match walked {
        Ok(walked) => walked,
        Err(malformed) => return gather.odds.note(malformed.at, malformed.why),
    };
    let truncated = tail.cursor.is_none() && tail.has_more == Some(true);
    if let Some((list, subject)) = walk_of
        && !ids.is_empty()
        && !truncated
    {
        gather.rows.nested.push(Nested {
            list,
            subject: subject.to_owned(),
            items: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            cursor: tail.cursor,
        });
    }
}

fn walk(
    gather: &mut Gather<'_>,
    list: &Json<'_>,
    place: &Place<'_>,
    item: &mut impl FnMut(&mut Gather<'_>, &Json<'_>, &Place<'_>, u32) -> Option<String>,
) -> Result<Walked, Malformed> {
    let inner_place = place.key("items");
    if let Some(inner) = list.get("items")
        && matches!(inner.get("items"), Some(Json::Array(_)))
    {
        // Some replies nest the list in an additional wrapper.
        let walked = walk(gather, inner, &inner_place, item)?;
        let outer = || tail_of(list, place, gather.odds);
        return Ok(Walked {
            tail: around(walked.tail, inner, outer),
            ..walked
        });
    }
    let (items, place_of_items) = match list {
        Json::Array(items) => (items, place),
        _ => match list.get("items") {
            Some(Json::Array(items)) => (items, &inner_place),
            Some(other) => {
                let why = format!("expected an array, found {}", other.kind());
                return Err(Malformed::new(inner_place.to_string(), why));
            }
            None if list.has("items") => {
                return Err(Malformed::new(inner_place.to_string(), "null"));
            }
            None => return Err(Malformed::new(inner_place.to_string(), "missing")),
        },
    };
    let mut ids = Vec::with_capacity(items.len());
    let erased = items.iter().filter(|item| is_erased_person(item)).count();
    for (index, json) in items.iter().enumerate() {
        let position = u32::try_from(index).unwrap_or(u32::MAX);
        ids.extend(item(gather, json, &place_of_items.index(index), position));
    }
    Ok(Walked {
        ids,
        count: items.len() - erased,
        tail: tail_of(list, place, gather.odds),
    })
}

/// Returns whether an item was a profile of an erased person. It is no item any more.
fn is_erased_person(item: &Json<'_>) -> bool {
    let is_profile = |json: &Json<'_>| is_erased(json) && json.get("id").is_none();
    is_profile(item) || item.get("post").is_none() && item.get("profile").is_some_and(is_profile)
}

/// Merges the tails of a list and its container. The container's cursor applies only if the list has none.
/// `has_more` is true if it is true in either.
fn around(tail: Tail, list: &Json<'_>, outer: impl FnOnce() -> Tail) -> Tail {
    if tail.cursor.is_some() {
        return tail;
    }
    let outer = outer();
    // A list that names its cursor, even as null, continues by itself, unless what is around it says that there is more.
    if list.has("cursor") && outer.has_more != Some(true) {
        return tail;
    }
    let has_more = match (tail.has_more, outer.has_more) {
        (Some(false), Some(true)) => Some(true),
        (inner, outer) => inner.or(outer),
    };
    Tail {
        cursor: outer.cursor,
        has_more,
    }
}

/// Reads the cursor and `has_more` of a list. The cursor is opaque: a string, or a number converted to a string.
///
/// A cursor of another type, or a number that may have been rounded, is odd. `has_more` is then true unless the reply
/// sets it, so that the walk ends as truncated and not as complete.
fn tail_of(list: &Json<'_>, place: &Place<'_>, odds: &Odds) -> Tail {
    let Json::Object(_) = list else {
        return Tail::default();
    };
    let Some(fields) = Fields::new(list, place, odds) else {
        return Tail::default();
    };
    let mut tail = Tail {
        cursor: None,
        has_more: fields.flag("has_more"),
    };
    match list.get("cursor") {
        None => {}
        Some(Json::Text(text)) => tail.cursor = (!text.is_empty()).then(|| text.to_string()),
        Some(Json::Int(value)) => tail.cursor = Some(value.to_string()),
        Some(Json::Float(value)) if value.abs() < EXACT => tail.cursor = Some(value.to_string()),
        Some(Json::Float(_)) => {
            odds.note(
                place.key("cursor"),
                "expected a cursor, found a number too large to send back unchanged",
            );
            tail.has_more.get_or_insert(true);
        }
        Some(other) => {
            odds.note(
                place.key("cursor"),
                format_args!("expected a cursor, found {}", other.kind()),
            );
            if *other != Json::Bool(false) {
                tail.has_more.get_or_insert(true);
            }
        }
    }
    tail
}

/// Returns the subject if it is usable as an end of an edge. Otherwise the parser keeps the rows without edges.
pub fn edge_end<'s>(gather: &Gather<'_>, subject: &'s str) -> Option<&'s str> {
    if crate::model::is_erased(subject) {
        return None;
    }
    if is_id(subject) {
        return Some(subject);
    }
    gather.odds.note(
        Place::DATA,
        "the subject is not a usable id, so no edges are recorded",
    );
    None
}
