//! What the end of a pass, or a 404, says about things that are not there. Pure.

use crate::api::error::About;
use crate::api::{Entry, Error, endpoints};
use crate::model::{Harvest, Lease, Nested, NotFound, Pass, StopReason};
use crate::store::{Next, Retry, SpanChange};

/// Whether a pass went on after what an earlier one saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meeting {
    No,
    /// On this page.
    Now,
    /// On an earlier page.
    Before,
}

impl Meeting {
    /// Returns where the pass is with a page that changes the spans. `joined_pages` are those of the spans that it met before.
    /// A second meeting is no sight of what lies before it: the pages of the first span were not bought again.
    pub fn of(joined_pages: u32, change: Option<SpanChange>) -> Self {
        match change {
            _ if joined_pages > 0 => Self::Before,
            Some(SpanChange::Met(_)) => Self::Now,
            _ => Self::No,
        }
    }
}

/// Returns the passes that ended with this page, where what they lack is missed: the list reached its end by itself, and
/// an earlier pass can have shown more. A list that stalled, was cut, capped or refused says nothing about the rest.
///
/// A list that came whole inside the page of a repeated walk is a pass as well. Where a pass meets an earlier one, it has seen
/// the part of the list that is newer than its last item, and says nothing about what the earlier pass saw after that.
pub fn after_page(
    entry: &Entry,
    lease: &Lease,
    next: &Next,
    harvest: &Harvest,
    meeting: Meeting,
) -> Vec<Pass> {
    let is_complete = matches!(
        next,
        Next::End {
            reason: StopReason::Complete,
            ..
        }
    );
    let own = match meeting {
        Meeting::No => pass(entry, lease).filter(|_| is_complete && harvest.cursor.is_none()),
        Meeting::Now => pass(entry, lease).and_then(|pass| head_of(pass, harvest)),
        Meeting::Before => None,
    };
    let nested = harvest.nested.iter().filter(|_| lease.pass_call_id > 0);
    let nested = nested.filter_map(|list| nested_pass(list, lease, harvest));
    own.into_iter().chain(nested).collect()
}

/// Returns the part of a pass that is newer than the last item of this page, which is a post.
fn head_of(pass: Pass, harvest: &Harvest) -> Option<Pass> {
    let last = harvest.items.last()?;
    let last = harvest.posts.iter().find(|post| post.post_id == *last)?;
    Some(Pass {
        newer_than: Some(last.posted_at?),
        ..pass
    })
}

/// Returns the pass of a nested list, if it has no further page and its count agrees.
fn nested_pass(list: &Nested, lease: &Lease, harvest: &Harvest) -> Option<Pass> {
    let entry = endpoints::ALL.iter().find(|it| it.list() == list.list)?;
    let mut counts = harvest.counts_of(entry.subject_kind, &list.subject);
    let count = counts.find_map(|counts| entry.count_in(counts));
    let is_whole = list.cursor.is_none() && count.is_none_or(|count| count <= list.items.into());
    is_whole.then_some(Pass {
        list: entry.listed?,
        subject: list.subject.clone(),
        since_call: lease.pass_call_id,
        newer_than: None,
    })
}

/// Returns what a failed call says to be gone: its subject, if the job ends because the vendor's answer names it. A
/// gateway's 404 ends a job as well, and says nothing about the subject.
pub fn after_failure(
    entry: &Entry,
    lease: &Lease,
    error: &Error,
    retry: &Retry,
) -> Option<NotFound> {
    let is_named = matches!(
        error,
        Error::Missing {
            about: About::Subject,
            ..
        }
    );
    let is_gone = matches!(retry, Retry::End(StopReason::Gone, _));
    (is_named && is_gone && !lease.resolves_name).then(|| NotFound {
        kind: entry.subject_kind,
        subject: lease.subject.clone(),
        list: pass(entry, lease),
    })
}

fn pass(entry: &Entry, lease: &Lease) -> Option<Pass> {
    let list = entry.listed.filter(|_| lease.pass_call_id > 0)?;
    Some(Pass {
        list,
        subject: lease.subject.clone(),
        since_call: lease.pass_call_id,
        newer_than: None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Meeting, after_failure};
    use crate::api::error::About;
    use crate::api::{Entry, Error, endpoints};
    use crate::model::{
        Comment, Counts, Harvest, Lease, LeaseToken, ListKind, Listed, Nested, Pass, Post,
        StopReason, SubjectKind,
    };
    use crate::store::{Next, Retry, SpanChange};

    fn lease(pass_call_id: i64) -> Lease {
        Lease {
            token: LeaseToken {
                job_id: 1,
                fence: 1,
            },
            endpoint: "get_user_posts",
            subject: "user-1".to_owned(),
            depth: 0,
            seed_id: 1,
            cursor: None,
            pages: 0,
            items: 0,
            attempts: 0,
            restarts: 0,
            stale_pages: 0,
            repeated_pages: 0,
            resolves_name: false,
            led_to: 0,
            raw_call: None,
            pass_call_id,
            may_meet: false,
            refreshes: false,
        }
    }

    fn after_page(entry: &Entry, lease: &Lease, next: &Next, harvest: &Harvest) -> Vec<Pass> {
        super::after_page(entry, lease, next, harvest, Meeting::No)
    }

    fn end(reason: StopReason) -> Next {
        Next::End {
            reason,
            note: String::new(),
            cursor: None,
        }
    }

    #[test]
    fn a_second_meeting_says_nothing_about_what_lies_before_it() {
        let met = Some(SpanChange::Met(1));
        assert_eq!(Meeting::of(0, None), Meeting::No);
        assert_eq!(Meeting::of(0, met), Meeting::Now);
        for change in [None, met, Some(SpanChange::Left(1))] {
            assert_eq!(Meeting::of(3, change), Meeting::Before);
        }
    }

    #[test]
    fn only_a_repeated_list_that_reached_its_end_by_itself_misses_anything() {
        let entry = |name: &str| endpoints::find(name).unwrap();
        let posts = entry("get_user_posts");
        let harvest = Harvest::default();
        for (reason, wanted) in
            StopReason::ALL.map(|reason| (reason, reason == StopReason::Complete))
        {
            let passes = after_page(posts, &lease(7), &end(reason), &harvest);
            assert_eq!(!passes.is_empty(), wanted, "{reason:?}");
        }
        let complete = end(StopReason::Complete);
        let passes = after_page(posts, &lease(7), &complete, &harvest);
        assert_eq!(
            (passes[0].list, passes[0].since_call),
            (Listed::PostsOfUser, 7)
        );
        assert!(after_page(posts, &lease(0), &complete, &harvest).is_empty());
        // The remote says that there is no more, and gives a cursor.
        let contradiction = Harvest {
            cursor: Some("c".to_owned()),
            ..Harvest::default()
        };
        assert!(after_page(posts, &lease(7), &complete, &contradiction).is_empty());
        for ranking in ["get_feed", "get_cameo_leaderboard", "search_users"] {
            assert!(after_page(entry(ranking), &lease(7), &complete, &harvest).is_empty());
        }
    }

    #[test]
    fn a_pass_that_met_an_earlier_one_has_seen_only_what_is_newer_than_its_last_item() {
        let posts = endpoints::find("get_user_posts").unwrap();
        let post = |id: &str, posted_at| Post {
            post_id: id.to_owned(),
            posted_at,
            ..Post::default()
        };
        let mut harvest = Harvest {
            items: vec!["s_2".to_owned(), "s_1".to_owned()],
            posts: vec![post("s_1", Some(10.0)), post("s_2", Some(20.0))],
            cursor: Some("c".to_owned()),
            ..Harvest::default()
        };
        let after = |harvest: &Harvest, meeting| {
            let complete = end(StopReason::Complete);
            super::after_page(posts, &lease(7), &complete, harvest, meeting)
        };
        assert_eq!(after(&harvest, Meeting::Now)[0].newer_than, Some(10.0));
        harvest.posts[0].posted_at = None;
        assert!(after(&harvest, Meeting::Now).is_empty());
        harvest.cursor = None;
        assert!(after(&harvest, Meeting::Before).is_empty());
        assert_eq!(after(&harvest, Meeting::No)[0].newer_than, None);
    }

    #[test]
    fn a_nested_list_is_a_pass_if_it_is_whole() {
        let comments = endpoints::find("get_post_comments").unwrap();
        let page = Next::Page {
            cursor: "c".to_owned(),
            stale_pages: 0,
            repeated_pages: 0,
        };
        let nested = |cursor: Option<&str>, items, count| Harvest {
            nested: vec![Nested {
                list: ListKind::REPLIES_OF_COMMENT,
                subject: "c1".to_owned(),
                items,
                cursor: cursor.map(str::to_owned),
            }],
            comments: vec![Comment {
                comment_id: "c1".to_owned(),
                counts: Counts::of([("reply_count", Some(count))]),
                ..Comment::default()
            }],
            ..Harvest::default()
        };
        let whole = after_page(comments, &lease(7), &page, &nested(None, 2, 2));
        assert_eq!(
            (whole[0].list, &*whole[0].subject),
            (Listed::RepliesOfComment, "c1")
        );
        for other in [nested(Some("n"), 2, 2), nested(None, 2, 3)] {
            assert!(after_page(comments, &lease(7), &page, &other).is_empty());
        }
        assert!(after_page(comments, &lease(0), &page, &nested(None, 2, 2)).is_empty());
    }

    #[test]
    fn only_a_404_that_names_its_subject_says_that_it_is_gone() {
        let detail = endpoints::find("get_post_detail").unwrap();
        let gone = Retry::End(StopReason::Gone, String::new());
        let missing = |about| Error::Missing {
            about,
            why: String::new(),
        };
        for about in [About::Path, About::Unsaid, About::Proxy] {
            assert_eq!(
                after_failure(detail, &lease(7), &missing(about), &gone),
                None
            );
        }
        let named = missing(About::Subject);
        assert_eq!(
            after_failure(detail, &lease(7), &named, &Retry::At(1.0)),
            None
        );
        let said = after_failure(detail, &lease(7), &named, &gone).unwrap();
        assert_eq!((said.kind, said.list), (SubjectKind::Post, None));
        let search = Lease {
            resolves_name: true,
            ..lease(7)
        };
        assert_eq!(after_failure(detail, &search, &named, &gone), None);
    }
}
