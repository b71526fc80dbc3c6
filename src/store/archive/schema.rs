//! The archive's tables: each column once, with its kind, how observations merge, who states it, and whether it is
//! personal data. Upserts, histories, comparisons and the data dictionary derive from this file.
//!
//! A test compares it with the columns of the file (`pragma table_info`).

use std::sync::LazyLock;

use super::column::{
    COMMENT, Counted, POST, Target, USER, count, counted_at, counted_call, first_call, flag, integer, last_call, real, reference, text, time,
};
use super::edges::{
    APPEARANCES, COMMENT_ENTITIES, FEED, FOLLOWS, LEADERBOARD, POST_ENTITIES, REMIXES, REPOSTS, SEARCH,
};
use super::table::{Outline, Table, former_names, history};
use crate::model::{Attachment, Comment, Counts, Post, SubjectKind, User};

/// Returns the table of a kind of subject, where the archive has one.
pub fn target(kind: SubjectKind) -> Option<Target> {
    match kind {
        SubjectKind::User => Some(USER),
        SubjectKind::Post => Some(POST),
        SubjectKind::Comment => Some(COMMENT),
        SubjectKind::Search
        | SubjectKind::Feed
        | SubjectKind::Leaderboard
        | SubjectKind::File
        | SubjectKind::Image
        | SubjectKind::Task
        | SubjectKind::Generation => None,
    }
}

impl Counted for User {
    fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Counted for Post {
    fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Counted for Comment {
    fn counts(&self) -> &Counts {
        &self.counts
    }
}

pub(super) static USERS: Table<User> = Table::new(
    "users",
    &[
        text("user_id", |row: &User| Some(&row.user_id)).key().personal(),
        text("username", |row: &User| row.username.as_deref()).personal(),
        text("display_name", |row: &User| row.display_name.as_deref()).personal(),
        text("description", |row: &User| row.description.as_deref()).personal(),
        text("profile_picture_url", |row: &User| row.profile_picture_url.as_deref()).personal(),
        text("cover_photo_url", |row: &User| row.cover_photo_url.as_deref()).personal(),
        text("permalink", |row: &User| row.permalink.as_deref()).personal(),
        text("location", |row: &User| row.location.as_deref()).personal(),
        text("website", |row: &User| row.website.as_deref()).personal(),
        text("plan_type", |row: &User| row.plan_type.as_deref()),
        flag("verified", |row: &User| row.verified),
        flag("can_cameo", |row: &User| row.can_cameo),
        flag("is_public_figure", |row: &User| row.is_public_figure),
        reference("owner_id", USER, |row: &User| row.owner_user_id.as_deref()).personal(),
        time("created_at", |row: &User| row.created_at),
        time("updated_at", |row: &User| row.updated_at),
        time("banned_at", |row: &User| row.banned_at),
        count("follower_count"),
        count("following_count"),
        count("post_count"),
        count("cameo_count"),
        count("likes_received_count"),
        count("view_count"),
        count("reply_count"),
        count("remix_count"),
        count("character_count"),
        counted_at(),
        counted_call(),
        first_call(),
        last_call(),
    ],
);

pub(super) static POSTS: Table<Post> = Table::new(
    "posts",
    &[
        text("post_id", |row: &Post| Some(&row.post_id)).key().personal(),
        reference("author_id", USER, |row: &Post| row.author_user_id.as_deref()).personal(),
        text("text", |row: &Post| row.text.as_deref()).words(),
        text("title", |row: &Post| row.title.as_deref()).words(),
        text("caption", |row: &Post| row.caption.as_deref()).words(),
        text("emoji", |row: &Post| row.emoji.as_deref()).words(),
        text("source", |row: &Post| row.source.as_deref()),
        time("posted_at", |row: &Post| row.posted_at),
        time("updated_at", |row: &Post| row.updated_at),
        time("tombstoned_at", |row: &Post| row.tombstoned_at),
        text("permalink", |row: &Post| row.permalink.as_deref()).personal(),
        text("preview_image_url", |row: &Post| row.preview_image_url.as_deref()).personal(),
        text("cover_photo_url", |row: &Post| row.cover_photo_url.as_deref()).personal(),
        text("srt_url", |row: &Post| row.srt_url.as_deref()).personal(),
        text("vtt_url", |row: &Post| row.vtt_url.as_deref()).personal(),
        flag("posted_to_public", |row: &Post| row.posted_to_public),
        text("share_setting", |row: &Post| row.share_setting.as_deref()),
        flag("is_featured", |row: &Post| row.is_featured),
        reference("parent_id", POST, |row: &Post| row.parent_post_id.as_deref()),
        reference("root_id", POST, |row: &Post| row.root_post_id.as_deref()),
        reference("repost_of_id", POST, |row: &Post| row.repost_of_post_id.as_deref()),
        text("discovery_phrase", |row: &Post| row.discovery_phrase.as_deref()).words(),
        count("like_count"),
        count("dislike_count"),
        count("view_count"),
        count("unique_view_count"),
        count("remix_count"),
        count("reply_count"),
        count("recursive_reply_count"),
        count("share_count"),
        count("repost_count"),
        counted_at(),
        counted_call(),
        first_call(),
        last_call(),
    ],
);

pub(super) static COMMENTS: Table<Comment> = Table::new(
    "comments",
    &[
        text("comment_id", |row: &Comment| Some(&row.comment_id)).key().personal(),
        reference("post_id", POST, |row: &Comment| row.post_id.as_deref()),
        reference("parent_comment_id", COMMENT, |row: &Comment| row.parent_comment_id.as_deref()),
        reference("author_id", USER, |row: &Comment| row.author_user_id.as_deref()).personal(),
        text("text", |row: &Comment| row.text.as_deref()).words(),
        time("posted_at", |row: &Comment| row.posted_at),
        time("updated_at", |row: &Comment| row.updated_at),
        time("tombstoned_at", |row: &Comment| row.tombstoned_at),
        text("permalink", |row: &Comment| row.permalink.as_deref()).personal(),
        count("like_count"),
        count("dislike_count"),
        count("view_count"),
        count("unique_view_count"),
        count("remix_count"),
        count("reply_count"),
        count("recursive_reply_count"),
        count("share_count"),
        count("repost_count"),
        counted_at(),
        counted_call(),
        first_call(),
        last_call(),
    ],
);

/// A video that pages show on several posts or comments stays with what the earliest call showed it on.
pub(super) static ATTACHMENTS: Table<Attachment> = Table::new(
    "attachments",
    &[
        text("attachment_id", |row: &Attachment| Some(&row.attachment_id)).key().personal(),
        reference("post_id", POST, |row: &Attachment| row.post_id.as_deref()).earliest(),
        reference("comment_id", COMMENT, |row: &Attachment| match row.post_id {
            Some(_) => None,
            None => row.comment_id.as_deref(),
        })
        .earliest(),
        text("kind", |row: &Attachment| row.kind.as_deref()),
        text("generation_id", |row: &Attachment| row.generation_id.as_deref()).personal(),
        text("generation_type", |row: &Attachment| row.generation_type.as_deref()),
        text("task_id", |row: &Attachment| row.task_id.as_deref()).personal(),
        integer("width", |row: &Attachment| row.width),
        integer("height", |row: &Attachment| row.height),
        real("duration_s", |row: &Attachment| row.duration_s),
        integer("n_frames", |row: &Attachment| row.n_frames),
        flag("output_blocked", |row: &Attachment| row.output_blocked),
        flag("has_captions", |row: &Attachment| row.has_captions),
        text("url", |row: &Attachment| row.url.as_deref()).personal(),
        text("downloadable_url", |row: &Attachment| row.downloadable_url.as_deref()).personal(),
        text("watermark_url", |row: &Attachment| row.watermark_url.as_deref()).personal(),
        text("no_watermark_url", |row: &Attachment| row.no_watermark_url.as_deref()).personal(),
        text("endcard_watermark_url", |row: &Attachment| row.endcard_watermark_url.as_deref()).personal(),
        text("source_url", |row: &Attachment| row.source_url.as_deref()).personal(),
        text("source_wm_url", |row: &Attachment| row.source_wm_url.as_deref()).personal(),
        text("endcard_wm_url", |row: &Attachment| row.endcard_wm_url.as_deref()).personal(),
        text("thumbnail_url", |row: &Attachment| row.thumbnail_url.as_deref()).personal(),
        text("unfurl_url", |row: &Attachment| row.unfurl_url.as_deref()).personal(),
        text("md_url", |row: &Attachment| row.md_url.as_deref()).personal(),
        text("ld_url", |row: &Attachment| row.ld_url.as_deref()).personal(),
        text("gif_url", |row: &Attachment| row.gif_url.as_deref()).personal(),
        time("expires_at", |row: &Attachment| row.expires_at),
        first_call(),
        last_call(),
    ],
);

/// Every table of the archive without the readers of its rows, in the order in which they are compared.
static TABLES: LazyLock<[Outline; 17]> = LazyLock::new(|| {
    [
        USERS.outline(),
        POSTS.outline(),
        COMMENTS.outline(),
        FOLLOWS.outline(),
        APPEARANCES.outline(),
        REMIXES.outline(),
        ATTACHMENTS.outline(),
        POST_ENTITIES.outline(),
        COMMENT_ENTITIES.outline(),
        REPOSTS.outline(),
        FEED.outline(),
        LEADERBOARD.outline(),
        SEARCH.outline(),
        history("user_stats", &USERS, USER),
        history("post_stats", &POSTS, POST),
        history("comment_stats", &COMMENTS, COMMENT),
        former_names("user_names", USER),
    ]
});

/// Returns the outlines of all archive tables, histories last.
pub fn tables() -> &'static [Outline] {
    TABLES.as_slice()
}
