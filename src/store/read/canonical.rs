//! The archive's contents as sorted text, to be held against another archive.
//!
//! *Canonical* text has what the remote said and nothing of ours, no call and no time of a look: two crawls of the
//! same world have the same, in whatever order they went. *Exact* text has these too: an archive that is made again
//! from its own replies has the same.

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::store::Result;

/// One kind of row: how it is named, and what it says.
pub struct Kind {
    pub name: &'static str,
    /// Tells the row from all others of its kind, in words.
    key: &'static str,
    /// What the remote said, by column; `t` is the table itself.
    said: &'static str,
    /// What is ours.
    ours: &'static str,
    from: &'static str,
}

const CALLS: &str = "t.first_call_id, t.last_call_id";
const COUNTED: &str = "t.counted_at, t.counted_call_id, t.first_call_id, t.last_call_id";
const OBSERVED: &str = "t.call_id, t.last_observed_at";
const POST_COUNTS: &str = "t.like_count, t.dislike_count, t.view_count, t.unique_view_count, t.remix_count, \
t.reply_count, t.recursive_reply_count, t.share_count, t.repost_count";

/// Kinds that both texts have.
const THINGS: [Kind; 7] = [
    Kind {
        name: "users",
        key: "t.user_id",
        said: "t.username, t.display_name, t.description, t.profile_picture_url, t.cover_photo_url, t.permalink, \
t.location, t.website, t.plan_type, t.verified, t.can_cameo, t.is_public_figure, owner.user_id, t.created_at, \
t.updated_at, t.banned_at, t.follower_count, t.following_count, t.post_count, t.cameo_count, \
t.likes_received_count, t.view_count, t.reply_count, t.remix_count, t.character_count",
        ours: COUNTED,
        from: "users t left join users owner on owner.id = t.owner_id",
    },
    Kind {
        name: "posts",
        key: "t.post_id",
        said: "author.user_id, t.text, t.caption, t.emoji, t.source, t.posted_at, t.updated_at, t.tombstoned_at, \
t.permalink, t.preview_image_url, t.cover_photo_url, t.srt_url, t.vtt_url, t.posted_to_public, t.share_setting, \
t.is_featured, parent.post_id, root.post_id, origin.post_id, t.discovery_phrase, t.like_count, t.dislike_count, \
t.view_count, t.unique_view_count, t.remix_count, t.reply_count, t.recursive_reply_count, t.share_count, \
t.repost_count",
        ours: COUNTED,
        from: "posts t left join users author on author.id = t.author_id left join posts parent on parent.id = \
t.parent_id left join posts root on root.id = t.root_id left join posts origin on origin.id = t.repost_of_id",
    },
    Kind {
        name: "comments",
        key: "t.comment_id",
        said: "post.post_id, parent.comment_id, author.user_id, t.text, t.posted_at, t.updated_at, t.tombstoned_at, \
t.permalink, t.like_count, t.dislike_count, t.view_count, t.unique_view_count, t.remix_count, t.reply_count, \
t.recursive_reply_count, t.share_count, t.repost_count",
        ours: COUNTED,
        from: "comments t left join posts post on post.id = t.post_id left join comments parent on parent.id = \
t.parent_comment_id left join users author on author.id = t.author_id",
    },
    Kind {
        name: "follows",
        key: "follower.user_id || ' follows ' || followed.user_id",
        said: "follower.user_id, followed.user_id",
        ours: CALLS,
        from: "follows t join users follower on follower.id = t.follower_id join users followed on followed.id = \
t.followed_id",
    },
    Kind {
        name: "appearances",
        key: "u.user_id || ' in ' || post.post_id",
        said: "u.user_id, post.post_id",
        ours: CALLS,
        from: "appearances t join users u on u.id = t.user_id join posts post on post.id = t.post_id",
    },
    Kind {
        name: "remixes",
        key: "post.post_id || ' from ' || parent.post_id",
        said: "post.post_id, parent.post_id",
        ours: CALLS,
        from: "remixes t join posts post on post.id = t.post_id join posts parent on parent.id = t.parent_post_id",
    },
    Kind {
        name: "attachments",
        key: "t.attachment_id",
        said: "post.post_id, comment.comment_id, t.kind, t.generation_id, t.generation_type, t.task_id, t.width, \
t.height, t.duration_s, t.n_frames, t.output_blocked, t.has_captions, t.url, t.downloadable_url, t.watermark_url, \
t.no_watermark_url, t.endcard_watermark_url, t.source_url, t.source_wm_url, t.endcard_wm_url, t.thumbnail_url, \
t.unfurl_url, t.md_url, t.ld_url, t.gif_url, t.expires_at",
        ours: CALLS,
        from: "attachments t left join posts post on post.id = t.post_id left join comments comment on comment.id = \
t.comment_id",
    },
];

/// Lists by who was on them. A rank counts what one walk was shown, and a page that overlaps another shifts it.
const PLACES: [Kind; 3] = [
    Kind {
        name: "feed_entries",
        key: "post.post_id",
        said: "post.post_id",
        ours: "",
        from: "feed_entries t join posts post on post.id = t.post_id",
    },
    Kind {
        name: "leaderboard_entries",
        key: "u.user_id",
        said: "u.user_id",
        ours: "",
        from: "leaderboard_entries t join users u on u.id = t.user_id",
    },
    Kind {
        name: "search_results",
        key: "t.query || ' ' || u.user_id",
        said: "t.query, u.user_id, t.token",
        ours: "",
        from: "search_results t join users u on u.id = t.user_id",
    },
];

/// Lists and histories by the calls that showed them.
const LOOKS: [Kind; 6] = [
    Kind {
        name: "feed_entries",
        key: "printf('call %09d place %d', t.call_id, t.position)",
        said: "t.rank, post.post_id",
        ours: "t.observed_at",
        from: "feed_entries t join posts post on post.id = t.post_id",
    },
    Kind {
        name: "leaderboard_entries",
        key: "printf('call %09d place %d', t.call_id, t.position)",
        said: "t.rank, u.user_id",
        ours: "t.observed_at",
        from: "leaderboard_entries t join users u on u.id = t.user_id",
    },
    Kind {
        name: "search_results",
        key: "printf('call %09d place %d', t.call_id, t.position)",
        said: "t.query, u.user_id, t.token",
        ours: "t.observed_at",
        from: "search_results t join users u on u.id = t.user_id",
    },
    Kind {
        name: "user_stats",
        key: "printf('%s at %.6f', u.user_id, t.observed_at)",
        said: "t.follower_count, t.following_count, t.post_count, t.cameo_count, t.likes_received_count, \
t.view_count, t.reply_count, t.remix_count, t.character_count",
        ours: OBSERVED,
        from: "user_stats t join users u on u.id = t.user_id",
    },
    Kind {
        name: "post_stats",
        key: "printf('%s at %.6f', post.post_id, t.observed_at)",
        said: POST_COUNTS,
        ours: OBSERVED,
        from: "post_stats t join posts post on post.id = t.post_id",
    },
    Kind {
        name: "comment_stats",
        key: "printf('%s at %.6f', c.comment_id, t.observed_at)",
        said: POST_COUNTS,
        ours: OBSERVED,
        from: "comment_stats t join comments c on c.id = t.comment_id",
    },
];

/// The kinds of the exact text.
pub fn exact() -> impl Iterator<Item = &'static Kind> {
    THINGS.iter().chain(&LOOKS)
}

impl Kind {
    /// The names of the exact text's columns, in their order.
    pub fn columns(&self) -> Vec<&'static str> {
        self.said
            .split(", ")
            .chain(self.ours.split(", "))
            .map(|column| column.strip_prefix("t.").unwrap_or(column))
            .collect()
    }

    /// The exact rows: key and values, by key.
    pub fn exact_rows<'c>(
        &self,
        connection: &'c mut SqliteConnection,
    ) -> BoxStream<'c, std::result::Result<SqliteRow, sqlx::Error>> {
        // Only the constants above are in the text.
        let text = format!(
            "select {} as key, json_array({}, {}) from {} order by key",
            self.key, self.said, self.ours, self.from
        );
        sqlx::query(AssertSqlSafe(text)).fetch(connection)
    }
}

/// Gives `each` the canonical text, line by line: kind, key and values, in order.
///
/// # Errors
/// Where the archive cannot be read.
pub async fn canonical(
    connection: &mut SqliteConnection,
    mut each: impl FnMut(&str),
) -> Result<()> {
    for kind in THINGS.iter().chain(&PLACES) {
        let text = format!(
            "select distinct '{}' || char(9) || {} || char(9) || json_array({}) as line from {} order by line",
            kind.name, kind.key, kind.said, kind.from
        );
        let mut lines = sqlx::query(AssertSqlSafe(text)).fetch(&mut *connection);
        while let Some(line) = lines.try_next().await? {
            each(line.try_get(0)?);
        }
    }
    Ok(())
}

/// The canonical text of an archive: what two crawls of one world have in common.
///
/// # Errors
/// Where the archive cannot be read.
pub async fn canonical_lines(pool: &SqlitePool) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    canonical(&mut *pool.acquire().await?, |line| {
        lines.push(line.to_owned())
    })
    .await?;
    Ok(lines)
}

/// The canonical text as one number of 32 hexadecimal digits.
///
/// # Errors
/// Where the archive cannot be read.
pub async fn canonical_hash(connection: &mut SqliteConnection) -> Result<String> {
    // FNV-1a of 128 bits: equal contents are to be told from different ones, nobody forges them.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    canonical(connection, |line| {
        for byte in line.bytes().chain([b'\n']) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b);
        }
    })
    .await?;
    Ok(format!("{hash:032x}"))
}
