//! Changes of people and of who follows whom.

use rand::RngExt;

use super::draw::Weights;
use crate::sim::world::build::Builder;
use crate::sim::world::words::{DESCRIPTIONS, DISPLAY_NAMES};
use crate::sim::world::{Person, Thing};

impl Builder<'_> {
    /// Draws a seed user who is still there.
    pub(super) fn seed_user(&mut self) -> Option<usize> {
        let seeds = self.world.seed_count;
        let number = (seeds > 0).then(|| self.rng.random_range(0..seeds))?;
        (!self.world.people[number].is_gone).then_some(number)
    }

    /// Draws a seed user or one of the audience who is still there.
    fn ordinary(&mut self) -> Option<usize> {
        let people = self.world.people.len();
        let number = (people > 0).then(|| self.rng.random_range(0..people))?;
        let it = &self.world.people[number];
        (!it.is_gone && it.owner.is_none()).then_some(number)
    }

    /// Adds a user who follows up to three others.
    pub(super) fn join(&mut self, at: i64, followed: &Weights) {
        let number = self.world.people.len();
        let person = Person {
            id: self.user_id(),
            username: self.username(number),
            display_name: self.pick(DISPLAY_NAMES, 8),
            description: self.pick(DESCRIPTIONS, 3),
            created_micros: at,
            ..Person::default()
        };
        let id = person.id.clone();
        self.world.people.push(person);
        self.world.by_id.insert(id.clone(), Thing::Person(number));
        self.note(at, "join", &id, None);
        for _ in 0..self.rng.random_range(1..=3) {
            self.follow_one(at, number, followed);
        }
    }

    pub(super) fn new_follow(&mut self, at: i64, followed: &Weights) {
        if let Some(follower) = self.ordinary() {
            self.follow_one(at, follower, followed);
        }
    }

    fn follow_one(&mut self, at: i64, follower: usize, weights: &Weights) {
        let Some(followed) = weights.pick(&mut self.rng) else {
            return;
        };
        let is_known = self.world.people[follower].following.contains(&followed);
        if follower == followed || self.world.people[followed].is_gone || is_known {
            return;
        }
        self.world.people[followed].followers.insert(0, follower);
        self.world.people[follower].following.insert(0, followed);
        self.edge(at, "follow", follower, followed);
    }

    pub(super) fn unfollow(&mut self, at: i64) {
        let Some(followed) = self.seed_user() else {
            return;
        };
        let followers = &self.world.people[followed].followers;
        if followers.is_empty() {
            return;
        }
        let place = self.rng.random_range(0..followers.len());
        let follower = self.world.people[followed].followers.remove(place);
        self.world.people[follower]
            .following
            .retain(|it| *it != followed);
        self.edge(at, "unfollow", follower, followed);
    }

    fn edge(&mut self, at: i64, kind: &'static str, follower: usize, followed: usize) {
        let [id, other] = [follower, followed].map(|it| self.world.people[it].id.clone());
        self.note(at, kind, &id, Some(&other));
    }

    /// Bans a user: half of them stay, with the time; the others leave with everything they made. An owner of characters
    /// stays, because a character shows its owner.
    pub(super) fn ban(&mut self, at: i64) {
        let Some(number) = self.ordinary() else {
            return;
        };
        let leaves = self.rng.random_bool(0.5);
        let person = &mut self.world.people[number];
        if person.banned_micros.is_some() {
            return;
        }
        let leaves = leaves && person.characters.is_empty();
        if leaves {
            person.is_gone = true;
        } else {
            person.banned_micros = Some(at);
        }
        let id = person.id.clone();
        self.note(at, if leaves { "leave" } else { "ban" }, &id, None);
    }

    pub(super) fn switch_privacy(&mut self, at: i64) {
        let Some(number) = self.seed_user() else {
            return;
        };
        let person = &mut self.world.people[number];
        person.is_private = !person.is_private;
        let kind = if person.is_private {
            "private"
        } else {
            "public"
        };
        let id = person.id.clone();
        self.note(at, kind, &id, None);
    }

    /// Gives a user a name: for one of two a name that another user gave up, if there is one.
    pub(super) fn rename(&mut self, at: i64, free_names: &mut Vec<String>) {
        let Some(number) = self.ordinary() else {
            return;
        };
        let reused = if free_names.is_empty() || self.rng.random_bool(0.5) {
            None
        } else {
            let place = self.rng.random_range(0..free_names.len());
            Some(free_names.swap_remove(place))
        };
        // The number of events makes the name unique.
        let renamed = self.world.events.len();
        let name = reused.unwrap_or_else(|| format!("{}_r{renamed}", self.username(number)));
        let person = &mut self.world.people[number];
        free_names.push(std::mem::replace(&mut person.username, name.clone()));
        let id = person.id.clone();
        self.note(at, "rename", &id, Some(&name));
    }
}
