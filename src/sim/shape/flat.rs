//! The shape of the vendor's documentation: exactly the documented fields of each endpoint.

use serde_json::{Value, json};

use super::{Shaper, permalink, seconds};
use crate::sim::media::avatar;
use crate::sim::world::counted;

impl Shaper<'_> {
    /// Renders the author next to a post.
    pub(super) fn flat_author(&self, person: usize) -> Value {
        let it = &self.world.people[person];
        json!({
            "user_id": it.id, "username": it.username, "display_name": it.display_name,
            "profile_picture_url": avatar(self.world, &it.id), "follower_count": counted(&it.id, "followers", it.followers.len()),
        })
    }

    /// Renders an item of followers, following and search.
    pub(super) fn flat_user(&self, person: usize) -> Value {
        let it = &self.world.people[person];
        let mut user = self.flat_author(person);
        user["following_count"] = json!(counted(&it.id, "following", it.following.len()));
        user["bio"] = json!(it.description);
        user["is_verified"] = json!(it.verified);
        user
    }

    pub(super) fn flat_leader(&self, person: usize) -> Value {
        let mut user = self.flat_author(person);
        user["cameo_count"] = json!(self.world.people[person].appearances.len());
        user
    }

    pub(super) fn flat_profile(&self, person: usize) -> Value {
        let it = &self.world.people[person];
        let views: u64 = it
            .posts
            .iter()
            .map(|post| self.world.posts[*post].view_count)
            .sum();
        let mut user = self.flat_user(person);
        user["banner_image_url"] = Value::Null;
        user["post_count"] = json!(counted(&it.id, "posts", it.posts.len()));
        user["like_count"] = json!(it.likes_received);
        user["view_count"] = json!(views);
        user["created_at"] = json!(seconds(it.created_micros));
        user["social_links"] = Value::Null;
        user
    }

    /// Renders a post in a list. The documentation lists other fields for appearances than for the other lists.
    pub(super) fn flat_listed_post(&self, post: usize, is_appearance: bool) -> Value {
        let it = &self.world.posts[post];
        let mut object = json!({
            "id": it.id, "text": it.text, "attachments": self.attachments(post),
            "like_count": it.like_count, "view_count": it.view_count,
            "posted_at": seconds(it.posted_micros),
        });
        if is_appearance {
            object["shared_by"] = json!(self.world.people[it.author].id);
        } else {
            object["reply_count"] = json!(counted(&it.id, "comments", it.comments.len()));
        }
        object
    }

    /// Renders an item of a remix list, the only list of posts without the profiles of authors.
    pub(super) fn flat_remix(&self, post: usize) -> Value {
        let it = &self.world.posts[post];
        let mut object = self.flat_listed_post(post, false);
        object["remix_count"] = json!(it.remixes.len());
        object["shared_by"] = json!(self.world.people[it.author].id);
        object
    }

    pub(super) fn flat_detail(&self, post: usize) -> Value {
        let it = &self.world.posts[post];
        let mut object = self.flat_remix(post);
        object["permalink"] = json!(permalink(&it.id));
        json!({"post": object, "profile": self.flat_author(it.author)})
    }

    /// Renders a comment. In the documentation only a first-level comment has a count of replies.
    pub(super) fn flat_comment(&self, comment: usize) -> Value {
        let it = &self.world.comments[comment];
        let author = &self.world.people[it.author];
        let mut object = json!({
            "id": it.id, "text": it.text, "posted_by": author.id,
            "posted_at": seconds(it.posted_micros), "like_count": it.like_count,
            "profile": {
                "username": author.username, "display_name": author.display_name,
                "profile_picture_url": avatar(self.world, &author.id),
            },
        });
        if it.depth == 0 {
            object["reply_count"] = json!(it.replies.len());
        }
        object
    }
}
