//! Comments and replies. Upstream they are posts; only their position in a reply distinguishes them.

use super::attachment::{Owner, attachments};
use super::gather::Gather;
use super::ids::same;
use super::list::nested;
use super::place::Place;
use super::wrapper::{Wrapper, cast, counts, note_erased, open, referred};
use crate::api::json::Json;
use crate::model::{Comment, ListKind};

/// Known context of a comment: its position in the reply and the request.
#[derive(Clone, Copy)]
pub struct Under<'u> {
    pub post_id: Option<&'u str>,
    pub parent_comment_id: Option<&'u str>,
    /// Comment whose replies were requested.
    pub asked: Option<&'u str>,
    /// Posts and comments contain each other. The reader of posts is handed in, so that the files do not import each other.
    pub read_post: ReadPost,
}

/// Reads a post, wrapped or flat, and returns its id; see [`super::post_item`].
pub type ReadPost = fn(
    gather: &mut Gather<'_>,
    item: &Json<'_>,
    place: &Place<'_>,
    parent: Option<&str>,
) -> Option<String>;

impl Under<'_> {
    /// Returns an unknown context.
    pub fn of(read_post: ReadPost) -> Self {
        Self {
            post_id: None,
            parent_comment_id: None,
            asked: None,
            read_post,
        }
    }
}

/// Reads a comment, wrapped or flat, with the replies nested in it, and returns its id.
pub fn comment_item(
    gather: &mut Gather<'_>,
    item: &Json<'_>,
    place: &Place<'_>,
    under: Under<'_>,
) -> Option<String> {
    open(gather, item, place, |gather, wrapper| {
        let comment = comment(gather, wrapper, under);
        let id = wrapper.id.as_str();
        let below = Under {
            post_id: comment.post_id.as_deref(),
            parent_comment_id: Some(id),
            ..under
        };
        nested(
            gather,
            &wrapper.outer,
            "children",
            Some((ListKind::REPLIES_OF_COMMENT, id)),
            |gather, json, place| comment_item(gather, json, place, below),
        );
        gather.rows.comments.push(comment);
        Some(wrapper.id.clone())
    })
}

/// Reads the comment at the head of a page of its replies. It is not one of the page's items.
pub fn head_comment(gather: &mut Gather<'_>, data: &Json<'_>, read_post: ReadPost) {
    if data.get("post").is_some() {
        open(gather, data, &Place::DATA, |gather, wrapper| {
            let comment = comment(gather, wrapper, Under::of(read_post));
            gather.rows.comments.push(comment);
            Some(())
        });
    }
}

fn comment(gather: &mut Gather<'_>, wrapper: &Wrapper<'_>, under: Under<'_>) -> Comment {
    let comment = described(wrapper, under);
    note_erased(gather, wrapper);
    cast(gather, &wrapper.inner, None);
    gather.rows.comment_entities.extend(referred(wrapper));
    attachments(gather, &wrapper.inner, Owner::Comment(&wrapper.id));
    link_relatives(gather, wrapper, &comment, under);
    comment
}

fn described(wrapper: &Wrapper<'_>, under: Under<'_>) -> Comment {
    let fields = &wrapper.inner;
    let root = fields.id("root_post_id");
    let post_id = under.post_id.map(str::to_owned).or_else(|| root.clone());
    let parent_comment_id = match fields.id("parent_post_id") {
        Some(said) if is_another_comment(&said, &wrapper.id, root.as_deref(), under) => Some(said),
        _ => under.parent_comment_id.map(str::to_owned),
    };
    Comment {
        comment_id: wrapper.id.clone(),
        post_id,
        parent_comment_id,
        author_user_id: wrapper.author_user_id.clone(),
        text: fields.text("text"),
        posted_at: fields.time("posted_at"),
        updated_at: fields.time("updated_at"),
        tombstoned_at: fields.time("tombstoned_at"),
        permalink: fields.url("permalink"),
        counts: counts(fields),
    }
}

/// Returns whether the stated parent of a comment is a comment that the context does not already name.
///
/// If the post is unknown, an id with the prefix `s_` counts as the post, not as a comment.
fn is_another_comment(said: &str, own: &str, root: Option<&str>, under: Under<'_>) -> bool {
    let known = [Some(own), root, under.post_id, under.parent_comment_id];
    let is_known = known.into_iter().flatten().any(|id| same(said, id));
    let may_be_the_post = root.is_none() && under.post_id.is_none() && said.starts_with("s_");
    !is_known && !may_be_the_post
}

/// Reads the ancestors in a comment's object: posts, and the comments between them and this one.
fn link_relatives(
    gather: &mut Gather<'_>,
    wrapper: &Wrapper<'_>,
    comment: &Comment,
    around: Under<'_>,
) {
    let Under {
        asked, read_post, ..
    } = around;
    let inner = &wrapper.inner;
    let root = inner.id("root_post_id");
    let post_id = comment.post_id.as_deref();
    let relative = |gather: &mut Gather<'_>, json: &Json<'_>, place: &Place<'_>| {
        let object = json.get("post").unwrap_or(json);
        match (object.get("id"), post_id) {
            (Some(Json::Text(id)), _) if is_post(id, root.as_deref(), comment, asked) => {
                read_post(gather, json, place, None)
            }
            (Some(Json::Text(_)), Some(_)) => {
                let under = Under {
                    post_id,
                    parent_comment_id: None,
                    ..around
                };
                comment_item(gather, json, place, under)
            }
            (_, None) => None,
            _ => read_post(gather, json, place, None),
        }
    };
    nested(gather, inner, "ancestors", None, relative);
    if let Some(json) = inner.get("parent_post") {
        relative(gather, json, &inner.place.key("parent_post"));
    }
}

/// Returns whether an ancestor of a comment is a post.
///
/// The id of a comment with a video may have the prefix of posts. The ancestor is a comment if it was requested or if
/// `below` is a reply to it.
fn is_post(id: &str, root: Option<&str>, below: &Comment, asked: Option<&str>) -> bool {
    let among = |ids: &[Option<&str>]| ids.iter().flatten().any(|other| same(id, other));
    let is_comment = among(&[
        Some(&below.comment_id),
        below.parent_comment_id.as_deref(),
        asked,
    ]);
    among(&[below.post_id.as_deref(), root]) || id.starts_with("s_") && !is_comment
}
