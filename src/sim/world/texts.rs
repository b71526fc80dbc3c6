//! What texts refer to, and reposts. Both follow from ids, so they leave the rest of a world as it is.

use super::{Said, World};
use crate::sim::hash::hash;

const TAGS: &[&str] = &["Sora", "電車", "قصة", "b_roll", "été", "2025film"];

impl World {
    /// Lets some texts refer to users, hashtags and URLs, and some posts be reposts or be reposted.
    pub(super) fn refer(&mut self) {
        for post in 0..self.posts.len() {
            self.refer_post(post);
        }
        for comment in 0..self.comments.len() {
            self.refer_comment(comment);
        }
    }

    pub(super) fn refer_post(&mut self, post: usize) {
        let (id, text) = (self.posts[post].id.clone(), self.posts[post].text.clone());
        if let Some((text, said)) = text.and_then(|text| self.referring(&id, &text)) {
            self.posts[post].text = Some(text);
            self.posts[post].said = said;
        }
        let dice = hash(19, &[&id]);
        if dice.is_multiple_of(13) {
            self.posts[post].reposter = self.someone(dice / 13);
        }
        if dice % 17 == 5 && post >= 2 {
            self.posts[post].repost_of = Some(post / 2);
        }
    }

    pub(super) fn refer_comment(&mut self, comment: usize) {
        let at = &self.comments[comment];
        let (id, text) = (at.id.clone(), at.text.clone());
        if let Some((text, said)) = text.and_then(|text| self.referring(&id, &text)) {
            self.comments[comment].text = Some(text);
            self.comments[comment].said = said;
        }
    }

    fn someone(&self, dice: u64) -> Option<usize> {
        let people = u64::try_from(self.seed_count).ok()?;
        usize::try_from(dice.checked_rem(people)?).ok()
    }

    /// Returns the text with what it refers to; `None` if it stays as it is.
    fn referring(&self, id: &str, text: &str) -> Option<(String, Vec<Said>)> {
        let dice = hash(17, &[id]);
        let person = self.someone(dice / 10)?;
        let (user_id, username) = (&self.people[person].id, &self.people[person].username);
        let name = || Said::new("name", username.to_lowercase());
        let tag = TAGS[usize::try_from(dice / 100).unwrap_or(0) % TAGS.len()];
        let hashtag = |tag: &str| Said::new("hashtag", tag.to_lowercase());
        Some(match dice % 10 {
            0 => (format!("{text} @{username}"), vec![name()]),
            1 => {
                let token = Said {
                    person: Some(person),
                    ..Said::new("token", user_id.clone())
                };
                (format!("<@{user_id}> {text}"), vec![token])
            }
            2 => {
                let tags = vec![hashtag(tag), hashtag("aifilm")];
                (format!("{text} #{tag} #AIfilm"), tags)
            }
            3 => {
                let url = format!("https://films.example/{id}?a=1&b=2#top");
                let text = format!("{text} ({url}). Mail: me@films.example");
                (text, vec![Said::new("url", url)])
            }
            4 => {
                let facet = Said {
                    person: Some(person),
                    ..Said::new("facet", user_id.clone())
                };
                (format!("@{username} {text}"), vec![name(), facet])
            }
            5 => (
                format!("@{username}: {text} #{tag},"),
                vec![name(), hashtag(tag)],
            ),
            _ => return None,
        })
    }
}

impl Said {
    fn new(kind: &'static str, value: String) -> Self {
        Self {
            kind,
            value,
            person: None,
        }
    }
}
