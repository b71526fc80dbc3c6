//! Who follows whom, who appears where, and what was made from what.

use super::Truth;
use crate::sim::options::Shape;
use crate::sim::world::World;

impl World {
    pub(super) fn follows(&self) -> Truth {
        let edges = self
            .people
            .iter()
            .enumerate()
            .flat_map(|(number, followed)| {
                let shown = move |it: &&usize| self.shows_edge(**it, number);
                let follower = |it: &usize| vec![self.people[*it].id.clone(), followed.id.clone()];
                followed.followers.iter().filter(shown).map(follower)
            });
        let columns = vec!["follower_user_id", "followed_user_id"];
        Truth {
            kind: "follows",
            columns,
            rows: edges.collect(),
        }
    }

    /// Returns whether the list of one of its ends shows a follow to a complete crawl.
    pub(super) fn shows_edge(&self, follower: usize, followed: usize) -> bool {
        let is_open = |it: usize| !self.people[it].is_gone && !self.hides_lists(it);
        let ends = [follower, followed].map(|it| self.is_seed(it) && is_open(it));
        !self.people[follower].is_gone && !self.people[followed].is_gone && ends.contains(&true)
    }

    pub(super) fn appearances(&self, shape: Shape) -> Truth {
        let shown = self.people.iter().enumerate().filter(|(number, it)| {
            let states_cast = shape == Shape::Wrapped;
            !it.is_gone && (states_cast || it.owner.is_none() && !self.hides_lists(*number))
        });
        let rows = shown.flat_map(|(_, person)| {
            let post = |it: &usize| vec![person.id.clone(), self.posts[*it].id.clone()];
            person.appearances.iter().map(post)
        });
        Truth {
            kind: "appearances",
            columns: vec!["user_id", "post_id"],
            rows: rows.collect(),
        }
    }

    /// A remix states its parent in one shape only; in the other, the list of a hidden parent is refused.
    pub(super) fn remixes(&self, shape: Shape) -> Truth {
        let shown = self.posts.iter().filter(|it| !it.is_hidden);
        let rows = shown.filter_map(|it| {
            it.parent
                .filter(|it| shape == Shape::Wrapped || !self.posts[*it].is_hidden)
                .map(|parent| vec![it.id.clone(), self.posts[parent].id.clone()])
        });
        Truth {
            kind: "remixes",
            columns: vec!["post_id", "parent_post_id"],
            rows: rows.collect(),
        }
    }
}
