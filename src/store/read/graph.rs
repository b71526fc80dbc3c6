//! Networks of users: weighted edges, and the users at their ends.

use futures_util::stream::{BoxStream, StreamExt};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow};

use super::Snapshot;
use super::export::Period;
use crate::store::Result;

/// What connects two users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    Comments,
    Replies,
    Mentions,
    Remixes,
    Reposts,
    Appearances,
    Follows,
    /// Two users appear in the same posts.
    CoAppearance,
    /// Two users comment on the same posts.
    CoComment,
}

impl Network {
    pub const ALL: [Self; 9] = [
        Self::Comments,
        Self::Replies,
        Self::Mentions,
        Self::Remixes,
        Self::Reposts,
        Self::Appearances,
        Self::Follows,
        Self::CoAppearance,
        Self::CoComment,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Comments => "comments",
            Self::Replies => "replies",
            Self::Mentions => "mentions",
            Self::Remixes => "remixes",
            Self::Reposts => "reposts",
            Self::Appearances => "appearances",
            Self::Follows => "follows",
            Self::CoAppearance => "co-appearance",
            Self::CoComment => "co-comment",
        }
    }

    /// Returns whether an edge leads from one user to the other.
    #[must_use]
    pub fn is_directed(self) -> bool {
        !matches!(self, Self::CoAppearance | Self::CoComment)
    }

    /// The interactions as SQL: source, target and time. `?1` and `?2` are the period.
    fn source(self) -> String {
        let kind = match self {
            Self::Comments => "comment",
            Self::Replies => "reply",
            Self::Mentions => "mention",
            Self::Remixes => "remix",
            Self::Reposts => "repost",
            Self::Appearances => "appearance",
            Self::Follows => "follow",
            Self::CoAppearance | Self::CoComment => return self.pairs(),
        };
        format!(
            "select source_user_id as source, target_user_id as target, at from interaction_edges where kind = '{kind}'"
        )
    }

    /// Two users of one post, the one with the lesser id first.
    fn pairs(self) -> String {
        let spoke = match self {
            Self::CoAppearance => {
                "select e.user_id as id, e.post_id, p.posted_at as at from appearances e
                join posts p on p.id = e.post_id"
            }
            _ => {
                "select author_id as id, post_id, min(posted_at) as at from comments
                where author_id is not null and post_id is not null group by author_id, post_id"
            }
        };
        format!(
            "select min(a.user_id, b.user_id) as source, max(a.user_id, b.user_id) as target, max(x.at, y.at) as at
             from ({spoke}) x join ({spoke}) y on y.post_id = x.post_id and y.id > x.id
             join users a on a.id = x.id join users b on b.id = y.id"
        )
    }
}

/// Which edges and users a network has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GraphOptions {
    pub network: Network,
    pub period: Period,
    /// Interactions of an edge, at least.
    pub min_weight: u32,
    /// Other users with whom a user is connected, at least.
    pub min_degree: u32,
}

/// An edge: all interactions of one user with another.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct GraphEdge {
    pub source: String,
    pub target: String,
    pub weight: i64,
    /// Time of the first interaction, where it has one.
    pub first_at: Option<f64>,
    pub last_at: Option<f64>,
}

/// A user in a network.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct GraphNode {
    pub user_id: String,
    pub username: Option<String>,
    pub verified: Option<bool>,
    pub follower_count: Option<i64>,
    pub post_count: Option<i64>,
    pub created_at: Option<f64>,
}

impl GraphOptions {
    /// The edges and users as SQL: the tables `edges` and `kept`.
    fn tables(&self) -> String {
        format!(
            "with edges (source, target, weight, first_at, last_at) as materialized (
                select source, target, count(*), min(at), max(at) from ({})
                where (?1 is null or at >= ?1) and (?2 is null or at < ?2)
                group by source, target having count(*) >= ?3),
             kept (id) as materialized (
                select id from (select source as id, target as other from edges union select target, source from edges)
                group by id having sum(id <> other) >= ?4)",
            self.network.source()
        )
    }

    /// Reads rows of these tables.
    fn fetch<'c, R>(&self, snapshot: &'c mut Snapshot, select: &str) -> BoxStream<'c, Result<R>>
    where
        R: for<'r> FromRow<'r, SqliteRow> + Send + Unpin + 'c,
    {
        // Only constants of this file are in the text.
        sqlx::query_as(AssertSqlSafe(format!("{} {select}", self.tables())))
            .bind(self.period.since)
            .bind(self.period.until)
            .bind(self.min_weight)
            .bind(self.min_degree)
            .fetch(snapshot.connection())
            .map(|row| Ok(row?))
            .boxed()
    }
}

impl Snapshot {
    /// Returns the users of a network, by id.
    pub fn graph_nodes(&mut self, of: &GraphOptions) -> BoxStream<'_, Result<GraphNode>> {
        let order = self.order("user_id");
        let select = format!(
            "select user_id, username, verified, follower_count, post_count, created_at
             from kept join users on user_id = kept.id order by {order}"
        );
        of.fetch(self, &select)
    }

    /// Returns the edges of a network, by source and target.
    pub fn graph_edges(&mut self, of: &GraphOptions) -> BoxStream<'_, Result<GraphEdge>> {
        let mut order = self.order("source_id, target_id");
        if self.has_pseudonyms && !of.network.is_directed() {
            // Which of two users comes first must not tell which has the lesser id.
            order = format!("min({order}), max({order})");
        }
        let select = format!(
            "select source_id as source, target_id as target, weight, first_at, last_at
             from (select source as source_id, target as target_id, weight, first_at, last_at from edges)
             where source_id in (select id from kept) and target_id in (select id from kept) order by {order}"
        );
        of.fetch(self, &select)
    }
}
