//! The archive's rows as one reply describes them. `None` means that the reply has no value; a stored value stays.
//!
//! Times are Unix seconds, with a fraction if the remote sent one (api/README.md §6).

use super::counts::Counts;

/// A user or a character, as described by one reply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct User {
    /// `user-…` for a user, `ch_…` for a character.
    pub user_id: String,
    pub username: Option<String>,
    pub display_name: Option<String>,
    /// `description` in upstream replies, `bio` in the vendor's documentation.
    pub description: Option<String>,
    pub profile_picture_url: Option<String>,
    /// `cover_photo_url` in upstream replies, `banner_image_url` in the vendor's documentation.
    pub cover_photo_url: Option<String>,
    pub permalink: Option<String>,
    pub location: Option<String>,
    pub website: Option<String>,
    pub plan_type: Option<String>,
    pub verified: Option<bool>,
    pub can_cameo: Option<bool>,
    pub is_public_figure: Option<bool>,
    /// User who owns this character.
    pub owner_user_id: Option<String>,
    pub created_at: Option<f64>,
    pub updated_at: Option<f64>,
    pub banned_at: Option<f64>,
    pub counts: Counts,
}

/// A post, as described by one reply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Post {
    /// `s_…`
    pub post_id: String,
    pub author_user_id: Option<String>,
    /// The prompt.
    pub text: Option<String>,
    /// Title from `get_video_download_info`: the prompt, possibly truncated.
    pub title: Option<String>,
    pub caption: Option<String>,
    pub emoji: Option<String>,
    pub source: Option<String>,
    pub posted_at: Option<f64>,
    pub updated_at: Option<f64>,
    /// Time at which the author deleted the post.
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
    pub counts: Counts,
}

/// A comment, or a reply to a comment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comment {
    pub comment_id: String,
    /// Post of the comment. If `None`, the store uses the parent comment's post.
    pub post_id: Option<String>,
    /// Comment that this one replies to; `None` for a comment on the post itself.
    pub parent_comment_id: Option<String>,
    pub author_user_id: Option<String>,
    pub text: Option<String>,
    pub posted_at: Option<f64>,
    pub updated_at: Option<f64>,
    pub tombstoned_at: Option<f64>,
    pub permalink: Option<String>,
    pub counts: Counts,
}

/// An edge: one user follows another. Both fields are the remote's ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Follow {
    pub follower: String,
    pub followed: String,
}

/// An edge: a user or character is in the cast of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Appearance {
    pub user_id: String,
    pub post_id: String,
}

/// An edge: a post is a remix of another post.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Remix {
    pub post_id: String,
    pub parent_post_id: String,
}

/// How a text refers to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A user whom the remote marks beside the text.
    Facet,
    /// A user, by the token `<@user-…>` in the text.
    Token,
    /// A user, by `@name` in the text.
    Name,
    Hashtag,
    Url,
}

impl EntityKind {
    /// The name in the archive.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Facet => "facet",
            Self::Token => "token",
            Self::Name => "name",
            Self::Hashtag => "hashtag",
            Self::Url => "url",
        }
    }
}

/// What the text of a post or a comment refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// The remote's id of the post or comment.
    pub id: String,
    pub kind: EntityKind,
    /// A user id, a name or hashtag in lower case without its sign, or a URL.
    pub value: String,
    /// The user, where the remote names one. A name in a text is not yet a user.
    pub user_id: Option<String>,
}

/// What a user has to do with a repost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RepostRole {
    /// The user reposted the post.
    Reposter,
    /// The post is a repost of a post of the user.
    Original,
}

impl RepostRole {
    /// The name in the archive.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reposter => "reposter",
            Self::Original => "original",
        }
    }
}

/// An edge: a user reposted a post, or is the author of what it reposts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repost {
    pub post_id: String,
    pub role: RepostRole,
    pub user_id: String,
}

/// One video of a post or a comment, with all its URLs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attachment {
    /// `{owner id}-attachment-{n}`. The parser builds this id if the remote omits it.
    pub attachment_id: String,
    /// Post that has the video. Exactly one of `post_id` and `comment_id` is set.
    pub post_id: Option<String>,
    pub comment_id: Option<String>,
    pub kind: Option<String>,
    /// `gen_…`: the most stable identifier of a video file.
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
    /// Time at which the first URL stops working: the earliest `se` or `ske` of all URLs.
    pub expires_at: Option<f64>,
}

/// A post in the feed or a user on the leaderboard, with its position on the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListEntry {
    /// 0 for the first item of the page.
    pub position: u32,
    /// The remote's id of the post or the user.
    pub id: String,
}

/// A user in the results of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchEntry {
    pub position: u32,
    pub user_id: String,
    /// Text that mentions the user in a comment: `<@user-…>`.
    pub token: Option<String>,
}
