//! The shape of the vendor's upstream source: wrappers, whole profiles, nested lists, undocumented fields.

use serde_json::{Value, json};

use super::{Shaper, permalink, seconds};
use crate::sim::endpoint::Endpoint;
use crate::sim::hash::hash;
use crate::sim::media::avatar;
use crate::sim::world::{Said, counted};

impl Shaper<'_> {
    /// Renders a whole profile. The profile of a character contains its owner's profile, one level deep.
    pub(super) fn profile(&self, person: usize, with_owner: bool) -> Value {
        let it = &self.world.people[person];
        let owner = it
            .owner
            .filter(|_| with_owner)
            .map(|owner| self.profile(owner, false));
        let is_old = hash(11, &[&it.id]).is_multiple_of(5);
        let followers = counted(&it.id, "followers", it.followers.len());
        let mut profile = json!({
            "user_id": it.id, "username": it.username, "display_name": it.display_name,
            "description": it.description, "profile_picture_url": avatar(self.world, &it.id),
            "profile_picture_id": null, "profile_picture_file_id": null,
            "is_default_profile_picture": avatar(self.world, &it.id).contains("placeholder"),
            "cover_photo_url": null, "verified": it.verified,
            "follower_count": if is_old { json!(followers as f64) } else { json!(followers) },
            "following_count": counted(&it.id, "following", it.following.len()),
            "post_count": counted(&it.id, "posts", it.posts.len()),
            "reply_count": it.comments_made, "likes_received_count": it.likes_received,
            "remix_count": it.remixes_received, "cameo_count": it.appearances.len(),
            "character_count": it.characters.len(), "owner_profile": owner,
            "permalink": format!("https://sora.chatgpt.com/profile/{}", it.username),
            "created_at": seconds(it.created_micros),
            "updated_at": seconds(it.created_micros + 86_400_000_000),
            "banned_at": it.banned_micros.map(seconds),
        });
        let unasked = json!({
            "is_following": false, "follows_you": null,
            "is_blocked": false, "followed_by": [], "plan_type": null,
            "can_cameo": true, "can_message": false, "calpico_is_enabled": true,
            "sora_who_can_message_me": "followees_only", "chatgpt_who_can_message_me": null,
            "is_public_figure": false, "public_figure_name": null,
            "social_context": null, "verification_info": null, "location": null, "birthday": null,
            "website": null, "work": null, "schools": null,
            "experiment_flags": {"sv3": is_old},
        });
        merge(&mut profile, unasked);
        profile
    }

    /// Renders a post with its author. Only an outermost post contains other posts.
    pub(super) fn wrapper(&self, post: usize, is_outermost: bool) -> Value {
        let it = &self.world.posts[post];
        json!({
            "post": self.whole_post(post, is_outermost), "profile": self.profile(it.author, true),
            "reposter_profile": it.reposter.map(|person| self.profile(person, true)),
        })
    }

    fn whole_post(&self, post: usize, is_outermost: bool) -> Value {
        let it = &self.world.posts[post];
        let dice = hash(13, &[&it.id]);
        let id_of = |post: usize| self.world.posts[post].id.clone();
        let mut object = self.common(
            &it.id,
            &it.text,
            it.author,
            it.posted_micros,
            it.tombstoned_micros,
        );
        object["text_facets"] = self.facets(&it.said);
        let own = json!({
            "caption": it.caption, "emoji": it.emoji, "attachments": self.attachments(post),
            "preview_image_url": format!("https://ogimg.chatgpt.com/?postId={}", it.id),
            "like_count": it.like_count, "reply_count": counted(&it.id, "comments", it.comments.len()),
            "view_count":
                if dice.is_multiple_of(7) { json!(it.view_count as f64) } else { json!(it.view_count) },
            "unique_view_count": it.view_count / 2, "remix_count": it.remixes.len(),
            "recursive_reply_count": it.thread_size, "share_count": 0, "repost_count": 0,
            "parent_post_id": it.parent.map(id_of), "root_post_id": it.root.map(id_of),
            "parent_path": it.parent.map(|parent| vec![id_of(parent)]),
            "cameo_profiles": self.cast(post), "parent_post": null, "ancestors": null,
            "repost_of_post_id": it.repost_of.map(id_of),
            "repost_of_user_id": it.repost_of.map(|post| &self.world.people[self.world.posts[post].author].id),
            "original_poster": it.repost_of.map(|post| self.profile(self.world.posts[post].author, false)),
            "remix_posts": null, "source": "sy", "discovery_phrase": null, "story_type": null,
            "srt_url": null, "vtt_url": null, "visibility": null,
            "permissions": {
                "can_read": true, "can_write": false, "can_delete": false, "can_remix": true,
                "share_setting": "public",
            },
            "mystery_score": (dice % 1_000) as f64 / 1_000.0,
        });
        merge(&mut object, own);
        if is_outermost {
            object["remix_posts"] = self.nested_remixes(post, dice);
            let shown = |it: &usize| !self.world.posts[*it].is_hidden;
            if let Some(parent) = it.parent.filter(shown) {
                object["parent_post"] = self.wrapper(parent, false);
                object["ancestors"] = self.ancestors(post, dice);
            }
        }
        object
    }

    fn facets(&self, said: &[Said]) -> Value {
        let marked = said.iter().filter(|it| it.kind == "facet");
        let people = marked.filter_map(|it| it.person);
        people
            .map(|person| json!({"type": "mention", "profile": self.profile(person, false)}))
            .collect()
    }

    fn cast(&self, post: usize) -> Value {
        match &self.world.posts[post].cast {
            cast if cast.is_empty() => Value::Null,
            cast => cast
                .iter()
                .map(|person| self.profile(*person, true))
                .collect(),
        }
    }

    /// Renders the nested remixes: all of a few, or the first of many with a cursor to the others.
    ///
    /// A complete list is an array for some posts and an object for others.
    fn nested_remixes(&self, post: usize, dice: u64) -> Value {
        let it = &self.world.posts[post];
        let most = self.options.nested_items;
        let items: Vec<Value> = it
            .remixes
            .iter()
            .take(most)
            .map(|remix| self.wrapper(*remix, false))
            .collect();
        let is_whole = it.remixes.len() <= most;
        match dice % 3 {
            0 if items.is_empty() => Value::Null,
            1 if is_whole => json!(items),
            _ => json!({
                "items": items,
                "cursor": (!is_whole)
                    .then(|| self.cursor(Endpoint::RemixList, &it.id, most, 0).encode()),
            }),
        }
    }

    fn ancestors(&self, post: usize, dice: u64) -> Value {
        let mut items = Vec::new();
        let mut above = self.world.posts[post].parent;
        let shown = |it: &usize| !self.world.posts[*it].is_hidden;
        while let Some(ancestor) = above.filter(|it| items.len() < 8 && shown(it)) {
            items.push(self.wrapper(ancestor, false));
            above = self.world.posts[ancestor].parent;
        }
        if dice.is_multiple_of(2) {
            json!(items)
        } else {
            json!({"items": items, "cursor": null})
        }
    }

    /// Renders a comment with its author and optionally its replies, nested in the same way at every depth.
    pub(super) fn comment_wrapper(&self, comment: usize, with_replies: bool) -> Value {
        let it = &self.world.comments[comment];
        let post_id = &self.world.posts[it.post].id;
        let parent_id = it
            .parent
            .map_or(post_id, |parent| &self.world.comments[parent].id);
        let mut object = self.common(
            &it.id,
            &it.text,
            it.author,
            it.posted_micros,
            it.tombstoned_micros,
        );
        object["text_facets"] = self.facets(&it.said);
        let own = json!({
            "attachments": [], "like_count": it.like_count, "reply_count": it.replies.len(),
            "recursive_reply_count": it.thread_size, "view_count": 0, "remix_count": 0,
            "parent_post_id": parent_id, "root_post_id": post_id, "cameo_profiles": null,
        });
        merge(&mut object, own);
        let mut wrapper = json!({
            "post": object, "profile": self.profile(it.author, true), "reposter_profile": null,
        });
        if with_replies {
            let most = self.options.nested_items;
            let items: Vec<Value> = it
                .replies
                .iter()
                .take(most)
                .map(|reply| self.comment_wrapper(*reply, true))
                .collect();
            let cursor = (it.replies.len() > most).then(|| {
                self.cursor(Endpoint::CommentReplies, &it.id, most, 0)
                    .encode()
            });
            wrapper["children"] = json!({"items": items, "cursor": cursor});
        }
        wrapper
    }

    /// Renders the fields that posts and comments share.
    fn common(
        &self,
        id: &str,
        text: &Option<String>,
        author: usize,
        posted_micros: i64,
        tombstoned_micros: Option<i64>,
    ) -> Value {
        json!({
            "id": id, "shared_by": self.world.people[author].id, "text": text,
            "posted_at": seconds(posted_micros), "updated_at": seconds(posted_micros + 9_403_333),
            "posted_to_public": true, "dislike_count": 0, "user_liked": false,
            "user_disliked": false, "has_reposted": false, "is_owner": false,
            "permalink": permalink(id), "tombstoned_at": tombstoned_micros.map(seconds), "text_facets": [], "groups": [],
            "cover_photo_url": null, "disabled_cameo_user_ids": null, "verifications": [],
            "is_featured": null,
        })
    }
}

/// Adds the fields of one object to another.
fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
