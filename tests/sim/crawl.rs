//! An exhaustive crawl without cost limits, which checks that the pages show exactly the truth.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use soracrawl::sim::{Endpoint, Shape, Sim};

use crate::client::{call, items, shown_walk, start};
use crate::columns::{POST, USER, text};
use crate::texts::entities;

type Fields = BTreeMap<&'static str, String>;

#[derive(Default)]
struct Archive {
    rows: BTreeMap<&'static str, BTreeMap<String, Fields>>,
    edges: BTreeMap<&'static str, BTreeSet<Vec<String>>>,
    /// (post or comment, user) of each facet.
    facets: BTreeSet<(String, String)>,
}

impl Archive {
    fn put(
        &mut self,
        kind: &'static str,
        id: &str,
        columns: &[(&'static str, &[&str])],
        from: &Value,
    ) {
        let row = self
            .rows
            .entry(kind)
            .or_default()
            .entry(id.to_owned())
            .or_default();
        for (column, names) in columns {
            if let Some(value) = names.iter().find_map(|name| from.get(name)) {
                row.insert(column, text(column, value));
            }
        }
    }

    fn set(&mut self, kind: &'static str, id: &str, column: &'static str, value: &str) {
        let row = self
            .rows
            .entry(kind)
            .or_default()
            .entry(id.to_owned())
            .or_default();
        row.insert(column, value.to_owned());
    }

    fn edge(&mut self, kind: &'static str, ends: &[&str]) {
        self.edges
            .entry(kind)
            .or_default()
            .insert(ends.iter().map(|it| (*it).to_owned()).collect());
    }

    /// Collects all objects inside a value, at any depth.
    fn visit(&mut self, value: &Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|it| self.visit(it)),
            Value::Object(object) => {
                self.take(value);
                object.values().for_each(|it| self.visit(it));
            }
            _ => {}
        }
    }

    fn take(&mut self, it: &Value) {
        let field = |name: &str| {
            it.get(name)
                .and_then(Value::as_str)
                .filter(|it| !it.is_empty())
        };
        if let (Some(user), Some(_)) = (field("user_id"), field("username")) {
            self.put("users", user, USER, it);
        }
        if let (Some(post), Some(author)) = (it.pointer("/post/id"), it.pointer("/profile/user_id"))
        {
            let post = post.as_str().expect("as the remote writes it");
            let kind = if post.starts_with("s_") {
                "posts"
            } else {
                "comments"
            };
            self.set(
                kind,
                post,
                "author_user_id",
                author.as_str().expect("as the remote writes it"),
            );
        }
        if let (Some(Value::String(post)), Some(Value::String(user))) = (
            it.pointer("/post/id"),
            it.pointer("/reposter_profile/user_id"),
        ) {
            self.edge("reposts", &[post, user]);
        }
        let Some(id) = field("id").filter(|_| it.get("text").is_some()) else {
            return;
        };
        if let (Some(of), Some(author)) = (field("repost_of_post_id"), field("shared_by")) {
            self.edge("reposts", &[of, author]);
        }
        let facets = it.get("text_facets").and_then(Value::as_array);
        for facet in facets.into_iter().flatten() {
            let user = facet["profile"]["user_id"].as_str().expect("a user");
            self.facets.insert((id.to_owned(), user.to_owned()));
        }
        if !id.starts_with("s_") {
            self.put("comments", id, POST, it);
            if let (Some(parent), Some(root)) = (field("parent_post_id"), field("root_post_id")) {
                self.set("comments", id, "post_id", root);
                let parent = if parent.starts_with("s_") { "" } else { parent };
                self.set("comments", id, "parent_comment_id", parent);
            }
            if let Some(author) = field("posted_by") {
                self.put("users", author, USER, &it["profile"]);
            }
            return;
        }
        self.put("posts", id, POST, it);
        if let Some(parent) = field("parent_post_id") {
            self.edge("remixes", &[id, parent]);
        }
        for person in it
            .get("cameo_profiles")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.edge(
                "appearances",
                &[
                    person["user_id"].as_str().expect("as the remote writes it"),
                    id,
                ],
            );
        }
        for video in it["attachments"]
            .as_array()
            .expect("as the remote writes it")
        {
            let shown = |name: &str| text(name, &video[name]);
            self.edge(
                "attachments",
                &[
                    &shown("id"),
                    id,
                    &shown("generation_id"),
                    &shown("width"),
                    &shown("height"),
                    &shown("url"),
                ],
            );
        }
    }

    /// Collects what the texts refer to.
    fn read_texts(&mut self) {
        let mut said: Vec<_> = self
            .facets
            .iter()
            .map(|(id, user)| (id.clone(), "facet", user.clone()))
            .collect();
        let texts = ["posts", "comments"]
            .into_iter()
            .flat_map(|it| &self.rows[it]);
        for (id, row) in texts {
            let found = entities(&row["text"]).into_iter();
            said.extend(found.map(|(kind, value)| (id.clone(), kind, value)));
        }
        for (id, kind, value) in said {
            let (post, comment) = match self.rows["comments"].get(&id) {
                Some(row) => (row["post_id"].clone(), id.clone()),
                None => (id.clone(), String::new()),
            };
            let table = match kind {
                "hashtag" | "url" => "text_entities",
                _ => "mentions",
            };
            self.edge(table, &[&post, &comment, kind, &value]);
        }
    }

    async fn take_walk(&mut self, sim: &Sim, endpoint: Endpoint, subject: &str) {
        for page in shown_walk(sim, endpoint, subject).await {
            self.visit(&page);
            for item in items(&page) {
                let id = crate::client::id(&item).expect("as the remote writes it");
                match endpoint {
                    Endpoint::Followers => self.edge("follows", &[&id, subject]),
                    Endpoint::Following => self.edge("follows", &[subject, &id]),
                    Endpoint::Appearances => self.edge("appearances", &[subject, &id]),
                    Endpoint::RemixList => self.edge("remixes", &[&id, subject]),
                    Endpoint::Feed => self.edge("feed_entries", &[&id]),
                    Endpoint::Leaderboard => self.edge("leaderboard_entries", &[&id]),
                    Endpoint::PostComments => {
                        self.set("comments", &id, "post_id", subject);
                        self.set("comments", &id, "parent_comment_id", "");
                    }
                    Endpoint::CommentReplies => {
                        let post = self.rows["comments"][subject]["post_id"].clone();
                        self.set("comments", &id, "post_id", &post);
                        self.set("comments", &id, "parent_comment_id", subject);
                    }
                    _ => {}
                }
            }
        }
    }
}

async fn crawl(sim: &Sim) -> Archive {
    let mut archive = Archive::default();
    archive.take_walk(sim, Endpoint::Feed, "").await;
    archive.take_walk(sim, Endpoint::Leaderboard, "").await;
    for user in sim.world().seed_users() {
        for endpoint in [
            Endpoint::UserPosts,
            Endpoint::Followers,
            Endpoint::Following,
            Endpoint::Appearances,
        ] {
            archive.take_walk(sim, endpoint, &user).await;
        }
        if !archive.rows["users"].contains_key(&user) {
            let profile = call(sim, Endpoint::UserProfile, &user, "").await;
            archive.visit(&profile.json()["data"]);
        }
    }
    let posts: Vec<String> = archive.rows["posts"].keys().cloned().collect();
    for post in posts {
        archive.take_walk(sim, Endpoint::RemixList, &post).await;
        archive.take_walk(sim, Endpoint::PostComments, &post).await;
    }
    let mut asked = BTreeSet::new();
    loop {
        let comments = archive.rows["comments"].iter();
        let open = comments.filter(|(id, row)| {
            row.get("reply_count").is_none_or(|it| it != "0") && !asked.contains(*id)
        });
        let open: Vec<String> = open.map(|(id, _)| id.clone()).collect();
        if open.is_empty() {
            archive.read_texts();
            return archive;
        }
        for comment in open {
            archive
                .take_walk(sim, Endpoint::CommentReplies, &comment)
                .await;
            asked.insert(comment);
        }
    }
}

/// Crawls a simulator and asserts that its pages show exactly the truth.
pub async fn shows_the_truth(sim: &Sim, what: &str) {
    let archive = crawl(sim).await;
    for truth in sim.truth() {
        let found: BTreeSet<Vec<String>> = match archive.rows.get(truth.kind) {
            Some(rows) => {
                let row = |(id, fields): (&String, &Fields)| {
                    let rest = truth.columns[1..].iter();
                    let rest = rest.map(|it| fields.get(it).cloned().expect(it));
                    [id.clone()].into_iter().chain(rest).collect()
                };
                rows.iter().map(row).collect()
            }
            None => archive.edges.get(truth.kind).cloned().unwrap_or_default(),
        };
        assert!(truth.rows.len() > 10, "too few {}", truth.kind);
        let lacking: Vec<_> = truth.rows.difference(&found).take(3).collect();
        let beyond: Vec<_> = found.difference(&truth.rows).take(3).collect();
        assert!(
            lacking.is_empty() && beyond.is_empty(),
            "{what} {}: missing {lacking:?}, extra {beyond:?}",
            truth.kind
        );
    }
}

#[tokio::test]
async fn an_exhaustive_crawl_finds_exactly_the_truth_in_both_shapes() {
    for shape in [Shape::Flat, Shape::Wrapped] {
        let sim = start(shape).await;
        shows_the_truth(&sim, &format!("{shape:?}")).await;
        let pages = sim.account().total.distinct;
        assert!(
            (500..3_000).contains(&pages),
            "{pages} pages in the {shape:?} world"
        );
    }
}
