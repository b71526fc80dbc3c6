//! Users, audience, characters, and follows.

use rand::RngExt;

use super::build::Builder;
use super::words::{DESCRIPTIONS, DISPLAY_NAMES, SYLLABLES};
use super::{NOW, Person};

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const YEAR_MICROS: i64 = 31_536_000_000_000;

impl Builder<'_> {
    pub(super) fn people(&mut self) {
        let ordinary = self.options.users + self.options.audience;
        for number in 0..ordinary + self.options.characters {
            let is_character = number >= ordinary;
            if is_character && self.options.users == 0 {
                break;
            }
            let id = if is_character {
                format!("ch_{}", self.hex(32))
            } else {
                self.user_id()
            };
            let owner = is_character.then(|| self.rng.random_range(0..self.options.users));
            if let Some(owner) = owner {
                self.world.people[owner].characters.push(number);
            }
            let display_name = self.pick(DISPLAY_NAMES, 8);
            let description = self.pick(DESCRIPTIONS, 3);
            let person = Person {
                id,
                username: self.username(number),
                display_name,
                description,
                verified: self.rng.random_bool(0.1),
                created_micros: NOW * 1_000_000 - self.rng.random_range(1..YEAR_MICROS),
                owner,
                ..Person::default()
            };
            self.world.people.push(person);
        }
    }

    pub(super) fn user_id(&mut self) -> String {
        format!("user-{}", self.letters(ALPHANUMERIC, 24))
    }

    /// Draws one of the texts, or `None` once in `rarity` draws.
    pub(super) fn pick(&mut self, texts: &[&str], rarity: u32) -> Option<String> {
        let place = self.rng.random_range(0..texts.len());
        (!self.rng.random_ratio(1, rarity)).then(|| texts[place].to_owned())
    }

    /// Draws a username: unique by its number, with common syllables so that a search finds several users.
    pub(super) fn username(&mut self, number: usize) -> String {
        let mut name = String::new();
        for _ in 0..self.rng.random_range(1..=3) {
            name.push_str(SYLLABLES[self.rng.random_range(0..SYLLABLES.len())]);
        }
        let separator = ["", ".", "_", "-"][self.rng.random_range(0..4)];
        format!("{name}{separator}{number}")
    }

    pub(super) fn follows(&mut self) {
        let (users, audience) = (self.options.users, self.options.audience);
        let page = self.options.page_size_follows;
        let corner = self.has_corner_cases();
        for followed in 0..users {
            let wanted = match followed {
                0 if corner => 0,
                4 if corner => page,
                5 if corner => page + 1,
                6 if corner => page * 2 + 3,
                _ => self.about(self.options.followers),
            };
            if self.options.exact && audience > 0 {
                for n in 0..wanted.min(audience) {
                    self.follow(users + (followed * wanted + n) % audience, followed);
                }
                continue;
            }
            let others: Vec<usize> = (usize::from(corner)..users + audience)
                .filter(|it| *it != followed)
                .collect();
            for place in self.distinct(wanted, others.len()) {
                self.follow(others[place], followed);
            }
        }
        if !self.options.exact && users > 7 {
            for follower in users..users + audience {
                if self.world.people[follower].following.is_empty() {
                    let followed = self.rng.random_range(7..users);
                    self.follow(follower, followed);
                }
            }
        }
    }

    /// Adds an edge at the end of both lists.
    fn follow(&mut self, follower: usize, followed: usize) {
        self.world.people[followed].followers.push(follower);
        self.world.people[follower].following.push(followed);
    }
}
