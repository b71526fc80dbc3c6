//! The archive's rows as a reply shows them. `None` means "not said", and never overwrites what is known.
//!
//! Times are Unix seconds, with a fraction where the remote gave one (api/README.md §6).

/// A user or a character, as far as one reply described him.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct User {
    /// `user-…`, or `ch_…` for a character.
    pub user_id: String,
    pub username: Option<String>,
    pub display_name: Option<String>,
    /// `description` upstream, `bio` in the vendor's document.
    pub description: Option<String>,
    pub profile_picture_url: Option<String>,
    /// `cover_photo_url` upstream, `banner_image_url` in the vendor's document.
    pub cover_photo_url: Option<String>,
    pub permalink: Option<String>,
    pub location: Option<String>,
    pub website: Option<String>,
    pub plan_type: Option<String>,
    pub verified: Option<bool>,
    pub can_cameo: Option<bool>,
    pub is_public_figure: Option<bool>,
    /// The user who owns this character.
    pub owner_user_id: Option<String>,
    pub created_at: Option<f64>,
    pub updated_at: Option<f64>,
    pub banned_at: Option<f64>,
    pub counts: UserCounts,
}

/// The numbers of a user that have a history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserCounts {
    pub follower_count: Option<i64>,
    pub following_count: Option<i64>,
    pub post_count: Option<i64>,
    pub cameo_count: Option<i64>,
    /// `likes_received_count` upstream, `like_count` in the vendor's document.
    pub likes_received_count: Option<i64>,
    pub view_count: Option<i64>,
    pub reply_count: Option<i64>,
    pub remix_count: Option<i64>,
    pub character_count: Option<i64>,
}

/// A post, as far as one reply described it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Post {
    /// `s_…`
    pub post_id: String,
    pub author_user_id: Option<String>,
    /// The prompt.
    pub text: Option<String>,
    /// What `get_video_download_info` says of the text; perhaps a part of it only.
    pub title: Option<String>,
    pub caption: Option<String>,
    pub emoji: Option<String>,
    pub source: Option<String>,
    pub posted_at: Option<f64>,
    pub updated_at: Option<f64>,
    /// Set where the author deleted the post.
    pub tombstoned_at: Option<f64>,
    pub permalink: Option<String>,
    pub preview_image_url: Option<String>,
    pub cover_photo_url: Option<String>,
    pub srt_url: Option<String>,
    pub vtt_url: Option<String>,
    pub posted_to_public: Option<bool>,
    /// `permissions.share_setting`: public, private or unlisted.
    pub share_setting: Option<String>,
    pub is_featured: Option<bool>,
    pub parent_post_id: Option<String>,
    pub root_post_id: Option<String>,
    pub repost_of_post_id: Option<String>,
    pub discovery_phrase: Option<String>,
    pub counts: PostCounts,
}

/// The numbers of a post or a comment that have a history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PostCounts {
    pub like_count: Option<i64>,
    pub dislike_count: Option<i64>,
    pub view_count: Option<i64>,
    pub unique_view_count: Option<i64>,
    pub remix_count: Option<i64>,
    pub reply_count: Option<i64>,
    /// Replies at every depth.
    pub recursive_reply_count: Option<i64>,
    pub share_count: Option<i64>,
    pub repost_count: Option<i64>,
}

/// A comment, or a reply to one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comment {
    pub comment_id: String,
    /// The post it stands under; where `None`, the parent comment's post is taken.
    pub post_id: Option<String>,
    /// The comment it answers; `None` for a comment on the post itself.
    pub parent_comment_id: Option<String>,
    pub author_user_id: Option<String>,
    pub text: Option<String>,
    pub posted_at: Option<f64>,
    pub updated_at: Option<f64>,
    pub tombstoned_at: Option<f64>,
    pub permalink: Option<String>,
    pub counts: PostCounts,
}

/// One user follows another. Both are text ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Follow {
    pub follower: String,
    pub followed: String,
}

/// A user (or character) is in the cast of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Appearance {
    pub user_id: String,
    pub post_id: String,
}

/// A post was made from another.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Remix {
    pub post_id: String,
    pub parent_post_id: String,
}

/// One video of a post or a comment, with every URL it was given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attachment {
    /// `{post_id}-attachment-{n}`; made up in this form where the remote left it out.
    pub attachment_id: String,
    /// The post that has it; exactly one of this and `comment_id` is set.
    pub post_id: Option<String>,
    pub comment_id: Option<String>,
    pub kind: Option<String>,
    /// `gen_…`: the best stable name of a video file.
    pub generation_id: Option<String>,
    pub generation_type: Option<String>,
    pub task_id: Option<String>,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub duration_s: Option<f64>,
    pub n_frames: Option<i64>,
    pub output_blocked: Option<bool>,
    pub has_captions: Option<bool>,
    pub url: Option<String>,
    pub downloadable_url: Option<String>,
    /// `download_urls.*`
    pub watermark_url: Option<String>,
    pub no_watermark_url: Option<String>,
    pub endcard_watermark_url: Option<String>,
    /// `encodings.*.path`
    pub source_url: Option<String>,
    pub source_wm_url: Option<String>,
    pub endcard_wm_url: Option<String>,
    pub thumbnail_url: Option<String>,
    pub unfurl_url: Option<String>,
    pub md_url: Option<String>,
    pub ld_url: Option<String>,
    pub gif_url: Option<String>,
    /// When the first of its URLs stops working: the least of their `se` and `ske`.
    pub expires_at: Option<f64>,
}

/// A post in the feed, or a user on the leaderboard, at a place of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListEntry {
    /// 0 for the first item of the page.
    pub position: u32,
    /// The post's or the user's text id.
    pub id: String,
}

/// A user found by a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchEntry {
    pub position: u32,
    pub user_id: String,
    /// How the user is mentioned in a comment: `<@user-…>`.
    pub token: Option<String>,
}
