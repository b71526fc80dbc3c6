//! What texts refer to, and reposts.

use super::Truth;
use crate::sim::options::Shape;
use crate::sim::world::World;

impl World {
    /// Returns each entity with the id of its post, and of its comment if it is in one.
    fn said(&self, shape: Shape) -> impl Iterator<Item = [String; 4]> {
        let posts = self.posts.iter().filter(|it| !it.is_hidden);
        let of_posts = posts.flat_map(|post| {
            let ids = [post.id.clone(), String::new()];
            post.said.iter().map(move |said| (ids.clone(), said))
        });
        let shown = self
            .comments
            .iter()
            .filter(move |it| !it.is_hidden && (shape == Shape::Wrapped || it.depth < 2));
        let of_comments = shown.flat_map(|comment| {
            let ids = [self.posts[comment.post].id.clone(), comment.id.clone()];
            comment.said.iter().map(move |said| (ids.clone(), said))
        });
        of_posts
            .chain(of_comments)
            .filter(move |(_, said)| shape == Shape::Wrapped || said.kind != "facet")
            .map(|([post, comment], said)| {
                [post, comment, said.kind.to_owned(), said.value.clone()]
            })
    }

    pub(super) fn mentions(&self, shape: Shape) -> Truth {
        let rows = self.said(shape);
        Truth {
            kind: "mentions",
            columns: vec!["post_id", "comment_id", "source", "value"],
            rows: rows
                .filter(|row| !["hashtag", "url"].contains(&&*row[2]))
                .map(Vec::from)
                .collect(),
        }
    }

    pub(super) fn text_entities(&self, shape: Shape) -> Truth {
        let rows = self.said(shape);
        Truth {
            kind: "text_entities",
            columns: vec!["post_id", "comment_id", "kind", "value"],
            rows: rows
                .filter(|row| ["hashtag", "url"].contains(&&*row[2]))
                .map(Vec::from)
                .collect(),
        }
    }

    pub(super) fn reposts(&self) -> Truth {
        let shown = self.posts.iter().filter(|it| !it.is_hidden);
        let rows = shown.flat_map(|post| {
            let edge =
                |post: &str, person: usize| vec![post.to_owned(), self.people[person].id.clone()];
            let reposted = post.reposter.map(|person| edge(&post.id, person));
            let repost = post
                .repost_of
                .map(|of| edge(&self.posts[of].id, post.author));
            reposted.into_iter().chain(repost)
        });
        Truth {
            kind: "reposts",
            columns: vec!["post_id", "reposter_user_id"],
            rows: rows.collect(),
        }
    }
}
