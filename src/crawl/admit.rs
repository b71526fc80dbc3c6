//! Which follow-ups of a reply the plan wants. Pure.

use std::collections::{HashMap, HashSet};

use super::plan::{Plan, job, rest_of};
use crate::config::Filter;
use crate::model::{Comment, Harvest, Nested, NewJob, Post, User};

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
    /// The user whom a name stood for is among the hits.
    pub is_found: bool,
    /// Lists of the subject itself that came with the reply: without a cursor there is nothing left of them.
    pub nested: Vec<NewJob>,
    /// Subjects that the job led to, with this reply.
    pub led_to: u32,
}

impl Plan {
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
        if place.endpoint == "get_post_detail" {
            admitted.nested = nested_of_subject(place, harvest, &nested);
        }
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
                admitted.is_found = true;
                for job in self.user_jobs(&user.user_id, 0, Some(user)) {
                    push_once(&mut admitted.jobs, job);
                }
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

/// The lists of the called post that its detail brought along, as far as they need not be bought from their heads.
fn nested_of_subject(
    place: &Place<'_>,
    harvest: &Harvest,
    nested: &HashMap<(&str, &str), &Nested>,
) -> Vec<NewJob> {
    let Some(post) = harvest
        .posts
        .iter()
        .find(|post| post.post_id == place.subject)
    else {
        return Vec::new();
    };
    [
        ("get_post_remix_list", post.counts.remix_count),
        ("get_post_comments", post.counts.reply_count),
    ]
    .into_iter()
    .filter(|(endpoint, _)| nested.contains_key(&(*endpoint, place.subject)))
    .filter_map(|(endpoint, count)| {
        let cursor = match rest_of(endpoint, place.subject, count, nested) {
            None => None,
            Some(Some(cursor)) => Some(cursor),
            Some(None) => return None,
        };
        Some(NewJob {
            cursor,
            ..job(endpoint, place.subject, place.depth)
        })
    })
    .collect()
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
