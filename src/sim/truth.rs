//! The truth: the rows that a complete crawl of the world must archive.
//!
//! A *complete* crawl starts from all of [`World::seed_users`], the feed and the leaderboard, and follows every walk.
//! It buys profiles and details only of objects that no list returned. The truth contains a column only if every such
//! crawl sees its value, so that two correct crawlers cannot differ in it. Consequences for the flat shape:
//! - Users have few columns, because the author next to a post has few fields. Characters are missing, because no
//!   documented list shows a cast.
//! - Posts lack `remix_count` and `parent_post_id`, which only remix lists and details contain.
//! - Texts have no facets, and nothing tells reposts.
//! - Comments lack `reply_count`, which replies do not have. There are no replies to replies: the documentation has
//!   two levels, and `get_comment_replies` of a reply returns an empty list.

mod edges;
mod said;

use std::collections::BTreeSet;

use super::media;
use super::options::Shape;
use super::world::{Person, World, counted};

/// The rows of one kind. Values are strings: null is "", a boolean is 0 or 1, a time has six decimals.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Truth {
    pub kind: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: BTreeSet<Vec<String>>,
}

impl World {
    /// Returns the truth, with one entry per kind of row.
    #[must_use]
    pub fn truth(&self, shape: Shape) -> Vec<Truth> {
        let mut truth = vec![
            self.users(shape),
            self.post_rows(shape),
            self.comment_rows(shape),
            self.follows(),
            self.appearances(shape),
            self.remixes(shape),
            self.attachments(),
            self.mentions(shape),
            self.text_entities(shape),
            entries(
                "feed_entries",
                "post_id",
                self.feed.iter().map(|it| &self.posts[*it].id),
            ),
            entries(
                "leaderboard_entries",
                "user_id",
                self.leaderboard.iter().map(|it| &self.people[*it].id),
            ),
        ];
        if shape == Shape::Wrapped {
            truth.push(self.reposts());
        }
        truth
    }

    fn users(&self, shape: Shape) -> Truth {
        let shown = |(number, person): &(usize, &Person)| {
            if person.is_gone {
                return false;
            }
            if person.owner.is_some() {
                return shape == Shape::Wrapped && !person.appearances.is_empty();
            }
            self.is_seed(*number)
                || person
                    .following
                    .iter()
                    .any(|it| self.shows_edge(*number, *it))
        };
        let row = |(_, it): (usize, &Person)| {
            let mut row = vec![it.id.clone(), it.username.clone(), text(&it.display_name)];
            let followers = counted(&it.id, "followers", it.followers.len()).to_string();
            if shape == Shape::Flat {
                row.push(followers);
                return row;
            }
            row.extend([
                text(&it.description),
                followers,
                counted(&it.id, "following", it.following.len()).to_string(),
                counted(&it.id, "posts", it.posts.len()).to_string(),
                it.appearances.len().to_string(),
                it.likes_received.to_string(),
                u8::from(it.verified).to_string(),
                it.banned_micros.map(time).unwrap_or_default(),
            ]);
            row
        };
        let columns = match shape {
            Shape::Flat => vec!["user_id", "username", "display_name", "follower_count"],
            Shape::Wrapped => vec![
                "user_id",
                "username",
                "display_name",
                "description",
                "follower_count",
                "following_count",
                "post_count",
                "cameo_count",
                "likes_received_count",
                "verified",
                "banned_at",
            ],
        };
        let rows = self
            .people
            .iter()
            .enumerate()
            .filter(shown)
            .map(row)
            .collect();
        Truth {
            kind: "users",
            columns,
            rows,
        }
    }

    fn post_rows(&self, shape: Shape) -> Truth {
        let mut columns = vec![
            "post_id",
            "author_user_id",
            "text",
            "posted_at",
            "like_count",
            "view_count",
            "reply_count",
        ];
        if shape == Shape::Wrapped {
            columns.extend(["remix_count", "tombstoned_at", "parent_post_id"]);
        }
        let rows = self.posts.iter().filter(|it| !it.is_hidden).map(|it| {
            let mut row = vec![
                it.id.clone(),
                self.people[it.author].id.clone(),
                text(&it.text),
                time(it.posted_micros),
                it.like_count.to_string(),
                it.view_count.to_string(),
                counted(&it.id, "comments", it.comments.len()).to_string(),
            ];
            if shape == Shape::Wrapped {
                row.push(it.remixes.len().to_string());
                row.push(it.tombstoned_micros.map(time).unwrap_or_default());
                row.push(
                    it.parent
                        .map(|post| self.posts[post].id.clone())
                        .unwrap_or_default(),
                );
            }
            row
        });
        Truth {
            kind: "posts",
            columns,
            rows: rows.collect(),
        }
    }

    fn comment_rows(&self, shape: Shape) -> Truth {
        let mut columns = vec![
            "comment_id",
            "post_id",
            "parent_comment_id",
            "author_user_id",
            "text",
            "posted_at",
            "like_count",
        ];
        if shape == Shape::Wrapped {
            columns.extend(["reply_count", "tombstoned_at"]);
        }
        let shown = self
            .comments
            .iter()
            .filter(|it| !it.is_hidden && (shape == Shape::Wrapped || it.depth < 2));
        let rows = shown.map(|it| {
            let mut row = vec![
                it.id.clone(),
                self.posts[it.post].id.clone(),
                it.parent
                    .map(|parent| self.comments[parent].id.clone())
                    .unwrap_or_default(),
                self.people[it.author].id.clone(),
                text(&it.text),
                time(it.posted_micros),
                it.like_count.to_string(),
            ];
            if shape == Shape::Wrapped {
                row.push(it.replies.len().to_string());
                row.push(it.tombstoned_micros.map(time).unwrap_or_default());
            }
            row
        });
        Truth {
            kind: "comments",
            columns,
            rows: rows.collect(),
        }
    }

    fn attachments(&self) -> Truth {
        let columns = vec![
            "attachment_id",
            "post_id",
            "generation_id",
            "width",
            "height",
            "url",
        ];
        let shown = self.posts.iter().filter(|it| !it.is_hidden);
        let rows = shown.flat_map(|post| {
            post.attachments.iter().map(|it| {
                vec![
                    it.id.clone(),
                    post.id.clone(),
                    it.generation_id.clone(),
                    it.width.to_string(),
                    it.height.to_string(),
                    media::url(&self.links, it),
                ]
            })
        });
        Truth {
            kind: "attachments",
            columns,
            rows: rows.collect(),
        }
    }
}

fn entries<'i>(
    kind: &'static str,
    column: &'static str,
    ids: impl Iterator<Item = &'i String>,
) -> Truth {
    Truth {
        kind,
        columns: vec![column],
        rows: ids.map(|id| vec![id.clone()]).collect(),
    }
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

fn time(micros: i64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
