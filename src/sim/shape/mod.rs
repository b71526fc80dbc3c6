//! Renders the world's objects as JSON in one of the two known shapes.

mod flat;
mod wrapped;

use serde_json::{Value, json};

use super::cursor::Cursor;
use super::endpoint::Endpoint;
use super::media;
use super::options::{Options, Shape};
use super::world::{World, counted};

/// Renders objects of a world.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shaper<'w> {
    pub(super) world: &'w World,
    pub(super) options: &'w Options,
}

impl Shaper<'_> {
    fn is_flat(&self) -> bool {
        self.options.shape == Shape::Flat
    }

    /// Returns a cursor of this moment.
    pub(super) fn cursor(
        &self,
        endpoint: Endpoint,
        subject: &str,
        offset: usize,
        epoch: u32,
    ) -> Cursor {
        let issued = match self.options.cursor_seconds {
            0 => 0,
            _ => self.world.elapsed_seconds(),
        };
        Cursor {
            issued,
            ..Cursor::new(endpoint, subject, offset, epoch)
        }
    }

    /// Renders an item of a list of people.
    pub(super) fn listed_person(&self, endpoint: Endpoint, person: usize) -> Value {
        match self.options.shape {
            Shape::Flat if endpoint == Endpoint::Leaderboard => self.flat_leader(person),
            Shape::Flat => self.flat_user(person),
            Shape::Wrapped => json!({"profile": self.profile(person, true)}),
        }
    }

    /// Renders an item of a list of posts.
    pub(super) fn listed_post(&self, endpoint: Endpoint, post: usize) -> Value {
        match self.options.shape {
            Shape::Flat if endpoint == Endpoint::RemixList => self.flat_remix(post),
            Shape::Flat => {
                let author = self.flat_author(self.world.posts[post].author);
                let appearance = endpoint == Endpoint::Appearances;
                json!({"post": self.flat_listed_post(post, appearance), "profile": author})
            }
            Shape::Wrapped => self.wrapper(post, true),
        }
    }

    /// Renders a comment or reply in a list.
    pub(super) fn listed_comment(&self, comment: usize) -> Value {
        match self.options.shape {
            Shape::Flat => self.flat_comment(comment),
            Shape::Wrapped => self.comment_wrapper(comment, true),
        }
    }

    /// Renders the object that contains a list of comments.
    pub(super) fn comments_around(&self, endpoint: Endpoint, subject: &str) -> Value {
        if self.is_flat() {
            return json!({});
        }
        let mut data = match (
            endpoint,
            self.world.post(subject),
            self.world.comment(subject),
        ) {
            (Endpoint::PostComments, Some(post), _) => self.wrapper(post, false),
            (_, _, Some(comment)) => self.comment_wrapper(comment, false),
            _ => json!({}),
        };
        data["cursor"] = Value::Null;
        data
    }

    pub(super) fn profile_reply(&self, person: usize) -> Value {
        let profile = if self.is_flat() {
            self.flat_profile(person)
        } else {
            self.profile(person, true)
        };
        json!({"profile": profile})
    }

    pub(super) fn detail_reply(&self, post: usize) -> Value {
        if self.is_flat() {
            self.flat_detail(post)
        } else {
            self.wrapper(post, true)
        }
    }

    pub(super) fn search_reply(&self, username: &str) -> Value {
        let hits = self.world.search(username).into_iter();
        let hits = hits.filter(|it| !self.is_flat() || self.world.people[*it].owner.is_none());
        let items: Vec<Value> = hits
            .map(|person| {
                let profile = if self.is_flat() {
                    self.flat_user(person)
                } else {
                    self.profile(person, true)
                };
                json!({"profile": profile, "token": format!("<@{}>", self.world.people[person].id)})
            })
            .collect();
        json!({"items": items})
    }

    /// Renders the vendor's own summary of a video, which is the same in both shapes.
    pub(super) fn video_info(&self, post: usize) -> Value {
        let post = &self.world.posts[post];
        let author = &self.world.people[post.author];
        let video = post.attachments.first().map(|it| {
            let shown = media::attachment(&self.world.links, it);
            let path = |name: &str| shown["encodings"][name]["path"].clone();
            json!({
                "no_watermark": shown["url"], "watermark": shown["downloadable_url"],
                "width": it.width, "height": it.height, "thumbnail": path("thumbnail"),
                "preview_gif": path("gif"), "medium_quality": path("md"),
            })
        });
        json!({
            "post_id": post.id, "title": post.text, "video": video,
            "author": {
                "user_id": author.id, "username": author.username,
                "display_name": author.display_name, "avatar": media::avatar(self.world, &author.id),
            },
            "stats": {
                "like_count": post.like_count, "view_count": post.view_count,
                "comment_count": counted(&post.id, "comments", post.comments.len()), "remix_count": post.remixes.len(),
            },
            "permalink": permalink(&post.id), "created_at": seconds(post.posted_micros),
        })
    }

    fn attachments(&self, post: usize) -> Value {
        self.world.posts[post]
            .attachments
            .iter()
            .map(|it| media::attachment(&self.world.links, it))
            .collect()
    }
}

/// Converts microseconds to float seconds. Six decimals survive the round trip.
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1_000_000.0
}

fn permalink(post_id: &str) -> String {
    format!("https://sora.chatgpt.com/p/{post_id}")
}
