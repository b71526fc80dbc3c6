//! The plan: where a crawl begins, what it follows, and how far. Pure.
//!
//! A seed is at depth 0. A user's own posts, and a post's own comments and remixes, are of the same depth as he or
//! it; another user, or another user's post, is one deeper. What lies beyond `max_depth` becomes rows and no job.

use std::collections::{HashMap, HashSet};

use crate::config::{Crawl, Filter};
use crate::model::{Comment, Harvest, Nested, NewJob, Post, User};
use crate::store::{Seed, SeedKind};

/// What is followed, and how far: the `[crawl]` section of the configuration.
#[derive(Debug, Clone)]
pub struct Plan {
    crawl: Crawl,
}

/// How long a user's list is.
type CountOf = fn(&User) -> Option<i64>;

/// The job whose reply is planned.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub endpoint: &'static str,
    pub subject: &'a str,
    pub depth: u32,
    /// A user of exactly this name is a seed himself.
    pub resolves_name: bool,
    /// Subjects that the job led to before this reply.
    pub led_to: u32,
}

/// What the plan made of a reply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Admitted {
    pub jobs: Vec<NewJob>,
    /// Jobs of the user that a name stood for.
    pub resolved: Vec<NewJob>,
    /// Subjects that the job led to, with this reply.
    pub led_to: u32,
}

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
    /// are empty. What can become needless that way waits for it.
    fn user_jobs(&self, user_id: &str, depth: u32, known: Option<&User>) -> Vec<NewJob> {
        let known =
            known.filter(|user| user.username.is_some() || user.counts.follower_count.is_some());
        let empty = |count: fn(&User) -> Option<i64>| known.and_then(count) == Some(0);
        let mut jobs: Vec<NewJob> = Vec::new();
        let mut after = None;
        if self.crawl.posts && !empty(|user| user.counts.post_count) {
            jobs.push(job("get_user_posts", user_id, depth));
            after = Some(("get_user_posts", user_id.to_owned()));
        }
        if self.crawl.profiles && (known.is_none() || self.crawl.buy_known_profiles) {
            jobs.push(NewJob {
                after,
                ..job("get_user_profile", user_id, depth)
            });
            after = Some(("get_user_profile", user_id.to_owned()));
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
                    after: after.clone(),
                    ..job(endpoint, user_id, depth)
                });
            }
        }
        jobs
    }

    /// What is fetched of a post, less what came nested.
    fn post_jobs(
        &self,
        post_id: &str,
        depth: u32,
        known: Option<&Post>,
        nested: &HashMap<(&str, &str), &Nested>,
    ) -> Vec<NewJob> {
        let mut jobs = Vec::new();
        let mut after = None;
        let is_described =
            known.is_some_and(|post| post.counts != crate::model::PostCounts::default());
        if self.crawl.details && (!is_described || self.crawl.buy_known_details) {
            jobs.push(job("get_post_detail", post_id, depth));
            after = Some(("get_post_detail", post_id.to_owned()));
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
                    after: after.clone(),
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

    /// The follow-ups of a reply that the plan wants.
    #[must_use]
    pub fn admit(&self, place: &Place<'_>, harvest: &Harvest) -> Admitted {
        let mut admitted = Admitted {
            led_to: place.led_to,
            ..Admitted::default()
        };
        let nested: HashMap<(&str, &str), &Nested> = harvest
            .nested
            .iter()
            .map(|list| ((list.endpoint, list.subject.as_str()), list))
            .collect();
        self.admit_comments(place, harvest, &nested, &mut admitted);
        self.admit_posts(place, harvest, &nested, &mut admitted);
        self.admit_users(place, harvest, &mut admitted);
        admitted
    }

    fn admit_comments(
        &self,
        place: &Place<'_>,
        harvest: &Harvest,
        nested: &HashMap<(&str, &str), &Nested>,
        admitted: &mut Admitted,
    ) {
        if !self.crawl.replies || place.depth > self.crawl.max_depth {
            return;
        }
        let cap = (place.endpoint == "get_post_comments")
            .then_some(self.crawl.max_per_parent.comments)
            .flatten();
        for comment in &harvest.comments {
            let Some(cursor) = rest_of_thread(comment, nested) else {
                continue;
            };
            if is_full(cap, admitted.led_to) {
                break;
            }
            if place.endpoint == "get_post_comments" {
                admitted.led_to += 1;
            }
            let job = NewJob {
                cursor,
                ..job("get_comment_replies", &comment.comment_id, place.depth)
            };
            push_once(&mut admitted.jobs, job);
        }
    }

    fn admit_posts(
        &self,
        place: &Place<'_>,
        harvest: &Harvest,
        nested: &HashMap<(&str, &str), &Nested>,
        admitted: &mut Admitted,
    ) {
        let is_list = matches!(
            place.endpoint,
            "get_user_posts" | "get_user_cameo_appearances" | "get_feed" | "get_post_remix_list"
        );
        let owner = owner_of(place, harvest);
        let cap = is_list.then_some(self.crawl.max_per_parent.posts).flatten();
        let mut seen = HashSet::new();
        for post in &harvest.posts {
            // A post's own jobs were made together with the one that was called.
            if post.post_id == place.subject || !seen.insert(post.post_id.as_str()) {
                continue;
            }
            let is_own = match (&post.author_user_id, owner) {
                (Some(author), Some(owner)) => author == owner,
                (None, _) => place.endpoint == "get_user_posts",
                (Some(_), None) => false,
            };
            let depth = if is_own { place.depth } else { place.depth + 1 };
            if depth > self.crawl.max_depth || !passes(&self.crawl.filter, post) {
                continue;
            }
            let jobs = self.post_jobs(&post.post_id, depth, Some(post), nested);
            if jobs.is_empty() {
                continue;
            }
            if is_full(cap, admitted.led_to) {
                break;
            }
            if is_list {
                admitted.led_to += 1;
            }
            for job in jobs {
                push_once(&mut admitted.jobs, job);
            }
        }
    }

    fn admit_users(&self, place: &Place<'_>, harvest: &Harvest, admitted: &mut Admitted) {
        let is_list = matches!(
            place.endpoint,
            "get_user_followers" | "get_user_following" | "search_users" | "get_cameo_leaderboard"
        );
        let cap = is_list.then_some(self.crawl.max_per_parent.users).flatten();
        let is_user_walk = place.endpoint.starts_with("get_user_");
        let mut seen = HashSet::new();
        for user in &harvest.users {
            if !seen.insert(user.user_id.as_str()) {
                continue;
            }
            if place.resolves_name
                && user
                    .username
                    .as_deref()
                    .is_some_and(|name| name.eq_ignore_ascii_case(place.subject))
            {
                admitted.resolved = self.user_jobs(&user.user_id, 0, Some(user));
                continue;
            }
            let depth = place.depth + 1;
            let is_subject = is_user_walk && user.user_id == place.subject;
            if is_subject
                || depth > self.crawl.max_depth
                || !is_followed_enough(&self.crawl.filter, user)
            {
                continue;
            }
            let jobs = self.user_jobs(&user.user_id, depth, Some(user));
            if jobs.is_empty() {
                continue;
            }
            if is_full(cap, admitted.led_to) {
                break;
            }
            if is_list {
                admitted.led_to += 1;
            }
            for job in jobs {
                push_once(&mut admitted.jobs, job);
            }
        }
    }
}

fn job(endpoint: &'static str, subject: &str, depth: u32) -> NewJob {
    NewJob {
        endpoint,
        subject: subject.to_owned(),
        depth,
        cursor: None,
        after: None,
    }
}

/// A reply may show a thing more than once.
fn push_once(jobs: &mut Vec<NewJob>, job: NewJob) {
    if !jobs
        .iter()
        .any(|other| other.endpoint == job.endpoint && other.subject == job.subject)
    {
        jobs.push(job);
    }
}

fn is_full(cap: Option<u32>, led_to: u32) -> bool {
    cap.is_some_and(|cap| led_to >= cap)
}

/// Where a list must be bought from, given how long it is and what came nested: `None` where nothing is left of it,
/// `Some(None)` for its head.
fn rest_of(
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

/// The same for the replies to a comment. A reply whose own replies nobody counted is not asked for them: only
/// comments on a post are documented to have any.
fn rest_of_thread(
    comment: &Comment,
    nested: &HashMap<(&str, &str), &Nested>,
) -> Option<Option<String>> {
    let count = match (comment.counts.reply_count, &comment.parent_comment_id) {
        (None, Some(_)) => Some(0),
        (count, _) => count,
    };
    rest_of("get_comment_replies", &comment.comment_id, count, nested)
}

/// Whose posts are of the same depth as the job.
fn owner_of<'a>(place: &Place<'a>, harvest: &'a Harvest) -> Option<&'a str> {
    match place.endpoint {
        "get_user_posts" | "get_user_cameo_appearances" | "get_user_profile" => Some(place.subject),
        "get_post_detail"
        | "get_post_remix_list"
        | "get_post_comments"
        | "get_video_download_info" => harvest
            .posts
            .iter()
            .find(|post| post.post_id == place.subject)
            .and_then(|post| post.author_user_id.as_deref()),
        _ => None,
    }
}

/// A number that nobody told does not pass a filter: it would be money on a guess.
fn passes(filter: &Filter, post: &Post) -> bool {
    let is_liked = filter
        .min_likes
        .is_none_or(|least| post.counts.like_count.is_some_and(|likes| likes >= least));
    let is_new = filter
        .posted_after
        .is_none_or(|after| post.posted_at.is_some_and(|posted| posted > after));
    is_liked && is_new
}

fn is_followed_enough(filter: &Filter, user: &User) -> bool {
    filter.min_followers.is_none_or(|least| {
        user.counts
            .follower_count
            .is_some_and(|count| count >= least)
    })
}
