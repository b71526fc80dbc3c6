//! The plan: where a crawl begins, what it follows, and how far. Pure.
//!
//! A seed is at depth 0. A user's own posts, and a post's own comments and remixes, are of the same depth as he or
//! it; another user, or another user's post, is one deeper. What lies beyond `max_depth` becomes rows and no job.

use std::collections::HashMap;

use crate::config::Crawl;
use crate::model::{Nested, NewJob, Post, PostCounts, Seed, SeedKind, User};

/// What is followed, and how far: the `[crawl]` section of the configuration.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) crawl: Crawl,
}

/// How long a user's list is.
type CountOf = fn(&User) -> Option<i64>;

impl Plan {
    #[must_use]
    pub fn new(crawl: Crawl) -> Self {
        Self { crawl }
    }

    #[must_use]
    pub fn max_depth(&self) -> u32 {
        self.crawl.max_depth
    }

    /// Text that differs where the plan differs.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{:?}", self.crawl)
    }

    /// The endpoints that this plan calls, cheapest rows first.
    #[must_use]
    pub fn endpoints(&self) -> Vec<&'static str> {
        crate::api::endpoints::ALL
            .iter()
            .map(|entry| entry.name)
            .filter(|name| self.calls(name))
            .collect()
    }

    fn calls(&self, endpoint: &str) -> bool {
        let crawl = &self.crawl;
        match endpoint {
            "get_user_posts" => crawl.posts,
            "get_user_followers" => crawl.followers,
            "get_user_following" => crawl.following,
            "get_user_cameo_appearances" => crawl.appearances,
            "get_user_profile" => crawl.profiles,
            "get_post_detail" => crawl.details,
            "get_post_comments" => crawl.comments,
            "get_comment_replies" => crawl.replies,
            "get_post_remix_list" => crawl.remixes,
            "get_video_download_info" => crawl.download_info,
            "get_feed" | "get_cameo_leaderboard" | "search_users" => true,
            _ => false,
        }
    }

    /// Endpoints that are bought even where a list gave the object.
    #[must_use]
    pub fn buy_known(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        if self.crawl.buy_known_profiles {
            names.push("get_user_profile");
        }
        if self.crawl.buy_known_details {
            names.push("get_post_detail");
        }
        names
    }

    /// The most pages of one walk.
    #[must_use]
    pub fn max_pages(&self, endpoint: &str) -> Option<u32> {
        let caps = &self.crawl.max_pages;
        match endpoint {
            "get_user_posts" => caps.posts,
            "get_user_followers" => caps.followers,
            "get_user_following" => caps.following,
            "get_user_cameo_appearances" => caps.appearances,
            "get_post_comments" => caps.comments,
            "get_comment_replies" => caps.replies,
            "get_post_remix_list" => caps.remixes,
            "get_feed" => caps.feed,
            "get_cameo_leaderboard" => caps.leaderboard,
            _ => None,
        }
    }

    /// The jobs that begin at a seed.
    #[must_use]
    pub fn seed_jobs(&self, seed: &Seed) -> Vec<NewJob> {
        match seed.kind {
            SeedKind::User => self.user_jobs(&seed.subject, 0, None),
            SeedKind::Post => self.post_jobs(&seed.subject, 0, None, &HashMap::new()),
            SeedKind::Name | SeedKind::Search => vec![job("search_users", &seed.subject, 0)],
            SeedKind::Feed => vec![job("get_feed", "", 0)],
            SeedKind::Leaderboard => vec![job("get_cameo_leaderboard", "", 0)],
        }
    }

    /// What is fetched of a user. His posts come first: they show his profile, and that says which of the other lists
    /// are empty. What can become unneeded that way waits for it.
    pub(super) fn user_jobs(&self, user_id: &str, depth: u32, known: Option<&User>) -> Vec<NewJob> {
        let known =
            known.filter(|user| user.username.is_some() || user.counts.follower_count.is_some());
        let empty = |count: fn(&User) -> Option<i64>| known.and_then(count) == Some(0);
        let mut jobs: Vec<NewJob> = Vec::new();
        let mut after = None;
        if self.crawl.posts && !empty(|user| user.counts.post_count) {
            jobs.push(job("get_user_posts", user_id, depth));
            after = Some("get_user_posts");
        }
        if self.crawl.profiles && (known.is_none() || self.crawl.buy_known_profiles) {
            jobs.push(NewJob {
                after,
                ..job("get_user_profile", user_id, depth)
            });
            after = Some("get_user_profile");
        } else if known.is_some() {
            after = None;
        }
        let lists: [(&'static str, bool, CountOf); 3] = [
            ("get_user_followers", self.crawl.followers, |user| {
                user.counts.follower_count
            }),
            ("get_user_following", self.crawl.following, |user| {
                user.counts.following_count
            }),
            (
                "get_user_cameo_appearances",
                self.crawl.appearances,
                |user| user.counts.cameo_count,
            ),
        ];
        for (endpoint, wanted, count) in lists {
            if wanted && !empty(count) {
                jobs.push(NewJob {
                    after,
                    ..job(endpoint, user_id, depth)
                });
            }
        }
        jobs
    }

    /// What is fetched of a post, less what came nested.
    pub(super) fn post_jobs(
        &self,
        post_id: &str,
        depth: u32,
        known: Option<&Post>,
        nested: &HashMap<(&str, &str), &Nested>,
    ) -> Vec<NewJob> {
        let mut jobs = Vec::new();
        let mut after = None;
        let is_described = known.is_some_and(|post| post.counts != PostCounts::default());
        if self.crawl.details && (!is_described || self.crawl.buy_known_details) {
            jobs.push(job("get_post_detail", post_id, depth));
            after = Some("get_post_detail");
        }
        let lists = [
            (
                "get_post_remix_list",
                self.crawl.remixes,
                known.and_then(|post| post.counts.remix_count),
            ),
            (
                "get_post_comments",
                self.crawl.comments,
                known.and_then(|post| post.counts.reply_count),
            ),
        ];
        for (endpoint, wanted, count) in lists {
            if !wanted {
                continue;
            }
            if let Some(cursor) = rest_of(endpoint, post_id, count, nested) {
                jobs.push(NewJob {
                    after,
                    cursor,
                    ..job(endpoint, post_id, depth)
                });
            }
        }
        if self.crawl.download_info {
            jobs.push(job("get_video_download_info", post_id, depth));
        }
        jobs
    }
}

pub(super) fn job(endpoint: &'static str, subject: &str, depth: u32) -> NewJob {
    NewJob {
        endpoint,
        subject: subject.to_owned(),
        depth,
        cursor: None,
        after: None,
    }
}

/// Where a list must be bought from, given how long it is and what came nested: `None` where nothing is left of it,
/// `Some(None)` for its head.
pub(super) fn rest_of(
    endpoint: &'static str,
    subject: &str,
    count: Option<i64>,
    nested: &HashMap<(&str, &str), &Nested>,
) -> Option<Option<String>> {
    match (nested.get(&(endpoint, subject)), count) {
        (Some(list), Some(count)) if i64::from(list.items) >= count => None,
        (Some(list), _) if list.cursor.is_some() => Some(list.cursor.clone()),
        (None, Some(0)) => None,
        _ => Some(None),
    }
}
