//! Which follow-ups of a reply the plan wants. Pure.

use std::collections::{HashMap, HashSet};

use super::plan::{Known, NestedLists, Plan, rest_of};
use crate::api::{Entry, endpoints};
use crate::config::Filter;
use crate::model::{Harvest, Items, NewJob, Post, RefusalReason, Refusals, SubjectKind, User};

/// The counts that filters look at.
const FOLLOWERS: &str = "follower_count";
const LIKES: &str = "like_count";
/// The count of a user that, in the documented shape, only a profile contains.
const POSTS: &str = "post_count";

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
    /// Id of the user whom the name stands for, if the user is among the hits.
    pub found: Option<String>,
    /// Lists of the subject itself that came with the reply: without a cursor there is nothing left of them.
    pub nested: Vec<NewJob>,
    /// Subjects that the job led to, with this reply.
    pub led_to: u32,
    /// Subjects of the reply that could be followed and are not.
    pub refused: Refusals,
}

/// A reply that is planned, and what the plan made of it so far.
struct Planning<'a> {
    place: &'a Place<'a>,
    entry: &'static Entry,
    nested: NestedLists<'a>,
    admitted: Admitted,
}

impl Plan {
    /// Returns the follow-ups of a reply that the plan admits.
    #[must_use]
    pub fn admit(&self, place: &Place<'_>, harvest: &Harvest) -> Admitted {
        let admitted = Admitted {
            led_to: place.led_to,
            ..Admitted::default()
        };
        let Some(entry) = endpoints::find(place.endpoint) else {
            return admitted;
        };
        let nested = harvest.nested.iter();
        let mut planning = Planning {
            place,
            entry,
            nested: nested
                .map(|list| ((list.list, list.subject.as_str()), list))
                .collect(),
            admitted,
        };
        self.admit_comments(harvest, &mut planning);
        self.admit_posts(harvest, &mut planning);
        self.admit_users(harvest, &mut planning);
        let nested = nested_of_subject(&planning, harvest);
        Admitted {
            nested,
            ..planning.admitted
        }
    }

    fn admit_comments(&self, harvest: &Harvest, planning: &mut Planning<'_>) {
        let Place { depth, .. } = *planning.place;
        if depth > self.crawl.max_depth {
            return;
        }
        let is_list = planning.entry.items == Items::Comments
            && planning.entry.subject_kind == SubjectKind::Post;
        let cap = self.crawl.max_per_parent.comments.filter(|_| is_list);
        let comments = harvest.comments.iter();
        for comment in comments.filter(|it| !harvest.erased.contains(&it.comment_id)) {
            let counts = &comment.counts;
            // Only comments on a post are documented to have replies. A reply without a count of its own is not asked.
            let is_uncounted = comments_of().all(|entry| entry.count_in(counts).is_none());
            if is_uncounted && comment.parent_comment_id.is_some() {
                continue;
            }
            let known = Known {
                counts,
                is_described: false,
            };
            let (id, kind) = (&comment.comment_id, SubjectKind::Comment);
            let jobs = self.subject_jobs(kind, id, depth, Some(known), &planning.nested);
            planning.push(kind, jobs, is_list.then_some(cap), None);
        }
    }

    fn admit_posts(&self, harvest: &Harvest, planning: &mut Planning<'_>) {
        let (place, items) = (planning.place, planning.entry.items);
        let is_list = matches!(items, Items::Posts | Items::OwnPosts);
        let owner = owner_of(place, planning.entry, harvest);
        let cap = self.crawl.max_per_parent.posts.filter(|_| is_list);
        let mut seen = HashSet::new();
        for post in &harvest.posts {
            // A post's own jobs were made together with the one that was called.
            let is_erased = harvest.erased.contains(&post.post_id);
            if is_erased || post.post_id == place.subject || !seen.insert(post.post_id.as_str()) {
                continue;
            }
            let is_own = match (&post.author_user_id, owner) {
                (Some(author), Some(owner)) => author == owner,
                (None, _) => items == Items::OwnPosts,
                (Some(_), None) => false,
            };
            let depth = if is_own { place.depth } else { place.depth + 1 };
            let refusal = self.refusal(depth, passes(&self.crawl.filter, post));
            let known = Known {
                counts: &post.counts,
                is_described: !post.counts.is_empty(),
            };
            let (id, kind) = (&post.post_id, SubjectKind::Post);
            let jobs = self.subject_jobs(kind, id, depth, Some(known), &planning.nested);
            planning.push(kind, jobs, is_list.then_some(cap), refusal);
        }
    }

    /// Why the plan does not follow a subject, apart from its list.
    fn refusal(&self, depth: u32, passes: bool) -> Option<RefusalReason> {
        match (depth > self.crawl.max_depth, passes) {
            (true, _) => Some(RefusalReason::Depth),
            (false, false) => Some(RefusalReason::Filter),
            (false, true) => None,
        }
    }

    fn admit_users(&self, harvest: &Harvest, planning: &mut Planning<'_>) {
        let place = planning.place;
        let is_list = planning.entry.items == Items::Users;
        let cap = self.crawl.max_per_parent.users.filter(|_| is_list);
        let is_of_user = planning.entry.subject_kind == SubjectKind::User;
        let mut seen = HashSet::new();
        for user in &harvest.users {
            if !seen.insert(user.user_id.as_str()) {
                continue;
            }
            let known = Known {
                counts: &user.counts,
                is_described: user.counts.get(POSTS).is_some(),
            };
            let jobs = |depth| {
                let (id, kind) = (&user.user_id, SubjectKind::User);
                self.subject_jobs(kind, id, depth, Some(known), &HashMap::new())
            };
            if place.resolves_name && is_named(user, place.subject) {
                planning.admitted.found = Some(user.user_id.clone());
                planning.push(SubjectKind::User, jobs(0), None, None);
                continue;
            }
            let depth = place.depth + 1;
            let is_subject = is_of_user && user.user_id == place.subject;
            if is_subject {
                continue;
            }
            let refusal = self.refusal(depth, is_followed_enough(&self.crawl.filter, user));
            planning.push(
                SubjectKind::User,
                jobs(depth),
                is_list.then_some(cap),
                refusal,
            );
        }
    }
}

impl Planning<'_> {
    /// Adds the jobs of one subject, unless there is a reason against it. `list` is the cap of the list that the
    /// subject is on, if it is on the list that the page belongs to.
    fn push(
        &mut self,
        kind: SubjectKind,
        jobs: Vec<NewJob>,
        list: Option<Option<u32>>,
        refusal: Option<RefusalReason>,
    ) {
        if jobs.is_empty() {
            return;
        }
        let is_full = list
            .flatten()
            .is_some_and(|cap| self.admitted.led_to >= cap);
        let refusal = refusal.or(is_full.then_some(RefusalReason::ParentCap));
        if let Some(reason) = refusal {
            *self.admitted.refused.entry((kind, reason)).or_default() += 1;
            return;
        }
        if list.is_some() {
            self.admitted.led_to += 1;
        }
        for job in jobs {
            // A reply may show a subject more than once.
            let mut others = self.admitted.jobs.iter();
            let is_same =
                |other: &NewJob| other.endpoint == job.endpoint && other.subject == job.subject;
            if !others.any(is_same) {
                self.admitted.jobs.push(job);
            }
        }
    }
}

/// The endpoints about a comment.
fn comments_of() -> impl Iterator<Item = &'static Entry> {
    let all = endpoints::ALL.iter();
    all.filter(|entry| entry.subject_kind == SubjectKind::Comment)
}

fn is_named(user: &User, name: &str) -> bool {
    let username = user.username.as_deref();
    username.is_some_and(|username| username.eq_ignore_ascii_case(name))
}

/// The lists of the called subject that its description contained, as far as they need not be bought from their heads.
fn nested_of_subject(planning: &Planning<'_>, harvest: &Harvest) -> Vec<NewJob> {
    let Planning {
        place,
        entry,
        nested,
        ..
    } = planning;
    let mut posts = harvest.posts.iter();
    let Some(post) = posts.find(|post| post.post_id == place.subject) else {
        return Vec::new();
    };
    if !entry.describes() {
        return Vec::new();
    }
    let lists = endpoints::ALL
        .iter()
        .filter(|list| list.subject_kind == entry.subject_kind)
        .filter(|list| nested.contains_key(&(list.list(), place.subject)));
    lists
        .filter_map(|list| {
            let count = list.count_in(&post.counts);
            let cursor = match rest_of(list.list(), place.subject, count, nested) {
                None => None,
                Some(Some(cursor)) => Some(cursor),
                Some(None) => return None,
            };
            Some(NewJob {
                endpoint: list.name,
                subject: place.subject.to_owned(),
                depth: place.depth,
                cursor,
                after: None,
                resolves_name: false,
            })
        })
        .collect()
}

/// The user whose posts have the depth of the job.
fn owner_of<'a>(place: &Place<'a>, entry: &Entry, harvest: &'a Harvest) -> Option<&'a str> {
    match entry.subject_kind {
        SubjectKind::User => Some(place.subject),
        SubjectKind::Post => {
            let mut posts = harvest.posts.iter();
            let post = posts.find(|post| post.post_id == place.subject)?;
            post.author_user_id.as_deref()
        }
        _ => None,
    }
}

/// A count that no reply states does not pass a filter: following the subject would spend money on a guess.
fn passes(filter: &Filter, post: &Post) -> bool {
    let likes = post.counts.get(LIKES);
    let is_liked = filter
        .min_likes
        .is_none_or(|least| likes.is_some_and(|likes| likes >= least));
    let is_new = filter
        .posted_after
        .is_none_or(|after| post.posted_at.is_some_and(|posted| posted > after));
    is_liked && is_new
}

fn is_followed_enough(filter: &Filter, user: &User) -> bool {
    let followers = user.counts.get(FOLLOWERS);
    filter
        .min_followers
        .is_none_or(|least| followers.is_some_and(|count| count >= least))
}
