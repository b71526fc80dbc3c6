//! Private users: their profile is public, their lists are not.

use super::World;
use crate::sim::hash::hash;

/// One of so many.
const ONE_OF: u64 = 25;

impl World {
    /// Returns whether a user hides their lists. Only the audience does: a crawl of all seed users then still sees the
    /// whole truth.
    #[must_use]
    pub fn is_private(&self, id: &str) -> bool {
        let Some(person) = self.person(id) else {
            return false;
        };
        let it = &self.people[person];
        !self.is_seed(person) && it.owner.is_none() && hash(47, &[&it.id]).is_multiple_of(ONE_OF)
    }
}
