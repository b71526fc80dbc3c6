//! The seeds that the configuration names.

use super::read::Values;
use super::{Problem, Seeds};
use crate::model::seed::{Kind, item, seed};
use crate::model::{Seed, SeedKind};

/// What is wrong with the seeds of the configuration.
pub(super) fn problems(seeds: &Seeds, values: &Values) -> Vec<Problem> {
    let lists = [
        ("seeds.users", Kind::Users, &seeds.users),
        ("seeds.posts", Kind::Posts, &seeds.posts),
        ("seeds.searches", Kind::Searches, &seeds.searches),
    ];
    let of_list = |(key, kind, items): (&str, Kind, &Vec<String>)| -> Vec<Problem> {
        let bad = items.iter().filter_map(|text| item(kind, text).err());
        bad.map(|why| Problem {
            key: key.to_owned(),
            at: values.place(key),
            why,
        })
        .collect()
    };
    lists.into_iter().flat_map(of_list).collect()
}

impl Seeds {
    /// Returns the seeds; a checked configuration has no other items.
    #[must_use]
    pub fn list(&self) -> Vec<Seed> {
        let lists = [
            (Kind::Users, &self.users),
            (Kind::Posts, &self.posts),
            (Kind::Searches, &self.searches),
        ];
        let mut all: Vec<Seed> = lists
            .into_iter()
            .flat_map(|(kind, items)| items.iter().filter_map(move |text| item(kind, text).ok()))
            .collect();
        all.extend(self.feed.then(|| seed(SeedKind::Feed, "")));
        all.extend(self.leaderboard.then(|| seed(SeedKind::Leaderboard, "")));
        all
    }
}
