//! Merges the rows of several pages before they are written.
//!
//! The pages of one transaction are written as one: each id once, each column with its newest stated value, and a stub
//! for each id that is only referred to.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use crate::model::{
    Appearance, Attachment, Comment, Counts, Entity, EntityKind, Follow, Harvest, Post, Remix,
    Repost, RepostRole, User,
};

/// A page to write: its harvest and its call.
pub(in crate::store) struct PageRows<'a> {
    pub(in crate::store) call_id: i64,
    pub(in crate::store) now: f64,
    pub(in crate::store) subject: &'a str,
    /// Number of items on the earlier pages of the walk. Ranks continue from here.
    pub(in crate::store) items_before: u32,
    pub(in crate::store) harvest: &'a Harvest,
    /// It came from a file, so it may be older than what the archive has.
    pub(in crate::store) is_imported: bool,
}

/// A row, and the call that showed it.
pub(super) struct Shown<'a, R> {
    pub(super) call_id: i64,
    pub(super) at: f64,
    pub(super) row: &'a R,
}

/// One entity, with all rows that describe it, oldest first.
pub(super) struct Observed<'a, R> {
    pub(super) rows: Vec<Shown<'a, R>>,
    pub(super) first_call: i64,
    pub(super) last_call: i64,
    pub(super) now: f64,
}

impl<'a, R> Observed<'a, R> {
    /// Returns the newest stated value of a column.
    pub(super) fn newest<V>(&self, column: impl Fn(&'a R) -> Option<V>) -> Option<V> {
        self.rows.iter().rev().find_map(|shown| column(shown.row))
    }

    /// Returns the value that the row of the earliest call states.
    pub(super) fn earliest<V>(&self, column: impl Fn(&'a R) -> Option<V>) -> Option<V> {
        let first = self.rows.iter().min_by_key(|shown| shown.call_id)?;
        column(first.row)
    }

    /// Returns the newest row that states a count.
    pub(super) fn counted(&self, counts: impl Fn(&'a R) -> &'a Counts) -> Option<&Shown<'a, R>> {
        let mut rows = self.rows.iter().rev();
        rows.find(|shown| !counts(shown.row).is_empty())
    }
}

/// Entities by key, in the order of their first appearance.
pub(super) struct Entities<'a, K, R> {
    index: HashMap<K, usize>,
    pub(super) list: Vec<(K, Observed<'a, R>)>,
}

impl<'a, K: Copy + Eq + Hash, R> Entities<'a, K, R> {
    fn new() -> Self {
        Self {
            index: HashMap::new(),
            list: Vec::new(),
        }
    }

    fn observe(&mut self, key: K, page: &PageRows<'a>, row: Option<&'a R>) {
        let at = *self.index.entry(key).or_insert_with(|| {
            let said = Observed {
                rows: Vec::new(),
                first_call: page.call_id,
                last_call: page.call_id,
                now: page.now,
            };
            self.list.push((key, said));
            self.list.len() - 1
        });
        let said = &mut self.list[at].1;
        said.first_call = said.first_call.min(page.call_id);
        said.last_call = said.last_call.max(page.call_id);
        said.now = said.now.max(page.now);
        said.rows.extend(row.map(|row| Shown {
            call_id: page.call_id,
            at: page.now,
            row,
        }));
    }
}

/// All rows of a group of pages.
pub(super) struct Merged<'a> {
    pub(super) users: Entities<'a, &'a str, User>,
    pub(super) posts: Entities<'a, &'a str, Post>,
    pub(super) comments: Entities<'a, &'a str, Comment>,
    pub(super) attachments: Entities<'a, &'a str, Attachment>,
    pub(super) follows: Entities<'a, (&'a str, &'a str), Follow>,
    pub(super) appearances: Entities<'a, (&'a str, &'a str), Appearance>,
    pub(super) remixes: Entities<'a, (&'a str, &'a str), Remix>,
    pub(super) post_entities: Entities<'a, (&'a str, EntityKind, &'a str), Entity>,
    pub(super) comment_entities: Entities<'a, (&'a str, EntityKind, &'a str), Entity>,
    pub(super) reposts: Entities<'a, (&'a str, RepostRole, &'a str), Repost>,
    /// Users that another user refers to. Their rows must exist before that user is written.
    pub(super) parent_users: HashSet<&'a str>,
    /// Likewise posts.
    pub(super) parent_posts: HashSet<&'a str>,
    /// Likewise comments.
    pub(super) parent_comments: HashSet<&'a str>,
}

pub(super) fn merge<'a>(pages: &[PageRows<'a>]) -> Merged<'a> {
    let mut all = Merged {
        users: Entities::new(),
        posts: Entities::new(),
        comments: Entities::new(),
        attachments: Entities::new(),
        follows: Entities::new(),
        appearances: Entities::new(),
        remixes: Entities::new(),
        post_entities: Entities::new(),
        comment_entities: Entities::new(),
        reposts: Entities::new(),
        parent_users: HashSet::new(),
        parent_posts: HashSet::new(),
        parent_comments: HashSet::new(),
    };
    for page in pages {
        all.take(page);
    }
    all
}

impl<'a> Merged<'a> {
    fn take(&mut self, page: &PageRows<'a>) {
        let harvest = page.harvest;
        for user in &harvest.users {
            self.users.observe(&user.user_id, page, Some(user));
            self.mention_user(page, user.owner_user_id.as_deref());
            self.parent_users.extend(user.owner_user_id.as_deref());
        }
        for post in &harvest.posts {
            self.posts.observe(&post.post_id, page, Some(post));
            self.mention_user(page, post.author_user_id.as_deref());
            for other in [
                &post.parent_post_id,
                &post.root_post_id,
                &post.repost_of_post_id,
            ] {
                self.mention_post(page, other.as_deref());
                self.parent_posts.extend(other.as_deref());
            }
        }
        for comment in &harvest.comments {
            self.comments
                .observe(&comment.comment_id, page, Some(comment));
            self.mention_user(page, comment.author_user_id.as_deref());
            self.mention_post(page, comment.post_id.as_deref());
            if let Some(parent) = comment.parent_comment_id.as_deref() {
                self.comments.observe(parent, page, None);
                self.parent_comments.insert(parent);
            }
        }
        for attachment in &harvest.attachments {
            self.attachments
                .observe(&attachment.attachment_id, page, Some(attachment));
            self.mention_post(page, attachment.post_id.as_deref());
            if let Some(comment) = attachment.comment_id.as_deref() {
                self.comments.observe(comment, page, None);
            }
        }
        for follow in &harvest.follows {
            self.follows
                .observe((&follow.followed, &follow.follower), page, Some(follow));
            self.mention_user(page, Some(&follow.follower));
            self.mention_user(page, Some(&follow.followed));
        }
        for appearance in &harvest.appearances {
            self.appearances.observe(
                (&appearance.post_id, &appearance.user_id),
                page,
                Some(appearance),
            );
            self.mention_user(page, Some(&appearance.user_id));
            self.mention_post(page, Some(&appearance.post_id));
        }
        for remix in &harvest.remixes {
            self.remixes
                .observe((&remix.parent_post_id, &remix.post_id), page, Some(remix));
            self.mention_post(page, Some(&remix.post_id));
            self.mention_post(page, Some(&remix.parent_post_id));
        }
        for entity in &harvest.post_entities {
            let key = (&*entity.id, entity.kind, &*entity.value);
            self.post_entities.observe(key, page, Some(entity));
            self.mention_post(page, Some(&entity.id));
            self.mention_user(page, entity.user_id.as_deref());
        }
        for entity in &harvest.comment_entities {
            let key = (&*entity.id, entity.kind, &*entity.value);
            self.comment_entities.observe(key, page, Some(entity));
            self.comments.observe(&entity.id, page, None);
            self.mention_user(page, entity.user_id.as_deref());
        }
        for repost in &harvest.reposts {
            let key = (&*repost.post_id, repost.role, &*repost.user_id);
            self.reposts.observe(key, page, Some(repost));
            self.mention_post(page, Some(&repost.post_id));
            self.mention_user(page, Some(&repost.user_id));
        }
        for entry in &harvest.feed {
            self.mention_post(page, Some(&entry.id));
        }
        for entry in &harvest.leaderboard {
            self.mention_user(page, Some(&entry.id));
        }
        for entry in &harvest.search {
            self.mention_user(page, Some(&entry.user_id));
        }
    }

    fn mention_user(&mut self, page: &PageRows<'a>, user_id: Option<&'a str>) {
        if let Some(user_id) = user_id {
            self.users.observe(user_id, page, None);
        }
    }

    fn mention_post(&mut self, page: &PageRows<'a>, post_id: Option<&'a str>) {
        if let Some(post_id) = post_id {
            self.posts.observe(post_id, page, None);
        }
    }
}
