//! Common shape of posts and comments: `{post, profile, …}` or the flat object, with the people in it.

use super::entities::entities;
use super::fields::Fields;
use super::gather::Gather;
use super::place::Place;
use super::profile::{person, profile};
use crate::api::json::Json;
use crate::model::{Appearance, Counts, Entity, EntityKind};

/// A post or comment with a usable id. The rows of its profiles already exist.
pub struct Wrapper<'p> {
    /// The item; equal to `inner` if the object is flat.
    pub outer: Fields<'p>,
    /// The post or comment object.
    pub inner: Fields<'p>,
    pub id: String,
    pub author_user_id: Option<String>,
    /// Users whom the remote marks as mentioned in the text.
    pub mentioned: Vec<String>,
    /// The user who reposted it.
    pub reposter: Option<String>,
}

/// Opens an item and reads the people in it, even if the post or comment object is unusable.
pub fn open<T>(
    gather: &mut Gather<'_>,
    item: &Json<'_>,
    place: &Place<'_>,
    read: impl FnOnce(&mut Gather<'_>, &Wrapper<'_>) -> Option<T>,
) -> Option<T> {
    gather.deeper(place, |gather| {
        let odds = gather.odds;
        let outer = Fields::new(item, place, odds)?;
        let inner_place = place.key("post");
        let (inner, is_wrapped) = match outer.get("post") {
            Some(post) => (Fields::new(post, &inner_place, odds), true),
            None => (Some(outer), false),
        };
        let said = inner.and_then(|inner| author(gather, &inner));
        let mut shown = person(gather, &outer, "profile", said.as_deref());
        let reposter = person(gather, &outer, "reposter_profile", None);
        let inner = inner?;
        if is_wrapped {
            shown = person(gather, &inner, "profile", said.as_deref()).or(shown);
        }
        let mentioned = mentioned(gather, &inner);
        let id = inner.needed_id("id", None)?;
        read(
            gather,
            &Wrapper {
                outer,
                inner,
                id,
                author_user_id: said.or(shown),
                mentioned,
                reposter,
            },
        )
    })
}

/// Reads the author: `shared_by` upstream, `posted_by` in the vendor's documentation. It is an id or a profile.
fn author(gather: &mut Gather<'_>, inner: &Fields<'_>) -> Option<String> {
    let key = inner.first_of(&["shared_by", "posted_by"]);
    match inner.get(key)? {
        json @ Json::Object(_) => profile(gather, json, &inner.place.key(key), None),
        _ => inner.id(key),
    }
}

/// Reads the users that a text mentions. Facets of other kinds have no profile.
fn mentioned(gather: &mut Gather<'_>, inner: &Fields<'_>) -> Vec<String> {
    let mut users = Vec::new();
    inner.each("text_facets", |_, facet, place| {
        if let Some(facet) = Fields::new(facet, place, gather.odds) {
            users.extend(person(gather, &facet, "profile", None));
        }
    });
    users
}

/// Returns what the text and the caption refer to, and the users whom the remote marks.
pub fn referred(wrapper: &Wrapper<'_>) -> Vec<Entity> {
    if wrapper.inner.is_erased() {
        return Vec::new();
    }
    let texts = ["text", "caption"].map(|key| match wrapper.inner.get(key) {
        Some(Json::Text(text)) => text.as_ref(),
        _ => "",
    });
    let mut found = entities(&wrapper.id, texts);
    for user_id in &wrapper.mentioned {
        found.push(Entity {
            id: wrapper.id.clone(),
            kind: EntityKind::Facet,
            value: user_id.clone(),
            user_id: Some(user_id.clone()),
        });
    }
    found
}

/// Reads the users in a cast, and adds appearances if it is the cast of a post.
pub fn cast(gather: &mut Gather<'_>, fields: &Fields<'_>, post_id: Option<&str>) {
    fields.each("cameo_profiles", |_, json, place| {
        if let (Some(user_id), Some(post_id)) = (profile(gather, json, place, None), post_id) {
            gather.rows.appearances.push(Appearance {
                user_id,
                post_id: post_id.to_owned(),
            });
        }
    });
}

/// Reads the metrics of a post or a comment.
pub fn counts(fields: &Fields<'_>) -> Counts {
    let count = |column| (column, fields.count(column));
    Counts::of([
        count("like_count"),
        count("dislike_count"),
        count("view_count"),
        count("unique_view_count"),
        count("remix_count"),
        count("reply_count"),
        count("recursive_reply_count"),
        count("share_count"),
        count("repost_count"),
    ])
}

/// Notes a post or comment whose author was erased.
pub fn note_erased(gather: &mut Gather<'_>, wrapper: &Wrapper<'_>) {
    if wrapper.inner.flag("erased") == Some(true) {
        gather.rows.erased.insert(wrapper.id.clone());
    }
}
