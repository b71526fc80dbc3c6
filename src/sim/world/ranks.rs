//! What follows from all posts and comments together: sums of users, the feed and the leaderboard.

use std::cmp::Reverse;

use super::World;
use crate::sim::options::Options;

impl World {
    /// Computes the sums and ranks of everything that replies show.
    pub(super) fn rank(&mut self, options: &Options) {
        for person in &mut self.people {
            (person.likes_received, person.remixes_received) = (0, 0);
            person.comments_made = 0;
        }
        for post in self.posts.iter().filter(|it| !it.is_hidden) {
            let author = &mut self.people[post.author];
            author.likes_received += post.like_count;
            author.remixes_received += post.remixes.len();
        }
        for comment in self.comments.iter().filter(|it| !it.is_hidden) {
            self.people[comment.author].comments_made += 1;
        }
        let (people, posts) = (&self.people, &self.posts);
        self.feed = (0..posts.len())
            .filter(|it| !posts[*it].is_hidden)
            .collect();
        self.feed
            .sort_by_key(|post| (Reverse(posts[*post].view_count), *post));
        self.feed.truncate(options.feed);
        self.leaderboard = (0..self.seed_count)
            .filter(|it| !people[*it].is_gone && !people[*it].appearances.is_empty())
            .collect();
        self.leaderboard
            .sort_by_key(|person| (Reverse(people[*person].appearances.len()), *person));
        self.leaderboard.truncate(options.leaderboard);
    }
}
