//! The tables that are exported.

/// A table of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportTable {
    pub name: &'static str,
    pub about: &'static str,
    /// The view or table that has its rows.
    pub source: &'static str,
    /// The tables that have about as many rows.
    pub(super) counted: &'static [&'static str],
    /// The columns that give the rows their order, which is the same in every export.
    pub(super) order: &'static str,
    /// The column that `--since` and `--until` look at.
    pub(super) time: Option<&'static str>,
    /// The column with the call that stated a row first.
    pub(super) call: Option<&'static str>,
    /// The columns, all texts, where `source` has more; empty for all of `source`.
    pub(super) columns: &'static [&'static str],
}

const fn table(
    name: &'static str,
    source: &'static str,
    counted: &'static [&'static str],
    order: &'static str,
    time: Option<&'static str>,
    call: Option<&'static str>,
    about: &'static str,
) -> ExportTable {
    ExportTable {
        name,
        about,
        source,
        counted,
        order,
        time,
        call,
        columns: &[],
    }
}

/// All tables of an export.
pub const TABLES: [ExportTable; 18] = [
    table("users", "users_now", &["users"], "user_id", None, Some("first_call_id"), "Users and characters, as last seen."),
    table("posts", "posts_now", &["posts"], "post_id", Some("posted_at"), Some("first_call_id"), "Posts, as last seen."),
    table("comments", "comments_now", &["comments"], "comment_id", Some("posted_at"), Some("first_call_id"), "Comments and replies, as last seen."),
    table("follows", "follow_edges", &["follows"], "follower_user_id, followed_user_id", None, Some("first_call_id"), "Who follows whom."),
    table("appearances", "appearance_edges", &["appearances"], "post_id, user_id", Some("posted_at"), Some("first_call_id"), "Who appears in which post."),
    table("remixes", "remix_edges", &["remixes"], "post_id, parent_post_id", Some("posted_at"), Some("first_call_id"), "Which post was made from which."),
    table("reposts", "repost_edges", &["reposts"], "post_id, reposter_user_id, repost_post_id", None, Some("first_call_id"), "Who reposted which post."),
    table("mentions", "mentions", &["post_entities", "comment_entities"], "post_id, comment_id, source, value", Some("posted_at"), Some("first_call_id"), "Who mentions whom."),
    table("entities", "text_entities", &["post_entities", "comment_entities"], "post_id, comment_id, kind, value", Some("posted_at"), Some("first_call_id"), "Hashtags and URLs in texts."),
    table("attachments", "attachment_links", &["attachments"], "attachment_id", None, Some("first_call_id"), "Videos, with links."),
    table("user_observations", "user_growth", &["user_stats"], "user_id, observed_at", Some("observed_at"), Some("call_id"), "The counts of users over time."),
    table("post_observations", "post_growth", &["post_stats"], "post_id, observed_at", Some("observed_at"), Some("call_id"), "The counts of posts over time."),
    table("comment_observations", "comment_growth", &["comment_stats"], "comment_id, observed_at", Some("observed_at"), Some("call_id"), "The counts of comments over time."),
    table("feed", "feed_history", &["feed_entries"], "call_id, rank", Some("observed_at"), Some("call_id"), "What the feed showed."),
    table("leaderboard", "leaderboard_history", &["leaderboard_entries"], "call_id, rank", Some("observed_at"), Some("call_id"), "What the leaderboard showed."),
    table("searches", "search_hits", &["search_results"], "call_id, position", Some("observed_at"), Some("call_id"), "Which users a search found."),
    table("completeness", "completeness", &["jobs"], "kind, subject_id", None, None, "What is archived of each list, and why the rest is missing."),
    table("calls", "calls", &["calls"], "id", Some("opened_at"), Some("id"), "Every request, without its raw reply."),
];

/// Posts and comments as 4CAT reads them (github.com/digitalmethodsinitiative/4cat, "Uploading data").
pub const FOUR_CAT: ExportTable = ExportTable {
    columns: &["id", "thread_id", "author", "body", "timestamp"],
    ..table("4cat", "(
        select post_id as id, post_id as thread_id, coalesce(author_username, author_user_id) as author,
            coalesce(text, title, caption) as body, strftime('%Y-%m-%d %H:%M:%S', posted_at, 'unixepoch') as timestamp,
            posted_at, first_call_id
        from posts_now
        union all
        select comment_id, post_id, coalesce(author_username, author_user_id), text,
            strftime('%Y-%m-%d %H:%M:%S', posted_at, 'unixepoch'), posted_at, first_call_id
        from comments_now
    )", &["posts", "comments"], "thread_id, timestamp, id", Some("posted_at"), Some("first_call_id"), "Posts and comments, as 4CAT reads them.")
};
