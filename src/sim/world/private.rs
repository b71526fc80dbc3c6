//! What the remote refuses to show: lists of private users, and what is gone.

use super::{Thing, World};
use crate::sim::endpoint::Endpoint;
use crate::sim::hash::hash;

/// One of so many.
const ONE_OF: u64 = 25;

/// Why the remote refuses a subject that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Refusal {
    /// 403: the user is private, or the author of the post is.
    Private,
    /// 404 for a user, post or comment that was there before.
    Gone(&'static str),
}

impl World {
    /// Returns whether a user hides their lists. In a world that does not grow, only the audience does: a crawl of all seed
    /// users then still sees the whole truth.
    #[must_use]
    pub fn is_private(&self, id: &str) -> bool {
        self.person(id).is_some_and(|it| self.hides_lists(it))
    }

    pub(in crate::sim) fn hides_lists(&self, person: usize) -> bool {
        let it = &self.people[person];
        it.is_private
            || !self.is_seed(person)
                && it.owner.is_none()
                && hash(47, &[&it.id]).is_multiple_of(ONE_OF)
    }

    /// Returns why the remote refuses a subject; `None` if it does not, or never knew it.
    pub(in crate::sim) fn refusal(&self, endpoint: Endpoint, subject: &str) -> Option<Refusal> {
        match self.find(subject)? {
            Thing::Person(person) if self.people[person].is_gone => Some(Refusal::Gone("User")),
            Thing::Person(person) => {
                (endpoint.is_paged() && self.hides_lists(person)).then_some(Refusal::Private)
            }
            Thing::Post(post) => self.refusal_of_post(post),
            Thing::Comment(comment) => {
                let it = &self.comments[comment];
                let above = self.refusal_of_post(it.post);
                let gone = it.is_hidden.then_some(Refusal::Gone("Comment"));
                above.filter(|it| *it == Refusal::Private).or(gone)
            }
        }
    }

    fn refusal_of_post(&self, post: usize) -> Option<Refusal> {
        let it = &self.posts[post];
        if !it.is_hidden {
            return None;
        }
        let is_gone = it.is_gone || self.people[it.author].is_gone;
        Some(if is_gone {
            Refusal::Gone("Post")
        } else {
            Refusal::Private
        })
    }
}
