//! Posts with the objects in and around them: cast, parents, remixes, comments and videos.

use super::attachment::{Owner, attachments};
use super::comment::{Under, comment_item};
use super::fields::Fields;
use super::gather::Gather;
use super::list::nested;
use super::place::Place;
use super::profile::person;
use super::wrapper::{Wrapper, cast, counts, note_erased, open, referred};
use crate::api::endpoint::Malformed;
use crate::api::json::Json;
use crate::model::{Appearance, ListKind, Post, Remix, Repost, RepostRole};

/// Reads a post, wrapped or flat, and returns its id.
///
/// `parent` is the remix parent that follows from the post's position in the reply. A parent in the post's own object takes precedence.
pub fn post_item(
    gather: &mut Gather<'_>,
    item: &Json<'_>,
    place: &Place<'_>,
    parent: Option<&str>,
) -> Option<String> {
    open(gather, item, place, |gather, wrapper| {
        let id = wrapper.id.as_str();
        let under = Under {
            post_id: Some(id),
            ..Under::of(post_item)
        };
        nested(
            gather,
            &wrapper.outer,
            "children",
            Some((ListKind::COMMENTS_OF_POST, id)),
            |gather, json, place| comment_item(gather, json, place, under),
        );
        Some(post(gather, wrapper, parent))
    })
}

/// Reads a post in the list of `author`'s posts. The post gets this author only if its object names no other person.
pub fn own_post_item(
    gather: &mut Gather<'_>,
    item: &Json<'_>,
    place: &Place<'_>,
    author: Option<&str>,
) -> Option<String> {
    let id = post_item(gather, item, place, None)?;
    // The rows of nested posts come before the post's own row, so the last row is the post.
    if let Some(post) = gather.rows.posts.last_mut()
        && post.author_user_id.is_none()
        && !names_somebody(item)
    {
        post.author_user_id = author.map(str::to_owned);
    }
    Some(id)
}

/// Returns whether an item names its author or original poster, even in an unreadable form.
fn names_somebody(item: &Json<'_>) -> bool {
    const NAMES: [&str; 7] = [
        "shared_by",
        "posted_by",
        "profile",
        "reposter_profile",
        "original_poster",
        "repost_of_post_id",
        "repost_of_user_id",
    ];
    let says = |object: &Json<'_>| {
        let mut values = NAMES.iter().filter_map(|name| object.get(name));
        values.any(|value| *value != Json::Text("".into()))
    };
    says(item) || item.get("post").is_some_and(says)
}

/// Reads the post at the head of a page of its comments. It is not one of the page's items.
pub fn head_post(gather: &mut Gather<'_>, data: &Json<'_>) {
    if data.get("post").is_some() {
        open(gather, data, &Place::DATA, |gather, wrapper| {
            Some(post(gather, wrapper, None))
        });
    }
}

fn post(gather: &mut Gather<'_>, wrapper: &Wrapper<'_>, parent: Option<&str>) -> String {
    let post = described(wrapper);
    note_erased(gather, wrapper);
    around(gather, wrapper);
    let above = parent_post(gather, &wrapper.inner);
    let parent = post
        .parent_post_id
        .as_deref()
        .or(above.as_deref())
        .or(parent);
    remix(gather, &wrapper.inner, &post.post_id, parent);
    link_relatives(gather, wrapper);
    attachments(gather, &wrapper.inner, Owner::Post(&wrapper.id));
    gather.rows.posts.push(post);
    wrapper.id.clone()
}

/// Reads a payload that is one post, wrapped or flat.
///
/// # Errors
/// Returns an error if the payload has no post with a usable id.
pub fn whole_post(gather: &mut Gather<'_>, data: &Json<'_>) -> Result<String, Malformed> {
    let post_id = post_item(gather, data, &Place::DATA, None)
        .ok_or_else(|| Malformed::new("data.post", "no post with a usable id"))?;
    gather.rows.items.push(post_id.clone());
    Ok(post_id)
}

/// Reads the people in a post that [`open`] does not read: cast, character and original poster.
fn around(gather: &mut Gather<'_>, wrapper: &Wrapper<'_>) {
    let Wrapper {
        outer, inner, id, ..
    } = wrapper;
    cast(gather, inner, Some(id));
    if outer.get("post").is_some() {
        cast(gather, outer, Some(id));
    }
    if let Some(user_id) = outer.id("character_user_id") {
        gather.rows.appearances.push(Appearance {
            user_id,
            post_id: id.clone(),
        });
    }
    gather.rows.post_entities.extend(referred(wrapper));
    reposts(gather, wrapper);
}

/// Reads who reposted the post, and whose post it reposts.
fn reposts(gather: &mut Gather<'_>, wrapper: &Wrapper<'_>) {
    let inner = &wrapper.inner;
    let shown = match inner.get("original_poster") {
        Some(Json::Object(_)) => person(gather, inner, "original_poster", None),
        _ => None,
    };
    let original = inner.id("repost_of_user_id").or(shown);
    let roles = [
        (RepostRole::Reposter, wrapper.reposter.clone()),
        (RepostRole::Original, original),
    ];
    for (role, user_id) in roles {
        gather.rows.reposts.extend(user_id.map(|user_id| Repost {
            post_id: wrapper.id.clone(),
            role,
            user_id,
        }));
    }
}

fn parent_post(gather: &mut Gather<'_>, inner: &Fields<'_>) -> Option<String> {
    let json = inner.get("parent_post")?;
    post_item(gather, json, &inner.place.key("parent_post"), None)
}

fn remix(gather: &mut Gather<'_>, inner: &Fields<'_>, post_id: &str, parent: Option<&str>) {
    match parent {
        Some(parent) if parent == post_id => inner
            .odd("parent_post_id", "the post is its own parent")
            .unwrap_or_default(),
        Some(parent) => gather.rows.remixes.push(Remix {
            post_id: post_id.to_owned(),
            parent_post_id: parent.to_owned(),
        }),
        None => {}
    }
}

/// Reads the related posts: ancestors and remixes.
fn link_relatives(gather: &mut Gather<'_>, wrapper: &Wrapper<'_>) {
    let Wrapper { inner, id, .. } = wrapper;
    nested(gather, inner, "ancestors", None, |gather, json, place| {
        post_item(gather, json, place, None)
    });
    let remixes = Some((ListKind::REMIXES_OF_POST, id.as_str()));
    nested(
        gather,
        inner,
        "remix_posts",
        remixes,
        |gather, json, place| post_item(gather, json, place, Some(id)),
    );
}

fn described(wrapper: &Wrapper<'_>) -> Post {
    let fields = &wrapper.inner;
    Post {
        post_id: wrapper.id.clone(),
        author_user_id: wrapper.author_user_id.clone(),
        text: fields.text("text"),
        title: None,
        caption: fields.text("caption"),
        emoji: fields.text("emoji"),
        source: fields.text("source"),
        posted_at: fields.time("posted_at"),
        updated_at: fields.time("updated_at"),
        tombstoned_at: fields.time("tombstoned_at"),
        permalink: fields.url("permalink"),
        preview_image_url: fields.url("preview_image_url"),
        cover_photo_url: fields.url("cover_photo_url"),
        srt_url: fields.url("srt_url"),
        vtt_url: fields.url("vtt_url"),
        posted_to_public: fields.flag("posted_to_public"),
        share_setting: fields.within("permissions", |fields| fields.text("share_setting")),
        is_featured: fields.flag("is_featured"),
        parent_post_id: fields.id("parent_post_id"),
        root_post_id: fields.id("root_post_id"),
        repost_of_post_id: fields.id("repost_of_post_id"),
        discovery_phrase: fields.text("discovery_phrase"),
        counts: counts(fields),
    }
}
